# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Operators beyond what the standard's own cases hold: newer versions, dynamic dimensions, loops
# that end early. Expected numbers are computed here, in NumPy; each case runs with the evaluator
# and compiled.
#
# REQUIRES: onnx
# RUN: %python %s %t --share 3
import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "Inputs"))
from one_node import RNG, data, finish, info, one_node, run


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def einsums(folder):
    for i, (equation, shapes) in enumerate([
        ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 5)]),
        ("...ii->...i", [(2, 3, 3)]),
        ("...ij,...jk", [(2, 1, 3, 4), (5, 4, 2)]),
        ("ba,b", [(3, 2), (3,)]),
        ("i,j->ji", [(3,), (4,)]),
        ("ii,ij->", [(3, 3), (3, 4)]),
        ("bhld,bhsd->bhls", [(2, 3, 4, 5), (2, 3, 6, 5)]),
        ("a...b,b->...", [(2, 3, 4), (4,)]),
    ]):
        arrays = {f"x{j}": data(*shape) for j, shape in enumerate(shapes)}
        want = np.asarray(np.einsum(equation, *arrays.values()), np.float32)
        one_node(f"einsum{i}", folder, "Einsum", arrays, {"y": want}, 12, equation=equation)


def attention(q, k, v, mask=None, past=0, causal=False, cap=0.0, scale=None):
    groups = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, groups, 1), np.repeat(v, groups, 1)
    raw = np.einsum("bhld,bhsd->bhls", q, k) * (scale or q.shape[-1] ** -0.5)
    capped = cap * np.tanh(raw / cap) if cap else raw
    scores = capped
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    if causal:
        seen = np.arange(k.shape[2])[None] <= np.arange(q.shape[2])[:, None] + past
        scores = np.where(seen, scores, -np.inf)
    p = softmax(scores)
    return [x.astype(np.float32) for x in (np.einsum("bhls,bhse->bhle", p, v), raw, capped, scores, p)]


def attentions(folder):
    def case(name, inputs, expected, **attributes):
        outputs = list(expected)
        if "qk" in expected:
            outputs = ["y", "", "", "qk"]
        elif "key" in expected:
            outputs = ["y", "key", "value"]
        one_node(f"attention_{name}", folder, "Attention", inputs, expected, 23, outputs=outputs, **attributes)

    q, k, v = data(2, 4, 3, 8), data(2, 2, 5, 8), data(2, 2, 5, 6)
    case("grouped", {"q": q, "k": k, "v": v}, {"y": attention(q, k, v)[0]})
    names = {"q": ("N", 4, "L", 8), "k": ("N", 2, "S", 8), "v": ("N", 2, "S", 6)}
    case("dynamic", {"q": q, "k": k, "v": v}, {"y": attention(q, k, v, scale=0.5)[0]}, dims=names, scale=0.5)
    case("causal", {"q": q, "k": k, "v": v}, {"y": attention(q, k, v, causal=True)[0]}, is_causal=1)
    boolean, additive = RNG.random((3, 5)) < 0.7, data(2, 1, 3, 5)
    boolean[:, 0] = True
    case("bool", {"q": q, "k": k, "v": v, "m": boolean}, {"y": attention(q, k, v, boolean)[0]})
    case("add", {"q": q, "k": k, "v": v, "m": additive}, {"y": attention(q, k, v, additive)[0]})
    for mode in range(4):
        made = attention(q, k, v, additive, cap=2.0)
        case(f"mode{mode}", {"q": q, "k": k, "v": v, "m": additive}, {"y": made[0], "qk": made[1 + mode]},
             softcap=2.0, qk_matmul_output_mode=mode)
    pk, pv = data(2, 2, 4, 8), data(2, 2, 4, 6)
    keys, values = np.concatenate([pk, k], 2), np.concatenate([pv, v], 2)
    case("past", {"q": q, "k": k, "v": v, "m": None, "pk": pk, "pv": pv},
         {"y": attention(q, keys, values, past=4, causal=True)[0], "key": keys, "value": values}, is_causal=1)

    def flat(x):
        return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)

    case("flat", {"q": flat(q), "k": flat(k), "v": flat(v)}, {"y": flat(attention(q, k, v)[0])},
         q_num_heads=4, kv_num_heads=2)


