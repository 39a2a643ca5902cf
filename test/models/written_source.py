# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ResNet-18 and an encoder, exported by PyTorch and written as source by `weft import`: blocks are
models and loops, and the source gives PyTorch's numbers. So does a file whose names say nothing.

REQUIRES: torch
RUN: %python %s %t | FileCheck %s
CHECK: resnet18: for layer in layer1 { x = layer(x) }
CHECK: resnet18: relative error
CHECK: encoder: layers = [Layer() for _ in 0..3]
CHECK: encoder: relative error
CHECK: nameless: blocks = {{.}}Block() for _ in 0..3]
CHECK: nameless: for block in blocks { y = block(y, x) }
CHECK: nameless: relative error
"""
import pathlib
import re
import subprocess
import sys

import onnx
import torch
import torchvision
from torch import nn

from harness import agree, weft_run


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x, bias):
        count, length, width = x.shape
        split = lambda t: t.view(count, length, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = split(self.query(x)), split(self.key(x)), split(self.value(x))
        p = torch.softmax(q @ k.transpose(-1, -2) / (width // self.heads) ** 0.5 + bias, -1)
        return self.output((p @ v).transpose(1, 2).reshape(count, length, width))


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attention = Attention(width, heads)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, bias):
        x = self.norm1(x + self.attention(x, bias))
        return self.norm2(x + self.down(nn.functional.gelu(self.up(x))))


class Encoder(nn.Module):
    def __init__(self, width=32, heads=4, layers=3):
        super().__init__()
        self.token = nn.Embedding(100, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))

    def forward(self, tokens, mask):
        x, bias = self.token(tokens), (1.0 - mask[:, None, None, :].float()) * -10000.0
        for layer in self.layers:
            x = layer(x, bias)
        return x


def strip_names(path):
    """Takes away the names of nodes, weights and values inside."""
    model = onnx.load(path)
    graph = model.graph
    kept = {value.name for value in [*graph.input, *graph.output]}
    names = {}
    rename = lambda name: name if not name or name in kept else names.setdefault(name, f"v{len(names)}")
    for tensor in graph.initializer:
        tensor.name = rename(tensor.name)
    for node in graph.node:
        node.name = ""
        node.input[:] = [rename(name) for name in node.input]
        node.output[:] = [rename(name) for name in node.output]
    del graph.value_info[:]
    onnx.save(model, path)


def check(name, net, inputs, wanted, folder, change=lambda path: None):
    """Exports, imports, runs; prints the lines of the source that hold `wanted`."""
    for parameter in net.parameters():  # so that no two weights are equal
        nn.init.normal_(parameter, mean=parameter.mean().item(), std=0.05)
    names = list(inputs)
    torch.onnx.export(net, tuple(inputs.values()), str(folder / f"{name}.onnx"), input_names=names,
                      output_names=["out"], dynamic_axes={n: {0: "N"} for n in [*names, "out"]},
                      opset_version=14)
    change(str(folder / f"{name}.onnx"))
    subprocess.run(["weft", "import", folder / f"{name}.onnx", "-o", folder / f"{name}.weft"], check=True)
    for line in (folder / f"{name}.weft").read_text().splitlines():
        if re.search(wanted, line):
            print(f"{name}: {line.strip()}")
    with torch.no_grad():
        theirs = net(*inputs.values()).numpy()
    ours, = weft_run(folder / f"{name}.weft", "predict", None,
                     {n: t.numpy() for n, t in inputs.items()}, ["out"],
                     ["--weights", str(folder / f"{name}.safetensors")])
    agree(name, ours, theirs, 1e-4)


def main():
    torch.manual_seed(0)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    check("resnet18", torchvision.models.resnet18().eval(), {"image": torch.randn(2, 3, 64, 64)},
          "for .* in layer", folder)
    text = {"tokens": torch.randint(0, 100, (2, 9)), "mask": torch.ones(2, 9, dtype=torch.bool)}
    check("encoder", Encoder().eval(), text, "layers = ", folder)
    check("nameless", Encoder().eval(), text, "blocks", folder,
          strip_names)


main()
