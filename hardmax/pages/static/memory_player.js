// Plays runs of a program on a memory; where the page can interpret the program, of any memory.

const program = data.program ? JSON.parse(data.program) : null;

const LARGEST_MEMORY = 256;
const MOST_STEPS = 2000;

function budget(size) {
  return Math.min(data.budget[0] * size + data.budget[1], MOST_STEPS);
}

function words(run) {
  return `after ${plural(run.timesteps.length, "timestep")}: ${data.statuses[run.status]}`;
}

// The state at the start of a timestep, or at the end of the run.
function frame(step) {
  const run = now.run;
  if (step < run.timesteps.length) {
    return run.timesteps[step];
  }
  return { memory: run.memory, registers: run.registers || null, accesses: [], end: true };
}

function showMemory(shown, before) {
  const list = $("cells");
  list.replaceChildren();
  shown.memory.forEach((value, cell) => {
    const item = element("li", "");
    const reads = shown.accesses.filter(([gate, p]) => gate === "READ" && p === cell);
    const writes = shown.accesses.filter(([gate, p]) => gate === "WRITE" && p === cell);
    const same = writes.every(([, , written]) => written === value);
    item.append(element("span", cell, "index"), element("span", value, "value"));
    const marks = element("span", "", "marks");
    if (reads.length) {
      marks.append(element("span", "↓ read", "read"));
    }
    if (writes.length) {
      const written = writes[writes.length - 1][2];
      marks.append(element("span", `${same ? "=" : "↑"} ${written}`, "write"));
    }
    item.append(marks);
    item.classList.toggle("is-read", reads.length > 0);
    item.classList.toggle("is-written", writes.length > 0);
    item.classList.toggle("changed", before !== null && before.memory[cell] !== value);
    let said = `cell ${cell}: ${value}`;
    if (now.answer && cell in now.answer) {
      const right = now.answer[cell] === value;
      item.classList.add("answer");
      item.classList.toggle("right", right);
      item.classList.toggle("wrong", Boolean(shown.end) && !right);
      said += `, part of the answer, which is ${now.answer[cell]}`;
    }
    item.title = said;
    list.append(item);
  });
}

function showRegisters(shown) {
  const list = $("registers");
  list.replaceChildren();
  (shown.registers || []).forEach((value, register) => {
    const item = element("li", "", ...(value === 0 ? ["zero"] : []));
    item.append(element("span", `r${register + 1}`, "index"), element("span", value, "value"));
    list.append(item);
  });
}

function access([gate, ...values]) {
  if (gate === "READ") {
    return values.length > 1 ? `READ cell ${values[0]}: ${values[1]}` : `READ cell ${values[0]}`;
  }
  return `WRITE ${values[1]} to cell ${values[0]}`;
}

function said(step) {
  const shown = frame(step);
  if (!shown.end) {
    const circuit = shown.circuit === undefined ? "" : `, circuit ${shown.circuit}`;
    const uses = shown.accesses.map(access).join("; ");
    return `Timestep ${step + 1} of ${now.run.timesteps.length}${circuit}. ${uses ? `${uses}.` : ""}`;
  }
  const over = `Over, ${words(now.run)}.`;
  if (!now.answer) {
    return over;
  }
  const right = Object.entries(now.answer).every(([cell, value]) => shown.memory[cell] === value);
  return `${over} The answer is ${right ? "right" : "wrong"}.`;
}

// The value of every operation of the circuit that runs, beside the statement that computes it.
function showValues(shown) {
  document.querySelectorAll(".statements .computed").forEach((cell) => cell.replaceChildren());
  if (shown.end || shown.values === undefined) {
    return;
  }
  const rows = document.querySelectorAll(`#circuit-${shown.circuit} .statements .computed`);
  const { operations } = program.circuits[shown.circuit];
  operations.forEach(([gate], i) => {
    if (gate !== "WRITE" && rows[i]) {
      rows[i].textContent = shown.values[program.registers + i];
    }
  });
}

function showCircuit(number) {
  document.querySelectorAll(".circuit").forEach((part) => {
    part.classList.toggle("shown", part.id === `circuit-${number}`);
  });
  document.querySelectorAll("#tabs button").forEach((tab) => {
    tab.setAttribute("aria-pressed", String(tab.dataset.circuit === String(number)));
  });
}

function light(selector, on) {
  document.querySelectorAll(selector).forEach((part) => part.classList.toggle("lit", on));
}

