// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pairs arrays with the arguments of a function.

#include "tools/weft/Evaluate.h"

#include "ir/WeftDialect.h"

namespace weft {

/// The array of the parameter of that name.
static const Array *weightNamed(StringRef name, const Interface &interface,
                                const Weights &weights) {
  for (auto [parameter, weight] : llvm::zip(interface.parameters, weights))
    if (parameter.name == name)
      return &weight;
  return nullptr;
}

llvm::Expected<std::vector<reference::Tensor>> evaluatorArguments(mlir::func::FuncOp function,
                                                                  const Interface &interface,
                                                                  const Weights &weights,
                                                                  ArrayRef<NamedArray> inputs) {
  std::vector<reference::Tensor> arguments;
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
    const Array *array = nullptr;
    if (auto name = function.getArgAttrOfType<mlir::FlatSymbolRefAttr>(index, kParameterAttr)) {
      array = weightNamed(name.getValue(), interface, weights);
    } else if (!inputs.empty()) {
      array = &inputs.front().array;
      inputs = inputs.drop_front();
    }
    if (!array)
      return llvm::createStringError("the arguments of '" + function.getName() +
                                     "' do not fit its description");
    auto tensor = reference::Tensor::fromBytes(cast<RankedTensorType>(type).getElementType(),
                                               array->dims, array->bytes);
    if (!tensor)
      return tensor.takeError();
    arguments.push_back(std::move(*tensor));
  }
  return arguments;
}

} // namespace weft
