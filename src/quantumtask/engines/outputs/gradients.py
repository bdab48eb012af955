"""Gradients of expectation values by the inputs of a program."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.backends.ideal import IdealBackend
from quantumtask.engines.limits import check_encoded_size
from quantumtask.engines.outputs.expectations import Pairs, broadcast
from quantumtask.engines.outputs.output_spec import OutputSpec
from quantumtask.engines.transforms.angle_jacobian import AngleJacobian, angle_jacobian
from quantumtask.openqasm.program.program import Program, Sweep
from quantumtask.shared.output_kinds import GRADIENTS
from quantumtask.shared.settings import Settings


class GradientCollector:
    """Collects the gradient of every observable with which a program is paired."""

    def __init__(
        self, sweep: Sweep, spec: OutputSpec, backend: IdealBackend, settings: Settings
    ) -> None:
        """Create a collector.

        Raises:
            ResourceError: the observables do not fit the program or the sweep (`bad_observable`).
        """
        assert spec.observables is not None
        self._observables = spec.observables
        self._observables.check(sweep.program.qubits)
        self._backend = backend
        self._settings = settings
        self._shape = broadcast(sweep.shape, self._observables.shape)
        self._pairs = Pairs(sweep.shape, self._observables.shape, self._shape)
        self._rows = np.empty((self._pairs.count, 0))

    def add(self, number: int, program: Program, _: int) -> None:
        """Compute the gradients of a program; see `OutputCollector.add`."""
        self._backend.require_gates_only(program)
        jacobian: AngleJacobian = angle_jacobian(program)
        if not self._rows.size:
            inputs = len(jacobian.inputs)
            check_encoded_size((self._pairs.count, inputs), 8, self._settings)
            self._rows = np.empty((self._pairs.count, inputs))
        positions, observables = self._pairs.select(number)
        distinct, inverse = np.unique(observables, return_inverse=True)
        words, sums = self._observables.select(distinct.tolist())
        angles = np.asarray(np.any(jacobian.matrix, axis=1))
        derivatives = self._backend.angle_derivatives(program, words, sums, angles)
        self._rows[positions] = (derivatives @ jacobian.matrix)[inverse]

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The gradients: the dimension of the inputs comes last."""
        return {GRADIENTS: self._rows.reshape(*self._shape, -1)}
