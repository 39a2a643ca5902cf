// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inputs of a call, as verbs take them on the command line.

#ifndef WEFT_TOOLS_WEFT_INPUTS_H
#define WEFT_TOOLS_WEFT_INPUTS_H

#include "codegen/emit/Interface.h"
#include "tools/weft/data/Array.h"
#include "tools/weft/Report.h"

namespace weft {

/// "'a', 'b'", or "none".
std::string listOf(ArrayRef<InterfaceArgument> arguments);

/// Reads NAME=FILE pairs of --`option`. The names are those of `arguments`, each a `what` of the
/// function.
FailureOr<llvm::StringMap<std::string>> filesByName(ArrayRef<std::string> given, StringRef option,
                                                    const InterfaceExport &function, StringRef what,
                                                    ArrayRef<InterfaceArgument> arguments,
                                                    Report &report);

/// Reads what is given for an input: a file, or JSON.
llvm::Expected<Array> readInput(const InterfaceArgument &input, StringRef source);

/// Fails where an array is of another element type or rank than the input.
llvm::Error checkInput(const InterfaceExport &function, const InterfaceArgument &input,
                       const Array &array);

/// What is said where nothing is given for an input.
llvm::Error missingInput(const InterfaceExport &function, const InterfaceArgument &input);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_INPUTS_H
