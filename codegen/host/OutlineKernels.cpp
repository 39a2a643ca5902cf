// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-outline-kernels: each distinct kernel becomes a function, so that it is compiled once.

#include "codegen/host/KernelInterface.h"
#include "codegen/host/Passes.h"
#include "codegen/host/Storage.h"
#include "ir/WeftOps.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

namespace weft {

#define GEN_PASS_DEF_OUTLINEKERNELSPASS
#include "codegen/host/Passes.h.inc"

using mlir::func::FuncOp;

namespace {

/// The dimension names of one kernel in order of first appearance, and their canonical names.
class CanonicalNames {
public:
  explicit CanonicalNames(KernelOp kernel) {
    for (Type type : kernel.getOperandTypes())
      collect(type);
    kernel.getBody().walk([&](Operation *op) {
      for (Type type : op->getResultTypes())
        collect(type);
      for (mlir::NamedAttribute attribute : op->getAttrs())
        if (auto shape = dyn_cast<ShapeAttr>(attribute.getValue()))
          collect(shape.toDims());
    });
  }

  /// The names in the function that the kernel stands in.
  ArrayRef<std::string> original() const { return names; }

  Dim canonical(const Dim &dim) const {
    return dim.substitute([&](StringRef name) -> std::optional<Dim> {
      auto found = numbers.find(name);
      assert(found != numbers.end() && "every name of the kernel was collected");
      return Dim::symbol(canonicalName(found->second));
    });
  }

  static std::string canonicalName(size_t number) { return "d" + std::to_string(number); }

private:
  void collect(Type type) {
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      collect(dimsOf(tensor));
  }
  void collect(ArrayRef<Dim> dims) {
    for (const Dim &dim : dims)
      for (const std::string &name : dim.symbols())
        if (numbers.try_emplace(name, names.size()).second)
          names.push_back(name);
  }

  SmallVector<std::string> names;
  llvm::StringMap<size_t> numbers;
};

/// Replaces the names in all types and shapes of `function`.
void rename(FuncOp function, const CanonicalNames &names) {
  auto canonical = [&](ArrayRef<Dim> dims) {
    return llvm::map_to_vector(dims, [&](const Dim &dim) { return names.canonical(dim); });
  };
  mlir::AttrTypeReplacer replacer;
  replacer.addReplacement(
      [&](RankedTensorType type) -> std::optional<std::pair<Type, mlir::WalkResult>> {
        return std::make_pair(Type(tensorType(canonical(dimsOf(type)), type.getElementType())),
                              mlir::WalkResult::skip());
      });
  replacer.addReplacement(
      [&](ShapeAttr shape) -> std::optional<std::pair<Attribute, mlir::WalkResult>> {
        return std::make_pair(
            Attribute(ShapeAttr::get(shape.getContext(), canonical(shape.toDims()))),
            mlir::WalkResult::skip());
      });
  replacer.recursivelyReplaceElementsIn(function, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}

/// The kernel as a function under canonical names, not yet in the module.
FuncOp toFunction(KernelOp kernel, const CanonicalNames &names) {
  OpBuilder builder(kernel.getContext());
  auto function =
      FuncOp::create(kernel.getLoc(), "kernel",
                     builder.getFunctionType(kernel.getOperandTypes(), kernel->getResultTypes()));
  function.setPrivate();
  mlir::IRMapping mapping;
  kernel.getBody().cloneInto(&function.getBody(), mapping);
  Operation *yield = function.getBody().front().getTerminator();
  builder.setInsertionPoint(yield);
  mlir::func::ReturnOp::create(builder, yield->getLoc(), yield->getOperands());
  yield->erase();
  if (auto outputs = kernel->getAttrOfType<mlir::DenseI64ArrayAttr>(inPlaceAttrName))
    for (auto [i, output] : llvm::enumerate(outputs.asArrayRef()))
      if (output >= 0)
        function.setArgAttr(i, inPlaceAttrName, builder.getI64IntegerAttr(output));
  rename(function, names);

  SmallVector<Attribute> dims;
  for (size_t i = 0; i < names.original().size(); ++i)
    dims.push_back(builder.getStringAttr(CanonicalNames::canonicalName(i)));
  function->setAttr(kKernelAttr, builder.getUnitAttr());
  function->setAttr(kernelDimsAttrName, builder.getArrayAttr(dims));
  return function;
}

/// Equal texts are equal functions: everything but locations is printed.
std::string textOf(FuncOp function) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  function->print(stream, mlir::OpPrintingFlags().printGenericOpForm().useLocalScope());
  return text;
}

struct OutlineKernels final : impl::OutlineKernelsPassBase<OutlineKernels> {
  void runOnOperation() override {
    SmallVector<KernelOp> kernels;
    for (FuncOp function : getOperation().getOps<FuncOp>()) {
      if (!function->hasAttr(kExportAttr))
        continue;
      separateCarries(function);
      function.walk<mlir::WalkOrder::PreOrder>([&](KernelOp op) { kernels.push_back(op); });
    }
    mlir::SymbolTable symbols(getOperation());
    for (KernelOp kernel : kernels)
      outline(kernel, symbols);
  }

private:
  /// A loop that yields one carried value in the place of another would overwrite what it still
  /// has to read; a copy in between makes each yielded carry a value of its own.
  void separateCarries(FuncOp function) {
    function.walk([&](YieldOp yield) {
      Operation *loop = yield->getParentOp();
      bool carries = isa<ScanOp>(loop) ||
                     (isa<WhileOp>(loop) && yield->getParentRegion()->getRegionNumber() == 1);
      if (!carries)
        return;
      mlir::Block &body = *yield->getBlock();
      unsigned numCarries =
          isa<ScanOp>(loop) ? cast<ScanOp>(loop).getInits().size() : yield->getNumOperands();
      for (unsigned i = 0; i < numCarries; ++i) {
        auto carried = dyn_cast<mlir::BlockArgument>(withoutReshapes(yield->getOperand(i)));
        if (carried && carried.getOwner() == &body && carried.getArgNumber() != i &&
            carried.getArgNumber() < numCarries) {
          insertCopy(yield->getOpOperand(i));
          ++numCopies;
        }
      }
    });
  }

  void outline(KernelOp kernel, mlir::SymbolTable &symbols) {
    CanonicalNames names(kernel);
    FuncOp function = toFunction(kernel, names);
    auto [place, added] = functions.try_emplace(textOf(function));
    if (added) {
      place->second = nextName(symbols);
      function.setName(place->second);
      getOperation().push_back(function);
      symbols.insert(function);
      ++numKernels;
    } else {
      function->erase();
      ++numMerged;
    }
    OpBuilder builder(kernel);
    SmallVector<Dim> dims = llvm::map_to_vector(
        names.original(), [](const std::string &name) { return Dim::symbol(name); });
    auto launch = LaunchOp::create(builder, kernel.getLoc(), kernel->getResultTypes(),
                                   mlir::FlatSymbolRefAttr::get(&getContext(), place->second),
                                   ShapeAttr::get(&getContext(), dims), kernel.getInputs(),
                                   builder.getArrayAttr({}));
    kernel.replaceAllUsesWith(launch.getResults());
    kernel.erase();
  }

  /// k0, k1, ...; an export or parameter of that name keeps it.
  std::string nextName(mlir::SymbolTable &symbols) {
    std::string name;
    do
      name = "k" + std::to_string(nextNumber++);
    while (symbols.lookup(name));
    return name;
  }

  llvm::StringMap<std::string> functions; ///< By their text.
  unsigned nextNumber = 0;
};

} // namespace
} // namespace weft
