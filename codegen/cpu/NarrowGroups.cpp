// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolution in groups of few output channels, channels last: a vector holds those of several
// neighbouring groups. Their input channels lie side by side as well and are read as vectors, of
// which a shuffle spreads one channel of each group over the lanes of its group. So a product fills
// the vector, where each group by itself fills a part. The panels of the groups are put side by
// side on the stack first, for many places.

#include "codegen/cpu/Epilogue.h"
#include "codegen/cpu/PackedConv.h"
#include "codegen/cpu/Windows.h"
#include "passes/layouts/Panels.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/bit.h"

#include <map>
#include <numeric>

namespace weft {

namespace vector = mlir::vector;
using mlir::arith::CmpIPredicate;

/// Rows of a tile, beyond which its code only grows.
static constexpr int64_t mostRows = 14;
/// The bytes within which a shuffle costs least.
static constexpr int64_t partBytes = 16;
/// Taps of a line that are written out, and share what is spread of a place.
static constexpr int64_t mostWritten = 7;
/// Bytes of input for one chunk, a part of a second-level cache, and chunks to share.
static constexpr int64_t blockBytes = 256 * 1024, enoughChunks = 16;
/// Blocks of lines from which on threads share lines instead of channels, and places of a block:
/// each puts all panels side by side again, which takes as long as the products of about six.
static constexpr int64_t enoughLineBlocks = 4, fewestPlaces = 64;
/// Rows of weights, of a vector each, of the vectors of channels that a tile goes through together:
/// where it has few products, its places are read and written as long runs.
static constexpr int64_t mostRowsTogether = 64;
/// Extents that are not counted at compile time are taken for as many.
static constexpr int64_t unknownExtent = 64;

namespace {

struct NarrowPlan : LineChunks {
  /// None where no two groups share a vector.
  static std::optional<NarrowPlan> of(PackedConvOp op, VectorTarget target);

  /// Input channels of a group, counted in packs.
  int64_t inputs() const { return inputChannels / interleave; }
  /// Rows of weights: one for each tap and input channel.
  int64_t rows() const { return taps * inputs(); }
  bool isWritten() const { return line.axis.taps <= mostWritten; }

  Value input, filter, result;
  TiledLine line;
  int64_t taps = 1;                                   ///< Of the whole window.
  int64_t groups = 1, inputChannels = 1, outputs = 1; ///< The latter are those of one group.
  int64_t width = 1, interleave = 1;                  ///< Of panels.
  int64_t lanes = 1, together = 1; ///< Of a vector, and the groups that share one.
  /// Channels of a group that are summed side by side: those that stand alike in the parts of a
  /// vector. What is spread within parts serves all of them before it moves to other parts.
  int64_t sideBySide = 1;

private:
  int64_t tileRows(const WindowAxis &x, VectorTarget target) const;
  void chooseBlocks(int64_t elementBytes);
};

class NarrowEmitter {
public:
  NarrowEmitter(Kernel &ownerKernel, const NarrowPlan &thePlan);

  void emitChunk(Value number);

private:
  using Sums = WindowLoops::Sums;

  /// The groups of one vector.
  struct Lanes {
    Value first; ///< Group.
    int64_t groups;
    Value panels; ///< Where theirs stand side by side.
  };

  void forVectors(IndexRange vectors, llvm::function_ref<void(const Lanes &)> body);
  void placePanels(const Lanes &at);
  void emitLine(IndexRange vectors, const WindowLine &line);
  Sums forChannels(Sums sums, llvm::function_ref<Sums(ArrayRef<int64_t>, const Sums &)> body);
  Sums sumTaps(const Lanes &at, Value start, Value firstTap, ArrayRef<TapSegment> segments,
               Sums sums);
  Sums sumWrittenTaps(const Lanes &at, Value start, Value firstTap, ArrayRef<TapSegment> segments,
                      Sums sums);
  Sums sumManyTaps(const Lanes &at, Value start, Value firstTap, IndexRange taps, const Sums &sums);
  Sums sumBorderTaps(const Lanes &at, Value start, Value firstTap, IndexRange taps, Sums sums);
  Value inputStart(const Lanes &at, Value inputLine, Value x);
  Value loadUnits(Value buffer, Value place, Type element, int64_t count);
  SmallVector<Value> loadPlace(const Lanes &at, Value place);
  Value spread(const Lanes &at, ArrayRef<Value> loaded, int64_t channel);
  Value weightsAt(const Lanes &at, Value tap, int64_t channel);
  Value product(Value x, Value weights, Value sum);
  void store(const Lanes &at, const WindowLine &line, Value x, int64_t height,
             ArrayRef<Value> sums);

