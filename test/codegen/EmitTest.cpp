// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What codegen/emit promises apart from whole artifacts: names, expressions, archives, files.

#include "codegen/emit/Archive.h"
#include "codegen/emit/Descriptor.h"
#include "codegen/emit/Names.h"
#include "codegen/emit/Output.h"
#include "codegen/emit/Weights.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

#include <tuple>

namespace weft {
namespace {

TEST(Names, keywords_and_odd_characters_become_identifiers) {
  EXPECT_EQ(cIdentifier("image"), "image");
  EXPECT_EQ(cIdentifier("double"), "double_");
  EXPECT_EQ(cIdentifier("co_await"), "co_await_");
  EXPECT_EQ(cIdentifier("2nd"), "w2nd");
  EXPECT_EQ(cIdentifier("_Bool"), "w_Bool");
  EXPECT_EQ(cIdentifier("a.b-c"), "a_b_c");
  EXPECT_EQ(cIdentifier("\xc3\xa9"), "w__");
  EXPECT_EQ(cIdentifier(""), "w");
}

TEST(Names, taken_names_are_told_apart) {
  llvm::StringSet<> taken;
  EXPECT_EQ(cIdentifier("N", taken), "N");
  EXPECT_EQ(cIdentifier("N", taken), "N_");
  EXPECT_EQ(cIdentifier("N", taken), "N__");
}

/// The value of postfix words, as runtime/Abi.h defines them.
int64_t valueOf(ArrayRef<int64_t> words, ArrayRef<int64_t> symbols) {
  std::vector<int64_t> stack;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == WEFT_EXPR_CONSTANT || words[i] == WEFT_EXPR_SYMBOL) {
      bool isConstant = words[i] == WEFT_EXPR_CONSTANT;
      stack.push_back(isConstant ? words[i + 1] : symbols[static_cast<size_t>(words[i + 1])]);
      ++i;
      continue;
    }
    int64_t right = stack.back();
    stack.pop_back();
    int64_t &left = stack.back();
    int64_t quotient = right ? left / right - (left % right != 0 && (left < 0) != (right < 0)) : 0;
    switch (words[i]) {
    case WEFT_EXPR_ADD:
      left += right;
      break;
    case WEFT_EXPR_MUL:
      left *= right;
      break;
    case WEFT_EXPR_MAX:
      left = std::max(left, right);
      break;
    case WEFT_EXPR_FLOORDIV:
      left = quotient;
      break;
    case WEFT_EXPR_CEILDIV:
      left = quotient + (left != quotient * right);
      break;
    default:
      left -= quotient * right;
      break;
    }
  }
  EXPECT_EQ(stack.size(), 1u);
  return stack.back();
}

TEST(Postfix, words_compute_what_the_dimension_is) {
  MLIRContext context;
  Dim n = Dim::symbol("N"), m = Dim::symbol("M");
  std::vector<std::string> order = {"N", "M"};
  const Dim dims[] = {Dim(7),
                      n,
                      n * m + 3,
                      n * n * m - n,
                      (n + 5).floorDiv(2),
                      (n * 3).ceilDiv(4),
                      n.mod(3),
                      (n * m).floorDiv(m + 1) * 2};
  for (const Dim &dim : dims) {
    FailureOr<SmallVector<int64_t>> words = postfixOf(dim, order, &context);
    ASSERT_TRUE(succeeded(words)) << dim.str();
    for (int64_t sizeN : {0, 1, 2, 7, 64})
      for (int64_t sizeM : {0, 1, 5}) {
        auto sizeOf = [&](StringRef name) -> std::optional<int64_t> {
          return name == "N" ? sizeN : sizeM;
        };
        EXPECT_EQ(valueOf(*words, {sizeN, sizeM}), dim.evaluate(sizeOf)) << dim.str();
      }
  }
}

TEST(Postfix, several_dimensions_give_the_largest) {
  MLIRContext context;
  Dim n = Dim::symbol("N");
  FailureOr<SmallVector<int64_t>> words = postfixOf({n * 2, Dim(9), n + 3}, {"N"}, &context);
  ASSERT_TRUE(succeeded(words));
  EXPECT_EQ(valueOf(*words, {1}), 9);
  EXPECT_EQ(valueOf(*words, {8}), 16);
}

