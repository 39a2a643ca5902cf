// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolution of one input channel each, channels last: vectors run along the channels. A tile is
// some places of a line; each vector of the input that it covers is read once for each line of
// taps. Where the filter of a vector of channels fits in registers it stays there for many lines.

#include "codegen/cpu/DepthwiseLast.h"

#include "passes/Expansion.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace weft {

using mlir::arith::CmpIPredicate;

/// Places of a tile: more of them reuse a vector of the input more often, and 8 sums leave room for
/// the filter of a 3x3 window and cover the latency of a product.
static constexpr int64_t mostPlaces = 8, fewPlaces = 4;
/// Registers beside filter and sums: a zero, and vectors of the input on their way.
static constexpr int64_t spareRegisters = 4;
/// Places whose distance is a multiple of this fall on few lines of a first-level cache: a tile of
/// 4 places under a 3x3 window still fits. Then as many vectors of a tile follow each other as
/// share a page with it, and what of the input is read again is read from there.
static constexpr int64_t aliasBytes = 2048, vectorsTogether = 8;
/// Lines of a window that are written out where all are inside.
static constexpr int64_t mostWritten = 7;
/// Bytes of input for one chunk, a part of a second-level cache, and chunks to share.
static constexpr int64_t blockBytes = 256 * 1024, enoughChunks = 16;
/// Blocks of lines from which on threads share lines instead of channels.
static constexpr int64_t enoughLineBlocks = 8;
/// Lines that are not counted at compile time are taken for as many.
static constexpr int64_t unknownLines = 64;

//===-- Plan --------------------------------------------------------------------------------===//

std::optional<DepthwisePlan> DepthwisePlan::of(DepthwiseConvOp op, VectorTarget target) {
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  ArrayRef<int64_t> filter = cast<RankedTensorType>(op.getFilter().getType()).getShape();
  if ((!isa<mlir::BlockArgument>(op.getInput()) && !expansionOf(op)) ||
      !isa<mlir::BlockArgument>(op.getFilter()) || in.back() != out.back() ||
      llvm::is_contained(filter, 0))
    return std::nullopt;
  Type element = elementOf(op.getInput());
  DepthwisePlan plan;
  plan.input = op.getInput();
  plan.filter = op.getFilter();
  plan.result = op.getResult();
  plan.images = in[0];
  plan.channels = filter.back();
  plan.lanes = lanesOf(target, sumType(element, elementOf(op.getResult())));
  plan.vectors = llvm::divideCeilSigned(plan.channels, plan.lanes);
  for (size_t d = 0; d + 2 < in.size(); ++d) {
    plan.outer.push_back({in[1 + d], out[1 + d], filter[d], op.getStrides()[d], op.getPadLow()[d],
                          op.getPadHigh()[d], op.getDilations()[d]});
    plan.taps *= filter[d];
  }
  WindowAxis x = plan.outer.pop_back_val();
  plan.outerTaps = plan.taps / x.taps;
  int64_t bytes = llvm::divideCeil(element.getIntOrFloatBitWidth(), 8) * plan.channels;
  bool aliases = bytes % aliasBytes == 0;
  auto fits = [&](int64_t places) {
    return plan.taps + places + spareRegisters <= target.registers;
  };
  plan.vectorsPerBlock = aliases ? vectorsTogether : 1;
  plan.holdsFilter = !aliases && fits(fewPlaces);
  int64_t places = fewPlaces;
  if (plan.holdsFilter && fits(mostPlaces))
    places = mostPlaces;
  // A sliding window of the input is held beside the sums, up to twice as many.
  if (!plan.holdsFilter && !aliases)
    places = std::clamp(target.registers / 4, fewPlaces, mostPlaces);
  plan.line = TiledLine(x, places);

  int64_t step = plan.outer.empty() ? 1 : plan.outer.back().stride;
  int64_t lineBytes = x.in.constant().value_or(256) * step * plan.lanes * plan.vectorsPerBlock *
                      llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  int64_t lines = std::max<int64_t>(1, plan.lines().constant().value_or(unknownLines));
  plan.linesPerBlock = std::clamp<int64_t>(blockBytes / std::max<int64_t>(1, lineBytes), 1, lines);
  int64_t across = llvm::divideCeilSigned(plan.vectors, plan.vectorsPerBlock);
  plan.linesOutside = lines >= enoughLineBlocks;
  auto enough = [&] {
    int64_t blocks = llvm::divideCeil(lines, plan.linesPerBlock);
    return plan.linesOutside ? blocks >= enoughLineBlocks : blocks * across >= enoughChunks;
  };
  while (!enough() && plan.linesPerBlock > 1)
    plan.linesPerBlock = llvm::divideCeil(plan.linesPerBlock, 2);
  plan.linesPerBlock = evenBlocks(lines, plan.linesPerBlock);
  return plan;
}

