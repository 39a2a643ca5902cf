// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention and rotary embeddings.

#include "frontend/onnx/OpsCommon.h"

#include <limits>

namespace weft {

using Dims = SmallVector<Dim>;

//===-- Attention ---------------------------------------------------------------------------===//

namespace {
/// Queries [B, Hq, L, D], keys [B, Hkv, S, D], values [B, Hkv, S, E]; S counts the past too.
struct Heads {
  Value query, key, value;
  bool isFlat = false; // the inputs were [B, L, H * D]
  Dim past;
};
} // namespace

/// [B, L, H * D] to [B, H, L, D].
static Value splitHeads(Node &n, Value x, StringRef count) {
  if (n.b.rank(x) != 3)
    return x;
  int64_t heads = n.integer(count, 0);
  Dims shape = n.b.dims(x);
  if (heads < 1 || !shape[2].isDivisibleBy(Dim(heads))) {
    n.fail("'" + count + "' is " + Twine(heads) + " for a tensor of shape " + languageList(shape));
    return Value();
  }
  Value split = n.b.reshape(x, {shape[0], shape[1], Dim(heads), shape[2].floorDiv(Dim(heads))});
  return n.b.transpose(split, {0, 2, 1, 3});
}

/// [B, H, L, D] to [B, L, H * D].
static Value joinHeads(GraphBuilder &b, Value x) {
  if (!x)
    return x;
  Dims shape = b.dims(x);
  return b.reshape(b.transpose(x, {0, 2, 1, 3}), {shape[0], shape[2], shape[1] * shape[3]});
}

static std::optional<Heads> readHeads(Node &n) {
  GraphBuilder &b = n.b;
  for (size_t i = 0; i < 3; ++i)
    if (n.rank(i) != n.rank(0) || (n.rank(i) != 3 && n.rank(i) != 4)) {
      n.fail("Q, K and V have " + Twine(n.rank(0)) + ", " + Twine(n.rank(1)) + " and " +
             Twine(n.rank(2)) + " dimensions, but 3 or 4 are expected");
      return std::nullopt;
    }
  n.ignore("q_num_heads");
  n.ignore("kv_num_heads");
  Heads heads;
  heads.isFlat = n.rank(0) == 3;
  heads.query = splitHeads(n, n.input(0), "q_num_heads");
  heads.key = splitHeads(n, n.input(1), "kv_num_heads");
  heads.value = splitHeads(n, n.input(2), "kv_num_heads");
  if (n.has(4) != n.has(5)) {
    n.fail("has one of past_key and past_value");
    return std::nullopt;
  }
  if (n.has(4)) {
    if (n.rank(4) != 4 || n.rank(5) != 4) {
      n.fail("past_key and past_value have " + Twine(n.rank(4)) + " and " + Twine(n.rank(5)) +
             " dimensions, but 4 are expected");
      return std::nullopt;
    }
    heads.past = n.dims(4)[2];
    heads.key = b.concat({n.input(4), heads.key}, 2);
    heads.value = b.concat({n.input(5), heads.value}, 2);
  }
  if (!heads.query || !heads.key || !heads.value || !n.isGood())
    return std::nullopt;
  return heads;
}

/// Each head of keys serves as many heads of queries as stand beside each other.
static Value repeatHeads(Node &n, Value x, const Dim &wanted) {
  Dims shape = n.b.dims(x);
  if (shape[1] == wanted)
    return x;
  if (shape[1] == Dim(0) || !wanted.isDivisibleBy(shape[1])) {
    n.fail(wanted.str() + " heads of queries are no multiple of " + shape[1].str() +
           " heads of keys");
    return Value();
  }
  Dim times = wanted.floorDiv(shape[1]);
  Value spread = n.b.broadcast(x, {0, 1, 3, 4}, {shape[0], shape[1], times, shape[2], shape[3]});
  return n.b.reshape(spread, {shape[0], wanted, shape[2], shape[3]});
}

/// A mask that is shorter than the keys leaves the rest out.
static Value fitMask(Node &n, Value mask, const Dim &keys) {
  GraphBuilder &b = n.b;
  Dims shape = b.dims(mask);
  if (shape.empty() || shape.back() == keys || shape.back() == Dim(1))
    return mask;
  SmallVector<Dim> low(shape.size(), Dim(0)), high = low;
  high.back() = keys - shape.back();
  double excluded = b.isBool(mask) ? 0 : -std::numeric_limits<double>::infinity();
  return b.pad(mask, b.scalar(b.element(mask), excluded), low, high);
}

static Value both(GraphBuilder &b, Value one, Value other) {
  if (!one || !other)
    return one ? one : other;
  if (b.isBool(one) && b.isBool(other))
    return b.binary<AndOp>(one, other);
  Value additive = b.isBool(one) ? other : one, allowed = b.isBool(one) ? one : other;
  double excluded = -std::numeric_limits<double>::infinity();
  return b.select(allowed, additive, b.scalar(b.element(additive), excluded));
}

/// What a query may see, as far as it is not `causal` alone: [L, S], [B, 1, L, S] or the like.
static Value allowedBy(Node &n, const Heads &heads, bool isCausal) {
  GraphBuilder &b = n.b;
  Dim queries = b.dims(heads.query)[2], keys = b.dims(heads.key)[2];
  Value mask;
  if (n.has(3))
    mask = fitMask(n, n.input(3), keys);
  Value place = b.iota(b.i64(), {queries, keys}, 1);
  if (n.has(6)) { // the number of keys of each example that are no padding
    Value lengths = b.expandDims(b.cast(n.input(6), b.i64()), {1, 2, 3});
    mask = both(b, mask, b.compare(ComparePredicate::Lt, place, lengths));
  }
  if (!isCausal)
    return mask;
  Value last = b.add(b.iota(b.i64(), {queries, keys}, 0), b.size(heads.past));
  return both(b, mask, b.compare(ComparePredicate::Le, place, last));
}

namespace {
struct AttentionSettings {
  double scale = 1, softcap = 0;
  int64_t mode = 0;
  bool isCausal = false;
};
} // namespace

/// By hand, where the scores are wanted or capped. The order is that of the standard as corrected
/// in onnx/onnx#7867: scale, cap, mask, softmax.
static Value scored(Node &n, const Heads &heads, Value mask, const AttentionSettings &settings) {
  GraphBuilder &b = n.b;
  Type type = b.element(heads.query), wide = wideType(b, type);
  auto keep = [&](int64_t mode, Value scores) {
    if (settings.mode == mode)
      n.set(3, b.cast(scores, type));
  };
  Value scores = b.contract("bhld,bhsd->bhls", b.cast(heads.query, wide), b.cast(heads.key, wide));
  scores = b.binary<MulOp>(scores, settings.scale);
  keep(0, scores);
  if (settings.softcap > 0)
    scores = b.binary<MulOp>(b.unary<TanhOp>(b.binary<MulOp>(scores, 1 / settings.softcap)),
                             settings.softcap);
  keep(1, scores);
  if (mask && b.isBool(mask))
    scores = b.select(mask, scores, b.scalar(wide, -std::numeric_limits<double>::infinity()));
  else if (mask)
    scores = b.add(scores, b.cast(mask, wide));
  keep(2, scores);
  Value probability = b.softmax(scores, 3);
  keep(3, probability);
  return b.cast(b.contract("bhls,bhse->bhle", probability, b.cast(heads.value, wide)), type);
}

/// softmax(Q K^T * scale + mask) V. Source: Vaswani et al., arXiv:1706.03762.
static void attention(Node &n) {
  GraphBuilder &b = n.b;
  std::optional<Heads> heads = readHeads(n);
  if (!heads)
    return;
  n.ignore("softmax_precision"); // scores are in f32 or wider
  n.set(1, heads->key);
  n.set(2, heads->value);
  AttentionSettings settings;
  settings.isCausal = n.integer("is_causal", 0) != 0;
  settings.softcap = n.real("softcap", 0);
  settings.mode = n.integer("qk_matmul_output_mode", 0);
  std::optional<int64_t> width = b.dims(heads->query)[3].constant();
  if (!width && !n.hasAttribute("scale"))
    return n.fail("the size of a head is not known");
  settings.scale =
      n.real("scale", 1 / std::sqrt(static_cast<double>(std::max<int64_t>(width.value_or(1), 1))));
  Dims query = b.dims(heads->query), key = b.dims(heads->key);
  // The operation aligns the last query with the last key.
  bool fitsOperation = query[2] + heads->past == key[2] && !n.has(6);
  bool isPlain = settings.softcap <= 0 && !n.wants(3);
  bool byOperation = settings.isCausal && fitsOperation && isPlain;
  Value mask = allowedBy(n, *heads, settings.isCausal && !byOperation);
  heads->key = repeatHeads(n, heads->key, query[1]);
  heads->value = repeatHeads(n, heads->value, query[1]);
  if (mask)
    mask = b.broadcastTo(mask, {query[0], query[1], query[2], key[2]});
  if (!n.isGood())
    return;
  Value result = isPlain ? b.attention(heads->query, heads->key, heads->value, mask, settings.scale,
                                       byOperation)
                         : scored(n, *heads, mask, settings);
  n.set(0, heads->isFlat ? joinHeads(b, result) : result);
}

//===-- RotaryEmbedding ---------------------------------------------------------------------===//

/// Cosines or sines for each place: [B, 1, L, D / 2].
static Value rotation(Node &n, size_t index) {
  GraphBuilder &b = n.b;
  Value table = n.input(index);
  if (n.has(3))
    table = b.gather(table, b.cast(n.input(3), b.i64()), 0);
  if (b.rank(table) != 3) {
    n.fail("input " + Twine(index) + " is " + languageList(n.dims(index)) +
           ", but [batch, sequence, width / 2], or [places, width / 2] with position_ids, is "
           "expected");
    return Value();
  }
  return b.expandDims(table, 1);
}

/// Pairs of elements turned by an angle that depends on the place. Source: Su et al.,
/// arXiv:2104.09864.
static void rotaryEmbedding(Node &n) {
  GraphBuilder &b = n.b;
  n.ignore("num_heads");
  bool isInterleaved = n.integer("interleaved", 0) != 0, isFlat = n.rank(0) == 3;
  int64_t part = n.integer("rotary_embedding_dim", 0);
  if (n.rank(0) != 3 && n.rank(0) != 4)
    return n.fail("the input has " + Twine(n.rank(0)) + " dimensions, but 3 or 4 are expected");
  Value x = splitHeads(n, n.input(0), "num_heads");
  Value cosine = rotation(n, 1), sine = rotation(n, 2);
  if (!x || !cosine || !sine || !n.isGood())
    return;
  Dims shape = b.dims(x);
  Dim width = part > 0 ? Dim(part) : shape[3];
  if (!width.isDivisibleBy(Dim(2)) || !width.provablyAtMost(shape[3]))
    return n.fail("turns " + width.str() + " of " + shape[3].str() + " elements");
  Dim half = width.floorDiv(Dim(2));
  Value turned = b.sliceAxis(x, 3, 0, width), rest = b.sliceAxis(x, 3, width, shape[3]);
  // The two elements of a pair stand along an axis of their own.
  int64_t pairAxis = isInterleaved ? 4 : 3;
  Dims paired = {shape[0], shape[1], shape[2], isInterleaved ? half : Dim(2),
                 isInterleaved ? Dim(2) : half};
  Value pairs = b.reshape(turned, paired);
  auto member = [&](int64_t index) {
    return b.squeeze(b.sliceAxis(pairs, pairAxis, index, index + 1), pairAxis);
  };
  Value first = member(0), second = member(1);
  Value left = b.sub(b.mul(cosine, first), b.mul(sine, second));
  Value right = b.add(b.mul(sine, first), b.mul(cosine, second));
  turned = b.reshape(b.stack({left, right}, pairAxis), b.dims(turned));
  Value result = width == shape[3] ? turned : b.concat({turned, rest}, 3);
  n.set(0, isFlat ? joinHeads(b, result) : result);
}

//===-- The table ---------------------------------------------------------------------------===//

static constexpr OnnxRow rows[] = {
    {"Attention", 23, attention},
    {"RotaryEmbedding", 23, rotaryEmbedding},
};

ArrayRef<OnnxRow> onnxTransformerRows() { return rows; }

} // namespace weft
