// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The generator behind `weft.random_bits`, apart so that its known answers can be tested.

#ifndef WEFT_IR_REFERENCE_RANDOM_H
#define WEFT_IR_REFERENCE_RANDOM_H

#include <array>
#include <cstdint>

namespace weft::reference {

using PhiloxBlock = std::array<uint32_t, 4>;

/// Four random words, a bijection of `counter` for each `key`.
PhiloxBlock philox4x32(PhiloxBlock counter, std::array<uint32_t, 2> key);

} // namespace weft::reference

#endif // WEFT_IR_REFERENCE_RANDOM_H
