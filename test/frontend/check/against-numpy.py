# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Slices, diagonals and means by the evaluator and by compiled code, against NumPy.

RUN: env XDG_CACHE_HOME=%t.cache %python %s %t.weft
REQUIRES: numpy
"""
import json
import subprocess
import sys

import numpy as np

X = np.arange(24, dtype=np.float32).reshape(4, 6)
M = np.arange(27, dtype=np.float32).reshape(3, 3, 3)
S = (np.arange(30) * 7 % 11).astype(np.float32).reshape(3, 10)
HALF = np.full((3, 70000), 3, np.float16)

# Bounds outside of the size move to its end where it is constant.
SLICES = ["::-1", "5:1:-1", "-1:0:-2", "1:-1", "4:1:-2", ":2:-1", "2::-1", "-2::-1", "100:1:-1",
          "4:-100:-1", "1:5:-1", "-100::-1", ":-1:-1", "::-7", "-3:-1", "9:", ":9"]
SYMBOLIC = ["::-1", "-1:0:-2", "-2::-1", "-1::-3", ":2:-1", ":-3:-1", "-2:0:-1", ":0:-1", "::-5"]


EINSUMS = ["iii->i", "iij->ji", "iji->j", "iii->", "...ii->...i"]


def cases():
    """Pairs of an expression of the language and its value."""
    for index in SLICES:
        yield f"x[:, {index}]", eval(f"X[:, {index}]")
    for index in SYMBOLIC:
        yield f"y[:, {index}]", eval(f"X[:, {index}]")
    for pattern in EINSUMS:
        yield f'einsum("{pattern}", m)', np.einsum(pattern, M)
    yield 'einsum("iij, jk -> ik", m, m[0])', np.einsum("iij,jk->ik", M, M[0])
    yield "sort(s, axis: 1)", np.sort(S, 1)
    yield "sort(s, axis: 0, descending: true)", -np.sort(-S, 0)
    yield "sort(m % 5, axis: 1)", np.sort(M % 5, 1)
    yield "argsort(m % 5, axis: 1)", np.argsort(M % 5, 1, kind="stable")
    yield "argsort(s, axis: 1, descending: true)", np.argsort(-S, 1, kind="stable")
    yield "mean(h, axis: 1)", np.full(3, 3, np.float32)
    yield 'reduce(h, "q k -> q", "mean")', np.full(3, 3, np.float32)


def main(path):
    expressions, values = zip(*cases())
    with open(path, "w", encoding="utf-8") as file:
        file.write("export fn all(x: f32[4, 6], y: f32[P, L], m: f32[N, N, N], h: f16[Q, K], "
                   "s: f32[Q, T]) {\n")
        file.write("  (" + ",\n   ".join(expressions) + ")\n}\n")
    command = ["weft", "run", path, "all"]
    for name, array in (("x", X), ("y", X), ("m", M), ("h", HALF), ("s", S)):
        np.save(f"{path}.{name}.npy", array)
        command += ["--in", f"{name}={path}.{name}.npy"]
    for flags in ([], ["--reference"]):
        done = subprocess.run(command + flags, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        results = json.loads(done.stdout)
        for place, (expression, expected) in enumerate(zip(expressions, values)):
            got = np.array(results[f"result{place}"], np.float32).reshape(expected.shape)
            assert np.array_equal(got, expected), (expression, flags, got, expected)


main(sys.argv[1])
