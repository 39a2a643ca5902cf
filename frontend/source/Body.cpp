// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One walk over the items of a model. A value that is used once is kept as an expression until its
// use comes, as long as that reads well; all others get a statement.
#include "frontend/source/Body.h"

#include "frontend/source/Names.h"
#include "ir/ScanOrder.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weft::source {

/// Widths up to which an expression stands inside of another, in columns.
static constexpr size_t narrowOperand = 22, widestOperand = 44, widestHead = 70;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

namespace {

class BodyWriter final : public Reader {
public:
  BodyWriter(Module &theModule, mlir::func::FuncOp theFunction, std::string &theError)
      : module(theModule), function(theFunction), error(theError), speller(*this) {}

  std::optional<ModelText> run(DeclareChild declare);

  Expr read(Value value) override;
  bool isUsedOnce(Value value) override;
  SlotTable &slots() override { return text.slots; }
  std::string standard(StringRef name) override {
    text.standards.insert(name.str());
    return name.str();
  }

private:
  /// How often the text of the block reads a value, and where.
  struct Use {
    unsigned count = 0;
    bool isNested = false;
    Operation *op = nullptr;
    Module *child = nullptr;
  };
  using Uses = llvm::DenseMap<Value, Use>;

  void writeMembers(DeclareChild declare);
  void writeSignature();
  unsigned addVariable(Value value, std::string hint = "", bool isFixed = false);
  std::string hintOf(Value value) const;
  std::string originOf(Value value) const;
  StringAttr resultName(unsigned place) const {
    mlir::func::FuncOp one = function;
    return one.getResultAttrOfType<StringAttr>(place, kNameAttr);
  }

  void countOp(Operation *op, Uses &uses) const;
  void countItems(ArrayRef<BodyItem> items, Uses &uses) const;
  bool staysInside(Value value, const Expr &expr) const;
  bool extendsChain(const Use &use, Value value) const;

  void define(Value value, Expr expr);
  void defineSeveral(ValueRange values, const std::string &expression);
  std::string tupleOf(ArrayRef<std::string> parts) const;
  std::string readAll(ValueRange values);

  bool writeItems(ArrayRef<BodyItem> items);
  bool writeOp(Operation *op);
  void writeCall(Module &child);
  std::string calleeOf(const Module &child) const;
  bool writeChain(ArrayRef<BodyItem> items, size_t &at);
  std::optional<unsigned> carriedInput(ArrayRef<BodyItem> items, size_t at, size_t count) const;

  std::optional<unsigned> writeRegion(mlir::Block &body, std::string head,
                                      ArrayRef<unsigned> parameters,
                                      llvm::function_ref<std::string()> end);
  bool writeIf(IfOp op);
  bool writeWhile(WhileOp op);
  bool writeScan(ScanOp op);
  std::string bindArguments(ArrayRef<mlir::BlockArgument> arguments, SmallVector<unsigned> &bound);
  bool fail(Operation *op);

  Module &module;
  mlir::func::FuncOp function;
  std::string &error;
  Speller speller;
  ModelText text;
  BodyText body;
  unsigned block = 0;
  Uses used;
  llvm::DenseMap<Value, unsigned> variables;
  llvm::DenseMap<Value, Expr> pending;
};

} // namespace

//===- Values -------------------------------------------------------------------------------------

/// The name that the file gives a value, if it says more than the operation does.
std::string BodyWriter::hintOf(Value value) const {
  Operation *op = value.getDefiningOp();
  for (mlir::OpOperand &use : value.getUses())
    if (auto end = dyn_cast<mlir::func::ReturnOp>(use.getOwner()); end && !module.parent)
      if (StringAttr name = resultName(use.getOperandNumber()))
        return identifier(name);
  auto location = op ? dyn_cast<mlir::NameLoc>(op->getLoc()) : nullptr;
  // An operator that became several operations gives its name to the last.
  if (!location || (op->getNextNode() && op->getNextNode()->getLoc() == op->getLoc()))
    return "";
  StringRef name = location.getName();
  StringRef stem = name.rtrim("0123456789").rtrim('_');
  bool saysMore = stem.size() > 2 && llvm::isLower(name[0]) &&
                  !name.contains_insensitive("output") &&
                  llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; }) &&
                  !stem.starts_with("node") && !stem.starts_with("onnx") && stem != "result";
  return saysMore ? identifier(name) : "";
}

