import { useEffect, useImperativeHandle, useRef, useState } from "preact/hooks";
import type { Ref } from "preact";
import type { EditorHandle, EditorOptions } from "../lazy/editor";

interface Props extends Omit<EditorOptions, "text"> {
  /** The text at the beginning; `handle` changes it later. */
  text: string;
  handle?: Ref<EditorHandle>;
}

/** An editor for a program. Until it is loaded, the text is shown as it is. */
export function Editor({ handle, text, label, isReadOnly, ...actions }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef({ ...actions, text });
  latest.current = { ...actions, text };
  const [editor, setEditor] = useState<EditorHandle | null>(null);
  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    let created: EditorHandle | null = null;
    let isShown = true;
    const open = ({ createEditor }: typeof import("../lazy/editor")) => {
      if (!isShown || !host.current) return; // an effect can follow the end of its component
      created = createEditor(host.current, {
        text: latest.current.text, // which may have changed while the editor was loaded
        label,
        isReadOnly,
        onChange: (changed) => latest.current.onChange?.(changed),
        onRun: () => latest.current.onRun?.(),
      });
      setEditor(created);
    };
    import("../lazy/editor").then(open, () => isShown && setMissing(true));
    return () => {
      isShown = false;
      created?.destroy();
    };
  }, []);
  useImperativeHandle(handle ?? null, () => editor as EditorHandle, [editor]);
  return (
    <div class="editor" ref={host}>
      {!editor && <pre tabIndex={0} role="region" aria-label={label}>{text}</pre>}
      {isMissing && <p class="notice">The editor could not be loaded. Reload the page to change the program.</p>}
    </div>
  );
}

const LINE_HEIGHT = 21.6;
const MOST_LINES = 18;
const WRAPPED_AFTER = 90;

/** Return the height in pixels of an editor for a program; a longer one scrolls. */
export function heightOf(program: string, fewestLines = 3): number {
  let lines = 0;
  for (const line of program.split("\n", MOST_LINES)) lines += Math.max(1, Math.ceil(line.length / WRAPPED_AFTER));
  return Math.ceil(LINE_HEIGHT * Math.min(MOST_LINES, Math.max(fewestLines, lines))) + 24;
}
