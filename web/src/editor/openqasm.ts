// OpenQASM 3 for CodeMirror: a stream parser that colours words. The service checks the program.
import { StreamLanguage, type StreamParser } from "@codemirror/language";

const words = (text: string) => new Set(text.split(" "));

const KEYWORDS = words(
  "include defcalgrammar def cal defcal gate extern box let break continue if else end return for while in switch " +
    "case default pragma input output const readonly mutable gphase inv pow ctrl negctrl void measure reset delay barrier nop",
);
const TYPES = words("qubit qreg bit creg int uint float angle bool complex array duration stretch");
const CONSTANTS = words("pi π tau τ euler ℇ im true false");
const FUNCTIONS = words(
  "sin cos tan arcsin arccos arctan exp log sqrt mod ceiling floor popcount rotl rotr sizeof durationof real imag",
);

interface Position {
  inComment: boolean;
}

const parser: StreamParser<Position> = {
  name: "openqasm",
  startState: () => ({ inComment: false }),
  token(stream, position) {
    if (position.inComment) return blockComment();
    if (stream.eatSpace()) return null;
    if (stream.match("//")) return skipLine("comment");
    if (stream.match("/*")) return blockComment();
    if (stream.match(/^OPENQASM\b/)) return "keyword";
    if (stream.match(/^[#@][\p{L}_][\w.]*/u)) return "meta";
    if (stream.match(/^"[^"]*"?/)) return "string";
    if (stream.match(/^(0x[\da-f_]+|0b[01_]+|0o[0-7_]+|(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[+-]?\d+)?)(\s*(dt|ns|us|µs|ms|s|im)\b)?/i)) {
      return "number";
    }
    if (stream.match(/^\$\d+/)) return "atom";
    const word = stream.match(/^[\p{L}_][\p{L}\p{N}_]*/u);
    if (Array.isArray(word)) return colourOf(word[0]!);
    if (stream.match(/^(->|[-+*/%=<>!&|^~@]+)/)) return "operator";
    stream.next();
    return null;

    function skipLine(style: string): string {
      stream.skipToEnd();
      return style;
    }

    function blockComment(): string {
      position.inComment = !stream.match(/^.*?\*\//);
      if (position.inComment) stream.skipToEnd();
      return "comment";
    }

    function colourOf(name: string): string {
      if (KEYWORDS.has(name)) return "keyword";
      if (TYPES.has(name)) return "typeName";
      if (CONSTANTS.has(name)) return "atom";
      if (FUNCTIONS.has(name)) return "variableName.standard";
      return "variableName";
    }
  },
  languageData: { commentTokens: { line: "//", block: { open: "/*", close: "*/" } }, closeBrackets: { brackets: ["(", "[", "{", '"'] } },
};

export const openqasm = StreamLanguage.define(parser);
