"""Drawings: everything that a text says is there once, well-formed, bounded and escaped."""

import json
import math
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantumtask.openqasm import draw_circuit
from quantumtask.openqasm.draw import record_drawing
from quantumtask.openqasm.drawing.elements import Box, Element, Frame, Meters, Symbol
from quantumtask.openqasm.drawing.layout import MAX_COLUMNS, MAX_QUBITS, CircuitLayout, arrange
from quantumtask.openqasm.drawing.numbers import format_angle
from quantumtask.openqasm.drawing.recorder import MAX_MARKS
from quantumtask.openqasm.drawing.svg import render
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.program import Measure
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings
from tests.openqasm.features import SECTIONS
from tests.support.compile_circuit import compile_circuit
from tests.support.sizes import examples

SETTINGS = Settings()
HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
SVG = "{http://www.w3.org/2000/svg}"
ALLOWED_TAGS = {"svg", "title", "g", "rect", "circle", "path", "text"}

BASES = {
    "X": "x", "Y": "y", "Z": "z", "H": "h", "S": "s", "T": "t", "RX": "rx", "RZ": "rz", "P": "p",
    "SWAP": "swap", "RZZ": "rzz",
}  # fmt: skip
CONTROLS = {
    "cx": (1, "x"), "cz": (1, "z"), "ccx": (2, "x"), "cp": (1, "p"), "cswap": (1, "swap"),
}  # fmt: skip


def draw(text: str) -> ElementTree.Element:
    """Return the parsed SVG, which has nothing but shapes."""
    root = ElementTree.fromstring(draw_circuit(text, SETTINGS))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    names = {name for element in root.iter() for name in element.attrib}
    assert tags <= ALLOWED_TAGS
    assert not any(name.startswith("on") or name in {"style", "href", "id"} for name in names)
    return root


def titles(root: ElementTree.Element) -> list[str]:
    marks = root.iter(f"{SVG}g")
    return [mark[0].text or "" for mark in marks if mark.get("class", "").startswith("qt-mark")]


def layout(text: str) -> CircuitLayout:
    return arrange(record_drawing(text, SETTINGS))


def outline(elements: tuple[Element, ...]) -> list[object]:
    """Return labels and numbers of qubits, with a list for each frame."""
    result: list[object] = []
    for element in elements:
        if isinstance(element, Frame):
            result.append([element.label, *outline(element.body)])
        elif isinstance(element, Box):
            result.append((element.label, *element.all_qubits))
        else:
            result.append((type(element).__name__, *element.qubits))
    return result


def shape(text: str) -> list[object]:
    return outline(record_drawing(HEAD + text, SETTINGS).elements)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """Draw a statement on a register of four qubits."""
    name = draw(st.sampled_from([*"xyzhst", "rx", "rz", "p", "swap", *CONTROLS, "measure"]))
    qubits = draw(st.permutations(range(4)))
    if name == "measure":
        return f"c[{qubits[0]}] = measure q[{qubits[1]}];"
    angle = f"({draw(st.sampled_from(['pi/2', '0.25', '-3*pi/4']))})"
    parameters = angle if name in {"rx", "rz", "p", "cp"} else ""
    width = CONTROLS[name][0] + (2 if name == "cswap" else 1) if name in CONTROLS else 1
    width = 2 if name == "swap" else width
    if width == 1 and draw(st.booleans()):
        return f"{name}{parameters} {draw(st.sampled_from(['q', 'q[1:3]', 'q[{0, 2}]']))};"
    return f"{name}{parameters} {', '.join(f'q[{k}]' for k in qubits[:width])};"


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(statements(), max_size=30))
def test_every_gate_of_a_program_is_drawn_once(lines: list[str]) -> None:
    text = HEAD + "qubit[4] q;\nbit[4] c;\n" + "\n".join(lines)
    circuit = compile_circuit(text, SETTINGS).circuit
    assert circuit is not None
    expected: Counter[object] = Counter()
    for step in circuit.steps:
        if isinstance(step, Operation):
            count, base = CONTROLS.get(step.gate.name, (0, step.gate.name))
            expected[base, step.qubits[:count], step.qubits[count:]] += 1
        elif isinstance(step, Measure):
            expected["measure", step.qubit] += 1
    actual: Counter[object] = Counter()
    for mark in record_drawing(text, SETTINGS).marks():
        if isinstance(mark, Box):
            controls = tuple(qubit for qubit, _ in mark.controls)
            actual[BASES[mark.label], controls, mark.qubits] += 1
        elif isinstance(mark, Meters):
            actual.update(("measure", qubit) for qubit in mark.qubits)
    assert actual == expected
    drawing = layout(text)
    assert drawing.omitted == 0
    assert drawing.operations == expected.total()
    root = draw(text)
    cells = [(each.column, wire) for each in drawing.marks for wire in each.qubits]
    assert len(cells) == len(set(cells))
    assert len(titles(root)) == len(drawing.marks)