/// The input of the model that a value is made of, if it is one alone and no weight is in it.
std::string BodyWriter::originOf(Value value) const {
  if (isParameter(value))
    return weightName(value, "");
  llvm::SetVector<Value> seen;
  seen.insert(value);
  Value origin;
  for (size_t at = 0; at < seen.size(); ++at) {
    Operation *op = seen[at].getDefiningOp();
    if (!op && (isParameter(seen[at]) || origin))
      return "";
    if (!op) {
      origin = seen[at];
      continue;
    }
    op->walk([&](Operation *inner) { seen.insert(inner->operand_begin(), inner->operand_end()); });
  }
  auto argument = llvm::dyn_cast_or_null<mlir::BlockArgument>(origin);
  mlir::func::FuncOp one = function;
  if (!argument || argument.getOwner() != &one.getBody().front())
    return "";
  auto name = one.getArgAttrOfType<StringAttr>(argument.getArgNumber(), kNameAttr);
  return name ? identifier(name) : "";
}

unsigned BodyWriter::addVariable(Value value, std::string hint, bool isFixed) {
  body.variables.push_back({std::move(hint), isFixed, typeOf(value).getElementType(), ""});
  unsigned number = body.variables.size() - 1;
  variables[value] = number;
  return number;
}

Expr BodyWriter::read(Value value) {
  if (Operation *op = value.getDefiningOp(); op && isTransparent(op))
    return speller.spellTransparent(op);
  if (auto found = pending.find(value); found != pending.end()) {
    Expr expr = std::move(found->second);
    pending.erase(found);
    return expr;
  }
  if (auto found = variables.find(value); found != variables.end())
    return Expr::atom(marked(Mark::Variable, found->second));
  for (const Weight &weight : module.weights)
    if (weight.parameter == value)
      return Expr::atom(weight.name);
  return Expr::atom("missing");
}

bool BodyWriter::isUsedOnce(Value value) {
  auto found = used.find(value);
  return found != used.end() && found->second.count == 1 && !found->second.isNested;
}

//===- Uses ---------------------------------------------------------------------------------------

void BodyWriter::countOp(Operation *op, Uses &uses) const {
  op->walk([&](Operation *inner) {
    if (isTransparent(inner))
      return;
    for (Value operand : inner->getOperands())
      if (Value base = baseOf(operand)) {
        Use &use = uses[base];
        ++use.count;
        use.isNested |= inner != op;
        use.op = op;
      }
  });
}

void BodyWriter::countItems(ArrayRef<BodyItem> items, Uses &uses) const {
  for (const BodyItem &item : items) {
    if (item.op) {
      countOp(item.op, uses);
      continue;
    }
    for (Value input : item.child->inputs)
      if (Value base = input ? baseOf(input) : Value()) {
        Use &use = uses[base];
        ++use.count;
        use.child = item.child;
      }
  }
}

/// True if the user calls a function with the value first.
bool BodyWriter::extendsChain(const Use &use, Value value) const {
  if (use.child)
    return !use.child->inputs.empty() && use.child->inputs.front() == value;
  if (!use.op || use.op->getNumOperands() == 0 || use.op->getOperand(0) != value)
    return false;
  // Most often a rectifier.
  if (isa<MaxOp>(use.op))
    return true;
  return !isa<AddOp, SubOp, MulOp, DivOp, RemOp, PowOp, CompareOp, AndOp, OrOp, XorOp, NegOp, NotOp,
              MinOp, ConcatOp, ContractOp, AttentionOp, SelectOp, YieldOp, mlir::func::ReturnOp,
              SliceOp>(use.op) &&
         use.op->getNumRegions() == 0;
}

