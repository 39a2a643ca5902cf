// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parallel loop from the outside: every iteration once, whatever the number of threads, the
// grain and the size, in many short loops, in steps of several loops, nested, and from several
// handles at once. The preset
// sanitize-thread makes this a race detector.
#include "test/runtime/Inputs/Tiny.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

std::function<void(weft_context *)> task;

/// An entry that runs `task` with the context of the call.
void runTask(weft_context *context, void *const *, void *const *, const int64_t *, char *) {
  task(context);
}

/// A model whose only function runs `task`.
const weft_export taskExport = {
    "task", "", nullptr, nullptr, nullptr, nullptr, nullptr, {0, nullptr}, runTask, 0,
    0,      0,  0,       0,       0,       0,       0,       nullptr};
const weft_descriptor taskModel = {WEFT_ABI_VERSION,
                                   sizeof(weft_descriptor),
                                   sizeof(weft_export),
                                   sizeof(weft_parameter),
                                   "task",
                                   "",
                                   "by hand",
                                   "",
                                   &taskExport,
                                   nullptr,
                                   nullptr,
                                   nullptr,
                                   1,
                                   0,
                                   nullptr,
                                   nullptr,
                                   0,
                                   0,
                                   "",
                                   nullptr,
                                   nullptr,
                                   0,
                                   0};

weft_model *openWith(int32_t threads) {
  weft_options options = {nullptr, threads, 0};
  weft_model *model = nullptr;
  EXPECT_EQ(weft_open_model(&taskModel, &options, &model), WEFT_OK) << weft_message();
  return model;
}

void runWith(weft_model *model, std::function<void(weft_context *)> body) {
  task = std::move(body);
  EXPECT_EQ(weft_invoke(model, 0, nullptr, nullptr), WEFT_OK) << weft_message();
}

/// Counts how often each iteration ran, and that ranges keep their promises.
struct Counter {
  explicit Counter(int64_t n, int64_t g) : hits(static_cast<size_t>(n)), grain(g) {}

  static void body(void *args, int64_t begin, int64_t end) {
    auto *self = static_cast<Counter *>(args);
    auto size = static_cast<int64_t>(self->hits.size());
    if (begin < 0 || begin >= end || end > size || (end < size && end - begin < self->grain))
      self->wrongRanges++;
    for (int64_t i = begin; i < end; ++i)
      self->hits[static_cast<size_t>(i)]++;
  }

  std::vector<int> hits;
  int64_t grain;
  std::atomic<int> wrongRanges{0};
};

TEST(Pool, every_iteration_once) {
  for (int32_t threads : {1, 2, 3, 7}) {
    weft_model *model = openWith(threads);
    for (int64_t n : {0, 1, 2, 3, 7, 64, 1000, 1001})
      for (int64_t grain : {1, 2, 3, 64, 2000}) {
        Counter counter(n, grain);
        runWith(model, [&](weft_context *context) {
          weft_parallel_for(context, Counter::body, &counter, n, grain);
        });
        EXPECT_EQ(counter.wrongRanges, 0);
        for (int hits : counter.hits)
          ASSERT_EQ(hits, 1) << threads << " threads, n " << n << ", grain " << grain;
      }
    weft_close(model);
  }
}

/// Two threads begin in halves of the chunks: of three chunks one of them would have two.
TEST(Pool, shares_are_equal) {
  weft_model *model = openWith(2);
  struct Ranges {
    std::mutex mutex;
    std::map<int64_t, int64_t> ends; ///< By where they begin.
    static void body(void *args, int64_t begin, int64_t end) {
      auto *self = static_cast<Ranges *>(args);
      std::lock_guard<std::mutex> lock(self->mutex);
      self->ends[begin] = end;
    }
  };
  for (auto [n, grain] : {std::pair<int64_t, int64_t>(24, 1), {420, 130}, {19, 1}, {13, 1}}) {
    Ranges ranges;
    runWith(model, [&, length = n, least = grain](weft_context *context) {
      weft_parallel_for(context, Ranges::body, &ranges, length, least);
    });
    ASSERT_EQ(ranges.ends.size() % 2, 0u) << n;
    auto middle = std::next(ranges.ends.begin(), static_cast<long>(ranges.ends.size() / 2));
    EXPECT_LE(std::abs(2 * middle->first - n), 1) << n;
  }
  weft_close(model);
}

TEST(Pool, odd_grains_and_sizes) {
  weft_model *model = openWith(4);
  struct Seen {
    std::atomic<int64_t> covered{0};
    static void body(void *args, int64_t begin, int64_t end) {
      static_cast<Seen *>(args)->covered += end - begin;
    }
  };
  for (int64_t grain : {INT64_MIN, int64_t(-1), int64_t(0), int64_t(1), INT64_MAX})
    for (int64_t n : {int64_t(-5), int64_t(0), int64_t(10), INT64_MAX}) {
      Seen seen;
      runWith(model, [&](weft_context *context) {
        weft_parallel_for(context, Seen::body, &seen, n, grain);
      });
      EXPECT_EQ(seen.covered, n < 0 ? 0 : n);
    }
  weft_close(model);
}

