// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the loops of a convolution through transformed tiles are divided, decided from its shape
// alone.

#ifndef WEFT_CODEGEN_CPU_WINOGRADPLAN_H
#define WEFT_CODEGEN_CPU_WINOGRADPLAN_H

#include "codegen/cpu/Panels.h"
#include "ir/Infer.h"
#include "ir/Winograd.h"

namespace weft {

/// Where the tiles of a convolution are: in its result, and their patches in its input.
struct TileGrid {
  explicit TileGrid(WinogradPatchesOp op);
  explicit TileGrid(WinogradConvOp op);

  int64_t size() const { return transforms.size; }
  int64_t matrices() const { return size() * size(); }
  Dim down() const { return winogradTiles(outY, transforms.tile, dilation); }
  Dim across() const { return winogradTiles(outX, transforms.tile, dilation); }
  Dim ofImage() const { return down() * across(); }
  Dim all() const { return images * ofImage(); }

  WinogradTransforms transforms;
  Dim images, inY, inX, outY, outX;
  int64_t lowY, lowX, dilation, channels;
};

struct WinogradPlan {
  WinogradPlan(WinogradConvOp op, VectorTarget target, const Choice &choice);

  /// Register tiles to choose from: see PanelColumns::tileCosts().
  SmallVector<TileCost> tileCosts(VectorTarget target) const {
    return columns.tileCosts(target, tileExtent, grid.channels, tileRowBytes, /*lower=*/true);
  }

  /// What is cut into blocks: the tiles of one image, whose patches a chunk transforms, or those of
  /// all images.
  Dim extent() const { return hasPatches ? grid.all() : grid.ofImage(); }
  Dim blocks() const { return extent().ceilDiv(Dim(tilesPerBlock)); }
  /// Dimensions of the number of a chunk: parts, images and blocks.
  SmallVector<Dim> chunkSizes() const;
  int64_t columnsPerPart() const { return llvm::divideCeil(columns.count, parts); }

  Value input, filter, result;
  TileGrid grid;
  bool hasPatches; ///< The input is transformed already.
  PanelColumns columns;
  int64_t height = 1;        ///< Rows of a register tile.
  int64_t tilesPerBlock = 1; ///< A multiple of `height`.
  int64_t parts = 1;         ///< Of the columns: one a chunk.
  int64_t rowPitch;          ///< Elements between transformed patches.
  int64_t matrixPitch = 0;   ///< Between the matrices of patches that a chunk transforms.

private:
  void chooseBlocks(VectorTarget target, int64_t elementBytes, const Choice &choice);
  void chooseParts();

  int64_t tileExtent = 1, tileRowBytes = 0; ///< What tiles are counted by.
};

} // namespace weft

#endif // WEFT_CODEGEN_CPU_WINOGRADPLAN_H
