"""Circuits in QPY run as their circuits in Qiskit do."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qpy
from qiskit.circuit import Clbit, Parameter
from qiskit.circuit.library import HamiltonianGate, RZXGate, efficient_su2
from qiskit.circuit.random import random_circuit
from qiskit.exceptions import QiskitError
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp, Statevector, random_unitary
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error

from quantumtask.openqasm.inputs.array_codec import decode_array
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.client.qiskit.qiskit_circuits import GATES, PARAMETRIC, equal_up_to_phase
from tests.client.qiskit.qiskit_dynamic import DETERMINISTIC, UNSUPPORTED, UNSUPPORTED_BY_AER
from tests.engines.qiskit_branches import distribution
from tests.support.cases import check_each
from tests.support.chisquare import p_value
from tests.support.qpy_texts import by_position, qpy_file, qpy_options, qpy_text
from tests.support.sizes import sized

pytestmark = [  # warnings of Qiskit about its deprecated gates and about SciPy
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning"),
]

SETTINGS = Settings()


def run(
    circuit: QuantumCircuit,
    parameters: Mapping[str, Any] | None = None,
    *,
    shots: int = 1,
    version: int | None = None,
    returns: Sequence[str] | None = None,
    **options: Any,
) -> Result:
    """Run a circuit as a slot does."""
    outcome = attempt(circuit, parameters, shots=shots, version=version, returns=returns, **options)
    assert isinstance(outcome, Result), outcome
    return outcome


def attempt(
    circuit: QuantumCircuit,
    parameters: Mapping[str, Any] | None = None,
    *,
    shots: int = 1,
    version: int | None = None,
    returns: Sequence[str] | None = None,
    **options: Any,
) -> Result | Failure:
    if returns is not None:
        options["return"] = returns
    return execute(
        TaskSpec(
            qpy_text(circuit, version),
            shots=shots,
            seed=7,
            parameters=None if parameters is None else json.dumps(parameters),
            options=qpy_options(**options),
        ),
        SETTINGS,
    )


def array(result: Result, name: str) -> Any:
    return decode_array(json.loads(result.data or "{}")[name])


def check_state(circuit: QuantumCircuit) -> None:
    state = array(run(circuit, returns=["statevector"]), "statevector")
    assert equal_up_to_phase(state, Statevector(circuit).data)


def test_random_circuits_have_the_states_of_qiskit() -> None:
    rng = np.random.default_rng(11)
    circuits = {}
    for seed in range(sized(40, 1000)):
        qubits = int(rng.integers(1, 5))
        circuit = random_circuit(qubits, int(rng.integers(1, 8)), seed=seed)
        circuit.unitary(random_unitary(2, seed=seed), [int(rng.integers(qubits))])
        circuits[f"seed {seed}"] = circuit
    check_each(circuits, check_state)


def test_every_kind_of_gate_has_the_state_of_qiskit() -> None:
    circuits = {name: build() for name, build in GATES.items()}
    circuits.pop("barriers and delays")  # Qiskit itself cannot compute the state of what it reads
    unreadable = [name for name, circuit in circuits.items() if not survives_qpy(circuit)]
    assert len(unreadable) < 10
    for name in unreadable:
        failure = attempt(circuits.pop(name))
        assert isinstance(failure, Failure)
        assert failure.code in ("bad_qpy", "unsupported_circuit")
    check_each(circuits, check_state)


def survives_qpy(circuit: QuantumCircuit) -> bool:
    """Return True if Qiskit reads what it writes; it does not for some gates of its library."""
    try:
        (read,) = qpy.load(io.BytesIO(qpy_file(circuit)))
        Statevector(read)
    except (TypeError, QiskitError):
        return False
    return True


def test_random_dynamic_circuits_have_their_exact_distributions() -> None:
    def check(circuit: QuantumCircuit) -> None:
        counts = {
            bits.replace(" ", ""): shots
            for bits, shots in json.loads(run(circuit, shots=4000).counts).items()
        }
        expected = distribution(circuit)
        assert counts.keys() <= expected.keys()
        keys = sorted(expected)
        numbers = np.array([counts.get(key, 0) for key in keys])
        assert p_value(numbers, np.array([expected[key] for key in keys])) > 1e-6

    options = {"measure": True, "conditional": True, "reset": True}
    circuits = {
        f"seed {seed}": random_circuit(3, 5, max_operands=3, seed=seed, **options)
        for seed in range(sized(30, 500))
    }
    check_each(circuits, check)


def test_dynamic_circuits_have_the_bits_of_their_registers() -> None:
    def check(case: tuple[Callable[[], QuantumCircuit], str]) -> None:
        build, bits = case
        assert list(json.loads(run(build(), shots=5).counts)) == [bits]

    check_each(UNSUPPORTED_BY_AER, check)


def test_registers_have_the_names_and_the_bits_of_the_circuit() -> None:
    def check(build: Callable[[], QuantumCircuit]) -> None:
        circuit = build()
        result = run(circuit, shots=3, returns=["register_memory", "counts"])
        (word,) = json.loads(result.counts)
        every = word.replace(" ", "")[::-1]
        for register in circuit.cregs:
            rows = array(result, f"memory.{register.name}")
            assert rows.shape == (3, -(-len(register) // 8))
            bits = "".join(every[circuit.find_bit(bit).index] for bit in register)[::-1]
            assert {int.from_bytes(row.tobytes()) for row in rows} == {int(bits or "0", 2)}

    check_each(DETERMINISTIC, check)


def test_overlapping_registers_each_have_their_bits_at_every_element_of_a_sweep() -> None:
    bits = [Clbit() for _ in range(3)]
    angle = Parameter("angle")
    circuit = QuantumCircuit(QuantumRegister(3), bits)
    circuit.add_register(ClassicalRegister(bits=bits[:2], name="low"))
    circuit.add_register(ClassicalRegister(bits=bits[::-1], name="turned"))
    circuit.rx(angle, 0)
    circuit.x(2)
    circuit.measure([0, 1, 2], bits)
    result = run(circuit, {"angle": [0.0, np.pi]}, shots=2, returns=["register_memory"])
    assert array(result, "memory.low").tolist() == [[[0], [0]], [[1], [1]]]
    assert array(result, "memory.turned").tolist() == [[[1], [1]], [[5], [5]]]
    assert result.registers == (("low", 2), ("turned", 3))


def test_openqasm_has_the_memory_of_each_register_too() -> None:
    text = "bit[9] a; bit b; qubit q; U(pi, 0, 0) q; a[8] = measure q; b = measure q;"
    options = json.dumps({"return": ["register_memory", "memory"]})
    result = execute(TaskSpec(text, shots=2, options=options), SETTINGS)
    assert isinstance(result, Result)
    assert array(result, "memory.a").tolist() == [[1, 0]] * 2
    assert array(result, "memory.b").tolist() == [[1]] * 2
    assert result.memory == '["1 100000000","1 100000000"]'


def test_every_version_of_the_format_runs() -> None:
    circuit = efficient_su2(2).assign_parameters(np.linspace(0, 1, 16))
    expected = Statevector(circuit).data
    for version in range(13, 18):
        state = array(run(circuit, version=version, returns=["statevector"]), "statevector")
        assert equal_up_to_phase(state, expected)


# Parameters.


def test_parameters_are_bound_by_name_and_by_position() -> None:
    def check(build: Callable[[], QuantumCircuit]) -> None:
        circuit = build()
        points = np.random.default_rng(2).uniform(-2, 2, (2, 3, circuit.num_parameters))
        returns = ["statevector"]
        states = array(run(circuit, by_position(points), returns=returns), "statevector")
        names = [parameter.name for parameter in circuit.parameters]
        by_name = {name: points[..., k].tolist() for k, name in enumerate(names)}
        np.testing.assert_array_equal(
            array(run(circuit, by_name, returns=returns), "statevector"), states
        )
        for index in np.ndindex(2, 3):
            expected = Statevector(circuit.assign_parameters(points[index])).data
            assert equal_up_to_phase(states[index], expected)

    check_each(PARAMETRIC, check)


def test_definitions_that_need_values_get_those_of_each_element() -> None:
    a = Parameter("a")
    circuit = QuantumCircuit(1)
    circuit.append(HamiltonianGate([[0, 1], [1, 0]], a), [0])
    circuit.ry(0.3, 0)
    states = array(run(circuit, {"a": [0.1, 0.7]}, returns=["statevector"]), "statevector")
    for state, value in zip(states, (0.1, 0.7), strict=True):
        assert equal_up_to_phase(state, Statevector(circuit.assign_parameters([value])).data)


def test_a_sweep_of_parameters_that_no_gate_depends_on_keeps_its_shape() -> None:
    circuit = QuantumCircuit(1, 1, global_phase=Parameter("phase"))
    circuit.measure(0, 0)
    result = run(circuit, {"phase": [[0.1, 0.2, 0.3]]})
    assert (result.shape, result.counts) == ((1, 3), '[[{"0":1},{"0":1},{"0":1}]]')
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    assert run(circuit, by_position(np.zeros((2, 0)))).shape == (2,)
    assert run(circuit, by_position(np.zeros(0))).shape is None


def test_observables_are_broadcast_against_the_values_as_by_qiskit() -> None:
    circuit = efficient_su2(3, reps=1)
    points = np.random.default_rng(5).uniform(-2, 2, (2, 1, circuit.num_parameters))
    observables = [[["ZZI", 1.0], ["XIX", -0.5]], [["IYY", 2.0]], [["III", 1.0], ["ZII", 1.0]]]
    result = run(circuit, by_position(points), observables=observables)
    operators = [SparsePauliOp.from_list([tuple(t) for t in each]) for each in observables]
    expected = StatevectorEstimator().run([(circuit, operators, points)]).result()[0].data.evs
    np.testing.assert_allclose(array(result, "expectation_values"), expected, atol=1e-9)


def test_wrong_values_of_parameters_are_refused_with_the_reason() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.rx(Parameter("alpha"), 0)
    circuit.rx(Parameter("beta"), 0)
    cases: dict[str, tuple[Mapping[str, Any] | None, str]] = {
        "none": (None, "needs a value for 'alpha', 'beta'"),
        "one": ({"alpha": 1}, "needs a value for 'beta'"),
        "another": ({"alpha": 1, "betta": 1}, "no parameter 'betta'; did you mean `beta`"),
        "text": ({"alpha": "1", "beta": 1}, "'alpha': must be real numbers"),
        "truth": ({"alpha": True, "beta": 1}, "'alpha': must be real numbers"),
        "ragged": ({"alpha": [[1], [1, 2]], "beta": 1}, "'alpha': its lists have unequal lengths"),
        "none at all": ({"alpha": [], "beta": 1}, "must have at least one value"),
        "shapes": ({"alpha": [1, 2, 3], "beta": [1, 2]}, "cannot be broadcast with [3]"),
        "columns": (by_position([1.0, 2.0, 3.0]), "for each of the 2 parameters"),
        "a number": ({"*": 1.0}, "for each of the 2 parameters"),
        "both": ({"*": [1.0, 2.0], "alpha": 1}, "send no other name"),
        "infinite": (by_position([np.inf, 1.0]), "finite"),
        "too many": (by_position(np.zeros((400_000, 2))), "at most 100,000"),
        "dimensions": ({"*": np.zeros((1,) * 17 + (2,)).tolist()}, "at most 16 dimensions"),
    }

    def check(case: tuple[Mapping[str, Any] | None, str]) -> None:
        parameters, words = case
        failure = attempt(circuit, parameters)
        assert isinstance(failure, Failure)
        assert words in failure.message
        assert "line" not in failure.message

    check_each(cases, check)


# Noise and devices.


def test_errors_of_a_noise_model_belong_to_the_gates_of_the_circuit_as_in_aer() -> None:
    model = NoiseModel()
    model.add_quantum_error(depolarizing_error(0.4, 2), ["rzx"], [0, 1])
    model.add_quantum_error(depolarizing_error(0.3, 1), ["mine"], [1])
    model.add_all_qubit_readout_error(ReadoutError([[0.9, 0.1], [0.2, 0.8]]))
    circuit = QuantumCircuit(2, 2)
    circuit.append(RZXGate(1.1), [0, 1])
    circuit.unitary([[0, 1], [1, 0]], [1], label="mine")
    circuit.measure([0, 1], [0, 1])
    model.add_basis_gates(["rzx"])
    shots = 20_000
    noise = {"errors": model.to_dict(serializable=True)["errors"]}
    counts = json.loads(run(circuit, shots=shots, noise=noise).counts)
    expected = AerSimulator(noise_model=model, seed_simulator=5).run(circuit, shots=20 * shots)
    theirs = expected.result().get_counts()
    keys = sorted(theirs)
    assert p_value(
        np.array([counts[key] for key in keys]),
        np.array([theirs[key] / (20 * shots) for key in keys]),
    ) > 1e-5  # fmt: skip


def test_a_circuit_for_a_device_runs_as_written_with_its_noise() -> None:
    circuit = QuantumCircuit(5, 1)
    circuit.sx(3)
    circuit.delay(4500, 3, "dt")
    circuit.sx(3)
    circuit.measure(3, 0)
    result = run(circuit, shots=2000, backend="fake_manila", compile="never")
    counts = json.loads(result.counts)
    assert result.compiled is not None
    assert result.compiled["as_written"]
    assert 1700 < counts["1"] < 2000


def test_delays_whose_unit_is_lost_in_qpy_do_nothing_on_a_simulator_alone() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.delay(100, 0, "ns")
    circuit.delay(1e-7, 0, "s")
    circuit.delay(100, 0, "dt")
    circuit.measure(0, 0)
    with circuit.if_test((0, 0)):
        circuit.delay(1.5, 0, "us")
    assert run(circuit).counts == '{"0":1}'
    for option in ("backend", "noise"):
        devices: dict[str, Any] = {option: "fake_manila"}
        failure = attempt(circuit, **devices)
        assert isinstance(failure, Failure)
        assert "QPY has lost the unit of its duration" in failure.message


# Refusals.


def test_a_circuit_that_openqasm_cannot_express_is_refused_with_its_name() -> None:
    for name in ("mystery", "rx"):
        failure = attempt(UNSUPPORTED[name]())
        assert isinstance(failure, Failure)
        assert failure.code == "unsupported_circuit"
        assert name in failure.message
