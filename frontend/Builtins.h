// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions that the language has by name: one row each with its parameters and the code that
// checks a call and adds operations to the graph. Families stand in Builtins*.cpp.
#pragma once

#include "frontend/Elaborate.h"

namespace weft {

class BuiltinCall;

/// `parameters` reads like a call: "x, axis, keep?" where `?` marks what may be left out, `*xs`
/// takes all further arguments without a name, `**sizes` all further ones with a name.
struct Builtin {
  StringRef name;
  StringRef parameters;
  Item (*handler)(BuiltinCall &);
  /// Makes tensors whatever its arguments are, so it needs a function round it.
  bool needsGraph = false;
  /// Evaluates its arguments itself.
  bool isLazy = false;
};

/// The families' rows.
ArrayRef<Builtin> elementwiseBuiltins();
ArrayRef<Builtin> numberBuiltins();
ArrayRef<Builtin> shapeBuiltins();
ArrayRef<Builtin> reductionBuiltins();
ArrayRef<Builtin> patternBuiltins();
ArrayRef<Builtin> neuralBuiltins();
ArrayRef<Builtin> indexingBuiltins();
ArrayRef<Builtin> creationBuiltins();
ArrayRef<Builtin> controlBuiltins();
ArrayRef<Builtin> derivativeBuiltins();

/// One call of a builtin: its arguments by parameter name. Accessors report what does not fit.
class BuiltinCall {
public:
  BuiltinCall(Elaborator &elaborator, const Builtin &builtin, const Call &call);

  /// Takes one argument; reports if it has no place.
  bool bind(const CallArgument &argument, const Item &item);
  /// Reports the first parameter that is missing. False also if an argument is an error value.
  bool complete();

  struct Argument {
    StringRef name; // as the call wrote it, for those of `**`
    Item item;
    Span span;
  };

  bool has(StringRef name) const { return !values.lookup(name).empty(); }
  const Argument &argument(StringRef name) const { return values.find(name)->second.front(); }
  ArrayRef<Argument> all(StringRef name) const;
  const Item &item(StringRef name) const { return argument(name).item; }
  Span span(StringRef name) const { return argument(name).span; }
  Span span() const { return call.span; }

  std::optional<ValueId> tensor(StringRef name, Type element = {});
  /// A tensor of floats; `element` is for literals.
  std::optional<ValueId> floatTensor(StringRef name, Type element = {});
  std::optional<ValueId> integerTensor(StringRef name);
  std::optional<int64_t> integer(StringRef name, std::optional<int64_t> otherwise = {});
  std::optional<double> real(StringRef name, std::optional<double> otherwise = {});
  std::optional<bool> boolean(StringRef name, std::optional<bool> otherwise = {});
  std::optional<StringRef> text(StringRef name);
  std::optional<int64_t> axis(StringRef name, ValueId of);
  std::optional<SmallVector<int64_t>> integers(StringRef name);
  std::optional<Dims> dims(StringRef name);
  /// The values of `*name`, or the elements of the one list that stands there.
  std::vector<Argument> list(StringRef name);

  template <typename... Args> Item fail(Diag kind, Span where, const Args &...args) {
    elaborator.report(kind, where, args...);
    return Item::error();
  }
  /// The type that the context wants; reports that there is none.
  const ValueType *wanted();

  Elaborator &elaborator;
  CheckedBuilder &builder() { return elaborator.builder(); }
  const ValueType &typeOf(ValueId value) { return elaborator.typeOf(value); }
  const Builtin &builtin;
  const Call &call;

private:
  struct Parameter {
    StringRef name;
    bool isOptional = false, isRest = false, isNamedRest = false;
  };
  SmallVector<Parameter, 4> parameters;
  llvm::StringMap<std::vector<Argument>> values;
  size_t place = 0;
};

} // namespace weft
