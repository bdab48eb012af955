"""Whether an engine gives the distribution of a sketch: exactly, and in the shots that it draws."""

import json
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.engines.selection.methods import METHODS, Method, engine_version
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

SETTINGS = Settings(slot_memory_mb=2048)
SHOTS = 1000

TOLERANCES = {"double": 5e-10, "exact": 5e-10, "single": 5e-6}
"""From the truth: half of what two engines may differ by. Aer is one of them."""

FAMILY_ERROR = 1e-6

REFUSALS = ("engine_unsuitable", "out_of_memory")
"""Why an engine that is asked for may run nothing."""

INSTALLED = [m for m in METHODS if engine_version(m.engine) is not None]
"""Every way to run programs that there is here."""

SAMPLED_ONLY = "matrix_product_state"

EXACT = [
    m
    for m in INSTALLED
    if m.name != SAMPLED_ONLY and hasattr(load_engine(m.engine), "probabilities")
]
"""Those that can tell exact probabilities."""

EXACT_OPTIONS: dict[str, Callable[[Method], dict[str, Any]]] = {
    "lightning": lambda method: {"precision": method.precision},
    "aer": lambda method: {"method": method.name, "threads": 1, "settings": SETTINGS},
}
"""The options of the `probabilities` of an engine, by its name."""


class Way(NamedTuple):
    """An engine and a method as a task asks for them."""

    engine: str
    method: str | None


WAYS = [Way("auto", None), *dict.fromkeys(Way(m.engine, m.name) for m in INSTALLED)]


@cache
def examples() -> list[Sketch]:
    return corpus()


@cache
def truth(sketch: Sketch) -> NDArray[np.float64]:
    return distribution(sketch)


def least_p() -> float:
    """What every p-value must reach: shared by all tests of shots (Bonferroni)."""
    return FAMILY_ERROR / (len(WAYS) * len(examples()))


def can_tell(method: Method, program: Program) -> bool:
    """Whether a method can tell exact probabilities: of a circuit that measures at its end, if
    anything that it shows is uncertain.

    That single precision is only for large circuits is no reason here.
    """
    profile = extract_features(program)
    if not profile.terminal_measurements_only or profile.clbit_map.is_constant:
        return False
    return method.precision == "single" or method.lacks(profile) is None


def told(method: Method, program: Program) -> NDArray[np.float64]:
    """The probability of each result, as the engine tells it; bit k of an index is bit k."""
    circuit = extract_features(program).circuit
    assert circuit is not None
    clbit_map = ClbitMap(circuit)
    engine: Any = load_engine(method.engine)
    found = engine.probabilities(circuit, clbit_map.qubits, **EXACT_OPTIONS[method.engine](method))
    results = np.zeros(1 << program.bits)
    np.add.at(results, clbit_map.from_indices(np.arange(len(found))), found)
    return results


def wrong_exactly(method: Method, sketch: Sketch) -> bool | None:
    """Whether the probabilities are wrong; None: the method cannot tell them."""
    program = compile_uncached(sketch.text(), SETTINGS).program
    if not can_tell(method, program):
        return None
    apart = float(np.abs(told(method, program) - truth(sketch)).max())
    return not apart <= TOLERANCES[method.precision]


def counted(way: Way, sketch: Sketch, remark: str = "") -> NDArray[np.int64] | None:
    """How often each result came; None: this way cannot run the sketch."""
    spec = TaskSpec(
        f"{sketch.text()}// {remark}",
        shots=SHOTS,
        seed=zlib.crc32(sketch.name.encode()),
        engine=way.engine,
        method=way.method,
    )
    verdict = execute(spec, SETTINGS)
    if isinstance(verdict, Failure):
        assert verdict.code in REFUSALS, (way, sketch.name, verdict)
        return None
    assert way.engine in ("auto", verdict.engine)
    assert way.method in (None, verdict.method)
    counts = np.zeros(1 << sketch.outcome_bits, dtype=np.int64)
    for bits, shots in json.loads(verdict.counts).items():
        counts[int(bits.replace(" ", ""), 2)] += shots
    return counts


def wrong_in_shots(way: Way, sketch: Sketch, remark: str = "") -> bool | None:
    """Whether shots are not of the distribution; None: this way cannot run the sketch."""
    counts = counted(way, sketch, remark)
    if counts is None:
        return None
    return counts.sum() != SHOTS or p_value(counts, truth(sketch)) < least_p()
