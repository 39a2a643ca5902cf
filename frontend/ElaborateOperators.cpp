// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators: numbers are computed at compile time, tensors meet by NumPy's rule on named
// dimensions, and a literal takes the element type of the tensor that it meets.
#include "frontend/Elaborate.h"

#include <cmath>

namespace weft {

using ast::BinaryOp;
using Kind = Item::Kind;

//===- Numbers ------------------------------------------------------------------------------------

static std::optional<Item> compareInts(BinaryOp op, int64_t a, int64_t b) {
  switch (op) {
  case BinaryOp::Lt:
    return Item::boolean(a < b);
  case BinaryOp::Le:
    return Item::boolean(a <= b);
  case BinaryOp::Gt:
    return Item::boolean(a > b);
  case BinaryOp::Ge:
    return Item::boolean(a >= b);
  case BinaryOp::Eq:
    return Item::boolean(a == b);
  case BinaryOp::Ne:
    return Item::boolean(a != b);
  default:
    return std::nullopt;
  }
}

static Item floatBinary(BinaryOp op, double a, double b) {
  switch (op) {
  case BinaryOp::Add:
    return Item::number(a + b);
  case BinaryOp::Sub:
    return Item::number(a - b);
  case BinaryOp::Mul:
    return Item::number(a * b);
  case BinaryOp::Div:
    return Item::number(a / b);
  case BinaryOp::Rem:
    return Item::number(std::fmod(a, b));
  case BinaryOp::Pow:
    return Item::number(std::pow(a, b));
  case BinaryOp::Lt:
    return Item::boolean(a < b);
  case BinaryOp::Le:
    return Item::boolean(a <= b);
  case BinaryOp::Gt:
    return Item::boolean(a > b);
  case BinaryOp::Ge:
    return Item::boolean(a >= b);
  case BinaryOp::Eq:
    return Item::boolean(a == b);
  case BinaryOp::Ne:
    return Item::boolean(a != b);
  default:
    return Item::error();
  }
}

static Item power(const Dim &base, int64_t exponent) {
  if (exponent < 0 || exponent > 64)
    return Item::error();
  Dim result(1);
  for (int64_t turn = 0; turn < exponent; ++turn)
    result = result * base;
  return Item::number(result);
}

Item Elaborator::intBinary(const ast::BinaryExpr &expr, const Dim &a, const Dim &b) {
  std::optional<int64_t> left = a.constant(), right = b.constant();
  switch (expr.op) {
  case BinaryOp::Add:
    return Item::number(a + b);
  case BinaryOp::Sub:
    return Item::number(a - b);
  case BinaryOp::Mul:
    return Item::number(a * b);
  case BinaryOp::Div:
    if (right == 0) {
      report(Diag::DivisionByZero, expr.rhs->range, DiagnosticEngine::textOf(expr.rhs->range));
      return Item::error();
    }
    if (left && right && *right != -1 && *left % *right != 0) {
      report(Diag::Remainder, expr.range, *left, *right, *left % *right)
          .note({}, "'floordiv(a, b)' and 'ceildiv(a, b)' round");
      return Item::error();
    }
    return Item::number(a.floorDiv(b));
  case BinaryOp::Rem:
    if (right == 0) {
      report(Diag::DivisionByZero, expr.rhs->range, DiagnosticEngine::textOf(expr.rhs->range));
      return Item::error();
    }
    return Item::number(a.mod(b));
  case BinaryOp::Pow:
    if (left && right && *right < 0)
      return floatBinary(expr.op, *left, *right);
    if (right)
      return power(a, *right);
    break;
  default:
    if (left && right)
      if (std::optional<Item> decided = compareInts(expr.op, *left, *right))
        return *decided;
    // Equality of symbolic dimensions is decided where they are one expression.
    if (a == b && (expr.op == BinaryOp::Eq || expr.op == BinaryOp::Le || expr.op == BinaryOp::Ge))
      return Item::boolean(true);
  }
  if (!lenient)
    report(Diag::NotConstant, expr.range, "'" + DiagnosticEngine::textOf(expr.range) + "'")
        .note({}, "the operands are {0} and {1}", a.str(), b.str());
  return Item::error();
}

Item Elaborator::numberBinary(const ast::BinaryExpr &expr, const Item &lhs, const Item &rhs) {
  if (expr.op == BinaryOp::And || expr.op == BinaryOp::Or || lhs.kind == Kind::Bool ||
      rhs.kind == Kind::Bool) {
    bool bothBool = lhs.kind == Kind::Bool && rhs.kind == Kind::Bool;
    if (bothBool && expr.op == BinaryOp::And)
      return Item::boolean(lhs.flag && rhs.flag);
    if (bothBool && expr.op == BinaryOp::Or)
      return Item::boolean(lhs.flag || rhs.flag);
    if (bothBool && (expr.op == BinaryOp::Eq || expr.op == BinaryOp::Ne))
      return Item::boolean((lhs.flag == rhs.flag) == (expr.op == BinaryOp::Eq));
    report(Diag::OperandKind, expr.opRange, ast::spelling(expr.op),
           describe(lhs) + " and " + describe(rhs));
    return Item::error();
  }
  if (expr.op == BinaryOp::MatMul) {
    report(Diag::OperandKind, expr.opRange, "@", describe(lhs) + " and " + describe(rhs));
    return Item::error();
  }
  if (lhs.kind == Kind::Int && rhs.kind == Kind::Int && !lhs.flag && !rhs.flag)
    return intBinary(expr, lhs.integer, rhs.integer);
  std::optional<double> a = toReal(lhs, expr.lhs->range, "an operand");
  std::optional<double> b = toReal(rhs, expr.rhs->range, "an operand");
  return a && b ? floatBinary(expr.op, *a, *b) : Item::error();
}

static bool fitsInteger(Type element, const Item &item) {
  unsigned width = element.getIntOrFloatBitWidth();
  int64_t value = *item.integer.constant();
  if (element.isUnsignedInteger())
    return item.flag ? width == 64
                     : llvm::isUIntN(width, static_cast<uint64_t>(value)) && value >= 0;
  return !item.flag && llvm::isIntN(width, value);
}

std::optional<ValueId> Elaborator::numberToTensor(const Item &item, Span span, Type element) {
  current->span = span;
  if (item.kind == Kind::Bool || isBoolElement(element)) {
    if (item.kind == Kind::Bool && isBoolElement(element))
      return current->constantInteger(element, item.flag);
    report(Diag::LiteralType, span, describe(item), elementName(element));
    return std::nullopt;
  }
  if (item.kind == Kind::Float) {
    if (isFloatElement(element))
      return current->constant(element, item.real);
    report(Diag::LiteralType, span, describe(item), elementName(element));
    return std::nullopt;
  }
  if (!item.integer.isConstant())
    return current->cast(current->size(item.integer), element);
  if (isFloatElement(element)) {
    int64_t value = *item.integer.constant();
    return current->constant(element, item.flag ? static_cast<double>(static_cast<uint64_t>(value))
                                                : static_cast<double>(value));
  }
  if (fitsInteger(element, item))
    return current->constantInteger(element, *item.integer.constant());
  report(Diag::LiteralType, span, describe(item), elementName(element));
  return std::nullopt;
}

//===- Tensors ------------------------------------------------------------------------------------

std::optional<Dims> Elaborator::broadcastDims(ArrayRef<Dim> a, ArrayRef<Dim> b) const {
  Dims result(std::max(a.size(), b.size()), Dim(1));
  for (size_t back = 1; back <= result.size(); ++back) {
    Dim left = back <= a.size() ? a[a.size() - back] : Dim(1);
    Dim right = back <= b.size() ? b[b.size() - back] : Dim(1);
    if (!sameDim(left, right) && left != Dim(1) && right != Dim(1))
      return std::nullopt;
    bool isOpen = StringRef(left.str()).starts_with("...");
    result[result.size() - back] = left == Dim(1) || (isOpen && right != Dim(1)) ? right : left;
  }
  return result;
}

std::optional<SmallVector<ValueId>> Elaborator::broadcastTogether(ArrayRef<ValueId> values,
                                                                  Span span, StringRef what) {
  Dims target;
  for (ValueId value : values) {
    std::optional<Dims> met = broadcastDims(target, typeOf(value).dims);
    if (!met) {
      ValueId other = *llvm::find_if(
          values, [&](ValueId v) { return !broadcastDims(typeOf(v).dims, typeOf(value).dims); });
      Diagnostic &message =
          report(Diag::Broadcast, span, what, printType(typeOf(other)), printType(typeOf(value)));
      noteValue(message, other);
      noteValue(message, value);
      return std::nullopt;
    }
    target = *met;
  }
  current->span = span;
  SmallVector<ValueId> result;
  for (ValueId value : values)
    result.push_back(current->broadcastTo(value, target));
  return result;
}

std::optional<SmallVector<ValueId>> Elaborator::unify(ArrayRef<Item> items, ArrayRef<Span> spans,
                                                      Span span, StringRef what,
                                                      const ValueType *expected) {
  Type element;
  for (const Item &item : items)
    if (item.isTensor() && !element) {
      std::optional<ValueId> value = toTensor(item, span);
      if (!value)
        return std::nullopt;
      element = typeOf(*value).element;
    }
  if (!element && expected)
    element = expected->element;
  bool anyFloat = llvm::any_of(items, [](const Item &item) { return item.kind == Kind::Float; });
  if (!element && anyFloat)
    element = mlir::Float32Type::get(context);
  SmallVector<ValueId> values;
  for (auto [item, itemSpan] : llvm::zip_equal(items, spans)) {
    std::optional<ValueId> value = toTensor(item, itemSpan, element);
    if (!value)
      return std::nullopt;
    if (element && typeOf(*value).element != element) {
      report(Diag::OperandTypes, span, what, elementName(element),
             elementName(typeOf(*value).element))
          .note({}, "there is no silent conversion; 'cast<{0}>(...)' says it",
                elementName(element));
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return values;
}

static StringRef elementwiseName(BinaryOp op) {
  switch (op) {
  case BinaryOp::Add:
    return "add";
  case BinaryOp::Sub:
    return "sub";
  case BinaryOp::Mul:
    return "mul";
  case BinaryOp::Div:
    return "div";
  case BinaryOp::Rem:
    return "rem";
  case BinaryOp::Pow:
    return "pow";
  case BinaryOp::Lt:
    return "lt";
  case BinaryOp::Le:
    return "le";
  case BinaryOp::Gt:
    return "gt";
  case BinaryOp::Ge:
    return "ge";
  case BinaryOp::Eq:
    return "eq";
  case BinaryOp::Ne:
    return "ne";
  case BinaryOp::And:
    return "and";
  case BinaryOp::Or:
    return "or";
  case BinaryOp::MatMul:
    return "contract";
  }
  return "";
}

static bool isComparison(BinaryOp op) { return op >= BinaryOp::Lt && op <= BinaryOp::Ne; }
static bool isLogic(BinaryOp op) { return op == BinaryOp::And || op == BinaryOp::Or; }

Item Elaborator::tensorBinary(const ast::BinaryExpr &expr, const Item &lhs, const Item &rhs,
                              const ValueType *expected) {
  std::string spelling = ("'" + ast::spelling(expr.op) + "'").str();
  std::optional<SmallVector<ValueId>> values =
      unify({lhs, rhs}, {expr.lhs->range, expr.rhs->range}, expr.opRange, spelling,
            isComparison(expr.op) ? nullptr : expected);
  if (!values)
    return Item::error();
  Type element = typeOf(values->front()).element;
  if (isLogic(expr.op) ? isFloatElement(element)
                       : isBoolElement(element) && !isComparison(expr.op)) {
    report(Diag::OperandKind, expr.opRange, ast::spelling(expr.op),
           elementName(element) + " tensors");
    return Item::error();
  }
  values = broadcastTogether(*values, expr.opRange, spelling);
  if (!values)
    return Item::error();
  current->span = expr.range;
  ValueId left = (*values)[0], right = (*values)[1];
  StringRef name = elementwiseName(expr.op);
  return Item::tensor(isComparison(expr.op) ? current->compare(name, left, right)
                                            : current->binary(name, left, right));
}

Item Elaborator::evaluateBinary(const ast::BinaryExpr &expr, const ScopeRef &scope,
                                const ValueType *expected) {
  bool keepsType = !isComparison(expr.op) && expr.op != BinaryOp::MatMul;
  Item lhs = evaluate(*expr.lhs, scope, keepsType ? expected : nullptr);
  // A choice at compile time guards what stands behind it: `heads > 0 && width % heads == 0`.
  if (lhs.kind == Kind::Bool && isLogic(expr.op) && lhs.flag == (expr.op == BinaryOp::Or))
    return lhs;
  Item rhs = evaluate(*expr.rhs, scope, keepsType ? expected : nullptr);
  if (lhs.isError() || rhs.isError())
    return Item::error();
  if (lhs.kind == Kind::Text && rhs.kind == Kind::Text &&
      (expr.op == BinaryOp::Eq || expr.op == BinaryOp::Ne))
    return Item::boolean((lhs.text == rhs.text) == (expr.op == BinaryOp::Eq));
  if (lhs.isNumber() && rhs.isNumber()) {
    bool symbolicReal = (lhs.kind == Kind::Float && !rhs.integer.isConstant()) ||
                        (rhs.kind == Kind::Float && !lhs.integer.isConstant());
    // In a library a symbol stands for any number: so does the result.
    if (symbolicReal && lenient)
      return Item::number(0.5);
    if (!symbolicReal || !hasGraph())
      return numberBinary(expr, lhs, rhs);
  }
  bool known = (lhs.isNumber() || lhs.isTensor()) && (rhs.isNumber() || rhs.isTensor());
  if (!known) {
    report(Diag::OperandKind, expr.opRange, ast::spelling(expr.op),
           describe(lhs) + " and " + describe(rhs))
        .underline(expr.lhs->range)
        .underline(expr.rhs->range);
    return Item::error();
  }
  if (expr.op == BinaryOp::MatMul)
    return matmul(lhs, rhs, expr.opRange, expr.lhs->range, expr.rhs->range);
  return tensorBinary(expr, lhs, rhs, expected);
}

Item Elaborator::evaluateUnary(const ast::UnaryExpr &expr, const ScopeRef &scope,
                               const ValueType *expected) {
  Item operand = evaluate(*expr.operand, scope, expected);
  if (operand.isError())
    return operand;
  bool negates = expr.op == ast::UnaryOp::Neg;
  if (negates && operand.kind == Kind::Int && !operand.flag)
    return Item::number(-operand.integer);
  if (negates && operand.kind == Kind::Float)
    return Item::number(-operand.real);
  if (!negates && operand.kind == Kind::Bool)
    return Item::boolean(!operand.flag);
  if (operand.isTensor()) {
    std::optional<ValueId> tensor = toTensor(operand, expr.range);
    if (!tensor)
      return Item::error();
    ValueId value = *tensor;
    Type element = typeOf(value).element;
    bool fits = negates ? !isBoolElement(element) && !element.isUnsignedInteger()
                        : !isFloatElement(element);
    current->span = expr.range;
    if (fits)
      return Item::tensor(current->unary(negates ? "neg" : "not", value));
  }
  report(Diag::OperandKind, expr.opRange, ast::spelling(expr.op), describe(operand));
  return Item::error();
}

//===- Matrix product -----------------------------------------------------------------------------

Item Elaborator::matmul(const Item &lhs, const Item &rhs, Span span, Span lhsSpan, Span rhsSpan) {
  std::optional<SmallVector<ValueId>> values =
      unify({lhs, rhs}, {lhsSpan, rhsSpan}, span, "'@'", nullptr);
  if (!values)
    return Item::error();
  ValueId a = (*values)[0], b = (*values)[1];
  if (typeOf(a).isScalar() || typeOf(b).isScalar() || isBoolElement(typeOf(a).element)) {
    report(Diag::OperandKind, span, "@", printType(typeOf(a)) + " and " + printType(typeOf(b)));
    return Item::error();
  }
  bool isVectorA = typeOf(a).rank() == 1, isVectorB = typeOf(b).rank() == 1;
  Dim innerA = typeOf(a).dims.back();
  Dim innerB = isVectorB ? typeOf(b).dims[0] : typeOf(b).dims[typeOf(b).rank() - 2];
  Dims batchA = typeOf(a).dims, batchB = typeOf(b).dims;
  batchA.pop_back_n(isVectorA ? 1 : 2);
  batchB.pop_back_n(isVectorB ? 1 : 2);
  std::optional<Dims> batch = broadcastDims(batchA, batchB);
  if (!sameDim(innerA, innerB) || !batch) {
    Diagnostic &message =
        !batch ? report(Diag::Broadcast, span, "'@'", printType(typeOf(a)), printType(typeOf(b)))
               : report(Diag::Contraction, span, innerA.str(), innerB.str(), printType(typeOf(a)),
                        printType(typeOf(b)));
    message.underline(lhsSpan).underline(rhsSpan);
    noteValue(message, a);
    noteValue(message, b);
    return Item::error();
  }
  current->span = span;
  // A batch dimension that only one operand has, or that is 1 in the other, stays with the first.
  auto labelsOf = [&](ArrayRef<Dim> own, ValueId &value, StringRef rest, bool isVector) {
    std::string labels;
    Dims kept;
    size_t offset = batch->size() - own.size();
    for (auto [place, dim] : llvm::enumerate(own)) {
      if (dim == Dim(1) && (*batch)[offset + place] != Dim(1))
        continue;
      labels += static_cast<char>('A' + offset + place);
      kept.push_back(dim);
    }
    Dims dims = typeOf(value).dims;
    kept.append(dims.end() - (isVector ? 1 : 2), dims.end());
    value = current->reshape(value, kept);
    return labels + rest.str();
  };
  std::string left = labelsOf(batchA, a, isVectorA ? "k" : "mk", isVectorA);
  std::string right = labelsOf(batchB, b, isVectorB ? "k" : "kn", isVectorB);
  std::string result;
  for (size_t place = 0; place < batch->size(); ++place)
    result += static_cast<char>('A' + place);
  result += std::string(isVectorA ? "" : "m") + (isVectorB ? "" : "n");
  return Item::tensor(current->contract(left + "," + right + "->" + result, a, b));
}

} // namespace weft
