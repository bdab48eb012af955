"""Find the angle with the lowest energy in one request, with the standard error of each energy.

usage: sweep.py [ANGLES]
"""

import math
import sys
from pathlib import Path

from quantumtask import Client

angles = int(sys.argv[1]) if len(sys.argv) > 1 else 101
circuit = Path(__file__).parent / "rotation.qasm"
thetas = [2 * math.pi * k / (angles - 1) for k in range(angles)]
# The last letter belongs to the first qubit.
energy = [["ZZ", -1.0], ["XI", -0.3], ["IX", -0.3], ["XX", -0.5]]

with Client() as client:
    task = client.submit(circuit, parameters={"theta": thetas}, observables=energy, precision=0.02)
    sweep = task.result(timeout=120)

values, errors = sweep.expectation_values, sweep.standard_errors
lowest = min(range(angles), key=lambda k: values[k])
for k in range(0, angles, max(1, angles // 20)):
    bar = "#" * round(20 * (values[k] - values[lowest]))
    print(f"{thetas[k]:6.3f}  {values[k]:7.3f} ± {errors[k]:.3f}  {bar}")
print(f"lowest: theta = {thetas[lowest]:.3f} with {values[lowest]:.3f} ± {errors[lowest]:.3f}")
