// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pictures of what an attribution says of an image.

#ifndef WEFT_TOOLS_WEFT_HEATMAP_H
#define WEFT_TOOLS_WEFT_HEATMAP_H

#include "tools/weft/data/Array.h"
#include "tools/weft/data/Png.h"

#include "llvm/Support/Error.h"

namespace weft {

/// An array as images, entry by entry, channel by channel, row by row.
struct Images {
  int64_t count = 1, channels = 1, height = 0, width = 0;
  std::vector<double> values;

  double at(int64_t entry, int64_t channel, int64_t y, int64_t x) const {
    return values[static_cast<size_t>(((entry * channels + channel) * height + y) * width + x)];
  }

  /// Dimensions [height, width], with entries before them, and channels between. Fails, naming the
  /// array `what`, on other ranks, on images without pixels, and on numbers that are not finite.
  static llvm::Expected<Images> of(const Array &array, const llvm::Twine &what);
};

/// Each entry as three panels side by side: the image in grey, or in colours where it has three
/// channels; the map, summed over its channels, blue where it is negative and red where it is
/// positive, in proportion to the entry's largest magnitude; and both in one. A map of fewer pixels
/// than the image is stretched over it. Small images have large pixels.
Picture drawMaps(const Images &images, const Images &maps);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_HEATMAP_H
