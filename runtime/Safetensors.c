// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads safetensors: 8 bytes of header length, a JSON header, the data. In, a file that may hold
// anything; out, tensors whose every field was checked, or one message that names the first fault.
//
// The header has a fixed shape, so this is a strict parser of just that shape: no general JSON, no
// recursion. It runs twice over the same text, first to check and to count, then to fill in.
#define _GNU_SOURCE // NOLINT(bugprone-reserved-identifier): a switch of the C library
#include "runtime/Safetensors.h"
#include "runtime/Internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  LENGTH_BYTES = 8,
  // The limit that the format's own library sets.
  MAX_HEADER_BYTES = 100000000,
};

typedef struct reader {
  const char *label;
  const unsigned char *header, *at, *end;
  const unsigned char *data;
  uint64_t data_size;
  // Storage of the second pass; all NULL in the first.
  weft_tensor *tensors;
  int64_t *dims;
  char *names;
  size_t name_capacity;
  // How much of it was needed so far.
  int64_t tensor_count, dim_count;
  size_t name_bytes;
  // The tensor being read, and its name for messages, cut where it is long.
  char name[96];
  uint64_t begin_byte, end_byte;
} reader;

static bool syntax_error(reader *in, const char *expected) {
  weft_fail(WEFT_BAD_WEIGHTS, "%s: header byte %lld: expected %s", in->label,
            (long long)(in->at - in->header), expected);
  if (in->at < in->end)
    weft_more(*in->at > 0x20 && *in->at < 0x7F ? ", found '%c'" : ", found byte 0x%02X", *in->at);
  else
    weft_more(", found the header's end");
  return false;
}

static bool tensor_error(reader *in, const char *fault) {
  weft_fail(WEFT_BAD_WEIGHTS, "%s: tensor '%s' %s", in->label, in->name, fault);
  return false;
}

