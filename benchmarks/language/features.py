"""Features of `tests/openqasm/features` in each implementation, as a table for the docs.

    python -m venv others
    others/bin/pip install qiskit qiskit-aer qiskit-qasm3-import pyqasm
    others/bin/pip install amazon-braket-default-simulator
    python -m benchmarks.language.features others/bin/python

With the argument, the benchmark runs every program with the other implementations in that
environment, checks the outcomes, and writes docs/reference/openqasm.json and the table in
docs/reference/openqasm.md. Without an argument, it writes only the table.
"""

import json
import selectors
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.openqasm.features import SECTIONS, Expected, Feature, Refused

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "openqasm.md"
RESULTS = ROOT / "docs" / "reference" / "openqasm.json"
BEGIN, END = "<!-- table: python -m benchmarks.language.features -->", "<!-- end of table -->"

PACKAGES = {
    "qiskit": ("qiskit", "qiskit-qasm3-import", "qiskit-aer"),
    "pyqasm": ("pyqasm",),
    "braket": ("amazon-braket-default-simulator",),
}
TITLES = {"qiskit": "Qiskit", "pyqasm": "pyqasm", "braket": "Braket"}
SHOTS = 1000
MAX_SECONDS = 20

Verdicts = dict[str, dict[str, dict[str, str]]]
"""Section -> feature -> implementation -> verdict."""


def agrees(expected: Mapping[str, float], outcomes: Mapping[str, float]) -> bool:
    """Return True if the outcomes agree with the expected distribution.

    There is no impossible outcome, and no share differs by more than five standard deviations.
    """
    if not set(outcomes) <= set(expected):
        return False
    return all(
        abs(outcomes.get(bits, 0.0) - share) <= 5 * (share * (1 - share) / SHOTS) ** 0.5 + 1e-9
        for bits, share in expected.items()
    )


class OtherImplementation:
    """Another implementation in a separate process, which is killed if a program hangs."""

    def __init__(self, python: str, name: str) -> None:
        self._command = [python, str(ROOT / "benchmarks/common/other_implementations.py"), name]
        self._process: subprocess.Popen[str] | None = None

    def answer(self, program: str, parameters: Mapping[str, object] | None) -> dict[str, Any]:
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        task = {"program": program, "parameters": parameters or {}}
        process.stdin.write(json.dumps(task) + "\n")
        process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            line = process.stdout.readline() if selector.select(MAX_SECONDS) else ""
        if not line:
            self.close()
            return {"hangs": f"no answer within {MAX_SECONDS} s"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _start(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self._process

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        self._process = None


def verdict(feature: Feature, expected: Expected, answer: Mapping[str, Any]) -> str:
    """Return `runs`, `wrong`, `differs`, `accepted`, `read`, `refused` or `hangs`."""
    if "outcomes" not in answer:
        return str(next(iter(answer)))
    if isinstance(expected, Refused):
        return "accepted"
    if agrees(expected, answer["outcomes"]):
        return "runs"
    return "differs" if feature.silent else "wrong"


def combined_verdict(feature: Feature, other: OtherImplementation) -> str:
    """Return the verdict on a feature, with and without a measurement before it."""
    plain = verdict(feature, feature.expected, other.answer(feature.program, feature.parameters))
    if feature.measured_program is None or feature.measured_expected is None:
        return plain
    answer = other.answer(feature.measured_program, feature.parameters)
    measured = verdict(feature, feature.measured_expected, answer)
    return plain if plain == measured else f"{plain}, when measured {measured}"


def run_others(python: str) -> dict[str, Any]:
    """Run all features with all other implementations, and return their verdicts and answers."""
    verdicts: Verdicts = {section: {f.name: {} for f in fs} for section, fs in SECTIONS.items()}
    for name in PACKAGES:
        other = OtherImplementation(python, name)
        for section, features in SECTIONS.items():
            for feature in features:
                verdicts[section][feature.name][name] = combined_verdict(feature, other)
        other.close()
    return {"versions": versions(python), "features": verdicts}


def versions(python: str) -> dict[str, str]:
    code = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
    names = [package for packages in PACKAGES.values() for package in packages]
    command = [python, "-c", code, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(zip(names, done.stdout.split(), strict=True))


def own_verdict(feature: Feature) -> str:
    """Return the verdict of this project, which `tests/openqasm/test_features.py` checks."""
    if isinstance(feature.expected, Refused):
        return f"refuses: `{feature.expected.code}`"
    if isinstance(feature.measured_expected, Refused):
        return "runs when not measured"
    return "runs"


CELLS = {
    "runs": "runs",
    "refused": "-",
    "read": "reads only",
    "accepted": "accepts",
    "differs": "differs",
    "hangs": "**hangs**",
    "wrong": "**wrong**",
}


def other_verdict(expected: Expected, verdict_: str) -> str:
    plain, _, measured = verdict_.partition(", when measured ")
    if isinstance(expected, Refused) and not expected.valid:
        return {"accepted": "**accepts**", "hangs": "**hangs**"}.get(plain, "refuses")
    if not measured or plain == "wrong":
        return CELLS[plain]
    if measured in ("wrong", "hangs"):
        return f"**{measured} when measured**"
    return "runs when not measured" if plain == "runs" else "runs when measured"


def render_tables(results: Mapping[str, Any]) -> str:
    """Return the versions, and a table for each section."""
    tables = [_section(section, results["features"]) for section in SECTIONS]
    return "\n\n".join([describe_versions(results), summary(results["features"]), *tables])


def summary(verdicts: Verdicts) -> str:
    """Return the numbers of features that run, and that are wrong, on a simulator."""
    able = [
        (section, feature)
        for section, features in SECTIONS.items()
        for feature in features
        if not isinstance(feature.expected, Refused)
    ]
    rows = [("QuantumTask", [own_verdict(feature) for _, feature in able])]
    for name, title in TITLES.items():
        rows.append(
            (
                title,
                [other_verdict(f.expected, verdicts[section][f.name][name]) for section, f in able],
            )
        )
    lines = [
        f"| of {len(able)} features that a simulator can run | run | wrong or hang |",
        "|---|---|---|",
        *(f"| {title} | {c.count('runs')} | {sum('**' in x for x in c)} |" for title, c in rows),
    ]
    return "\n".join(lines)


def _section(section: str, verdicts: Verdicts) -> str:
    rows = [
        f"### {section}\n",
        f"| feature | specification | QuantumTask | {' | '.join(TITLES.values())} |",
        "|---|---|---|---|---|---|",
    ]
    for feature in SECTIONS[section]:
        verdict_ = verdicts[section][feature.name]
        cells = [feature.name.replace("|", "\\|"), feature.spec, own_verdict(feature)]
        cells += [other_verdict(feature.expected, verdict_[name]) for name in PACKAGES]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def describe_versions(results: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return f"Versions: {versions}."


def write_page(results: Mapping[str, Any]) -> None:
    """Replace the text between the two marks of the page."""
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{render_tables(results)}\n{END}{after}")


def main() -> None:
    if len(sys.argv) > 1:
        RESULTS.write_text(json.dumps(run_others(sys.argv[1]), indent=1, ensure_ascii=False) + "\n")
    write_page(json.loads(RESULTS.read_text()))


if __name__ == "__main__":
    main()
