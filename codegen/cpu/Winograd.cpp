// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolution through transformed tiles. A chunk takes some tiles of the result: their patches of
// the input are transformed into as many matrices as a patch has elements, each is multiplied with
// its part of the filter, and the products of a few vectors of channels are transformed back while
// they are in a cache.

#include "codegen/cpu/Epilogue.h"
#include "codegen/cpu/TileTransform.h"
#include "codegen/cpu/WinogradPlan.h"

#include "llvm/ADT/bit.h"

namespace weft {

using mlir::arith::CmpIPredicate;

namespace {

/// Where a tile of the result is, and that its patch begins there.
struct TilePlace {
  Value image, y, x;
};

class WinogradEmitter {
public:
  WinogradEmitter(Kernel &ownerKernel, const WinogradPlan &thePlan);

  void emitChunk(Value number);

private:
  using Matrix = TileTransform::Matrix;

  TilePlace placeOf(Value image, Value tile);
  void transformPatch(const TilePlace &place, Value row);
  void transformVector(const TilePlace &place, Value row, Value channel, Value mask,
                       ArrayRef<Value> inside);
  SmallVector<Value> insideOf(const TilePlace &place);
  void multiply(const ColumnRange &range, Value rows);
  void storeTile(const ColumnRange &range, const TilePlace &place, Value row);
  void storePlaces(const TilePlace &place, Value channel, Value width, const Matrix &sums);
  void forRows(Value count, llvm::function_ref<void(Value row, int64_t height)> body);

