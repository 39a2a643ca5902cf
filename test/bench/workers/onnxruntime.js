// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Times ONNX Runtime: node test/bench/workers/onnxruntime.js PACKAGE MODEL FOLDER THREADS
const fs = require('fs');
const path = require('path');
const readline = require('readline');

const arrays = {'<f4': ['float32', Float32Array], '<i8': ['int64', BigInt64Array], '|b1': ['bool', Uint8Array]};

function readNpy(ort, file) {
  const bytes = fs.readFileSync(file);
  const start = bytes[6] === 1 ? 10 + bytes.readUInt16LE(8) : 12 + bytes.readUInt32LE(8);
  const header = bytes.toString('latin1', 10, start);
  const [type, array] = arrays[/'descr': '([^']*)'/.exec(header)[1]];
  const dims = /'shape': \(([^)]*)\)/.exec(header)[1].split(',').filter((d) => d.trim()).map(Number);
  const data = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length);
  return new ort.Tensor(type, new array(data), dims);
}

function resident(field) {
  const line = fs.readFileSync('/proc/self/status', 'utf8').split('\n').find((one) => one.startsWith(field));
  return Number(line.split(/\s+/)[1]) * 1024;
}

async function main([library, model, folder, threads]) {
  const ort = require(library);
  const inputs = {};
  for (const file of fs.readdirSync(folder))
    if (/^in\..*\.npy$/.test(file)) inputs[file.slice(3, -4)] = readNpy(ort, path.join(folder, file));
  fs.writeFileSync('/proc/self/clear_refs', '5');
  const before = resident('VmRSS');
  const started = performance.now();
  const session = await ort.InferenceSession.create(model, {
    graphOptimizationLevel: 'all', intraOpNumThreads: Number(threads), interOpNumThreads: 1,
    executionMode: 'sequential', logSeverityLevel: 3,
  });
  console.log(JSON.stringify({open_ms: performance.now() - started}));
  for await (const line of readline.createInterface({input: process.stdin})) {
    const times = [], start = performance.now(), most = 1e3 * Number(line);
    let last = start;
    do {
      await session.run(inputs);
      const now = performance.now();
      times.push(now - last);
      last = now;
    } while (last - start < most);
    console.log(JSON.stringify({times_ms: times, peak_bytes: resident('VmHWM') - before}));
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(String(error.message || error));
  process.exit(1);
});
