// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element-wise operations, numbers, and the dispatch to the families. Broadcasts and numbers have
// no line of their own: operators of the language stretch dimensions of 1 and take literals.
#include "frontend/source/Spelling.h"

#include "frontend/source/Literals.h"
#include "ir/Constants.h"
#include "ir/Infer.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weft::source {

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

//===- What is written where it is used -----------------------------------------------------------

std::optional<SmallVector<int64_t>> insertedUnits(ArrayRef<Dim> from, ArrayRef<Dim> to) {
  SmallVector<int64_t> places;
  for (auto [axis, dim] : llvm::enumerate(to)) {
    if (places.size() < from.size() && from[places.size()] == dim)
      places.push_back(axis);
    else if (dim != Dim(1))
      return std::nullopt;
  }
  if (places.size() != from.size() || from.size() == to.size())
    return std::nullopt;
  return places;
}

bool isTransparent(Operation *op) {
  if (isa<ConstantOp, SizeOp, BroadcastOp>(op))
    return true;
  auto reshape = dyn_cast<ReshapeOp>(op);
  return reshape &&
         insertedUnits(dimsOf(reshape.getInput().getType()), dimsOf(reshape.getResult().getType()));
}

Value baseOf(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isTransparent(op))
      break;
    if (op->getNumOperands() == 0)
      return {};
    value = op->getOperand(0);
  }
  return value;
}

/// A number in every place: a literal, or the value of a dimension.
std::optional<Expr> Speller::number(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto broadcast = llvm::dyn_cast_or_null<BroadcastOp>(op))
    return number(broadcast.getInput());
  if (auto reshape = llvm::dyn_cast_or_null<ReshapeOp>(op); reshape && isTransparent(op))
    return number(reshape.getInput());
  if (auto size = llvm::dyn_cast_or_null<SizeOp>(op)) {
    Expr result = Expr::literal(slot(size.getDim().toDims().front(), "", /*isOperand=*/true));
    return result;
  }
  auto constant = llvm::dyn_cast_or_null<ConstantOp>(op);
  auto dense = constant ? dyn_cast<mlir::DenseElementsAttr>(constant.getValue()) : nullptr;
  std::optional<std::string> text = dense ? splatText(dense) : std::nullopt;
  if (!text || StringRef(*text).contains(' '))
    return std::nullopt;
  return Expr::literal(*text);
}

/// The reduction that a value is, or whose mean it is.
static ReduceOp reducedBy(Value value) {
  if (auto div = value.getDefiningOp<DivOp>())
    value = div.getLhs();
  return value.getDefiningOp<ReduceOp>();
}

/// True unless the dimensions of 1 among `items` are those that were reduced, and all are there.
static bool differsFrom(ArrayRef<std::string> items, ReduceOp reduce) {
  if (int64_t(items.size()) != cast<RankedTensorType>(reduce.getInput().getType()).getRank())
    return true;
  for (auto [axis, item] : llvm::enumerate(items))
    if ((item == "new") != llvm::is_contained(reduce.getAxes(), int64_t(axis)))
      return true;
  return false;
}

/// `base[:, new]`, with the dimensions of `base` at `along` among `rank`.
Expr Speller::withUnits(Value base, ArrayRef<int64_t> along, int64_t rank, bool dropLeading) {
  SmallVector<std::string> items;
  for (int64_t axis = dropLeading && !along.empty() ? along.front() : 0; axis < rank; ++axis)
    items.push_back(llvm::is_contained(along, axis) ? ":" : "new");
  bool isOnce = reader.isUsedOnce(base);
  Expr expr = reader.read(base);
  if (!llvm::is_contained(items, "new"))
    return expr;
  // What a reduction took away and is put back, it keeps.
  ReduceOp reduce = reducedBy(base);
  if (isOnce && reduce && !differsFrom(items, reduce) && !expr.steps.empty() &&
      expr.index.empty()) {
    std::string &arguments = expr.steps.back().arguments;
    arguments += std::string(arguments.empty() ? "" : ", ") + "keep: true";
    return expr;
  }
  return expr.indexedBy({items.begin(), items.end()});
}

/// An operand that the operator will stretch: only what NumPy's rule lacks is written.
Expr Speller::aligned(Value value) {
  auto broadcast = value.getDefiningOp<BroadcastOp>();
  if (!broadcast)
    return reader.read(value);
  Value source = broadcast.getInput();
  SmallVector<int64_t> along(broadcast.getDims());
  // Dimensions of 1 that a reshape put in are put in once.
  if (auto reshape = source.getDefiningOp<ReshapeOp>(); reshape && isTransparent(reshape)) {
    SmallVector<int64_t> places =
        *insertedUnits(dimsOf(reshape.getInput().getType()), dimsOf(reshape.getResult().getType()));
    source = reshape.getInput();
    along = llvm::map_to_vector(places, [&](int64_t place) { return along[place]; });
  }
  if (along.empty())
    return reader.read(source);
  if (source.getDefiningOp() && isTransparent(source.getDefiningOp()))
    return withUnits(broadcast.getInput(), broadcast.getDims(), typeOf(value).getRank(), true);
  return withUnits(source, along, typeOf(value).getRank(), /*dropLeading=*/true);
}

