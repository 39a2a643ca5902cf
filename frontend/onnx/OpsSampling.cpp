// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sampling at places that are data: grids, deformable convolutions; and columns put back into
// images.

#include "frontend/onnx/Windows.h"

namespace weft {

using Dims = SmallVector<Dim>;
using Integers = SmallVector<int64_t>;

//===-- The sampler -------------------------------------------------------------------------===//

namespace {
enum class Interpolation { Nearest, Linear, Cubic };
enum class Outside { Zeros, Border, Reflection };

struct Sampling {
  Interpolation interpolation = Interpolation::Linear;
  Outside outside = Outside::Zeros;
  /// Reflects at the centres of the corner elements, not at their outer edges.
  bool alignCorners = false;
};

/// One neighbour along one axis: its index, i64, what it counts for, and whether it lies inside;
/// `weight` and `isInside` may be null for "all" and "always".
struct Neighbour {
  Value index, weight, isInside;
};
} // namespace

/// Mirrors positions until they lie in [0, size).
static Value reflect(GraphBuilder &b, Value position, const Dim &size, bool alignCorners) {
  Value length = b.size(size), two = b.scalarInteger(b.i64(), 2);
  Value period = b.mul(two, alignCorners ? b.size(size - Dim(1)) : length);
  Value wrapped = b.binary<RemOp>(b.add(b.binary<RemOp>(position, period), period), period);
  Value mirrored = b.sub(alignCorners ? period : b.binary<SubOp>(period, 1.0), wrapped);
  return b.select(b.compare(ComparePredicate::Lt, wrapped, length), wrapped, mirrored);
}

static Neighbour neighbour(GraphBuilder &b, Value position, Value weight, const Dim &size,
                           const Sampling &how) {
  Value place = b.cast(position, b.i64());
  Neighbour result = {place, weight, Value()};
  if (how.outside == Outside::Reflection)
    result.index = reflect(b, place, size, how.alignCorners);
  if (how.outside == Outside::Zeros)
    result.isInside = b.binary<AndOp>(b.compare(ComparePredicate::Ge, place, 0.0),
                                      b.compare(ComparePredicate::Lt, place, b.size(size)));
  result.index = b.binary<MinOp>(b.binary<MaxOp>(result.index, 0.0), b.size(size - Dim(1)));
  return result;
}

/// The neighbours of `at` along one axis.
static SmallVector<Neighbour> neighbours(GraphBuilder &b, Value at, const Dim &size,
                                         const Sampling &how) {
  static constexpr double cubicCoefficient = -0.75;
  if (how.interpolation == Interpolation::Nearest)
    return {neighbour(b, b.unary<RoundOp>(at), Value(), size, how)};
  bool isCubic = how.interpolation == Interpolation::Cubic;
  Value first = b.unary<FloorOp>(at), fraction = b.sub(at, first);
  SmallVector<Neighbour> result;
  for (int step = isCubic ? -1 : 0; step <= (isCubic ? 2 : 1); ++step) {
    Value distance = b.sub(b.splatLike(fraction, step), fraction);
    Value weight = isCubic ? cubicKernel(b, distance, cubicCoefficient) : linearKernel(b, distance);
    result.push_back(neighbour(b, b.binary<AddOp>(first, step), weight, size, how));
  }
  return result;
}

/// The neighbour along one axis more.
static Neighbour combine(GraphBuilder &b, const Neighbour &outer, const Neighbour &inner,
                         const Dim &innerSize) {
  auto join = [](Value x, Value y, auto both) { return x && y ? both(x, y) : x ? x : y; };
  return {b.add(b.mul(outer.index, b.size(innerSize)), inner.index),
          join(outer.weight, inner.weight, [&](Value x, Value y) { return b.mul(x, y); }),
          join(outer.isInside, inner.isInside,
               [&](Value x, Value y) { return b.binary<AndOp>(x, y); })};
}

/// Samples `x` [batch..., C, spatial...], which has `batch` batch dimensions, at the coordinates
/// `at`, one tensor [batch..., places...] for each spatial dimension: [batch..., C, places...].
static Value sample(GraphBuilder &b, Value x, int64_t batch, ArrayRef<Value> at,
                    const Sampling &how) {
  Dims shape = b.dims(x), flat(shape.begin(), shape.begin() + batch + 1);
  ArrayRef<Dim> spatial = ArrayRef(shape).drop_front(batch + 1);
  flat.push_back(productOf(spatial));
  SmallVector<Neighbour> all = neighbours(b, at[0], spatial[0], how);
  for (size_t axis = 1; axis < at.size(); ++axis) {
    SmallVector<Neighbour> joined;
    for (const Neighbour &outer : all)
      for (const Neighbour &inner : neighbours(b, at[axis], spatial[axis], how))
        joined.push_back(combine(b, outer, inner, spatial[axis]));
    all = std::move(joined);
  }
  Value elements = b.reshape(x, flat), sum;
  for (const Neighbour &one : all) {
    Value part = b.gather(elements, one.index, batch + 1, batch);
    if (!part)
      return part;
    if (one.isInside)
      part = b.select(b.expandDims(one.isInside, batch), part, b.splatLike(part, 0));
    if (one.weight)
      part = b.mul(part, b.cast(b.expandDims(one.weight, batch), b.element(x)));
    sum = sum ? b.add(sum, part) : part;
  }
  return sum;
}

//===-- Grids -------------------------------------------------------------------------------===//

static std::optional<Sampling> readSampling(Node &n) {
  StringRef mode = n.text("mode", "linear"), padding = n.text("padding_mode", "zeros");
  Sampling how;
  how.alignCorners = n.integer("align_corners", 0) != 0;
  if (mode == "nearest")
    how.interpolation = Interpolation::Nearest;
  else if (mode == "cubic" || mode == "bicubic")
    how.interpolation = Interpolation::Cubic;
  else if (mode != "linear" && mode != "bilinear") {
    n.fail("the mode is '" + mode + "', but nearest, linear or cubic is expected");
    return std::nullopt;
  }
  if (padding == "border")
    how.outside = Outside::Border;
  else if (padding == "reflection")
    how.outside = Outside::Reflection;
  else if (padding != "zeros") {
    n.fail("padding_mode is '" + padding + "', but zeros, border or reflection is expected");
    return std::nullopt;
  }
  return how;
}

/// From [-1, 1] to the places of elements: -1 and 1 are the centres of the corner elements, or
/// their outer edges.
static Value denormalize(GraphBuilder &b, Value at, const Dim &size, bool alignCorners) {
  Value shifted = b.binary<AddOp>(at, 1.0);
  Dim reach = alignCorners ? size - Dim(1) : size;
  Value scaled = b.mul(shifted, b.cast(b.size(reach), b.element(at)));
  return b.binary<MulOp>(alignCorners ? scaled : b.binary<SubOp>(scaled, 1.0), 0.5);
}

static void gridSample(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0), grid = n.input(1);
  std::optional<Sampling> how = readSampling(n);
  if (!how)
    return;
  int64_t rank = b.rank(x), spatial = rank - 2;
  if (spatial < 1 || spatial > 3 || b.rank(grid) != rank || !b.isFloat(grid) ||
      b.dims(grid).back() != Dim(spatial))
    return n.fail("the input is " + languageList(b.dims(x)) + " and the grid " +
                  languageList(b.dims(grid)) +
                  ", but [N, C, H, W] and [N, H, W, 2], or as many "
                  "dimensions more in both, are expected");
  Type type = b.element(x);
  bool isNearest = how->interpolation == Interpolation::Nearest;
  if (!isNearest)
    x = b.cast(x, b.isFloat(x) ? wideType(b, type) : b.f32());
  Value wide = b.cast(grid, wideType(b, b.element(grid)));
  // The grid names the innermost dimension first.
  SmallVector<Value> at;
  for (int64_t axis = 0; axis < spatial; ++axis) {
    int64_t place = spatial - 1 - axis;
    Value part = b.squeeze(b.sliceAxis(wide, rank - 1, place, place + 1), rank - 1);
    at.push_back(denormalize(b, part, b.dims(x)[2 + axis], how->alignCorners));
  }
  n.set(0, b.cast(sample(b, x, 1, at, *how), type));
}

