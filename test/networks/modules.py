# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks in plain PyTorch that torchvision lacks. Sizes are arguments: the defaults are those of the
papers, and the tests also use small ones.
"""
import math

import torch
from torch import nn
from torch.nn import functional


class Tuple(nn.Module):
    """Takes one entry of what a torchvision segmentation network gives as a dictionary."""

    def __init__(self, inner, key):
        super().__init__()
        self.inner, self.key = inner, key

    def forward(self, image):
        return self.inner(image)[self.key]


class Convolutions(nn.Sequential):
    """Twice convolution, normalisation, ReLU."""

    def __init__(self, inputs, outputs):
        layers = []
        for channels in (inputs, outputs):
            layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs),
                       nn.ReLU()]
        super().__init__(*layers)


class UNet(nn.Module):
    """Ronneberger et al., arXiv:1505.04597, with padding and normalisation."""

    def __init__(self, width=32, depth=4):
        super().__init__()
        widths = [width << level for level in range(depth + 1)]
        pairs = list(zip(widths, widths[1:]))
        self.first = Convolutions(1, width)
        self.down = nn.ModuleList(Convolutions(a, b) for a, b in pairs)
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in reversed(pairs))
        self.merge = nn.ModuleList(Convolutions(2 * a, a) for a, _ in reversed(pairs))
        self.last = nn.Conv2d(width, 1, 1)

    def forward(self, image):
        levels = [self.first(image)]
        for down in self.down:
            levels.append(down(functional.max_pool2d(levels[-1], 2)))
        x = levels.pop()
        for up, merge in zip(self.up, self.merge):
            x = merge(torch.cat([levels.pop(), up(x)], 1))
        return torch.sigmoid(self.last(x))


class Edsr(nn.Module):
    """The baseline of Lim et al., arXiv:1707.02921: residual blocks without normalisation, pixel shuffle."""

    def __init__(self, width=64, blocks=16, scale=2):
        super().__init__()

        def convolution(inputs, outputs):
            return nn.Conv2d(inputs, outputs, 3, padding=1)

        self.head = convolution(3, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(convolution(width, width), nn.ReLU(), convolution(width, width))
            for _ in range(blocks))
        self.body = convolution(width, width)
        self.tail = nn.Sequential(convolution(width, width * scale * scale), nn.PixelShuffle(scale),
                                  convolution(width, 3))

    def forward(self, image):
        start = self.head(image)
        x = start
        for block in self.blocks:
            x = x + 0.1 * block(x)
        return self.tail(self.body(x) + start)


class Attention(nn.Module):
    """Vaswani et al., arXiv:1706.03762, section 3.2. `mask` is added to the scores."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, mask):
        query, key, value = (self.split(f(x)) for f in (self.query, self.key, self.value))
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1]) + mask
        mixed = torch.softmax(scores, 3) @ value
        return self.out(mixed.transpose(1, 2).reshape(x.shape))


class EncoderBlock(nn.Module):
    """Normalises after each part."""

    def __init__(self, width, heads):
        super().__init__()
        self.attention = Attention(width, heads)
        self.norm1, self.norm2 = (nn.LayerNorm(width, 1e-12) for _ in range(2))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, mask):
        x = self.norm1(x + self.attention(x, mask))
        return self.norm2(x + self.down(functional.gelu(self.up(x))))


class Bert(nn.Module):
    """Devlin et al., arXiv:1810.04805: the encoder and the pooled first token."""

    def __init__(self, layers=12, width=768, heads=12, vocabulary=30522, places=512):
        super().__init__()
        self.token, self.place = nn.Embedding(vocabulary, width), nn.Embedding(places, width)
        self.segment = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, 1e-12)
        self.blocks = nn.ModuleList(EncoderBlock(width, heads) for _ in range(layers))
        self.pool = nn.Linear(width, width)

    def forward(self, tokens, segments, mask):
        places = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.norm(self.token(tokens) + self.place(places) + self.segment(segments))
        hidden = (1 - mask[:, None, None, :].to(x.dtype)) * -10000
        for block in self.blocks:
            x = block(x, hidden)
        return x, torch.tanh(self.pool(x[:, 0]))


