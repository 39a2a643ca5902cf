# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A model of more than 2 GB, which only external data can carry: made, built and run, with the memory of
# both, and the results of NumPy from the same file. Needs some 3 times its size on the disk.
#   python3 test/conformance/large_model.py --weft build/release/bin/weft [--layers 10] [--out DIR]
import argparse
import os
import pathlib
import sys
import tempfile

import numpy
from onnx import TensorProto, helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "networks"))

from measure import measure  # noqa: E402

WIDTH = 8192
LAYER_BYTES = 4 * WIDTH * WIDTH
MB = 1e6
TOLERANCE = 1e-4  # of the largest output: f32 sums of 8192 terms in another order differ by some 1e-6


def most_memory(weights_bytes):
    """Weights may be held twice while they go from one file to another; the rest is the compiler's."""
    return 2 * weights_bytes + 500 * MB


def write_weights(path, layers):
    """One file, so that offsets go beyond 32 bits."""
    generator = numpy.random.default_rng(7)
    with open(path, "wb") as file:
        for _ in range(layers):
            weight = generator.standard_normal((WIDTH, WIDTH), dtype=numpy.float32)
            weight *= (2 / WIDTH) ** 0.5  # keeps the size of what passes a ReLU
            weight.tofile(file)


def external(number):
    tensor = TensorProto(name=f"w{number}", data_type=TensorProto.FLOAT, dims=[WIDTH, WIDTH],
                         data_location=TensorProto.EXTERNAL)
    entries = {"location": "weights.bin", "offset": number * LAYER_BYTES, "length": LAYER_BYTES}
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def write_model(folder, layers):
    nodes = []
    for number in range(layers):
        nodes.append(helper.make_node("MatMul", [f"x{number}", f"w{number}"], [f"y{number}"]))
        nodes.append(helper.make_node("Relu", [f"y{number}"], [f"x{number + 1}"]))
    graph = helper.make_graph(
        nodes, "large",
        [helper.make_tensor_value_info("x0", TensorProto.FLOAT, ["N", WIDTH])],
        [helper.make_tensor_value_info(f"x{layers}", TensorProto.FLOAT, ["N", WIDTH])],
        initializer=[external(number) for number in range(layers)])
    path = folder / "large.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    return path


def expected(folder, x, layers):
    for number in range(layers):
        weight = numpy.memmap(folder / "weights.bin", numpy.float32, "r", number * LAYER_BYTES, (WIDTH, WIDTH))
        x = numpy.maximum(x @ weight, 0)
    return x


def spend(what, command, weights_bytes, environment=None):
    """Runs the command and gives whether it succeeded within the bound."""
    cost = measure(command, environment)
    most = most_memory(weights_bytes)
    print(f"{what}: {cost.wall_s:.1f} s, {cost.cpu_s:.1f} s of CPU, peak {cost.peak_bytes / MB:.0f} MB (at most "
          f"{most / MB:.0f})", flush=True)
    if cost.status != 0:
        print(f"{what}: exit status {cost.status}: {cost.errors.strip()[:500]}")
    return cost.status == 0 and cost.peak_bytes <= most


def agrees(folder, x, layers):
    ours, theirs = numpy.load(folder / "y.npy"), expected(folder, x, layers)
    relative = numpy.abs(ours - theirs).max() / numpy.abs(theirs).max()
    print(f"results: relative {relative:.1e} from NumPy (at most {TOLERANCE:.0e})")
    return relative <= TOLERANCE


def check(folder, options):
    weights_bytes = options.layers * LAYER_BYTES
    write_weights(folder / "weights.bin", options.layers)
    model = write_model(folder, options.layers)
    print(f"{model.name}: {weights_bytes / MB:.0f} MB of external weights", flush=True)
    # Few commands at a time hold a large array: this process, too, counts until they start.
    x = numpy.random.default_rng(8).standard_normal((2, WIDTH), dtype=numpy.float32)
    numpy.save(folder / "x.npy", x)
    good = spend("weft build", [options.weft, "build", model, "-o", folder / "built"], weights_bytes)
    environment = dict(os.environ, XDG_CACHE_HOME=str(folder / "cache"))
    command = [options.weft, "run", model, "predict", "--in", f"x0={folder / 'x.npy'}",
               "--out", f"x{options.layers}={folder / 'y.npy'}"]
    good &= spend("weft run", command, weights_bytes, environment)
    return good and agrees(folder, x, options.layers)


def main():
    parser = argparse.ArgumentParser(description="A model of more than 2 GB, built and run.")
    parser.add_argument("--weft", default=str(ROOT / "build/release/bin/weft"))
    parser.add_argument("--layers", type=int, default=10, help=f"of {LAYER_BYTES / MB:.0f} MB each")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build",
                        help="folder in which a temporary one is made")
    options = parser.parse_args()
    if options.layers * LAYER_BYTES <= 2**31:
        sys.exit("that is no large model: protobuf could carry it")
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.out) as folder:
        good = check(pathlib.Path(folder), options)
    print("1 passed, 0 failed, 0 skipped" if good else "0 passed, 1 failed, 0 skipped")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