//===-- Chunks ------------------------------------------------------------------------------===//

static Tiles tilesOf(Kernel &kernel, const DepthwisePlan &plan) {
  Type element = elementOf(plan.input);
  Tiles tiles(kernel, element, sumType(element, elementOf(plan.result)));
  tiles.lanes = plan.lanes;
  return tiles;
}

DepthwiseEmitter::DepthwiseEmitter(Kernel &ownerKernel, const DepthwisePlan &thePlan,
                                   DepthwiseRing from)
    : plan(thePlan), code(ownerKernel.code()), elements(ownerKernel.elements()),
      tiles(tilesOf(ownerKernel, plan)), epilogue(ownerKernel, tiles, plan.line.height),
      strips(code, epilogue), loops(ownerKernel, plan.images, plan.outer), ring(from),
      input(from.buffer ? from.buffer : elements.flat(plan.input)),
      filter(elements.flat(plan.filter)), pitch(from.buffer ? from.channels : plan.channels) {}

void DepthwiseEmitter::emitChunk(Value number) {
  auto [lines, vectors] = loops.blocksOf(plan, number);
  askForNext(vectors.to);
  if (!plan.holdsFilter)
    return loops.forLines(lines, [&](const WindowLine &line) { emitLine(vectors, line); });
  forVectors(vectors, [&](Channels channels) {
    holdFilter(channels);
    loops.forLines(lines, [&](const WindowLine &line) { emitLine(channels, line); });
  });
}

void DepthwiseEmitter::emitLines(IndexRange vectors, IndexRange lines,
                                 llvm::function_ref<void(const WindowLine &)> before) {
  firstChannel = code.mul(vectors.from, code.index(plan.lanes));
  loops.forLines(lines, [&](const WindowLine &line) {
    before(line);
    if (!plan.holdsFilter)
      return emitLine(vectors, line);
    forVectors(vectors, [&](Channels channels) {
      holdFilter(channels);
      emitLine(channels, line);
    });
  });
}

void DepthwiseEmitter::holdFilter(Channels &channels) {
  Sums held;
  for (int64_t tap = 0; tap < plan.taps; ++tap)
    held.push_back(filterAt(channels, code.index(tap)));
  channels.filter = std::move(held);
}

/// The taps of a vector lie far from each other, where no processor expects the next ones; at small
/// maps to wait for them took twice as long as the sums.
void DepthwiseEmitter::askForNext(Value vector) {
  for (int64_t next = 0; next < plan.vectorsPerBlock; ++next) {
    Value first = code.mul(code.add(vector, code.index(next)), code.index(plan.lanes));
    code.loop(code.index(0), code.index(plan.taps), 1, [&](Value tap) {
      tiles.prefetch(filter, code.add(code.mul(tap, code.index(plan.channels)), first));
    });
  }
}