class DecoderBlock(nn.Module):
    """Normalises before each part; GELU by its tanh approximation, as GPT-2 has it."""

    def __init__(self, width, heads):
        super().__init__()
        self.attention = Attention(width, heads)
        self.norm1, self.norm2 = (nn.LayerNorm(width) for _ in range(2))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, mask):
        x = x + self.attention(self.norm1(x), mask)
        h = self.up(self.norm2(x))
        h = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h.pow(3))))
        return x + self.down(h)


class Gpt2(nn.Module):
    """Radford et al., "Language Models are Unsupervised Multitask Learners"; embedding and head share."""

    def __init__(self, layers=12, width=768, heads=12, vocabulary=50257, places=1024):
        super().__init__()
        self.token, self.place = nn.Embedding(vocabulary, width), nn.Embedding(places, width)
        self.blocks = nn.ModuleList(DecoderBlock(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        future = torch.full((places, places), -1e9).triu(1)
        self.register_buffer("future", future, persistent=False)

    def forward(self, tokens):
        length = tokens.shape[1]
        places = torch.arange(length, device=tokens.device)
        x = self.token(tokens) + self.place(places)
        mask = self.future[:length, :length]
        for block in self.blocks:
            x = block(x, mask)
        return functional.linear(self.norm(x), self.token.weight)


class Recurrent(nn.Module):
    """A sequence classifier on the last step. `kind` is nn.LSTM, nn.GRU or nn.RNN."""

    def __init__(self, kind, inputs=128, width=512, layers=2, classes=10, bidirectional=False):
        super().__init__()
        self.cells = kind(inputs, width, layers, batch_first=True, bidirectional=bidirectional)
        self.head = nn.Linear(width * (1 + bidirectional), classes)

    def forward(self, sequence):
        return self.head(self.cells(sequence)[0][:, -1])


class AddRows(torch.autograd.Function):
    """base[to[i, 0]] += rows[i], written to the file as ScatterND."""

    @staticmethod
    def symbolic(graph, base, to, rows):
        return graph.op("ScatterND", base, to, rows, reduction_s="add")

    @staticmethod
    def forward(context, base, to, rows):
        return base.index_add(0, to[:, 0], rows)


class GraphNet(nn.Module):
    """Kipf & Welling, arXiv:1609.02907: messages along weighted edges, summed at their ends.

    `scatter` is the operator that sums: "elements" or "nd"."""

    def __init__(self, scatter, inputs=128, width=128, classes=16, layers=3):
        super().__init__()
        widths = [inputs] + [width] * (layers - 1) + [classes]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.scatter = scatter

    def collect(self, base, to, messages, columns):
        if self.scatter == "nd":
            return AddRows.apply(base, to[:, None], messages)
        # The exporter wants to see equal sizes: so the number of columns is one, not that of a tensor.
        return base.scatter_add(0, to[:, None].expand(-1, columns), messages)

    def forward(self, nodes, source, target, weight):
        x = nodes
        for number, layer in enumerate(self.layers):
            h = layer(x)
            x = self.collect(torch.zeros_like(h), target, h[source] * weight[:, None], layer.out_features)
            if number + 1 < len(self.layers):
                x = torch.relu(x)
        return x


def deconvolution(inputs, outputs, stride=2, padding=1):
    return [nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False),
            nn.BatchNorm2d(outputs), nn.ReLU()]


class DcganGenerator(nn.Sequential):
    """Radford et al., arXiv:1511.06434: noise to an image of 64x64."""

    def __init__(self, noise=100, width=64):
        super().__init__(*deconvolution(noise, 8 * width, 1, 0), *deconvolution(8 * width, 4 * width),
                         *deconvolution(4 * width, 2 * width), *deconvolution(2 * width, width),
                         nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh())


class Keypoints(nn.Module):
    """Xiao et al., arXiv:1804.06208: a backbone, three transposed convolutions, one heat map a joint."""

    def __init__(self, backbone, features=512, width=256, joints=17):
        super().__init__()
        b = backbone
        self.backbone = nn.Sequential(b.conv1, b.bn1, b.relu, b.maxpool, b.layer1, b.layer2, b.layer3,
                                      b.layer4)
        self.head = nn.Sequential(*deconvolution(features, width), *deconvolution(width, width),
                                  *deconvolution(width, width), nn.Conv2d(width, joints, 1))

    def forward(self, image):
        return self.head(self.backbone(image))


class Causal(nn.Conv1d):
    """Sees what came before alone."""

    def forward(self, x):
        return super().forward(functional.pad(x, (self.dilation[0] * (self.kernel_size[0] - 1), 0)))


class Tcn(nn.Module):
    """Bai et al., arXiv:1803.01271: dilated causal convolutions over a sequence [N, C, L], with residuals."""

    def __init__(self, inputs=32, width=64, levels=6, classes=10):
        super().__init__()
        self.start = nn.Conv1d(inputs, width, 1)
        self.blocks = nn.ModuleList(
            nn.Sequential(Causal(width, width, 3, dilation=1 << level), nn.ReLU(),
                          Causal(width, width, 3, dilation=1 << level), nn.ReLU()) for level in range(levels))
        self.head = nn.Linear(width, classes)

    def forward(self, sequence):
        x = self.start(sequence)
        for block in self.blocks:
            x = torch.relu(x + block(x))
        return self.head(x[:, :, -1])


class PointNet(nn.Module):
    """Qi et al., arXiv:1612.00593, without the transforms: points [N, 3, P] to classes."""

    def __init__(self, classes=40):
        super().__init__()
        layers = []
        for inputs, outputs in ((3, 64), (64, 64), (64, 64), (64, 128), (128, 1024)):
            layers += [nn.Conv1d(inputs, outputs, 1), nn.BatchNorm1d(outputs), nn.ReLU()]
        self.each = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Linear(1024, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(),
                                  nn.Linear(256, classes))

    def forward(self, points):
        return self.head(self.each(points).max(2)[0])


class Translator(nn.Module):
    """The generator of Isola et al., arXiv:1611.07004: 4x4 convolutions of stride 2 down and up, with skips."""

    def __init__(self, width=64, depth=7):
        super().__init__()
        widths = [width * min(8, 1 << level) for level in range(depth)]
        self.down = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in zip([3] + widths, widths))
        below = [2 * w for w in widths]
        below[-1] = widths[-1]
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 4, 2, 1)
                                for a, b in reversed(list(zip(below, [3] + widths))))

    def forward(self, image):
        levels, x = [], image
        for down in self.down:
            x = functional.leaky_relu(down(x), 0.2)
            levels.append(x)
        x = levels.pop()
        for up in self.up:
            x = torch.relu(up(x)) if levels else torch.tanh(up(x))
            if levels:
                x = torch.cat([x, levels.pop()], 1)
        return x


