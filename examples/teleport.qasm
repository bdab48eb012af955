// Teleports the state of `source` to `target`: `result` is 1 in three quarters of the shots.
OPENQASM 3.0;
include "stdgates.inc";

qubit source;
qubit half;
qubit target;
bit sign;
bit flip;
bit result;

// The state of the source: cos(pi/3)|0> + sin(pi/3)|1>.
ry(2 * pi / 3) source;

// Bell pair, one qubit for each side.
h half;
cx half, target;

// The sender measures in the Bell basis.
cx source, half;
h source;
sign = measure source;
flip = measure half;

// The receiver corrects the target according to the two bits.
if (flip == 1) {
  x target;
}
if (sign == 1) {
  z target;
}
result = measure target;
