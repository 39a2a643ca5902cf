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
  missing = llvm::joinErrors(std::move(missing), find(callByName, "weft_call"));
  if (missing)
    return missing;
  std::string weightsPath = weights.str();
  weft_options options{weightsPath.empty() ? nullptr : weightsPath.c_str(), threads, 0};
  if (openModel(descriptor, &options, &model) != WEFT_OK)
    return failure();
  return llvm::Error::success();
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

llvm::Expected<std::vector<NamedArray>>
NativeModel::call(llvm::StringRef function, llvm::ArrayRef<NamedArray> inputs, size_t outputCount) {
  std::string name = function.str();
  std::vector<weft_array> in, out;
  for (const NamedArray &input : inputs)
    in.push_back(viewOf(input));
  auto inputCount = static_cast<int32_t>(in.size());
  std::vector<NamedArray> outputs(outputCount);
  for (size_t i = 0; i < outputCount; ++i) {
    int64_t dims[WEFT_MAX_RANK];
    weft_array shape{};
    if (outputShape(model, name.c_str(), in.data(), inputCount, static_cast<int32_t>(i), dims,
                    &shape) != WEFT_OK)
      return failure();
    outputs[i].name = shape.name;
    outputs[i].array.dtype = shape.dtype;
    outputs[i].array.dims.assign(dims, dims + shape.rank);
    outputs[i].array.bytes.resize(shape.size);
  }
  for (const NamedArray &output : outputs)
    out.push_back(viewOf(output));
  if (callByName(model, name.c_str(), in.data(), inputCount, out.data(),
                 static_cast<int32_t>(outputCount)) != WEFT_OK)
    return failure();
  return outputs;
}

} // namespace weft
