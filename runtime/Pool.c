// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parallel loops: in, bodies and ranges; out, each body run once over every chunk of its range.
//
// The caller publishes work under a new generation and takes part like any worker. Work is a number
// of steps of one or several loops; a plain loop is one step of one. Each thread begins in a part
// of its own, the same one in each loop, so that what it left in its caches is there again, and
// helps with the others if their threads do not come. A chunk is claimed by one compare-and-swap on
// the ticket of its part, which holds the generation and counts chunks through all loops and steps,
// so that nothing is set back between them. A loop begins when all chunks of the one before are
// done, not when all workers have come: one that is parked or late finds the chunks gone and never
// delays the others. To know that, a thread reads a line of each other thread once: as little as
// threads can wait for each other with. Every second step is gone through backwards: what was read
// last is still in the cache. Between works the workers spin for a while, since the next loop of a
// call follows within microseconds, and then park in the kernel.
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
  // How much finer the loops of many steps may be cut: to go on takes one message between cores, to
  // begin takes five.
  STEP_FINENESS = 4,
  // Looks at a thread that is late in a step before another one takes its chunks from its cache.
  PATIENCE = 64,
  // Claims of one part that a ticket counts.
  MOST_CLAIMS = 1 << 30,
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

// What a thread knows of the work it takes part in.
typedef struct weft_walk {
  weft_context *pool;
  uint32_t generation;
  int32_t home;
  int64_t step;
  int32_t loop;
  uint32_t chunks;                   // Of this loop.
  uint32_t claimed[WEFT_MOST_PARTS]; // Of each part before this loop.
  uint32_t all_done;                 // The sum over `done` when this loop is over.
  uint32_t patience;                 // Looks before it takes chunks of other parts.
  bool has_helped;                   // In this loop.
} weft_walk;

static uint32_t load_count(_Atomic uint32_t *count) {
  return atomic_load_explicit(count, memory_order_acquire);
}

// First chunk of a part of a loop of so many chunks; of part `parts`, the end of the last one.
static uint32_t first_chunk(const weft_context *pool, int32_t part, uint32_t chunks) {
  uint64_t parts = (uint64_t)pool->parts;
  return (uint32_t)(((uint64_t)chunks * (uint64_t)part + parts - 1) / parts);
}

static uint32_t chunks_of_part(const weft_context *pool, int32_t part, uint32_t chunks) {
  return first_chunk(pool, part + 1, chunks) - first_chunk(pool, part, chunks);
}

// First iteration of a chunk. Lengths differ by one at most, and the longer chunks are spread
// evenly over the parts.
static int64_t first_iteration(int64_t n, uint32_t chunks, uint32_t index) {
  int64_t length = n / chunks, longer = n % chunks;
  return index * length + index * longer / chunks;
}

static void run_chunk(weft_walk *walk, uint32_t index) {
  weft_work *work = &walk->pool->work[walk->loop];
  int64_t n = atomic_load_explicit(&work->n, memory_order_relaxed);
  weft_body body = atomic_load_explicit(&work->body, memory_order_relaxed);
  void *args = atomic_load_explicit(&walk->pool->args, memory_order_relaxed);
  int64_t begin = first_iteration(n, walk->chunks, index);
  int64_t end = first_iteration(n, walk->chunks, index + 1);
  body(args, walk->step * n + begin, walk->step * n + end);
}

// Threads beyond the number of parts share a count.
static void count_done(weft_walk *walk) {
  weft_context *pool = walk->pool;
  _Atomic uint32_t *done = &pool->part[walk->home].done;
  if (pool->workers < pool->parts)
    atomic_store_explicit(done, atomic_load_explicit(done, memory_order_relaxed) + 1,
                          memory_order_release);
  else
    atomic_fetch_add_explicit(done, 1, memory_order_release);
}

// Claims and runs chunks of one part of the loop until there is none left. False once the work is
// over.
static bool work_on_part(weft_walk *walk, int32_t part) {
  _Atomic uint64_t *place = &walk->pool->part[part].ticket;
  uint32_t first = first_chunk(walk->pool, part, walk->chunks);
  uint32_t mine = chunks_of_part(walk->pool, part, walk->chunks);
  uint64_t ticket = atomic_load_explicit(place, memory_order_acquire);
  while ((uint32_t)(ticket >> 32) == walk->generation) {
    uint32_t number = (uint32_t)ticket - walk->claimed[part];
    if (number >= mine)
      return true;
    if (!atomic_compare_exchange_weak_explicit(place, &ticket, ticket + 1, memory_order_acq_rel,
                                               memory_order_acquire))
      continue;
    // The chunk is ours and not done, so the work stays published: its fields are this
    // generation's.
    walk->has_helped |= part != walk->home;
    run_chunk(walk, first + (walk->step % 2 == 0 ? number : mine - 1 - number));
    count_done(walk);
    ticket = atomic_load_explicit(place, memory_order_acquire);
  }
  return false;
}

