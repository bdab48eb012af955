"""Gate calls of IonQ's JSON circuits, checked: names of fields, qubits and numbers."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from quantumtask.shared.errors import InvalidRequest

MAX_SHOWN = 40


class JsonGate:
    """A gate call of a JSON circuit.

    Attributes:
        place: The place in the body, such as `input.circuit.3`.
        name: The name of the gate.
    """

    def __init__(self, place: str, call: Any, qubits: int) -> None:
        """Read the name of the gate.

        Args:
            place: The place in the body.
            call: The JSON value.
            qubits: The number of qubits of the circuit.
        """
        self.place = place
        if not isinstance(call, dict) or not isinstance(call.get("gate"), str):
            raise self.error(
                "", f'must be an object such as {{"gate": "h", "target": 0}}; got {_short(call)}'
            )
        self.name: str = call["gate"]
        self._fields: Mapping[str, Any] = call
        self._qubits = qubits

    def error(self, field: str, reason: str) -> InvalidRequest:
        """Return the error about a field of the call, or about all of it."""
        return InvalidRequest(f"{self.place}{'.' if field else ''}{field}: {reason}")

    def check_fields(self, *names: str) -> None:
        """Raise InvalidRequest for a field that the gate does not have."""
        allowed = {"gate", "target", "targets", *names}
        if unknown := next((name for name in self._fields if name not in allowed), None):
            raise self.error(unknown[:MAX_SHOWN], f"not a field of the gate `{self.name}`")

    def has(self, field: str) -> bool:
        """Return True if the call has a field."""
        return field in self._fields

    def field(self, name: str) -> Any:
        """Return the JSON value of a field; None if it is absent."""
        return self._fields.get(name)

    def targets(self, count: int | None) -> list[int]:
        """Return the targets, of which a gate has so many; None: any number from 1 on."""
        targets = self._qubit_list("target", "targets")
        if count is not None and len(targets) != count:
            raise self.error("targets", f"`{self.name}` has {count}; got {len(targets)}")
        if not targets:
            raise self.error("targets", f"`{self.name}` needs a target")
        return targets

    def controls(self, targets: Collection[int]) -> list[int]:
        """Return the controls, none of which is a target."""
        controls = self._qubit_list("control", "controls")
        if both := set(controls).intersection(targets):
            raise self.error("controls", f"qubit {min(both)} is a target, too")
        return controls

    def number(self, name: str) -> float:
        """Return a field that is a finite number."""
        return self.to_number(name, self._fields.get(name))

    def numbers(self, name: str, count: int | None = None) -> list[float]:
        """Return a field that is a list of finite numbers."""
        values = self._fields.get(name)
        if not isinstance(values, list) or (count is not None and len(values) != count):
            size = "" if count is None else f"{count} "
            raise self.error(name, f"must be a list of {size}numbers; got {_short(values)}")
        return [self.to_number(name, value) for value in values]

    def to_number(self, name: str, value: Any) -> float:
        """Return a JSON value of a field as a finite number."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if math.isfinite(number):
                return number
        raise self.error(name, f"must be a finite number; got {_short(value)}")

    def _qubit_list(self, one: str, several: str) -> list[int]:
        """Return the qubits in a field with one or in a field with several."""
        if one in self._fields and several in self._fields:
            raise self.error(one, f"not together with `{several}`")
        name = one if one in self._fields else several
        value = self._fields.get(name, [])
        values: Sequence[Any] = value if isinstance(value, list) else [value]
        for qubit in values:
            if type(qubit) is not int or not 0 <= qubit < self._qubits:
                last = self._qubits - 1
                raise self.error(name, f"must be qubits from 0 to {last}; got {_short(qubit)}")
        if len(set(values)) < len(values):
            raise self.error(name, "must be different qubits")
        return list(values)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
