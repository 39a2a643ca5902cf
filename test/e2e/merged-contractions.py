# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Contractions of one input that the compiler merges: the same bits as apart, on any number of threads.

A model whose weights something else reads as well keeps its contractions apart. Numbers of rows, of columns and
of what is summed fill registers and do not; biases and readers vary. With `narrow` for a last argument,
with weights in bf16 and in 4 bits as well.

REQUIRES: numpy
RUN: %python %s %t | FileCheck %s
CHECK: Merged: 3 of 3 families
CHECK-NEXT: Apart: 0 of 3 families
CHECK-NEXT: f32: same bits
CHECK-NEXT: relative error {{[0-9.]+e-0[78]$}}
"""
import pathlib
import re
import subprocess
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
import library  # noqa: E402

FOLDER = pathlib.Path(sys.argv[1])
FOLDER.mkdir(parents=True, exist_ok=True)
MODEL = """model %s() {
  param q: f32[200, 12] = kaiming_uniform(fan: 200)
  param k: f32[200, 5] = kaiming_uniform(fan: 200)
  param v: f32[200, 1] = kaiming_uniform(fan: 200)
  param a: f32[7, 12] = kaiming_uniform(fan: 12)
  param b: f32[20, 12] = kaiming_uniform(fan: 12)
  param c: f32[3, 2, 97] = kaiming_uniform(fan: 97)
  param d: f32[1, 2, 97] = kaiming_uniform(fan: 97)
  param qs: f32[12] = kaiming_uniform(fan: 2)
  param vs: f32[1] = kaiming_uniform(fan: 2)
  param bs: f32[20] = kaiming_uniform(fan: 2)

  export fn read(x: f32[N, 200], y: f32[N, 3, 12], z: f32[97, N])
      -> (q: f32[N], k: f32[N, 5], v: f32[N, 1], a: f32[N, 3], b: f32[N, 3], c: f32[N, 2], d: f32[1, N, 2]) {
    let first = max(x @ q + qs, axis: 1)
    let second = relu(x @ k)
    let third = x @ v + vs
    let fourth = max(einsum("ijk, mk -> ijm", y, a), axis: 2)
    let fifth = max(einsum("ijk, mk -> ijm", y, b) + bs, axis: 2)
    let sixth = sum(einsum("hdk, kn -> hnd", c, z), axis: 0)
    let last = einsum("hdk, kn -> hnd", d, z)
    (first, second, third, fourth, fifth, sixth, last)
  }
%s}
"""
ALONE = """  export fn alone() -> (first: f32, second: f32, third: f32) {
    (sum(q), sum(a), sum(c))
  }
"""
random = numpy.random.default_rng(3)


def inputs(rows):
    shapes = {"x": (rows, 200), "y": (rows, 3, 12), "z": (97, rows)}
    return {name: random.standard_normal(shape).astype(numpy.float32) for name, shape in shapes.items()}


def source(name, more):
    path = FOLDER / f"{name}.weft"
    path.write_text(MODEL % (name, more))
    why = subprocess.run(["weft", "inspect", path, "--why-fused"], check=True, capture_output=True, text=True).stdout
    merged = re.findall("packed_conv.*\n.*\n *[23] contractions of one input, their weights side by side", why)
    print(f"{name}: {len(merged)} of 3 families")
    return path


def compare(sources, precision, flags, sizes):
    """Calls both models in one precision; the bits of all results are equal."""
    manifests = [library.build(path, FOLDER / f"{path.stem}.{precision}", ["--emit", "shared,weights,manifest", *flags]) for path in sources]
    models = [library.Library(m, threads=t) for m, t in ((manifests[0], 1), (manifests[0], 2), (manifests[1], 1))]
    for rows in sizes:
        given = inputs(rows)
        results = [model.call("read", **given) for model in models]
        for one, two, apart in zip(*results):
            assert one.tobytes() == two.tobytes() == apart.tobytes(), (precision, rows)
    print(f"{precision}: same bits")


def errors(path, rows):
    """The relative error of compiled code, as the largest of all results, against the evaluator."""
    given = inputs(rows)
    for name, values in given.items():
        numpy.save(FOLDER / f"{name}.npy", values)
    read = [f"--in={name}={FOLDER}/{name}.npy" for name in given]
    write = [f"--out={name}={FOLDER}/{name}.out.npy" for name in "qkvabcd"]
    subprocess.run(["weft", "run", path, "read", "--reference", *read, *write], check=True)
    model = library.Library(FOLDER / f"{path.stem}.f32" / f"{path.stem}.json")
    wanted = [numpy.load(FOLDER / f"{name}.out.npy") for name in "qkvabcd"]
    return max(numpy.linalg.norm(g - w) / numpy.linalg.norm(w) for g, w in zip(model.call("read", **given), wanted))


both = [source("Merged", ""), source("Apart", ALONE)]
compare(both, "f32", [], [0, 1, 2, 7, 13, 127, 600])
if "narrow" in sys.argv:
    compare(both, "bf16", ["--precision", "bf16"], [1, 7, 33])
    compare(both, "int4", ["--quantize", "weights-int4", "--dim", "N=2"], [2])
print(f"relative error {errors(both[0], 13):.1e}")
