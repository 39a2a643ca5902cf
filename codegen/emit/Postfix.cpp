// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dimension expressions as the postfix words that the runtime evaluates.

#include "codegen/emit/Descriptor.h"

namespace weft {

using mlir::AffineExpr;
using mlir::AffineExprKind;

static weft_opcode opcodeOf(AffineExprKind kind) {
  switch (kind) {
  case AffineExprKind::Mul:
    return WEFT_EXPR_MUL;
  case AffineExprKind::FloorDiv:
    return WEFT_EXPR_FLOORDIV;
  case AffineExprKind::CeilDiv:
    return WEFT_EXPR_CEILDIV;
  case AffineExprKind::Mod:
    return WEFT_EXPR_MOD;
  default:
    return WEFT_EXPR_ADD;
  }
}

/// Appends the words of `expression`; gives the depth of stack that it needs.
static int64_t appendWords(AffineExpr expression, llvm::SmallVectorImpl<int64_t> &words) {
  if (auto constant = dyn_cast<mlir::AffineConstantExpr>(expression)) {
    words.append({WEFT_EXPR_CONSTANT, constant.getValue()});
    return 1;
  }
  if (auto symbol = dyn_cast<mlir::AffineSymbolExpr>(expression)) {
    words.append({WEFT_EXPR_SYMBOL, static_cast<int64_t>(symbol.getPosition())});
    return 1;
  }
  auto binary = cast<mlir::AffineBinaryOpExpr>(expression);
  int64_t left = appendWords(binary.getLHS(), words);
  int64_t right = appendWords(binary.getRHS(), words);
  words.push_back(opcodeOf(binary.getKind()));
  return std::max(left, right + 1);
}

FailureOr<SmallVector<int64_t>> postfixOf(ArrayRef<Dim> dims, ArrayRef<std::string> symbols,
                                          MLIRContext *context) {
  SmallVector<StringAttr> names;
  for (const std::string &symbol : symbols)
    names.push_back(StringAttr::get(context, symbol));
  SmallVector<int64_t> words;
  int64_t depth = 0;
  for (auto [index, dim] : llvm::enumerate(dims)) {
    int64_t needed = appendWords(dim.toAffine(names, context), words);
    depth = std::max(depth, needed + (index > 0 ? 1 : 0));
    if (index > 0)
      words.push_back(WEFT_EXPR_MAX);
  }
  if (depth > WEFT_EXPR_DEPTH)
    return failure();
  return words;
}

} // namespace weft
