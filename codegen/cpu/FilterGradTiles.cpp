// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradient of a 3x3 filter through transformed tiles. A tile of 4 x 4 gradients and the patch
// of 6 x 6 that it saw become 36 vectors of channels each; of each pair the outer product is summed
// over all tiles, and the 36 sums are transformed into the 9 of the window once. That is a quarter
// of the products.

#include "codegen/cpu/ConvFilterGrad.h"

namespace weft {

using mlir::arith::CmpIPredicate;

/// Tiles of a block, whose patches and gradients stay in a second-level cache.
static constexpr int64_t tilesTogether = 16;
/// Steps of a sum that are written out in the loop's body.
static constexpr int64_t unrolledSteps = 4;

static SmallVector<Dim> imageOf(ConvFilterGradOp op) {
  return SmallVector<Dim>(ArrayRef(dimsOf(op.getInput())).drop_front(2));
}
static SmallVector<int64_t> paddingOf(ConvFilterGradOp op) {
  return SmallVector<int64_t>(op.getPadLow());
}

FilterGradTiles::FilterGradTiles(Kernel &owner, const FilterGradPlan &planned)
    : kernel(owner), plan(planned), code(owner.code()), elements(owner.elements()),
      tiles(owner, planned.element, planned.element), transform(owner.scalar()),
      matrices(winogradFilterGradTransforms()),
      patches{planned.input,  imageOf(planned.op), paddingOf(planned.op), matrices.size,
              matrices.input, planned.channels,    planned.channelBlock},
      gradients{planned.gradient, {planned.places[1], planned.places[2]},
                {0, 0},           matrices.tile,
                matrices.filter,  planned.outputs,
                planned.columns} {
  int64_t count = matrices.size * matrices.size;
  // Matrices that are a large power of two apart would share a set of the first-level cache.
  for (Side *side : {&patches, &gradients}) {
    side->pitch = tilesTogether * side->columns + plan.lanes;
    side->buffer = kernel.scratch(count * side->pitch, tiles.sum);
  }
  sumPitch = plan.channelBlock * plan.columns + plan.lanes;
  sums = kernel.scratch(count * sumPitch, tiles.sum);
}

//===-- Transforms --------------------------------------------------------------------------===//

/// For each row of the square whether it is inside of the image, then for each column.
SmallVector<Value> FilterGradTiles::insideOf(const Side &side, const Square &square) {
  SmallVector<Value> inside;
  for (auto [start, size] :
       {std::pair(square.y, side.sizes[0]), std::pair(square.x, side.sizes[1])})
    for (int64_t i = 0; i < side.size; ++i)
      // Before the image the place is negative, which an unsigned comparison sees as far beyond.
      inside.push_back(
          code.compare(CmpIPredicate::ult, code.add(start, code.index(i)), elements.size(size)));
  return inside;
}

/// One vector of channels, from `channel` on, goes to `place` of each matrix; `inside` is empty for
/// a square all of which is.
void FilterGradTiles::transformVector(const Side &side, const Square &square, Value place,
                                      Value channel, Value lanes, ArrayRef<Value> inside) {
  Value argument = elements.flat(side.view.argument);
  Value image = code.add(side.view.offset(elements, {square.image}), channel);
  // As for the patches of a convolution, what is outside is not addressed.
  auto placeOf = [&](Value start, int64_t steps, size_t number) {
    Value at = code.add(start, code.index(steps));
    return inside.empty() ? at : tiles.scalar.select(inside[number], at, code.index(0));
  };
  Matrix values;
  for (int64_t y = 0; y < side.size; ++y)
    for (int64_t x = 0; x < side.size; ++x) {
      Value at = code.mul(placeOf(square.y, y, y), side.view.stride(elements, 2));
      Value across = placeOf(square.x, x, side.size + x);
      at = code.add(at, code.mul(across, side.view.stride(elements, 3)));
      Value mask = lanes;
      if (!inside.empty())
        mask = code.both(lanes, tiles.spread(code.both(inside[y], inside[side.size + x])));
      values.push_back(tiles.loadVector(argument, code.add(image, at), mask));
    }
  int64_t size = matrices.size;
  Matrix half = transform.apply(side.transform, size, values, side.size);
  // The transpose of what is wanted: that of the other side is turned as well.
  Matrix whole = transform.apply(side.transform, size, turnedMatrix(half, side.size), size);
  for (auto [number, value] : llvm::enumerate(whole))
    tiles.storeSums(value, side.buffer,
                    code.add(place, code.index(static_cast<int64_t>(number) * side.pitch)));
}

/// The channels [first, first + count) of a square; the rest of its row becomes 0.
void FilterGradTiles::transformSquare(const Side &side, const Square &square, Value row,
                                      Value first, Value count) {
  bool isWhole = side.channels % side.columns == 0;
  auto forVectors = [&](ArrayRef<Value> inside) {
    code.loop(code.index(0), code.index(side.columns), plan.lanes, [&](Value lane) {
      Value lanes = isWhole ? Value() : tiles.maskOf(code.sub(count, lane));
      Value place = code.add(code.mul(row, code.index(side.columns)), lane);
      transformVector(side, square, place, code.add(first, lane), lanes, inside);
    });
  };
  SmallVector<Value> inside = insideOf(side, square);
  Value all;
  for (Value each : {inside[0], inside[side.size - 1], inside[side.size], inside.back()})
    all = code.both(all, each);
  code.branch(all, [&] { forVectors({}); }, [&] { forVectors(inside); });
}

/// The sums of all matrices, in the place of a row for each element of the kernel and channel.
void FilterGradTiles::transformBack(Value result) {
  int64_t size = matrices.size, window = plan.shape[0];
  code.loop(code.index(0), code.index(plan.channelBlock), 1, [&](Value channel) {
    code.loop(code.index(0), code.index(plan.columns), plan.lanes, [&](Value column) {
      Value place = code.add(code.mul(channel, code.index(plan.columns)), column);
      Matrix values;
      for (int64_t number = 0; number < size * size; ++number)
        values.push_back(tiles.loadSums(sums, code.add(place, code.index(number * sumPitch))));
      Matrix half = transform.apply(matrices.output, window, values, size);
      Matrix whole = transform.apply(matrices.output, window, turnedMatrix(half, size), window);
      for (auto [number, value] : llvm::enumerate(whole)) {
        int64_t rows = static_cast<int64_t>(number) * plan.channelBlock;
        tiles.storeSums(value, result, code.add(place, code.index(rows * plan.columns)));
      }
    });
  });
}

//===-- Products ----------------------------------------------------------------------------===//

/// Adds the outer products of `count` tiles to the sums.
void FilterGradTiles::multiply(Value count) {
  int64_t numMatrices = matrices.size * matrices.size;
  auto forBlocks = [&](llvm::function_ref<void(Value, Value, Value)> body) {
    code.loop(code.index(0), code.index(numMatrices), 1, [&](Value matrix) {
      code.loop(code.index(0), code.index(plan.channelBlock), plan.tile.rows, [&](Value row) {
        code.loop(code.index(0), code.index(plan.columns), plan.width,
                  [&](Value column) { body(matrix, row, column); });
      });
    });
  };
  forBlocks([&](Value matrix, Value row, Value column) {
    Value left = code.add(code.mul(matrix, code.index(patches.pitch)), row);
    Value right = code.add(code.mul(matrix, code.index(gradients.pitch)), column);
    Value start = code.add(code.mul(matrix, code.index(sumPitch)),
                           code.add(code.mul(row, code.index(plan.columns)), column));
    auto forSums = [&](llvm::function_ref<void(int64_t, Value)> visit) {
      for (int64_t i = 0; i < plan.tile.rows; ++i)
        for (int64_t j = 0; j < plan.tile.vectors; ++j)
          visit(i * plan.tile.vectors + j,
                code.add(start, code.index(i * plan.columns + j * plan.lanes)));
    };
    SmallVector<Value> totals(plan.tile.rows * plan.tile.vectors);
    forSums([&](int64_t number, Value place) { totals[number] = tiles.loadSums(sums, place); });
    totals = tiles.unrolledProducts(
        plan.tile, count, unrolledSteps, totals,
        [&](int64_t i, Value step) {
          Value place = code.add(left, code.mul(step, code.index(patches.columns)));
          return kernel.scalar().load(patches.buffer, code.add(place, code.index(i)),
                                      tiles.element);
        },
        [&](int64_t j, Value step) {
          Value place = code.add(right, code.mul(step, code.index(gradients.columns)));
          return tiles.loadSums(gradients.buffer, code.add(place, code.index(j * plan.lanes)));
        });
    forSums([&](int64_t number, Value place) { tiles.storeSums(totals[number], sums, place); });
  });
}

void FilterGradTiles::sum(Value firstChannel, Value numChannels, Value firstColumn, Value result) {
  Value zero = tiles.zeros(1).front();
  code.loop(code.index(0), code.index(matrices.size * matrices.size * sumPitch), plan.lanes,
            [&](Value place) { tiles.storeSums(zero, sums, place); });
  Value numColumns =
      code.min(code.sub(code.index(plan.outputs), firstColumn), code.index(plan.columns));
  SmallVector<Dim> grid{plan.places[0], plan.places[1].ceilDiv(Dim(matrices.tile)),
                        plan.places[2].ceilDiv(Dim(matrices.tile))};
  Value numTiles = elements.size(productOf(grid)), step = code.index(matrices.tile);
  code.loop(code.index(0), numTiles, tilesTogether, [&](Value first) {
    Value count = code.min(code.sub(numTiles, first), code.index(tilesTogether));
    code.loop(code.index(0), count, 1, [&](Value row) {
      SmallVector<Value> at = code.delinearize(code.add(first, row), elements.sizes(grid));
      auto squareOf = [&](const Side &side) {
        return Square{at[0], code.sub(code.mul(at[1], step), code.index(side.padding[0])),
                      code.sub(code.mul(at[2], step), code.index(side.padding[1]))};
      };
      transformSquare(patches, squareOf(patches), row, firstChannel, numChannels);
      transformSquare(gradients, squareOf(gradients), row, firstColumn, numColumns);
    });
    multiply(count);
  });
  transformBack(result);
}

} // namespace weft
