import { readFile } from "node:fs/promises";

const { instance } = await WebAssembly.instantiate(await readFile("copy.wasm"));
const { memory: heap, __heap_base, ...program } = instance.exports;

// The program's description of itself, a C string in its memory.
const description = new Uint8Array(heap.buffer, program.copy_metadata());
const text = new TextDecoder().decode(description.subarray(0, description.indexOf(0)));
const { budget } = JSON.parse(text);

const cells = [6, 2, 10, 6, 8, 9, 0, 0, 0, 0, 0, 0];
const address = (__heap_base.value + 7) & ~7;
const missing = address + 4 * cells.length - heap.buffer.byteLength;
if (missing > 0) heap.grow(Math.ceil(missing / 65536));
const memory = new Uint32Array(heap.buffer, address, cells.length);
memory.set(cells);

const maxSteps = BigInt(budget.per_cell * cells.length + budget.constant);
const status = program.copy_run(address, cells.length, maxSteps, 0);
const HALTED = 0; // the one status that means that the answer is there
if (status !== HALTED) throw new Error(`status ${status}`);
console.log(memory.join(" "));
