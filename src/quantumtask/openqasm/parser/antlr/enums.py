"""The words that nodes hold, named as those of qdk."""

from enum import Enum, IntEnum


class AccessControl(Enum):
    READONLY = "readonly"
    MUTABLE = "mutable"


class IOKeyword(Enum):
    INPUT = "input"
    OUTPUT = "output"


class GateModifierName(Enum):
    INV = "inv"
    POW = "pow"
    CTRL = "ctrl"
    NEGCTRL = "negctrl"


class TimeUnit(IntEnum):
    DT = 0
    NS = 1
    US = 2
    MS = 3
    S = 4
