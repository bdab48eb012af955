import { useEffect, useRef } from "preact/hooks";
import { formatNumber } from "../format";
import { theme } from "../theme";

export interface Series {
  label: string;
  values: (number | null)[];
}

interface Props {
  x: number[];
  xLabel: string;
  series: Series[];
  caption: string;
  /** The variable is the time, in seconds since 1970. */
  isTime?: boolean;
  /** The values are never negative: their axis begins at 0. */
  isFromZero?: boolean;
  height?: number;
}

const HEIGHT = 280;
const COLOURS = 6;

/** Curves over one variable. The table beside it has the numbers for screen readers. */
export function Curve({ x, xLabel, series, caption, isTime = false, isFromZero = false, height = HEIGHT }: Props) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    let destroy = () => {};
    let isShown = true;
    const draw = ({ uPlot }: typeof import("../lazy/charts")) => {
      if (!isShown) return;
      const style = getComputedStyle(element);
      const colour = (name: string) => style.getPropertyValue(name).trim();
      const colourOf = (index: number) => colour(`--curve-${(index % COLOURS) + 1}`);
      const axis = { stroke: colour("--muted"), grid: { stroke: colour("--border"), width: 1 }, ticks: { stroke: colour("--border"), width: 1 } };
      const plot = new uPlot(
        {
          width: element.clientWidth,
          height,
          scales: { x: { time: isTime }, ...(isFromZero && { y: { range: (_, __, most) => [0, most * 1.1 || 1] as [number, number] } }) },
          legend: { markers: { width: 0, fill: (_, index) => colourOf(index - 1) } },
          axes: [isTime ? { ...axis, values: formatTicks } : { ...axis, label: xLabel }, { ...axis, size: widthOfLabels }],
          series: [
            { label: xLabel, value: (_, x) => (x === null ? "" : isTime ? formatTicks(_, [x])[0]! : formatNumber(x, 5)) },
            ...series.map(({ label }, index) => ({
              label,
              value: (_: unknown, value: number | null) => (value === null ? "" : formatNumber(value, 5)),
              stroke: colourOf(index),
              width: 2,
              points: { show: x.length <= 60, size: isTime ? 3 : 5 },
            })),
          ],
        },
        [x, ...series.map(({ values }) => values)],
        element,
      );
      const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
      resize.observe(element);
      destroy = () => {
        resize.disconnect();
        plot.destroy();
      };
    };
    import("../lazy/charts").then(draw, () => undefined); // the table beside it has the numbers
    return () => {
      isShown = false;
      destroy();
    };
  }, [JSON.stringify([x, xLabel, series]), theme.value]);
  return (
    <figure class="curve">
      <div ref={host} role="img" aria-label={caption} />
    </figure>
  );
}

/** Return the width of the vertical axis, in pixels: that of its longest label, with the tick and its gap. */
function widthOfLabels(_: unknown, labels: string[] | null): number {
  const longest = Math.max(0, ...(labels ?? []).map((label) => label.length));
  return Math.max(50, 20 + 8 * longest);
}

/** Return the hours and minutes of moments. */
function formatTicks(_: unknown, ticks: number[]): string[] {
  return ticks.map((at) => new Date(at * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }));
}
