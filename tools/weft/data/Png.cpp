// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes PNG files: a signature and three chunks, each of a length, a name, data and a check sum.

#include "tools/weft/data/Png.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Compression.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"

namespace weft {

using Bytes = llvm::SmallVector<uint8_t, 0>;

static void add32(Bytes &bytes, uint32_t value) {
  uint8_t big[4];
  llvm::support::endian::write32be(big, value);
  bytes.append(big, big + 4);
}

static void writeChunk(llvm::StringRef name, llvm::ArrayRef<uint8_t> data, llvm::raw_ostream &os) {
  Bytes bytes;
  add32(bytes, static_cast<uint32_t>(data.size()));
  bytes.append(name.bytes_begin(), name.bytes_end());
  bytes.append(data.begin(), data.end());
  // The sum is of the name and the data.
  add32(bytes, llvm::crc32(llvm::ArrayRef(bytes).drop_front(4)));
  os.write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

void writePng(const Picture &picture, llvm::raw_ostream &os) {
  os << llvm::StringRef("\x89PNG\r\n\x1a\n", 8);
  Bytes header, rows, packed;
  add32(header, static_cast<uint32_t>(picture.width));
  add32(header, static_cast<uint32_t>(picture.height));
  // 8 bits a sample, red green blue; the only compression, the only set of filters, not interlaced.
  header.append({8, 2, 0, 0, 0});
  writeChunk("IHDR", header, os);
  for (auto [place, colour] : llvm::enumerate(picture.pixels)) {
    if (place % static_cast<size_t>(picture.width) == 0)
      rows.push_back(0); // a row that is not filtered
    rows.append({colour.red, colour.green, colour.blue});
  }
  llvm::compression::zlib::compress(rows, packed);
  writeChunk("IDAT", packed, os);
  writeChunk("IEND", {}, os);
}

} // namespace weft
