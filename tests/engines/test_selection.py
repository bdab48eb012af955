"""Selection of the engine: features and choices are freed with their program; errors say why."""

import gc
import json
import weakref
from itertools import pairwise, product

import pytest

from quantumtask.engines.selection.choose import choose_engine
from quantumtask.engines.selection.circuit_features import (
    CircuitFeatures,
    NoisyCircuitFeatures,
    extract_features,
)
from quantumtask.engines.selection.methods import IDEAL_METHODS, NOISY_METHODS
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.engines.agreement import INSTALLED
from tests.engines.engine_corpus import corpus
from tests.support.run_program import run_program

SETTINGS = Settings(slot_memory_mb=2048)
HEAD = 'include "stdgates.inc"; '


@pytest.mark.parametrize(
    "body",
    [
        "qubit[2] q; bit[2] c; h q; reset q[1]; h q[0]; c = measure q;",
        "qubit q; bit[2] c; h q; c[0] = measure q; if (c[0] == 1) { h q; } c[1] = measure q;",
    ],
    ids=["a circuit", "one that depends on outcomes"],
)
def test_the_features_of_a_program_are_freed_with_the_program(
    body: str,
) -> None:
    program = compile_uncached(HEAD + body, SETTINGS).program
    run_program(program, shots=10, seed=1, memory=False, settings=SETTINGS)
    reference = weakref.ref(program)
    del program
    gc.collect()
    assert reference() is None


def test_the_error_of_a_requested_mps_that_is_too_entangled_names_the_state_vector() -> None:
    gates = "".join(f"cx q[{a}], q[{b}]; t q[{b}]; h q[{a}];" for a in range(18) for b in range(a))
    text = f"{HEAD}qubit[18] q; bit[18] c; h q; {gates * 2} c = measure q;"
    spec = TaskSpec(text, shots=10, engine="aer", method="matrix_product_state")
    result = execute(spec, SETTINGS)
    assert isinstance(result, Failure)
    assert result.code == "out_of_memory"
    assert "the state vector of 18 qubits fits the slot" in result.message


def test_a_cached_choice_holds_for_the_same_request_only() -> None:
    layers = "".join(f"t q; h q; cx q[{k}], q[{k + 1}];" for k in range(16))
    program = compile_uncached(
        f"{HEAD}qubit[17] q; bit[17] c; {layers} c = measure q;", SETTINGS
    ).program
    features, small = extract_features(program), Settings(slot_memory_mb=4)
    for _ in range(2):
        assert choose_engine(features, 100, SETTINGS).plan.engine == "lightning"
        assert choose_engine(features, 100, SETTINGS, engine="aer").plan.engine == "aer"
        assert choose_engine(features, 100, small).plan.method == "matrix_product_state"
        few, many = (choose_engine(features, shots, SETTINGS).plan for shots in (100, 1_000_000))
        assert few.microseconds < many.microseconds
        one, two = (
            choose_engine(
                features, 1, SETTINGS, engine="aer", method="statevector", threads=threads
            ).plan
            for threads in (1, 2)
        )
        assert one.microseconds > two.microseconds


def test_the_method_with_the_least_predicted_time_is_chosen_of_those_that_may_be() -> None:
    wrong = []
    for sketch, shots in product(corpus(), (1, 1000, 100_000)):
        features = extract_features(compile_uncached(sketch.text(), SETTINGS).program)
        able = [m for m in INSTALLED if (m.unsupported(features) or m.unselected(features)) is None]
        chosen = choose_engine(features, shots, SETTINGS).plan
        if chosen.microseconds > min(m.plan(features, shots).microseconds for m in able):
            wrong.append((sketch.text(), shots, chosen))
    assert not wrong, wrong[:3]


def test_no_method_is_predicted_to_end_before_it_starts() -> None:
    wrong = []
    for sketch in corpus():
        features = extract_features(compile_uncached(sketch.text(), SETTINGS).program)
        plans = {m: m.plan(features, 1) for m in INSTALLED if m.unsupported(features) is None}
        wrong += [(sketch.text(), m) for m, plan in plans.items() if plan.microseconds < m.start_us]
    assert not wrong, wrong[:3]


