"""Example programs of the OpenQASM specification: the programs that run, with their outcomes.

    python -m benchmarks.language.examples openqasm/examples

The folder is `examples` of a clone of the project openqasm/openqasm. Each file runs unchanged. A
file that violates a rule of the specification is refused, and runs again with a correction.
"""

import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Result, TaskSpec
from quantumtask.worker.slots.execute import execute

SHOTS = 1000
SEED = 3


@dataclass(frozen=True)
class Example:
    """Expected behaviour of a file.

    Attributes:
        expected: Distribution of the counts; None if the distribution is not fixed.
        refused: Line and rule of the violation, for a file that cannot run unchanged.
        corrections: Replacements (old, new) that make the program correct.
    """

    expected: Mapping[str, float] | None = None
    refused: tuple[int, str] | None = None
    corrections: tuple[tuple[str, str], ...] = ()
    note: str = ""


def even(*keys: str) -> dict[str, float]:
    return {key: 1 / len(keys) for key in keys}


def _teleport_distribution() -> dict[str, float]:
    one = math.sin(0.15) ** 2
    pairs = [f"{a} {b}" for a in "01" for b in "01"]
    return {f"{c} {p}": (one if c == "1" else 1 - one) / 4 for c in "01" for p in pairs}


def _phase_distribution() -> dict[str, float]:
    """Compute the angle `c` of ipe.qasm, round by round, for both eigenstates."""
    counts: dict[str, float] = {}
    for theta in (0.0, 3 * math.pi / 8):
        chances = {0: 0.5}
        for power in (1 << i for i in range(10)):
            later: dict[int, float] = {}
            for c, p in chances.items():
                one = math.sin((power * theta - math.tau * c / 1024) / 2) ** 2
                for bit, chance in ((0, 1 - one), (1, one)):
                    after = (c & ~1 | bit) << 1 & 1023
                    later[after] = later.get(after, 0.0) + p * chance
            chances = later
        for c, p in chances.items():
            counts[f"{c:010b}"] = counts.get(f"{c:010b}", 0.0) + p
    return {key: p for key, p in counts.items() if p > 1e-9}


_WITHOUT_EXTERN = (
    "extern vote(bit[n]) -> bit;",
    "def vote(bit[n] v) -> bit { return (v[0] & v[1]) | (v[1] & v[2]) | (v[0] & v[2]); }",
)
_EXTERN = "calls `extern` functions, which stand outside of the program"

EXAMPLES = {
    "adder": Example({"10000": 1.0}, note="1 + 15 = 16"),
    "alignment": Example(note="delays that only pad; nothing is measured"),
    "arrays": Example(
        refused=(76, "declares `first_dimension` twice, and writes element 4 of four"),
        corrections=(
            ("const uint[32] first_dimension = sizeof(my_doubles);", ""),
            ("= {5, 6, 7, 8};", "= {3, 6, 7, 8};"),
        ),
    ),
    "cphase": Example(
        refused=(4, "declares no `q` and includes no `CX`"),
        corrections=(
            ("gate cphase(θ)", 'include "stdgates.inc"; qubit[2] q; gate my_phase(θ)'),
            ("cphase(π / 2)", "my_phase(π / 2)"),
        ),
    ),
    "dd": Example(
        refused=(25, "calls a gate `u` that it does not declare"),
        corrections=(("u $3;", "id $3;"),),
        note="delays that only pad; nothing is measured",
    ),
    "defcal": Example(refused=(3, "calibrations")),
    "gateteleport": Example(
        {"0": 1.0}, (6, _EXTERN), (_WITHOUT_EXTERN,), "|0> is read as 0, by a `vote` of our own"
    ),
    "inverseqft1": Example({"0000": 1.0}, note="the inverse transform of an even spread"),
    "inverseqft2": Example({"0 0 0 0": 1.0}, note="the inverse transform of an even spread"),
    "ipe": Example(
        _phase_distribution(),
        corrections=(("// Now c contains", "bit[n] seen = bit[n](c); // "),),
        note="declares no bit: corrected, it shows `c`; lowest power first is no usual estimate",
    ),
    "msd": Example(refused=(48, "uses scratch[3] of three, and declares no `success`")),
    "qec": Example({"01 000": 1.0}, note="the flip is detected and corrected"),
    "qft": Example(even(*(f"{k:04b}" for k in range(16))), note="an even spread"),
    "qpt": Example(even("0", "1"), note="H|0>"),
    "rb": Example({"00": 1.0}, note="survives"),
    "rus": Example(
        {"0 00": 0.9, "1 00": 0.1},
        note="3 / 5 is a division of integers: the last turn is by pi/2, not pi - arccos(0.6)",
    ),
    "scqec": Example(refused=(16, _EXTERN)),
    "t1": Example(refused=(13, _EXTERN + "; calibrations")),
    "teleport": Example(_teleport_distribution(), note="the state arrives, with either correction"),
    "varteleport": Example(
        even("0", "1"),
        refused=(31, "calls the subroutine `bellprep` as if it were a gate"),
        corrections=(("bellprep bp;", "bellprep(bp);"),),
        note="`let io` in the loop is its own: the outer `io` was measured, and is turned by h",
    ),
    "vqe": Example(refused=(17, _EXTERN)),
}


