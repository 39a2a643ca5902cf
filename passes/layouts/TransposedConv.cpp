// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The phases of transposed convolutions side by side.

#include "passes/layouts/TransposedConv.h"

#include "passes/Functions.h"
#include "passes/layouts/Choice.h"
#include "passes/layouts/WindowCost.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/Support/MathExtras.h"

namespace weft {

using Dims = SmallVector<Dim>;
using Integers = SmallVector<int64_t>;

static int64_t productOf(ArrayRef<int64_t> factors) {
  int64_t product = 1;
  for (int64_t factor : factors)
    product *= factor;
  return product;
}

int64_t PhaseWindows::phases() const { return productOf(strides); }

//===-- Windows -----------------------------------------------------------------------------===//

namespace {

/// One spatial dimension. Place `s * m + a` of the result sums x[m + d] * w[a + low - s * d].
struct PhaseAxis {
  PhaseAxis(ConvTransposeOp op, size_t axis)
      : stride(op.getStrides()[axis]), low(op.getPadLow()[axis]),
        kernel(*GraphBuilder::dims(op.getFilter())[2 + axis].constant()),
        in(GraphBuilder::dims(op.getInput())[2 + axis]),
        out(GraphBuilder::dims(op.getResult())[2 + axis]) {}

  /// The least d of all phases, and how many there are.
  int64_t first() const { return -llvm::divideFloorSigned(kernel - 1 - low, stride); }
  int64_t taps() const { return llvm::divideFloorSigned(stride - 1 + low, stride) - first() + 1; }
  /// Places of one phase.
  Dim places() const { return out.ceilDiv(Dim(stride)); }
  /// What windows of so many taps see behind the input; none where that is not known.
  std::optional<int64_t> padHigh(int64_t numTaps) const {
    auto behind = (places() - in).constant();
    return behind ? std::optional(*behind + numTaps - 1 + first()) : std::nullopt;
  }

  /// How often a tap of the filter meets a place of the input, and how often one of `numTaps` of
  /// all phases does.
  int64_t meetings() const;
  int64_t meetings(int64_t numTaps) const;

  int64_t stride, low, kernel;
  Dim in, out;

private:
  /// What a size that is not known counts as.
  static constexpr int64_t unknownPlaces = 64;
  int64_t numIn() const { return in.constant().value_or(unknownPlaces); }
};

} // namespace

/// The numbers i of [0, count) for which `i * step + start` is in [0, end).
static int64_t countInside(int64_t count, int64_t step, int64_t start, int64_t end) {
  int64_t from = std::max<int64_t>(0, llvm::divideCeilSigned(-start, step));
  int64_t to = std::min(count, llvm::divideFloorSigned(end - 1 - start, step) + 1);
  return std::max<int64_t>(0, to - from);
}

int64_t PhaseAxis::meetings() const {
  int64_t sum = 0, end = out.constant().value_or(stride * unknownPlaces);
  for (int64_t k = 0; k < kernel; ++k)
    sum += countInside(numIn(), stride, k - low, end);
  return sum;
}

int64_t PhaseAxis::meetings(int64_t numTaps) const {
  int64_t sum = 0, count = places().constant().value_or(unknownPlaces);
  for (int64_t t = 0; t < numTaps; ++t)
    sum += countInside(count, 1, first() + t, numIn());
  return sum;
}

//===-- Costs -------------------------------------------------------------------------------===//

namespace {

/// About the microseconds of a transposed convolution. Columns that only fill up a vector cost as
/// much as others: that of a few channels is where phases side by side gain the most.
class PhaseCost {
public:
  PhaseCost(ConvTransposeOp op, const PanelTarget &target);

  double asItIs() const { return sums(outputs, meetings, kernel); }
  /// Without the rearrangement, in tiles or directly.
  double sideBySide(const PhaseWindows &windows) const;

