// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nested constant data (structs, arrays, strings, pointers) as globals of the LLVM dialect.

#ifndef WEFT_CODEGEN_EMIT_CONSTANTDATA_H
#define WEFT_CODEGEN_EMIT_CONSTANTDATA_H

#include "ir/Mlir.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringMap.h"

#include <vector>

namespace weft {

/// One constant: an integer, the address of a symbol (null if it has no name), or a struct or
/// array.
struct Constant {
  Type type;
  int64_t integer = 0;
  std::string symbol;
  std::vector<Constant> elements;
};

/// Writes constants to a module, each string and array under a private name of its own.
class ConstantData {
public:
  /// New globals are named `<prefix>.data<i>`.
  ConstantData(ModuleOp module, StringRef prefix);

  Constant int32(int64_t value) const;
  Constant int64(int64_t value) const;
  Constant null() const { return address(""); }
  Constant address(StringRef symbol) const;
  Constant structure(std::vector<Constant> fields) const;

  /// The address of a zero-terminated string; equal strings are one.
  Constant string(StringRef text);
  /// The address of an array; null if there are no elements. All have one type.
  Constant array(std::vector<Constant> elements);
  /// The address of an array of 64-bit integers; null if there are none.
  Constant words(ArrayRef<int64_t> values);

  /// Writes `value` under a name of the caller's choosing.
  mlir::LLVM::GlobalOp global(StringRef name, const Constant &value, mlir::LLVM::Linkage linkage);

private:
  Value materialize(OpBuilder &at, const Constant &value) const;
  std::string nextName();

  ModuleOp module;
  std::string prefix;
  OpBuilder builder;
  Location loc;
  llvm::StringMap<std::string> strings;
  unsigned count = 0;
};

} // namespace weft

#endif // WEFT_CODEGEN_EMIT_CONSTANTDATA_H
