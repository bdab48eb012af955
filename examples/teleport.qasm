// Moves the state of `source` to `target` by two measured bits: `result` reads 1 three times in four.
OPENQASM 3.0;
include "stdgates.inc";

qubit source;
qubit half;
qubit target;
bit sign;
bit flip;
bit result;

// The state to move: cos(pi/3)|0> + sin(pi/3)|1>.
ry(2 * pi / 3) source;

// A Bell pair, one half for each side.
h half;
cx half, target;

// The sender measures in the Bell basis ...
cx source, half;
h source;
sign = measure source;
flip = measure half;

// ... and the receiver mends the target with what the two bits say.
if (flip == 1) {
  x target;
}
if (sign == 1) {
  z target;
}
result = measure target;
