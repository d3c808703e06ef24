// Plays runs of a machine that answers a sequence of numbers with another.

const program = prepared(data.program);

const MOST_STEPS = 400;
const LARGEST_NUMBER = 2 ** 24;

const soft = {
  weightings: unpacked(data.soft.weightings),
  steps: runNtm(program, data.examples[0].input, data.soft.rows),
};

// What the answer wants of an output; null where it wants nothing.
function expected() {
  const wanted = now.steps.map((step) => step.outputs.map(() => null));
  (now.answer || []).forEach(([t, channel, value]) => {
    wanted[t][channel] = value;
  });
  return wanted;
}

function wrong() {
  return now.answer.filter(([t, channel, value]) => now.steps[t].outputs[channel] > 0.5 !== value > 0.5);
}

function said(step) {
  const shown = now.steps[step];
  const places = data.heads.map((head, i) => `${head} head at row ${shown.addresses[i]}`).join(", ");
  const text = `Step ${step + 1} of ${now.steps.length}: ${places}.`;
  const ended = step === now.steps.length - 1 && now.answer;
  if (!ended || !now.answer.every(([, , value]) => value === 0 || value === 1)) {
    return text;
  }
  const bad = wrong().length;
  return bad
    ? `${text} ${plural(bad, "output")} of ${now.answer.length} that count are wrong.`
    : `${text} All ${plural(now.answer.length, "output")} that count are right.`;
}

function draw() {
  const count = now.steps.length;
  const options = { now: now.step, cell: 22 };
  const wanted = expected();
  const largest = Math.max(1, ...now.input.flat().map(Math.abs));
  drawHeat($("inputs"), program.input_width, count, (row, t) => now.input[t][row] / largest, options);
  drawHeat($("outputs"), program.output_width, count, (row, t) => now.steps[t].outputs[row], options);
  drawHeat(
    $("expected"),
    program.output_width,
    count,
    (row, t) => (wanted[t][row] === null ? NaN : wanted[t][row]),
    options,
  );
  const rows = now.steps[0].memory.length;
  const writers = program.write_heads;
  drawHeat($("heads"), rows, count, (row, t) =>
    now.steps[t].addresses.slice(writers).includes(row) ? 1 : 0, { ...options, cellHeight: 10 });
  drawHeat($("heads"), rows, count, (row, t) =>
    now.steps[t].addresses.slice(0, writers).includes(row) ? 1 : 0,
  { ...options, cellHeight: 10, accent: true, over: true });
  drawMemory();
  drawSoft();
}

function drawMemory() {
  const { memory, addresses } = now.steps[now.step];
  const largest = Math.max(1, ...memory.flat().map(Math.abs));
  const options = { cell: 22, cellHeight: 18 };
  drawHeat($("memory"), memory.length, program.width, (row, i) => memory[row][i] / largest, options);
  drawHeat($("memory"), memory.length, program.width, (row, i) => -memory[row][i] / largest, {
    ...options,
    accent: true,
    over: true,
  });
  $("standing").replaceChildren(
    ...memory.map((_, row) => {
      const item = document.createElement("li");
      const here = data.heads.filter((_, i) => addresses[i] === row);
      item.textContent = here.length ? `${row} ← ${here.join(", ")}` : String(row);
      item.classList.toggle("stands", here.length > 0);
      return item;
    }),
  );
}

function drawSoft() {
  const { rows, steps } = data.soft;
  const heads = data.heads.length;
  const options = { now: now.example === 0 ? now.step : undefined, cell: 18 };
  data.heads.forEach((_, head) => {
    const at = (row, t) => soft.weightings[(t * heads + head) * rows + row];
    const is = (row, t) => (soft.steps[t].addresses[head] === row ? 1 : 0);
    drawHeat($(`soft-${head}`), rows, steps, at, options);
    drawHeat($(`hard-${head}`), rows, steps, is, options);
    drawHeat($(`difference-${head}`), rows, steps, (row, t) => Math.abs(at(row, t) - is(row, t)), {
      ...options,
      accent: true,
    });
  });
}

// The sequence that somebody typed; throws what is wrong with it.
function typed(text) {
  const lines = text.split("\n").map((line) => line.split(/[\s,;]+/).filter(Boolean));
  const rows = lines.filter((line) => line.length > 0);
  if (rows.length === 0 || rows.length > MOST_STEPS) {
    throw new Error(`Expected 1 to ${MOST_STEPS} lines, found ${rows.length}.`);
  }
  return rows.map((row, t) => {
    if (row.length !== program.input_width) {
      throw new Error(
        `Expected ${program.input_width} numbers in line ${t + 1}, found ${row.length}.`,
      );
    }
    return row.map((word) => {
      if (!(Math.abs(Number(word)) <= LARGEST_NUMBER)) {
        throw new Error(`Expected a number of at most 2^24 in line ${t + 1}, found ${word}.`);
      }
      return Number(word);
    });
  });
}

play({
  milliseconds: 600,
  run: (inputs) => {
    now.steps = runNtm(program, inputs, rowsFor(program.memory, inputs.length));
  },
  last: () => now.steps.length - 1,
  place: (step) => `${step + 1} of ${now.steps.length}`,
  said,
  draw,
  written: (inputs) => inputs.map((row) => row.join(" ")).join("\n"),
  read: typed,
});

// For tests, and for whoever is curious in the console.
window.hardmax = {
  play: now,
  interpret: (inputs) => runNtm(program, inputs, rowsFor(program.memory, inputs.length)),
};
