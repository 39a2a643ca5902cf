// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Spectra, windows, mel filters.

#include "frontend/onnx/OpsCommon.h"
#include "frontend/onnx/TensorData.h"

#include "frontend/onnx/Importer.h"

namespace weft {

using Dims = SmallVector<Dim>;

static constexpr double twoPi = 2 * llvm::numbers::pi;

//===-- Fourier -----------------------------------------------------------------------------===//

namespace {
/// cos and sin of 2 pi t k / N: [N, K] each.
struct Waves {
  Value cosine, sine;
};

struct Complex {
  Value real, imaginary;
};
} // namespace

/// t k is taken modulo N before it becomes a float, so that angles stay small and exact.
static Waves waves(GraphBuilder &b, Type type, const Dim &size, const Dim &count) {
  Dims shape = {size, count};
  Value product = b.mul(b.iota(b.i64(), shape, 0), b.iota(b.i64(), shape, 1));
  Value turn = b.binary<RemOp>(product, b.size(size));
  Type wide = b.builder.getF64Type();
  Value angle = b.div(b.binary<MulOp>(b.cast(turn, wide), twoPi), b.cast(b.size(size), wide));
  return {b.cast(b.unary<CosOp>(angle), type), b.cast(b.unary<SinOp>(angle), type)};
}

/// The transform along the last axis of [..., N] to [..., K]; `imaginary` may be null.
static Complex transform(GraphBuilder &b, Complex x, const Dim &count, bool isInverse) {
  Dims shape = b.dims(x.real);
  Dim size = shape.back();
  Waves w = waves(b, b.element(x.real), size, count);
  std::string labels;
  for (size_t i = 0; i + 1 < shape.size(); ++i)
    labels += static_cast<char>('a' + i);
  auto times = [&](Value value, Value wave) {
    return b.contract(labels + "y,yz->" + labels + "z", value, wave);
  };
  // exp(-i a) forwards: (x + i y)(cos a - i sin a).
  Value sine = isInverse ? b.unary<NegOp>(w.sine) : w.sine;
  Complex result = {times(x.real, w.cosine), b.unary<NegOp>(times(x.real, sine))};
  if (x.imaginary) {
    result.real = b.add(result.real, times(x.imaginary, sine));
    result.imaginary = b.add(result.imaginary, times(x.imaginary, w.cosine));
  }
  if (!isInverse)
    return result;
  Value scale = b.cast(b.size(size), b.element(x.real));
  return {b.div(result.real, scale), b.div(result.imaginary, scale)};
}

/// Real and imaginary parts lie along the last axis, of 1 or 2.
static std::optional<Complex> splitParts(Node &n, Value x) {
  Dims shape = n.b.dims(x);
  int64_t last = n.b.rank(x) - 1;
  bool isReal = last >= 0 && shape.back() == Dim(1);
  if (n.b.rank(x) > 20 || last < 1 || !n.b.isFloat(x) || (!isReal && shape.back() != Dim(2))) {
    n.fail("the input has the shape " + languageList(shape) +
           ", but floats with a last dimension of 1 or 2 are expected");
    return std::nullopt;
  }
  auto part = [&](int64_t index) {
    return n.b.squeeze(n.b.sliceAxis(x, last, index, index + 1), last);
  };
  return Complex{part(0), isReal ? Value() : part(1)};
}

static Value joinParts(GraphBuilder &b, const Complex &x) {
  return b.stack({x.real, x.imaginary}, b.rank(x.real));
}

/// Cuts the last axis, or fills it with zeros.
static Value fitLast(Node &n, Value x, const Dim &size) {
  GraphBuilder &b = n.b;
  Dims shape = b.dims(x);
  int64_t last = b.rank(x) - 1;
  if (!x || shape.back() == size)
    return x;
  if (size.provablyAtMost(shape.back()))
    return b.sliceAxis(x, last, 0, size);
  if (!shape.back().provablyAtMost(size)) {
    n.fail("it is not known whether a length of " + shape.back().str() + " or of " + size.str() +
           " is greater");
    return Value();
  }
  Dims low(shape.size(), Dim(0)), high = low;
  high.back() = size - shape.back();
  return b.pad(x, b.scalar(b.element(x), 0), low, high);
}

static Value moveToLast(GraphBuilder &b, Value x, int64_t axis, bool isBack) {
  if (!x)
    return x;
  SmallVector<int64_t> order = allAxes(b.rank(x));
  int64_t last = b.rank(x) - 1, from = isBack ? last : axis, to = isBack ? axis : last;
  order.erase(order.begin() + from);
  order.insert(order.begin() + to, from);
  return b.transpose(x, order);
}

static void dft(Node &n, int64_t givenAxis) {
  GraphBuilder &b = n.b;
  bool isInverse = n.integer("inverse", 0) != 0, isOneSided = n.integer("onesided", 0) != 0;
  std::optional<int64_t> axis = n.axis(givenAxis, n.rank(0));
  std::optional<Complex> x = splitParts(n, n.input(0));
  if (!axis || !x)
    return;
  if (*axis == n.rank(0) - 1)
    return n.fail("transforms along the axis of real and imaginary parts");
  if (isInverse && isOneSided)
    return n.fail(
        "is inverse and one-sided, which the standard does not define for complex results");
  Dim size = b.dims(x->real)[*axis];
  if (n.has(1)) {
    auto given = n.knownDims(1, "the length of a transform");
    if (!given || given->size() != 1)
      return;
    size = given->front();
  }
  if (size.constant().value_or(1) < 1)
    return n.fail("the length of the transform is " + size.str());
  auto prepare = [&](Value part) {
    return part ? fitLast(n, moveToLast(b, part, *axis, false), size) : part;
  };
  Complex moved = {prepare(x->real), prepare(x->imaginary)};
  if (!n.isGood())
    return;
  Dim count = isOneSided ? size.floorDiv(Dim(2)) + Dim(1) : size;
  Complex result = transform(b, moved, count, isInverse);
  n.set(0, joinParts(b, {moveToLast(b, result.real, *axis, true),
                         moveToLast(b, result.imaginary, *axis, true)}));
}

static void dftOfAttribute(Node &n) { dft(n, n.integer("axis", 1)); }

static void dftOfInput(Node &n) {
  int64_t axis = -2;
  if (n.has(2)) {
    auto given = n.knownIntegers(2, "the axis of a transform");
    if (!given || given->size() != 1)
      return;
    axis = given->front();
  }
  dft(n, axis);
}

/// One known size, as input `index`.
static std::optional<Dim> knownSize(Node &n, size_t index, StringRef what) {
  auto given = n.knownDims(index, what);
  if (!given)
    return std::nullopt;
  if (given->size() == 1 && given->front().constant().value_or(1) >= 1)
    return given->front();
  n.fail("input " + Twine(index) + " decides " + what + ", but is not one number above 0");
  return std::nullopt;
}

/// Frames of the signal, each `step` behind the one before: [B, frames, length].
static Value cutFrames(GraphBuilder &b, Value signal, const Dim &step, const Dim &length) {
  if (!signal)
    return signal;
  Dim frames = (b.dims(signal)[1] - length).floorDiv(step) + Dim(1);
  Dims shape = {frames, length};
  Value starts = b.mul(b.iota(b.i64(), shape, 0), b.size(step));
  return b.gather(signal, b.add(starts, b.iota(b.i64(), shape, 1)), 1);
}

static void stft(Node &n) {
  GraphBuilder &b = n.b;
  bool isOneSided = n.integer("onesided", 1) != 0;
  Value signal = n.input(0), window = n.optionalInput(2);
  if (b.rank(signal) == 2)
    signal = b.expandDims(signal, 2);
  std::optional<Complex> x = splitParts(n, signal);
  std::optional<Dim> step = knownSize(n, 1, "the step of frames");
  if (!x || !step)
    return;
  if (b.rank(signal) != 3)
    return n.fail("the signal is " + languageList(n.dims(0)) +
                  ", but [batch, length] or [batch, length, parts] is expected");
  std::optional<Dim> length;
  if (n.has(3))
    length = knownSize(n, 3, "the length of frames");
  else if (window && b.rank(window) == 1)
    length = b.dims(window)[0];
  else
    n.fail("has neither a window nor a frame_length");
  if (!length || !n.isGood())
    return;
  Dim rest = b.dims(x->real)[1] - *length;
  if (!rest.isConstant())
    return n.fail("the signal has " + b.dims(x->real)[1].str() + " samples and a frame " +
                  length->str() + ", but it must be known that one fits: fix it with --dim");
  if (rest.constant().value_or(0) < 0)
    return n.fail("a frame of " + length->str() + " is longer than the signal");
  auto frames = [&](Value part) {
    Value cut = cutFrames(b, part, *step, *length);
    return cut && window ? b.mul(cut, window) : cut;
  };
  Complex cut = {frames(x->real), frames(x->imaginary)};
  if (!n.isGood())
    return;
  Dim count = isOneSided ? length->floorDiv(Dim(2)) + Dim(1) : *length;
  n.set(0, joinParts(b, transform(b, cut, count, false)));
}

//===-- Windows -----------------------------------------------------------------------------===//

namespace {
/// a - b cos(x) + c cos(2 x)
struct WindowShape {
  double constant, first, second;
};
} // namespace

static constexpr WindowShape hann = {0.5, 0.5, 0};
static constexpr WindowShape hamming = {25.0 / 46, 21.0 / 46, 0};
static constexpr WindowShape blackman = {0.42, 0.5, 0.08};

static Type typeFromAttribute(Node &n, StringRef name) {
  auto found = onnxElementType(static_cast<int>(n.integer(name, 1)), n.importer.getContext());
  if (found)
    return *found;
  n.fail(llvm::toString(found.takeError()));
  return nullptr;
}

template <const WindowShape &shape> static void window(Node &n) {
  GraphBuilder &b = n.b;
  Type type = typeFromAttribute(n, "output_datatype");
  bool isPeriodic = n.integer("periodic", 1) != 0;
  std::optional<Dim> size = knownSize(n, 0, "the length of a window");
  if (!type || !size)
    return;
  Type wide = b.builder.getF64Type();
  Dim period = isPeriodic ? *size : *size - Dim(1);
  Value place = b.binary<MulOp>(b.cast(b.iota(b.i64(), *size, 0), wide), twoPi);
  Value angle = b.div(place, b.cast(b.size(period), wide));
  if (period == Dim(0)) // one sample: a period of nothing
    angle = b.splatLike(place, 0);
  auto wave = [&](Value x, double by) { return b.binary<MulOp>(b.unary<CosOp>(x), by); };
  Value sum = b.add(wave(angle, -shape.first), wave(b.binary<MulOp>(angle, 2), shape.second));
  n.set(0, b.cast(b.binary<AddOp>(sum, shape.constant), type));
}

//===-- Mel filters -------------------------------------------------------------------------===//

static double toMel(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
static double fromMel(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

/// Triangles between neighbouring places on the mel scale: row-major [bins, filters].
static SmallVector<double> melWeights(int64_t filters, int64_t length, double rate, double low,
                                      double high) {
  int64_t bins = length / 2 + 1;
  double step = (toMel(high) - toMel(low)) / static_cast<double>(filters + 2);
  SmallVector<int64_t> edges;
  for (int64_t i = 0; i < filters + 2; ++i) {
    double hertz = fromMel(toMel(low) + static_cast<double>(i) * step);
    edges.push_back(
        static_cast<int64_t>(std::floor(static_cast<double>(length + 1) * hertz / rate)));
  }
  SmallVector<double> weights(bins * filters, 0);
  auto at = [&](int64_t bin, int64_t filter) -> double & {
    return weights[bin * filters + filter];
  };
  for (int64_t filter = 0; filter < filters; ++filter) {
    int64_t left = edges[filter], peak = edges[filter + 1], right = edges[filter + 2];
    for (int64_t bin = std::max<int64_t>(left, 0); bin <= std::min(peak, bins - 1); ++bin)
      at(bin, filter) =
          peak == left ? 1 : static_cast<double>(bin - left) / static_cast<double>(peak - left);
    for (int64_t bin = std::max<int64_t>(peak, 0); bin < std::min(right, bins); ++bin)
      if (right != peak)
        at(bin, filter) = static_cast<double>(right - bin) / static_cast<double>(right - peak);
  }
  return weights;
}

static void melWeightMatrix(Node &n) {
  static constexpr double mostWeights = 1 << 24;
  Type type = typeFromAttribute(n, "output_datatype");
  SmallVector<double> given;
  for (size_t i = 0; i < 5; ++i) {
    auto known = n.knownReals(i, "the filters");
    if (!known)
      return;
    if (known->size() != 1)
      return n.fail("input " + Twine(i) + " is not one number");
    given.push_back(known->front());
  }
  double filters = given[0], length = given[1], rate = given[2];
  bool fits = filters >= 1 && length >= 1 && rate >= 1 && filters * (length / 2 + 1) <= mostWeights;
  if (!type || !fits || !(given[3] >= 0) || !(given[4] > given[3]) || !(given[4] <= rate))
    return n.fail("numbers of filters, samples and hertz above 0, and edges that rise and are at "
                  "most the sample rate, are expected");
  SmallVector<double> weights = melWeights(static_cast<int64_t>(filters),
                                           static_cast<int64_t>(length), rate, given[3], given[4]);
  n.set(0, n.b.reshape(n.b.reals(weights, type), {Dim(static_cast<int64_t>(length) / 2 + 1),
                                                  Dim(static_cast<int64_t>(filters))}));
}

//===-- The table ---------------------------------------------------------------------------===//

static constexpr OnnxRow rows[] = {
    {"BlackmanWindow", 17, window<blackman>},
    {"DFT", 17, dftOfAttribute},
    {"DFT", 20, dftOfInput},
    {"HammingWindow", 17, window<hamming>},
    {"HannWindow", 17, window<hann>},
    {"MelWeightMatrix", 17, melWeightMatrix},
    {"STFT", 17, stft},
};

ArrayRef<OnnxRow> onnxSignalRows() { return rows; }

} // namespace weft
