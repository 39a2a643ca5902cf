// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes `.npy`. The header is a Python literal in one fixed form; anything else is
// refused.

#include "tools/weft/data/Npy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

namespace weft {

static constexpr llvm::StringLiteral magic = "\x93NUMPY";
/// The data begins at a multiple of this many bytes.
static constexpr size_t dataAlignmentBytes = 64;

namespace {
struct DescrRow {
  llvm::StringLiteral descr;
  weft_dtype dtype;
};

/// What the header says.
struct NpyHeader {
  std::string descr;
  bool fortranOrder = false;
  llvm::SmallVector<int64_t> dims;
  size_t dataOffset = 0;
};

/// Reads the Python dictionary of a header, key by key.
class HeaderParser {
public:
  HeaderParser(llvm::StringRef source, NpyHeader &result) : text(source), header(result) {}

  /// dict = '{' (key ':' value ','?)* '}'
  bool parse() {
    if (!take("{"))
      return false;
    while (!take("}")) {
      std::string key;
      if (!string(key) || !take(":") || !value(key))
        return false;
      take(",");
    }
    return text.trim().empty() && seen == 7;
  }

private:
  bool take(llvm::StringRef token) {
    text = text.ltrim();
    return text.consume_front(token);
  }

  bool string(std::string &result) {
    text = text.ltrim();
    if (text.empty() || (text.front() != '\'' && text.front() != '"'))
      return false;
    size_t end = text.find(text.front(), 1);
    if (end == llvm::StringRef::npos)
      return false;
    result = text.substr(1, end - 1).str();
    text = text.drop_front(end + 1);
    return true;
  }

  bool value(llvm::StringRef key) {
    if (key == "descr")
      return mark(1) && string(header.descr);
    if (key == "fortran_order")
      return mark(2) && (take("False") || (header.fortranOrder = take("True")));
    if (key == "shape")
      return mark(4) && shape();
    return false;
  }

  /// shape = '(' (integer ','?)* ')'
  bool shape() {
    if (!take("("))
      return false;
    while (!take(")")) {
      text = text.ltrim();
      int64_t dim = 0;
      if (header.dims.size() >= WEFT_MAX_RANK || text.consumeInteger(10, dim) || dim < 0)
        return false;
      header.dims.push_back(dim);
      take(",");
    }
    return true;
  }

  bool mark(unsigned bit) {
    bool isNew = (seen & bit) == 0;
    seen |= bit;
    return isNew;
  }

  llvm::StringRef text;
  NpyHeader &header;
  unsigned seen = 0;
};
} // namespace

static constexpr DescrRow descrRows[] = {{"<f8", WEFT_F64}, {"<f4", WEFT_F32}, {"<f2", WEFT_F16},
                                         {"<i8", WEFT_I64}, {"<i4", WEFT_I32}, {"<i2", WEFT_I16},
                                         {"|i1", WEFT_I8},  {"<u8", WEFT_U64}, {"<u4", WEFT_U32},
                                         {"<u2", WEFT_U16}, {"|u1", WEFT_U8},  {"|b1", WEFT_BOOL}};

static llvm::Error malformed(llvm::StringRef label, const llvm::Twine &what) {
  return llvm::createStringError("'" + label + "' is not a good .npy file: " + what);
}

/// Reads magic, version and header.
static llvm::Expected<NpyHeader> parseHeader(llvm::StringRef bytes, llvm::StringRef label) {
  if (!bytes.starts_with(magic))
    return malformed(label, "it does not begin with \\x93NUMPY");
  if (bytes.size() < magic.size() + 2)
    return malformed(label, "it ends before its version");
  unsigned version = static_cast<unsigned char>(bytes[magic.size()]);
  if (version < 1 || version > 3)
    return malformed(label, "its version is " + llvm::Twine(version) + ", but 1 to 3 are known");
  size_t lengthAt = magic.size() + 2, lengthBytes = version == 1 ? 2 : 4;
  if (bytes.size() < lengthAt + lengthBytes)
    return malformed(label, "it ends inside of its header");
  const char *at = bytes.data() + lengthAt;
  size_t length =
      version == 1 ? llvm::support::endian::read16le(at) : llvm::support::endian::read32le(at);
  NpyHeader header;
  header.dataOffset = lengthAt + lengthBytes + length;
  if (header.dataOffset > bytes.size())
    return malformed(label, "it ends inside of its header");
  if (!HeaderParser(bytes.substr(lengthAt + lengthBytes, length), header).parse())
    return malformed(
        label, "its header is not a dictionary of descr, fortran_order and shape (of at most " +
                   llvm::Twine(WEFT_MAX_RANK) + " dimensions)");
  return header;
}

static llvm::Expected<weft_dtype> dtypeOfDescr(llvm::StringRef descr, llvm::StringRef label) {
  for (const DescrRow &row : descrRows)
    if (row.descr == descr)
      return row.dtype;
  if (descr.starts_with(">"))
    return llvm::createStringError("'" + label + "' is big-endian ('" + descr +
                                   "'): save it with x.astype(x.dtype.newbyteorder('<'))");
  return llvm::createStringError("'" + label + "' has elements of NumPy's type '" + descr +
                                 "', which is no element type of Weft");
}

/// Moves elements from Fortran's order (the first index fastest) to row-major order.
static void reorder(llvm::StringRef from, Array &array) {
  size_t width = weft_dtype_size(array.dtype), count = array.bytes.size() / width;
  llvm::SmallVector<size_t> index(array.dims.size(), 0);
  for (size_t target = 0; target < count; ++target) {
    size_t source = 0, stride = 1;
    for (auto [position, dim] : llvm::zip(index, array.dims)) {
      source += position * stride;
      stride *= static_cast<size_t>(dim);
    }
    std::memcpy(array.bytes.data() + target * width, from.data() + source * width, width);
    for (size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < static_cast<size_t>(array.dims[axis]))
        break;
      index[axis] = 0;
    }
  }
}

