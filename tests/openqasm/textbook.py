"""Programs with a known outcome, in the style of the specification's examples.

Each function has the name of the example of the same algorithm in the specification, and returns
the text of a new program. Bit 0 of a register is the lowest. See `textbook_large.py` for longer
programs.
"""

from collections.abc import Sequence

HEAD = 'OPENQASM 3.1;\ninclude "stdgates.inc";\n'


def adder(a: int, b: int, width: int = 4) -> str:
    """Return Cuccaro's ripple-carry adder: `total` is a + b, and `left` is a, unchanged."""
    return f"""{HEAD}
const uint n = {width};

gate carry a, b, c {{
  cx c, b;
  cx c, a;
  ccx a, b, c;
}}
gate uncarry a, b, c {{
  ccx a, b, c;
  cx c, a;
  cx a, b;
}}

uint[n] first = {a};
uint[n] second = {b};
qubit zero;
qubit[n] x_in;
qubit[n] y_in;
qubit top;
bit[n + 1] total;
bit[n] left;

for uint k in [0:n - 1] {{
  if (bool(first[k])) x x_in[k];
  if (bool(second[k])) x y_in[k];
}}
carry zero, y_in[0], x_in[0];
for uint k in [1:n - 1] {{ carry x_in[k - 1], y_in[k], x_in[k]; }}
cx x_in[n - 1], top;
for int k in [n - 1:-1:1] {{ uncarry x_in[k - 1], y_in[k], x_in[k]; }}
uncarry zero, y_in[0], x_in[0];
total[0:n - 1] = measure y_in;
measure top -> total[n];
left = measure x_in;
"""


def cphase(theta: str, control: int) -> str:
    """Return a controlled phase of `U` and `cx`, undone by the library: `c` is unchanged."""
    return f"""{HEAD}
gate turn(θ) a, b {{
  U(0, 0, θ / 2) a;
  cx a, b;
  U(0, 0, -θ / 2) b;
  cx a, b;
  U(0, 0, θ / 2) b;
}}
qubit[2] q;
bit[2] c;
if ({control} == 1) x q[0];
h q[1];
turn({theta}) q[0], q[1];
inv @ cp({theta}) q[0], q[1];
h q[1];
c = measure q;
"""


def inverseqft1(k: int) -> str:
    """Return the inverse Fourier transform of the phases of k: `c` is k."""
    return f"""{HEAD}
qubit[4] q;
bit[4] c;
h q;
for int j in [0:3] {{ p(-2 * pi * {k} / 2.0 ** (j + 1)) q[j]; }}
barrier q;
h q[0];
c[0] = measure q[0];
if (uint[4](c) == 1) {{ rz(pi / 2) q[1]; }}
h q[1];
c[1] = measure q[1];
if (uint[4](c) == 1) rz(pi / 4) q[2];
if (uint[4](c) == 2) rz(pi / 2) q[2];
if (uint[4](c) == 3) rz(3 * pi / 4) q[2];
h q[2];
c[2] = measure q[2];
for uint value in [1:7] {{
  if (uint[4](c) == value) rz(value * pi / 8) q[3];
}}
h q[3];
c[3] = measure q[3];
"""


def inverseqft2(k: int) -> str:
    """Return the same, controlled by four single bits: c3 c2 c1 c0 are the bits of k."""
    return f"""{HEAD}
qubit[4] q;
bit c0;
bit c1;
bit c2;
bit c3;
h q;
for int j in [0:3] {{ p(-2 * pi * {k} / 2.0 ** (j + 1)) q[j]; }}
barrier q;
h q[0];
measure q[0] -> c0;
if (c0 == 1) {{ rz(pi / 2) q[1]; }}
h q[1];
measure q[1] -> c1;
if (c0 == 1) {{ rz(pi / 4) q[2]; }}
if (c1 == 1) {{ rz(pi / 2) q[2]; }}
h q[2];
measure q[2] -> c2;
if (c0 == 1) {{ rz(pi / 8) q[3]; }}
if (c1 == 1) {{ rz(pi / 4) q[3]; }}
if (c2 == 1) {{ rz(pi / 2) q[3]; }}
h q[3];
measure q[3] -> c3;
"""


def ipe(bits: int, k: int, prepare: str = "x r;") -> str:
    """Return the iterative estimation of the phase 2 pi k / 2^bits: `estimate` is k.

    With `prepare` "h r;" the target is half in the eigenstate of phase 0: then it is 0 or k.
    """
    return f"""{HEAD}
const int[32] n = {bits};
const float[64] theta = 2 * pi * {k} / 2.0 ** n;
qubit q;
qubit r;
angle[n] c;
uint[n] power = 2 ** (n - 1);
bit[n] estimate;
output uint[n] number;

{prepare}
for uint i in [0:n - 1] {{
  c >>= 1;  // what was measured turns half as far in the next round
  reset q;
  h q;
  ctrl @ pow(power) @ phase(theta) q, r;
  inv @ phase(c) q;
  h q;
  measure q -> c[n - 1];
  power >>= 1;
}}
estimate = bit[n](c);
number = uint[n](estimate);
"""


def qft(k: int, then: str) -> str:
    """Return the Fourier transform of |k> on four qubits, followed by the statements `then`."""
    return f"""{HEAD}
const uint[4] k = {k};
qubit[4] q;
bit[4] c;

gate rounds a, b, c, d {{
  h d;
  cphase(pi / 2) c, d;
  cphase(pi / 4) b, d;
  cphase(pi / 8) a, d;
  h c;
  cphase(pi / 2) b, c;
  cphase(pi / 4) a, c;
  h b;
  cphase(pi / 2) a, b;
  h a;
}}
gate fourier a, b, c, d {{
  rounds a, b, c, d;
  swap a, d;
  swap b, c;
}}
for int j in [0:3] {{ if (bool(k[j])) x q[j]; }}
fourier q[0], q[1], q[2], q[3];
{then}
c = measure q;
"""


