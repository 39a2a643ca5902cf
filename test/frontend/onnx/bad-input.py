# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Each way in which an ONNX file can be wrong gives one clear error and exit code 1; no file is
# imported by half.
#
# REQUIRES: onnx
# RUN: %python %s %t
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def value(name, shape=("N", 4), element=FLOAT):
    return helper.make_tensor_value_info(name, element, shape)


def model(nodes, inputs=None, outputs=None, weights=(), opset=17, **more):
    graph = helper.make_graph(
        nodes, "g", [value("x")] if inputs is None else inputs, [value("y")] if outputs is None else outputs, weights
    )
    opsets = opset if isinstance(opset, list) else [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, **more)


def identity(source="x", result="y", **more):
    return helper.make_node("Identity", [source], [result], **more)


def add(weight):
    """A model that adds a weight, which may be wrong."""
    return model([helper.make_node("Add", ["x", weight.name], ["y"])], weights=[weight])


def weight(**fields):
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), "w")
    for name, content in fields.items():
        if isinstance(content, list):
            del getattr(tensor, name)[:]
            getattr(tensor, name).extend(content)
        else:
            setattr(tensor, name, content)
    return tensor


def external(**entries):
    tensor = weight()
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, content in entries.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(content)
    return tensor


def branch(*nodes, inputs=(), outputs=("b",)):
    return helper.make_graph(list(nodes), "branch", [value(i) for i in inputs], [value(o) for o in outputs])


def functions(*made, nodes):
    result = model(nodes, opset=[helper.make_opsetid("", 17), helper.make_opsetid("local", 1)])
    result.functions.extend(
        helper.make_function("local", name, inputs, outputs, body,
                             [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)])
        for name, inputs, outputs, body in made
    )
    return result


def call(name, source="x", result="y"):
    return helper.make_node(name, [source], [result], domain="local")


good = model([identity()]).SerializeToString()
dynamic_rank = model([identity()])
dynamic_rank.graph.input[0].type.tensor_type.ClearField("shape")
sequence = model([identity()], inputs=[helper.make_tensor_sequence_value_info("x", FLOAT, (2,))])
no_graph = onnx.ModelProto(ir_version=8)

sparse = model([identity()])
sparse.graph.sparse_initializer.add().dims.extend([4])
strings = helper.make_tensor("w", TensorProto.STRING, (2,), [b"a", b"b"])
twice_imported = model([identity()], opset=[helper.make_opsetid("", 17), helper.make_opsetid("", 16)])


def resize(sizes=None, scales=None, **attributes):
    """Of an image [1, 2, 3, 4]."""
    weights = [
        numpy_helper.from_array(np.array(values, kind), name)
        for name, values, kind in (("scales", scales, np.float32), ("sizes", sizes, np.int64)) if values is not None
    ]
    names = ["x", "", "scales" if scales is not None else "", "sizes" if sizes is not None else ""]
    return model([helper.make_node("Resize", names, ["y"], **attributes)], [value("x", (1, 2, 3, 4))], [value("y", None)], weights)


def training(op, *inputs, **attributes):
    node = helper.make_node(op, inputs, ["y"], domain="ai.onnx.preview.training", **attributes)
    given = [value("r", ()), value("t", (), TensorProto.INT64), *(value(name, (2,)) for name in inputs[2:])]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.preview.training", 1)]
    return model([node], given, [value("y", (2,))], opset=opsets)


def lstm(**shapes):
    """Of 5 inputs and 6 units; `shapes` change those of its inputs."""
    given = {"x": (3, 2, 5), "W": (1, 24, 5), "R": (1, 24, 6), "B": (1, 48), "lengths": (2,), "h": (1, 2, 6),
             "c": (1, 2, 6), "P": (1, 18)} | shapes
    inputs = [value(name, shape, TensorProto.INT32 if name == "lengths" else FLOAT) for name, shape in given.items()]
    return model([helper.make_node("LSTM", list(given), ["y"], hidden_size=6)], inputs, [value("y", None)])


