"""Settings: one documented table, read once from the environment and passed on as a value."""

import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

PREFIX = "QUANTUMTASK_"
MIB = 1024 * 1024


def _setting(default: Any, doc: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"doc": doc}, repr=not secret)


@dataclass(frozen=True)
class Settings:
    """All settings. The environment variable of `max_shots` is `QUANTUMTASK_MAX_SHOTS`."""

    data_dir: Path = _setting(Path("data"), "Folder of the database and the logs.")
    database: str = _setting(
        "",
        "The database: `postgresql://USER:PASSWORD@HOST:PORT/NAME`; "
        "empty: SQLite, in the data folder.",
        secret=True,
    )
    results: str = _setting(
        "",
        "Place of results above 256 KiB: a folder, or `s3://BUCKET/PREFIX`; "
        "empty: `results` in the data folder.",
    )
    host: str = _setting("127.0.0.1", "Address that the API listens on.")
    port: int = _setting(8000, "Port of the API.")
    worker_host: str = _setting(
        "127.0.0.1", "Address that the worker listens on. Never publish it."
    )
    worker_port: int = _setting(8001, "Port of the worker.")
    worker_url: str = _setting(
        "", "URL at which the API reaches the worker; empty: worker_host and worker_port."
    )

    slots: int = _setting(0, "Circuits that run at once on this worker; 0: one for each core.")
    slot_memory_mb: int = _setting(
        0,
        "Memory limit of a slot in MiB; 0: 80 % of the memory of the machine or container, "
        "divided by the slots.",
    )

    executor: str = _setting(
        "local", "Place where circuits run: `local`, this machine; `ray`, a Ray cluster."
    )
    ray_address: str = _setting(
        "auto",
        "The Ray cluster: `HOST:PORT` of its head; `auto`: the cluster of this machine.",
    )
    ray_patience_s: float = _setting(
        60.0,
        "Time that a task too large for every node of the Ray cluster waits for another node, "
        "in seconds after a node was lost or the worker has connected.",
    )

    max_body_bytes: int = _setting(10 * MIB, "Largest request body in bytes, after decompression.")
    max_circuit_bytes: int = _setting(1 * MIB, "Largest circuit text, in bytes of UTF-8.")
    max_nesting: int = _setting(100, "Deepest nesting of blocks and parentheses in a circuit.")
    max_qubits: int = _setting(10_000, "Largest number of qubits that a circuit may declare.")
    max_bits: int = _setting(
        100_000, "Largest number of classical bits that a circuit may declare."
    )
    max_operations: int = _setting(
        1_000_000, "Largest number of operations of a circuit, gates inlined and loops unrolled."
    )
    max_steps: int = _setting(
        1_000_000, "Largest number of steps (statements, loop iterations) of one run of a circuit."
    )
    max_elements: int = _setting(
        100_000, "Largest number of variables and array elements that a circuit may declare."
    )
    max_call_depth: int = _setting(200, "Deepest nesting of subroutine calls in a circuit.")
    max_shots: int = _setting(1_000_000, "Largest number of shots of one task.")
    max_sweep: int = _setting(
        100_000, "Largest number of elements of a sweep: bindings in one task."
    )
    max_timeout_s: float = _setting(86_400.0, "Largest `timeout_s` of a task, in seconds.")
    max_result_bytes: int = _setting(
        32 * MIB, "Largest result (counts, memory, outputs, data) of one task, in bytes of JSON."
    )
    max_waiting_tasks: int = _setting(
        100_000, "Largest number of waiting tasks; above it, submissions get 429."
    )
    max_waiting_per_owner: int = _setting(
        10_000, "Largest number of waiting tasks of one owner; above it, submissions get 429."
    )
    owner_weights: str = _setting(
        "",
        "Weights of owners while several have waiting tasks: `alice=4,bob=0.5`; 1 for all others.",
    )
    compile_limit_s: float = _setting(
        5.0, "Limit of processor time for reading and compiling a circuit, in seconds."
    )

    lease_s: float = _setting(
        30.0, "Duration of the lease of a claimed task without a renewal, in seconds."
    )
    renew_s: float = _setting(
        5.0, "Interval at which a worker renews its leases and sends its heartbeat, in seconds."
    )
    poll_s: float = _setting(
        0.5,
        "Longest time until a worker that was not woken looks for tasks, in seconds.",
    )
    max_crashes: int = _setting(3, "Number of lost slots or workers after which a task fails.")
    drain_s: float = _setting(
        10.0, "Time that a stopping worker gives to running tasks, in seconds."
    )
    busy_timeout_s: float = _setting(
        2.0, "Time to wait for a locked database before the answer is 503, in seconds."
    )
    idempotency_hours: float = _setting(24.0, "Lifetime of an Idempotency-Key, in hours.")
    retention_days: float = _setting(
        30.0,
        "Lifetime of a task after its end, in days, and never less than that of its "
        "Idempotency-Key; 0: for ever.",
    )

    traces: str = _setting(
        "",
        "Collector of OpenTelemetry traces, by OTLP over HTTP: `http://HOST:4318/v1/traces`; "
        "empty: no traces.",
    )

    def without_secrets(self) -> "Settings":
        """Return the settings that a process that runs circuits may have."""
        defaults: dict[str, Any] = {f.name: f.default for f in fields(self) if not f.repr}
        return replace(self, **defaults)

    @property
    def database_file(self) -> Path:
        """The file of the SQLite database."""
        return self.data_dir / "quantumtask.db"

    @property
    def database_label(self) -> str:
        """The database as shown to people: without user and password."""
        url = _POSTGRESQL.fullmatch(self.database)
        return f"postgresql://{url['location']}" if url else str(self.database_file)

    @property
    def weights(self) -> dict[str, float]:
        """Owner -> weight, of the owners with another weight than 1."""
        return _parse_weights(self.owner_weights)

    @property
    def results_location(self) -> str:
        """The folder of large results, or `s3://BUCKET/PREFIX`."""
        return self.results or str(self.data_dir / "results")

    @property
    def retention_s(self) -> float:
        """Lifetime of a task after its end, in seconds; 0: for ever.

        Never shorter than the lifetime of an Idempotency-Key: a repeated submission must find the
        task.
        """
        if not self.retention_days:
            return 0.0
        return max(self.retention_days * 86_400, self.idempotency_hours * 3600)

    @property
    def doorbell_url(self) -> str:
        """The URL at which the API reaches the worker."""
        return (self.worker_url or f"http://{self.worker_host}:{self.worker_port}").rstrip("/")

    @property
    def slot_count(self) -> int:
        """Number of slots of this worker."""
        return self.slots or core_count()

    @property
    def slot_threads(self) -> int:
        """Number of threads that a simulator may use in one slot."""
        return max(1, core_count() // self.slot_count)

    @property
    def slot_memory_bytes(self) -> int:
        """Memory limit of one slot in bytes."""
        if self.slot_memory_mb:
            return self.slot_memory_mb * MIB
        return int(0.8 * machine_memory_bytes() / self.slot_count)


class SettingsError(Exception):
    """A setting with an unusable value; the message names the environment variable."""


def load_settings(environment: Mapping[str, str] = os.environ, **overrides: Any) -> Settings:
    """Read the settings from the environment.

    Args:
        environment: The environment variables.
        overrides: Values by the name of their setting; those that are not None replace values of
            the environment.

    Raises:
        SettingsError: A value has the wrong type, or a variable with our prefix is no setting: a
            misspelt limit would otherwise be ignored without a word.
    """
    setting_of = {environment_variable(field): field for field in fields(Settings)}
    texts = {k: v for k, v in environment.items() if k.startswith(PREFIX) and k not in NOT_SETTINGS}
    if unknown := sorted(set(texts) - set(setting_of)):
        remedy = "docs/reference/settings.md lists them all"
        raise SettingsError(f"{unknown[0]} is not a setting. {remedy}.")
    values = {setting_of[k].name: _parse(k, v, setting_of[k]) for k, v in texts.items()}
    _check_database(values.get("database", ""))
    _parse_weights(values.get("owner_weights", ""))
    _check_results(values.get("results", ""))
    _check_executor(values.get("executor", EXECUTORS[0]))
    return replace(Settings(**values), **{k: v for k, v in overrides.items() if v is not None})


SUPERVISOR = PREFIX + "SUPERVISED"
"""Variable that `quantumtask up` sets for the services it starts: its own process id."""

NOT_SETTINGS = frozenset({PREFIX + "URL", SUPERVISOR})
"""Variables with our prefix that are no settings: the client's service, and the supervisor."""


_POSTGRESQL = re.compile(r"postgresql://([^@/?#]*@)?(?P<location>[^@/?#]*(/[^@/?#]*)?)(\?[^@#]*)?")


def _check_database(url: str) -> None:
    """Raise SettingsError for a wrong URL, without the URL, which may hold a password."""
    if url and not _POSTGRESQL.fullmatch(url):
        raise SettingsError(
            f"{PREFIX}DATABASE must be postgresql://USER:PASSWORD@HOST:PORT/NAME, or empty for "
            "SQLite. In user and password write %40 for @, %2F for /, %3F for ? and %23 for #."
        )


@cache
def _parse_weights(text: str) -> dict[str, float]:
    """Return owner -> weight. Raises SettingsError."""
    weights = {}
    for part in filter(str.strip, text.split(",")):
        match = _WEIGHT.fullmatch(part)
        if not match or not 0 < float(match["weight"]) < float("inf"):
            raise SettingsError(
                f"{PREFIX}OWNER_WEIGHTS: each part must be an owner and a number above zero, "
                f"as in alice=4; got {part.strip()!r}"
            )
        weights[match["owner"].strip()] = float(match["weight"])
    return weights


_WEIGHT = re.compile(r"(?P<owner>[^=]+)=\s*(?P<weight>\d+(\.\d*)?|\.\d+)\s*", re.ASCII)


def _check_results(location: str) -> None:
    if "://" in location and not _BUCKET.fullmatch(location):
        raise SettingsError(
            f"{PREFIX}RESULTS must be a folder, or s3://BUCKET/PREFIX; got {location!r}. Set the "
            "server and the keys in AWS_ENDPOINT_URL and the other AWS_ variables."
        )


_BUCKET = re.compile(r"s3://[^/?#@:]+(/[^?#]*)?")


EXECUTORS = ("local", "ray")


def _check_executor(name: str) -> None:
    if name not in EXECUTORS:
        names = ", ".join(EXECUTORS)
        raise SettingsError(f"{PREFIX}EXECUTOR must be one of {names}; got {name!r}.")


def environment_variable(setting: "Field[Any]") -> str:
    """Return the environment variable of a setting."""
    return PREFIX + setting.name.upper()


def _parse(name: str, text: str, setting: "Field[Any]") -> Any:
    assert setting.default is not MISSING
    kind = type(setting.default)
    try:
        value = kind(text)
    except ValueError:
        raise SettingsError(f"{name} must be {_KIND_NAME[kind]}; got {text!r}.") from None
    if kind in (int, float) and not 0 <= cast(float, value) < float("inf"):
        raise SettingsError(f"{name} must be zero or more; got {text!r}.")
    return value


_KIND_NAME = {int: "a whole number", float: "a number", str: "a text", type(Path()): "a path"}


@cache
def core_count() -> int:
    """Return the cores of this process: CPU affinity, or the container's quota if smaller."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    quota = _read("/sys/fs/cgroup/cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit():
        cores = min(cores, max(1, int(quota[0]) // int(quota[1])))
    return cores


@cache
def machine_memory_bytes() -> int:
    """Return the memory of this machine in bytes, or the container's limit if smaller."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _read("/sys/fs/cgroup/memory.max").strip()
    return min(machine, int(limit)) if limit.isdigit() else machine


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
