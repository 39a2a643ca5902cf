# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Transposed convolutions against the formula, computed by NumPy in double precision: the phases of a result one
after the other and side by side, directly and in tiles.

Windows that strides divide and do not, maps of one place and of several, results that end within a place of all
phases, a batch that is not known; behind them biases and activations, of which one reads the sums twice, and a
second reader. One and two threads give the same bits.

REQUIRES: numpy
RUN: %python %s %t | FileCheck %s
CHECK: phases side by side: {{[0-9]+}} of 16, in tiles: {{[1-9]}}
CHECK-NEXT: same bits
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
# inputs, outputs, rows, columns, window, stride, padding, output padding
CASES = [(5, 3, 1, 1, 4, 2, 1, 0), (16, 3, 5, 7, 4, 2, 1, 0), (64, 3, 32, 31, 4, 2, 1, 0), (3, 2, 3, 2, 2, 2, 0, 0),
         (7, 1, 2, 5, 3, 2, 1, 1), (7, 5, 5, 3, 3, 2, 1, 0), (9, 2, 7, 5, 3, 3, 0, 0), (32, 2, 5, 7, 4, 3, 1, 1),
         (48, 1, 7, 7, 6, 3, 2, 0), (4, 4, 3, 5, 5, 2, 2, 1), (64, 64, 29, 31, 5, 2, 2, 1), (64, 4, 33, 30, 4, 2, 0, 0),
         (64, 64, 33, 30, 5, 2, 1, 0), (24, 32, 5, 5, 4, 2, 1, 0), (16, 16, 7, 3, 2, 2, 0, 0), (8, 3, 4, 4, 1, 2, 0, 1)]
AFTER = ["relu(y)", "select(y > 0.0, y, 0.2 * y)", "y", "tanh(y) + 1.0"]
random = numpy.random.default_rng(7)


def places(size, window, stride, padding, beyond):
    return (size - 1) * stride - 2 * padding + window + beyond


def function(number, inputs, outputs, rows, columns, window, stride, padding, beyond):
    height, width = (places(size, window, stride, padding, beyond) for size in (rows, columns))
    return f"""
  param w{number}: f32[{inputs}, {outputs}, {window}, {window}] = uniform(low: -1.0, high: 1.0)
  param b{number}: f32[{outputs}] = uniform(low: -1.0, high: 1.0)
  export fn f{number}(x: f32[N, {inputs}, {rows}, {columns}]) -> f32[N, {outputs}, {height}, {width}] {{
    let y = conv_transpose(x, w{number}, stride: {stride}, padding: {padding}, output_padding: {beyond})
        + b{number}[:, new, new]
    {AFTER[number % len(AFTER)]}
  }}
"""


def spread(x, w, b, case, number):
    _, outputs, rows, columns, window, stride, padding, beyond = case
    height, width = (places(size, window, stride, padding, beyond) for size in (rows, columns))
    # Whole windows, then what padding leaves of them.
    whole = numpy.zeros((len(x), outputs, height + 2 * padding + stride, width + 2 * padding + stride))
    for k in range(window):
        for l in range(window):
            part = whole[:, :, k:k + rows * stride:stride, l:l + columns * stride:stride]
            part += numpy.einsum("nchw,co->nohw", x, w[:, :, k, l], dtype="f8")
    y = whole[:, :, padding:padding + height, padding:padding + width] + b[:, None, None]
    return [numpy.maximum(y, 0), numpy.where(y > 0, y, 0.2 * y), y, numpy.tanh(y) + 1][number % len(AFTER)]


path = FOLDER / "Spread.weft"
path.write_text("model Spread() {" + "".join(function(i, *case) for i, case in enumerate(CASES)) + "}\n")
kernels = subprocess.run(["weft", "inspect", path, "--stage", "kernels"], check=True, capture_output=True, text=True).stdout
bodies = [body for body in re.split(r"^  func\.func ", kernels, flags=re.MULTILINE) if re.match(r"@f\d+\(", body)]
print(f"phases side by side: {sum(' transposed ' not in body for body in bodies)} of {len(bodies)}, "
      f"in tiles: {sum('winograd_conv' in body for body in bodies)}")
manifest = library.build(path, FOLDER / "built", ["--emit", "shared,weights,manifest"])
weights = library.read_safetensors(next((FOLDER / "built").glob("*.safetensors")))
one, two = (library.Library(manifest, threads=threads) for threads in (1, 2))
worst = 0
for number, case in enumerate(CASES):
    for images in (0, 1, 2, 3):
        x = random.standard_normal((images, case[0], *case[2:4])).astype("f4")
        given, again = (model.call(f"f{number}", x=x) for model in (one, two))
        assert given.tobytes() == again.tobytes(), (number, images)
        wanted = spread(x, weights[f"w{number}"], weights[f"b{number}"], case, number)
        if images:
            worst = max(worst, numpy.linalg.norm(given - wanted) / numpy.linalg.norm(wanted))
print("same bits")
print(f"relative error {worst:.1e}")
