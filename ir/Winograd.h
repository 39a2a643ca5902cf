// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The transforms of weft.winograd_conv, shared by whoever makes its filters, defines what it gives
// and generates its code.

#ifndef WEFT_IR_WINOGRAD_H
#define WEFT_IR_WINOGRAD_H

#include "ir/Mlir.h"

namespace weft {

/// Row-major matrices for tiles of `tile` x `tile` results of a 3x3 window; `size` is `tile + 2`.
struct WinogradTransforms {
  int64_t tile = 0, size = 0;
  ArrayRef<double> input;  ///< B^T, size x size: a patch d becomes B^T d B.
  ArrayRef<double> filter; ///< G, size x 3: a filter g becomes G g G^T.
  ArrayRef<double> output; ///< A^T, tile x size: products m become A^T m A.
};

/// For tiles of 2 or 4; the caller has ruled out others.
///
/// Source: Lavin & Gray, arXiv:1509.09308; for 4 with the points 0, +-3/4, +-3/2, which halve the
/// error of the customary 0, +-1, +-2.
WinogradTransforms winogradTransforms(int64_t tile);

/// The same for the gradient of the window, a product of patches with the gradients of tiles of 4:
/// `filter` (size x 4) takes the gradient of a tile, `output` (3 x size) gives the window's.
WinogradTransforms winogradFilterGradTransforms();

} // namespace weft

#endif // WEFT_IR_WINOGRAD_H
