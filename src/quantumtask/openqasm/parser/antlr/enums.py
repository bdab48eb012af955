"""The enumerations of syntax tree nodes, with the names of qdk."""

from enum import Enum, IntEnum


class AccessControl(Enum):
    """The access to an array parameter."""

    READONLY = "readonly"
    MUTABLE = "mutable"


class IOKeyword(Enum):
    """The keyword of an input or output variable."""

    INPUT = "input"
    OUTPUT = "output"


class GateModifierName(Enum):
    """The name of a gate modifier."""

    INV = "inv"
    POW = "pow"
    CTRL = "ctrl"
    NEGCTRL = "negctrl"


class TimeUnit(IntEnum):
    """The unit of a duration; the values are those of qdk."""

    DT = 0
    NS = 1
    US = 2
    MS = 3
    S = 4
