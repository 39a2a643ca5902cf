// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A depthwise convolution with the channels last: how its loops are divided, and the code of its
// lines, for the kernels that read their input from memory and for those that compute it.

#ifndef WEFT_CODEGEN_CPU_DEPTHWISELAST_H
#define WEFT_CODEGEN_CPU_DEPTHWISELAST_H

#include "codegen/cpu/StripStore.h"

namespace weft {

struct DepthwisePlan : LineChunks {
  /// None where single elements are computed one by one.
  static std::optional<DepthwisePlan> of(DepthwiseConvOp op, VectorTarget target);

  Value input, filter, result;
  TiledLine line;
  int64_t channels = 1, lanes = 1;
  int64_t outerTaps = 1, taps = 1; ///< Of the window's outer dimensions, and all.
  bool holdsFilter = false;        ///< In registers, over all lines of a chunk.
};

/// Lines of some channels of the input beside each other, where a kernel computes them: line number
/// i of all images stands at i modulo `lines`.
struct DepthwiseRing {
  Value buffer;
  int64_t lines = 0, channels = 0;
};

class DepthwiseEmitter {
public:
  DepthwiseEmitter(Kernel &ownerKernel, const DepthwisePlan &thePlan, DepthwiseRing from = {});

  void emitChunk(Value number);
  /// Lines of the vectors that the ring has; `before` makes what the window of a line sees.
  void emitLines(IndexRange vectors, IndexRange lines,
                 llvm::function_ref<void(const WindowLine &)> before);

private:
  using Sums = WindowLoops::Sums;

  /// A vector of channels, and what of it counts.
  struct Channels {
    Value first, width, mask;
    Sums filter; ///< All taps, where they are held.
  };

  void holdFilter(Channels &channels);
  void askForNext(Value vector);
  void forVectors(IndexRange vectors, llvm::function_ref<void(Channels)> body);
  void beginLine(const Channels &channels, const WindowLine &line);
  void emitLine(IndexRange vectors, const WindowLine &line);
  void emitLine(const Channels &channels, const WindowLine &line);
  void withSums(const Channels &channels, const WindowLine &line,
                llvm::function_ref<void(const SumLine &)> body);
  void emitTile(const Channels &channels, const WindowLine &line, Value x,
                ArrayRef<TapSegment> segments, int64_t height, bool hasAllTaps);
  void emitBorderPlace(const Channels &channels, const WindowLine &line, Value x);
  void eitherWay(const WindowLine &line, llvm::function_ref<void(bool hasAllTaps)> emit);
  Value filterAt(const Channels &channels, Value tap);
  Value inputStart(const Channels &channels, Value inputLine, Value x);

  const DepthwisePlan &plan;
  Code &code;
  Elements &elements;
  Tiles tiles;
  Epilogue epilogue;
  StripStore strips;
  WindowLoops loops;
  DepthwiseRing ring;
  Value input, filter;
  int64_t pitch;      ///< Elements between neighbouring places of the input.
  Value firstChannel; ///< Of the ring; null elsewhere.
};

/// Computes the input as well, some lines at a time.
void lowerExpandedDepthwise(Kernel &kernel, DepthwiseConvOp op);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_DEPTHWISELAST_H
