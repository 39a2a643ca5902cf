// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the runtime takes from the system, counted: one arena at open, nothing in a call, all of it
// given back; and each thing it asks for refused in turn, which must end in a status and no leak.
// The linker sends these functions through the counters below (--wrap in CMakeLists.txt).
#include "test/runtime/Inputs/Tiny.h"
#include "test/runtime/Support.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace weft::test;

namespace {

/// What happened since the last reset().
struct Ledger {
  std::atomic<int> requests{0};    // memory, mappings and files asked for
  std::atomic<int> allocations{0}; // memory only
  std::atomic<int> held{0};        // granted and not given back
  std::atomic<int> threads{0};     // pthread_create() calls
  std::atomic<size_t> large{0};    // bytes that large pages were asked for
  std::atomic<int> refuse{-1};     // number of the request to refuse
  std::atomic<int> threadsGranted{1000};
} ledger;

void reset(int refuse = -1, int threadsGranted = 1000) {
  ledger.requests = ledger.allocations = ledger.held = ledger.threads = 0;
  ledger.refuse = refuse;
  ledger.threadsGranted = threadsGranted;
}

bool granted() { return ledger.requests++ != ledger.refuse; }

} // namespace

extern "C" void *weft_allocate(uint64_t size_bytes); // Of runtime/Internal.h, which is C.

// NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names.
extern "C" {
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void __real_free(void *memory);
void *__real_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void *address, size_t size);
int __real_madvise(void *address, size_t size, int advice);
int __real_open(const char *path, int flags, ...);
ssize_t __real_write(int file, const void *data, size_t size);
int __real_fsync(int file);
int __real_rename(const char *from, const char *to);
int __real_close(int file);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  ledger.allocations++;
  void *memory = granted() ? __real_aligned_alloc(alignment, size) : nullptr;
  ledger.held += memory != nullptr;
  return memory;
}

void *__wrap_malloc(size_t size) {
  ledger.allocations++;
  void *memory = granted() ? __real_malloc(size) : nullptr;
  ledger.held += memory != nullptr;
  return memory;
}

void *__wrap_calloc(size_t count, size_t size) {
  ledger.allocations++;
  void *memory = granted() ? __real_calloc(count, size) : nullptr;
  ledger.held += memory != nullptr;
  return memory;
}

void *__wrap_realloc(void *memory, size_t size) {
  ledger.allocations++;
  void *grown = granted() ? __real_realloc(memory, size) : nullptr;
  ledger.held += !memory && grown;
  return grown;
}

char *__wrap_strdup(const char *text) {
  char *copy = granted() ? __real_strdup(text) : nullptr;
  ledger.held += copy != nullptr;
  return copy;
}

char *__wrap_strndup(const char *text, size_t size) {
  char *copy = granted() ? __real_strndup(text, size) : nullptr;
  ledger.held += copy != nullptr;
  return copy;
}

void __wrap_free(void *memory) {
  ledger.held -= memory != nullptr;
  __real_free(memory);
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
  errno = ENOMEM;
  void *map = granted() ? __real_mmap(address, size, protection, flags, file, offset) : MAP_FAILED;
  ledger.held += map != MAP_FAILED;
  return map;
}

int __wrap_munmap(void *address, size_t size) {
  ledger.held--;
  return __real_munmap(address, size);
}

int __wrap_madvise(void *address, size_t size, int advice) {
  if (advice == MADV_HUGEPAGE)
    ledger.large += size;
  return __real_madvise(address, size, advice);
}

int __wrap_open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  unsigned mode = flags & O_CREAT ? va_arg(more, unsigned) : 0;
  va_end(more);
  errno = EMFILE;
  int file = granted() ? __real_open(path, flags, mode) : -1;
  ledger.held += file >= 0;
  return file;
}

int __wrap_close(int file) {
  ledger.held--;
  return __real_close(file);
}

/// Writes a part of what was asked for, as a system may.
ssize_t __wrap_write(int file, const void *data, size_t size) {
  errno = ENOSPC;
  return granted() ? __real_write(file, data, size > 100 ? 100 : size) : -1;
}

int __wrap_fsync(int file) {
  errno = EIO;
  return granted() ? __real_fsync(file) : -1;
}

int __wrap_rename(const char *from, const char *to) {
  errno = EACCES;
  return granted() ? __real_rename(from, to) : -1;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument) {
  if (ledger.threads++ >= ledger.threadsGranted)
    return EAGAIN;
  return __real_pthread_create(thread, attributes, run, argument);
}
}
// NOLINTEND(bugprone-reserved-identifier)

