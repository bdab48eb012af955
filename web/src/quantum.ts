// State vectors: probabilities, and the Bloch vector of each qubit.
export type Complex = [re: number, im: number];

/** Return the bit string of an index: the last character is the first qubit. */
export function bitsOf(index: number, qubits: number): string {
  return index.toString(2).padStart(qubits, "0");
}

export function probabilityOf([re, im]: Complex): number {
  return re * re + im * im;
}

export interface BlochVector {
  x: number;
  y: number;
  z: number;
}

/** Return the expectation values of X, Y and Z of one qubit; the first qubit is the lowest bit. */
export function blochVector(state: Complex[], qubit: number): BlochVector {
  const bit = 1 << qubit;
  const vector = { x: 0, y: 0, z: 0 };
  for (let index = 0; index < state.length; index++) {
    if (index & bit) continue;
    const [a, b] = state[index]!;
    const [c, d] = state[index | bit]!;
    vector.x += 2 * (a * c + b * d);
    vector.y += 2 * (a * d - b * c);
    vector.z += a * a + b * b - c * c - d * d;
  }
  return vector;
}
