// GHZ state: ten bits that are all 0 or all 1.
OPENQASM 3.0;
include "stdgates.inc";

const int n = 10;
qubit[n] q;
bit[n] c;

h q[0];
for int i in [1:n - 1] {
  cx q[i - 1], q[i];
}
c = measure q;
