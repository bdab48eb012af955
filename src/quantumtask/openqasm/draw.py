"""Drawing of a circuit text as SVG, without running it."""

from quantumtask.openqasm.compiler.pipeline import (
    compile_source,
    parse_inputs,
    preprocess,
    report_errors_in,
)
from quantumtask.openqasm.drawing.elements import Drawing
from quantumtask.openqasm.drawing.layout import arrange
from quantumtask.openqasm.drawing.recorder import Recorder
from quantumtask.openqasm.drawing.svg import render
from quantumtask.shared.processes import gc_paused
from quantumtask.shared.settings import Settings


def draw_circuit(text: str, settings: Settings, parameters: str | None = None) -> str:
    """Draw a circuit as its text says: loops, branches and gates of the program stay as they are.

    Args:
        text: The circuit text.
        settings: The limits of the service.
        parameters: The values of the inputs, as a JSON object; None: inputs need no values.

    Returns:
        An SVG document. A drawing has limits of its own (such as 60 qubits); it leaves out what
        exceeds them, and says so.

    Raises:
        CircuitError: With every error of the text.
    """
    return render(arrange(record_drawing(text, settings, parameters)))


def record_drawing(text: str, settings: Settings, parameters: str | None = None) -> Drawing:
    """Return the elements of a drawing; see `draw_circuit`."""
    source = preprocess(text, settings)
    recorder = Recorder(source)
    with report_errors_in(source), gc_paused():
        context = compile_source(source, settings, parse_inputs(parameters), observer=recorder)
        if context.errors:
            raise source.error(*context.errors.values())
        return recorder.drawing(context)
