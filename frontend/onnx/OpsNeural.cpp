// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions, pooling and matrix products.

#include "frontend/onnx/Windows.h"

namespace weft {

using Integers = SmallVector<int64_t>;
using Dims = SmallVector<Dim>;

//===-- Convolutions ------------------------------------------------------------------------===//

static Value addBias(Node &n, Value x, Value bias) {
  return bias ? n.b.add(x, alongChannels(n.b, bias, x)) : x;
}

static void conv(Node &n) {
  n.set(0, addBias(n, convolve(n, n.input(0), n.input(1)), n.optionalInput(2)));
}

/// `output_shape` asks for a size, and padding follows from it.
static bool padForOutput(Node &n, Value x, OnnxWindows &windows, Integers &outputPadding) {
  Integers wanted = n.integers("output_shape");
  StringRef automatic = n.text("auto_pad", "NOTSET");
  Dims dims = n.b.dims(x);
  size_t rank = windows.rank();
  bool isSame = automatic.starts_with("SAME");
  if (wanted.empty() && !isSame)
    return true;
  if (wanted.size() > rank)
    wanted.erase(wanted.begin(), wanted.end() - rank);
  if (!wanted.empty() && wanted.size() != rank) {
    n.fail("output_shape has " + Twine(wanted.size()) + " entries, but " + Twine(rank) +
           " are expected");
    return false;
  }
  for (size_t i = 0; i < rank; ++i) {
    Dim size = dims[dims.size() - rank + i];
    int64_t extent = (windows.window[i] - 1) * windows.dilations[i] + 1;
    Dim output = wanted.empty() ? size * Dim(windows.strides[i]) : Dim(wanted[i]);
    Dim full = (size - Dim(1)) * Dim(windows.strides[i]) + Dim(extent + outputPadding[i]);
    std::optional<int64_t> total = (full - output).constant();
    if (!total) {
      n.fail("the padding depends on a dimension that is not known: fix it with --dim");
      return false;
    }
    // A larger output than the windows reach is padded behind.
    outputPadding[i] += std::max<int64_t>(-*total, 0);
    int64_t cut = std::max<int64_t>(*total, 0), half = cut / 2;
    windows.padLow[i] = automatic == "SAME_UPPER" ? half : cut - half;
    windows.padHigh[i] = cut - windows.padLow[i];
  }
  return true;
}

static void convTranspose(Node &n) {
  Value x = n.input(0), filter = n.input(1);
  int64_t groups = n.integer("group", 1);
  if (!checkConvRanks(n, x, filter))
    return;
  std::optional<Integers> kernel = readKernel(n, filter);
  if (!kernel)
    return;
  size_t rank = kernel->size();
  Integers outputPadding = n.integers("output_padding", Integers(rank, 0));
  if (outputPadding.size() != rank || groups < 1)
    return n.fail("output_padding has " + Twine(outputPadding.size()) + " entries and group is " +
                  Twine(groups));
  // SAME means another size here than for a convolution.
  OnnxWindows windows;
  windows.window = *kernel;
  windows.strides = n.integers("strides", Integers(rank, 1));
  windows.dilations = n.integers("dilations", Integers(rank, 1));
  Integers pads = n.integers("pads", Integers(2 * rank, 0));
  if (windows.strides.size() != rank || windows.dilations.size() != rank || pads.size() != 2 * rank)
    return n.fail("strides, dilations and pads need one entry for each of " + Twine(rank) +
                  " spatial dimensions");
  for (size_t i = 0; i < rank; ++i)
    if (windows.strides[i] < 1 || windows.dilations[i] < 1 || pads[i] < 0 || pads[rank + i] < 0)
      return n.fail("strides and dilations are positive, and pads are not negative");
  windows.padLow.assign(pads.begin(), pads.begin() + rank);
  windows.padHigh.assign(pads.begin() + rank, pads.end());
  if (!padForOutput(n, x, windows, outputPadding))
    return;
  Value result = n.b.convTranspose(x, filter, windows.sliding(), outputPadding, groups);
  n.set(0, addBias(n, result, n.optionalInput(2)));
}

//===-- Pooling -----------------------------------------------------------------------------===//

/// The windows of a pooling node.
static std::optional<OnnxWindows> poolWindows(Node &n) {
  Value x = n.input(0);
  if (!n.needs("kernel_shape"))
    return std::nullopt;
  Integers window = n.integers("kernel_shape");
  if (window.empty() || static_cast<int64_t>(window.size()) + 2 != n.b.rank(x)) {
    n.fail("kernel_shape has " + Twine(window.size()) + " entries for an input of shape " +
           languageList(n.b.dims(x)));
    return std::nullopt;
  }
  std::optional<OnnxWindows> windows = readWindows(n, x, window);
  if (windows && n.integer("ceil_mode", 0) != 0)
    roundUp(*windows, x);
  return windows;
}

/// Where the greatest element of each window lies in the input: the windows' places are compared
/// one after the other, so that the first wins.
static Value maxPositions(Node &n, Value x, Value greatest, const OnnxWindows &windows,
                          bool columnMajor) {
  GraphBuilder &b = n.b;
  Dims shape = b.dims(x), spatial(shape.begin() + 2, shape.end());
  size_t rank = windows.rank();
  Dims low(2, Dim(0)), high(2, Dim(0)), padded(shape.begin(), shape.begin() + 2);
  for (size_t i = 0; i < rank; ++i) {
    low.push_back(Dim(windows.padLow[i]));
    high.push_back(Dim(windows.padHigh[i]));
  }
  // Element (c, i, j) of the whole tensor has the number that the standard gives it.
  Dims strides(rank, Dim(1));
  if (columnMajor)
    for (size_t i = 1; i < rank; ++i)
      strides[i] = strides[i - 1] * spatial[i - 1];
  else
    for (size_t i = rank; i-- > 1;)
      strides[i - 1] = strides[i] * spatial[i];
  Value number = b.add(b.mul(b.iota(b.i64(), shape, 0), b.size(shape[1] * productOf(spatial))),
                       b.mul(b.iota(b.i64(), shape, 1), b.size(productOf(spatial))));
  for (size_t i = 0; i < rank; ++i)
    number = b.add(number, b.mul(b.iota(b.i64(), shape, 2 + i), b.size(strides[i])));
  Value paddedNumber = b.pad(number, b.scalarInteger(b.i64(), -1), low, high);
  Value paddedX = b.pad(x, b.scalar(b.element(x), 0), low, high);
  if (!paddedX || !greatest)
    return Value();

  int64_t count = 1;
  for (int64_t size : windows.window)
    count *= size;
  if (count > 1024)
    return b.fail("positions in windows of " + Twine(count) + " elements are not supported");
  Value result = b.splat(b.i64(), -1, b.dims(greatest));
  for (int64_t place = count; place-- > 0;) {
    Dims starts(2, Dim(0)), ends = padded;
    Integers steps(2, 1);
    int64_t rest = place;
    Integers offset(rank);
    for (size_t i = rank; i-- > 0;) {
      offset[i] = rest % windows.window[i] * windows.dilations[i];
      rest /= windows.window[i];
    }
    for (size_t i = 0; i < rank; ++i) {
      starts.push_back(Dim(offset[i]));
      ends.push_back(Dim(offset[i]) + (b.dims(greatest)[2 + i] - Dim(1)) * Dim(windows.strides[i]) +
                     Dim(1));
      steps.push_back(windows.strides[i]);
    }
    Value at = b.slice(paddedNumber, starts, ends, steps);
    Value value = b.slice(paddedX, starts, ends, steps);
    Value isIt = b.binary<AndOp>(b.compare(ComparePredicate::Eq, value, greatest),
                                 b.compare(ComparePredicate::Ge, at, 0.0));
    result = b.select(isIt, at, result);
  }
  return result;
}

static void maxPool(Node &n) {
  bool columnMajor = n.integer("storage_order", 0) != 0;
  std::optional<OnnxWindows> windows = poolWindows(n);
  if (!windows)
    return;
  Value x = n.input(0);
  Value greatest = n.b.pool(PoolKind::Max, x, windows->window, windows->sliding());
  n.set(0, greatest);
  if (n.wants(1))
    n.set(1, maxPositions(n, x, greatest, *windows, columnMajor));
}

static void averagePool(Node &n) {
  bool countPadding = n.integer("count_include_pad", 0) != 0;
  bool ceil = n.integer("ceil_mode", 0) != 0;
  Value x = n.input(0);
  std::optional<OnnxWindows> windows = poolWindows(n);
  if (!windows)
    return;
  if (!ceil || !countPadding)
    return n.set(0, n.b.pool(PoolKind::Avg, x, windows->window, windows->sliding(), countPadding));
  // What ceil_mode adds behind is not counted, the given padding is: the given one becomes zeros.
  Integers given = n.integers("pads", Integers(2 * windows->rank(), 0));
  Dims low(2, Dim(0)), high(2, Dim(0));
  for (size_t i = 0; i < windows->rank(); ++i) {
    low.push_back(Dim(windows->padLow[i]));
    high.push_back(Dim(given[windows->rank() + i]));
    windows->padHigh[i] -= given[windows->rank() + i];
    windows->padLow[i] = 0;
  }
  Value padded = n.b.pad(x, n.b.scalar(n.b.element(x), 0), low, high);
  n.set(0, n.b.pool(PoolKind::Avg, padded, windows->window, windows->sliding()));
}

/// (sum of |x|^p)^(1/p) over each window.
static Value powerSum(Node &n, double p, llvm::function_ref<Value(Value)> sum) {
  Value powers = n.b.binary<PowOp>(n.b.unary<AbsOp>(n.input(0)), p);
  return n.b.binary<PowOp>(sum(powers), 1 / p);
}

static void lpPoolOf(Node &n, double p) {
  if (std::optional<OnnxWindows> windows = poolWindows(n))
    n.set(0, powerSum(n, p, [&](Value powers) {
            return n.b.pool(PoolKind::Sum, powers, windows->window, windows->sliding());
          }));
}

/// The power is a float in opset 1 and an integer since.
static double realPower(Node &n) { return n.real("p", 2); }
static double wholePower(Node &n) { return static_cast<double>(n.integer("p", 2)); }

static void oldLpPool(Node &n) { lpPoolOf(n, realPower(n)); }
static void lpPool(Node &n) { lpPoolOf(n, wholePower(n)); }

static Integers spatialAxes(Node &n) {
  Integers axes = allAxes(n.rank(0));
  axes.erase(axes.begin(), axes.begin() + std::min<size_t>(2, axes.size()));
  return axes;
}

static void globalAveragePool(Node &n) {
  n.set(0, n.b.mean(n.input(0), spatialAxes(n), /*keepDims=*/true));
}

static void globalMaxPool(Node &n) {
  n.set(0, n.b.reduce(ReduceKind::Max, n.input(0), spatialAxes(n), /*keepDims=*/true));
}

static void globalLpPoolOf(Node &n, double p) {
  n.set(0, powerSum(n, p, [&](Value powers) {
          return n.b.reduce(ReduceKind::Sum, powers, spatialAxes(n), /*keepDims=*/true);
        }));
}

static void oldGlobalLpPool(Node &n) { globalLpPoolOf(n, realPower(n)); }
static void globalLpPool(Node &n) { globalLpPoolOf(n, wholePower(n)); }

/// Puts each element back to the place that its index names.
static void maxUnpool(Node &n) {
  Value x = n.input(0), indices = n.input(1);
  if (!n.needs("kernel_shape") || n.b.rank(x) < 3)
    return n.fail("the input has " + Twine(n.b.rank(x)) + " dimensions, but 3 or more are needed");
  Dims dims = n.b.dims(x), plain(dims.begin(), dims.begin() + 2);
  std::optional<OnnxWindows> windows = readWindows(n, x, n.integers("kernel_shape"));
  if (!windows || windows->rank() + 2 != dims.size())
    return n.fail("kernel_shape does not fit an input of shape " + languageList(dims));
  for (size_t i = 0; i < windows->rank(); ++i)
    plain.push_back((dims[2 + i] - Dim(1)) * Dim(windows->strides[i]) + Dim(windows->window[i]) -
                    Dim(windows->padLow[i] + windows->padHigh[i]));
  // An output_shape only makes the result larger: the indices count in the plain one.
  Value zeros = n.b.splat(n.b.element(x), 0, productOf(plain));
  Value flat = n.b.scatter(ScatterKind::Set, zeros, n.b.reshape(indices, productOf(dims)),
                           n.b.reshape(x, productOf(dims)), 0);
  Value result = n.b.reshape(flat, plain);
  if (n.has(2)) {
    std::optional<Dims> wanted = n.knownDims(2);
    if (!wanted || wanted->size() != plain.size())
      return n.fail("output_shape does not fit");
    Dims low(plain.size(), Dim(0)), high;
    for (auto [size, given] : llvm::zip(plain, *wanted))
      high.push_back(given - size);
    result = n.b.pad(result, n.b.scalar(n.b.element(x), 0), low, high);
  }
  n.set(0, result);
}

//===-- Matrix products ---------------------------------------------------------------------===//

static void matmul(Node &n) { n.set(0, n.b.matmul(n.input(0), n.input(1))); }

/// alpha * A' B' + beta * C.
static void gemm(Node &n) {
  n.ignore("broadcast");
  Value a = n.input(0), b = n.input(1);
  if (n.b.rank(a) != 2 || n.b.rank(b) != 2)
    return n.fail("the factors have " + Twine(n.b.rank(a)) + " and " + Twine(n.b.rank(b)) +
                  " dimensions, but matrices are expected");
  std::string labels = n.integer("transA", 0) != 0 ? "ki," : "ik,";
  labels += n.integer("transB", 0) != 0 ? "jk->ij" : "kj->ij";
  double alpha = n.real("alpha", 1), beta = n.real("beta", 1);
  Value product = n.b.contract(labels, a, b);
  if (alpha != 1)
    product = n.b.binary<MulOp>(product, alpha);
  Value c = n.optionalInput(2);
  if (c && beta != 1)
    c = n.b.binary<MulOp>(c, beta);
  n.set(0, c ? n.b.add(product, c) : product);
}

//===-- The table ---------------------------------------------------------------------------===//

// clang-format off
static constexpr OnnxRow rows[] = {
    {"AveragePool", 1, averagePool},
    {"Conv", 1, conv},
    {"ConvTranspose", 1, convTranspose},
    {"Gemm", 1, gemm},
    {"GlobalAveragePool", 1, globalAveragePool},
    {"GlobalLpPool", 1, oldGlobalLpPool},
    {"GlobalLpPool", 2, globalLpPool},
    {"GlobalMaxPool", 1, globalMaxPool},
    {"LpPool", 1, oldLpPool},
    {"LpPool", 2, lpPool},
    {"MatMul", 1, matmul},
    {"MaxPool", 1, maxPool},
    {"MaxUnpool", 9, maxUnpool},
};
// clang-format on

ArrayRef<OnnxRow> onnxNeuralRows() { return rows; }

} // namespace weft
