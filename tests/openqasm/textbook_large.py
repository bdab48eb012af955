"""Longer programs with a known outcome: codes, distillation, an eigensolver.

As in `textbook.py`, each function has the name of an example of the specification.
"""

from tests.openqasm.textbook import HEAD


def gateteleport(flipped: int = -1) -> str:
    """Return an S gate teleported into a repetition code, with an optional readout error.

    The data is the logical |+>; S and then its inverse leave it there: `c` is 000.
    """
    wrong = f"x magic[{flipped}];" if flipped >= 0 else ""
    return f"""{HEAD}
const int[32] n = 3;

def majority(bit[n] votes) -> bit {{
  bit most = (votes[0] & votes[1]) | (votes[1] & votes[2]) | (votes[0] & votes[2]);
  return most;
}}
def read_logical(qubit[n] code) -> bit {{
  bit[n] votes;
  votes = measure code;
  return majority(votes);
}}
def encode(qubit[n] code) {{
  for int k in [1:n - 1] cx code[0], code[k];
}}

qubit[n] data;
qubit[n] magic;
bit r;
bit[n] c;
h data[0];
encode(data);
h magic[0];
s magic[0];
encode(magic);
cx data, magic;
{wrong}
r = read_logical(magic);
if (r == 1) z data[0];
for int k in [n - 1:-1:1] {{ cx data[0], data[k]; }}
inv @ s data[0];
h data[0];
c = measure data;
"""


def qec(error: str, theta: float = 0.7) -> str:
    """Return a state in the bit-flip code, an error such as "x q[1];", and its correction.

    `c` is 000 after the state is undone, and `syn` is the syndrome of the error.
    """
    return f"""{HEAD}
qubit[3] q;
qubit[2] a;
bit[3] c;
bit[2] syn;

def syndrome(qubit[3] d, qubit[2] a) -> bit[2] {{
  bit[2] b;
  reset a;
  cx d[0], a[0];
  cx d[1], a[0];
  cx d[1], a[1];
  cx d[2], a[1];
  measure a -> b;
  return b;
}}

ry({theta}) q[0];
cx q[0], q[1:2];
barrier q;
{error}
barrier q;
syn = syndrome(q, a);
if (uint[2](syn) == 1) x q[0];
if (uint[2](syn) == 2) x q[2];
if (uint[2](syn) == 3) x q[1];
cx q[0], q[1:2];
ry(-{theta}) q[0];
c = measure q;
"""


def scqec(error: str, cycles: int = 1) -> str:
    """Return a logical 0 of the nine-qubit surface code, an error "x data[4];", its correction.

    `failures` counts wrong logical outcomes over two rounds: it is 0 for any error on one qubit.
    """
    return f"""{HEAD}
const int[32] d = 3;
const int[32] m = {cycles};
const int[32] n = d ** 2;
uint[32] failures = 0;
qubit[n] data;
qubit[n - 1] ancilla;
bit[n - 1] layer;
bit[n - 1] before;
bit[n] outcomes;
output uint[32] failed;

// Ancillas 0 to 3 check Z, in the order of the bits of a syndrome; 4 to 7 check X.
def cycle(qubit[n] data, qubit[n - 1] ancilla) -> bit[n - 1] {{
  reset ancilla;
  for uint[32] row in [0:d - 2] {{
    for uint[32] col in [0:d - 2] {{
      uint[32] corner = row * d + col;
      for uint[32] k in {{corner, corner + 1, corner + d, corner + d + 1}} {{
        if ((row + col) % 2 == 0) {{
          cx data[k], ancilla[row];
        }} else {{
          h data[k];
          cx data[k], ancilla[4 + row];
          h data[k];
        }}
      }}
    }}
  }}
  for int k in {{2, 5}} cx data[k], ancilla[2];
  for int k in {{3, 6}} cx data[k], ancilla[3];
  for int k in [0:1] {{ h data[k]; cx data[k], ancilla[6]; h data[k]; }}
  for int k in [7:8] {{ h data[k]; cx data[k], ancilla[7]; h data[k]; }}
  return measure ancilla;
}}
def correct(uint[4] syndrome, qubit[n] data) {{
  switch (syndrome) {{
    case 0b0001 {{ x data[0]; }}
    case 0b0010 {{ x data[7]; }}
    case 0b0011 {{ x data[4]; }}
    case 0b0100 {{ x data[2]; }}
    case 0b0110 {{ x data[5]; }}
    case 0b1000 {{ x data[6]; }}
    case 0b1001 {{ x data[3]; }}
    default {{ }}
  }}
}}

for uint[32] round in [1:2] {{
  reset data;
  before = cycle(data, ancilla);
  {error}
  for int[32] i in [1:m] {{
    layer = cycle(data, ancilla);
    correct(uint[4](layer[0:3] ^ before[0:3]), data);
  }}
  outcomes = measure data;
  if (outcomes[0] ^ outcomes[1] ^ outcomes[2]) failures += 1;
}}
failed = failures;
"""


