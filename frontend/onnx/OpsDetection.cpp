// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Regions of interest and their suppression.

#include "frontend/onnx/OpsCommon.h"

#include <limits>

namespace weft {

using Dims = SmallVector<Dim>;

//===-- Regions -----------------------------------------------------------------------------===//

namespace {
/// Along one axis of an image: where regions begin, and the size of a bin, [R] each.
struct RegionAxis {
  Dim size;    ///< of the image
  int64_t out; ///< bins of a region
  Value start, bin;
};

/// Images [N, C, H, W] as one vector, and where the channels of each region begin, [R, C, 1, 1].
struct RegionImages {
  Value elements, base;
  Dims shape;
};
} // namespace

static Value column(GraphBuilder &b, Value x, int64_t index) {
  return b.squeeze(b.sliceAxis(x, 1, index, index + 1), 1);
}

static RegionImages imagesOf(GraphBuilder &b, Value x, Value batch) {
  Dims shape = b.dims(x), base = {b.dims(batch)[0], shape[1]};
  Value image = b.broadcast(wrapIndex(b, batch, shape[0]), 0, base);
  Value channel = b.add(b.mul(image, b.size(shape[1])), b.iota(b.i64(), base, 1));
  Value start = b.mul(channel, b.size(shape[2] * shape[3]));
  return {flatten(b, x), b.expandDims(start, {2, 3}), shape};
}

/// Elements of all channels at (row, column): `row` and `column` are i64 and broadcast to
/// [R, 1, A, B]; [R, C, A, B].
static Value at(GraphBuilder &b, const RegionImages &images, Value row, Value column) {
  Value inside = b.add(b.mul(row, b.size(images.shape[3])), column);
  return b.gather(images.elements, b.add(images.base, inside), 0);
}

/// Repeats `step`, with 0, 1, ... as i64 of rank 0, as often as the greatest of `counts` says.
static Value accumulate(GraphBuilder &b, Value counts, Value init,
                        llvm::function_ref<Value(Value, Value)> step) {
  Value most = b.reduce(ReduceKind::Max, counts, allAxes(b.rank(counts)));
  Value zero = b.scalarInteger(b.i64(), 0);
  if (!most || !init)
    return Value();
  auto results = b.whileLoop(
      {zero, init},
      [&](ArrayRef<Value> carried) {
        return GraphBuilder::Values{b.compare(ComparePredicate::Lt, carried[0], most)};
      },
      [&](ArrayRef<Value> carried) {
        return GraphBuilder::Values{b.binary<AddOp>(carried[0], 1.0), step(carried[0], carried[1])};
      });
  return results.size() == 2 ? results[1] : Value();
}

//===-- RoiAlign ----------------------------------------------------------------------------===//

namespace {
/// The two neighbours of places along one axis, i64, and what they count for; both of 0 outside.
struct Bracket {
  Value low, high, lowWeight, highWeight;
};
} // namespace

/// `place` is [R, A]. Places up to one element outside take the element at the edge.
static Bracket bracket(GraphBuilder &b, Value place, const Dim &size) {
  Value length = b.cast(b.size(size), b.element(place));
  Value last = b.size(size - Dim(1));
  Value isInside = b.binary<AndOp>(b.compare(ComparePredicate::Ge, place, -1.0),
                                   b.compare(ComparePredicate::Le, place, length));
  Value inner = b.binary<MinOp>(b.binary<MaxOp>(place, 0.0), b.cast(last, b.element(place)));
  Value floor = b.unary<FloorOp>(inner), fraction = b.sub(inner, floor);
  Value low = b.cast(floor, b.i64());
  Value high = b.binary<MinOp>(b.binary<AddOp>(low, 1.0), last);
  Value none = b.splatLike(place, 0);
  return {low, high, b.select(isInside, b.sub(b.splatLike(place, 1), fraction), none),
          b.select(isInside, fraction, none)};
}

/// Bilinear samples at rows [R, A] and columns [R, B]: [R, C, A, B]. The standard's `max` takes the
/// greatest of the four weighted neighbours instead of their sum.
static Value sampleRegions(GraphBuilder &b, const RegionImages &images, Value rows, Value columns,
                           bool isMax) {
  Bracket y = bracket(b, rows, images.shape[2]), x = bracket(b, columns, images.shape[3]);
  auto down = [&](Value value) { return b.expandDims(value, {1, 3}); };
  auto across = [&](Value value) { return b.expandDims(value, {1, 2}); };
  Value result;
  for (auto [row, rowWeight] : {std::pair(y.low, y.lowWeight), std::pair(y.high, y.highWeight)})
    for (auto [column, columnWeight] :
         {std::pair(x.low, x.lowWeight), std::pair(x.high, x.highWeight)}) {
      Value weight = b.mul(down(rowWeight), across(columnWeight));
      Value part = at(b, images, down(row), across(column));
      Value product = part ? b.mul(part, b.cast(weight, b.element(part))) : part;
      result = !result ? product
               : isMax ? b.binary<MaxOp>(result, product)
                       : b.add(result, product);
    }
  return result;
}

/// start + bin * place: [R, A] from [R] and [A], or from [R] and [R, A].
static Value placesOf(GraphBuilder &b, const RegionAxis &axis, Value place) {
  return b.add(b.expandDims(axis.start, 1), b.mul(b.expandDims(axis.bin, 1), place));
}

/// `ratio` samples along each side of a bin.
static Value alignFixed(GraphBuilder &b, const RegionImages &images, const RegionAxis &y,
                        const RegionAxis &x, int64_t ratio, bool isMax) {
  auto places = [&](const RegionAxis &axis) {
    SmallVector<double> inBins;
    for (int64_t i = 0; i < axis.out * ratio; ++i)
      inBins.push_back((static_cast<double>(i) + 0.5) / static_cast<double>(ratio));
    return placesOf(b, axis, b.reals(inBins, b.element(axis.start)));
  };
  Value samples = sampleRegions(b, images, places(y), places(x), isMax);
  if (!samples)
    return samples;
  Dims shape = b.dims(samples);
  Value bins =
      b.reshape(samples, {shape[0], shape[1], Dim(y.out), Dim(ratio), Dim(x.out), Dim(ratio)});
  return isMax ? b.reduce(ReduceKind::Max, bins, {3, 5}) : b.mean(bins, {3, 5});
}

/// ceil(size of a bin) samples along each side, one after the other for all regions.
static Value alignAdaptive(GraphBuilder &b, const RegionImages &images, const RegionAxis &y,
                           const RegionAxis &x, bool isMax) {
  Type type = b.element(images.elements);
  auto side = [&](const RegionAxis &axis) {
    return b.binary<MaxOp>(b.cast(b.unary<CeilOp>(axis.bin), b.i64()), 0.0);
  };
  Value rows = side(y), columns = side(x), counts = b.mul(rows, columns);
  if (!counts || !images.base)
    return Value();
  Dims shape = {b.dims(counts)[0], images.shape[1], Dim(y.out), Dim(x.out)};
  double lowest = -std::numeric_limits<double>::infinity();
  Value init = b.splat(type, isMax ? lowest : 0, shape);
  auto places = [&](const RegionAxis &axis, Value step, Value of) {
    Type real = b.element(axis.start);
    Value inBin = b.div(b.binary<AddOp>(b.cast(step, real), 0.5), b.cast(of, real));
    return placesOf(b, axis, b.add(b.iota(real, Dim(axis.out), 0), b.expandDims(inBin, 1)));
  };
  Value sum = accumulate(b, counts, init, [&](Value step, Value carried) {
    Value row = b.div(step, columns), col = b.binary<RemOp>(step, columns);
    Value samples = sampleRegions(b, images, places(y, row, rows), places(x, col, columns), isMax);
    Value isMeant = b.expandDims(b.compare(ComparePredicate::Lt, step, counts), {1, 2, 3});
    Value kept = b.select(isMeant, samples, init);
    return isMax ? b.binary<MaxOp>(carried, kept) : b.add(carried, kept);
  });
  Value count = b.expandDims(counts, {1, 2, 3});
  if (!isMax)
    return b.div(sum, b.cast(b.binary<MaxOp>(count, 1.0), type));
  return b.select(b.compare(ComparePredicate::Gt, count, 0.0), sum, b.splatLike(sum, 0));
}

/// Along one axis from the corners `low` and `high`, [R] each. Without the shift by half an
/// element, which came in opset 16, regions are at least one element long.
static RegionAxis alignedAxis(Node &n, const Dim &size, int64_t out, Value low, Value high,
                              bool halfPixel) {
  GraphBuilder &b = n.b;
  double scale = n.real("spatial_scale", 1);
  auto place = [&](Value corner) {
    Value scaled = b.binary<MulOp>(corner, scale);
    return halfPixel ? b.binary<SubOp>(scaled, 0.5) : scaled;
  };
  Value start = place(low), extent = b.sub(place(high), start);
  if (!halfPixel)
    extent = b.binary<MaxOp>(extent, 1.0);
  return {size, out, start, b.binary<DivOp>(extent, static_cast<double>(out))};
}

static bool checkRegions(Node &n, Value x, Value regions, int64_t width) {
  if (n.b.isFloat(x) && n.b.isFloat(regions) && n.b.rank(x) == 4 && n.b.rank(regions) == 2 &&
      n.b.dims(regions)[1] == Dim(width))
    return true;
  n.fail("the input is " + languageName(n.b.typeOf(x)) + " and the regions " +
         languageName(n.b.typeOf(regions)) + ", but floats [N, C, H, W] and [R, " + Twine(width) +
         "] are expected");
  return false;
}

static void roiAlign(Node &n, StringRef transformation) {
  GraphBuilder &b = n.b;
  Value x = n.input(0), regions = n.input(1), batch = n.input(2);
  int64_t height = n.integer("output_height", 1), width = n.integer("output_width", 1);
  int64_t ratio = n.integer("sampling_ratio", 0);
  StringRef mode = n.text("mode", "avg");
  if (!checkRegions(n, x, regions, 4))
    return;
  if (height < 1 || width < 1 || height > 4096 || width > 4096 || ratio < 0 || ratio > 64)
    return n.fail("output sizes of 1 to 4096 and a sampling_ratio of 0 to 64 are expected");
  if ((mode != "avg" && mode != "max") ||
      (transformation != "half_pixel" && transformation != "output_half_pixel"))
    return n.fail("the mode is '" + mode + "' and coordinate_transformation_mode '" +
                  transformation + "'");
  if (b.rank(batch) != 1 || b.dims(batch)[0] != b.dims(regions)[0])
    return n.fail("there are " + languageList(b.dims(batch)) + " numbers of images for regions " +
                  languageList(b.dims(regions)));
  Type type = b.element(x), wide = wideType(b, type);
  regions = b.cast(regions, wide);
  bool halfPixel = transformation == "half_pixel", isMax = mode == "max";
  Dims shape = b.dims(x);
  RegionAxis vertical =
      alignedAxis(n, shape[2], height, column(b, regions, 1), column(b, regions, 3), halfPixel);
  RegionAxis across =
      alignedAxis(n, shape[3], width, column(b, regions, 0), column(b, regions, 2), halfPixel);
  RegionImages images = imagesOf(b, b.cast(x, wide), batch);
  Value result = ratio > 0 ? alignFixed(b, images, vertical, across, ratio, isMax)
                           : alignAdaptive(b, images, vertical, across, isMax);
  n.set(0, b.cast(result, type));
}

static void oldRoiAlign(Node &n) { roiAlign(n, "output_half_pixel"); }

static void newRoiAlign(Node &n) {
  roiAlign(n, n.text("coordinate_transformation_mode", "half_pixel"));
}

//===-- MaxRoiPool --------------------------------------------------------------------------===//

namespace {
/// Whole elements that the bins of one axis cover, [R, bins] each, i64.
struct Bins {
  Value start, length;
};
} // namespace

/// Corners are rounded to elements, and a region covers both of them.
static Bins wholeBins(Node &n, const Dim &size, int64_t out, Value low, Value high) {
  GraphBuilder &b = n.b;
  double scale = n.real("spatial_scale", 1);
  auto place = [&](Value corner) {
    Value scaled = b.binary<MulOp>(corner, scale);
    Value half = b.binary<MulOp>(b.unary<SignOp>(scaled), 0.5); // ties go away from 0
    return b.unary<TruncOp>(b.add(scaled, half));
  };
  Value first = place(low), last = place(high);
  Value extent = b.binary<MaxOp>(b.binary<AddOp>(b.sub(last, first), 1.0), 1.0);
  Value bin = b.expandDims(b.binary<DivOp>(extent, static_cast<double>(out)), 1);
  Value index = b.iota(b.element(bin), Dim(out), 0), origin = b.expandDims(first, 1);
  Value length = b.cast(b.size(size), b.element(bin));
  auto clamp = [&](Value edge) {
    Value moved = b.add(edge, origin);
    return b.cast(b.binary<MinOp>(b.binary<MaxOp>(moved, 0.0), length), b.i64());
  };
  Value start = clamp(b.unary<FloorOp>(b.mul(index, bin)));
  Value end = clamp(b.unary<CeilOp>(b.mul(b.binary<AddOp>(index, 1.0), bin)));
  return {start, b.binary<MaxOp>(b.sub(end, start), 0.0)};
}

static void maxRoiPool(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0), regions = n.input(1);
  SmallVector<int64_t> out = n.integers("pooled_shape");
  if (!checkRegions(n, x, regions, 5))
    return;
  if (out.size() != 2 || out[0] < 1 || out[1] < 1 || out[0] > 4096 || out[1] > 4096)
    return n.fail("pooled_shape needs two sizes of 1 to 4096");
  Type type = b.element(x), wide = wideType(b, type);
  regions = b.cast(regions, wide);
  Dims shape = b.dims(x);
  Bins y = wholeBins(n, shape[2], out[0], column(b, regions, 2), column(b, regions, 4));
  Bins across = wholeBins(n, shape[3], out[1], column(b, regions, 1), column(b, regions, 3));
  RegionImages images = imagesOf(b, x, b.cast(column(b, regions, 0), b.i64()));
  Value rows = b.expandDims(y.start, {1, 3}), columns = b.expandDims(across.start, {1, 2});
  Value widths = b.expandDims(across.length, {1, 2});
  Value counts = b.mul(b.expandDims(y.length, {1, 3}), widths);
  if (!counts || !images.base)
    return;
  Dims result = {b.dims(regions)[0], shape[1], Dim(out[0]), Dim(out[1])};
  Value lowest = b.splat(type, -std::numeric_limits<double>::infinity(), result);
  Value greatest = accumulate(b, counts, lowest, [&](Value step, Value carried) {
    Value row = b.add(rows, b.div(step, widths)),
          col = b.add(columns, b.binary<RemOp>(step, widths));
    Value isMeant = b.compare(ComparePredicate::Lt, step, counts);
    return b.binary<MaxOp>(carried, b.select(isMeant, at(b, images, row, col), lowest));
  });
  Value isFull = b.compare(ComparePredicate::Gt, counts, 0.0);
  n.set(0, b.select(isFull, greatest, b.splatLike(greatest, 0)));
}

