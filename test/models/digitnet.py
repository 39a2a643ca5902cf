# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The network of models/digits/digits.weft in PyTorch, with the same names of parameters."""
import torch
from torch import nn
from torch.nn import functional

TEST_COUNT = 360  # The last ones; they are never trained on.


class DigitNet(nn.Module):
    """Two convolutions and a linear layer."""

    def __init__(self, width=32, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.head = nn.Linear(2 * width * 2 * 2, classes)

    def forward(self, image):
        x = functional.max_pool2d(torch.relu(self.conv1(image)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(1))
