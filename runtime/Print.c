// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers as text, both ways: scalars from the command line, results to the terminal.
#include "runtime/Print.h"
#include "runtime/Internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PRINTED = 1000 };

static bool is_signed(weft_dtype dtype) { return dtype >= WEFT_I64 && dtype <= WEFT_I8; }

static bool is_unsigned(weft_dtype dtype) { return dtype >= WEFT_U64 && dtype <= WEFT_U8; }

// The text must be all number: strtod and its like set `end` behind what they understood.
static bool all_read(const char *text, const char *end) {
  return end != text && *end == 0 && errno == 0;
}

static bool parse_signed(const char *text, size_t size, void *out) {
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  long long limit = (long long)(UINT64_MAX >> (64 - 8 * size + 1));
  if (!all_read(text, end) || value > limit || value < -limit - 1)
    return false;
  // Little-endian: the low bytes come first.
  memcpy(out, &value, size);
  return true;
}

static bool parse_unsigned(const char *text, size_t size, void *out) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (!all_read(text, end) || strchr(text, '-') || value > UINT64_MAX >> (64 - 8 * size))
    return false;
  memcpy(out, &value, size);
  return true;
}

static bool parse_float(const char *text, weft_dtype dtype, void *out) {
  char *end;
  errno = 0;
  double wide = strtod(text, &end);
  float narrow = (float)wide;
  if (!all_read(text, end))
    return false;
  memcpy(out, dtype == WEFT_F64 ? (void *)&wide : (void *)&narrow, weft_dtype_size(dtype));
  return true;
}

static bool parse_bool(const char *text, void *out) {
  bool value = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
  memcpy(out, &value, 1);
  return value || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

static bool parse_value(const char *text, weft_dtype dtype, void *out) {
  size_t size = weft_dtype_size(dtype);
  if (is_signed(dtype))
    return parse_signed(text, size, out);
  if (is_unsigned(dtype))
    return parse_unsigned(text, size, out);
  if (dtype == WEFT_BOOL)
    return parse_bool(text, out);
  return (dtype == WEFT_F64 || dtype == WEFT_F32) && parse_float(text, dtype, out);
}

bool weft_parse_number(const char *text, weft_dtype dtype, weft_array *out) {
  uint64_t value = 0;
  if (!parse_value(text, dtype, &value))
    return false;
  void *data = weft_allocate(sizeof value);
  if (!data)
    return false;
  memcpy(data, &value, sizeof value);
  *out = (weft_array){NULL, dtype, 0, NULL, data, weft_dtype_size(dtype)};
  return true;
}

// IEEE binary16 without the help of a compiler's library: sign, 5 bits exponent, 10 bits fraction.
static double from_f16(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double size = exponent == 31  ? (fraction ? NAN : INFINITY)
                : exponent == 0 ? ldexp(fraction, -24)
                                : ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 ? -size : size;
}

static double from_bf16(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return (double)value;
}

static void print_float(weft_dtype dtype, const char *at) {
  double wide;
  float narrow;
  uint16_t half;
  // As many digits as bring back the same bits.
  if (dtype == WEFT_F64) {
    memcpy(&wide, at, sizeof wide);
    printf("%.17g", wide);
  } else if (dtype == WEFT_F32) {
    memcpy(&narrow, at, sizeof narrow);
    printf("%.9g", (double)narrow);
  } else {
    memcpy(&half, at, sizeof half);
    printf("%.5g", dtype == WEFT_F16 ? from_f16(half) : from_bf16(half));
  }
}

static void print_element(weft_dtype dtype, const char *at) {
  size_t size = weft_dtype_size(dtype);
  uint64_t bits = 0;
  memcpy(&bits, at, size);
  unsigned unused = (unsigned)(64 - 8 * size);
  if (is_signed(dtype))
    printf("%lld", (long long)((int64_t)(bits << unused) >> unused));
  else if (is_unsigned(dtype))
    printf("%llu", (unsigned long long)bits);
  else if (dtype == WEFT_BOOL)
    printf("%s", bits ? "true" : "false");
  else
    print_float(dtype, at);
}

static void print_type(const weft_array *array) {
  printf("%s", weft_dtype_name(array->dtype));
  for (int32_t i = 0; i < array->rank; ++i)
    printf("%s%lld", i == 0 ? "[" : ", ", (long long)array->dims[i]);
  printf(array->rank > 0 ? "]\n" : "\n");
}

void weft_print_array(const weft_array *array, const char *name) {
  size_t size = weft_dtype_size(array->dtype);
  int64_t count = (int64_t)(array->size / size);
  int64_t row = array->rank > 0 ? array->dims[array->rank - 1] : 1;
  printf("%s: ", name);
  print_type(array);
  for (int64_t i = 0; i < count && i < MAX_PRINTED; ++i) {
    print_element(array->dtype, (const char *)array->data + (size_t)i * size);
    printf((i + 1) % row == 0 ? "\n" : " ");
  }
  if (count > MAX_PRINTED)
    printf("... and %lld more: -o %s=FILE.npy writes all\n", (long long)(count - MAX_PRINTED),
           name);
}
