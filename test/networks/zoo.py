# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks that whole-network tests and benchmarks use, with seeded random weights.

`NETWORKS` are those of the papers; `SMALL` the same definitions with small sizes, for a test that runs
in seconds; `RECURRENT` layers for benchmarks. Nothing is downloaded. Run as a program it prints the names of a set.
"""
import dataclasses
import sys
import typing

import torch
from torch import nn
from torch.nn import functional
from torchvision import models

import modules

SEED = 20260
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@dataclasses.dataclass(frozen=True)
class Network:
    """`build()` gives the module; `make_inputs(batch, generator)` its inputs by name.

    Sizes of `dynamic` get a name in the dynamic file: {input: {axis: name}}."""
    build: typing.Callable
    make_inputs: typing.Callable
    outputs: tuple = ("result",)
    dynamic: dict = dataclasses.field(default_factory=dict)
    opset: int = 16

    def inputs(self, batch):
        return self.make_inputs(batch, torch.Generator().manual_seed(SEED + batch))

    def names_of_sizes(self):
        return self.dynamic or {name: {0: "N"} for name in self.inputs(1)}


def image(channels, height, width):
    """Noise on large shapes: averages over noise alone are the same for each image of a batch."""
    def make(n, g):
        shapes = torch.randn(n, channels, 4, 4, generator=g)
        shapes = functional.interpolate(shapes, (height, width), mode="bilinear", align_corners=True)
        return {"image": 2 * shapes + torch.randn(n, channels, height, width, generator=g)}
    return make


def tokens(length, vocabulary):
    return lambda n, g: {"tokens": torch.randint(0, vocabulary, (n, length), generator=g)}


def masked_tokens(length, vocabulary):
    """Sequences of several lengths; the mask tells their tokens from what fills up the rest."""
    def make(n, g):
        lengths = torch.randint(length // 2, length + 1, (n, 1), generator=g)
        return {"tokens": torch.randint(0, vocabulary, (n, length), generator=g),
                "segments": (torch.arange(length)[None] > lengths // 2).long(),
                "mask": (torch.arange(length)[None] < lengths).long()}
    return make


def graph(nodes, edges, features, weighted=True):
    """A batch is a larger graph. Few nodes have many neighbours, and some have none."""
    def make(n, g):
        count = n * nodes
        source = torch.randint(0, count, (n * edges,), generator=g)
        target = (torch.rand(n * edges, generator=g) ** 2 * count).long()
        degree = torch.zeros(count).index_add_(0, target, torch.ones(n * edges)) + 1
        inputs = {"nodes": torch.randn(count, features, generator=g), "source": source, "target": target}
        return inputs | ({"weight": (degree[source] * degree[target]).rsqrt()} if weighted else {})
    return make


GRAPH_SIZES = {"nodes": {0: "V"}, "source": {0: "E"}, "target": {0: "E"}, "weight": {0: "E"}}
PLAIN_GRAPH_SIZES = {name: sizes for name, sizes in GRAPH_SIZES.items() if name != "weight"}


def from_torchvision(name, height=224, width=224, **settings):
    return Network(lambda: getattr(models, name)(weights=None, **settings), image(3, height, width))


def vision_transformer(size, **settings):
    return Network(lambda: models.VisionTransformer(image_size=size, **settings), image(3, size, size),
                   opset=17)


def convnext(size, *blocks):
    settings = [models.convnext.CNBlockConfig(*block) for block in blocks]
    return Network(lambda: models.convnext.ConvNeXt(settings), image(3, size, size), opset=17)


def segmentation(size):
    build = lambda: modules.Tuple(
        models.segmentation.fcn_resnet50(weights=None, weights_backbone=None), "out")
    return Network(build, image(3, size, size))


def keypoints(size, **settings):
    return Network(lambda: modules.Keypoints(models.resnet18(weights=None), **settings), image(3, *size))


def bert(length, vocabulary=30522, **settings):
    return Network(lambda: modules.Bert(vocabulary=vocabulary, **settings),
                   masked_tokens(length, vocabulary), ("hidden", "pooled"), opset=17)


def gpt2(length, vocabulary=50257, **settings):
    return Network(lambda: modules.Gpt2(vocabulary=vocabulary, **settings), tokens(length, vocabulary),
                   opset=17)


def recurrent(kind, length, inputs=128, **settings):
    return Network(lambda: modules.Recurrent(kind, inputs, **settings),
                   lambda n, g: {"sequence": torch.randn(n, length, inputs, generator=g)})


def graph_net(scatter, nodes, edges, features=128, **settings):
    return Network(lambda: modules.GraphNet(scatter, features, **settings),
                   graph(nodes, edges, features), dynamic=GRAPH_SIZES)


def dcgan(noise=100, **settings):
    return Network(lambda: modules.DcganGenerator(noise, **settings),
                   lambda n, g: {"noise": torch.randn(n, noise, 1, 1, generator=g)})


NETWORKS = {
    "resnet18": from_torchvision("resnet18"),
    "resnet50": from_torchvision("resnet50"),
    "mobilenet_v2": from_torchvision("mobilenet_v2"),
    "mobilenet_v3_small": from_torchvision("mobilenet_v3_small"),
    "mobilenet_v3_large": from_torchvision("mobilenet_v3_large"),
    "efficientnet_b0": from_torchvision("efficientnet_b0"),
    "densenet121": from_torchvision("densenet121"),
    "vgg16": from_torchvision("vgg16"),
    "squeezenet1_1": from_torchvision("squeezenet1_1"),
    "vit_b_16": vision_transformer(224, patch_size=16, num_layers=12, num_heads=12, hidden_dim=768,
                                   mlp_dim=3072),
    "convnext_tiny": convnext(224, (96, 192, 3), (192, 384, 3), (384, 768, 9), (768, None, 3)),
    "unet": Network(modules.UNet, image(1, 256, 256)),
    "edsr": Network(modules.Edsr, image(3, 128, 128)),
    "bert_base": bert(128),
    "gpt2_small": gpt2(128),
    "lstm": recurrent(nn.LSTM, 64),
    "gru": recurrent(nn.GRU, 64),
    "gcn_elements": graph_net("elements", 10000, 100000),
    "gcn_nd": graph_net("nd", 10000, 100000),
    "dcgan": dcgan(),
    "fcn_resnet50": segmentation(224),
    "keypoints": keypoints((256, 192)),
}

SMALL = {
    "resnet18": from_torchvision("resnet18", 48, 64),
    "mobilenet_v3_small": from_torchvision("mobilenet_v3_small", 64, 64),
    "efficientnet_b0": from_torchvision("efficientnet_b0", 64, 64),
    "vit_b_16": vision_transformer(48, patch_size=16, num_layers=2, num_heads=3, hidden_dim=96,
                                   mlp_dim=192),
    "convnext_tiny": convnext(64, (24, 48, 1), (48, 96, 2), (96, None, 1)),
    "unet": Network(lambda: modules.UNet(width=8, depth=3), image(1, 48, 32)),
    "edsr": Network(lambda: modules.Edsr(width=16, blocks=2), image(3, 24, 20)),
    "bert_base": bert(24, 300, layers=2, width=96, heads=4, places=32),
    "gpt2_small": gpt2(24, 300, layers=2, width=96, heads=4, places=32),
    "lstm": recurrent(nn.LSTM, 12, inputs=20, width=48),
    "gru": recurrent(nn.GRU, 12, inputs=20, width=48),
    "gcn_elements": graph_net("elements", 50, 300, features=24, width=24),
    "gcn_nd": graph_net("nd", 50, 300, features=24, width=24),
    "dcgan": dcgan(noise=20, width=8),
    "keypoints": keypoints((64, 48), width=32),
}

# Recurrent layers of widths whose weights stay in the cache of one core: what a step costs beside its products.
CELLS = (("lstm", nn.LSTM), ("gru", nn.GRU), ("rnn", nn.RNN))
RECURRENT = {f"{name}_{width}": recurrent(kind, 64, inputs=width, width=width)
             for name, kind in CELLS for width in (32, 64, 128, 256)}
# In both directions, and of more layers.
RECURRENT |= {f"{name}_{width}_both": recurrent(kind, 64, inputs=width, width=width, bidirectional=True)
              for name, kind in CELLS for width in (48, 128, 256)}
RECURRENT |= {f"{name}_100_deep": recurrent(kind, 64, inputs=100, width=100, layers=4) for name, kind in CELLS}


def values(*shape):
    return lambda n, g: {"values": torch.randn(n, *shape, generator=g)}


# Other networks of the same kinds: what was made fast for one must be fast for its relatives.
RELATED = {
    "resnext50": from_torchvision("resnext50_32x4d"),
    "regnet_y_400mf": from_torchvision("regnet_y_400mf"),
    "shufflenet_v2": from_torchvision("shufflenet_v2_x1_0"),
    "mnasnet1_0": from_torchvision("mnasnet1_0"),
    "efficientnet_b2": from_torchvision("efficientnet_b2", 260, 260),
    "efficientnet_v2_s": from_torchvision("efficientnet_v2_s"),
    "googlenet": from_torchvision("googlenet", aux_logits=False, init_weights=True),
    "inception_v3": from_torchvision("inception_v3", 299, 299, aux_logits=False, init_weights=True),
    "alexnet": from_torchvision("alexnet"),
    "deeplab_mobilenet": Network(lambda: modules.Tuple(models.segmentation.deeplabv3_mobilenet_v3_large(
        weights=None, weights_backbone=None), "out"), image(3, 224, 224)),
    "swin_t": from_torchvision("swin_t"),
    "vit_small": vision_transformer(224, patch_size=16, num_layers=12, num_heads=6, hidden_dim=384, mlp_dim=1536),
    "mixer": Network(modules.Mixer, image(3, 224, 224), opset=17),
    "distilbert_384": bert(384, layers=6),
    "t5_small": Network(modules.T5Encoder, tokens(128, 32128)),
    "gpt2_512": gpt2(512, layers=6),
    "graph_sage": Network(modules.GraphSage, graph(3000, 20000, 64), dynamic=GRAPH_SIZES),
    "graph_attention": Network(modules.GraphAttention, graph(3000, 20000, 64), dynamic=GRAPH_SIZES),
    "graph_isomorphism": Network(modules.GraphIsomorphism, graph(4000, 40000, 48, weighted=False),
                                 dynamic=PLAIN_GRAPH_SIZES),
    "graph_attention_v2": Network(modules.GraphAttentionV2, graph(2000, 16000, 40, weighted=False),
                                  dynamic=PLAIN_GRAPH_SIZES),
    "tcn": Network(modules.Tcn, values(32, 256)),
    "pointnet": Network(modules.PointNet, values(3, 1024)),
    "text_cnn": Network(modules.TextCnn, tokens(64, 20000)),
    "pix2pix": Network(modules.Translator, image(3, 128, 128)),
    "volume": Network(modules.Volume, values(1, 32, 32, 32)),
    "autoencoder": Network(modules.Autoencoder, values(784)),
}

SETS = {"full": NETWORKS, "small": SMALL, "recurrent": RECURRENT, "related": RELATED}


def randomise(module, generator):
    """What starts as an identity gets values of its own, so that leaving it out is seen."""
    def around(tensor, center, spread):
        tensor.copy_(center + spread * torch.randn(tensor.shape, generator=generator))

    if isinstance(module, (*BATCH_NORMS, nn.LayerNorm, models.convnext.LayerNorm2d)):
        around(module.weight, 1, 0.1)
        around(module.bias, 0, 0.1)
    elif isinstance(module, nn.Embedding):
        around(module.weight, 0, 0.2)
    elif isinstance(module, models.convnext.CNBlock):
        around(module.layer_scale, 0.3, 0.1)
    elif isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)) and module.bias is not None:
        around(module.bias, 0, 0.05)
    if isinstance(module, nn.Linear) and not module.weight.any():  # the head of a vision transformer
        around(module.weight, 0, module.in_features ** -0.5)


def calibrate(net, inputs, generator):
    """Statistics of normalisations are those of the data, then changed by some ten percent: signals
    keep their size through any depth, and no statistic is the 0 or 1 that it starts with."""
    norms = [module for module in net.modules() if isinstance(module, BATCH_NORMS)]
    if not norms:
        return
    for norm in norms:
        norm.momentum = None  # the statistics of this one batch
        norm.train()
    net(*inputs.values())
    for norm in norms:
        norm.eval()
        shape = norm.running_var.shape
        norm.running_var += 0.1 * norm.running_var.mean()  # a channel that nothing moves stays quiet
        norm.running_mean += 0.1 * norm.running_var.sqrt() * torch.randn(shape, generator=generator)
        norm.running_var *= 0.8 + 0.4 * torch.rand(shape, generator=generator)


def centre(net, inputs):
    """Takes what all inputs share off the scores of a classifier, before any activation behind them: only what
    tells inputs apart is left."""
    heads = [module for module in net.modules() if isinstance(module, (nn.Linear, nn.Conv2d)) and module.bias is not None]
    if not heads:
        return
    seen = []
    hook = heads[-1].register_forward_hook(lambda module, given, result: seen.append(result))
    result = net(*inputs.values())
    hook.remove()
    if isinstance(result, torch.Tensor) and result.shape[1:] == heads[-1].bias.shape:
        heads[-1].bias -= seen[-1].transpose(0, 1).flatten(1).mean(1)


@torch.no_grad()
def make(network):
    """The module with its weights, in evaluation mode."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    net = network.build().eval()
    for module in net.modules():
        randomise(module, generator)
    calibrate(net, network.inputs(4), generator)
    if not network.dynamic:  # rows of a graph are its nodes, no inputs of their own
        centre(net, network.inputs(4))
    return net


def main():
    for name in SETS[sys.argv[1] if len(sys.argv) > 1 else "full"]:
        print(name)


if __name__ == "__main__":
    main()