/// The shape of an operand as `aligned` writes it.
static SmallVector<Dim> alignedDims(Value value) {
  auto broadcast = value.getDefiningOp<BroadcastOp>();
  SmallVector<Dim> dims = dimsOf(typeOf(value));
  if (!broadcast)
    return dims;
  SmallVector<Dim> own = dimsOf(broadcast.getInput().getType());
  SmallVector<Dim> result;
  ArrayRef<int64_t> along = broadcast.getDims();
  for (int64_t axis = along.empty() ? dims.size() : along.front(); axis < int64_t(dims.size());
       ++axis) {
    auto *place = llvm::find(along, axis);
    result.push_back(place == along.end() ? Dim(1) : own[place - along.begin()]);
  }
  return result;
}

SmallVector<Expr> Speller::broadcastOperands(Operation *op, unsigned first) {
  SmallVector<std::optional<Expr>> numbers;
  SmallVector<SmallVector<Dim>> shapes;
  for (Value operand : op->getOperands()) {
    numbers.push_back(number(operand));
    shapes.push_back(numbers.back() ? SmallVector<Dim>() : alignedDims(operand));
  }
  // Literals take their type from an operand that is none.
  bool allNumbers =
      llvm::all_of(ArrayRef(numbers).drop_front(first), [](auto &n) { return n.has_value(); });
  if (allNumbers) {
    numbers[first].reset();
    shapes[first] = dimsOf(typeOf(op->getOperand(first)));
  }
  std::string reason;
  SmallVector<Dim> wanted = dimsOf(typeOf(op->getResult(0)));
  FailureOr<SmallVector<Dim>> met = broadcastDims(shapes, reason);
  // One operand in full gives the shape.
  std::optional<size_t> full;
  if (failed(met) || *met != wanted)
    for (size_t place = 0; place < numbers.size() && !full; ++place)
      if (!numbers[place] || place + 1 == numbers.size())
        full = place;
  SmallVector<Expr> result;
  for (auto [place, operand] : llvm::enumerate(op->getOperands())) {
    bool isFull = full == place || (allNumbers && place == first);
    if (isFull)
      result.push_back(reader.read(operand));
    else
      result.push_back(numbers[place] ? *numbers[place] : aligned(operand));
  }
  return result;
}

Expr Speller::spellTransparent(Operation *op) {
  if (auto constant = dyn_cast<ConstantOp>(op))
    return constantExpr(cast<mlir::DenseElementsAttr>(constant.getValue()));
  if (auto size = dyn_cast<SizeOp>(op))
    return Expr::postfix("tensor<i64>(" + slot(size.getDim().toDims().front()) + ")");
  SmallVector<Dim> dims = dimsOf(typeOf(op->getResult(0)));
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    SmallVector<int64_t> along = *insertedUnits(dimsOf(reshape.getInput().getType()), dims);
    return withUnits(reshape.getInput(), along, dims.size(), /*dropLeading=*/false);
  }
  auto broadcast = cast<BroadcastOp>(op);
  std::string shape = dimsText(dims);
  Type element = typeOf(op->getResult(0)).getElementType();
  std::optional<Expr> filling = number(broadcast.getInput());
  if (filling)
    return filledExpr(filling->nested(), element, shape);
  return aligned(op->getResult(0)).calledBy("broadcast_to", shape);
}

//===- Types --------------------------------------------------------------------------------------

std::string Speller::dimsText(ArrayRef<Dim> dims, StringRef role) {
  std::string text = "[";
  for (auto [place, dim] : llvm::enumerate(dims))
    text += (place ? ", " : "") + slot(dim, role);
  return text + "]";
}

std::string Speller::typeText(RankedTensorType type) {
  std::string text = languageName(type.getElementType());
  if (type.getRank() == 0)
    return text;
  SlotTable &table = reader.slots();
  size_t first = table.slots.size();
  text += dimsText(dimsOf(type));
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    table.slots[first + axis].axis = axis;
    table.slots[first + axis].rank = type.getRank();
  }
  return text;
}

//===- Element by element -------------------------------------------------------------------------