  SmallVector<PhaseAxis> axes;

private:
  double sums(int64_t columns, int64_t numMeetings, int64_t numTaps) const {
    auto pairs = static_cast<double>(inputs * wholeVectors(columns));
    return costOfSums(pairs * static_cast<double>(images * numMeetings),
                      pairs * static_cast<double>(numTaps) * 4);
  }
  int64_t wholeVectors(int64_t columns) const {
    return static_cast<int64_t>(llvm::alignTo(columns, lanes));
  }

  int64_t lanes, images, inputs, outputs;
  int64_t meetings = 1, kernel = 1;
};

} // namespace

PhaseCost::PhaseCost(ConvTransposeOp op, const PanelTarget &target)
    : lanes(target.lanes(GraphBuilder::element(op.getResult()))) {
  Dims filter = GraphBuilder::dims(op.getFilter());
  // As for WindowCost: what is chosen for a batch that is not known must not be slow for one.
  images = GraphBuilder::dims(op.getResult())[0].constant().value_or(1);
  inputs = *filter[0].constant();
  outputs = *filter[1].constant();
  for (size_t axis = 0; axis + 2 < filter.size(); ++axis) {
    axes.emplace_back(op, axis);
    meetings *= axes.back().meetings();
    kernel *= axes.back().kernel;
  }
}

double PhaseCost::sideBySide(const PhaseWindows &windows) const {
  int64_t columns = windows.phases() * outputs, places = images;
  for (const PhaseAxis &axis : axes)
    places *= axis.places().constant().value_or(1);
  double rearranging = costOfCopy(static_cast<double>(places * columns * 4));
  if (windows.tile)
    return rearranging + costInTiles(windows.tile, inputs, wholeVectors(columns), images,
                                     *axes[0].places().constant(), *axes[1].places().constant());
  int64_t numMeetings = 1;
  for (auto [axis, taps] : llvm::zip_equal(axes, windows.taps))
    numMeetings *= axis.meetings(taps);
  return rearranging + sums(columns, numMeetings, productOf(windows.taps));
}

/// The windows with at least `fewest` taps a dimension; none if they would read before the input,
/// or behind it backwards.
static std::optional<PhaseWindows> windowsOf(ArrayRef<PhaseAxis> axes, int64_t fewest,
                                             int64_t tile) {
  PhaseWindows windows;
  windows.tile = tile;
  for (const PhaseAxis &axis : axes) {
    int64_t taps = std::max(axis.taps(), fewest);
    std::optional<int64_t> high = axis.padHigh(taps);
    if (axis.first() > 0 || !high || *high < 0)
      return std::nullopt;
    windows.strides.push_back(axis.stride);
    windows.taps.push_back(taps);
    windows.padLow.push_back(-axis.first());
    windows.padHigh.push_back(*high);
    windows.before.push_back(axis.stride * (axis.first() + taps - 1) - axis.low);
  }
  return windows;
}

std::optional<PhaseWindows> phasesSideBySide(ConvTransposeOp op, const PanelTarget &target) {
  constexpr int64_t window = 3; // Of weft.winograd_conv.
  auto isOne = [](int64_t entry) { return entry == 1; };
  // A filter that changes would be rearranged in each call.
  if (op.getGroups() != 1 || !llvm::all_of(op.getDilations(), isOne) ||
      llvm::all_of(op.getStrides(), isOne) || !GraphBuilder::element(op.getFilter()).isF32() ||
      !followsFromWeights(op.getFilter()) || changesInCalls(op.getFilter()))
    return std::nullopt;
  PhaseCost cost(op, target);
  std::optional<int64_t> chosen = Choice::of(op).winograd;
  bool isPlane = cost.axes.size() == 2 && llvm::all_of(cost.axes, [](const PhaseAxis &axis) {
                   return axis.taps() <= window && axis.places().isConstant();
                 });
  std::optional<PhaseWindows> best;
  double least = cost.asItIs();
  for (int64_t tile : {0, 2, 4}) {
    if ((tile && !isPlane) || (chosen && *chosen != tile))
      continue;
    std::optional<PhaseWindows> windows = windowsOf(cost.axes, tile ? window : 1, tile);
    if (!windows)
      continue;
    double here = cost.sideBySide(*windows);
    if (here < least || (chosen && tile)) {
      least = here;
      best = windows;
    }
  }
  return best;
}

//===-- Rearrangements ----------------------------------------------------------------------===//

Value filterOfPhases(GraphBuilder &b, Value filter, const PhaseWindows &windows) {
  size_t count = windows.strides.size();
  Dims dims = b.dims(filter), low(2, Dim(0)), high = low, split{dims[0], dims[1]};
  Integers reversed, phases, taps;
  for (size_t axis = 0; axis < count; ++axis) {
    int64_t stride = windows.strides[axis], all = stride * windows.taps[axis];
    low.push_back(Dim(windows.before[axis]));
    high.push_back(Dim(all) - low.back() - dims[2 + axis]);
    split.append({Dim(windows.taps[axis]), Dim(stride)});
    auto place = static_cast<int64_t>(2 + 2 * axis);
    reversed.push_back(place);
    taps.push_back(place);
    phases.push_back(place + 1);
  }
  Value x = b.pad(filter, b.scalar(b.element(filter), 0), low, high);
  x = b.reverse(b.reshape(x, split), reversed);
  // [C, O, (taps, phases)...] to [phases..., O, C, taps...].
  Integers order = phases;
  order.append({1, 0});
  llvm::append_range(order, taps);
  x = b.transpose(x, order);
  Dims whole{Dim(windows.phases()) * dims[1], dims[0]};
  for (int64_t each : windows.taps)
    whole.push_back(Dim(each));
  return b.reshape(x, whole);
}

PhasesAsPlaces placesFromPhases(GraphBuilder &b, Value phases, const PhaseWindows &windows,
                                ArrayRef<Dim> places) {
  auto count = static_cast<int64_t>(windows.strides.size());
  Dims dims = b.dims(phases), split = dims, joined{dims[0]};
  split.pop_back();
  Integers order{0};
  for (int64_t axis = 0; axis < count; ++axis) {
    split.push_back(Dim(windows.strides[axis]));
    joined.push_back(dims[1 + axis] * Dim(windows.strides[axis]));
    order.append({1 + axis, 1 + count + axis});
  }
  Dim outputs = dims.back().floorDiv(Dim(windows.phases()));
  split.push_back(outputs);
  joined.push_back(outputs);
  order.push_back(1 + 2 * count);
  Value x = b.reshape(b.transpose(b.reshape(phases, split), order), joined);
  Dims ends = joined;
  llvm::copy(places, ends.begin() + 1);
  if (ends != joined)
    x = b.slice(x, Dims(joined.size(), Dim(0)), ends, Integers(joined.size(), 1));
  return {phases, x};
}

//===-- What follows ------------------------------------------------------------------------===//

/// One number for all elements, or one for each channel.
static bool isByChannel(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto constant = op ? dyn_cast<ConstantOp>(op) : ConstantOp())
    return isa<mlir::SplatElementsAttr>(constant.getValue());
  auto broadcast = op ? dyn_cast<BroadcastOp>(op) : BroadcastOp();
  if (!broadcast)
    return false;
  Dims in = GraphBuilder::dims(broadcast.getInput()), out = GraphBuilder::dims(value);
  auto last = static_cast<int64_t>(out.size()) - 1;
  return in.empty() || (broadcast.getDims() == ArrayRef(last) && in[0] == out[last]);
}

