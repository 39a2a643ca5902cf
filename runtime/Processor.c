// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether this processor can run the model's code: in, the features that the compiler was allowed
// to use; out, the first that is missing here. Without this a model from a newer machine would die
// of an illegal instruction in its first call.
#include "runtime/Internal.h"

#include <string.h>

#if defined(__x86_64__)

#include <cpuid.h>

enum { EAX, EBX, ECX, EDX };

// What the system must save for the feature's registers, as bits of XCR0.
enum { NO_STATE = 0, AVX_STATE = 0x06, AVX512_STATE = 0xE6 };

// Where CPUID shows a feature. Names are LLVM's. Source: Intel 64 and IA-32 Software Developer's
// Manual, volume 2, CPUID; AMD64 Programmer's Manual, volume 3, appendix E for leaf 0x80000001.
static const struct feature {
  const char *name;
  uint32_t leaf, subleaf, reg, bit, state;
} features[] = {
    {"sse3", 1, 0, ECX, 0, NO_STATE},
    {"pclmul", 1, 0, ECX, 1, NO_STATE},
    {"ssse3", 1, 0, ECX, 9, NO_STATE},
    {"fma", 1, 0, ECX, 12, AVX_STATE},
    {"sse4.1", 1, 0, ECX, 19, NO_STATE},
    {"sse4.2", 1, 0, ECX, 20, NO_STATE},
    {"movbe", 1, 0, ECX, 22, NO_STATE},
    {"popcnt", 1, 0, ECX, 23, NO_STATE},
    {"aes", 1, 0, ECX, 25, NO_STATE},
    {"avx", 1, 0, ECX, 28, AVX_STATE},
    {"f16c", 1, 0, ECX, 29, AVX_STATE},
    {"bmi", 7, 0, EBX, 3, NO_STATE},
    {"avx2", 7, 0, EBX, 5, AVX_STATE},
    {"bmi2", 7, 0, EBX, 8, NO_STATE},
    {"avx512f", 7, 0, EBX, 16, AVX512_STATE},
    {"avx512dq", 7, 0, EBX, 17, AVX512_STATE},
    {"avx512ifma", 7, 0, EBX, 21, AVX512_STATE},
    {"avx512cd", 7, 0, EBX, 28, AVX512_STATE},
    {"avx512bw", 7, 0, EBX, 30, AVX512_STATE},
    {"avx512vl", 7, 0, EBX, 31, AVX512_STATE},
    {"avx512vbmi", 7, 0, ECX, 1, AVX512_STATE},
    {"avx512vbmi2", 7, 0, ECX, 6, AVX512_STATE},
    {"gfni", 7, 0, ECX, 8, NO_STATE},
    {"vaes", 7, 0, ECX, 9, AVX_STATE},
    {"vpclmulqdq", 7, 0, ECX, 10, AVX_STATE},
    {"avx512vnni", 7, 0, ECX, 11, AVX512_STATE},
    {"avx512bitalg", 7, 0, ECX, 12, AVX512_STATE},
    {"avx512vpopcntdq", 7, 0, ECX, 14, AVX512_STATE},
    {"avx512fp16", 7, 0, EDX, 23, AVX512_STATE},
    {"avxvnni", 7, 1, EAX, 4, AVX_STATE},
    {"avx512bf16", 7, 1, EAX, 5, AVX512_STATE},
    {"lzcnt", 0x80000001, 0, ECX, 5, NO_STATE},
    {"sse4a", 0x80000001, 0, ECX, 6, NO_STATE},
    {"xop", 0x80000001, 0, ECX, 11, AVX_STATE},
    {"fma4", 0x80000001, 0, ECX, 16, AVX_STATE},
};

// The registers that the system saves when it switches threads.
static uint32_t saved_state(void) {
  uint32_t regs[4];
  if (!__get_cpuid(1, &regs[EAX], &regs[EBX], &regs[ECX], &regs[EDX]) || !(regs[ECX] & bit_OSXSAVE))
    return 0;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static bool has(const struct feature *wanted) {
  uint32_t regs[4];
  return __get_cpuid_count(wanted->leaf, wanted->subleaf, &regs[EAX], &regs[EBX], &regs[ECX],
                           &regs[EDX]) &&
         regs[wanted->reg] >> wanted->bit & 1 &&
         (wanted->state == NO_STATE || (saved_state() & wanted->state) == wanted->state);
}

static bool lacks(const char *name, size_t length) {
  for (size_t i = 0; i < sizeof features / sizeof features[0]; ++i)
    if (strncmp(name, features[i].name, length) == 0 && features[i].name[length] == 0)
      return !has(&features[i]);
  return false;
}

#else

// Elsewhere models are compiled for what every processor of the family has.
static bool lacks(const char *name, size_t length) {
  (void)name, (void)length;
  return false;
}

#endif

size_t weft_missing_feature(const char *list, const char **missing) {
  while (*list) {
    size_t length = strcspn(list, ",");
    if (lacks(list, length)) {
      *missing = list;
      return length;
    }
    list += length + (list[length] == ',');
  }
  return 0;
}