def run(text: str) -> Result | Failure:
    return execute(TaskSpec(text, shots=SHOTS, seed=SEED), Settings())


def distance(counts: Mapping[str, int], expected: Mapping[str, float]) -> float:
    """Return the total variation distance between frequencies and probabilities, from 0 to 1."""
    keys = {*counts, *expected}
    return sum(abs(counts.get(k, 0) / SHOTS - expected.get(k, 0.0)) for k in keys) / 2


def judge(outcome: Result | Failure, example: Example) -> tuple[bool, str]:
    """Return True if the outcome is the expected one, and a sentence about it."""
    if isinstance(outcome, Failure):
        return judge_refusal(outcome, example)
    counts: dict[str, int] = json.loads(outcome.counts)
    shown = json.dumps(counts) if len(counts) <= 4 else f"{len(counts)} different outcomes"
    if example.refused is not None:
        return False, f"completed, although it {example.refused[1]}: {shown}"
    if example.expected is None or (example.corrections and not counts):
        return True, f"completed: {shown}"
    far = distance(counts, example.expected)
    possible = set(counts) <= {key for key, p in example.expected.items() if p > 0}
    return possible and far < 0.1, f"completed: {shown}, {far:.3f} from the textbook"


def judge_refusal(failure: Failure, example: Example) -> tuple[bool, str]:
    problems = failure.problems
    first = problems[0].sentence() if problems else failure.message
    line = problems[0].line if problems else None
    return example.refused is not None and line == example.refused[0], f"refused: {first}"


def correct(text: str, example: Example) -> str:
    for old, new in example.corrections:
        if old not in text:
            raise SystemExit(f"this is not the file we know: it does not say {old!r}")
        text = text.replace(old, new)
    return text


def lines(path: Path) -> Iterator[tuple[bool, str]]:
    """Yield the verdicts on one file, unchanged and corrected, with their texts."""
    example = EXAMPLES.get(path.stem, Example(note="not in this table"))
    text = path.read_text()
    good, sentence = judge(run(text), example)
    yield good, f"{path.stem:13} {sentence}"
    if example.refused:
        yield True, f"{'':13} ({example.refused[1]})"
    if example.corrections:
        good, sentence = judge(run(correct(text, example)), Example(example.expected))
        yield good, f"{'  corrected':13} {sentence}"
    if example.note:
        yield True, f"{'':13} ({example.note})"


def main(folder: Path) -> int:
    bad = 0
    for path in sorted(folder.glob("*.qasm")):
        for good, line in lines(path):
            bad += not good
            print(f"{'   ' if good else 'NOT'} {line}")
    print(f"{bad} not as the textbook says" if bad else "all as the textbook says")
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("usage: python -m benchmarks.language.examples FOLDER")
    sys.exit(main(Path(sys.argv[1])))
