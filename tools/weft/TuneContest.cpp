// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Modules of one product, and turns.

#include "tools/weft/TuneContest.h"

#include "ir/GraphBuilder.h"
#include "ir/WeftDialect.h"
#include "passes/Functions.h"
#include "tools/weft/Artifacts.h"
#include "tools/weft/Weights.h"

#include <chrono>

namespace weft {

using mlir::func::FuncOp;

static constexpr llvm::StringLiteral inputName = "x", weightName = "w", resultName = "y",
                                     touchName = "touch", othersName = "others";

static std::string entryName(size_t number) { return "entry" + std::to_string(number); }

//===-- The module --------------------------------------------------------------------------===//

namespace {
/// Writes the functions of one module.
class ContestModule {
public:
  ContestModule(const TunableProduct &what)
      : product(what), builder(what.op->getContext()), loc(builder.getUnknownLoc()),
        module(ModuleOp::create(loc, "contest")) {
    builder.setInsertionPointToEnd(module->getBody());
    Type weight = product.op->getOperand(product.weight).getType();
    ParameterOp::create(
        builder, loc, builder.getStringAttr(weightName), mlir::TypeAttr::get(weight),
        ParameterKindAttr::get(builder.getContext(), ParameterKind::Param), nullptr, nullptr);
  }

  void addEntry(size_t number);
  void addTouch(uint64_t bytes);
  std::string text() {
    std::string text;
    llvm::raw_string_ostream os(text);
    module->print(os);
    return text;
  }

private:
  /// An export; its body is built next.
  FuncOp begin(StringRef name, ArrayRef<Type> inputs, ArrayRef<StringRef> names, Type result);
  void end(Value result) {
    mlir::func::ReturnOp::create(builder, loc, result);
    builder.setInsertionPointToEnd(module->getBody());
  }

