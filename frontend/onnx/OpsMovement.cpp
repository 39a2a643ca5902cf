// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that rearrange, cut, repeat and join elements.

#include "frontend/onnx/OpsCommon.h"
#include "frontend/onnx/TensorData.h"

#include <limits>

namespace weft {

using Integers = SmallVector<int64_t>;
using Dims = SmallVector<Dim>;

//===-- Shapes ------------------------------------------------------------------------------===//

/// 0 copies a dimension unless `allowZero`; one -1 is what remains.
static void reshapeTo(Node &n, ArrayRef<Dim> wanted, bool allowZero) {
  Dims old = n.dims(0), shape;
  std::optional<size_t> open;
  for (auto [i, dim] : llvm::enumerate(wanted)) {
    if (dim == Dim(-1)) {
      if (open)
        return n.fail("the shape " + languageList(wanted) + " leaves two dimensions open");
      open = i;
      shape.push_back(Dim(1));
      continue;
    }
    if (dim == Dim(0) && !allowZero && i >= old.size())
      return n.fail("the shape " + languageList(wanted) + " copies dimension " + Twine(i) +
                    ", but the input has " + Twine(old.size()));
    if (std::optional<int64_t> size = dim.constant(); size && *size < 0)
      return n.fail("the shape " + languageList(wanted) + " has a negative size");
    shape.push_back(dim == Dim(0) && !allowZero ? old[i] : dim);
  }
  if (open) {
    Dim rest = productOf(shape), total = productOf(old);
    if (rest == Dim(0))
      return n.fail("the shape " + languageList(wanted) + " leaves a dimension open beside a 0");
    shape[*open] = total.floorDiv(rest);
  }
  n.set(0, n.b.reshape(n.input(0), shape));
}

static void legacyReshape(Node &n) {
  n.ignore("consumed_inputs");
  Dims shape;
  for (int64_t size : n.integers("shape"))
    shape.push_back(Dim(size));
  reshapeTo(n, shape, false);
}

static void reshape(Node &n) {
  bool allowZero = n.integer("allowzero", 0) != 0;
  if (std::optional<Dims> shape = n.knownDims(1))
    reshapeTo(n, *shape, allowZero);
}

static void flatten(Node &n) {
  Dims shape = n.dims(0);
  int64_t given = n.integer("axis", 1), rank = n.rank(0);
  std::optional<int64_t> axis = given == rank ? rank : n.axis(given, rank);
  if (axis)
    n.set(0, n.b.reshape(n.input(0), {productOf(ArrayRef(shape).take_front(*axis)),
                                      productOf(ArrayRef(shape).drop_front(*axis))}));
}

static void squeezeAxes(Node &n, std::optional<Integers> given) {
  Dims shape = n.dims(0);
  Integers chosen;
  if (!given)
    for (auto [axis, dim] : llvm::enumerate(shape))
      if (dim == Dim(1))
        chosen.push_back(axis);
  std::optional<Integers> axes = given ? n.axes(*given, n.rank(0)) : chosen;
  if (!axes)
    return;
  for (int64_t axis : *axes)
    if (shape[axis] != Dim(1))
      return n.fail("dimension " + Twine(axis) + " is " + shape[axis].str() +
                    ", but only a dimension of 1 can be taken away");
  setMoved(n, n.b.squeeze(n.input(0), *axes), [&](int64_t axis) -> std::optional<int64_t> {
    if (llvm::is_contained(*axes, axis))
      return std::nullopt;
    return axis - llvm::count_if(*axes, [&](int64_t gone) { return gone < axis; });
  });
}

static void legacySqueeze(Node &n) {
  bool isGiven = n.hasAttribute("axes");
  squeezeAxes(n, isGiven ? std::optional(n.integers("axes")) : std::nullopt);
}

static void squeeze(Node &n) {
  if (!n.has(1))
    return squeezeAxes(n, std::nullopt);
  if (auto axes = n.knownIntegers(1))
    squeezeAxes(n, axes);
}

static void unsqueezeAxes(Node &n, ArrayRef<int64_t> given) {
  int64_t rank = n.rank(0) + static_cast<int64_t>(given.size());
  std::optional<Integers> axes = n.axes(given, rank);
  if (!axes)
    return;
  setMoved(n, n.b.expandDims(n.input(0), *axes), [&](int64_t axis) {
    Integers kept = llvm::filter_to_vector(
        allAxes(rank), [&](int64_t one) { return !llvm::is_contained(*axes, one); });
    return std::optional<int64_t>(kept[axis]);
  });
}

static void legacyUnsqueeze(Node &n) { unsqueezeAxes(n, n.integers("axes")); }

static void unsqueeze(Node &n) {
  if (auto axes = n.knownIntegers(1))
    unsqueezeAxes(n, *axes);
}

static void transpose(Node &n) {
  Integers reversed = allAxes(n.rank(0));
  std::reverse(reversed.begin(), reversed.end());
  Integers permutation = n.integers("perm", reversed);
  setMoved(n, n.b.transpose(n.input(0), permutation), [&](int64_t axis) {
    return std::optional<int64_t>(llvm::find(permutation, axis) - permutation.begin());
  });
}

/// Both shapes stretch.
static void expand(Node &n) {
  std::optional<Dims> given = n.knownDims(1);
  if (!given)
    return;
  std::string why;
  FailureOr<Dims> shape = broadcastDims({n.dims(0), *given}, why);
  if (failed(shape))
    return n.fail(why);
  n.set(0, n.b.broadcastTo(n.input(0), *shape));
}

/// [a, b] repeated (2, 3) times is [2, a, 3, b] with its pairs of dimensions joined.
static void tileBy(Node &n, ArrayRef<Dim> repeats) {
  Dims shape = n.dims(0), spread, joined;
  if (repeats.size() != shape.size())
    return n.fail("gives " + Twine(repeats.size()) + " repeats for " + Twine(shape.size()) +
                  " dimensions");
  Integers along;
  for (auto [dim, repeat] : llvm::zip(shape, repeats)) {
    if (!Dim(0).provablyAtMost(repeat))
      return n.fail("repeats a dimension " + repeat.str() + " times");
    spread.push_back(repeat);
    along.push_back(static_cast<int64_t>(spread.size()));
    spread.push_back(dim);
    joined.push_back(repeat * dim);
  }
  n.set(0, n.b.reshape(n.b.broadcast(n.input(0), along, spread), joined));
}

static void tile(Node &n) {
  if (std::optional<Dims> repeats = n.knownDims(1))
    tileBy(n, *repeats);
}

/// Opset 1 repeats one axis.
static void legacyTile(Node &n) {
  auto tiles = n.knownDims(1);
  auto axis = n.knownIntegers(2);
  if (!tiles || !axis || tiles->size() != 1 || axis->size() != 1)
    return n.fail("the number of repeats and the axis are single numbers");
  Dims repeats(n.rank(0), Dim(1));
  if (std::optional<int64_t> one = n.axis(axis->front(), n.rank(0))) {
    repeats[*one] = tiles->front();
    tileBy(n, repeats);
  }
}

//===-- Joining and cutting -----------------------------------------------------------------===//

static void concatAlong(Node &n, int64_t given) {
  SmallVector<Value> inputs = n.allInputs();
  if (!n.isGood())
    return;
  if (std::optional<int64_t> axis = n.axis(given, n.rank(0)))
    n.set(0, n.b.concat(inputs, *axis));
}

static void legacyConcat(Node &n) { concatAlong(n, n.integer("axis", 1)); }

static void concat(Node &n) {
  if (n.needs("axis"))
    concatAlong(n, n.integer("axis", 0));
}

/// Cuts one axis into pieces of these sizes.
static void splitInto(Node &n, int64_t axis, ArrayRef<Dim> sizes) {
  Dim total = n.dims(0)[axis], start;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    n.set(i, n.b.sliceAxis(n.input(0), axis, start, start + size));
    start = start + size;
  }
  if (sizes.size() != n.numOutputs())
    n.fail("has " + Twine(n.numOutputs()) + " outputs for " + Twine(sizes.size()) + " pieces");
  else if (!agree(start, total))
    n.fail("the pieces make " + start.str() + ", but dimension " + Twine(axis) + " is " +
           total.str());
}

