# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ResNet-18 compiled from models/resnet/resnet18.weft against torchvision, same seeded weights.

REQUIRES: torch
RUN: %python %s %models | FileCheck %s
CHECK: resnet18 N=1: relative error
CHECK: resnet18 N=3: relative error
"""
import sys

import torch
import torchvision

from harness import agree, weft_run

# Fields of batch normalisation and of the shortcut have other names in torchvision.
RENAMED = {"downsample.0": "downsample.conv", "downsample.1": "downsample.norm",
           "running_mean": "mean", "running_var": "variance"}


def weft_name(name, normalisation):
    for theirs, ours in RENAMED.items():
        name = name.replace(theirs, ours)
    if normalisation:
        name = name.replace(".weight", ".scale").replace(".bias", ".shift")
    return name


def weights_of(net):
    normalisations = {name for name, module in net.named_modules()
                      if isinstance(module, torch.nn.BatchNorm2d)}
    return {weft_name(name, name.rsplit(".", 1)[0] in normalisations): tensor.numpy()
            for name, tensor in net.state_dict().items() if "num_batches" not in name}


def main():
    torch.manual_seed(0)
    net = torchvision.models.resnet18(weights=None).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # not the identity that it starts as
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.1)
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    for batch in (1, 3):
        image = torch.randn(batch, 3, 224, 224)
        with torch.no_grad():
            theirs = net(image).numpy()
        ours, = weft_run(f"{sys.argv[1]}/resnet/resnet18.weft", "predict", weights_of(net),
                         {"image": image.numpy()}, ["result"])
        agree(f"resnet18 N={batch}", ours, theirs, 1e-4)


main()
