// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups of values that have one layout, and how far the layout of convolutions reaches.

#include "passes/layouts/LayoutGroups.h"

#include "passes/layouts/Panels.h"

namespace weft {

//===-- Orders of dimensions ----------------------------------------------------------------===//

static int64_t rankOf(Value value) { return GraphBuilder::rank(value); }

int64_t ChannelOrder::placeInLast(int64_t axis) const {
  if (axis == 0)
    return 0;
  return isChannel(axis) ? axis + places() : axis - channels;
}

SmallVector<int64_t> ChannelOrder::toLast() const {
  SmallVector<int64_t> order(rank);
  for (int64_t axis = 0; axis < rank; ++axis)
    order[placeInLast(axis)] = axis;
  return order;
}

SmallVector<int64_t> ChannelOrder::toFirst() const {
  return llvm::map_to_vector(llvm::seq<int64_t>(0, rank),
                             [&](int64_t axis) { return placeInLast(axis); });
}

//===-- Which values go together ------------------------------------------------------------===//

bool hasChannels(Value value) { return rankOf(value) >= 3; }

bool isConvolution(Operation *op) {
  if (!isa<ConvOp, ConvTransposeOp>(op))
    return false;
  auto filter = cast<RankedTensorType>(op->getOperand(1).getType());
  Type element = filter.getElementType();
  SmallVector<Dim> in = GraphBuilder::dims(op->getOperand(0)),
                   out = GraphBuilder::dims(op->getResult(0));
  return filter.hasStaticShape() && filter.getNumElements() > 0 && in[1].isConstant() &&
         out[1].isConstant() &&
         hasPackedTypes(GraphBuilder::element(op->getOperand(0)), element,
                        GraphBuilder::element(op->getResult(0)));
}

SmallVector<Value> sharedOperands(Operation *op) {
  if (op->getNumResults() != 1 || !hasChannels(op->getResult(0)))
    return {};
  Value result = op->getResult(0);
  if (op->hasTrait<Elementwise>() || isa<ConcatOp>(op))
    return SmallVector<Value>(op->getOperands());
  if (isa<PadOp, SliceOp, SoftmaxOp, LogSoftmaxOp, CumulativeOp>(op))
    return {op->getOperand(0)};
  if (auto pool = dyn_cast<PoolOp>(op);
      pool && rankOf(result) == static_cast<int64_t>(pool.getWindow().size()) + 2)
    return {pool.getInput()};
  if (auto gather = dyn_cast<GatherOp>(op);
      gather && gather.getBatchDims() == 0 && rankOf(gather.getIndices()) == 1)
    return {gather.getInput()};
  if (auto broadcast = dyn_cast<BroadcastOp>(op);
      broadcast && rankOf(broadcast.getInput()) == rankOf(result))
    return {broadcast.getInput()};
  return {};
}

/// True for an operation that may tell the layout of its result from that of its operand.
static bool mayTie(Operation *op) {
  return isa<ReshapeOp, TransposeOp, BroadcastOp, ReduceOp>(op) && hasChannels(op->getOperand(0)) &&
         hasChannels(op->getResult(0));
}

/// True if batch and channels, or batch and places, are the same on both sides: the others are
/// divided otherwise, into windows or into groups of channels.
static bool fits(ReshapeOp op, int64_t in, int64_t out) {
  SmallVector<Dim> from = GraphBuilder::dims(op.getInput()),
                   to = GraphBuilder::dims(op.getResult());
  ArrayRef<Dim> source(from), result(to);
  bool sameChannels = source.slice(1, in) == result.slice(1, out);
  bool samePlaces = source.drop_front(1 + in) == result.drop_front(1 + out);
  return from[0] == to[0] && (sameChannels || samePlaces);
}

/// True if channels change places among themselves, and so do places.
static bool fits(TransposeOp op, int64_t in, int64_t out) {
  ArrayRef<int64_t> order = op.getPermutation();
  return in == out && order[0] == 0 &&
         llvm::all_of(order.slice(1, out), [&](int64_t axis) { return axis <= in; });
}

/// True if only places are repeated.
static bool fits(BroadcastOp op, int64_t in, int64_t out) {
  return in == out && llvm::equal(op.getDims().take_front(in + 1), llvm::seq<int64_t>(0, in + 1));
}

/// True if parts of channels are combined, as those of a split attention.
static bool fits(ReduceOp op, int64_t in, int64_t out) {
  ArrayRef<int64_t> axes = op.getAxes();
  return in == out + static_cast<int64_t>(axes.size()) &&
         llvm::all_of(axes, [&](int64_t axis) { return axis > 0 && axis <= in; });
}

/// True if the operation reads `in` dimensions of channels and gives `out`, and nothing goes from
/// channels to places.
static bool keepsChannels(Operation *op, int64_t in, int64_t out) {
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return fits(reshape, in, out);
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return fits(transpose, in, out);
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return fits(reduce, in, out);
  return fits(cast<BroadcastOp>(op), in, out);
}

LayoutGroups::LayoutGroups(mlir::Block &block) {
  join(block);
  spread();
  prune();
}

void LayoutGroups::join(mlir::Block &block) {
  SmallVector<Value> convolved, pooled;
  for (Operation &op : block) {
    SmallVector<Value> shared = llvm::filter_to_vector(sharedOperands(&op), hasChannels);
    for (Value operand : shared)
      classes.unionSets(op.getResult(0), operand);
    if (isa<PoolOp>(op) && !shared.empty())
      pooled.push_back(op.getResult(0));
    if (shared.empty() && mayTie(&op)) {
      classes.insert(op.getOperand(0));
      classes.insert(op.getResult(0));
      ties.push_back(&op);
    }
    if (!isConvolution(&op))
      continue;
    for (Value value : {op.getOperand(0), Value(op.getResult(0))}) {
      classes.insert(value);
      convolved.push_back(value);
    }
  }
  for (Value value : convolved) {
    seeds.insert(leaderOf(value));
    channels[leaderOf(value)] = 1;
  }
  for (Value value : pooled)
    unsplit.insert(leaderOf(value));
}

Value LayoutGroups::leaderOf(Value value) const {
  auto member = classes.findLeader(value);
  return member == classes.member_end() ? Value() : *member;
}

std::optional<ChannelOrder> LayoutGroups::orderOf(Value value) const {
  int64_t count = channelsOf(value);
  return count ? std::optional(ChannelOrder{rankOf(value), count}) : std::nullopt;
}

bool LayoutGroups::isTie(Operation *op) const {
  if (!mayTie(op))
    return false;
  int64_t in = channelsOf(op->getOperand(0)), out = channelsOf(op->getResult(0));
  return in && out && keepsChannels(op, in, out);
}

/// Turns the group of `to` as that of `from` says; where both readings fit, as much as can be is
/// channels.
bool LayoutGroups::extend(Operation *tie, Value from, Value to) {
  int64_t known = channelsOf(from);
  if (!known || channelsOf(to))
    return false;
  bool isForward = from == tie->getOperand(0);
  for (int64_t count = rankOf(to) - 2; count > 0; --count) {
    if (!keepsChannels(tie, isForward ? known : count, isForward ? count : known) ||
        (count > 1 && unsplit.contains(leaderOf(to))))
      continue;
    channels[leaderOf(to)] = count;
    return true;
  }
  return false;
}

void LayoutGroups::spread() {
  for (bool grows = true; grows;) {
    grows = false;
    for (Operation *tie : ties) {
      grows |= extend(tie, tie->getOperand(0), tie->getResult(0));
      grows |= extend(tie, tie->getResult(0), tie->getOperand(0));
    }
  }
}

/// True if the group stands between two that are turned, and not only beside one. A transpose of
/// channels and places counts: it is one pass from one layout to the other in any case.
bool LayoutGroups::leadsOn(Value group) const {
  int64_t neighbours = 0;
  for (Operation *tie : ties) {
    Value in = leaderOf(tie->getOperand(0)), out = leaderOf(tie->getResult(0));
    bool isBeside = in != out && (in == group || out == group);
    if (isBeside && (isTie(tie) || (isa<TransposeOp>(tie) && isTurned(in) && isTurned(out))))
      ++neighbours;
  }
  return neighbours > 1;
}

/// Split channels that lead nowhere stay: a normalisation by groups, say, reads them first.
void LayoutGroups::prune() {
  for (bool shrinks = true; shrinks;) {
    shrinks = false;
    for (auto [group, count] : channels) {
      if (count < 2 || seeds.contains(group) || leadsOn(group))
        continue;
      channels[group] = 0;
      shrinks = true;
    }
  }
}

} // namespace weft