namespace {

/// Weights at odd addresses, so that the copies are allocated too.
std::string misalignedWeights() {
  std::string file = tinyWeights();
  file[0]++;
  file.insert(file.size() - 40, " ");
  return file;
}

weft_status predict(weft_model *model, int64_t n, float *image, float *probability) {
  void *arguments[] = {image, probability};
  return weft_invoke(model, TINY_PREDICT, &n, arguments);
}

TEST(Memory, open_takes_and_close_gives_back) {
  TemporaryFile file(tinyWeights());
  weft_options options = {file.path(), 3, 0};
  weft_model *model = nullptr;
  reset();
  weft_status status = weft_open_model(&tiny_descriptor, &options, &model);
  int allocations = ledger.allocations, threads = ledger.threads;
  weft_close(model);
  int held = ledger.held;
  ASSERT_EQ(status, WEFT_OK) << weft_message();
  // The list of tensors, the pointers to them, the derived tensors, the handle, the arena; then for
  // the function that derives, its arena and the pointers to what it reads.
  EXPECT_EQ(allocations, 7);
  EXPECT_EQ(threads, 2);
  EXPECT_EQ(held, 0);
}

TEST(Memory, large_pages_are_asked_for_where_half_of_one_is_used) {
  constexpr uint64_t largePage = 2 << 20;
  for (auto [pages, rest, large] : {std::array<uint64_t, 3>{0, 4096, 0},
                                    {0, largePage / 2, 1},
                                    {1, 4096, 1},
                                    {1, largePage - 4096, 2},
                                    {5, largePage / 2 - 64, 5},
                                    {5, largePage / 2, 6}}) {
    ledger.large = 0;
    uint64_t bytes = pages * largePage + rest;
    char *memory = static_cast<char *>(weft_allocate(bytes));
    ASSERT_NE(memory, nullptr);
    memory[0] = memory[bytes - 1] = 1;
    EXPECT_EQ(ledger.large, large * largePage);
    if (large > 0) {
      EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % largePage, 0u);
    }
    free(memory);
  }
}

TEST(Memory, one_thread_starts_none) {
  weft_options options = {nullptr, 1, 0};
  weft_model *model = nullptr;
  reset();
  EXPECT_EQ(weft_open_model(&tiny_embedded_descriptor, &options, &model), WEFT_OK);
  EXPECT_EQ(ledger.threads, 0);
  weft_close(model);
}

TEST(Memory, no_allocation_in_call) {
  weft_options options = {nullptr, 2, 0};
  weft_model *model = nullptr;
  ASSERT_EQ(weft_open_model(&tiny_embedded_descriptor, &options, &model), WEFT_OK);
  std::vector<float> image(3000, 1.0f), probability(2000);
  int64_t n = 1000;
  ASSERT_EQ(weft_reserve(model, TINY_PREDICT, &n), WEFT_OK);
  int64_t dims[2] = {7, 3}, resultDims[2] = {7, 2};
  weft_array in = {"image", WEFT_F32, 2, dims, image.data(), image.size() * 4};
  weft_array out = {"probability", WEFT_F32,           2,
                    resultDims,    probability.data(), probability.size() * 4};
  reset();
  bool good = true;
  for (int64_t rows : {1, 1000, 0, 64, 7})
    good &= predict(model, rows, image.data(), probability.data()) == WEFT_OK;
  good &= weft_call(model, "predict", &in, 1, &out, 1) == WEFT_OK;
  int requests = ledger.requests;
  weft_close(model);
  EXPECT_TRUE(good) << weft_message();
  EXPECT_EQ(requests, 0);
}

TEST(Memory, larger_call_allocates_once) {
  weft_options options = {nullptr, 1, 0};
  weft_model *model = nullptr;
  ASSERT_EQ(weft_open_model(&tiny_embedded_descriptor, &options, &model), WEFT_OK);
  std::vector<float> image(3000, 1.0f), probability(2000);
  reset();
  bool good = predict(model, 1000, image.data(), probability.data()) == WEFT_OK &&
              predict(model, 999, image.data(), probability.data()) == WEFT_OK;
  int requests = ledger.requests;
  weft_close(model);
  EXPECT_TRUE(good) << weft_message();
  EXPECT_EQ(requests, 1);
}