/// Equal pieces; the last is smaller where that is allowed.
static void splitEvenly(Node &n, int64_t axis, int64_t count, bool lastMayBeSmaller) {
  Dim total = n.dims(0)[axis];
  if (count <= 0 || count > 100000)
    return n.fail("splits into " + Twine(count) + " pieces");
  Dim piece = lastMayBeSmaller ? total.ceilDiv(Dim(count)) : total.floorDiv(Dim(count));
  Dims sizes(count, piece);
  sizes.back() = total - piece * Dim(count - 1);
  splitInto(n, axis, sizes);
}

static std::optional<int64_t> splitAxis(Node &n) { return n.axis(n.integer("axis", 0), n.rank(0)); }

static void splitBy(Node &n, size_t input, bool lastMayBeSmaller) {
  std::optional<int64_t> axis = splitAxis(n);
  int64_t count = n.integer("num_outputs", static_cast<int64_t>(n.numOutputs()));
  if (!axis)
    return;
  if (!n.has(input))
    return splitEvenly(n, *axis, count, lastMayBeSmaller);
  if (std::optional<Dims> sizes = n.knownDims(input))
    splitInto(n, *axis, *sizes);
}

/// The sizes are an input in opset 1, where they may be an attribute too.
static void legacySplit(Node &n) {
  if (!n.hasAttribute("split"))
    return splitBy(n, 1, false);
  Dims sizes;
  for (int64_t size : n.integers("split"))
    sizes.push_back(Dim(size));
  if (std::optional<int64_t> axis = splitAxis(n))
    splitInto(n, *axis, sizes);
}

