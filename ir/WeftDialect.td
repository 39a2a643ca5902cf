// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect itself. Attributes, type constraints and the operations by family stand in the
// files beside this one.

#ifndef WEFT_DIALECT_TD
#define WEFT_DIALECT_TD

include "mlir/IR/OpBase.td"

def Weft_Dialect : Dialect {
  let name = "weft";
  let cppNamespace = "::weft";
  let summary = "Tensor programs with named dimensions";
  let description = [{
    Pure functions on ranked tensors. A dynamic dimension keeps its expression in the encoding of
    the type, `#weft.shape<[N, 2 * N, 64]>`. Broadcasting is explicit, parameters and state are
    arguments, and no operation has undefined behaviour: every input has a stated result.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

#endif // WEFT_DIALECT_TD
