"""The ideal device: each program on the engine for it, or on the one that was asked for."""

from typing import Any

from quantumtask.engines.device import Complexes, Ran
from quantumtask.engines.engine import load
from quantumtask.engines.job import Job
from quantumtask.engines.observables import Floats, Observables
from quantumtask.engines.profile import Profile, profile_of
from quantumtask.engines.select import METHODS, Choice, choose, version
from quantumtask.engines.stabilizer import NotClifford
from quantumtask.engines.tally import Shots, Tally
from quantumtask.openqasm.gates import Operation
from quantumtask.openqasm.program import Circuit, Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO


class Ideal:
    """Runs programs as they are, without noise; see `Device`.

    `once`: they do not come again, so nothing is remembered of them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        threads: int = 1,
        engine: str = AUTO,
        method: str | None = None,
        once: bool = False,
    ) -> None:
        self.ran: Ran | None = None
        self.compiled: dict[str, Any] | None = None
        self._settings = settings
        self._threads = threads
        self._engine = engine
        self._method = method
        self._once = once
        self._last: tuple[Circuit, int, Choice] | None = None

    def sample(self, program: Program, shots: int, seed: int, memory: bool) -> Shots:
        choice = self._choice(program, shots)
        try:
            return self._sampled(program, shots, seed, memory, choice)
        except NotClifford:
            if self._method is not None:
                raise _not_clifford(choice) from None
            other = _with_amplitudes(choice, profile_of(program), shots)
            return self._sampled(program, shots, seed, memory, other)

    def probabilities(self, program: Program) -> Floats:
        raise NotImplementedError

    def expectations(self, program: Program, observables: Observables) -> Floats:
        raise NotImplementedError

    def statevector(self, program: Program) -> Complexes:
        raise NotImplementedError

    def unitary(self, program: Program) -> Complexes:
        raise NotImplementedError

    def _sampled(
        self, program: Program, shots: int, seed: int, memory: bool, choice: Choice
    ) -> Shots:
        tally = Tally(program, shots, memory, self._settings)
        job = Job(program, shots, seed, tally, self._settings, self._threads, self._once)
        if program.circuit is not None and job.readout.is_fixed:
            order = job.fixed()
        else:
            order = load(choice.plan.engine).run(job, choice.plan)
        plan = choice.plan
        self.ran = self.ran or Ran(
            plan.engine, version(plan.engine) or "", plan.method, plan.precision, choice.reason
        )
        return Shots(tally, order)

    def _choice(self, program: Program, shots: int) -> Choice:
        """The choice for a circuit, which is that for the one before if they have the same gates:
        nothing that it rests on tells two angles from each other."""
        circuit, last = program.circuit, self._last
        if circuit and last and last[1] == shots and _alike(circuit, last[0]):
            return last[2]
        choice = choose(
            profile_of(program), shots, self._settings,
            engine=self._engine, method=self._method, threads=self._threads,
        )  # fmt: skip
        self._last = (circuit, shots, choice) if circuit else None
        return choice


def _alike(one: Circuit, other: Circuit) -> bool:
    """Whether two circuits differ in nothing but the angles of their gates."""
    if len(one.steps) != len(other.steps) or one.bits != other.bits:
        return False
    return all(map(_same, one.steps, other.steps))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Operation) and isinstance(other, Operation):
        return (
            one.gate is other.gate and one.qubits == other.qubits and one.controls == other.controls
        )
    return type(one) is type(other) and one == other


def _with_amplitudes(choice: Choice, profile: Profile, shots: int) -> Choice:
    """The same engine where a stabilizer state, met by a gate under way, does not do."""
    other = next(
        m for m in METHODS if m.engine == choice.plan.engine and m.name != choice.plan.method
    )
    return Choice(other.plan(profile, shots, 1), choice.reason)


def _not_clifford(choice: Choice) -> ResourceError:
    engine, method = choice.plan.engine, choice.plan.method
    return ResourceError(
        "engine_unsuitable",
        f"{engine} ({method}) cannot run this program: it came to a gate that is not Clifford",
    )