static void split(Node &n) { splitBy(n, 1, false); }
static void unevenSplit(Node &n) { splitBy(n, 1, true); }

/// Where a slice begins and ends on an axis of `size`: counted from the end where negative, and
/// clamped as NumPy does. What cannot be compared is taken to lie inside.
static Dim clampBound(const Dim &bound, const Dim &size, int64_t lowest, const Dim &highest) {
  std::optional<int64_t> known = bound.constant();
  if (known && *known < 0) {
    if (std::optional<int64_t> fixed = size.constant())
      return Dim(std::max(*known + *fixed, lowest));
    return *known <= -(int64_t(1) << 30) ? Dim(lowest) : size + bound;
  }
  if (highest.provablyAtMost(bound) || (known && *known >= (int64_t(1) << 30)))
    return highest;
  return bound;
}

static void sliceBy(Node &n, ArrayRef<Dim> starts, ArrayRef<Dim> ends, ArrayRef<int64_t> axes,
                    ArrayRef<int64_t> steps) {
  Value x = n.input(0);
  Dims shape = n.b.dims(x), low(shape.size(), Dim(0)), high = shape;
  Integers strides(shape.size(), 1);
  if (starts.size() != ends.size() || starts.size() != axes.size() || starts.size() != steps.size())
    return n.fail("gives " + Twine(starts.size()) + " starts, " + Twine(ends.size()) + " ends, " +
                  Twine(axes.size()) + " axes and " + Twine(steps.size()) + " steps");
  for (size_t i = 0; i < axes.size(); ++i) {
    std::optional<int64_t> axis = n.axis(axes[i], n.b.rank(x));
    if (!axis)
      return;
    if (steps[i] == 0)
      return n.fail("the step of axis " + Twine(axes[i]) + " is 0");
    const Dim &size = shape[*axis];
    bool isForward = steps[i] > 0;
    Dim last = size - Dim(1);
    low[*axis] = clampBound(starts[i], size, 0, isForward ? size : last);
    high[*axis] = clampBound(ends[i], size, isForward ? 0 : -1, isForward ? size : last);
    strides[*axis] = std::clamp<int64_t>(steps[i], -(int64_t(1) << 31), int64_t(1) << 31);
  }
  setMoved(n, n.b.slice(x, low, high, strides), [&](int64_t axis) -> std::optional<int64_t> {
    bool isWhole = low[axis] == Dim(0) && high[axis] == shape[axis] && strides[axis] == 1;
    return isWhole ? std::optional<int64_t>(axis) : std::nullopt;
  });
}

static void legacySlice(Node &n) {
  Dims starts, ends;
  for (int64_t start : n.integers("starts"))
    starts.push_back(Dim(start));
  for (int64_t end : n.integers("ends"))
    ends.push_back(Dim(end));
  Integers axes = n.integers("axes", allAxes(static_cast<int64_t>(starts.size())));
  sliceBy(n, starts, ends, axes, Integers(starts.size(), 1));
}

static void slice(Node &n) {
  std::optional<Dims> starts = n.knownDims(1), ends = n.knownDims(2);
  if (!starts || !ends)
    return;
  auto axes =
      n.has(3) ? n.knownIntegers(3) : std::optional(allAxes(static_cast<int64_t>(starts->size())));
  auto steps = n.has(4) ? n.knownIntegers(4) : std::optional(Integers(starts->size(), 1));
  if (axes && steps)
    sliceBy(n, *starts, *ends, *axes, *steps);
}

