"""Main function of the analysis child: it reads circuits as a slot does, and runs none.

It responds in JSON, for the same reason as a slot.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

from quantumtask.openqasm import Sweep, Validation, draw_circuit, validate_circuit
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.output_kinds import QPY
from quantumtask.shared.processes import cpu_time_limit
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, TaskSpec
from quantumtask.shared.task_options import circuit_format
from quantumtask.worker.analysis.messages import (
    AnalysisKind,
    AnalysisRequest,
    AnalysisResponse,
    JsonObject,
    failure_response,
    validation_report,
)
from quantumtask.worker.slots.execute import WARM_UP_TASK, child_loop, run_catching

# The engines are imported inside functions: only some requests need them.


def analysis_main(connection: Connection, settings: Settings, threads: int) -> None:
    """Run the child, one request at a time; `threads` is the number of threads of a slot."""

    def work(request: AnalysisRequest) -> bool:
        response = analyze(request, settings, threads)
        connection.send_bytes(response.to_json())
        return response.child_usable

    child_loop(connection, settings, lambda: _validate(WARM_UP_TASK, settings, threads), work)


def analyze(request: AnalysisRequest, settings: Settings, threads: int) -> AnalysisResponse:
    """Return the response to a request; no exception is raised."""
    if request.spec is None:
        return _catalog(request, settings)
    return ANALYSES[request.kind](request.spec, settings, threads)


def _validate(spec: TaskSpec, settings: Settings, _: int) -> AnalysisResponse:
    """Return all problems of a circuit and its options."""
    from quantumtask.engines.noise.request import resolve_noise
    from quantumtask.engines.outputs.output_spec import parse_output_spec

    def validate() -> Validation:
        output_spec = parse_output_spec(spec.options, spec.shots, spec.memory)
        with cpu_time_limit(settings.compile_limit_s):
            validation = _validate_circuit(spec, settings)
        if validation.valid:
            output_spec.check(validation.qubits)
        if not output_spec.ideal:
            resolve_noise(output_spec.backend, output_spec.noise)
        return validation

    validation = run_catching(validate, settings)
    report = validation_report(validation)
    return AnalysisResponse(True, report, not _is_out_of_memory(validation))


def _validate_circuit(spec: TaskSpec, settings: Settings) -> Validation:
    if circuit_format(spec.options) != QPY:
        return validate_circuit(spec.circuit, settings, spec.parameters)
    from quantumtask.engines.qpy.validate import validate_qpy

    return validate_qpy(spec.circuit, settings, spec.parameters)


def _estimate(spec: TaskSpec, settings: Settings, _: int) -> AnalysisResponse:
    """Return the engine, memory and time that a task would take, compilation included."""
    from quantumtask.engines.selection.estimate import RunEstimate, estimate_run

    def compile_circuit() -> Sweep:
        with cpu_time_limit(settings.compile_limit_s):
            if circuit_format(spec.options) == QPY:
                from quantumtask.engines.qpy.compile import compile_qpy

                return compile_qpy(spec.circuit, spec.parameters, settings)[0]
            return compile_uncached(spec.circuit, settings, spec.parameters)

    started = time.thread_time()  # see `estimate_run`: not process_time
    sweep = run_catching(compile_circuit, settings)
    if isinstance(sweep, Failure):
        return failure_response(AnalysisKind.ESTIMATE, sweep, not sweep.is_out_of_memory)
    compile_s = time.thread_time() - started

    def estimate() -> RunEstimate:
        return estimate_run(
            sweep.program,
            shots=spec.shots,
            settings=settings,
            engine=spec.engine,
            method=spec.method,
        )

    run = run_catching(estimate, settings)
    if isinstance(run, Failure):
        return failure_response(AnalysisKind.ESTIMATE, run)
    if run.seconds is not None:
        seconds = compile_s + sweep.size * run.seconds + (sweep.size - 1) * _binding_s(sweep)
        run = run._replace(seconds=seconds)
    return AnalysisResponse(True, run._asdict())


def _binding_s(sweep: Sweep) -> float:
    """Return the seconds that the binding of another element of a sweep takes."""
    started = time.thread_time()
    with suppress(CircuitError):  # of that element, which an estimate does not check
        next(sweep.others(), None)
    return time.thread_time() - started


def _draw(spec: TaskSpec, settings: Settings, _: int) -> AnalysisResponse:
    """Return the SVG document of a circuit."""

    def draw() -> str:
        with cpu_time_limit(settings.compile_limit_s):
            if circuit_format(spec.options) == QPY:
                from quantumtask.engines.qpy.validate import draw_qpy

                return draw_qpy(spec.circuit, settings, spec.parameters)
            return draw_circuit(spec.circuit, settings, spec.parameters)

    svg = run_catching(draw, settings)
    if isinstance(svg, Failure):
        return failure_response(AnalysisKind.DRAW, svg, not svg.is_out_of_memory)
    return AnalysisResponse(True, {"svg": svg})


def _catalog(request: AnalysisRequest, settings: Settings) -> AnalysisResponse:
    """Return the list of engines or of backends with the limits of a slot, or one backend."""
    from quantumtask.engines.backends import catalog
    from quantumtask.engines.selection import engine_list

    def read() -> JsonObject:
        if request.kind is AnalysisKind.ENGINES:
            return engine_list.list_engines(settings)
        if request.kind is AnalysisKind.BACKENDS:
            return catalog.list_backends(settings)
        return catalog.describe_backend(request.backend, settings)

    body = run_catching(read, settings)
    if isinstance(body, Failure):
        return failure_response(request.kind, body)
    return AnalysisResponse(True, body)


def _is_out_of_memory(value: Validation | Failure) -> bool:
    return isinstance(value, Failure) and value.is_out_of_memory


ANALYSES: dict[AnalysisKind, Callable[[TaskSpec, Settings, int], AnalysisResponse]] = {
    AnalysisKind.VALIDATE: _validate,
    AnalysisKind.ESTIMATE: _estimate,
    AnalysisKind.DRAW: _draw,
}
"""The analyses of a circuit."""
