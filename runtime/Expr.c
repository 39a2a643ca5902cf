// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes: evaluates the postfix expressions of the descriptor and multiplies dimensions to bytes.
// Every step checks overflow, because the values come from the caller.
#include "runtime/Internal.h"

static bool floor_div(int64_t left, int64_t right, int64_t *out) {
  if (right <= 0)
    return false;
  *out = left / right - (left % right < 0);
  return true;
}

static bool ceil_div(int64_t left, int64_t right, int64_t *out) {
  if (right <= 0)
    return false;
  *out = left / right + (left % right > 0);
  return true;
}

static bool modulo(int64_t left, int64_t right, int64_t *out) {
  if (right <= 0)
    return false;
  int64_t rest = left % right;
  *out = rest < 0 ? rest + right : rest;
  return true;
}

static bool combine(int64_t opcode, int64_t left, int64_t right, int64_t *out) {
  switch (opcode) {
  case WEFT_EXPR_ADD:
    return !__builtin_add_overflow(left, right, out);
  case WEFT_EXPR_MUL:
    return !__builtin_mul_overflow(left, right, out);
  case WEFT_EXPR_MAX:
    *out = left > right ? left : right;
    return true;
  case WEFT_EXPR_FLOORDIV:
    return floor_div(left, right, out);
  case WEFT_EXPR_CEILDIV:
    return ceil_div(left, right, out);
  case WEFT_EXPR_MOD:
    return modulo(left, right, out);
  default:
    return false;
  }
}

// Reads the operand of a push; false when it names a symbol that does not exist.
static bool pushed_value(int64_t opcode, int64_t operand, const int64_t *symbols, int32_t count,
                         int64_t *out) {
  if (opcode == WEFT_EXPR_SYMBOL && (operand < 0 || operand >= count))
    return false;
  *out = opcode == WEFT_EXPR_SYMBOL ? symbols[operand] : operand;
  return true;
}

bool weft_evaluate(const weft_expr *expr, const int64_t *symbols, int32_t symbol_count,
                   int64_t *value) {
  int64_t stack[WEFT_EXPR_DEPTH];
  int32_t depth = 0;
  for (int32_t i = 0; i < expr->length; ++i) {
    int64_t opcode = expr->code[i];
    if (opcode == WEFT_EXPR_CONSTANT || opcode == WEFT_EXPR_SYMBOL) {
      ++i;
      if (i >= expr->length || depth >= WEFT_EXPR_DEPTH ||
          !pushed_value(opcode, expr->code[i], symbols, symbol_count, &stack[depth]))
        return false;
      ++depth;
      continue;
    }
    if (depth < 2 || !combine(opcode, stack[depth - 2], stack[depth - 1], &stack[depth - 2]))
      return false;
    --depth;
  }
  if (depth != 1)
    return false;
  *value = stack[0];
  return true;
}

int32_t weft_bare_symbol(const weft_expr *expr) {
  return expr->length == 2 && expr->code[0] == WEFT_EXPR_SYMBOL ? (int32_t)expr->code[1] : -1;
}

bool weft_byte_size(int32_t dtype, int32_t rank, const int64_t *dims, uint64_t *size_bytes) {
  bool empty = false;
  for (int32_t i = 0; i < rank; ++i) {
    if (dims[i] < 0)
      return false;
    empty |= dims[i] == 0;
  }
  // An empty array has 0 bytes even where the product of its other dimensions would overflow.
  int64_t size = empty ? 0 : (int64_t)weft_dtype_size((weft_dtype)dtype);
  for (int32_t i = 0; i < rank && !empty; ++i)
    if (__builtin_mul_overflow(size, dims[i], &size))
      return false;
  *size_bytes = (uint64_t)size;
  return true;
}

bool weft_arena_bytes(const weft_export *function, const int64_t *symbols, uint64_t *size) {
  int64_t value = 0;
  if (function->arena.length > 0 &&
      !weft_evaluate(&function->arena, symbols, function->symbol_count, &value))
    return false;
  *size = value > 0 ? (uint64_t)value : 0;
  return true;
}
