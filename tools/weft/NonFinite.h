// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --check-finite: which operation made a NaN or an infinity that reached a result. The call is done
// again by the evaluator, which is slow and exact, and followed back from the result.

#ifndef WEFT_TOOLS_WEFT_NONFINITE_H
#define WEFT_TOOLS_WEFT_NONFINITE_H

#include "tools/weft/Compile.h"
#include "tools/weft/NativeModel.h"

namespace weft {

/// Where a number that is not finite began.
struct NonFinite {
  mlir::LocationAttr location; ///< Of the operation; unknown for an argument.
  std::string maker;           ///< "'log'", "the input 'x'", "the parameter 'w'"
  bool isArgument = false;     ///< It came in so.
  bool fromInfinity = false;   ///< Made of an infinity that the model writes or takes: a mask, say.
  bool isNan = false;          ///< What it made; an infinity otherwise.
  std::string result;          ///< What it reached: "the result 'loss'", "the state 'w'"
  bool reachedAsNan = false;

  /// "'log' makes an infinity of finite numbers; it reaches the result 'loss' as NaN"
  std::string text() const;
};

/// Follows the first result of `function` that is not finite back to what made it: the results that
/// a caller sees before the states and parameters that the call changes. None if all are finite.
///
/// `function` is an export at stage `graph`, `inputs` are in its order, `weights` in that of
/// `interface`: parameters and states as they were before the call.
llvm::Expected<std::optional<NonFinite>> findNonFinite(mlir::func::FuncOp function,
                                                       const Interface &interface,
                                                       const Weights &weights,
                                                       ArrayRef<NamedArray> inputs);

/// Does a call again, by the evaluator, of which the result `wrong` was not finite, and says in the
/// report what made it so: what was compiled has fused the operations. `weights` gives parameters
/// and states as they were before the call.
void sayNonFinite(const Compilation &compilation, const InterfaceExport &function,
                  const Interface &interface, ArrayRef<NamedArray> inputs, StringRef wrong,
                  llvm::function_ref<llvm::Expected<Weights>(Compilation &)> weights);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_NONFINITE_H