//===-- Padding -----------------------------------------------------------------------------===//

/// Position `i - low` of an axis of `size`, mirrored at the edges (reflect), held at them (edge),
/// or taken around (wrap).
static Value paddedIndex(Node &n, StringRef mode, const Dim &size, const Dim &low,
                         const Dim &total) {
  GraphBuilder &b = n.b;
  Value place = b.sub(b.iota(b.i64(), total, 0), b.size(low));
  if (mode == "edge")
    return b.binary<MinOp>(b.binary<MaxOp>(place, 0.0), b.size(size - Dim(1)));
  Dim period = mode == "wrap" ? size : Dim(2) * (size - Dim(1));
  if (period == Dim(0))
    period = Dim(1);
  Value wrapped = b.binary<RemOp>(place, b.size(period));
  Value isNegative = b.compare(ComparePredicate::Lt, wrapped, 0.0);
  wrapped = b.select(isNegative, b.add(wrapped, b.size(period)), wrapped);
  if (mode == "wrap")
    return wrapped;
  return b.binary<MinOp>(wrapped, b.sub(b.size(period), wrapped));
}

/// Negative amounts cut.
static Value cutNegative(Node &n, Value x, SmallVector<Dim> &low, SmallVector<Dim> &high) {
  Dims shape = n.b.dims(x), starts(shape.size(), Dim(0)), ends = shape;
  auto cut = [](Dim &amount) {
    std::optional<int64_t> known = amount.constant();
    Dim taken = known && *known < 0 ? -amount : Dim(0);
    amount = known && *known < 0 ? Dim(0) : amount;
    return taken;
  };
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    starts[axis] = cut(low[axis]);
    ends[axis] = ends[axis] - cut(high[axis]);
  }
  return n.b.slice(x, starts, ends, Integers(shape.size(), 1));
}

static void padBy(Node &n, StringRef mode, Dims low, Dims high, Value value) {
  Value x = cutNegative(n, n.input(0), low, high);
  if (!x)
    return;
  if (mode == "constant") {
    value = value ? n.b.reshape(value, {}) : n.b.scalar(n.b.element(x), 0);
    return n.set(0, n.b.pad(x, value, low, high));
  }
  if (mode != "reflect" && mode != "edge" && mode != "wrap")
    return n.fail("the mode is '" + mode + "', but constant, reflect, edge or wrap is expected");
  for (int64_t axis = 0; x && axis < n.b.rank(x); ++axis) {
    Dim size = n.b.dims(x)[axis], total = size + low[axis] + high[axis];
    if (total != size)
      x = n.b.gather(x, paddedIndex(n, mode, size, low[axis], total), axis);
  }
  n.set(0, x);
}

/// `pads` is the amounts before all of `axes`, then those after.
static void padAxes(Node &n, StringRef mode, ArrayRef<Dim> pads, ArrayRef<int64_t> axes,
                    Value value) {
  Dims low(n.rank(0), Dim(0)), high = low;
  if (pads.size() != 2 * axes.size())
    return n.fail("gives " + Twine(pads.size()) + " amounts for " + Twine(axes.size()) + " axes");
  for (auto [i, given] : llvm::enumerate(axes)) {
    std::optional<int64_t> axis = n.axis(given, n.rank(0));
    if (!axis)
      return;
    low[*axis] = pads[i];
    high[*axis] = pads[axes.size() + i];
  }
  padBy(n, mode, low, high, value);
}

static void legacyPad(Node &n) {
  Dims pads;
  for (int64_t amount : n.integers(n.hasAttribute("paddings") ? "paddings" : "pads"))
    pads.push_back(Dim(amount));
  Value value = n.b.scalar(n.b.element(n.input(0)), n.real("value", 0));
  padAxes(n, n.text("mode", "constant"), pads, allAxes(n.rank(0)), value);
}

static void pad(Node &n) {
  StringRef mode = n.text("mode", "constant");
  std::optional<Dims> pads = n.knownDims(1);
  auto axes = n.has(3) ? n.knownIntegers(3) : std::optional(allAxes(n.rank(0)));
  if (pads && axes)
    padAxes(n, mode, *pads, *axes, n.optionalInput(2));
}

