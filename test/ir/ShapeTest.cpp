// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The algebra of dimensions: its normal form, limits, text, and that arithmetic on random
// expressions agrees with arithmetic on their values.

#include "ir/Infer.h"
#include "ir/WeftDialect.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Diagnostics.h"
#include "gtest/gtest.h"

#include <limits>
#include <map>
#include <random>

namespace weft {
namespace {

constexpr int64_t most = std::numeric_limits<int64_t>::max();
constexpr int64_t least = std::numeric_limits<int64_t>::min();

const Dim A = Dim::symbol("A"), B = Dim::symbol("B"), N = Dim::symbol("N"), M = Dim::symbol("M");

mlir::MLIRContext &context() {
  static mlir::MLIRContext shared;
  shared.loadDialect<WeftDialect>();
  return shared;
}

/// The dimension of `#weft.shape<[text]>`; nothing if it does not parse.
std::optional<Dim> parse(const std::string &text) {
  mlir::ScopedDiagnosticHandler silent(&context(), [](mlir::Diagnostic &) { return success(); });
  auto shape =
      dyn_cast_or_null<ShapeAttr>(mlir::parseAttribute("#weft.shape<[" + text + "]>", &context()));
  if (!shape || shape.getDims().size() != 1)
    return std::nullopt;
  return shape.toDims()[0];
}

Dim at(const Dim &dim, std::map<std::string, Dim> values) {
  return dim.substitute([&](StringRef name) -> std::optional<Dim> {
    auto found = values.find(name.str());
    return found == values.end() ? std::nullopt : std::optional<Dim>(found->second);
  });
}

//===-- Normal form -------------------------------------------------------------------------===//

TEST(Dim, SumsAndProductsAreSorted) {
  EXPECT_EQ((Dim(1) + B * A + A + Dim(2)).str(), "A * B + A + 3");
  EXPECT_EQ((A + B) * (A - B), A * A - B * B);
  EXPECT_EQ((Dim(2) * N - N - N).str(), "0");
  EXPECT_EQ((-N).str(), "-N");
}

TEST(Dim, ConstantsAndSymbolsAreRecognised) {
  EXPECT_EQ((N + Dim(3) - N).constant(), 3);
  EXPECT_EQ((N * Dim(0)).constant(), 0);
  EXPECT_FALSE(N.isConstant());
  EXPECT_EQ(N.bareSymbol(), StringRef("N"));
  EXPECT_FALSE((N + Dim(1)).bareSymbol());
  EXPECT_FALSE((N * Dim(2)).bareSymbol());
  EXPECT_FALSE(N.floorDiv(Dim(2)).bareSymbol());
}

TEST(Dim, QuotientsRoundDown) {
  EXPECT_EQ(Dim(-7).floorDiv(2), Dim(-4));
  EXPECT_EQ(Dim(-7).ceilDiv(2), Dim(-3));
  EXPECT_EQ(Dim(-7).mod(2), Dim(1));
  EXPECT_EQ(Dim(7).floorDiv(0), Dim(0));
}

TEST(Dim, QuotientsByConstantsHaveOneForm) {
  EXPECT_EQ((Dim(2) * N + Dim(5)).floorDiv(2), N + Dim(2));
  EXPECT_EQ((Dim(3) * N).floorDiv(2), N + N.floorDiv(2));
  EXPECT_EQ((Dim(2) * N + Dim(1)).floorDiv(4), N.floorDiv(2));
  EXPECT_EQ((N - Dim(1)).floorDiv(2) + Dim(1), (N + Dim(1)).floorDiv(2));
  EXPECT_EQ((M - N).floorDiv(2) + N, (M + N).floorDiv(2));
}

TEST(Dim, QuotientsOfQuotientsAreOne) {
  EXPECT_EQ(N.floorDiv(2).floorDiv(3), N.floorDiv(6));
  EXPECT_EQ((N.floorDiv(2) + Dim(1)).floorDiv(2), (N + Dim(2)).floorDiv(4));
  EXPECT_EQ((N.floorDiv(2) + M).floorDiv(2), (N + Dim(2) * M).floorDiv(4));
  EXPECT_EQ(N.ceilDiv(2).ceilDiv(2), N.ceilDiv(4));
}

TEST(Dim, QuotientsBySymbolsCancel) {
  EXPECT_EQ((A * N + Dim(2) * N).floorDiv(N), A + Dim(2));
  EXPECT_EQ((Dim(6) * A * N).floorDiv(Dim(3) * N), Dim(2) * A);
  EXPECT_EQ((B * (N + Dim(1))).floorDiv(N + Dim(1)), B);
  EXPECT_EQ(((A + B) * (N + M + Dim(1))).floorDiv(N + M + Dim(1)), A + B);
  EXPECT_EQ((N + Dim(1)).floorDiv(N + Dim(1)), Dim(1));
  EXPECT_EQ((B * N + Dim(1)).floorDiv(N + Dim(1)).str(), "(B * N + 1) / (N + 1)");
}

TEST(Dim, ModuloOfMultiplesIsZero) {
  EXPECT_EQ((Dim(6) * N).mod(3), Dim(0));
  EXPECT_EQ((Dim(6) * N + Dim(4)).mod(3), Dim(1));
  EXPECT_TRUE((Dim(6) * N).isDivisibleBy(2));
  EXPECT_FALSE((Dim(6) * N).isDivisibleBy(4));
  EXPECT_FALSE(N.isDivisibleBy(Dim(0)));
}

TEST(Dim, FlattenedDimensionsUnflatten) {
  Dim flat = productOf({B, N + Dim(1), Dim(64)});
  EXPECT_EQ(flat.floorDiv(Dim(64)), B * N + B);
  EXPECT_EQ(flat.floorDiv(B), Dim(64) * (N + Dim(1)));
  EXPECT_EQ(flat.floorDiv((N + Dim(1)) * Dim(64)), B);
}

TEST(Dim, WindowsOfEqualReachAreEqual) {
  int64_t one = 1, two = 2, zero = 0;
  Sliding same{one, one, one, one}, halving{two, one, one, one}, pooling{two, zero, zero, one};
  EXPECT_EQ(windowPlaces(N, 3, same, 0), N);
  EXPECT_EQ(windowPlaces(N, 3, halving, 0), N.ceilDiv(2));
  EXPECT_EQ(windowPlaces(Dim(2) * N, 2, pooling, 0), N);
  EXPECT_EQ(windowPlaces(windowPlaces(N, 3, halving, 0), 3, halving, 0), N.ceilDiv(4));
  EXPECT_EQ(windowPlaces(windowPlaces(Dim(4) * N, 2, pooling, 0), 2, pooling, 0), N);
}

//===-- Comparing ---------------------------------------------------------------------------===//

TEST(Dim, OrderIsShownTermByTerm) {
  EXPECT_TRUE(N.provablyAtMost(Dim(2) * N + Dim(1)));
  EXPECT_TRUE(N.provablyAtMost(N + M.floorDiv(2)));
  EXPECT_FALSE((Dim(2) * N).provablyAtMost(N));
  EXPECT_FALSE(N.provablyAtMost(M));
}

TEST(Dim, QuotientsLieBetweenTheirBounds) {
  EXPECT_TRUE(Dim(0).provablyAtMost(N.mod(7)));
  EXPECT_TRUE(N.mod(7).provablyAtMost(6));
  EXPECT_FALSE(N.mod(7).provablyAtMost(5));
  EXPECT_FALSE(Dim(1).provablyAtMost(N.mod(7)));
  // What is missing to a multiple of 7.
  EXPECT_TRUE(Dim(0).provablyAtMost((Dim(7) - N.mod(7)).mod(7)));
  EXPECT_TRUE((Dim(4) * (N + M).floorDiv(4)).provablyAtMost(N + M));
  EXPECT_FALSE((Dim(5) * (N + M).floorDiv(4)).provablyAtMost(N + M));
}

TEST(Dim, UnnamedSizesAgreeWithAll) {
  auto type =
      RankedTensorType::get({mlir::ShapedType::kDynamic, 3}, mlir::Float32Type::get(&context()));
  Dim unnamed = dimOf(type, 0);
  EXPECT_FALSE(unnamed.isNamed());
  EXPECT_TRUE(agree(unnamed + Dim(1), N));
  EXPECT_FALSE(agree(N, M));
  EXPECT_FALSE(agree(N, Dim(3)));
  EXPECT_EQ(tensorType({unnamed, Dim(3)}, type.getElementType()), type);
}

//===-- Limits ------------------------------------------------------------------------------===//

TEST(Dim, ConstantsSaturate) {
  EXPECT_EQ(Dim(most) + Dim(1), Dim(most));
  EXPECT_EQ(Dim(least) - Dim(1), Dim(least));
  EXPECT_EQ(Dim(most) * Dim(2), Dim(most));
  EXPECT_EQ(Dim(most) * Dim(-2), Dim(least));
  EXPECT_EQ(Dim(least).floorDiv(-1), Dim(most));
  EXPECT_EQ(productOf({Dim(most), Dim(most), Dim(0)}), Dim(0));
}

TEST(Dim, ExtremeCoefficientsDivide) {
  Dim huge = Dim(most) * N + Dim(least) * M;
  for (int64_t divisor : {int64_t(1), int64_t(2), int64_t(3), most})
    EXPECT_FALSE(huge.floorDiv(divisor).str().empty());
  EXPECT_EQ((Dim(most) * N).floorDiv(most), N);
  Dim twice = N.floorDiv(most).floorDiv(most); // The product of the divisors does not fit.
  EXPECT_EQ(twice.evaluate([](StringRef) { return std::optional<int64_t>(most); }), 0);
  EXPECT_EQ(parse(twice.str()), twice);
}

TEST(Dim, EvaluationNeedsEverySymbol) {
  auto none = [](StringRef) { return std::optional<int64_t>(); };
  EXPECT_EQ(Dim(4).evaluate(none), 4);
  EXPECT_FALSE(N.evaluate(none));
  auto zero = [](StringRef) { return std::optional<int64_t>(0); };
  EXPECT_FALSE(A.floorDiv(N).evaluate(zero));
}

//===-- Types and text ----------------------------------------------------------------------===//

TEST(Dim, StaticTypesCarryNoShape) {
  Type f32 = mlir::Float32Type::get(&context());
  EXPECT_FALSE(tensorType({Dim(2), Dim(3)}, f32).getEncoding());
  EXPECT_EQ(tensorType({Dim(-1)}, f32).getDimSize(0), 0);
  RankedTensorType dynamic = tensorType({N, Dim(-2), N + M}, f32);
  EXPECT_EQ(cast<ShapeAttr>(dynamic.getEncoding()).getSymbols().size(), 2u);
  EXPECT_EQ(dimsOf(dynamic)[2], M + N);
  EXPECT_EQ(dimsOf(dynamic)[1], Dim(0));
  EXPECT_EQ(languageName(dynamic), "f32[N, 0, M + N]");
  EXPECT_EQ(languageName(RankedTensorType::get({}, mlir::IntegerType::get(&context(), 1))), "bool");
}

TEST(Dim, TextOfExpressions) {
  EXPECT_EQ(parse("(N + 1) / 2"), (N + Dim(1)).floorDiv(2));
  EXPECT_EQ(parse("-N + 3"), Dim(3) - N);
  EXPECT_EQ(parse("2 * (N - (M - 1))"), Dim(2) * N - Dim(2) * M + Dim(2));
  EXPECT_EQ(parse("N / M / 2"), N.floorDiv(M).floorDiv(2));
  for (const char *wrong : {"", "N +", "* N", "N / 0", "N / (0 - 1)", "(N", "N)", "N M", "?0",
                            "99999999999999999999", "1.5", "N % 2", "-"})
    EXPECT_FALSE(parse(wrong)) << wrong;
}

TEST(Dim, TextOfAnySizeIsReadOrRefused) {
  auto repeat = [](const std::string &text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i)
      all += text;
    return all;
  };
  EXPECT_TRUE(parse(repeat("(", 60) + "N" + repeat(")", 60)));
  EXPECT_FALSE(parse(repeat("(", 100000) + "N" + repeat(")", 100000)));
  EXPECT_FALSE(parse("N" + repeat(" / M / K", 100000)));
  EXPECT_FALSE(parse("N" + repeat(" * N", 100000)));
  EXPECT_FALSE(parse("1" + repeat(" * (A + B + C + D + E + F + G + H)", 100)));
  EXPECT_EQ(parse("N" + repeat(" + N", 999)), Dim(1000) * N);
}

//===-- Random expressions ------------------------------------------------------------------===//

/// A random expression, built twice: as a Dim, and as its value under given sizes.
class RandomExpression {
public:
  RandomExpression(unsigned seed) : random(seed) {
    for (const char *name : {"A", "B", "C"})
      sizes[name] = pick(12);
  }

