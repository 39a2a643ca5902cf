// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calibration for --quantize int8.

#include "tools/weft/Calibrate.h"

#include "passes/Functions.h"
#include "passes/Passes.h"
#include "tools/weft/Origins.h"
#include "tools/weft/Ranges.h"
#include "tools/weft/Variant.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

namespace weft {

using Arrays = std::vector<NamedArray>;

/// Vectors that weft-observe returns for each product with channels.
static constexpr size_t sizesAProduct = 3;

static ArrayRef<float> floatsOf(const Array &array) {
  return {reinterpret_cast<const float *>(array.bytes.data()), array.bytes.size() / sizeof(float)};
}

//===-- What is calibrated ------------------------------------------------------------------===//

ProductLeft Calibration::leftAlone(Operation *op, const std::string &why) {
  return {op->getName().stripDialect().str(), originsOf(op), why};
}

LogicalResult Calibration::findProducts() {
  bool any = false;
  std::string first;
  for (Comparison::Entry &entry : comparison.entries)
    exports.push_back(
        {entry, compilation.module().lookupSymbol<mlir::func::FuncOp>(entry.function().name)});
  for (Export &entry : exports) {
    llvm::SetVector<Value> inputs;
    entry.function.walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
      if (!isProduct(op))
        return;
      std::string why;
      if (std::optional<WeightedProduct> product = weightedProduct(op, why)) {
        inputs.insert(product->input);
        entry.products.push_back(*product);
      } else {
        entry.left.push_back(leftAlone(op, why));
        if (first.empty())
          first = ": " + entry.left.back().operation + ": " + why;
      }
    });
    entry.inputs.assign(inputs.begin(), inputs.end());
    any |= !entry.products.empty();
  }
  return any ? success()
             : fail("--quantize int8: what the data fits has no product to quantize" + first);
}

//===-- Running in f32 ----------------------------------------------------------------------===//

/// A module that returns what is to be seen, with the calibrated exports alone.
FailureOr<OwningOpRef<ModuleOp>> Calibration::observedModule() {
  OwningOpRef<ModuleOp> copy(compilation.module().clone());
  ObservePassOptions options;
  for (const Export &entry : exports)
    options.functions.push_back(entry.compared.function().name);
  for (mlir::func::FuncOp function : exportsOf(*copy))
    if (!llvm::is_contained(options.functions, function.getName()))
      function.erase();
  mlir::PassManager manager(copy->getContext());
  manager.addPass(createObservePass(options));
  if (failed(manager.run(*copy)))
    return failure();
  return copy;
}

LogicalResult Calibration::run(ArrayRef<std::string> sources) {
  if (failed(compilation.advanceTo(ModelStage::Graph)) || failed(comparison.match(sources)) ||
      failed(findProducts()))
    return failure();
  FailureOr<OwningOpRef<ModuleOp>> module = observedModule();
  Variant observed(compilation, artifacts);
  if (failed(module) || failed(observed.open(**module)))
    return failure();
  for (Export &entry : exports)
    if (!entry.products.empty() && failed(observe(observed.native(), entry)))
      return failure();
  return success();
}

namespace {
/// The calls of one export of the observed module, and what is made of their results.
class Observer {
public:
  Observer(NativeModel &native, const CallData &calls, ArrayRef<WeightedProduct> observed,
           ArrayRef<Value> observedInputs, Report &target)
      : model(native), data(calls), products(observed), inputs(observedInputs), report(target),
        readers(inputs.size()), seen(inputs.size()), weights(inputs.size()) {
    for (const WeightedProduct &product : llvm::reverse(products)) {
      readers[inputOf(product)] = &product;
      numSizes += product.inputChannels.empty() ? 0 : sizesAProduct;
    }
  }

  /// The first run: extremes. Hands each call's own results to `keep`.
  llvm::Error look(llvm::function_ref<void(Arrays)> keep);
  /// The first input that held NaN or an infinity, if one did: a product that reads it.
  const WeightedProduct *firstNotFinite() const;
  /// The second run: balances, then ranges.
  llvm::Error choose();

  size_t inputOf(const WeightedProduct &product) const {
    return static_cast<size_t>(llvm::find(inputs, product.input) - inputs.begin());
  }

