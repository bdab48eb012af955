// Submit a circuit, and print its counts: node build/submit.js [FILE] [SHOTS]
import { readFile } from "node:fs/promises";
import { argv, env, exit } from "node:process";

import createClient from "openapi-fetch";

import type { components, paths } from "./quantumtask.js";

type Task = components["schemas"]["TaskView"] | components["schemas"]["TaskStatusView"];

const token = env["QUANTUMTASK_TOKEN"];
const client = createClient<paths>({
  baseUrl: env["QUANTUMTASK_URL"] ?? "http://127.0.0.1:8000",
  headers: token ? { Authorization: `Bearer ${token}` } : {},
});

const [file = "../bell.qasm", shots = "1024"] = argv.slice(2);
const task = await run(await readFile(file, "utf8"), Number(shots));
if (task.status !== "completed") fail(task.error ?? task.status);
const counts = "result" in task ? (task.result ?? {}) : {};
for (const [bits, count] of Object.entries(counts).sort()) console.log(bits, count);

async function run(circuit: string, shots: number): Promise<Task> {
  const { data, error } = await client.POST("/tasks", { body: { circuit, shots } });
  if (!data) fail(error.detail);
  const path = { task_id: data.task_id };
  for (;;) {
    // Each request returns when the task ends, or after 20 seconds.
    const { data, error } = await client.GET("/tasks/{task_id}", {
      params: { path, query: { wait: 20 } },
    });
    if (!data) fail(error.detail);
    if (data.status !== "pending") return data;
  }
}

function fail(reason: string): never {
  console.error(reason);
  exit(1);
}
