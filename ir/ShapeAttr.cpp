// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text form and checks of `#weft.shape<[N, 2 * N, (H + 1) / 2]>`: sums of products of integers,
// names, quotients and parentheses.

#include "ir/WeftDialect.h"

#include "mlir/IR/OpImplementation.h"

namespace weft {

SmallVector<Dim> ShapeAttr::toDims() const {
  return llvm::map_to_vector(getDims(), [&](mlir::AffineExpr expression) {
    return Dim::fromAffine(expression, getSymbols());
  });
}

void ShapeAttr::print(mlir::AsmPrinter &printer) const {
  printer << "<" << languageList(toDims()) << ">";
}

namespace {

/// Recursive descent over the tokens of an attribute; parentheses nest at most 64 deep.
class DimParser {
public:
  explicit DimParser(mlir::AsmParser &parser) : parser(parser) {}

  // sum = ['-'] product {('+' | '-') product}
  FailureOr<Dim> parseSum() {
    bool negative = succeeded(parser.parseOptionalMinus());
    FailureOr<Dim> first = parseProduct();
    if (failed(first))
      return failure();
    Dim sum = negative ? -*first : *first;
    while (true) {
      bool plus = succeeded(parser.parseOptionalPlus());
      if (!plus && failed(parser.parseOptionalMinus()))
        return sum;
      auto place = parser.getCurrentLocation();
      FailureOr<Dim> next = parseProduct();
      if (failed(next))
        return failure();
      sum = plus ? sum + *next : sum - *next;
      if (sum.isTooLarge())
        return parser.emitError(place, "dimension of more than 4096 characters"), failure();
    }
  }

private:
  // product = primary {('*' | '/') primary}
  FailureOr<Dim> parseProduct() {
    FailureOr<Dim> product = parsePrimary();
    while (succeeded(product)) {
      bool times = succeeded(parser.parseOptionalStar());
      auto place = parser.getCurrentLocation();
      if (!times && failed(parser.parseOptionalSlash()))
        return product;
      FailureOr<Dim> next = parsePrimary();
      if (failed(next))
        return failure();
      if (!times && next->constant().value_or(1) <= 0)
        return parser.emitError(place) << "dimension divided by " << next->str(), failure();
      if (product->numTerms() * next->numTerms() > 4096)
        return parser.emitError(place, "dimension of more than 4096 terms"), failure();
      product = times ? *product * *next : product->floorDiv(*next);
      if (product->isTooLarge())
        return parser.emitError(place, "dimension of more than 4096 characters"), failure();
    }
    return failure();
  }

  // primary = integer | name | '(' sum ')'
  FailureOr<Dim> parsePrimary() {
    int64_t integer = 0;
    auto parsed = parser.parseOptionalInteger(integer);
    if (parsed.has_value())
      return succeeded(*parsed) ? FailureOr<Dim>(Dim(integer)) : FailureOr<Dim>(failure());
    StringRef name;
    if (succeeded(parser.parseOptionalKeyword(&name)))
      return Dim::symbol(name);
    if (++depth > 64)
      return parser.emitError(parser.getCurrentLocation(), "parentheses nest more than 64 deep"),
             failure();
    if (failed(parser.parseOptionalLParen()))
      return parser.emitError(parser.getCurrentLocation(),
                              "expected a number, a name or '(' in a dimension"),
             failure();
    FailureOr<Dim> inner = parseSum();
    --depth;
    if (failed(inner) || parser.parseRParen())
      return failure();
    return inner;
  }

  mlir::AsmParser &parser;
  int depth = 0;
};

} // namespace

Attribute ShapeAttr::parse(mlir::AsmParser &parser, Type) {
  SmallVector<Dim> dims;
  auto parseDim = [&]() -> mlir::ParseResult {
    FailureOr<Dim> dim = DimParser(parser).parseSum();
    if (failed(dim))
      return failure();
    dims.push_back(*dim);
    return success();
  };
  if (parser.parseLess() ||
      parser.parseCommaSeparatedList(mlir::AsmParser::Delimiter::Square, parseDim) ||
      parser.parseGreater())
    return {};
  return ShapeAttr::get(parser.getContext(), dims);
}

LogicalResult
ShapeAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                          llvm::function_ref<mlir::InFlightDiagnostic()> emitError) const {
  SmallVector<Dim> dims = toDims();
  if (dims.size() != shape.size())
    return emitError() << "#weft.shape has " << dims.size() << " dimensions for a tensor of rank "
                       << shape.size();
  for (auto [axis, dim, size] : llvm::enumerate(dims, shape)) {
    std::optional<int64_t> constant = dim.constant();
    if (constant.value_or(mlir::ShapedType::kDynamic) != size)
      return emitError() << "#weft.shape says " << dim.str() << " where dimension " << axis
                         << " of the tensor is "
                         << (mlir::ShapedType::isDynamic(size) ? "?" : std::to_string(size));
  }
  if (llvm::none_of(shape, mlir::ShapedType::isDynamic))
    return emitError() << "a tensor without dynamic dimensions carries no #weft.shape";
  return success();
}

} // namespace weft