def rotary(x, cosine, sine, interleaved):
    width = cosine.shape[-1] * 2
    part, rest = x[..., :width], x[..., width:]
    first, second = (part[..., ::2], part[..., 1::2]) if interleaved else np.split(part, 2, -1)
    cosine, sine = cosine[:, None], sine[:, None]
    left, right = cosine * first - sine * second, sine * first + cosine * second
    turned = np.stack([left, right], -1).reshape(part.shape) if interleaved else np.concatenate([left, right], -1)
    return np.concatenate([turned, rest], -1)


def rotaries(folder):
    x, table, places = data(2, 4, 3, 8), data(10, 4), RNG.integers(0, 10, (2, 3))
    c, s = np.cos(table), np.sin(table)
    for interleaved in (0, 1):
        want = rotary(x, c[places], s[places], interleaved)
        one_node(f"rotary{interleaved}", folder, "RotaryEmbedding", {"x": x, "c": c, "s": s, "p": places}, {"y": want},
                 23, interleaved=interleaved)
        want = rotary(x, c[places][..., :2], s[places][..., :2], interleaved)
        one_node(f"rotary_part{interleaved}", folder, "RotaryEmbedding", {"x": x, "c": c[places][..., :2], "s": s[places][..., :2]},
                 {"y": want}, 23, interleaved=interleaved, rotary_embedding_dim=4)


def lstm(x, w, r, bias, lengths):
    """Both directions, by the standard's formulas."""
    steps, batch, _ = x.shape
    units = r.shape[2]
    outputs, last = np.zeros((steps, 2, batch, units), np.float32), np.zeros((2, batch, units), np.float32)
    sigmoid = lambda a: 1 / (1 + np.exp(-a))
    for d in range(2):
        for e in range(batch):
            h, c = np.zeros(units), np.zeros(units)
            order = range(lengths[e]) if d == 0 else reversed(range(lengths[e]))
            for t in order:
                i, o, f, g = np.split(w[d] @ x[t, e] + r[d] @ h + bias[d].reshape(2, -1).sum(0), 4)
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(c)
                outputs[t, d, e] = h
            last[d, e] = h
    return outputs, last


def recurrent(folder):
    x, w, r, bias = data(5, 3, 4), data(2, 12, 4), data(2, 12, 3), data(2, 24)
    lengths = np.array([5, 2, 4], np.int64)
    y, h = lstm(x, w, r, bias, lengths)
    one_node("lstm", folder, "LSTM", {"x": x, "w": w, "r": r, "b": bias, "l": lengths}, {"y": y, "h": h}, 14,
             dims={"x": ("T", "N", 4), "l": ("N",)}, weights={"w": w, "r": r, "b": bias},
             direction="bidirectional", hidden_size=3)


def matrices(folder):
    for size in (1, 2, 5, 11):
        x = data(3, size, size)
        one_node(f"det{size}", folder, "Det", {"x": x}, {"y": np.linalg.det(x).astype(np.float32)}, 11,
                 dims={"x": ("N", size, size)})
    x = data(2, 6, 1)
    want = np.fft.fft(x[..., 0], axis=1)
    one_node("dft", folder, "DFT", {"x": x}, {"y": np.stack([want.real, want.imag], -1).astype(np.float32)}, 20,
             dims={"x": ("N", "L", 1)})

    signal, window, step = data(2, 32, 1), np.hanning(8).astype(np.float32), np.array(4)
    frames = np.stack([signal[:, i * 4 : i * 4 + 8, 0] * window for i in range(7)], 1)
    want = np.fft.rfft(frames, axis=-1)
    one_node("stft", folder, "STFT", {"s": signal, "step": step, "w": window},
             {"y": np.stack([want.real, want.imag], -1).astype(np.float32)}, 17,
             dims={"s": ("N", 32, 1)}, weights={"step": step})
    words = np.array([[1, 2, 1, 2], [3, 1, 2, 2]], np.int64)
    one_node("ngrams", folder, "TfIdfVectorizer", {"x": words}, {"y": np.array([[2, 2, 2], [1, 2, 1]], np.float32)}, 9,
             dims={"x": ("N", 4)}, mode="TF", min_gram_length=1, max_gram_length=2, max_skip_count=0,
             ngram_counts=[0, 2], ngram_indexes=[0, 1, 2], pool_int64s=[1, 2, 1, 2])


