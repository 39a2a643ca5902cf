// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradient of a convolution for its filter: how its loops are divided, and its sums through
// transformed tiles.

#ifndef WEFT_CODEGEN_CPU_CONVFILTERGRAD_H
#define WEFT_CODEGEN_CPU_CONVFILTERGRAD_H

#include "codegen/cpu/StridedView.h"
#include "codegen/cpu/Tiles.h"
#include "codegen/cpu/TileTransform.h"
#include "ir/Winograd.h"

namespace weft {

/// How the result is divided, and where the operands lie.
struct FilterGradPlan {
  FilterGradPlan(Kernel &kernel, ConvFilterGradOp op);

  ConvFilterGradOp op;
  Type element;
  StridedView input, gradient;
  SmallVector<Dim> places;    ///< Images, and the places of each.
  SmallVector<int64_t> shape; ///< Of the kernel, without channels.
  int64_t outputs, channels, elements = 1;
  TileShape tile;
  int64_t lanes, width;               ///< Of a vector; of a panel.
  int64_t channelBlock, rows;         ///< Of a chunk; rows are those of whole tiles.
  int64_t pitch;                      ///< Between the copied rows of two places.
  int64_t panelsOfChunk, columns = 0; ///< Of a chunk.
  int64_t blockPlaces;
  Dim channelBlocks, columnBlocks;
  bool inTiles = false; ///< Through transformed tiles.

private:
  void divideChannels();
};

/// The sums of one chunk through transformed tiles of 4 x 4 places.
class FilterGradTiles {
public:
  FilterGradTiles(Kernel &owner, const FilterGradPlan &planned);

  /// Writes to `result` a row of the plan's columns for each element of the kernel and channel.
  void sum(Value firstChannel, Value numChannels, Value firstColumn, Value result);

private:
  using Matrix = TileTransform::Matrix;

  /// A tile, as seen by one of the operands: an image, and where in it the square begins.
  struct Square {
    Value image, y, x;
  };
  /// One side of the products: a square of an operand becomes as many vectors as there are
  /// matrices, each a row of `pitch` apart.
  struct Side {
    const StridedView &view;
    SmallVector<Dim> sizes;       ///< Of an image.
    SmallVector<int64_t> padding; ///< Before it.
    int64_t size;                 ///< Of the square.
    ArrayRef<double> transform;   ///< matrices.size x size.
    int64_t channels, columns;    ///< Of the operand; of a row.
    int64_t pitch = 0;            ///< Between two matrices.
    Value buffer = {};
  };
  void transformSquare(const Side &side, const Square &square, Value row, Value first, Value count);
  void transformVector(const Side &side, const Square &square, Value place, Value channel,
                       Value lanes, ArrayRef<Value> inside);
  SmallVector<Value> insideOf(const Side &side, const Square &square);
  void multiply(Value count);
  void transformBack(Value result);

  Kernel &kernel;
  const FilterGradPlan &plan;
  Code &code;
  Elements &elements;
  Tiles tiles;
  TileTransform transform;
  WinogradTransforms matrices;
  Side patches, gradients;
  int64_t sumPitch; ///< Between the sums of two matrices.
  Value sums;
};

/// Takes what `isRoot` says of this operation.
void lowerConvFilterGrad(Kernel &kernel, ConvFilterGradOp op);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_CONVFILTERGRAD_H
