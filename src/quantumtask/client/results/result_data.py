"""Data of a result; for the result of a sweep, also the elements of the sweep by index."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from quantumtask.client.results.array_codec import Array

Counts = dict[str, int]
ElementIndex = int | tuple[int, ...]


@dataclass(frozen=True, repr=False)
class ResultData:
    """Fields of a `Result`, and the elements of a sweep by index."""

    task_id: str
    counts: Any
    """Shots by bit string; for a sweep, lists of such mappings, nested by `shape`."""
    shots: int
    shape: tuple[int, ...] = ()
    """Shape of the sweep; () without a sweep."""
    outputs: Any = None
    """Values after each shot, in order, by the name of the `output` variable."""
    probabilities: "Array | None" = None
    """float64 [*shape, 2**bits]."""
    statevector: "Array | None" = None
    """complex128 [*shape, 2**qubits], up to a global phase."""
    unitary: "Array | None" = None
    """complex128 [*shape, 2**qubits, 2**qubits], up to a global phase."""
    expectation_values: "Array | None" = None
    """float64, with the broadcast shape of observables and sweep."""
    standard_errors: "Array | None" = None
    """Standard errors of the expectation values, with the same shape; 0 for exact values."""
    error_bounds: "Array | None" = None
    """Upper bounds on the absolute errors of approximate expectation values, with the same
    shape; None for exact values and for values from shots."""
    total_variation_bounds: "Array | None" = None
    """float64 [*shape]: upper bounds on the total variation distance between the distribution that
    the counts of an approximate method are drawn from and the exact one; None for other counts."""
    fidelity_estimates: "Array | None" = None
    """float64 [*shape]: estimates, not bounds, of the fidelity of the state behind such counts."""
    gradients: "Array | None" = None
    """float64, the shape of the expectation values and then the `float` inputs: the derivatives of
    exact expectation values by the inputs, in the order of their declaration."""
    observables: tuple[str, ...] = ()
    """Names of the observables in the order of the leading dimensions; () if unknown."""
    bits: "Array | None" = field(default=None, compare=False)
    """Memory of a sweep as uint8 [*shape, shots, bytes]; each shot is the integer of its bits."""
    register_memory: "Mapping[str, Array] | None" = field(default=None, compare=False)
    """Memory of each register by name, as uint8 [*shape, shots, bytes]: the `array` of a `BitArray`
    of Qiskit."""
    _memory: Any = field(default=None, repr=False)
    registers: tuple[tuple[str, int], ...] = ()
    """Names and sizes of the registers in the order of declaration; () if unknown."""
    index: tuple[int, ...] = ()
    """Index of an element of a sweep."""
    parameters: Mapping[str, Any] | None = None
    seed: int | None = None
    engine: str | None = None
    engine_version: str | None = None
    method: str | None = None
    precision: str | None = None
    threads: int | None = None
    """Number of threads of the simulator."""
    reason: str | None = None
    """Reason for the choice of the engine."""
    warnings: tuple[str, ...] = ()
    compiled: Mapping[str, Any] | None = None
    """Circuit on a device: `depth`, `gates`, `qubits`, and `as_written`: True for a circuit that
    was not compiled. None without a device."""
    running_ms: float | None = None
    waiting_ms: float | None = None
    name: str | None = None

    @property
    def memory(self) -> Any:
        """Bit string of every shot in order; for a sweep, nested lists by `shape`."""
        if self.bits is None:
            return self._memory
        from quantumtask.client.results.array_codec import unpack

        return unpack(self.bits, [size for _, size in self.registers])

    def __getitem__(self, index: ElementIndex) -> Self:
        """Return an element of a sweep, or a smaller sweep for a short index."""
        at = index if isinstance(index, tuple) else (index,)
        if not self.shape:
            raise TypeError("the result of a single circuit has no elements: there was no sweep")
        if len(at) > len(self.shape):
            raise IndexError(f"index {at} is too long for a sweep of shape {self.shape}")
        where = tuple(_positive(i, size) for i, size in zip(at, self.shape, strict=False))
        return replace(
            self,
            shape=self.shape[len(where) :],
            index=self.index + where,
            counts=_pick(self.counts, where) if self.counts else self.counts,
            _memory=_pick(self._memory, where),
            outputs=_pick(self.outputs, where) if isinstance(self.outputs, list) else None,
            parameters=_bindings(self.parameters, where, self.shape),
            expectation_values=_pick_broadcast(self.expectation_values, where, self.shape),
            standard_errors=_pick_broadcast(self.standard_errors, where, self.shape),
            error_bounds=_pick_broadcast(self.error_bounds, where, self.shape),
            total_variation_bounds=_pick_leading(self.total_variation_bounds, where),
            fidelity_estimates=_pick_leading(self.fidelity_estimates, where),
            gradients=_pick_gradients(self.gradients, where, self.shape),
            probabilities=_pick_leading(self.probabilities, where),
            statevector=_pick_leading(self.statevector, where),
            unitary=_pick_leading(self.unitary, where),
            bits=_pick_leading(self.bits, where),
            register_memory=self.register_memory
            and {name: each[where] for name, each in self.register_memory.items()},
        )

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("the result of a single circuit has no length: there was no sweep")
        return self.shape[0]

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))


def _positive(index: int, size: int) -> int:
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of range for {size} elements")
    return index % size


def _pick(values: Any, where: tuple[int, ...]) -> Any:
    for index in where:
        values = None if values is None else values[index]
    return values


def _pick_leading(array: "Array | None", where: tuple[int, ...]) -> "Array | None":
    return None if array is None else array[where]


def _pick_broadcast(
    array: "Array | None", where: tuple[int, ...], shape: tuple[int, ...]
) -> "Array | None":
    """Return the values of an element; the dimensions of the sweep come last."""
    if array is None:
        return None
    first = array.ndim - len(shape)
    picked: list[int | slice] = [slice(None)] * array.ndim
    for axis, (index, size) in enumerate(zip(where, shape, strict=False), start=first):
        picked[axis] = index if array.shape[axis] == size else slice(None)
    return array[tuple(picked)]


def _pick_gradients(
    array: "Array | None", where: tuple[int, ...], shape: tuple[int, ...]
) -> "Array | None":
    """Return the gradients of an element; the dimension of the inputs comes last."""
    if array is None:
        return None
    picked = _pick_broadcast(array.transpose(-1, *range(array.ndim - 1)), where, shape)
    assert picked is not None
    return picked.transpose(*range(1, picked.ndim), 0)


def _bindings(
    parameters: Mapping[str, Any] | None, where: tuple[int, ...], shape: tuple[int, ...]
) -> Mapping[str, Any] | None:
    """Return the parameters of an element, derived from the shapes of the submitted values."""
    if not parameters:
        return parameters
    return {name: _binding(value, where, shape) for name, value in parameters.items()}


def _binding(value: Any, where: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    if isinstance(value, str | int | float | complex):
        return value
    if isinstance(value, list) and (len(value),) == shape:
        return value[where[0]]
    import numpy as np

    array = np.asarray(value)
    for depth in range(min(array.ndim, len(shape)), 0, -1):
        leading, trailing = array.shape[:depth], shape[len(shape) - depth :]
        if all(a in (1, b) for a, b in zip(leading, trailing, strict=True)):
            first = len(shape) - depth  # the value lacks so many of the sweep's dimensions
            at = [min(i, n - 1) for i, n in zip(where[first:], leading, strict=False)]
            return array[tuple(at)]
    return array
