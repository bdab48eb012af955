import { Problem, describe } from "../api";
import type { CircuitProblem } from "../types";

interface Props {
  error: unknown;
  /** The program that the problems are about: each is then shown under its line. */
  source?: string;
}

/** An error of the service, with the problems of the circuit that it names. */
export function ProblemBox({ error, source }: Props) {
  if (!error) return null;
  const problems = error instanceof Problem ? error.errors : [];
  return (
    <div class="problem" role="alert">
      <p>{describe(error)}</p>
      {source && problems.map((each, index) => <SourceLine key={index} problem={each} source={source} />)}
    </div>
  );
}

/** The line of a program with a problem, and carets under the place. */
export function SourceLine({ problem, source }: { problem: CircuitProblem; source: string }) {
  const { line, column } = problem;
  const text = line === null ? undefined : source.split("\n")[line - 1];
  if (line === null || column === null || text === undefined) return null;
  const end = problem.end_line === line && problem.end_column ? problem.end_column : column + 1;
  const gutter = `${line} │ `;
  return (
    <figure class="source-line">
      <pre>
        {gutter}
        {text}
        {"\n"}
        {" ".repeat(gutter.length)}
        {text.slice(0, column - 1).replace(/[^\t]/g, " ")}
        <span class="caret">{"^".repeat(Math.max(1, end - column))}</span>
      </pre>
      <figcaption>
        {problem.message}
        {problem.hint && <span class="muted">. {problem.hint}</span>}
      </figcaption>
    </figure>
  );
}