  const NarrowPlan &plan;
  Code &code;
  Elements &elements;
  Tiles tiles;
  Epilogue epilogue;
  WindowLoops loops;
  Value input, filter;
  Type unit;        ///< What a lane is multiplied with: of the type of sums, or a pack.
  Value panels;     ///< Those of the groups of each vector of a chunk, side by side.
  int64_t channels; ///< Of the whole input.
};

} // namespace

//===-- Plan --------------------------------------------------------------------------------===//

int64_t groupsTogether(PackedConvOp op, VectorTarget target) {
  auto groups = static_cast<int64_t>(op.getGroups());
  auto interleave = static_cast<int64_t>(op.getInterleave());
  ArrayRef<int64_t> filter = cast<RankedTensorType>(op.getFilter().getType()).getShape();
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  Type element = elementOf(op.getInput());
  if (interleave > 1)
    filter = filter.drop_back();
  bool isPack = interleave == 1 || (!element.isF16() && interleave == Tiles::packSize(element));
  if (groups == 1 || in.size() < 3 || op.getTransposed() || op.getScales() || !isPack ||
      !in.back().isConstant() || llvm::is_contained(filter, 0))
    return 1;
  GroupShape group{*in.back().constant() / groups, *out.back().constant() / groups, 1};
  for (int64_t taps : filter.slice(1, in.size() - 2))
    group.taps *= taps;
  if (group.outputs > filter.back())
    return 1;
  return narrowGroups(lanesOf(target, sumType(element, elementOf(op.getResult()))), groups, group,
                      interleave);
}

/// The most rows whose sums fit in registers beside what the rows see of a line and some weights.
int64_t NarrowPlan::tileRows(const WindowAxis &x, VectorTarget target) const {
  int64_t free = target.registers - (target.registers >= 32 ? 4 : 2);
  auto loads = static_cast<int64_t>(llvm::divideCeil(together * inputs(), lanes));
  if (x.taps > mostWritten)
    return std::clamp<int64_t>(free - loads - 2, 1, mostRows);
  auto needed = [&](int64_t rows) {
    llvm::SmallDenseSet<int64_t> covered;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t t = 0; t < x.taps; ++t)
        covered.insert(i * x.stride + t * x.dilation);
    return rows + static_cast<int64_t>(covered.size()) * loads + sideBySide * (x.taps + 1);
  };
  int64_t rows = mostRows;
  while (rows > 1 && needed(rows) > free)
    --rows;
  return rows;
}

/// As for a depthwise convolution, but for the panels: see DepthwisePlan.
void NarrowPlan::chooseBlocks(int64_t elementBytes) {
  int64_t step = outer.empty() ? 1 : outer.back().stride;
  vectorsPerBlock = balancedTile(vectors, std::max<int64_t>(1, mostRowsTogether / rows()));
  int64_t lineBytes = line.axis.in.constant().value_or(unknownExtent) * step * vectorsPerBlock *
                      together * inputChannels * elementBytes;
  int64_t places = std::max<int64_t>(1, line.axis.out.constant().value_or(unknownExtent));
  int64_t all = std::max<int64_t>(1, lines().constant().value_or(unknownExtent));
  linesPerBlock = std::clamp<int64_t>(blockBytes / std::max<int64_t>(1, lineBytes), 1, all);
  linesOutside = all * places >= enoughLineBlocks * fewestPlaces;
  auto isEnough = [&] {
    auto blocks = static_cast<int64_t>(llvm::divideCeil(all, linesPerBlock));
    return linesOutside ? blocks >= enoughLineBlocks
                        : blocks * llvm::divideCeilSigned(vectors, vectorsPerBlock) >= enoughChunks;
  };
  while (!isEnough() && linesPerBlock > 1 && linesPerBlock * places >= 2 * fewestPlaces)
    linesPerBlock = llvm::divideCeil(linesPerBlock, 2);
  linesPerBlock = evenBlocks(all, linesPerBlock);
}

