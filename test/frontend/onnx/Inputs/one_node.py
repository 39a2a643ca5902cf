# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Models of one node, each run with the evaluator and compiled, and their numbers compared.
#   python3 test/frontend/onnx/operators.py FOLDER [--share N]: one case of N, evenly over the list
import argparse
import itertools
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, mapping, numpy_helper

RNG = np.random.default_rng(1)
failures = []
number, share = itertools.count(), 1


def data(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def info(name, shape, element=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, element, shape)


def run(case, model, inputs, expected, folder, tolerance=1e-4):
    if next(number) % share:
        return
    path = os.path.join(folder, f"{case}.onnx")
    onnx.save(model, path)
    for mode in ([], ["--reference"]):
        command = ["weft", "run", path, "predict", *mode]
        for name, array in inputs.items():
            np.save(os.path.join(folder, f"{name}.npy"), array)
            command += ["--in", f"{name}={folder}/{name}.npy"]
        for name in expected:
            command += ["--out", f"{name}={folder}/{name}.out.npy"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            failures.append(f"{case} {mode}: {done.stderr.strip()}")
            continue
        for name, want in expected.items():
            got = np.load(f"{folder}/{name}.out.npy")
            same = got.shape == want.shape and got.dtype == want.dtype
            if not same or not np.allclose(got, want, tolerance, tolerance):
                failures.append(f"{case} {mode}: '{name}' is {got.dtype}{got.shape}, differs from {want.dtype}{want.shape}")


def one_node(case, folder, op, inputs, expected, opset, outputs=None, dims=None, weights=None, domain="", **attributes):
    """A model of one node. `inputs` may hold None for what is left out; `dims` names dimensions, `outputs` the
    node's outputs where `expected` has others too."""
    names = [name if array is not None else "" for name, array in inputs.items()]
    weights = weights or {}
    node = helper.make_node(op, names, list(outputs or expected), domain=domain, **attributes)
    given = {name: array for name, array in inputs.items() if array is not None and name not in weights}
    element = lambda array: mapping.NP_TYPE_TO_TENSOR_TYPE[array.dtype]
    declared = [info(name, (dims or {}).get(name, array.shape), element(array)) for name, array in given.items()]
    results = [
        info(name, [None] * array.ndim, element(array)) for name, array in expected.items() if name in node.output
    ]
    tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph([node], case, declared, results, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, opset)])
    model.ir_version = 8
    run(case, model, given, expected, folder)


def finish(*families):
    """Runs the cases in the folder that the command line names."""
    global share
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--share", type=int, default=1, metavar="N", help="run one case of N")
    options = parser.parse_args()
    share = options.share
    os.makedirs(options.folder, exist_ok=True)
    for family in families:
        family(options.folder)
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)
