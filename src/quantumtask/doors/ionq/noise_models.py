"""IonQ's noise models by name, as the option `noise` of a task.

IonQ documents each model as a depolarizing channel after each gate: with the probability r, the
qubits of the gate become fully mixed. Its Kraus operators are sqrt(1 - 3r/4) I and sqrt(r/4) P for
the Pauli matrices P of one qubit, and sqrt(1 - 15r/16) I and sqrt(r/16) P for those of two.

Source: https://docs.ionq.com/guides/simulation-with-noise-models
"""

from itertools import product
from typing import Any, NamedTuple

from quantumtask.doors.ionq.json_circuit import NATIVE
from quantumtask.shared.errors import InvalidRequest

IDEAL = "ideal"


class DepolarizingPair(NamedTuple):
    """Probabilities that a gate leaves its qubits fully mixed, by their number."""

    one_qubit: float
    two_qubit: float


NOISE_MODELS = {
    "aria-1": DepolarizingPair(0.0005, 0.0133),
    "aria-2": DepolarizingPair(0.0006573333333333332, 0.01856),
    "forte-1": DepolarizingPair(0.0002666666666666667, 0.004949333333333333),
}
"""The models whose parameters IonQ publishes."""

UNPUBLISHED = {
    "harmony": "IonQ does not publish its formula",
    "forte-enterprise-1": "IonQ does not publish its parameters",
}


def noise_option(model: str, gate_set: str) -> dict[str, Any] | None:
    """Return the option `noise` of a task; None for the ideal model.

    Args:
        model: IonQ's name of the model.
        gate_set: The gate set of the circuit. The phases of a native `ms` are no gates, so native
            circuits have the errors by name and not by each operation.

    Raises:
        InvalidRequest: the model is not known.
    """
    if model == IDEAL:
        return None
    rates = NOISE_MODELS.get(model)
    if rates is None:
        reason = UNPUBLISHED.get(model, "it is not known here")
        names = ", ".join((IDEAL, *NOISE_MODELS))
        raise InvalidRequest(f"noise.model: {model[:40]!r}: {reason}. Models: {names}")
    if gate_set == NATIVE:
        one, two = (_pauli_error(*each) for each in zip(_NATIVE_NAMES, rates, strict=True))
        return {"errors": [one, two]}
    return {"depolarizing": rates._asdict()}


_NATIVE_NAMES = (("gpi", "gpi2"), ("ms", "zz"))
"""The native gates on one qubit, and on two."""


def _pauli_error(names: tuple[str, ...], rate: float) -> dict[str, Any]:
    """Return the depolarizing error after gates, as an item of a noise model of Aer."""
    qubits = [0, 1] if "ms" in names else [0]
    words = ["".join(letters) for letters in product("IXYZ", repeat=len(qubits))]
    others = rate / len(words)
    return {
        "type": "qerror",
        "operations": list(names),
        "instructions": [[{"name": "pauli", "qubits": qubits, "params": [word]}] for word in words],
        "probabilities": [1 - others * (len(words) - 1)] + [others] * (len(words) - 1),
    }
