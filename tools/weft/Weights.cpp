// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads weights and makes initial ones.

#include "tools/weft/Weights.h"

#include "ir/reference/Evaluator.h"
#include "ir/WeftDialect.h"
#include "runtime/Safetensors.h"

#include "llvm/ADT/ScopeExit.h"

namespace weft {

using llvm::Error;

/// What is wrong with the tensor of `parameter`; good if nothing is.
static Error checkTensor(StringRef path, const InterfaceParameter &parameter,
                         const weft_tensor *tensor) {
  if (!tensor)
    return llvm::createStringError("'" + path + "' lacks the tensor '" + parameter.name +
                                   "': " + parameter.type);
  ArrayRef<int64_t> dims(tensor->dims, static_cast<size_t>(tensor->rank));
  if (tensor->dtype == parameter.dtype && dims == ArrayRef<int64_t>(parameter.dims))
    return Error::success();
  return llvm::createStringError("'" + path + "' has '" + parameter.name + "' as " +
                                 typeName(tensor->dtype, dims) + ", but the model's is " +
                                 parameter.type);
}

static Error checkWeights(StringRef path, const weft_safetensors &file,
                          const Interface &interface) {
  for (int64_t i = 0; i < file.count; ++i)
    if (StringRef(file.tensors[i].name).starts_with(WEFT_PREPARED))
      return llvm::createStringError("'" + path +
                                     "' holds weights as one library reads them (--emit=prepared): "
                                     "give those that have the names of the model");
  Error wrong = Error::success();
  for (const InterfaceParameter &parameter : interface.parameters)
    wrong = llvm::joinErrors(
        std::move(wrong),
        checkTensor(path, parameter, weft_safetensors_find(&file, parameter.name.c_str())));
  for (int64_t i = 0; i < file.count; ++i) {
    StringRef name = file.tensors[i].name;
    if (llvm::none_of(interface.parameters,
                      [&](const InterfaceParameter &p) { return p.name == name; }))
      wrong = llvm::joinErrors(std::move(wrong),
                               llvm::createStringError("'" + path + "' has a tensor '" + name +
                                                       "' that the model does not have"));
  }
  return wrong;
}

llvm::Expected<Weights> readWeights(StringRef path, const Interface &interface) {
  weft_safetensors file;
  if (weft_safetensors_open(path.str().c_str(), &file) != WEFT_OK)
    return llvm::createStringError(Twine(weft_message()));
  llvm::scope_exit close([&] { weft_safetensors_close(&file); });
  if (Error wrong = checkWeights(path, file, interface))
    return std::move(wrong);
  Weights weights;
  for (const InterfaceParameter &parameter : interface.parameters) {
    const weft_tensor *tensor = weft_safetensors_find(&file, parameter.name.c_str());
    const char *data = static_cast<const char *>(tensor->data);
    weights.push_back({parameter.dtype, parameter.dims, {data, data + tensor->size}});
  }
  return weights;
}

llvm::Expected<Weights> initialWeights(ModuleOp module, const Interface &interface, uint64_t seed) {
  if (interface.parameters.empty())
    return Weights();
  auto init = module.lookupSymbol<mlir::func::FuncOp>(kInitFunction);
  if (!init)
    return llvm::createStringError(
        "the model has parameters, but nothing says how they begin: give --weights");
  if (init.getNumResults() != interface.parameters.size() || init.getNumArguments() != 1)
    return llvm::createStringError("@" + kInitFunction + " takes " + Twine(init.getNumArguments()) +
                                   " arguments and gives " + Twine(init.getNumResults()) +
                                   " results, but the model has " +
                                   Twine(interface.parameters.size()) + " parameters and one seed");
  Type seedType = mlir::IntegerType::get(module.getContext(), 64, mlir::IntegerType::Unsigned);
  auto values =
      reference::evaluate(init, reference::Tensor::scalar(seedType, static_cast<int64_t>(seed)));
  if (!values)
    return values.takeError();
  Weights weights;
  for (auto [value, parameter] : llvm::zip(*values, interface.parameters)) {
    if (value.shape() != ArrayRef<int64_t>(parameter.dims) ||
        *dtypeOf(value.element()) != parameter.dtype)
      return llvm::createStringError("@" + kInitFunction + " gives '" + parameter.name +
                                     "' another type than " + parameter.type);
    weights.push_back({parameter.dtype, parameter.dims, value.toBytes()});
  }
  return weights;
}

SmallVector<NamedTensor> namedTensors(const Interface &interface, const Weights &weights) {
  SmallVector<NamedTensor> result;
  for (auto [parameter, array] : llvm::zip(interface.parameters, weights))
    result.push_back({parameter.name, parameter.dtype, parameter.dims,
                      StringRef(array.bytes.data(), array.bytes.size())});
  return result;
}

} // namespace weft
