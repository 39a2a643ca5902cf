// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the loops of a convolution with packed filters are divided, decided from its shape alone.

#ifndef WEFT_CODEGEN_CPU_PACKEDCONV_H
#define WEFT_CODEGEN_CPU_PACKEDCONV_H

#include "codegen/cpu/Panels.h"
#include "codegen/cpu/Windows.h"

namespace weft {

/// Places of a line with the same taps, and how they and the taps are numbered: of an ordinary
/// convolution all; of a transposed one those that are a stride apart.
struct LinePhase {
  TiledLine line;
  int64_t firstPlace = 0, placeStep = 1;
  int64_t firstTap = 0, tapStep = 1;
};

struct PackedPlan {
  /// None where single elements are computed one by one.
  static std::optional<PackedPlan> of(PackedConvOp op, VectorTarget target, const Choice &choice);

  /// Terms of a sum that one line of the input gives, and that all of them give, counted as the
  /// filter holds them: with those that only fill up a pack.
  int64_t depth() const { return packedInputs() * lineTaps; }
  int64_t wholeDepth() const;
  int64_t packedInputs() const {
    return llvm::divideCeil(inputs, columns.interleave) * columns.interleave;
  }
  /// Taps of a line lie side by side in the input, as they do in the filter.
  bool tapsAreContiguous(const LinePhase &phase) const {
    return groups == 1 && phase.line.axis.dilation == 1 && phase.tapStep == 1 &&
           inputs % columns.interleave == 0;
  }
  Dim lines() const { return linesOf(images, outer); }
  /// What the dimensions of the chunks count, outermost first.
  SmallVector<Dim> chunkSizes() const;

  Value input, filter, result;
  Value scales;               ///< Of a filter of small integers; null for others.
  int64_t scaledChannels = 0; ///< That share a scale.
  bool nibbles = false;       ///< Each byte of the filter holds two channels.
  bool isPointwise = false;   ///< One line of all places; no other dimensions.
  /// The input is no buffer: each chunk computes its rows first. Only of pointwise ones.
  bool computesInput = false;
  Dim images;
  SmallVector<WindowAxis> outer;  ///< All spatial dimensions but the last.
  int64_t lineTaps = 1;           ///< Of the last one.
  std::vector<LinePhase> phases;  ///< Of the last one.
  int64_t groups = 1, inputs = 1; ///< `inputs` and `columns` are those of one group.
  PanelColumns columns;
  int64_t tilesPerBlock = 1, linesPerBlock = 1; ///< Of one chunk.
  bool columnsOutside = true; ///< Chunks of one block of columns follow each other.
  /// Tiles that go through one block of columns before the next one, if these come from far; else
  /// 0.
  int64_t tilesBetween = 0;
  /// Rows of a panel that all tiles of a chunk go through before the next ones; their sums wait in
  /// memory in between. Of windows these are the taps of a line, or some of them.
  int64_t stepsPerPass = 1;
  bool hasPasses() const { return stepsPerPass < wholeDepth(); }
  /// Register tiles to choose from: see PanelColumns::tileCosts().
  SmallVector<TileCost> tileCosts(VectorTarget target) const;
  int64_t rowsPerChunk() const { return phases[0].line.height * tilesPerBlock * linesPerBlock; }

private:
  void choosePhases(const WindowAxis &x, VectorTarget target, const Choice &choice);
  /// Of one row of a block of columns.
  int64_t stepBytes() const { return columns.vectors * columns.lanes * elementBytes; }
  /// One panel of floats after the other, whose rows are those of the input.
  bool readsPlainPanels() const { return phases.size() == 1 && columns.interleave == 1 && !scales; }
  int64_t choosePasses(int64_t lineTiles, bool isFar);
  void chooseBlocks(const Choice &choice);

  /// What tiles are counted by.
  int64_t elementBytes = 4, tileExtent = 1, tileDepth = 1, tileRowBytes = 0;
};

/// Groups whose outputs share a vector, as lowerNarrowGroups() has code for; 1 if none do.
int64_t groupsTogether(PackedConvOp op, VectorTarget target);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_PACKEDCONV_H
