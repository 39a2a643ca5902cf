// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolution of one input channel a group, in one or two dimensions: the rows that a block of
// output rows reads are copied once with their padding, columns sorted by their remainder modulo
// the stride. Every tap then reads neighbours for neighbours, whatever stride and dilation are.

#include "codegen/cpu/Tiles.h"

namespace weft {

/// Elements of copied rows and of sums that one chunk may keep, about: they stay in L1.
static constexpr int64_t blockElements = 4096;
/// The most of both that is put on the stack, for one row of output.
static constexpr int64_t mostElements = 4 * blockElements;
/// Output channels of a group beyond which the panels of Conv.cpp use a copy better.
static constexpr int64_t mostChannels = 4;
/// Taps that are written out.
static constexpr int64_t mostTaps = 49;

namespace {

/// One spatial dimension.
struct DepthwiseAxis {
  int64_t in = 1, out = 1, taps = 1, stride = 1, low = 0, dilation = 1;

  int64_t reach() const { return (taps - 1) * dilation; }
};

struct DepthwisePlan {
  /// None where other loops fit better.
  static std::optional<DepthwisePlan> of(ConvOp op, int64_t lanes);

  int64_t vectors() const { return paddedWidth / lanes; }
  int64_t copiedRows() const { return (rows - 1) * y.stride + y.reach() + 1; }
  int64_t elements() const { return copiedRows() * pitch + rows * paddedWidth; }

  ConvOp op;
  size_t rank = 0;
  DepthwiseAxis y, x;
  int64_t lanes = 0, channels = 1; ///< Output channels of a group.
  int64_t paddedWidth = 0;         ///< Of an output row: whole vectors.
  int64_t phasePitch = 0;          ///< Columns of one remainder modulo the stride.
  int64_t pitch = 0;               ///< Columns of a copied row.
  int64_t rows = 1;                ///< Output rows of one chunk.
};

class DepthwiseEmitter {
public:
  DepthwiseEmitter(Kernel &ownerKernel, const DepthwisePlan &thePlan, Type sum);

  void emitChunk(Value image, Value group, Value firstRow);

private:
  void copyRows(Value image, Value group, Value firstRow);
  void copyRow(Value from, Value to);
  void fill(Value start, int64_t from, int64_t to);
  void multiply(Value channel, Value count);
  void multiplyColumns(ArrayRef<Value> weights, Value row, Value column, int64_t vectors);
  void storeRows(Value image, Value channel, Value firstRow, Value count);

