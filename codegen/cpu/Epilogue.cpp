// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element-wise operations on vectors of sums.

#include "codegen/cpu/Epilogue.h"

#include "codegen/cpu/Lanes.h"
#include "passes/KernelRules.h"

namespace weft {

namespace vector = mlir::vector;

/// Element-wise operations that are written out for each vector of a tile. A clamp of a scaled and
/// shifted sum with a residual has five; at 24 vectors a tile each costs 24 instructions.
static constexpr int64_t mostInRegisters = 8;
/// Vectors of sums that wait: a sixth of a first-level cache, and many times those that a processor
/// works on at once.
static constexpr int64_t vectorsTogether = 128;

/// What is computed of `result` behind `root`, and what of other values for it.
static llvm::SetVector<Operation *> stepsTo(Value result, Value root) {
  llvm::SetVector<Operation *> steps;
  auto visit = [&](Value value) {
    if (Operation *op = value.getDefiningOp(); op && value != root)
      steps.insert(op);
  };
  visit(result);
  for (size_t next = 0; next < steps.size(); ++next)
    llvm::for_each(steps[next]->getOperands(), visit);
  return steps;
}

static SumDestination resultOf(Kernel &kernel) {
  return {kernel.root->getResult(0), kernel.result, kernel.elements().flatOutput(0),
          [&kernel](ArrayRef<Value> indices) {
            return kernel.code().linearize(indices, kernel.elements().sizes(kernel.result));
          },
          kernel.givesLineSums ? kernel.elements().flatOutput(1) : Value()};
}

Epilogue::Epilogue(Kernel &ownerKernel, Tiles &ownerTiles, int64_t mostVectors)
    : Epilogue(ownerKernel, ownerTiles, mostVectors, resultOf(ownerKernel)) {}

Epilogue::Epilogue(Kernel &ownerKernel, Tiles &ownerTiles, int64_t mostVectors, SumDestination to)
    : kernel(ownerKernel), tiles(ownerTiles), code(ownerKernel.code()),
      scalar(ownerKernel.scalar()), elements(ownerKernel.elements()), destination(std::move(to)) {
  chooseForm(mostVectors);
}

void Epilogue::chooseForm(int64_t mostVectors) {
  Value result = destination.result;
  if (result == destination.root) {
    form = Form::Registers;
  } else if (hasVectors(result) && !elementOf(result).isInteger(1)) {
    // Truth values are bytes in memory, and lanes are bits: they are only chosen by in between.
    int64_t count = 0;
    bool isLong = false;
    for (Operation *op : stepsTo(result, destination.root)) {
      count += op->hasTrait<Elementwise>();
      isLong |= isExpensive(op);
    }
    form = isLong || count > mostInRegisters ? Form::Vectors : Form::Registers;
  }
  if (form == Form::Vectors)
    mostVectors = std::max(mostVectors, vectorsTogether);
  if (form != Form::Registers)
    scratch = kernel.scratch(mostVectors * tiles.lanes, tiles.sum);
}

//===-- What can run on vectors -------------------------------------------------------------===//

/// The last dimension of the result is the last of the input.
bool Epilogue::isAlongLanes(BroadcastOp op) {
  ArrayRef<int64_t> dims = op.getDims();
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  return !dims.empty() && dims.back() == static_cast<int64_t>(out.size()) - 1 &&
         in.back() == out.back() && in.back() != Dim(1);
}

/// The result does not change along its last dimension.
bool Epilogue::isBesideLanes(BroadcastOp op) {
  auto last = llvm::find(op.getDims(), static_cast<int64_t>(dimsOf(op.getResult()).size()) - 1);
  return last == op.getDims().end() || dimsOf(op.getInput())[last - op.getDims().begin()] == Dim(1);
}

/// In the type of sums, or in one that is kept in 16 bits and widened to it.
bool Epilogue::hasVectors(Value tensor) {
  Type element = elementOf(tensor);
  bool isHeld = element == tiles.sum || (element.isBF16() && tiles.sum.isF32());
  if (tensor == destination.root || isa<mlir::BlockArgument>(tensor))
    return isHeld;
  Operation *op = tensor.getDefiningOp();
  if (auto constant = dyn_cast<ConstantOp>(op))
    return isHeld && isa<mlir::SplatElementsAttr>(constant.getValue());
  if (auto broadcast = dyn_cast<BroadcastOp>(op))
    return isHeld && (isBesideLanes(broadcast) ||
                      (isAlongLanes(broadcast) && hasVectors(broadcast.getInput())));
  if (auto cast = dyn_cast<CastOp>(op))
    return isHeld && hasVectors(cast.getInput());
  bool keepsType = element == tiles.sum || isa<CompareOp>(op);
  return isa<mlir::FloatType>(tiles.sum) && keepsType && op->hasTrait<Elementwise>() &&
         hasVectorCode(op, tiles.sum) &&
         llvm::all_of(op->getOperands(), [&](Value operand) { return hasVectors(operand); });
}

//===-- Vectors -----------------------------------------------------------------------------===//

/// The elements of `tensor` at `indices` and behind, along the last dimension; what the mask leaves
/// out is anything.
Value Epilogue::vectorAt(Value tensor, ArrayRef<Value> indices, Value mask) {
  Code::Key key = vectorKey(tensor, indices, mask, tiles.lanes);
  if (Value known = code.recall(key))
    return known;
  Value value = computeVector(tensor, indices, mask);
  code.remember(std::move(key), value);
  return value;
}

Value Epilogue::computeVector(Value tensor, ArrayRef<Value> indices, Value mask) {
  if (Value buffer = elements.flat(tensor))
    return loadLanes(scalar, tiles.vectorOf(storageType(elementOf(tensor))), buffer,
                     code.linearize(indices, elements.sizes(tensor)), mask);
  Operation *op = tensor.getDefiningOp();
  if (isa<ConstantOp>(op))
    return tiles.spread(elements.at(tensor, indices));
  if (auto broadcast = dyn_cast<BroadcastOp>(op)) {
    if (isBesideLanes(broadcast))
      return tiles.spread(elements.at(tensor, indices));
    SmallVector<Value> places;
    for (auto [size, dim] : llvm::zip_equal(dimsOf(broadcast.getInput()), broadcast.getDims()))
      places.push_back(size == Dim(1) ? code.index(0) : indices[dim]);
    return vectorAt(broadcast.getInput(), places, mask);
  }
  SmallVector<Value> operands = llvm::map_to_vector(
      op->getOperands(), [&](Value operand) { return vectorAt(operand, indices, mask); });
  return scalar.elementwise(op, operands);
}

//===-- Stores ------------------------------------------------------------------------------===//

Value Epilogue::storeVector(ArrayRef<Value> indices, Value sums, Value mask) {
  Value root = destination.root;
  code.remember(vectorKey(root, indices, mask, tiles.lanes), scalar.narrow(sums, elementOf(root)));
  Value place = destination.placeOf(indices);
  Value result = vectorAt(destination.result, indices, mask);
  tiles.storeSums(result, destination.buffer, place, mask);
  return result;
}

/// Null where all of the vector counts.
Value Epilogue::maskOf(const SumTile &tile, int64_t vector) {
  bool isLast = vector + 1 == tile.vectors;
  return isLast ? tiles.maskOf(code.sub(tile.width, code.index(vector * tiles.lanes))) : Value();
}

void Epilogue::storeRow(const SumTile &tile, Value row, ArrayRef<Value> sums,
                        SmallVector<Value> &lineSums) {
  SmallVector<Value> indices = tile.indicesOf(row);
  indices.push_back({});
  for (int64_t j = 0; j < tile.vectors; ++j) {
    indices.back() = code.add(tile.column, code.index(j * tiles.lanes));
    Value result = storeVector(indices, sums[j], maskOf(tile, j));
    if (!lineSums.empty())
      lineSums[j] = scalar.addf(lineSums[j], result);
  }
}

void Epilogue::storeElements(const SumTile &tile) {
  int64_t pitch = tile.vectors * tiles.lanes;
  code.loop(code.index(0), code.index(tile.rows), 1, [&](Value i) {
    SmallVector<Value> indices = tile.indicesOf(i);
    indices.push_back({});
    code.loop(code.index(0), tile.width, 1, [&](Value j) {
      Value place = code.add(code.mul(i, code.index(pitch)), j);
      indices.back() = code.add(tile.column, j);
      storeElement(indices, scalar.load(scratch, place, tiles.sum));
    });
  });
}

void Epilogue::storeElement(ArrayRef<Value> indices, Value sum) {
  if (destination.root == kernel.root->getResult(0)) {
    kernel.storeFromRoot(indices, sum);
    if (!sumsLines())
      return;
    Value place = lineSumPlace(indices.drop_back(2), indices.back());
    Value lineSum = scalar.load(destination.lineSums, place, tiles.sum);
    lineSum = scalar.addf(lineSum, elements.at(destination.result, indices));
    return scalar.store(lineSum, destination.lineSums, place, tiles.sum);
  }
  elements.bind(destination.root, indices, scalar.narrow(sum, elementOf(destination.root)));
  scalar.store(elements.at(destination.result, indices), destination.buffer,
               destination.placeOf(indices), elementOf(destination.result));
}

void Epilogue::store(const SumTile &tile) {
  if (form == Form::Registers) {
    SmallVector<Value> lineSums = loadLineSums(tile);
    for (int64_t i = 0; i < tile.rows; ++i)
      storeRow(tile, code.index(i), tile.sums.slice(i * tile.vectors, tile.vectors), lineSums);
    return storeLineSums(tile, lineSums);
  }
  keep(tile.sums, code.index(0), tile.vectors);
  if (form == Form::Elements)
    return storeElements(tile);
  storeKept(tile, code.index(tile.rows));
}

int64_t Epilogue::rowsTogether(int64_t vectors) const {
  return form == Form::Vectors ? vectorsTogether / vectors : 0;
}

void Epilogue::keep(ArrayRef<Value> sums, Value row, int64_t vectors) {
  Value start = code.mul(row, code.index(vectors * tiles.lanes));
  for (auto [number, sum] : llvm::enumerate(sums)) {
    Value shift = code.index(static_cast<int64_t>(number) * tiles.lanes);
    tiles.storeSums(sum, scratch, code.add(start, shift));
  }
}

void Epilogue::storeKept(const SumTile &tile, Value rows) {
  int64_t pitch = tile.vectors * tiles.lanes;
  auto body = [&](Value i, ValueRange running) {
    SmallVector<Value> sums, lineSums(running);
    for (int64_t j = 0; j < tile.vectors; ++j) {
      Value place = code.add(code.mul(i, code.index(pitch)), code.index(j * tiles.lanes));
      sums.push_back(tiles.loadSums(scratch, place));
    }
    storeRow(tile, i, sums, lineSums);
    return lineSums;
  };
  storeLineSums(tile, code.loop(code.index(0), rows, 1, loadLineSums(tile), body));
}

//===-- Sums of lines -----------------------------------------------------------------------===//

/// Where the sum of a line stands.
Value Epilogue::lineSumPlace(ArrayRef<Value> line, Value column) {
  SmallVector<Dim> sizes = dimsOf(destination.result);
  sizes.erase(sizes.end() - 2);
  SmallVector<Value> indices(line);
  indices.push_back(column);
  return code.linearize(indices, elements.sizes(sizes));
}

Value Epilogue::lineSumPlace(const SumTile &tile, int64_t vector) {
  SmallVector<Value> line = tile.indicesOf(code.index(0));
  line.pop_back();
  return lineSumPlace(line, code.add(tile.column, code.index(vector * tiles.lanes)));
}

void Epilogue::beginLine(ArrayRef<Value> line, Value column, Value mask) {
  tiles.storeSums(tiles.zeros(1)[0], destination.lineSums, lineSumPlace(line, column), mask);
}

SmallVector<Value> Epilogue::loadLineSums(const SumTile &tile) {
  SmallVector<Value> lineSums;
  for (int64_t j = 0; sumsLines() && j < tile.vectors; ++j)
    lineSums.push_back(
        tiles.loadSums(destination.lineSums, lineSumPlace(tile, j), maskOf(tile, j)));
  return lineSums;
}

void Epilogue::storeLineSums(const SumTile &tile, ArrayRef<Value> lineSums) {
  for (auto [j, lineSum] : llvm::enumerate(lineSums)) {
    auto vector = static_cast<int64_t>(j);
    tiles.storeSums(lineSum, destination.lineSums, lineSumPlace(tile, vector),
                    maskOf(tile, vector));
  }
}

} // namespace weft
