import { useEffect, useRef, useState } from "preact/hooks";
import { replaceQuery } from "../router";
import { changed, SINCE, STATES } from "./filter";

const PAUSE_MS = 350;

interface Props {
  query: URLSearchParams;
  /** The filters that the list has, apart from the state. */
  texts: readonly string[];
  states?: string[];
  hasSince?: boolean;
}

/** Return true if the query has a filter. */
export function isFiltered(query: URLSearchParams, texts: readonly string[]): boolean {
  return ["status", "since", ...texts].some((name) => query.get(name));
}

const TITLES: Record<string, string> = { name: "Name", name_prefix: "Name begins with", tag: "Tag", owner: "Owner" };

/** The filters of a list; each is a part of the address. */
export function Filters({ query, texts, states = STATES, hasSince = true }: Props) {
  const set = (name: string, value: string) => replaceQuery(changed(query, { [name]: value }));
  const isActive = isFiltered(query, texts);
  return (
    <form class="filters" role="search" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
      <label>
        State
        <select value={query.get("status") ?? ""} onChange={(event) => set("status", event.currentTarget.value)}>
          <option value="">All states</option>
          {states.map((state) => (
            <option key={state} value={state}>
              {state}
            </option>
          ))}
        </select>
      </label>
      {hasSince && (
        <label>
          Submitted
          <select value={query.get("since") ?? ""} onChange={(event) => set("since", event.currentTarget.value)}>
            <option value="">At any time</option>
            {Object.entries(SINCE).map(([value, [title]]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        </label>
      )}
      {texts.map((name) => (
        <TextFilter key={name} title={TITLES[name]!} value={query.get(name) ?? ""} onChange={(value) => set(name, value)} />
      ))}
      {isActive && (
        <button type="button" onClick={() => replaceQuery({})}>
          Clear
        </button>
      )}
    </form>
  );
}

function TextFilter({ title, value, onChange }: { title: string; value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const timer = useRef(0);
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <label>
      {title}
      <input
        type="search"
        maxLength={50}
        value={text}
        onInput={(event) => {
          const typed = event.currentTarget.value;
          setText(typed);
          clearTimeout(timer.current);
          timer.current = window.setTimeout(() => onChange(typed.trim()), PAUSE_MS);
        }}
      />
    </label>
  );
}