bool BodyWriter::staysInside(Value value, const Expr &expr) const {
  auto found = used.find(value);
  if (found == used.end() || found->second.count != 1 || found->second.isNested)
    return false;
  const Use &use = found->second;
  if (use.op && isa<YieldOp, mlir::func::ReturnOp>(use.op))
    return true;
  if (extendsChain(use, value))
    return widthOf(expr.head) <= widestHead;
  size_t width = widthOf(expr.nested());
  return width <= narrowOperand || (expr.steps.size() <= 1 && width <= widestOperand);
}

void BodyWriter::define(Value value, Expr expr) {
  if (staysInside(value, expr)) {
    pending[value] = std::move(expr);
    return;
  }
  unsigned number = addVariable(value, hintOf(value));
  body.blocks[block].statements.push_back(
      {{number}, marked(Mark::Variable, number), expr.statement()});
}

std::string BodyWriter::tupleOf(ArrayRef<std::string> parts) const {
  return parts.size() == 1 ? parts.front() : "(" + llvm::join(parts, ", ") + ")";
}

void BodyWriter::defineSeveral(ValueRange values, const std::string &expression) {
  Statement statement;
  SmallVector<std::string> names;
  for (Value value : values) {
    unsigned number = addVariable(value, hintOf(value));
    statement.defines.push_back(number);
    names.push_back(marked(Mark::Variable, number));
  }
  statement.pattern = tupleOf(names);
  statement.text = expression;
  body.blocks[block].statements.push_back(std::move(statement));
}

std::string BodyWriter::readAll(ValueRange values) {
  SmallVector<std::string> parts;
  for (Value value : values)
    parts.push_back(values.size() == 1 ? read(value).statement() : read(value).nested());
  return tupleOf(parts);
}

//===- Operations and calls -----------------------------------------------------------------------

bool BodyWriter::fail(Operation *op) {
  llvm::raw_string_ostream os(error);
  os << "the operation '" << op->getName() << "' cannot be said in the language";
  if (auto location = dyn_cast<mlir::NameLoc>(op->getLoc()))
    os << " (node '" << location.getName().getValue() << "')";
  return false;
}

bool BodyWriter::writeOp(Operation *op) {
  bool isUsed = llvm::any_of(op->getResults(), [&](Value result) { return used.contains(result); });
  if (!isUsed)
    return true;
  if (auto branch = dyn_cast<IfOp>(op))
    return writeIf(branch);
  if (auto loop = dyn_cast<WhileOp>(op))
    return writeWhile(loop);
  if (auto scan = dyn_cast<ScanOp>(op))
    return goesBackwards(scan) ? fail(op) : writeScan(scan);
  std::optional<Expr> expr = op->getNumResults() == 1 ? speller.spell(op) : std::nullopt;
  if (!expr)
    return fail(op);
  define(op->getResult(0), *expr);
  return true;
}

std::string BodyWriter::calleeOf(const Module &child) const {
  return child.isElement() ? child.parent->name + "[" + child.name + "]" : child.name;
}

void BodyWriter::writeCall(Module &child) {
  std::string callee = calleeOf(child);
  std::string arguments;
  for (Value input : ArrayRef(child.inputs).drop_front(child.inputs.empty() ? 0 : 1))
    arguments += (arguments.empty() ? "" : ", ") + read(input).nested();
  Expr expr = Expr::postfix(callee + "()");
  if (!child.inputs.empty() && child.inputs.front())
    expr = read(child.inputs.front()).calledBy(callee, arguments);
  else if (child.layer)
    expr = read(child.layer->input).calledBy(callee, arguments);
  if (child.outputs.size() == 1)
    return define(child.outputs.front(), expr);
  defineSeveral(child.outputs, expr.statement());
}