std::optional<Expr> Speller::negate(Operation *op, StringRef sign) {
  Expr result;
  result.level = Level::Unary;
  Expr operand = reader.read(op->getOperand(0));
  if (operand.steps.empty() && operand.level == Level::Power)
    result.head = sign.str() + operand.nested();
  else
    result.head = sign.str() + operand.operand(Level::Postfix);
  return result;
}

std::optional<Expr> Speller::logic(Operation *op, StringRef sign, StringRef function) {
  SmallVector<Expr> operands = broadcastOperands(op);
  bool isBool = typeOf(op->getResult(0)).getElementType().isInteger(1);
  Level level = sign == "&&" ? Level::And : sign == "||" ? Level::Or : Level::Compare;
  if (isBool)
    return infix(operands[0], sign, operands[1], level);
  return Expr::postfix(
      (function + "(" + operands[0].nested() + ", " + operands[1].nested() + ")").str());
}

/// The sign of an operator and its level.
static std::pair<StringRef, Level> signOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::pair<StringRef, Level>>(op)
      .Case<AddOp>([](auto) { return std::pair("+", Level::Sum); })
      .Case<SubOp>([](auto) { return std::pair("-", Level::Sum); })
      .Case<MulOp>([](auto) { return std::pair("*", Level::Product); })
      .Case<DivOp>([](auto) { return std::pair("/", Level::Product); })
      .Case<RemOp>([](auto) { return std::pair("%", Level::Product); })
      .Case<PowOp>([](auto) { return std::pair("**", Level::Power); })
      .Case<CompareOp>([](CompareOp compare) {
        StringRef signs[] = {"<", "<=", ">", ">=", "==", "!="};
        return std::pair(signs[static_cast<int>(compare.getPredicate())], Level::Compare);
      })
      .Default([](auto) { return std::pair(StringRef(), Level::Primary); });
}

std::optional<Expr> Speller::binary(Operation *op) {
  auto [sign, level] = signOf(op);
  SmallVector<Expr> operands = broadcastOperands(op);
  if (!sign.empty())
    return infix(operands[0], sign, operands[1], level);
  return Expr::postfix((op->getName().stripDialect() + "(" + operands[0].nested() + ", " +
                        operands[1].nested() + ")")
                           .str());
}

Expr Speller::select(SelectOp op) {
  SmallVector<Expr> operands = broadcastOperands(op, /*first=*/1);
  return Expr::postfix("select(" + operands[0].nested() + ", " + operands[1].nested() + ", " +
                       operands[2].nested() + ")");
}

/// The sum over axes by the number of elements: what `mean` elaborates to.
std::optional<Expr> Speller::meanOf(DivOp op) {
  auto reduce = baseOf(op.getLhs()) ? baseOf(op.getLhs()).getDefiningOp<ReduceOp>() : nullptr;
  if (!reduce || reduce.getKind() != ReduceKind::Sum || !reader.isUsedOnce(reduce.getResult()))
    return std::nullopt;
  auto type = cast<RankedTensorType>(reduce.getInput().getType());
  if (!type.getElementType().isF32() && !type.getElementType().isF64())
    return std::nullopt;
  Operation *between = op.getLhs().getDefiningOp();
  if (between != reduce &&
      !(isa<ReshapeOp>(between) && between->getOperand(0) == reduce.getResult()))
    return std::nullopt;
  Dim count(1);
  for (int64_t axis : reduce.getAxes())
    count = count * dimsOf(type)[axis];
  Value divisor = op.getRhs();
  while (divisor.getDefiningOp() && isa<BroadcastOp, CastOp>(divisor.getDefiningOp()))
    divisor = divisor.getDefiningOp()->getOperand(0);
  bool fits = false;
  if (auto size = divisor.getDefiningOp<SizeOp>())
    fits = size.getDim().toDims().front() == count;
  else if (auto constant = divisor.getDefiningOp<ConstantOp>(); constant && count.isConstant())
    fits = isEach(constant.getValue(), static_cast<double>(*count.constant())) ||
           isEachInteger(constant.getValue(), *count.constant());
  if (!fits)
    return std::nullopt;
  Expr sum = reader.read(op.getLhs());
  if (sum.steps.empty() || sum.steps.back().callee != "sum")
    return std::nullopt;
  sum.steps.back().callee = "mean";
  return sum;
}

/// Functions of the standard library, where the operations are what they stand for.
std::optional<Expr> Speller::known(Operation *op) {
  if (auto max = dyn_cast<MaxOp>(op)) {
    auto zero = number(max.getRhs());
    if (zero && zero->head == "0" && !number(max.getLhs()))
      return reader.read(max.getLhs()).calledBy("relu");
  }
  if (auto div = dyn_cast<DivOp>(op))
    return meanOf(div);
  return std::nullopt;
}

