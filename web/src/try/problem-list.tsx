import { describe } from "../api";
import type { CircuitProblem, Validation } from "../types";
import type { Answer } from "./questions";

interface Props {
  answer: Answer<Validation>;
  onSelect: (problem: CircuitProblem) => void;
}

/** All problems of the program, each a button that leads to its place. */
export function ProblemList({ answer: { data, error, isOld }, onSelect }: Props) {
  if (error) return <p class="problems-summary muted">Not checked: {describe(error)}</p>;
  if (!data) return <p class="problems-summary muted">{isOld ? "Checking…" : ""}</p>;
  return (
    <div class="problems" data-old={isOld}>
      <p class="problems-summary" role="status" data-good={!data.problems.length}>
        {summary(data.problems)}
      </p>
      <ul>
        {data.problems.map((problem, index) => (
          <li key={index}>
            <button type="button" data-severity={problem.severity} onClick={() => onSelect(problem)}>
              <span class="place">{problem.line === null ? "" : `${problem.line}:${problem.column}`}</span>
              <span>
                {problem.message}
                {problem.hint && <span class="muted">. {problem.hint}</span>}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function summary(problems: CircuitProblem[]): string {
  if (!problems.length) return "No problems";
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const parts = [numberOf(errors, "error"), numberOf(problems.length - errors, "warning")];
  return parts.filter(Boolean).join(", ");
}

function numberOf(count: number, noun: string): string {
  return count ? `${count} ${noun}${count === 1 ? "" : "s"}` : "";
}
