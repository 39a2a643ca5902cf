// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Resize and Upsample: each axis by itself. Where each result lies in the input is a vector of f64,
// which is folded where the sizes are known; then come gathers, or a product with a small matrix.

#include "frontend/onnx/Importer.h"
#include "frontend/onnx/OpsCommon.h"

#include <cmath>

namespace weft {

using Dims = SmallVector<Dim>;

namespace {
/// How a node resizes, the same for all of its axes.
struct Resizing {
  StringRef mode = "nearest";
  StringRef transformation = "asymmetric";
  StringRef nearest = "floor";
  double cubicCoefficient = -0.75;
  double extrapolation = 0;
  bool excludeOutside = false;
  bool antialias = false;
};

/// One axis: its size before and after, and after / before, which a node may give by itself and
/// which then need not be that quotient.
struct ResizedAxis {
  int64_t axis;
  Dim from, to;
  std::optional<double> scale;
  /// f64 scalars; of tf_crop_and_resize alone.
  Value start, end;
};

/// Positions of elements next to each result, i64, with their weights, f64: a list of vectors.
struct Taps {
  SmallVector<Value> positions, weights;
};
} // namespace

//===-- Where a result lies in the input ----------------------------------------------------===//

static Type f64(GraphBuilder &b) { return b.builder.getF64Type(); }

/// 0, 1, ..., size - 1 as f64: a constant where that is possible, so that what follows folds.
static Value countUp(GraphBuilder &b, const Dim &size) {
  static constexpr int64_t mostFolded = 65536;
  std::optional<int64_t> known = size.constant();
  if (!known || *known < 0 || *known > mostFolded)
    return b.iota(f64(b), size, 0);
  SmallVector<double> values;
  for (int64_t i = 0; i < *known; ++i)
    values.push_back(static_cast<double>(i));
  return b.reals(values, f64(b));
}

static Value real(GraphBuilder &b, const Dim &size) { return b.cast(b.size(size), f64(b)); }

static Value scaleOf(GraphBuilder &b, const ResizedAxis &one) {
  return one.scale ? b.scalar(f64(b), *one.scale) : b.div(real(b, one.to), real(b, one.from));
}

/// size - 1 to divide by: where that is 0, only 0 is divided.
static Value lastPlace(GraphBuilder &b, Value size) {
  Value last = b.binary<SubOp>(size, 1.0);
  return b.select(b.compare(ComparePredicate::Gt, last, 0.0), last, b.splatLike(last, 1));
}

/// The formulas of `coordinate_transformation_mode`, whose names are those of the standard.
static Value coordinates(Node &n, const ResizedAxis &one, StringRef mode) {
  GraphBuilder &b = n.b;
  Value x = countUp(b, one.to), scale = scaleOf(b, one), length = real(b, one.from);
  Value lastOriginal = b.binary<SubOp>(length, 1.0);
  auto halfPixel = [&] { return b.binary<SubOp>(b.div(b.binary<AddOp>(x, 0.5), scale), 0.5); };
  if (mode == "half_pixel")
    return halfPixel();
  if (mode == "asymmetric")
    return b.div(x, scale);
  if (mode == "tf_half_pixel_for_nn")
    return b.div(b.binary<AddOp>(x, 0.5), scale);
  if (mode == "pytorch_half_pixel") {
    Value isLong = b.compare(ComparePredicate::Gt, real(b, one.to), 1.0);
    return b.select(isLong, halfPixel(), b.scalar(f64(b), 0));
  }
  if (mode == "align_corners") {
    // The resized length as the scale has it: it need not be whole.
    Value resized = one.scale ? b.mul(scale, length) : real(b, one.to);
    return b.div(b.mul(x, lastOriginal), lastPlace(b, resized));
  }
  if (mode == "half_pixel_symmetric") {
    Value adjustment = b.div(real(b, one.to), b.mul(scale, length));
    Value offset = b.mul(b.binary<MulOp>(length, 0.5), b.sub(b.scalar(f64(b), 1), adjustment));
    return b.add(offset, halfPixel());
  }
  if (mode == "tf_crop_and_resize") {
    Value extent = b.mul(b.sub(one.end, one.start), lastOriginal);
    Value step = b.div(b.mul(x, extent), lastPlace(b, real(b, one.to)));
    Value isLong = b.compare(ComparePredicate::Gt, real(b, one.to), 1.0);
    Value inside = b.select(isLong, step, b.binary<MulOp>(extent, 0.5));
    return b.add(inside, b.mul(one.start, lastOriginal));
  }
  n.fail("coordinate_transformation_mode is '" + mode + "', which the standard does not have");
  return Value();
}

//===-- Nearest -----------------------------------------------------------------------------===//

static Value nearestPosition(Node &n, Value x, StringRef mode) {
  GraphBuilder &b = n.b;
  if (mode == "round_prefer_floor")
    return b.unary<CeilOp>(b.binary<SubOp>(x, 0.5));
  if (mode == "round_prefer_ceil")
    return b.unary<FloorOp>(b.binary<AddOp>(x, 0.5));
  if (mode == "floor")
    return b.unary<FloorOp>(x);
  if (mode == "ceil")
    return b.unary<CeilOp>(x);
  n.fail("nearest_mode is '" + mode + "', which the standard does not have");
  return Value();
}

/// How often each element is repeated, if that is all: i / k is its place for each result i.
static std::optional<int64_t> repeats(const Resizing &how, const ResizedAxis &one) {
  double scale = one.scale.value_or(0);
  bool isWhole = scale >= 1 && scale <= 1 << 20 && scale == std::floor(scale);
  auto times = static_cast<int64_t>(isWhole ? scale : 0);
  if (!isWhole || one.to != one.from * Dim(times))
    return std::nullopt;
  bool floors = how.transformation == "asymmetric" && how.nearest == "floor";
  // The results of one element lie within half a step of it.
  bool rounds =
      StringRef(how.transformation).ends_with("half_pixel") && how.nearest.starts_with("round");
  return floors || rounds ? std::optional(times) : std::nullopt;
}

/// Each element `times` times in a row.
static Value repeat(GraphBuilder &b, Value x, int64_t axis, int64_t times) {
  Dims shape = b.dims(x), repeated = shape;
  repeated.insert(repeated.begin() + axis + 1, Dim(times));
  shape[axis] = shape[axis] * Dim(times);
  SmallVector<int64_t> along = allAxes(b.rank(x));
  for (int64_t i = axis + 1; i < b.rank(x); ++i)
    ++along[i];
  return b.reshape(b.broadcast(x, along, repeated), shape);
}

//===-- Linear and cubic --------------------------------------------------------------------===//

/// The neighbours of each place and their weights. With `antialias`, downsampling widens the
/// kernel by 1 / scale.
static std::optional<Taps> tapsOf(Node &n, const Resizing &how, const ResizedAxis &one, Value x) {
  GraphBuilder &b = n.b;
  bool isCubic = how.mode == "cubic";
  double shrink = 1;
  if (how.antialias) {
    if (!one.scale) {
      n.fail("antialias needs to know how much smaller a dimension becomes: fix it with --dim");
      return std::nullopt;
    }
    shrink = std::min(*one.scale, 1.0);
  }
  double reach = std::ceil((isCubic ? 2 : 1) / shrink);
  if (!(reach <= 4096)) {
    n.fail("makes an axis more than 2048 times smaller, which is not supported with antialias");
    return std::nullopt;
  }
  Taps taps;
  Value first = b.unary<FloorOp>(x), fraction = b.sub(x, first), total;
  for (double place = 1 - reach; place <= reach; ++place) {
    Value distance = b.binary<MulOp>(b.sub(b.splatLike(fraction, place), fraction), shrink);
    Value weight =
        isCubic ? cubicKernel(b, distance, how.cubicCoefficient) : linearKernel(b, distance);
    Value position = b.binary<AddOp>(first, place);
    if (how.excludeOutside) {
      Value isInside =
          b.binary<AndOp>(b.compare(ComparePredicate::Ge, position, 0.0),
                          b.compare(ComparePredicate::Lt, position, real(b, one.from)));
      weight = b.select(isInside, weight, b.splatLike(weight, 0));
    }
    taps.positions.push_back(b.cast(position, b.i64()));
    taps.weights.push_back(weight);
    total = total ? b.add(total, weight) : weight;
  }
  if (how.antialias || how.excludeOutside)
    for (Value &weight : taps.weights)
      weight = b.div(weight, total);
  return taps;
}

/// The sum of gathered elements times their weights; what lies outside is the element at the edge.
static Value gatherTaps(GraphBuilder &b, Value x, int64_t axis, const Taps &taps) {
  Value sum;
  for (auto [position, weight] : llvm::zip(taps.positions, taps.weights)) {
    Value part = b.gather(x, position, axis);
    if (!part)
      return part;
    Value factor = b.broadcast(b.cast(weight, b.element(x)), axis, b.dims(part));
    Value product = b.mul(part, factor);
    sum = sum ? b.add(sum, product) : product;
  }
  return sum;
}

/// The same by a matrix [to, from], which is faster where there are many neighbours.
static Value multiplyTaps(GraphBuilder &b, Value x, const ResizedAxis &one, const Taps &taps) {
  Value places = b.stack(taps.positions, 1),
        weights = b.cast(b.stack(taps.weights, 1), b.element(x));
  Value last = b.size(one.from - Dim(1));
  Value clamped = b.binary<MinOp>(b.binary<MaxOp>(places, 0.0), last);
  if (!clamped || !weights)
    return Value();
  Dim count = productOf(b.dims(clamped));
  Value row = b.iota(b.i64(), b.dims(clamped), 0);
  Value target = b.add(b.mul(row, b.size(one.from)), clamped);
  Value zeros = b.splat(b.element(x), 0, one.to * one.from);
  Value matrix = b.reshape(
      b.scatter(ScatterKind::Add, zeros, b.reshape(target, count), b.reshape(weights, count), 0),
      {one.to, one.from});
  std::string labels;
  for (int64_t i = 0; i < b.rank(x); ++i)
    labels += static_cast<char>('a' + i);
  std::string result = labels;
  result[one.axis] = 'z';
  std::string equation = labels + ",z" + labels[one.axis] + "->" + result;
  return b.contract(equation, x, matrix);
}

//===-- One axis after the other ------------------------------------------------------------===//

/// With this many neighbours a product with a matrix does less than gathers: a gathered element
/// costs about as much as 8 that a contraction multiplies.
static constexpr size_t mostGatheredTaps = 4;

static Value resizeAxis(Node &n, Value x, const Resizing &how, const ResizedAxis &one) {
  GraphBuilder &b = n.b;
  if (how.mode == "nearest")
    if (std::optional<int64_t> times = repeats(how, one))
      return repeat(b, x, one.axis, *times);
  Value place = coordinates(n, one, how.transformation);
  if (!place)
    return Value();
  Value result;
  if (how.mode == "nearest") {
    result = b.gather(x, b.cast(nearestPosition(n, place, how.nearest), b.i64()), one.axis);
  } else {
    std::optional<Taps> taps = tapsOf(n, how, one, place);
    if (!taps)
      return Value();
    result = taps->weights.size() <= mostGatheredTaps ? gatherTaps(b, x, one.axis, *taps)
                                                      : multiplyTaps(b, x, one, *taps);
  }
  if (how.transformation != "tf_crop_and_resize" || !result)
    return result;
  Value isOutside =
      b.binary<OrOp>(b.compare(ComparePredicate::Lt, place, 0.0),
                     b.compare(ComparePredicate::Gt, place, real(b, one.from - Dim(1))));
  return b.select(b.broadcast(isOutside, one.axis, b.dims(result)),
                  b.splatLike(result, how.extrapolation), result);
}

/// Whether an axis stays as it is.
static bool isUntouched(const Resizing &how, const ResizedAxis &one) {
  return one.from == one.to && one.scale.value_or(1) == 1 &&
         how.transformation != "tf_crop_and_resize" && how.transformation != "tf_half_pixel_for_nn";
}

static void resizeAxes(Node &n, const Resizing &how, ArrayRef<ResizedAxis> axes) {
  GraphBuilder &b = n.b;
  Value x = n.input(0);
  Type type = b.element(x);
  if (how.mode != "nearest" && how.mode != "linear" && how.mode != "cubic")
    return n.fail("the mode is '" + how.mode + "', but nearest, linear or cubic is expected");
  if (b.rank(x) > 20)
    return n.fail("the input has " + Twine(b.rank(x)) + " dimensions");
  if (how.mode != "nearest" && b.isBool(x))
    return n.fail("interpolates between truth values");
  if (how.mode != "nearest")
    x = b.cast(x, b.isFloat(x) ? wideType(b, type) : b.f32());
  for (const ResizedAxis &one : axes)
    if (x && !isUntouched(how, one))
      x = resizeAxis(n, x, how, one);
  n.set(0, b.cast(x, type));
}

//===-- Sizes from scales -------------------------------------------------------------------===//

static constexpr int64_t largestSize = int64_t(1) << 40;

/// floor(size * scale), computed in f32 as ONNX Runtime does. A dimension that is not known needs
/// a scale that is a fraction of small numbers.
static std::optional<Dim> scaled(Node &n, const Dim &size, double scale) {
  if (!(scale > 0) || !(scale <= 1 << 20)) {
    n.fail("a scale is " + std::to_string(scale) + ", but a number above 0 is expected");
    return std::nullopt;
  }
  if (std::optional<int64_t> known = size.constant())
    return Dim(
        static_cast<int64_t>(std::floor(static_cast<float>(*known) * static_cast<float>(scale))));
  for (int64_t divisor = 1; divisor <= 64; ++divisor) {
    double product = std::round(scale * static_cast<double>(divisor));
    if (product >= 1 &&
        static_cast<float>(product / static_cast<double>(divisor)) == static_cast<float>(scale))
      return (size * Dim(static_cast<int64_t>(product))).floorDiv(Dim(divisor));
  }
  n.fail("a dimension of " + size.str() + " is scaled by " + std::to_string(scale) +
         ", which is no fraction of small numbers: fix it with --dim");
  return std::nullopt;
}

/// Adds `scales`, one for each of the axes, to what is known of them.
static bool scaleAxes(Node &n, SmallVector<ResizedAxis> &axes, ArrayRef<double> scales) {
  if (scales.size() != axes.size()) {
    n.fail("has " + Twine(scales.size()) + " scales for " + Twine(axes.size()) + " axes");
    return false;
  }
  for (auto [one, scale] : llvm::zip(axes, scales)) {
    std::optional<Dim> to = scaled(n, one.from, scale);
    if (!to)
      return false;
    one.to = *to;
    one.scale = scale;
  }
  return true;
}

static void upsample(Node &n, ArrayRef<double> scales) {
  Resizing how;
  how.mode = n.text("mode", "nearest");
  if (how.mode == "bilinear")
    how.mode = "linear";
  SmallVector<ResizedAxis> axes;
  for (auto [axis, size] : llvm::enumerate(n.dims(0)))
    axes.push_back({static_cast<int64_t>(axis), size, size, std::nullopt, Value(), Value()});
  if (scaleAxes(n, axes, scales))
    resizeAxes(n, how, axes);
}

static void upsampleByHeight(Node &n) {
  if (!n.needs("height_scale") || !n.needs("width_scale"))
    return;
  upsample(n, {1, 1, n.real("height_scale", 1), n.real("width_scale", 1)});
}

static void upsampleByAttribute(Node &n) {
  if (n.needs("scales"))
    upsample(n, n.reals("scales"));
}

/// Also the first Resize, which means the same.
static void upsampleByInput(Node &n) {
  if (auto scales = n.knownReals(1))
    upsample(n, *scales);
}

//===-- Resize ------------------------------------------------------------------------------===//

/// Adds the region of interest, [starts..., ends...]; it need not be known.
static bool readRegion(Node &n, SmallVector<ResizedAxis> &axes) {
  GraphBuilder &b = n.b;
  auto count = static_cast<int64_t>(axes.size());
  Value region = n.optionalInput(1);
  if (!region || b.dims(region) != Dims{Dim(2 * count)}) {
    n.fail("tf_crop_and_resize needs a region of " + Twine(2 * count) + " numbers");
    return false;
  }
  // Known numbers fold with the coordinates.
  if (auto known = n.importer.knownReals(region))
    region = b.reals(*known, f64(b));
  auto at = [&](int64_t place) {
    return b.cast(b.reshape(b.sliceAxis(region, 0, place, place + 1), {}), f64(b));
  };
  for (int64_t i = 0; i < count; ++i) {
    axes[i].start = at(i);
    axes[i].end = at(count + i);
  }
  return true;
}

/// With a region, the scales are those of the part that it cuts out.
static bool scaleRegion(Node &n, SmallVector<ResizedAxis> &axes, ArrayRef<double> scales) {
  std::optional<SmallVector<double>> region = n.knownReals(1);
  if (!region || region->size() != 2 * axes.size() || scales.size() != axes.size())
    return false;
  for (auto [i, one] : llvm::enumerate(axes)) {
    double part = (*region)[axes.size() + i] - (*region)[i];
    std::optional<Dim> to = scaled(n, one.from, part * scales[i]);
    if (!to)
      return false;
    one.to = *to;
  }
  return true;
}

/// `not_larger` and `not_smaller`: one scale for all axes, the least or the greatest.
static bool keepAspectRatio(Node &n, SmallVector<ResizedAxis> &axes, bool isLeast) {
  std::optional<double> scale;
  for (const ResizedAxis &one : axes) {
    std::optional<int64_t> from = one.from.constant(), to = one.to.constant();
    if (!from || !to || *from == 0) {
      n.fail("keep_aspect_ratio_policy needs sizes that are known: fix them with --dim");
      return false;
    }
    double own = static_cast<double>(*to) / static_cast<double>(*from);
    scale = !scale ? own : isLeast ? std::min(*scale, own) : std::max(*scale, own);
  }
  for (ResizedAxis &one : axes) {
    double size = static_cast<double>(one.from.constant().value_or(0)) * scale.value_or(1);
    if (!(size < static_cast<double>(largestSize))) {
      n.fail("keeps an aspect ratio that makes a dimension of " + one.from.str() + " too large");
      return false;
    }
    one.to = Dim(static_cast<int64_t>(std::floor(size + 0.5)));
    one.scale = scale;
  }
  return true;
}

/// Sizes after, which may be expressions.
static bool sizeAxes(Node &n, SmallVector<ResizedAxis> &axes) {
  std::optional<Dims> sizes = n.knownDims(3);
  if (!sizes)
    return false;
  if (sizes->size() != axes.size()) {
    n.fail("has " + Twine(sizes->size()) + " sizes for " + Twine(axes.size()) + " axes");
    return false;
  }
  for (auto [one, size] : llvm::zip(axes, *sizes)) {
    std::optional<int64_t> from = one.from.constant(), to = size.constant();
    if ((to && (*to < 1 || *to > largestSize)) || from == 0) {
      n.fail("resizes a dimension of " + one.from.str() + " to " + size.str());
      return false;
    }
    one.to = size;
    if (from && to)
      one.scale = static_cast<double>(*to) / static_cast<double>(*from);
    else if (std::optional<int64_t> times = size.floorDiv(one.from).constant();
             times && one.from * Dim(*times) == size)
      one.scale = static_cast<double>(*times);
  }
  StringRef policy = n.text("keep_aspect_ratio_policy", "stretch");
  if (policy == "stretch")
    return true;
  if (policy == "not_larger" || policy == "not_smaller")
    return keepAspectRatio(n, axes, policy == "not_larger");
  n.fail("keep_aspect_ratio_policy is '" + policy + "', which the standard does not have");
  return false;
}

static std::optional<SmallVector<ResizedAxis>> readAxes(Node &n, bool hasRegion) {
  Dims shape = n.dims(0);
  SmallVector<ResizedAxis> axes;
  // `axes` in the order that the node gives: scales and sizes follow it.
  for (int64_t given : n.integers("axes", allAxes(shape.size()))) {
    std::optional<int64_t> axis = n.axis(given, shape.size());
    if (!axis)
      return std::nullopt;
    axes.push_back({*axis, shape[*axis], shape[*axis], std::nullopt, Value(), Value()});
  }
  if (hasRegion && !readRegion(n, axes))
    return std::nullopt;
  // An empty tensor stands for an input that is left out.
  auto isGiven = [&](size_t index) { return n.has(index) && productOf(n.dims(index)) != Dim(0); };
  if (isGiven(2) == isGiven(3)) {
    n.fail("needs either scales or sizes");
    return std::nullopt;
  }
  if (isGiven(3))
    return sizeAxes(n, axes) ? std::optional(axes) : std::nullopt;
  n.ignore("keep_aspect_ratio_policy");
  std::optional<SmallVector<double>> scales = n.knownReals(2);
  if (!scales || !(hasRegion ? scaleRegion(n, axes, *scales) : scaleAxes(n, axes, *scales)))
    return std::nullopt;
  return axes;
}

static void resize(Node &n) {
  Resizing how;
  how.mode = n.text("mode", "nearest");
  how.transformation = n.text("coordinate_transformation_mode", "half_pixel");
  how.nearest = n.text("nearest_mode", "round_prefer_floor");
  how.cubicCoefficient = n.real("cubic_coeff_a", -0.75);
  how.extrapolation = n.real("extrapolation_value", 0);
  how.excludeOutside = n.integer("exclude_outside", 0) != 0;
  how.antialias = n.integer("antialias", 0) != 0;
  bool hasRegion = how.transformation == "tf_crop_and_resize";
  if (auto axes = readAxes(n, hasRegion))
    resizeAxes(n, how, *axes);
}

//===-- The table ---------------------------------------------------------------------------===//

// clang-format off
static constexpr OnnxRow rows[] = {
    {"Resize", 10, upsampleByInput},
    {"Resize", 11, resize},
    {"Upsample", 1, upsampleByHeight},
    {"Upsample", 7, upsampleByAttribute},
    {"Upsample", 9, upsampleByInput},
};
// clang-format on

ArrayRef<OnnxRow> onnxResamplingRows() { return rows; }

} // namespace weft
