// The request of the form as a program: for a shell, for Python, for Qiskit.
import type { Observable } from "./observables";
import type { Body } from "./form";

export interface Snippet {
  title: string;
  /** The package that it needs. */
  needs: string;
  text: string;
}

/** Return the same task in each of the ways. */
export function snippets(body: Body, origin: string, needsToken: boolean): Snippet[] {
  return [
    { title: "curl", needs: "", text: curl(body, origin, needsToken) },
    { title: "Python", needs: "pip install . (in a clone of QuantumTask)", text: python(body, origin) },
    { title: "Qiskit", needs: "pip install '.[qiskit]' qiskit-qasm3-import (in a clone of QuantumTask)", text: qiskit(body, origin) },
  ];
}

function curl(body: Body, origin: string, needsToken: boolean): string {
  const token = needsToken ? ` -H "Authorization: Bearer $QUANTUMTASK_TOKEN"` : "";
  return `curl -s '${origin}/tasks?wait=30'${token} \\
  -H 'Content-Type: application/json' --data-binary @- <<'JSON'
${json(body)}
JSON
`;
}

/** Return the body with a line for each field. */
function json(body: Body): string {
  const lines = Object.entries(body).map(([name, value]) => `  ${JSON.stringify(name)}: ${spaced(value)}`);
  return `{\n${lines.join(",\n")}\n}`;
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${spaced(item)}`).join(", ")}}`;
}

function python(body: Body, origin: string): string {
  const { circuit, return: returns, ...options } = body;
  const all = { ...options, ...(returns ? { returns } : {}) };
  return `from quantumtask import Client

circuit = ${block(circuit)}
client = Client(${literal(origin)})
result = client.submit(${call("circuit", all)}).result()
${prints(body, "result")}print(result.engine, result.method, result.reason)
`;
}

function prints({ return: returns, observables }: Body, name: string): string {
  const kinds = (returns ?? (observables ? ["expectation_values"] : ["counts"])) as string[];
  return kinds.map((kind) => `print(${name}.${kind})\n`).join("");
}

function qiskit(body: Body, origin: string): string {
  const { circuit, parameters, observables, backend, shots, noise, engine } = body;
  const options = { ...(shots ? { shots } : {}), ...(engine ? { engine } : {}), ...(noise ? { noise } : {}) };
  const kinds = (body.return ?? ["counts"]) as string[];
  const names = ["QuantumTaskProvider", ...(observables ? ["EstimatorV2"] : [])].sort();
  const lines = [
    "from qiskit import qasm3",
    ...(observables ? ["from qiskit.quantum_info import SparsePauliOp"] : []),
    `from quantumtask.client.qiskit import ${names.join(", ")}`,
    "",
    `circuit = qasm3.loads(${block(circuit)})`,
    ...(parameters ? [`circuit = circuit.assign_parameters(${literal(parameters)})`] : []),
    `backend = QuantumTaskProvider(${literal(origin)}).backend(${literal(backend ?? "simulator")})`,
    ...(kinds.includes("counts")
      ? [`job = backend.run(${call("circuit", options)})`, "print(job.result().get_counts())"]
      : []),
    ...(observables ? estimator(observables as Observable[], { engine, noise }) : []),
  ];
  return `${lines.join("\n")}\n`;
}

function estimator(observables: Observable[], options: Record<string, unknown>): string[] {
  const used = Object.entries(options).filter(([, value]) => value !== undefined);
  const fields = used.map(([name, value]) => `${name}=${literal(value)}`).join(", ");
  return [
    "",
    `observables = [${observables.map(operator).join(", ")}]`,
    ...(fields ? [`backend.set_options(${fields})`] : []),
    "pub = (circuit.remove_final_measurements(inplace=False), observables)",
    "print(EstimatorV2(backend).run([pub]).result()[0].data.evs)",
  ];
}

function operator(observable: Observable): string {
  const terms = typeof observable === "string" ? [[observable, 1] as const] : observable;
  return `SparsePauliOp.from_list([${terms.map(([word, factor]) => `(${literal(word)}, ${literal(factor)})`).join(", ")}])`;
}

function call(first: string, options: Record<string, unknown>): string {
  const parts = Object.entries(options).map(([name, value]) => `${name}=${literal(value)}`);
  const line = [first, ...parts].join(", ");
  return line.length <= 70 ? line : `\n    ${[first, ...parts].join(",\n    ")},\n`;
}

/** Return a text as a string of Python over several lines. */
function block(text: string): string {
  return `"""${text.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"')}"""`;
}

/** Return a value of JSON as Python writes it. */
function literal(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${literal(item)}`).join(", ")}}`;
  }
  return JSON.stringify(value); // numbers and strings are written alike
}
