// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The patch of each tile, transformed by rows and by columns, a vector of channels at a time: for
// the convolution that multiplies it at once, and as a tensor.

#include "codegen/cpu/WinogradPatches.h"

#include "codegen/cpu/Epilogue.h"

namespace weft {

using mlir::arith::CmpIPredicate;

PatchTransform::PatchTransform(Kernel &kernel, Tiles &theVectors, const TileGrid &where,
                               Value theInput)
    : grid(where), vectors(theVectors), code(kernel.code()), elements(kernel.elements()),
      transforms(kernel.scalar()), input(theInput) {}

/// Tiles go through the phases of a dilation one after the other.
TilePlace PatchTransform::placeOf(Value tile) {
  SmallVector<Value> at =
      code.delinearize(tile, elements.sizes({grid.images, grid.down(), grid.across()}));
  int64_t step = grid.transforms.tile, dilation = grid.dilation;
  auto startOf = [&](Value number, const Dim &places) {
    if (dilation == 1)
      return code.mul(number, code.index(step));
    Value inPhase = elements.size(places.ceilDiv(Dim(dilation)).ceilDiv(Dim(step)));
    return code.add(code.div(number, inPhase),
                    code.mul(code.rem(number, inPhase), code.index(step * dilation)));
  };
  return {at[0], startOf(at[1], grid.outY), startOf(at[2], grid.outX)};
}

/// For each row of the patch whether it is inside of the input, then for each column.
SmallVector<Value> PatchTransform::insideOf(const TilePlace &place) {
  SmallVector<Value> inside;
  auto take = [&](Value start, int64_t low, const Dim &size) {
    for (int64_t i = 0; i < grid.size(); ++i) {
      Value at = code.sub(code.add(start, code.index(i * grid.dilation)), code.index(low));
      inside.push_back(code.compare(CmpIPredicate::ult, at, elements.size(size)));
    }
  };
  take(place.y, grid.lowY, grid.inY);
  take(place.x, grid.lowX, grid.inX);
  return inside;
}

/// `inside` is empty for a patch all of which is.
void PatchTransform::transformVector(const TilePlace &place, Value channel, Value width,
                                     ArrayRef<Value> inside, Store store) {
  int64_t size = grid.size();
  Value mask = vectors.maskOf(width);
  // What is outside is not even addressed: a load that a mask turns off is slow where its page does
  // not exist, as before the first image.
  auto placesOf = [&](Value start, int64_t low, int64_t firstInside) {
    SmallVector<Value> places;
    for (int64_t i = 0; i < size; ++i) {
      Value at = code.sub(code.add(start, code.index(i * grid.dilation)), code.index(low));
      places.push_back(
          inside.empty() ? at : vectors.scalar.select(inside[firstInside + i], at, code.index(0)));
    }
    return places;
  };
  SmallVector<Value> lines = placesOf(place.y, grid.lowY, 0);
  SmallVector<Value> columns = placesOf(place.x, grid.lowX, size);
  Value image = code.mul(place.image, elements.size(grid.inY));
  TileTransform::Matrix patch;
  for (int64_t y = 0; y < size; ++y)
    for (int64_t x = 0; x < size; ++x) {
      Value at = code.add(code.mul(code.add(image, lines[y]), elements.size(grid.inX)), columns[x]);
      at = code.add(code.mul(at, code.index(grid.channels)), channel);
      Value lanes = mask;
      if (!inside.empty())
        lanes = code.both(mask, vectors.spread(code.both(inside[y], inside[size + x])));
      patch.push_back(vectors.loadVector(input, at, lanes));
    }
  ArrayRef<double> matrix = grid.transforms.input;
  TileTransform::Matrix half = transforms.apply(matrix, size, patch, size);
  TileTransform::Matrix whole = transforms.apply(matrix, size, turnedMatrix(half, size), size);
  store(turnedMatrix(whole, size), channel, width);
}

void PatchTransform::transform(const TilePlace &place, Store store) {
  int64_t lanes = vectors.lanes, whole = grid.channels / lanes * lanes;
  auto forVectors = [&](ArrayRef<Value> inside) {
    code.loop(code.index(0), code.index(whole), lanes, [&](Value channel) {
      transformVector(place, channel, code.index(lanes), inside, store);
    });
    if (whole < grid.channels)
      transformVector(place, code.index(whole), code.index(grid.channels - whole), inside, store);
  };
  SmallVector<Value> inside = insideOf(place);
  Value all;
  for (Value each : {inside[0], inside[grid.size() - 1], inside[grid.size()], inside.back()})
    all = code.both(all, each);
  code.branch(all, [&] { forVectors({}); }, [&] { forVectors(inside); });
}

/// A chunk is a tile; its elements are a row in each of the matrices.
void lowerWinogradPatches(Kernel &kernel, WinogradPatchesOp op) {
  TileGrid grid(op);
  Type element = elementOf(op.getInput());
  Tiles vectors(kernel, element, Scalar::wideType(element));
  int64_t work = 4 * grid.matrices() * llvm::divideCeil(grid.channels, vectors.lanes);
  kernel.begin(grid.all(), Kernel::grainFor(work));
  Epilogue epilogue(kernel, vectors, grid.matrices());
  PatchTransform transform(kernel, vectors, grid, kernel.elements().flat(op.getInput()));
  kernel.forChunks([&](Value tile) {
    auto indicesOf = [&](Value matrix) { return SmallVector<Value>{matrix, tile}; };
    transform.transform(transform.placeOf(tile),
                        [&](ArrayRef<Value> patch, Value channel, Value width) {
                          epilogue.store({patch, grid.matrices(), 1, indicesOf, channel, width});
                        });
  });
}

} // namespace weft