def msd(broken: int = 0) -> str:
    """Return 15-to-1 magic state distillation until two succeed, and two rotations by them.

    The state number `broken` (1 to 15) of the first attempt has a phase error, which is always
    noticed: then `attempts` is 3, otherwise 2. Two turns by -pi/4, then pi/2, leave 0 in `c`.
    """
    return f"""{HEAD}
const int[32] buffer_size = 2;

// Turns the parity of the qubits in `mask` by pi/4, at the price of one magic state.
def turn(uint[5] mask, qubit magic, qubit[5] code) {{
  bit outcome;
  for int k in [0:4] {{ if (bool(mask[k])) cx code[k], magic; }}
  outcome = measure magic;
  if (outcome == 1) {{
    reset magic;
    for int k in [0:4] {{ if (bool(mask[k])) cx code[k], magic; }}
    s magic;
    for int k in [0:4] {{ if (bool(mask[k])) cx code[k], magic; }}
  }}
}}
// Leaves the better state in code[4]; the other four must come back as they were.
def distill(int[32] broken, qubit[5] code, qubit magic) -> bool {{
  bit[4] checks;
  reset code;
  h code;
  for uint[5] mask in [17:31] {{
    reset magic;
    h magic;
    t magic;
    if (mask == broken + 16) z magic;
    turn(mask, magic, code);
  }}
  h code[0:3];
  checks = measure code[0:3];
  return checks == "0000";
}}
def fill(int[32] broken, qubit[6] work, qubit[buffer_size] buffer) -> int[32] {{
  int[32] attempts = 0;
  let code = work[0:4];
  for int[32] address in [0:buffer_size - 1] {{
    bool success = false;
    while (!success) {{
      int[32] bad = 0;
      if (attempts == 0) bad = broken;
      success = distill(bad, code, work[5]);
      attempts += 1;
    }}
    swap code[4], buffer[address];
  }}
  return attempts;
}}
def consume(int[32] address, qubit[buffer_size] buffer, qubit q) {{
  bit outcome;
  cx q, buffer[address];
  outcome = measure buffer[address];
  if (outcome == 1) inv @ s q;
}}

qubit[6] workspace;
qubit[buffer_size] buffer;
qubit q;
bit c;
int[32] address = 0;
output int[32] attempts;
attempts = fill({broken}, workspace, buffer);
h q;
while (address < buffer_size) {{
  consume(address, buffer, q);
  address += 1;
}}
s q;
h q;
c = measure q;
"""


def vqe(rounds: int) -> str:
    """Return the estimation of <XX>, <YY> and <ZZ> (`term` 0, 1, 2) of cos(t/2)|00> + sin(t/2)|11>.

    Each Pauli operator is measured `rounds` times within a shot; `energy` is the mean of +-1.
    """
    return f"""{HEAD}
const int[32] n = 2;
const int[32] prec = 32;
const int[32] rounds = {rounds};
input array[angle[prec], n] thetas;
input int[32] term;
output float[64] energy;
qubit[n] q;

gate entangler a, b {{ cx a, b; }}

def xmeasure(qubit q) -> bit {{ h q; return measure q; }}

def ymeasure(qubit q) -> bit {{ inv @ s q; h q; return measure q; }}

// The first n bits are the X part of the operator, the others its Z part.
def pauli_measurement(bit[2 * n] spec, qubit[n] q) -> bit {{
  bit b = 0;
  for uint[prec] i in [0:n - 1] {{
    bit temp = 0;
    if (spec[i] == 1 && spec[n + i] == 0) {{ temp = xmeasure(q[i]); }}
    if (spec[i] == 0 && spec[n + i] == 1) {{ temp = measure q[i]; }}
    if (spec[i] == 1 && spec[n + i] == 1) {{ temp = ymeasure(q[i]); }}
    b ^= temp;
  }}
  return b;
}}
def trial(readonly array[angle[prec], #dim = 1] thetas, qubit[n] q) {{
  reset q;
  for uint i in [0:sizeof(thetas) - 1] {{ ry(thetas[i]) q[i]; }}
  entangler q[0], q[1];
}}

bit[2 * n] spec;
switch (term) {{
  case 0 {{ spec = "0011"; }}
  case 1 {{ spec = "1111"; }}
  default {{ spec = "1100"; }}
}}
uint[prec] ones = 0;
for uint i in [1:rounds] {{
  bit parity;
  trial(thetas, q);
  parity = pauli_measurement(spec, q);
  if (parity) ones += 1;
}}
energy = 1 - 2.0 * ones / rounds;
"""
