// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pooling over windows that do not extend along the innermost dimension (channels last): whole
// vectors of channels are combined, one window place after the other.

#include "codegen/cpu/Epilogue.h"

namespace weft {

/// Vectors of channels that are combined at a time: enough to hide the latency of an addition.
static constexpr int64_t blockVectors = 4;

namespace {

class PoolEmitter {
public:
  PoolEmitter(Kernel &ownerKernel, PoolOp poolOp, Type sum)
      : kernel(ownerKernel), op(poolOp), code(kernel.code()), scalar(kernel.scalar()),
        elements(kernel.elements()), tiles(kernel, elementOf(op.getInput()), sum),
        kind(op.getKind() == PoolKind::Max ? Combination::Max : Combination::Sum),
        lead(dimsOf(op.getInput()).size() - op.getWindow().size()),
        input(elements.flat(op.getInput())), epilogue(kernel, tiles, blockVectors) {}

  /// All channels at one place of the result.
  void emitPlace(ArrayRef<Value> place);

private:
  /// The part of the window, in each dimension but the last, that lies inside of the input.
  struct Window {
    SmallVector<Value> starts; ///< Input place of tap 0, perhaps outside.
    SmallVector<Value> firsts, counts;
  };
  Window windowAt(ArrayRef<Value> place);
  Value divisor(const Window &window);
  void emitBlock(ArrayRef<Value> place, const Window &window, Value channel, int64_t vectors,
                 Value width);

  Kernel &kernel;
  PoolOp op;
  Code &code;
  Scalar &scalar;
  Elements &elements;
  Tiles tiles;
  Combination kind;
  size_t lead; ///< Dimensions before those of the window.
  Value input;
  Epilogue epilogue;
};

} // namespace

PoolEmitter::Window PoolEmitter::windowAt(ArrayRef<Value> place) {
  Window window;
  SmallVector<Value> sizes = elements.sizes(op.getInput());
  for (size_t d = 0; d + 1 < op.getWindow().size(); ++d) {
    Value pad = code.index(op.getPadLow()[d]), step = code.index(op.getDilations()[d]);
    Value start = code.mul(place[lead + d], code.index(op.getStrides()[d]));
    auto steps = [&](Value distance) {
      return code.ceilDiv(code.max(distance, code.index(0)), step);
    };
    Value first = steps(code.sub(pad, start));
    Value beyond = steps(code.sub(code.add(sizes[lead + d], pad), start));
    Value end = code.min(beyond, code.index(op.getWindow()[d]));
    window.starts.push_back(code.sub(start, pad));
    window.firsts.push_back(first);
    window.counts.push_back(code.max(code.sub(end, first), code.index(0)));
  }
  return window;
}

/// Elements of an average: those taken, or all places of the window.
Value PoolEmitter::divisor(const Window &window) {
  if (!op.getCountPadding())
    return scalar.fromIndex(code.max(code.product(window.counts), code.index(1)), tiles.sum);
  int64_t places = 1;
  for (int64_t size : op.getWindow())
    places *= size;
  return scalar.constant(tiles.sum, static_cast<double>(places));
}

void PoolEmitter::emitBlock(ArrayRef<Value> place, const Window &window, Value channel,
                            int64_t vectors, Value width) {
  SmallVector<Value> sizes = elements.sizes(op.getInput()), masks;
  for (int64_t v = 0; v < vectors; ++v)
    masks.push_back(tiles.maskOf(code.sub(width, code.index(v * tiles.lanes))));
  Value identity = tiles.spread(identityOf(scalar, kind, tiles.element));
  SmallVector<Value> totals = code.nest(
      window.counts, SmallVector<Value>(vectors, identity),
      [&](ArrayRef<Value> taps, ValueRange current) {
        SmallVector<Value> at(place.take_front(lead)), next;
        for (size_t d = 0; d < taps.size(); ++d) {
          Value tap =
              code.mul(code.add(taps[d], window.firsts[d]), code.index(op.getDilations()[d]));
          at.push_back(code.add(window.starts[d], tap));
        }
        at.push_back(channel);
        Value from = code.linearize(at, sizes);
        for (int64_t v = 0; v < vectors; ++v) {
          Value taken =
              tiles.loadVector(input, code.add(from, code.index(v * tiles.lanes)), masks[v]);
          next.push_back(combine(scalar, kind, current[v], taken, tiles.element));
        }
        return next;
      });
  if (op.getKind() == PoolKind::Avg)
    for (Value &total : totals)
      total = scalar.divf(total, tiles.spread(divisor(window)));
  auto indicesOf = [&](Value) { return SmallVector<Value>(place); };
  epilogue.store({totals, /*rows=*/1, vectors, indicesOf, channel, width});
}

void PoolEmitter::emitPlace(ArrayRef<Value> place) {
  Window window = windowAt(place);
  Dim all = dimsOf(op.getResult()).back();
  Value channels = elements.size(all);
  int64_t block = blockVectors * tiles.lanes;
  Value rest = code.rem(channels, code.index(block)), whole = code.sub(channels, rest);
  code.loop(code.index(0), whole, block, [&](Value channel) {
    emitBlock(place, window, channel, blockVectors, code.index(block));
  });
  auto known = all.constant();
  if (known && *known % block == 0)
    return;
  if (known) {
    int64_t width = *known % block;
    return emitBlock(place, window, whole,
                     static_cast<int64_t>(llvm::divideCeil(width, tiles.lanes)), code.index(width));
  }
  code.loop(whole, channels, tiles.lanes, [&](Value channel) {
    Value width = code.min(code.sub(channels, channel), code.index(tiles.lanes));
    emitBlock(place, window, channel, 1, width);
  });
}

/// The window takes one element of the last dimension, the one of the result.
static bool keepsInnermost(PoolOp op) {
  return op.getWindow().size() > 1 && op.getWindow().back() == 1 && op.getStrides().back() == 1 &&
         op.getPadLow().back() == 0 && op.getPadHigh().back() == 0;
}

bool lowerPool(Kernel &kernel, PoolOp op) {
  Type element = elementOf(op.getInput());
  if (!keepsInnermost(op) || !isa<mlir::FloatType>(element) || elementOf(op.getResult()) != element)
    return lowerMap(kernel), false;
  SmallVector<Dim> dims = dimsOf(op.getResult());
  // A chunk is a row of places.
  size_t rowAxis = dims.size() - 2;
  SmallVector<Dim> outer(dims.begin(), dims.begin() + static_cast<int64_t>(rowAxis));
  int64_t taps = 1;
  for (int64_t size : op.getWindow())
    taps *= size;
  int64_t work =
      taps * dims[rowAxis].constant().value_or(16) * dims.back().constant().value_or(64) / 16;
  kernel.begin(productOf(outer), Kernel::grainFor(work));
  PoolEmitter emitter(kernel, op, Scalar::wideType(element));
  Code &code = kernel.code();
  kernel.forChunks([&](Value chunk) {
    SmallVector<Value> place = code.delinearize(chunk, kernel.elements().sizes(outer));
    code.loop(code.index(0), kernel.elements().size(dims[rowAxis]), 1, [&](Value column) {
      SmallVector<Value> full = place;
      full.push_back(column);
      emitter.emitPlace(full);
    });
  });
  return true;
}

} // namespace weft
