// Routes are in the fragment, `#/tasks/ID?state=failed`: the paths belong to the API.
import { signal } from "@preact/signals";

export interface Route {
  /** The parts of the path: `["tasks", "ID"]`. */
  parts: string[];
  query: URLSearchParams;
}

export const route = signal<Route>(readRoute());

addEventListener("hashchange", () => {
  route.value = readRoute();
});

function readRoute(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  return { parts: path.split("/").filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a link that somebody typed
  }
}

type Query = Record<string, string | null | undefined>;

/** Return the address of a page; empty values of the query are left out. */
export function href(parts: string[], query: Query = {}): string {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1]);
  const text = new URLSearchParams(entries).toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${text && `?${text}`}`;
}

/** Change the query of the page, without a step in the history. */
export function replaceQuery(query: Query): void {
  history.replaceState(null, "", href(route.value.parts, query));
  route.value = readRoute();
}