std::optional<NarrowPlan> NarrowPlan::of(PackedConvOp op, VectorTarget target) {
  int64_t together = groupsTogether(op, target);
  if (together == 1 || !isa<mlir::BlockArgument>(op.getInput()) ||
      !isa<mlir::BlockArgument>(op.getFilter()))
    return std::nullopt;
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  ArrayRef<int64_t> filter = cast<RankedTensorType>(op.getFilter().getType()).getShape();
  Type element = elementOf(op.getInput());
  NarrowPlan plan;
  plan.input = op.getInput();
  plan.filter = op.getFilter();
  plan.result = op.getResult();
  plan.images = in[0];
  plan.together = together;
  plan.groups = op.getGroups();
  plan.vectors = llvm::divideCeilSigned(plan.groups, together);
  plan.inputChannels = *in.back().constant() / plan.groups;
  plan.outputs = *out.back().constant() / plan.groups;
  plan.interleave = op.getInterleave();
  plan.width = filter[in.size()];
  plan.lanes = lanesOf(target, sumType(element, elementOf(op.getResult())));
  int64_t part = std::max<int64_t>(1, plan.lanes * partBytes / target.bytes);
  if (together * plan.inputs() <= plan.lanes && plan.inputs() % part == 0 &&
      plan.outputs % part == 0)
    plan.sideBySide = plan.inputs() / part;
  for (size_t d = 0; d + 2 < in.size(); ++d) {
    plan.outer.push_back({in[1 + d], out[1 + d], filter[1 + d], op.getStrides()[d],
                          op.getPadLow()[d], op.getPadHigh()[d], op.getDilations()[d]});
    plan.taps *= filter[1 + d];
  }
  WindowAxis x = plan.outer.pop_back_val();
  plan.line = TiledLine(x, plan.tileRows(x, target));
  plan.chooseBlocks(llvm::divideCeil(element.getIntOrFloatBitWidth(), 8));
  return plan;
}

//===-- Chunks ------------------------------------------------------------------------------===//

static Tiles tilesOf(Kernel &kernel, const NarrowPlan &plan) {
  Type element = elementOf(plan.input);
  return {kernel, element, sumType(element, elementOf(plan.result))};
}

NarrowEmitter::NarrowEmitter(Kernel &ownerKernel, const NarrowPlan &thePlan)
    : plan(thePlan), code(ownerKernel.code()), elements(ownerKernel.elements()),
      tiles(tilesOf(ownerKernel, plan)), epilogue(ownerKernel, tiles, plan.line.height),
      loops(ownerKernel, plan.images, plan.outer), input(elements.flat(plan.input)),
      filter(elements.flat(plan.filter)),
      unit(plan.interleave > 1 ? code.builder.getI32Type() : tiles.sum),
      panels(ownerKernel.scratch(plan.vectorsPerBlock * plan.rows() * plan.lanes, unit)),
      channels(plan.groups * plan.inputChannels) {}

void NarrowEmitter::emitChunk(Value number) {
  auto [lines, vectors] = loops.blocksOf(plan, number);
  forVectors(vectors, [&](const Lanes &shared) { placePanels(shared); });
  loops.forLines(lines, [&](const WindowLine &line) { emitLine(vectors, line); });
}

/// Whole vectors in a loop, and the last one with the groups that are left.
void NarrowEmitter::forVectors(IndexRange vectors, llvm::function_ref<void(const Lanes &)> body) {
  int64_t whole = plan.groups / plan.together, rest = plan.groups % plan.together;
  auto emit = [&](Value number, int64_t groups) {
    Value place = code.mul(code.sub(number, vectors.from), code.index(plan.rows() * plan.lanes));
    body({code.mul(number, code.index(plan.together)), groups, place});
  };
  Value end = code.index(whole);
  code.loop(vectors.from, rest > 0 ? code.min(vectors.to, end) : vectors.to, 1,
            [&](Value number) { emit(number, plan.together); });
  if (rest > 0)
    code.ifThen(code.compare(CmpIPredicate::sgt, vectors.to, end), [&] { emit(end, rest); });
}

