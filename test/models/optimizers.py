# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each optimizer of std.optim takes the steps that PyTorch's takes; Lion and LAMB those of their papers.

RUN: %python %s %S/Inputs/optimizers.weft
"""
import math
import sys
import tempfile

import numpy as np
import torch

import library

with tempfile.TemporaryDirectory() as folder:
    manifest = library.build(sys.argv[1], folder)
    weights = library.read_safetensors(manifest.with_suffix(".safetensors"))
    model, random = library.Library(manifest), np.random.default_rng(0)
    p = {k: torch.tensor(weights[k].copy(), requires_grad=True) for k in "abcdefgh"}
    theirs = [torch.optim.SGD([p["a"]], 0.1, momentum=0.9, nesterov=True, weight_decay=1e-2),
              torch.optim.RMSprop([p["b"]], 1e-2, momentum=0.5), torch.optim.Adagrad([p["c"]], 1e-1),
              torch.optim.Adam([p["d"]], 1e-2, weight_decay=1e-2), torch.optim.AdamW([p["e"]], 1e-2)]
    lion, mean, square = (np.zeros((3, 2)) for _ in range(3))
    for t in range(1, 21):
        x = random.standard_normal((5, 3)).astype("f4")
        model.call("train", x=x)
        for tensor in p.values():
            tensor.grad = None
        y = torch.tensor(x)
        sum(((y @ w) ** 2 - y @ w).mean() for w in p.values()).backward()
        fall = 0.5 * (1 + math.cos(math.pi * min(max((t - 6) / 15, 0), 1)))
        theirs[4].param_groups[0]["lr"] = 1e-2 * (t / 5 if t <= 5 else fall)
        for optimizer in theirs:
            optimizer.step()
        (f, gf), (g, gg) = ((p[k].detach().double().numpy(), p[k].grad.double().numpy()) for k in "fg")
        f = f * (1 - 1e-3) - 1e-2 * np.sign(0.9 * lion + 0.1 * gf)
        lion = 0.99 * lion + 0.01 * gf
        mean, square = 0.9 * mean + 0.1 * gg, 0.999 * square + 0.001 * gg ** 2
        step = mean / (1 - 0.9 ** t) / (np.sqrt(square / (1 - 0.999 ** t)) + 1e-6) + 0.1 * g
        g = g - 1e-2 * np.linalg.norm(g) / np.linalg.norm(step) * step
        p["f"].data, p["g"].data = torch.tensor(f).float(), torch.tensor(g).float()
    for k, tensor in p.items():
        error = np.abs(model.tensor(k) - tensor.detach().numpy()).max()
        # "f" steps by signs, as often as not of numbers that are almost 0.
        if not error <= (1e-5 if k == "f" else 2e-7):
            sys.exit(f"{k} is {error:.1e} off after 20 steps")
    model.call("move", x=np.zeros(1, "f4"))
    assert (model.tensor("first") == 0).all() and (model.tensor("second") == 2).all()
