# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts the multiplications and additions of products and convolutions in an ONNX file.

    python3 test/networks/flops.py model.onnx

Sizes have to be numbers. A product and an addition are two operations. Convolutions count as direct
sums, whatever computes them; what reads padding counts too. Element-wise work does not.
"""
import math
import sys

import onnx


def shapes_of(model):
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for value in [*graph.input, *graph.output, *graph.value_info]:
        shapes[value.name] = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                shapes[node.output[0]] = list(attribute.t.dims)
    return shapes


def flops_of(node, shapes):
    inputs = [shapes.get(name) for name in node.input]
    output = next((shapes[name] for name in node.output if name in shapes), None)
    if node.op_type == "Conv":
        return 2 * math.prod(output) * math.prod(inputs[1][1:])
    if node.op_type == "ConvTranspose":
        return 2 * math.prod(inputs[0]) * math.prod(inputs[1][1:])
    if node.op_type == "Gemm":
        transposed = any(a.name == "transA" and a.i for a in node.attribute)
        return 2 * math.prod(output) * inputs[0][0 if transposed else 1]
    if node.op_type == "MatMul":
        return 2 * math.prod(output) * inputs[0][-1]
    if node.op_type in ("RNN", "GRU", "LSTM"):
        return 2 * math.prod(inputs[0][:2]) * (math.prod(inputs[1]) + math.prod(inputs[2]))
    return 0


def flops(path):
    model = onnx.load(path)
    shapes = shapes_of(model)
    return sum(flops_of(node, shapes) for node in model.graph.node)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name} {flops(name) / 1e9:.4f} GFLOP")
