"""Every engine gives every circuit of the corpus its exact distribution; a wrong one is found."""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from quantumtask.engines.selection.methods import Method
from tests.engines.agreement import EXACT, WAYS, Way, examples, wrong_exactly, wrong_in_shots
from tests.engines.engine_corpus import GATES
from tests.engines.engine_mutants import Mutant, mutants
from tests.support.chisquare import p_value

FEWEST = 60
"""Circuits that even an engine for Clifford circuits alone must have run."""


def test_the_corpus_has_hundreds_of_circuits_with_every_gate() -> None:
    sketches = examples()
    texts = "\n".join(sketch.text() for sketch in sketches)
    assert len({sketch.name for sketch in sketches}) == len(sketches) >= 300
    assert {sketch.width for sketch in sketches} >= set(range(1, 15))
    assert all(f"\n{gate}" in texts and f"@ {gate}" in texts for gate in GATES)


@pytest.mark.parametrize("method", EXACT, ids=lambda m: f"{m.engine}-{m.name}-{m.precision}")
def test_exact_probabilities_are_those_of_the_circuit(method: Method) -> None:
    found = {sketch.name: wrong_exactly(method, sketch) for sketch in examples()}
    assert [name for name, wrong in found.items() if wrong] == []
    assert sum(wrong is not None for wrong in found.values()) >= FEWEST


def test_the_engine_that_is_chosen_runs_every_circuit() -> None:
    assert [s.name for s in examples() if wrong_in_shots(Way("auto", None), s) is None] == []


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.engine}-{way.method}")
def test_shots_are_drawn_from_the_distribution_of_the_circuit(way: Way) -> None:
    found = {sketch.name: wrong_in_shots(way, sketch) for sketch in examples()}
    assert [name for name, wrong in found.items() if wrong] == []
    assert sum(wrong is not None for wrong in found.values()) >= FEWEST


def test_an_impossible_outcome_is_never_by_chance() -> None:
    assert p_value(np.array([999, 0, 1]), np.array([0.5, 0.5, 0.0])) == 0


def test_counts_of_the_distribution_are_probable_and_others_are_not() -> None:
    probabilities = np.array([0.5, 0.3, 0.195, 0.005])
    assert p_value(np.array([505, 290, 198, 7]), probabilities) > 0.1
    assert p_value(np.array([290, 505, 198, 7]), probabilities) < 1e-20
    assert p_value(np.array([500, 300, 0, 200]), probabilities) < 1e-20


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What engines remember of gates is forgotten, before and after."""
    forget()
    yield monkeypatch
    forget()


def forget() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("quantumtask.engines."):
            for thing in vars(module).values():
                if hasattr(thing, "cache_clear"):
                    thing.cache_clear()


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_an_adapter_with_a_mistake_is_found(mutant: Mutant, forgetful: pytest.MonkeyPatch) -> None:
    mutant.patch(forgetful)
    assert mutant.is_found()
