import type { ComponentChildren } from "preact";

/** What a list shows where it has nothing: the reason, and what to do. */
export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="nothing">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