/// `size` places from -1 to 1, at the centres of elements or from corner to corner.
static Value places(GraphBuilder &b, const Dim &size, bool alignCorners, Type type) {
  Value twice = b.binary<MulOp>(b.iota(type, size, 0), 2.0);
  if (!alignCorners) {
    Value odd = b.binary<AddOp>(twice, 1.0);
    return b.binary<SubOp>(b.div(odd, b.cast(b.size(size), type)), 1.0);
  }
  Value last = b.cast(b.size(size - Dim(1)), type);
  return b.div(b.sub(twice, last), b.binary<MaxOp>(last, 1.0));
}

/// theta [N, d, d + 1] times the places (x, y, 1) of an image: [N, H, W, 2], or one dimension more.
static void affineGrid(Node &n) {
  GraphBuilder &b = n.b;
  Value theta = n.input(0);
  bool alignCorners = n.integer("align_corners", 0) != 0;
  auto size = n.knownDims(1, "the size of a grid");
  if (!size)
    return;
  auto spatial = static_cast<int64_t>(size->size()) - 2;
  if (spatial < 2 || spatial > 3 || b.rank(theta) != 3 ||
      b.dims(theta) != Dims{(*size)[0], Dim(spatial), Dim(spatial + 1)})
    return n.fail("theta is " + languageList(b.dims(theta)) + " for an image of " +
                  languageList(*size));
  Dims image(size->begin() + 2, size->end());
  SmallVector<Value> columns;
  for (int64_t axis = spatial; axis-- > 0;) {
    Value along = places(b, image[axis], alignCorners, b.element(theta));
    columns.push_back(b.broadcast(along, axis, image));
  }
  columns.push_back(b.splat(b.element(theta), 1, image));
  Value points = b.stack(columns, spatial);
  n.set(0, b.contract(spatial == 2 ? "nij,hwj->nhwi" : "nij,dhwj->ndhwi", theta, points));
}

