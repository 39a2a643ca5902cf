// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All operations, for the generators.

#ifndef WEFT_OPS_TD
#define WEFT_OPS_TD

include "ir/WeftElementwiseOps.td"
include "ir/WeftMovementOps.td"
include "ir/WeftReductionOps.td"
include "ir/WeftContractionOps.td"
include "ir/WeftNormalisationOps.td"
include "ir/WeftStructureOps.td"
include "ir/WeftDerivativeOps.td"

#endif // WEFT_OPS_TD