TEST(Postfix, too_deep_an_expression_is_refused) {
  MLIRContext context;
  Dim deep = Dim::symbol("N");
  for (int i = 0; i < 2 * WEFT_EXPR_DEPTH; ++i)
    deep = Dim::symbol("M" + std::to_string(i)) * 3 + (deep + 1).floorDiv(Dim::symbol("N") + i);
  std::vector<std::string> order = {"N"};
  for (int i = 0; i < 2 * WEFT_EXPR_DEPTH; ++i)
    order.push_back("M" + std::to_string(i));
  FailureOr<SmallVector<int64_t>> words = postfixOf(deep, order, &context);
  // Either it fits on the runtime's stack, or it is refused here: never a descriptor that fails
  // later.
  if (succeeded(words)) {
    int64_t depth = 0, deepest = 0;
    for (size_t i = 0; i < words->size(); ++i) {
      bool pushes = (*words)[i] == WEFT_EXPR_CONSTANT || (*words)[i] == WEFT_EXPR_SYMBOL;
      deepest = std::max(deepest, depth += pushes ? 1 : -1);
      i += pushes;
    }
    EXPECT_LE(deepest, WEFT_EXPR_DEPTH);
  }
}

/// A folder for one test.
class Files : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("weft-test", folder)); }
  void TearDown() override { std::ignore = llvm::sys::fs::remove_directories(folder); }

  std::string in(StringRef name) const {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, name);
    return path.str().str();
  }
  size_t count() const {
    std::error_code reason;
    size_t found = 0;
    for (llvm::sys::fs::directory_iterator i(folder, reason), end; i != end; i.increment(reason))
      ++found;
    return found;
  }

  llvm::SmallString<128> folder;
};

TEST_F(Files, nothing_is_left_without_commit) {
  {
    OutputFiles files;
    ASSERT_FALSE(llvm::errorToBool(files.add(in("a"), "text")));
    ASSERT_TRUE(bool(files.reserve(in("b"), /*executable=*/true, /*sizeBytes=*/100)));
    EXPECT_EQ(count(), 2u);
  }
  EXPECT_EQ(count(), 0u);
}

TEST_F(Files, commit_gives_each_its_name) {
  OutputFiles files;
  ASSERT_FALSE(llvm::errorToBool(files.add(in("sub/a"), "text")));
  ASSERT_FALSE(llvm::sys::fs::exists(in("sub/a")));
  ASSERT_FALSE(llvm::errorToBool(files.commit()));
  auto text = llvm::MemoryBuffer::getFile(in("sub/a"));
  ASSERT_TRUE(bool(text));
  EXPECT_EQ((*text)->getBuffer(), "text");
}

TEST_F(Files, a_place_that_cannot_be_written_is_named) {
  OutputFiles files;
  llvm::Error error = files.add("/dev/full/x", "text");
  EXPECT_EQ(llvm::toString(std::move(error)), "cannot write '/dev/full/x': Not a directory");
}

TEST_F(Files, a_disk_without_room_is_named_before_the_linker_starts) {
  OutputFiles files;
  llvm::Expected<std::string> path = files.reserve(in("b"), /*executable=*/true, uint64_t(1) << 62);
  ASSERT_FALSE(bool(path));
  std::string text = llvm::toString(path.takeError());
  EXPECT_EQ(text.rfind("cannot write '" + in("b") + "': ", 0), 0u) << text;
}

TEST(Archive, equal_members_give_equal_bytes) {
  auto empty = makeArchive({}, "!<arch>\n");
  ASSERT_TRUE(bool(empty)) << llvm::toString(empty.takeError());
  auto one = makeArchive({{"a.o", "bytes"}}, (*empty)->getBuffer());
  auto two = makeArchive({{"a.o", "bytes"}}, (*empty)->getBuffer());
  ASSERT_TRUE(one && two);
  EXPECT_EQ((*one)->getBuffer(), (*two)->getBuffer());
}

TEST(Archive, a_damaged_runtime_is_an_error) {
  auto made = makeArchive({}, "no archive");
  EXPECT_FALSE(bool(made));
  llvm::consumeError(made.takeError());
}

TEST(Safetensors, data_is_aligned_and_order_does_not_matter) {
  std::string narrow(3, 'n'), wide(16, 'w');
  NamedTensor a{"a", WEFT_U8, {3}, narrow}, b{"b", WEFT_F64, {2}, wide};
  std::string one, two;
  llvm::raw_string_ostream first(one), second(two);
  writeSafetensors({a, b}, first);
  writeSafetensors({b, a}, second);
  EXPECT_EQ(one, two);
  EXPECT_EQ(one.find("wwwwwwwwwwwwwwww") % 64, 0u);
  EXPECT_EQ(one.size() - one.find("wwwwwwwwwwwwwwww"), 19u);
}

} // namespace
} // namespace weft