/// The input that one element of a list hands to the next, if `count` calls from `at` on do so.
std::optional<unsigned> BodyWriter::carriedInput(ArrayRef<BodyItem> items, size_t at,
                                                 size_t count) const {
  if (at + count > items.size())
    return std::nullopt;
  const Module &first = *items[at].child;
  std::optional<unsigned> carried;
  for (size_t turn = 1; turn < count; ++turn) {
    const Module *before = items[at + turn - 1].child, *here = items[at + turn].child;
    bool fits = here && here->parent == first.parent && here->name == std::to_string(turn) &&
                before->outputs.size() == 1 && here->outputs.size() == 1 &&
                here->inputs.size() == before->inputs.size();
    if (!fits || used.lookup(before->outputs.front()).count != 1)
      return std::nullopt;
    for (unsigned place = 0; place < here->inputs.size(); ++place) {
      if (here->inputs[place] == before->outputs.front() && (!carried || carried == place))
        carried = place;
      else if (here->inputs[place] != before->inputs[place])
        return std::nullopt;
    }
  }
  return carried;
}

/// A list whose elements are called one after the other: `for block in blocks { x = block(x) }`.
bool BodyWriter::writeChain(ArrayRef<BodyItem> items, size_t &at) {
  Module &first = *items[at].child;
  if (!first.isElement() || first.name != "0" || first.parent->children.size() < 2)
    return false;
  size_t count = first.parent->children.size();
  std::optional<unsigned> carried = carriedInput(items, at, count);
  if (!carried || first.outputs.size() != 1)
    return false;
  std::string element = singular(withoutNumber(first.parent->name));
  auto isTaken = [&](StringRef name) {
    return llvm::any_of(module.children, [&](auto &one) { return one->name == name; }) ||
           llvm::any_of(module.weights, [&](auto &one) { return one.name == name; });
  };
  if (isTaken(element) || isReservedWord(element))
    element = "one_" + element;
  Value last = items[at + count - 1].child->outputs.front();
  std::string start = read(first.inputs[*carried]).statement();
  unsigned number = addVariable(last, "");
  std::string name = marked(Mark::Variable, number);
  body.blocks[block].statements.push_back({{number}, name, start});
  SmallVector<std::string> arguments;
  for (auto [place, input] : llvm::enumerate(first.inputs))
    arguments.push_back(place == *carried ? name : read(input).nested());
  Statement loop;
  loop.text = "for " + element + " in " + first.parent->name + " { " + name + " = " + element +
              "(" + llvm::join(arguments, ", ") + ") }";
  body.blocks[block].statements.push_back(std::move(loop));
  at += count - 1;
  return true;
}

bool BodyWriter::writeItems(ArrayRef<BodyItem> items) {
  for (size_t at = 0; at < items.size(); ++at) {
    if (items[at].op) {
      if (!writeOp(items[at].op))
        return false;
    } else if (!writeChain(items, at)) {
      writeCall(*items[at].child);
    }
  }
  return true;
}

//===- Regions ------------------------------------------------------------------------------------

/// Names for arguments of a lambda: `x`, or `(x, y)`.
std::string BodyWriter::bindArguments(ArrayRef<mlir::BlockArgument> arguments,
                                      SmallVector<unsigned> &bound) {
  SmallVector<std::string> names;
  for (mlir::BlockArgument argument : arguments) {
    bound.push_back(addVariable(argument));
    names.push_back(marked(Mark::Variable, bound.back()));
  }
  return names.empty() ? "_" : tupleOf(names);
}

std::optional<unsigned> BodyWriter::writeRegion(mlir::Block &region, std::string head,
                                                ArrayRef<unsigned> parameters,
                                                llvm::function_ref<std::string()> end) {
  body.blocks.emplace_back();
  unsigned number = body.blocks.size() - 1;
  body.blocks[number].head = std::move(head);
  body.blocks[number].parameters.assign(parameters.begin(), parameters.end());
  unsigned outerBlock = std::exchange(block, number);
  Uses outerUses = std::exchange(used, Uses());
  for (Operation &op : region)
    if (!isTransparent(&op))
      countOp(&op, used);
  bool good = true;
  for (Operation &op : region.without_terminator())
    if (good && !isTransparent(&op))
      good = writeOp(&op);
  if (good) {
    std::string last = end();
    body.blocks[number].end = last;
  }
  block = outerBlock;
  used = std::move(outerUses);
  return good ? std::optional(number) : std::nullopt;
}

