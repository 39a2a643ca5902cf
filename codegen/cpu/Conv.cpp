// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolution and transposed convolution: a panel of output places is gathered from the input, one
// row for each channel and tap, with zeros outside; tiles of outer products with the filters run
// over it. Geometry only matters while gathering, so every rank, stride, dilation and padding goes
// through the same tiles. A convolution by single elements reads the input in place.

#include "codegen/cpu/Tiles.h"

namespace weft {

namespace arith = mlir::arith;
using arith::CmpIPredicate;

/// Rows of a panel that are gathered at a time: 24 KiB of f32 in panels of 48 columns.
static constexpr int64_t panelRows = 128;
/// Output channels that one chunk computes from a gathered panel.
static constexpr int64_t channelBlock = 256;
/// Taps beyond which the table of places would be larger than a cache.
static constexpr int64_t mostTaps = 1024;

namespace {

/// What both convolutions have, under one set of names.
struct ConvShape {
  Value input, filter;
  ArrayRef<int64_t> strides, padLow, dilations;
  int64_t groups = 1;
  bool transposed = false;
  SmallVector<Dim> inSpatial, outSpatial, kernelDims;
  Dim batch, inPerGroup, outPerGroup;
  int64_t taps = 1;

  template <typename OpT> static ConvShape of(OpT op, bool isTransposed);

  Dim places() const { return productOf(outSpatial); }
  /// One tap, and each output place reads the input place of the same number.
  bool isPointwise() const {
    auto all = [](ArrayRef<int64_t> list, int64_t value) {
      return llvm::all_of(list, [&](int64_t entry) { return entry == value; });
    };
    return taps == 1 && all(strides, 1) && all(padLow, 0) && inSpatial == outSpatial;
  }
};

template <typename OpT> ConvShape ConvShape::of(OpT op, bool isTransposed) {
  ConvShape shape;
  shape.input = op.getInput();
  shape.filter = op.getFilter();
  shape.strides = op.getStrides();
  shape.padLow = op.getPadLow();
  shape.dilations = op.getDilations();
  shape.groups = op.getGroups();
  shape.transposed = isTransposed;
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  SmallVector<Dim> filter = dimsOf(op.getFilter());
  shape.batch = in[0];
  shape.inPerGroup = in[1].floorDiv(Dim(shape.groups));
  shape.outPerGroup = out[1].floorDiv(Dim(shape.groups));
  shape.inSpatial.assign(in.begin() + 2, in.end());
  shape.outSpatial.assign(out.begin() + 2, out.end());
  shape.kernelDims.assign(filter.begin() + 2, filter.end());
  shape.taps = productOf(shape.kernelDims).constant().value_or(mostTaps + 1);
  return shape;
}

/// Where one chunk is: all of it, and the place of its panel.
struct ConvChunk {
  Value image, group, firstChannel, channels, firstPlace, width;
};

class ConvEmitter {
public:
  ConvEmitter(Kernel &ownerKernel, const ConvShape &theShape, Type sum, TileShape theTile,
              int64_t theChannels);

  void emitChunk(const ConvChunk &chunk);

private:
  Value filledWidth(const ConvChunk &chunk);
  void fillTable(const ConvChunk &chunk);
  Value placeOf(ArrayRef<Value> bases, ArrayRef<Value> taps);
  void gather(const ConvChunk &chunk, Value firstInput, Value count);
  void multiply(const ConvChunk &chunk, Value firstInput, Value count);
  void multiplyColumns(const ConvChunk &chunk, Value firstInput, Value count, Value column,
                       int64_t vectors, Value width);
  Value filterPlace(const ConvChunk &chunk, Value channel, Value input);
  Value channelStart(const ConvChunk &chunk, Value input);
  void storeResults(const ConvChunk &chunk);

