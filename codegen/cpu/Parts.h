// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A module of LLVM IR in parts that can be optimised and compiled side by side.

#ifndef WEFT_CODEGEN_CPU_PARTS_H
#define WEFT_CODEGEN_CPU_PARTS_H

#include "ir/Mlir.h"

namespace llvm {
class Module;
} // namespace llvm

namespace weft {

/// The bitcode of the parts of a module, at most `most` of them; one for a small module. How it is
/// divided depends on the module alone. Functions that call each other stay together. What is
/// internal and needed by another part becomes hidden, with `name` before its own.
SmallVector<SmallVector<char, 0>> divide(llvm::Module &module, StringRef name, unsigned most);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_PARTS_H
