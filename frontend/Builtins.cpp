// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Binding the arguments of builtins to their parameters, and reading them with one message for
// each kind of mistake.
#include "frontend/Builtins.h"

namespace weft {

using Kind = Item::Kind;

BuiltinCall::BuiltinCall(Elaborator &theElaborator, const Builtin &theBuiltin, const Call &theCall)
    : elaborator(theElaborator), builtin(theBuiltin), call(theCall) {
  SmallVector<StringRef> parts;
  builtin.parameters.split(parts, ", ", -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    Parameter parameter;
    parameter.isNamedRest = part.consume_front("**");
    parameter.isRest = !parameter.isNamedRest && part.consume_front("*");
    parameter.isOptional = part.consume_back("?");
    parameter.name = part;
    parameters.push_back(parameter);
  }
}

ArrayRef<BuiltinCall::Argument> BuiltinCall::all(StringRef name) const {
  auto found = values.find(name);
  return found == values.end() ? ArrayRef<Argument>() : ArrayRef<Argument>(found->second);
}

bool BuiltinCall::bind(const CallArgument &argument, const Item &item) {
  const Parameter *target = nullptr;
  if (!argument.name.empty()) {
    for (const Parameter &parameter : parameters)
      if ((parameter.name == argument.name && !parameter.isRest) || parameter.isNamedRest)
        if (!target || target->isNamedRest)
          target = &parameter;
  } else {
    while (place < parameters.size() && !parameters[place].isRest && has(parameters[place].name))
      ++place;
    if (place < parameters.size() && !parameters[place].isNamedRest)
      target = &parameters[place];
  }
  if (!target && !argument.name.empty()) {
    SmallVector<StringRef> names;
    for (const Parameter &parameter : parameters)
      names.push_back(parameter.name);
    elaborator.report(Diag::UnknownArgument, argument.nameSpan, builtin.name, argument.name,
                      elaborator.suggestion(argument.name, names));
    return false;
  }
  if (!target) {
    elaborator.report(Diag::ExtraArgument, argument.span, builtin.name, parameters.size());
    return false;
  }
  std::vector<Argument> &slot = values[target->name];
  if (!slot.empty() && !target->isRest && !target->isNamedRest) {
    elaborator.report(Diag::RepeatedArgument, argument.span, argument.name)
        .note(slot.front().span, "the first one is here");
    return false;
  }
  slot.push_back({argument.name, item, argument.span});
  return true;
}

bool BuiltinCall::complete() {
  for (const Parameter &parameter : parameters) {
    for (const Argument &argument : all(parameter.name))
      if (argument.item.isError())
        return false;
    bool isNeeded = !parameter.isOptional && !parameter.isNamedRest;
    if (isNeeded && !has(parameter.name)) {
      elaborator.report(Diag::MissingArgument, call.calleeSpan, builtin.name, parameter.name)
          .note({}, "its parameters are ({0})", builtin.parameters);
      return false;
    }
  }
  return true;
}

std::optional<ValueId> BuiltinCall::tensor(StringRef name, Type element) {
  return elaborator.toTensor(item(name), span(name), element);
}

std::optional<ValueId> BuiltinCall::floatTensor(StringRef name, Type element) {
  bool isNumber = item(name).isNumber();
  if (isNumber && !element)
    element = mlir::Float32Type::get(elaborator.context);
  std::optional<ValueId> value = tensor(name, element);
  if (value && !isFloatElement(typeOf(*value).element)) {
    elaborator.report(Diag::OperandKind, span(name), builtin.name,
                      elementName(typeOf(*value).element) + " tensors");
    return std::nullopt;
  }
  return value;
}

std::optional<ValueId> BuiltinCall::integerTensor(StringRef name) {
  std::optional<ValueId> value = tensor(name);
  if (value && !isIntegerElement(typeOf(*value).element)) {
    elaborator.report(Diag::IndexType, span(name), printType(typeOf(*value)));
    return std::nullopt;
  }
  return value;
}

std::optional<int64_t> BuiltinCall::integer(StringRef name, std::optional<int64_t> otherwise) {
  if (!has(name))
    return otherwise;
  return elaborator.toConstant(item(name), span(name), "'" + name + "'");
}

std::optional<double> BuiltinCall::real(StringRef name, std::optional<double> otherwise) {
  if (!has(name))
    return otherwise;
  if (item(name).kind == Kind::Float || item(name).kind == Kind::Int)
    return elaborator.toReal(item(name), span(name), "'" + name + "'");
  elaborator.report(Diag::NotConstant, span(name), "'" + name + "'");
  return std::nullopt;
}

std::optional<bool> BuiltinCall::boolean(StringRef name, std::optional<bool> otherwise) {
  if (!has(name))
    return otherwise;
  if (item(name).kind == Kind::Bool)
    return item(name).flag;
  elaborator.report(Diag::SettingType, span(name), name, builtin.name, "bool",
                    elaborator.describe(item(name)));
  return std::nullopt;
}

std::optional<StringRef> BuiltinCall::text(StringRef name) {
  if (item(name).kind == Kind::Text)
    return StringRef(item(name).text);
  elaborator.report(Diag::SettingType, span(name), name, builtin.name, "string",
                    elaborator.describe(item(name)));
  return std::nullopt;
}

std::optional<int64_t> BuiltinCall::axis(StringRef name, ValueId of) {
  return elaborator.toAxis(item(name), span(name), typeOf(of));
}

std::optional<SmallVector<int64_t>> BuiltinCall::integers(StringRef name) {
  return elaborator.toConstants(item(name), span(name), "'" + name + "'");
}

std::optional<Dims> BuiltinCall::dims(StringRef name) {
  return elaborator.toDims(item(name), span(name), "'" + name + "'");
}

std::vector<BuiltinCall::Argument> BuiltinCall::list(StringRef name) {
  ArrayRef<Argument> given = all(name);
  if (given.size() != 1 || !given.front().item.isSequence())
    return given.vec();
  std::vector<Argument> elements;
  for (const Item &element : *given.front().item.items)
    elements.push_back({"", element, given.front().span});
  return elements;
}

const ValueType *BuiltinCall::wanted() {
  if (!call.expected)
    elaborator.report(Diag::NoShape, call.span, builtin.name)
        .note({}, "'{0}' can be given a 'shape:'", builtin.name);
  return call.expected;
}

} // namespace weft
