"""What runs in the child that answers questions: it reads circuits, as a slot does, and runs none.

It answers in JSON for the reason that a slot's outcomes are.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

from quantumtask.openqasm import Sweep, Validation, validate_circuit
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.processes import cpu_time_limit
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, TaskSpec
from quantumtask.worker.analysis.messages import Finding, Json, Kind, Question, of_failure, report
from quantumtask.worker.slots.execute import WARM_UP, attempt, live, out_of_memory


def serve(connection: Connection, settings: Settings, threads: int) -> None:
    """The life of the child: one question at a time. `threads`: those of a slot."""

    def work(question: Question) -> bool:
        finding = answer(question, settings, threads)
        connection.send_bytes(finding.encoded())
        return finding.fit

    live(connection, settings, lambda: _validate(WARM_UP, settings, threads), work)


def answer(question: Question, settings: Settings, threads: int) -> Finding:
    """What there is to say; nothing is raised."""
    if question.spec is None:
        return _told(question, settings)
    return ANSWERS[question.kind](question.spec, settings, threads)


def _validate(spec: TaskSpec, settings: Settings, _: int) -> Finding:
    """All that is wrong with a circuit, or with what is asked of it."""
    from quantumtask.engines.noise.request import resolve_noise  # not above: as in `execute`
    from quantumtask.engines.outputs.output_spec import parse_output_spec

    def read() -> Validation:
        wanted = parse_output_spec(spec.options, spec.shots, spec.memory)
        with cpu_time_limit(settings.compile_limit_s):
            found = validate_circuit(spec.circuit, settings, spec.parameters)
        if found.valid:
            wanted.check(found.qubits)
        if not wanted.ideal:
            resolve_noise(wanted.backend, wanted.noise)
        return found

    verdict = attempt(read, settings)
    return Finding(True, report(verdict), not out_of_memory(verdict))


def _estimate(spec: TaskSpec, settings: Settings, threads: int) -> Finding:
    """What a task would take, the reading of its circuit included."""
    from quantumtask.engines.selection.estimate import (  # not above: as in `execute`
        RunEstimate,
        estimate_run,
    )

    def read() -> Sweep:
        with cpu_time_limit(settings.compile_limit_s):
            return compile_uncached(spec.circuit, settings, spec.parameters)

    started = time.thread_time()  # see `estimate`: not process_time
    sweep = attempt(read, settings)
    if isinstance(sweep, Failure):
        return of_failure(Kind.ESTIMATE, sweep, not out_of_memory(sweep))
    reading_s = time.thread_time() - started

    def look() -> RunEstimate:
        return estimate_run(
            sweep.program,
            shots=spec.shots,
            settings=settings,
            threads=threads,
            engine=spec.engine,
            method=spec.method,
        )

    found = attempt(look, settings)
    if isinstance(found, Failure):
        return of_failure(Kind.ESTIMATE, found)
    seconds = reading_s + sweep.size * found.seconds + (sweep.size - 1) * _binding_s(sweep)
    return Finding(True, found._replace(seconds=seconds)._asdict())


def _binding_s(sweep: Sweep) -> float:
    """Seconds that each further element of a sweep takes before it runs."""
    started = time.thread_time()
    with suppress(CircuitError):  # of an element that is not looked at here
        next(sweep.others(), None)
    return time.thread_time() - started


def _told(question: Question, settings: Settings) -> Finding:
    """Which engines or backends there are, and what fits a slot; or one backend in full."""
    from quantumtask.engines.backends import catalog
    from quantumtask.engines.selection import estimate

    def tell() -> Json:
        if question.kind is Kind.ENGINES:
            return estimate.list_engines(settings)
        if question.kind is Kind.BACKENDS:
            return catalog.list_backends(settings)
        return catalog.describe_backend(question.name, settings)

    told = attempt(tell, settings)
    return of_failure(question.kind, told) if isinstance(told, Failure) else Finding(True, told)


ANSWERS: dict[Kind, Callable[[TaskSpec, Settings, int], Finding]] = {
    Kind.VALIDATE: _validate,
    Kind.ESTIMATE: _estimate,
}