TEST(Pool, many_short_loops) {
  weft_model *model = openWith(4);
  constexpr int64_t loops = 20000, n = 16;
  struct Sum {
    std::vector<int64_t> cells = std::vector<int64_t>(n);
    static void body(void *args, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        static_cast<Sum *>(args)->cells[static_cast<size_t>(i)] += i;
    }
  } sum;
  // A loop sees all that the loop before it wrote: otherwise additions are lost.
  runWith(model, [&](weft_context *context) {
    for (int64_t i = 0; i < loops; ++i)
      weft_parallel_for(context, Sum::body, &sum, n, 1);
  });
  for (int64_t i = 0; i < n; ++i)
    EXPECT_EQ(sum.cells[static_cast<size_t>(i)], loops * i);
  weft_close(model);
}

/// A worker that comes late to a short loop must not take a chunk of the long one that follows.
TEST(Pool, loops_of_changing_length) {
  weft_model *model = openWith(2);
  constexpr int64_t rounds = 100000, shortest = 2, longest = 16;
  struct Hits {
    std::atomic<int64_t> covered{0};
    static void body(void *args, int64_t begin, int64_t end) {
      static_cast<Hits *>(args)->covered += end - begin;
    }
  } few, many;
  runWith(model, [&](weft_context *context) {
    for (int64_t i = 0; i < rounds; ++i) {
      weft_parallel_for(context, Hits::body, &few, shortest, 1);
      weft_parallel_for(context, Hits::body, &many, longest, 1);
    }
  });
  EXPECT_EQ(few.covered, rounds * shortest);
  EXPECT_EQ(many.covered, rounds * longest);
  weft_close(model);
}

/// Steps of loops of these lengths, each of which must find all earlier ones done.
struct Steps {
  explicit Steps(std::vector<int64_t> sizes) : lengths(std::move(sizes)) {
    for (int64_t n : lengths)
      perStep += n;
  }

  template <size_t loop> static void body(void *args, int64_t begin, int64_t end) {
    auto *self = static_cast<Steps *>(args);
    int64_t n = self->lengths[loop], step = begin / n, before = step * self->perStep;
    for (size_t earlier = 0; earlier < loop; ++earlier)
      before += self->lengths[earlier];
    int64_t seen = self->done;
    self->wrong += begin >= end || (end - 1) / n != step || seen < before || seen >= before + n;
    self->done += end - begin;
  }

  std::vector<weft_loop> loops() const {
    constexpr weft_body bodies[] = {body<0>, body<1>, body<2>};
    std::vector<weft_loop> made;
    for (size_t i = 0; i < lengths.size(); ++i)
      made.push_back({bodies[i], lengths[i], 1});
    return made;
  }

  void run(weft_context *context, int64_t steps) {
    std::vector<weft_loop> made = loops();
    weft_parallel_steps(context, made.data(), static_cast<int64_t>(made.size()), this, steps);
  }

  std::vector<int64_t> lengths;
  int64_t perStep = 0;
  std::atomic<int64_t> done{0};
  std::atomic<int> wrong{0};
};

TEST(Pool, steps_follow_each_other) {
  for (int32_t threads : {1, 2, 3, 7, 20}) {
    weft_model *model = openWith(threads);
    for (const std::vector<int64_t> &lengths :
         {std::vector<int64_t>{1}, {2}, {64}, {1000}, {7, 1, 64}, {0, 5}, {3, 0, 2}, {0}, {}})
      for (int64_t count : {0, 1, 2, 501}) {
        Steps steps(lengths);
        runWith(model, [&](weft_context *context) { steps.run(context, count); });
        EXPECT_EQ(steps.wrong, 0);
        EXPECT_EQ(steps.done, steps.perStep * count) << threads << " threads";
      }
    weft_close(model);
  }
}

/// More loops than threads go through together.
TEST(Pool, steps_of_many_loops) {
  weft_model *model = openWith(3);
  Counter counter(64, 1);
  static Counter *shared;
  shared = &counter;
  std::vector<weft_loop> loops(40, {[](void *, int64_t begin, int64_t end) {
                                      for (int64_t i = begin; i < end; ++i)
                                        shared->hits[static_cast<size_t>(i % 64)]++;
                                    },
                                    64, 1});
  runWith(model, [&](weft_context *context) {
    weft_parallel_steps(context, loops.data(), 40, nullptr, 10);
  });
  for (int hits : counter.hits)
    ASSERT_EQ(hits, 400);
  weft_close(model);
}

