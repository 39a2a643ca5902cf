// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Direct sums against Winograd's tiles, by a count of time.

#include "passes/layouts/WindowCost.h"

#include "ir/GraphBuilder.h"
#include "ir/Infer.h"
#include "passes/Functions.h"
#include "passes/layouts/Choice.h"

namespace weft {

namespace {

/// About the microseconds of a 3x3 convolution with steps of 1, directly or in tiles of Winograd's.
/// Rates are those of one core: 200 and 150 GFLOP/s of products, 20 of transforms, of which each
/// element of a patch takes about 4; filters come from memory once, and again for each block of
/// patches, from the last cache if they fit. Patches that a kernel of their own transforms are
/// written to memory, and read again for each block of columns.
class WindowCost {
public:
  WindowCost(int64_t numInputs, int64_t numOutputs, int64_t numPlaces)
      : inputs(static_cast<double>(numInputs)), outputs(static_cast<double>(numOutputs)),
        pairs(inputs * outputs), places(static_cast<double>(numPlaces)) {}

  static double sums(double products, double bytes) {
    return 2 * products / 200e3 + bytes / memory;
  }
  static double copy(double bytes) { return 2 * bytes / cache; }
  double direct() const { return sums(9 * pairs * places, 9 * pairs * 4); }
  /// Twice the products a microsecond, and half the bytes.
  double directInBfloats() const { return 2 * 9 * pairs * places / 400e3 + 9 * pairs * 2 / memory; }
  /// Packing filters in each call: they are turned once for a direct sum; for tiles they are
  /// turned, transformed by rows and by columns, and put into panels. What is written counts twice.
  double packing() const { return 3 * 9 * pairs * 4 / memory; }
  double packing(int64_t tile) const {
    double size = static_cast<double>(tile) + 2, rows = 3 * size, all = size * size;
    return (3 * 9 + (9 + 2 * rows) + (rows + 2 * all) + 3 * all) * pairs * 4 / memory;
  }
  double inTiles(int64_t tile, int64_t numTiles) const {
    auto matrices = static_cast<double>((tile + 2) * (tile + 2)),
         all = static_cast<double>(numTiles);
    double bytes = matrices * pairs * 4, blocks = std::ceil(all * matrices * inputs * 4 / patches);
    double again = bytes <= cacheBytes ? cache : memory;
    return productsInTiles(matrices, all) + bytes / memory + (blocks - 1) * bytes / again;
  }
  /// The same with patches as a tensor.
  double inTilesApart(int64_t tile, int64_t numTiles) const {
    auto matrices = static_cast<double>((tile + 2) * (tile + 2)),
         all = static_cast<double>(numTiles);
    double bytes = matrices * pairs * 4, moved = matrices * inputs * all * 4;
    double blocks = std::ceil(all * matrices * columns * 4 / patches);
    double again = moved <= cacheBytes ? cache : memory;
    return productsInTiles(matrices, all) + bytes / memory + (blocks - 1) * bytes / cache +
           2 * moved / memory + std::ceil(outputs / columns) * moved / again;
  }

private:
  double productsInTiles(double matrices, double all) const {
    return 2 * matrices * pairs * all / 150e3 + 4 * matrices * (inputs + outputs) * all / 20e3;
  }

  static constexpr double memory = 40e3, cache = 70e3; ///< Bytes a microsecond.
  static constexpr double columns = 64;                ///< Of a block, at most.
  static constexpr double cacheBytes = 20 << 20, patches = 640 << 10;
  double inputs, outputs, pairs, places;
};

} // namespace

double costOfSums(double products, double filterBytes) {
  return WindowCost::sums(products, filterBytes);
}

double costInTiles(int64_t tile, int64_t inputs, int64_t outputs, int64_t images, int64_t rows,
                   int64_t columns) {
  int64_t tiles =
      images * llvm::divideCeilSigned(rows, tile) * llvm::divideCeilSigned(columns, tile);
  return WindowCost(inputs, outputs, images * rows * columns).inTiles(tile, tiles);
}

double costOfCopy(double bytes) { return WindowCost::copy(bytes); }

bool changesInCalls(Value value) {
  SmallVector<Value> work{value};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    if (Operation *op = next.getDefiningOp()) {
      llvm::append_range(work, op->getOperands());
      continue;
    }
    auto argument = cast<mlir::BlockArgument>(next);
    auto function = dyn_cast<mlir::func::FuncOp>(argument.getOwner()->getParentOp());
    Attribute parameter =
        function ? function.getArgAttr(argument.getArgNumber(), kParameterAttr) : Attribute();
    for (unsigned i = 0; parameter && i < function.getNumResults(); ++i)
      if (function.getResultAttr(i, kStateAttr) == parameter)
        return true;
  }
  return false;
}

