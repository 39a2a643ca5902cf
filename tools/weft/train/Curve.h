// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The history of a training run as a table and as a picture.

#ifndef WEFT_TOOLS_WEFT_TRAIN_CURVE_H
#define WEFT_TOOLS_WEFT_TRAIN_CURVE_H

#include "tools/weft/train/Progress.h"

namespace weft {

/// A line of names, then a line each epoch: `epoch,train.loss,accuracy`.
void writeCsv(const Progress &progress, llvm::raw_ostream &os);

/// A drawing in SVG: a panel for each quantity over the epochs; what was measured in training and
/// what is measured with it are in one, as `train.loss` and `loss`.
void writeSvg(const Progress &progress, llvm::raw_ostream &os);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_TRAIN_CURVE_H
