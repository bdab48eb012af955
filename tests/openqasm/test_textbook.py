"""Example algorithms of the specification, run by the service, have their textbook outcomes."""

import json
import math
from collections.abc import Mapping
from typing import Any

import pytest

from tests.openqasm import textbook, textbook_large
from tests.support.services import Service
from tests.support.sizes import sized

SHOTS = 200


def finished(service: Service, text: str, shots: int = SHOTS, **more: Any) -> dict[str, Any]:
    body = service.run(text, shots=shots, seed=11, **more)
    assert body["status"] == "completed", body
    assert sum(body["result"].values()) == shots
    return body


def counts(service: Service, text: str, shots: int = SHOTS, **more: Any) -> dict[str, int]:
    result: dict[str, int] = finished(service, text, shots, **more)["result"]
    return result


def assert_fits(frequencies: Mapping[Any, int], expected: Mapping[Any, float]) -> None:
    """Check counts: no impossible outcome, and a wide chi-square test for the others."""
    possible = {key: p for key, p in expected.items() if p > 1e-12}
    assert set(frequencies) <= set(possible)
    shots = sum(frequencies.values())
    distance = sum(
        (frequencies.get(k, 0) - p * shots) ** 2 / (p * shots) for k, p in possible.items()
    )
    freedom = len(possible) - 1
    assert distance < freedom + 6 * math.sqrt(2 * freedom) + 12, (frequencies, possible)


def test_the_adder_adds_every_two_numbers_and_leaves_the_first(service: Service) -> None:
    pairs = [(a, b, 3) for a in range(8) for b in range(8)] + [(1, 15, 4), (15, 15, 4), (9, 6, 4)]
    tasks = [service.submit(textbook.adder(*pair), shots=5) for pair in pairs]
    for (a, b, width), task in zip(pairs, tasks, strict=True):
        body = service.finished(task)
        assert body["status"] == "completed", body
        assert body["result"] == {f"{a:0{width}b} {a + b:0{width + 1}b}": 5}


@pytest.mark.parametrize("theta", ["pi / 2", "0.3", "-5.0", "7 * pi / 4"])
@pytest.mark.parametrize(("control", "expected"), [(0, "00"), (1, "01")])
def test_a_controlled_phase_is_undone_by_that_of_the_library(
    service: Service, theta: str, control: int, expected: str
) -> None:
    assert counts(service, textbook.cphase(theta, control)) == {expected: SHOTS}


@pytest.mark.parametrize("flipped", [-1, 0, 1, 2])
def test_a_teleported_gate_survives_one_wrong_reading(service: Service, flipped: int) -> None:
    result = counts(service, textbook_large.gateteleport(flipped))
    assert_fits(result, {"000 0": 0.5, "000 1": 0.5})


def test_the_measured_inverse_fourier_transform_finds_every_number(service: Service) -> None:
    whole = [service.submit(textbook.inverseqft1(k), shots=50, seed=k) for k in range(16)]
    single = [service.submit(textbook.inverseqft2(k), shots=50, seed=k) for k in range(16)]
    for k in range(16):
        bits = f"{k:04b}"
        assert service.finished(whole[k])["result"] == {bits: 50}
        assert service.finished(single[k])["result"] == {" ".join(bits): 50}


@pytest.mark.parametrize(("bits", "k"), [(1, 1), (4, 0), (4, 5), (4, 15), (10, 683)])
def test_phase_estimation_finds_the_bits_of_a_phase(service: Service, bits: int, k: int) -> None:
    body = finished(service, textbook.ipe(bits, k))
    assert body["result"] == {f"{k:0{bits}b}": SHOTS}
    assert body["outputs"]["number"] == [k] * SHOTS


def test_phase_estimation_projects_a_superposition_of_eigenstates(service: Service) -> None:
    result = counts(service, textbook.ipe(5, 19, prepare="h r;"))
    assert_fits(result, {"00000": 0.5, f"{19:05b}": 0.5})


ON_ALL = "q[0], q[1], q[2], q[3]"


@pytest.mark.parametrize("k", [0, 1, 5, 10, 15])
def test_the_fourier_transform_has_its_identities(service: Service, k: int) -> None:
    wave = f"for int j in [0:3] {{ p(-2 * pi * {k} * 2.0 ** j / 16) q[j]; }} h q;"
    for then, expected in (
        (f"inv @ fourier {ON_ALL};", k),
        (f"fourier {ON_ALL};", -k % 16),
        (f"pow(3) @ fourier {ON_ALL};", k),
        (wave, 0),
    ):
        assert counts(service, textbook.qft(k, then)) == {f"{expected:04b}": SHOTS}, then


def test_the_fourier_transform_of_a_number_is_spread_evenly(service: Service) -> None:
    result = counts(service, textbook.qft(5, ""), shots=1600)
    assert_fits(result, {f"{k:04b}": 1 / 16 for k in range(16)})


@pytest.mark.parametrize(
    ("prepare", "post", "one"),
    [
        ("", "", 0.5),
        ("x q;", "", 0.5),
        ("", "h q;", 0),
        ("x q;", "h q;", 1),
        ("h q;", "", 0),
        ("x q; h q;", "", 1),
        ("h q;", "h q;", 0.5),
        ("h q; s q;", "inv @ s q; h q;", 1),
        ("h q; inv @ s q;", "inv @ s q; h q;", 0),
        ("h q; s q;", "", 0.5),
    ],
)
def test_tomography_sees_that_a_hadamard_gate_swaps_x_and_z_and_negates_y(
    service: Service, prepare: str, post: str, one: float
) -> None:
    result = counts(service, textbook.qpt(prepare, post))
    assert_fits(result, {"0": 1 - one, "1": one})


