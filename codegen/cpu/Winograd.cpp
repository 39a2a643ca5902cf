// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolution through transformed tiles. A chunk takes some tiles of the result: their patches of
// the input, which it transforms unless they are given so, are as many matrices as a patch has
// elements; each is multiplied with its part of the filter, and the products of a few vectors of
// channels are transformed back while they are in a cache.

#include "codegen/cpu/Epilogue.h"
#include "codegen/cpu/WinogradPatches.h"

#include "llvm/ADT/bit.h"

namespace weft {

using mlir::arith::CmpIPredicate;

namespace {

class WinogradEmitter {
public:
  WinogradEmitter(Kernel &ownerKernel, const WinogradPlan &thePlan);

  void emitChunk(Value number);

private:
  using Matrix = TileTransform::Matrix;

  /// The patches of a block: where those of a matrix begin, and how far the next one's are.
  struct Patches {
    Value first, matrixPitch;
  };

  Patches patchesOf(Value firstTile, Value rows);
  void multiply(const ColumnRange &range, Value next, const Patches &block, Value rows);
  void storeTile(const ColumnRange &range, const TilePlace &place, Value row);
  void storePlaces(const TilePlace &place, Value channel, Value width, const Matrix &sums);
  void forRows(Value count, llvm::function_ref<void(Value row, int64_t height)> body);