/// A row of weights for each tap and input channel. Lanes of no group are 0: what stood on the
/// stack may be slow to multiply.
void NarrowEmitter::placePanels(const Lanes &at) {
  int64_t rows = plan.rows(), rowElements = plan.width * plan.interleave;
  auto type = mlir::VectorType::get({plan.lanes}, unit);
  code.loop(code.index(0), code.index(rows), 1, [&](Value row) {
    Value to = code.add(at.panels, code.mul(row, code.index(plan.lanes)));
    if (at.groups * plan.outputs < plan.lanes)
      tiles.storeSums(tiles.scalar.constant(type, 0.0), panels, to);
    for (int64_t group = 0; group < at.groups; ++group) {
      Value panel = code.mul(code.add(at.first, code.index(group)), code.index(rows));
      Value from = code.mul(code.add(panel, row), code.index(rowElements));
      tiles.storeSums(loadUnits(filter, from, elementOf(plan.filter), plan.outputs), panels,
                      code.add(to, code.index(group * plan.outputs)));
    }
  });
}

//===-- Operands ----------------------------------------------------------------------------===//

/// `count` elements, widened, or packs from `place` on.
Value NarrowEmitter::loadUnits(Value buffer, Value place, Type element, int64_t count) {
  auto type = mlir::VectorType::get({count * plan.interleave}, storageType(element));
  Value loaded =
      vector::LoadOp::create(code.builder, code.loc, type, buffer, mlir::ValueRange(place));
  if (plan.interleave > 1)
    return vector::BitCastOp::create(code.builder, code.loc, mlir::VectorType::get({count}, unit),
                                     loaded);
  return widenForSum(tiles.scalar, loaded, element, tiles.sum);
}

/// All channels of the groups of a vector at one place, in one or two vectors.
SmallVector<Value> NarrowEmitter::loadPlace(const Lanes &at, Value place) {
  SmallVector<Value> loaded;
  int64_t all = at.groups * plan.inputs();
  for (int64_t from = 0; from < all; from += plan.lanes) {
    int64_t count = std::min(plan.lanes, all - from);
    Value start = code.add(place, code.index(from * plan.interleave));
    Type element = elementOf(plan.input);
    // A vector of an odd length would be loaded in parts.
    if (plan.interleave == 1 && !llvm::has_single_bit(static_cast<uint64_t>(count))) {
      loaded.push_back(tiles.loadVector(input, start, tiles.maskOf(code.index(count))));
      continue;
    }
    Value part = loadUnits(input, start, element, count);
    SmallVector<int64_t> places(plan.lanes, vector::ShuffleOp::kPoisonIndex);
    std::iota(places.begin(), places.begin() + count, 0);
    if (count < plan.lanes)
      part = vector::ShuffleOp::create(code.builder, code.loc, part, part, places);
    loaded.push_back(part);
  }
  return loaded;
}

/// Input channel `channel` of each group in all lanes of the group.
Value NarrowEmitter::spread(const Lanes &at, ArrayRef<Value> loaded, int64_t channel) {
  SmallVector<int64_t> places(plan.lanes, vector::ShuffleOp::kPoisonIndex);
  for (int64_t lane = 0; lane < at.groups * plan.outputs; ++lane)
    places[lane] = lane / plan.outputs * plan.inputs() + channel;
  return vector::ShuffleOp::create(code.builder, code.loc, loaded.front(), loaded.back(), places);
}

Value NarrowEmitter::weightsAt(const Lanes &at, Value tap, int64_t channel) {
  Value row = code.add(code.mul(tap, code.index(plan.inputs())), code.index(channel));
  auto type = mlir::VectorType::get({plan.lanes}, unit);
  Value place = code.add(at.panels, code.mul(row, code.index(plan.lanes)));
  return vector::LoadOp::create(code.builder, code.loc, type, panels, mlir::ValueRange(place));
}