def scans(folder):
    """Along the middle axis, backwards, results written backwards along the last axis."""
    x = data(3, 5, 2)
    step = helper.make_graph(
        [helper.make_node("Add", ["s", "v"], ["n"]), helper.make_node("Identity", ["n"], ["e"])], "b",
        [info("s", [3, 2]), info("v", [3, 2])], [info("n", [3, 2]), info("e", [3, 2])])
    sums = np.cumsum(x[:, ::-1], 1)
    one_node("scan", folder, "Scan", {"i": np.zeros((3, 2), np.float32), "x": x},
             {"y": x.sum(1), "z": sums[:, ::-1].transpose(0, 2, 1)}, 11, dims={"x": (3, "T", 2)}, body=step,
             num_scan_inputs=1, scan_input_axes=[1], scan_input_directions=[1], scan_output_axes=[-1],
             scan_output_directions=[1])
    # Of opset 8, over batches; the body also reads a value from around it.
    step = helper.make_graph(
        [helper.make_node("ReduceMean", ["x"], ["m"], keepdims=0), helper.make_node("Add", ["s", "v"], ["n"]),
         helper.make_node("Mul", ["n", "m"], ["e"])], "b",
        [info("s", [2]), info("v", [2])], [info("n", [2]), info("e", [2])])
    one_node("scan-batched", folder, "Scan", {"": None, "i": np.zeros((3, 2), np.float32), "x": x},
             {"y": x.sum(1), "z": (np.cumsum(x, 1) * x.mean()).astype(np.float32)}, 8, body=step, num_scan_inputs=1)


def growing(folder):
    """A carried value whose shape changes: the loop is written out."""
    nodes = [helper.make_node("Concat", ["v", "v"], ["next"], axis=0), helper.make_node("Identity", ["c"], ["go"])]
    inner = helper.make_graph(
        nodes, "b", [info("i", [], TensorProto.INT64), info("c", [], TensorProto.BOOL), info("v", [None, 2])],
        [info("go", [], TensorProto.BOOL), info("next", [None, 2])])
    graph = helper.make_graph([helper.make_node("Loop", ["two", "", "x"], ["y"], body=inner)], "g", [info("x", ["N", 2])],
                              [info("y", [None, 2])], [numpy_helper.from_array(np.array(2), "two")])
    x = data(4, 2)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    run("growing", model, {"x": x}, {"y": np.tile(x, (4, 1))}, folder)


def body(name, carried, condition, stacked):
    """i, c, x -> c, x + x, x: doubles while a condition holds, and stacks what it had."""
    nodes = [helper.make_node("Add", ["v", "v"], ["next"]), helper.make_node("Identity", ["v"], ["seen"])]
    nodes += condition
    outputs = [info("go", [], TensorProto.BOOL), info("next", carried)] + ([info("seen", carried)] if stacked else [])
    inputs = [info("i", [], TensorProto.INT64), info("c", [], TensorProto.BOOL), info("v", carried)]
    return helper.make_graph(nodes, name, inputs, outputs)