/// Whole vectors in a loop, and the last one with a mask if it is not whole.
void DepthwiseEmitter::forVectors(IndexRange vectors, llvm::function_ref<void(Channels)> body) {
  int64_t whole = plan.channels / plan.lanes;
  Value lanes = code.index(plan.lanes), end = code.index(whole);
  if (whole > 0)
    code.loop(vectors.from, code.min(vectors.to, end), 1,
              [&](Value vector) { body({code.mul(vector, lanes), lanes, {}, {}}); });
  if (whole == plan.vectors)
    return;
  Value rest = code.index(plan.channels - whole * plan.lanes);
  code.ifThen(code.compare(CmpIPredicate::sgt, vectors.to, end),
              [&] { body({code.index(whole * plan.lanes), rest, tiles.maskOf(rest), {}}); });
}

//===-- Lines -------------------------------------------------------------------------------===//

/// Code for lines with all taps, written out, and for those at a border, where there are any.
void DepthwiseEmitter::eitherWay(const WindowLine &line,
                                 llvm::function_ref<void(bool hasAllTaps)> emit) {
  if (plan.outerTaps > mostWritten)
    return emit(false);
  Value condition = loops.hasAllTaps(line);
  if (!condition)
    return emit(true);
  code.branch(condition, [&] { emit(true); }, [&] { emit(false); });
}

void DepthwiseEmitter::beginLine(const Channels &channels, const WindowLine &line) {
  epilogue.beginLine(line.places, channels.first, channels.mask);
}

/// All vectors of a tile before the next tile, where they are taken together.
void DepthwiseEmitter::emitLine(IndexRange vectors, const WindowLine &line) {
  if (plan.vectorsPerBlock == 1)
    return forVectors(vectors, [&](const Channels &channels) { emitLine(channels, line); });
  if (epilogue.sumsLines())
    forVectors(vectors, [&](const Channels &channels) { beginLine(channels, line); });
  auto each = [&](llvm::function_ref<void(const Channels &)> emit) {
    forVectors(vectors, [&](const Channels &channels) {
      withSums(channels, line,
               [&](const SumLine &sums) { strips.eachAlone(sums, [&] { emit(channels); }); });
    });
  };
  eitherWay(line, [&](bool hasAllTaps) {
    loops.forTiles(
        plan.line, loops.allTiles(plan.line),
        [&](Value x, ArrayRef<TapSegment> segments, int64_t height) {
          each([&](const Channels &channels) {
            emitTile(channels, line, x, segments, height, hasAllTaps);
          });
        },
        [&](Value x) {
          each([&](const Channels &channels) { emitBorderPlace(channels, line, x); });
        });
  });
}

/// All tiles of a vector.
void DepthwiseEmitter::emitLine(const Channels &channels, const WindowLine &line) {
  if (epilogue.sumsLines())
    beginLine(channels, line);
  auto emit = [&](IndexRange strip) {
    eitherWay(line, [&](bool hasAllTaps) {
      loops.forTiles(
          plan.line, strip,
          [&](Value x, ArrayRef<TapSegment> segments, int64_t height) {
            emitTile(channels, line, x, segments, height, hasAllTaps);
          },
          [&](Value x) { emitBorderPlace(channels, line, x); });
    });
  };
  withSums(channels, line, [&](const SumLine &sums) {
    strips.forStrips(loops, plan.line, loops.allTiles(plan.line), sums, emit);
  });
}

/// Where the sums of a line go to.
void DepthwiseEmitter::withSums(const Channels &channels, const WindowLine &line,
                                llvm::function_ref<void(const SumLine &)> body) {
  auto indicesOf = [&](Value x) {
    SmallVector<Value> indices = line.places;
    indices.push_back(x);
    return indices;
  };
  body({1, indicesOf, channels.first, channels.width});
}

//===-- Tiles -------------------------------------------------------------------------------===//

Value DepthwiseEmitter::filterAt(const Channels &channels, Value tap) {
  if (auto known = mlir::getConstantIntValue(tap); known && !channels.filter.empty())
    return channels.filter[*known];
  Value place = code.add(code.mul(tap, code.index(plan.channels)), channels.first);
  return tiles.loadVector(filter, place, channels.mask, elementOf(plan.filter));
}

