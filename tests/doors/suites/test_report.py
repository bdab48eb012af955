"""The report of the clients' own tests: what counts as a failure, and what is printed."""

from pathlib import Path

import pytest

from tests.doors.suites.catalogue import SUITES
from tests.doors.suites.report import EXPLAINED, details, read_outcome, read_reasons, table_row
from tests.doors.suites.suite import ArchiveSources, MissingSourcesError

REPORT = """<testsuites><testsuite>
<testcase classname="test.test_a" name="test_one[x]"/>
<testcase classname="test.test_a.TestB" name="test_two">
<failure message="first&#10;second"/></testcase>
<testcase classname="test.test_a" name="test_three"><error message="third"/></testcase>
<testcase classname="test.test_a" name="test_four"><skipped message="no device"/></testcase>
<testcase classname="test.test_a" name="test_five"><failure message="now and then"/></testcase>
<testcase classname="test.test_a" name="test_five"/>
</testsuite></testsuites>"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    (tmp_path / "report.xml").write_text(REPORT)
    return tmp_path / "report.xml"


def test_a_failure_without_a_reason_makes_a_suite_fail(report: Path) -> None:
    outcome = read_outcome(report, {"test_a.TestB": "no such thing here"})
    assert outcome.passed == ["test_a.test_one[x]", "test_a.test_five"]
    assert outcome.failed == {"test_a.test_three": "third"}
    assert not outcome.is_good
    assert table_row("a", "client 1", outcome).split() == ["a", "client", "1", *"2111"]
    assert details(outcome) == [
        "    FAILED test_a.test_three: third",
        "    explained test_a.TestB.test_two: no such thing here",
        "    skipped test_a.test_four: no device",
    ]


def test_a_suite_passes_if_each_failure_has_a_reason(report: Path) -> None:
    assert read_outcome(report, {"test_a.": "a reason"}).is_good
    assert not read_outcome(report, {}).is_good


def test_each_file_of_reasons_is_of_a_suite_and_has_reasons() -> None:
    names = {path.stem for path in EXPLAINED.glob("*.toml")}
    assert names <= set(SUITES)
    assert all(reason for name in names for reason in read_reasons(name).values())


def test_missing_sources_name_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = ArchiveSources("SOME_SOURCES", "the archive of a client", "test")
    monkeypatch.delenv("SOME_SOURCES", raising=False)
    with pytest.raises(MissingSourcesError, match="unpack the archive of a client, and set SOME"):
        sources.folder()
    monkeypatch.setenv("SOME_SOURCES", str(tmp_path))
    with pytest.raises(MissingSourcesError, match="has no folder test"):
        sources.folder()
    (tmp_path / "test").mkdir()
    assert sources.folder() == tmp_path