# Name, file (model or bytes), what the error says.
CASES = [
    # The file.
    ("empty", b"", r"it is no ONNX model: it has no graph"),
    ("text", b"model Digits {\n}\n", r"it is no ONNX model, or it is damaged or cut short \(17 bytes\)"),
    ("truncated", good[:-5], r"it is no ONNX model, or it is damaged or cut short"),
    ("damaged", good[:10] + b"\xff" * 20 + good[30:], r"it is no ONNX model"),
    ("no-graph", no_graph, r"it has no graph"),
    # Versions and operators.
    ("opset-too-new", model([identity()], opset=99), r"version 99 of the operator set ai.onnx; versions 1 to \d+"),
    ("opset-zero", model([identity()], opset=0), r"version 0 of the operator set"),
    (
        "unknown-operators",
        model([helper.make_node("Frobnicate", ["x"], ["a"], name="first"),
               helper.make_node("Attention", ["a"], ["b"], domain="com.microsoft"),
               helper.make_node("Juggle", ["b"], ["y"])]),
        r"(?s)uses operators that Weft does not support:"
        r"\n  node 'first' \(Frobnicate\), opset 17: is no operator of ai.onnx[^\n]*"
        r"\n  node 'b' \(Attention\), opset 1: is in the domain 'com.microsoft'[^\n]*"
        r"\n  node 'y' \(Juggle\), opset 17: is no operator.*docs/onnx.md",
    ),
    (
        "operator-too-new",
        model([helper.make_node("Mish", ["x"], ["y"])], opset=9),
        r"node 'y' \(Mish\), opset 9: exists since opset 18",
    ),
    (
        "unknown-in-branch",
        model([helper.make_node("If", ["c"], ["y"], then_branch=branch(helper.make_node("Frobnicate", ["x"], ["b"])),
                                else_branch=branch(identity("x", "b")))],
              inputs=[value("x"), value("c", (), TensorProto.BOOL)]),
        r"node 'b' \(Frobnicate\)",
    ),
    ("lstm-weights", lstm(W=(24, 5)), r"\(LSTM\), opset 17: W has 2 dimensions, but 3 are expected"),
    ("lstm-bias", lstm(B=(48,)), r"B has 1 dimensions, but 2 are expected"),
    ("lstm-lengths", lstm(lengths=(2, 1)), r"sequence_lens has 2 dimensions, but 1 are expected"),
    ("lstm-state", lstm(c=(2, 6)), r"initial_c has 2 dimensions, but 3 are expected"),
    ("lstm-peepholes", lstm(P=(18,)), r"P has 1 dimensions, but 2 are expected"),
    ("lstm-peepholes-size", lstm(P=(1, 17)), r"\(LSTM\), opset 17"),
    # Wiring.
    ("dangling", model([identity("nobody")]), r"the node 'y' \(Identity\) reads 'nobody', which nothing gives"),
    ("dangling-output", model([identity("x", "z")]), r"the output 'y' is given by no node"),
    (
        "cycle",
        model([helper.make_node("Add", ["x", "b"], ["a"]), identity("a", "b"), identity("b", "y")]),
        r"the node 'a' \(Add\) waits for its own result: the graph has a cycle",
    ),
    (
        "cycle-in-branch",
        model([helper.make_node("If", ["c"], ["y"], then_branch=branch(helper.make_node("Add", ["x", "b"], ["a"]), identity("a", "b")),
                                else_branch=branch(identity("x", "b")))],
              inputs=[value("x"), value("c", (), TensorProto.BOOL)]),
        r"waits for its own result: the graph has a cycle",
    ),
    ("given-twice", model([identity(), identity()]), r"the nodes 'y' \(Identity\) and 'y' \(Identity\) both give 'y'"),
    ("hides-input", model([identity("x", "x"), identity("x", "y")]), r"gives 'x', but that is already the name"),
    ("inputs-alike", model([identity()], inputs=[value("x"), value("x")]), r"two inputs are called 'x'"),
    ("weights-alike", model([identity()], weights=[weight(), weight()]), r"two weights are called 'w'"),
    # Types and shapes.
    ("negative-dimension", model([identity()], inputs=[value("x", (2, -3))]), r"dimension 1 of the input 'x' is -3"),
    ("huge-dimension", model([identity()], inputs=[value("x", (2, 1 << 60))]), r"dimension 1 of the input 'x' is 1152921504606846976"),
    ("no-shape", dynamic_rank, r"the input 'x' has no shape"),
    ("sequence-input", sequence, r"the input 'x' is no tensor: sequences, maps, optionals"),
    ("string-input", model([identity()], inputs=[value("x", element=TensorProto.STRING)]), r"the input 'x': the element type is string"),
    ("complex-input", model([identity()], inputs=[value("x", element=TensorProto.COMPLEX64)]), r"the element type is complex64"),
    ("no-such-type", model([identity()], inputs=[value("x", element=77)]), r"the element type has the number 77"),
    ("wrong-result-type", model([identity()], outputs=[value("y", element=TensorProto.INT64)]), r"the output 'y' is declared as i64, but its node gives f32"),
    (
        "types-differ",
        model([helper.make_node("Add", ["x", "i"], ["y"])], inputs=[value("x"), value("i", element=TensorProto.INT64)]),
        r"node 'y' \(Add\), opset 17: operands have the element types f32 and i64",
    ),
    (
        "shapes-differ",
        model([helper.make_node("Add", ["x", "z"], ["y"])], inputs=[value("x", (2, 3)), value("z", (2, 4))]),
        r"node 'y' \(Add\), opset 17: dimension 4 meets dimension 3, and neither is 1",
    ),
    (
        "size-depends-on-data",
        model([helper.make_node("NonZero", ["x"], ["n"]), helper.make_node("Gather", ["n", "w"], ["y"], axis=1)],
              weights=[numpy_helper.from_array(np.array([0]), "w")]),
        r"\(Gather\), opset 17: the size of dimension 1 of 'n' depends on data: that dimension can only be kept as it is",
    ),
    (
        "many-errors",
        model([helper.make_node("Add", ["x", "w"], [f"y{i}"]) for i in range(30)] + [identity()],
              weights=[numpy_helper.from_array(np.zeros(3, np.float32), "w")]),
        r"(?s)node 'y9' .*and 20 more errors",
    ),
    (
        "sizes-differ",
        model([helper.make_node("Add", ["x", "z"], ["y"])], inputs=[value("x", ("N", "W")), value("z", ("N", 4))]),
        r"dimension 4 meets dimension W, and neither is 1; sizes that fit can be given with --dim W=SIZE",
    ),
    # Attributes and inputs of nodes.
    ("unknown-attribute", model([helper.make_node("Relu", ["x"], ["y"], slope=0.5)]), r"node 'y' \(Relu\), opset 17: the attribute 'slope' is not one"),
    ("attribute-type", model([helper.make_node("LeakyRelu", ["x"], ["y"], alpha="much")]), r"the attribute 'alpha' is a string, but a number is expected"),
    ("input-missing", model([helper.make_node("Add", ["x"], ["y"])]), r"node 'y' \(Add\), opset 17: input 1 is missing"),
    ("axis-outside", model([helper.make_node("Concat", ["x", "x"], ["y"], axis=5)]), r"axis 5 is not one of the 2 dimensions"),
    (
        "unknown-shape",
        model([helper.make_node("Reshape", ["x", "s"], ["y"])], inputs=[value("x"), value("s", (2,), TensorProto.INT64)]),
        r"'s' decides .*must be known while compiling: it depends on the input 's'; fix that with --constant s=FILE",
    ),
    # Weights.
    ("weight-too-short", add(weight(raw_data=b"1234")), r"the tensor 'w': the number of its bytes is 4, but its shape needs 16"),
    ("weight-negative", add(weight(dims=[-4])), r"the tensor 'w': a dimension is -4"),
    ("weight-overflow", add(weight(dims=[1 << 40, 1 << 40])), r"the tensor 'w': the sizes of its dimensions multiply to more"),
    ("weight-type", add(weight(data_type=99)), r"the tensor 'w': the element type has the number 99"),
    ("weight-values", add(helper.make_tensor("w", FLOAT, (4,), [1, 2, 3, 4]).__class__.FromString(
        helper.make_tensor("w", FLOAT, (3,), [1, 2, 3]).SerializeToString() + b"\x08\x02")),
     r"the tensor 'w': the number of its values is 3, but its shape needs 6"),
    ("external-missing", add(external(location="nowhere.bin")), r"the tensor 'w': its external data 'nowhere.bin' cannot be read: No such file"),
    ("external-short", add(external(location="short.bin")), r"its external data 'short.bin' has 7 bytes, but the tensor ends at byte 16"),
    ("external-offset", add(external(location="short.bin", offset="much")), r"the offset of its external data is 'much'"),
    ("external-length", add(external(location="short.bin", length=3)), r"the length of its external data is 3, but its shape needs 16"),
    ("external-above", add(external(location="../outside.bin")), r"lies in '../outside.bin', outside of the model's folder: that is refused"),
    ("external-absolute", add(external(location="/etc/passwd")), r"lies in '/etc/passwd', outside of the model's folder"),
    ("external-link", add(external(location="link.bin")), r"lies in 'link.bin', outside of the model's folder"),
    ("external-nowhere", add(external()), r"its external data has no location"),
    ("string-weight", add(strings), r"the tensor 'w': the element type is string"),
    ("sparse-weight", sparse, r"sparse"),
    # Operators that are known, and what does not fit them.
    ("string-operator", model([helper.make_node("StringNormalizer", ["x"], ["y"])]), r"\(StringNormalizer\), opset 17: works on strings"),
    ("gradient", training("Gradient", "r", "t", xs=["r"], y="r"), r"\(Gradient\), opset 1: needs differentiation, which is out of scope"),
    (
        "momentum-uneven",
        training("Momentum", "r", "t", "a", "b", "c", "d", alpha=0.9, beta=1.0, norm_coefficient=0.0, mode="standard"),
        r"has 4 tensors, but 3 for each one that is optimized are expected",
    ),
    ("resize-nothing", resize(), r"\(Resize\), opset 17: needs either scales or sizes"),
    ("resize-both", resize(sizes=[1, 2, 6, 8], scales=[1, 1, 2, 2]), r"needs either scales or sizes"),
    ("resize-too-few", resize(scales=[2, 2]), r"has 2 scales for 4 axes"),
    ("resize-negative", resize(scales=[1, 1, -2, 2]), r"a scale is -2.0+, but a number above 0 is expected"),
    ("resize-to-zero", resize(sizes=[1, 2, 0, 4]), r"resizes a dimension of 3 to 0"),
    ("resize-mode", resize(scales=[1, 1, 2, 2], mode="quintic"), r"the mode is 'quintic', but nearest, linear or cubic is expected"),
    (
        "resize-coordinates",
        resize(scales=[1, 1, 2, 2], coordinate_transformation_mode="by_hand"),
        r"coordinate_transformation_mode is 'by_hand', which the standard does not have",
    ),
    (
        "grid-dimensions",
        model([helper.make_node("GridSample", ["x", "g"], ["y"])], [value("x", (1, 2, 3, 4)), value("g", (1, 3, 4, 3))]),
        r"the input is \[1, 2, 3, 4\] and the grid \[1, 3, 4, 3\]",
    ),
    (
        "scale-vector",
        model([helper.make_node("QuantizeLinear", ["x", "s"], ["y"], axis=1)], [value("x", (2, 4)), value("s", (3,))]),
        r"\(QuantizeLinear\), opset 17: ",
    ),
    (
        "boxes-three",
        model([helper.make_node("NonMaxSuppression", ["b", "s"], ["y"])], [value("b", (1, 5, 3)), value("s", (1, 1, 5))]),
        r"boxes are \[1, 5, 3\] and scores \[1, 1, 5\], but \[B, S, 4\] and \[B, C, S\] are expected",
    ),
    # Functions of the file.
    (
        "function-recursive",
        functions(("Again", ["a"], ["b"], [call("Again", "a", "b")]), nodes=[call("Again")]),
        r"functions of the file call each other more than 64 deep",
    ),
    (
        "function-inputs",
        functions(("One", ["a"], ["b"], [identity("a", "b")]), nodes=[helper.make_node("One", ["x", "x"], ["y"], domain="local")]),
        r"gives 2 inputs to a function of 1",
    ),
    (
        "function-dangling",
        functions(("One", ["a"], ["b"], [identity("x", "b")]), nodes=[call("One")]),
        r"reads 'x', which nothing gives",
    ),
]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def check(folder, number, name, content, expected):
    """Each case is built; `inspect` and a whole build, which read a file as the build does, take cases in turns."""
    path = os.path.join(folder, name + ".onnx")
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.SerializeToString())
    others = ["inspect"], ["build", "-o", os.path.join(folder, name)]
    for verb in (["build", "--stop-after=model"], others[number % 2]):
        done = run("weft", *verb, path)
        assert done.returncode == 1, f"{name}: {verb[0]} ended with {done.returncode}\n{done.stderr}"
        assert re.search(expected, done.stderr), f"{name}: expected /{expected}/, but got\n{done.stderr}"
        assert done.stdout == "" or verb[0] == "inspect", f"{name}: something came out\n{done.stdout}"
    assert not os.listdir(os.path.join(folder, name)) if os.path.isdir(os.path.join(folder, name)) else True