/// Direct sums, counted by `direct`, and both tiles in both ways if the window is 3x3 in steps
/// of 1. With few channels the transforms of a patch are shared by too few products. Filters that
/// are no weights would be transformed in each call, as are those that a training step changes:
/// that is counted.
static SmallVector<WindowForm> formsOf(ConvOp op, double (WindowCost::*direct)() const) {
  constexpr int64_t fewestChannels = 32;
  auto are = [](ArrayRef<int64_t> list, int64_t value) {
    return list.size() == 2 && llvm::all_of(list, [&](int64_t entry) { return entry == value; });
  };
  SmallVector<Dim> filter = GraphBuilder::dims(op.getFilter());
  SmallVector<Dim> out = GraphBuilder::dims(op.getResult());
  int64_t dilation = op.getDilations().front();
  if (!are(op.getStrides(), 1) || !are(op.getDilations(), dilation) || op.getGroups() != 1 ||
      filter[2] != Dim(3) || filter[3] != Dim(3) ||
      !GraphBuilder::element(op.getFilter()).isF32() || !followsFromWeights(op.getFilter()))
    return {};
  auto rows = out[2].constant(), columns = out[3].constant();
  int64_t outputs = *filter[0].constant(), inputs = *filter[1].constant();
  if (!rows || !columns || inputs < fewestChannels || outputs < fewestChannels)
    return {};
  // A batch that is not known counts as one image: what is chosen for it must not be slow there. A
  // training step takes many.
  constexpr int64_t trainingBatch = 16;
  bool trains = changesInCalls(op.getFilter());
  int64_t images = out[0].constant().value_or(trains ? trainingBatch : 1);
  WindowCost cost(inputs, outputs, images * *rows * *columns);
  SmallVector<WindowForm> forms{{0, false, (cost.*direct)(), 0}};
  std::optional<int64_t> patches = Choice::of(op).patches;
  for (int64_t tile : {2, 4}) {
    auto tiles =
        images *
        *(winogradTiles(out[2], tile, dilation) * winogradTiles(out[3], tile, dilation)).constant();
    double packing = trains ? cost.packing(tile) - cost.packing() : 0;
    if (patches != 1)
      forms.push_back({tile, false, packing + cost.inTiles(tile, tiles), tiles});
    if (patches != 0)
      forms.push_back({tile, true, packing + cost.inTilesApart(tile, tiles), tiles});
  }
  return forms;
}

static bool isCheaper(const WindowForm &a, const WindowForm &b) { return a.cost < b.cost; }

SmallVector<WindowForm> windowForms(ConvOp op) { return formsOf(op, &WindowCost::direct); }

WindowForm windowForm(ConvOp op) {
  SmallVector<WindowForm> forms = windowForms(op);
  if (forms.empty())
    return {};
  if (std::optional<int64_t> tile = Choice::of(op).winograd)
    llvm::erase_if(forms, [&](const WindowForm &form) { return form.tile != *tile; });
  return *std::min_element(forms.begin(), forms.end(), isCheaper);
}

int64_t winogradTile(ConvFilterGradOp op) {
  // Fewer channels fill no vectors, fewer tiles do not make up for the sums that are transformed
  // back. At the ends of a map a tile counts whole: a quarter of the products is left of it.
  constexpr int64_t tile = 4, fewestChannels = 16, fewestTiles = 16;
  constexpr double mostBeyond = 1.5;
  auto filter = cast<RankedTensorType>(op.getResult().getType());
  if (std::optional<int64_t> said = Choice::of(op).winograd)
    return *said;
  auto isOne = [](int64_t entry) { return entry == 1; };
  if (filter.getRank() != 4 || filter.getDimSize(2) != 3 || filter.getDimSize(3) != 3 ||
      !filter.getElementType().isF32() || filter.getDimSize(0) < fewestChannels ||
      filter.getDimSize(1) < fewestChannels || op.getGroups() != 1 ||
      !llvm::all_of(op.getStrides(), isOne) || !llvm::all_of(op.getDilations(), isOne))
    return 0;
  SmallVector<Dim> places = GraphBuilder::dims(op.getGradient());
  auto rows = places[2].constant(), columns = places[3].constant();
  if (!rows || !columns)
    return 0;
  int64_t tiles = llvm::divideCeil(*rows, tile) * llvm::divideCeil(*columns, tile);
  bool isFilled = static_cast<double>(tiles * tile * tile) <=
                  mostBeyond * static_cast<double>(*rows * *columns);
  return isFilled && tiles * places[0].constant().value_or(fewestTiles) >= fewestTiles ? tile : 0;
}

bool isFasterInTiles(ConvOp op) {
  // Of nine layers of 32 to 512 channels on maps of 7 to 128 places, tiles took 0.65 to 0.85 of
  // what is counted for them, direct sums in bf16 0.9 to 1.05. With this share all nine were told
  // apart.
  constexpr double share = 0.75;
  SmallVector<WindowForm> forms = formsOf(op, &WindowCost::directInBfloats);
  return !forms.empty() &&
         share * std::min_element(forms.begin() + 1, forms.end(), isCheaper)->cost < forms[0].cost;
}

} // namespace weft
