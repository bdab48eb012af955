// The editor for programs. It lives in a shadow root: there, CodeMirror adopts style sheets, which
// the Content-Security-Policy allows, and makes no <style> elements, which it does not.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { CircuitProblem } from "../types";
import { openqasm } from "../editor/openqasm";

export interface EditorHandle {
  setText(text: string): void;
  /** Mark the problems of the text. */
  setProblems(problems: CircuitProblem[]): void;
  /** Light up a line, and no other; null: none. */
  markLine(line: number | null): void;
  /** Put the cursor at a line and a column, both from 1. */
  moveTo(line: number, column: number): void;
  destroy(): void;
}

export interface EditorOptions {
  text: string;
  label: string;
  onChange?: (text: string) => void;
  /** Called for Ctrl-Enter or Cmd-Enter. */
  onRun?: () => void;
  isReadOnly?: boolean;
}

/** Put an editor into an element. */
export function createEditor(host: HTMLElement, options: EditorOptions): EditorHandle {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root as unknown as Element,
    state: EditorState.create({ doc: options.text, extensions: extensions(options) }),
  });
  return {
    setText(text) {
      if (text === view.state.doc.toString()) return;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    setProblems(problems) {
      const diagnostics = problems.flatMap((problem) => diagnosticOf(view.state, problem));
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    markLine: (line) => view.dispatch({ effects: lineMark.of(line) }),
    moveTo(line, column) {
      const position = offsetOf(view.state, line, column);
      view.dispatch({ selection: { anchor: position }, scrollIntoView: true });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}

function extensions({ label, onChange, onRun, isReadOnly = false }: EditorOptions) {
  return [
    keymap.of([{ key: "Mod-Enter", run: () => (onRun?.(), true), preventDefault: true }]),
    lineNumbers(),
    lintGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    openqasm,
    syntaxHighlighting(colours),
    EditorView.lineWrapping,
    look,
    EditorState.readOnly.of(isReadOnly),
    EditorView.contentAttributes.of({
      "aria-label": label,
      ...(!isReadOnly && { "aria-description": "Escape, then Tab, leaves the editor" }),
      spellcheck: "false",
      tabindex: "0",
    }),
    replaceSelectionByText,
    markedLine,
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange?.(update.state.doc.toString());
    }),
    // Escape, then Tab, leaves the editor: CodeMirror's way out for the keyboard.
    keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
  ];
}

const lineMark = StateEffect.define<number | null>();
const LINE_MARK = Decoration.line({ class: "marked-line" });

const markedLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, { changes, effects, state }) {
    for (const effect of effects) {
      if (!effect.is(lineMark)) continue;
      const isLine = effect.value !== null && effect.value >= 1 && effect.value <= state.doc.lines;
      return isLine ? Decoration.set(LINE_MARK.range(state.doc.line(effect.value!).from)) : Decoration.none;
    }
    return marks.map(changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/**
 * Replace a selection by text that is typed. Left to Chromium, that would keep the colours of the text
 * before in `style` attributes, which the Content-Security-Policy refuses.
 */
const replaceSelectionByText = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const isTyped = event.inputType === "insertText" && event.data && !event.isComposing;
    if (!isTyped || view.composing || view.state.readOnly || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data!), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

/** Return the offset of a place; columns count characters, offsets count units of UTF-16. */
function offsetOf(state: EditorState, line: number, column: number): number {
  const { from, to, text } = state.doc.line(Math.min(Math.max(1, line), state.doc.lines));
  const before = [...text].slice(0, column - 1).join("");
  return Math.min(from + before.length, to);
}

function diagnosticOf(state: EditorState, problem: CircuitProblem): Diagnostic[] {
  if (problem.line === null || problem.column === null) return [];
  const from = offsetOf(state, problem.line, problem.column);
  const hasEnd = problem.end_line !== null && problem.end_column !== null;
  const to = hasEnd ? offsetOf(state, problem.end_line!, problem.end_column!) : from + 1;
  const message = problem.hint ? `${problem.message}\n${problem.hint}` : problem.message;
  return [{ from, to: Math.max(from, Math.min(to, state.doc.length)), severity: problem.severity, message }];
}

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)" },
  { tag: tags.typeName, color: "var(--code-type)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: [tags.number, tags.atom], color: "var(--code-number)" },
  { tag: tags.standard(tags.variableName), color: "var(--code-type)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: tags.meta, color: "var(--code-type)" },
  { tag: tags.operator, color: "var(--muted)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--text)", fontSize: "13.5px", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", padding: "10px 0" },
  ".cm-line": { padding: "0 12px 0 6px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--selection)",
  },
  ".cm-gutters": { background: "transparent", border: "none", color: "var(--faint)" },
  ".cm-activeLine, .cm-activeLineGutter": { background: "var(--active-line)" },
  ".marked-line": { background: "var(--selection)" },
  ".cm-activeLineGutter": { color: "var(--text)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { background: "var(--selection)" },
  ".cm-tooltip": {
    background: "var(--surface)",
    color: "var(--text)",
    border: "1px solid var(--border)",
    borderRadius: "6px",
    boxShadow: "var(--shadow)",
    overflow: "hidden",
  },
  ".cm-diagnostic": { padding: "6px 10px", whiteSpace: "pre-wrap", fontFamily: "var(--sans)", fontSize: "13px" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad)" },
  ".cm-diagnostic-warning": { borderLeft: "3px solid var(--warn)" },
});
