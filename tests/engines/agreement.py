"""Comparison of engines with the exact distribution of a sketch: probabilities and counts."""

import json
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.progress import RunProgress
from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.engines.selection.methods import IDEAL_METHODS, IdealMethod, engine_version
from quantumtask.engines.simulators.base import load_engine
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.engines.engine_corpus import corpus
from tests.engines.engine_truth import distribution
from tests.engines.sketch import Sketch
from tests.support.chisquare import p_value
from tests.support.sizes import sized

SETTINGS = Settings(slot_memory_mb=2048)
SHOTS = 1000

TOLERANCES = {"double": 5e-10, "exact": 5e-10, "single": 5e-6}
"""Largest deviation from the exact distribution: half of what two engines may differ by."""

FAMILY_ERROR = 1e-6

REFUSALS = ("engine_unsuitable", "out_of_memory")
"""Error codes of a named engine that cannot run a sketch."""

INSTALLED = [m for m in IDEAL_METHODS if engine_version(m.engine) is not None]
"""The methods whose engine is installed."""

SAMPLED_ONLY = "matrix_product_state"

EXACT = [
    m
    for m in INSTALLED
    if m.name != SAMPLED_ONLY and hasattr(load_engine(m.engine), "probabilities")
]
"""The methods with exact probabilities."""

EXACT_OPTIONS: dict[str, Callable[[IdealMethod], dict[str, Any]]] = {
    "lightning": lambda method: {"precision": method.precision, "progress": RunProgress()},
    "qsim": lambda _: {"threads": 1},
    "aer": lambda method: {"method": method.name, "threads": 1, "settings": SETTINGS},
}
"""The options of the `probabilities` of an engine, by its name."""


class EngineMethod(NamedTuple):
    """Engine and method of a task."""

    engine: str
    method: str | None


ENGINE_METHODS = [
    EngineMethod("auto", None),
    *dict.fromkeys(EngineMethod(m.engine, m.name) for m in INSTALLED),
]


@cache
def all_sketches() -> list[Sketch]:
    return corpus()


def compared_sketches() -> list[Sketch]:
    """Return the sketches on which each method is compared: a sixth in `make test`, of each group.

    A gate has eight sketches, one for each modifier: every sixth is another one for each gate.
    """
    return all_sketches()[:: sized(6, 1)]


@cache
def truth(sketch: Sketch) -> NDArray[np.float64]:
    return distribution(sketch)


def min_p_value() -> float:
    """Return the smallest p-value that passes: the family error by Bonferroni."""
    return FAMILY_ERROR / (len(ENGINE_METHODS) * len(all_sketches()))


def has_exact_probabilities(method: IdealMethod, program: Program) -> bool:
    """Return True if a method has exact probabilities of a program.

    It has them for a circuit that measures at its end, if the result shows an outcome. That single
    precision is only offered for large circuits is no reason here.
    """
    features = extract_features(program)
    if not features.terminal_measurements_only or features.clbit_map.is_constant:
        return False
    return method.precision == "single" or method.unsupported(features) is None


def exact_probabilities(method: IdealMethod, program: Program) -> NDArray[np.float64]:
    """Return the probability of each result by the engine; bit k of an index is bit k."""
    circuit = extract_features(program).circuit
    assert circuit is not None
    clbit_map = ClbitMap(circuit)
    engine: Any = load_engine(method.engine)
    probabilities = engine.probabilities(
        circuit, clbit_map.qubits, **EXACT_OPTIONS[method.engine](method)
    )
    results = np.zeros(1 << program.bits)
    np.add.at(results, clbit_map.from_indices(np.arange(len(probabilities))), probabilities)
    return results


def has_wrong_probabilities(method: IdealMethod, sketch: Sketch) -> bool | None:
    """Return True if the probabilities are wrong; None if the method has none."""
    program = compile_uncached(sketch.text(), SETTINGS).program
    if not has_exact_probabilities(method, program):
        return None
    deviation = float(np.abs(exact_probabilities(method, program) - truth(sketch)).max())
    return not deviation <= TOLERANCES[method.precision]


def result_counts(
    engine_method: EngineMethod, sketch: Sketch, comment: str = ""
) -> NDArray[np.int64] | None:
    """Return the number of shots of each result; None if the engine cannot run the sketch."""
    spec = TaskSpec(
        f"{sketch.text()}// {comment}",
        shots=SHOTS,
        seed=zlib.crc32(sketch.name.encode()),
        engine=engine_method.engine,
        method=engine_method.method,
    )
    outcome = execute(spec, SETTINGS)
    if isinstance(outcome, Failure):
        assert outcome.code in REFUSALS, (engine_method, sketch.name, outcome)
        return None
    assert engine_method.engine in ("auto", outcome.engine)
    assert engine_method.method in (None, outcome.method)
    counts = np.zeros(1 << sketch.outcome_bits, dtype=np.int64)
    for bits, shots in json.loads(outcome.counts).items():
        counts[int(bits.replace(" ", ""), 2)] += shots
    return counts


def has_wrong_counts(engine_method: EngineMethod, sketch: Sketch, comment: str = "") -> bool | None:
    """Return True if the counts are improbable; None if the engine cannot run the sketch."""
    counts = result_counts(engine_method, sketch, comment)
    if counts is None:
        return None
    return counts.sum() != SHOTS or p_value(counts, truth(sketch)) < min_p_value()
