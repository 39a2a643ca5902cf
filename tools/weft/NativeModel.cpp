// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loads a shared library and calls through it.

#include "tools/weft/NativeModel.h"

#include <dlfcn.h>

namespace weft {

NativeModel::~NativeModel() {
  if (model)
    close(model);
  if (library)
    dlclose(library);
}

template <typename Function> llvm::Error NativeModel::find(Function *&function, const char *name) {
  function = reinterpret_cast<Function *>(dlsym(library, name));
  if (function)
    return llvm::Error::success();
  return llvm::createStringError(llvm::Twine("the library has no symbol '") + name + "'");
}

llvm::Error NativeModel::open(llvm::StringRef path, llvm::StringRef name, llvm::StringRef weights,
                              int32_t threads) {
  library = dlopen(path.str().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return llvm::createStringError("cannot load '" + path + "': " + dlerror());
  const weft_descriptor *descriptor = nullptr;
  llvm::Error missing = find(descriptor, (name + "_descriptor").str().c_str());
  missing = llvm::joinErrors(
      std::move(missing),
      find(*reinterpret_cast<decltype(&weft_message) *>(&message), "weft_message"));
  missing = llvm::joinErrors(std::move(missing), find(openModel, "weft_open_model"));
  missing = llvm::joinErrors(std::move(missing), find(close, "weft_close"));
  missing = llvm::joinErrors(std::move(missing), find(outputShape, "weft_output_shape"));
  missing = llvm::joinErrors(std::move(missing), find(describe, "weft_describe"));
  missing = llvm::joinErrors(std::move(missing), find(callByName, "weft_call"));
  missing = llvm::joinErrors(std::move(missing), find(tensorData, "weft_tensor_data"));
  if (missing)
    return missing;
  std::string weightsPath = weights.str();
  weft_options options{weightsPath.empty() ? nullptr : weightsPath.c_str(), threads, 0};
  if (openModel(descriptor, &options, &model) != WEFT_OK)
    return failure();
  return llvm::Error::success();
}

SmallVector<NamedTensor> NativeModel::tensors(const Interface &interface,
                                              llvm::StringRef mark) const {
  SmallVector<NamedTensor> result{{mark.str(), WEFT_U8, {0}, {}}};
  llvm::DenseSet<int32_t> read;
  for (const InterfaceExport &entry : interface.exports) {
    read.insert(entry.parameters.begin(), entry.parameters.end());
    for (const InterfaceVersion &version : entry.versions)
      read.insert(version.parameters.begin(), version.parameters.end());
  }
  auto add = [&](const InterfaceParameter &parameter, int32_t number) {
    const auto *data = static_cast<const char *>(tensorData(model, number));
    result.push_back({parameter.name, parameter.dtype, parameter.dims,
                      llvm::StringRef(data, parameter.sizeBytes())});
  };
  int32_t number = 0;
  for (const InterfaceParameter &parameter : interface.parameters) {
    if (parameter.kind == WEFT_STATE || read.contains(number))
      add(parameter, number);
    ++number;
  }
  for (const InterfaceParameter &parameter : interface.derived)
    add(parameter, number++);
  return result;
}

SmallVector<NamedTensor> NativeModel::parameters() const {
  SmallVector<NamedTensor> result;
  const weft_descriptor *descriptor = describe(model);
  for (int32_t i = 0; i < descriptor->parameter_count; ++i) {
    const weft_parameter &parameter = descriptor->parameters[i];
    ArrayRef<int64_t> dims(parameter.dims, static_cast<size_t>(parameter.rank));
    auto dtype = static_cast<weft_dtype>(parameter.dtype);
    result.push_back({parameter.name, dtype, SmallVector<int64_t>(dims),
                      StringRef(static_cast<const char *>(tensorData(model, i)),
                                static_cast<size_t>(*byteSize(dtype, dims)))});
  }
  return result;
}

/// The runtime's view of an array.
static weft_array viewOf(const NamedArray &named) {
  const Array &array = named.array;
  return {named.name.c_str(),
          array.dtype,
          static_cast<int32_t>(array.dims.size()),
          array.dims.data(),
          const_cast<char *>(array.bytes.data()),
          array.bytes.size()};
}

llvm::Expected<NativeModel::PreparedCall> NativeModel::prepare(llvm::StringRef function,
                                                               llvm::ArrayRef<NamedArray> inputs,
                                                               size_t outputCount) {
  PreparedCall call;
  call.function = function.str();
  for (const NamedArray &input : inputs)
    call.in.push_back(viewOf(input));
  call.outputs.resize(outputCount);
  for (size_t i = 0; i < outputCount; ++i) {
    int64_t dims[WEFT_MAX_RANK];
    weft_array shape{};
    if (outputShape(model, call.function.c_str(), call.in.data(),
                    static_cast<int32_t>(call.in.size()), static_cast<int32_t>(i), dims,
                    &shape) != WEFT_OK)
      return failure();
    Array &array = call.outputs[i].array;
    call.outputs[i].name = shape.name;
    array.dtype = shape.dtype;
    array.dims.assign(dims, dims + shape.rank);
    array.bytes.resize(shape.size);
  }
  for (const NamedArray &output : call.outputs)
    call.out.push_back(viewOf(output));
  return call;
}

llvm::Error NativeModel::repeat(PreparedCall &call) {
  if (callByName(model, call.function.c_str(), call.in.data(), static_cast<int32_t>(call.in.size()),
                 call.out.data(), static_cast<int32_t>(call.out.size())) != WEFT_OK)
    return failure();
  return llvm::Error::success();
}

llvm::Expected<std::vector<NamedArray>>
NativeModel::call(llvm::StringRef function, llvm::ArrayRef<NamedArray> inputs, size_t outputCount) {
  llvm::Expected<PreparedCall> prepared = prepare(function, inputs, outputCount);
  if (!prepared)
    return prepared.takeError();
  if (llvm::Error error = repeat(*prepared))
    return std::move(error);
  return std::move(prepared->outputs);
}

} // namespace weft
