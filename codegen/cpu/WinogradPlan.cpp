// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiles and blocks of a convolution through transformed tiles.

#include "codegen/cpu/WinogradPlan.h"

namespace weft {

/// Of the transformed patches of a chunk, which stay in a second-level cache and stand on the
/// stack.
static constexpr int64_t patchBytes = 640 * 1024;
/// Tiles of a chunk: enough rows for register tiles, few enough to have several chunks.
static constexpr int64_t mostTiles = 28;
/// Chunks that are wanted, if it takes parts of the channels; each part transforms all of the
/// input.
static constexpr int64_t enoughChunks = 4, fewestChannels = 128;
/// Rows whose distance is a multiple of this fall on few lines of a cache.
static constexpr int64_t aliasBytes = 2048;

WinogradPlan::WinogradPlan(WinogradConvOp op, VectorTarget target, const Choice &choice)
    : input(op.getInput()), filter(op.getFilter()), result(op.getResult()),
      transforms(winogradTransforms(op.getTile())), lowY(op.getPadLow()[0]),
      lowX(op.getPadLow()[1]) {
  SmallVector<Dim> in = dimsOf(input), out = dimsOf(result);
  ArrayRef<int64_t> filterSizes = cast<RankedTensorType>(filter.getType()).getShape();
  images = in[0];
  inY = in[1];
  inX = in[2];
  outY = out[1];
  outX = out[2];
  channels = filterSizes[2];
  Type sum = Scalar::wideType(elementOf(input));
  columns = PanelColumns(*out[3].constant(), filterSizes[3], channels * filterSizes[3],
                         lanesOf(target, sum));
  chooseBlocks(target, sum.getIntOrFloatBitWidth() / 8, choice);
}

void WinogradPlan::chooseBlocks(VectorTarget target, int64_t elementBytes, const Choice &choice) {
  int64_t lanes = columns.lanes, rowBytes = channels * elementBytes;
  rowPitch = llvm::divideCeil(channels, lanes) * lanes;
  if (rowBytes % aliasBytes == 0)
    rowPitch += lanes;
  int64_t fit = patchBytes / std::max<int64_t>(1, matrices() * rowPitch * elementBytes);
  // Products stand on the stack as well, so that no choice goes beyond twice as many tiles.
  int64_t wanted = std::min(choice.chunk.value_or(mostTiles), 2 * mostTiles);
  int64_t most = balancedTile(tiles().constant(), std::clamp<int64_t>(fit, 1, wanted));
  tileExtent = most;
  tileRowBytes = rowPitch * elementBytes;
  height = columns.choose(target, tileExtent, channels, tileRowBytes, choice);
  height = balancedTile(most, height);
  tilesPerBlock = llvm::divideCeil(most, height) * height;
  matrixPitch = tilesPerBlock * rowPitch + lanes;
  // One image, if their number is not known: what others give comes on top.
  int64_t known = (images * blocks()).constant().value_or(blocks().constant().value_or(1));
  int64_t wantedParts = llvm::divideCeil(enoughChunks, std::max<int64_t>(1, known));
  parts = std::min({wantedParts, columns.outputs / fewestChannels, columns.count});
  parts = std::max<int64_t>(1, parts);
}

} // namespace weft
