// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The evaluator of postfix expressions: what each word computes, and all that must be refused.
#include "runtime/Abi.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

extern "C" bool weft_evaluate(const weft_expr *expr, const int64_t *symbols, int32_t symbol_count,
                              int64_t *value);

namespace {

constexpr int64_t symbolValues[2] = {7, -3};

std::optional<int64_t> evaluate(const std::vector<int64_t> &code) {
  weft_expr expr = {static_cast<int32_t>(code.size()), code.data()};
  int64_t value = 0;
  if (!weft_evaluate(&expr, symbolValues, 2, &value))
    return std::nullopt;
  return value;
}

std::optional<int64_t> binary(int64_t opcode, int64_t left, int64_t right) {
  return evaluate({WEFT_EXPR_CONSTANT, left, WEFT_EXPR_CONSTANT, right, opcode});
}

TEST(Expr, pushes) {
  EXPECT_EQ(evaluate({WEFT_EXPR_CONSTANT, -5}), -5);
  EXPECT_EQ(evaluate({WEFT_EXPR_SYMBOL, 0}), 7);
  EXPECT_EQ(evaluate({WEFT_EXPR_SYMBOL, 1}), -3);
}

TEST(Expr, arithmetic) {
  EXPECT_EQ(binary(WEFT_EXPR_ADD, 3, 4), 7);
  EXPECT_EQ(binary(WEFT_EXPR_MUL, 3, -4), -12);
  EXPECT_EQ(binary(WEFT_EXPR_MAX, 3, 4), 4);
  EXPECT_EQ(binary(WEFT_EXPR_MAX, 4, -3), 4);
}

TEST(Expr, division_rounds_as_named) {
  EXPECT_EQ(binary(WEFT_EXPR_FLOORDIV, 7, 2), 3);
  EXPECT_EQ(binary(WEFT_EXPR_FLOORDIV, -7, 2), -4);
  EXPECT_EQ(binary(WEFT_EXPR_FLOORDIV, -8, 2), -4);
  EXPECT_EQ(binary(WEFT_EXPR_CEILDIV, 7, 2), 4);
  EXPECT_EQ(binary(WEFT_EXPR_CEILDIV, -7, 2), -3);
  EXPECT_EQ(binary(WEFT_EXPR_CEILDIV, 8, 2), 4);
  EXPECT_EQ(binary(WEFT_EXPR_MOD, 7, 4), 3);
  EXPECT_EQ(binary(WEFT_EXPR_MOD, -7, 4), 1);
  EXPECT_EQ(binary(WEFT_EXPR_MOD, -8, 4), 0);
}

TEST(Expr, operands_in_order) {
  // (7 + 2) floordiv 4
  EXPECT_EQ(evaluate({WEFT_EXPR_SYMBOL, 0, WEFT_EXPR_CONSTANT, 2, WEFT_EXPR_ADD, WEFT_EXPR_CONSTANT,
                      4, WEFT_EXPR_FLOORDIV}),
            2);
}

TEST(Expr, refuses_overflow) {
  EXPECT_EQ(binary(WEFT_EXPR_ADD, INT64_MAX, 1), std::nullopt);
  EXPECT_EQ(binary(WEFT_EXPR_MUL, INT64_MIN, -1), std::nullopt);
}

TEST(Expr, refuses_divisor_below_one) {
  for (int64_t opcode : {WEFT_EXPR_FLOORDIV, WEFT_EXPR_CEILDIV, WEFT_EXPR_MOD}) {
    EXPECT_EQ(binary(opcode, 1, 0), std::nullopt);
    EXPECT_EQ(binary(opcode, INT64_MIN, -1), std::nullopt);
  }
}

TEST(Expr, refuses_malformed_code) {
  EXPECT_EQ(evaluate({}), std::nullopt);
  EXPECT_EQ(evaluate({WEFT_EXPR_CONSTANT}), std::nullopt);
  EXPECT_EQ(evaluate({WEFT_EXPR_SYMBOL, 2}), std::nullopt);
  EXPECT_EQ(evaluate({WEFT_EXPR_SYMBOL, -1}), std::nullopt);
  EXPECT_EQ(evaluate({WEFT_EXPR_CONSTANT, 1, WEFT_EXPR_ADD}), std::nullopt);
  EXPECT_EQ(evaluate({WEFT_EXPR_CONSTANT, 1, WEFT_EXPR_CONSTANT, 2}), std::nullopt);
  EXPECT_EQ(binary(99, 1, 1), std::nullopt);
}

TEST(Expr, depth_is_limited) {
  std::vector<int64_t> code;
  for (int i = 0; i < WEFT_EXPR_DEPTH; ++i)
    code.insert(code.end(), {WEFT_EXPR_CONSTANT, 1});
  std::vector<int64_t> tooDeep = code;
  tooDeep.insert(tooDeep.end(), {WEFT_EXPR_CONSTANT, 1});
  code.insert(code.end(), WEFT_EXPR_DEPTH - 1, WEFT_EXPR_ADD);
  tooDeep.insert(tooDeep.end(), WEFT_EXPR_DEPTH, WEFT_EXPR_ADD);
  EXPECT_EQ(evaluate(code), WEFT_EXPR_DEPTH);
  EXPECT_EQ(evaluate(tooDeep), std::nullopt);
}

} // namespace
