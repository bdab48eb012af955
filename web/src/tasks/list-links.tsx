import { href } from "../router";

const LISTS = { tasks: "Tasks", batches: "Batches" };

/** The heading of a list, with a link to the other one. */
export function ListLinks({ selected }: { selected: keyof typeof LISTS }) {
  return (
    <div class="page-head">
      <h1>{LISTS[selected]}</h1>
      <nav class="list-links" aria-label="Lists">
        {Object.entries(LISTS).map(([path, title]) =>
          path === selected ? (
            <span key={path} aria-current="true">
              {title}
            </span>
          ) : (
            <a key={path} href={href([path])}>
              {title}
            </a>
          ),
        )}
      </nav>
    </div>
  );
}
