"""The settings: one documented table, read once from the environment and passed in."""

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
    """Every setting. The environment variable of `max_shots` is `QUANTUMTASK_MAX_SHOTS`."""

    data_dir: Path = _setting(Path("data"), "Folder of the database and the logs.")
    database: str = _setting(
        "",
        "Where the tasks are: `postgresql://USER:PASSWORD@HOST:PORT/NAME`; "
        "empty: SQLite, in the data folder.",
        secret=True,
    )
    results: str = _setting(
        "",
        "Where results above 256 KiB are: a folder, or `s3://BUCKET/PREFIX`; "
        "empty: `results` in the data folder.",
    )
    host: str = _setting("127.0.0.1", "Address the API listens on.")
    port: int = _setting(8000, "Port of the API.")
    worker_host: str = _setting(
        "127.0.0.1", "Address the Worker's doorbell listens on. Never publish it."
    )
    worker_port: int = _setting(8001, "Port of the Worker's doorbell.")
    worker_url: str = _setting(
        "", "Where the API rings the Worker; empty: worker_host and worker_port."
    )

    slots: int = _setting(0, "Circuits that run at once on this Worker; 0: one for each core.")
    slot_memory_mb: int = _setting(
        0, "Memory (MiB) one slot may take; 0: 80 % of the machine's or container's, shared out."
    )

    executor: str = _setting(
        "local", "Where circuits run: `local`, on this machine; `ray`, on a Ray cluster."
    )
    ray_address: str = _setting(
        "auto",
        "The Ray cluster: `HOST:PORT` of its head; `auto`: the one that this machine is a node of.",
    )
    ray_patience_s: float = _setting(
        60.0,
        "How long a task that no node of the Ray cluster can hold waits for another node, "
        "in seconds after one was lost or the Worker has connected.",
    )

    max_body_bytes: int = _setting(10 * MIB, "Largest request body, after decompression.")
    max_circuit_bytes: int = _setting(1 * MIB, "Largest circuit text, in bytes of UTF-8.")
    max_nesting: int = _setting(100, "Deepest nesting of blocks and parentheses in a circuit.")
    max_qubits: int = _setting(10_000, "Most qubits a circuit may declare.")
    max_bits: int = _setting(100_000, "Most classical bits a circuit may declare.")
    max_operations: int = _setting(
        1_000_000, "Most operations a circuit may come to, gates inlined and loops unrolled."
    )
    max_steps: int = _setting(
        1_000_000, "Most steps (statements, rounds of loops) of one run of a circuit."
    )
    max_elements: int = _setting(
        100_000, "Most variables and elements of arrays a circuit may declare."
    )
    max_call_depth: int = _setting(
        200, "How deep subroutines of a circuit may call each other and themselves."
    )
    max_shots: int = _setting(1_000_000, "Most shots of one task.")
    max_sweep: int = _setting(100_000, "Most elements of a sweep: bindings in one task.")
    max_timeout_s: float = _setting(86_400.0, "Longest `timeout_s` a task may ask for, in seconds.")
    max_result_bytes: int = _setting(
        32 * MIB, "Largest result (counts, per-shot memory, outputs) of one task, as JSON."
    )
    max_waiting_tasks: int = _setting(
        100_000, "Most tasks waiting to be run; beyond it, submissions get 429."
    )
    max_waiting_per_owner: int = _setting(
        10_000, "Most tasks of one owner waiting to be run; likewise."
    )
    owner_weights: str = _setting(
        "",
        "Shares of the work while several owners have tasks waiting: `alice=4,bob=0.5`; "
        "1 for all others.",
    )
    compile_limit_s: float = _setting(
        5.0, "Most processor time from circuit text to engine, in seconds."
    )

    lease_s: float = _setting(
        30.0, "How long a claimed task stays a worker's without a renewal, in seconds."
    )
    renew_s: float = _setting(
        5.0, "How often a worker renews its leases and says it is alive, in seconds."
    )
    poll_s: float = _setting(
        0.5, "How often a worker looks for tasks when no doorbell rings, in seconds."
    )
    max_crashes: int = _setting(
        3, "How often a task may take its slot or worker down before it fails."
    )
    drain_s: float = _setting(
        10.0, "How long a worker that is told to stop lets running tasks finish, in seconds."
    )
    busy_timeout_s: float = _setting(
        2.0, "How long to wait for a locked database before answering 503, in seconds."
    )
    idempotency_hours: float = _setting(
        24.0, "How long an Idempotency-Key is remembered, in hours."
    )
    retention_days: float = _setting(
        30.0,
        "How long a task is kept after it ended, in days, and never less than its "
        "Idempotency-Key; 0: for ever.",
    )

    traces: str = _setting(
        "",
        "Where OpenTelemetry traces go, by OTLP over HTTP: `http://HOST:4318/v1/traces`; "
        "empty: nowhere.",
    )

    def without_secrets(self) -> "Settings":
        """What a process may know that runs circuits."""
        ours: dict[str, Any] = {f.name: f.default for f in fields(self) if not f.repr}
        return replace(self, **ours)

    @property
    def database_file(self) -> Path:
        """The file of SQLite."""
        return self.data_dir / "quantumtask.db"

    @property
    def database_label(self) -> str:
        """The database as it may be shown: without user and password."""
        url = _POSTGRESQL.fullmatch(self.database)
        return f"postgresql://{url['place']}" if url else str(self.database_file)

    @property
    def weights(self) -> dict[str, float]:
        """The owners that have another share of the work than 1."""
        return _weights(self.owner_weights)

    @property
    def results_location(self) -> str:
        """The folder of large results, or the `s3://BUCKET/PREFIX`."""
        return self.results or str(self.data_dir / "results")

    @property
    def retention_s(self) -> float:
        """How long a task stays after it ended; 0: for ever.

        Never shorter than its Idempotency-Key is remembered: a repeated submission must find it.
        """
        if not self.retention_days:
            return 0.0
        return max(self.retention_days * 86_400, self.idempotency_hours * 3600)

    @property
    def doorbell_url(self) -> str:
        """The URL that the API rings."""
        return (self.worker_url or f"http://{self.worker_host}:{self.worker_port}").rstrip("/")

    @property
    def slot_count(self) -> int:
        return self.slots or core_count()

    @property
    def slot_threads(self) -> int:
        """Threads that a simulator may use in one slot."""
        return max(1, core_count() // self.slot_count)

    @property
    def slot_memory_bytes(self) -> int:
        if self.slot_memory_mb:
            return self.slot_memory_mb * MIB
        return int(0.8 * machine_memory_bytes() / self.slot_count)


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names the variable."""


def load_settings(environment: Mapping[str, str] = os.environ, **given: Any) -> Settings:
    """Reads the settings from `environment`; those in `given` that are not None win over it.

    Raises SettingsError for a value of the wrong type and for a QUANTUMTASK_ variable that is no
    setting, because a misspelt limit would otherwise silently not be one.
    """
    known = {environment_variable(f): f for f in fields(Settings)}
    ours = {k: v for k, v in environment.items() if k.startswith(PREFIX) and k not in NOT_SETTINGS}
    if unknown := sorted(set(ours) - set(known)):
        raise SettingsError(
            f"{unknown[0]} is not a setting. docs/reference/settings.md lists them all."
        )
    values = {known[k].name: _parse(k, v, known[k]) for k, v in ours.items()}
    _check_database(values.get("database", ""))
    _weights(values.get("owner_weights", ""))
    _check_results(values.get("results", ""))
    _check_executor(values.get("executor", EXECUTORS[0]))
    return replace(Settings(**values), **{k: v for k, v in given.items() if v is not None})


SUPERVISOR = PREFIX + "SUPERVISED"
"""Set by `quantumtask up` for the services it starts: its own process id."""

NOT_SETTINGS = frozenset({PREFIX + "URL", SUPERVISOR})
"""No settings: the service that the client talks to, and who started this process."""


_POSTGRESQL = re.compile(r"postgresql://([^@/?#]*@)?(?P<place>[^@/?#]*(/[^@/?#]*)?)(\?[^@#]*)?")


def _check_database(url: str) -> None:
    """Refuses what is no URL of PostgreSQL, without repeating what may hold a password."""
    if url and not _POSTGRESQL.fullmatch(url):
        raise SettingsError(
            f"{PREFIX}DATABASE must be postgresql://USER:PASSWORD@HOST:PORT/NAME, or empty for "
            "SQLite. In user and password write %40 for @, %2F for /, %3F for ? and %23 for #."
        )


@cache
def _weights(text: str) -> dict[str, float]:
    """Owner -> weight. Raises SettingsError."""
    found = {}
    for part in filter(str.strip, text.split(",")):
        given = _WEIGHT.fullmatch(part)
        if not given or not 0 < float(given["weight"]) < float("inf"):
            raise SettingsError(
                f"{PREFIX}OWNER_WEIGHTS: {part.strip()!r} is not an owner and a number above zero, "
                "as in alice=4"
            )
        found[given["owner"].strip()] = float(given["weight"])
    return found


_WEIGHT = re.compile(r"(?P<owner>[^=]+)=\s*(?P<weight>\d+(\.\d*)?|\.\d+)\s*", re.ASCII)


def _check_results(place: str) -> None:
    if "://" in place and not _BUCKET.fullmatch(place):
        raise SettingsError(
            f"{PREFIX}RESULTS={place!r} must be a folder, or s3://BUCKET/PREFIX. "
            "The server and the keys are in AWS_ENDPOINT_URL and the other AWS_ variables."
        )


_BUCKET = re.compile(r"s3://[^/?#@:]+(/[^?#]*)?")


EXECUTORS = ("local", "ray")


def _check_executor(name: str) -> None:
    if name not in EXECUTORS:
        raise SettingsError(f"{PREFIX}EXECUTOR={name!r} must be one of {', '.join(EXECUTORS)}.")


def environment_variable(setting: "Field[Any]") -> str:
    """The environment variable of a setting."""
    return PREFIX + setting.name.upper()


def _parse(name: str, text: str, setting: "Field[Any]") -> Any:
    assert setting.default is not MISSING
    kind = type(setting.default)
    try:
        value = kind(text)
    except ValueError:
        raise SettingsError(f"{name}={text!r} is not {_ARTICLE[kind]}.") from None
    if kind in (int, float) and not 0 <= cast(float, value) < float("inf"):
        raise SettingsError(f"{name}={text!r} must be zero or more.")
    return value


_ARTICLE = {int: "a whole number", float: "a number", str: "a text", type(Path()): "a path"}


@cache
def core_count() -> int:
    """Cores this process may use: its CPU affinity, or the container's quota if that is smaller."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _read("/sys/fs/cgroup/cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit():
        mine = min(mine, max(1, int(quota[0]) // int(quota[1])))
    return mine


@cache
def machine_memory_bytes() -> int:
    """Memory of this machine, or the container's limit if that is smaller, in bytes."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _read("/sys/fs/cgroup/memory.max").strip()
    return min(machine, int(limit)) if limit.isdigit() else machine


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
