// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How messages are collected, ordered and shown.
#include "frontend/Diagnostics.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/SourceMgr.h"

#include <gtest/gtest.h>

using namespace llvm;
using weft::Diag;

namespace {

/// Two small files and an engine over them.
class DiagnosticsTest : public testing::Test {
protected:
  unsigned add(StringRef name, StringRef text) {
    return sources.AddNewSourceBuffer(MemoryBuffer::getMemBufferCopy(text, name), SMLoc());
  }
  /// The first place of `part` in a buffer.
  SMRange find(unsigned buffer, StringRef part) {
    StringRef text = sources.getMemoryBuffer(buffer)->getBuffer();
    const char *start = text.data() + text.find(part);
    return {SMLoc::getFromPointer(start), SMLoc::getFromPointer(start + part.size())};
  }
  std::string shown(bool color = false) {
    std::string text;
    raw_string_ostream os(text);
    engine.print(os, color);
    return text;
  }

  SourceMgr sources;
  weft::DiagnosticEngine engine{sources};
};

TEST_F(DiagnosticsTest, shows_caret_underlines_and_notes) {
  unsigned file = add("mlp.weft", "  param w1: f32[512, 256]\n  h = relu(matmul(x, w1))\n");
  engine.report(Diag::Expected, find(file, "matmul"), "a", "b")
      .underline(find(file, "x,"))
      .underline(find(file, "w1)"))
      .note(find(file, "w1:"), "'{0}' declared with shape {1}", "w1", "[512, 256]");
  EXPECT_EQ(shown(), "mlp.weft:2:12: error: expected a, found b [expected]\n"
                     "  h = relu(matmul(x, w1))\n"
                     "           ^~~~~~ ~~ ~~~\n"
                     "mlp.weft:1:9: note: 'w1' declared with shape [512, 256]\n"
                     "  param w1: f32[512, 256]\n"
                     "        ^~~\n");
}

TEST_F(DiagnosticsTest, orders_by_file_then_place_and_drops_repetitions) {
  unsigned first = add("a.weft", "one two\nthree\n"), second = add("b.weft", "four\n");
  engine.report(Diag::Expected, find(second, "four"), 1, 2);
  engine.report(Diag::Expected, find(first, "three"), 3, 4);
  engine.report(Diag::Expected, find(first, "two"), 5, 6);
  engine.report(Diag::Expected, find(first, "two"), "the same place", "again");
  engine.report(Diag::ReservedName, find(first, "two"), "two");
  std::vector<std::string> messages;
  for (const weft::Diagnostic *diagnostic : engine.sorted())
    messages.push_back(diagnostic->message);
  EXPECT_EQ(messages,
            (std::vector<std::string>{"expected 5, found 6",
                                      "'two' is a word of the language and cannot be a name",
                                      "expected 3, found 4", "expected 1, found 2"}));
}

TEST_F(DiagnosticsTest, shows_at_most_twenty) {
  unsigned file = add("a.weft", std::string(50, 'x'));
  StringRef text = sources.getMemoryBuffer(file)->getBuffer();
  for (const char &c : text)
    engine.report(Diag::Expected, {SMLoc::getFromPointer(&c), SMLoc::getFromPointer(&c + 1)}, "a",
                  "b");
  EXPECT_EQ(engine.errorCount(), 50u);
  EXPECT_EQ(StringRef(shown()).count("error:"), 20u);
  EXPECT_TRUE(StringRef(shown()).ends_with("note: 30 more not shown\n"));
  EXPECT_EQ(engine.toJson().size(), 20u);
}

TEST_F(DiagnosticsTest, keeps_a_thousand_reports_of_a_million) {
  unsigned file = add("a.weft", std::string(3000, 'x'));
  StringRef text = sources.getMemoryBuffer(file)->getBuffer();
  for (const char &c : text)
    engine.report(Diag::Expected, {SMLoc::getFromPointer(&c), SMLoc::getFromPointer(&c + 1)}, "a",
                  "b");
  EXPECT_EQ(engine.errorCount(), 3000u);
  EXPECT_LE(engine.sorted().size(), 1000u);
}

TEST_F(DiagnosticsTest, shows_part_of_a_long_line) {
  unsigned file = add("a.weft", std::string(5000, 'a') + " here " + std::string(5000, 'b'));
  engine.report(Diag::Expected, find(file, "here"), "a", "b");
  SmallVector<StringRef> lines;
  std::string text = shown();
  StringRef(text).split(lines, '\n');
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_LT(lines[1].size(), 300u);
  EXPECT_EQ(lines[1].find("here"), lines[2].find('^'));
  EXPECT_TRUE(lines[0].starts_with("a.weft:1:5002: error:"));
}

TEST_F(DiagnosticsTest, underlines_to_the_end_of_the_first_line) {
  unsigned file = add("a.weft", "f(a,\r\n  b)\r\n");
  engine.report(Diag::Expected, find(file, "(a,\r\n  b)"), "a", "b");
  EXPECT_EQ(shown(), "a.weft:1:2: error: expected a, found b [expected]\nf(a,\n ^~~\n");
}

TEST_F(DiagnosticsTest, shows_what_to_write_instead) {
  unsigned file = add("a.weft", "a and b\n");
  engine.report(Diag::ForeignWord, find(file, "and"), "and", "the operator is '&&'")
      .fix(find(file, "and"), "&&");
  EXPECT_EQ(shown(), "a.weft:1:3: error: 'and' means nothing in Weft: the operator is '&&' "
                     "[foreign-word]\na and b\n  ^~~\n  &&\n");
}

TEST_F(DiagnosticsTest, a_message_about_no_place_has_no_snippet) {
  add("a.weft", "x");
  engine.report(Diag::UnreadableFile, {}, "b.weft", "no such file").note({}, "tried twice");
  EXPECT_EQ(shown(), "error: cannot read 'b.weft': no such file [unreadable-file]\n"
                     "note: tried twice\n");
}

TEST_F(DiagnosticsTest, points_behind_the_last_character) {
  unsigned file = add("a.weft", "ab");
  SMLoc end = SMLoc::getFromPointer(sources.getMemoryBuffer(file)->getBufferEnd());
  engine.report(Diag::Expected, {end, end}, "a", "the end of the file");
  EXPECT_EQ(shown(), "a.weft:1:3: error: expected a, found the end of the file [expected]\n"
                     "ab\n  ^\n");
}

TEST_F(DiagnosticsTest, colour_changes_nothing_but_colour) {
  unsigned file = add("a.weft", "ab");
  engine.report(Diag::Expected, find(file, "b"), "a", "b").note(find(file, "a"), "here");
  std::string colored = shown(/*color=*/true), stripped;
  EXPECT_NE(colored, shown());
  for (StringRef rest = colored; !rest.empty();) {
    if (rest.front() == '\033')
      rest = rest.drop_until([](char c) { return c == 'm'; });
    else
      stripped += rest.front();
    rest = rest.drop_front();
  }
  EXPECT_EQ(stripped, shown());
}

TEST_F(DiagnosticsTest, json_has_every_field) {
  unsigned file = add("a.weft", "é and b\n");
  engine.report(Diag::ForeignWord, find(file, "and"), "and", "no")
      .note(find(file, "b"), "from here")
      .fix(find(file, "and"), "&&");
  EXPECT_EQ(formatv("{0}", json::Value(engine.toJson())).str(),
            R"([{"column":3,"endColumn":6,"endLine":1,"file":"a.weft","fixes":[{"column":3,)"
            R"("endColumn":6,"endLine":1,"file":"a.weft","line":1,"replacement":"&&"}],)"
            R"("kind":"foreign-word","line":1,"message":"'and' means nothing in Weft: no",)"
            R"("notes":[{"column":7,"endColumn":8,"endLine":1,"file":"a.weft","line":1,)"
            R"("message":"from here"}],"severity":"error"}])");
}

TEST(FormatDiagnostic, replaces_arguments_and_keeps_other_braces) {
  EXPECT_EQ(weft::formatDiagnostic("{1} and {0}, {2}, {{, {x}, {", {"a{1}", "b"}),
            "b and a{1}, {2}, {, {x}, {");
}

} // namespace
