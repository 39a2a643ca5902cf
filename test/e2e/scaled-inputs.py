# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products that scale or shift their input while they read it: the same bits as when it is stored first, on any
number of threads.

A model that also gives the scaled tensors stores them. Rows and channels fill tiles and do not, of one image and of
several; the factors are one for each channel, image or place. One product is so deep that its sums wait between
passes over parts of a row.

REQUIRES: numpy
RUN: %python %s %t | FileCheck %s
CHECK: Read: 4 of 4 products scale what they read
CHECK-NEXT: Stored: 0 of 4 products scale what they read
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
NAMES = ("squeezed", "narrow", "shifted", "masked")
MODEL = """model %s() {
  param a: f32[37, 70] = kaiming_uniform(fan: 37)
  param b: f32[37, 3] = kaiming_uniform(fan: 37)
  param c: f32[2900, 50] = kaiming_uniform(fan: 2900)
  param d: f32[10, 9] = kaiming_uniform(fan: 10)
  param shift: f32[2900] = uniform(low: -1.0, high: 1.0)

  export fn read(x: f32[N, 7, 5, 37], y: f32[70, 2900], z: f32[N, 16, 10], m: f32[N, 16])
      -> (squeezed: f32[N, 7, 5, 70], narrow: f32[N, 7, 5, 3], shifted: f32[70, 50], masked: f32[N, 16, 9]%s) {
    let gate = mean(x, axis: (1, 2), keep: true)
    let xs = x * gate
    let xm = x - max(x, axis: (1, 2), keep: true)
    let ys = y + shift
    let zs = z * m[:, :, new]
    (relu(xs @ a), xm @ b, ys @ c, zs @ d%s)
  }
}
"""
random = numpy.random.default_rng(5)


def inputs(images):
    shapes = {"x": (images, 7, 5, 37), "y": (70, 2900), "z": (images, 16, 10), "m": (images, 16)}
    return {name: random.standard_normal(shape).astype(numpy.float32) for name, shape in shapes.items()}


def source(name, types="", values=""):
    path = FOLDER / f"{name}.weft"
    path.write_text(MODEL % (name, types, values))
    why = subprocess.run(["weft", "inspect", path, "--why-fused"], check=True, capture_output=True, text=True).stdout
    scaling = re.findall(r"^ +\d+ +(?:add|sub|mul), packed_conv", why, re.MULTILINE)
    print(f"{name}: {len(scaling)} of 4 products scale what they read")
    return path


def compare(sources):
    manifests = [library.build(path, FOLDER / path.stem, ["--emit", "shared,weights,manifest"]) for path in sources]
    models = [library.Library(m, threads=t) for m, t in ((manifests[0], 1), (manifests[0], 2), (manifests[1], 2))]
    for images in (0, 1, 2, 7, 40):
        given = inputs(images)
        for one, two, stored in zip(*(model.call("read", **given)[:4] for model in models)):
            assert one.tobytes() == two.tobytes() == stored.tobytes(), images
    print("same bits")


def errors(path, images):
    """The relative error of compiled code, as the largest of all results, against the evaluator."""
    given = inputs(images)
    for name, values in given.items():
        numpy.save(FOLDER / f"{name}.npy", values)
    read = [f"--in={name}={FOLDER}/{name}.npy" for name in given]
    write = [f"--out={name}={FOLDER}/{name}.out.npy" for name in NAMES]
    subprocess.run(["weft", "run", path, "read", "--reference", *read, *write], check=True)
    model = library.Library(FOLDER / path.stem / f"{path.stem}.json")
    wanted = [numpy.load(FOLDER / f"{name}.out.npy") for name in NAMES]
    return max(numpy.linalg.norm(g - w) / numpy.linalg.norm(w) for g, w in zip(model.call("read", **given), wanted))


both = [source("Read"), source("Stored", ", xs: f32[N, 7, 5, 37], xm: f32[N, 7, 5, 37], ys: f32[70, 2900], zs: f32[N, 16, 10]",
                               ", xs, xm, ys, zs")]
compare(both)
print(f"relative error {errors(both[0], 3):.1e}")
