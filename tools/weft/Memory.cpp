// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Draws the arena: kernels from left to right, addresses from top to bottom.

#include "tools/weft/Memory.h"

#include "codegen/host/MemoryMap.h"
#include "ir/GraphBuilder.h"
#include "ir/WeftDialect.h"
#include "ir/WeftOps.h"
#include "tools/weft/Origins.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace weft {

namespace json = llvm::json;
using mlir::func::FuncOp;

/// The widest line, the rows of a drawing, and the blocks that have a letter.
static constexpr size_t maxWidth = 100, labelWidth = 12;
static constexpr int64_t maxRows = 16, maxColumns = maxWidth - labelWidth - 2;
static constexpr llvm::StringLiteral letters = "abcdefghijklmnopqrstuvwxyz";
/// What lies at a place that belongs to a block without a letter, and to none.
static constexpr char otherLetter = '+', freeLetter = '.';

/// The kernel, or the loop or branch, that makes a value.
static std::string makerOf(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto launch = dyn_cast<LaunchOp>(op))
    return launch.getKernel().str();
  return op->getName().stripDialect().str();
}

static std::string typeOf(Value value) { return languageName(GraphBuilder::typeOf(value)); }

/// "1.000", or nothing where a size is not a number.
static std::string ratioOf(const MemoryMap &map) {
  std::optional<int64_t> live = map.largestLiveBytes(), arena = map.arenaBytes.constant();
  if (!live || !arena || *live == 0)
    return "";
  return llvm::formatv("{0:f3}", static_cast<double>(*arena) / static_cast<double>(*live)).str();
}

static std::string joined(ArrayRef<Dim> dims) {
  return llvm::join(llvm::map_range(dims, [](const Dim &dim) { return dim.str(); }), ", ");
}

static std::string plural(int64_t count, StringRef noun) {
  return std::to_string(count) + " " + noun.str() + (count == 1 ? "" : "s");
}

static void writeSummary(const MemoryMap &map, llvm::raw_ostream &os) {
  os << "  arena: " << map.arenaBytes.str() << " bytes for "
     << plural(static_cast<int64_t>(map.blocks.size()), "block") << " of "
     << plural(map.numKernels, "kernel") << "\n";
  std::string ratio = ratioOf(map);
  os << "  largest live set: " << (map.largestLive.size() > 1 ? "the largest of " : "")
     << joined(map.largestLive) << " bytes"
     << (ratio.empty() ? "" : "; the arena is " + ratio + " of it") << "\n";
  os << "  without memory of their own: " << plural(map.numOutputs, "result")
     << " written to the caller's, " << plural(map.numAliases, "reshape") << ", "
     << plural(map.numCarried, "carried value") << "; updates in place: " << map.numUpdates << "\n";
}

namespace {
/// The blocks that the table lists and the drawing names, largest first.
class Listed {
public:
  explicit Listed(const MemoryMap &map) {
    for (const MemoryBlock &block : map.blocks)
      order.push_back(&block);
    // Both are in one vector: those of one size stay in the order of the program.
    llvm::sort(order, [](const MemoryBlock *a, const MemoryBlock *b) {
      return std::pair(-a->bytes.constant().value_or(0), a) <
             std::pair(-b->bytes.constant().value_or(0), b);
    });
    order.resize(std::min(order.size(), letters.size()));
  }

  ArrayRef<const MemoryBlock *> blocks() const { return order; }
  char letterOf(const MemoryBlock &block) const {
    size_t place = llvm::find(order, &block) - order.begin();
    return place < order.size() ? letters[place] : otherLetter;
  }

private:
  std::vector<const MemoryBlock *> order;
};
} // namespace

static void writeTable(const MemoryMap &map, const Listed &listed, llvm::raw_ostream &os) {
  size_t bytesWidth = 5, offsetWidth = 6;
  for (const MemoryBlock *block : listed.blocks()) {
    bytesWidth = std::max(bytesWidth, block->bytes.str().size());
    offsetWidth = std::max(offsetWidth, block->offset.str().size());
  }
  os << "     " << llvm::right_justify("bytes", bytesWidth) << "  "
     << llvm::right_justify("offset", offsetWidth) << "     kernels  value\n";
  for (const MemoryBlock *block : listed.blocks()) {
    std::string line;
    llvm::raw_string_ostream text(line);
    text << "  " << listed.letterOf(*block) << "  "
         << llvm::right_justify(block->bytes.str(), bytesWidth) << "  "
         << llvm::right_justify(block->offset.str(), offsetWidth) << "  "
         << llvm::format("%4lld - %-4lld", static_cast<long long>(block->kernels.begin),
                         static_cast<long long>(block->kernels.end))
         << " " << makerOf(block->value) << " -> " << typeOf(block->value)
         << (block->reuses ? " in place" : "") << "  "
         << originsOf(block->value.getDefiningOp(), 2);
    StringRef shown = StringRef(line).rtrim();
    // Names of ONNX nodes may be long; expressions in dimensions are never cut.
    bool cut = shown.size() > maxWidth && map.arenaBytes.isConstant();
    os << (cut ? shown.take_front(maxWidth - 3) : shown) << (cut ? "..." : "") << "\n";
  }
  if (listed.blocks().size() < map.blocks.size())
    os << "  " << otherLetter << "  " << map.blocks.size() - listed.blocks().size()
       << " smaller blocks\n";
}