@pytest.mark.parametrize(
    "layers",
    [
        ["h a;", "cz a, b;", "s a;", "cz a, b;", "s a;", "z a;", "h a;"],
        ["h a;", "cx a, b;", "s b;", "h b;", "cx b, a;", "sdg a;", "y b;", "swap a, b;"],
        ["sx a;", "cy a, b;", "h b;", "cz b, a;", "s a;", "cx b, a;", "h a;", "x b;"] * 5,
    ],
)
def test_a_benchmarking_sequence_survives_without_noise(
    service: Service, layers: list[str]
) -> None:
    assert counts(service, textbook.rb(layers)) == {"00": SHOTS}


def test_repeat_until_success_ends_with_the_right_state(service: Service) -> None:
    body = finished(service, textbook.rus(), shots=1000)
    assert body["result"] == {"0 00": 1000}
    tries = body["outputs"]["attempts"]
    result = {k: tries.count(k) for k in range(1, 6)}
    chances = {k: 0.625 * 0.375 ** (k - 1) for k in range(1, 6)}
    later = {"later": 1000 - sum(result.values())}
    assert min(tries) == 1
    assert_fits({**result, **later}, {**chances, "later": 0.375**5})


@pytest.mark.parametrize("angles", [(0.3, 0.2, 0.1), (2.2, -1.0, 4.5), (math.pi, 0, 0)])
def test_a_teleported_state_arrives_whole(
    service: Service, angles: tuple[float, float, float]
) -> None:
    result = counts(service, textbook.teleport(*angles), shots=1000)
    assert_fits(result, {f"0 {a} {b}": 0.25 for a in "01" for b in "01"})


@pytest.mark.parametrize("pairs", [1, 2, 4])
def test_a_state_is_teleported_along_any_number_of_pairs(service: Service, pairs: int) -> None:
    assert counts(service, textbook.varteleport(pairs)) == {"0": SHOTS}


@pytest.mark.parametrize(
    ("error", "syndrome"),
    [("", "00"), ("x q[0];", "01"), ("x q[1];", "11"), ("x q[2];", "10"), ("rx(pi) q[1];", "11")],
)
def test_a_repetition_code_recovers_from_every_single_flip(
    service: Service, error: str, syndrome: str
) -> None:
    assert counts(service, textbook_large.qec(error)) == {f"{syndrome} 000": SHOTS}


def test_a_flip_in_superposition_is_found_or_not_and_mended_either_way(service: Service) -> None:
    chance = math.sin(0.5) ** 2
    result = counts(service, textbook_large.qec("rx(1.0) q[2];"), shots=1000)
    assert_fits(result, {"10 000": chance, "00 000": 1 - chance})


@pytest.mark.parametrize("error", ["", *(f"{p} data[{k}];" for p in "xy" for k in (0, 4, 5, 7))])
def test_a_surface_code_keeps_its_logical_bit(service: Service, error: str) -> None:
    body = finished(service, textbook_large.scqec(error), shots=10)
    assert body["outputs"]["failed"] == [0] * 10


def test_a_surface_code_fails_where_two_flips_look_like_another_one(service: Service) -> None:
    body = finished(service, textbook_large.scqec("x data[0]; x data[3];"), shots=10)
    assert body["outputs"]["failed"] == [2] * 10


@pytest.mark.parametrize("broken", sized([0, 8], [0, 1, 2, 7, 8, 15]))
def test_distillation_notices_one_bad_state_and_tries_again(service: Service, broken: int) -> None:
    body = finished(service, textbook_large.msd(broken), shots=50)
    assert body["result"] == {"0": 50}
    assert body["outputs"]["attempts"] == [3 if broken else 2] * 50


@pytest.mark.parametrize(("term", "energy"), [(0, 1.0), (1, -1.0), (2, 1.0)])
def test_the_energy_of_a_bell_pair_is_exact(service: Service, term: int, energy: float) -> None:
    values = {"thetas": [math.pi / 2, 0], "term": term}
    body = finished(service, textbook_large.vqe(8), parameters=values)
    assert body["outputs"]["energy"] == [energy] * SHOTS


def test_the_energy_of_a_trial_state_is_estimated(service: Service) -> None:
    values = {"thetas": [0.8, 0], "term": 0}
    body = finished(service, textbook_large.vqe(4), shots=500, parameters=values)
    result = sum(body["outputs"]["energy"]) / 500
    assert abs(result - math.sin(0.8)) < 6 * math.cos(0.8) / math.sqrt(2000)


def test_arrays_are_copied_sliced_and_passed_by_reference(service: Service) -> None:
    body = finished(service, textbook.arrays(), shots=1)
    assert body["result"] == {"10": 1}
    assert {name: values[0] for name, values in body["outputs"].items()} == {
        "corner": 11, "copied": 3, "last": -1, "total": -281, "columns": 2, "half": 2000.25,
    }  # fmt: skip


def test_delays_that_only_pad_change_nothing(service: Service) -> None:
    assert counts(service, textbook.alignment()) == {"000": SHOTS}


def test_an_input_that_is_missing_is_named(service: Service) -> None:
    body = service.run(textbook_large.vqe(1), parameters={"term": 0})
    assert body["status"] == "failed"
    assert "thetas" in json.dumps(body["error"])
