// A short program for each door, in the words of the client that it is for.
export interface DoorProgram {
  title: string;
  /** The package of the client. */
  needs: string;
  text: string;
}

const BELL = `circuit = QuantumCircuit(2)
circuit.h(0)
circuit.cx(0, 1)
circuit.measure_all()
`;

const PROGRAMS: Record<string, DoorProgram> = {
  ibm: {
    title: "IBM",
    needs: "qiskit-ibm-runtime",
    text: `from qiskit import QuantumCircuit
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

${BELL}backend = QiskitRuntimeService().backend("simulator")
job = SamplerV2(backend).run([circuit], shots=1000)
print(job.result()[0].data.meas.get_counts())
`,
  },
  braket: {
    title: "Braket",
    needs: "amazon-braket-sdk",
    text: `from braket.aws import AwsDevice
from braket.circuits import Circuit

device = AwsDevice("arn:aws:braket:::device/quantum-simulator/amazon/sv1")
bell = Circuit().h(0).cnot(0, 1)
print(device.run(bell, shots=1000).result().measurement_counts)
`,
  },
  ionq: {
    title: "IonQ",
    needs: "qiskit-ionq",
    text: `from qiskit import QuantumCircuit
from qiskit_ionq import IonQProvider

${BELL}backend = IonQProvider().get_backend("simulator")
print(backend.run(circuit, shots=1000).get_counts())
`,
  },
  qbraid: {
    title: "qBraid",
    needs: "qbraid",
    text: `from qbraid.runtime import QbraidProvider

program = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""
device = QbraidProvider().get_device("quantumtask:quantumtask:sim:simulator")
print(device.run(program, shots=1000).result().data.get_counts())
`,
  },
};

/** Return the program of each open door; null for a door that this page does not know. */
export function doorPrograms(doors: string[]): [string, DoorProgram | null][] {
  return doors.map((name) => [name, PROGRAMS[name] ?? null]);
}

/** Return the line that runs script.py with its client led to this service. */
export function doorCommand(door: string, origin: string): string {
  return `quantumtask run --door ${door} --url ${origin} python script.py\n`;
}
