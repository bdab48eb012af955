import { CodeBlock } from "../components/code-block";
import { Tabs } from "../components/tabs";
import { useResource } from "../resource";
import type { ServiceState } from "../service/types";
import { needsToken } from "../session";
import { doorCommand, doorPrograms, type DoorProgram } from "./doors";

/** The programs of other clouds that run here unchanged: one tab for each open door. */
export function DoorCard() {
  const { data } = useResource<ServiceState>("/service");
  if (!data?.doors.length) return null;
  const tabs = doorPrograms(data.doors).map(([name, program]) => ({
    title: program?.title ?? name,
    content: <Program door={name} program={program} />,
  }));
  return (
    <section class="card same-in" aria-label="Programs for other clouds">
      <h2>Programs for other clouds run here unchanged</h2>
      <Tabs label="Clouds" tabs={tabs} />
    </section>
  );
}

function Program({ door, program }: { door: string; program: DoorProgram | null }) {
  const title = program?.title ?? door;
  return (
    <div class="door">
      <p class="needs">
        {program && (
          <>
            Needs <code>pip install {program.needs}</code> beside QuantumTask.{" "}
          </>
        )}
        {needsToken() && (
          <>
            Your token comes from <code>QUANTUMTASK_TOKEN</code> or <code>quantumtask login</code>.
          </>
        )}
      </p>
      <CodeBlock text={doorCommand(door, location.origin)} label={`Command for ${title}`} />
      {program && <CodeBlock text={program.text} label={`script.py for ${title}`} />}
    </div>
  );
}
