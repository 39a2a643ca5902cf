// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Strips of tiles whose sums wait for the epilogue.

#include "codegen/cpu/StripStore.h"

namespace weft {

void StripStore::forStrips(WindowLoops &loops, const TiledLine &tiled, IndexRange part,
                           const SumLine &sums, llvm::function_ref<void(IndexRange)> emit) {
  int64_t together = epilogue.rowsTogether(sums.vectors) / tiled.height;
  if (together <= 1)
    return eachAlone(sums, [&] { emit(part); });
  line = &sums;
  loops.forStrips(tiled, part, together, [&](IndexRange strip) {
    firstKept = loops.placeOf(tiled, strip.from);
    emit(strip);
    storeKept(loops.placeOf(tiled, strip.to));
    firstKept = {};
  });
  line = nullptr;
}

void StripStore::eachAlone(const SumLine &sums, llvm::function_ref<void()> emit) {
  line = &sums;
  emit();
  line = nullptr;
}

void StripStore::store(Value x, int64_t height, ArrayRef<Value> sums) {
  if (firstKept)
    return epilogue.keep(sums, code.sub(x, firstKept), line->vectors);
  auto indicesOf = [&](Value row) { return line->indicesOf(code.add(x, row)); };
  epilogue.store({sums, height, line->vectors, indicesOf, line->column, line->width});
}

/// All that waits; the strip ends before `end`.
void StripStore::storeKept(Value end) {
  auto indicesOf = [&](Value row) { return line->indicesOf(code.add(firstKept, row)); };
  epilogue.storeKept({{}, 0, line->vectors, indicesOf, line->column, line->width},
                     code.sub(end, firstKept));
}

} // namespace weft
