// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The libraries that single kernels are compared with. In: the shape of a product or a convolution,
// its input and weights. Out: ways to compute it, each with everything that may be done ahead (the
// weights in the library's own layout) done.

#ifndef WEFT_TEST_BENCH_KERNELS_PEERS_H
#define WEFT_TEST_BENCH_KERNELS_PEERS_H

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weft::bench {

/// One kernel, as `kernels.py` describes it. A product of matrices [rows, inputs] and [inputs,
/// outputs] has `taps` 0; else a convolution of [1, inputs, size, size] with windows of `taps` by
/// `taps` places.
struct Shape {
  std::string name, function; ///< `function` is the export of Weft's library.
  int64_t rows = 1, inputs = 1, outputs = 1;
  int64_t size = 0, taps = 0, stride = 1, pad = 0, groups = 1;

  bool isProduct() const { return taps == 0; }
  /// Places of a line of the result.
  int64_t outSize() const { return isProduct() ? 1 : (size + 2 * pad - taps) / stride + 1; }
  int64_t resultRows() const { return isProduct() ? rows : outSize() * outSize(); }
  int64_t depth() const { return isProduct() ? inputs : inputs / groups * taps * taps; }
  /// Two for each product that the formula names.
  double operations() const {
    return 2.0 * static_cast<double>(resultRows()) * static_cast<double>(outputs) *
           static_cast<double>(depth());
  }
};

/// Element-wise copies in the layouts of the formula, row-major: a product's [rows, inputs] and
/// [inputs, outputs], a convolution's input [size, size, inputs] and weights [outputs, inputs /
/// groups, taps, taps].
struct Operands {
  const float *input, *weights;
};

/// One way to compute a shape.
struct Contender {
  std::string name;
  std::function<void()> call;
  /// The result of the last call, [rows, outputs] with the places of a convolution as rows.
  std::function<std::vector<float>()> result;
  std::shared_ptr<void> kept; ///< What `call` uses.
};

/// All ways of the libraries. A library that does not have the shape is left out.
std::vector<Contender> peersFor(const Shape &shape, const Operands &operands);

/// Names and versions of the libraries, and the kernels that they chose for this processor.
std::string describePeers();

} // namespace weft::bench

#endif // WEFT_TEST_BENCH_KERNELS_PEERS_H