static void skip_space(reader *in) {
  while (in->at < in->end &&
         (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r'))
    ++in->at;
}

static bool accept(reader *in, char token) {
  skip_space(in);
  if (in->at >= in->end || *in->at != (unsigned char)token)
    return false;
  ++in->at;
  return true;
}

static bool expect(reader *in, char token) {
  const char expected[] = {'\'', token, '\'', 0};
  return accept(in, token) || syntax_error(in, expected);
}

// A decoded string in a buffer of fixed size; what does not fit is counted only.
typedef struct sink {
  char *text;
  size_t capacity, length;
} sink;

static void put(sink *out, unsigned char byte) {
  if (out->length < out->capacity)
    out->text[out->length] = (char)byte;
  ++out->length;
}

static void put_code_point(sink *out, uint32_t code) {
  if (code < 0x80) {
    put(out, (unsigned char)code);
    return;
  }
  int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
  put(out, (unsigned char)(lead[more] | code >> (6 * more)));
  while (more-- > 0)
    put(out, (unsigned char)(0x80 | (code >> (6 * more) & 0x3F)));
}

static bool read_hex4(reader *in, uint32_t *out) {
  *out = 0;
  for (int i = 0; i < 4; ++i, ++in->at) {
    int c = in->at < in->end ? *in->at : 0;
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0)
      return syntax_error(in, "four hexadecimal digits");
    *out = *out << 4 | (uint32_t)digit;
  }
  return true;
}

// \uXXXX, or two of them for a character beyond 0xFFFF.
static bool read_unicode_escape(reader *in, sink *out) {
  uint32_t code, low;
  if (!read_hex4(in, &code))
    return false;
  if (code >= 0xDC00 && code < 0xE000)
    return syntax_error(in, "a first surrogate before the second");
  if (code >= 0xD800 && code < 0xDC00) {
    if (in->end - in->at < 2 || in->at[0] != '\\' || in->at[1] != 'u')
      return syntax_error(in, "a second surrogate");
    in->at += 2;
    if (!read_hex4(in, &low))
      return false;
    if (low < 0xDC00 || low >= 0xE000)
      return syntax_error(in, "a second surrogate");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  if (code == 0)
    return syntax_error(in, "a string without a zero character");
  put_code_point(out, code);
  return true;
}

static bool read_escape(reader *in, sink *out) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  int c = in->at < in->end ? *in->at : 0;
  if (c == 'u') {
    ++in->at;
    return read_unicode_escape(in, out);
  }
  const char *found = c ? strchr(from, c) : NULL;
  if (!found)
    return syntax_error(in, "an escape of JSON");
  put(out, (unsigned char)to[found - from]);
  ++in->at;
  return true;
}

// One character of UTF-8 in its shortest form, no surrogate, at most 0x10FFFF.
static bool read_utf8(reader *in, sink *out) {
  unsigned char lead = *in->at;
  int more = lead < 0x80   ? 0
             : lead < 0xC2 ? -1
             : lead < 0xE0 ? 1
             : lead < 0xF0 ? 2
             : lead < 0xF5 ? 3
                           : -1;
  if (more < 0 || in->end - in->at <= more)
    return syntax_error(in, "UTF-8");
  uint32_t code = more == 0 ? lead : lead & (0x3Fu >> more);
  for (int i = 1; i <= more; ++i) {
    if ((in->at[i] & 0xC0) != 0x80)
      return syntax_error(in, "UTF-8");
    code = code << 6 | (in->at[i] & 0x3Fu);
  }
  bool overlong = (more == 2 && code < 0x800) || (more == 3 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
    return syntax_error(in, "UTF-8");
  for (int i = 0; i <= more; ++i)
    put(out, in->at[i]);
  in->at += more + 1;
  return true;
}

static bool read_string(reader *in, sink *out) {
  if (!accept(in, '"'))
    return syntax_error(in, "a string");
  while (in->at < in->end && *in->at != '"') {
    if (*in->at < 0x20)
      return syntax_error(in, "no control character in a string");
    bool escaped = *in->at == '\\';
    in->at += escaped;
    if (!(escaped ? read_escape(in, out) : read_utf8(in, out)))
      return false;
  }
  return expect(in, '"');
}

// A string of which only the beginning is of interest.
static bool read_short_string(reader *in, char *text, size_t capacity) {
  sink out = {text, capacity - 1, 0};
  if (!read_string(in, &out))
    return false;
  text[out.length < capacity - 1 ? out.length : capacity - 1] = 0;
  return true;
}

static bool read_integer(reader *in, int64_t *out) {
  skip_space(in);
  const unsigned char *first = in->at;
  *out = 0;
  for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; ++in->at)
    if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, *in->at - '0', out))
      return syntax_error(in, "an integer below 2^63");
  bool zero_first = in->at - first > 1 && *first == '0';
  if (in->at == first || zero_first)
    return syntax_error(in, "an integer of 0 or more");
  return true;
}

static bool read_dtype(reader *in, weft_tensor *tensor) {
  static const char *const names[] = {"F64", "F32", "F16", "BF16", "I64", "I32", "I16",
                                      "I8",  "U64", "U32", "U16",  "U8",  "BOOL"};
  char text[16];
  if (!read_short_string(in, text, sizeof text))
    return false;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i)
    if (strcmp(text, names[i]) == 0) {
      tensor->dtype = (weft_dtype)i;
      return true;
    }
  tensor_error(in, "has an element type that Weft does not know: ");
  weft_more("'%s'", text);
  return false;
}

static bool read_shape(reader *in, weft_tensor *tensor, int64_t dims[WEFT_MAX_RANK]) {
  if (!expect(in, '['))
    return false;
  if (accept(in, ']'))
    return true;
  do {
    if (tensor->rank == WEFT_MAX_RANK)
      return tensor_error(in, "has more than 32 dimensions");
    if (!read_integer(in, &dims[tensor->rank++]))
      return false;
  } while (accept(in, ','));
  return expect(in, ']');
}