class Mixer(nn.Module):
    """Tolstikhin et al., arXiv:2105.01601: products over places and over channels in turns."""

    def __init__(self, size=224, patch=16, width=512, layers=8, places=256, channels=2048, classes=1000):
        super().__init__()
        count = (size // patch) ** 2
        self.stem = nn.Conv2d(3, width, patch, patch)
        mlp = lambda inner, hidden: nn.Sequential(nn.Linear(inner, hidden), nn.GELU(), nn.Linear(hidden, inner))
        self.blocks = nn.ModuleList(
            nn.ModuleList([nn.LayerNorm(width), mlp(count, places), nn.LayerNorm(width), mlp(width, channels)])
            for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, image):
        x = self.stem(image).flatten(2).transpose(1, 2)
        for norm1, places, norm2, channels in self.blocks:
            x = x + places(norm1(x).transpose(1, 2)).transpose(1, 2)
            x = x + channels(norm2(x))
        return self.head(self.norm(x).mean(1))


class GraphSage(nn.Module):
    """Hamilton et al., arXiv:1706.02216: a node beside the mean of its neighbours, weighted by their edges."""

    def __init__(self, inputs=64, width=64, classes=16, layers=2):
        super().__init__()
        widths = [inputs] + [width] * (layers - 1) + [classes]
        self.own = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.others = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in zip(widths, widths[1:]))

    def forward(self, nodes, source, target, weight):
        weight = weight[:, None]
        whole = AddRows.apply(torch.zeros_like(nodes[:, :1]), target[:, None], weight).clamp(min=1e-6)
        x = nodes
        for own, others in zip(self.own, self.others):
            total = AddRows.apply(torch.zeros_like(x), target[:, None], x[source] * weight)
            x = torch.relu(own(x) + others(total / whole))
        return x


