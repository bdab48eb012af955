"""Interface of the backends: the ideal simulator, and simulators of devices and noise."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.sampling.shot_counts import ShotSample
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.openqasm.program.program import Program


class RunInfo(NamedTuple):
    """The engine that ran a program, and the reason for it, as a result states them."""

    engine: str
    version: str
    method: str
    precision: str | None
    reason: str
    threads: int = 1


class SamplingBackend(Protocol):
    """Runs the shots of the programs of one task, one after another; most differ only in angles.

    Every method takes one program. It raises ResourceError for an output that the backend does not
    have or that does not fit the slot, and Diagnostic for an error of the program itself.

    Attributes:
        run_info: How the first program ran; None before that.
        compile_report: The first circuit on its device, as the `compiled` field of a result; None
            without a device.
        progress: The progress of the task.
    """

    progress: RunProgress
    run_info: RunInfo | None
    compile_report: dict[str, Any] | None

    def check(self, program: Program) -> None:
        """Check a program that runs as written: the device must have its gates and qubits."""
        ...

    def sample(self, program: Program, shots: int, seed: int, memory: bool) -> ShotSample:
        """Run the shots of a program.

        Args:
            seed: 0 to 2**63 - 1.
            memory: Keep the order of the shots.
        """
        ...


class Backend(SamplingBackend, Protocol):
    """Also computes exact outputs of programs; raises as `SamplingBackend` does."""

    def probabilities(self, program: Program) -> FloatArray:
        """Return the exact probability of each value of the classical bits.

        Bit k of an index is the k-th bit of the result.
        """
        ...

    def expectation_values(self, program: Program, words: Sequence[str]) -> FloatArray:
        """Return the exact expectation value of each Pauli word (see `Observables`)."""
        ...

    def statevector(self, program: Program, /) -> ComplexArray:
        """Return the amplitudes before the terminal measurements; bit k of an index is qubit k."""
        ...

    def unitary(self, program: Program, /) -> ComplexArray:
        """Return the matrix of all gates; bit k of an index is qubit k."""
        ...