Value NarrowEmitter::product(Value x, Value weights, Value sum) {
  return plan.interleave > 1 ? tiles.multiplyAddPacks(x, weights, sum, elementOf(plan.filter))
                             : tiles.multiplyAdd(x, weights, sum);
}

//===-- Tiles -------------------------------------------------------------------------------===//

/// Where the window at `x` begins in a line of the input; before its first element at the border.
Value NarrowEmitter::inputStart(const Lanes &at, Value inputLine, Value x) {
  const WindowAxis &axis = plan.line.axis;
  Value first = code.sub(code.mul(x, code.index(axis.stride)), code.index(axis.low));
  Value place = code.add(code.mul(inputLine, elements.size(axis.in)), first);
  return code.add(code.mul(place, code.index(channels)),
                  code.mul(at.first, code.index(plan.inputChannels)));
}

/// All vectors of a tile before the next tile.
void NarrowEmitter::emitLine(IndexRange vectors, const WindowLine &line) {
  const WindowAxis &axis = plan.line.axis;
  auto firstTap = [&](Value tap) { return code.mul(tap, code.index(axis.taps)); };
  auto tile = [&](Value x, ArrayRef<TapSegment> segments, int64_t height) {
    forVectors(vectors, [&](const Lanes &at) {
      auto body = [&](Value inputLine, Value tap, Sums sums) {
        return sumTaps(at, inputStart(at, inputLine, x), firstTap(tap), segments, std::move(sums));
      };
      store(at, line, x, height, loops.sumLines(line, tiles.zeros(height), body));
    });
  };
  auto border = [&](Value x) {
    IndexRange taps = loops.tapsInside(axis, x);
    forVectors(vectors, [&](const Lanes &at) {
      auto body = [&](Value inputLine, Value tap, Sums sums) {
        return sumBorderTaps(at, inputStart(at, inputLine, x), firstTap(tap), taps,
                             std::move(sums));
      };
      store(at, line, x, 1, loops.sumLines(line, tiles.zeros(1), body));
    });
  };
  loops.forTiles(plan.line, loops.allTiles(plan.line), tile, border);
}

/// Goes through the channels of a group, those that are summed side by side at once.
NarrowEmitter::Sums
NarrowEmitter::forChannels(Sums sums,
                           llvm::function_ref<Sums(ArrayRef<int64_t>, const Sums &)> body) {
  int64_t distance = plan.inputs() / plan.sideBySide;
  for (int64_t first = 0; first < distance; ++first) {
    SmallVector<int64_t> together;
    for (int64_t channel = first; channel < plan.inputs(); channel += distance)
      together.push_back(channel);
    sums = body(together, sums);
  }
  return sums;
}

/// Adds the taps of one line of the input.
NarrowEmitter::Sums NarrowEmitter::sumTaps(const Lanes &at, Value start, Value firstTap,
                                           ArrayRef<TapSegment> segments, Sums sums) {
  const WindowAxis &axis = plan.line.axis;
  if (plan.isWritten())
    return sumWrittenTaps(at, start, firstTap, segments, std::move(sums));
  for (const TapSegment &segment : segments) {
    Sums part(ArrayRef(sums).slice(segment.from, segment.to - segment.from));
    IndexRange taps{code.index(segment.first), code.index(segment.last)};
    Value first = code.add(start, code.index(segment.from * axis.stride * channels));
    part = sumManyTaps(at, first, firstTap, taps, part);
    llvm::copy(part, sums.begin() + segment.from);
  }
  return sums;
}

