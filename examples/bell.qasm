// Bell pair: the two bits are equal, 00 and 11 in half of the shots each.
OPENQASM 3.0;
include "stdgates.inc";

qubit[2] q;
bit[2] c;

h q[0];
cx q[0], q[1];
c = measure q;
