// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Measures weights in few bits by running the operations that make them.

#include "tools/weft/WeightQuantization.h"

#include "ir/Versions.h"
#include "passes/Functions.h"
#include "passes/Passes.h"
#include "tools/weft/Origins.h"
#include "tools/weft/Variant.h"

#include "llvm/Support/Format.h"

#include <cmath>
#include <cstring>

namespace weft {

/// An export as a caller knows it, with the sizes that a version is for.
static std::string describedName(mlir::func::FuncOp function) {
  std::string name = exportedName(function).str();
  auto sizes = function->getAttrOfType<mlir::DictionaryAttr>(kVersionSizesAttr);
  if (!sizes)
    return name;
  for (mlir::NamedAttribute size : sizes)
    name += ", " + size.getName().str() + " = " +
            std::to_string(cast<mlir::IntegerAttr>(size.getValue()).getInt());
  return name;
}

void WeightQuantization::findProducts() {
  for (mlir::func::FuncOp function : exportsOf(compilation.module())) {
    Function found{function.getName().str(), describedName(function), {}, {}};
    auto nameOf = [](Operation *op) { return op->getName().stripDialect().str(); };
    auto leave = [&](Operation *op, const std::string &why) {
      found.left.push_back({nameOf(op), originsOf(op), why});
    };
    for (const NarrowProduct &product : narrowWeightProducts(function, leave))
      found.products.push_back({nameOf(product.op), originsOf(product.op),
                                GraphBuilder::typeOf(product.form.weight).getNumElements()});
    functions.push_back(std::move(found));
  }
}

LogicalResult WeightQuantization::measure() {
  OwningOpRef<ModuleOp> copy(compilation.module().clone());
  mlir::PassManager manager(copy->getContext());
  manager.addPass(createMeasureWeightsPass({compilation.options().weightBits}));
  Variant measured(compilation, artifacts);
  if (failed(manager.run(*copy)) || failed(measured.open(*copy)))
    return failure();
  for (Function &function : functions) {
    if (function.products.empty())
      continue;
    auto squares = measured.native().call(function.symbol, {}, 2 * function.products.size());
    if (!squares) {
      compilation.report().error(squares.takeError());
      return failure();
    }
    auto number = [&](size_t i) {
      float value;
      std::memcpy(&value, (*squares)[i].array.bytes.data(), sizeof value);
      return static_cast<double>(value);
    };
    for (auto [i, product] : llvm::enumerate(function.products)) {
      product.lost = number(2 * i);
      product.held = number(2 * i + 1);
    }
  }
  return success();
}

LogicalResult WeightQuantization::run(ArrayRef<std::string> sources) {
  if (failed(compilation.advanceTo(ModelStage::Graph)))
    return failure();
  findProducts();
  if (failed(measure()))
    return failure();
  hasData = !sources.empty();
  if (!hasData)
    return success();
  Variant plain(compilation, artifacts);
  return success(succeeded(comparison.match(sources)) &&
                 succeeded(plain.open(compilation.module())) &&
                 succeeded(comparison.expect(plain.native())));
}

LogicalResult WeightQuantization::compare(bool weightsAreEmbedded) {
  return hasData ? comparison.compare(weightsAreEmbedded) : success();
}

//===-- Saying ------------------------------------------------------------------------------===//

std::string WeightQuantization::kind() const {
  return "int" + std::to_string(compilation.options().weightBits);
}

/// The root of the mean square of what is lost, over that of what is held.
static double relativeError(double lost, double held) {
  return held > 0 ? std::sqrt(lost / held) : 0;
}

llvm::json::Object WeightQuantization::jsonOf(const Function &function) const {
  llvm::json::Array narrow, left;
  for (const Narrow &product : function.products)
    narrow.push_back(
        llvm::json::Object{{"operation", product.operation},
                           {"origin", product.origin},
                           {"weights", product.weights},
                           {"relative_error", relativeError(product.lost, product.held)}});
  for (const ProductLeft &product : function.left)
    left.push_back(llvm::json::Object{
        {"operation", product.operation}, {"origin", product.origin}, {"why", product.why}});
  return llvm::json::Object{
      {"function", function.name}, {"narrow", std::move(narrow)}, {"in_f32", std::move(left)}};
}

void WeightQuantization::print(const Function &function) const {
  llvm::raw_ostream &os = llvm::outs();
  os << function.name << ": " << function.products.size() << " of "
     << function.products.size() + function.left.size() << " products read their weights in "
     << kind() << "\n";
  auto begin = [&](StringRef state, const std::string &operation, const std::string &origin) {
    os << "  " << state << ": " << operation << (origin.empty() ? "" : " from " + origin) << ": ";
  };
  for (const Narrow &product : function.products) {
    begin(kind(), product.operation, product.origin);
    os << product.weights << " weights, relative error "
       << llvm::format("%.2e", relativeError(product.lost, product.held)) << "\n";
  }
  for (const ProductLeft &product : function.left) {
    begin("f32", product.operation, product.origin);
    os << product.why << "\n";
  }
}

void WeightQuantization::show() {
  Report &report = compilation.report();
  report.finishProgress();
  llvm::json::Array all, compared, others;
  for (const Function &function : functions) {
    all.push_back(jsonOf(function));
    if (!report.isJson())
      print(function);
  }
  for (const Comparison::Entry &entry : comparison.entries) {
    compared.push_back(llvm::json::Object{{"function", entry.function().name},
                                          {"calls", entry.data.numCalls()},
                                          {"outputs", entry.outputs()}});
    if (report.isJson() || !comparison.whyNotCompared.empty())
      continue;
    llvm::outs() << entry.function().name << ", compared with f32:\n";
    entry.print();
  }
  for (const auto &[name, why] : comparison.misfits) {
    others.push_back(llvm::json::Object{{"function", name}, {"why", why}});
    if (!report.isJson())
      llvm::outs() << name << ": not compared with f32, since " << why << "\n";
  }
  if (!comparison.whyNotCompared.empty() && !report.isJson())
    llvm::outs() << "not compared with f32: " << comparison.whyNotCompared << "\n";
  report.set("quantization", llvm::json::Object{{"weights", kind()},
                                                {"functions", std::move(all)},
                                                {"compared", std::move(compared)},
                                                {"not_fitting", std::move(others)},
                                                {"not_compared", comparison.whyNotCompared}});
}

} // namespace weft
