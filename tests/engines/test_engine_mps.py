"""Matrix product states: as exact as a state vector, within bounds on memory and time."""

import json
import math
import os
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from quantumtask.engines.progress import RunProgress
from quantumtask.engines.simulators import aer
from quantumtask.engines.simulators.mps import evolution, sampling
from quantumtask.engines.simulators.mps.routing import LinearRouting, PlacedGate
from quantumtask.engines.simulators.mps.sampling import MpsSampler, MpsState
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.program import Circuit
from quantumtask.shared.errors import ResourceError, TaskError
from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import Result
from tests.engines.dense_reference import Dense, assert_drawn_from
from tests.support.compile_circuit import compile_circuit
from tests.support.run_program import run_program
from tests.support.sizes import examples, sized

SETTINGS = Settings(slot_memory_mb=1024)
GATES = [
    "h {0};", "t {0};", "U({3}, {3}, 0.4) {0};", "cx {0}, {1};", "crx({3}) {0}, {1};",
    "swap {0}, {1};", "cu({3}, 0.2, {3}, 0.7) {0}, {1};", "ccx {0}, {1}, {2};",
    "cswap {0}, {1}, {2};", "negctrl @ ch {0}, {1}, {2};", "pow(0.5) @ swap {0}, {1};",
    "pow(0.3) @ ccx {0}, {1}, {2};", "ctrl @ pow(0.3) @ cy {0}, {1}, {2};",
    "ctrl @ gphase({3}) {0};",
]  # fmt: skip


def circuit_of(body: str, qubits: int) -> Circuit:
    text = f'include "stdgates.inc"; qubit[{qubits}] q; bit[{qubits}] c; {body} c = measure q;'
    circuit = compile_circuit(text, SETTINGS).circuit
    assert circuit is not None
    return circuit


def run(
    body: str, qubits: int, shots: int = 100, seed: int = 1, settings: Settings = SETTINGS
) -> Result:
    text = f'include "stdgates.inc"; qubit[{qubits}] q; bit[{qubits}] c; {body} c = measure q;'
    program = compile_circuit(text, settings)
    return run_program(program, shots=shots, seed=seed, memory=False, settings=settings)


def counts(result: Result) -> dict[str, int]:
    assert (result.engine, result.method) == ("aer", "matrix_product_state")
    counts_by_key: dict[str, int] = json.loads(result.counts)
    return counts_by_key


def evolved(circuit: Circuit, simulations: list[int] | None = None) -> tuple[MpsState, list[int]]:
    """Return the state and the site of each qubit; note the largest bond after each segment."""
    qubits = len(circuit.active_qubits)
    route = LinearRouting(aer._gates_to_route(circuit), qubits)
    simulate = partial(aer.evolve_mps, qubits=qubits, threads=1, settings=SETTINGS)

    def watched(state: MpsState | None, gates: list[PlacedGate]) -> MpsState:
        after = simulate(state, gates)
        if simulations is not None:
            simulations.append(max(after.bonds, default=1))
        return after

    budget = evolution.WorkBudget(qubits, 512 * MIB)
    return evolution.evolve(route.routed_gates(RunProgress()), qubits, budget, watched), route.sites


def vector(
    state: MpsState, place: Sequence[int]
) -> "np.ndarray[tuple[int], np.dtype[np.complex128]]":
    """Return the state vector; bit k of an index is qubit k."""
    whole = np.ones((1, 1), dtype=np.complex128)
    for gamma, spectrum in zip(state.gammas, [*state.spectra, np.ones(1)], strict=True):
        site = np.stack([np.asarray(matrix) * spectrum for matrix in gamma])
        whole = np.einsum("xa,sab->xsb", whole, site).reshape(-1, site.shape[2])
    shaped = whole.reshape((2,) * len(place))
    return shaped.transpose([place[k] for k in reversed(range(len(place)))]).reshape(-1)


def expected(circuit: Circuit) -> "np.ndarray[tuple[int], np.dtype[np.complex128]]":
    dense = Dense(len(circuit.active_qubits))
    dense.apply([step for step in circuit.steps if isinstance(step, Operation)])
    return dense.vector.reshape(-1)