  const TunableProduct &product;
  OpBuilder builder;
  Location loc;
  OwningOpRef<ModuleOp> module;
};
} // namespace

FuncOp ContestModule::begin(StringRef name, ArrayRef<Type> inputs, ArrayRef<StringRef> names,
                            Type result) {
  auto function = FuncOp::create(builder, loc, name, builder.getFunctionType(inputs, result));
  function->setAttr(kExportAttr, builder.getUnitAttr());
  for (auto [number, input] : llvm::enumerate(names)) {
    auto place = static_cast<unsigned>(number);
    if (input == weightName)
      function.setArgAttr(place, kParameterAttr,
                          mlir::FlatSymbolRefAttr::get(builder.getContext(), input));
    else
      function.setArgAttr(place, kNameAttr, builder.getStringAttr(input));
  }
  function.setResultAttr(0, kNameAttr, builder.getStringAttr(resultName));
  builder.setInsertionPointToEnd(function.addEntryBlock());
  return function;
}

/// [N, C, spatial...] to [N, spatial..., C], or the other way round.
static SmallVector<int64_t> channelOrder(int64_t rank, bool toLast) {
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::rotate(order.begin() + 1, toLast ? order.begin() + 2 : order.end() - 1, order.end());
  return order;
}

void ContestModule::addEntry(size_t number) {
  Operation *op = product.op;
  bool hasChannels = !isa<ContractOp>(op);
  auto outside = [&](Value value) -> Type {
    auto type = cast<RankedTensorType>(value.getType());
    if (!hasChannels)
      return type;
    SmallVector<int64_t> shape;
    for (int64_t axis : channelOrder(type.getRank(), /*toLast=*/true))
      shape.push_back(type.getDimSize(axis));
    return RankedTensorType::get(shape, type.getElementType());
  };
  Value x = op->getOperand(1 - product.weight), w = op->getOperand(product.weight);
  FuncOp function = begin(entryName(number), {outside(x), w.getType()}, {inputName, weightName},
                          outside(op->getResult(0)));
  GraphBuilder b(builder, loc);
  Value input = function.getArgument(0);
  if (hasChannels)
    input = b.transpose(input, channelOrder(b.rank(input), /*toLast=*/false));
  mlir::IRMapping map;
  map.map(x, input);
  map.map(w, function.getArgument(1));
  Operation *made = op->clone(map);
  builder.insert(made);
  made->setLoc(loc);
  Value result = made->getResult(0);
  if (hasChannels)
    result = b.transpose(result, channelOrder(b.rank(result), /*toLast=*/true));
  end(result);
}

/// Reads so many bytes.
void ContestModule::addTouch(uint64_t bytes) {
  constexpr int64_t columns = 4096, floatBytes = 4;
  int64_t rows = static_cast<int64_t>(bytes) / (columns * floatBytes);
  Type element = builder.getF32Type();
  FuncOp function = begin(touchName, {RankedTensorType::get({rows, columns}, element)},
                          {othersName}, RankedTensorType::get({rows}, element));
  GraphBuilder b(builder, loc);
  end(b.reduce(ReduceKind::Max, function.getArgument(0), {1}));
}

//===-- Compiling ---------------------------------------------------------------------------===//

LogicalResult Contest::fail(llvm::Error error) {
  report.error(std::move(error));
  return failure();
}

/// Less than this stays in the innermost caches anyway; more than the other leaves nothing in any.
static constexpr uint64_t fewBytes = 64 << 10, manyBytes = 64 << 20;

FailureOr<std::unique_ptr<Compilation>> Contest::compilation(ArrayRef<Choice> choices,
                                                             uint64_t otherBytes) {
  ContestModule module(product);
  for (size_t number = 0; number < choices.size(); ++number)
    module.addEntry(number);
  if (otherBytes >= fewBytes)
    module.addTouch(std::min(otherBytes, manyBytes));
  llvm::Expected<std::string> path = scratch.write("contest.mlir", module.text());
  if (!path)
    return fail(path.takeError());
  CompileRequest request;
  request.input = *path;
  request.cpus = asked.cpus;
  request.strict = asked.strict;
  request.precision = asked.precision;
  request.verifyEach = asked.verifyEach;
  auto made = std::make_unique<Compilation>(report, request);
  if (failed(made->load()) || failed(made->advanceTo(ModelStage::Graph)))
    return failure();
  SmallVector<TunableProduct> copies = std::move(tunableProducts(made->module()).all);
  if (copies.size() != choices.size()) {
    report.blameUs(true);
    report.error("a product to be measured is none alone: " + product.key);
    report.blameUs(false);
    return failure();
  }
  for (auto [copy, choice] : llvm::zip_equal(copies, choices))
    choice.writeTo(copy.op);
  return made;
}

FailureOr<Operation *> Contest::planned(const Choice &choice) {
  auto made = compilation(choice, /*otherBytes=*/0);
  if (failed(made) || failed((*made)->advanceTo(ModelStage::Plan)))
    return failure();
  plan = std::move(*made);
  Operation *found = nullptr;
  plan->module().walk([&](Operation *op) {
    if (isa<PackedConvOp, WinogradConvOp>(op))
      found = op;
  });
  return found;
}

LogicalResult Contest::open(ArrayRef<Choice> choices, int32_t threads, uint64_t otherBytes) {
  native.reset();
  auto made = compilation(choices, otherBytes);
  if (failed(made))
    return failure();
  Artifacts artifacts(**made);
  if (failed(artifacts.compile(/*embedWeights=*/false)))
    return failure();
  FailureOr<std::string> library = artifacts.libraryToCall();
  if (failed(library))
    return failure();
  llvm::Error error = load(*library, artifacts.interface(), threads);
  return error ? fail(std::move(error)) : success();
}

/// An array for each input of an export.
static std::vector<NamedArray> inputsFor(const InterfaceExport &entry) {
  std::vector<NamedArray> inputs;
  for (const InterfaceArgument &input : entry.inputs)
    inputs.push_back(
        {input.name,
         randomArray(input.dtype, llvm::map_to_vector(input.dims, [](const Dim &dim) {
                       return *dim.constant(); // products of unknown sizes are not measured
                     }))});
  return inputs;
}

llvm::Error Contest::load(StringRef library, const Interface &interface, int32_t threads) {
  Weights weights;
  for (const InterfaceParameter &parameter : interface.parameters)
    weights.push_back(randomArray(parameter.dtype, parameter.dims));
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  writeSafetensors(namedTensors(interface, weights), os);
  llvm::Expected<std::string> path = scratch.write("contest.safetensors", bytes);
  if (!path)
    return path.takeError();
  native = std::make_unique<Native>();
  if (llvm::Error error = native->model.open(library, interface.name, *path, threads))
    return error;
  native->input = inputsFor(interface.exports.front());
  native->pristine = native->input.front().array.bytes;
  for (const InterfaceExport &entry : interface.exports) {
    bool isTouch = entry.name == touchName;
    if (isTouch)
      native->others = inputsFor(entry);
    auto call = native->model.prepare(entry.name, isTouch ? native->others : native->input, 1);
    if (!call)
      return call.takeError();
    if (isTouch)
      native->touchOthers = std::move(*call);
    else
      native->calls.push_back(std::move(*call));
  }
  return llvm::Error::success();
}

//===-- Measuring ---------------------------------------------------------------------------===//

using Clock = std::chrono::steady_clock;

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

llvm::Expected<double> Contest::call(size_t entry) {
  if (native->touchOthers)
    if (llvm::Error error = native->model.repeat(*native->touchOthers))
      return std::move(error);
  llvm::copy(native->pristine, native->input.front().array.bytes.begin());
  // In a call of the model a result goes where others have just been.
  llvm::fill(native->calls[entry].outputs.front().array.bytes, char(0));
  Clock::time_point start = Clock::now();
  if (llvm::Error error = native->model.repeat(native->calls[entry]))
    return std::move(error);
  return secondsSince(start);
}

static double medianOf(std::vector<double> values) {
  llvm::sort(values);
  return values[values.size() / 2];
}

llvm::Expected<std::vector<ContestTime>> Contest::measure(ArrayRef<size_t> entries,
                                                          double seconds) {
  constexpr size_t fewest = 9, most = 200; // turns
  std::vector<std::vector<double>> times(entries.size()), ratios(entries.size());
  std::vector<double> turn(entries.size());
  Clock::time_point start = Clock::now();
  // The first turn warms up.
  for (size_t number = 0; number <= most; ++number) {
    if (number > fewest && secondsSince(start) > seconds)
      break;
    // Each follows another one in each turn.
    for (size_t i = 0; i < entries.size(); ++i) {
      size_t place = (i + number) % entries.size();
      llvm::Expected<double> time = call(entries[place]);
      if (!time)
        return time.takeError();
      turn[place] = *time;
    }
    for (size_t i = 0; number > 0 && i < entries.size(); ++i) {
      times[i].push_back(turn[i]);
      ratios[i].push_back(turn[i] / turn[0]);
    }
  }
  std::vector<ContestTime> result;
  for (size_t i = 0; i < entries.size(); ++i)
    result.push_back({medianOf(times[i]), medianOf(ratios[i])});
  return result;
}

} // namespace weft
