// The discretized Neural Turing Machine: what hardmax/runtime/ntm/interpreter.py and
// hardmax/runtime/float32.py say, in a page, to the last bit. Programs are those of
// NtmProgram.to_json(), parsed.

// Rounds to binary32. One operation on such numbers, made in binary64 and then rounded, is that
// operation in binary32.
const f = Math.fround;

const LARGEST_EXPONENT = 80;
const LOG2_E = f(1.44269502162933349609375);
const LN2_HIGH = f(0.693359375);
const LN2_LOW = f(-2.12194442981854081154e-4);
const ROUNDER = 12582912;
const ROUNDER_BITS = 0x4b400000;
const COEFFICIENTS = [5040, 720, 120, 24, 6, 2, 1, 1].map((factorial) => f(1 / factorial));
const EPSILON = f(1e-8);

const bitsOfFloat = new Float32Array(1);
const bitsOfInteger = new Int32Array(bitsOfFloat.buffer);

function exponential(x) {
  const shifted = f(f(x * LOG2_E) + ROUNDER);
  const n = f(shifted - ROUNDER);
  const r = f(f(x - f(n * LN2_HIGH)) - f(n * LN2_LOW));
  let power = COEFFICIENTS[0];
  for (const coefficient of COEFFICIENTS.slice(1)) {
    power = f(f(power * r) + coefficient);
  }
  bitsOfFloat[0] = shifted;
  bitsOfInteger[0] = (bitsOfInteger[0] - ROUNDER_BITS + 127) << 23;
  return f(power * bitsOfFloat[0]);
}

function sigmoid(x) {
  const clamped = Math.max(-LARGEST_EXPONENT, Math.min(LARGEST_EXPONENT, x));
  return f(1 / f(1 + exponential(-clamped)));
}

function tanh(x) {
  const size = Math.min(Math.abs(x), LARGEST_EXPONENT / 2);
  const e = exponential(-f(size + size));
  const t = f(f(1 - e) / f(1 + e));
  return x < 0 ? -t : t;
}

function floats(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

// The outputs of a layer: the bias, then input after input is added.
function layer(program, name, x) {
  const weight = program[`${name}.weight`];
  const total = program[`${name}.bias`].slice();
  const width = total.length;
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < width; j++) {
      total[j] = total[j] + f(x[i] * weight[i * width + j]);
    }
  }
  return total;
}

function dot(a, b) {
  let total = 0;
  for (let i = 0; i < a.length; i++) {
    total = f(total + f(a[i] * b[i]));
  }
  return total;
}

function first(values) {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
}

function search(key, memory) {
  const length = f(Math.sqrt(dot(key, key)));
  return first(
    memory.map((row) =>
      f(dot(key, row) / f(f(length * f(Math.sqrt(dot(row, row)))) + EPSILON)),
    ),
  );
}

// A program with its weights as numbers.
function prepared(document) {
  const program = { ...document };
  for (const [name, value] of Object.entries(document)) {
    if (/\.(weight|bias)$/.test(name) || name === "initial_row" || name === "initial_reads") {
      program[name] = floats(value);
    }
  }
  return program;
}

function rowsFor(rule, steps) {
  return rule.constant + (rule.steps_per_row ? Math.floor(steps / rule.steps_per_row) : 0);
}

// Run a prepared program on a sequence of rows of numbers, with a memory of so many rows.
// Returns for each step its outputs, where every head stands, and the memory after it.
function runNtm(program, sequence, rows) {
  const width = program.width;
  const hidden = program.hidden;
  const memory = Array.from({ length: rows }, () => program.initial_row.slice());
  const heads = [
    ...Array.from({ length: program.write_heads }, (_, i) => [`write_head_${i}`, true]),
    ...Array.from({ length: program.read_heads }, (_, i) => [`read_head_${i}`, false]),
  ];
  const addresses = heads.map(() => 0);
  let reads = program.initial_reads;
  let h = new Float32Array(hidden);
  let c = new Float32Array(hidden);
  return sequence.map((inputs) => {
    const seen = [...inputs.map(f), ...reads];
    if (program.controller === "lstm") {
      const gates = layer(program, "controller", [...seen, ...h]);
      const part = (number, j) => gates[number * hidden + j];
      c = c.map((cell, j) =>
        f(f(sigmoid(part(0, j)) * cell) + f(sigmoid(part(1, j)) * tanh(part(3, j)))),
      );
      h = c.map((cell, j) => f(sigmoid(part(2, j)) * tanh(cell)));
    } else {
      h = layer(program, "controller", seen).map(tanh);
    }
    const found = [];
    heads.forEach(([name, writes], number) => {
      const told = layer(program, name, h);
      const base =
        told[width] > 0 ? search(told.slice(0, width).map(tanh), memory) : addresses[number];
      const shift = first(told.slice(width + 1, width + 4)) - 1;
      addresses[number] = (base + shift + rows) % rows;
      const row = memory[addresses[number]];
      if (writes) {
        const erase = told.slice(width + 4, 2 * width + 4);
        const add = told.slice(2 * width + 4);
        memory[addresses[number]] = row.map((value, j) =>
          f(f(value * f(1 - sigmoid(erase[j]))) + tanh(add[j])),
        );
      } else {
        found.push(...row);
      }
    });
    reads = found;
    const outputs = layer(program, "output", [...h, ...reads]).map(sigmoid);
    return {
      outputs: [...outputs],
      addresses: addresses.slice(),
      memory: memory.map((row) => [...row]),
    };
  });
}
