# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A 2-layer transformer encoder compiled from models/transformer/encoder.weft against PyTorch, same
seeded weights, with padded sequences of several lengths.

REQUIRES: torch
RUN: %python %s %models | FileCheck %s
CHECK: encoder N=1 L=1: relative error
CHECK: encoder N=2 L=17: relative error
CHECK: encoder N=5 L=64: relative error
"""
import sys

import torch
from torch import nn

from harness import agree, weft_run

LAYERS, WIDTH, HEADS, VOCABULARY, PLACES, EPSILON = 2, 128, 4, 1000, 64, 1e-12


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(VOCABULARY, WIDTH)
        self.position = nn.Embedding(PLACES, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, dropout=0, activation="gelu",
                                       layer_norm_eps=EPSILON, batch_first=True)
            for _ in range(LAYERS))

    def forward(self, tokens, mask):
        x = self.norm(self.token(tokens) + self.position(torch.arange(tokens.shape[1])))
        for block in self.blocks:
            x = block(x, src_key_padding_mask=~mask)
        return x


RENAMED = {"self_attn.in_proj_": "attention.project.", "self_attn.out_proj": "attention.output",
           "linear1": "mlp.up", "linear2": "mlp.down"}


def weft_name(name):
    for theirs, ours in RENAMED.items():
        name = name.replace(theirs, ours)
    if "norm" in name:
        name = name.replace("weight", "scale").replace("bias", "shift")
    return name


def main():
    torch.manual_seed(0)
    # Training mode keeps PyTorch on its plain path: the fused one pads its outputs with zeros.
    net = Encoder().train()
    for parameter in net.parameters():
        if parameter.dim() == 1:  # biases start as 0, scales as 1
            nn.init.normal_(parameter, mean=parameter.mean().item(), std=0.1)
    weights = {weft_name(name): tensor.numpy() for name, tensor in net.state_dict().items()}
    for batch, length in ((1, 1), (2, 17), (5, 64)):
        tokens = torch.randint(0, VOCABULARY, (batch, length))
        mask = torch.arange(length)[None] < torch.randint(1, length + 1, (batch, 1))
        with torch.no_grad():
            theirs = net(tokens, mask).numpy()
        ours, = weft_run(f"{sys.argv[1]}/transformer/encoder.weft", "encode", weights,
                         {"tokens": tokens.int().numpy(), "mask": mask.numpy()}, ["result"])
        agree(f"encoder N={batch} L={length}", ours, theirs, 1e-4)


main()