//===-- NonMaxSuppression -------------------------------------------------------------------===//

namespace {
/// Corners of boxes, of any shape.
struct Boxes {
  Value top, left, bottom, right;
};
} // namespace

/// [B, S, 4] as corners [B, S], in order.
static Boxes cornersOf(GraphBuilder &b, Value boxes, bool isCentred) {
  auto part = [&](int64_t i) { return b.squeeze(b.sliceAxis(boxes, 2, i, i + 1), 2); };
  Value first = part(0), second = part(1), third = part(2), fourth = part(3);
  if (isCentred) { // x, y of the centre, width, height
    Value halfWidth = b.binary<MulOp>(third, 0.5), halfHeight = b.binary<MulOp>(fourth, 0.5);
    return {b.sub(second, halfHeight), b.sub(first, halfWidth), b.add(second, halfHeight),
            b.add(first, halfWidth)};
  }
  return {b.binary<MinOp>(first, third), b.binary<MinOp>(second, fourth),
          b.binary<MaxOp>(first, third), b.binary<MaxOp>(second, fourth)};
}

static Value areaOf(GraphBuilder &b, const Boxes &x) {
  return b.mul(b.sub(x.bottom, x.top), b.sub(x.right, x.left));
}

/// The area that two boxes share over the area that they cover.
static Value overlap(GraphBuilder &b, const Boxes &x, const Boxes &y) {
  Value height = b.sub(b.binary<MinOp>(x.bottom, y.bottom), b.binary<MaxOp>(x.top, y.top));
  Value width = b.sub(b.binary<MinOp>(x.right, y.right), b.binary<MaxOp>(x.left, y.left));
  Value shared = b.mul(b.binary<MaxOp>(height, 0.0), b.binary<MaxOp>(width, 0.0));
  return b.div(shared, b.sub(b.add(areaOf(b, x), areaOf(b, y)), shared));
}