/// Cuts or pads around the middle.
static void centerCropPad(Node &n) {
  std::optional<Dims> shape = n.knownDims(1);
  auto axes = n.axes(n.integers("axes", allAxes(n.rank(0))), n.rank(0));
  if (!shape || !axes)
    return;
  if (shape->size() != axes->size())
    return n.fail("gives " + Twine(shape->size()) + " sizes for " + Twine(axes->size()) + " axes");
  Dims low(n.rank(0), Dim(0)), high = low, old = n.dims(0);
  for (auto [axis, size] : llvm::zip(*axes, *shape)) {
    std::optional<int64_t> difference = (size - old[axis]).constant();
    if (!difference)
      return n.fail("dimension " + Twine(axis) + " becomes " + size.str() + " from " +
                    old[axis].str() + ": which is larger is not known");
    // A crop takes the smaller half away in front, a pad puts it there.
    int64_t front = *difference < 0 ? -(-*difference / 2) : *difference / 2;
    low[axis] = Dim(front);
    high[axis] = Dim(*difference - front);
  }
  padBy(n, "constant", low, high, Value());
}

//===-- Made from nothing -------------------------------------------------------------------===//

static void constantOfShape(Node &n) {
  std::optional<Dims> shape = n.knownDims(0);
  if (!shape)
    return;
  Value value = n.b.scalar(n.b.f32(), 0);
  if (const onnx::TensorProto *given = n.tensor("value"))
    value = n.importTensor(*given, "value");
  if (value && n.b.rank(value) == 1)
    value = n.b.reshape(value, {});
  n.set(0, n.b.broadcastTo(value, *shape));
}

/// How many numbers lie from the start to before the limit. Floats may be sizes too, as whole
/// numbers; fractions have to be numbers.
static std::optional<Dim> countOfRange(Node &n) {
  auto isWhole = [&](size_t index) { return n.maybeKnown(n.input(index)).has_value(); };
  if (!n.b.isFloat(n.input(0)) || (isWhole(0) && isWhole(1) && isWhole(2))) {
    std::optional<Dims> start = n.knownDims(0), limit = n.knownDims(1);
    auto step = n.knownIntegers(2);
    if (!start || !limit || !step)
      return std::nullopt;
    if (step->front() == 0) {
      n.fail("the step is 0");
      return std::nullopt;
    }
    Dim count = sliceSize(start->front(), limit->front(), step->front());
    return count.constant().value_or(0) < 0 ? Dim(0) : count;
  }
  auto start = n.knownReals(0), limit = n.knownReals(1), step = n.knownReals(2);
  if (!start || !limit || !step)
    return std::nullopt;
  double exact = std::ceil((limit->front() - start->front()) / step->front());
  if (step->front() == 0)
    n.fail("the step is 0");
  else if (!(exact < 1e12))
    n.fail("counts to more elements than fit into memory");
  return n.isGood() ? std::optional<Dim>(static_cast<int64_t>(std::max(exact, 0.0))) : std::nullopt;
}

/// start + i * step
static void range(Node &n) {
  std::optional<Dim> count = countOfRange(n);
  if (!count)
    return;
  Type type = n.b.element(n.input(0));
  Value place = n.b.mul(n.b.iota(type, *count, 0), n.b.reshape(n.input(2), {}));
  n.set(0, n.b.add(place, n.b.reshape(n.input(0), {})));
}

/// Column minus row, of the last two dimensions.
static Value diagonalOffset(GraphBuilder &b, ArrayRef<Dim> shape) {
  ArrayRef<Dim> last = shape.take_back(2);
  return b.sub(b.iota(b.i64(), last, 1), b.iota(b.i64(), last, 0));
}

static void eyeLike(Node &n) {
  Value x = n.input(0);
  if (n.b.rank(x) != 2)
    return n.fail("the input has " + Twine(n.b.rank(x)) + " dimensions, but a matrix is expected");
  Type type = n.b.element(x);
  if (n.hasAttribute("dtype")) {
    llvm::Expected<Type> given =
        onnxElementType(static_cast<int32_t>(n.integer("dtype", 0)), n.b.builder.getContext());
    if (!given)
      return n.fail(llvm::toString(given.takeError()));
    type = *given;
  }
  Value offset = diagonalOffset(n.b, n.b.dims(x));
  Value diagonal = n.b.scalarInteger(n.b.i64(), n.integer("k", 0));
  n.set(0, n.b.cast(n.b.compare(ComparePredicate::Eq, offset, diagonal), type));
}