def loops(folder):
    below = [helper.make_node("ReduceMax", ["next"], ["top"], keepdims=0), helper.make_node("Less", ["top", "limit"], ["go"])]
    always = [helper.make_node("Identity", ["c"], ["go"])]

    def case(name, condition, stacked, trips, expected):
        outputs = ["y", "all"] if stacked else ["y"]
        node = helper.make_node("Loop", ["trips" if trips else "", "", "x"], outputs, body=body("b", [2], condition, stacked))
        weights = [numpy_helper.from_array(np.array(20, np.float32), "limit")]
        if trips:
            weights.append(numpy_helper.from_array(np.array(trips, np.int64), "trips"))
        results = [info("y", [2])] + ([info("all", [None, 2])] if stacked else [])
        graph = helper.make_graph([node], name, [info("x", [2])], results, weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)])
        run(name, model, {"x": np.array([1, 3], np.float32)}, expected, folder)

    f32 = lambda *rows: np.array(rows, np.float32)
    case("counted", always, True, 3, {"y": f32(8, 24), "all": f32([1, 3], [2, 6], [4, 12])})
    case("while", below, False, 0, {"y": f32(8, 24)})
    case("bounded", below, True, 5,
         {"y": f32(8, 24), "all": f32([1, 3], [2, 6], [4, 12], [0, 0], [0, 0]), "all_count": np.array(3, np.int64)})


def legacy(folder):
    """What operators meant at first."""
    x = data(3, 2, 4)
    mean, variance, scale, shift = data(2, 4), RNG.random((2, 4)).astype(np.float32), data(2, 4), data(2, 4)
    want = (x - mean) / np.sqrt(variance + 1e-5) * scale + shift
    one_node("batch_norm_by_place", folder, "BatchNormalization", {"x": x, "s": scale, "b": shift, "m": mean, "v": variance},
             {"y": want}, 7, dims={"x": ("N", 2, 4)}, spatial=0)
    x = data(2, 3, 6)
    pairs = x.reshape(2, 3, 3, 2)
    one_node("lp_pool_1", folder, "LpPool", {"x": x}, {"y": (np.abs(pairs) ** 3).sum(-1) ** (1 / 3)}, 1, p=3.0,
             kernel_shape=[2], strides=[2])
    one_node("global_lp_pool_1", folder, "GlobalLpPool", {"x": x}, {"y": np.sqrt((x * x).sum(-1, keepdims=True))}, 1, p=2.0)
    x = data(1, 2, 3, 4)
    one_node("upsample_1", folder, "Upsample", {"x": x}, {"y": x.repeat(2, 2).repeat(3, 3)}, 1, dims={"x": (1, 2, "H", "W")},
             height_scale=2.0, width_scale=3.0)
    one_node("upsample_7", folder, "Upsample", {"x": x}, {"y": x.repeat(2, 3)}, 7, scales=[1.0, 1.0, 1.0, 2.0])


