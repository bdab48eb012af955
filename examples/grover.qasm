// Grover's search among eight elements: two iterations give 101 in about 94 % of the shots.
OPENQASM 3.0;
include "stdgates.inc";

gate ccz a, b, c {
  h c;
  ccx a, b, c;
  h c;
}

// Oracle: flips the sign of the amplitude of 101.
gate oracle a, b, c {
  x b;
  ccz a, b, c;
  x b;
}

// Diffusion: reflects every amplitude about the mean.
gate diffuse a, b, c {
  h a;
  h b;
  h c;
  x a;
  x b;
  x c;
  ccz a, b, c;
  x a;
  x b;
  x c;
  h a;
  h b;
  h c;
}

qubit[3] q;
bit[3] c;

h q;
for int i in [1:2] {
  oracle q[0], q[1], q[2];
  diffuse q[0], q[1], q[2];
}
c = measure q;