def test_every_feature_of_the_language_is_drawn() -> None:
    count = 0
    for features in SECTIONS.values():
        for feature in features:
            values = None if feature.parameters is None else json.dumps(feature.parameters)
            try:
                svg = draw_circuit(feature.program, SETTINGS, values)
            except CircuitError:
                continue
            ElementTree.fromstring(svg)
            count += 1
    assert count > 250


def test_controls_and_modifiers_are_symbols_of_their_own() -> None:
    text = HEAD + (
        "qubit[4] q;\nctrl @ negctrl @ x q[0], q[1], q[2];\ncz q[0], q[3];\ninv @ s q[0];\n"
        "pow(2) @ t q[1];\npow(0.5) @ x q[1];\nctrl @ gphase(pi/4) q[3];\ninv @ h q[2];\n"
        "ctrl @ swap q[0], q[1], q[2];"
    )
    marks = [each for each in record_drawing(text, SETTINGS).marks() if isinstance(each, Box)]
    assert [(m.label, m.symbol, m.controls, m.qubits) for m in marks] == [
        ("X", Symbol.NOT, ((0, True), (1, False)), (2,)),
        ("Z", Symbol.DOT, ((0, True),), (3,)),
        ("S†", Symbol.BOX, (), (0,)),
        ("T²", Symbol.BOX, (), (1,)),
        ("X^0.5", Symbol.BOX, (), (1,)),
        ("P", Symbol.BOX, (), (3,)),
        ("H", Symbol.BOX, (), (2,)),
        ("SWAP", Symbol.SWAP, ((0, True),), (1, 2)),
    ]
    assert marks[5].parameters == "π/4"


def test_blocks_are_frames_as_in_the_text() -> None:
    assert shape(
        "qubit[3] q;\nbit[3] c;\nbit f;\n"
        "for int i in [0:1000000] { h q[0]; while (c[0] == 0) { c[0] = measure q[0]; break; } }\n"
        "if (f) x q[1]; else if (c[1] == 1) { y q[1]; } else { z q[1]; }\n"
        "switch (int(c)) { case 1, 2 { x q[0]; } default { z q[2]; } }\n"
        "box[100ns] { cx q[0], q[1]; }\nif (c[2]) { }"
    ) == [
        ["for i in [0:1000000]", ("H", 0), ["while c[0] == 0", ("Meters", 0), ("break",)]],
        ["if f", ("X", 1)],
        ["else if c[1] == 1", ("Y", 1)],
        ["else", ("Z", 1)],
        ["switch int(c): case 1, 2", ("X", 0)],
        ["default", ("Z", 2)],
        ["box 100ns", ("X", 1, 0)],
    ]


def test_gates_and_subroutines_of_the_program_have_their_names() -> None:
    assert shape(
        "gate mine(a) x, y { rx(a) x; cx x, y; }\n"
        "def parity(qubit[2] r, int k) -> bit { bit b; b = measure r[1]; return b; }\n"
        "qubit[3] q;\nbit f;\nmine(0.1) q[2], q[0];\nf = parity(q[0:1], 3);\n"
        "if (parity(q[1:2], 1)) x q[0];\nlet a = q[1:2];\nh a;"
    ) == [
        ("mine", 2, 0),
        ("parity", 0, 1),
        ("parity", 1, 2),
        ["if parity(q[1:2], 1)", ("X", 0)],
        ("H", 1),
        ("H", 2),
    ]


def test_a_qubit_that_is_known_only_at_run_time_is_drawn_on_its_register() -> None:
    assert shape("qubit p;\nqubit[3] q;\nfor int i in [0:1] { cx q[i], q[i + 1]; }") == [
        ["for i in [0:1]", ("cx q[i], q[i + 1]", 1, 2, 3)]
    ]


def test_measurements_that_follow_each_other_share_a_column() -> None:
    drawing = layout(
        HEAD + "qubit[3] q;\nbit[3] c;\nh q;\nc[0] = measure q[1];\nc[2] = measure q[0];"
    )
    meters = drawing.marks[-1].mark
    assert isinstance(meters, Meters)
    assert (meters.qubits, meters.targets, meters.register) == ((1, 0), ("0", "2"), 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.pi / 2, "π/2"),
        (-3 * math.pi / 4, "-3π/4"),
        (2 * math.pi, "2π"),
        (math.pi / 2**15, "π/32768"),
        (0.0, "0"),
        (0.123456, "0.1235"),
        (1e300, "1e+300"),
    ],
    ids=str,
)
def test_angles_are_fractions_of_pi(value: float, text: str) -> None:
    assert format_angle(value) == text


def test_the_drawing_of_a_bell_circuit_names_its_parts() -> None:
    root = draw(HEAD + "qubit[2] q;\nbit[2] c;\nh q[0];\ncx q[0], q[1];\nc = measure q;")
    assert root.get("aria-label") == "Circuit with 2 qubits and 4 operations"
    assert titles(root) == ["h q[0]", "cx q[0], q[1]", "c = measure q"]
    lines = [each.get("data-line") for each in root.iter() if each.get("data-line")]
    assert lines == ["5", "6", "7"]
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert texts == ["q[0]", "q[1]", "c[2]", "H", "0", "1"]


