import { CodeBlock } from "../components/code-block";
import { Tabs } from "../components/tabs";
import { needsToken } from "../session";
import type { Body } from "./form";
import { snippets } from "./snippets";

/** The task of the form as programs to copy. */
export function SameIn({ body }: { body: Body }) {
  const tabs = snippets(body, location.origin, needsToken()).map(({ title, needs, text }) => ({
    title,
    content: (
      <>
        {needs && (
          <p class="needs">
            Needs <code>{needs}</code>
            {title === "Qiskit" && ". Qiskit reads a part of OpenQASM 3; the state vector is only in the Python client."}
          </p>
        )}
        <CodeBlock text={text} label={`The same in ${title}`} />
      </>
    ),
  }));
  return <Tabs label="The same in" tabs={tabs} />;
}