static constexpr int64_t mostElements = 1 << 16;

/// The product of sizes, which are positive; anything above `mostElements` where it is too large.
static int64_t elementsOf(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes)
    product = size > mostElements ? mostElements + 1 : std::min(product * size, mostElements + 1);
  return product;
}

//===-- Deformable convolution --------------------------------------------------------------===//

/// Where each element of the filter lies along one axis before it is moved: [kernel places..., out
/// places...] flattened to [K, out...].
static Value undeformed(GraphBuilder &b, Type type, ArrayRef<Dim> shape, const OnnxWindows &windows,
                        size_t axis) {
  SmallVector<double> steps;
  int64_t count = 1, inner = 1;
  for (size_t i = 0; i < windows.rank(); ++i) {
    count *= windows.window[i];
    inner *= i > axis ? windows.window[i] : 1;
  }
  for (int64_t place = 0; place < count; ++place)
    steps.push_back(static_cast<double>(
        place / inner % windows.window[axis] * windows.dilations[axis] - windows.padLow[axis]));
  Value start = b.binary<MulOp>(b.iota(type, shape, 1 + static_cast<int64_t>(axis)),
                                static_cast<double>(windows.strides[axis]));
  return b.add(start, b.broadcast(b.reals(steps, type), 0, shape));
}

namespace {
/// The sizes of a deformable convolution: channels in groups of filters and in groups of offsets.
struct Deformed {
  int64_t channels, filters, groups, offsetGroups, elements;
  Dims out;
};
} // namespace

/// The elements under each filter: [N, offset groups, channels of one, K, out...].
static Value deformedColumns(Node &n, Value x, const OnnxWindows &windows, const Deformed &d) {
  GraphBuilder &b = n.b;
  Type type = b.element(x);
  Dims shape = b.dims(x),
       grouped = {shape[0], Dim(d.offsetGroups), Dim(d.channels / d.offsetGroups)};
  grouped.append(shape.begin() + 2, shape.end());
  auto rank = static_cast<int64_t>(windows.rank());
  Dims offsets = {shape[0], Dim(d.offsetGroups), Dim(d.elements), Dim(rank)},
       moved = {Dim(d.elements)};
  offsets.append(d.out);
  moved.append(d.out);
  Value offset = b.reshape(b.cast(n.input(2), type), offsets);
  SmallVector<Value> at;
  for (int64_t axis = 0; axis < rank; ++axis)
    at.push_back(b.add(b.squeeze(b.sliceAxis(offset, 3, axis, axis + 1), 3),
                       undeformed(b, type, moved, windows, axis)));
  Value columns = sample(b, b.reshape(x, grouped), 2, at, Sampling());
  if (!n.has(4))
    return columns;
  Dims masked = {shape[0], Dim(d.offsetGroups), Dim(1), Dim(d.elements)};
  masked.append(d.out);
  return b.mul(columns, b.reshape(b.cast(n.input(4), type), masked));
}

