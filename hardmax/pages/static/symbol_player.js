// Plays runs of a machine that answers symbols: step by step, by slider, buttons and keys.

const data = JSON.parse(document.getElementById("data").textContent);
const program = data.program;
const $ = (id) => document.getElementById(id);

const MILLISECONDS_A_STEP = 600;
const MOST_STEPS = 400;
const ENDED = { OVERFLOW: "a structure is full", UNREACHABLE_ROW: "no row says what to do" };

const now = { example: 0, inputs: [], answer: null, run: null, step: 0, timer: null };

function interpret(symbols, capacity = 2 * symbols.length + 1) {
  return runStack(program, symbols, capacity);
}

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function element(name, text, ...classes) {
  const made = document.createElement(name);
  made.textContent = text;
  made.classList.add(...classes);
  return made;
}

function outputOf(row) {
  return program.output_alphabet[row.output];
}

// What an operation does to a structure, in words; nothing where it does nothing.
function worded(operation, number) {
  const kind = program.structures[number];
  const name = data.structures[number];
  const whole = name === kind ? `the ${name}` : name;
  const top = kind === "deque" ? `the top of ${whole}` : whole;
  const bottom = `the ${kind === "queue" ? "back" : "bottom"} of ${whole}`;
  return [
    operation.pop_top && `pop ${top}`,
    operation.pop_bottom && `pop ${bottom}`,
    operation.push_top !== undefined && `push ${operation.push_top} on ${top}`,
    operation.push_bottom !== undefined && `push ${operation.push_bottom} at ${bottom}`,
  ].filter(Boolean);
}

function describe(row) {
  const symbol = program.alphabet[row.input];
  const reads = row.reads.map((cell) => (cell === 0 ? "nothing" : cell - 1)).join(", ");
  const done = row.operations.flatMap(worded);
  const state = program.states > 1 ? `In state ${row.state}, on` : "On";
  const next = program.states > 1 ? `; go to state ${row.next_state}` : "";
  const operations = done.length ? `${done.join(", ")}; ` : "";
  return `${state} input ${symbol}, reading ${reads}: ${operations}put out ${outputOf(row)}${next}.`;
}

function verdict() {
  const { rows, status } = now.run;
  if (status !== "HALTED") {
    return `Stopped after ${plural(rows.length, "step")}: ${ENDED[status]}.`;
  }
  const over = `Over after ${plural(rows.length, "step")}.`;
  if (!now.answer) {
    return over;
  }
  const count = now.answer.size;
  const bad = [...now.answer].filter(([step, symbol]) => rows[step].output !== symbol).length;
  return bad
    ? `${over} ${plural(bad, "output")} of ${count} that count are wrong.`
    : `${over} All ${plural(count, "output")} that count are right.`;
}

function drawTape() {
  const { rows } = now.run;
  $("tape").replaceChildren(
    ...now.inputs.map((symbol, step) => {
      const item = document.createElement("li");
      const made = step < now.step;
      item.append(
        element("span", step + 1, "index"),
        element("span", program.alphabet[symbol], "input"),
        element("span", made ? outputOf(rows[step]) : "", "value"),
      );
      item.classList.toggle("now", step === now.step);
      if (now.answer && now.answer.has(step)) {
        item.classList.add("answer");
        if (made) {
          item.classList.add(now.answer.get(step) === rows[step].output ? "right" : "wrong");
        }
      }
      return item;
    }),
  );
}

// The cells of a structure, the top first: how far from an end, and what the next step does there.
function drawStructure(held, number) {
  const kind = program.structures[number];
  const depth = program.depths[number];
  const row = now.run.rows[now.step];
  const operation = row ? row.operations[number] : {};
  const list = element("ol", "", "cells", kind === "stack" ? "column" : "line");
  if (kind === "stack") {
    // As high as it becomes in this run, so that the page stands still.
    const tallest = Math.max(...now.run.moments.map(({ structures }) => structures[number].length));
    list.style.minHeight = `${Math.max(tallest, 1) * 1.75}rem`;
  }
  const last = held.length - 1;
  const [topName, bottomName] = kind === "queue" ? ["front", "back"] : ["top", "bottom"];
  [...held].reverse().forEach((value, i) => {
    const item = document.createElement("li");
    const place = i === 0 ? topName : i === last && kind !== "stack" ? bottomName : "";
    const popped = (operation.pop_top && i === 0) || (operation.pop_bottom && i === last);
    item.append(
      element("span", place, "index"),
      element("span", value, "value"),
      element("span", popped ? "pop" : "", "marks", "write"),
    );
    item.classList.toggle("is-read", i < depth || (kind === "deque" && last - i < depth));
    item.classList.toggle("is-written", Boolean(popped));
    list.append(item);
  });
  const figure = element("figure", "", ...(kind === "stack" ? [] : ["long"]));
  const size = held.length ? plural(held.length, "cell") : "empty";
  figure.append(element("figcaption", `${data.structures[number]}: ${size}`), list);
  return figure;
}

function show(step) {
  const last = now.run.rows.length;
  now.step = Math.max(0, Math.min(step, last));
  $("slider").max = last;
  $("slider").value = now.step;
  $("slider").setAttribute("aria-valuetext", `after ${plural(now.step, "step")}`);
  $("first").disabled = $("back").disabled = now.step === 0;
  $("forward").disabled = $("last").disabled = now.step === last;
  $("place").textContent = `${now.step} of ${last}`;
  $("said").textContent = now.step === last ? verdict() : describe(now.run.rows[now.step]);
  drawTape();
  $("structures").replaceChildren(...now.run.moments[now.step].structures.map(drawStructure));
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
  if (now.step === now.run.rows.length) {
    show(0);
  }
  $("play").textContent = "Pause";
  now.timer = setInterval(() => show(now.step + 1), MILLISECONDS_A_STEP);
}

function start(inputs, example) {
  pause();
  now.example = example;
  now.inputs = inputs;
  now.answer = example < 0 ? null : new Map(data.examples[example].answer);
  now.run = interpret(inputs);
  $("refused").textContent = "";
  $("input").value = inputs.map((symbol) => program.alphabet[symbol]).join(" ");
  $("answer-note").hidden = now.answer !== null;
  $("answer-key").hidden = now.answer === null;
  show(0);
}

// The symbols that somebody typed, by number; throws what is wrong with them.
function typed(text) {
  const words = text.split(/\s+/).filter(Boolean);
  if (words.length === 0 || words.length > MOST_STEPS) {
    throw new Error(`Expected 1 to ${MOST_STEPS} symbols, found ${words.length || "none"}.`);
  }
  return words.map((word, i) => {
    const symbol = program.alphabet.indexOf(word);
    if (symbol < 0) {
      throw new Error(`Expected one of the symbols, found ${word} as number ${i + 1}.`);
    }
    return symbol;
  });
}

function edit(event) {
  event.preventDefault();
  try {
    const inputs = typed($("input").value);
    start(inputs, data.examples.findIndex((one) => String(one.inputs) === String(inputs)));
  } catch (error) {
    $("refused").textContent = error.message;
  }
}

function pressed(event) {
  const target = event.target;
  if (target.matches("select, #input, summary") || event.altKey || event.ctrlKey) {
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

$("alphabet").textContent = program.alphabet.join(" ");
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
$("examples").addEventListener("change", (event) => {
  const number = Number(event.target.value);
  start(data.examples[number].inputs, number);
});
$("edit").addEventListener("submit", edit);
start(data.examples[0].inputs, 0);

// For tests, and for whoever is curious in the console.
window.hardmax = { play: now, interpret };