bool BodyWriter::writeIf(IfOp op) {
  std::string condition = read(op.getCondition()).nested();
  std::optional<unsigned> branches[2];
  for (int branch = 0; branch < 2; ++branch) {
    mlir::Block &region = op->getRegion(branch).front();
    branches[branch] =
        writeRegion(region, "", {}, [&] { return readAll(region.getTerminator()->getOperands()); });
    if (!branches[branch])
      return false;
  }
  defineSeveral(op.getResults(), "if " + condition + " " + marked(Mark::Block, *branches[0]) +
                                     " else " + marked(Mark::Block, *branches[1]));
  return true;
}

bool BodyWriter::writeWhile(WhileOp op) {
  SmallVector<std::string> inits;
  for (Value init : op.getInits())
    inits.push_back(read(init).nested());
  std::string texts[2];
  for (int place = 0; place < 2; ++place) {
    mlir::Block &region = op->getRegion(place).front();
    SmallVector<unsigned> bound;
    std::string head = "|" + bindArguments(region.getArguments(), bound) + "| ";
    auto number = writeRegion(region, head, bound,
                              [&] { return readAll(region.getTerminator()->getOperands()); });
    if (!number)
      return false;
    texts[place] = marked(Mark::Block, *number);
  }
  defineSeveral(op.getResults(),
                "loop(from: " + tupleOf(inits) + ", while: " + texts[0] + ") " + texts[1]);
  return true;
}

/// The language gives what is emitted first, then the carries as one.
bool BodyWriter::writeScan(ScanOp op) {
  SmallVector<std::string> inits, sequences;
  for (Value init : op.getInits())
    inits.push_back(read(init).nested());
  for (Value sequence : op.getXs())
    sequences.push_back(read(sequence).nested());
  size_t carries = inits.size();
  mlir::Block &region = op.getBody().front();
  SmallVector<unsigned> bound;
  ArrayRef<mlir::BlockArgument> arguments = region.getArguments();
  std::string head = "|" + bindArguments(arguments.take_front(carries), bound);
  head += ", " + bindArguments(arguments.drop_front(carries), bound) + "| ";
  auto end = [&] {
    SmallVector<std::string> emitted, carried;
    for (auto [place, value] : llvm::enumerate(region.getTerminator()->getOperands()))
      (place < carries ? carried : emitted).push_back(read(value).nested());
    std::string line = emitted.empty() ? "" : "emit " + llvm::join(emitted, ", ");
    if (!carried.empty())
      line += (line.empty() ? "carry " : ", carry ") + llvm::join(carried, ", ");
    return line;
  };
  auto number = writeRegion(region, head, bound, end);
  if (!number)
    return false;
  // Without a carry the body has to be named: what follows the call would be the carry.
  std::string lambda = marked(Mark::Block, *number);
  std::string rest =
      inits.empty() ? ", body: " + lambda + ")" : ", from: " + tupleOf(inits) + ") " + lambda;
  Statement statement;
  SmallVector<std::string> parts, last;
  for (auto [place, result] : llvm::enumerate(op.getResults())) {
    unsigned variable = addVariable(result, hintOf(result));
    statement.defines.push_back(variable);
    (place < carries ? last : parts).push_back(marked(Mark::Variable, variable));
  }
  if (!last.empty())
    parts.push_back(tupleOf(last));
  statement.pattern = tupleOf(parts);
  statement.text = "scan(" + tupleOf(sequences) + rest;
  body.blocks[block].statements.push_back(std::move(statement));
  return true;
}

