// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arrays of --calibrate and --data, cut into calls of the exports that they fit.

#ifndef WEFT_TOOLS_WEFT_CALIBRATIONDATA_H
#define WEFT_TOOLS_WEFT_CALIBRATIONDATA_H

#include "codegen/emit/Interface.h"
#include "tools/weft/NativeModel.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace weft {

/// The inputs of one export for a number of calls.
class CallData {
public:
  const InterfaceExport &function() const { return *entry; }
  int64_t numCalls() const { return calls; }
  /// Samples that no call takes, since they do not fill a batch.
  int64_t numLeftOut() const { return leftOut; }
  /// The inputs of one call.
  std::vector<NamedArray> inputsOf(int64_t call) const;

private:
  friend class CalibrationData;
  struct Input {
    std::string name;
    const Array *array;
    int64_t batch; ///< Entries of the first dimension in one call; 0 for all of them.
  };
  const InterfaceExport *entry = nullptr;
  std::vector<Input> inputs;
  int64_t calls = 1, leftOut = 0;
};

/// All that the user gave.
class CalibrationData {
public:
  /// Reads `FILE.npz`, whose arrays are called as inputs of exports are, or `NAME=FILE` as for
  /// weft run. Fails on what cannot be read, on numbers that are not finite, on arrays without
  /// elements, and on a NAME that no export has; further arrays in an archive are passed over.
  /// `option` is where they were given, for messages.
  static llvm::Expected<CalibrationData> read(llvm::ArrayRef<std::string> sources,
                                              const Interface &interface,
                                              llvm::StringRef option = "calibrate");

  /// The calls of one export; an error that says which of its inputs lacks what. Refers to this and
  /// to `function`. A static first dimension is the size of a batch. One that is a name alone is
  /// cut into batches of at most 32.
  llvm::Expected<CallData> callsOf(const InterfaceExport &function) const;

private:
  llvm::Error readAll(llvm::StringRef source, const Interface &interface);
  llvm::Error add(llvm::StringRef name, llvm::Expected<Array> array, llvm::StringRef source);

  std::string optionName;
  llvm::StringMap<Array> arrays;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_CALIBRATIONDATA_H