  std::vector<std::vector<float>> balances; ///< One entry an input.
  SmallVector<Histogram::Range> ranges;     ///< The same.

private:
  llvm::Error forCalls(llvm::function_ref<void(Arrays)> visit);
  ChannelLayout layoutOf(size_t input, const Array &array) const {
    return ChannelLayout::of(array.dims, readers[input]->inputChannels);
  }
  void takeSizes(ArrayRef<NamedArray> sizes);

  NativeModel &model;
  const CallData &data;
  ArrayRef<WeightedProduct> products;
  ArrayRef<Value> inputs;
  Report &report;
  size_t numSizes = 0;
  SmallVector<const WeightedProduct *> readers; ///< The first product that reads each input.
  std::vector<ChannelStatistics> seen;
  std::vector<SmallVector<WeightStatistics>> weights; ///< Of the products that read each input.
};
} // namespace

llvm::Error Observer::forCalls(llvm::function_ref<void(Arrays)> visit) {
  const InterfaceExport &function = data.function();
  size_t numResults = function.outputs.size() + inputs.size() + numSizes;
  for (int64_t call = 0; call < data.numCalls(); ++call) {
    report.progress("calibrating " + function.name + ", call " + Twine(call + 1) + " of " +
                    Twine(data.numCalls()));
    auto results = model.call(function.name, data.inputsOf(call), numResults);
    if (!results)
      return results.takeError();
    visit(std::move(*results));
  }
  return llvm::Error::success();
}

llvm::Error Observer::look(llvm::function_ref<void(Arrays)> keep) {
  size_t own = data.function().outputs.size();
  bool isFirst = true;
  return forCalls([&](Arrays results) {
    for (auto [i, statistics] : llvm::enumerate(seen)) {
      const Array &input = results[own + i].array;
      statistics.add(floatsOf(input), layoutOf(i, input));
    }
    if (std::exchange(isFirst, false))
      takeSizes(ArrayRef(results).drop_front(own + inputs.size()));
    results.resize(own);
    keep(std::move(results));
  });
}

void Observer::takeSizes(ArrayRef<NamedArray> sizes) {
  for (const WeightedProduct &product : products) {
    WeightStatistics statistics;
    if (!product.inputChannels.empty()) {
      // Products that read an input along other axes than the first have no channels in common.
      if (product.inputChannels == readers[inputOf(product)]->inputChannels)
        statistics.channelMaxima = floatsOf(sizes[0].array).vec();
      statistics.channelSquares = floatsOf(sizes[1].array).vec();
      statistics.outputMaxima = floatsOf(sizes[2].array).vec();
      sizes = sizes.drop_front(sizesAProduct);
      auto all = static_cast<double>(GraphBuilder::typeOf(product.weight).getNumElements());
      statistics.taps = all / static_cast<double>(statistics.channelSquares.size() *
                                                  statistics.outputMaxima.size());
    }
    weights[inputOf(product)].push_back(std::move(statistics));
  }
}

const WeightedProduct *Observer::firstNotFinite() const {
  for (auto [statistics, reader] : llvm::zip(seen, readers))
    if (!statistics.isFinite)
      return reader;
  return nullptr;
}

llvm::Error Observer::choose() {
  std::vector<Histogram> histograms;
  for (auto [statistics, readBy] : llvm::zip(seen, weights)) {
    balances.push_back(chooseBalance(statistics, readBy));
    histograms.emplace_back(statistics, balances.back());
  }
  llvm::Error error = forCalls([&](Arrays results) {
    for (auto [i, histogram] : llvm::enumerate(histograms)) {
      const Array &input = results[data.function().outputs.size() + i].array;
      histogram.add(floatsOf(input), layoutOf(i, input));
    }
  });
  for (const Histogram &histogram : histograms)
    ranges.push_back(histogram.bestRange());
  return error;
}