def layers(qubits: int, depth: int, seed: int, reach: int = 1) -> str:
    """Return random rotations of all qubits, and `cx` between qubits at most `reach` apart."""
    rng = random.Random(seed)
    lines = []
    for layer in range(depth):
        lines += [f"U({rng.random() * 3}, {rng.random()}, 0.3) q[{k}];" for k in range(qubits)]
        for k in range(layer % 2, qubits - reach, 2):
            lines.append(f"cx q[{k}], q[{k + rng.randint(1, reach)}];")
    return "\n".join(lines)


calls = st.tuples(
    st.sampled_from(GATES), st.permutations(range(5)), st.floats(-4, 4, allow_nan=False)
)


@given(st.lists(calls, min_size=1, max_size=25))
@hypothesis_settings(max_examples=examples(25), deadline=None)
def test_a_chain_is_the_state_that_the_gates_make(
    some: list[tuple[str, list[int], float]],
) -> None:
    lines = [gate.format(*(f"q[{k}]" for k in on[:3]), angle) for gate, on, angle in some]
    circuit = circuit_of("".join(lines), 5)
    actual = vector(*evolved(circuit))
    assert abs(abs(np.vdot(actual, expected(circuit))) - 1) < 1e-9


@pytest.mark.parametrize(("qubits", "depth", "reach"), [(12, 6, 3), (14, 5, 2), (16, 5, 1)])
def test_a_shallow_circuit_is_exact(qubits: int, depth: int, reach: int) -> None:
    circuit = circuit_of(layers(qubits, depth, qubits, reach), qubits)
    actual = vector(*evolved(circuit))
    assert abs(abs(np.vdot(actual, expected(circuit))) - 1) < 1e-9


def test_segments_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = circuit_of(layers(9, 5, 1, 4), 9)
    one: list[Any] = []
    many: list[Any] = []
    whole = vector(*evolved(circuit, one))
    monkeypatch.setattr(evolution, "SEGMENT_WORK_US", 0.0)
    parts = vector(*evolved(circuit, many))
    assert len(one) < 5 < 20 < len(many)
    assert abs(abs(np.vdot(whole, parts)) - 1) < 1e-9


def test_shots_have_the_distribution_of_the_state() -> None:
    circuit = circuit_of(layers(6, 3, 5), 6)
    state, place = evolved(circuit)
    totals: dict[int, int] = {}
    rng = np.random.default_rng(2)
    for values, shots in MpsSampler(state).draw(20_000, 5, rng, lambda _: None):
        outcome = sum(int(values[place[k]]) << k for k in range(6))
        totals[outcome] = totals.get(outcome, 0) + shots
    assert sum(totals.values()) == 20_000
    assert_drawn_from(totals, dict(enumerate((np.abs(expected(circuit)) ** 2).tolist())))


def test_many_groups_of_shots_are_drawn_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "SAMPLING_BYTES", 0)
    state, _ = evolved(circuit_of("h q; t q;", 12))
    samples = list(MpsSampler(state).draw(5000, 11, np.random.default_rng(1), lambda _: None))
    assert sum(shots for _, shots in samples) == 5000
    assert len({tuple(values) for values, _ in samples}) == len(samples) > 2000


@pytest.mark.parametrize("qubits", [60, 100])
def test_a_ghz_state_gives_equal_bits(qubits: int) -> None:
    links = "".join(f"cx q[{a}], q[{b}];" for a, b in pairwise(range(qubits)))
    totals = counts(run("h q[0]; t q[0];" + links, qubits, shots=1000))
    assert totals.keys() == {"0" * qubits, "1" * qubits}
    assert abs(totals["0" * qubits] - 500) < 130


def test_a_star_of_entanglement_is_followed_as_easily() -> None:
    links = "".join(f"cx q[0], q[{k}];" for k in range(1, 80))
    assert counts(run("h q[0]; t q[0];" + links, 80)).keys() == {"0" * 80, "1" * 80}


