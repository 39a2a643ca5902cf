# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A network learns to solve Burgers' equation: its residual is the one of the equation, by central
differences in f64, and what it has learned is near the solution by finite differences.

    /usr/bin/python3 test/models/burgers.py [--steps 8000]

All 8000 steps have to come to a relative L2 error of at most 5e-2; fewer have only to make the loss 2
times smaller.

RUN: %python %s %models/burgers/burgers.weft --steps 200 --points 256 --depth 1
REQUIRES: numpy
"""
import argparse
import pathlib
import sys
import tempfile

import numpy as np

import library

STEPS, VISCOSITY = 8000, 0.01 / np.pi


def solution(cells, times):
    """By central differences in space and Heun's method in time, at `times` equal steps of t."""
    x = np.linspace(-1, 1, cells + 1)
    h = x[1] - x[0]
    u = -np.sin(np.pi * x)
    inner = int(np.ceil(1 / (times * min(0.4 * h, 0.2 * h * h / VISCOSITY))))
    dt = 1 / (times * inner)

    def slope(u):
        s = np.zeros_like(u)
        s[1:-1] = (u[:-2] ** 2 - u[2:] ** 2) / (4 * h) + VISCOSITY * (u[2:] - 2 * u[1:-1] + u[:-2]) / h ** 2
        return s

    kept = [u]
    for _ in range(times):
        for _ in range(inner):
            ahead = u + dt * slope(u)
            u = (u + ahead + dt * slope(ahead)) / 2
        kept.append(u)
    return np.linspace(0, 1, times + 1), x, np.array(kept)


def network(weights, t, x):
    """What burgers.weft computes, in f64."""
    y = np.stack([t, x], 1)
    for name in sorted({name.rsplit(".", 1)[0] for name in weights if "optimizer" not in name} - {"last"}):
        y = np.tanh(y @ weights[name + ".weight"].T.astype("f8") + weights[name + ".bias"])
    y = (y @ weights["last.weight"].T.astype("f8") + weights["last.bias"])[:, 0]
    return t * (1 - x * x) * y - np.sin(np.pi * x)


def check_residual(model, weights, t, x):
    found, h = model.call("residual", t=t, x=x), 1e-4
    t, x = t.astype("f8"), x.astype("f8")
    u, left, right = (network(weights, t, x + d) for d in (0, -h, h))
    u_t = (network(weights, t + h, x) - network(weights, t - h, x)) / (2 * h)
    wanted = u_t + u * (right - left) / (2 * h) - VISCOSITY * (right - 2 * u + left) / h ** 2
    if not np.abs(found - wanted).max() <= 1e-5 * np.abs(wanted).max():
        sys.exit(f"the residual is {np.abs(found - wanted).max():.1e} off, of {np.abs(wanted).max():.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?",
                        default=pathlib.Path(__file__).resolve().parents[2] / "models/burgers/burgers.weft")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--points", type=int, default=1024, help="of each step")
    parser.add_argument("--depth", type=int, default=3, help="hidden layers between the first and the last")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        manifest = library.build(options.source, folder, ["--dim", f"N={options.points}", "--settings",
                                                          f"steps={options.steps},depth={options.depth}"])
        model = library.Library(manifest, threads=options.threads)

        def draw():
            return {"t": random.random(options.points, "f4"), "x": 2 * random.random(options.points, "f4") - 1}

        fixed = draw()
        check_residual(model, library.read_safetensors(manifest.with_suffix(".safetensors")), **fixed)
        first = model.call("loss", **fixed)
        for _ in range(options.steps):
            model.call("train", **draw())
        last = model.call("loss", **fixed)
        print(f"loss {first:.4f}, after {options.steps} steps {last:.4f}")
        if not last <= first / 2:
            sys.exit("the network has not learned")
        if options.steps < STEPS:
            return
        t, x, u = solution(2048, 100)
        _, _, coarse = solution(1024, 100)
        # One row of as many points as a step has for each time.
        place = np.linspace(-1, 1, options.points, dtype="f4")
        found = np.array([model.call("solve", t=np.full_like(place, time), x=place) for time in t])
        wanted = np.array([np.interp(place, x, row) for row in u])
        error = np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
        print(f"relative L2 error {error:.4f}; of the reference about "
              f"{np.linalg.norm(u[:, ::2] - coarse) / np.linalg.norm(coarse):.1e}")
        if not error <= 5e-2:
            sys.exit("the error is more than 5e-2")


if __name__ == "__main__":
    main()
