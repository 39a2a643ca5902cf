# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The search for the first difference by layer names the node whose weight was changed, and nothing
where files are equal; also where the difference is only there while no other value is an output.

REQUIRES: onnx
RUN: %python %s | FileCheck %s
CHECK: equal files: None
CHECK: third layer: first difference: node 5 of 7, 'third' (MatMul), value 'x3' [2, 4]: relative {{[0-9.e-]+$}}
CHECK: hidden: first difference: node 5 of 7, 'third' (MatMul), {{.*}} (only where no value before it is an output)
"""
import pathlib
import tempfile

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import layers
from networks import Weft

INPUTS = {"x0": numpy.linspace(-1, 1, 8, dtype=numpy.float32).reshape(2, 4)}


def write(path):
    generator = numpy.random.default_rng(1)
    weights = [generator.standard_normal((4, 4)).astype("f4") for _ in range(4)]
    nodes = []
    for number, name in enumerate(("first", "second", "third", "fourth")):
        nodes.append(helper.make_node("MatMul", [f"x{number}r" if number else "x0", f"w{number}"],
                                      [f"x{number + 1}"], name))
        nodes.append(helper.make_node("Tanh", [f"x{number + 1}"], [f"x{number + 1}r"]))
    graph = helper.make_graph(
        nodes[:-1], "layers", [helper.make_tensor_value_info("x0", TensorProto.FLOAT, [2, 4])],
        [helper.make_tensor_value_info("x4", TensorProto.FLOAT, [2, 4])],
        initializer=[numpy_helper.from_array(weight, f"w{number}") for number, weight in enumerate(weights)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), str(path))


def with_other_weight(path, changed, name):
    model = onnx.load(str(path))
    weight = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * 1.1, name))
    onnx.save(model, str(changed))
    return changed


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        weft = Weft("weft", scratch / "cache")
        good = lambda path, outputs: weft.run(path, INPUTS, outputs)
        wrong = lambda path, outputs: good(with_other_weight(path, scratch / "wrong.onnx", "w2"), outputs)
        hidden = lambda path, outputs: (good if len(outputs) > 1 else wrong)(path, outputs)
        write(scratch / "model.onnx")
        for what, run in (("equal files", good), ("third layer", wrong), ("hidden", hidden)):
            print(f"{what}: {layers.first_difference(scratch / 'model.onnx', run, good, 1e-3, scratch)}")


main()
