"""Settings: one documented table, read once from the environment and passed on as a value."""

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, cast

from quantumtask.shared.data_folder import DATA_FOLDER, data_folder
from quantumtask.shared.door_names import parse_doors
from quantumtask.shared.limits import parse_limits, parse_weights
from quantumtask.shared.locations import LOCATION_CHECKS, url_without_user
from quantumtask.shared.machine import core_count, machine_memory_bytes
from quantumtask.shared.secret_files import read_secret_files

PREFIX = "QUANTUMTASK_"
MIB = 1024 * 1024


def _setting(default: Any, doc: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"doc": doc}, repr=not secret)


@dataclass(frozen=True)
class Settings:
    """All settings. The environment variable of `max_shots` is `QUANTUMTASK_MAX_SHOTS`."""

    data_dir: Path = _setting(DATA_FOLDER, "Folder of the database and the logs.")
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
    published: str = _setting(
        "", "Address and port at which clients reach a container, as in `ports` of Docker."
    )
    worker_host: str = _setting(
        "127.0.0.1", "Address that the worker listens on. Never publish it."
    )
    worker_port: int = _setting(8001, "Port of the worker.")
    worker_url: str = _setting(
        "", "URL at which the API reaches the worker; empty: worker_host and worker_port."
    )
    auth: str = _setting(
        "auto",
        "Whether requests need a token. `auto`: once a token exists, and always on an address that "
        "other machines reach; `required`; `off`: everyone who reaches the API may do everything.",
    )
    oidc_issuer: str = _setting(
        "", "URL of the provider of OpenID Connect whose ID tokens are accepted; empty: none."
    )
    oidc_client_id: str = _setting("", "Id of this service at the provider.")
    oidc_groups: str = _setting(
        "", "Project and role of each group: `GROUP=PROJECT:ROLE,...`; the first counts."
    )
    doors: str = _setting(
        "auto",
        "Protocols of other services that the API speaks, too: `auto`, all on loopback and none "
        "elsewhere; `all`; `none`; or a list of names: `ionq`, `qbraid`, `braket`, `ibm`.",
    )
    allowed_hosts: str = _setting(
        "",
        "Names of the API, besides those of this machine and all addresses: "
        "`quantum.example.org,.lab.example.org`; a dot stands for all names below, `*` for any.",
    )
    allowed_origins: str = _setting(
        "",
        "Origins whose web pages may use the API: `https://lab.example.org`; "
        "empty: the pages of the API itself.",
    )
    worker_secret: str = _setting(
        "",
        "Secret that the API shows to the worker, the same for both; "
        "empty: the file `worker-secret` in the data folder, which the first of them makes.",
        secret=True,
    )
    max_connections: int = _setting(
        8192, "Largest number of open connections of the API; probes have more of their own."
    )
    max_address_connections: int = _setting(
        4096, "Largest number of open connections of one client address."
    )
    client_timeout_s: float = _setting(
        10.0,
        "Time that a client has to send the head of a request, in seconds; also the time for which "
        "it may send a body, or read an answer, with less than 1 KiB/s.",
    )
    keep_alive_s: float = _setting(
        75.0, "Time after which a connection without a request is closed, in seconds."
    )

    slots: int = _setting(0, "Circuits that run at once on this worker; 0: one for each core.")
    slot_memory_mb: int = _setting(
        0,
        "Memory limit of a slot in MiB; 0: 80 % of the memory of the machine or container, "
        "divided by the slots.",
    )
    sandbox: str = _setting(
        "on",
        "Sandbox of the processes that read circuits: `on`, all that this machine has; `require`, "
        "refuse to start without all restrictions; `off`.",
    )

    executor: str = _setting(
        "local", "Place where circuits run: `local`, this machine; `ray`, a Ray cluster."
    )
    ray_address: str = _setting(
        "auto", "The Ray cluster: `HOST:PORT` of its head; `auto`: the cluster of this machine."
    )
    ray_patience_s: float = _setting(
        60.0,
        "Time that a task too large for every node of the Ray cluster waits for another node, "
        "in seconds after a node was lost or the worker has connected.",
    )

    max_body_bytes: int = _setting(10 * MIB, "Largest request body in bytes, after decompression.")
    max_bodies_bytes: int = _setting(
        128 * MIB, "Memory of large request bodies, in bytes; a client gets half; above it, 503."
    )
    max_circuit_bytes: int = _setting(8 * MIB, "Largest circuit text, in bytes of UTF-8.")
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
    max_answer_bytes: int = _setting(
        128 * MIB,
        "Memory of large answers that the API sends at the same time, in bytes, of which one "
        "client gets half; above it, requests wait, and get 503 after 10 seconds.",
    )
    max_waiting_tasks: int = _setting(
        100_000, "Largest number of waiting tasks; above it, submissions get 429."
    )
    max_waiting_per_owner: int = _setting(
        10_000, "Largest number of waiting tasks of one owner; above it, submissions get 429."
    )
    max_user_priority: int = _setting(
        0, "Highest `priority` of a task, except of an administrator; with authentication alone."
    )
    owner_weights: str = _setting(
        "", "Weights of owners while several have waiting tasks: `alice=4,bob=0.5`; otherwise 1."
    )
    project_limits: str = _setting(
        "",
        "Limits of every project as a whole: `max_running=100,max_slots=8`; `quantumtask project "
        "set` replaces them for one project.",
    )
    user_limits: str = _setting(
        "",
        "Limits of every user, in each project: `max_waiting=1000,max_requests=50`; `quantumtask "
        "project set` replaces them.",
    )
    turn_s: float = _setting(
        1.0,
        "Time that a task runs at least before its slot goes to an owner who waits and has none, "
        "in seconds; 0: no task gives way.",
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
        0.5, "Longest time until a worker that was not woken looks for tasks, in seconds."
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
    audit_days: float = _setting(365.0, "Lifetime of an audit record, in days; 0: for ever.")

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
        return url_without_user(self.database) or str(self.database_file)

    @property
    def weights(self) -> dict[str, float]:
        """Owner -> weight, of the owners with another weight than 1."""
        return parse_weights(self.owner_weights)

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
    def max_task_slots(self) -> int:
        """Largest number of slots that one task may have; Ray's nodes have slots of their own."""
        return self.slot_count if self.executor == EXECUTORS[0] else 1

    def for_slots(self, slots: int) -> "Settings":
        """Return the settings of a task that has the memory of so many slots."""
        if slots == 1:
            return self
        return replace(self, slot_memory_mb=slots * self.slot_memory_bytes // MIB)

    def threads_of(self, slots: int) -> int:
        """Return the number of threads that belong to so many slots."""
        return max(1, core_count() * slots // self.slot_count)

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
            misspelt limit would otherwise be ignored silently.
    """
    setting_of = {environment_variable(field): field for field in fields(Settings)}
    texts = {k: v for k, v in environment.items() if k.startswith(PREFIX) and k not in NOT_SETTINGS}
    try:
        texts = read_secret_files(texts, secret_variables())
    except ValueError as error:
        raise SettingsError(str(error)) from None
    if unknown := sorted(set(texts) - set(setting_of)):
        remedy = "docs/reference/settings.md lists them all"
        raise SettingsError(f"{unknown[0]} is not a setting. {remedy}.")
    values = {setting_of[k].name: _parse(k, v, setting_of[k]) for k, v in texts.items()}
    for name, parse in _PARSERS.items():
        _check_text(name, values.get(name, ""), parse)
    for name, check in LOCATION_CHECKS.items():
        if fault := check(values.get(name, "")):
            raise SettingsError(f"{PREFIX}{name.upper()} {fault}")
    for name, choices in CHOICES.items():
        _check_choice(name, values.get(name, choices[0]))
    changes = {k: v for k, v in overrides.items() if v is not None}
    settings = replace(Settings(**values), **changes)
    return replace(settings, data_dir=data_folder(settings.data_dir, environment))


def secret_variables() -> list[str]:
    """Return the environment variables of the settings that are secret."""
    return [environment_variable(setting) for setting in fields(Settings) if not setting.repr]


SUPERVISOR = PREFIX + "SUPERVISED"
"""Variable that `quantumtask up` sets for the services it starts: its own process id."""

NOT_SETTINGS = frozenset({PREFIX + "URL", PREFIX + "TOKEN", SUPERVISOR})
"""Variables with our prefix that are no settings: of the client, and of the supervisor."""

_PARSERS: dict[str, Callable[[str], object]] = {
    "doors": parse_doors,
    "owner_weights": parse_weights,
    "project_limits": parse_limits,
    "user_limits": parse_limits,
}


def _check_text(name: str, text: str, parse: Callable[[str], object]) -> None:
    try:
        parse(text)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}{name.upper()}: {error}") from None


EXECUTORS = ("local", "ray")
SANDBOX_MODES = ("on", "require", "off")
AUTH_MODES = ("auto", "required", "off")
CHOICES = {"executor": EXECUTORS, "sandbox": SANDBOX_MODES, "auth": AUTH_MODES}


def _check_choice(setting: str, value: str) -> None:
    if value not in CHOICES[setting]:
        names = ", ".join(CHOICES[setting])
        raise SettingsError(f"{PREFIX}{setting.upper()} must be one of {names}; got {value!r}.")


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