static bool is_done(const weft_walk *walk) {
  uint32_t sum = 0;
  for (int32_t part = 0; part < walk->pool->parts; ++part)
    sum += load_count(&walk->pool->part[part].done);
  return (int32_t)(sum - walk->all_done) >= 0; // Others may be ahead.
}

static bool help(weft_walk *walk) {
  for (int32_t i = 1; i < walk->pool->parts; ++i)
    if (!work_on_part(walk, (walk->home + i) % walk->pool->parts))
      return false;
  return true;
}

// Until all chunks of the loop are done. The last ones may run on other threads; if one of those
// lost its core, ours is better given up. False once the work is over.
static bool wait_for_chunks(weft_walk *walk) {
  for (uint32_t spins = 0; !is_done(walk); ++spins) {
    if (spins >= walk->patience && spins % SPINS_PER_LOOK == 0 && !help(walk))
      return false;
    if (spins < 4096)
      relax();
    else
      sched_yield();
  }
  return true;
}

// Claims what there is of one loop and waits until it is over. A worker does not wait for the last
// one. False once the work is over.
static bool work_on_loop(weft_walk *walk, bool is_last) {
  weft_context *pool = walk->pool;
  // Acquires what publish() released: who sees the length of a later loop sees the tickets closed.
  walk->chunks = load_count(&pool->work[walk->loop].chunks);
  walk->all_done += walk->chunks;
  walk->has_helped = false;
  if (!work_on_part(walk, walk->home))
    return false;
  if (is_last && walk->home != 0)
    return help(walk);
  if (!wait_for_chunks(walk))
    return false;
  // A thread that does not come is not waited for in each loop again.
  walk->patience = walk->has_helped ? 0 : PATIENCE;
  for (int32_t part = 0; part < pool->parts; ++part)
    walk->claimed[part] += chunks_of_part(pool, part, walk->chunks);
  return true;
}

