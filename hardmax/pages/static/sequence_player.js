// Plays runs of a machine that answers a sequence: step by step, by slider, buttons and keys.

const data = JSON.parse(document.getElementById("data").textContent);
const program = prepared(data.program);
const $ = (id) => document.getElementById(id);

const MILLISECONDS_A_STEP = 600;
const MOST_STEPS = 400;
const LARGEST_NUMBER = 2 ** 24;

const now = { example: 0, inputs: [], answer: null, steps: [], step: 0, timer: null };
const soft = {
  weightings: unpacked(data.soft.weightings),
  steps: runNtm(program, data.examples[0].inputs, data.soft.rows),
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

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function say() {
  const shown = now.steps[now.step];
  const places = data.heads.map((head, i) => `${head} head at row ${shown.addresses[i]}`).join(", ");
  let text = `Step ${now.step + 1} of ${now.steps.length}: ${places}.`;
  if (now.step === now.steps.length - 1 && now.answer) {
    const bad = wrong().length;
    const binary = now.answer.every(([, , value]) => value === 0 || value === 1);
    if (binary) {
      text += bad
        ? ` ${plural(bad, "output")} of ${now.answer.length} that count are wrong.`
        : ` All ${plural(now.answer.length, "output")} that count are right.`;
    }
  }
  $("said").textContent = text;
  $("place").textContent = `${now.step + 1} of ${now.steps.length}`;
}

function draw() {
  const count = now.steps.length;
  const options = { now: now.step, cell: 22 };
  const wanted = expected();
  const largest = Math.max(1, ...now.inputs.flat().map(Math.abs));
  drawHeat($("inputs"), program.input_width, count, (row, t) => now.inputs[t][row] / largest, options);
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

function show(step) {
  const last = now.steps.length - 1;
  now.step = Math.max(0, Math.min(step, last));
  $("slider").max = last;
  $("slider").value = now.step;
  $("slider").setAttribute("aria-valuetext", `step ${now.step + 1}`);
  $("first").disabled = $("back").disabled = now.step === 0;
  $("forward").disabled = $("last").disabled = now.step === last;
  say();
  draw();
  if (now.step === last) {
    pause();
  }
}

function pause() {
  clearInterval(now.timer);
  now.timer = null;
  $("play").textContent = "Play";
}

function play() {
  if (now.timer !== null) {
    pause();
    return;
  }
  if (now.step === now.steps.length - 1) {
    show(0);
  }
  $("play").textContent = "Pause";
  now.timer = setInterval(() => show(now.step + 1), MILLISECONDS_A_STEP);
}

function start(inputs, answer) {
  pause();
  now.inputs = inputs;
  now.answer = answer;
  now.steps = runNtm(program, inputs, rowsFor(program.memory, inputs.length));
  $("input").value = inputs.map((row) => row.join(" ")).join("\n");
  $("answer-note").hidden = answer !== null;
  show(0);
}

function choose(number) {
  now.example = number;
  $("refused").textContent = "";
  start(data.examples[number].inputs, data.examples[number].answer);
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

function edit(event) {
  event.preventDefault();
  try {
    const inputs = typed($("input").value);
    const example = data.examples.findIndex((one) => String(one.inputs) === String(inputs));
    $("refused").textContent = "";
    now.example = example;
    start(inputs, example < 0 ? null : data.examples[example].answer);
  } catch (error) {
    $("refused").textContent = error.message;
  }
}

function pressed(event) {
  const target = event.target;
  if (target.matches("select, textarea, summary") || event.altKey || event.ctrlKey) {
    return;
  }
  const steps = { ArrowLeft: now.step - 1, ArrowRight: now.step + 1, Home: 0, End: Infinity };
  if (event.key in steps) {
    pause();
    show(steps[event.key]);
  } else if (event.key === " " && !target.matches("button, a")) {
    play();
  } else {
    return;
  }
  event.preventDefault();
}

$("head-names").textContent = "reading in ink, writing in the accent";
$("slider").addEventListener("input", (event) => {
  pause();
  show(Number(event.target.value));
});
$("first").addEventListener("click", () => show(0));
$("back").addEventListener("click", () => show(now.step - 1));
$("play").addEventListener("click", play);
$("forward").addEventListener("click", () => show(now.step + 1));
$("last").addEventListener("click", () => show(Infinity));
document.addEventListener("keydown", pressed);
data.examples.forEach((example, number) => {
  $("examples").append(new Option(example.name, number));
});
$("examples").addEventListener("change", (event) => choose(Number(event.target.value)));
$("edit").addEventListener("submit", edit);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
addEventListener("resize", draw);
choose(0);

// For tests, and for whoever is curious in the console.
window.hardmax = {
  play: now,
  interpret: (inputs) => runNtm(program, inputs, rowsFor(program.memory, inputs.length)),
};
