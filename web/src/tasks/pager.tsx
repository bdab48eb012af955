import { href } from "../router";
import { changed } from "./filter";

interface Props {
  list: string;
  query: URLSearchParams;
  nextCursor: string | null;
}

/** Links to the newest and to older entries; the browser's Back leads to newer ones. */
export function Pager({ list, query, nextCursor }: Props) {
  const isFirst = !query.get("cursor");
  if (isFirst && !nextCursor) return null;
  return (
    <nav class="pager" aria-label="Pages of the list">
      {!isFirst && <a href={href([list], changed(query, {}))}>Newest</a>}
      {!isFirst && (
        <button type="button" class="link" onClick={() => history.back()}>
          ← Newer
        </button>
      )}
      {nextCursor ? (
        <a href={href([list], changed(query, { cursor: nextCursor }))}>Older →</a>
      ) : (
        <span class="muted">These are the oldest.</span>
      )}
    </nav>
  );
}
