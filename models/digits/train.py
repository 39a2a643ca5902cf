#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the weights that digits.safetensors ships, with PyTorch, from a fixed seed.

    /usr/bin/python3 models/digits/train.py --out models/digits/digits.safetensors

Reads data/image.npy (u8[1797, 8, 8], 0..16) and data/label.npy (i32[1797]). The last 360 digits
are the test set and are never trained on. Needs Debian's python3-torch and python3-numpy.
"""
import argparse
import json
import pathlib
import struct

import numpy
import torch
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).resolve().parent
TEST_COUNT = 360


class DigitNet(nn.Module):
    """The network of digits.weft, with the same parameter names."""

    def __init__(self, width=32, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.head = nn.Linear(2 * width * 2 * 2, classes)

    def forward(self, image):
        x = functional.max_pool2d(torch.relu(self.conv1(image)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(1))


def write_safetensors(path, tensors):
    """Name, shape and bytes of each tensor: an 8-byte length, a JSON header, the data."""
    header, data = {}, b""
    for name, array in sorted(tensors.items()):
        header[name] = {"dtype": "F32", "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.astype("<f4").tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def load_digits():
    image = numpy.load(HERE / "data" / "image.npy").astype("float32") / 16
    label = numpy.load(HERE / "data" / "label.npy").astype("int64")
    return torch.from_numpy(image)[:, None], torch.from_numpy(label)


def shifted(image):
    """Each image moved by up to one pixel either way: the only augmentation."""
    padded = functional.pad(image, (1, 1, 1, 1))
    dy, dx = torch.randint(0, 3, (2, len(image)))
    rows = (torch.arange(8) + dy[:, None])[:, None, :, None]
    columns = (torch.arange(8) + dx[:, None])[:, None, None, :]
    return padded[torch.arange(len(image))[:, None, None, None], 0, rows, columns]


def train(net, image, label, epochs):
    steps = epochs * (len(image) // 64)
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    for _ in range(epochs):
        order = torch.randperm(len(image))
        for batch in order[:len(image) // 64 * 64].split(64):
            loss = functional.cross_entropy(net(shifted(image[batch])), label[batch],
                                            label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "digits.safetensors")
    parser.add_argument("--epochs", type=int, default=60)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    image, label = load_digits()
    net = DigitNet()
    train(net, image[:-TEST_COUNT], label[:-TEST_COUNT], arguments.epochs)
    with torch.no_grad():
        read = net(image[-TEST_COUNT:]).argmax(1)
    print(f"test accuracy {(read == label[-TEST_COUNT:]).double().mean().item():.4f} "
          f"on the last {TEST_COUNT} digits")
    write_safetensors(arguments.out, {k: v.detach().numpy() for k, v in net.named_parameters()})


if __name__ == "__main__":
    main()
