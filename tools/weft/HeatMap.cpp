// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Draws attributions over images.

#include "tools/weft/HeatMap.h"

#include "frontend/Types.h"
#include "ir/reference/Tensor.h"
#include "tools/weft/Compile.h"

#include <cmath>

namespace weft {

using llvm::Twine;

/// A panel has at least as many pixels along its longer side, and white around it.
static constexpr int64_t panelSize = 256, margin = 8;

llvm::Expected<Images> Images::of(const Array &array, const Twine &what) {
  size_t rank = array.dims.size();
  Images images;
  if (rank < 2 || rank > 4)
    return llvm::createStringError(what + " is " + array.type() +
                                   ", but images are [height, width], [entries, height, width] or "
                                   "[entries, channels, height, width]");
  images.height = array.dims[rank - 2];
  images.width = array.dims[rank - 1];
  images.count = rank > 2 ? array.dims[0] : 1;
  images.channels = rank > 3 ? array.dims[1] : 1;
  if (array.bytes.empty())
    return llvm::createStringError(what + " is " + array.type() + ", which has no pixels to draw");
  MLIRContext context;
  auto tensor = reference::Tensor::fromBytes(*elementByName(nameOf(array.dtype), &context),
                                             array.dims, array.bytes);
  if (!tensor)
    return tensor.takeError();
  if (tensor->isFloat())
    images.values = tensor->reals();
  else
    images.values.assign(tensor->integers().begin(), tensor->integers().end());
  if (!llvm::all_of(images.values, [](double value) { return std::isfinite(value); }))
    return llvm::createStringError(what + " holds numbers that are not finite");
  return images;
}

static uint8_t mix(double from, double to, double part) {
  return static_cast<uint8_t>(std::lround(from + (to - from) * part));
}

static Colour mix(Colour from, Colour to, double part) {
  return {mix(from.red, to.red, part), mix(from.green, to.green, part),
          mix(from.blue, to.blue, part)};
}

/// From dark blue at -1 over white at 0 to dark red at 1: RdBu of C. Brewer, colorbrewer2.org,
/// (Apache-2.0), whose steps look equal.
static Colour divergingColour(double value) {
  static constexpr Colour steps[] = {{5, 48, 97},     {33, 102, 172},  {67, 147, 195},
                                     {146, 197, 222}, {209, 229, 240}, {247, 247, 247},
                                     {253, 219, 199}, {244, 165, 130}, {214, 96, 77},
                                     {178, 24, 43},   {103, 0, 31}};
  double place = (value + 1) * 5;
  auto step = std::min(static_cast<size_t>(place), std::size(steps) - 2);
  return mix(steps[step], steps[step + 1], place - static_cast<double>(step));
}

namespace {
/// One entry: its image in shades from black to white, its map from -1 to 1.
class Entry {
public:
  Entry(const Images &theImages, const Images &theMaps, int64_t theNumber)
      : images(theImages), maps(theMaps), number(theNumber) {
    size_t each = images.values.size() / static_cast<size_t>(images.count);
    auto first =
        images.values.begin() + static_cast<std::ptrdiff_t>(each * static_cast<size_t>(number));
    auto [low, high] = std::minmax_element(first, first + static_cast<std::ptrdiff_t>(each));
    darkest = *low;
    range = *high - *low;
    for (int64_t y = 0; y < maps.height; ++y)
      for (int64_t x = 0; x < maps.width; ++x)
        largest = std::max(largest, std::abs(sum(y, x)));
  }

  Colour image(int64_t y, int64_t x) const {
    if (images.channels == 3)
      return {shade(images.at(number, 0, y, x)), shade(images.at(number, 1, y, x)),
              shade(images.at(number, 2, y, x))};
    double total = 0;
    for (int64_t channel = 0; channel < images.channels; ++channel)
      total += images.at(number, channel, y, x);
    uint8_t grey = shade(total / static_cast<double>(images.channels));
    return {grey, grey, grey};
  }

  /// The map at a pixel of the image, between those of its own pixels that are nearest.
  double map(int64_t y, int64_t x) const {
    if (largest == 0)
      return 0;
    auto [top, down] = place(y, images.height, maps.height);
    auto [left, right] = place(x, images.width, maps.width);
    int64_t bottom = std::min(top + 1, maps.height - 1), end = std::min(left + 1, maps.width - 1);
    double upper = sum(top, left) * (1 - right) + sum(top, end) * right;
    double lower = sum(bottom, left) * (1 - right) + sum(bottom, end) * right;
    return (upper * (1 - down) + lower * down) / largest;
  }

private:
  uint8_t shade(double value) const {
    return range > 0 ? mix(0, 255, (value - darkest) / range) : 128;
  }
  double sum(int64_t y, int64_t x) const {
    double total = 0;
    for (int64_t channel = 0; channel < maps.channels; ++channel)
      total += maps.at(number, channel, y, x);
    return total;
  }
  /// Where the middle of pixel `at` of `size` lies among `count` pixels: past the middle of which,
  /// and how far.
  static std::pair<int64_t, double> place(int64_t at, int64_t size, int64_t count) {
    double exact =
        (static_cast<double>(at) + 0.5) * static_cast<double>(count) / static_cast<double>(size) -
        0.5;
    exact = std::clamp(exact, 0.0, static_cast<double>(count - 1));
    return {static_cast<int64_t>(exact), exact - std::floor(exact)};
  }

  const Images &images, &maps;
  int64_t number;
  double darkest = 0, range = 0, largest = 0;
};
} // namespace

Picture drawMaps(const Images &images, const Images &maps) {
  int64_t longer = std::max(images.height, images.width);
  int64_t scale = static_cast<int64_t>(llvm::divideCeil(panelSize, longer));
  int64_t panelWidth = images.width * scale + margin, panelHeight = images.height * scale + margin;
  // Three panels an entry, in about as many rows as columns of panels.
  int64_t columns =
      std::max<int64_t>(1, std::lround(std::sqrt(static_cast<double>(images.count) / 3)));
  auto rows = static_cast<int64_t>(llvm::divideCeil(images.count, columns));
  Picture picture(columns * 3 * panelWidth + margin, rows * panelHeight + margin);
  for (int64_t number = 0; number < images.count; ++number) {
    Entry entry(images, maps, number);
    int64_t left = margin + number % columns * 3 * panelWidth;
    int64_t top = margin + number / columns * panelHeight;
    for (int64_t y = 0; y < images.height * scale; ++y)
      for (int64_t x = 0; x < images.width * scale; ++x) {
        Colour image = entry.image(y / scale, x / scale);
        double value = entry.map(y / scale, x / scale);
        Colour colour = divergingColour(value);
        picture.at(left + x, top + y) = image;
        picture.at(left + panelWidth + x, top + y) = colour;
        picture.at(left + 2 * panelWidth + x, top + y) = mix(image, colour, std::abs(value));
      }
  }
  return picture;
}

} // namespace weft
