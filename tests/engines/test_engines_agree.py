"""All engines agree with the exact distribution of each sketch; mutants are detected."""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from quantumtask.engines.selection.methods import IdealMethod
from tests.engines.agreement import (
    ENGINE_METHODS,
    EXACT,
    EngineMethod,
    all_sketches,
    compared_sketches,
    has_wrong_counts,
    has_wrong_probabilities,
)
from tests.engines.engine_corpus import GATES
from tests.engines.engine_mutants import Mutant, mutants
from tests.support.chisquare import p_value
from tests.support.sizes import sized

MIN_CIRCUITS = sized(9, 60)
"""Circuits that even an engine for Clifford circuits only must run."""


def test_the_corpus_has_hundreds_of_circuits_with_every_gate() -> None:
    sketches = all_sketches()
    texts = "\n".join(sketch.text() for sketch in sketches)
    assert len({sketch.name for sketch in sketches}) == len(sketches) >= 300
    assert {sketch.width for sketch in sketches} >= set(range(1, 15))
    assert all(f"\n{gate}" in texts and f"@ {gate}" in texts for gate in GATES)


@pytest.mark.parametrize("method", EXACT, ids=lambda m: f"{m.engine}-{m.name}-{m.precision}")
def test_exact_probabilities_are_those_of_the_circuit(method: IdealMethod) -> None:
    wrong_by_name = {
        sketch.name: has_wrong_probabilities(method, sketch) for sketch in compared_sketches()
    }
    assert [name for name, wrong in wrong_by_name.items() if wrong] == []
    assert sum(wrong is not None for wrong in wrong_by_name.values()) >= MIN_CIRCUITS


@pytest.mark.parametrize("way", ENGINE_METHODS, ids=lambda way: f"{way.engine}-{way.method}")
@pytest.mark.slow_first
def test_shots_are_drawn_from_the_distribution_of_the_circuit(way: EngineMethod) -> None:
    wrong_by_name = {sketch.name: has_wrong_counts(way, sketch) for sketch in compared_sketches()}
    assert [name for name, wrong in wrong_by_name.items() if wrong] == []
    refused = [name for name, wrong in wrong_by_name.items() if wrong is None]
    assert len(wrong_by_name) - len(refused) >= MIN_CIRCUITS
    if way.engine == "auto":
        assert refused == []


def test_an_impossible_outcome_is_never_by_chance() -> None:
    assert p_value(np.array([999, 0, 1]), np.array([0.5, 0.5, 0.0])) == 0


def test_counts_of_the_distribution_are_probable_and_others_are_not() -> None:
    probabilities = np.array([0.5, 0.3, 0.195, 0.005])
    assert p_value(np.array([505, 290, 198, 7]), probabilities) > 0.1
    assert p_value(np.array([290, 505, 198, 7]), probabilities) < 1e-20
    assert p_value(np.array([500, 300, 0, 200]), probabilities) < 1e-20


@pytest.fixture
def uncached(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Clear the caches of the engines before and after a test."""
    clear_caches()
    yield monkeypatch
    clear_caches()


def clear_caches() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("quantumtask.engines."):
            for thing in vars(module).values():
                if hasattr(thing, "cache_clear"):
                    thing.cache_clear()


@pytest.mark.parametrize("mutant", mutants()[:: sized(3, 1)], ids=lambda mutant: mutant.name)
def test_an_adapter_with_a_mistake_is_found(mutant: Mutant, uncached: pytest.MonkeyPatch) -> None:
    mutant.patch(uncached)
    assert mutant.is_detected()
