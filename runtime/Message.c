// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Errors as a status and one line of text for each thread, element types by name and size, and the
// one way to allocate memory.
#include "runtime/Internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct message {
  size_t length;
  char text[1024];
} message;

static _Thread_local message last;

const char *weft_message(void) { return last.text; }

// Marks that the text was cut, without leaving half of a UTF-8 character before the mark.
static void end_with_dots(void) {
  size_t end = sizeof last.text - sizeof "...";
  while (end > 0 && ((unsigned char)last.text[end] & 0xC0) == 0x80)
    --end;
  memcpy(last.text + end, "...", sizeof "...");
  last.length = sizeof last.text;
}

// Names come from files and callers: a control character in one must not break the line.
static void hide_controls(size_t begin) {
  for (size_t i = begin; i < last.length; ++i)
    if ((unsigned char)last.text[i] < 0x20 || last.text[i] == 0x7F)
      last.text[i] = '?';
}

static void append(const char *format, va_list values) {
  size_t begin = last.length;
  if (begin >= sizeof last.text)
    return;
  size_t room = sizeof last.text - begin;
  int needed = vsnprintf(last.text + begin, room, format, values);
  bool cut = needed < 0 || (size_t)needed >= room;
  last.length = cut ? sizeof last.text - 1 : begin + (size_t)needed;
  hide_controls(begin);
  if (cut)
    end_with_dots();
}

weft_status weft_fail(weft_status status, const char *format, ...) {
  last.length = 0;
  va_list values;
  va_start(values, format);
  append(format, values);
  va_end(values);
  return status;
}

void weft_more(const char *format, ...) {
  va_list values;
  va_start(values, format);
  append(format, values);
  va_end(values);
}

void weft_more_type(int32_t dtype, int32_t rank, const int64_t *dims) {
  weft_more("%s", weft_dtype_name((weft_dtype)dtype));
  for (int32_t i = 0; i < rank; ++i)
    weft_more("%s%lld", i == 0 ? "[" : ", ", (long long)dims[i]);
  if (rank > 0)
    weft_more("]");
}

void weft_more_symbols(const weft_export *function, const int64_t *symbols) {
  for (int32_t i = 0; i < function->symbol_count; ++i)
    weft_more("%s%s = %lld", i == 0 ? " with " : ", ", function->symbols[i], (long long)symbols[i]);
}

static const struct {
  const char *name;
  size_t size;
} types[] = {{"f64", 8}, {"f32", 4}, {"f16", 2}, {"bf16", 2}, {"i64", 8}, {"i32", 4}, {"i16", 2},
             {"i8", 1},  {"u64", 8}, {"u32", 4}, {"u16", 2},  {"u8", 1},  {"bool", 1}};

static bool is_type(weft_dtype dtype) { return (uint32_t)dtype < sizeof types / sizeof types[0]; }

const char *weft_dtype_name(weft_dtype dtype) { return is_type(dtype) ? types[dtype].name : "?"; }

size_t weft_dtype_size(weft_dtype dtype) { return is_type(dtype) ? types[dtype].size : 0; }

bool weft_add_aligned(uint64_t *total, uint64_t size_bytes) {
  uint64_t sum;
  if (__builtin_add_overflow(*total, size_bytes, &sum) || sum > INT64_MAX - WEFT_ARENA_ALIGNMENT)
    return false;
  *total = (sum + WEFT_ARENA_ALIGNMENT - 1) / WEFT_ARENA_ALIGNMENT * WEFT_ARENA_ALIGNMENT;
  return true;
}

void *weft_allocate(uint64_t size_bytes) {
  uint64_t rounded = 0;
  if (!weft_add_aligned(&rounded, size_bytes))
    return NULL;
  if (rounded == 0)
    rounded = WEFT_ARENA_ALIGNMENT;
  // What is left of half a large page or more gets a whole one.
  uint64_t whole = (rounded + WEFT_LARGE_PAGE / 2) / WEFT_LARGE_PAGE * WEFT_LARGE_PAGE;
  if (rounded < whole)
    rounded = whole;
  uint64_t alignment = whole > 0 ? WEFT_LARGE_PAGE : WEFT_ARENA_ALIGNMENT;
  void *memory = aligned_alloc(alignment, rounded);
  if (memory)
    weft_want_large_pages(memory, rounded);
  return memory;
}

void weft_want_large_pages(const void *memory, uint64_t size_bytes) {
#ifdef MADV_HUGEPAGE
  uint64_t whole = size_bytes / WEFT_LARGE_PAGE * WEFT_LARGE_PAGE;
  if (whole > 0)
    madvise((void *)memory, whole, MADV_HUGEPAGE);
#else
  (void)memory, (void)size_bytes;
#endif
}