/// Which candidates, [B, C, S] with the best first, are kept: each unless a better one that is kept
/// overlaps it too much, up to `most` of each class.
static Value suppress(GraphBuilder &b, const Boxes &sorted, Value isCandidate, Value threshold,
                      Value most) {
  Dims shape = b.dims(isCandidate), outer(shape.begin(), shape.begin() + 2);
  auto first = [&](Value x) { return b.transpose(x, {2, 0, 1}); };
  Value none = b.cast(b.splat(b.i64(), 0, shape), b.boolType());
  auto results = b.scan(
      {none, b.splat(b.i64(), 0, outer)},
      {b.iota(b.i64(), shape[2], 0), first(isCandidate), first(sorted.top), first(sorted.left),
       first(sorted.bottom), first(sorted.right)},
      [&](ArrayRef<Value> given) {
        Value kept = given[0], count = given[1], place = given[2], mayStay = given[3];
        auto one = [&](Value x) { return b.expandDims(x, 2); };
        Boxes current = {one(given[4]), one(given[5]), one(given[6]), one(given[7])};
        Value isClose = b.compare(ComparePredicate::Gt, overlap(b, sorted, current), threshold);
        Value isHidden = b.reduce(ReduceKind::Or, b.binary<AndOp>(kept, isClose), 2);
        Value isFree = b.compare(ComparePredicate::Lt, count, most);
        Value stays = b.binary<AndOp>(b.binary<AndOp>(mayStay, isFree), b.unary<NotOp>(isHidden));
        Value isHere = b.compare(ComparePredicate::Eq, b.iota(b.i64(), shape, 2), place);
        Value next = b.binary<OrOp>(kept, b.binary<AndOp>(isHere, one(stays)));
        return GraphBuilder::Values{next, b.add(count, b.cast(stays, b.i64()))};
      });
  return results.empty() ? Value() : results[0];
}

