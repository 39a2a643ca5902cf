// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// .npy files: a magic string, a header that is a Python dictionary of three known keys, the data.
#include "runtime/Npy.h"
#include "runtime/Internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HEADER_BYTES = 65536 };

static const char magic[] = "\x93NUMPY";

// In the order of weft_dtype.
static const char *const descriptions[] = {"<f8", "<f4", "<f2", "<V2", "<i8", "<i4", "<i2",
                                           "|i1", "<u8", "<u4", "<u2", "|u1", "|b1"};

typedef struct header {
  const char *path;
  const char *at;
  weft_dtype dtype;
  bool fortran;
  int32_t rank;
  int64_t *dims;
} header;

static bool fail(const char *path, const char *fault) {
  weft_fail(WEFT_BAD_ARGUMENT, "%s: %s", path, fault);
  return false;
}

static bool accept(header *in, char token) {
  while (*in->at == ' ' || *in->at == '\n')
    ++in->at;
  if (*in->at != token)
    return false;
  ++in->at;
  return true;
}

static bool expect(header *in, char token) {
  if (accept(in, token))
    return true;
  weft_fail(WEFT_BAD_ARGUMENT, "%s: expected '%c' in the header of the .npy file", in->path, token);
  return false;
}

static bool read_word(header *in, char text[16]) {
  char quote = accept(in, '\'') ? '\'' : '"';
  if (quote == '"' && !expect(in, '"'))
    return false;
  size_t length = strcspn(in->at, "'\"");
  if (length > 15 || in->at[length] != quote)
    return fail(in->path, "the header of the .npy file has an unknown word");
  memcpy(text, in->at, length);
  text[length] = 0;
  in->at += length + 1;
  return true;
}

static bool read_dtype(header *in) {
  char text[16];
  if (!read_word(in, text))
    return false;
  if (text[0] == '>')
    return fail(in->path, "the data is big-endian: save it as little-endian");
  // One byte has no order, and "V2" is written with either mark.
  for (size_t i = 0; i < sizeof descriptions / sizeof descriptions[0]; ++i)
    if (strcmp(text + 1, descriptions[i] + 1) == 0 && (text[0] == '<' || text[0] == '|')) {
      in->dtype = (weft_dtype)i;
      return true;
    }
  fail(in->path, "elements of type");
  weft_more(" '%s' cannot be read", text);
  return false;
}

static bool read_order(header *in) {
  accept(in, ' ');
  in->fortran = strncmp(in->at, "True", 4) == 0;
  if (!in->fortran && strncmp(in->at, "False", 5) != 0)
    return fail(in->path, "'fortran_order' is neither True nor False");
  in->at += in->fortran ? 4 : 5;
  return true;
}

static bool read_size(header *in) {
  int64_t value = 0;
  const char *first = in->at;
  for (; *in->at >= '0' && *in->at <= '9'; ++in->at)
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_add_overflow(value, *in->at - '0', &value))
      return fail(in->path, "a size in the shape is beyond 2^63");
  if (in->at == first || in->rank == WEFT_MAX_RANK)
    return fail(in->path, "the shape is not a list of at most 32 sizes");
  in->dims[in->rank++] = value;
  return true;
}

static bool read_shape(header *in) {
  if (!expect(in, '('))
    return false;
  while (!accept(in, ')')) {
    if (!read_size(in))
      return false;
    if (!accept(in, ',') && *in->at != ')')
      return expect(in, ')');
  }
  return true;
}

static bool read_entry(header *in, unsigned *seen) {
  static const char *const names[] = {"descr", "fortran_order", "shape"};
  char name[16];
  if (!read_word(in, name) || !expect(in, ':'))
    return false;
  unsigned field = 0;
  while (field < 3 && strcmp(name, names[field]) != 0)
    ++field;
  if (field == 3 || *seen & 1u << field)
    return fail(in->path, "the header of the .npy file has a key that is unknown or there twice");
  *seen |= 1u << field;
  return field == 0 ? read_dtype(in) : field == 1 ? read_order(in) : read_shape(in);
}

static bool read_dictionary(header *in) {
  unsigned seen = 0;
  if (!expect(in, '{'))
    return false;
  while (!accept(in, '}')) {
    if (!read_entry(in, &seen))
      return false;
    if (!accept(in, ',') && *in->at != '}')
      return expect(in, '}');
  }
  if (seen != 7)
    return fail(in->path, "the header of the .npy file lacks descr, fortran_order or shape");
  if (in->fortran && in->rank > 1)
    return fail(in->path, "the array is in Fortran order: save numpy.ascontiguousarray() of it");
  return true;
}

