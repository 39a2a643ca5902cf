// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Determinants, counts of n-grams, and operators on strings, which Weft has none of.

#include "frontend/onnx/OpsCommon.h"

namespace weft {

using Dims = SmallVector<Dim>;

//===-- Det ---------------------------------------------------------------------------------===//

/// Smaller matrices are unrolled, larger ones shrink in a scan over as many zeros.
static constexpr int64_t largestUnrolled = 8;

/// One step of elimination with partial pivoting: `matrix` [B, m, m] loses the row of its greatest
/// first element and its first column, `product` [B] takes the pivot and the sign of the exchange.
static void eliminate(GraphBuilder &b, Value &matrix, Value &product) {
  Dims shape = b.dims(matrix);
  Dim size = shape[1];
  Type type = b.element(matrix);
  Value column = b.squeeze(b.sliceAxis(matrix, 2, 0, 1), 2);
  Value place = b.arg(ArgKind::Max, b.unary<AbsOp>(column), 1, b.i64());
  Value chosen = b.expandDims(place, 1);
  Value row = b.gather(matrix, chosen, 1, 1), top = b.sliceAxis(matrix, 1, 0, 1);
  Value pivot = b.gather(column, chosen, 1, 1);
  // The first row goes where the chosen one was.
  Value isChosen = b.expandDims(
      b.compare(ComparePredicate::Eq, b.iota(b.i64(), {shape[0], size}, 1), chosen), 2);
  Value rest = b.sliceAxis(b.select(isChosen, top, matrix), 1, 1, size);
  Value isFirst = b.compare(ComparePredicate::Eq, place, 0.0);
  Value sign = b.select(isFirst, b.splat(type, 1, shape[0]), b.splat(type, -1, shape[0]));
  product = b.mul(product, b.mul(sign, b.squeeze(pivot, 1)));
  Value isZero = b.compare(ComparePredicate::Eq, pivot, 0.0);
  Value divisor = b.expandDims(b.select(isZero, b.splatLike(pivot, 1), pivot), 2);
  Value factors = b.div(b.sliceAxis(rest, 2, 0, 1), divisor);
  matrix = b.sliceAxis(b.sub(rest, b.mul(factors, row)), 2, 1, size);
}

static void det(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0);
  Dims shape = b.dims(x);
  std::optional<int64_t> size = shape.size() < 2 ? std::nullopt : shape.back().constant();
  if (!size || shape[shape.size() - 2] != shape.back() || !b.isFloat(x))
    return n.fail("the input is " + languageList(shape) +
                  ", but square matrices of floats and of a known size are expected");
  Dims outer(shape.begin(), shape.end() - 2);
  Dim batch = productOf(outer);
  Value matrix = b.reshape(b.cast(x, wideType(b, b.element(x))), {batch, *size, *size});
  Value product = b.splat(b.element(matrix), 1, batch);
  if (*size > largestUnrolled) {
    Value zero = b.scalar(b.element(matrix), 0);
    SmallVector<Value> results =
        b.scan({matrix, product}, b.iota(b.i64(), Dim(*size), 0), [&](ArrayRef<Value> given) {
          Value rest = given[0], next = given[1];
          eliminate(b, rest, next);
          // Rows and columns of zeros are never chosen before the matrix is used up.
          Value padded = b.pad(rest, zero, {0, 0, 0}, {0, 1, 1});
          return SmallVector<Value>{padded, next};
        });
    product = results.empty() ? Value() : results[1];
  } else {
    for (int64_t i = 0; i < *size && n.isGood(); ++i)
      eliminate(b, matrix, product);
  }
  n.set(0, b.cast(b.reshape(product, outer), b.element(x)));
}

//===-- TfIdfVectorizer ---------------------------------------------------------------------===//

namespace {
/// The n-grams of one length: their words, n a gram, and their places in the pool.
struct Grams {
  int64_t length;
  SmallVector<int64_t> words;
  SmallVector<int64_t> places;
};
} // namespace

/// `ngram_counts` holds where in the pool the n-grams of each length start.
static std::optional<SmallVector<Grams>> readPool(Node &n, int64_t &total) {
  SmallVector<int64_t> starts = n.integers("ngram_counts"), pool = n.integers("pool_int64s");
  if (n.hasAttribute("pool_strings")) {
    n.fail("counts strings, which Weft does not have");
    return std::nullopt;
  }
  SmallVector<Grams> result;
  total = 0;
  starts.push_back(static_cast<int64_t>(pool.size()));
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    int64_t length = static_cast<int64_t>(i) + 1, start = starts[i], end = starts[i + 1];
    if (start < 0 || end < start || end > std::ssize(pool) || (end - start) % length != 0) {
      n.fail("ngram_counts does not fit a pool of " + Twine(pool.size()));
      return std::nullopt;
    }
    Grams grams = {length, SmallVector<int64_t>(ArrayRef(pool).slice(start, end - start)), {}};
    for (int64_t j = 0; j < (end - start) / length; ++j)
      grams.places.push_back(total++);
    result.push_back(std::move(grams));
  }
  return result;
}

