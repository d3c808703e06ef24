// The harness of harness.c for WebAssembly: node harness.mjs program.wasm < requests > answers

import { readFileSync, writeFileSync } from "node:fs";

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]));
const { memory, hardmax_run_batch, __heap_base } = instance.exports;
const requests = readFileSync(0);
const answers = [];

for (let at = 0; at < requests.length; ) {
  const size = requests.readUInt32LE(at);
  const count = requests.readUInt32LE(at + 4);
  const maxSteps = requests.readBigUInt64LE(at + 8);
  const length = 4 * (size * count + 2);
  const tape = (__heap_base.value + 7) & ~7;
  const steps = (tape + length + 7) & ~7;
  const statuses = steps + 8 * count;
  const end = statuses + 4 * count;
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  const bytes = Buffer.from(memory.buffer);
  requests.copy(bytes, tape, at + 16, at + 16 + length);
  hardmax_run_batch(tape + 4, size, BigInt(count), maxSteps, steps, statuses);
  answers.push(Buffer.from(bytes.subarray(tape, tape + length)));
  answers.push(Buffer.from(bytes.subarray(steps, end)));
  at += 16 + length;
}
writeFileSync(1, Buffer.concat(answers));