def qpt(prepare: str, post: str) -> str:
    """Return one setting of the tomography of a Hadamard gate."""
    return f"""{HEAD}
gate pre q {{ {prepare} }}
gate post q {{ {post} }}
qubit q;
bit c;
reset q;
pre q;
barrier q;
h q;
barrier q;
post q;
c = measure q;
"""


def rb(layers: Sequence[str]) -> str:
    """Return a sequence of Clifford gates on `a` and `b`, and its inverse: `c` is 00."""
    body = " ".join(layers)
    return f"""{HEAD}
gate sequence a, b {{ {body} }}
qubit[2] q;
bit[2] c;
reset q;
sequence q[0], q[1];
barrier q;
inv @ sequence q[0], q[1];
measure q -> c;
"""


def rus() -> str:
    """Return a repeat-until-success Z rotation by acos(3/5), and its inverse: `c` is 0."""
    return f"""{HEAD}

def segment(qubit[2] anc, qubit psi) -> bit[2] {{
  bit[2] b;
  reset anc;
  h anc;
  ccx anc[0], anc[1], psi;
  s psi;
  ccx anc[0], anc[1], psi;
  z psi;
  h anc;
  measure anc -> b;
  return b;
}}

qubit psi;
qubit[2] ancilla;
bit[2] flags = "11";
bit c;
output int[32] attempts;
attempts = 0;
h psi;
while (uint[2](flags) != 0) {{
  flags = segment(ancilla, psi);
  attempts += 1;
}}
rz(pi - arccos(3.0 / 5)) psi;
h psi;
c = measure psi;
"""


def teleport(theta: float, phi: float, lam: float) -> str:
    """Return the teleportation of a state, then undone: `c2` is 0, `c0` and `c1` are uniform."""
    return f"""{HEAD}
gate prepare q {{ U({theta}, {phi}, {lam}) q; }}
gate post q {{ inv @ prepare q; }}
qubit[3] q;
bit c0;
bit c1;
bit c2;
reset q;
prepare q[0];
h q[1];
cx q[1], q[2];
barrier q;
cx q[0], q[1];
h q[0];
c0 = measure q[0];
c1 = measure q[1];
if (c1 == 1) {{ x q[2]; }}
if (c0 == 1) z q[2];
post q[2];
c2 = measure q[2];
"""


def varteleport(pairs: int) -> str:
    """Return the teleportation of a state along Bell pairs, undone at the end: `c` is 0."""
    return f"""{HEAD}
const int[32] n_pairs = {pairs};

def bellprep(qubit[2] pair) {{
  reset pair;
  h pair[0];
  cx pair[0], pair[1];
}}
def hop(qubit from, qubit[2] pair) {{
  bit[2] pf;
  bellprep(pair);
  cx from, pair[0];
  h from;
  pf[0] = measure from;
  pf[1] = measure pair[0];
  if (pf[1] == 1) x pair[1];
  if (pf[0] == 1) z pair[1];
}}

qubit[1] start;
qubit[2 * n_pairs] q;
bit c;
let line = start ++ q;
h line[0];
rz(pi / 4) line[0];
for uint i in [0:n_pairs - 1] {{
  let pair = line[{{2 * i + 1, 2 * i + 2}}];
  hop(line[2 * i], pair);
}}
rz(-pi / 4) line[2 * n_pairs];
h line[2 * n_pairs];
c = measure line[2 * n_pairs];
"""


def arrays() -> str:
    """Return a program on arrays: fill, slice, copy, pass by reference; see its `outputs`."""
    return f"""{HEAD}
const uint[8] SIZE = 4;
array[uint[8], SIZE, 2] grid = {{{{1, 2}}, {{3, 4}}, {{2 + 3, 2 * 3}}, {{7, 8}}}};
array[uint[8], 2] row = grid[1];
array[int[16], 4] line = {{-1, 20, -300, 4000}};
array[float[64], 2] halves = {{0.25, 1}};
output uint[8] corner;
output uint[8] copied;
output int[16] last;
output int[16] total;
output uint[32] columns;
output float[64] half;

def sum(readonly array[int[16], #dim = 1] values) -> int[16] {{
  int[16] s = 0;
  for int[16] value in values {{ s += value; }}
  return s;
}}
def reverse(mutable array[int[16], 4] values) {{
  for uint i in [0:1] {{
    int[16] kept = values[i];
    values[i] = values[3 - i];
    values[3 - i] = kept;
  }}
}}

grid[1, 0] = 9;
copied = row[0];
grid[2] = row;
grid[0:1] = grid[2:3];
corner = grid[0, 0] + grid[1][1];
reverse(line);
last = line[-1];
total = sum(line[1:3]);
halves[1] = line[0] / 2.0;
half = halves[1] + halves[0];
columns = sizeof(grid, 1);
qubit[2] q;
bit[2] c;
if (sizeof(grid) == 4) x q[line[-1] + 2];
c = measure q;
"""


def alignment() -> str:
    """Return fixed and stretchable delays between a gate and its inverse: `c` is 0."""
    return f"""{HEAD}
stretch g;
duration half = 100ns / 2;
qubit[3] q;
bit[3] c;
h q;
barrier q;
cx q[0], q[1];
delay[g] q[2];
U(pi / 4, 0, pi / 2) q[2];
delay[2 * g] q[2];
box {{
  delay[half * 2] q[0], q[1];
  inv @ U(pi / 4, 0, pi / 2) q[2];
}}
cx q[0], q[1];
barrier q;
h q;
c = measure q;
"""
