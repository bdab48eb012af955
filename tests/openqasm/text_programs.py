"""Programs taken apart into tokens, and put together again with other white space between them.

The tokens of OpenQASM 3 are those of the specification's own lexer; OpenQASM 2 has one here.
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
"""White space and comments, all of which mean the same."""


class Piece(NamedTuple):
    """A token; `line`: it goes on to the end of its line."""

    text: str
    line: bool = False


def pieces_of(text: str) -> list[Piece]:
    """The tokens of an OpenQASM 3 program, as the specification's grammar has them."""
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
    """The tokens of an OpenQASM 2 program."""
    return [Piece(token) for token in _OLD.findall(text) if token]


def joined(pieces: Sequence[Piece], blanks: Sequence[str]) -> str:
    """A text of tokens with a blank before each: "" where two tokens would become one, a space."""
    text = ""
    for piece, blank in zip(pieces, blanks, strict=True):
        apart = " " if text.endswith("/") and blank.startswith("/") else ""
        text += apart + (blank or _least(text, piece.text)) + piece.text
        text += "\n" if piece.line else ""
    return text


def respaced(pieces: Sequence[Piece], seed: int) -> str:
    """A text of tokens with white space and comments between them, by chance."""
    chance = random.Random(seed)
    size = len(pieces)
    choice = chance.choice(BLANKS)
    blanks = (chance.choices(("", *BLANKS), k=size), [choice] * size, [""] * size)
    return joined(pieces, blanks[chance.choices((0, 1, 2), (6, 3, 1))[0]])


def _least(text: str, word: str) -> str:
    """The least white space that keeps a word apart from the text before."""
    return "" if text and word[0] in ";,()[]{}" and text[-1] != "/" else " "