def test_a_w_state_has_one_one() -> None:
    n = 70
    angles = [2 * math.acos(math.sqrt(1 / (n - k))) for k in range(n - 1)]
    spread = "".join(
        f"cry({angle}) q[{k}], q[{k + 1}]; cx q[{k + 1}], q[{k}];" for k, angle in enumerate(angles)
    )
    totals = counts(run("x q[0];" + spread, n, shots=2000))
    assert {key.count("1") for key in totals} == {1}
    assert len(totals) == n


def test_an_adder_adds() -> None:
    """Registers one after the other, so that each carry comes from afar: a + b, 30 bits.

    The gates in front do nothing, but no qubit is known beforehand then.
    """
    n, a, b = 30, 0x2F0F1234 % 2**30, 0x1234ABCD % 2**30
    carry, x, y = 0, 1, 1 + n
    lines = ["h q; h q;"] + [f"x q[{x + k}];" for k in range(n) if a >> k & 1]
    lines += [f"x q[{y + k}];" for k in range(n) if b >> k & 1]
    chain_of = [carry, *range(x, x + n)]
    steps = [(chain_of[k], y + k, chain_of[k + 1]) for k in range(n)]
    for c, s, t in steps:
        lines.append(f"cx q[{t}], q[{s}]; cx q[{t}], q[{c}]; ccx q[{c}], q[{s}], q[{t}];")
    for c, s, t in reversed(steps):
        lines.append(f"ccx q[{c}], q[{s}], q[{t}]; cx q[{t}], q[{c}]; cx q[{c}], q[{s}];")
    totals = counts(run("".join(lines), 2 * n + 1))
    assert [int(key[:n], 2) for key in totals] == [(a + b) % 2**n]


def test_qubits_without_entanglement_may_be_many() -> None:
    totals = counts(run("h q; t q; h q[7]; x q[8];", 1000, shots=5))
    assert sum(totals.values()) == 5


def test_the_same_seed_gives_the_same_counts_and_another_one_others() -> None:
    body = layers(40, 4, 3)
    first = counts(run(body, 40, seed=1))
    assert first == counts(run(body, 40, seed=1))
    assert first != counts(run(body, 40, seed=2))


def test_memory_agrees_with_the_counts() -> None:
    text = 'include "stdgates.inc"; qubit[50] q; bit[3] c; h q[0:1]; ry(0.2) q; cx q[0], q[49];'
    program = compile_circuit(text + "c[0] = measure q[49]; c[2] = measure q[1];", SETTINGS)
    assert program.circuit is not None
    result = run_program(program, shots=40, seed=1, memory=True, settings=SETTINGS)
    lines = json.loads(result.memory or "")
    assert counts(result) == {key: lines.count(key) for key in set(lines)}
    assert set(lines) == {f"{a}0{b}" for a, b in product("01", repeat=2)}


def hostile(qubits: int, depth: int) -> str:
    rng = random.Random(1)
    lines = []
    for _ in range(depth):
        lines += [f"U({rng.random()}, {rng.random()}, 1) q[{k}];" for k in range(qubits)]
        pairs = [rng.sample(range(qubits), 2) for _ in range(qubits // 2)]
        lines += [f"cx q[{a}], q[{b}];" for a, b in pairs]
    return "\n".join(lines)


def test_much_entanglement_is_refused_with_the_reason() -> None:
    with pytest.raises(
        ResourceError, match=r"40 qubits needs 16\.0 TiB .*, and the qubits are too entangled"
    ) as refused:
        run(hostile(40, 40), 40)
    assert refused.value.code == "out_of_memory"


def test_much_entanglement_is_met_in_a_few_short_segments() -> None:
    met: list[int] = []
    with pytest.raises(ResourceError):
        evolved(circuit_of(hostile(40, 40), 40), met)
    assert len(met) < 20
    assert max(met[:-1]) <= evolution.MAX_BOND
    assert met[-1] <= 2 * evolution.MAX_BOND


def test_more_work_than_a_task_may_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evolution, "MAX_WORK_US", 2e5)
    with pytest.raises(ResourceError, match="too long") as refused:
        run(layers(40, 12, 1), 40)
    assert refused.value.code == "out_of_memory"


def test_more_shots_than_can_be_drawn_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evolution, "MAX_WORK_US", 2e5)
    body = layers(40, 9, 1)
    assert counts(run(body, 40, shots=100))
    with pytest.raises(ResourceError, match="so many shots") as refused:
        run(body, 40, shots=100_000)
    assert refused.value.code == "out_of_memory"


