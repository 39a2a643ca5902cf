// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Powers of two from a table that a register of 64 bytes holds: 2^(i/16), of which AVX-512 picks in
// one instruction. The same entries serve vectors, which pick by it, and loops over elements, where
// a function stands for an entry until LLVM has made vectors of them: all code of a library gives
// the same bits.

#ifndef WEFT_CODEGEN_CPU_POWERTABLE_H
#define WEFT_CODEGEN_CPU_POWERTABLE_H

#include "llvm/ADT/StringRef.h"

#include <array>

namespace llvm {
class Module;
} // namespace llvm

namespace weft {

inline constexpr int powerTableBits = 4;
inline constexpr int powerTableSize = 1 << powerTableBits;
/// Every entry is over this, and the polynomial beside it begins with it. Of the floats that keep
/// that below 1, where rounding costs half, it is the one from 0.93 on whose table rounds best.
inline constexpr double powerTableDivisor = 0x1.eaa1a8p-1;
/// Where a number of sixteenths begins in the bits of a float.
inline constexpr int powerTablePosition = 23 - powerTableBits;

/// 2^(i/16) / powerTableDivisor, with i taken off its bits at powerTablePosition: a number whose
/// low bits are i, shifted there as a whole, is added to it.
std::array<float, powerTableSize> powerTable();

/// The entry at the low bits of an i32, in loops over elements.
inline constexpr llvm::StringLiteral powerEntryName = "weft.power_entry";

/// Before optimisation: says that powerEntryName only computes, and what a loop's vectors call.
void declarePowerEntries(llvm::Module &module);
/// After it: writes the entries in place of the calls.
void expandPowerEntries(llvm::Module &module);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_POWERTABLE_H
