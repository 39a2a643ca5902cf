// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parallel loop: in, a body and a range; out, the body run once over every chunk of the range.
//
// The caller publishes a loop under a new generation and works on it like any worker. Each thread
// begins in a part of its own, so that what it left in its caches in one loop is there in the next,
// and then helps with the others. A chunk is claimed by one compare-and-swap on the ticket of its
// part, which holds generation and next chunk together. The caller waits until all chunks are done,
// not until all workers have come: one that is parked or late finds the chunks gone and never
// delays the loop. Between loops workers spin for a while, since the next loop of a call follows
// within microseconds, and then park in the kernel.
#define _GNU_SOURCE // NOLINT(bugprone-reserved-identifier): a switch of the C library
#include "runtime/Internal.h"

#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#ifdef WEFT_FUTEX
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

enum {
  MAX_THREADS = 256,
  // More chunks than threads, so that a thread the system takes away delays a small part only.
  CHUNKS_PER_THREAD = 8,
  // Longer than the pause between two calls of a busy program, short for an idle one's battery.
  SPIN_NS = 2000000,
  // Looks at a word between two looks at the clock.
  SPINS_PER_LOOK = 64,
};

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

#ifdef WEFT_FUTEX

static void sleep_while(weft_context *pool, uint32_t seen) {
  syscall(SYS_futex, &pool->generation, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void wake(weft_context *pool, int32_t count) {
  syscall(SYS_futex, &pool->generation, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

static void init_sleep(weft_context *pool) { (void)pool; }
static void destroy_sleep(weft_context *pool) { (void)pool; }

#else

static void sleep_while(weft_context *pool, uint32_t seen) {
  pthread_mutex_lock(&pool->mutex);
  while (atomic_load(&pool->generation) == seen)
    pthread_cond_wait(&pool->changed, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
}

static void wake(weft_context *pool, int32_t count) {
  (void)count;
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_broadcast(&pool->changed);
  pthread_mutex_unlock(&pool->mutex);
}

static void init_sleep(weft_context *pool) {
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->changed, NULL);
}

static void destroy_sleep(weft_context *pool) {
  pthread_cond_destroy(&pool->changed);
  pthread_mutex_destroy(&pool->mutex);
}

#endif

static void run_chunk(weft_context *pool, uint32_t index) {
  int64_t n = atomic_load_explicit(&pool->n, memory_order_relaxed);
  int64_t chunk = atomic_load_explicit(&pool->chunk, memory_order_relaxed);
  weft_body body = atomic_load_explicit(&pool->body, memory_order_relaxed);
  void *args = atomic_load_explicit(&pool->args, memory_order_relaxed);
  int64_t begin = (int64_t)index * chunk;
  body(args, begin, n - begin < chunk ? n : begin + chunk);
  atomic_fetch_add_explicit(&pool->done, 1, memory_order_release);
}

// First chunk of a part of a loop of so many chunks; of part `parts`, the end of the last one.
static uint32_t first_chunk(const weft_context *pool, int32_t part, uint32_t chunks) {
  return (uint32_t)((uint64_t)chunks * (uint64_t)part / (uint64_t)pool->parts);
}

// Claims and runs chunks of one part of one generation until there is none left.
static void work_on_part(weft_context *pool, uint32_t generation, int32_t part) {
  _Atomic uint64_t *place = &pool->tickets[part].value;
  uint64_t ticket = atomic_load_explicit(place, memory_order_acquire);
  while ((uint32_t)(ticket >> 32) == generation) {
    // Acquires what publish() released: who sees the length of a later loop sees the ticket closed.
    uint32_t chunks = atomic_load_explicit(&pool->chunks, memory_order_acquire);
    if ((uint32_t)ticket >= first_chunk(pool, part + 1, chunks))
      return;
    if (!atomic_compare_exchange_weak_explicit(place, &ticket, ticket + 1, memory_order_acq_rel,
                                               memory_order_acquire))
      continue;
    // The chunk is ours and not done, so the loop stays published: its fields are this
    // generation's.
    run_chunk(pool, (uint32_t)ticket);
    ticket = atomic_load_explicit(place, memory_order_acquire);
  }
}

static void work(weft_context *pool, uint32_t generation, int32_t home) {
  for (int32_t i = 0; i < pool->parts; ++i)
    work_on_part(pool, generation, (home + i) % pool->parts);
}

static bool changes_while_spinning(weft_context *pool, uint32_t seen) {
  uint64_t deadline = now_ns() + pool->spin_ns;
  do {
    for (int i = 0; i < SPINS_PER_LOOK; ++i) {
      if (atomic_load_explicit(&pool->generation, memory_order_acquire) != seen)
        return true;
      relax();
    }
  } while (now_ns() < deadline);
  return false;
}

static uint32_t wait_for_change(weft_context *pool, uint32_t seen) {
  while (!changes_while_spinning(pool, seen)) {
    // Sequentially consistent with publish(): either it sees us parked, or we see its generation.
    atomic_fetch_add(&pool->parked, 1);
    if (atomic_load(&pool->generation) == seen)
      sleep_while(pool, seen);
    atomic_fetch_sub(&pool->parked, 1);
  }
  return atomic_load_explicit(&pool->generation, memory_order_acquire);
}

static void *worker(void *argument) {
  weft_context *pool = argument;
  int32_t home = (atomic_fetch_add(&pool->started, 1) + 1) % pool->parts;
  uint32_t seen = 0;
  for (;;) {
    seen = wait_for_change(pool, seen);
    if (atomic_load_explicit(&pool->stop, memory_order_acquire))
      return NULL;
    work(pool, seen, home);
  }
}

static void announce(weft_context *pool, uint32_t generation, int32_t wanted) {
  atomic_store(&pool->generation, generation);
  if (atomic_load(&pool->parked) > 0)
    wake(pool, wanted);
}

static uint32_t publish(weft_context *pool, weft_body body, void *args, int64_t n, int64_t chunk,
                        uint32_t chunks) {
  uint32_t generation = atomic_load_explicit(&pool->generation, memory_order_relaxed) + 1;
  // Closed while the fields change: a late worker of the loop before, which has no chunk left, must
  // not find one by the length of this loop.
  uint64_t high = (uint64_t)generation << 32;
  for (int32_t part = 0; part < pool->parts; ++part)
    atomic_store_explicit(&pool->tickets[part].value, high | UINT32_MAX, memory_order_relaxed);
  atomic_store_explicit(&pool->chunks, chunks, memory_order_release);
  atomic_store_explicit(&pool->body, body, memory_order_relaxed);
  atomic_store_explicit(&pool->args, args, memory_order_relaxed);
  atomic_store_explicit(&pool->n, n, memory_order_relaxed);
  atomic_store_explicit(&pool->chunk, chunk, memory_order_relaxed);
  atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
  for (int32_t part = 0; part < pool->parts; ++part)
    atomic_store_explicit(&pool->tickets[part].value, high | first_chunk(pool, part, chunks),
                          memory_order_release);
  announce(pool, generation, (int32_t)(chunks - 1));
  return generation;
}

// The last chunks run on other threads; if one of those lost its core, ours is better given up.
static void wait_for_chunks(weft_context *pool, uint32_t chunks) {
  for (uint32_t spins = 0; atomic_load_explicit(&pool->done, memory_order_acquire) != chunks;
       ++spins) {
    if (spins < 4096)
      relax();
    else
      sched_yield();
  }
}

// Iterations of a chunk: at least `grain`, and as many chunks of one length as that allows, up to a
// few for every thread, not thousands.
static int64_t chunk_size(int64_t n, int64_t grain, int32_t threads) {
  int64_t most = (int64_t)threads * CHUNKS_PER_THREAD;
  int64_t chunks = n / grain < most ? n / grain : most;
  return chunks <= 1 ? n : n / chunks + (n % chunks != 0);
}

void weft_parallel_for(weft_context *pool, weft_body body, void *args, int64_t n, int64_t grain) {
  if (n <= 0)
    return;
  // A body that starts a loop of its own finds the pool busy and runs that loop by itself.
  bool inside = atomic_load_explicit(&pool->busy, memory_order_relaxed);
  int64_t chunk = n;
  if (pool->workers > 0 && !inside)
    chunk = chunk_size(n, grain < 1 ? 1 : grain, pool->workers + 1);
  if (chunk >= n) {
    body(args, 0, n);
    return;
  }
  uint32_t chunks = (uint32_t)(n / chunk + (n % chunk != 0));
  atomic_store_explicit(&pool->busy, true, memory_order_relaxed);
  work(pool, publish(pool, body, args, n, chunk, chunks), /*home=*/0);
  wait_for_chunks(pool, chunks);
  atomic_store_explicit(&pool->busy, false, memory_order_relaxed);
}

static int32_t available_cores(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return CPU_COUNT(&set);
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online < 1 ? 1 : online > MAX_THREADS ? MAX_THREADS : (int32_t)online;
}

int32_t weft_thread_count(int32_t requested) {
  int32_t threads = requested > 0 ? requested : available_cores();
  return threads < MAX_THREADS ? threads : MAX_THREADS;
}

void weft_pool_start(weft_context *pool, int32_t threads, pthread_t *storage) {
  pool->threads = storage;
  pool->owner = getpid();
  // Spinning threads without a core of their own only keep others from working.
  pool->spin_ns = threads <= available_cores() ? SPIN_NS : 0;
  pool->parts = threads < WEFT_MOST_PARTS ? threads : WEFT_MOST_PARTS;
  init_sleep(pool);
  // Signals are the program's: its handlers run on its own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (pool->workers < threads - 1 &&
         pthread_create(&storage[pool->workers], NULL, worker, pool) == 0)
    ++pool->workers;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void weft_pool_stop(weft_context *pool) {
  // After fork() the workers exist in the parent only.
  if (getpid() == pool->owner) {
    atomic_store(&pool->stop, true);
    announce(pool, atomic_load(&pool->generation) + 1, MAX_THREADS);
    for (int32_t i = 0; i < pool->workers; ++i)
      pthread_join(pool->threads[i], NULL);
  }
  destroy_sleep(pool);
}
