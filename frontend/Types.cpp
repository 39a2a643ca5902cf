// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types by name, and the printing of types in the user's words.
#include "frontend/Types.h"

#include "llvm/ADT/StringSwitch.h"

namespace weft {

std::optional<Type> elementByName(StringRef name, MLIRContext *context) {
  auto integer = [&](unsigned width, bool isUnsigned) -> Type {
    return mlir::IntegerType::get(
        context, width, isUnsigned ? mlir::IntegerType::Unsigned : mlir::IntegerType::Signless);
  };
  Type type = llvm::StringSwitch<Type>(name)
                  .Case("f64", mlir::Float64Type::get(context))
                  .Case("f32", mlir::Float32Type::get(context))
                  .Case("f16", mlir::Float16Type::get(context))
                  .Case("bf16", mlir::BFloat16Type::get(context))
                  .Case("i64", integer(64, false))
                  .Case("i32", integer(32, false))
                  .Case("i16", integer(16, false))
                  .Case("i8", integer(8, false))
                  .Case("u64", integer(64, true))
                  .Case("u32", integer(32, true))
                  .Case("u16", integer(16, true))
                  .Case("u8", integer(8, true))
                  .Case("bool", integer(1, false))
                  .Default(Type());
  return type ? std::optional<Type>(type) : std::nullopt;
}

std::string elementName(Type element) { return languageName(element); }

bool isFloatElement(Type element) { return isa<mlir::FloatType>(element); }

bool isBoolElement(Type element) { return element.isSignlessInteger(1); }

bool isIntegerElement(Type element) {
  return isa<mlir::IntegerType>(element) && !isBoolElement(element);
}

std::string printDims(ArrayRef<Dim> dims) { return languageList(dims); }

std::string printType(const ValueType &type) {
  std::string name = elementName(type.element);
  return type.isScalar() ? name : name + printDims(type.dims);
}

std::optional<Dim> divideExactly(const Dim &a, const Dim &b) {
  if (b == Dim(0))
    return std::nullopt;
  Dim quotient = a.floorDiv(b);
  if (quotient * b == a)
    return quotient;
  return std::nullopt;
}

} // namespace weft
