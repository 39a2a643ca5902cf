# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Files as exporters write them: functions of the file, graphs inside of nodes, names used twice,
# weights among the inputs or beside the file. Each runs with the evaluator and compiled.
#
# REQUIRES: onnx
# RUN: %python %s %t
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

FLOAT, BOOL, I64 = TensorProto.FLOAT, TensorProto.BOOL, TensorProto.INT64
X = np.array([[1, -2, 3], [4, 5, -6]], np.float32)
cases = []


def case(function):
    cases.append(function)
    return function


def value(name, shape=("N", 3), element=FLOAT):
    return helper.make_tensor_value_info(name, element, shape)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def weight(name, content, kind=np.float32):
    return numpy_helper.from_array(np.array(content, kind), name)


def model(nodes, weights=(), inputs=None, outputs=None, functions=(), ir=8, opset=17):
    graph = helper.make_graph(nodes, "g", inputs or [value("x")], outputs or [value("y")], weights)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    made = helper.make_model(graph, opset_imports=opsets, functions=functions)
    made.ir_version = ir
    return made


def function(name, inputs, outputs, nodes, attributes=(), opset=17):
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    return helper.make_function("own", name, inputs.split(), outputs.split(), nodes, opsets, list(attributes))


def refer(made, name, to, kind):
    """Lets an attribute of a node be the function's."""
    attribute = made.attribute.add()
    attribute.name, attribute.ref_attr_name, attribute.type = name, to, kind
    return made


def leaky():
    return function("Leaky", "a", "b", [refer(node("LeakyRelu", "a", "b"), "alpha", "slope", AttributeProto.FLOAT)], ["slope"])


@case
def attribute_of_a_function():
    return model([node("Leaky", "x", "y", domain="own", slope=0.5)], functions=[leaky()]), np.where(X > 0, X, X / 2)


@case
def attribute_left_out():
    return model([node("Leaky", "x", "y", domain="own")], functions=[leaky()]), np.where(X > 0, X, X / 100)


@case
def attribute_with_a_default():
    """FunctionProto.attribute_proto, field 11, is newer than some schemas."""
    made = model([node("Leaky", "x", "y", domain="own")], functions=[leaky()])
    del made.functions[0].attribute[:]
    default = helper.make_attribute("slope", 0.25).SerializeToString()
    made.functions[0].MergeFromString(bytes([11 << 3 | 2, len(default)]) + default)
    return made, np.where(X > 0, X, X / 4)


@case
def nested_calls():
    outer = function(
        "Twice", "a", "b",
        [refer(node("Leaky", "a", "t", domain="own"), "slope", "s", AttributeProto.FLOAT), node("Add", "t t", "b")], ["s"])
    return model([node("Twice", "x", "y", domain="own", s=0.5)], functions=[outer, leaky()]), 2 * np.where(X > 0, X, X / 2)


@case
def input_of_a_function_left_out():
    clip = function("Limit", "a low high", "b", [node("Clip", "a low high", "b")])
    made = model([helper.make_node("Limit", ["x", "", "top"], ["y"], domain="own")], [weight("top", 2)], functions=[clip])
    return made, np.minimum(X, 2)


@case
def graph_in_a_function_of_an_older_opset():
    """In opset 11 Squeeze has its axes as an attribute."""
    one = helper.make_graph([node("Squeeze", "a", "s", axes=[0])], "one", [], [value("s", None)])
    two = helper.make_graph([node("Squeeze", "n", "t", axes=[0])], "two", [], [value("t", None)])
    nodes = [node("Neg", "a", "n"), helper.make_node("If", ["c"], ["b"], then_branch=one, else_branch=two)]
    made = model(
        [node("Unsqueeze", "x zero", "u"), node("ReduceSum", "x", "sum", keepdims=0), node("Greater", "sum limit", "c"),
         node("Pick", "u c", "y", domain="own")],
        [weight("zero", [0], np.int64), weight("limit", 100)], functions=[function("Pick", "a c", "b", nodes, opset=11)])
    return made, -X


@case
def captured_values():
    """Inner graphs read an input, a weight and a value of the graph around."""
    then = helper.make_graph([node("Add", "double w", "r")], "then", [], [value("r")])
    other = helper.make_graph([node("Sub", "x w", "r")], "other", [], [value("r")])
    made = model(
        [helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other), node("Add", "x x", "double"),
         node("ReduceSum", "x", "sum", keepdims=0), node("Greater", "sum zero", "c")],
        [weight("w", [1, 2, 3]), weight("zero", 0)])
    return made, 2 * X + np.array([1, 2, 3], np.float32)


