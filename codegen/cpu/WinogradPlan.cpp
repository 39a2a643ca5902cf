// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiles and blocks of a convolution through transformed tiles.

#include "codegen/cpu/WinogradPlan.h"

namespace weft {

/// Of the transformed patches of a chunk, which stay in a second-level cache and stand on the
/// stack.
static constexpr int64_t patchBytes = 640 * 1024;
/// Of the products of a block of patches that are there already, which do the same.
static constexpr int64_t productBytes = 640 * 1024;
/// Tiles of a chunk that transforms its patches: enough rows for register tiles, few enough to have
/// several chunks.
static constexpr int64_t mostTiles = 28;
/// Vectors of products of a tile: as many as a register tile has across.
static constexpr int64_t mostVectors = 4;
/// Chunks that are wanted, if it takes parts of the channels; each part transforms all of the
/// input.
static constexpr int64_t enoughChunks = 4, fewestChannels = 128;
/// Rows whose distance is a multiple of this fall on few lines of a cache.
static constexpr int64_t aliasBytes = 2048;

TileGrid::TileGrid(WinogradPatchesOp op)
    : transforms(winogradTransforms(op.getTile())), lowY(op.getPadLow()[0]),
      lowX(op.getPadLow()[1]), dilation(static_cast<int64_t>(op.getDilation())) {
  SmallVector<Dim> in = dimsOf(cast<RankedTensorType>(op.getInput().getType()));
  images = in[0];
  inY = in[1];
  inX = in[2];
  auto placesOf = [&](const Dim &size, size_t axis) {
    return size + Dim(op.getPadLow()[axis] + op.getPadHigh()[axis] - 2 * dilation);
  };
  outY = placesOf(inY, 0);
  outX = placesOf(inX, 1);
  channels = *in[3].constant();
}

TileGrid::TileGrid(WinogradConvOp op)
    : transforms(winogradTransforms(op.getTile())), lowY(op.getPadLow()[0]),
      lowX(op.getPadLow()[1]), dilation(static_cast<int64_t>(op.getDilation())),
      channels(cast<RankedTensorType>(op.getFilter().getType()).getDimSize(2)) {
  SmallVector<Dim> in = dimsOf(cast<RankedTensorType>(op.getInput().getType()));
  SmallVector<Dim> out = dimsOf(cast<RankedTensorType>(op.getResult().getType()));
  ArrayRef<int64_t> image = op.getPatchesOf();
  images = out[0];
  inY = image.empty() ? in[1] : Dim(image[0]);
  inX = image.empty() ? in[2] : Dim(image[1]);
  outY = out[1];
  outX = out[2];
}

WinogradPlan::WinogradPlan(WinogradConvOp op, VectorTarget target, const Choice &choice)
    : input(op.getInput()), filter(op.getFilter()), result(op.getResult()), grid(op),
      hasPatches(!op.getPatchesOf().empty()) {
  auto filterType = cast<RankedTensorType>(filter.getType());
  int64_t outputs = cast<RankedTensorType>(result.getType()).getShape().back();
  int64_t width = filterType.getDimSize(3);
  Type sum = Scalar::wideType(elementOf(input));
  columns = PanelColumns(outputs, width, grid.channels * width, lanesOf(target, sum));
  chooseBlocks(target, sum.getIntOrFloatBitWidth() / 8, choice);
  chooseParts();
}

void WinogradPlan::chooseBlocks(VectorTarget target, int64_t elementBytes, const Choice &choice) {
  int64_t lanes = columns.lanes;
  rowPitch = grid.channels;
  int64_t bytesOfTile = grid.matrices() * mostVectors * lanes * elementBytes, fit = productBytes;
  if (!hasPatches) {
    rowPitch = llvm::divideCeil(grid.channels, lanes) * lanes;
    if (grid.channels * elementBytes % aliasBytes == 0)
      rowPitch += lanes;
    bytesOfTile = grid.matrices() * rowPitch * elementBytes;
    fit = patchBytes;
  }
  fit /= std::max<int64_t>(1, bytesOfTile);
  // Products stand on the stack as well, so that no choice goes beyond twice as many tiles.
  int64_t wanted = hasPatches ? choice.chunk.value_or(fit)
                              : std::min(choice.chunk.value_or(mostTiles), 2 * mostTiles);
  int64_t most = balancedTile(extent().constant(), std::clamp<int64_t>(fit, 1, wanted));
  tileExtent = most;
  tileRowBytes = rowPitch * elementBytes;
  height = columns.choose(target, tileExtent, grid.channels, tileRowBytes, choice);
  height = balancedTile(most, height);
  tilesPerBlock = llvm::divideCeil(most, height) * height;
  matrixPitch = tilesPerBlock * rowPitch + lanes;
}

/// Parts of patches that are there already cost nothing: each block of columns is one.
void WinogradPlan::chooseParts() {
  // One image, if their number is not known: what others give comes on top.
  int64_t known = (grid.images * blocks()).constant().value_or(blocks().constant().value_or(1));
  int64_t wanted = llvm::divideCeil(enoughChunks, std::max<int64_t>(1, known));
  parts = hasPatches ? columns.count
                     : std::min({wanted, columns.outputs / fewestChannels, columns.count});
  parts = std::max<int64_t>(1, parts);
}

SmallVector<Dim> WinogradPlan::chunkSizes() const {
  // Filters of many channels stay in a cache while all blocks are multiplied with them.
  if (hasPatches)
    return {Dim(parts), Dim(1), blocks()};
  return {grid.images, blocks(), Dim(parts)};
}

} // namespace weft
