"""Twins of real devices: what was once measured of them, from the files of qiskit-ibm-runtime.

That package is never imported: it takes a second and 80 MiB, and all we want of it is its data.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from quantumtask.shared.errors import ResourceError
from quantumtask.shared.task import FailureCode

PACKAGE = "qiskit_ibm_runtime"
INSTALL_COMMAND = "pip install 'quantumtask[backends]'"

SYNTHETIC = frozenset(["fake_fractional", "fake_nighthawk"])
"""Those that no device stands behind: IBM's compiler is tested with them."""

SI_FACTORS = {"": 1.0, "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "GHz": 1e9}


class GateCalibration(NamedTuple):
    """A gate or `reset` on some qubits of a device: how often it errs, and how long it takes.

    None: that was not measured.
    """

    name: str
    qubits: tuple[int, ...]
    error: float | None
    duration_s: float | None


class QubitCalibration(NamedTuple):
    """A qubit of a device; None: that was not measured."""

    t1_s: float | None
    t2_s: float | None
    frequency_hz: float | None
    readout_error: float | None
    readout_s: float | None


@dataclass(frozen=True, eq=False)
class DeviceSnapshot:
    """What is known of a device, measured on a `day`; `dt_s`: the unit of its durations."""

    name: str
    about: str
    day: str
    dt_s: float | None
    basis_gates: tuple[str, ...]
    qubits: tuple[QubitCalibration, ...]
    gates: tuple[GateCalibration, ...]

    @property
    def coupling(self) -> list[tuple[int, ...]]:
        """The pairs of qubits that a gate acts on, in its direction."""
        return sorted({gate.qubits for gate in self.gates if len(gate.qubits) == 2})


@cache
def snapshot_folders() -> dict[str, Path]:
    """The folder of each twin's files, by name; none where the package is missing."""
    package = find_spec(PACKAGE)
    places = package.submodule_search_locations if package else None
    folders = Path(places[0], "fake_provider", "backends").glob("*/props_*.json") if places else ()
    found = {f"fake_{file.parent.name}": file.parent for file in folders}
    return {name: found[name] for name in sorted(found) if name not in SYNTHETIC}


@lru_cache(4)
def load_snapshot(name: str) -> DeviceSnapshot:
    """The twin of that name. Raises ResourceError `backend_unknown` where there is none."""
    folder = snapshot_folders().get(name)
    if folder is None:
        raise ResourceError(FailureCode.BACKEND_UNKNOWN, _unknown_backend_message(name))
    return _read_snapshot(name, folder)


def load_all_snapshots() -> Iterator[DeviceSnapshot]:
    """All of them, one after the other; together they are 15 MB of text."""
    for name, folder in snapshot_folders().items():
        yield _read_snapshot(name, folder)


def _unknown_backend_message(name: str) -> str:
    if not snapshot_folders():
        return f"backend {name[:60]!r}: run `{INSTALL_COMMAND}` where the worker runs"
    return f"backend {name[:60]!r}: there is no such backend; `GET /backends` lists all"


def _read_snapshot(name: str, folder: Path) -> DeviceSnapshot:
    short = folder.name
    conf = json.loads((folder / f"conf_{short}.json").read_bytes())
    props = json.loads((folder / f"props_{short}.json").read_bytes())
    dt = conf.get("dt")
    return DeviceSnapshot(
        name,
        _description(short, conf),
        props["last_update_date"][:10],
        dt * 1e-9 if dt else None,
        tuple([gate for gate in conf["basis_gates"] if gate != "reset"]),
        tuple([_qubit(_values(entries)) for entries in props["qubits"]]),
        tuple(_gates(conf, props)),
    )


def _description(short: str, conf: Mapping[str, Any]) -> str:
    kind = conf.get("processor_type") or {}
    family = f", {kind['family']} r{kind['revision']}" if "family" in kind else ""
    return f"IBM's {short.capitalize()}{family}"


def _qubit(values: Mapping[str, float]) -> QubitCalibration:
    names = ("T1", "T2", "frequency", "readout_error", "readout_length")
    return QubitCalibration(*[values.get(name) for name in names])


def _values(entries: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Measured values by name, in SI units."""
    return {
        entry["name"]: entry["value"] * SI_FACTORS[entry["unit"]]
        for entry in entries
        if entry["unit"] in SI_FACTORS
    }


def _gates(conf: Mapping[str, Any], props: Mapping[str, Any]) -> Iterator[GateCalibration]:
    """The gates of the basis and `reset`, where the device has them."""
    names = [*conf["basis_gates"]]
    if "reset" not in names and "reset" in conf.get("supported_instructions", ["reset"]):
        names.append("reset")
    places: dict[str, dict[tuple[int, ...], dict[str, float]]] = {name: {} for name in names}
    for gate in conf["gates"]:
        if gate["name"] in places:
            places[gate["name"]] = {tuple(qubits): {} for qubits in gate.get("coupling_map", ())}
    for gate in props["gates"]:
        if gate["gate"] in places:
            places[gate["gate"]][tuple(gate["qubits"])] = _values(gate["parameters"])
    if "reset" in places and not places["reset"]:
        places["reset"] = {(qubit,): {} for qubit in range(conf["n_qubits"])}
    for name, measured in places.items():
        for qubits, values in measured.items():
            yield GateCalibration(name, qubits, values.get("gate_error"), values.get("gate_length"))