  Kernel &kernel;
  const ConvShape &shape;
  Code &code;
  Scalar &scalar;
  Elements &elements;
  Tiles tiles;
  TileShape tile;
  int64_t pitch;        ///< Columns of a panel.
  int64_t inputsAtOnce; ///< Input channels gathered at a time.
  bool inPlace;
  Type tableType;
  Value input, filter, sums, panel, table;
  SmallVector<Value> bases;
};

} // namespace

ConvEmitter::ConvEmitter(Kernel &ownerKernel, const ConvShape &theShape, Type sum,
                         TileShape theTile, int64_t theChannels)
    : kernel(ownerKernel), shape(theShape), code(kernel.code()), scalar(kernel.scalar()),
      elements(kernel.elements()), tiles(kernel, elementOf(theShape.input), sum), tile(theTile),
      pitch(tile.vectors * tiles.lanes),
      inputsAtOnce(std::max<int64_t>(1, panelRows / std::max<int64_t>(1, shape.taps))),
      inPlace(shape.isPointwise()), input(elements.flat(shape.input)),
      filter(elements.flat(shape.filter)) {
  sums = kernel.scratch(theChannels * pitch, sum);
  if (inPlace)
    return;
  if (auto known = shape.inPerGroup.constant())
    inputsAtOnce = std::clamp<int64_t>(*known, 1, inputsAtOnce);
  panel = kernel.scratch(inputsAtOnce * shape.taps * pitch, sum);
  // Places fit 32 bits wherever one image does; narrow ones gather twice as fast.
  auto extent = productOf(shape.inSpatial).constant();
  bool narrow = extent && *extent < std::numeric_limits<int32_t>::max();
  tableType = narrow ? code.builder.getI32Type() : code.builder.getI64Type();
  table = kernel.scratch(shape.taps * pitch, tableType);
  for (size_t d = 0; d < shape.outSpatial.size(); ++d)
    bases.push_back(kernel.scratch(pitch, code.builder.getI64Type()));
}

/// The columns of a chunk, filled up to whole vectors.
Value ConvEmitter::filledWidth(const ConvChunk &chunk) {
  auto places = shape.places().constant();
  if (places && *places % pitch == 0)
    return code.index(pitch);
  Value lanes = code.index(tiles.lanes);
  return code.mul(code.ceilDiv(chunk.width, lanes), lanes);
}

//===-- Gathering ---------------------------------------------------------------------------===//

/// The place in one channel that the tap reads, or -1 outside. `bases` are, for each dimension, the
/// place of tap 0 (for a transposed convolution the distance from the first spread place).
Value ConvEmitter::placeOf(ArrayRef<Value> starts, ArrayRef<Value> taps) {
  Value inside, place = code.index(0);
  for (size_t d = 0; d < taps.size(); ++d) {
    Value tap = code.mul(taps[d], code.index(shape.dilations[d]));
    Value at = shape.transposed ? code.sub(starts[d], tap) : code.add(starts[d], tap);
    if (shape.transposed && shape.strides[d] != 1) {
      // Seen as unsigned, a negative distance is beyond every input after the division, too.
      Value stride = code.index(shape.strides[d]);
      inside =
          code.both(inside, code.compare(CmpIPredicate::eq, code.rem(at, stride), code.index(0)));
      at = code.div(at, stride);
    }
    Value size = elements.size(shape.inSpatial[d]);
    inside = code.both(inside, code.compare(CmpIPredicate::ult, at, size));
    place = code.add(code.mul(place, size), at);
  }
  return scalar.select(inside, place, code.index(-1));
}

/// Works out, for each tap, the input place of each column; columns that only fill up a vector are
/// outside, so that no stale bits are multiplied (subnormals cost a hundred cycles each).
void ConvEmitter::fillTable(const ConvChunk &chunk) {
  OpBuilder &b = code.builder;
  Type i64 = b.getI64Type();
  Value zero = code.index(0);
  auto store = [&](Value index, Value buffer, Value at, Type type) {
    scalar.store(arith::IndexCastOp::create(b, code.loc, type, index), buffer, at, type);
  };
  code.loop(zero, filledWidth(chunk), 1, [&](Value j) {
    SmallVector<Value> out =
        code.delinearize(code.add(chunk.firstPlace, j), elements.sizes(shape.outSpatial));
    for (size_t d = 0; d < out.size(); ++d) {
      Value pad = code.index(shape.padLow[d]);
      Value base = shape.transposed ? code.add(out[d], pad)
                                    : code.sub(code.mul(out[d], code.index(shape.strides[d])), pad);
      store(base, bases[d], j, i64);
    }
  });
  SmallVector<Value> kernelSizes = elements.sizes(shape.kernelDims);
  code.nest(kernelSizes, {}, [&](ArrayRef<Value> taps, ValueRange) {
    Value row = code.mul(code.linearize(taps, kernelSizes), code.index(pitch));
    code.loop(zero, filledWidth(chunk), 1, [&](Value j) {
      SmallVector<Value> starts;
      for (Value base : bases)
        starts.push_back(scalar.toIndex(scalar.load(base, j, i64), i64));
      Value isColumn = code.compare(CmpIPredicate::slt, j, chunk.width);
      Value place = scalar.select(isColumn, placeOf(starts, taps), code.index(-1));
      store(place, table, code.add(row, j), tableType);
    });
    return SmallVector<Value>{};
  });
}

/// Where channel `inputChannel` of the chunk's group begins.
Value ConvEmitter::channelStart(const ConvChunk &chunk, Value inputChannel) {
  Value all = elements.size(shape.inPerGroup * Dim(shape.groups));
  Value channel = code.add(code.mul(chunk.group, elements.size(shape.inPerGroup)), inputChannel);
  channel = code.add(code.mul(chunk.image, all), channel);
  return code.mul(channel, elements.size(productOf(shape.inSpatial)));
}

/// Fills the panel for input channels [firstInput, firstInput + count).
void ConvEmitter::gather(const ConvChunk &chunk, Value firstInput, Value count) {
  Value zero = code.index(0), taps = code.index(shape.taps);
  Type element = elementOf(shape.input), held = Scalar::heldType(element);
  code.nest({count, taps}, {}, [&](ArrayRef<Value> at, ValueRange) {
    Value start = channelStart(chunk, code.add(firstInput, at[0]));
    Value from = code.mul(at[1], code.index(pitch));
    Value to = code.mul(code.add(code.mul(at[0], taps), at[1]), code.index(pitch));
    code.loop(zero, filledWidth(chunk), 1, [&](Value j) {
      Value place = scalar.toIndex(scalar.load(table, code.add(from, j), tableType), tableType);
      Value inside = code.compare(CmpIPredicate::sge, place, zero);
      Value value = code.ifElse(
          inside, held, [&] { return scalar.load(input, code.add(start, place), element); },
          [&] { return scalar.constant(held, 0.0); });
      scalar.store(widenForSum(scalar, value, element, tiles.sum), panel, code.add(to, j),
                   tiles.sum);
    });
    return SmallVector<Value>{};
  });
}

//===-- Products ----------------------------------------------------------------------------===//

/// Where the taps of (output channel, input channel) of the chunk's group stand in the filter.
Value ConvEmitter::filterPlace(const ConvChunk &chunk, Value channel, Value inputChannel) {
  Value in = elements.size(shape.inPerGroup), out = elements.size(shape.outPerGroup);
  Value place;
  if (shape.transposed) {
    Value row = code.add(code.mul(chunk.group, in), inputChannel);
    place = code.add(code.mul(row, out), channel);
  } else {
    Value row = code.add(code.mul(chunk.group, out), channel);
    place = code.add(code.mul(row, in), inputChannel);
  }
  return code.mul(place, code.index(shape.taps));
}

void ConvEmitter::multiplyColumns(const ConvChunk &chunk, Value firstInput, Value count,
                                  Value column, int64_t vectors, Value width) {
  SmallVector<Value> masks;
  for (int64_t j = 0; j < vectors; ++j)
    masks.push_back(tiles.maskOf(code.sub(width, code.index(j * tiles.lanes))));
  Value taps = code.index(shape.taps);
  // Taps follow each other from one input channel to the next unless the filter is transposed.
  bool oneLoop = shape.taps == 1 || !shape.transposed;
  SmallVector<Value> sizes{oneLoop ? code.mul(count, taps) : count};
  if (!oneLoop)
    sizes.push_back(taps);
  Value step = code.sub(filterPlace(chunk, chunk.firstChannel, code.add(firstInput, code.index(1))),
                        filterPlace(chunk, chunk.firstChannel, firstInput));
  forTiles(code, chunk.channels, shape.outPerGroup.constant(), tile.rows,
           [&](Value start, int64_t height) {
             SmallVector<Value> filters, totals;
             for (int64_t i = 0; i < height; ++i) {
               Value channel = code.add(code.add(chunk.firstChannel, start), code.index(i));
               filters.push_back(filterPlace(chunk, channel, firstInput));
             }
             auto sumPlace = [&](int64_t i, int64_t j) {
               Value row = code.mul(code.add(start, code.index(i)), code.index(pitch));
               return code.add(row, code.add(column, code.index(j * tiles.lanes)));
             };
             for (int64_t i = 0; i < height; ++i)
               for (int64_t j = 0; j < vectors; ++j)
                 totals.push_back(tiles.loadSums(sums, sumPlace(i, j)));
             totals = tiles.outerProducts(
                 {height, vectors}, sizes, totals,
                 [&](int64_t i, ArrayRef<Value> at) {
                   Value offset = oneLoop ? (shape.taps == 1 ? code.mul(at[0], step) : at[0])
                                          : code.add(code.mul(at[0], step), at[1]);
                   return tiles.loadScalar(filter, code.add(filters[i], offset));
                 },
                 [&](int64_t j, ArrayRef<Value> at) {
                   Value shift = code.add(column, code.index(j * tiles.lanes));
                   if (inPlace) {
                     Value from = channelStart(chunk, code.add(firstInput, at[0]));
                     return tiles.loadVector(
                         input, code.add(code.add(from, chunk.firstPlace), shift), masks[j]);
                   }
                   Value row = oneLoop ? at[0] : code.add(code.mul(at[0], taps), at[1]);
                   return tiles.loadSums(panel, code.add(code.mul(row, code.index(pitch)), shift));
                 });
             for (int64_t i = 0; i < height; ++i)
               for (int64_t j = 0; j < vectors; ++j)
                 tiles.storeSums(totals[i * vectors + j], sums, sumPlace(i, j));
           });
}

/// Adds the products of the gathered channels to the sums of all output channels of the chunk.
/// Columns beyond the width hold whatever they held: nothing reads their sums.
void ConvEmitter::multiply(const ConvChunk &chunk, Value firstInput, Value count) {
  auto places = shape.places().constant();
  auto rest = [&] {
    if (places) {
      int64_t width = *places % pitch;
      return multiplyColumns(chunk, firstInput, count, code.index(0),
                             llvm::divideCeil(width, tiles.lanes), code.index(width));
    }
    code.loop(code.index(0), chunk.width, tiles.lanes, [&](Value column) {
      Value width = code.min(code.sub(chunk.width, column), code.index(tiles.lanes));
      multiplyColumns(chunk, firstInput, count, column, 1, width);
    });
  };
  auto whole = [&] {
    multiplyColumns(chunk, firstInput, count, code.index(0), tile.vectors, code.index(pitch));
  };
  if (places && *places % pitch == 0)
    return whole();
  if (places && *places < pitch)
    return rest();
  code.ifThen(code.compare(CmpIPredicate::eq, chunk.width, code.index(pitch)), whole);
  code.ifThen(code.compare(CmpIPredicate::ne, chunk.width, code.index(pitch)), rest);
}

void ConvEmitter::storeResults(const ConvChunk &chunk) {
  Value out = elements.size(shape.outPerGroup);
  code.loop(code.index(0), chunk.channels, 1, [&](Value i) {
    Value channel = code.add(code.mul(chunk.group, out), code.add(chunk.firstChannel, i));
    code.loop(code.index(0), chunk.width, 1, [&](Value j) {
      SmallVector<Value> indices{chunk.image, channel};
      llvm::append_range(indices, code.delinearize(code.add(chunk.firstPlace, j),
                                                   elements.sizes(shape.outSpatial)));
      Value place = code.add(code.mul(i, code.index(pitch)), j);
      kernel.storeFromRoot(indices, scalar.load(sums, place, tiles.sum));
    });
  });
}

void ConvEmitter::emitChunk(const ConvChunk &chunk) {
  Value zero = code.index(0), inputs = elements.size(shape.inPerGroup);
  Value nothing = scalar.constant(tiles.sum, 0.0);
  code.loop(zero, code.mul(chunk.channels, code.index(pitch)), 1,
            [&](Value place) { scalar.store(nothing, sums, place, tiles.sum); });
  if (inPlace) {
    multiply(chunk, zero, inputs);
  } else {
    fillTable(chunk);
    code.loop(zero, inputs, inputsAtOnce, [&](Value first) {
      Value count = code.min(code.sub(inputs, first), code.index(inputsAtOnce));
      gather(chunk, first, count);
      multiply(chunk, first, count);
    });
  }
  storeResults(chunk);
}

/// False, with nothing done, where the tiles do not apply.
static bool lowerShape(Kernel &kernel, const ConvShape &shape, Type resultElement) {
  if (!isa<mlir::BlockArgument>(shape.input) || !isa<mlir::BlockArgument>(shape.filter) ||
      elementOf(shape.input) != elementOf(shape.filter) || shape.taps > mostTaps)
    return false;
  Type sum = sumType(elementOf(shape.input), resultElement);
  int64_t lanes = lanesOf(kernel.target, sum);
  auto outs = shape.outPerGroup.constant();
  TileShape tile = tileShapeFor(kernel.target, lanes, outs, shape.places().constant());
  int64_t pitch = tile.vectors * lanes;
  int64_t channels = tile.rows * std::max<int64_t>(1, channelBlock / tile.rows);
  if (outs)
    channels = std::clamp<int64_t>(*outs, 1, channels);
  Dim panels = shape.places().ceilDiv(Dim(pitch));
  Dim blocks = shape.outPerGroup.ceilDiv(Dim(channels));
  Dim groups(shape.groups);
  int64_t work =
      shape.inPerGroup.constant().value_or(64) * shape.taps * tile.vectors * (channels + 32);
  kernel.begin(shape.batch * groups * blocks * panels, Kernel::grainFor(work));
  ConvEmitter emitter(kernel, shape, sum, tile, channels);
  Code &code = kernel.code();
  Elements &elements = kernel.elements();
  kernel.forChunks([&](Value index) {
    SmallVector<Value> at =
        code.delinearize(index, elements.sizes({shape.batch, groups, blocks, panels}));
    ConvChunk chunk;
    chunk.image = at[0];
    chunk.group = at[1];
    chunk.firstChannel = code.mul(at[2], code.index(channels));
    chunk.channels = code.min(code.sub(elements.size(shape.outPerGroup), chunk.firstChannel),
                              code.index(channels));
    chunk.firstPlace = code.mul(at[3], code.index(pitch));
    chunk.width =
        code.min(code.sub(elements.size(shape.places()), chunk.firstPlace), code.index(pitch));
    emitter.emitChunk(chunk);
  });
  return true;
}

bool lowerConv(Kernel &kernel, ConvOp op) {
  if (lowerDepthwise(kernel, op) ||
      lowerShape(kernel, ConvShape::of(op, /*isTransposed=*/false), elementOf(op.getResult())))
    return true;
  lowerMap(kernel);
  return false;
}

bool lowerConvTranspose(Kernel &kernel, ConvTransposeOp op) {
  if (lowerShape(kernel, ConvShape::of(op, /*isTransposed=*/true), elementOf(op.getResult())))
    return true;
  lowerMap(kernel);
  return false;
}

} // namespace weft
