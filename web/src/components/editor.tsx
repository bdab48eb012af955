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
  useEffect(() => {
    let created: EditorHandle | null = null;
    let isShown = true;
    void import("../lazy/editor").then(({ createEditor }) => {
      if (!isShown || !host.current) return; // an effect can follow the end of its component
      created = createEditor(host.current, {
        text: latest.current.text, // which may have changed while the editor was loaded
        label,
        isReadOnly,
        onChange: (changed) => latest.current.onChange?.(changed),
        onRun: () => latest.current.onRun?.(),
      });
      setEditor(created);
    });
    return () => {
      isShown = false;
      created?.destroy();
    };
  }, []);
  useImperativeHandle(handle ?? null, () => editor as EditorHandle, [editor]);
  return (
    <div class="editor" ref={host}>
      {!editor && <pre>{text}</pre>}
    </div>
  );
}
