// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions with channels last and packed filters: plain, depthwise, in Winograd's tiles, of
// narrow elements side by side, and of small integers with scales.

#include "ContractionCases.h"

#include "ir/Infer.h"

namespace weft::opmatrix {

namespace {

/// A case of weft.packed_conv or weft.depthwise_conv. `result` is the element type of the sums.
struct ChannelsLastShape {
  std::string operation, label;
  std::function<ConvolutionShape(Dim)> shapeOf;
  int64_t least = 0;
  bool allTypes = false; ///< Others run in f32 alone, in which every way of computing has its code.
};

/// The shape of a packed convolution over 2 dimensions of 6x5 with N images.
ConvolutionShape packedImage(Dim n, int64_t inputs, int64_t outputs, int64_t width, int64_t groups,
                             Dims spatial, const std::string &geometry) {
  int64_t each = outputs / groups, panels = groups * ((each + width - 1) / width);
  return {"",
          {n, 6, 5, inputs},
          {panels, 3, 3, inputs / groups, width},
          {n, spatial[0], spatial[1], outputs},
          geometry + " groups " + std::to_string(groups)};
}

std::vector<ChannelsLastShape> packedShapes() {
  const std::string same = "strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]";
  auto matrix = [](int64_t depth, int64_t columns, int64_t width) {
    return [=](Dim n) {
      return ConvolutionShape{"",
                              {n, depth},
                              {(columns + width - 1) / width, depth, width},
                              {n, columns},
                              "strides [] pad [] [] dilations [] groups 1"};
    };
  };
  auto line = [](int64_t inputs, int64_t outputs, int64_t width) {
    return [=](Dim n) {
      Dim out = (n + Dim(3) - Dim(4) - Dim(1)).floorDiv(2) + Dim(1);
      return ConvolutionShape{"",
                              {2, n, inputs},
                              {(outputs + width - 1) / width, 3, inputs, width},
                              {2, out, outputs},
                              "strides [2] pad [1] [2] dilations [2] groups 1"};
    };
  };
  auto pointwise = [](Dim n) {
    return ConvolutionShape{"",
                            {2, n, 5, 7},
                            {1, 1, 1, 7, 16},
                            {2, n, 5, 16},
                            "strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1"};
  };
  auto plane = [=](int64_t inputs, int64_t outputs, int64_t width) {
    return [=](Dim n) { // Both spatial dimensions unknown.
      return ConvolutionShape{"",
                              {1, n, n, inputs},
                              {(outputs + width - 1) / width, 3, 3, inputs, width},
                              {1, n, n, outputs},
                              same + " groups 1"};
    };
  };
  auto volume = [](Dim n) {
    return ConvolutionShape{
        "",
        {1, n, 3, 4, 2},
        {1, 2, 2, 2, 2, 8},
        {1, n + Dim(1), 2, 3, 3},
        "strides [1, 1, 1] pad [1, 0, 0] [1, 0, 0] dilations [1, 1, 1] groups 1"};
  };
  auto spreadLine = [](Dim n) {
    Dim out = (n - Dim(1)) * Dim(2) - Dim(2) + Dim(4) + Dim(2);
    return ConvolutionShape{
        "",
        {2, n, 3},
        {1, 3, 3, 16},
        {2, out, 4},
        "strides [2] pad [1] [1] dilations [2] groups 1 transposed output_padding [1]"};
  };
  auto spreadGroups = [](Dim n) {
    return ConvolutionShape{"",
                            {n, 3, 2, 4},
                            {4, 4, 2, 2, 2},
                            {n, 7, 2, 6},
                            "strides [2, 1] pad [1, 0] [0, 1] dilations [1, 1] groups 2 "
                            "transposed output_padding [0, 0]"};
  };
  auto spreadPlane = [](Dim n) { // Phases of 2 and 3, one of which no tap reaches.
    return ConvolutionShape{"",
                            {1, n, 4, 5},
                            {2, 4, 2, 5, 16},
                            {1, n * Dim(2), 11, 18},
                            "strides [2, 3] pad [1, 0] [1, 0] dilations [1, 1] groups 1 "
                            "transposed output_padding [0, 0]"};
  };
  auto image = [=](int64_t inputs, int64_t outputs, int64_t width, int64_t groups) {
    return [=](Dim n) { return packedImage(n, inputs, outputs, width, groups, {6, 5}, same); };
  };
  auto stepped = [](Dim n) {
    return packedImage(n, 400, 70, 64, 1, {2, 6},
                       "strides [2, 1] pad [1, 1] [1, 2] dilations [2, 1]");
  };
  auto strided = [](Dim n) {
    return packedImage(n, 4, 20, 16, 1, {3, 2},
                       "strides [2, 2] pad [1, 1] [1, 0] dilations [1, 1]");
  };
  auto dilated = [](Dim n) {
    return packedImage(n, 3, 33, 32, 1, {4, 4},
                       "strides [1, 2] pad [2, 3] [0, 3] dilations [2, 2]");
  };
  const std::string packed = "weft.packed_conv";
  return {{packed, "matrix", matrix(37, 67, 32), 0, true},
          {packed, "matrix_wide", matrix(8, 96, 48)},
          {packed, "matrix_odd", matrix(5, 9, 6)},
          {packed, "matrix_deep", matrix(1101, 130, 64)}, // In two passes and a rest.
          {packed, "matrix_far", matrix(700, 200, 64)},   // Asks for the next panel.
          {packed, "line", line(3, 9, 8), 2},
          {packed, "pointwise", pointwise},
          {packed, "plane", plane(2, 5, 4)},
          {packed, "volume", volume, 1},
          {packed, "image", image(3, 35, 16, 1), 0, true},
          {packed, "image_wide", image(5, 64, 64, 1)},
          {packed, "image_narrow", image(2, 3, 16, 1)},
          // Filters from far, a panel of which no near cache holds, in passes of a line of taps.
          {packed, "image_deep", image(150, 70, 64, 1)},
          {packed, "image_deeper", stepped}, // Two passes a line.
          {packed, "plane_deep", plane(260, 70, 64), 1},
          {packed, "line_deep", line(800, 70, 64), 2},
          {packed, "grouped", image(6, 10, 4, 2), 0, true},
          {packed, "grouped_wide", image(4, 36, 16, 2)},
          {packed, "strided", strided},
          {packed, "dilated", dilated},
          {packed, "transposed_line", spreadLine, 1, true},
          {packed, "transposed_grouped", spreadGroups, 0, true},
          {packed, "transposed_plane", spreadPlane, 1}};
}

/// Groups of few channels, whose vectors hold several groups: in f32 with AVX-512 vectors of 16.
std::vector<ChannelsLastShape> narrowShapes() {
  const std::string same = "strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]";
  auto image = [=](int64_t groups, int64_t inputs, int64_t outputs, int64_t width) {
    return [=](Dim n) {
      return packedImage(n, groups * inputs, groups * outputs, width, groups, {6, 5}, same);
    };
  };
  auto strided = [](Dim n) {
    return packedImage(n, 36, 36, 6, 6, {3, 2},
                       "strides [2, 2] pad [1, 1] [1, 0] dilations [1, 1]");
  };
  auto dilated = [](Dim n) {
    return packedImage(n, 40, 24, 3, 8, {4, 4},
                       "strides [1, 2] pad [2, 3] [0, 3] dilations [2, 2]");
  };
  auto pointwise = [](Dim n) {
    return ConvolutionShape{"",
                            {2, n, 5, 42},
                            {6, 1, 1, 7, 8},
                            {2, n, 5, 48},
                            "strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 6"};
  };
  auto plane = [](Dim n) { // Both spatial dimensions unknown.
    return ConvolutionShape{"",
                            {1, n, n, 28},
                            {7, 3, 3, 4, 4},
                            {1, n, n, 28},
                            "strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 7"};
  };
  auto line = [](Dim n) { // More taps than are written out.
    return ConvolutionShape{
        "", {2, n, 12}, {4, 9, 3, 5}, {2, n, 20}, "strides [1] pad [5] [3] dilations [1] groups 4"};
  };
  auto volume = [](Dim n) {
    return ConvolutionShape{
        "",
        {1, n, 3, 4, 10},
        {5, 2, 2, 2, 2, 4},
        {1, n + Dim(1), 2, 3, 20},
        "strides [1, 1, 1] pad [1, 0, 0] [1, 0, 0] dilations [1, 1, 1] groups 5"};
  };
  const std::string packed = "weft.packed_conv";
  return {{packed, "groups_of_2", image(9, 2, 2, 2)},
          {packed, "groups_of_3", image(6, 3, 3, 3), 0, true},
          {packed, "groups_of_4", image(8, 4, 4, 4), 0, true},
          {packed, "groups_of_5", image(4, 5, 5, 5)},
          {packed, "groups_of_6", image(5, 6, 6, 6)},
          {packed, "groups_of_8", image(4, 8, 8, 8), 0, true},
          {packed, "groups_of_12", image(3, 12, 12, 12)},
          {packed, "groups_of_1_to_4", image(8, 1, 4, 4)},
          {packed, "groups_of_2_to_5", image(4, 2, 5, 5)},
          {packed, "groups_of_8_to_3", image(7, 8, 3, 3), 0, true},
          {packed, "groups_of_12_to_8", image(2, 12, 8, 16)},
          {packed, "groups_of_40_to_2", image(3, 40, 2, 2)},
          {packed, "groups_strided", strided},
          {packed, "groups_dilated", dilated},
          {packed, "groups_pointwise", pointwise},
          {packed, "groups_plane", plane},
          {packed, "groups_line", line, 1},
          {packed, "groups_volume", volume, 1}};
}

std::vector<ChannelsLastShape> depthwiseShapes() {
  auto image = [](int64_t channels, int64_t outputs) {
    return [=](Dim n) {
      return ConvolutionShape{"",
                              {n, 6, 9, channels},
                              {3, 3, outputs},
                              {n, 6, 9, outputs},
                              "strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]"};
    };
  };
  auto strided = [](Dim n) {
    return ConvolutionShape{"",
                            {n, 7, 8, 24},
                            {5, 3, 24},
                            {n, 4, 3, 24},
                            "strides [2, 3] pad [2, 1] [2, 0] dilations [1, 1]"};
  };
  auto dilated = [](Dim n) {
    return ConvolutionShape{"",
                            {n, 7, 8, 20},
                            {2, 3, 20},
                            {n, 4, 8, 20},
                            "strides [1, 1] pad [0, 2] [0, 2] dilations [3, 2]"};
  };
  auto plane = [](Dim n) {
    return ConvolutionShape{"",
                            {1, n, n, 17},
                            {3, 3, 17},
                            {1, n, n, 17},
                            "strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]"};
  };
  auto line = [](Dim n) {
    return ConvolutionShape{
        "", {2, n, 19}, {4, 19}, {2, n, 19}, "strides [1] pad [3] [0] dilations [1]"};
  };
  auto volume = [](Dim n) {
    return ConvolutionShape{"",
                            {1, n, 3, 4, 18},
                            {2, 2, 2, 18},
                            {1, n + Dim(1), 2, 3, 18},
                            "strides [1, 1, 1] pad [1, 0, 0] [1, 0, 0] dilations [1, 1, 1]"};
  };
  const std::string depthwise = "weft.depthwise_conv";
  return {{depthwise, "image", image(33, 33), 0, true},
          {depthwise, "image_aligned", image(64, 64)},
          {depthwise, "image_few", image(3, 3)},
          {depthwise, "multiplied", image(6, 18), 0, true},
          {depthwise, "strided", strided},
          {depthwise, "dilated", dilated},
          {depthwise, "plane", plane},
          {depthwise, "line", line},
          {depthwise, "volume", volume, 1}};
}

std::vector<ChannelsLastShape> winogradShapes() {
  auto image = [](int64_t tile, int64_t inputs, int64_t outputs, int64_t width, Dim height,
                  Dim across) {
    int64_t matrices = (tile + 2) * (tile + 2), panels = (outputs + width - 1) / width;
    return [=](Dim n) {
      return ConvolutionShape{"",
                              {n, height, across, inputs},
                              {matrices, panels, inputs, width},
                              {n, height, across, outputs},
                              "tile " + std::to_string(tile) + " pad [1, 1] [1, 1]"};
    };
  };
  auto plane = [](int64_t tile) { // Both spatial dimensions unknown.
    return [=](Dim n) {
      return ConvolutionShape{"",
                              {1, n, n, 3},
                              {(tile + 2) * (tile + 2), 1, 3, 16},
                              {1, n + Dim(1), n, 9},
                              "tile " + std::to_string(tile) + " pad [2, 0] [1, 2]"};
    };
  };
  // Of 6 by 5 places, whose phases have 3 and 2 places, and padding that no phase divides.
  auto dilated = [](int64_t tile, int64_t dilation) {
    return [=](Dim n) {
      Dims to = {n, Dim(10 - 2 * dilation), Dim(9 - 2 * dilation), 20};
      return ConvolutionShape{"",
                              {n, 6, 5, 5},
                              {(tile + 2) * (tile + 2), 2, 5, 16},
                              to,
                              "tile " + std::to_string(tile) + " pad [1, 3] [3, 1] dilation " +
                                  std::to_string(dilation)};
    };
  };
  // The tiles of all images are rows of one product.
  auto ofPatches = [](int64_t tile, int64_t inputs, int64_t outputs, int64_t width,
                      int64_t dilation) {
    return [=](Dim n) {
      int64_t panels = (outputs + width - 1) / width, matrices = (tile + 2) * (tile + 2);
      Dim tiles = n * winogradTiles(7, tile, dilation) * winogradTiles(9, tile, dilation);
      std::string pad = std::to_string(dilation) + ", " + std::to_string(dilation);
      return ConvolutionShape{"",
                              {matrices, tiles, inputs},
                              {matrices, panels, inputs, width},
                              {n, 7, 9, outputs},
                              "tile " + std::to_string(tile) + " pad [" + pad + "] [" + pad +
                                  "] dilation " + std::to_string(dilation) + " patches_of [7, 9]"};
    };
  };
  const std::string winograd = "weft.winograd_conv";
  return {{winograd, "four", image(4, 5, 35, 32, 6, 9), 0, true},
          {winograd, "four_whole", image(4, 16, 32, 32, 12, 8)},
          {winograd, "four_parts", image(4, 3, 272, 16, 4, 4)},
          {winograd, "two", image(2, 5, 20, 16, 7, 7), 0, true},
          {winograd, "two_odd", image(2, 4, 5, 3, 4, 6)},
          {winograd, "four_dilated", dilated(4, 2)},
          {winograd, "two_dilated", dilated(2, 3)},
          {winograd, "four_of_patches", ofPatches(4, 5, 35, 32, 1), 0, true},
          {winograd, "four_dilated_of_patches", ofPatches(4, 16, 80, 16, 2)},
          {winograd, "two_of_patches", ofPatches(2, 3, 5, 3, 3)},
          {winograd, "plane_four", plane(4), 1},
          {winograd, "plane_two", plane(2), 1}};
}

/// Patches as a tensor: as they are, and with something behind.
void addPatches(Suite &suite, const std::string &e) {
  auto add = [&](const std::string &label, int64_t tile, int64_t channels, int64_t dilation,
                 Dim height, Dim width) {
    suite.add(
        "weft.winograd_patches", e, label,
        [=](Program &p, Dim n) {
          Dim rows = height == Dim(0) ? n : height, tiles = n;
          // Padding of 1 before and 2 * dilation behind: 1 place more.
          tiles = tiles * winogradTiles(rows + Dim(1), tile, dilation);
          tiles = tiles * winogradTiles(width + Dim(1), tile, dilation);
          Term x = p.input({n, rows, width, channels}, e, smallFor(e));
          Dims to = {(tile + 2) * (tile + 2), tiles, channels};
          std::string high = std::to_string(2 * dilation);
          Term y =
              p.let(to, e,
                    "weft.winograd_patches " + x + " tile " + std::to_string(tile) +
                        " pad [1, 1] [" + high + ", " + high + "] dilation " +
                        std::to_string(dilation) + " : " + x.type() + " -> " + typeText(to, e));
          p.give(y);
          p.give(p.let(to, e, "weft.neg " + y + " : " + y.type()));
        },
        ofSum(36, 0, 67));
  };
  add("four", 4, 35, 1, 6, 9);
  add("four_dilated", 4, 5, 2, 5, 7);
  add("two", 2, 16, 1, 3, 4);
  add("two_dilated_open", 2, 3, 3, 0, 5);
}

/// With what element-wise operations a network has behind a convolution in all results but the
/// first.
void addChannelsLast(Suite &suite, const std::string &e, const std::string &result) {
  std::vector<ChannelsLastShape> shapes = packedShapes();
  llvm::append_range(shapes, narrowShapes());
  llvm::append_range(shapes, depthwiseShapes());
  if (result == e && (e[0] == 'f' || e[0] == 'b'))
    llvm::append_range(shapes, winogradShapes());
  if (result == e && (e[0] == 'f' || e[0] == 'b'))
    addPatches(suite, e);
  for (const ChannelsLastShape &each : shapes) {
    if (!each.allTypes && e != "f32")
      continue;
    std::string label = (result == e ? "" : "to_" + result + "_") + each.label;
    suite.add(
        each.operation, e, label,
        [=](Program &p, Dim n) {
          p.give(convolve(p, each.operation, each.shapeOf(n), e, result));
          if (result != e)
            return;
          Term y = convolve(p, each.operation, each.shapeOf(n), e, result);
          Term bias = p.input({y.dims.back()}, e, smallFor(e));
          Term residual = p.input(y.dims, e, smallFor(e));
          Term wide =
              p.let(y.dims, e,
                    "weft.broadcast " + bias + " along [" + std::to_string(y.dims.size() - 1) +
                        "] : " + bias.type() + " -> " + y.type());
          Term shifted = p.let(y.dims, e, "weft.add " + y + ", " + wide + " : " + y.type(), false);
          p.give(
              p.let(y.dims, e, "weft.max " + shifted + ", " + residual + " : " + y.type(), false));
          if (e != "f32")
            return;
          // Long operations, for which the sums of several tiles wait.
          y = convolve(p, each.operation, each.shapeOf(n), e, result);
          shifted = p.let(y.dims, e, "weft.add " + y + ", " + wide + " : " + y.type(), false);
          Term gate = p.let(y.dims, e, "weft.sigmoid " + shifted + " : " + y.type(), false);
          Term gated =
              p.let(y.dims, e, "weft.mul " + shifted + ", " + gate + " : " + y.type(), false);
          p.give(p.let(y.dims, e, "weft.add " + gated + ", " + residual + " : " + y.type(), false));
        },
        ofSum(64, each.least, 67));
  }
}

/// Filters whose input channels stand `together`, with numbers of channels that fill no pack. What
/// follows keeps its results in the type of the operands where that is a float.
void addInterleaved(Suite &suite, const std::string &e, const std::string &filter, int64_t together,
                    const std::string &result) {
  auto interleaved = [=](ConvolutionShape s) {
    int64_t width = *s.filter.back().constant(), depth = *s.filter[s.filter.size() - 2].constant();
    s.filter.resize(s.filter.size() - 2);
    llvm::append_range(s.filter, Dims{Dim((depth + together - 1) / together), width, together});
    s.attributes += " interleave " + std::to_string(together);
    return s;
  };
  std::vector<ChannelsLastShape> shapes;
  for (int64_t depth : {1, 3, 5, 17, 38})
    shapes.push_back({"", "matrix_" + std::to_string(depth), [=](Dim n) {
                        return ConvolutionShape{"",
                                                {n, depth},
                                                {3, depth, 32},
                                                {n, 67},
                                                "strides [] pad [] [] dilations [] groups 1"};
                      }});
  std::vector<ChannelsLastShape> windows = packedShapes();
  llvm::append_range(windows, narrowShapes());
  for (ChannelsLastShape &each : windows)
    if (each.allTypes || each.label == "dilated" || each.label == "pointwise")
      shapes.push_back(std::move(each));
  for (const ChannelsLastShape &each : shapes)
    suite.add(
        "weft.packed_conv", e, "interleaved_" + each.label,
        [=](Program &p, Dim n) {
          ConvolutionShape s = interleaved(each.shapeOf(n));
          Term y = convolve(p, "weft.packed_conv", s, e, result, filter);
          p.give(y);
          if (result != "f32")
            return;
          Term residual = p.input(y.dims, e, smallFor(e));
          Term wide = p.let(y.dims, result,
                            "weft.cast " + residual + " : " + residual.type() + " -> " + y.type());
          y = convolve(p, "weft.packed_conv", s, e, result, filter);
          Term sum = p.let(y.dims, result, "weft.max " + y + ", " + wide + " : " + y.type(), false);
          p.give(p.let(y.dims, e,
                       "weft.cast " + sum + " : " + sum.type() + " -> " + typeText(y.dims, e),
                       false));
        },
        ofSum(64, each.least, 67));
}

/// A product with weights that are small integers, in `parts` groups that share a scale.
struct ScaledShape {
  std::string label;
  int64_t depth, columns, width, room, parts;
  bool nibbles = false;
};

Term scaledProduct(Program &p, const ScaledShape &s, const Dims &rows, const std::string &window) {
  Dims x = rows, filter(rows.size(), Dim(1)), y = rows;
  int64_t panels = (s.columns + s.width - 1) / s.width;
  filter.front() = Dim(panels);
  llvm::append_range(filter, Dims{Dim(s.nibbles ? s.room / 2 : s.room), Dim(s.width)});
  x.push_back(Dim(s.depth));
  y.push_back(Dim(s.columns));
  Term input = p.input(x, "f32"), weights = p.input(filter, "i8", {-128, 128});
  Term scales = p.input({panels, s.parts, s.width}, "f32", {-0.05, 0.05});
  return p.let(y, "f32",
               "weft.packed_conv " + input + ", " + weights + " scales " + scales + " : " +
                   scales.type() + (s.nibbles ? " nibbles " : " ") + window + " groups 1 : " +
                   input.type() + ", " + weights.type() + " -> " + typeText(y, "f32"),
               false);
}

/// Rows, places of two dimensions, and what stands behind a product in a network.
void addScaled(Suite &suite) {
  const ScaledShape shapes[] = {{"bytes", 37, 67, 32, 37, 1},
                                {"bytes_deep", 300, 130, 64, 300, 1},
                                {"bytes_wide", 8, 470, 64, 8, 1},
                                {"bytes_narrow_panels", 21, 9, 6, 21, 1},
                                {"bytes_in_groups", 37, 67, 32, 40, 5},
                                {"nibbles", 37, 67, 32, 64, 2, true},
                                {"nibbles_whole", 64, 128, 64, 64, 2, true},
                                {"nibbles_few", 3, 20, 16, 32, 1, true},
                                {"nibbles_wide", 97, 470, 64, 128, 4, true},
                                {"nibbles_of_two", 7, 9, 6, 8, 4, true}};
  for (const ScaledShape &each : shapes)
    suite.add(
        "weft.packed_conv", "f32", "scaled_" + each.label,
        [=](Program &p, Dim n) {
          Term y = scaledProduct(p, each, {n}, "strides [] pad [] [] dilations []");
          p.give(y);
          Term places = scaledProduct(p, each, {3, n}, "strides [1] pad [0] [0] dilations [1]");
          Term residual = p.input(places.dims, "f32");
          Term sum = p.let(places.dims, "f32",
                           "weft.add " + places + ", " + residual + " : " + places.type(), false);
          p.give(p.let(places.dims, "f32", "weft.tanh " + sum + " : " + sum.type(), false));
        },
        ofSum(64, 0, 67));
  suite.add(
      "weft.packed_conv", "f32", "scaled_window",
      [](Program &p, Dim n) {
        Term x = p.input({2, n, 5}, "f32"), w = p.input({2, 3, 3, 6}, "i8", {-128, 128});
        Term scales = p.input({2, 3, 6}, "f32", {-0.05, 0.05});
        Dims y = {2, n, 9};
        p.give(p.let(y, "f32",
                     "weft.packed_conv " + x + ", " + w + " scales " + scales + " : " +
                         scales.type() +
                         " nibbles strides [1] pad [1] [1] dilations [1] groups 1 : " + x.type() +
                         ", " + w.type() + " -> " + typeText(y, "f32"),
                     false));
      },
      ofSum(64, 0, 67));
}

} // namespace

void addChannelsLastCases(Suite &suite) {
  for (const std::string &element : allNumbers())
    addChannelsLast(suite, element, element);
  addChannelsLast(suite, "i8", "i32");
  addChannelsLast(suite, "ui8", "i32");
  addChannelsLast(suite, "bf16", "f32");
  addInterleaved(suite, "bf16", "bf16", 2, "f32");
  addInterleaved(suite, "ui8", "i8", 4, "i32");
  addInterleaved(suite, "i8", "i8", 4, "i32");
  addScaled(suite);
}

} // namespace weft::opmatrix