  Kernel &kernel;
  const WinogradPlan &plan;
  Code &code;
  Scalar &scalar;
  Elements &elements;
  TileTransform transforms;
  Tiles tiles;
  Epilogue epilogue;
  Value input, filter;
  Value patches;  ///< Transformed: one matrix [tiles][channels] for each element of a patch.
  Value products; ///< One matrix [tiles][columns of a block] for each.
};

} // namespace

//===-- Input -------------------------------------------------------------------------------===//

/// The place of tile `tile` of an image.
TilePlace WinogradEmitter::placeOf(Value image, Value tile) {
  SmallVector<Value> at =
      code.delinearize(tile, elements.sizes({plan.tilesDown(), plan.tilesAcross()}));
  Value step = code.index(plan.transforms.tile);
  return {image, code.mul(at[0], step), code.mul(at[1], step)};
}

/// For each row of the patch whether it is inside of the input, then for each column.
SmallVector<Value> WinogradEmitter::insideOf(const TilePlace &place) {
  SmallVector<Value> inside;
  auto take = [&](Value start, int64_t low, const Dim &size) {
    for (int64_t i = 0; i < plan.size(); ++i) {
      Value at = code.sub(code.add(start, code.index(i)), code.index(low));
      inside.push_back(code.compare(CmpIPredicate::ult, at, elements.size(size)));
    }
  };
  take(place.y, plan.lowY, plan.inY);
  take(place.x, plan.lowX, plan.inX);
  return inside;
}

/// Transforms a vector of channels of the patch; `inside` is empty for a patch all of which is.
void WinogradEmitter::transformVector(const TilePlace &place, Value row, Value channel, Value mask,
                                      ArrayRef<Value> inside) {
  int64_t size = plan.size();
  Value line = code.sub(code.add(code.mul(place.image, elements.size(plan.inY)), place.y),
                        code.index(plan.lowY));
  Value width = elements.size(plan.inX), channels = code.index(plan.channels);
  Matrix patch;
  for (int64_t y = 0; y < size; ++y)
    for (int64_t x = 0; x < size; ++x) {
      Value at = code.mul(code.add(line, code.index(y)), width);
      at = code.sub(code.add(at, code.add(place.x, code.index(x))), code.index(plan.lowX));
      at = code.add(code.mul(at, channels), channel);
      Value lanes = mask;
      if (!inside.empty())
        lanes = code.both(mask, tiles.spread(code.both(inside[y], inside[size + x])));
      patch.push_back(tiles.loadVector(input, at, lanes));
    }
  Matrix half = transforms.apply(plan.transforms.input, size, patch, size);
  Matrix whole = transforms.apply(plan.transforms.input, size, turnedMatrix(half, size), size);
  // Its transpose: element (y, x) is at (x, y).
  Value to = code.add(code.mul(row, code.index(plan.rowPitch)), channel);
  for (int64_t y = 0; y < size; ++y)
    for (int64_t x = 0; x < size; ++x) {
      Value matrix = code.index((y * size + x) * plan.matrixPitch);
      tiles.storeSums(whole[x * size + y], patches, code.add(to, matrix));
    }
}

void WinogradEmitter::transformPatch(const TilePlace &place, Value row) {
  int64_t lanes = tiles.lanes, whole = plan.channels / lanes * lanes;
  auto forVectors = [&](ArrayRef<Value> inside) {
    code.loop(code.index(0), code.index(whole), lanes,
              [&](Value channel) { transformVector(place, row, channel, {}, inside); });
    if (whole < plan.channels)
      transformVector(place, row, code.index(whole),
                      tiles.maskOf(code.index(plan.channels - whole)), inside);
  };
  SmallVector<Value> inside = insideOf(place);
  Value all;
  for (Value each : {inside[0], inside[plan.size() - 1], inside[plan.size()], inside.back()})
    all = code.both(all, each);
  code.branch(all, [&] { forVectors({}); }, [&] { forVectors(inside); });
}

//===-- Products ----------------------------------------------------------------------------===//

/// Rows in tiles of `height`, what is left in one lower tile, or in halves and so on where it is
/// not known how much that is.
void WinogradEmitter::forRows(Value count,
                              llvm::function_ref<void(Value row, int64_t height)> body) {
  if (auto all = plan.tiles().constant())
    return weft::forTiles(code, count, *all, plan.height, body);
  Value start = code.index(0);
  for (int64_t height = plan.height; height > 0;
       height = static_cast<int64_t>(llvm::bit_floor(static_cast<uint64_t>(height - 1)))) {
    Value end = code.sub(count, code.rem(code.sub(count, start), code.index(height)));
    code.loop(start, end, height, [&](Value row) { body(row, height); });
    start = end;
  }
}

/// The products of all matrices of `rows` tiles with the columns of a block.
void WinogradEmitter::multiply(const ColumnRange &range, Value rows) {
  int64_t pitch = range.vectors * tiles.lanes, panels = plan.columns.elements();
  PanelOperands operands{patches,
                         tiles.sum,
                         plan.rowPitch,
                         filter,
                         elementOf(plan.filter),
                         plan.columns.width,
                         plan.columns.offsets(range.vectors)};
  code.loop(code.index(0), code.index(plan.matrices()), 1, [&](Value matrix) {
    Value from = code.mul(matrix, code.index(plan.matrixPitch));
    Value to = code.mul(matrix, code.index(plan.tilesPerBlock * pitch));
    Value right = code.add(range.filter, code.mul(matrix, code.index(panels)));
    forRows(rows, [&](Value row, int64_t height) {
      Value left = code.add(from, code.mul(row, code.index(plan.rowPitch)));
      Matrix sums = panelProducts(tiles, operands, height, plan.channels, left, right,
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
  int64_t size = plan.size(), tile = plan.transforms.tile;
  int64_t pitch = range.vectors * tiles.lanes, matrix = plan.tilesPerBlock * pitch;
  Value from = code.mul(row, code.index(pitch));
  auto storeVector = [&](Value shift, Value width) {
    Matrix values;
    for (int64_t k = 0; k < plan.matrices(); ++k)
      values.push_back(
          tiles.loadSums(products, code.add(code.add(from, shift), code.index(k * matrix))));
    Matrix half = transforms.apply(plan.transforms.output, tile, values, size);
    Matrix sums = transforms.apply(plan.transforms.output, tile, turnedMatrix(half, size), tile);
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
  int64_t tile = plan.transforms.tile;
  auto indicesOf = [&](Value number) {
    SmallVector<Value> at = code.delinearize(number, {code.index(tile), code.index(tile)});
    return SmallVector<Value>{place.image, code.add(place.y, at[0]), code.add(place.x, at[1])};
  };
  auto isInside = [&](Value start, int64_t steps, const Dim &size) {
    Value last = code.add(start, code.index(steps));
    return code.compare(CmpIPredicate::slt, last, elements.size(size));
  };
  auto whole = [&] { epilogue.store({sums, tile * tile, 1, indicesOf, channel, width}); };
  auto part = [&] {
    for (int64_t y = 0; y < tile; ++y)
      for (int64_t x = 0; x < tile; ++x) {
        Value inside = code.both(isInside(place.y, y, plan.outY), isInside(place.x, x, plan.outX));
        auto placeOf = [&](Value) { return indicesOf(code.index(y * tile + x)); };
        code.ifThen(inside, [&] {
          epilogue.store({ArrayRef(sums).slice(y * tile + x, 1), 1, 1, placeOf, channel, width});
        });
      }
  };
  if (plan.outY.isDivisibleBy(Dim(tile)) && plan.outX.isDivisibleBy(Dim(tile)))
    return whole();
  Value isWhole =
      code.both(isInside(place.y, tile - 1, plan.outY), isInside(place.x, tile - 1, plan.outX));
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
    : kernel(ownerKernel), plan(thePlan), code(kernel.code()), scalar(kernel.scalar()),
      elements(kernel.elements()), transforms(scalar), tiles(tilesOf(kernel, plan)),
      epilogue(kernel, tiles, plan.transforms.tile * plan.transforms.tile),
      input(elements.flat(plan.input)), filter(elements.flat(plan.filter)),
      patches(kernel.scratch(plan.matrices() * plan.matrixPitch, tiles.sum)),
      products(kernel.scratch(
          plan.matrices() * plan.tilesPerBlock * plan.columns.vectors * tiles.lanes, tiles.sum)) {}

void WinogradEmitter::emitChunk(Value number) {
  Value zero = code.index(0), each = code.index(plan.tilesPerBlock);
  Dim parts(plan.parts);
  SmallVector<Value> at =
      code.delinearize(number, elements.sizes({plan.images, plan.blocks(), parts}));
  Value first = code.mul(at[1], each), rows = each;
  if (!plan.tiles().isDivisibleBy(Dim(plan.tilesPerBlock)))
    rows = code.min(each, code.sub(elements.size(plan.tiles()), first));
  code.loop(zero, rows, 1,
            [&](Value row) { transformPatch(placeOf(at[0], code.add(first, row)), row); });
  Value from = code.mul(at[2], code.index(plan.columnsPerPart()));
  Value to =
      code.min(code.add(from, code.index(plan.columnsPerPart())), code.index(plan.columns.count));
  code.loop(from, to, 1, [&](Value column) {
    plan.columns.forBlock(code, column, [&](const ColumnRange &range) {
      multiply(range, rows);
      code.loop(zero, rows, 1,
                [&](Value row) { storeTile(range, placeOf(at[0], code.add(first, row)), row); });
    });
  });
}

void lowerWinogradConv(Kernel &kernel, WinogradConvOp op) {
  WinogradPlan plan(op, kernel.target, Choice::of(op));
  int64_t work = plan.tilesPerBlock * plan.matrices() * plan.channels * plan.columns.vectors *
                 plan.columnsPerPart();
  kernel.begin(plan.images * plan.blocks() * Dim(plan.parts), Kernel::grainFor(work));
  WinogradEmitter emitter(kernel, plan);
  kernel.forChunks([&](Value number) { emitter.emitChunk(number); });
}

} // namespace weft
