// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-bind-dims: `--dim N=1` fixes a dimension name of the exported functions.

#include "ir/WeftDialect.h"
#include "passes/Passes.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

#include <set>

namespace weft {

#define GEN_PASS_DEF_BINDDIMSPASS
#include "passes/Passes.h.inc"

using mlir::func::FuncOp;

namespace {

using Bindings = llvm::MapVector<StringRef, int64_t>;

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
    FailureOr<Bindings> bindings = parseBindings();
    if (failed(bindings) || failed(checkNames(*bindings)))
      return signalPassFailure();
    DimBinder binder(*bindings);
    for (FuncOp function : exportsOf(getOperation())) {
      std::set<std::string> names = namesOf(function);
      numBound += llvm::count_if(*bindings,
                                 [&](const auto &bound) { return names.count(bound.first.str()); });
      binder.run(function);
    }
  }

private:
  static SmallVector<FuncOp> exportsOf(ModuleOp module) {
    return llvm::to_vector(llvm::make_filter_range(
        module.getOps<FuncOp>(), [](FuncOp f) { return f->hasAttr(kExportAttr); }));
  }

  /// "N=1" -> {N, 1}. The names point into the option's strings.
  FailureOr<Bindings> parseBindings() {
    Bindings bindings;
    for (const std::string &text : dims) {
      auto [name, number] = StringRef(text).split('=');
      int64_t size = 0;
      if (name.empty() || number.trim().getAsInteger(10, size) || size < 0)
        return mlir::emitError(getOperation().getLoc())
               << "'" << text << "' does not bind a dimension: write a name, '=' and a size "
               << "from 0 on, as in 'N=1'";
      if (!bindings.insert({name.trim(), size}).second)
        return mlir::emitError(getOperation().getLoc())
               << "dimension '" << name.trim() << "' is bound twice";
    }
    return bindings;
  }

  /// Refuses a name that no exported function has, and lists those that there are.
  LogicalResult checkNames(const Bindings &bindings) {
    std::set<std::string> known;
    for (FuncOp function : exportsOf(getOperation()))
      known.merge(namesOf(function));
    for (const auto &[name, size] : bindings) {
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
