// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the loops of a convolution through transformed tiles are divided, decided from its shape
// alone.

#ifndef WEFT_CODEGEN_CPU_WINOGRADPLAN_H
#define WEFT_CODEGEN_CPU_WINOGRADPLAN_H

#include "codegen/cpu/Panels.h"
#include "ir/Winograd.h"

namespace weft {

struct WinogradPlan {
  WinogradPlan(WinogradConvOp op, VectorTarget target, const Choice &choice);

  /// Register tiles to choose from: see PanelColumns::tileCosts().
  SmallVector<TileCost> tileCosts(VectorTarget target) const {
    return columns.tileCosts(target, tileExtent, channels, tileRowBytes, /*lower=*/true);
  }

  int64_t size() const { return transforms.size; }
  int64_t matrices() const { return size() * size(); }
  Dim tilesDown() const { return outY.ceilDiv(Dim(transforms.tile)); }
  Dim tilesAcross() const { return outX.ceilDiv(Dim(transforms.tile)); }
  Dim tiles() const { return tilesDown() * tilesAcross(); }
  Dim blocks() const { return tiles().ceilDiv(Dim(tilesPerBlock)); }
  int64_t columnsPerPart() const { return llvm::divideCeil(columns.count, parts); }

  Value input, filter, result;
  WinogradTransforms transforms;
  Dim images, inY, inX, outY, outX;
  int64_t lowY, lowX, channels;
  PanelColumns columns;
  int64_t height = 1;            ///< Rows of a register tile.
  int64_t tilesPerBlock = 1;     ///< Of an image, a multiple of `height`.
  int64_t parts = 1;             ///< Of the columns: one a chunk.
  int64_t rowPitch, matrixPitch; ///< Elements between transformed patches, between matrices.

private:
  void chooseBlocks(VectorTarget target, int64_t elementBytes, const Choice &choice);

  int64_t tileExtent = 1, tileRowBytes = 0; ///< What tiles are counted by.
};

} // namespace weft

#endif // WEFT_CODEGEN_CPU_WINOGRADPLAN_H
