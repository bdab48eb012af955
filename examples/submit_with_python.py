"""Submit a circuit over HTTP with urllib3, and print its counts.

usage: submit_with_python.py [FILE] [SHOTS]
"""

import os
import sys
from pathlib import Path

import urllib3

url = os.environ.get("QUANTUMTASK_URL", "http://127.0.0.1:8000")
file = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "bell.qasm"
shots = int(sys.argv[2]) if len(sys.argv) > 2 else 1024

http = urllib3.PoolManager(timeout=60)
answer = http.request("POST", f"{url}/tasks", json={"circuit": file.read_text(), "shots": shots})
task = answer.json()
if answer.status != 200:
    sys.exit(task["detail"])

# Each request returns when the task ends, or after 20 seconds.
while task["status"] in ("submitted", "pending"):
    task = http.request("GET", f"{url}/tasks/{task['task_id']}", fields={"wait": "20"}).json()

if task["status"] != "completed":
    sys.exit(task.get("error", task["status"]))
for bits, count in sorted(task["result"].items()):
    print(bits, count)