  struct Pair {
    Dim dim;
    std::optional<int64_t> value; ///< None after a division by 0.
  };

  Pair make(int depth) {
    switch (depth == 0 ? pick(2) : pick(7)) {
    case 0: {
      int64_t value = pick(9) - 2;
      return {Dim(value), value};
    }
    case 1: {
      auto entry = std::next(sizes.begin(), pick(3));
      return {Dim::symbol(entry->first), entry->second};
    }
    case 2:
      return combine(make(depth - 1), make(depth - 1), std::plus<Dim>(), std::plus<int64_t>());
    case 3:
      return combine(make(depth - 1), make(depth - 1), std::minus<Dim>(), std::minus<int64_t>());
    case 4:
      return combine(make(depth - 1), make(depth - 1), std::multiplies<Dim>(),
                     std::multiplies<int64_t>());
    default:
      return quotient(make(depth - 1), make(depth - 1));
    }
  }

  std::map<std::string, int64_t> sizes;

private:
  int64_t pick(int64_t count) { return static_cast<int64_t>(random() % count); }

  template <typename OnDims, typename OnValues>
  static Pair combine(const Pair &a, const Pair &b, OnDims onDims, OnValues onValues) {
    Pair result{onDims(a.dim, b.dim), std::nullopt};
    if (a.value && b.value)
      result.value = onValues(*a.value, *b.value);
    return result;
  }