static void deformConv(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0), filter = n.input(1);
  Deformed d = {0, 0, n.integer("group", 1), n.integer("offset_group", 1), 1, {}};
  if (!checkConvRanks(n, x, filter))
    return;
  std::optional<Integers> kernel = readKernel(n, filter);
  std::optional<OnnxWindows> windows =
      kernel ? readWindows(n, x, *kernel) : std::optional<OnnxWindows>();
  if (!windows)
    return;
  Dims shape = b.dims(x), filterShape = b.dims(filter);
  std::optional<int64_t> channels = shape[1].constant(), filters = filterShape[0].constant();
  d.elements = elementsOf(*kernel);
  if (d.elements > mostElements || !b.isFloat(x) || !b.isFloat(filter))
    return n.fail("the input is " + languageName(b.typeOf(x)) + " and the filter " +
                  languageName(b.typeOf(filter)) + ", but floats, and filters of at most " +
                  Twine(mostElements) + " places, are expected");
  if (d.groups < 1 || d.offsetGroups < 1 || !channels || !filters || *filters % d.groups != 0 ||
      *channels % d.groups != 0 || *channels % d.offsetGroups != 0 ||
      filterShape[1] != Dim(*channels / d.groups))
    return n.fail("the input is " + languageList(shape) + " and the filter " +
                  languageList(filterShape) + " for " + Twine(d.groups) + " groups and " +
                  Twine(d.offsetGroups) + " groups of offsets");
  d.channels = *channels;
  d.filters = *filters;
  Dims offsets = n.dims(2);
  if (offsets.size() != shape.size())
    return n.fail("the offsets are " + languageList(offsets));
  d.out.assign(offsets.begin() + 2, offsets.end());
  Type type = b.element(x), wide = wideType(b, type);
  Value columns = deformedColumns(n, b.cast(x, wide), *windows, d);
  Dim perGroup(d.channels / d.groups), groups(d.groups), elements(d.elements);
  Value grouped = b.reshape(columns, {shape[0], groups, perGroup, elements, productOf(d.out)});
  Value weights =
      b.reshape(b.cast(filter, wide), {groups, Dim(d.filters / d.groups), perGroup, elements});
  Dims result = {shape[0], Dim(d.filters)};
  result.append(d.out);
  Value sums = b.cast(b.reshape(b.contract("ngckp,gock->ngop", grouped, weights), result), type);
  n.set(0, n.has(3) ? b.add(sums, alongChannels(b, n.input(3), sums)) : sums);
}

//===-- Col2Im ------------------------------------------------------------------------------===//

/// Adds the columns [N, C * K, L] of blocks of K elements, at L places each, into images.
static void colToImage(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0);
  auto image = n.knownDims(1, "the size of images");
  auto block = n.knownIntegers(2, "the size of blocks");
  if (!image || !block)
    return;
  if (b.rank(x) != 3 || image->size() != block->size() || block->empty())
    return n.fail("the columns are " + languageList(b.dims(x)) + " for images of " +
                  languageList(*image));
  std::optional<OnnxWindows> windows = readWindows(n, x, *block);
  if (!windows)
    return;
  size_t rank = block->size();
  int64_t elements = elementsOf(*block);
  Dims padded, places, shape; // of the image; how often blocks lie along each axis; both
  for (size_t i = 0; i < rank; ++i) {
    int64_t extent = ((*block)[i] - 1) * windows->dilations[i] + 1;
    padded.push_back((*image)[i] + Dim(windows->padLow[i] + windows->padHigh[i]));
    places.push_back((padded[i] - Dim(extent)).floorDiv(Dim(windows->strides[i])) + Dim(1));
    shape.push_back(Dim((*block)[i]));
  }
  shape.append(places);
  Dims columns = b.dims(x);
  std::optional<int64_t> rows = columns[1].constant();
  if (!rows || elements > mostElements || *rows % elements != 0 || columns[2] != productOf(places))
    return n.fail("the columns are " + languageList(columns) + " for " + Twine(elements) +
                  " elements at " + languageList(places) + " places");
  Value target;
  for (size_t i = 0; i < rank; ++i) {
    auto axis = static_cast<int64_t>(i);
    auto along = [&](int64_t which, int64_t step) {
      return b.mul(b.iota(b.i64(), shape, which), b.scalarInteger(b.i64(), step));
    };
    Value place = b.add(along(axis, windows->dilations[i]),
                        along(static_cast<int64_t>(rank) + axis, windows->strides[i]));
    target = target ? b.add(b.mul(target, b.size(padded[i])), place) : place;
  }
  Dim images = columns[0] * Dim(*rows / elements), whole = productOf(padded);
  Value updates = b.reshape(x, {images, Dim(elements) * columns[2]});
  Value sums = b.scatter(ScatterKind::Add, b.splat(b.element(x), 0, {images, whole}),
                         flatten(b, target), updates, 1);
  Dims result = {columns[0], Dim(*rows / elements)}, starts(2, Dim(0)), ends = result;
  result.append(padded);
  for (size_t i = 0; i < rank; ++i) {
    starts.push_back(Dim(windows->padLow[i]));
    ends.push_back(Dim(windows->padLow[i]) + (*image)[i]);
  }
  n.set(0, b.slice(b.reshape(sums, result), starts, ends, Integers(starts.size(), 1)));
}

//===-- The table ---------------------------------------------------------------------------===//

// clang-format off
static constexpr OnnxRow rows[] = {
    {"AffineGrid", 20, affineGrid},
    {"Col2Im", 18, colToImage},
    {"DeformConv", 19, deformConv},
    {"GridSample", 16, gridSample},
};
// clang-format on

ArrayRef<OnnxRow> onnxSamplingRows() { return rows; }

} // namespace weft