static bool read_offsets(reader *in) {
  int64_t begin, end;
  if (!expect(in, '[') || !read_integer(in, &begin) || !expect(in, ',') ||
      !read_integer(in, &end) || !expect(in, ']'))
    return false;
  in->begin_byte = (uint64_t)begin;
  in->end_byte = (uint64_t)end;
  return true;
}

static bool check_extent(reader *in, weft_tensor *tensor, const int64_t *dims) {
  if (!weft_byte_size((int32_t)tensor->dtype, tensor->rank, dims, &tensor->size))
    return tensor_error(in, "has a shape of more than 2^63 bytes");
  if (in->begin_byte > in->end_byte || in->end_byte - in->begin_byte != tensor->size) {
    tensor_error(in, "is ");
    weft_more_type((int32_t)tensor->dtype, tensor->rank, dims);
    weft_more(" and needs %llu bytes, but its data_offsets are [%llu, %llu]",
              (unsigned long long)tensor->size, (unsigned long long)in->begin_byte,
              (unsigned long long)in->end_byte);
    return false;
  }
  if (in->end_byte > in->data_size) {
    weft_fail(WEFT_BAD_WEIGHTS,
              "%s: the file is cut short: tensor '%s' ends at byte %llu of the data, but there are "
              "only %llu",
              in->label, in->name, (unsigned long long)in->end_byte,
              (unsigned long long)in->data_size);
    return false;
  }
  tensor->data = in->data + in->begin_byte;
  return true;
}

static bool check_booleans(reader *in, const weft_tensor *tensor) {
  const unsigned char *bytes = tensor->data;
  for (uint64_t i = 0; tensor->dtype == WEFT_BOOL && i < tensor->size; ++i)
    if (bytes[i] > 1)
      return tensor_error(in, "is of booleans, but has a byte other than 0 and 1");
  return true;
}

// The value of one field of a tensor; `seen` has a bit for each of the three.
static bool read_field(reader *in, weft_tensor *tensor, int64_t *dims, unsigned *seen) {
  static const char *const names[] = {"dtype", "shape", "data_offsets"};
  char name[16];
  if (!read_short_string(in, name, sizeof name) || !expect(in, ':'))
    return false;
  unsigned field = 0;
  while (field < 3 && strcmp(name, names[field]) != 0)
    ++field;
  if (field == 3)
    return tensor_error(in, "has a field other than dtype, shape and data_offsets");
  if (*seen & 1u << field)
    return tensor_error(in, "has a field twice");
  *seen |= 1u << field;
  return field == 0   ? read_dtype(in, tensor)
         : field == 1 ? read_shape(in, tensor, dims)
                      : read_offsets(in);
}

static void store(reader *in, weft_tensor *tensor, const int64_t *dims, const sink *name) {
  if (in->tensors) {
    tensor->name = name->text;
    name->text[name->length] = 0;
    tensor->dims = memcpy(in->dims + in->dim_count, dims, sizeof *dims * (size_t)tensor->rank);
    in->tensors[in->tensor_count] = *tensor;
  }
  ++in->tensor_count;
  in->dim_count += tensor->rank;
  in->name_bytes += name->length + 1;
}

static bool read_tensor(reader *in, const sink *name) {
  weft_tensor tensor = {0};
  int64_t dims[WEFT_MAX_RANK];
  unsigned seen = 0;
  if (!expect(in, '{'))
    return false;
  do {
    if (!read_field(in, &tensor, dims, &seen))
      return false;
  } while (accept(in, ','));
  if (!expect(in, '}'))
    return false;
  if (seen != 7)
    return tensor_error(in, "lacks one of dtype, shape and data_offsets");
  if (!check_extent(in, &tensor, dims) || !check_booleans(in, &tensor))
    return false;
  store(in, &tensor, dims, name);
  return true;
}

