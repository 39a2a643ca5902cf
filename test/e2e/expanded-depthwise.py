# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Depthwise convolutions that compute the product before them: the same bits as when it is stored first, on any
number of threads, and those of batches of other sizes.

An attribute says so here, since only large maps are joined by themselves. Windows of several sizes, strides and
paddings, some of which reach outside by more than they see; maps of one place, of rows and channels that fill tiles
and do not; long and short epilogues on both sides. The last kernel is joined by the compiler.

REQUIRES: numpy
RUN: %python %s %t | FileCheck %s
CHECK: same bits in 11 cases
CHECK-NEXT: joined: packed_conv, add, max, min, depthwise_conv, add, max
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
# height, width, inputs, channels, panel, window, stride, padding before and behind, steps
CASES = [(1, 1, 3, 16, 16, 3, 1, 1, 1, "none"), (7, 13, 5, 40, 16, 3, 1, 1, 1, "clamp"),
         (7, 13, 5, 40, 16, 3, 2, 1, 1, "swish"), (13, 7, 8, 37, 48, 5, 2, 2, 1, "clamp"),
         (28, 28, 10, 96, 48, 5, 1, 2, 2, "swish"), (9, 16, 4, 50, 32, 3, 2, 0, 1, "clamp"),
         (30, 31, 16, 144, 48, 3, 1, 1, 1, "clamp"), (6, 5, 7, 20, 8, 3, 1, 3, 2, "none"),
         (12, 9, 2, 65, 64, 2, 3, 0, 0, "swish"), (112, 112, 3, 48, 48, 3, 2, 1, 1, "clamp"),
         (5, 6, 3, 24, 16, 1, 1, 0, 0, "swish")]


def tensor(*sizes):
    if sizes[0] != "N":
        return f"tensor<{'x'.join(map(str, sizes))}xf32>"
    return f"tensor<?x{'x'.join(map(str, sizes[1:]))}xf32, #weft.shape<[N, {', '.join(map(str, sizes[1:]))}]>>"


def steps(value, kind, bias, channels, wide):
    """Bias and activation as lines of a body, and the name of the result."""
    if kind == "none":
        return [], value
    at = value
    lines = [f"%{at}b = weft.broadcast %{bias} along [3] : {tensor(channels)} -> {wide}",
             f"%{at}s = weft.add %{at}, %{at}b : {wide}"]
    if kind == "swish":
        return lines + [f"%{at}g = weft.sigmoid %{at}s : {wide}", f"%{at}r = weft.mul %{at}s, %{at}g : {wide}"], f"{at}r"
    return lines + [f"%{at}l = weft.constant dense<0.0> : tensor<f32>", f"%{at}h = weft.constant dense<0.5> : tensor<f32>",
                    f"%{at}lw = weft.broadcast %{at}l along [] : tensor<f32> -> {wide}",
                    f"%{at}hw = weft.broadcast %{at}h along [] : tensor<f32> -> {wide}",
                    f"%{at}m = weft.max %{at}s, %{at}lw : {wide}", f"%{at}r = weft.min %{at}m, %{at}hw : {wide}"], f"{at}r"


def function(number, case, joined):
    height, width, inputs, channels, panel, window, stride, low, high, kind = case
    said = "" if joined is None else f"{{weft.expand = {str(joined).lower()}}}"
    down, across = ((size + low + high - window) // stride + 1 for size in (height, width))
    types = {"x": tensor("N", height, width, inputs), "f": tensor(-(-channels // panel), 1, 1, inputs, panel),
             "b": tensor(channels), "d": tensor(window, window, channels), "c": tensor(channels)}
    wide, out = tensor("N", height, width, channels), tensor("N", down, across, channels)
    body = [f"%p = weft.packed_conv %x, %f strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1 : "
            f"{types['x']}, {types['f']} -> {wide}"]
    more, expanded = steps("p", kind, "b", channels, wide)
    body += more + [f"%q = weft.depthwise_conv %{expanded}, %d strides [{stride}, {stride}] pad [{low}, {low}] "
                    f"[{high}, {high}] dilations [1, 1] {said} : {wide}, {types['d']} -> {out}"]
    more, result = steps("q", kind, "c", channels, out)
    body += more
    arguments = ", ".join(f'%{name}: {types[name]} {{weft.name = "{name}"}}' for name in types)
    head = f'func.func @{"joined" if joined else "apart"}{number}({arguments}) -> ({out} {{weft.name = "y"}}) attributes {{weft.export}} {{'
    return "\n".join([head, *body, f"return %{result} : {out}", "}"])


def arrays(case, images, random):
    height, width, inputs, channels, panel, window, *_ = case
    shapes = {"x": (images, height, width, inputs), "f": (-(-channels // panel), 1, 1, inputs, panel), "b": (channels,),
              "d": (window, window, channels), "c": (channels,)}
    return {name: random.standard_normal(shape).astype(numpy.float32) for name, shape in shapes.items()}


def compare():
    path = FOLDER / "kernels.mlir"
    functions = [function(number, case, joined) for number, case in enumerate(CASES) for joined in (True, False)]
    path.write_text("module @kernels {\n" + "\n".join(functions) + "\n}\n")
    why = subprocess.run(["weft", "inspect", path, "--why-fused"], check=True, capture_output=True, text=True).stdout
    assert len(re.findall("packed_conv.*depthwise_conv", why)) == len(CASES), why
    manifest = library.build(path, FOLDER / "kernels", ["--emit", "shared,weights,manifest"])
    models = [library.Library(manifest, threads=threads) for threads in (1, 2)]
    random = numpy.random.default_rng(7)
    for number, case in enumerate(CASES):
        for images in (0, 1, 2, 5):
            given = arrays(case, images, random)
            one, two = (model.call(f"joined{number}", **given) for model in models)
            apart = models[1].call(f"apart{number}", **given)
            assert numpy.isfinite(apart).all() and (images == 0 or apart.any()), (case, images)
            assert one.tobytes() == two.tobytes() == apart.tobytes(), (case, images)
            if images == 5:
                alone = models[0].call(f"joined{number}", **(given | {"x": given["x"][3:4]}))
                assert alone.tobytes() == one[3:4].tobytes(), case
    print(f"same bits in {len(CASES)} cases")


def explain():
    path = FOLDER / "large.mlir"
    path.write_text("module @large {\n" + function(0, (112, 112, 16, 96, 48, 3, 2, 1, 1, "clamp"), None) + "\n}\n")
    why = subprocess.run(["weft", "inspect", path, "--why-fused"], check=True, capture_output=True, text=True).stdout
    print("joined:", re.search(r"packed_conv.*depthwise_conv\S* add, max", why)[0])


compare()
explain()