class GraphAttention(nn.Module):
    """Velickovic et al., arXiv:1710.10903: shares of edges by a softmax at their ends, which the given weights scale."""

    def __init__(self, inputs=64, heads=4, width=16, classes=16):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(inputs, heads * width), nn.Linear(heads * width, heads * classes)])
        self.scores = nn.ModuleList(nn.Linear(n, 2, bias=False) for n in (width, classes))
        self.heads = heads

    def forward(self, nodes, source, target, weight):
        x = nodes
        for layer, scores in zip(self.layers, self.scores):
            h = layer(x)
            h = h.view(h.shape[0], self.heads, -1)
            score = scores(h)
            score = functional.leaky_relu(score[source, :, 0] + score[target, :, 1], 0.2)
            power = torch.exp(score - score.max()) * weight[:, None]
            total = AddRows.apply(torch.zeros_like(h[:, :, 0]), target[:, None], power)
            share = power / (total[target] + 1e-9)
            h = AddRows.apply(torch.zeros_like(h), target[:, None], h[source] * share[:, :, None])
            x = functional.elu(h.flatten(1))
        return x


class GraphIsomorphism(nn.Module):
    """Xu et al., arXiv:1810.00826: a perceptron on a node and the sum of its neighbours; a batch is one graph."""

    def __init__(self, inputs=48, width=48, classes=16, layers=3):
        super().__init__()
        make = lambda n: nn.Sequential(nn.Linear(n, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.layers = nn.ModuleList(make(inputs if i == 0 else width) for i in range(layers))
        self.own = nn.Parameter(torch.ones(layers))
        self.head = nn.Linear(width * layers, classes)

    def forward(self, nodes, source, target):
        x, seen = nodes, []
        for number, layer in enumerate(self.layers):
            x = layer(AddRows.apply(x * self.own[number], target[:, None], x[source]))
            seen.append(x)
        # Sums over many neighbours are long: without this, one node decides what all errors are held to.
        return self.head(functional.normalize(torch.cat(seen, 1), dim=1))


class GraphAttentionV2(nn.Module):
    """Brody et al., arXiv:2105.14491: scores of both ends of an edge together, heads of 12 columns."""

    def __init__(self, inputs=40, heads=8, width=12, layers=2):
        super().__init__()
        widths = [inputs] + [heads * width] * layers
        linears = lambda: nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.left, self.right = linears(), linears()
        self.scores = nn.ParameterList(nn.Parameter(torch.randn(heads, width) / 4) for _ in range(layers))
        self.heads = heads

    def forward(self, nodes, source, target):
        x = nodes
        for left, right, scores in zip(self.left, self.right, self.scores):
            from_, to = (f(x).view(x.shape[0], self.heads, -1) for f in (left, right))
            messages = from_[source]
            score = (functional.leaky_relu(messages + to[target], 0.2) * scores).sum(2)
            power = torch.exp(score - score.max())
            total = AddRows.apply(torch.zeros_like(to[:, :, 0]), target[:, None], power)
            h = AddRows.apply(torch.zeros_like(to), target[:, None], messages * power[:, :, None])
            x = functional.elu((h / (total[:, :, None] + 1e-9)).flatten(1))
        return x


class T5Block(nn.Module):
    """Raffel et al., arXiv:1910.10683: root mean squares, no biases, positions as a bias of the scores."""

    def __init__(self, width, heads, inner):
        super().__init__()
        linear = lambda a, b: nn.Linear(a, b, bias=False)
        self.heads = heads
        self.query, self.key, self.value, self.out = (linear(width, width) for _ in range(4))
        self.gate, self.up, self.down = linear(width, inner), linear(width, inner), linear(inner, width)
        self.norm1, self.norm2 = (nn.Parameter(torch.ones(width)) for _ in range(2))

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    @staticmethod
    def norm(x, weight):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * weight

    def forward(self, x, bias):
        h = self.norm(x, self.norm1)
        query, key, value = (self.split(f(h)) for f in (self.query, self.key, self.value))
        mixed = torch.softmax(query @ key.transpose(2, 3) / 8 + bias, 3) @ value
        x = x + self.out(mixed.transpose(1, 2).reshape(x.shape))
        h = self.norm(x, self.norm2)
        return x + self.down(functional.gelu(self.gate(h)) * self.up(h))


class T5Encoder(nn.Module):
    def __init__(self, layers=6, width=512, heads=8, inner=1024, vocabulary=32128, length=128):
        super().__init__()
        self.token = nn.Embedding(vocabulary, width)
        self.bias = nn.Embedding(2 * length - 1, heads)
        self.blocks = nn.ModuleList(T5Block(width, heads, inner) for _ in range(layers))

    def forward(self, tokens):
        places = torch.arange(tokens.shape[1])
        bias = self.bias(places[None] - places[:, None] + tokens.shape[1] - 1).permute(2, 0, 1)
        x = self.token(tokens)
        for block in self.blocks:
            x = block(x, bias)
        return x


class TextCnn(nn.Module):
    """Kim, arXiv:1408.5882: convolutions of three widths over words, the largest value of each."""

    def __init__(self, vocabulary=20000, width=128, filters=100, classes=5):
        super().__init__()
        self.token = nn.Embedding(vocabulary, width)
        self.widths = nn.ModuleList(nn.Conv1d(width, filters, k) for k in (3, 4, 5))
        self.head = nn.Linear(3 * filters, classes)

    def forward(self, tokens):
        x = self.token(tokens).transpose(1, 2)
        return self.head(torch.cat([torch.relu(f(x)).max(2)[0] for f in self.widths], 1))


class Volume(nn.Module):
    """A classifier of volumes [N, 1, D, H, W], after Cicek et al., arXiv:1606.06650."""

    def __init__(self, width=16, classes=4):
        super().__init__()
        layers, inputs = [], 1
        for outputs in (width, 2 * width, 4 * width):
            for a in (inputs, outputs):
                layers += [nn.Conv3d(a, outputs, 3, padding=1, bias=False), nn.BatchNorm3d(outputs), nn.ReLU()]
            layers.append(nn.MaxPool3d(2))
            inputs = outputs
        self.features, self.head = nn.Sequential(*layers), nn.Linear(inputs, classes)

    def forward(self, volume):
        return self.head(self.features(volume).mean((2, 3, 4)))


class Autoencoder(nn.Module):
    """Dense layers around a narrow one; `widths` go down and back up."""

    def __init__(self, widths=(784, 400, 200, 32)):
        super().__init__()
        layers = []
        for a, b in zip([*widths, *widths[-2::-1]], [*widths[1:], *widths[-2::-1]]):
            layers += [nn.Linear(a, b), nn.SiLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, rows):
        return self.layers(rows)
