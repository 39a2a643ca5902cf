// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Padding worked out from `auto_pad` and `ceil_mode`; a convolution by the attributes of its node.

#include "frontend/onnx/Windows.h"

namespace weft {

using Integers = SmallVector<int64_t>;

static bool check(Node &n, StringRef what, ArrayRef<int64_t> values, size_t count, int64_t least) {
  if (values.size() != count) {
    n.fail(what + " has " + Twine(values.size()) + " entries, but " + Twine(count) +
           " are expected");
    return false;
  }
  for (int64_t value : values)
    if (value < least || value > (int64_t(1) << 31)) {
      n.fail(what + " has the entry " + Twine(value));
      return false;
    }
  return true;
}

/// Pads so that there are ceil(size / stride) places; an odd amount goes behind (UPPER) or in
/// front.
static bool padSame(Node &n, Value x, OnnxWindows &windows, bool upper) {
  SmallVector<Dim> dims = n.b.dims(x);
  for (size_t i = 0; i < windows.rank(); ++i) {
    int64_t extent = (windows.window[i] - 1) * windows.dilations[i] + 1;
    std::optional<int64_t> size = dims[dims.size() - windows.rank() + i].constant();
    int64_t total = extent - windows.strides[i];
    if (size)
      total = ((*size + windows.strides[i] - 1) / windows.strides[i] - 1) * windows.strides[i] +
              extent - *size;
    else if (windows.strides[i] != 1) {
      n.fail("auto_pad depends on a dimension that is not known: fix it with --dim");
      return false;
    }
    total = std::max<int64_t>(total, 0);
    windows.padLow[i] = upper ? total / 2 : total - total / 2;
    windows.padHigh[i] = total - windows.padLow[i];
  }
  return true;
}

std::optional<OnnxWindows> readWindows(Node &n, Value x, ArrayRef<int64_t> window) {
  OnnxWindows result;
  size_t rank = window.size();
  result.window.assign(window.begin(), window.end());
  result.strides = n.integers("strides", Integers(rank, 1));
  result.dilations = n.integers("dilations", Integers(rank, 1));
  Integers pads = n.integers("pads", Integers(2 * rank, 0));
  StringRef automatic = n.text("auto_pad", "NOTSET");
  if (!check(n, "kernel_shape", window, rank, 1) || !check(n, "strides", result.strides, rank, 1) ||
      !check(n, "dilations", result.dilations, rank, 1) || !check(n, "pads", pads, 2 * rank, 0))
    return std::nullopt;
  result.padLow.assign(pads.begin(), pads.begin() + rank);
  result.padHigh.assign(pads.begin() + rank, pads.end());
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    if (!padSame(n, x, result, automatic == "SAME_UPPER"))
      return std::nullopt;
  } else if (automatic == "VALID") {
    result.padLow.assign(rank, 0);
    result.padHigh.assign(rank, 0);
  } else if (automatic != "NOTSET" && !automatic.empty()) {
    n.fail("auto_pad is '" + automatic +
           "', but NOTSET, SAME_UPPER, SAME_LOWER or VALID is expected");
    return std::nullopt;
  }
  return result;
}

void roundUp(OnnxWindows &windows, Value x) {
  SmallVector<Dim> dims = GraphBuilder::dims(x);
  for (size_t i = 0; i < windows.rank(); ++i) {
    std::optional<int64_t> size = dims[dims.size() - windows.rank() + i].constant();
    int64_t extent = (windows.window[i] - 1) * windows.dilations[i] + 1;
    if (!size) {
      // For every size: the most that can be missing. Windows that this adds would begin behind
      // the input only where the stride exceeds the window, which no pooling has.
      windows.padHigh[i] += windows.strides[i] - 1;
      continue;
    }
    int64_t room = *size + windows.padLow[i] + windows.padHigh[i] - extent;
    int64_t places = (room + windows.strides[i] - 1) / windows.strides[i] + 1;
    if ((places - 1) * windows.strides[i] >= *size + windows.padLow[i])
      --places;
    int64_t missing = (places - 1) * windows.strides[i] - room;
    windows.padHigh[i] += std::max<int64_t>(missing, 0);
  }
}

std::optional<Integers> readKernel(Node &n, Value filter) {
  Integers kernel;
  SmallVector<Dim> shape = n.b.dims(filter);
  for (const Dim &dim : ArrayRef(shape).drop_front(2)) {
    std::optional<int64_t> size = dim.constant();
    if (!size) {
      n.fail("the filter is " + languageList(n.b.dims(filter)) +
             ", but its spatial sizes must be numbers");
      return std::nullopt;
    }
    kernel.push_back(*size);
  }
  if (n.hasAttribute("kernel_shape") && n.integers("kernel_shape") != kernel) {
    n.fail("kernel_shape is not that of the filter, " + languageList(n.b.dims(filter)));
    return std::nullopt;
  }
  n.ignore("kernel_shape");
  return kernel;
}

bool checkConvRanks(Node &n, Value x, Value filter) {
  int64_t rank = n.b.rank(x);
  if (rank >= 3 && rank <= 5 && n.b.rank(filter) == rank)
    return true;
  n.fail("the input is " + languageList(n.b.dims(x)) + " and the filter " +
         languageList(n.b.dims(filter)) + ": both have 3 to 5 dimensions, as many as each other");
  return false;
}

Value convolve(Node &n, Value x, Value filter) {
  int64_t groups = n.integer("group", 1);
  if (!checkConvRanks(n, x, filter))
    return Value();
  std::optional<Integers> kernel = readKernel(n, filter);
  if (!kernel)
    return Value();
  if (groups < 1) {
    n.fail("group is " + Twine(groups));
    return Value();
  }
  std::optional<OnnxWindows> windows = readWindows(n, x, *kernel);
  return windows ? n.b.conv(x, filter, windows->sliding(), groups) : Value();
}

} // namespace weft