// Light where the run is: in the drawing of states, and in the pseudocode.
function showPlace(shown, next) {
  light(".states .node.lit, .states .edge.lit, .code .lit", false);
  if (shown.end || shown.bits === undefined) {
    if (shown.end && now.run.status === 0) {
      light('.states .node[data-name="halt"]', true);
    }
    return;
  }
  const [name, node] = data.places[`${shown.state} ${shown.bits}`];
  light(`.states .node[data-name="${name}"]`, true);
  const after = next.end ? null : data.places[`${next.state} ${next.bits}`];
  const head = after ? after[0] : "halt";
  light(`.states .edge[data-tail="${name}"][data-head="${head}"]`, true);
  const bits = next.registers ? zeroBits(next.registers) : null;
  document.querySelectorAll(`.code [data-node="${node}"] [data-mask]`).forEach((row) => {
    const taken = bits !== null && (bits & Number(row.dataset.mask)) === Number(row.dataset.bits);
    row.classList.toggle("lit", taken);
  });
  const code = document.querySelector(`.code [data-node="${node}"]`);
  const pane = document.querySelector(".code");
  if (code && pane.scrollHeight > pane.clientHeight) {
    pane.scrollTop = code.offsetTop - 8;
  }
}

function draw(step) {
  const shown = frame(step);
  showMemory(shown, step > 0 ? frame(step - 1) : null);
  showRegisters(shown);
  if (program) {
    showValues(shown);
    showPlace(shown, frame(Math.min(step + 1, now.run.timesteps.length)));
    if (!shown.end) {
      showCircuit(shown.circuit);
    }
  }
  if (soft) {
    showSoft();
  }
}

// The memory that somebody typed; throws what is wrong with it.
function typed(text) {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  if (parts.length === 0) {
    throw new Error("Expected numbers with blanks between them, found none.");
  }
  if (parts.length > LARGEST_MEMORY) {
    throw new Error(`Expected at most ${LARGEST_MEMORY} cells, found ${parts.length}.`);
  }
  return parts.map((part, cell) => {
    if (!/^\d+$/.test(part) || Number(part) >= parts.length) {
      throw new Error(
        `Expected a number 0 to ${parts.length - 1} in each of ${parts.length} cells, ` +
          `found ${part} in cell ${cell}.`,
      );
    }
    return Number(part);
  });
}

// Soft beside discretized: of the first example only, whose soft run is in the page.
const soft = data.soft
  ? {
      memory: unpacked(data.soft.memory),
      registers: unpacked(data.soft.registers),
      decisions: unpacked(data.soft.decisions),
      run: runNram(program, data.examples[0].input, budget(data.soft.size)),
    }
  : null;

function hardFrame(step) {
  const { run } = soft;
  return step < run.timesteps.length ? run.timesteps[step] : run;
}

function showSoft() {
  const { size, steps, names, registers_count: registers } = data.soft;
  const step = now.example === 0 ? Math.min(now.step, steps) : steps;
  const at = (value, cell) => soft.memory[(step * size + cell) * size + value];
  const is = (value, cell) => (hardFrame(step).memory[cell] === value ? 1 : 0);
  drawHeat($("soft-memory"), size, size, at);
  drawHeat($("hard-memory"), size, size, is);
  drawHeat($("difference-memory"), size, size, (v, c) => Math.abs(at(v, c) - is(v, c)), { accent: true });
  $("soft-step").textContent = step === steps ? "at the end" : `at the start of timestep ${step + 1}`;
  const register = (row, column) =>
    soft.registers[(column * registers + Math.floor(row / size)) * size + (row % size)];
  const exactly = (row, column) =>
    hardFrame(column).registers[Math.floor(row / size)] === row % size ? 1 : 0;
  const groups = Array.from({ length: registers - 1 }, (_, i) => (i + 1) * size);
  const options = { groups, now: step, cellHeight: size > 16 ? 3 : 6 };
  drawHeat($("soft-registers"), registers * size, steps + 1, register, options);
  drawHeat($("hard-registers"), registers * size, steps + 1, exactly, options);
  drawHeat(
    $("difference-registers"),
    registers * size,
    steps + 1,
    (row, column) => Math.abs(register(row, column) - exactly(row, column)),
    { ...options, accent: true },
  );
  drawHeat(
    $("decisions"),
    names.length,
    steps,
    (row, column) => (data.soft.decisions.live[row][column] ? soft.decisions[row * steps + column] : NaN),
    { now: step, cellHeight: 18 },
  );
}

document.querySelectorAll("#tabs button").forEach((tab) => {
  tab.addEventListener("click", () => showCircuit(tab.dataset.circuit));
});
play({
  milliseconds: 900,
  run: (memory, example) => {
    now.run = (example && example.run) || runNram(program, memory, budget(memory.length));
  },
  last: () => now.run.timesteps.length,
  place: (step) => {
    const total = now.run.timesteps.length;
    return step === total ? `end of ${total}` : `${step + 1} of ${total}`;
  },
  said,
  draw,
  written: (memory) => memory.join(" "),
  read: typed,
});

// For tests, and for whoever is curious in the console.
window.hardmax = {
  play: now,
  interpret: (text, memory, steps) => runNram(JSON.parse(text), memory, steps),
};
