// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiles, blocks and their order for a convolution with packed filters.

#include "codegen/cpu/PackedConv.h"

#include "passes/KernelRules.h"

namespace weft {

/// Of input, and of filters, that a chunk may use again from a second-level cache: half of one of
/// 1 MiB, since both and the result share it.
static constexpr int64_t cacheBytes = 512 * 1024;
/// Of sums that wait between two passes, on the stack.
static constexpr int64_t waitingBytes = 128 * 1024;
/// Chunks that let several threads finish together; fewer where each block of rows more reads a
/// filter from far once more.
static constexpr int64_t enoughChunks = 16, enoughFarChunks = 8;
/// Tiles of a chunk below which it is not cut to have more chunks.
static constexpr int64_t fewestTiles = 4;
/// What an extent that is only known at run time is taken for.
static constexpr int64_t unknownExtent = 1024, unknownLines = 64;

//===-- Extents -----------------------------------------------------------------------------===//

int64_t PackedPlan::wholeDepth() const {
  int64_t all = depth();
  for (const WindowAxis &axis : outer)
    all *= axis.taps;
  return all;
}

SmallVector<Dim> PackedPlan::chunkSizes() const {
  Dim blocks(columns.count), lineBlocks = lines().ceilDiv(Dim(linesPerBlock));
  Dim tileBlocks = phases.size() == 1 ? phases[0].line.blocks(tilesPerBlock) : Dim(1);
  if (columnsOutside)
    return {Dim(groups), blocks, lineBlocks, tileBlocks};
  return {Dim(groups), lineBlocks, tileBlocks, blocks};
}

//===-- Phases ------------------------------------------------------------------------------===//

/// The places `phase + t * stride` of a transposed convolution. The taps that reach them are a
/// stride apart, the first that of the last input place: so both are taken backwards, and the
/// places t see an ordinary window of stride 1.
static LinePhase spreadPhase(const WindowAxis &x, int64_t phase) {
  LinePhase made;
  int64_t rest = (phase + x.low) % x.stride;
  int64_t taps = rest < x.taps ? llvm::divideCeil(x.taps - rest, x.stride) : 0;
  made.firstPlace = phase;
  made.placeStep = x.stride;
  made.firstTap = rest + x.stride * (taps - 1);
  made.tapStep = -x.stride;
  WindowAxis &axis = made.line.axis;
  axis.in = x.in;
  axis.out = (x.out - Dim(phase)).ceilDiv(Dim(x.stride));
  axis.taps = taps;
  axis.dilation = x.dilation;
  axis.low = axis.reach() - (phase + x.low) / x.stride;
  axis.high = 1; // Unknown: windows may leave the input.
  return made;
}

SmallVector<TileCost> PackedPlan::tileCosts(VectorTarget target) const {
  return columns.tileCosts(target, tileExtent, tileDepth, tileRowBytes, /*lower=*/true);
}

void PackedPlan::choosePhases(const WindowAxis &x, VectorTarget target, const Choice &choice) {
  int64_t count = x.transposed ? x.stride : 1, step = x.transposed ? 1 : x.stride;
  int64_t extent = x.out.constant().value_or(unknownExtent);
  tileExtent = std::max<int64_t>(1, extent / count);
  tileDepth = wholeDepth() / columns.interleave / count;
  tileRowBytes = step * groups * inputs * elementBytes;
  int64_t most = columns.choose(target, tileExtent, tileDepth, tileRowBytes, choice);
  for (int64_t phase = 0; phase < count; ++phase) {
    LinePhase made;
    if (x.transposed)
      made = spreadPhase(x, phase);
    else
      made.line.axis = x;
    made.line = TiledLine(made.line.axis, most);
    phases.push_back(std::move(made));
  }
}

//===-- Blocks ------------------------------------------------------------------------------===//

/// Passes through the rows of a panel, if the tiles of a chunk cannot read a panel from a
/// second-level cache otherwise; gives the rows whose sums may wait between them. Windows gain only
/// where filters come from far, which the tiles of one pass then ask for.
int64_t PackedPlan::choosePasses(int64_t lineTiles, bool isFar) {
  constexpr int64_t unrolled = 4;
  stepsPerPass = std::max<int64_t>(1, wholeDepth());
  int64_t passes = llvm::divideCeil(stepsPerPass * stepBytes(), cacheBytes / 2);
  bool isOneTile = lineTiles < 2 && (isPointwise || lines() == Dim(1));
  if (passes < 2 || isOneTile || !readsPlainPanels())
    return std::numeric_limits<int32_t>::max();
  if (isPointwise) {
    stepsPerPass = llvm::divideCeil(llvm::divideCeil(stepsPerPass, passes), unrolled) * unrolled;
  } else if (isFar && !phases[0].line.axis.transposed) {
    passes = llvm::divideCeil(depth() * stepBytes(), cacheBytes / 2);
    stepsPerPass = llvm::divideCeil(lineTaps, std::min(lineTaps, passes)) * inputs;
  }
  return hasPasses() ? waitingBytes / stepBytes() : std::numeric_limits<int32_t>::max();
}

/// Chunks are blocks of lines, or of tiles of one line, times blocks of columns. What is small
/// enough to stay in a cache is gone through inside; if neither input nor filter is, the order that
/// reads less.
void PackedPlan::chooseBlocks(const Choice &choice) {
  const TiledLine &line = phases[0].line;
  int64_t tileBytes =
      std::max<int64_t>(1, line.height * line.axis.stride * groups * inputs * elementBytes);
  int64_t extent = line.axis.out.constant().value_or(unknownExtent);
  int64_t lineTiles = std::max<int64_t>(1, llvm::divideCeil(extent, line.height));
  int64_t allLines = std::max<int64_t>(1, lines().constant().value_or(unknownLines));
  int64_t lineBytes = lineTiles * tileBytes * (outer.empty() ? 1 : outer.back().stride);
  auto filterBytes = static_cast<double>(columns.elements() * storageBytes(elementOf(filter)));
  bool isFar = filterBytes > cacheBytes;
  int64_t mostRows = choosePasses(lineTiles, isFar);
  // Filters from far are worth a larger block, which has more tiles to ask for the next ones. A
  // pass reads a part of each row, or each line again, which is little beside its products.
  int64_t blockBytes = (isFar ? cacheBytes : cacheBytes / 2) * wholeDepth() / stepsPerPass;
  int64_t wantedTiles = choice.chunk ? *choice.chunk / line.height : blockBytes / tileBytes;
  if (computesInput) // Its rows stand on the stack, whole whatever the passes are.
    wantedTiles = std::min(wantedTiles, cacheBytes / tileBytes);
  tilesPerBlock = std::min(wantedTiles, mostRows / line.height);
  tilesPerBlock = balancedTile(lineTiles, std::clamp<int64_t>(tilesPerBlock, 1, lineTiles));
  int64_t wantedLines = choice.chunk ? wantedTiles / lineTiles : blockBytes / lineBytes;
  if (tilesPerBlock == lineTiles)
    linesPerBlock = std::clamp<int64_t>(std::min(wantedLines, mostRows / (lineTiles * line.height)),
                                        1, allLines);

  auto blocks = [&] {
    return llvm::divideCeil(allLines, linesPerBlock) * llvm::divideCeil(lineTiles, tilesPerBlock);
  };
  auto isEnough = [&] {
    return blocks() * columns.count * groups >= (isFar ? enoughFarChunks : enoughChunks);
  };
  while (!isEnough() && linesPerBlock > 1)
    linesPerBlock = llvm::divideCeil(linesPerBlock, 2);
  while (!isEnough() && tilesPerBlock > fewestTiles)
    tilesPerBlock = llvm::divideCeil(tilesPerBlock, 2);

  if (!choice.chunk) {
    tilesPerBlock = evenBlocks(lineTiles, tilesPerBlock);
    linesPerBlock = evenBlocks(allLines, linesPerBlock);
  }

  auto inputBytes = static_cast<double>(lineBytes) * static_cast<double>(allLines);
  auto again = [](double bytes, int64_t times) {
    return bytes <= cacheBytes ? bytes : bytes * static_cast<double>(times);
  };
  columnsOutside =
      again(inputBytes, columns.count) + filterBytes < inputBytes + again(filterBytes, blocks());
  if (hasPasses())
    columnsOutside = false;
  if (isFar && readsPlainPanels() && stepsPerPass * stepBytes() <= cacheBytes / 2)
    tilesBetween =
        columnsOutside ? allLines * lineTiles : linesPerBlock * std::min(tilesPerBlock, lineTiles);
}

//===-- All of it ---------------------------------------------------------------------------===//

std::optional<PackedPlan> PackedPlan::of(PackedConvOp op, VectorTarget target,
                                         const Choice &choice) {
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  ArrayRef<int64_t> filter = cast<RankedTensorType>(op.getFilter().getType()).getShape();
  auto isRead = [](mlir::OpOperand &operand) {
    return isa<mlir::BlockArgument>(operand.get()) || takesPrologue(operand);
  };
  if (!llvm::all_of(op->getOpOperands(), isRead) || llvm::is_contained(filter, 0))
    return std::nullopt;
  Type element = elementOf(op.getInput());
  auto interleave = static_cast<int64_t>(op.getInterleave());
  if (interleave > 1) {
    bool isPack = !element.isF16() && interleave == Tiles::packSize(element);
    if (!isPack)
      return std::nullopt;
    filter = filter.drop_back();
  }
  PackedPlan plan;
  plan.input = op.getInput();
  plan.computesInput = !isa<mlir::BlockArgument>(plan.input);
  plan.filter = op.getFilter();
  plan.result = op.getResult();
  plan.groups = op.getGroups();
  int64_t rows = filter[filter.size() - 2];
  plan.inputs = rows;
  if (op.getScales()) {
    plan.scales = op.getScales();
    plan.scaledChannels = channelsOfScale(op);
    plan.nibbles = op.getNibbles();
  }
  if (interleave > 1 || plan.scales)
    plan.inputs = *in.back().constant() / plan.groups;
  for (size_t d = 0; d + 2 < in.size(); ++d)
    plan.outer.push_back({in[1 + d], out[1 + d], filter[1 + d], op.getStrides()[d],
                          op.getPadLow()[d], op.getPadHigh()[d], op.getDilations()[d],
                          op.getTransposed()});
  plan.isPointwise = llvm::all_of(llvm::enumerate(plan.outer), [&](const auto &axis) {
    return axis.value().isPointwise() && in[1 + axis.index()] == out[1 + axis.index()];
  });
  WindowAxis x;
  if (plan.isPointwise) {
    plan.outer.clear();
    plan.images = Dim(1);
    x.in = x.out = productOf(ArrayRef(out).drop_back());
  } else {
    plan.images = in[0];
    if (llvm::any_of(plan.outer, [](const WindowAxis &axis) {
          return axis.transposed && axis.stride != 1 && axis.dilation != 1;
        }))
      return std::nullopt;
    x = plan.outer.pop_back_val();
  }
  if (plan.scales && !plan.isPointwise)
    return std::nullopt;
  plan.lineTaps = x.taps;
  plan.columns.interleave = interleave; // Which the depth depends on.
  plan.columns =
      PanelColumns(*out.back().constant() / plan.groups, filter.back(),
                   (plan.scales ? rows : plan.wholeDepth()) * filter.back(),
                   lanesOf(target, sumType(element, elementOf(op.getResult()))), interleave);
  if (plan.columns.lanes < 2)
    return std::nullopt;
  plan.elementBytes = llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  VectorTarget room = target;
  if (plan.scales) // Half of the registers hold integers on their way to floats.
    room.registers /= 2;
  plan.choosePhases(x, room, choice);
  plan.chooseBlocks(choice);
  return plan;
}

} // namespace weft