TEST(Memory, refused_arena_leaves_handle_usable) {
  weft_options options = {nullptr, 1, 0};
  weft_model *model = nullptr;
  ASSERT_EQ(weft_open_model(&tiny_embedded_descriptor, &options, &model), WEFT_OK);
  std::vector<float> image(3000, 1.0f), probability(2000, -1.0f);
  reset(0);
  weft_status refused = predict(model, 1000, image.data(), probability.data());
  std::string message = weft_message();
  reset();
  EXPECT_EQ(refused, WEFT_OUT_OF_MEMORY);
  EXPECT_EQ(message, "predict: no memory for 8000 bytes of intermediate results with N = 1000");
  EXPECT_EQ(probability[0], -1.0f);
  EXPECT_EQ(predict(model, 1, image.data(), probability.data()), WEFT_OK) << weft_message();
  EXPECT_EQ(probability[0], 19);
  EXPECT_EQ(predict(model, 1000, image.data(), probability.data()), WEFT_OK);
  weft_close(model);
}

TEST(Memory, each_request_of_open_refused) {
  TemporaryFile file(misalignedWeights());
  weft_options options = {file.path(), 2, 0};
  int refused = 0;
  for (;; ++refused) {
    weft_model *model = nullptr;
    reset(refused);
    weft_status status = weft_open_model(&tiny_descriptor, &options, &model);
    int held = ledger.held;
    if (status == WEFT_OK) {
      weft_close(model);
      EXPECT_EQ(ledger.held, 0);
      reset();
      break;
    }
    reset();
    EXPECT_TRUE(status == WEFT_OUT_OF_MEMORY || status == WEFT_BAD_WEIGHTS) << refused;
    EXPECT_EQ(model, nullptr);
    EXPECT_EQ(held, 0) << refused << ": " << weft_message();
    EXPECT_STRNE(weft_message(), "");
  }
  // The file, its map, the list of tensors, the pointers and copies, the derived tensors, the
  // handle, the arena; for the function that derives, its arena and the pointers to what it reads.
  EXPECT_EQ(refused, 9);
}

TEST(Memory, each_request_of_share_refused) {
  weft_model *first = nullptr;
  ASSERT_EQ(weft_open_model(&tiny_embedded_descriptor, nullptr, &first), WEFT_OK);
  for (int refused : {0, 1}) {
    weft_model *second = nullptr;
    reset(refused);
    weft_status status = weft_share(first, &second);
    int held = ledger.held;
    reset();
    EXPECT_EQ(status, WEFT_OUT_OF_MEMORY);
    EXPECT_EQ(second, nullptr);
    EXPECT_EQ(held, 0);
  }
  float image[3] = {1, 1, 1}, probability[2];
  EXPECT_EQ(predict(first, 1, image, probability), WEFT_OK);
  weft_close(first);
}

/// Whatever fails while a file is written, the one that was there stays, and nothing is left
/// beside.
TEST(Memory, each_request_of_save_refused) {
  weft_model *model = nullptr;
  ASSERT_EQ(weft_open_model(&tiny_embedded_descriptor, nullptr, &model), WEFT_OK);
  TemporaryFile file("what was there");
  std::string beside = file.path() + std::string(".") + std::to_string(getpid()) + ".part";
  int refused = 0;
  for (;; ++refused) {
    reset(refused);
    weft_status status = weft_save(model, file.path());
    int held = ledger.held;
    reset();
    EXPECT_EQ(held, 0) << refused;
    EXPECT_NE(access(beside.c_str(), F_OK), 0) << refused;
    if (status == WEFT_OK)
      break;
    EXPECT_TRUE(status == WEFT_OUT_OF_MEMORY || status == WEFT_BAD_ARGUMENT) << refused;
    EXPECT_EQ(bytesOfFile(file.path()), "what was there") << refused;
  }
  // Memory for the header and the name, the file, each part of it, the disk, the name.
  EXPECT_GT(refused, 8);
  weft_close(model);
  weft_options options = {file.path(), 1, 0};
  ASSERT_EQ(weft_open_model(&tiny_descriptor, &options, &model), WEFT_OK) << weft_message();
  weft_close(model);
}

TEST(Memory, fewer_threads_than_asked) {
  for (int threads : {0, 1, 2}) {
    weft_options options = {nullptr, 8, 0};
    weft_model *model = nullptr;
    reset(-1, threads);
    weft_status status = weft_open_model(&tiny_embedded_descriptor, &options, &model);
    reset();
    ASSERT_EQ(status, WEFT_OK) << weft_message();
    std::vector<float> image(3000, 1.0f), probability(2000);
    EXPECT_EQ(predict(model, 1000, image.data(), probability.data()), WEFT_OK);
    EXPECT_EQ(probability[1998], 19);
    weft_close(model);
  }
}

} // namespace
