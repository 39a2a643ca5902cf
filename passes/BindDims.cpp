// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-bind-dims: `--dim N=1` fixes a dimension name of the exported functions, `--dim N=1,8,*`
// makes a version for each size.

#include "ir/Versions.h"
#include "ir/WeftDialect.h"
#include "passes/Functions.h"
#include "passes/Passes.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

#include <set>

namespace weft {

#define GEN_PASS_DEF_BINDDIMSPASS
#include "passes/Passes.h.inc"

using mlir::func::FuncOp;

namespace {

using Bindings = llvm::MapVector<StringRef, int64_t>;
/// A size, or none for any: `*`.
using Size = std::optional<int64_t>;
using Choices = llvm::MapVector<StringRef, SmallVector<Size>>;

/// The dimension names in the arguments of a function.
std::set<std::string> namesOf(FuncOp function) {
  std::set<std::string> names;
  for (Type type : function.getArgumentTypes())
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      for (const Dim &dim : dimsOf(tensor))
        for (const std::string &name : dim.symbols())
          names.insert(name);
  return names;
}

/// Rewrites every shape of a function under the bindings.
class DimBinder {
public:
  explicit DimBinder(const Bindings &given) : bindings(given) {
    replacer.addReplacement(
        [this](RankedTensorType type) -> std::optional<std::pair<Type, mlir::WalkResult>> {
          if (!isa_and_nonnull<ShapeAttr>(type.getEncoding()))
            return std::nullopt;
          return std::make_pair(Type(tensorType(bind(dimsOf(type)), type.getElementType())),
                                mlir::WalkResult::skip());
        });
    replacer.addReplacement(
        [this](ShapeAttr shape) -> std::optional<std::pair<Attribute, mlir::WalkResult>> {
          return std::make_pair(Attribute(ShapeAttr::get(shape.getContext(), bind(shape.toDims()))),
                                mlir::WalkResult::skip());
        });
  }

  void run(FuncOp function) {
    replacer.recursivelyReplaceElementsIn(function, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                                          /*replaceTypes=*/true);
  }

private:
  SmallVector<Dim> bind(ArrayRef<Dim> dims) {
    return llvm::map_to_vector(dims, [this](const Dim &dim) {
      return dim.substitute([this](StringRef name) -> std::optional<Dim> {
        auto *found = bindings.find(name);
        return found == bindings.end() ? std::nullopt : std::optional<Dim>(Dim(found->second));
      });
    });
  }

  const Bindings &bindings;
  mlir::AttrTypeReplacer replacer;
};

struct BindDims final : impl::BindDimsPassBase<BindDims> {
  using BindDimsPassBase::BindDimsPassBase;

  void runOnOperation() override {
    FailureOr<Choices> choices = parseChoices();
    if (failed(choices) || failed(checkNames(*choices)))
      return signalPassFailure();
    Bindings fixed;
    for (const auto &[name, sizes] : *choices)
      if (sizes.size() == 1 && sizes.front())
        fixed.insert({name, *sizes.front()});
    for (FuncOp function : exportsOf(getOperation())) {
      std::set<std::string> names = namesOf(function);
      numBound += llvm::count_if(
          *choices, [&](const auto &choice) { return names.count(choice.first.str()); });
      if (!fixed.empty())
        DimBinder(fixed).run(function);
      addVersions(function, *choices, names);
    }
  }

private:
  /// "N=1", "N=*" -> {N, {1, any}}. The names point into the option's strings.
  FailureOr<Choices> parseChoices() {
    Choices choices;
    for (const std::string &text : dims) {
      auto [name, number] = StringRef(text).split('=');
      int64_t value = 0;
      bool any = number.trim() == "*";
      if (name.empty() || (!any && (number.trim().getAsInteger(10, value) || value < 0)))
        return mlir::emitError(getOperation().getLoc())
               << "'" << text << "' does not bind a dimension: write a name, '=' and a size "
               << "from 0 on, as in 'N=1', or '*' for any size";
      SmallVector<Size> &sizes = choices[name.trim()];
      Size size = any ? Size() : Size(value);
      if (llvm::is_contained(sizes, size))
        return mlir::emitError(getOperation().getLoc())
               << "dimension '" << name.trim() << "' has two versions for '" << number.trim()
               << "'";
      sizes.push_back(size);
    }
    // What is for certain sizes is looked at first.
    for (auto &[name, sizes] : choices)
      llvm::sort(sizes, [](Size a, Size b) {
        return std::pair(!a, a.value_or(0)) < std::pair(!b, b.value_or(0));
      });
    return choices;
  }

  /// All ways to choose one size for each of the names.
  static std::vector<Bindings> combinations(const Choices &choices,
                                            const std::set<std::string> &names) {
    std::vector<Bindings> result(1);
    for (const auto &[name, sizes] : choices) {
      if (sizes.size() == 1 || !names.count(name.str()))
        continue;
      std::vector<Bindings> longer;
      for (const Bindings &bindings : result)
        for (Size size : sizes) {
          longer.push_back(bindings);
          if (size)
            longer.back().insert({name, *size});
        }
      result = std::move(longer);
    }
    return result;
  }

  /// Puts the versions of `function` before it, and then removes it.
  void addVersions(FuncOp function, const Choices &choices, const std::set<std::string> &names) {
    std::vector<Bindings> all = combinations(choices, names);
    if (all.size() < 2)
      return;
    std::string name = function.getName().str();
    mlir::FunctionType signature = signatureOf(function);
    mlir::SymbolTable symbols(getOperation());
    for (const Bindings &bindings : all) {
      auto version = cast<FuncOp>(function->clone());
      std::string suffix;
      for (const auto &[dimension, size] : bindings)
        suffix += "." + dimension.str() + std::to_string(size);
      version.setName(name + (suffix.empty() ? ".any" : suffix));
      symbols.insert(version, function->getIterator());
      DimBinder(bindings).run(version);
      markVersion(version, name,
                  SmallVector<std::pair<StringRef, int64_t>>(bindings.begin(), bindings.end()),
                  signature);
      ++numVersions;
    }
    symbols.erase(function);
  }

  /// Refuses a name that no exported function has, and lists those that there are.
  LogicalResult checkNames(const Choices &choices) {
    std::set<std::string> known;
    for (FuncOp function : exportsOf(getOperation()))
      known.merge(namesOf(function));
    for (const auto &[name, sizes] : choices) {
      if (known.count(name.str()))
        continue;
      mlir::InFlightDiagnostic error = mlir::emitError(getOperation().getLoc())
                                       << "no exported function has a dimension '" << name << "'";
      if (known.empty())
        return error << ": all dimensions are fixed";
      return error << ": the dimensions are " << llvm::join(known, ", ");
    }
    return success();
  }
};

} // namespace
} // namespace weft
