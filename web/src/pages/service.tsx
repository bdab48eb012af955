import { ProblemBox } from "../components/problem-box";
import { Table } from "../components/table";
import { formatAge, formatCount } from "../format";
import { useResource } from "../resource";
import { Tokens, Usage } from "../service/administration";
import { Devices } from "../service/devices";
import { LastHour } from "../service/last-hour";
import { LimitsTable } from "../service/limits-table";
import type { ServiceState } from "../service/types";
import { Workers } from "../service/workers";
import { session } from "../session";
import type { EngineSummary } from "../types";

const EVERY_MS = 2000;

/** The queue, the workers, the last hour, engines, devices, limits; for administrators usage and tokens. */
export function ServicePage() {
  const { data, error } = useResource<ServiceState>("/service", EVERY_MS);
  return (
    <section class="page">
      <h1>Service</h1>
      <ProblemBox error={error} />
      {data && <State state={data} />}
      <div class="pair">
        <section class="part" aria-label="Engines">
          <h2>Engines</h2>
          <Engines />
        </section>
        {data && (
          <section class="part" aria-label="Limits">
            <h2>Limits</h2>
            <LimitsTable limits={data.limits} />
          </section>
        )}
      </div>
      <h2>Devices</h2>
      <Devices />
      {session.value?.principal?.role === "admin" && (
        <>
          <Usage />
          <Tokens />
        </>
      )}
    </section>
  );
}

function State({ state }: { state: ServiceState }) {
  const now = Date.parse(state.now); // the clock of this machine may differ
  const slots = state.workers.reduce((sum, worker) => sum + worker.slots, 0);
  const oldest = state.queue.oldest_submitted_at;
  return (
    <>
      <dl class="figures">
        <Figure title="Waiting" value={formatCount(state.queue.waiting)} />
        <Figure title="Running" value={formatCount(state.queue.running)} />
        <Figure title="Workers" value={formatCount(state.workers.length)} />
        <Figure title="Slots" value={formatCount(slots)} />
        <Figure title="Oldest waiting task" value={oldest ? formatAge(oldest, now) : "none"} />
        <Figure title="Version" value={state.version} />
      </dl>
      <h2>Workers</h2>
      <Workers workers={state.workers} now={now} />
      <h2>Last hour</h2>
      <LastHour minutes={state.minutes} />
    </>
  );
}

function Engines() {
  const { data, error } = useResource<{ engines: EngineSummary[] }>("/engines");
  return (
    <>
      <ProblemBox error={error} />
      {data && (
        <Table
          caption="Engines"
          rows={data.engines}
          rowKey={(engine) => engine.name}
          columns={[
            { title: "Engine", cell: (engine) => engine.name },
            { title: "Version", cell: (engine) => engine.version ?? "not installed" },
            { title: "Methods", cell: methodsOf },
          ]}
        />
      )}
    </>
  );
}

/** Return the methods of an engine; one that computes in two precisions is in the list twice. */
function methodsOf({ methods }: EngineSummary): string {
  return [...new Set(methods.map((method) => method.name.replaceAll("_", " ")))].join(", ");
}

function Figure({ title, value }: { title: string; value: string }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{value}</dd>
    </div>
  );
}
