# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""States hold what the program says, whatever was written where: against NumPy, on one thread and two.
And they lie in memory once: the pages of the file that they were copied from are given back.

RUN: %python %s %S/Inputs/states.weft
"""
import pathlib
import re
import sys
import tempfile

import numpy as np

import library


def steps(model, random):
    """Calls every function a few times; gives what NumPy makes of it beside what the library did."""
    s = {"total": np.zeros(37), "before": np.zeros(37), "left": np.zeros((3, 5)), "right": np.ones((3, 5)),
         "turned": np.ones((6, 6)), "weight": np.ones((9, 17)), "scaled": np.ones(19), "low": np.zeros(23),
         "high": np.zeros(23), "hidden": np.zeros(4)}
    for count in range(1, 5):
        x = random.standard_normal(37).astype("f4")
        old, both = model.call("add", x=x)
        yield "add", old, s["total"]
        s["total"], s["before"] = s["total"] + x, s["total"]
        yield "add", both, 2 * s["total"] + s["before"]

        x = random.standard_normal((3, 5)).astype("f4")
        difference = model.call("swap", x=x)
        yield "swap", difference, s["right"] - s["left"]
        s["left"], s["right"] = s["right"], s["left"] + x
        yield "exchange", model.call("exchange"), s["left"]
        s["left"], s["right"] = s["right"], s["left"]

        x = random.standard_normal((6, 6)).astype("f4")
        total = model.call("turn", x=x)
        s["turned"], s["scaled"] = s["turned"].T + x, s["scaled"] / s["scaled"].sum()
        yield "turn", total, s["turned"].sum()

        x, y = random.standard_normal((7, 9)).astype("f4"), random.standard_normal((7, 17)).astype("f4")
        p = model.call("learn", x=x, y=y)
        yield "learn", p, x @ s["weight"]
        s["weight"] = s["weight"] - 0.01 * x.T @ (x @ s["weight"] - y)

        x = random.standard_normal(23).astype("f4")
        width = model.call("bounds", x=x)
        yield "bounds", width, (s["high"] - s["low"]) * count
        s["low"], s["high"] = np.minimum(s["low"], x), np.maximum(s["high"], x) + 0.25 * (s["high"] - s["low"])

        xs = random.standard_normal((5, 4)).astype("f4")
        ys = model.call("run", xs=xs)
        for x, y in zip(xs, ys):
            s["hidden"] = 0.5 * s["hidden"] + x
            yield "run", y, s["hidden"]
        for name, value in s.items():
            yield name, model.tensor(name), value


with tempfile.TemporaryDirectory() as folder:
    manifest = library.build(sys.argv[1], folder)
    models = [library.Library(manifest, threads=threads) for threads in (1, 2)]
    for one, two in zip(*(steps(model, np.random.default_rng(0)) for model in models)):
        name, ours, theirs = one
        if not np.allclose(ours, theirs, rtol=1e-5, atol=1e-5):
            sys.exit(f"{name} is {np.abs(ours - theirs).max():.1e} off")
        if np.asarray(ours).tobytes() != np.asarray(two[1]).tobytes():
            sys.exit(f"{name} differs between one thread and two")
    if models[0].tensor("count") != 4:
        sys.exit(f"count is {models[0].tensor('count')}, not 4")

LARGE = """model Large() {
  state sum: f32[1024, 1024] = ones()
  export fn add(x: f32[1024]) -> f32 { sum = sum + x; sum[0, 0] }
}
"""


def resident_kib(ending):
    """What of the mapped files with that ending lies in memory."""
    maps = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", pathlib.Path("/proc/self/smaps").read_text(), flags=re.M)
    return sum(int(re.search(r"^Rss: +(\d+)", text, re.M)[1]) for text in maps if text.partition("\n")[0].endswith(ending))


with tempfile.TemporaryDirectory() as folder:
    source = pathlib.Path(folder) / "large.weft"
    source.write_text(LARGE)
    large = library.Library(library.build(source, folder))
    if large.call("add", x=np.ones(1024, "f4")) != 2 or not (large.tensor("sum") == 2).all():
        sys.exit("a large state is not what was added to it")
    if resident_kib("large.safetensors") > 512:
        sys.exit(f"{resident_kib('large.safetensors')} KiB of the file lie in memory beside the states")
