"""Features of the specification, each with a program: the source of the table in the docs."""

from tests.openqasm.features import (
    control,
    declarations,
    expressions,
    gates,
    programs,
    subroutines,
    values,
)
from tests.openqasm.features.feature import Expected, Feature, Refused

SECTIONS: dict[str, tuple[Feature, ...]] = {
    "Text of a program": declarations.LEXICAL,
    "Qubits": declarations.QUANTUM,
    "Types": declarations.SCALARS,
    "Constants": declarations.CONSTANTS,
    "Literals": declarations.LITERALS,
    "Arrays": values.ARRAYS,
    "Aliases and slices": values.REGISTERS,
    "Casts": values.CASTS,
    "Operators": expressions.OPERATORS,
    "Built-in functions": expressions.FUNCTIONS,
    "Branches": control.BRANCHES,
    "Loops": control.LOOPS,
    "`switch`": control.SWITCHES,
    "`end`": control.ENDS,
    "Scopes": subroutines.SCOPES,
    "Subroutines": subroutines.SUBROUTINES,
    "Built-in gates": gates.BUILT_IN,
    "Applying gates": gates.CALLS,
    "Defining gates": gates.DEFINITIONS,
    "Modifiers": gates.MODIFIERS,
    "Standard library": gates.LIBRARY,
    "Measurement and reset": gates.MEASUREMENTS,
    "Timing": programs.TIMING,
    "Includes and versions": programs.INCLUDES,
    "Inputs and outputs": programs.INPUTS,
    "Directives and calibration": programs.DIRECTIVES,
}
"""The features of each section of the table, in order."""

__all__ = ["SECTIONS", "Expected", "Feature", "Refused"]
