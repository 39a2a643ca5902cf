# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Resizing, sampling on grids, deformable convolution and regions of interest, with PyTorch as the
# independent reference; sizes are odd, and dimensions have names where they can.
#
# REQUIRES: onnx, torch
# RUN: %python %s %t --share 3
import itertools
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
import torchvision.ops

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "Inputs"))
from one_node import RNG, data, finish, one_node

NAMES = {3: ("N", 2, "W"), 4: ("N", 2, "H", "W"), 5: ("N", 2, "D", "H", "W")}
EMPTY = np.array([], np.float32)


def tensor(x):
    return torch.from_numpy(np.ascontiguousarray(x))


def resize(folder, name, x, want, sizes=None, scales=None, is_dynamic=False, opset=19, **attributes):
    """`sizes` and `scales` are those of the spatial dimensions."""
    weights = {}
    if sizes is not None:
        weights["sizes"] = np.array([*x.shape[:2], *sizes], np.int64)
    if scales is not None:
        weights["scales"] = np.array([1, 1, *scales], np.float32)
    inputs = {"x": x, "roi": None, "scales": weights.get("scales"), "sizes": weights.get("sizes")}
    if sizes is not None and is_dynamic:
        inputs["sizes"] = weights["sizes"] = weights["sizes"][2:]
        attributes["axes"] = list(range(2, x.ndim))
    one_node(f"resize_{name}", folder, "Resize", inputs, {"y": want.numpy()}, opset, weights=weights,
             dims={"x": NAMES[x.ndim]} if is_dynamic else None, **attributes)


