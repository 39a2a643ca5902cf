// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The way of a line's tiles to the epilogue. Where the operations of that are long, the sums of a
// strip of tiles wait for each other and take them in one loop: between products and the chain of
// such operations a processor idles, once a strip in place of once a tile.

#ifndef WEFT_CODEGEN_CPU_STRIPSTORE_H
#define WEFT_CODEGEN_CPU_STRIPSTORE_H

#include "codegen/cpu/Epilogue.h"
#include "codegen/cpu/Windows.h"

namespace weft {

/// Columns of a line of sums.
struct SumLine {
  int64_t vectors = 0;
  /// Where place `x` of the line stands in the result: its indices but the last.
  llvm::function_ref<SmallVector<Value>(Value x)> indicesOf;
  Value column, width; ///< As in SumTile.
};

class StripStore {
public:
  StripStore(Code &theCode, Epilogue &to) : code(theCode), epilogue(to) {}

  /// Calls `emit` for strips of a part of `tiled`; it gives all places of a strip to store().
  void forStrips(WindowLoops &loops, const TiledLine &tiled, IndexRange part, const SumLine &sums,
                 llvm::function_ref<void(IndexRange strip)> emit);
  /// For tiles that are not in the order of a line: each is stored by itself.
  void eachAlone(const SumLine &sums, llvm::function_ref<void()> emit);
  /// A tile of the strip, of `height` places from `x` on.
  void store(Value x, int64_t height, ArrayRef<Value> sums);

private:
  void storeKept(Value end);

  Code &code;
  Epilogue &epilogue;
  const SumLine *line = nullptr;
  Value firstKept; ///< The first place of the strip; null where no sums wait.
};

} // namespace weft

#endif // WEFT_CODEGEN_CPU_STRIPSTORE_H
