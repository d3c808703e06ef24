// The discretized Neural Random-Access Machine: what hardmax/runtime/nram/interpreter.py says, in a
// page. Programs are those of Program.to_json(), parsed.

// The integer meaning of every gate but READ and WRITE, for a, b < m.
const MEANINGS = {
  "ZERO": () => 0,
  "ONE": (a, b, m) => 1 % m,
  "TWO": (a, b, m) => 2 % m,
  "INC": (a, b, m) => (a + 1) % m,
  "ADD": (a, b, m) => (a + b) % m,
  "SUB": (a, b, m) => (a - b + m) % m,
  "DEC": (a, b, m) => (a - 1 + m) % m,
  "LESS-THAN": (a, b, m) => (a < b ? 1 % m : 0),
  "LESS-OR-EQUAL-THAN": (a, b, m) => (a <= b ? 1 % m : 0),
  "EQUALITY-TEST": (a, b, m) => (a === b ? 1 % m : 0),
  "MIN": (a, b) => Math.min(a, b),
  "MAX": (a, b) => Math.max(a, b),
};

const HALTED = 0;
const STEP_LIMIT = 1;
const VALUE_OUT_OF_RANGE = -2;
const UNREACHABLE_ROW = -3;

// Bit i is 1 where register i is 0.
function zeroBits(registers) {
  return registers.reduce((bits, value, i) => (value === 0 ? bits | (1 << i) : bits), 0);
}

// Run a program on a copy of a memory.
// Returns the final memory, the completed timesteps and how the run ended; each timestep with memory
// and registers at its start, every value computed in it, and its READs and WRITEs in order.
function runNram(program, given, maxSteps) {
  const memory = given.slice();
  const size = memory.length;
  const timesteps = [];
  let registers = new Array(program.registers).fill(0);
  let state = 0;
  let status = STEP_LIMIT;
  while (status === STEP_LIMIT && timesteps.length < maxSteps) {
    const bits = zeroBits(registers);
    const row = program.table[state][bits];
    if (row === null) {
      status = UNREACHABLE_ROW;
      break;
    }
    const circuit = program.circuits[row[0]];
    const before = memory.slice();
    const values = registers.slice();
    const accesses = [];
    for (const [gate, ...operands] of circuit.operations) {
      const taken = operands.map((operand) => values[operand]);
      if (gate === "READ") {
        const found = memory[taken[0]];
        if (!(found < size)) {
          status = VALUE_OUT_OF_RANGE;
          break;
        }
        accesses.push(["READ", taken[0], found]);
        values.push(found);
      } else if (gate === "WRITE") {
        memory[taken[0]] = taken[1];
        accesses.push(["WRITE", ...taken]);
        values.push(0);
      } else {
        values.push(MEANINGS[gate](taken[0], taken[1], size));
      }
    }
    if (status === VALUE_OUT_OF_RANGE) {
      break;
    }
    timesteps.push({ memory: before, registers, state, bits, circuit: row[0], values, accesses });
    registers = circuit.outputs.map((output) => values[output]);
    state = row[1];
    if (circuit.halt) {
      status = HALTED;
    }
  }
  return { memory, registers, state, status, steps: timesteps.length, timesteps };
}
