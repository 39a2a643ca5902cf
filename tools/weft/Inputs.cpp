// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds, reads and checks the inputs of a call.

#include "tools/weft/Inputs.h"

#include "tools/weft/CommandLine.h"
#include "tools/weft/data/DataFile.h"

#include "llvm/ADT/StringExtras.h"

namespace weft {

std::string listOf(ArrayRef<InterfaceArgument> arguments) {
  if (arguments.empty())
    return "none";
  return llvm::join(
      llvm::map_range(arguments, [](const InterfaceArgument &a) { return "'" + a.name + "'"; }),
      ", ");
}

FailureOr<llvm::StringMap<std::string>> filesByName(ArrayRef<std::string> given, StringRef option,
                                                    const InterfaceExport &function, StringRef what,
                                                    ArrayRef<InterfaceArgument> arguments,
                                                    Report &report) {
  llvm::StringMap<std::string> files;
  for (const std::string &text : given) {
    auto pair = splitPair(option, text, report);
    if (failed(pair))
      return failure();
    if (llvm::none_of(arguments,
                      [&](const InterfaceArgument &a) { return a.name == pair->first; })) {
      report.error("'" + function.name + "' has no " + what + " '" + pair->first + "': its " +
                   what + "s are " + listOf(arguments));
      return failure();
    }
    if (!files.try_emplace(pair->first, pair->second).second) {
      report.error("--" + option + " gives '" + pair->first + "' twice");
      return failure();
    }
  }
  return files;
}

llvm::Expected<Array> readInput(const InterfaceArgument &input, StringRef source) {
  ExpectedArray expected{input.name, input.dtype, {}};
  for (const Dim &dim : input.dims)
    expected.dims.push_back(dim.constant().value_or(-1));
  return readArray(source, expected);
}

llvm::Error checkInput(const InterfaceExport &function, const InterfaceArgument &input,
                       const Array &array) {
  if (array.dtype == input.dtype && array.dims.size() == input.dims.size())
    return llvm::Error::success();
  return llvm::createStringError("input '" + input.name + "' of '" + function.name + "' is " +
                                 array.type() + ", but " + input.type + " was expected");
}

llvm::Error missingInput(const InterfaceExport &function, const InterfaceArgument &input) {
  return llvm::createStringError("'" + function.name + "' needs the input '" + input.name + "': " +
                                 input.type + "; give it with --in " + input.name + "=FILE");
}

} // namespace weft
