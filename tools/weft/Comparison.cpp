// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls models on data and compares their results.

#include "tools/weft/Comparison.h"

#include "llvm/Support/Format.h"

#include <cmath>
#include <cstring>

namespace weft {

static ArrayRef<float> floatsOf(const Array &array) {
  return {reinterpret_cast<const float *>(array.bytes.data()), array.bytes.size() / sizeof(float)};
}

LogicalResult Comparison::match(ArrayRef<std::string> sources) {
  FailureOr<Interface> read = compilation.interface();
  if (failed(read))
    return failure();
  interface = std::move(*read);
  llvm::Expected<CalibrationData> all = CalibrationData::read(sources, interface);
  if (!all)
    return fail(all.takeError());
  data = std::move(*all);
  for (const InterfaceExport &entry : interface.exports) {
    llvm::Expected<CallData> calls = data->callsOf(entry);
    if (!calls) {
      misfits.push_back({entry.name, llvm::toString(calls.takeError())});
      continue;
    }
    entries.push_back({std::move(*calls)});
  }
  if (!entries.empty())
    return success();
  std::string why;
  for (const auto &[name, reason] : misfits)
    why += (why.empty() ? "" : "; ") + ("'" + name + "': " + reason);
  compilation.report().error("--calibrate: the data fits no export: " + why);
  return failure();
}

LogicalResult Comparison::expect(NativeModel &model) {
  for (Entry &entry : entries)
    for (int64_t call = 0; call < entry.data.numCalls(); ++call) {
      compilation.report().progress("running " + entry.function().name + " in f32, call " +
                                    Twine(call + 1) + " of " + Twine(entry.data.numCalls()));
      auto results = model.call(entry.function().name, entry.data.inputsOf(call),
                                entry.function().outputs.size());
      if (!results)
        return fail(results.takeError());
      entry.expected.push_back(std::move(*results));
    }
  return success();
}

LogicalResult Comparison::compare(bool weightsAreEmbedded) {
  FailureOr<std::string> library = artifacts.libraryToCall();
  if (failed(library))
    return failure();
  std::string weights;
  if (!weightsAreEmbedded) {
    FailureOr<std::string> plain = artifacts.plainWeights();
    if (failed(plain))
      return failure();
    weights = *plain;
  }
  NativeModel model;
  if (llvm::Error error = model.open(*library, interface.name, weights, /*threads=*/0)) {
    whyNotCompared = llvm::toString(std::move(error));
    return success();
  }
  for (Entry &entry : entries) {
    const InterfaceExport &function = entry.function();
    for (const InterfaceArgument &output : function.outputs)
      entry.accuracies.push_back({output.name});
    for (auto [call, expected] : llvm::enumerate(entry.expected)) {
      compilation.report().progress("comparing " + function.name + ", call " + Twine(call + 1) +
                                    " of " + Twine(entry.data.numCalls()));
      auto results = model.call(function.name, entry.data.inputsOf(static_cast<int64_t>(call)),
                                function.outputs.size());
      if (!results)
        return fail(results.takeError());
      for (auto [was, is, accuracy] : llvm::zip(expected, *results, entry.accuracies))
        accuracy.add(was.array, is.array);
    }
  }
  return success();
}

/// Entries along the last axis look like scores of classes: one of two or more is the highest.
static bool looksLikeScores(const Array &array) {
  return (array.dims.size() == 2 || array.dims.size() == 3) && array.dims.back() >= 2;
}

void Comparison::Accuracy::add(const Array &expected, const Array &result) {
  if (expected.dtype != WEFT_F32) {
    size_t width = static_cast<size_t>(sizeBytesOf(expected.dtype));
    for (size_t at = 0; at + width <= expected.bytes.size(); at += width, ++entries)
      equal += std::memcmp(expected.bytes.data() + at, result.bytes.data() + at, width) == 0;
    return;
  }
  ArrayRef<float> was = floatsOf(expected), is = floatsOf(result);
  for (auto [a, b] : llvm::zip_equal(was, is)) {
    double x = static_cast<double>(a), y = static_cast<double>(b);
    difference += (x - y) * (x - y);
    size += x * x;
  }
  if (!looksLikeScores(expected))
    return;
  auto classes = static_cast<size_t>(expected.dims.back());
  for (size_t at = 0; at + classes <= was.size(); at += classes, ++rows) {
    auto highest = [&](ArrayRef<float> all) {
      ArrayRef<float> row = all.slice(at, classes);
      return std::max_element(row.begin(), row.end()) - row.begin();
    };
    sameHighest += highest(was) == highest(is);
  }
}

//===-- Saying ------------------------------------------------------------------------------===//

double Comparison::Accuracy::relativeError() const {
  return size > 0 ? std::sqrt(difference / size) : difference > 0 ? 1 : 0;
}

static double percent(int64_t part, int64_t all) {
  return 100 * static_cast<double>(part) / static_cast<double>(all);
}

llvm::json::Array Comparison::Entry::outputs() const {
  llvm::json::Array outputs;
  for (const Accuracy &accuracy : accuracies) {
    llvm::json::Object output{{"name", accuracy.name}};
    if (accuracy.entries)
      output["equal_percent"] = percent(accuracy.equal, accuracy.entries);
    else
      output["relative_error"] = accuracy.relativeError();
    if (accuracy.rows)
      output["same_highest_percent"] = percent(accuracy.sameHighest, accuracy.rows);
    outputs.push_back(std::move(output));
  }
  return outputs;
}

void Comparison::Entry::print() const {
  llvm::raw_ostream &os = llvm::outs();
  for (const Accuracy &accuracy : accuracies) {
    os << "  " << accuracy.name << ": ";
    if (accuracy.entries)
      os << llvm::format("%.2f %% of the entries equal", percent(accuracy.equal, accuracy.entries));
    else
      os << llvm::format("relative error %.2e", accuracy.relativeError());
    if (accuracy.rows)
      os << llvm::format(", the same highest entry in %.2f %%",
                         percent(accuracy.sameHighest, accuracy.rows));
    os << "\n";
  }
}

} // namespace weft
