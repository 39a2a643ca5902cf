// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All stages in one call: from a module at stage `model` to the bytes of an object.

#ifndef WEFT_CODEGEN_COMPILE_H
#define WEFT_CODEGEN_COMPILE_H

#include "codegen/cpu/Target.h"

#include <string>
#include <vector>

namespace weft {

struct CompileOptions {
  TargetOptions target;
  /// Sizes given to dimension names: "N=1".
  std::vector<std::string> dims;
  /// Verifies the module after each pass.
  bool verifyEach = true;
};

/// Where a module may be looked at: the names of the stages after `model`, in order.
enum class Stage { Graph, Kernels, Plan, Loops, Llvm };

/// Runs the stages up to and including `last` in place. Errors are diagnostics at the operations.
LogicalResult lowerTo(ModuleOp module, Stage last, const CompileOptions &options);

/// Runs all stages in place and emits the object. A failure before emission has been reported as
/// diagnostics; its message here only says so.
llvm::Expected<SmallVector<char, 0>> compileToObject(ModuleOp module, const CompileOptions &options,
                                                     const EmissionText &text = {});

} // namespace weft

#endif // WEFT_CODEGEN_COMPILE_H
