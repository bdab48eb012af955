"""The notebooks of the tutorials run against a live service and compute what they say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docs_site import notebook

from tests.support.services import Service

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"
Variables = dict[str, Any]


def check_vqe(values: Variables) -> None:
    assert values["exact_hydrogen"] == pytest.approx(-1.857275, abs=1e-6)
    assert values["energies"].min() == pytest.approx(values["exact_hydrogen"], abs=1e-3)
    assert values["history"][-1] == pytest.approx(values["exact_chain"], abs=0.05)


def check_qaoa(values: Variables) -> None:
    assert values["landscape"].shape == (30, 30)
    assert values["landscape"].max() > 0.6 * len(values["edges"])
    assert sum(values["counts"].values()) == 5000
    assert values["top_cut"] == values["best_cut"] == 13


def check_noise(values: Variables) -> None:
    assert 0.7 < values["right"] < 0.99
    assert values["t1_us"] == pytest.approx(values["device_t1_us"], rel=0.15)


def check_sweeps(values: Variables) -> None:
    assert values["difference"] < 1e-9
    assert values["chsh"] == pytest.approx(8**0.5)
    assert sorted(values["ready"]) == list(range(500))


def check_error_correction(values: Variables) -> None:
    rates, odd = values["rates"], values["odd"]
    assert values["bare_errors"] == pytest.approx(odd(rates), abs=0.04)
    assert values["code_errors"] == pytest.approx(odd(3 * rates**2 - 2 * rates**3), abs=0.04)
    assert values["vote_errors"] == sorted(values["vote_errors"], reverse=True)


CHECKS: dict[str, Callable[[Variables], None]] = {
    "vqe": check_vqe,
    "qaoa": check_qaoa,
    "noise": check_noise,
    "sweeps": check_sweeps,
    "error-correction": check_error_correction,
}


def test_every_tutorial_is_checked() -> None:
    assert {path.stem for path in TUTORIALS.glob("*.ipynb")} == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:matplotlib")
def test_a_tutorial_computes_what_it_says(
    name: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUANTUMTASK_URL", service.url)
    stored = notebook.read(TUTORIALS / f"{name}.ipynb")
    kinds = [output_kinds(cell) for cell in notebook.code_cells(stored)]
    CHECKS[name](notebook.run(stored))
    assert [output_kinds(cell) for cell in notebook.code_cells(stored)] == kinds
    assert "display_data" in [kind for each in kinds for kind in each]


def output_kinds(cell: notebook.Json) -> list[str]:
    """Return the kinds of outputs: `stream` for printed text, `display_data` for pictures."""
    return [output["output_type"] for output in cell["outputs"]]
