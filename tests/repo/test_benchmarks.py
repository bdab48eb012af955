"""Benchmarks that need more than the tests do say so, and the one for a new machine prints all."""

import subprocess
import sys

import pytest
from benchmarks.service import machine

from tests.support.services import Service
from tests.support.source_files import ROOT

WITHOUT = "import runpy, sys; sys.modules[{!r}] = None; runpy.run_module({!r}, run_name='__main__')"


@pytest.mark.parametrize(
    ("benchmark", "module", "remedy"),
    [
        ("benchmarks.service.celery_peer", "celery", "pip install celery redis"),
        ("benchmarks.engines.maestro_peer", "maestro", "pip install qoro-maestro"),
    ],
)
def test_a_benchmark_without_its_peer_names_what_to_install(
    benchmark: str, module: str, remedy: str
) -> None:
    command = [sys.executable, "-c", WITHOUT.format(module, benchmark)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert remedy in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_figures_of_a_machine_go_up_to_the_size_that_does_not_fit(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmark", "--url", service.url, "--tasks", "32"])
    machine.main()
    printed = capsys.readouterr().out
    assert "a Bell circuit, one client: " in printed
    assert "Bell circuits, 16 clients: " in printed
    assert "lightning" in printed
    assert "qubits fit." in printed
