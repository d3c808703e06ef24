// Machines with stacks, queues and deques: what hardmax/runtime/stack/interpreter.py says, in a page.
// Programs are those of StackProgram.to_json(), parsed.

function keyOf(state, symbol, reads) {
  return `${state} ${symbol} ${reads}`;
}

function tableOf(program) {
  return new Map(program.rows.map((row) => [keyOf(row.state, row.input, row.reads), row]));
}

// The cells that begin a list: 0 where there is none, v + 1 for the value v.
function shown(cells, depth) {
  return Array.from({ length: depth }, (_, i) => (i < cells.length ? cells[i] + 1 : 0));
}

// What the next step reads of structures that hold values, the bottom first.
function readsOf(program, structures) {
  return structures.flatMap((held, i) => {
    const depth = program.depths[i];
    const top = shown(held.slice(-depth).reverse(), depth);
    return program.structures[i] === "deque" ? [...top, ...shown(held, depth)] : top;
  });
}

function operated(held, operation) {
  const cells = held.slice();
  if (operation.pop_top) {
    cells.pop();
  }
  if (operation.pop_bottom) {
    cells.shift();
  }
  if (operation.push_top !== undefined) {
    cells.push(operation.push_top);
  }
  if (operation.push_bottom !== undefined) {
    cells.unshift(operation.push_bottom);
  }
  return cells;
}

// Run symbols, by number, with a capacity for each structure. Returns how the run ended, and for
// each moment the state and the structures: one more moment than completed steps, each of which has
// its row.
function runStack(program, symbols, capacity) {
  const table = tableOf(program);
  const rows = [];
  const moments = [{ state: 0, structures: program.structures.map(() => []) }];
  for (const symbol of symbols) {
    const { state, structures } = moments[rows.length];
    if (!(symbol >= 0 && symbol < program.alphabet.length)) {
      return { rows, moments, status: "INPUT_OUT_OF_RANGE" };
    }
    const row = table.get(keyOf(state, symbol, readsOf(program, structures)));
    if (row === undefined) {
      return { rows, moments, status: "UNREACHABLE_ROW" };
    }
    const after = structures.map((held, i) => operated(held, row.operations[i]));
    if (after.some((held) => held.length > capacity)) {
      return { rows, moments, status: "OVERFLOW" };
    }
    rows.push(row);
    moments.push({ state: row.next_state, structures: after });
  }
  return { rows, moments, status: "HALTED" };
}
