import { useEffect, useRef } from "preact/hooks";
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
  height?: number;
}

const HEIGHT = 280;
const COLOURS = 6;

/** Curves over one variable. The table beside it has the numbers for screen readers. */
export function Curve({ x, xLabel, series, caption, isTime = false, height = HEIGHT }: Props) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    let destroy = () => {};
    let isShown = true;
    void import("../lazy/charts").then(({ uPlot }) => {
      if (!isShown) return;
      const style = getComputedStyle(element);
      const colour = (name: string) => style.getPropertyValue(name).trim();
      const axis = { stroke: colour("--muted"), grid: { stroke: colour("--border"), width: 1 }, ticks: { stroke: colour("--border"), width: 1 } };
      const plot = new uPlot(
        {
          width: element.clientWidth,
          height,
          scales: { x: { time: isTime } },
          axes: [isTime ? { ...axis, values: formatTicks } : { ...axis, label: xLabel }, axis],
          series: [
            { label: xLabel, ...(isTime && { value: (_, x) => (x === null ? "--" : formatTicks(_, [x])[0]!) }) },
            ...series.map(({ label }, index) => ({
              label,
              stroke: colour(`--curve-${(index % COLOURS) + 1}`),
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
    });
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

/** Return the hours and minutes of moments. */
function formatTicks(_: unknown, ticks: number[]): string[] {
  return ticks.map((at) => new Date(at * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }));
}
