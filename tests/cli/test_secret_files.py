"""Secrets in files: each secret setting has a variable that names its file."""

from pathlib import Path

import pytest

from quantumtask.cli.doctor import settings as doctor
from quantumtask.cli.supervisor import up
from quantumtask.shared.settings import SettingsError, load_settings, secret_variables

URL = "postgresql://me:s3cret@db/tasks"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "database"
    file.write_text(f"{URL}\n")
    return file


def test_each_secret_setting_can_be_read_from_a_file(file: Path) -> None:
    assert "QUANTUMTASK_DATABASE" in secret_variables()
    for variable in secret_variables():
        settings = load_settings({variable + "_FILE": str(file)})
        assert getattr(settings, variable.removeprefix("QUANTUMTASK_").lower()) == URL


def test_other_settings_have_no_file(file: Path) -> None:
    with pytest.raises(SettingsError, match="QUANTUMTASK_PORT_FILE is not a setting"):
        load_settings({"QUANTUMTASK_PORT_FILE": str(file)})


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"QUANTUMTASK_DATABASE": URL}, "both set: unset one"),
        ({"QUANTUMTASK_DATABASE_FILE": "missing/file"}, "No such file"),
    ],
)
def test_a_wrong_file_is_a_sentence_without_the_secret(
    file: Path, environment: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as error:
        load_settings({"QUANTUMTASK_DATABASE_FILE": str(file), **environment})
    assert str(error.value).startswith("QUANTUMTASK_DATABASE_FILE")
    assert "s3cret" not in str(error.value)


def test_the_doctor_reports_a_wrong_secret_in_a_file(file: Path) -> None:
    file.write_text("mysql://me:s3cret@db/tasks")
    usable, results = doctor.read({"QUANTUMTASK_DATABASE_FILE": str(file)})
    assert usable.database == ""
    assert "QUANTUMTASK_DATABASE must be" in results[0].finding
    assert "s3cret" not in str(results)


def test_up_leaves_a_secret_in_its_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANTUMTASK_DATABASE_FILE", str(file))
    environment = up.settings_environment(load_settings())
    assert URL not in environment.values()
    assert load_settings({k: v for k, v in environment.items() if k in {
        *secret_variables(), "QUANTUMTASK_DATABASE_FILE"}}).database == URL  # fmt: skip
