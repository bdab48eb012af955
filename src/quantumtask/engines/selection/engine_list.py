"""List of all engines and their methods, for `GET /engines`."""

from typing import Any

from quantumtask.engines.limits import available_bytes
from quantumtask.engines.selection.methods import METHODS, engine_version
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO


def list_engines(settings: Settings) -> dict[str, Any]:
    """Return every engine, its version if it is installed, and its methods.

    A method that an engine has with noise and without is listed once, as it is without noise.

    Args:
        settings: Settings of the worker; their memory limits the number of qubits.
    """
    engines: dict[str, dict[str, Any]] = {}
    listed: set[tuple[str, str]] = set()
    slots = settings.max_task_slots
    available, threads = available_bytes(settings.for_slots(slots)), settings.threads_of(slots)
    for method in METHODS:
        if method.noisy and (method.engine, method.name) in listed:
            continue
        listed.add((method.engine, method.name))
        version = engine_version(method.engine)
        engine = engines.setdefault(
            method.engine,
            {
                "name": method.engine,
                "version": version,
                "installed": version is not None,
                "methods": [],
            },
        )
        engine["methods"].append(
            {
                "name": method.name,
                "precision": method.precision,
                "runs": method.programs,
                "bytes_per_amplitude": method.memory.bytes_per_amplitude or None,
                "most_qubits": method.memory.max_qubits(available),
                "speedup": round(method.scaling.largest_speedup(threads), 2),
            }
        )
    return {
        "engines": list(engines.values()),
        "default": AUTO,
        "slot_memory_bytes": settings.slot_memory_bytes,
        "slots": slots,
        "threads": threads,
    }
