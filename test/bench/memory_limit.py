# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the models of test/bench/training/ under memory limits, and holds them to the same step without.

    /usr/bin/python3 test/bench/memory_limit.py [--models cnn,transformer] [--shares 0.9,0.7] [--steps 2]

A limit is a share of what the plan without one takes. Losses and parameters after some steps must be equal to
the last bit; a limit that cannot be kept is said to be so. Not in CI: each model is compiled several times.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "models"))

import library  # noqa: E402
import training  # noqa: E402


def learned(source, folder, name, steps, flags):
    """What is left of some steps, as bytes."""
    model = library.Library(library.build(source, folder, flags), threads=1)
    batch = training.inputs(name)
    seen = [model.call("train", **batch).tobytes() for _ in range(steps)]
    return seen + [model.tensor(entry["name"]).tobytes() for entry in model.described["parameters"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="mlp,cnn,resnet18,unet,transformer,lstm")
    parser.add_argument("--shares", default="0.9,0.7")
    parser.add_argument("--steps", type=int, default=2)
    options = parser.parse_args()
    failures = 0
    for name in options.models.split(","):
        source = HERE / "training" / f"{name}.weft"
        dims = ("--dim", f"N={len(next(iter(training.inputs(name).values())))}")
        asked = ["weft", "inspect", str(source), "--memory", "--json", *dims, "--memory-limit", "1000GiB"]
        whole = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)["memory_limit"]["bytes"]
        with tempfile.TemporaryDirectory() as folder:
            expected = learned(source, folder, name, options.steps, dims)
        for share in map(float, options.shares.split(",")):
            limit = ("--memory-limit", str(int(whole * share)))
            with tempfile.TemporaryDirectory() as folder:
                try:
                    found = learned(source, folder, name, options.steps, (*dims, *limit))
                except subprocess.CalledProcessError:
                    print(f"{name} at {share}: cannot be kept")
                    continue
            failures += found != expected
            print(f"{name} at {share}: {'equal' if found == expected else 'NOT EQUAL'}", flush=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
