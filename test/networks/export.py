# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes one network as ONNX files, with inputs and what PyTorch makes of them.

    python3 test/networks/export.py resnet18 OUT [--set small] [--static 2] [--dynamic 1,3]

makes `static.onnx`, whose sizes are numbers, `dynamic.onnx`, whose batch has a name, and a folder
`batch-N` for each batch size with `in.NAME.npy` and `torch.NAME.npy`. What is there and made by the same
scripts stays.
"""
import argparse
import hashlib
import pathlib
import warnings

import numpy
import torch
from torch import nn

import zoo

HERE = pathlib.Path(__file__).resolve().parent


def stamp(options):
    """Changes when the files would."""
    digest = hashlib.sha256(repr((options.set, options.static, options.dynamic, torch.__version__)).encode())
    for source in ("export.py", "modules.py", "zoo.py"):
        digest.update((HERE / source).read_bytes())
    return digest.hexdigest()


def write_model(net, network, inputs, path, dynamic):
    """As trained: PRESERVE keeps normalisations in the file, which the exporter would fold."""
    for module in net.modules():
        # The exporter of PyTorch 1.13 has no word for the fused path of evaluation; with a dropout of 0
        # the path of training computes the same.
        if isinstance(module, nn.MultiheadAttention):
            module.train()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, tuple(inputs.values()), str(path), opset_version=network.opset,
                          input_names=list(inputs), output_names=list(network.outputs),
                          dynamic_axes=dynamic, training=torch.onnx.TrainingMode.PRESERVE)


@torch.no_grad()
def write_data(net, network, batch, folder):
    folder.mkdir(exist_ok=True)
    inputs = network.inputs(batch)
    for name, tensor in inputs.items():
        numpy.save(folder / f"in.{name}.npy", tensor.numpy())
    results = net(*inputs.values())
    for name, tensor in zip(network.outputs, results if isinstance(results, tuple) else (results,)):
        numpy.save(folder / f"torch.{name}.npy", tensor.numpy())


def export(name, folder, options):
    network = zoo.SETS[options.set][name]
    net = zoo.make(network)
    for batch in {options.static, *options.dynamic}:
        write_data(net, network, batch, folder / f"batch-{batch}")
    write_model(net, network, network.inputs(options.static), folder / "static.onnx", None)
    sizes = dict(network.names_of_sizes())
    write_model(net, network, network.inputs(options.dynamic[-1]), folder / "dynamic.onnx", sizes)


def main():
    parser = argparse.ArgumentParser(description="Exports one network of the zoo.")
    parser.add_argument("name")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--set", default="full", choices=zoo.SETS)
    parser.add_argument("--static", type=int, default=2)
    parser.add_argument("--dynamic", type=lambda text: [int(n) for n in text.split(",")], default=[1, 3])
    options = parser.parse_args()
    folder = options.out / options.name
    done = folder / "stamp"
    if done.exists() and done.read_text() == stamp(options):
        return
    folder.mkdir(parents=True, exist_ok=True)
    done.unlink(missing_ok=True)
    export(options.name, folder, options)
    done.write_text(stamp(options))


if __name__ == "__main__":
    main()