  Kernel &kernel;
  const WinogradPlan &plan;
  Code &code;
  Elements &elements;
  TileTransform transforms;
  Tiles tiles;
  PatchTransform transform;
  Epilogue epilogue;
  Value filter;
  Value patches;  ///< Transformed: one matrix [tiles][channels] for each element of a patch.
  Value products; ///< One matrix [tiles][columns of a block] for each.
};

} // namespace

//===-- Input -------------------------------------------------------------------------------===//

/// Those of `rows` tiles from `firstTile` of all on; transforms them unless they are given.
WinogradEmitter::Patches WinogradEmitter::patchesOf(Value firstTile, Value rows) {
  Value channels = code.index(plan.grid.channels);
  if (plan.hasPatches)
    return {code.mul(firstTile, channels), code.mul(elements.size(plan.grid.all()), channels)};
  code.loop(code.index(0), rows, 1, [&](Value row) {
    transform.transform(transform.placeOf(code.add(firstTile, row)), [&](ArrayRef<Value> patch,
                                                                         Value channel, Value) {
      Value to = code.add(code.mul(row, code.index(plan.rowPitch)), channel);
      for (auto [number, value] : llvm::enumerate(patch))
        tiles.storeSums(value, patches,
                        code.add(to, code.index(static_cast<int64_t>(number) * plan.matrixPitch)));
    });
  });
  return {code.index(0), code.index(plan.matrixPitch)};
}

//===-- Products ----------------------------------------------------------------------------===//

/// Rows in tiles of `height`, what is left in one lower tile, or in halves and so on where it is
/// not known how much that is.
void WinogradEmitter::forRows(Value count,
                              llvm::function_ref<void(Value row, int64_t height)> body) {
  if (auto all = plan.extent().constant())
    return weft::forTiles(code, count, *all, plan.height, body);
  Value start = code.index(0);
  for (int64_t height = plan.height; height > 0;
       height = static_cast<int64_t>(llvm::bit_floor(static_cast<uint64_t>(height - 1)))) {
    Value end = code.sub(count, code.rem(code.sub(count, start), code.index(height)));
    code.loop(start, end, height, [&](Value row) { body(row, height); });
    start = end;
  }
}

/// The products of all matrices of `rows` tiles with the columns of a block; those of the next
/// block begin at `next`.
void WinogradEmitter::multiply(const ColumnRange &range, Value next, const Patches &block,
                               Value rows) {
  int64_t pitch = range.vectors * tiles.lanes, panels = plan.columns.elements();
  PanelOperands operands{patches,
                         plan.hasPatches ? elementOf(plan.input) : tiles.sum,
                         plan.rowPitch,
                         filter,
                         elementOf(plan.filter),
                         plan.columns.width,
                         plan.columns.offsets(range.vectors)};
  code.loop(code.index(0), code.index(plan.grid.matrices()), 1, [&](Value matrix) {
    Value from = code.add(block.first, code.mul(matrix, block.matrixPitch));
    Value to = code.mul(matrix, code.index(plan.tilesPerBlock * pitch));
    Value right = code.add(range.filter, code.mul(matrix, code.index(panels)));
    Value isLast = code.compare(CmpIPredicate::eq, matrix, code.index(plan.grid.matrices() - 1));
    Value following = tiles.scalar.select(isLast, next, code.add(right, code.index(panels)));
    forRows(rows, [&](Value row, int64_t height) {
      Value left = code.add(from, code.mul(row, code.index(plan.rowPitch)));
      operands.ahead = {following,
                        right,
                        &plan.columns,
                        plan.grid.channels,
                        code.div(row, code.index(plan.height)),
                        plan.tilesPerBlock / plan.height};
      Matrix sums = panelProducts(tiles, operands, height, plan.grid.channels, left, right,
                                  tiles.zeros(height * range.vectors));
      Value place = code.add(to, code.mul(row, code.index(pitch)));
      for (auto [number, sum] : llvm::enumerate(sums))
        tiles.storeSums(sum, products,
                        code.add(place, code.index(static_cast<int64_t>(number) * tiles.lanes)));
    });
  });
}

//===-- Result ------------------------------------------------------------------------------===//

/// Transforms the products of one tile back and stores what lies inside of the result.
void WinogradEmitter::storeTile(const ColumnRange &range, const TilePlace &place, Value row) {
  const WinogradTransforms &matrices = plan.grid.transforms;
  int64_t size = matrices.size, tile = matrices.tile;
  int64_t pitch = range.vectors * tiles.lanes, matrix = plan.tilesPerBlock * pitch;
  Value from = code.mul(row, code.index(pitch));
  auto storeVector = [&](Value shift, Value width) {
    Matrix values;
    for (int64_t k = 0; k < plan.grid.matrices(); ++k)
      values.push_back(
          tiles.loadSums(products, code.add(code.add(from, shift), code.index(k * matrix))));
    Matrix half = transforms.apply(matrices.output, tile, values, size);
    Matrix sums = transforms.apply(matrices.output, tile, turnedMatrix(half, size), tile);
    storePlaces(place, code.add(range.channel, shift), width, turnedMatrix(sums, tile));
  };
  int64_t last = range.vectors - 1;
  code.loop(code.index(0), code.index(last * tiles.lanes), tiles.lanes,
            [&](Value shift) { storeVector(shift, code.index(tiles.lanes)); });
  Value shift = code.index(last * tiles.lanes);
  storeVector(shift, code.sub(range.width, shift));
}

void WinogradEmitter::storePlaces(const TilePlace &place, Value channel, Value width,
                                  const Matrix &sums) {
  int64_t tile = plan.grid.transforms.tile, dilation = plan.grid.dilation;
  const Dim &outY = plan.grid.outY, &outX = plan.grid.outX;
  auto apart = [&](Value start, Value steps) {
    return code.add(start, code.mul(steps, code.index(dilation)));
  };
  auto indicesOf = [&](Value number) {
    SmallVector<Value> at = code.delinearize(number, {code.index(tile), code.index(tile)});
    return SmallVector<Value>{place.image, apart(place.y, at[0]), apart(place.x, at[1])};
  };
  auto isInside = [&](Value start, int64_t steps, const Dim &size) {
    return code.compare(CmpIPredicate::slt, apart(start, code.index(steps)), elements.size(size));
  };
  auto whole = [&] { epilogue.store({sums, tile * tile, 1, indicesOf, channel, width}); };
  auto part = [&] {
    for (int64_t y = 0; y < tile; ++y)
      for (int64_t x = 0; x < tile; ++x) {
        Value inside = code.both(isInside(place.y, y, outY), isInside(place.x, x, outX));
        auto placeOf = [&](Value) { return indicesOf(code.index(y * tile + x)); };
        code.ifThen(inside, [&] {
          epilogue.store({ArrayRef(sums).slice(y * tile + x, 1), 1, 1, placeOf, channel, width});
        });
      }
  };
  if (outY.isDivisibleBy(Dim(tile * dilation)) && outX.isDivisibleBy(Dim(tile * dilation)))
    return whole();
  Value isWhole = code.both(isInside(place.y, tile - 1, outY), isInside(place.x, tile - 1, outX));
  code.branch(isWhole, whole, part);
}

//===-- Chunks ------------------------------------------------------------------------------===//

static Tiles tilesOf(Kernel &kernel, const WinogradPlan &plan) {
  Type element = elementOf(plan.input);
  Tiles tiles(kernel, element, Scalar::wideType(element));
  tiles.lanes = plan.columns.lanes;
  return tiles;
}

WinogradEmitter::WinogradEmitter(Kernel &ownerKernel, const WinogradPlan &thePlan)
    : kernel(ownerKernel), plan(thePlan), code(kernel.code()), elements(kernel.elements()),
      transforms(kernel.scalar()), tiles(tilesOf(kernel, plan)),
      transform(kernel, tiles, plan.grid, elements.flat(plan.input)),
      epilogue(kernel, tiles, plan.grid.transforms.tile * plan.grid.transforms.tile),
      filter(elements.flat(plan.filter)),
      patches(plan.hasPatches ? elements.flat(plan.input)
                              : kernel.scratch(plan.grid.matrices() * plan.matrixPitch, tiles.sum)),
      products(kernel.scratch(plan.grid.matrices() * plan.tilesPerBlock * plan.columns.vectors *
                                  tiles.lanes,
                              tiles.sum)) {}

void WinogradEmitter::emitChunk(Value number) {
  Value zero = code.index(0), each = code.index(plan.tilesPerBlock);
  SmallVector<Value> at = code.delinearize(number, elements.sizes(plan.chunkSizes()));
  auto [image, block, part] =
      plan.hasPatches ? std::tuple(at[1], at[2], at[0]) : std::tuple(at[0], at[1], at[2]);
  Value inImage = code.mul(block, each), rows = each;
  if (!plan.extent().isDivisibleBy(Dim(plan.tilesPerBlock)))
    rows = code.min(each, code.sub(elements.size(plan.extent()), inImage));
  Value first = code.add(code.mul(image, elements.size(plan.extent())), inImage);
  Patches ofBlock = patchesOf(first, rows);
  Value from = code.mul(part, code.index(plan.columnsPerPart()));
  Value to =
      code.min(code.add(from, code.index(plan.columnsPerPart())), code.index(plan.columns.count));
  code.loop(from, to, 1, [&](Value column) {
    Value after = code.rem(code.add(column, code.index(1)), code.index(plan.columns.count));
    plan.columns.forBlock(code, column, [&](const ColumnRange &range) {
      multiply(range, plan.columns.start(code, after), ofBlock, rows);
      code.loop(zero, rows, 1,
                [&](Value row) { storeTile(range, transform.placeOf(code.add(first, row)), row); });
    });
  });
}

void lowerWinogradConv(Kernel &kernel, WinogradConvOp op) {
  WinogradPlan plan(op, kernel.target, Choice::of(op));
  int64_t work = plan.tilesPerBlock * plan.grid.matrices() * plan.grid.channels *
                 plan.columns.vectors * plan.columnsPerPart();
  kernel.begin(productOf(plan.chunkSizes()), Kernel::grainFor(work));
  WinogradEmitter emitter(kernel, plan);
  kernel.forChunks([&](Value number) { emitter.emitChunk(number); });
}

} // namespace weft