// Reads what stands before the dictionary and gives the dictionary's length.
static bool read_preamble(FILE *file, const char *path, uint32_t *length) {
  unsigned char bytes[12] = {0};
  if (fread(bytes, 1, 8, file) != 8 || memcmp(bytes, magic, 6) != 0)
    return fail(path, "not a .npy file");
  if (bytes[6] < 1 || bytes[6] > 3)
    return fail(path, "a version of .npy that cannot be read: 1, 2 and 3 can");
  size_t width = bytes[6] == 1 ? 2 : 4;
  if (fread(bytes + 8, 1, width, file) != width)
    return fail(path, "the .npy file is cut short");
  *length =
      bytes[8] | (uint32_t)bytes[9] << 8 | (uint32_t)bytes[10] << 16 | (uint32_t)bytes[11] << 24;
  return *length <= MAX_HEADER_BYTES || fail(path, "the header of the .npy file is too long");
}

static bool read_header(FILE *file, header *in) {
  uint32_t length;
  if (!read_preamble(file, in->path, &length))
    return false;
  char *text = malloc((size_t)length + 1);
  if (!text)
    return fail(in->path, "no memory for the header");
  bool whole = fread(text, 1, length, file) == length;
  text[length] = 0;
  in->at = text;
  bool good = whole ? read_dictionary(in) : fail(in->path, "the .npy file is cut short");
  free(text);
  return good;
}

static bool read_data(FILE *file, const header *in, weft_array *out) {
  uint64_t size;
  if (!weft_byte_size((int32_t)in->dtype, in->rank, in->dims, &size))
    return fail(in->path, "the shape is of more than 2^63 bytes");
  unsigned char *data = weft_allocate(size);
  if (!data)
    return fail(in->path, "no memory for the array");
  bool exact = fread(data, 1, size, file) == size && fgetc(file) == EOF;
  if (!exact) {
    free(data);
    fail(in->path, "the file's length is not that of ");
    weft_more_type((int32_t)in->dtype, in->rank, in->dims);
    return false;
  }
  // NumPy calls any byte but 0 true; compiled code knows 0 and 1.
  for (uint64_t i = 0; in->dtype == WEFT_BOOL && i < size; ++i)
    data[i] = data[i] != 0;
  *out = (weft_array){NULL, in->dtype, in->rank, in->dims, data, size};
  return true;
}

weft_status weft_npy_read(const char *path, int64_t dims[WEFT_MAX_RANK], weft_array *out) {
  FILE *file = fopen(path, "rb");
  if (!file)
    return weft_fail(WEFT_BAD_ARGUMENT, "%s: %s", path, strerror(errno));
  header in = {.path = path, .dims = dims};
  bool good = read_header(file, &in) && read_data(file, &in, out);
  fclose(file);
  return good ? WEFT_OK : WEFT_BAD_ARGUMENT;
}

// Version 1 with the header padded so that the data begins at a multiple of 64 bytes.
static bool write_array(FILE *file, const weft_array *array) {
  char text[1024];
  int length = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                        descriptions[array->dtype]);
  for (int32_t i = 0; i < array->rank; ++i)
    length += snprintf(text + length, sizeof text - (size_t)length, "%lld,%s",
                       (long long)array->dims[i], i + 1 < array->rank ? " " : "");
  length += snprintf(text + length, sizeof text - (size_t)length, "), }");
  while ((10 + length + 1) % 64 != 0)
    text[length++] = ' ';
  text[length++] = '\n';
  unsigned char version[] = {1, 0, (unsigned char)(length & 0xFF), (unsigned char)(length >> 8)};
  return fwrite(magic, 1, 6, file) == 6 && fwrite(version, 1, 4, file) == 4 &&
         fwrite(text, 1, (size_t)length, file) == (size_t)length &&
         fwrite(array->data, 1, array->size, file) == array->size;
}

weft_status weft_npy_write(const char *path, const weft_array *array) {
  size_t length = strlen(path);
  char *aside = malloc(length + sizeof ".part");
  if (!aside)
    return weft_fail(WEFT_OUT_OF_MEMORY, "%s: no memory for its name", path);
  memcpy(aside, path, length);
  memcpy(aside + length, ".part", sizeof ".part");
  FILE *file = fopen(aside, "wb");
  bool good = file && write_array(file, array);
  int error = errno;
  if (file && fclose(file) != 0 && good) {
    good = false;
    error = errno;
  }
  if (good && rename(aside, path) != 0) {
    good = false;
    error = errno;
  }
  if (file && !good)
    remove(aside);
  free(aside);
  return good ? WEFT_OK : weft_fail(WEFT_BAD_ARGUMENT, "%s: %s", path, strerror(error));
}