@case
def names_of_two_branches_are_the_same():
    def branch(op):
        return helper.make_graph([node(op, "x", "t"), node("Exp", "t", "r")], op, [], [value("r")], [weight("k", 1)])

    made = model([helper.make_node("If", ["c"], ["y"], then_branch=branch("Abs"), else_branch=branch("Neg"))],
                 [weight("c", False, bool)])
    return made, np.exp(-X)


@case
def weights_among_the_inputs():
    inputs = [value("x"), value("w", [3])]
    return model([node("Mul", "x w", "y")], [weight("w", [1, 2, 3])], inputs, ir=3, opset=7), X * [1, 2, 3]


@case
def nodes_in_any_order():
    return model([node("Neg", "b", "y"), node("Abs", "a", "b"), node("Exp", "x", "a")]), -np.exp(X)


@case
def names_that_become_the_same():
    """Identifiers are made of names; the second gets a number."""
    made = model([node("Add", "in.1 in_1", "y")], inputs=[value("in.1"), value("in_1")])
    return made, 3 * X, {"in_1": X, "in_1_1": 2 * X}


@case
def shapes_computed_from_names():
    nodes = [node("Shape", "x", "s"), node("Gather", "s zero", "n"), node("Mul", "n three", "m"), node("Reshape", "x m", "f"),
             node("Concat", "f f", "y", axis=0)]
    weights = [weight("zero", [0], np.int64), weight("three", [3], np.int64)]
    return model(nodes, weights, outputs=[value("y", ["M"])]), np.concatenate([X.ravel()] * 2)


@case
def optional_that_is_empty():
    """Known while importing: only the branch of the empty one is taken."""
    has = helper.make_graph([node("OptionalGetElement", "o", "r")], "has", [], [value("r")])
    lacks = helper.make_graph([node("Neg", "x", "r")], "lacks", [], [value("r")])
    kind = helper.make_tensor_type_proto(FLOAT, None)
    nodes = [helper.make_node("Optional", [], ["o"], type=kind), node("OptionalHasElement", "o", "c"),
             helper.make_node("If", ["c"], ["y"], then_branch=has, else_branch=lacks)]
    return model(nodes), -X


