// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How dear memory is to weft-recompute.

#ifndef WEFT_PASSES_RECOMPUTE_PRICE_H
#define WEFT_PASSES_RECOMPUTE_PRICE_H

#include <cstdint>

namespace weft {

struct MemoryPrice {
  /// Of a byte that is kept, in bytes that go through memory. So little saves only what costs no
  /// time: values that would be written for no other reader.
  double ofByte = 0.125;
  /// Into so many parts the operations before the place are cut; what passes from one to another is
  /// kept. Without that, 1, a high price would leave nothing but the inputs, and the first value
  /// that is computed again would bring all others back.
  int64_t segments = 1;
};

} // namespace weft

#endif // WEFT_PASSES_RECOMPUTE_PRICE_H
