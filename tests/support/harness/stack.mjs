// The harness of stack.c for WebAssembly: node stack.mjs program.wasm < requests > answers

import { readFileSync, writeFileSync } from "node:fs";

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]));
const { memory, hardmax_stack_run, hardmax_stack_state_size, __heap_base } = instance.exports;
const requests = readFileSync(0);
const answers = [];

for (let at = 0; at < requests.length; ) {
  const capacity = requests.readUInt32LE(at);
  const steps = requests.readUInt32LE(at + 4);
  const done = (__heap_base.value + 7) & ~7;
  const state = done + 8;
  const symbols = state + Number(hardmax_stack_state_size(capacity));
  const outputs = symbols + 4 * steps;
  const missing = outputs + 4 * steps - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  const bytes = Buffer.from(memory.buffer);
  requests.copy(bytes, symbols, at + 8, at + 8 + 4 * steps);
  const status = Buffer.alloc(4);
  status.writeInt32LE(hardmax_stack_run(symbols, BigInt(steps), capacity, state, outputs, done));
  answers.push(status, Buffer.from(bytes.subarray(done, done + 8)));
  answers.push(Buffer.from(bytes.subarray(outputs, outputs + 4 * steps)));
  at += 8 + 4 * steps;
}
writeFileSync(1, Buffer.concat(answers));
