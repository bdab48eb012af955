// The filters of the list of tasks: in the address of the page, and in the request.
const DAY_S = 86_400;

export const SINCE: Record<string, [title: string, seconds: number]> = {
  "1h": ["Last hour", 3600],
  "1d": ["Last day", DAY_S],
  "7d": ["Last 7 days", 7 * DAY_S],
  "30d": ["Last 30 days", 30 * DAY_S],
};

export const STATES = ["pending", "submitted", "running", "completed", "failed", "cancelled"];

export const TEXT_FILTERS = ["name_prefix", "tag", "owner"] as const;

const PAGE_SIZE = "50";

/** Return the path of a page of the list. Times are whole minutes, so that it rarely changes. */
export function listPath(list: string, query: URLSearchParams, now: number): string {
  const sent = new URLSearchParams({ limit: PAGE_SIZE });
  for (const name of ["status", "name", ...TEXT_FILTERS, "cursor"]) {
    const value = query.get(name);
    if (value) sent.set(name, value);
  }
  const since = SINCE[query.get("since") ?? ""];
  if (since) sent.set("since", String(Math.floor(now / 60_000) * 60 - since[1]));
  return `${list}?${sent}`;
}

/** Return the query of the page with some values changed; it then begins with the newest tasks. */
export function changed(query: URLSearchParams, changes: Record<string, string>): Record<string, string> {
  const values = { ...Object.fromEntries(query), ...changes };
  if (!("cursor" in changes)) delete values.cursor;
  return values;
}
