# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""States hold what the program says, whatever was written where: against NumPy, on one thread and two.

RUN: %python %s %S/Inputs/states.weft
"""
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
