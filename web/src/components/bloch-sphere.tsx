import { formatNumber } from "../format";
import type { BlochVector } from "../quantum";

const RADIUS = 46;
const CENTER = 62;

/** Return the place of a point of the unit sphere on the picture: x towards the reader, z up. */
function project({ x, y, z }: BlochVector): [number, number] {
  return [CENTER + RADIUS * (y - 0.42 * x), CENTER - RADIUS * (z - 0.3 * x)];
}

/** A qubit as an arrow in the Bloch sphere; entangled qubits have a short one. */
export function BlochSphere({ title, vector }: { title: string; vector: BlochVector }) {
  const [x, y] = project(vector);
  const length = Math.hypot(vector.x, vector.y, vector.z);
  const text = `${title}: x ${short(vector.x)}, y ${short(vector.y)}, z ${short(vector.z)}`;
  return (
    <figure class="bloch" title={text}>
      <svg viewBox="0 0 124 124" role="img" aria-label={text}>
        <circle class="sphere" cx={CENTER} cy={CENTER} r={RADIUS} />
        <ellipse class="equator" cx={CENTER} cy={CENTER} rx={RADIUS} ry={RADIUS * 0.3} />
        <Axis to={{ x: 0, y: 0, z: 1.0 }} />
        <Axis to={{ x: 0, y: 1.0, z: 0 }} />
        <Axis to={{ x: 1.0, y: 0, z: 0 }} />
        <text x={CENTER} y="10">0</text>
        <text x={CENTER} y="121">1</text>
        <text x="117" y={CENTER + 4}>y</text>
        <text x={CENTER - 26} y={CENTER + 27}>x</text>
        <line class="arrow" x1={CENTER} y1={CENTER} x2={x} y2={y} />
        <circle class="tip" cx={x} cy={y} r="3.6" />
      </svg>
      <figcaption>
        <strong>{title}</strong>
        {length < 0.999 && <span class="muted">entangled</span>}
      </figcaption>
    </figure>
  );
}

function Axis({ to }: { to: BlochVector }) {
  const [x1, y1] = project({ x: -to.x, y: -to.y, z: -to.z });
  const [x2, y2] = project(to);
  return <line class="axis" {...{ x1, y1, x2, y2 }} />;
}

function short(value: number): string {
  return formatNumber(Math.abs(value) < 5e-4 ? 0 : value, 3);
}