//===- The model ----------------------------------------------------------------------------------

void BodyWriter::writeMembers(DeclareChild declare) {
  text.slots.place = Place::Member;
  for (const Weight &weight : module.weights) {
    auto type = typeOf(weight.parameter);
    text.members.push_back("param " + weight.name + ": " + speller.typeText(type));
  }
  for (const auto &child : module.children) {
    SmallVector<std::string> elements;
    for (Module *one : child->isList
                           ? llvm::map_to_vector(child->children, [](auto &e) { return e.get(); })
                           : SmallVector<Module *>{child.get()})
      elements.push_back(declare(*one, text.slots, text.standards));
    text.members.push_back(child->name + " = " +
                           (child->isList ? listText(elements, text.slots) : elements.front()));
  }
}

void BodyWriter::writeSignature() {
  TextBlock &main = body.blocks.emplace_back();
  text.slots.place = Place::Signature;
  if (!module.parent) {
    for (mlir::BlockArgument argument : function.getArguments()) {
      auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), kNameAttr);
      if (isParameter(argument))
        continue;
      std::string input = identifier(name ? name.getValue() : "input");
      main.parameters.push_back(addVariable(argument, input, /*isFixed=*/true));
    }
  } else {
    for (auto [place, input] : llvm::enumerate(module.inputs))
      main.parameters.push_back(addVariable(input, place == 0 ? "" : originOf(input)));
  }
}

std::optional<ModelText> BodyWriter::run(DeclareChild declare) {
  writeMembers(declare);
  writeSignature();
  SmallVector<Value> inputs;
  for (unsigned number : body.blocks[0].parameters)
    for (auto &[value, own] : variables)
      if (own == number)
        inputs.push_back(value);
  SmallVector<std::string> types;
  for (Value input : inputs)
    types.push_back(speller.typeText(typeOf(input)));
  text.slots.place = Place::Body;
  SmallVector<Value> outputs(module.outputs);
  if (!module.parent)
    outputs.assign(function.getBody().front().getTerminator()->operand_begin(),
                   function.getBody().front().getTerminator()->operand_end());
  countItems(module.items, used);
  for (Value output : outputs)
    if (Value base = baseOf(output)) {
      Use &use = used[base];
      ++use.count;
      use.op = function.getBody().front().getTerminator();
    }
  if (!writeItems(module.items))
    return std::nullopt;
  body.blocks[0].end = readAll(outputs);
  std::set<std::string> taken;
  for (const auto &child : module.children)
    taken.insert(child->name);
  for (const Weight &weight : module.weights)
    taken.insert(weight.name);
  for (Value argument : function.getArguments())
    for (const Dim &dim : dimsOf(typeOf(argument)))
      for (const std::string &symbol : dim.symbols())
        taken.insert(symbol);
  body.chooseNames(taken);
  text.body = body.render(0, 4);
  for (auto [number, type] : llvm::zip_equal(body.blocks[0].parameters, types))
    text.parameters +=
        (text.parameters.empty() ? "" : ", ") + body.variables[number].name + ": " + type;
  text.slots.place = Place::Result;
  SmallVector<std::string> results;
  for (auto [place, output] : llvm::enumerate(outputs)) {
    std::string type = speller.typeText(typeOf(output));
    StringAttr name = module.parent ? StringAttr() : resultName(place);
    bool isUsual = outputs.size() == 1 && name && name.getValue() == "result";
    results.push_back(name && !isUsual ? identifier(name) + ": " + type : type);
  }
  bool isNamed = !results.empty() && !module.parent && StringRef(results[0]).contains(": ");
  text.result =
      results.size() == 1 && !isNamed ? results[0] : "(" + llvm::join(results, ", ") + ")";
  return std::move(text);
}

std::optional<ModelText> writeModel(Module &module, mlir::func::FuncOp function,
                                    DeclareChild declare, std::string &error) {
  return BodyWriter(module, function, error).run(declare);
}

} // namespace weft::source
