# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recurrent layers of ONNX: compiled code against the reference evaluator, and the same bits on any number of threads.

Lengths, batches and directions vary, and widths that fill vectors and that do not; some examples end early.

REQUIRES: numpy, onnx
RUN: %python %s %t
"""
import pathlib
import subprocess
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
import library  # noqa: E402

FOLDER = pathlib.Path(sys.argv[1])
FOLDER.mkdir(parents=True, exist_ok=True)
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
random = numpy.random.default_rng(1)


def normal(*shape, scale=1.0):
    return (scale * random.standard_normal(shape)).astype(numpy.float32)


def model(kind, width, direction, with_lengths, **attributes):
    """X [T, B, 24] with names for T and B; the weights are initializers."""
    directions, gates, inputs = 2 if direction == "bidirectional" else 1, GATES[kind], 24
    weights = {"W": normal(directions, gates * width, inputs, scale=0.2),
               "R": normal(directions, gates * width, width, scale=width ** -0.5),
               "B": normal(directions, 2 * gates * width, scale=0.3)}
    names = ["X", "W", "R", "B", "lengths" if with_lengths else "", "h"]
    graph_inputs = [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["T", "B", inputs]),
                    helper.make_tensor_value_info("h", TensorProto.FLOAT, [directions, "B", width])]
    if with_lengths:
        graph_inputs.append(helper.make_tensor_value_info("lengths", TensorProto.INT32, ["B"]))
    if kind == "LSTM":
        names.append("c")
        graph_inputs.append(helper.make_tensor_value_info("c", TensorProto.FLOAT, [directions, "B", width]))
        if attributes.pop("peepholes", False):
            weights["P"] = normal(directions, 3 * width, scale=0.3)
            names.append("P")
    outputs = ["Y", "Y_h"] + (["Y_c"] if kind == "LSTM" else [])
    node = helper.make_node(kind, names, outputs, hidden_size=width, direction=direction, **attributes)
    graph = helper.make_graph([node], "layer", graph_inputs,
                              [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
                              [numpy_helper.from_array(value, name) for name, value in weights.items()])
    path = FOLDER / f"{kind}_{width}_{direction}_{with_lengths}_{len(weights)}_{len(attributes)}.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8), path)
    return path, directions, outputs


def reference(path, inputs, outputs):
    words = ["weft", "run", str(path), "predict", "--reference"]
    for name, value in inputs.items():
        numpy.save(FOLDER / f"in.{name}.npy", value)
        words += ["--in", f"{name}={FOLDER}/in.{name}.npy"]
    for name in outputs:
        words += ["--out", f"{name}={FOLDER}/out.{name}.npy"]
    subprocess.run(words, check=True)
    return [numpy.load(FOLDER / f"out.{name}.npy") for name in outputs]


def check(kind, width, direction, with_lengths, sizes, **attributes):
    path, directions, outputs = model(kind, width, direction, with_lengths, **attributes)
    manifest = library.build(path, FOLDER / path.stem, ["--emit", "shared,weights,manifest"])
    alone, together = (library.Library(manifest, threads=threads) for threads in (1, 2))
    for steps, batch in sizes:
        inputs = {"X": normal(steps, batch, 24), "h": normal(directions, batch, width)}
        if kind == "LSTM":
            inputs["c"] = normal(directions, batch, width)
        if with_lengths:
            inputs["lengths"] = random.integers(1, steps + 1, batch).astype(numpy.int32)
        first = alone.call("predict", **inputs)
        for name, one, other in zip(outputs, first, reference(path, inputs, outputs)):
            numpy.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5, err_msg=f"{path.name} {name}")
        for name, one, other in zip(outputs, first, together.call("predict", **inputs)):
            assert one.tobytes() == other.tobytes(), f"{path.name}: {name} differs on two threads"


check("RNN", 20, "forward", False, [(7, 1), (2, 8)])
check("LSTM", 20, "bidirectional", True, [(1, 13), (6, 5)])
check("LSTM", 24, "forward", False, [(5, 3)], peepholes=True, clip=0.7)
# Wide enough that two threads share a step.
check("LSTM", 160, "reverse", False, [(9, 8)])
check("GRU", 176, "reverse", True, [(9, 7), (8, 1)], linear_before_reset=1)
