"""Submit a circuit over HTTP with httpx, and print its counts.

usage: submit_with_python.py [FILE] [SHOTS]
"""

import os
import sys
from pathlib import Path

import httpx

url = os.environ.get("QUANTUMTASK_URL", "http://127.0.0.1:8000")
file = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "bell.qasm"
shots = int(sys.argv[2]) if len(sys.argv) > 2 else 1024

with httpx.Client(base_url=url, timeout=60) as http:
    answer = http.post("/tasks", json={"circuit": file.read_text(), "shots": shots})
    answer.raise_for_status()
    task = answer.json()

    # Each request returns when the task ends, or after 20 seconds.
    while task["status"] in ("submitted", "pending"):
        task = http.get(f"/tasks/{task['task_id']}", params={"wait": 20}).raise_for_status().json()

if task["status"] != "completed":
    sys.exit(task.get("error", task["status"]))
for bits, count in sorted(task["result"].items()):
    print(bits, count)
