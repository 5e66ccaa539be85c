"""Stands in for `napari-uda estimate`: a batch of 4 fits, more does not."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

workload = json.loads(sys.stdin.read())
calls = Path(sys.argv[1])
with calls.open("a") as file:
    file.write(json.dumps(workload) + "\n")
batch = workload["method"]["batch_size"]
if batch == 3:
    time.sleep(60)
if batch == 5:
    sys.exit("Error: device cuda:7 is not available.")
print(
    json.dumps(
        {
            "kind": "estimate",
            "device": "cuda:0",
            "memory": batch * 1e9,
            "free": 4.2e9,
            "total": 8e9,
            "seconds": 360,
            "crowded": 0.9 if batch == 1 else 0.0,
            "measured": 0.25,
            "suggestion": {} if batch <= 4 else {"batch_size": 4},
            "suggested_memory": 4e9,
        }
    )
)