// "__metadata__" holds strings only. They are checked and not kept.
static bool read_metadata(reader *in) {
  if (!expect(in, '{'))
    return false;
  if (accept(in, '}'))
    return true;
  do {
    sink ignored = {0};
    if (!read_string(in, &ignored) || !expect(in, ':') || !read_string(in, &ignored))
      return false;
  } while (accept(in, ','));
  return expect(in, '}');
}

// A name goes to the short buffer for messages and, in the second pass, to its final place.
static bool read_member(reader *in) {
  const unsigned char *start = in->at;
  if (!read_short_string(in, in->name, sizeof in->name))
    return false;
  in->at = start;
  sink name = {in->names ? in->names + in->name_bytes : NULL, in->name_capacity - in->name_bytes,
               0};
  if (!in->names)
    name.capacity = 0;
  if (!read_string(in, &name) || !expect(in, ':'))
    return false;
  return strcmp(in->name, "__metadata__") == 0 ? read_metadata(in) : read_tensor(in, &name);
}

static bool read_header(reader *in) {
  in->at = in->header;
  in->tensor_count = in->dim_count = 0;
  in->name_bytes = 0;
  if (in->at >= in->end || *in->at != '{')
    return syntax_error(in, "'{'");
  ++in->at;
  if (!accept(in, '}')) {
    do {
      if (!read_member(in))
        return false;
    } while (accept(in, ','));
    if (!expect(in, '}'))
      return false;
  }
  skip_space(in);
  return in->at == in->end || syntax_error(in, "spaces up to the header's end");
}

// One allocation for tensors, dims and names, in order of falling alignment.
static bool allocate_tables(reader *in) {
  size_t tensors = sizeof(weft_tensor) * (size_t)in->tensor_count;
  size_t dims = sizeof(int64_t) * (size_t)in->dim_count;
  in->tensors = weft_allocate(tensors + dims + in->name_bytes);
  if (!in->tensors) {
    weft_fail(WEFT_OUT_OF_MEMORY, "%s: no memory for the list of its tensors", in->label);
    return false;
  }
  in->dims = (int64_t *)(in->tensors + in->tensor_count);
  in->names = (char *)(in->dims + in->dim_count);
  in->name_capacity = in->name_bytes;
  return true;
}

static int by_place(const void *a, const void *b) {
  const weft_tensor *left = a, *right = b;
  if (left->data != right->data)
    return (const char *)left->data < (const char *)right->data ? -1 : 1;
  return left->size < right->size ? -1 : left->size > right->size;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const weft_tensor *)a)->name, ((const weft_tensor *)b)->name);
}

// The tensors must cover the data exactly: no hole, no overlap, nothing after the last.
static bool check_places(reader *in) {
  qsort(in->tensors, (size_t)in->tensor_count, sizeof *in->tensors, by_place);
  uint64_t covered = 0;
  for (int64_t i = 0; i < in->tensor_count; ++i) {
    const weft_tensor *tensor = &in->tensors[i];
    uint64_t begin = (uint64_t)((const unsigned char *)tensor->data - in->data);
    if (begin != covered) {
      weft_fail(WEFT_BAD_WEIGHTS,
                "%s: tensor '%s' begins at byte %llu of the data, but what comes before it ends at "
                "%llu",
                in->label, tensor->name, (unsigned long long)begin, (unsigned long long)covered);
      return false;
    }
    covered += tensor->size;
  }
  if (covered != in->data_size) {
    weft_fail(WEFT_BAD_WEIGHTS, "%s: %llu bytes of data, but the tensors end at %llu", in->label,
              (unsigned long long)in->data_size, (unsigned long long)covered);
    return false;
  }
  return true;
}

static bool check_names(reader *in) {
  qsort(in->tensors, (size_t)in->tensor_count, sizeof *in->tensors, by_name);
  for (int64_t i = 1; i < in->tensor_count; ++i)
    if (by_name(&in->tensors[i - 1], &in->tensors[i]) == 0) {
      weft_fail(WEFT_BAD_WEIGHTS, "%s: two tensors have the name '%s'", in->label,
                in->tensors[i].name);
      return false;
    }
  return true;
}