static void trilu(Node &n) {
  Value x = n.input(0), diagonal = n.b.scalarInteger(n.b.i64(), 0);
  if (n.b.rank(x) < 2)
    return n.fail("the input has " + Twine(n.b.rank(x)) + " dimensions, but matrices are expected");
  if (n.has(1))
    diagonal = n.b.reshape(n.input(1), {});
  bool isUpper = n.integer("upper", 1) != 0;
  Value keep = n.b.compare(isUpper ? ComparePredicate::Ge : ComparePredicate::Le,
                           diagonalOffset(n.b, n.b.dims(x)), diagonal);
  n.set(0, n.b.select(keep, x, n.b.splatLike(x, 0)));
}

//===-- Space and depth ---------------------------------------------------------------------===//

/// [N, C, H, W] with C = b * b * c (DCR) or c * b * b (CRD).
static void depthToSpace(Node &n) {
  Dims x = n.dims(0);
  Dim block(n.integer("blocksize", 0));
  StringRef mode = n.text("mode", "DCR");
  if (x.size() != 4 || block == Dim(0) || !Dim(0).provablyAtMost(block) ||
      !x[1].isDivisibleBy(block * block))
    return n.fail("the input is " + languageList(x) +
                  ", but [N, C, H, W] is expected, with C a "
                  "multiple of the squared blocksize " +
                  block.str());
  Dim depth = x[1].floorDiv(block * block);
  Value spread, moved;
  if (mode == "DCR") {
    spread = n.b.reshape(n.input(0), {x[0], block, block, depth, x[2], x[3]});
    moved = n.b.transpose(spread, {0, 3, 4, 1, 5, 2});
  } else if (mode == "CRD") {
    spread = n.b.reshape(n.input(0), {x[0], depth, block, block, x[2], x[3]});
    moved = n.b.transpose(spread, {0, 1, 4, 2, 5, 3});
  } else {
    return n.fail("the mode is '" + mode + "', but DCR or CRD is expected");
  }
  n.set(0, n.b.reshape(moved, {x[0], depth, x[2] * block, x[3] * block}));
}

static void spaceToDepth(Node &n) {
  Dims x = n.dims(0);
  Dim block(n.integer("blocksize", 0));
  if (x.size() != 4 || block == Dim(0) || !Dim(0).provablyAtMost(block) ||
      !x[2].isDivisibleBy(block) || !x[3].isDivisibleBy(block))
    return n.fail("the input is " + languageList(x) +
                  ", but [N, C, H, W] is expected, with H and "
                  "W multiples of the blocksize " +
                  block.str());
  Dim height = x[2].floorDiv(block), width = x[3].floorDiv(block);
  Value spread = n.b.reshape(n.input(0), {x[0], x[1], height, block, width, block});
  Value moved = n.b.transpose(spread, {0, 3, 5, 1, 2, 4});
  n.set(0, n.b.reshape(moved, {x[0], x[1] * block * block, height, width}));
}

//===-- The table ---------------------------------------------------------------------------===//

// clang-format off
static constexpr OnnxRow rows[] = {
    {"CenterCropPad", 18, centerCropPad},
    {"Concat", 1, legacyConcat},
    {"Concat", 4, concat},
    {"ConstantOfShape", 9, constantOfShape},
    {"DepthToSpace", 1, depthToSpace},
    {"Expand", 8, expand},
    {"EyeLike", 9, eyeLike},
    {"Flatten", 1, flatten},
    {"Pad", 1, legacyPad},
    {"Pad", 11, pad},
    {"Range", 11, range},
    {"Reshape", 1, legacyReshape},
    {"Reshape", 5, reshape},
    {"Slice", 1, legacySlice, OnnxRowKind::Structural},
    {"Slice", 10, slice, OnnxRowKind::Structural},
    {"SpaceToDepth", 1, spaceToDepth},
    {"Split", 1, legacySplit},
    {"Split", 13, split},
    {"Split", 18, unevenSplit},
    {"Squeeze", 1, legacySqueeze, OnnxRowKind::Structural},
    {"Squeeze", 13, squeeze, OnnxRowKind::Structural},
    {"Tile", 1, legacyTile},
    {"Tile", 6, tile},
    {"Transpose", 1, transpose, OnnxRowKind::Structural},
    {"Trilu", 14, trilu},
    {"Unsqueeze", 1, legacyUnsqueeze, OnnxRowKind::Structural},
    {"Unsqueeze", 13, unsqueeze, OnnxRowKind::Structural},
};
// clang-format on

ArrayRef<OnnxRow> onnxMovementRows() { return rows; }

} // namespace weft
