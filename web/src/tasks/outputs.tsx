import { Table } from "../components/table";
import { formatCount } from "../format";

const MOST_VALUES = 8;

/** The `output` variables of a program: how often each has each value. */
export function Outputs({ outputs }: { outputs: Record<string, unknown[]> }) {
  return (
    <section class="part">
      <h3>Outputs</h3>
      <Table
        caption="Outputs"
        rows={Object.entries(outputs)}
        rowKey={([name]) => name}
        columns={[
          { title: "Variable", class: "mono", cell: ([name]) => name },
          { title: "Values of the shots", cell: ([, values]) => frequencies(values) },
        ]}
      />
    </section>
  );
}

/** Return the most frequent values of an output: "0 (5 times), 5 (3 times)". */
function frequencies(values: unknown[]): string {
  const counts = new Map<string, number>();
  for (const value of values) {
    const text = JSON.stringify(value);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const most = [...counts].sort((a, b) => b[1] - a[1]);
  const texts = most.slice(0, MOST_VALUES).map(([text, count]) => `${text.slice(0, 60)} (${formatCount(count)} ×)`);
  const rest = most.length - texts.length;
  return texts.join(", ") + (rest > 0 ? `, and ${formatCount(rest)} more` : "");
}