namespace {
/// Letters by address and time. A cell shows the block that has most of it.
class Drawing {
public:
  Drawing(const MemoryMap &theMap, const Listed &theListed)
      : map(theMap), listed(theListed), arenaBytes(*map.arenaBytes.constant()),
        columns(std::min(map.numKernels, maxColumns)),
        rows(std::min(maxRows,
                      (arenaBytes + ArenaLayout::alignment - 1) / ArenaLayout::alignment)) {}

  void write(llvm::raw_ostream &os) const;

private:
  /// The first kernel of a column, and the first byte of a row.
  int64_t kernelOf(int64_t column) const { return column * map.numKernels / columns; }
  int64_t byteOf(int64_t row) const { return row * arenaBytes / rows; }
  char cell(int64_t row, int64_t column) const;
  char liveDigit(int64_t column) const;

  const MemoryMap &map;
  const Listed &listed;
  int64_t arenaBytes, columns, rows;
};
} // namespace

/// How much two ranges have in common; ends are outside.
static int64_t common(int64_t beginA, int64_t endA, int64_t beginB, int64_t endB) {
  return std::max<int64_t>(0, std::min(endA, endB) - std::max(beginA, beginB));
}

char Drawing::cell(int64_t row, int64_t column) const {
  double most = 0;
  char letter = freeLetter;
  for (const MemoryBlock &block : map.blocks) {
    int64_t begin = *block.offset.constant(), end = begin + *block.bytes.constant();
    double share = static_cast<double>(common(begin, end, byteOf(row), byteOf(row + 1))) *
                   static_cast<double>(common(block.kernels.begin, block.kernels.end + 1,
                                              kernelOf(column), kernelOf(column + 1)));
    if (share > most) {
      most = share;
      letter = listed.letterOf(block);
    }
  }
  return letter;
}

/// Tenths of the arena that live in a column, at most 9.
char Drawing::liveDigit(int64_t column) const {
  int64_t most = 0;
  for (int64_t kernel = kernelOf(column); kernel < kernelOf(column + 1); ++kernel) {
    int64_t live = 0;
    for (const MemoryBlock &block : map.blocks)
      if (block.kernels.begin <= kernel && kernel <= block.kernels.end)
        live += *block.bytes.constant();
    most = std::max(most, live);
  }
  return static_cast<char>('0' + std::min<int64_t>(9, most * 10 / arenaBytes));
}

void Drawing::write(llvm::raw_ostream &os) const {
  auto label = [&](const Twine &text) -> llvm::raw_ostream & {
    return os << llvm::right_justify(text.str(), labelWidth) << " ";
  };
  label("offset") << "kernels 0 to " << map.numKernels - 1;
  if (columns < map.numKernels)
    os << llvm::formatv(", {0:f1} a column",
                        static_cast<double>(map.numKernels) / static_cast<double>(columns));
  os << "\n";
  for (int64_t row = 0; row < rows; ++row) {
    label(Twine(byteOf(row)));
    for (int64_t column = 0; column < columns; ++column)
      os << cell(row, column);
    os << "\n";
  }
  label("tenths live");
  for (int64_t column = 0; column < columns; ++column)
    os << liveDigit(column);
  os << "\n";
}

void drawMemory(FuncOp function, llvm::raw_ostream &os) {
  MemoryMap map = memoryMapOf(function);
  Listed listed(map);
  bool prepares = function.getName().starts_with(kPreparePrefix);
  os << function.getName() << (prepares ? ", once when the weights are opened" : "") << "\n";
  writeSummary(map, os);
  if (prepares) {
    os << "\n";
    return;
  }
  if (!map.blocks.empty())
    writeTable(map, listed, os);
  bool known = llvm::all_of(map.blocks, [](const MemoryBlock &block) {
    return block.bytes.isConstant() && block.offset.isConstant();
  });
  if (!known || !map.arenaBytes.isConstant())
    os << "  fix the dimensions with --dim to see it drawn\n";
  else if (map.arenaBytes != Dim(0))
    Drawing(map, listed).write(os);
  os << "\n";
}

static json::Value valueOf(const Dim &dim) {
  if (std::optional<int64_t> constant = dim.constant())
    return *constant;
  return dim.str();
}

json::Object memoryAsJson(FuncOp function) {
  MemoryMap map = memoryMapOf(function);
  json::Array blocks, live;
  for (const MemoryBlock &block : map.blocks)
    blocks.push_back(json::Object{{"kernel", makerOf(block.value)},
                                  {"type", typeOf(block.value)},
                                  {"origins", originsOf(block.value.getDefiningOp())},
                                  {"bytes", valueOf(block.bytes)},
                                  {"offset", valueOf(block.offset)},
                                  {"first", block.kernels.begin},
                                  {"last", block.kernels.end},
                                  {"in_place", block.reuses}});
  for (const Dim &bytes : map.largestLive)
    live.push_back(valueOf(bytes));
  return json::Object{{"function", function.getName()},
                      {"arena_bytes", valueOf(map.arenaBytes)},
                      {"largest_live_bytes", std::move(live)},
                      {"kernels", map.numKernels},
                      {"written_to_results", map.numOutputs},
                      {"reshapes", map.numAliases},
                      {"carried", map.numCarried},
                      {"updates_in_place", map.numUpdates},
                      {"blocks", std::move(blocks)}};
}

} // namespace weft
