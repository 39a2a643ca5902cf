// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and cuts calibration data.

#include "tools/weft/CalibrationData.h"

#include "tools/weft/data/Convert.h"
#include "tools/weft/data/DataFile.h"
#include "tools/weft/data/Npy.h"

#include "llvm/Support/Path.h"

namespace weft {

using llvm::Error;

/// Calls with more entries of a dynamic first dimension would only take more memory.
static constexpr int64_t mostEntries = 32;

//===-- Reading -----------------------------------------------------------------------------===//

Error CalibrationData::add(llvm::StringRef name, llvm::Expected<Array> array,
                           llvm::StringRef source) {
  if (!array)
    return array.takeError();
  auto refuse = [&](const llvm::Twine &what) {
    return llvm::createStringError("--" + optionName + " " + source + ": '" + name + "' " + what);
  };
  if (array->bytes.empty())
    return refuse("is empty: " + array->type());
  if (firstNonFinite(*array))
    return refuse("holds numbers that are not finite");
  if (!arrays.try_emplace(name, std::move(*array)).second)
    return refuse("is given twice");
  return Error::success();
}

static const InterfaceArgument *inputNamed(const Interface &interface, llvm::StringRef name) {
  for (const InterfaceExport &entry : interface.exports)
    for (const InterfaceArgument &input : entry.inputs)
      if (input.name == name)
        return &input;
  return nullptr;
}

Error CalibrationData::readAll(llvm::StringRef source, const Interface &interface) {
  llvm::Expected<llvm::SmallVector<std::string>> names = listNpz(source);
  if (!names)
    return names.takeError();
  for (const std::string &name : *names)
    if (inputNamed(interface, name))
      if (Error error = add(name, readNpz(source, name), source))
        return error;
  return Error::success();
}

llvm::Expected<CalibrationData> CalibrationData::read(llvm::ArrayRef<std::string> sources,
                                                      const Interface &interface,
                                                      llvm::StringRef option) {
  CalibrationData data;
  data.optionName = option.str();
  for (llvm::StringRef source : sources) {
    if (llvm::sys::path::extension(source) == ".npz" && !source.contains('=')) {
      if (Error error = data.readAll(source, interface))
        return std::move(error);
      continue;
    }
    auto [name, file] = source.split('=');
    if (name.empty() || file.empty())
      return llvm::createStringError("--" + option + " takes FILE.npz or NAME=FILE, but got '" +
                                     source + "'");
    const InterfaceArgument *input = inputNamed(interface, name);
    if (!input)
      return llvm::createStringError("--" + option + " " + source + ": no export has an input '" +
                                     name + "'");
    ExpectedArray expected{name.str(), input->dtype, {}};
    for (const Dim &dim : input->dims)
      expected.dims.push_back(dim.constant().value_or(-1));
    if (Error error = data.add(name, readArray(file, expected), source))
      return std::move(error);
  }
  return data;
}

//===-- Cutting -----------------------------------------------------------------------------===//

/// What is wrong with an array for an input; empty if nothing is. Its first dimension may be longer
/// than a static one of the input.
static std::string misfitOf(const InterfaceArgument &input, const Array &array) {
  std::string what =
      "the input '" + input.name + "' is " + input.type + ", but the data holds " + array.type();
  if (array.dtype != input.dtype || array.dims.size() != input.dims.size())
    return what;
  for (auto [axis, dim] : llvm::enumerate(input.dims)) {
    std::optional<int64_t> size = dim.constant();
    if (size && array.dims[axis] != *size && (axis > 0 || array.dims[axis] < *size || *size == 0))
      return what;
  }
  return "";
}

/// True if a call may take any number of first entries of the input: no other dimension of the
/// export depends on how many they are.
static bool isBatchName(const InterfaceExport &function, llvm::StringRef name) {
  for (const InterfaceArgument &input : function.inputs)
    for (auto [axis, dim] : llvm::enumerate(input.dims)) {
      bool isFirst = axis == 0 && dim.bareSymbol() == name;
      if (!isFirst && llvm::is_contained(dim.symbols(), name))
        return false;
    }
  return true;
}

/// Entries of the first dimension that one call takes; 0 for all.
static int64_t batchOf(const InterfaceExport &function, const InterfaceArgument &input,
                       const Array &array) {
  if (input.dims.empty())
    return 0;
  const Dim &first = input.dims.front();
  if (std::optional<int64_t> size = first.constant())
    return array.dims.front() > *size ? *size : 0;
  std::optional<llvm::StringRef> name = first.bareSymbol();
  return name && isBatchName(function, *name) && array.dims.front() > mostEntries ? mostEntries : 0;
}

llvm::Expected<CallData> CalibrationData::callsOf(const InterfaceExport &function) const {
  CallData data;
  data.entry = &function;
  const InterfaceArgument *cut = nullptr;
  for (const InterfaceArgument &input : function.inputs) {
    auto found = arrays.find(input.name);
    if (found == arrays.end())
      return llvm::createStringError("the data has no array for the input '" + input.name +
                                     "': " + input.type);
    const Array &array = found->second;
    if (std::string misfit = misfitOf(input, array); !misfit.empty())
      return llvm::createStringError(misfit);
    int64_t batch = batchOf(function, input, array);
    data.inputs.push_back({input.name, &array, batch});
    if (batch == 0)
      continue;
    // A static batch is filled; of a dynamic one the last call takes the rest.
    int64_t size = array.dims.front();
    bool isStatic = input.dims.front().isConstant();
    int64_t calls = isStatic ? size / batch : static_cast<int64_t>(llvm::divideCeil(size, batch));
    if (cut && calls != data.calls)
      return llvm::createStringError("the data has " + llvm::Twine(data.calls) +
                                     " batches for the input '" + cut->name + "' but " +
                                     llvm::Twine(calls) + " for '" + input.name + "'");
    cut = &input;
    data.calls = calls;
    data.leftOut = isStatic ? size % batch : 0;
  }
  return data;
}

std::vector<NamedArray> CallData::inputsOf(int64_t call) const {
  std::vector<NamedArray> result;
  for (const Input &input : inputs) {
    if (input.batch == 0) {
      result.push_back({input.name, *input.array});
      continue;
    }
    int64_t all = input.array->dims.front(), first = call * input.batch;
    int64_t entries = std::min(input.batch, all - first);
    size_t each = input.array->bytes.size() / static_cast<size_t>(all);
    const char *begin = input.array->bytes.data() + static_cast<size_t>(first) * each;
    Array part{input.array->dtype, input.array->dims, {}};
    part.dims.front() = entries;
    part.bytes.assign(begin, begin + static_cast<size_t>(entries) * each);
    result.push_back({input.name, std::move(part)});
  }
  return result;
}

} // namespace weft
