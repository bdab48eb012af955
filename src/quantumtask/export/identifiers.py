"""Names in OpenQASM that are unique and have no other meaning."""

import re
from collections import Counter

_PLAIN = re.compile(r"[A-Za-zα-ωΑ-Ω][A-Za-z0-9α-ωΑ-Ω_]{0,99}")
_WORDS = """
    OPENQASM angle arccos arcsin arctan array barrier bit bool box break cal case ceiling complex
    const continue cos creg ctrl def defcal defcalgrammar default delay duration durationof else
    end euler exp extern false float floor for gate gphase if im in include input int inv let log
    measure mod mutable negctrl nop output pi popcount pow pragma qreg qubit readonly real reset
    return rotl rotr sin sizeof sqrt stretch switch tan tau true uint void while
    CX U ecr c3sqrtx c3sx c3x c4x ccx ch cp cphase crx cry crz csx cswap cu cu1 cu3 cx cy cz h id p
    phase rc3x rccx rx rxx ry ryy rz rzz s sdg swap sx sxdg t tdg u u0 u1 u2 u3 x y z π τ
"""
_RESERVED = frozenset(_WORDS.split())


class Names:
    """Source of unique names: the name of an object, where OpenQASM can express it."""

    def __init__(self) -> None:
        self._used = set(_RESERVED)
        self._numbers: Counter[str] = Counter()  # with each name that was not free: the next one

    def new(self, preferred: str, otherwise: str) -> str:
        """Return the preferred name if it is plain and not in use; else another with a number."""
        name = preferred if _PLAIN.fullmatch(preferred) else otherwise
        while name in self._used:
            name = f"{otherwise}_{self._numbers[otherwise]}"
            self._numbers[otherwise] += 1
        self._used.add(name)
        return name
