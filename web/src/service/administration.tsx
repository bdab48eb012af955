import { useState } from "preact/hooks";
import { request } from "../api";
import { CodeBlock } from "../components/code-block";
import { ProblemBox } from "../components/problem-box";
import { Table } from "../components/table";
import { formatBytes, formatCount, formatDuration, formatTime } from "../format";
import { useResource } from "../resource";
import { needsToken } from "../session";
import type { DayUsage, Token } from "./types";

const DAYS = 30;

/** The usage of each project in the last 30 days. */
export function Usage() {
  const { data, error } = useResource<{ usage: DayUsage[] }>(`/usage?days=${DAYS}`);
  return (
    <>
      <h2>Usage by project, last {DAYS} days</h2>
      <ProblemBox error={error} />
      {data && (
        <Table
          caption="Usage by project"
          rows={sumByProject(data.usage)}
          rowKey={(row) => row.project}
          empty="No task has ended."
          columns={[
            { title: "Project", cell: (row) => row.project },
            { title: "Tasks", cell: (row) => formatCount(row.tasks), isNumber: true },
            { title: "Shots", cell: (row) => formatCount(row.shots), isNumber: true },
            { title: "Processor time", cell: (row) => formatDuration(row.processor_seconds), isNumber: true },
            { title: "Results", cell: (row) => formatBytes(row.result_bytes), isNumber: true },
          ]}
        />
      )}
    </>
  );
}

function sumByProject(days: DayUsage[]): DayUsage[] {
  const sums = new Map<string, DayUsage>();
  for (const day of days) {
    const sum = sums.get(day.project) ?? { ...day, tasks: 0, shots: 0, processor_seconds: 0, result_bytes: 0 };
    sum.tasks += day.tasks;
    sum.shots += day.shots;
    sum.processor_seconds += day.processor_seconds;
    sum.result_bytes += day.result_bytes;
    sums.set(day.project, sum);
  }
  return [...sums.values()].sort((a, b) => b.processor_seconds - a.processor_seconds);
}

/** The tokens: list, create, revoke. */
export function Tokens() {
  const { data, error, reload } = useResource<{ tokens: Token[] }>("/tokens");
  const [problem, setProblem] = useState<unknown>(null);
  const revoke = async (token: Token) => {
    if (!confirm(`Revoke the token ${token.prefix}… of ${token.name}? Programs that use it are refused.`)) return;
    try {
      await request(`/tokens/${encodeURIComponent(token.prefix)}`, { method: "DELETE" });
      setProblem(null);
    } catch (refusal) {
      setProblem(refusal);
    }
    reload();
  };
  return (
    <>
      <h2>Tokens</h2>
      <ProblemBox error={error ?? problem} />
      {needsToken() ? (
        <NewToken onCreate={reload} />
      ) : (
        <p class="muted">
          Requests need no token here. The first one, created with <code>quantumtask token create NAME --role admin</code>, changes that.
        </p>
      )}
      {data && (needsToken() || data.tokens.length > 0) && (
        <Table
          caption="Tokens"
          rows={data.tokens}
          rowKey={(token) => token.prefix}
          empty="No token exists."
          columns={[
            { title: "Token", cell: (token) => <code>{token.prefix}…</code> },
            { title: "Name", cell: (token) => token.name },
            { title: "Project", cell: (token) => token.project },
            { title: "Role", cell: (token) => token.role },
            { title: "Created", cell: (token) => formatTime(token.created_at) },
            { title: "Expires", cell: (token) => (token.expires_at ? formatTime(token.expires_at) : "never") },
            {
              title: "State",
              cell: (token) =>
                token.valid ? (
                  <button type="button" class="small" aria-label={`Revoke ${token.prefix} of ${token.name}`} onClick={() => revoke(token)}>
                    Revoke
                  </button>
                ) : token.revoked_at ? (
                  "revoked"
                ) : (
                  "expired"
                ),
            },
          ]}
        />
      )}
    </>
  );
}

function NewToken({ onCreate }: { onCreate: () => void }) {
  const [fields, setFields] = useState({ name: "", project: "default", role: "user", days: "90" });
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>(null);
  const set = (name: string) => (event: Event) =>
    setFields({ ...fields, [name]: (event.currentTarget as HTMLInputElement).value });
  const create = async (event: Event) => {
    event.preventDefault();
    const lifetime_days = fields.days ? Number(fields.days) : null;
    const { name, project, role } = fields;
    try {
      const token = await request<{ token: string }>("/tokens", { body: { name, project, role, lifetime_days } });
      setText(token.token);
      setError(null);
      onCreate();
    } catch (refusal) {
      setError(refusal);
    }
  };
  return (
    <>
      <form class="token-form" onSubmit={create} aria-label="New token">
        <label>
          Name
          <input required maxLength={50} value={fields.name} onInput={set("name")} autocomplete="off" />
        </label>
        <label>
          Project
          <input required maxLength={50} value={fields.project} onInput={set("project")} autocomplete="off" />
        </label>
        <label>
          Role
          <select value={fields.role} onChange={set("role")}>
            <option value="read">read: sees tasks</option>
            <option value="user">user: submits and cancels</option>
            <option value="admin">admin: all projects</option>
          </select>
        </label>
        <label>
          Days (empty: no end)
          <input type="number" min="1" max="36500" value={fields.days} onInput={set("days")} />
        </label>
        <button class="primary">Create</button>
      </form>
      <ProblemBox error={error} />
      {text && (
        <div role="status" class="stack">
          <p>The new token. Copy it now: it is not shown again.</p>
          <CodeBlock text={text} label="The new token" />
        </div>
      )}
    </>
  );
}
