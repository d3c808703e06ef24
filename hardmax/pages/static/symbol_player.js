// Plays runs of a machine that answers symbols with symbols.

const program = data.program;

const MOST_STEPS = 400;
const ENDED = { OVERFLOW: "a structure is full", UNREACHABLE_ROW: "no row says what to do" };

function interpret(symbols, capacity = 2 * symbols.length + 1) {
  return runStack(program, symbols, capacity);
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
  const cells = row.reads.map((cell) => (cell === 0 ? "nothing" : cell - 1));
  const reads = cells.map((cell, i) => (cells.length > 1 ? `${data.cells[i]} ${cell}` : cell)).join(", ");
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
  if (!now.wanted) {
    return over;
  }
  const count = now.wanted.size;
  const bad = [...now.wanted].filter(([step, symbol]) => rows[step].output !== symbol).length;
  return bad
    ? `${over} ${plural(bad, "output")} of ${count} that count are wrong.`
    : `${over} All ${plural(count, "output")} that count are right.`;
}

function drawTape() {
  const { rows } = now.run;
  $("tape").replaceChildren(
    ...now.input.map((symbol, step) => {
      const item = document.createElement("li");
      const made = step < now.step;
      item.append(
        element("span", step + 1, "index"),
        element("span", program.alphabet[symbol], "input"),
        element("span", made ? outputOf(rows[step]) : "", "value"),
      );
      item.classList.toggle("now", step === now.step);
      if (now.wanted && now.wanted.has(step)) {
        item.classList.add("answer");
        if (made) {
          item.classList.add(now.wanted.get(step) === rows[step].output ? "right" : "wrong");
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

// Light the line of the program by which the next step is made.
function lightLine(row) {
  const number = row ? data.transitions[keyOf(row.state, row.input, row.reads)] : null;
  document.querySelectorAll(".transitions [data-transition]").forEach((line) => {
    line.classList.toggle("lit", line.dataset.transition === String(number));
  });
  const lit = document.querySelector(".transitions .lit");
  const pane = document.querySelector(".lines");
  if (lit && pane.scrollHeight > pane.clientHeight) {
    pane.scrollTop = lit.offsetTop - pane.clientHeight / 2;
  }
}

function draw(step) {
  drawTape();
  lightLine(now.run.rows[step]);
  $("structures").replaceChildren(...now.run.moments[step].structures.map(drawStructure));
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

$("alphabet").textContent = program.alphabet.join(" ");
play({
  milliseconds: 600,
  run: (inputs) => {
    now.run = interpret(inputs);
    now.wanted = now.answer && new Map(now.answer);
  },
  last: () => now.run.rows.length,
  place: (step) => `${step} of ${now.run.rows.length}`,
  said: (step) => (step === now.run.rows.length ? verdict() : describe(now.run.rows[step])),
  draw,
  written: (inputs) => inputs.map((symbol) => program.alphabet[symbol]).join(" "),
  read: typed,
});

// For tests, and for whoever is curious in the console.
window.hardmax = { play: now, interpret };
