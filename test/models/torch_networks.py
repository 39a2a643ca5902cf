# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of test/bench/training/ in PyTorch, with the names of their parameters there."""
import math

import torch
from torch import nn
from torch.nn import functional as F


class Norm(nn.BatchNorm2d):
    """Its names in PyTorch are others than those of std.nn."""
    NAMES = {"scale": "weight", "shift": "bias", "mean": "running_mean", "variance": "running_var"}


class Layer(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = Norm(outputs)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)))


class Mlp(nn.Module):
    def __init__(self, inputs=784, width=512, classes=10):
        super().__init__()
        self.first, self.second, self.third = nn.Linear(inputs, width), nn.Linear(width, width), nn.Linear(width, classes)

    def forward(self, x):
        return self.third(torch.relu(self.second(torch.relu(self.first(x)))))


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [3, 32, 32, 64, 64, 128, 128]
        self.layers = nn.ModuleList(Layer(a, b) for a, b in zip(sizes, sizes[1:]))
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        for number, layer in enumerate(self.layers):
            x = layer(x)
            if number in (1, 3):
                x = F.max_pool2d(x, 2)
        return self.head(x.mean((2, 3)))


class Shortcut(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        self.norm = Norm(outputs)

    def forward(self, x):
        return self.norm(self.conv(x))


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1, self.bn2 = Norm(outputs), Norm(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        if stride != 1 or inputs != outputs:
            self.downsample = Shortcut(inputs, outputs, stride)

    def forward(self, x):
        shortcut = self.downsample(x) if hasattr(self, "downsample") else x
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))) + shortcut)


class ResNet18(nn.Module):
    def __init__(self, width=64, classes=1000):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), Norm(width)
        sizes = [width, width, 2 * width, 4 * width, 8 * width]
        for i in range(1, 5):
            setattr(self, f"layer{i}", nn.Sequential(
                BasicBlock(sizes[i - 1], sizes[i], 1 if i == 1 else 2), BasicBlock(sizes[i], sizes[i], 1)))
        self.fc = nn.Linear(8 * width, classes)

    def forward(self, x):
        x = F.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


class Double(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.first, self.second = Layer(inputs, outputs), Layer(outputs, outputs)

    def forward(self, x):
        return self.second(self.first(x))


class UNet(nn.Module):
    def __init__(self, base=32):
        super().__init__()
        c = [base * 2 ** level for level in range(5)]
        self.enter = Double(1, c[0])
        self.down = nn.ModuleList(Double(c[i], c[i + 1]) for i in range(4))
        self.up = nn.ModuleList(nn.ConvTranspose2d(c[i + 1], c[i], 2, 2) for i in (3, 2, 1, 0))
        self.join = nn.ModuleList(Double(2 * c[i], c[i]) for i in (3, 2, 1, 0))
        self.leave = nn.Conv2d(c[0], 1, 1)

    def forward(self, x):
        kept = [self.enter(x)]
        for down in self.down:
            kept.append(down(F.max_pool2d(kept[-1], 2)))
        x = kept.pop()
        for up, join in zip(self.up, self.join):
            x = join(torch.cat([kept.pop(), up(x)], 1))
        return torch.sigmoid(self.leave(x))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.project = heads, nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x):
        n, length, width = x.shape
        q, k, v = self.project(x).view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        p = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), -1)
        return self.output((p @ v).transpose(1, 2).reshape(n, length, width))


class Scale(nn.LayerNorm):
    NAMES = {"scale": "weight", "shift": "bias"}


class TwoLayers(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = Scale(width), Scale(width)
        self.attention, self.mlp = Attention(width, heads), TwoLayers(width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self, vocabulary=30522, length=128, width=256, layers=4, classes=2):
        super().__init__()
        self.token, self.place = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*(Block(width, 4) for _ in range(layers)))
        self.norm, self.head = Scale(width), nn.Linear(width, classes)

    def forward(self, tokens):
        return self.head(self.norm(self.blocks(self.token(tokens) + self.place(torch.arange(tokens.shape[1]))))[:, 0])


class LstmLayer(nn.Module):
    """PyTorch's own has two biases where the equations have one."""

    def __init__(self, inputs, units):
        super().__init__()
        self.wx = nn.Parameter(torch.empty(4 * units, inputs))
        self.wh = nn.Parameter(torch.empty(4 * units, units))
        self.bias = nn.Parameter(torch.empty(4 * units))

    def forward(self, xs):
        h = c = xs.new_zeros(xs.shape[1], self.wh.shape[1])
        ys = []
        for x in xs:
            i, f, g, o = (x @ self.wx.T + h @ self.wh.T + self.bias).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            ys.append(h)
        return torch.stack(ys)


class Lstm(nn.Module):
    def __init__(self, inputs=128, units=512, classes=10):
        super().__init__()
        self.first, self.second, self.head = LstmLayer(inputs, units), LstmLayer(units, units), nn.Linear(units, classes)

    def forward(self, x):
        return self.head(self.second(self.first(x.transpose(0, 1)))[-1])


class Gcn(nn.Module):
    def __init__(self, inputs=128, width=128, classes=16):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(inputs, width), nn.Linear(width, width), nn.Linear(width, classes)])

    def forward(self, x, source, target, weight):
        for number, linear in enumerate(self.layers):
            h = linear(x)
            x = torch.zeros_like(h).index_add(0, target, h.index_select(0, source) * weight[:, None])
            x = torch.relu(x) if number < 2 else x
        return x
