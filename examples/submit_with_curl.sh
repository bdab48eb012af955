#!/usr/bin/env bash
# Submit a circuit over HTTP with curl, and print its counts; Python reads the JSON.
# usage: submit_with_curl.sh [FILE] [SHOTS]
set -euo pipefail

url=${QUANTUMTASK_URL:-http://127.0.0.1:8000}
file=${1:-$(dirname "$0")/bell.qasm}
shots=${2:-1024}

field() { python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)[sys.argv[1]]).strip("\""))' "$1"; }

task=$(curl --silent --show-error --fail-with-body --header 'content-type: text/plain' --data-binary "@$file" "$url/tasks?shots=$shots" | field task_id)

# Each request returns when the task ends, or after 20 seconds.
status=pending
while [ "$status" = pending ]; do
  answer=$(curl --silent --show-error --fail-with-body "$url/tasks/$task?wait=20")
  status=$(field status <<<"$answer")
done

echo "$status"
case $status in
  completed) field result <<<"$answer" ;;
  failed) field error <<<"$answer" >&2; exit 1 ;;
  *) exit 1 ;;
esac
