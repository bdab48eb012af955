"""Outcome of a suite, compared with the failures that are explained."""

import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

EXPLAINED = Path(__file__).parent / "explained"
"""One file a suite: a reason, and the tests that fail for it, by the beginning of their names."""


@dataclass(frozen=True)
class Outcome:
    """Names of the tests by what became of them.

    Attributes:
        explained: The reason for each failure that has one.
        failed: The first line of each other failure.
    """

    passed: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    explained: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """True if tests ran, and no test failed without a reason."""
        return bool(self.passed) and not self.failed


def read_reasons(suite: str) -> dict[str, str]:
    """Return the reason for each beginning of a name of a test."""
    file = EXPLAINED / f"{suite}.toml"
    if not file.is_file():
        return {}
    failures = tomllib.loads(file.read_text())["failure"]
    return {name: each["reason"] for each in failures for name in each["tests"]}


def read_outcome(report: Path, reasons: Mapping[str, str]) -> Outcome:
    """Read a report of pytest in the format of JUnit.

    A test that ran several times counts as it ended last.
    """
    outcome = Outcome()
    for name, case in {_name(case): case for case in _cases(report)}.items():
        problem = next((case.find(tag) for tag in ("failure", "error") if _has(case, tag)), None)
        if problem is not None:
            _add_failure(outcome, name, problem.get("message") or "", reasons)
        elif (skip := case.find("skipped")) is not None:
            outcome.skipped[name] = skip.get("message") or ""
        else:
            outcome.passed.append(name)
    return outcome


def _add_failure(outcome: Outcome, name: str, message: str, reasons: Mapping[str, str]) -> None:
    reason = next((why for start, why in reasons.items() if name.startswith(start)), None)
    if reason:
        outcome.explained[name] = reason
    else:
        outcome.failed[name] = message.strip().partition("\n")[0][:200]


def _cases(report: Path) -> Iterable[ET.Element]:
    return ET.parse(report).iter("testcase")


def _has(case: ET.Element, tag: str) -> bool:
    return case.find(tag) is not None


def _name(case: ET.Element) -> str:
    """Return the module, the class if there is one, and the test."""
    parts = case.get("classname", "").split(".")
    start = next((n for n, part in enumerate(parts) if part.startswith("test_")), len(parts) - 1)
    return ".".join([*parts[start:], case.get("name", "")])


HEADER = f"{'suite':14} {'client':34} {'passed':>6} {'failed':>6} {'explained':>9} {'skipped':>7}"


def table_row(suite: str, client: str, outcome: Outcome) -> str:
    """Return a row of the table; `failed` counts the failures without a reason."""
    counts = f"{len(outcome.passed):6} {len(outcome.failed):6} {len(outcome.explained):9}"
    return f"{suite:14} {client:34} {counts} {len(outcome.skipped):7}"


def details(outcome: Outcome) -> list[str]:
    """Return a line for each test that did not pass; tests with the same reason share a line."""
    lines = [f"    FAILED {name}: {why}" for name, why in outcome.failed.items()]
    lines += _grouped("explained", outcome.explained)
    return lines + _grouped("skipped", outcome.skipped)


def _grouped(word: str, reasons: Mapping[str, str]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        groups.setdefault(reason, []).append(name)
    return [
        f"    {word} {names[0]}{f' and {len(names) - 1} others' * (len(names) > 1)}: {reason}"
        for reason, names in groups.items()
    ]