llvm::Expected<Array> parseNpy(llvm::StringRef bytes, llvm::StringRef label) {
  llvm::Expected<NpyHeader> header = parseHeader(bytes, label);
  if (!header)
    return header.takeError();
  llvm::Expected<weft_dtype> dtype = dtypeOfDescr(header->descr, label);
  if (!dtype)
    return dtype.takeError();
  llvm::StringRef data = bytes.drop_front(header->dataOffset);
  std::optional<int64_t> expected = byteSize(*dtype, header->dims);
  if (!expected || data.size() != static_cast<uint64_t>(*expected))
    return malformed(label, typeName(*dtype, header->dims) + " needs " +
                                (expected ? std::to_string(*expected) : "too many") +
                                " bytes of data, but " + llvm::Twine(data.size()) +
                                " follow the header");
  Array array{*dtype, header->dims, {}};
  if (header->fortranOrder && header->dims.size() > 1) {
    array.bytes.resize(data.size());
    reorder(data, array);
  } else {
    array.bytes.assign(data.begin(), data.end());
  }
  if (*dtype == WEFT_BOOL && llvm::any_of(array.bytes, [](char c) { return c != 0 && c != 1; }))
    return malformed(label, "a bool is neither 0 nor 1");
  return array;
}

llvm::Error writeNpy(const Array &array, llvm::StringRef label, llvm::raw_ostream &os) {
  const DescrRow *row =
      llvm::find_if(descrRows, [&](const DescrRow &r) { return r.dtype == array.dtype; });
  if (row == std::end(descrRows))
    return llvm::createStringError("'" + label + "' cannot hold " + array.type() +
                                   ": NumPy has no bf16; write .safetensors or .json");
  std::string shape;
  for (int64_t dim : array.dims)
    shape += std::to_string(dim) + ", ";
  if (array.dims.size() > 1)
    shape.resize(shape.size() - 2);
  else if (array.dims.size() == 1)
    shape.pop_back();
  std::string header =
      ("{'descr': '" + row->descr + "', 'fortran_order': False, 'shape': (" + shape + "), }").str();
  size_t prefix = magic.size() + 4; // Version 1.0 and two bytes of length; 32 dimensions fit.
  size_t end = llvm::alignTo(prefix + header.size() + 1, dataAlignmentBytes);
  header.append(end - prefix - header.size() - 1, ' ');
  header += '\n';
  os << magic << '\x01' << '\0' << static_cast<char>(header.size() & 0xff)
     << static_cast<char>(header.size() >> 8) << header
     << llvm::StringRef(array.bytes.data(), array.bytes.size());
  return llvm::Error::success();
}

} // namespace weft