def test_matrices_that_do_not_fit_the_slot_are_refused() -> None:
    body = layers(400, 9, 1)
    with pytest.raises(ResourceError, match="too entangled for a matrix product state") as refused:
        run(body, 400, settings=Settings(slot_memory_mb=16))
    assert refused.value.code == "out_of_memory"


def test_what_goes_on_after_measuring_is_refused_as_ever() -> None:
    with pytest.raises(ResourceError, match=r"needs .* GiB .* for it$") as refused:
        run("h q; t q; reset q[0];", 40)
    assert refused.value.code == "out_of_memory"


def test_an_angle_that_is_no_number_is_refused() -> None:
    with pytest.raises(TaskError):
        run("h q; t q; cx q[0], q[1]; U(1.0, 1e308, 1e308) q[0]; cx q[0], q[1];", 40)


def test_a_swap_costs_nothing() -> None:
    circuit = circuit_of("h q[0]; swap q[0], q[9]; t q[0]; cx q[9], q[8];", 10)
    route = LinearRouting(aer._gates_to_route(circuit), 10)
    assert [move.gate.name for move in route.routed_gates(RunProgress())] == ["h", "t", "cx"]


def test_gates_of_two_are_given_neighbours() -> None:
    rng = random.Random(3)
    pairs = [rng.sample(range(20), 2) for _ in range(200)]
    body = "".join(f"cx q[{a}], q[{b}];" for a, b in pairs)
    route = LinearRouting(aer._gates_to_route(circuit_of(body, 20)), 20)
    on = [move.targets for move in route.routed_gates(RunProgress())]
    assert all(abs(a - b) == 1 for a, b in on)
    assert sorted(route.sites) == list(range(20))


LIMITED = """
import json, os, resource, sys
from pathlib import Path
from quantumtask.engines.simulators.base import load_engine
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import TaskSpec
from quantumtask.worker.slots.execute import WARM_UP_TASK, execute
load_engine("aer")  # as a slot has it before its memory is limited
settings = Settings(slot_memory_mb=int(sys.argv[1]))
def run_limited(text):
    execute(WARM_UP_TASK, settings)
    lines = Path("/proc/self/status").read_text().splitlines()
    used = next(int(l.split()[1]) * 1024 for l in lines if l.startswith("VmData:"))
    most = used + settings.slot_memory_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    outcome = execute(TaskSpec(text, shots=1024, seed=1), settings)
    print(type(outcome).__name__, getattr(outcome, "message", ""), flush=True)
for text in json.load(sys.stdin):  # each in a process of its own, as the slots are
    if not os.fork():
        run_limited(text)
        os._exit(0)
    if status := os.wait()[1]:
        print("ended with", status, flush=True)
"""

CHAINS = [
    (400, layers(400, 8, 1), "Result"),
    (40, hostile(40, 40), "Failure .*too entangled"),
    (100, layers(100, 20, 1), "Failure .*too entangled"),
    (300, hostile(300, 10), "Failure .*too entangled"),
][: sized(2, 4)]


@pytest.mark.slow_first
@pytest.mark.skipif(sys.platform != "linux", reason="needs a kernel that enforces RLIMIT_DATA")
def test_a_chain_stays_within_the_memory_of_its_slot() -> None:
    texts = [
        f'include "stdgates.inc"; qubit[{qubits}] q; bit[{qubits}] c; {body} c = measure q;'
        for qubits, body, _ in CHAINS
    ]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(sized(200, 512))],
        input=json.dumps(texts), capture_output=True, text=True, check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]
    answers = done.stdout.splitlines()
    matches = [re.match(a, line) for (*_, a), line in zip(CHAINS, answers, strict=True)]
    assert all(matches), answers
