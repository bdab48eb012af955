// Programs to begin with, each with the form that shows it best.
import type { Form } from "./form";

export interface Example {
  title: string;
  form: Partial<Form>;
}

const HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n\n';

export const BELL = `${HEAD}qubit[2] q;
bit[2] c;

h q[0];
cx q[0], q[1];
c = measure q;
`;

const GHZ = `${HEAD}// Five qubits in one superposition: all 0 or all 1.
qubit[5] q;
bit[5] c;

h q[0];
cx q[0], q[1];
cx q[1], q[2];
cx q[2], q[3];
cx q[3], q[4];
c = measure q;
`;

const TELEPORTATION = `${HEAD}// Moves the state of q[0] to q[2] with two measured bits.
qubit[3] q;
bit[3] c;

ry(1.2) q[0]; // the state to send: 1 with probability 0.32

h q[1];
cx q[1], q[2]; // the pair that sender and receiver share

cx q[0], q[1];
h q[0];
c[0] = measure q[0];
c[1] = measure q[1];

if (c[1]) x q[2];
if (c[0]) z q[2];
c[2] = measure q[2];
`;

const VQE = `${HEAD}// A trial state for the molecule H2: move the sliders to the lowest energy.
input float theta;
input float phi;
qubit[2] q;

x q[0];
ry(theta) q[1];
cx q[1], q[0];
rz(phi) q[1];
`;

const NOISE = `${HEAD}// Two X gates, ten times: without noise, every shot is 0.
qubit q;
bit c;

x q; x q; x q; x q; x q; x q; x q; x q; x q; x q;
x q; x q; x q; x q; x q; x q; x q; x q; x q; x q;
c = measure q;
`;

const GROVER = `${HEAD}// Finds the marked value 101 among eight, in two rounds.
qubit[3] q;
bit[3] c;

gate mark a, b, c {
  x b;
  h c; ccx a, b, c; h c;
  x b;
}

gate diffuse a, b, c {
  h a; h b; h c;
  x a; x b; x c;
  h c; ccx a, b, c; h c;
  x a; x b; x c;
  h a; h b; h c;
}

h q[0]; h q[1]; h q[2];
mark q[0], q[1], q[2];
diffuse q[0], q[1], q[2];
mark q[0], q[1], q[2];
diffuse q[0], q[1], q[2];
c = measure q;
`;

export const EXAMPLES: Example[] = [
  { title: "Bell pair", form: { circuit: BELL, wantsState: true } },
  { title: "GHZ state of five qubits", form: { circuit: GHZ } },
  { title: "Teleportation with measurements", form: { circuit: TELEPORTATION } },
  {
    title: "Energy of H2 with two parameters",
    form: {
      circuit: VQE,
      wantsState: true,
      wantsCounts: false,
      observables: "-1.0524 II + 0.3979 IZ - 0.3979 ZI - 0.0113 ZZ + 0.1809 XX, ZZ",
      parameters: { theta: 0.5, phi: 0 },
    },
  },
  { title: "Grover search among eight", form: { circuit: GROVER, wantsState: true } },
  { title: "Noise of gates and readout", form: { circuit: NOISE, target: "noise" } },
];
