// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a model with ONNX Runtime. Reads a request from stdin, a JSON object:
//   model     path of the file
//   library   path of the npm package onnxruntime-node
//   threads   number of threads
//   optimize  whether graphs are optimized
//   runs      one entry a call: {inputs: {name: {file, type, dims}}, outputs: {name: file}}
// Files hold the bare bytes of a tensor. Writes {"outputs": [{name: {type, dims}}, ...]} to stdout.
const fs = require('fs');

const arrays = {
  float32: Float32Array, float64: Float64Array, int64: BigInt64Array, int32: Int32Array,
  uint8: Uint8Array, bool: Uint8Array,
};

function readTensor(ort, {file, type, dims}) {
  const bytes = fs.readFileSync(file);
  const aligned = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  return new ort.Tensor(type, new arrays[type](aligned), dims);
}

function writeTensor(file, tensor) {
  const {buffer, byteOffset, byteLength} = tensor.data;
  fs.writeFileSync(file, Buffer.from(buffer, byteOffset, byteLength));
  return {type: tensor.type, dims: tensor.dims};
}

async function call(ort, session, {inputs, outputs}) {
  const feeds = {};
  for (const [name, input] of Object.entries(inputs)) feeds[name] = readTensor(ort, input);
  const results = await session.run(feeds, Object.keys(outputs));
  const written = {};
  for (const [name, file] of Object.entries(outputs)) written[name] = writeTensor(file, results[name]);
  return written;
}

async function main() {
  const request = JSON.parse(fs.readFileSync(0, 'utf8'));
  const ort = require(request.library);
  const session = await ort.InferenceSession.create(request.model, {
    graphOptimizationLevel: request.optimize ? 'all' : 'disabled',
    intraOpNumThreads: request.threads,
    logSeverityLevel: 3,
  });
  const outputs = [];
  for (const run of request.runs) outputs.push(await call(ort, session, run));
  process.stdout.write(JSON.stringify({outputs}));
}

main().catch((error) => {
  console.error(String(error.message || error));
  process.exit(1);
});
