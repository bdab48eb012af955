// Places of the qubits of a coupling map: distances on the picture follow those on the graph.
export interface Point {
  x: number;
  y: number;
}

const STEPS = 120;

/** Return a place for each of so many nodes, about 1 apart along an edge; the same for the same graph. */
export function layOut(nodes: number, edges: [number, number][]): Point[] {
  const distances = findDistances(nodes, edges);
  let points = distances.map((_, node): Point => {
    const angle = 2.399963 * node; // the golden angle: no two nodes begin at one place
    return { x: Math.sqrt(node + 1) * Math.cos(angle), y: Math.sqrt(node + 1) * Math.sin(angle) };
  });
  points = scaleClassically(distances) ?? points;
  for (let step = 0; step < STEPS; step++) points = majorize(points, distances);
  return points;
}

/** Return the lengths of the shortest paths; parts without a path are apart by the number of nodes. */
function findDistances(nodes: number, edges: [number, number][]): number[][] {
  const neighbours: number[][] = Array.from({ length: nodes }, () => []);
  for (const [a, b] of edges) {
    neighbours[a]?.push(b);
    neighbours[b]?.push(a);
  }
  return neighbours.map((_, from) => {
    const lengths = new Array<number>(nodes).fill(Math.max(2, Math.sqrt(nodes)));
    lengths[from] = 0;
    const seen = new Set([from]);
    const queue = [from];
    for (const node of queue) {
      for (const next of neighbours[node]!) {
        if (seen.has(next)) continue;
        seen.add(next);
        lengths[next] = lengths[node]! + 1;
        queue.push(next);
      }
    }
    return lengths;
  });
}

/** Classical scaling: the two largest eigenvectors of the centred matrix of squared distances. */
function scaleClassically(distances: number[][]): Point[] | null {
  const size = distances.length;
  if (size < 3) return null;
  const squares = distances.map((row) => row.map((each) => each * each));
  const means = squares.map((row) => row.reduce((sum, each) => sum + each, 0) / size);
  const mean = means.reduce((sum, each) => sum + each, 0) / size;
  const centred = squares.map((row, a) => row.map((each, b) => (means[a]! + means[b]! - each - mean) / 2));
  const first = iteratePower(centred, []);
  const second = iteratePower(centred, [first]);
  return first.vector.map((each, node) => ({
    x: each * Math.sqrt(Math.max(0, first.value)),
    y: second.vector[node]! * Math.sqrt(Math.max(0, second.value)),
  }));
}

interface Eigenpair {
  vector: number[];
  value: number;
}

function iteratePower(matrix: number[][], found: Eigenpair[]): Eigenpair {
  let vector = matrix.map((_, index) => Math.sin(index * (found.length + 1) + 1));
  let value = 0;
  for (let step = 0; step < 100; step++) {
    for (const each of found) {
      const part = dot(vector, each.vector);
      vector = vector.map((entry, index) => entry - part * each.vector[index]!);
    }
    vector = matrix.map((row) => dot(row, vector));
    value = Math.sqrt(dot(vector, vector)) || 1;
    vector = vector.map((entry) => entry / value);
  }
  return { vector, value };
}

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, each, index) => sum + each * b[index]!, 0);
}

/** One step of stress majorization, with weights of 1 / distance². */
function majorize(points: Point[], distances: number[][]): Point[] {
  return points.map((point, a) => {
    let [x, y, total] = [0, 0, 0];
    points.forEach((other, b) => {
      if (a === b) return;
      const wanted = distances[a]![b]!;
      const [dx, dy] = [point.x - other.x, point.y - other.y];
      const scale = wanted / (Math.hypot(dx, dy) || 1e-6);
      const weight = 1 / (wanted * wanted);
      x += weight * (other.x + dx * scale);
      y += weight * (other.y + dy * scale);
      total += weight;
    });
    return { x: x / total, y: y / total };
  });
}