def check_flags(folder):
    """Dimensions and constants that the file does not have."""
    path = os.path.join(folder, "flags.onnx")
    with open(path, "wb") as file:
        file.write(good)
    for flags, expected in [
        (["--dim", "M=3"], r"--dim M=3: no input of '.*' has a dimension of that name"),
        (["--constant", "z=[1]"], r"--constant z: '.*' has no such input"),
        (["--constant", "x=[1]"], r"the constant for 'x' is i64\[1\], but the input is f32\[N, 4\]"),
        (["--constant", "x=nowhere.npy"], r"nowhere.npy"),
        (["--settings", "a=1"], r"an ONNX model has no settings"),
        (["--model", "Other"], r"an ONNX file has one model"),
    ]:
        done = run("weft", "build", "--stop-after=model", path, *flags)
        assert done.returncode == 1, f"{flags}: {done.returncode}"
        assert re.search(expected, done.stderr), f"{flags}: expected /{expected}/, but got\n{done.stderr}"


def main(folder):
    shutil.rmtree(folder, ignore_errors=True)
    inner = os.path.join(folder, "models")
    os.makedirs(inner)
    with open(os.path.join(folder, "outside.bin"), "wb") as file:
        file.write(b"\0" * 16)
    with open(os.path.join(inner, "short.bin"), "wb") as file:
        file.write(b"1234567")
    os.symlink("../outside.bin", os.path.join(inner, "link.bin"))
    wrong = []
    for number, case in enumerate(CASES):
        try:
            check(inner, number, *case)
        except AssertionError as error:
            wrong.append(str(error))
    check_flags(inner)
    sys.exit("\n\n".join(wrong) or 0)


main(sys.argv[1])