def test_a_wide_circuit_wraps_into_rows() -> None:
    drawing = layout(HEAD + "qubit[2] q;\n" + "h q[0];\ncx q[0], q[1];\n" * 60)
    assert len(drawing.rows) > 2
    assert [column for row in drawing.rows for column in row] == list(range(len(drawing.widths)))
    assert all(sum(drawing.widths[k] for k in row) <= 1_000 for row in drawing.rows)


def test_text_of_a_program_is_never_markup() -> None:
    attack = "</text></title><script>alert(1)</script><!--&amp;\x00\x1b\x7f\ufffe"
    safe_name = "ﬀ𝒳_évil"
    text = (
        f"{HEAD}// {attack}\ngate g_{safe_name}(a) {safe_name} {{ rx(a) {safe_name}; }}\n"
        f"qubit[2] q_{safe_name};\nbit[2] c_{safe_name};\n"
        f"g_{safe_name}(1 < 2 ? 1 : 0) q_{safe_name}[0];\n"
    ).replace("1 < 2 ? 1 : 0", "0.5")
    text += (
        f"if (c_{safe_name} < 3 && c_{safe_name} > 0) {{ x q_{safe_name}; }}\n"
        f"int[8] k = 1;\nfor int i in {{k<<1, k & 3}} {{ h q_{safe_name}[i & 1]; }}\n"
        f"/* {attack} */ if (c_{safe_name}[0] /* {attack} */ == 1) {{ z q_{safe_name}[0]; }}\n"
    )
    try:
        svg = draw_circuit(text.replace("\x00", "").replace("\x1b", ""), SETTINGS)
    except CircuitError:
        svg = draw_circuit(text.replace(attack, "</svg><script>"), SETTINGS)
    assert "<script" not in svg
    ElementTree.fromstring(svg)
    assert re.search(r"if c_\S+ &lt; 3 &amp;&amp; ", svg)
    assert "{k&lt;&lt;1, k &amp; 3}" in svg


HOSTILE = {
    "a hundred qubits": "qubit[100] q;\nbit[100] c;\nh q;\ncx q[0], q[99];\nc = measure q;",
    "many gates on a qubit": "qubit q;\n" + "h q;\n" * 4_100,
    "a broadcast over many qubits": "qubit[4000] q;\n" + "h q;\n" * 50,
    "deep loops": "qubit q;\n"
    + "".join(f"for int i{k} in [0:9] {{ " for k in range(40))
    + "h q;"
    + "}" * 40,
    "many frames": "qubit[3] q;\nbit c;\n" + "if (c) { h q; }\n" * 1_000,
    "long names": f"qubit[2] {'q' * 1_200};\nbit[2] {'c' * 1_200};\nh {'q' * 1_200};",
    "long expressions": f"qubit q;\nbit c;\nif (c == {'1 + ' * 400}1) {{ rx({'1 + ' * 400}1) q; }}",
    "many registers": "".join(f"bit[2] c{k};\nqubit[2] q{k};\n" for k in range(200))
    + "".join(f"c{k} = measure q{k};\n" for k in range(200)),
    "many bits": "qubit q;\nbit[90000] c;\nc[89999] = measure q;",
    "barriers": "qubit[3000] q;\n" + "barrier q;\n" * 2_100,
    "a million steps": "qubit q;\nfor int i in [0:1000000] { h q; }",
}


def test_a_hostile_program_has_a_bounded_drawing_that_says_what_it_lacks() -> None:
    for name, program in HOSTILE.items():
        drawing = layout(HEAD + program)
        svg = render(drawing)
        assert len(svg) < 4_000_000, name
        root = ElementTree.fromstring(svg)
        assert len(drawing.qubits) <= MAX_QUBITS, name
        assert len(drawing.widths) <= MAX_COLUMNS, name
        assert sum(len(each.qubits) for each in drawing.marks) <= MAX_MARKS + 60 * 2_000, name
        notes = [each for each in root.iter() if each.get("class") == "qt-note"]
        assert bool(notes) == bool(drawing.omitted or drawing.omitted_qubits), name


def test_what_is_left_out_is_counted() -> None:
    root = ElementTree.fromstring(draw_circuit(HEAD + HOSTILE["a hundred qubits"], SETTINGS))
    assert root.get("aria-label") == "Circuit with 100 qubits and 201 operations"
    notes = [each.text for each in root.iter() if each.get("class") == "qt-note"]
    assert notes == [
        "40 further qubits and what acts on them only are not drawn.",
        "80 further operations not drawn.",
    ]


def test_a_wrong_circuit_is_not_drawn() -> None:
    with pytest.raises(CircuitError, match="unknown gate"):
        draw_circuit(HEAD + "qubit q;\nfrobnicate q;", SETTINGS)


def test_the_examples_are_drawn() -> None:
    for file in sorted((Path(__file__).parents[2] / "examples").glob("*.qasm")):
        ElementTree.fromstring(draw_circuit(file.read_text(), SETTINGS))
