# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Depthwise convolutions whose kernel sums the lines of its result: the sums of what it gives, from left to right, on
any number of threads and in batches of any size; what it gives has the same bits as without the sums.

Windows of several sizes, strides and paddings, lines of one place, channels that fill vectors and do not; epilogues in
registers, in a loop of vectors and of single elements; an input that the kernel computes; lines whose length is only
known at run time.

REQUIRES: numpy
RUN: %python %s %t | FileCheck %s
CHECK: summed by 9 of 9 kernels
CHECK-NEXT: right in 9 cases
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
# height, width, channels, window, stride, padding on each side, step behind, what makes the input
CASES = [(1, 1, 16, 3, 1, 1, "none", "x"), (7, 13, 40, 3, 1, 1, "relu", "x"), (7, 13, 40, 3, 2, 1, "swish", "x"),
         (13, 9, 37, 5, 2, 2, "tan", "x"), (9, 30, 16, 7, 1, 3, "swish", "x"), (4, 6, 512, 3, 1, 1, "swish", "x"),
         (28, 28, 96, 3, 1, 1, "swish", "product"), (6, 17, 20, 2, 3, 0, "relu", "x"), ("H", "W", 20, 3, 1, 1, "swish", "x")]
INPUTS, PANEL = 8, 16


def tensor(*sizes):
    if all(isinstance(size, int) for size in sizes):
        return f"tensor<{'x'.join(map(str, sizes))}xf32>"
    known = "x".join(str(size) if isinstance(size, int) else "?" for size in sizes)
    return f"tensor<{known}xf32, #weft.shape<[{', '.join(map(str, sizes))}]>>"


def step(kind, out):
    if kind == "none":
        return [], "q"
    if kind == "swish":
        return [f"%g = weft.sigmoid %q : {out}", f"%r = weft.mul %q, %g : {out}"], "r"
    if kind == "tan":
        return [f"%r = weft.tan %q : {out}"], "r"
    return ["%z = weft.constant dense<0.0> : tensor<f32>", f"%w = weft.broadcast %z along [] : tensor<f32> -> {out}",
            f"%r = weft.max %q, %w : {out}"], "r"


def function(number, case, sums):
    height, width, channels, window, stride, pad, kind, source = case
    down, across = (size if isinstance(size, str) else (size + 2 * pad - window) // stride + 1
                    for size in (height, width))
    wide, out, lines = (tensor("N", height, width, channels), tensor("N", down, across, channels),
                        tensor("N", down, channels))
    types = {"x": wide, "d": tensor(window, window, channels)}
    body, read, said = [], "x", ""
    if source == "product":
        types |= {"x": tensor("N", height, width, INPUTS), "f": tensor(-(-channels // PANEL), 1, 1, INPUTS, PANEL)}
        body = [f"%p = weft.packed_conv %x, %f strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1 : "
                f"{types['x']}, {types['f']} -> {wide}"]
        read, said = "p", "{weft.expand = true}"
    body += [f"%q = weft.depthwise_conv %{read}, %d strides [{stride}, {stride}] pad [{pad}, {pad}] [{pad}, {pad}] "
             f"dilations [1, 1] {said} : {wide}, {types['d']} -> {out}"]
    more, result = step(kind, out)
    body += more
    given, results = [out], [f"%{result}"]
    if sums:
        body += [f"%s = weft.reduce sum %{result} axes [2] : {out} -> {lines}"]
        given, results = [out, lines], [f"%{result}", "%s"]
    arguments = ", ".join(f'%{name}: {types[name]} {{weft.name = "{name}"}}' for name in types)
    outputs = ", ".join(f'{kind} {{weft.name = "{name}"}}' for kind, name in zip(given, "ys"))
    head = f"func.func @{'summed' if sums else 'plain'}{number}({arguments}) -> ({outputs}) attributes {{weft.export}} {{"
    return "\n".join([head, *body, f"return {', '.join(results)} : {', '.join(given)}", "}"])


def arrays(case, images, random):
    height, width, channels, window, *_, source = case
    if height == "H":
        height, width = 5, 21
    depth = INPUTS if source == "product" else channels
    shapes = {"x": (images, height, width, depth), "d": (window, window, channels)}
    if source == "product":
        shapes["f"] = (-(-channels // PANEL), 1, 1, INPUTS, PANEL)
    return {name: random.standard_normal(shape).astype(numpy.float32) for name, shape in shapes.items()}


def from_left(lines):
    total = numpy.zeros(lines.shape[:2] + lines.shape[3:], numpy.float32)
    for place in range(lines.shape[2]):
        total += lines[:, :, place]
    return total


path = FOLDER / "sums.mlir"
functions = [function(number, case, sums) for number, case in enumerate(CASES) for sums in (True, False)]
path.write_text("module @sums {\n" + "\n".join(functions) + "\n}\n")
why = subprocess.run(["weft", "inspect", path, "--why-fused"], check=True, capture_output=True, text=True).stdout
print(f"summed by {len(re.findall('depthwise_conv.*reduce', why))} of {len(CASES)} kernels")
manifest = library.build(path, FOLDER / "sums", ["--emit", "shared,weights,manifest"])
models = [library.Library(manifest, threads=threads) for threads in (1, 2)]
random = numpy.random.default_rng(11)
for number, case in enumerate(CASES):
    for images in (0, 1, 3):
        given = arrays(case, images, random)
        one, two = (model.call(f"summed{number}", **given) for model in models)
        plain = models[1].call(f"plain{number}", **given)
        assert [value.tobytes() for value in one] == [value.tobytes() for value in two], (case, images)
        values, sums = one
        assert values.tobytes() == plain.tobytes(), (case, images)
        if case[1] == "W":  # Places at the border come first.
            assert numpy.allclose(sums, from_left(values), rtol=1e-5, atol=1e-5), (case, images)
        else:
            assert sums.tobytes() == from_left(values).tobytes(), (case, images)
        if images == 3:
            alone = models[0].call(f"summed{number}", **(given | {"x": given["x"][1:2]}))
            assert alone[1].tobytes() == sums[1:2].tobytes(), case
print(f"right in {len(CASES)} cases")
