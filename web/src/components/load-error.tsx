import { Problem } from "../api";
import { href } from "../router";
import { Empty } from "./empty";
import { ProblemBox } from "./problem-box";

/** Why a task or a batch cannot be shown. */
export function LoadError({ error, noun, list }: { error: unknown; noun: string; list: string }) {
  if (!(error instanceof Problem) || error.status !== 404) return <ProblemBox error={error} />;
  return (
    <Empty title={`No such ${noun}`}>
      <p class="muted" role="alert">
        Your project has no {noun} with this id. It may have been deleted, or be of another project.
      </p>
      <a class="button" href={href([list])}>
        All {list}
      </a>
    </Empty>
  );
}