def external(folder):
    """Weights beside the file."""
    made = model([node("MatMul", "x w", "y")], [weight("w", np.arange(9).reshape(3, 3))])
    path = os.path.join(folder, "external.onnx")
    onnx.save_model(made, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    return path, X @ np.arange(9, dtype=np.float32).reshape(3, 3)


def run(name, path, inputs, expected, folder):
    result = os.path.join(folder, "y.npy")
    for mode in ([], ["--reference"]):
        command = ["weft", "run", path, "predict", *mode, "--out", f"y={result}"]
        for key, array in inputs.items():
            np.save(os.path.join(folder, f"{key}.npy"), array)
            command += ["--in", f"{key}={folder}/{key}.npy"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            yield f"{name} {mode}: {done.stderr.strip()}"
        elif not np.allclose(np.load(result), expected, 1e-5, 1e-6):
            yield f"{name} {mode}: wrong numbers"


@case
def dimension_that_is_a_formula():
    """A mask over past and new steps, as decoders with a cache have it; `2 * past` by a name that is none of a dimension."""
    inputs = [value("x", ("past", 3)), value("z", ("new-steps", 3)), value("mask", ("past + new-steps", 1)),
              value("other", ("2 * missing", 1))]
    made = model([node("Concat", "x z", "all", axis=0), node("Mul", "all mask", "kept"), node("ReduceSum", "other", "sum"),
                  node("Add", "kept sum", "y")], inputs=inputs)
    z, mask, other = 10 * X[:1], np.array([[0], [2], [3]], np.float32), np.ones((5, 1), np.float32)
    return made, np.concatenate([X, z]) * mask + 5, {"x": X, "z": z, "mask": mask, "other": other}


@case
def range_of_floats_over_a_size():
    """Places of an image's columns, and relative places from high to low."""
    nodes = [
        node("Shape", "x", "shape"), node("Gather", "shape zero", "n"), node("Cast", "n", "high", to=FLOAT),
        node("Range", "none high half", "places"), node("Neg", "high", "low"), node("Range", "high low back", "down"),
        node("Slice", "down first n1", "front"), node("Reshape", "n flat", "n1"), node("Add", "places front", "s"),
        node("Unsqueeze", "s columns", "s1"), node("Add", "x s1", "y")]
    weights = [weight("zero", 0, np.int64), weight("none", 0), weight("half", 1), weight("back", -1), weight("first", [0], np.int64),
               weight("flat", [-1], np.int64), weight("columns", [1], np.int64)]
    return model(nodes, weights), X + len(X)


@case
def padding_to_an_even_size():
    """What is left of a size beside twice its half is never negative, whatever the size."""
    nodes = [
        node("Shape", "x", "shape"), node("Gather", "shape zero", "n"), node("Div", "n two", "half"),
        node("Mul", "half two", "even"), node("Sub", "n even", "odd"), node("Div", "odd two", "before"),
        node("Sub", "odd before", "after"), node("Reshape", "before flat", "low"), node("Reshape", "after flat", "high"),
        node("Concat", "low none high none", "pads", axis=0), node("Pad", "x pads", "y")]
    integers = {"zero": 0, "two": 2, "flat": [-1], "none": [0]}
    made = model(nodes, [weight(name, content, np.int64) for name, content in integers.items()])
    three = np.concatenate([X, X[:1]])
    return made, np.pad(three, ((0, 1), (0, 0))), {"x": three}


@case
def indices_whose_number_depends_on_data():
    """The rows of a table that a mask names: moved, cut along the other dimension, and looked up."""
    nodes = [
        node("NonZero", "x", "found"), node("Transpose", "found", "pairs"), node("Slice", "pairs one two one", "column"),
        node("Squeeze", "column one", "places"), node("Gather", "table places", "rows", axis=0),
        node("Gather", "rows order", "turned", axis=1), node("Unsqueeze", "turned none", "y")]
    weights = [weight("one", [1], np.int64), weight("two", [2], np.int64), weight("none", [0], np.int64),
               weight("order", [1, 0], np.int64), weight("table", [[1, 2], [3, 4], [5, 6]])]
    some = np.array([[0, 7, 0], [1, 0, 1]], np.float32)
    made = model(nodes, weights, outputs=[value("y", None)])
    return made, np.array([[[4, 3], [2, 1], [6, 5], [0, 0], [0, 0], [0, 0]]]), {"x": some}


@case
def padding_computed_from_sizes():
    """As PyTorch writes windows of shifted attention: columns up to a multiple of 4, the list of pads turned around."""
    nodes = [
        node("Shape", "x", "shape"), node("Gather", "shape one", "columns"), node("Mod", "columns four", "rest"),
        node("Sub", "four rest", "missing"), node("Mod", "missing four", "more"), node("Unsqueeze", "more first", "more1"),
        node("Concat", "first more1", "known", axis=0), node("Shape", "known", "count"), node("Sub", "count count", "others"),
        node("Add", "others two", "zeros"), node("ConstantOfShape", "zeros", "rows", value=weight("v", [0], np.int64)),
        node("Concat", "known rows", "pairs", axis=0), node("Reshape", "pairs by2", "table"),
        node("Slice", "table last start first back", "turned"), node("Transpose", "turned", "flipped", perm=[1, 0]),
        node("Reshape", "flipped flat", "pads"), node("Pad", "x pads", "y")]
    integers = {"one": 1, "four": 4, "first": [0], "two": [2], "by2": [-1, 2], "last": [-1], "start": [-1 << 62], "back": [-1],
                "flat": [-1]}
    made = model(nodes, [weight(name, content, np.int64) for name, content in integers.items()],
                 outputs=[value("y", ("N", 4))])
    return made, np.pad(X, ((0, 0), (0, 1)))


def imported(path):
    return subprocess.run(["weft", "build", path, "--stop-after=model"], capture_output=True, text=True, check=True).stdout


def parameters_of(path):
    return imported(path).count("weft.parameter param")


def kept(folder):
    """Dropout in training mode keeps all where its ratio is 0: no numbers are drawn."""
    made = model([node("Dropout", "x none yes", "d"), node("Neg", "d", "y")],
                 [weight("none", 0), weight("yes", True, np.bool_)])
    path = os.path.join(folder, "kept.onnx")
    onnx.save(made, path)
    yield from run("kept", path, {"x": X}, -X, folder)
    if "random_bits" in imported(path):
        yield "kept: numbers are drawn"


def numbers(folder):
    """One number is a constant where it stands in a node, and a weight in the list of weights."""
    filled = node("ConstantOfShape", "size", "c", value=weight("v", [2.0]))
    made = model([filled, node("Add", "x c", "s"), node("Mul", "s w", "y")], [weight("size", [3], np.int64), weight("w", [5.0])])
    path = os.path.join(folder, "numbers.onnx")
    onnx.save(made, path)
    yield from run("numbers", path, {"x": X}, (X + 2) * 5, folder)
    if parameters_of(path) != 1:
        yield f"numbers: {parameters_of(path)} parameters, but only 'w' is one"


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    failures = []
    for one in cases:
        made, expected, *given = one()
        path = os.path.join(folder, f"{one.__name__}.onnx")
        onnx.save(made, path)
        failures += run(one.__name__, path, given[0] if given else {"x": X}, expected, folder)
    path, expected = external(folder)
    failures += run("external", path, {"x": X}, expected, folder)
    failures += [*numbers(folder), *kept(folder)]
    print("\n".join(failures))
    sys.exit(1 if failures else 0)


main()