/// Where the window at `x` begins in a line of the input; before its first element at the border.
Value DepthwiseEmitter::inputStart(const Channels &channels, Value inputLine, Value x) {
  const WindowAxis &axis = plan.line.axis;
  Value first = code.sub(code.mul(x, code.index(axis.stride)), code.index(axis.low));
  Value channel = channels.first;
  if (ring.buffer) {
    inputLine = code.rem(inputLine, code.index(ring.lines));
    channel = code.sub(channel, firstChannel);
  }
  Value place = code.add(code.mul(inputLine, elements.size(axis.in)), first);
  return code.add(code.mul(place, code.index(pitch)), channel);
}

void DepthwiseEmitter::emitTile(const Channels &channels, const WindowLine &line, Value x,
                                ArrayRef<TapSegment> segments, int64_t height, bool hasAllTaps) {
  const WindowAxis &axis = plan.line.axis;
  auto body = [&](Value inputLine, Value tap, Sums sums) {
    Value start = inputStart(channels, inputLine, x);
    Value firstTap = code.mul(tap, code.index(axis.taps));
    llvm::SmallDenseMap<int64_t, Value> covered;
    for (const TapSegment &segment : segments)
      for (int64_t t = segment.first; t < segment.last; ++t) {
        Value weight = filterAt(channels, code.add(firstTap, code.index(t)));
        for (int64_t i = segment.from; i < segment.to; ++i) {
          int64_t shift = i * axis.stride + t * axis.dilation;
          Value &element = covered[shift];
          if (!element)
            element =
                tiles.loadVector(input, code.add(start, code.index(shift * pitch)), channels.mask);
          sums[i] = tiles.multiplyAdd(element, weight, sums[i]);
        }
      }
    return sums;
  };
  Sums zeros = tiles.zeros(height);
  strips.store(x, height,
               hasAllTaps ? loops.sumAllLines(line, zeros, body)
                          : loops.sumLines(line, zeros, body));
}

/// One place with the taps that it has.
void DepthwiseEmitter::emitBorderPlace(const Channels &channels, const WindowLine &line, Value x) {
  const WindowAxis &axis = plan.line.axis;
  IndexRange taps = loops.tapsInside(axis, x);
  auto body = [&](Value inputLine, Value tap, const Sums &sums) {
    Value start = inputStart(channels, inputLine, x);
    Value firstTap = code.mul(tap, code.index(axis.taps));
    return code.loop(taps.from, taps.to, 1, sums, [&](Value t, ValueRange current) {
      Value shift = code.mul(t, code.index(axis.dilation * pitch));
      Value element = tiles.loadVector(input, code.add(start, shift), channels.mask);
      Value weight = filterAt(channels, code.add(firstTap, t));
      return Sums{tiles.multiplyAdd(element, weight, current[0])};
    });
  };
  strips.store(x, 1, loops.sumLines(line, tiles.zeros(1), body));
}

bool lowerDepthwiseConv(Kernel &kernel, DepthwiseConvOp op) {
  if (!isa<mlir::BlockArgument>(op.getInput()) && expansionOf(op))
    return lowerExpandedDepthwise(kernel, op), true;
  std::optional<DepthwisePlan> plan = DepthwisePlan::of(op, kernel.target);
  if (!plan)
    return lowerMap(kernel), false;
  // Vectors that are loaded and multiplied, and what follows on their sums.
  int64_t places = plan->line.axis.out.constant().value_or(64);
  int64_t work = places * plan->linesPerBlock * plan->vectorsPerBlock *
                 (2 * plan->taps + kernel.workPerElement());
  kernel.begin(productOf(plan->chunkSizes()), Kernel::grainFor(work));
  DepthwiseEmitter emitter(kernel, *plan);
  kernel.forChunks([&](Value number) { emitter.emitChunk(number); });
  return true;
}

} // namespace weft