std::optional<Expr> Speller::spell(Operation *op) {
  if (std::optional<Expr> function = known(op))
    return function;
  auto call = [&](StringRef name) { return reader.read(op->getOperand(0)).calledBy(name.str()); };
  using Result = std::optional<Expr>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<AddOp, SubOp, MulOp, DivOp, RemOp, PowOp, CompareOp, MaxOp, MinOp, Atan2Op, ShiftLeftOp,
            ShiftRightOp>([&](auto) { return binary(op); })
      .Case<AndOp>([&](auto) { return logic(op, "&&", "bit_and"); })
      .Case<OrOp>([&](auto) { return logic(op, "||", "bit_or"); })
      .Case<XorOp>([&](auto) { return logic(op, "!=", "bit_xor"); })
      .Case<NegOp>([&](auto) { return negate(op, "-"); })
      .Case<NotOp>([&](auto) { return negate(op, "!"); })
      .Case<AbsOp, SignOp, FloorOp, CeilOp, RoundOp, TruncOp, SqrtOp, RsqrtOp, ExpOp, Expm1Op,
            LogOp, Log1pOp, SinOp, CosOp, TanOp, AsinOp, AcosOp, AtanOp, SinhOp, CoshOp, TanhOp,
            AsinhOp, AcoshOp, AtanhOp, ErfOp, SigmoidOp, IsNanOp, IsInfOp>(
          [&](auto) -> Result { return call(op->getName().stripDialect()); })
      .Case<mlir::func::CallOp>(
          [&](mlir::func::CallOp one) -> Result { return call(one.getCallee()); })
      .Case<SelectOp>([&](SelectOp one) -> Result { return select(one); })
      .Case<CastOp>([&](CastOp one) -> Result {
        return call("cast<" + languageName(typeOf(one.getResult()).getElementType()) + ">");
      })
      .Case<IotaOp>([&](IotaOp one) -> Result {
        auto type = typeOf(one.getResult());
        std::string axis = one.getAxis() ? ", axis: " + std::to_string(one.getAxis()) : "";
        return Expr::postfix("iota<" + languageName(type.getElementType()) + ">(" +
                             (type.getRank() == 1 ? slot(dimOf(type, 0)) : dimsText(dimsOf(type))) +
                             axis + ")");
      })
      .Case<ReshapeOp>([&](ReshapeOp one) -> Result { return reshape(one); })
      .Case<TransposeOp>([&](TransposeOp one) -> Result { return transpose(one); })
      .Case<SliceOp>([&](SliceOp one) -> Result { return slice(one); })
      .Case<DynamicSliceOp>([&](DynamicSliceOp one) -> Result {
        return window(one.getInput(), "", one.getStarts(),
                      dimsText(dimsOf(typeOf(one.getResult()))), "dynamic_slice");
      })
      .Case<UpdateSliceOp>([&](UpdateSliceOp one) -> Result {
        return window(one.getInput(), reader.read(one.getUpdate()).nested(), one.getStarts(), "",
                      "update_slice");
      })
      .Case<PadOp>([&](PadOp one) -> Result { return pad(one); })
      .Case<ConcatOp>([&](ConcatOp one) -> Result { return concat(one); })
      .Case<GatherOp>([&](GatherOp one) -> Result { return gather(one); })
      .Case<ScatterOp>([&](ScatterOp one) -> Result { return scatter(one); })
      .Case<RandomBitsOp>([&](RandomBitsOp one) -> Result {
        std::optional<Expr> seed = number(one.getSeed());
        return (seed ? *seed : reader.read(one.getSeed()))
            .calledBy("random_bits", "stream: " + std::to_string(one.getStream()) +
                                         ", shape: " + dimsText(dimsOf(typeOf(one.getResult()))));
      })
      .Case<ReduceOp>([&](ReduceOp one) -> Result { return reduce(one); })
      .Case<ArgOp>([&](ArgOp one) -> Result { return arg(one); })
      .Case<ArgSortOp>([&](ArgSortOp one) -> Result { return argSort(one); })
      .Case<CumulativeOp>([&](CumulativeOp one) -> Result { return cumulative(one); })
      .Case<PoolOp>([&](PoolOp one) -> Result { return pool(one); })
      .Case<ContractOp>([&](ContractOp one) -> Result { return contract(one); })
      .Case<ConvOp>([&](ConvOp one) -> Result { return conv(one); })
      .Case<ConvTransposeOp>([&](ConvTransposeOp one) -> Result { return convTranspose(one); })
      .Case<SoftmaxOp, LogSoftmaxOp, LayerNormOp, RmsNormOp, BatchNormOp, GroupNormOp>(
          [&](auto) { return normalise(op); })
      .Case<AttentionOp>([&](AttentionOp one) -> Result { return attention(one); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace weft::source
