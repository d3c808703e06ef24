// The harness of ntm.c for WebAssembly: node ntm.mjs program.wasm < requests > answers

import { readFileSync, writeFileSync } from "node:fs";

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]));
const { memory, hardmax_metadata, hardmax_ntm_run, hardmax_ntm_state_size, __heap_base } =
  instance.exports;
const text = Buffer.from(memory.buffer).subarray(hardmax_metadata());
const metadata = JSON.parse(text.subarray(0, text.indexOf(0)).toString());
const requests = readFileSync(0);
const answers = [];

for (let at = 0; at < requests.length; ) {
  const rows = requests.readUInt32LE(at);
  const steps = requests.readUInt32LE(at + 4);
  const length = 4 * steps * metadata.input_width;
  const inputs = (__heap_base.value + 7) & ~7;
  const outputs = inputs + length;
  const addresses = outputs + 4 * steps * metadata.output_width;
  const state = addresses + 4 * steps * metadata.heads;
  const end = state + Number(hardmax_ntm_state_size(rows));
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  const bytes = Buffer.from(memory.buffer);
  requests.copy(bytes, inputs, at + 8, at + 8 + length);
  const status = Buffer.alloc(4);
  status.writeInt32LE(hardmax_ntm_run(inputs, BigInt(steps), rows, state, outputs, addresses));
  answers.push(status, Buffer.from(bytes.subarray(outputs, state)));
  at += 8 + length;
}
writeFileSync(1, Buffer.concat(answers));