static void work(weft_context *pool, uint32_t generation, int32_t home) {
  weft_walk walk = {.pool = pool, .generation = generation, .home = home};
  int32_t loops = atomic_load_explicit(&pool->loops, memory_order_acquire);
  int64_t first = atomic_load_explicit(&pool->first_step, memory_order_acquire);
  int64_t last = first + atomic_load_explicit(&pool->steps, memory_order_acquire) - 1;
  walk.all_done = load_count(&pool->done_before);
  walk.patience = loops > 1 || last > first ? PATIENCE : 0;
  for (walk.step = first; walk.step <= last; ++walk.step)
    for (walk.loop = 0; walk.loop < loops; ++walk.loop) {
      bool is_last = walk.step == last && walk.loop == loops - 1;
      if (!work_on_loop(&walk, is_last))
        return;
    }
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

// Chunks of at least `grain` iterations: up to a few for every thread, not thousands, and as many
// for each where there are enough, since the one more of a thread is what all others wait for.
static int64_t chunks_of(int64_t n, int64_t grain, int32_t threads) {
  int64_t most = (int64_t)threads * CHUNKS_PER_THREAD;
  int64_t chunks = n / grain < most ? n / grain : most;
  if (chunks > threads)
    chunks -= chunks % threads;
  return chunks < 1 ? 1 : chunks;
}

static int64_t chunks_of_loop(const weft_context *pool, const weft_loop *loop, int64_t fineness) {
  int64_t grain = loop->grain < fineness ? 1 : loop->grain / fineness;
  return loop->n <= 0 ? 0 : chunks_of(loop->n, grain, pool->workers + 1);
}

static void publish_loop(weft_work *place, const weft_loop *loop, uint32_t chunks) {
  atomic_store_explicit(&place->body, loop->body, memory_order_relaxed);
  atomic_store_explicit(&place->n, loop->n, memory_order_relaxed);
  atomic_store_explicit(&place->chunks, chunks, memory_order_release);
}

// `steps` are few enough for tickets.
static void run_together(weft_context *pool, const weft_loop *loops, int32_t count, void *args,
                         int64_t first_step, int64_t steps, int64_t fineness) {
  uint32_t generation = atomic_load_explicit(&pool->generation, memory_order_relaxed) + 1;
  // Closed while the fields change: a late worker of the work before, which has no chunk left, must
  // not find one by the length of this one.
  uint64_t high = (uint64_t)generation << 32;
  uint32_t done = 0;
  for (int32_t part = 0; part < pool->parts; ++part) {
    atomic_store_explicit(&pool->part[part].ticket, high | UINT32_MAX, memory_order_relaxed);
    done += load_count(&pool->part[part].done);
  }
  atomic_store_explicit(&pool->loops, count, memory_order_release);
  atomic_store_explicit(&pool->first_step, first_step, memory_order_release);
  atomic_store_explicit(&pool->steps, steps, memory_order_release);
  atomic_store_explicit(&pool->done_before, done, memory_order_release);
  atomic_store_explicit(&pool->args, args, memory_order_relaxed);
  uint32_t most = 0;
  for (int32_t i = 0; i < count; ++i) {
    uint32_t chunks = (uint32_t)chunks_of_loop(pool, &loops[i], fineness);
    publish_loop(&pool->work[i], &loops[i], chunks);
    most = chunks > most ? chunks : most;
  }
  for (int32_t part = 0; part < pool->parts; ++part)
    atomic_store_explicit(&pool->part[part].ticket, high, memory_order_release);
  atomic_store_explicit(&pool->busy, true, memory_order_relaxed);
  announce(pool, generation, (int32_t)most - 1);
  work(pool, generation, /*home=*/0);
  atomic_store_explicit(&pool->busy, false, memory_order_relaxed);
}

// One loop of one step on the calling thread, every second time in pieces from the end.
static void run_alone(const weft_loop *loop, void *args, int64_t step) {
  int64_t n = loop->n < 0 ? 0 : loop->n, first = step * n;
  uint32_t pieces =
      step % 2 == 0 ? 1 : (uint32_t)chunks_of(n, loop->grain < 1 ? 1 : loop->grain, 2);
  for (uint32_t piece = n > 0 ? pieces : 0; piece > 0; --piece)
    loop->body(args, first + first_iteration(n, pieces, piece - 1),
               first + first_iteration(n, pieces, piece));
}

// A body that starts a loop of its own finds the pool busy and runs that loop by itself.
static bool is_alone(weft_context *pool) {
  return pool->workers == 0 || atomic_load_explicit(&pool->busy, memory_order_relaxed);
}

void weft_parallel_for(weft_context *pool, weft_body body, void *args, int64_t n, int64_t grain) {
  weft_loop loop = {body, n, grain};
  if (n <= 0)
    return;
  if (is_alone(pool) || chunks_of_loop(pool, &loop, 1) == 1)
    body(args, 0, n);
  else
    run_together(pool, &loop, 1, args, 0, 1, 1);
}

// Steps that one work may have: those whose chunks a ticket counts; none where there are too many
// loops, or where they are worth less than half a grain each, since threads wait for each other
// after each.
static int64_t steps_together(weft_context *pool, const weft_loop *loops, int64_t count) {
  if (is_alone(pool) || count > WEFT_MOST_LOOPS)
    return 0;
  int64_t claims = 0;
  double grains = 0;
  for (int64_t i = 0; i < count; ++i) {
    claims += chunks_of_loop(pool, &loops[i], STEP_FINENESS) + 1;
    grains += (double)loops[i].n / (double)(loops[i].grain < 1 ? 1 : loops[i].grain);
  }
  return count == 0 || 2 * grains < (double)count ? 0 : MOST_CLAIMS / claims;
}

void weft_parallel_steps(weft_context *pool, const weft_loop *loops, int64_t count, void *args,
                         int64_t steps) {
  int64_t most = steps_together(pool, loops, count);
  for (int64_t step = 0; step < steps;) {
    if (most > 0) {
      int64_t now = steps - step < most ? steps - step : most;
      run_together(pool, loops, (int32_t)count, args, step, now, STEP_FINENESS);
      step += now;
      continue;
    }
    for (int64_t i = 0; i < count; ++i)
      run_alone(&loops[i], args, step);
    ++step;
  }
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