def quantised(folder):
    x = data(4, 3, 6) * 40
    scale, zero = np.array([0.5, 1.0, 0.25, 2.0], np.float32), np.array([0, -3, 100, -128], np.int8)
    column = lambda vector: vector.reshape(-1, 1, 1)
    want = np.clip(np.rint(x / column(scale)) + column(zero), -128, 127).astype(np.int8)
    one_node("quantize_axis", folder, "QuantizeLinear", {"x": x, "s": scale, "z": zero}, {"y": want}, 13,
             dims={"x": (4, "N", 6)}, axis=-3)
    real = (want.astype(np.float32) - column(zero)) * column(scale)
    one_node("dequantize_axis", folder, "DequantizeLinear", {"x": want, "s": scale, "z": zero}, {"y": real}, 13,
             dims={"x": (4, "N", 6)}, axis=0)
    # Blocks of 4 along an axis of 6: the last one is shorter.
    blocks, zeros = RNG.random((4, 3, 2)).astype(np.float32) + 0.1, RNG.integers(0, 999, (4, 3, 2)).astype(np.uint16)
    spread = lambda values: values.repeat(4, 2)[:, :, :6]
    want = np.clip(np.rint(x / spread(blocks)) + spread(zeros), 0, 65535).astype(np.uint16)
    one_node("quantize_blocks", folder, "QuantizeLinear", {"x": x, "s": blocks, "z": zeros}, {"y": want}, 21, axis=2, block_size=4)
    real = (want.astype(np.float32) - spread(zeros)) * spread(blocks)
    one_node("dequantize_blocks", folder, "DequantizeLinear", {"x": want, "s": blocks, "z": zeros}, {"y": real}, 21, axis=2,
             block_size=4)
    large = np.array([1 << 20, -5, 0], np.int32)
    one_node("dequantize_i32", folder, "DequantizeLinear", {"x": large, "s": np.array(0.5, np.float32)},
             {"y": large.astype(np.float32) / 2}, 10)
    one_node("quantize_type", folder, "QuantizeLinear", {"x": x, "s": np.array(0.01, np.float32)},
             {"y": np.clip(np.rint(x / np.float32(0.01)), -32768, 32767).astype(np.int16)}, 21, output_dtype=TensorProto.INT16)

    image, filters = RNG.integers(0, 256, (2, 2, 4, 5)).astype(np.uint8), RNG.integers(-128, 128, (3, 2, 2, 2)).astype(np.int8)
    zeros = np.array([1, -2, 7], np.int8)
    padded = np.pad(image.astype(np.int32) - 9, ((0, 0), (0, 0), (1, 0), (0, 1)))
    wide = filters.astype(np.int32) - zeros.reshape(-1, 1, 1, 1)
    sums = np.stack([[np.einsum("nchw,ochw->no", padded[:, :, i : i + 2, j : j + 2], wide) for j in range(5)] for i in range(4)])
    sums = sums.transpose(2, 3, 0, 1).astype(np.int32)
    one_node("conv_integer", folder, "ConvInteger", {"x": image, "w": filters, "a": np.array(9, np.uint8), "b": zeros}, {"y": sums},
             10, dims={"x": ("N", 2, 4, 5)}, pads=[1, 0, 0, 1])
    scales, bias = np.array([0.01, 0.02, 0.005], np.float32), np.array([100, -50, 3000], np.int32)
    byChannel = lambda vector: vector.reshape(1, -1, 1, 1)
    real = (sums + byChannel(bias)).astype(np.float32) * (np.float32(0.1) * byChannel(scales) / np.float32(0.5))
    one_node("linear_conv", folder, "QLinearConv",
             {"x": image, "xs": np.array(0.1, np.float32), "xz": np.array(9, np.uint8), "w": filters, "ws": scales, "wz": zeros,
              "ys": np.array(0.5, np.float32), "yz": np.array(128, np.uint8), "b": bias},
             {"y": np.clip(np.rint(real) + 128, 0, 255).astype(np.uint8)}, 10, pads=[1, 0, 0, 1])
    a, c = RNG.integers(-128, 128, (2, 3, 4)).astype(np.int8), RNG.integers(0, 256, (4, 5)).astype(np.uint8)
    rows, columns = np.array([1, -1, 5], np.int8), RNG.integers(0, 256, 5).astype(np.uint8)
    want = (a.astype(np.int32) - rows[:, None]) @ (c.astype(np.int32) - columns)
    one_node("matmul_integer", folder, "MatMulInteger", {"a": a, "c": c, "r": rows, "k": columns}, {"y": want}, 10,
             dims={"a": ("N", 3, 4)})
    one_node("matmul_integer_plain", folder, "MatMulInteger", {"a": a, "c": c.astype(np.int8)},
             {"y": a.astype(np.int32) @ c.astype(np.int8).astype(np.int32)}, 10)


