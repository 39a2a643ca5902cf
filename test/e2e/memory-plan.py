# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The planned peak of a model's memory is what a call uses, and hardly more than lives at one time.

For each model: the arena that `weft inspect --memory` tells, that which the runtime allocates, and
the last byte of it that a call writes, within 1 % of each other; and the largest live set, within
5 % of the arena. Names files of other models to measure those (ONNX, with fixed shapes).

RUN: %python %s %cc %root %t %models/digits/digits.weft %models/transformer/encoder.weft
"""
import json
import pathlib
import subprocess
import sys

DIMS = {"digits": ["N=8"], "encoder": ["N=2", "L=24"]}
# A plan of a few small vectors is all rounding to 64 bytes.
ROUNDING = 1024


def planned(model, options):
    """By function: bytes of the arena, and the largest live set."""
    text = subprocess.run(["weft", "inspect", model, "--memory", "--json", *options], check=True,
                          capture_output=True).stdout
    return {entry["function"]: (entry["arena_bytes"], *entry["largest_live_bytes"])
            for entry in json.loads(text)["memory"]}


def measured(model, options, cc, root, folder):
    """By function: bytes of the arena, and the last that a call writes."""
    subprocess.run(["weft", "build", model, "-o", folder, "--emit=static,weights", *options], check=True)
    library, = folder.glob("lib*.a")
    name = library.stem[3:]
    subprocess.run([*cc, "-std=gnu11", "-O1", f"-DMODEL={name}", "-I", root, f"{root}/test/e2e/Inputs/arena.c",
                    library, "-lm", "-lpthread", "-o", folder / "arena"], check=True)
    text = subprocess.run([folder / "arena", folder / f"{name}.safetensors"], check=True,
                          capture_output=True, text=True).stdout
    return {name: (int(arena), int(end)) for name, arena, end in map(str.split, text.splitlines())}


def check(model, plan, memory):
    largest = max((plan[function][0] for function in memory), default=0)
    wrong = []
    for function, (arena, end) in memory.items():
        bytes_planned, live = plan[function]
        print(f"{model} {function}: planned {bytes_planned}, arena {arena}, written {end}, live {live}: "
              f"{bytes_planned / max(live, 1):.3f}")
        wrong += [what for what, bad in [
            ("the arena is not the planned one", abs(arena - largest) > 0.01 * largest),
            ("more was planned than is written", bytes_planned - end > 0.01 * bytes_planned + ROUNDING),
            ("written behind the plan", end > bytes_planned),
            ("the plan exceeds the live set", bytes_planned > 1.05 * live + ROUNDING)] if bad]
    return wrong


def main():
    cc, root, folder, *models = sys.argv[1:]
    wrong = []
    for model in models:
        stem = pathlib.Path(model).stem
        options = [f"--dim={dim}" for dim in DIMS.get(stem, [])]
        place = pathlib.Path(folder) / pathlib.Path(model).parent.name / stem
        place.mkdir(parents=True, exist_ok=True)
        for fault in check(model, planned(model, options), measured(model, options, cc.split(), root, place)):
            wrong.append(f"{model}: {fault}")
    sys.exit("\n".join(wrong) or 0)


main()
