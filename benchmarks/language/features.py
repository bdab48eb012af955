"""What each implementation makes of `tests/openqasm/features`: a table for the docs.

    python -m venv others
    others/bin/pip install qiskit qiskit-aer qiskit-qasm3-import pyqasm
    others/bin/pip install amazon-braket-default-simulator
    python -m benchmarks.language.features others/bin/python

runs every program with the other implementations in that environment, checks what comes out,
writes docs/reference/openqasm.json and the table in docs/reference/openqasm.md. Without an argument
it only writes the table again.
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
MOST_SECONDS = 20

Words = dict[str, dict[str, dict[str, str]]]
"""Section -> feature -> implementation -> what it did, in a word."""


def agrees(expected: Mapping[str, float], outcomes: Mapping[str, float]) -> bool:
    """Nothing that cannot be, and no share further off than five standard deviations."""
    if not set(outcomes) <= set(expected):
        return False
    return all(
        abs(outcomes.get(bits, 0.0) - share) <= 5 * (share * (1 - share) / SHOTS) ** 0.5 + 1e-9
        for bits, share in expected.items()
    )


class Other:
    """One implementation in a process of its own, which is killed where a program hangs it."""

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
            line = process.stdout.readline() if selector.select(MOST_SECONDS) else ""
        if not line:
            self.close()
            return {"hangs": f"no answer within {MOST_SECONDS} s"}
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
    """`runs`, `wrong`, `differs`, `accepted`, `read`, `refused` or `hangs`."""
    if "outcomes" not in answer:
        return str(next(iter(answer)))
    if isinstance(expected, Refused):
        return "accepted"
    if agrees(expected, answer["outcomes"]):
        return "runs"
    return "differs" if feature.silent else "wrong"


def word(feature: Feature, other: Other) -> str:
    """What an implementation makes of a feature, with and without a measurement before it."""
    plain = verdict(feature, feature.expected, other.answer(feature.program, feature.parameters))
    if feature.measured_program is None or feature.measured_expected is None:
        return plain
    answer = other.answer(feature.measured_program, feature.parameters)
    measured = verdict(feature, feature.measured_expected, answer)
    return plain if plain == measured else f"{plain}, when measured {measured}"


def run_others(python: str) -> dict[str, Any]:
    """All features with all others; the answers are kept for reading, not for the table."""
    words: Words = {section: {f.name: {} for f in fs} for section, fs in SECTIONS.items()}
    for name in PACKAGES:
        other = Other(python, name)
        for section, features in SECTIONS.items():
            for feature in features:
                words[section][feature.name][name] = word(feature, other)
        other.close()
    return {"versions": versions(python), "features": words}


def versions(python: str) -> dict[str, str]:
    code = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
    names = [package for packages in PACKAGES.values() for package in packages]
    command = [python, "-c", code, *names]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return dict(zip(names, found, strict=True))


def our_word(feature: Feature) -> str:
    """What ours does; that it does so is what `tests/openqasm/test_features.py` checks."""
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


def their_word(expected: Expected, found: str) -> str:
    plain, _, measured = found.partition(", when measured ")
    if isinstance(expected, Refused) and not expected.valid:
        return {"accepted": "**accepts**", "hangs": "**hangs**"}.get(plain, "refuses")
    if not measured or plain == "wrong":
        return CELLS[plain]
    if measured in ("wrong", "hangs"):
        return f"**{measured} when measured**"
    return "runs when not measured" if plain == "runs" else "runs when measured"


def generated(results: Mapping[str, Any]) -> str:
    """The versions, then a table for each section."""
    tables = [_section(section, results["features"]) for section in SECTIONS]
    return "\n\n".join([made_with(results), summary(results["features"]), *tables])


def summary(words: Words) -> str:
    """How many features run, and how many come out wrong, of those that a simulator can run."""
    able = [
        (section, feature)
        for section, features in SECTIONS.items()
        for feature in features
        if not isinstance(feature.expected, Refused)
    ]
    rows = [("QuantumTask", [our_word(feature) for _, feature in able])]
    for name, title in TITLES.items():
        rows.append(
            (title, [their_word(f.expected, words[section][f.name][name]) for section, f in able])
        )
    lines = [
        f"| of {len(able)} features that a simulator can run | run | wrong or hang |",
        "|---|---|---|",
        *(f"| {title} | {c.count('runs')} | {sum('**' in x for x in c)} |" for title, c in rows),
    ]
    return "\n".join(lines)


def _section(section: str, words: Words) -> str:
    rows = [
        f"### {section}\n",
        f"| feature | specification | QuantumTask | {' | '.join(TITLES.values())} |",
        "|---|---|---|---|---|---|",
    ]
    for feature in SECTIONS[section]:
        found = words[section][feature.name]
        cells = [feature.name.replace("|", "\\|"), feature.spec, our_word(feature)]
        cells += [their_word(feature.expected, found[name]) for name in PACKAGES]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def made_with(results: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return f"Versions: {versions}."


def write_page(results: Mapping[str, Any]) -> None:
    """Writes what stands between the two marks; the rest of the page is written by hand."""
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{generated(results)}\n{END}{after}")


def main() -> None:
    if len(sys.argv) > 1:
        RESULTS.write_text(json.dumps(run_others(sys.argv[1]), indent=1, ensure_ascii=False) + "\n")
    write_page(json.loads(RESULTS.read_text()))


if __name__ == "__main__":
    main()
