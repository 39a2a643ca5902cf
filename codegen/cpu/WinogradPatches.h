// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Patches of an image, transformed for products by elements.

#ifndef WEFT_CODEGEN_CPU_WINOGRADPATCHES_H
#define WEFT_CODEGEN_CPU_WINOGRADPATCHES_H

#include "codegen/cpu/TileTransform.h"
#include "codegen/cpu/WinogradPlan.h"

namespace weft {

/// The first place of a tile of the result.
struct TilePlace {
  Value image, y, x;
};

class PatchTransform {
public:
  /// Elements of a transformed patch, row by row, of a vector of channels from `channel` on, of
  /// which `width` count.
  using Store = llvm::function_ref<void(ArrayRef<Value> patch, Value channel, Value width)>;

  /// Reads `input`, an image with channels last.
  PatchTransform(Kernel &kernel, Tiles &vectors, const TileGrid &where, Value input);

  /// Of tile number `tile` of all images.
  TilePlace placeOf(Value tile);
  void transform(const TilePlace &place, Store store);

private:
  SmallVector<Value> insideOf(const TilePlace &place);
  void transformVector(const TilePlace &place, Value channel, Value width, ArrayRef<Value> inside,
                       Store store);

  const TileGrid &grid;
  Tiles &vectors;
  Code &code;
  Elements &elements;
  TileTransform transforms;
  Value input;
};

} // namespace weft

#endif // WEFT_CODEGEN_CPU_WINOGRADPATCHES_H