/// Channel by channel and place by place: what is spread of a place serves all taps that see it.
NarrowEmitter::Sums NarrowEmitter::sumWrittenTaps(const Lanes &at, Value start, Value firstTap,
                                                  ArrayRef<TapSegment> segments, Sums sums) {
  const WindowAxis &axis = plan.line.axis;
  // The taps and rows that see a place; of a row they come in ascending order.
  std::map<int64_t, SmallVector<std::pair<int64_t, int64_t>>> seen;
  for (const TapSegment &segment : segments)
    for (int64_t t = segment.first; t < segment.last; ++t)
      for (int64_t i = segment.from; i < segment.to; ++i)
        seen[i * axis.stride + t * axis.dilation].push_back({t, i});
  llvm::SmallDenseMap<int64_t, SmallVector<Value>> loaded;
  return forChannels(std::move(sums), [&](ArrayRef<int64_t> together, Sums now) {
    llvm::SmallDenseMap<std::pair<int64_t, int64_t>, Value> weights;
    for (auto &[shift, pairs] : seen) {
      SmallVector<Value> &place = loaded[shift];
      if (place.empty())
        place = loadPlace(at, code.add(start, code.index(shift * channels)));
      for (int64_t channel : together) {
        Value x = spread(at, place, channel);
        for (auto [tap, row] : pairs) {
          Value &weight = weights[{tap, channel}];
          if (!weight)
            weight = weightsAt(at, code.add(firstTap, code.index(tap)), channel);
          now[row] = product(x, weight, now[row]);
        }
      }
    }
    return now;
  });
}

/// Tap by tap, for rows that follow each other.
NarrowEmitter::Sums NarrowEmitter::sumManyTaps(const Lanes &at, Value start, Value firstTap,
                                               IndexRange taps, const Sums &sums) {
  const WindowAxis &axis = plan.line.axis;
  return code.loop(taps.from, taps.to, 1, sums, [&](Value t, ValueRange current) {
    Sums now(current);
    Value tap = code.add(firstTap, t);
    Value place = code.add(start, code.mul(t, code.index(axis.dilation * channels)));
    for (auto [row, sum] : llvm::enumerate(now)) {
      auto shift = static_cast<int64_t>(row) * axis.stride * channels;
      SmallVector<Value> loaded = loadPlace(at, code.add(place, code.index(shift)));
      for (int64_t channel = 0; channel < plan.inputs(); ++channel)
        sum = product(spread(at, loaded, channel), weightsAt(at, tap, channel), sum);
    }
    return now;
  });
}

/// One place with the taps that it has, in the order of its tiles.
NarrowEmitter::Sums NarrowEmitter::sumBorderTaps(const Lanes &at, Value start, Value firstTap,
                                                 IndexRange taps, Sums sums) {
  if (!plan.isWritten())
    return sumManyTaps(at, start, firstTap, taps, sums);
  Value step = code.index(plan.line.axis.dilation * channels);
  return forChannels(std::move(sums), [&](ArrayRef<int64_t> together, const Sums &before) {
    return code.loop(taps.from, taps.to, 1, before, [&](Value t, ValueRange current) {
      Value sum = current[0], tap = code.add(firstTap, t);
      SmallVector<Value> loaded = loadPlace(at, code.add(start, code.mul(t, step)));
      for (int64_t channel : together)
        sum = product(spread(at, loaded, channel), weightsAt(at, tap, channel), sum);
      return Sums{sum};
    });
  });
}

void NarrowEmitter::store(const Lanes &at, const WindowLine &line, Value x, int64_t height,
                          ArrayRef<Value> sums) {
  auto indicesOf = [&](Value row) {
    SmallVector<Value> indices = line.places;
    indices.push_back(code.add(x, row));
    return indices;
  };
  epilogue.store({sums, height, 1, indicesOf, code.mul(at.first, code.index(plan.outputs)),
                  code.index(at.groups * plan.outputs)});
}

bool lowerNarrowGroups(Kernel &kernel, PackedConvOp op) {
  std::optional<NarrowPlan> plan = NarrowPlan::of(op, kernel.target);
  if (!plan)
    return false;
  int64_t places = plan->line.axis.out.constant().value_or(unknownExtent);
  int64_t work = places * plan->linesPerBlock * plan->vectorsPerBlock *
                 (2 * plan->taps * plan->inputs() + kernel.workPerElement());
  kernel.begin(productOf(plan->chunkSizes()), Kernel::grainFor(work));
  NarrowEmitter emitter(kernel, *plan);
  kernel.forChunks([&](Value number) { emitter.emitChunk(number); });
  return true;
}

} // namespace weft