def layers(qubits: int, depth: int) -> CircuitFeatures:
    """Return the features of layers of rotations and of CNOTs between neighbours."""
    layer = "".join(
        f"rx(0.{k + 1}) q[{k}]; rz(0.3) q[{k}]; cx q[{k}], q[{(k + 1) % qubits}];"
        for k in range(qubits)
    )
    text = f"{HEAD}qubit[{qubits}] q; bit[{qubits}] c; {layer * depth} c = measure q;"
    return extract_features(compile_uncached(text, SETTINGS).program)


def test_predictions_of_state_vectors_grow_with_qubits_gates_and_shots() -> None:
    methods = [m for m in IDEAL_METHODS if m.name == "statevector"]
    sizes, depths, shots = range(2, 25), (1, 2, 8), (1, 100, 1024, 100_000)
    features = {(n, depth): layers(n, depth) for n, depth in product(sizes, depths)}
    wrong = []
    for method in methods:
        cost = {
            (*key, count): method.cost(features[key], count, 1.0)
            for key, count in product(features, shots)
        }
        lines = [
            *([(n, depth, count) for n in sizes] for depth, count in product(depths, shots)),
            *([(n, depth, count) for depth in depths] for n, count in product(sizes, shots)),
            *([(n, depth, count) for count in shots] for n, depth in product(sizes, depths)),
        ]
        wrong += [
            (method.engine, method.precision, *pair)
            for line in lines
            for pair in pairwise(line)
            if cost[pair[0]] > cost[pair[1]]
        ]
    assert not wrong, wrong[:5]


def test_no_method_with_noise_is_predicted_to_end_before_it_starts() -> None:
    wrong = []
    for qubits, gates, shots, yes in product((1, 12), (1, 100), (1, 1000), (False, True)):
        features = NoisyCircuitFeatures(qubits, gates, True, True, has_kraus=yes)
        wrong += [m for m in NOISY_METHODS if m.plan(features, shots).microseconds < m.start_us]
    assert not wrong


def test_more_threads_shorten_a_run_and_never_change_the_engine() -> None:
    layers = "".join(f"t q; h q; cx q[{k}], q[{k + 1}];" for k in range(17))
    program = compile_uncached(
        f"{HEAD}qubit[18] q; bit[18] c; {layers} c = measure q;", SETTINGS
    ).program
    features = extract_features(program)
    plans = [choose_engine(features, 100, SETTINGS, threads=threads).plan for threads in (1, 64)]
    assert plans[0].engine == plans[1].engine
    assert plans[0].microseconds >= plans[1].microseconds


@pytest.mark.parametrize(
    "circuit",
    [
        "qubit[16] q; bit[16] c; h q; c = measure q;",
        "qubit[3] q; bit[4] c; h q; c[3] = measure q[0]; h q[0]; c[0:2] = measure q;",
    ],
    ids=["one state", "a state for each shot"],
)
def test_a_seed_gives_the_same_counts_on_one_thread_and_on_two(circuit: str) -> None:
    spec = TaskSpec(HEAD + circuit, shots=300, seed=5, engine="aer", method="statevector")
    one, two = (execute(spec, SETTINGS, threads) for threads in (1, 2))
    assert isinstance(one, Result)
    assert isinstance(two, Result)
    assert (one.threads, two.threads) == (None, 2)
    assert one.counts == two.counts


def test_resets_of_fresh_qubits_change_nothing() -> None:
    body = "h q[0]; cx q[0], q[1]; c = measure q;"
    plain, mid_circuit = (
        execute(TaskSpec(f"{HEAD}qubit[3] q; bit[3] c; {resets} {body}", seed=4), SETTINGS)
        for resets in ("", "reset q; reset q[1];")
    )
    assert isinstance(plain, Result)
    assert isinstance(mid_circuit, Result)
    assert (mid_circuit.engine, mid_circuit.counts) == (plain.engine, plain.counts)
    late = execute(TaskSpec(f"{HEAD}qubit[3] q; bit[3] c; h q; reset q; x q[2]; {body}"), SETTINGS)
    assert isinstance(late, Result)
    assert set(json.loads(late.counts)) == {"100", "111"}