/// At most as many rows as there are boxes, or as may be kept, for each class.
static Value boundRows(Node &n, Value rows, ArrayRef<Dim> shape) {
  std::optional<int64_t> boxes = shape[2].constant();
  auto most = n.has(2) ? n.maybeKnown(n.input(2)) : std::nullopt;
  if (!rows || !boxes || !most || most->size() != 1)
    return rows;
  int64_t known = std::max<int64_t>(most->front().constant().value_or(*boxes), 0);
  return known < *boxes ? n.b.sliceAxis(rows, 0, 0, shape[0] * shape[1] * Dim(known)) : rows;
}

/// Gives [number of kept, 3]: image, class, box; the kept boxes of a class with the best first.
static void nonMaxSuppression(Node &n) {
  GraphBuilder &b = n.b;
  Value boxes = n.input(0), scores = n.input(1);
  int64_t centred = n.integer("center_point_box", 0);
  Dims shape = b.dims(scores);
  if (shape.size() != 3 || b.dims(boxes) != Dims{shape[0], shape[2], Dim(4)} || !b.isFloat(boxes) ||
      !b.isFloat(scores))
    return n.fail("boxes are " + languageList(b.dims(boxes)) + " and scores " +
                  languageList(shape) + ", but [B, S, 4] and [B, C, S] are expected");
  auto scalar = [&](size_t index, Type type) {
    return n.has(index) ? b.cast(b.reshape(n.input(index), {}), type) : b.splat(type, 0, {});
  };
  Value order = b.argSort(scores, 2, /*descending=*/true);
  // Boxes in that order: each image's are gathered by all of its classes.
  auto sort = [&](Value corners) { return b.gather(corners, order, 1, 1); };
  Boxes all = cornersOf(b, boxes, centred != 0);
  Boxes sorted = {sort(all.top), sort(all.left), sort(all.bottom), sort(all.right)};
  Value isCandidate = b.cast(b.splatLike(order, 1), b.boolType());
  if (n.has(4)) {
    Value best = b.gather(scores, order, 2, 2);
    isCandidate = b.compare(ComparePredicate::Gt, best, scalar(4, b.element(scores)));
  }
  if (!n.isGood())
    return;
  Value kept = suppress(b, sorted, isCandidate, scalar(3, b.element(boxes)), scalar(2, b.i64()));
  Value mask = kept ? flatten(b, kept) : kept;
  Value rows = b.stack({flatten(b, b.iota(b.i64(), shape, 0)),
                        flatten(b, b.iota(b.i64(), shape, 1)), flatten(b, order)},
                       1);
  if (mask && rows)
    n.setBounded(0, boundRows(n, compact(b, rows, mask), shape), 0, countTrue(b, mask));
}

//===-- The table ---------------------------------------------------------------------------===//

// clang-format off
static constexpr OnnxRow rows[] = {
    {"MaxRoiPool", 1, maxRoiPool},
    {"NonMaxSuppression", 10, nonMaxSuppression},
    {"RoiAlign", 10, oldRoiAlign},
    {"RoiAlign", 16, newRoiAlign},
};
// clang-format on

ArrayRef<OnnxRow> onnxDetectionRows() { return rows; }

} // namespace weft
