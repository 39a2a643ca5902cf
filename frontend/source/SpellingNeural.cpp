// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions, windows, normalisations, attention.
#include "frontend/source/Literals.h"
#include "frontend/source/Spelling.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>

namespace weft::source {

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

//===- Contractions -------------------------------------------------------------------------------

/// True if the equation is that of `@`: matrices in the last two dimensions, equal batches.
static bool isMatrixProduct(ContractOp::Labels labels) {
  StringRef a = labels.lhs, b = labels.rhs, y = labels.result;
  if (a.size() < 2 || b.size() < 2 || y.size() < 2)
    return false;
  StringRef batchA = a.drop_back(2), batchB = b.drop_back(2), batch = y.drop_back(2);
  char row = a[a.size() - 2], inner = a.back(), column = b.back();
  return b[b.size() - 2] == inner && y[y.size() - 2] == row && y.back() == column &&
         (batchA == batch || batchB == batch) && batch.ends_with(batchA) && batch.ends_with(batchB);
}

static std::string spaced(StringRef equation) {
  std::string text;
  for (char c : equation)
    text += c == ',' ? std::string(", ") : std::string(1, c);
  size_t arrow = text.find("->");
  return text.replace(arrow, 2, " -> ");
}

Expr Speller::contract(ContractOp op) {
  Expr a = reader.read(op.getLhs()), b = reader.read(op.getRhs());
  Type element = typeOf(op.getResult()).getElementType();
  // Products that are summed in a wider type are products of wider numbers.
  if (element != typeOf(op.getLhs()).getElementType()) {
    std::string cast = "cast<" + languageName(element) + ">";
    a = a.calledBy(cast);
    b = b.calledBy(cast);
  }
  if (isMatrixProduct(op.getLabels()))
    return infix(a, "@", b, Level::Product);
  return Expr::postfix("einsum(\"" + spaced(op.getEquation()) + "\", " + a.nested() + ", " +
                       b.nested() + ")");
}

//===- Windows ------------------------------------------------------------------------------------

static bool isUniform(ArrayRef<int64_t> values) { return llvm::all_equal(values); }

/// `3`, or `[3, 5]`.
std::string Speller::perDimension(ArrayRef<int64_t> values, StringRef role) {
  if (isUniform(values))
    return slot(values.front(), role);
  return dimsText(llvm::map_to_vector(values, [](int64_t v) { return Dim(v); }), role);
}

/// `, stride: 2, padding: 1`; what is usual is left out.
std::string Speller::geometry(ArrayRef<int64_t> strides, ArrayRef<int64_t> low,
                              ArrayRef<int64_t> high, ArrayRef<int64_t> dilations,
                              bool alwaysStride) {
  std::string stride = ", stride: " + perDimension(strides, "stride"), result;
  result += isUniform(strides) && !alwaysStride ? optional(1, stride) : stride;
  if (low == high) {
    std::string padding = ", padding: " + perDimension(low, "padding");
    result += isUniform(low) ? optional(0, padding) : padding;
  } else {
    result += ", padding: [";
    for (auto [axis, pair] : llvm::enumerate(llvm::zip_equal(low, high)))
      result += (axis ? ", [" : "[") + slot(std::get<0>(pair), "padding") + ", " +
                slot(std::get<1>(pair), "padding") + "]";
    result += "]";
  }
  std::string dilation = ", dilation: " + perDimension(dilations, "dilation");
  return result + (isUniform(dilations) ? optional(1, dilation) : dilation);
}

Expr Speller::conv(ConvOp op) {
  std::string arguments = reader.read(op.getFilter()).nested() +
                          geometry(op.getStrides(), op.getPadLow(), op.getPadHigh(),
                                   op.getDilations(), /*alwaysStride=*/false) +
                          optional(1, ", groups: " + slot(op.getGroups(), "groups"));
  return reader.read(op.getInput()).calledBy("conv", arguments);
}

Expr Speller::convTranspose(ConvTransposeOp op) {
  std::string arguments = reader.read(op.getFilter()).nested() +
                          geometry(op.getStrides(), op.getPadLow(), op.getPadHigh(),
                                   op.getDilations(), /*alwaysStride=*/false);
  ArrayRef<int64_t> more = op.getOutputPadding();
  std::string extra = ", output_padding: " + perDimension(more, "output_padding");
  arguments += isUniform(more) ? optional(0, extra) : extra;
  arguments += optional(1, ", groups: " + slot(op.getGroups(), "groups"));
  return reader.read(op.getInput()).calledBy("conv_transpose", arguments);
}

Expr Speller::pool(PoolOp op) {
  ArrayRef<int64_t> window = op.getWindow(), strides = op.getStrides(), low = op.getPadLow(),
                    high = op.getPadHigh(), dilations = op.getDilations();
  bool coversSpace = typeOf(op.getInput()).getRank() == int64_t(window.size()) + 2;
  bool isPlain = coversSpace && isUniform(window) && isUniform(strides) && isUniform(low) &&
                 low == high && llvm::all_of(dilations, [](int64_t d) { return d == 1; });
  bool hasPadding = llvm::any_of(low, [](int64_t p) { return p != 0; });
  bool isMax = op.getKind() == PoolKind::Max, isAvg = op.getKind() == PoolKind::Avg;
  Expr input = reader.read(op.getInput());
  if (isPlain && (isMax || isAvg)) {
    std::string arguments = slot(window.front(), "window");
    if (strides != window)
      arguments += ", stride: " + slot(strides.front(), "stride");
    arguments += optional(0, ", padding: " + slot(low.front(), "padding"));
    // Without padding all of a window is inside.
    if (isAvg && hasPadding && !op.getCountPadding())
      arguments += ", count_padding: false";
    return input.calledBy(reader.standard(isMax ? "max_pool" : "avg_pool"), arguments);
  }
  std::string arguments = "\"" + stringifyPoolKind(op.getKind()).str() + "\", window: ";
  SmallVector<Dim> sizes = llvm::map_to_vector(window, [](int64_t v) { return Dim(v); });
  arguments +=
      coversSpace && isUniform(window) ? slot(window.front(), "window") : dimsText(sizes, "window");
  arguments += geometry(strides, low, high, dilations, /*alwaysStride=*/true);
  if (op.getCountPadding())
    arguments += ", count_padding: true";
  return input.calledBy("pool", arguments);
}

//===- Normalisation and attention ----------------------------------------------------------------

std::optional<Expr> Speller::normalise(Operation *op) {
  int64_t rank = typeOf(op->getResult(0)).getRank();
  std::string arguments;
  auto axis = op->getAttrOfType<mlir::IntegerAttr>("axis");
  auto groups = op->getAttrOfType<mlir::IntegerAttr>("groups");
  auto add = [&](const std::string &text) { arguments += (arguments.empty() ? "" : ", ") + text; };
  if (groups)
    add(slot(groups.getInt(), "groups"));
  auto segments = op->getAttrOfType<mlir::DenseI32ArrayAttr>("operandSegmentSizes");
  // The language has a shift only beside a scale.
  if (segments && segments.size() == 3 && !segments[1] && segments[2])
    return std::nullopt;
  for (Value operand : llvm::drop_begin(op->getOperands()))
    add(reader.read(operand).nested());
  if (axis)
    add("axis: " + std::to_string(axis.getInt() == rank - 1 && rank > 1 ? -1 : axis.getInt()));
  if (auto epsilon = op->getAttrOfType<mlir::FloatAttr>("epsilon"))
    add("epsilon: " + settingText(epsilon.getValueAsDouble()));
  return reader.read(op->getOperand(0)).calledBy(op->getName().stripDialect().str(), arguments);
}

Expr Speller::attention(AttentionOp op) {
  std::string text = "attention(" + reader.read(op.getQuery()).nested();
  for (Value operand : {op.getKey(), op.getValue()})
    text += ", " + reader.read(operand).nested();
  if (op.getMask())
    text += ", mask: " + aligned(op.getMask()).nested();
  if (op.getCausal())
    text += ", causal: true";
  std::optional<int64_t> depth = dimsOf(typeOf(op.getQuery())).back().constant();
  double scale = op.getScale().convertToDouble();
  if (!depth || scale != 1 / std::sqrt(static_cast<double>(*depth)))
    text += ", scale: " + settingText(scale);
  return Expr::postfix(text + ")");
}

} // namespace weft::source
