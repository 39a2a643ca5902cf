// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Control flow that stays in the graph: a choice on a scalar tensor, a scan along the first axis,
// a loop while a condition holds. Each body is elaborated once into a region.
#include "frontend/Elaborate.h"

#include "llvm/ADT/ScopeExit.h"

namespace weft {

using Kind = Item::Kind;

bool Elaborator::flatten(const Item &item, Span span, llvm::SmallVectorImpl<ValueId> &values,
                         ArrayRef<ValueType> wanted) {
  if (item.isSequence()) {
    for (const Item &part : *item.items)
      if (!flatten(part, span, values, wanted))
        return false;
    return true;
  }
  if (item.kind == Kind::Unit)
    return true;
  Type element = values.size() < wanted.size() ? wanted[values.size()].element : Type();
  std::optional<ValueId> value = toTensor(item, span, element);
  if (value)
    values.push_back(*value);
  return value.has_value();
}

Item Elaborator::rebuild(const Item &like, ArrayRef<ValueId> &values) {
  if (like.kind == Kind::Unit)
    return like;
  if (!like.isSequence()) {
    Item item = Item::tensor(values.front());
    values = values.drop_front();
    return item;
  }
  std::vector<Item> items;
  for (const Item &part : *like.items)
    items.push_back(rebuild(part, values));
  return Item::sequence(like.kind, std::move(items));
}

static SmallVector<ValueType> typesOf(CheckedBuilder &builder, ArrayRef<ValueId> values) {
  return llvm::map_to_vector(values, [&](ValueId value) { return builder.typeOf(value); });
}

Item Elaborator::evaluateBranches(const ast::IfExpr &expr, ValueId condition, const ScopeRef &scope,
                                  const ValueType *expected) {
  if (!expr.otherwise) {
    report(Diag::Condition, expr.condition->range, "a tensor")
        .note({}, "a choice at run time needs an 'else': both branches give a value");
    return Item::error();
  }
  std::vector<CheckedBlock> regions(2);
  Item results[2];
  SmallVector<ValueType> types;
  const ast::Block *blocks[2] = {expr.then.get(), expr.otherwise.get()};
  for (int branch = 0; branch < 2; ++branch) {
    CheckedBlock *outer = current->swapBlock(&regions[branch]);
    results[branch] =
        evaluateBlock(*blocks[branch], makeScope(Scope::Kind::Sealed, scope), expected);
    SmallVector<ValueId> values;
    Span span = blocks[branch]->result ? blocks[branch]->result->range : blocks[branch]->range;
    SmallVector<ValueType> hint = types;
    if (hint.empty() && expected)
      hint.push_back(*expected);
    bool flat = !results[branch].isError() && flatten(results[branch], span, values, hint);
    current->swapBlock(outer);
    if (!flat)
      return Item::error();
    regions[branch].results = values;
    SmallVector<ValueType> made = typesOf(*current, values);
    if (branch == 1 && made != types) {
      report(Diag::BranchTypes, span, describe(results[0]), describe(results[1]))
          .note(blocks[0]->range, "the other branch is here");
      return Item::error();
    }
    types = made;
  }
  current->span = expr.range;
  SmallVector<ValueId> values = current->opWithRegions("if", condition, types, std::move(regions));
  ArrayRef<ValueId> rest = values;
  return rebuild(results[0], rest);
}

//===- Scan ---------------------------------------------------------------------------------------

static Item sequenceOf(std::vector<Item> items) {
  if (items.size() == 1)
    return items.front();
  return Item::sequence(Item::Kind::Tuple, std::move(items));
}

Item Elaborator::scan(const Call &call, const Item &xs, Span xsSpan, const Item &from,
                      Span fromSpan, const Item &body, Span bodySpan) {
  SmallVector<ValueId> inits, sequences;
  if (!flatten(from, fromSpan, inits) || !flatten(xs, xsSpan, sequences))
    return Item::error();
  if (body.kind != Kind::Lambda || sequences.empty()) {
    report(Diag::ScanForm, body.kind != Kind::Lambda ? bodySpan : xsSpan, "scan",
           "a tensor to run over and a function |carry, x| { ... }");
    return Item::error();
  }
  for (ValueId sequence : sequences)
    if (typeOf(sequence).isScalar() ||
        !sameDim(typeOf(sequence).dims[0], typeOf(sequences[0]).dims[0])) {
      report(Diag::ScanForm, xsSpan, "scan", "tensors with one first dimension")
          .note({}, "they are {0} and {1}", printType(typeOf(sequences[0])),
                printType(typeOf(sequence)));
      return Item::error();
    }
  Dim steps = typeOf(sequences[0]).dims[0];
  std::vector<CheckedBlock> regions(1);
  SmallVector<ValueId> carries, slices;
  current->span = bodySpan;
  for (ValueId init : inits)
    carries.push_back(current->argument(ValueType(typeOf(init))));
  for (ValueId sequence : sequences) {
    ValueType slice = typeOf(sequence);
    slice.dims.erase(slice.dims.begin());
    slices.push_back(current->argument(slice));
  }
  llvm::append_range(regions[0].arguments, carries);
  llvm::append_range(regions[0].arguments, slices);
  std::vector<Item> emitted, carried;
  CheckedBlock *outer = current->swapBlock(&regions[0]);
  ArrayRef<ValueId> carryValues = carries, sliceValues = slices;
  Item carryItem = rebuild(from, carryValues), sliceItem = rebuild(xs, sliceValues);
  Item end = callLambda(*body.lambda, body.scope, {carryItem, sliceItem}, bodySpan, nullptr,
                        &emitted, &carried);
  SmallVector<ValueId> next, stacked;
  // Without 'carry' the value of the body is the carry alone.
  if (carried.empty() && !end.isError() && end.kind != Kind::Unit)
    carried.push_back(end);
  bool good =
      !end.isError() && flatten(sequenceOf(carried), bodySpan, next, typesOf(*current, inits));
  good = good && flatten(sequenceOf(emitted), bodySpan, stacked);
  current->swapBlock(outer);
  if (!good)
    return Item::error();
  if (typesOf(*current, next) != typesOf(*current, inits)) {
    report(Diag::CarryTypes, bodySpan, describe(sequenceOf(carried)), describe(from))
        .note(fromSpan, "the first carry is here");
    return Item::error();
  }
  SmallVector<ValueType> results = typesOf(*current, inits);
  for (ValueId value : stacked) {
    ValueType type = typeOf(value);
    type.dims.insert(type.dims.begin(), steps);
    results.push_back(type);
  }
  llvm::append_range(regions[0].results, next);
  llvm::append_range(regions[0].results, stacked);
  SmallVector<ValueId> operands = inits;
  llvm::append_range(operands, sequences);
  current->span = call.span;
  SmallVector<ValueId> values = current->opWithRegions(
      "scan", operands, results, std::move(regions),
      {static_cast<int32_t>(inits.size()), static_cast<int32_t>(sequences.size())});
  ArrayRef<ValueId> finalCarries = ArrayRef<ValueId>(values).take_front(inits.size());
  ArrayRef<ValueId> finalStacked = ArrayRef<ValueId>(values).drop_front(inits.size());
  std::vector<Item> parts;
  parts.reserve(emitted.size() + 1);
  for (const Item &item : emitted)
    parts.push_back(rebuild(item, finalStacked));
  if (from.kind != Kind::Unit)
    parts.push_back(rebuild(from, finalCarries));
  return sequenceOf(std::move(parts));
}

//===- Loop ---------------------------------------------------------------------------------------

Item Elaborator::loop(const Call &call, const Item &from, Span fromSpan, const Item &condition,
                      Span conditionSpan, const Item &body, Span bodySpan) {
  SmallVector<ValueId> inits;
  if (!flatten(from, fromSpan, inits))
    return Item::error();
  if (body.kind != Kind::Lambda || condition.kind != Kind::Lambda || inits.empty()) {
    report(Diag::ScanForm, call.span, "loop",
           "'from: x', 'while: |x| ...' and a function |x| { ... }");
    return Item::error();
  }
  SmallVector<ValueType> types = typesOf(*current, inits);
  std::vector<CheckedBlock> regions(2);
  auto elaborate = [&](const Item &lambda, Span span, CheckedBlock &region) {
    current->span = span;
    for (const ValueType &type : types)
      region.arguments.push_back(current->argument(type));
    CheckedBlock *outer = current->swapBlock(&region);
    ArrayRef<ValueId> arguments = region.arguments;
    Item result =
        callLambda(*lambda.lambda, lambda.scope, {rebuild(from, arguments)}, span, nullptr);
    SmallVector<ValueId> values;
    bool good = !result.isError() && flatten(result, span, values, types);
    current->swapBlock(outer);
    region.results = values;
    return good;
  };
  if (!elaborate(condition, conditionSpan, regions[0]) || !elaborate(body, bodySpan, regions[1]))
    return Item::error();
  SmallVector<ValueType> decides = typesOf(*current, regions[0].results);
  if (decides.size() != 1 || !decides[0].isScalar() || !isBoolElement(decides[0].element)) {
    report(Diag::Condition, conditionSpan,
           decides.empty() ? std::string("no value") : printType(decides[0]));
    return Item::error();
  }
  if (typesOf(*current, regions[1].results) != types) {
    report(Diag::CarryTypes, bodySpan,
           regions[1].results.empty() ? "no value" : printType(typeOf(regions[1].results[0])),
           describe(from))
        .note(fromSpan, "the first carry is here");
    return Item::error();
  }
  current->span = call.span;
  SmallVector<ValueId> values = current->opWithRegions("while", inits, types, std::move(regions));
  ArrayRef<ValueId> rest = values;
  return rebuild(from, rest);
}

//===- Functions with a derivative of their own ---------------------------------------------------

/// A value that a block reads though nothing in it, nor an argument, makes it.
static std::optional<ValueId> captured(const CheckedBlock &block, llvm::DenseSet<ValueId> known) {
  known.insert(block.arguments.begin(), block.arguments.end());
  auto isForeign = [&](ValueId value) { return !known.contains(value); };
  for (const CheckedOp &op : block.ops) {
    if (auto *found = llvm::find_if(op.operands, isForeign); found != op.operands.end())
      return *found;
    for (const CheckedBlock &region : op.regions)
      if (std::optional<ValueId> found = captured(region, known))
        return found;
    known.insert(op.results.begin(), op.results.end());
  }
  auto *found = llvm::find_if(block.results, isForeign);
  return found != block.results.end() ? std::optional(*found) : std::nullopt;
}

/// The body of `function`, whose parameters `scope` holds, as an operation that knows its `vjp`.
Item Elaborator::callWithVjp(const ast::FunctionDecl &function, const ScopeRef &scope,
                             const ValueType *expected, const std::string &name) {
  SmallVector<ValueId> inputs;
  std::vector<Item> given;
  for (const ast::Parameter &parameter : function.parameters) {
    given.push_back(scope->names[parameter.name.text]);
    if (given.back().isTensor() || given.back().isSequence())
      if (!flatten(given.back(), parameter.range, inputs))
        return Item::error();
  }
  std::vector<CheckedBlock> regions(2);
  // The parameters as a region sees them: tensors are its arguments.
  auto arguments = [&](CheckedBlock &region) {
    std::vector<Item> items;
    for (ValueId input : inputs)
      region.arguments.push_back(current->argument(ValueType(typeOf(input))));
    ArrayRef<ValueId> rest = region.arguments;
    for (const Item &item : given)
      items.push_back(item.isTensor() || item.isSequence() ? rebuild(item, rest) : item);
    return items;
  };
  auto isOwn = [&](const CheckedBlock &region) {
    std::optional<ValueId> foreign = captured(region, {});
    if (foreign)
      noteValue(report(Diag::VjpCapture, function.vjp->range, name, printType(typeOf(*foreign))),
                *foreign);
    return !foreign;
  };

  std::vector<Item> items = arguments(regions[0]);
  for (auto [parameter, item] : llvm::zip_equal(function.parameters, items))
    scope->names[parameter.name.text] = item;
  CheckedBlock *outer = current->swapBlock(&regions[0]);
  Item result = evaluateBlock(*function.body, makeScope(Scope::Kind::Sealed, scope), expected);
  Span span = function.body->result ? function.body->result->range : function.body->range;
  SmallVector<ValueId> values;
  bool good = !result.isError() && flatten(result, span, values);
  current->swapBlock(outer);
  regions[0].results = values;
  if (!good || !isOwn(regions[0]))
    return Item::error();

  items = arguments(regions[1]);
  SmallVector<ValueId> gradients;
  for (ValueId value : values)
    gradients.push_back(current->argument(ValueType(typeOf(value))));
  llvm::append_range(regions[1].arguments, gradients);
  ArrayRef<ValueId> rest = gradients;
  items.push_back(rebuild(result, rest));
  SmallVector<ValueType> wanted;
  for (ValueId input : inputs)
    if (isFloatElement(typeOf(input).element))
      wanted.push_back(typeOf(input));
  outer = current->swapBlock(&regions[1]);
  Item pulled = callLambda(*function.vjp, scope, items, function.vjp->range, nullptr);
  SmallVector<ValueId> made;
  good = !pulled.isError() && flatten(pulled, function.vjp->range, made, wanted);
  current->swapBlock(outer);
  regions[1].results = made;
  if (!good || !isOwn(regions[1]))
    return Item::error();
  if (typesOf(*current, made) != wanted) {
    std::string list;
    for (const ValueType &type : wanted)
      list += (list.empty() ? "" : ", ") + printType(type);
    report(Diag::VjpResult, function.vjp->range, name, list, describe(pulled));
    return Item::error();
  }
  SmallVector<ValueType> types = typesOf(*current, values);
  current->span = frames.back().span; // The call.
  SmallVector<ValueId> outputs =
      current->opWithRegions("custom_vjp", inputs, types, std::move(regions));
  rest = outputs;
  return rebuild(result, rest);
}

} // namespace weft