/// The same numbers for all phases, of the dimensions `dims`.
static Value forPhases(GraphBuilder &b, Value value, ArrayRef<Dim> dims) {
  if (auto constant = value.getDefiningOp<ConstantOp>()) {
    auto splat = cast<mlir::SplatElementsAttr>(constant.getValue());
    return b.constant(mlir::SplatElementsAttr::get(tensorType(dims, b.element(value)),
                                                   splat.getSplatValue<Attribute>()));
  }
  Value numbers = value.getDefiningOp<BroadcastOp>().getInput();
  if (b.rank(numbers) == 0)
    return b.broadcast(numbers, {}, dims);
  int64_t phases = *dims.back().floorDiv(b.dims(numbers)[0]).constant();
  numbers = b.concat(SmallVector<Value>(phases, numbers), 0);
  return b.broadcast(numbers, {static_cast<int64_t>(dims.size()) - 1}, dims);
}

namespace {

/// The element-wise operations that follow a value, what they read before them.
class StepsAfter {
public:
  explicit StepsAfter(Value value);

  SmallVector<Operation *> steps;
  /// The one value that others read; null for several.
  Value exit() const;

private:
  bool isStep(Operation *op) const;

  llvm::SetVector<Value> values; ///< The first one, and what the steps give.
};

} // namespace

