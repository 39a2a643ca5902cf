// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies of a network: `average = copy(net)` has the parameters of `net` as states of its own,
// which begin as they do, and `ema(average, decay)` moves them toward what those are now.
#include "frontend/Elaborate.h"

namespace weft {

using Kind = Item::Kind;

/// The model or list of models again, at the path of the field that is being declared.
Item Elaborator::copy(const Item &original, Span span) {
  if (original.isError())
    return original;
  if (instancePath.empty()) {
    report(Diag::CopyPlace, span);
    return Item::error();
  }
  if (original.isSequence()) {
    std::string path = instancePath;
    std::vector<Item> items;
    for (const auto &[index, item] : llvm::enumerate(*original.items)) {
      instancePath = path + "." + std::to_string(index);
      items.push_back(copy(item, span));
    }
    instancePath = path;
    return Item::sequence(original.kind, std::move(items));
  }
  if (original.kind != Kind::Instance) {
    report(Diag::CopyOf, span, describe(original));
    return Item::error();
  }
  Item item = original;
  item.instance = copyInstance(*original.instance, span);
  return item;
}

/// The same model with the same settings. Its parameters are states, each with the initial value of
/// its original.
Instance *Elaborator::copyInstance(const Instance &original, Span span) {
  Instance &made = instances.emplace_back();
  made.model = original.model;
  made.path = instancePath;
  made.scope = makeScope(Scope::Kind::Model, original.scope->parent);
  made.span = span;
  made.settingSpans = original.settingSpans;
  made.hasMembers = true;
  made.isCopy = true;
  for (const ast::Parameter &setting : original.model->settings) {
    made.scope->names[setting.name.text] = original.scope->names[setting.name.text];
    made.scope->places[setting.name.text] = setting.name.range;
  }
  // What the model makes copies of itself is copied from those that its original made.
  std::optional<CopyPaths> outer = copying;
  if (!copying)
    copying = CopyPaths{original.path, made.path};
  std::string outerPath = std::exchange(instancePath, "");
  CheckedBuilder *outerBuilder = std::exchange(current, nullptr);
  declareMembers(made);
  current = outerBuilder;
  instancePath = outerPath;
  copying = outer;
  return &made;
}

/// The parameter that the one at `path` is a copy of, inside of a copy.
std::optional<unsigned> Elaborator::originalOf(StringRef path) {
  if (!copying)
    return std::nullopt;
  auto found = parameterPaths.find((copying->from + path.drop_front(copying->to.size())).str());
  return found != parameterPaths.end() ? std::optional(found->second) : std::nullopt;
}

//===- Averages -----------------------------------------------------------------------------------

/// `decay * average + (1 - decay) * value`; `decay` is a number, or an f32 for this step.
static ValueId moved(CheckedBuilder &builder, ValueId average, ValueId value,
                     std::variant<double, ValueId> decay) {
  const ValueType type = builder.typeOf(average);
  ValueId keep, take;
  if (const double *number = std::get_if<double>(&decay)) {
    keep = builder.splat(type.element, *number, type.dims);
    take = builder.splat(type.element, 1 - *number, type.dims);
  } else {
    Type f32 = builder.elementOf(std::get<ValueId>(decay));
    ValueId rest = builder.binary("sub", builder.constant(f32, 1), std::get<ValueId>(decay));
    keep = builder.broadcastTo(builder.cast(std::get<ValueId>(decay), type.element), type.dims);
    take = builder.broadcastTo(builder.cast(rest, type.element), type.dims);
  }
  return builder.binary("add", builder.binary("mul", keep, average),
                        builder.binary("mul", take, value));
}

/// Moves those states of a copy whose originals this function has read: of a network that it
/// trains, all that it uses. Statistics, which are states of the original, are copied.
Item Elaborator::average(const Instance &copied, std::variant<double, ValueId> decay, Span span) {
  bool any = false;
  std::string prefix = copied.path + ".";
  for (unsigned index = 0; index < parameterOrigins.size(); ++index) {
    std::optional<unsigned> original = parameterOrigins[index].original;
    if (!original || !StringRef(checked.parameters[index].path).starts_with(prefix) ||
        !current->graph.parameters.contains(*original))
      continue;
    ValueId value = currentValue(*original), own = valueOfState(index, span);
    current->span = span;
    bool isCopied = checked.parameters[*original].isState;
    if (!update(index, isCopied ? value : moved(*current, own, value, decay), span))
      return Item::error();
    any = true;
  }
  if (!any && !lenient) {
    report(Diag::AverageReads, span, copied.path);
    return Item::error();
  }
  return Item::unit();
}

Item Elaborator::ema(const Item &copied, Span span, std::variant<double, ValueId> decay) {
  if (copied.isSequence()) {
    for (const Item &item : *copied.items)
      if (Item moved = ema(item, span, decay); moved.isError())
        return moved;
    return Item::unit();
  }
  if (copied.isError())
    return copied;
  if (copied.kind != Kind::Instance || !copied.instance->isCopy) {
    report(Diag::AverageOf, span, describe(copied));
    return Item::error();
  }
  return average(*copied.instance, decay, span);
}

} // namespace weft