  Kernel &kernel;
  const DepthwisePlan &plan;
  ConvOp op;
  Code &code;
  Scalar &scalar;
  Tiles tiles;
  Type element;
  Value input, filter, copied, sums;
};

} // namespace

std::optional<DepthwisePlan> DepthwisePlan::of(ConvOp op, int64_t lanes) {
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  SmallVector<Dim> filter = dimsOf(op.getFilter());
  DepthwisePlan plan;
  plan.op = op;
  plan.rank = in.size() - 2;
  plan.lanes = lanes;
  Dim groups(op.getGroups());
  auto channels = out[1].constant();
  if (plan.rank < 1 || plan.rank > 2 || in[1] != groups || !channels ||
      *channels > mostChannels * static_cast<int64_t>(op.getGroups()) || *channels == 0)
    return std::nullopt;
  plan.channels = *channels / static_cast<int64_t>(op.getGroups());
  for (size_t d = 0; d < plan.rank; ++d) {
    auto inSize = in[d + 2].constant(), outSize = out[d + 2].constant();
    auto taps = filter[d + 2].constant();
    if (!inSize || !outSize || !taps || *inSize <= 0 || *outSize <= 0 || *taps <= 0)
      return std::nullopt;
    DepthwiseAxis &axis = d + 1 == plan.rank ? plan.x : plan.y;
    axis = {*inSize, *outSize, *taps, op.getStrides()[d], op.getPadLow()[d], op.getDilations()[d]};
  }
  if (plan.y.taps > mostTaps || plan.x.taps > mostTaps || plan.y.taps * plan.x.taps > mostTaps ||
      plan.x.stride > 4 || plan.y.stride > 64 || plan.x.out > mostElements ||
      plan.y.dilation > mostElements || plan.x.dilation > mostElements)
    return std::nullopt;
  plan.paddedWidth = llvm::divideCeil(plan.x.out, lanes) * lanes;
  plan.phasePitch = plan.paddedWidth + plan.x.reach() / plan.x.stride;
  plan.pitch = plan.phasePitch * plan.x.stride;
  if (plan.elements() > mostElements)
    return std::nullopt;
  for (; plan.rows < plan.y.out; ++plan.rows) {
    DepthwisePlan more = plan;
    ++more.rows;
    if (more.elements() > blockElements)
      break;
  }
  plan.rows = balancedTile(plan.y.out, plan.rows);
  return plan;
}

DepthwiseEmitter::DepthwiseEmitter(Kernel &ownerKernel, const DepthwisePlan &thePlan, Type sum)
    : kernel(ownerKernel), plan(thePlan), op(thePlan.op), code(kernel.code()),
      scalar(kernel.scalar()), tiles(kernel, elementOf(op.getInput()), sum),
      element(elementOf(op.getInput())), input(kernel.elements().flat(op.getInput())),
      filter(kernel.elements().flat(op.getFilter())) {
  copied = kernel.scratch(plan.copiedRows() * plan.pitch, sum);
  sums = kernel.scratch(plan.rows * plan.paddedWidth, sum);
}

//===-- Copying -----------------------------------------------------------------------------===//

/// Zeros in columns [from, to) of the row at `start`.
void DepthwiseEmitter::fill(Value start, int64_t from, int64_t to) {
  Value nothing = scalar.constant(tiles.sum, 0.0);
  if (from < to)
    code.loop(code.index(from), code.index(to), 1,
              [&](Value j) { scalar.store(nothing, copied, code.add(start, j), tiles.sum); });
}

/// Copies the input row at `from`: column j of remainder p is input column j * stride + p - low.
void DepthwiseEmitter::copyRow(Value from, Value to) {
  const DepthwiseAxis &x = plan.x;
  auto firstFrom = [&](int64_t place) { // The first column at or behind an input column.
    int64_t column = place <= 0 ? 0 : static_cast<int64_t>(llvm::divideCeil(place, x.stride));
    return std::min(column, plan.phasePitch);
  };
  for (int64_t phase = 0; phase < x.stride; ++phase) {
    Value start = code.add(to, code.index(phase * plan.phasePitch));
    int64_t low = firstFrom(x.low - phase), high = firstFrom(x.in + x.low - phase);
    fill(start, 0, low);
    code.loop(code.index(low), code.index(std::max(low, high)), 1, [&](Value j) {
      Value column = code.add(code.mul(j, code.index(x.stride)), code.index(phase));
      Value place = code.sub(code.add(from, column), code.index(x.low));
      Value value = scalar.load(input, place, element);
      scalar.store(widenForSum(scalar, value, element, tiles.sum), copied, code.add(start, j),
                   tiles.sum);
    });
    fill(start, std::max(low, high), plan.phasePitch);
  }
}

void DepthwiseEmitter::copyRows(Value image, Value group, Value firstRow) {
  using mlir::arith::CmpIPredicate;
  const DepthwiseAxis &y = plan.y;
  Value channel = code.add(code.mul(image, code.index(op.getGroups())), group);
  Value start = code.mul(channel, code.index(y.in * plan.x.in));
  code.loop(code.index(0), code.index(plan.copiedRows()), 1, [&](Value r) {
    Value row = code.add(code.mul(firstRow, code.index(y.stride)), r);
    row = code.sub(row, code.index(y.low));
    Value to = code.mul(r, code.index(plan.pitch));
    // Seen as unsigned, a row above the first is beyond the last.
    code.ifThen(code.compare(CmpIPredicate::ult, row, code.index(y.in)),
                [&] { copyRow(code.add(start, code.mul(row, code.index(plan.x.in))), to); });
    code.ifThen(code.compare(CmpIPredicate::uge, row, code.index(y.in)),
                [&] { fill(to, 0, plan.pitch); });
  });
}

//===-- Products ----------------------------------------------------------------------------===//

void DepthwiseEmitter::multiplyColumns(ArrayRef<Value> weights, Value row, Value column,
                                       int64_t vectors) {
  SmallVector<Value> totals = tiles.zeros(vectors);
  Value first = code.mul(row, code.index(plan.y.stride * plan.pitch));
  first = code.add(first, column);
  for (int64_t i = 0; i < plan.y.taps; ++i)
    for (int64_t j = 0; j < plan.x.taps; ++j) {
      int64_t across = j * plan.x.dilation, phase = across % plan.x.stride;
      int64_t shift =
          i * plan.y.dilation * plan.pitch + phase * plan.phasePitch + across / plan.x.stride;
      for (int64_t v = 0; v < vectors; ++v) {
        Value place = code.add(first, code.index(shift + v * plan.lanes));
        totals[v] = tiles.multiplyAdd(weights[i * plan.x.taps + j], tiles.loadSums(copied, place),
                                      totals[v]);
      }
    }
  Value to = code.add(code.mul(row, code.index(plan.paddedWidth)), column);
  for (int64_t v = 0; v < vectors; ++v)
    tiles.storeSums(totals[v], sums, code.add(to, code.index(v * plan.lanes)));
}

/// The sums of output channel `channel` in the first `count` rows of the block.
void DepthwiseEmitter::multiply(Value channel, Value count) {
  int64_t taps = plan.y.taps * plan.x.taps;
  SmallVector<Value> weights;
  for (int64_t tap = 0; tap < taps; ++tap) {
    Value place = code.add(code.mul(channel, code.index(taps)), code.index(tap));
    weights.push_back(tiles.spread(tiles.loadScalar(filter, place)));
  }
  int64_t wide = std::min<int64_t>(plan.vectors(), taps <= 9 ? 4 : 2);
  int64_t rest = plan.vectors() % wide;
  int64_t step = wide * plan.lanes, whole = (plan.vectors() - rest) * plan.lanes;
  code.loop(code.index(0), count, 1, [&](Value row) {
    code.loop(code.index(0), code.index(whole), step,
              [&](Value column) { multiplyColumns(weights, row, column, wide); });
    if (rest)
      multiplyColumns(weights, row, code.index(whole), rest);
  });
}

void DepthwiseEmitter::storeRows(Value image, Value channel, Value firstRow, Value count) {
  code.loop(code.index(0), count, 1, [&](Value i) {
    code.loop(code.index(0), code.index(plan.x.out), 1, [&](Value j) {
      SmallVector<Value> indices{image, channel};
      if (plan.rank == 2)
        indices.push_back(code.add(firstRow, i));
      indices.push_back(j);
      Value place = code.add(code.mul(i, code.index(plan.paddedWidth)), j);
      kernel.storeFromRoot(indices, scalar.load(sums, place, tiles.sum));
    });
  });
}

void DepthwiseEmitter::emitChunk(Value image, Value group, Value firstRow) {
  Value count = code.min(code.sub(code.index(plan.y.out), firstRow), code.index(plan.rows));
  copyRows(image, group, firstRow);
  code.loop(code.index(0), code.index(plan.channels), 1, [&](Value m) {
    Value channel = code.add(code.mul(group, code.index(plan.channels)), m);
    multiply(channel, count);
    storeRows(image, channel, firstRow, count);
  });
}

bool lowerDepthwise(Kernel &kernel, ConvOp op) {
  if (!isa<mlir::BlockArgument>(op.getInput()) || !isa<mlir::BlockArgument>(op.getFilter()) ||
      elementOf(op.getInput()) != elementOf(op.getFilter()))
    return false;
  Type sum = sumType(elementOf(op.getInput()), elementOf(op.getResult()));
  std::optional<DepthwisePlan> plan = DepthwisePlan::of(op, lanesOf(kernel.target, sum));
  if (!plan)
    return false;
  Dim batch = dimsOf(op.getInput())[0], groups(op.getGroups());
  Dim blocks(llvm::divideCeil(plan->y.out, plan->rows));
  int64_t taps = plan->y.taps * plan->x.taps;
  kernel.begin(batch * groups * blocks,
               Kernel::grainFor((taps * plan->channels + 4) * plan->rows * plan->vectors()));
  DepthwiseEmitter emitter(kernel, *plan, sum);
  Code &code = kernel.code();
  kernel.forChunks([&](Value index) {
    SmallVector<Value> at =
        code.delinearize(index, kernel.elements().sizes({batch, groups, blocks}));
    emitter.emitChunk(at[0], at[1], code.mul(at[2], code.index(plan->rows)));
  });
  return true;
}

} // namespace weft