StepsAfter::StepsAfter(Value value) {
  values.insert(value);
  for (size_t next = 0; next < values.size(); ++next)
    for (Operation *user : values[next].getUsers())
      if (!llvm::is_contained(steps, user) && isStep(user)) {
        steps.push_back(user);
        values.insert(user->getResult(0));
      }
}

bool StepsAfter::isStep(Operation *op) const {
  return op->hasTrait<Elementwise>() && op->getNumResults() == 1 &&
         op->getBlock() == Value(values[0]).getParentBlock() &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return values.contains(operand) || isByChannel(operand);
         });
}

Value StepsAfter::exit() const {
  Value found;
  for (Value value : values)
    for (Operation *user : value.getUsers()) {
      if (llvm::is_contained(steps, user) || mlir::isOpTriviallyDead(user))
        continue;
      if (found && found != value)
        return {};
      found = value;
    }
  return found;
}

/// The operation on phases, where all that it reads is known there.
static Value stepOnPhases(Operation *op, const llvm::DenseMap<Value, Value> &onPhases,
                          ArrayRef<Dim> dims) {
  OpBuilder ops(op);
  GraphBuilder b(ops, op->getLoc());
  SmallVector<Value> operands = llvm::map_to_vector(op->getOperands(), [&](Value operand) {
    Value known = onPhases.lookup(operand);
    return known ? known : forPhases(b, operand, dims);
  });
  Operation *made = op->clone();
  made->setOperands(operands);
  made->getResult(0).setType(tensorType(dims, b.element(op->getResult(0))));
  return b.builder.insert(made)->getResult(0);
}

/// What made `places` of `phases`, for `other`, which is like `phases`.
static Value rearrangedAlike(const PhasesAsPlaces &made, Value other) {
  SmallVector<Operation *> way;
  for (Value value = made.places; value != made.phases; value = way.back()->getOperand(0))
    way.push_back(value.getDefiningOp());
  OpBuilder ops(other.getContext());
  ops.setInsertionPointAfterValue(other);
  for (Operation *op : llvm::reverse(way)) {
    Operation *copy = ops.clone(*op);
    copy->setOperand(0, other);
    copy->getResult(0).setType(
        tensorType(GraphBuilder::dims(op->getResult(0)), GraphBuilder::element(other)));
    other = copy->getResult(0);
  }
  return other;
}

void computeOnPhases(PhasesAsPlaces made) {
  StepsAfter after(made.places);
  Value exit = after.exit();
  if (!exit || after.steps.empty())
    return;
  llvm::DenseMap<Value, Value> onPhases{{made.places, made.phases}};
  Dims dims = GraphBuilder::dims(made.phases);
  for (Operation *op : after.steps)
    onPhases[op->getResult(0)] = stepOnPhases(op, onPhases, dims);
  exit.replaceAllUsesWith(rearrangedAlike(made, onPhases[exit]));
}

} // namespace weft
