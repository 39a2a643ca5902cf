// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pictures as PNG files. Source: W3C, Portable Network Graphics, third edition.

#ifndef WEFT_TOOLS_WEFT_DATA_PNG_H
#define WEFT_TOOLS_WEFT_DATA_PNG_H

#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <vector>

namespace weft {

struct Colour {
  uint8_t red = 255, green = 255, blue = 255;
};

/// Rows of pixels from the top, all white at first.
struct Picture {
  Picture(int64_t theWidth, int64_t theHeight)
      : width(theWidth), height(theHeight), pixels(static_cast<size_t>(theWidth * theHeight)) {}
  Colour &at(int64_t x, int64_t y) { return pixels[static_cast<size_t>(y * width + x)]; }

  int64_t width, height;
  std::vector<Colour> pixels;
};

/// The bytes of a file with 8 bits for each of red, green and blue.
void writePng(const Picture &picture, llvm::raw_ostream &os);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_DATA_PNG_H
