import { useState } from "preact/hooks";

/** A text to copy. */
export function CodeBlock({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <div class="code-block">
      {"clipboard" in navigator && (
        <button type="button" class="small" onClick={copy}>
          <span aria-live="polite">{isCopied ? "Copied" : "Copy"}</span>
        </button>
      )}
      <pre tabIndex={0} role="region" aria-label={label}>{text}</pre>
    </div>
  );
}
