// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counters of passes as the MLIR that we link with has them. Include before mlir/Pass/Pass.h where
// passes are defined.
//
// llvm::Statistic is one class in a program with assertions and another, empty one without; the
// constructor of a pass's counters lies in libMLIR. Packaged LLVM has no assertions, so our debug
// builds must take the empty class too, or they would read members that nothing has set.

#ifndef WEFT_IR_STATISTICS_H
#define WEFT_IR_STATISTICS_H

#include "llvm/Config/abi-breaking.h"

#if !defined(NDEBUG) && !LLVM_ENABLE_ABI_BREAKING_CHECKS
#define NDEBUG
#include "llvm/ADT/Statistic.h"
#undef NDEBUG
#include <cassert> // Gives assert() its meaning back.
#else
#include "llvm/ADT/Statistic.h"
#endif

#endif // WEFT_IR_STATISTICS_H