/// How often each gram stands in [B, C], its words `distance` apart: [B, grams], f32.
static Value countGrams(GraphBuilder &b, Value x, const Grams &grams, int64_t distance) {
  Dims shape = b.dims(x);
  int64_t reach = (grams.length - 1) * distance, number = std::ssize(grams.places);
  Dim windows = shape[1] - Dim(reach);
  Value all;
  for (int64_t word = 0; word < grams.length; ++word) {
    SmallVector<int64_t> wanted;
    for (int64_t i = 0; i < number; ++i)
      wanted.push_back(grams.words[i * grams.length + word]);
    Value part = b.sliceAxis(x, 1, Dim(word * distance), Dim(word * distance) + windows);
    Value same = b.compare(ComparePredicate::Eq, b.expandDims(part, 2), b.integers(wanted));
    all = all ? b.binary<AndOp>(all, same) : same;
  }
  return b.reduce(ReduceKind::Sum, b.cast(all, b.f32()), 1);
}

/// The counts of all grams in the order of the pool: [B, grams].
static Value countPool(Node &n, Value x, ArrayRef<Grams> pool) {
  GraphBuilder &b = n.b;
  int64_t least = n.integer("min_gram_length", 1), most = n.integer("max_gram_length", 1);
  int64_t skips = n.integer("max_skip_count", 0);
  std::optional<int64_t> width = b.dims(x)[1].constant();
  if (!width || skips < 0) {
    n.fail("the number of words is not known");
    return Value();
  }
  SmallVector<Value> parts;
  for (const Grams &grams : pool) {
    if (grams.places.empty())
      continue;
    Dims shape = {b.dims(x)[0], Dim(std::ssize(grams.places))};
    Value counts = b.splat(b.f32(), 0, shape);
    bool isWanted = grams.length >= least && grams.length <= most;
    int64_t farthest = grams.length == 1 ? 1 : std::min(skips, *width) + 1;
    for (int64_t distance = 1; isWanted && distance <= farthest; ++distance)
      if (grams.length <= *width && (grams.length - 1) * distance < *width)
        counts = b.add(counts, countGrams(b, x, grams, distance));
    parts.push_back(counts);
  }
  return b.concat(parts, 1);
}

/// Puts the counts where `ngram_indexes` says.
static Value placeCounts(Node &n, Value counts, int64_t total) {
  GraphBuilder &b = n.b;
  SmallVector<int64_t> indexes = n.integers("ngram_indexes");
  int64_t greatest = indexes.empty() ? -1 : *llvm::max_element(indexes);
  if (std::ssize(indexes) != total || greatest >= (1 << 20) || *llvm::min_element(indexes) < 0) {
    n.fail("ngram_indexes has " + Twine(indexes.size()) + " entries up to " + Twine(greatest) +
           " for a pool of " + Twine(total) + " n-grams");
    return Value();
  }
  SmallVector<int64_t> sources(greatest + 1, total); // behind the counts stands a 0
  for (auto [place, index] : llvm::enumerate(indexes))
    sources[index] = static_cast<int64_t>(place);
  Value zero = b.splat(b.f32(), 0, {b.dims(counts)[0], 1});
  return b.gather(b.concat({counts, zero}, 1), b.integers(sources), 1);
}

static void tfIdf(Node &n) {
  GraphBuilder &b = n.b;
  int64_t total = 0;
  auto pool = readPool(n, total);
  StringRef mode = n.text("mode", "TF");
  SmallVector<double> weights = n.reals("weights", SmallVector<double>(total, 1));
  bool isFlat = n.rank(0) == 1;
  if (!pool)
    return;
  if (n.rank(0) < 1 || n.rank(0) > 2 || total == 0 || std::ssize(weights) != total)
    return n.fail("an input [words] or [batch, words], and one weight for each of the n-grams, of "
                  "which there is at least one, are expected");
  if (mode != "TF" && mode != "IDF" && mode != "TFIDF")
    return n.fail("the mode is '" + mode + "', but TF, IDF or TFIDF is expected");
  Value x = b.cast(isFlat ? b.expandDims(n.input(0), 0) : n.input(0), b.i64());
  Value counts = countPool(n, x, *pool);
  if (!n.isGood())
    return;
  if (mode == "IDF")
    counts = b.cast(b.compare(ComparePredicate::Gt, counts, 0.0), b.f32());
  if (mode != "TF")
    counts = b.mul(counts, b.reals(weights, b.f32()));
  Value result = placeCounts(n, counts, total);
  n.set(0, isFlat ? b.squeeze(result, 0) : result);
}

//===-- The table ---------------------------------------------------------------------------===//

static constexpr OnnxRow onStrings(StringRef name, int64_t since) {
  return {name, since, nullptr, OnnxRowKind::Plain, "works on strings, which Weft does not have"};
}

static constexpr OnnxRow rows[] = {
    {"Det", 11, det},
    {"ImageDecoder", 20, nullptr, OnnxRowKind::Plain, "reads image files, which is out of scope"},
    onStrings("RegexFullMatch", 20),
    onStrings("StringConcat", 20),
    onStrings("StringNormalizer", 10),
    onStrings("StringSplit", 20),
    {"TfIdfVectorizer", 9, tfIdf},
};

ArrayRef<OnnxRow> onnxMatrixRows() { return rows; }

} // namespace weft
