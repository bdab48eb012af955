"""Sample a rotated Bell pair at 20 angles, and estimate an observable: two requests.

usage: qiskit_sampler.py, with `pip install '.[qiskit]'`
"""

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from quantumtask.client.qiskit import EstimatorV2, QuantumTaskProvider, SamplerV2

angle = Parameter("angle")
pair = QuantumCircuit(2)
pair.ry(angle, 0)
pair.cx(0, 1)
with_measurements = pair.copy()
with_measurements.measure_all()
angles = np.linspace(0, np.pi, 20)

with QuantumTaskProvider() as provider:  # QUANTUMTASK_URL, or the service on this machine
    backend = provider.backend("simulator")
    samples = SamplerV2(backend, seed=1).run([(with_measurements, angles)], shots=1000).result()[0]
    estimates = EstimatorV2(backend).run([(pair, "XX", angles)]).result()[0]

for k, value in enumerate(angles):
    share = samples.data.meas.get_int_counts(k).get(3, 0) / 1000
    print(f"{value:5.2f}  P(11) = {share:.3f}  <XX> = {estimates.data.evs[k]:+.3f}")
