import { useMemo } from "preact/hooks";
import { formatError } from "./devices";
import { layOut, type Point } from "./layout";
import type { Device } from "./types";

const UNIT = 44;
const RADIUS = 13;
const MARGIN = 24;
const BROKEN = 0.5; // an error of this size or more: the gate or the qubit is out of order

interface Link {
  qubits: [number, number];
  error: number | null;
}

/** Return the pairs of qubits with a gate, each with the smallest error of its gates. */
export function findLinks(device: Device): Link[] {
  const links = new Map<string, Link>();
  const add = (a: number, b: number, error: number | null) => {
    const qubits: [number, number] = a < b ? [a, b] : [b, a];
    const before = links.get(qubits.join())?.error ?? null;
    const smallest = error === null ? before : before === null ? error : Math.min(before, error);
    links.set(qubits.join(), { qubits, error: smallest });
  };
  for (const [a, b] of device.coupling_map ?? []) add(a, b, null);
  for (const { qubits, error } of device.gates) if (qubits.length === 2) add(qubits[0]!, qubits[1]!, error);
  return [...links.values()];
}

/** The qubits of a device and the pairs that a gate can act on, coloured by error. */
export function CouplingMap({ device }: { device: Device }) {
  const links = useMemo(() => findLinks(device), [device]);
  const points = useMemo(() => place(device.qubits, links), [device, links]);
  const gateScale = makeScale(links.map((link) => link.error));
  const readoutScale = makeScale(device.qubits_properties.map((qubit) => qubit.readout_error));
  const width = Math.max(...points.map((point) => point.x)) + MARGIN;
  const height = Math.max(...points.map((point) => point.y)) + MARGIN;
  return (
    <figure class="coupling-map">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        style={{ maxWidth: `${Math.max(240, width)}px` }}
        role="img"
        aria-label={`Coupling map of ${device.name}: ${device.qubits} qubits, ${links.length} pairs. The tables below have all numbers.`}
      >
        {links.map(({ qubits: [a, b], error }) => (
          <line
            key={`${a}-${b}`}
            x1={points[a]!.x}
            y1={points[a]!.y}
            x2={points[b]!.x}
            y2={points[b]!.y}
            class={gateScale.classOf(error)}
          >
            <title>{`qubits ${a} and ${b}: gate error ${formatError(error) || "not measured"}`}</title>
          </line>
        ))}
        {points.map((point, qubit) => {
          const error = device.qubits_properties[qubit]?.readout_error ?? null;
          return (
            <g key={qubit} class={readoutScale.classOf(error)}>
              <title>{`qubit ${qubit}: readout error ${formatError(error) || "not measured"}`}</title>
              <circle cx={point.x} cy={point.y} r={RADIUS} />
              <text x={point.x} y={point.y}>
                {qubit}
              </text>
            </g>
          );
        })}
      </svg>
      <figcaption>
        <Legend title="Pairs: gate error" scale={gateScale} />
        <Legend title="Qubits: readout error" scale={readoutScale} />
      </figcaption>
    </figure>
  );
}

function Legend({ title, scale }: { title: string; scale: Scale }) {
  if (!scale.limits) return null;
  const [least, most] = scale.limits;
  return (
    <div class="legend">
      <span>{title}</span>
      <span class="scale">
        <span class="number">{formatError(least)}</span>
        <span class="ramp" aria-hidden="true">
          {Array.from({ length: LEVELS }, (_, level) => (
            <i key={level} class={`error-${level}`} />
          ))}
        </span>
        <span class="number">{formatError(most)}</span>
      </span>
      {scale.hasBroken && (
        <span>
          <i class="key error-broken" aria-hidden="true" /> out of order
        </span>
      )}
      {scale.hasUnknown && (
        <span>
          <i class="key error-none" aria-hidden="true" /> not measured
        </span>
      )}
    </div>
  );
}

const LEVELS = 6;

interface Scale {
  limits: [number, number] | null;
  hasBroken: boolean;
  hasUnknown: boolean;
  classOf: (error: number | null) => string;
}

/** Return the levels of errors, on a logarithmic scale. */
function makeScale(errors: (number | null)[]): Scale {
  const measured = errors.filter((error): error is number => error !== null);
  const working = measured.filter((error) => error < BROKEN && error > 0);
  const limits: [number, number] | null = working.length ? [Math.min(...working), Math.max(...working)] : null;
  const classOf = (error: number | null) => {
    if (error === null) return "error-none";
    if (error >= BROKEN) return "error-broken";
    if (!limits || error <= limits[0]) return "error-0";
    const part = Math.log(error / limits[0]) / (Math.log(limits[1] / limits[0]) || 1);
    return `error-${Math.min(LEVELS - 1, Math.floor(part * LEVELS))}`;
  };
  return { limits, classOf, hasBroken: measured.some((error) => error >= BROKEN), hasUnknown: measured.length < errors.length };
}

/** Return places in the picture: the longer side lies horizontally, qubit 0 in the upper left quarter. */
function place(qubits: number, links: Link[]): Point[] {
  let points = layOut(qubits, links.map((link) => link.qubits));
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  const [width, height] = [Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)];
  if (height > width) points = points.map(({ x, y }) => ({ x: y, y: x }));
  const flip = (values: number[]) => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const isFar = values[0]! - least > most - values[0]!;
    return values.map((value) => (isFar ? most - value : value - least) * UNIT + MARGIN);
  };
  const [placedX, placedY] = [flip(points.map((point) => point.x)), flip(points.map((point) => point.y))];
  return points.map((_, qubit) => ({ x: placedX[qubit]!, y: placedY[qubit]! }));
}