def training(folder):
    """Two tensors at once, of another type, and with all coefficients."""
    domain, rate, count = "ai.onnx.preview.training", np.array(0.1, np.float32), np.array(3, np.int64)
    x1, x2, g1, g2, v1, v2 = (RNG.standard_normal(shape) for shape in [(3,), (2, 2)] * 3)
    h1, h2 = RNG.random(3), RNG.random((2, 2))
    r = np.float64(rate)

    def adam(x, g, v, h):
        g = 0.01 * x + g
        v, h = 0.8 * v + 0.2 * g, 0.7 * h + 0.3 * g * g
        return (1 - 0.05) * (x - r * np.sqrt(1 - 0.7**3) / (1 - 0.8**3) * v / (np.sqrt(h) + 0.1)), v, h

    (a1, a2, a3), (b1, b2, b3) = adam(x1, g1, v1, h1), adam(x2, g2, v2, h2)
    one_node("adam", folder, "Adam", dict(r=rate, t=count, x1=x1, x2=x2, g1=g1, g2=g2, v1=v1, v2=v2, h1=h1, h2=h2),
             dict(a1=a1, b1=b1, a2=a2, b2=b2, a3=a3, b3=b3), 1, domain=domain, alpha=0.8, beta=0.7, epsilon=0.1,
             norm_coefficient=0.01, norm_coefficient_post=0.05)
    for first in (True, False):
        share, g = 1 if first else 0.5, 0.01 * x1 + g1
        v = 0.9 * v1 + share * g
        one_node(f"momentum{first}", folder, "Momentum", dict(r=rate, t=count * (not first), x=x1, g=g1, v=v1),
                 dict(y=x1 - r * (g + 0.9 * v), w=v), 1, domain=domain, alpha=0.9, beta=0.5, norm_coefficient=0.01, mode="nesterov")


def suppressed(boxes, scores, most, overlap, least):
    """Rows of (image, class, box), by the standard's words."""
    rows = []
    for image in range(scores.shape[0]):
        for kind in range(scores.shape[1]):
            kept = []
            for box in np.argsort(-scores[image, kind], kind="stable"):
                if scores[image, kind, box] <= least or len(kept) == most:
                    continue
                def iou(other):
                    a, c = boxes[image, box], boxes[image, other]
                    width = min(a[0] + a[2] / 2, c[0] + c[2] / 2) - max(a[0] - a[2] / 2, c[0] - c[2] / 2)
                    height = min(a[1] + a[3] / 2, c[1] + c[3] / 2) - max(a[1] - a[3] / 2, c[1] - c[3] / 2)
                    shared = max(width, 0) * max(height, 0)
                    return shared / (a[2] * a[3] + c[2] * c[3] - shared)
                if all(iou(other) <= overlap for other in kept):
                    kept.append(box)
                    rows.append((image, kind, box))
    return np.array(rows, np.int64)


def boxes(folder):
    places = np.concatenate([RNG.random((2, 12, 2)) * 4, RNG.random((2, 12, 2)) * 3 + 0.5], 2).astype(np.float32)
    scores = RNG.random((2, 3, 12)).astype(np.float32)
    limits = {"o": np.array(0.3, np.float32), "l": np.array(0.2, np.float32)}

    def case(name, most, bound, **more):
        rows = suppressed(places, scores, most, 0.3, 0.2)
        want = np.concatenate([rows, np.zeros((bound - len(rows), 3), np.int64)])
        one_node(name, folder, "NonMaxSuppression", {"b": places, "s": scores, "m": np.array([most]), **limits},
                 {"y": want, "y_count": np.array(len(rows))}, 11, outputs=["y"], center_point_box=1, **more)

    case("boxes", 4, 2 * 3 * 4, weights={"m": np.array([4]), **limits})
    case("boxes_dynamic", 12, 2 * 3 * 12, dims={"b": ("N", "S", 4), "s": ("N", "C", "S")})


finish(einsums, attentions, rotaries, recurrent, matrices, scans, growing, loops, legacy, quantised, training, boxes)