static bool find_header(reader *in, const unsigned char *bytes, uint64_t size) {
  uint64_t length = 0;
  for (int i = 0; i < LENGTH_BYTES && size >= LENGTH_BYTES; ++i)
    length |= (uint64_t)bytes[i] << (8 * i);
  if (size < LENGTH_BYTES)
    weft_fail(WEFT_BAD_WEIGHTS, "%s: not a safetensors file: %llu bytes, but its head has 8",
              in->label, (unsigned long long)size);
  else if (length > MAX_HEADER_BYTES)
    weft_fail(
        WEFT_BAD_WEIGHTS,
        "%s: not a safetensors file: a header of %llu bytes, but at most 100000000 are allowed",
        in->label, (unsigned long long)length);
  else if (length > size - LENGTH_BYTES)
    weft_fail(WEFT_BAD_WEIGHTS,
              "%s: the file is cut short: a header of %llu bytes, but only %llu follow", in->label,
              (unsigned long long)length, (unsigned long long)(size - LENGTH_BYTES));
  else {
    in->header = bytes + LENGTH_BYTES;
    in->end = in->data = in->header + length;
    in->data_size = size - LENGTH_BYTES - length;
    return true;
  }
  return false;
}

weft_status weft_safetensors_parse(const void *bytes, uint64_t size, const char *label,
                                   weft_safetensors *out) {
  *out = (weft_safetensors){.bytes = bytes, .size = size};
  reader in = {.label = label};
  if (!find_header(&in, bytes, size) || !read_header(&in))
    return WEFT_BAD_WEIGHTS;
  if (!allocate_tables(&in))
    return WEFT_OUT_OF_MEMORY;
  if (!read_header(&in) || !check_places(&in) || !check_names(&in)) {
    free(in.tensors);
    return WEFT_BAD_WEIGHTS;
  }
  out->tensors = in.tensors;
  out->count = in.tensor_count;
  return WEFT_OK;
}

static weft_status file_error(const char *path, int error) {
  return weft_fail(WEFT_BAD_WEIGHTS, "%s: %s", path, strerror(error));
}

// Maps a regular file. An empty one cannot be mapped and is left as NULL with size 0.
static weft_status map_file(const char *path, const void **bytes, uint64_t *size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return file_error(path, errno);
  struct stat info;
  weft_status status = WEFT_OK;
  void *map = NULL;
  if (fstat(file, &info) != 0)
    status = file_error(path, errno);
  else if (!S_ISREG(info.st_mode))
    status = weft_fail(WEFT_BAD_WEIGHTS, "%s: not a regular file", path);
  else if (info.st_size > 0)
    map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  if (map == MAP_FAILED)
    status = file_error(path, errno);
  close(file);
  *bytes = map;
  *size = status == WEFT_OK ? (uint64_t)info.st_size : 0;
  if (*size > 0)
    weft_want_large_pages(map, *size);
  return status;
}

weft_status weft_safetensors_open(const char *path, weft_safetensors *out) {
  *out = (weft_safetensors){0};
  const void *bytes = NULL;
  uint64_t size = 0;
  weft_status status = map_file(path, &bytes, &size);
  if (status != WEFT_OK)
    return status;
  status = weft_safetensors_parse(bytes, size, path, out);
  if (status != WEFT_OK && size > 0)
    munmap((void *)bytes, size);
  if (status != WEFT_OK)
    *out = (weft_safetensors){0};
  out->mapped = status == WEFT_OK;
  return status;
}

const weft_tensor *weft_safetensors_find(const weft_safetensors *file, const char *name) {
  const weft_tensor key = {.name = name};
  return file->count == 0 ? NULL
                          : bsearch(&key, file->tensors, (size_t)file->count, sizeof key, by_name);
}

void weft_safetensors_close(weft_safetensors *file) {
  free((void *)file->tensors);
  if (file->mapped)
    munmap((void *)file->bytes, file->size);
  *file = (weft_safetensors){0};
}