TEST(Pool, steps_inside_a_loop_run_inline) {
  weft_model *model = openWith(3);
  struct Outer {
    weft_context *context;
    std::atomic<int> wrong{0};
    static void body(void *args, int64_t begin, int64_t end) {
      auto *self = static_cast<Outer *>(args);
      for (int64_t i = begin; i < end; ++i) {
        Steps steps({8, 3});
        steps.run(self->context, 20);
        self->wrong += steps.wrong + (steps.done != 220);
      }
    }
  } outer{nullptr};
  runWith(model, [&](weft_context *context) {
    outer.context = context;
    weft_parallel_for(context, Outer::body, &outer, 30, 1);
  });
  EXPECT_EQ(outer.wrong, 0);
  weft_close(model);
}

TEST(Pool, wakes_parked_workers) {
  weft_model *model = openWith(3);
  for (int round = 0; round < 10; ++round) {
    // Longer than workers spin.
    usleep(5000);
    Counter counter(100, 1);
    runWith(model, [&](weft_context *context) {
      weft_parallel_for(context, Counter::body, &counter, 100, 1);
    });
    for (int hits : counter.hits)
      ASSERT_EQ(hits, 1);
  }
  weft_close(model);
}

TEST(Pool, uses_other_threads) {
  if (std::thread::hardware_concurrency() < 2)
    GTEST_SKIP() << "one core";
  weft_model *model = openWith(2);
  struct Meeting {
    std::atomic<int> arrived{0};
    static void body(void *args, int64_t, int64_t) {
      auto *self = static_cast<Meeting *>(args);
      self->arrived++;
      // Both chunks run at the same time, or this waits until the test's own limit.
      for (int i = 0; i < 5000 && self->arrived < 2; ++i)
        usleep(1000);
    }
  } meeting;
  runWith(model, [&](weft_context *context) {
    weft_parallel_for(context, Meeting::body, &meeting, 2, 1);
  });
  EXPECT_EQ(meeting.arrived, 2);
  weft_close(model);
}

TEST(Pool, nested_loops_run_inline) {
  weft_model *model = openWith(4);
  struct Nested {
    weft_context *context;
    std::vector<int64_t> sums;
    std::atomic<int> elsewhere{0};
    struct Inner {
      Nested *all;
      int64_t *sum;
      std::thread::id owner;
    };
    static void inner(void *args, int64_t begin, int64_t end) {
      auto *self = static_cast<Inner *>(args);
      self->all->elsewhere += std::this_thread::get_id() != self->owner;
      *self->sum += end - begin;
    }
    static void outer(void *args, int64_t begin, int64_t end) {
      auto *self = static_cast<Nested *>(args);
      for (int64_t i = begin; i < end; ++i) {
        Inner mine = {self, &self->sums[static_cast<size_t>(i)], std::this_thread::get_id()};
        weft_parallel_for(self->context, inner, &mine, 50, 1);
      }
    }
  } nested{nullptr, std::vector<int64_t>(40)};
  runWith(model, [&](weft_context *context) {
    nested.context = context;
    weft_parallel_for(context, Nested::outer, &nested, 40, 1);
  });
  EXPECT_EQ(nested.elsewhere, 0);
  for (int64_t sum : nested.sums)
    EXPECT_EQ(sum, 50);
  weft_close(model);
}

TEST(Pool, open_and_close_quickly) {
  for (int i = 0; i < 200; ++i)
    weft_close(openWith(1 + i % 8));
}

TEST(Pool, more_threads_than_cores) {
  weft_model *model = openWith(1000);
  Counter counter(10000, 1);
  runWith(model, [&](weft_context *context) {
    for (int i = 0; i < 20; ++i)
      weft_parallel_for(context, Counter::body, &counter, 10000, 1);
  });
  for (int hits : counter.hits)
    ASSERT_EQ(hits, 20);
  weft_close(model);
}

TEST(Pool, handles_at_once) {
  std::vector<std::thread> callers;
  callers.reserve(4);
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&wrong] {
      weft_options options = {nullptr, 3, 0};
      weft_model *model = nullptr;
      ASSERT_EQ(weft_open_model(&tiny_embedded_descriptor, &options, &model), WEFT_OK);
      std::vector<float> image(300, 1.0f), probability(200);
      int64_t n = 100;
      void *arguments[] = {image.data(), probability.data()};
      for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(weft_invoke(model, TINY_PREDICT, &n, arguments), WEFT_OK);
        for (size_t j = 0; j < 200; ++j)
          wrong += probability[j] != (j % 2 == 0 ? 19.0f : 32.0f);
      }
      weft_close(model);
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(wrong, 0);
}

} // namespace
