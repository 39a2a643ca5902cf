// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements of an argument in another order, where neighbours of the result lie far apart in the
// argument: filters on their way into panels, above all. Blocks of as many rows and columns as a
// vector has lanes are loaded as rows, transposed in registers and stored as rows.

#include "codegen/cpu/Transpose.h"

#include "codegen/cpu/StridedView.h"
#include "codegen/cpu/Tiles.h"

namespace weft {

/// Vectors of the result that a chunk writes side by side: whole lines of a cache.
static constexpr int64_t vectorsPerChunk = 4;

namespace {

/// How the dimensions of the result are gone through.
struct TransposePlan {
  StridedView view;
  SmallVector<Dim> dims; ///< Of the result.
  /// Those whose elements are neighbours in the argument, when gone through in this order.
  SmallVector<int64_t> run;
  SmallVector<int64_t> outer; ///< The others, but for the last.
  int64_t length = 1;         ///< Elements of a run.
  int64_t rows = 1;           ///< Extent of the last dimension.

  SmallVector<Dim> dimsOf(ArrayRef<int64_t> numbers) const {
    return llvm::map_to_vector(numbers, [&](int64_t number) { return dims[number]; });
  }
};

} // namespace

/// None where rows or columns fill no vector of `lanes`, or nothing need be turned.
static std::optional<TransposePlan> planTranspose(Value result, int64_t lanes) {
  auto view = StridedView::of(result);
  SmallVector<Dim> dims = dimsOf(result);
  if (!view || dims.size() < 2 || view->strides.back() == Dim(1) || view->strides.back() == Dim(0))
    return std::nullopt;
  TransposePlan plan{*view, dims, {}, {}};
  auto last = static_cast<int64_t>(dims.size()) - 1;
  for (bool grows = true; grows;) {
    grows = false;
    for (int64_t d = 0; d < last && !grows; ++d) {
      auto extent = dims[d].constant();
      if (llvm::is_contained(plan.run, d) || !extent || *extent < 2 ||
          view->strides[d] != Dim(plan.length))
        continue;
      plan.run.insert(plan.run.begin(), d);
      plan.length *= *extent;
      grows = true;
    }
  }
  for (int64_t d = 0; d < last; ++d)
    if (!llvm::is_contained(plan.run, d))
      plan.outer.push_back(d);
  plan.rows = dims.back().constant().value_or(0);
  if (plan.length < lanes || plan.rows < lanes / 2)
    return std::nullopt;
  return plan;
}

namespace {

/// Writes the loops of one kernel.
class TransposeEmitter {
public:
  TransposeEmitter(Kernel &owner, const TransposePlan &planned)
      : plan(planned), code(owner.code()), elements(owner.elements()),
        tiles(owner, elementOf(owner.result), elementOf(owner.result)) {}

  /// Rows [low, high) of one place in the outer dimensions.
  void emit(ArrayRef<Value> places, Value low, Value high);

private:
  void emitBlock(ArrayRef<Value> places, Value row, Value first);

  const TransposePlan &plan;
  Code &code;
  Elements &elements;
  Tiles tiles;
};

} // namespace

/// As many rows from `row` on and elements of the run from `first` on as a vector has lanes. Rows
/// behind the last are read as the last, and not stored.
void TransposeEmitter::emitBlock(ArrayRef<Value> places, Value row, Value first) {
  Value source = elements.size(plan.view.start);
  for (auto [d, place] : llvm::zip_equal(plan.outer, places))
    source = code.add(source, code.mul(place, plan.view.stride(elements, d)));
  Value buffer = elements.flat(plan.view.argument);
  Value stride = plan.view.stride(elements, static_cast<int64_t>(plan.dims.size()) - 1);
  bool isFull = plan.rows % tiles.lanes == 0;
  SmallVector<Value> rows;
  for (int64_t i = 0; i < tiles.lanes; ++i) {
    Value at = code.add(row, code.index(i));
    if (!isFull)
      at = code.min(at, code.index(plan.rows - 1));
    Value from = code.add(code.add(source, code.mul(at, stride)), first);
    rows.push_back(tiles.loadVector(buffer, from, {}));
  }
  Value mask = isFull ? Value() : tiles.maskOf(code.sub(code.index(plan.rows), row));
  SmallVector<Value> runSizes = elements.sizes(plan.dimsOf(plan.run)),
                     sizes = elements.sizes(plan.dims);
  SmallVector<Value> indices(plan.dims.size(), row);
  for (auto [d, place] : llvm::zip_equal(plan.outer, places))
    indices[d] = place;
  for (auto [t, column] : llvm::enumerate(transposed(code, rows))) {
    Value place = code.add(first, code.index(static_cast<int64_t>(t)));
    for (auto [d, index] : llvm::zip_equal(plan.run, code.delinearize(place, runSizes)))
      indices[d] = index;
    tiles.storeSums(column, elements.flatOutput(0), code.linearize(indices, sizes), mask);
  }
}

void TransposeEmitter::emit(ArrayRef<Value> places, Value low, Value high) {
  // The last elements that fill no vector are read together with some before them.
  Value lastFirst = code.index(plan.length - tiles.lanes);
  code.loop(code.index(0), code.index(plan.length), tiles.lanes, [&](Value at) {
    Value first = plan.length % tiles.lanes == 0 ? at : code.min(at, lastFirst);
    code.loop(low, high, tiles.lanes, [&](Value row) { emitBlock(places, row, first); });
  });
}

bool lowerTranspose(Kernel &kernel) {
  Type element = elementOf(kernel.result);
  if (kernel.root || kernel.source.getNumResults() != 1 || !element.isF32())
    return false;
  int64_t lanes = lanesOf(kernel.target, element), chunkRows = lanes * vectorsPerChunk;
  std::optional<TransposePlan> plan = planTranspose(kernel.result, lanes);
  if (!plan)
    return false;
  Dim blocks = Dim(plan->rows).ceilDiv(Dim(chunkRows)),
      count = productOf(plan->dimsOf(plan->outer));
  kernel.begin(count * blocks,
               Kernel::grainFor(std::min(chunkRows, plan->rows) * plan->length / 4));
  kernel.forChunks([&](Value chunk) {
    Code &code = kernel.code();
    Elements &elements = kernel.elements();
    Value blocksPerPlace = elements.size(blocks);
    SmallVector<Value> places = code.delinearize(code.div(chunk, blocksPerPlace),
                                                 elements.sizes(plan->dimsOf(plan->outer)));
    Value low = code.mul(code.rem(chunk, blocksPerPlace), code.index(chunkRows));
    Value high = code.min(code.index(plan->rows), code.add(low, code.index(chunkRows)));
    TransposeEmitter(kernel, *plan).emit(places, low, high);
  });
  return true;
}

} // namespace weft
