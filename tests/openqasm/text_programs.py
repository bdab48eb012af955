"""Division of programs into tokens, and their composition with other white space in between.

The tokens of OpenQASM 3 come from the lexer of the specification; those of OpenQASM 2 from a
pattern in this file.
"""

import random
import re
from collections.abc import Sequence
from typing import NamedTuple

from antlr4 import InputStream, Token
from openqasm3.parser import qasm3Lexer

BLANKS = (
    " ", "\t", "\n", "\r\n", "\r", "\n\n\n", " \n\t ", "/**/", "/***/", "/* a */",
    "/*/ a */", "/* \n */", "/* // */", "/* \" */", "/* é ; } ) 量 */",
    "/* OPENQASM 2.0; */", "/* @note\n@inv */", "// a\n", "//\r\n", "// /* \n",
    "// \" ' ;\n", "// @note\n", "// #pragma x\n", "// OPENQASM 2.0;\n",
    "/* 1 *//* 2 */\n// 3\n", "/* a */\n" * 30, "\n" * 100,
)  # fmt: skip
"""White space and comments; a program means the same with any of them."""


class Piece(NamedTuple):
    """A token; `line` is True for a token that extends to the end of its line."""

    text: str
    line: bool = False


def pieces_of(text: str) -> list[Piece]:
    """Return the tokens of an OpenQASM 3 program, by the grammar of the specification."""
    text = text.replace("\r\n", "\n")
    pieces: list[Piece] = []
    lexer = qasm3Lexer(InputStream(text))
    tokens = []
    while (token := lexer.nextToken()).type != Token.EOF:
        tokens.append(token)
    for token in tokens:
        if token.type in (qasm3Lexer.AnnotationKeyword, qasm3Lexer.PRAGMA):
            end = text.find("\n", token.start)
            pieces.append(Piece(text[token.start : len(text) if end < 0 else end], line=True))
        elif token.type != qasm3Lexer.RemainingLineContent:
            pieces.append(Piece(token.text))
    return pieces


_OLD = re.compile(
    r"""//[^\n]*|/\*[^*]*\*/|("[^"\n]*"|'[^'\n]*'|\w+(?:\.\w*)?(?:(?<=[eE])[-+]\d+)?|\.\d+|->|[=!]=|\*\*|\S)"""
)


def old_pieces_of(text: str) -> list[Piece]:
    """Return the tokens of an OpenQASM 2 program."""
    return [Piece(token) for token in _OLD.findall(text) if token]


def joined(pieces: Sequence[Piece], blanks: Sequence[str]) -> str:
    """Join tokens with a blank before each; "" becomes a space where two tokens would merge."""
    text = ""
    for piece, blank in zip(pieces, blanks, strict=True):
        apart = " " if text.endswith("/") and blank.startswith("/") else ""
        text += apart + (blank or _shortest_separator(text, piece.text)) + piece.text
        text += "\n" if piece.line else ""
    return text


def respaced(pieces: Sequence[Piece], seed: int) -> str:
    """Join tokens with random white space and comments in between."""
    chance = random.Random(seed)
    size = len(pieces)
    choice = chance.choice(BLANKS)
    blanks = (chance.choices(("", *BLANKS), k=size), [choice] * size, [""] * size)
    return joined(pieces, blanks[chance.choices((0, 1, 2), (6, 3, 1))[0]])


def _shortest_separator(text: str, word: str) -> str:
    """Return the shortest white space that separates a word from the text before."""
    return "" if text and word[0] in ";,()[]{}" and text[-1] != "/" else " "
