import { Curve } from "../components/curve";
import { Table } from "../components/table";
import { formatNumber } from "../format";
import { formatPoint, type Curves } from "./sweep";

const MOST_ROWS = 100;

/** Curves, and their numbers in a table. */
export function CurveTable({ curves }: { curves: Curves }) {
  const { x, xLabel, yLabel, series } = curves;
  const rows = x.slice(0, MOST_ROWS).map((value, index) => ({ value, index }));
  return (
    <>
      <Curve x={x} xLabel={xLabel} series={series} caption={`${yLabel} against ${xLabel}`} />
      <details>
        <summary>
          {yLabel} as a table{x.length > MOST_ROWS && ` (the first ${MOST_ROWS} of ${x.length})`}
        </summary>
        <Table
          caption={`${yLabel} against ${xLabel}`}
          rows={rows}
          rowKey={(row) => row.index}
          columns={[
            { title: xLabel, isNumber: true, cell: ({ value }) => formatNumber(value, 5) },
            ...series.map((each, number) => ({
              title: each.label || `Series ${number + 1}`,
              isNumber: true,
              cell: ({ index }: { index: number }) => formatPoint(each.values[index]),
            })),
          ]}
        />
      </details>
    </>
  );
}