/// Ranges, and balances where there are any, as attributes of a product.
static void writeRange(const WeightedProduct &product, Histogram::Range range,
                       ArrayRef<float> balance) {
  OpBuilder builder(product.op->getContext());
  product.op->setAttr(kInputRangeAttr, builder.getDenseF64ArrayAttr({range.low, range.high}));
  if (balance.empty())
    return;
  SmallVector<int64_t> dims = llvm::map_to_vector(product.weightChannels, [&](int64_t axis) {
    return GraphBuilder::typeOf(product.weight).getDimSize(axis);
  });
  auto type = RankedTensorType::get(dims, builder.getF32Type());
  product.op->setAttr(kInputBalanceAttr, mlir::DenseElementsAttr::get(type, balance));
}

LogicalResult Calibration::observe(NativeModel &model, Export &entry) {
  Observer observer(model, entry.compared.data, entry.products, entry.inputs, compilation.report());
  if (llvm::Error error = observer.look(
          [&](Arrays results) { entry.compared.expected.push_back(std::move(results)); }))
    return fail(std::move(error));
  if (const WeightedProduct *product = observer.firstNotFinite())
    return fail("--calibrate: with this data the input of " +
                product->op->getName().stripDialect() + " from " + originsOf(product->op) +
                " in '" + entry.compared.function().name + "' holds numbers that are not finite");
  if (llvm::Error error = observer.choose())
    return fail(std::move(error));
  for (const WeightedProduct &product : entry.products) {
    size_t input = observer.inputOf(product);
    if (observer.ranges[input].isEmpty()) {
      entry.left.push_back(leftAlone(product.op, "its input is 0 in all of the data"));
      continue;
    }
    writeRange(product, observer.ranges[input], observer.balances[input]);
    ++entry.numQuantized;
    entry.numBalanced += !observer.balances[input].empty();
  }
  return success();
}

//===-- Saying ------------------------------------------------------------------------------===//

llvm::json::Object Calibration::jsonOf(const Export &entry) {
  llvm::json::Array left;
  for (const ProductLeft &product : entry.left)
    left.push_back(llvm::json::Object{
        {"operation", product.operation}, {"origin", product.origin}, {"why", product.why}});
  auto products = entry.numQuantized + static_cast<int64_t>(entry.left.size());
  return llvm::json::Object{{"function", entry.compared.function().name},
                            {"calls", entry.compared.data.numCalls()},
                            {"samples_left_out", entry.compared.data.numLeftOut()},
                            {"products", products},
                            {"in_int8", entry.numQuantized},
                            {"balanced", entry.numBalanced},
                            {"not_in_int8", std::move(left)},
                            {"outputs", entry.compared.outputs()}};
}

void Calibration::print(const Export &entry) {
  llvm::raw_ostream &os = llvm::outs();
  os << entry.compared.function().name << ": " << entry.numQuantized << " of "
     << entry.numQuantized + entry.left.size() << " products in int8";
  if (entry.numBalanced)
    os << ", " << entry.numBalanced << " of them balanced";
  os << "; calibrated on " << entry.compared.data.numCalls()
     << (entry.compared.data.numCalls() == 1 ? " call" : " calls");
  if (entry.compared.data.numLeftOut())
    os << ", without the last " << entry.compared.data.numLeftOut() << ", which fill no batch";
  os << "\n";
  entry.compared.print();
  for (const ProductLeft &product : entry.left)
    os << "  not in int8: " << product.operation
       << (product.origin.empty() ? "" : " from " + product.origin) << ": " << product.why << "\n";
}

void Calibration::show() {
  Report &report = compilation.report();
  report.finishProgress();
  llvm::json::Array calibrated, others;
  for (const Export &entry : exports) {
    calibrated.push_back(jsonOf(entry));
    if (!report.isJson())
      print(entry);
  }
  for (const auto &[name, why] : comparison.misfits) {
    others.push_back(llvm::json::Object{{"function", name}, {"why", why}});
    if (!report.isJson())
      llvm::outs() << name << ": not in int8, since " << why << "\n";
  }
  if (!comparison.whyNotCompared.empty() && !report.isJson())
    llvm::outs() << "not compared with f32: " << comparison.whyNotCompared << "\n";
  report.set("quantization", llvm::json::Object{{"calibrated", std::move(calibrated)},
                                                {"not_calibrated", std::move(others)},
                                                {"not_compared", comparison.whyNotCompared}});
}

} // namespace weft