  /// Divisors are positive by contract: others make the value unknown.
  static Pair quotient(const Pair &a, const Pair &b) {
    if (b.dim.constant().value_or(1) <= 0)
      return a;
    Pair result{a.dim.floorDiv(b.dim), std::nullopt};
    if (a.value && b.value && *b.value > 0)
      result.value = llvm::divideFloorSigned(*a.value, *b.value);
    return result;
  }

  std::mt19937 random;
};

TEST(Dim, RandomExpressionsKeepTheirValue) {
  int compared = 0;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    RandomExpression expression(seed);
    auto [dim, value] = expression.make(1 + static_cast<int>(seed % 5));
    auto sizeOf = [&](StringRef name) {
      return std::optional<int64_t>(expression.sizes.at(name.str()));
    };
    std::map<std::string, Dim> constants(expression.sizes.begin(), expression.sizes.end());
    if (!value)
      continue;
    ++compared;
    ASSERT_EQ(dim.evaluate(sizeOf), value) << "seed " << seed << ": " << dim.str();
    ASSERT_EQ(at(dim, constants), Dim(*value)) << "seed " << seed << ": " << dim.str();
  }
  EXPECT_GT(compared, 2000);
}

TEST(Dim, RandomExpressionsReadBack) {
  for (unsigned seed = 0; seed < 4000; ++seed) {
    Dim dim = RandomExpression(seed).make(1 + static_cast<int>(seed % 5)).dim;
    std::optional<Dim> again = parse(dim.str());
    ASSERT_TRUE(again) << "seed " << seed << ": " << dim.str();
    ASSERT_EQ(*again, dim) << "seed " << seed << ": " << dim.str() << " read as " << again->str();
    auto shape = ShapeAttr::get(&context(), dim);
    ASSERT_EQ(shape.toDims()[0], dim) << "seed " << seed << ": " << dim.str();
    ASSERT_EQ(ShapeAttr::get(&context(), shape.toDims()), shape) << "seed " << seed;
  }
}

TEST(Dim, RandomIdentitiesHold) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    RandomExpression expression(seed);
    Dim x = expression.make(3).dim, y = expression.make(2).dim, z = expression.make(2).dim;
    ASSERT_EQ(x + y, y + x);
    ASSERT_EQ((x + y) + z, x + (y + z));
    ASSERT_EQ(x * y, y * x);
    ASSERT_EQ(x * (y + z), x * y + x * z);
    ASSERT_EQ(x - x, Dim(0));
    for (int64_t d : {2, 3, 8}) {
      ASSERT_EQ((x + y * Dim(d)).floorDiv(d), x.floorDiv(d) + y) << x.str() << ", " << y.str();
      ASSERT_EQ(x.floorDiv(d) * Dim(d) + x.mod(d), x);
    }
  }
}

} // namespace
} // namespace weft