def resizes(folder):
    image, line, volume = data(2, 2, 7, 5), data(2, 2, 9), data(1, 2, 3, 4, 5)
    for i, (is_dynamic, align, sizes) in enumerate(itertools.product([False, True], [False, True], [(13, 9), (4, 3)])):
        mode = "align_corners" if align else "pytorch_half_pixel"
        case = dict(is_dynamic=is_dynamic, sizes=sizes, coordinate_transformation_mode=mode)
        want = F.interpolate(tensor(image), sizes, mode="bilinear", align_corners=align)
        resize(folder, f"linear{i}", image, want, mode="linear", **case)
        want = F.interpolate(tensor(image), sizes, mode="bicubic", align_corners=align)
        resize(folder, f"cubic{i}", image, want, mode="cubic", **case)
    for is_dynamic in (False, True):
        case = dict(is_dynamic=is_dynamic, mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric")
        want = F.interpolate(tensor(image), scale_factor=(2, 3), mode="nearest")
        resize(folder, f"repeated{is_dynamic}", image, want, scales=(2, 3), **case)
        resize(folder, f"repeated_halves{is_dynamic}", image, want, scales=(2, 3), is_dynamic=is_dynamic, mode="nearest")
        resize(folder, f"nearest{is_dynamic}", image, F.interpolate(tensor(image), (9, 3), mode="nearest"), sizes=(9, 3), **case)
        want = F.interpolate(tensor(image), scale_factor=(1.5, 0.5), mode="bilinear", recompute_scale_factor=False)
        resize(folder, f"scaled{is_dynamic}", image, want, scales=(1.5, 0.5), is_dynamic=is_dynamic, mode="linear")
    resize(folder, "line", line, F.interpolate(tensor(line), 20, mode="linear"), sizes=(20,), is_dynamic=True, mode="linear")
    want = F.interpolate(tensor(volume), (5, 3, 8), mode="trilinear")
    resize(folder, "volume", volume, want, sizes=(5, 3, 8), mode="linear")
    # PyTorch leaves out what lies outside, and has its own coefficient here.
    wide = data(1, 2, 33, 20)
    for mode, name in (("bilinear", "linear"), ("bicubic", "cubic")):
        want = F.interpolate(tensor(wide), (5, 27), mode=mode, antialias=True)
        resize(folder, f"antialias_{name}", wide, want, sizes=(5, 27), mode=name, antialias=1, exclude_outside=1, cubic_coeff_a=-0.5)


def grids(folder):
    x, grid = data(2, 3, 5, 7), (RNG.random((2, 4, 6, 2)) * 3 - 1.5).astype(np.float32)
    paddings = ("zeros", "border", "reflection")
    for mode, padding, align in itertools.product(("bilinear", "nearest", "bicubic"), paddings, (0, 1)):
        want = F.grid_sample(tensor(x), tensor(grid), mode, padding, bool(align)).numpy()
        one_node(f"grid_{mode}_{padding}{align}", folder, "GridSample", {"x": x, "g": grid}, {"y": want}, 16,
                 dims={"x": ("N", 3, "H", "W"), "g": ("N", "P", "Q", 2)} if align else None, mode=mode, padding_mode=padding,
                 align_corners=align)
    x, grid = data(2, 3, 3, 4, 5), (RNG.random((2, 2, 4, 3, 3)) * 3 - 1.5).astype(np.float32)
    for mode, padding in itertools.product(("linear", "nearest"), paddings):
        want = F.grid_sample(tensor(x), tensor(grid), "bilinear" if mode == "linear" else mode, padding, False).numpy()
        one_node(f"grid_volume_{mode}_{padding}", folder, "GridSample", {"x": x, "g": grid}, {"y": want}, 20, mode=mode,
                 padding_mode=padding)
    for shape, align in itertools.product(((2, 3, 4, 5), (2, 3, 2, 4, 5), (2, 3, 1, 4)), (0, 1)):
        d = len(shape) - 2
        theta, size = data(2, d, d + 1), np.array(shape)
        want = F.affine_grid(tensor(theta), shape, bool(align)).numpy()
        one_node(f"affine_{d}{shape[2]}{align}", folder, "AffineGrid", {"t": theta, "s": size}, {"y": want}, 20,
                 weights={"s": size}, align_corners=align)


def columns(folder):
    x, image, block = data(2, 3 * 6, 3 * 7), np.array([9, 5]), np.array([3, 2])
    want = F.fold(tensor(x), (9, 5), (3, 2), dilation=(1, 2), padding=(1, 2), stride=(3, 1))
    one_node("columns", folder, "Col2Im", {"x": x, "i": image, "b": block},
             {"y": want.numpy()}, 18, dims={"x": ("N", 18, 21)}, weights={"i": image, "b": block}, dilations=[1, 2],
             pads=[1, 2, 1, 2], strides=[3, 1])


def deformed(folder):
    x, w, bias = data(2, 4, 6, 7), data(6, 2, 3, 2), data(6)
    offset, mask = data(2, 2 * 12, 3, 7) * 2, RNG.random((2, 2 * 6, 3, 7)).astype(np.float32)
    case = dict(stride=(2, 1), padding=(1, 1), dilation=(1, 2))
    for masked in (False, True):
        want = torchvision.ops.deform_conv2d(tensor(x), tensor(offset), tensor(w), tensor(bias), **case,
                                             mask=tensor(mask) if masked else None)
        inputs = {"x": x, "w": w, "o": offset, "b": bias, **({"m": mask} if masked else {})}
        one_node(f"deformed{masked}", folder, "DeformConv", inputs, {"y": want.numpy()}, 19, dims={"x": ("N", 4, 6, 7), "o": ("N", 24, 3, 7), "m": ("N", 12, 3, 7)},
                 weights={"w": w, "b": bias}, group=2, offset_group=2, strides=[2, 1], pads=[1, 1, 1, 1], dilations=[1, 2])


def regions(folder):
    x = data(3, 2, 9, 11)
    corners = np.array([[0, 0, 5, 5], [2.3, 1.7, 9.1, 6.2], [-1, -2, 3, 30], [4, 4, 4.2, 4.1], [8, 7, 3, 2]], np.float32)
    images = np.array([0, 2, 1, 1, 0])
    boxes = np.concatenate([images[:, None].astype(np.float32), corners], 1)
    for aligned, ratio in itertools.product((False, True), (0, 2, 3)):
        want = torchvision.ops.roi_align(tensor(x), tensor(boxes), (3, 2), 0.75, ratio, aligned).numpy()
        mode = "half_pixel" if aligned else "output_half_pixel"
        one_node(f"roi_align{aligned}{ratio}", folder, "RoiAlign", {"x": x, "r": corners, "i": images}, {"y": want}, 16,
                 dims={"r": ("R", 4), "i": ("R",), "x": (3, 2, "H", "W")}, coordinate_transformation_mode=mode, output_height=3,
                 output_width=2, sampling_ratio=ratio, spatial_scale=0.75)
    want = torchvision.ops.roi_pool(tensor(x), tensor(boxes), (3, 2), 0.5).numpy()
    one_node("roi_pool", folder, "MaxRoiPool", {"x": x, "r": boxes}, {"y": want}, 1, dims={"r": ("R", 5)}, pooled_shape=[3, 2],
             spatial_scale=0.5)


finish(resizes, grids, columns, deformed, regions)
