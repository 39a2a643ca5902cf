// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The safetensors reader: what it accepts, the message for each fault, and that no cut or flipped
// file makes it read beyond its bytes (the sanitizer presets watch).
#include "runtime/Safetensors.h"
#include "test/runtime/Support.h"

#include <gtest/gtest.h>

#include <memory>

using namespace weft::test;

namespace {

/// A parsed file. The bytes lie in a block of just their length, so that the AddressSanitizer sees
/// the first byte beyond.
struct Parsed {
  explicit Parsed(const std::string &text) : bytes(new char[text.size()]) {
    memcpy(bytes.get(), text.data(), text.size());
    status = weft_safetensors_parse(bytes.get(), text.size(), "x", &file);
  }
  ~Parsed() {
    if (status == WEFT_OK)
      weft_safetensors_close(&file);
  }
  std::unique_ptr<char[]> bytes;
  weft_safetensors file;
  weft_status status;
};

/// The message for a file of this header and so many bytes of data.
std::string fault(const std::string &header, size_t dataBytes = 0) {
  Parsed parsed(safetensors(header, std::string(dataBytes, '\0')));
  EXPECT_EQ(parsed.status, WEFT_BAD_WEIGHTS) << header;
  return parsed.status == WEFT_OK ? "no fault" : weft_message();
}

/// The message for a file with one tensor 'a' of these fields.
std::string tensorFault(const std::string &fields, size_t dataBytes = 8) {
  return fault(R"({"a":{)" + fields + "}}", dataBytes);
}

/// The name of a tensor after reading, or the message.
std::string readName(const std::string &json) {
  Parsed parsed(
      safetensors(R"({")" + json + R"(":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})", "x"));
  return parsed.status == WEFT_OK ? parsed.file.tensors[0].name : weft_message();
}

TEST(Safetensors, reads) {
  Parsed parsed(safetensors(
      R"({"__metadata__":{"format":"pt","note":"\"\u00e9"}, "b" : {"dtype":"F32","shape":[2,1],)"
      R"("data_offsets":[2,10]},"a":{"shape":[2],"data_offsets":[0,2],"dtype":"U8"}})",
      "\x01\x02" + bytesOf<float>({3, 4})));
  ASSERT_EQ(parsed.status, WEFT_OK) << weft_message();
  ASSERT_EQ(parsed.file.count, 2);
  const weft_tensor &a = parsed.file.tensors[0];
  EXPECT_STREQ(a.name, "a");
  EXPECT_EQ(a.dtype, WEFT_U8);
  EXPECT_EQ(a.size, 2u);
  EXPECT_EQ(static_cast<const char *>(a.data)[1], 2);
  const weft_tensor *b = weft_safetensors_find(&parsed.file, "b");
  ASSERT_EQ(b, &parsed.file.tensors[1]);
  EXPECT_EQ(b->rank, 2);
  EXPECT_EQ(b->dims[0], 2);
  EXPECT_EQ(b->dims[1], 1);
  EXPECT_EQ(weft_safetensors_find(&parsed.file, "c"), nullptr);
}

TEST(Safetensors, every_element_type) {
  const char *names[] = {"F64", "F32", "F16", "BF16", "I64", "I32", "I16",
                         "I8",  "U64", "U32", "U16",  "U8",  "BOOL"};
  for (int i = 0; i < 13; ++i) {
    size_t size = weft_dtype_size(static_cast<weft_dtype>(i));
    Parsed parsed(safetensors(R"({"a":{"dtype":")" + std::string(names[i]) +
                                  R"(","shape":[3],"data_offsets":[0,)" + std::to_string(3 * size) +
                                  "]}}",
                              std::string(3 * size, '\1')));
    ASSERT_EQ(parsed.status, WEFT_OK) << weft_message();
    EXPECT_EQ(parsed.file.tensors[0].dtype, i);
  }
}

TEST(Safetensors, no_tensor) {
  Parsed parsed(safetensors("{}", ""));
  EXPECT_EQ(parsed.status, WEFT_OK);
  EXPECT_EQ(parsed.file.count, 0);
  EXPECT_EQ(weft_safetensors_find(&parsed.file, "a"), nullptr);
}

TEST(Safetensors, empty_tensors_between_others) {
  Parsed parsed(safetensors(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                            R"("b":{"dtype":"F64","shape":[0,9223372036854775807,4],)"
                            R"("data_offsets":[2,2]},)"
                            R"("c":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
                            "xyz"));
  EXPECT_EQ(parsed.status, WEFT_OK) << weft_message();
}

TEST(Safetensors, names_are_decoded) {
  EXPECT_EQ(readName(R"(a\"\\\/\b\f\n\r\t)"), "a\"\\/\b\f\n\r\t");
  EXPECT_EQ(readName(R"(\u0041\u00e9\u20AC)"), "A\u00e9\u20AC");
  EXPECT_EQ(readName(R"(\ud83d\ude00)"), "\U0001F600");
  EXPECT_EQ(readName("\u00e9\u20AC\U0001F600"), "\u00e9\u20AC\U0001F600");
}

TEST(Safetensors, strings_are_strict) {
  EXPECT_EQ(readName("\\x"), "x: header byte 3: expected an escape of JSON, found 'x'");
  EXPECT_EQ(readName("\\u12G4"), "x: header byte 6: expected four hexadecimal digits, found 'G'");
  EXPECT_EQ(readName("\\u0000"),
            "x: header byte 8: expected a string without a zero character, found '\"'");
  EXPECT_EQ(readName("\\udc00"),
            "x: header byte 8: expected a first surrogate before the second, found '\"'");
  EXPECT_EQ(readName("\\ud800a"), "x: header byte 8: expected a second surrogate, found 'a'");
  EXPECT_EQ(readName("\\ud800\\u0041"),
            "x: header byte 14: expected a second surrogate, found '\"'");
  EXPECT_EQ(readName("a\nb"),
            "x: header byte 3: expected no control character in a string, found byte 0x0A");
}

TEST(Safetensors, utf8_is_strict) {
  for (const char *wrong :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "\xC3("})
    EXPECT_EQ(readName(wrong).substr(0, 33), "x: header byte 2: expected UTF-8,");
}

TEST(Safetensors, header_length) {
  EXPECT_EQ(Parsed("").status, WEFT_BAD_WEIGHTS);
  EXPECT_STREQ(weft_message(), "x: not a safetensors file: 0 bytes, but its head has 8");
  EXPECT_EQ(Parsed("1234567").status, WEFT_BAD_WEIGHTS);
  EXPECT_STREQ(weft_message(), "x: not a safetensors file: 7 bytes, but its head has 8");
  EXPECT_EQ(Parsed(std::string("\3\0\0\0\0\0\0\0{}", 10)).status, WEFT_BAD_WEIGHTS);
  EXPECT_STREQ(weft_message(), "x: the file is cut short: a header of 3 bytes, but only 2 follow");
  EXPECT_EQ(Parsed(std::string("PK\3\4\0\0\0\0zip..", 13)).status, WEFT_BAD_WEIGHTS);
  EXPECT_STREQ(weft_message(), "x: the file is cut short: a header of 67324752 bytes, but only 5 "
                               "follow");
  EXPECT_EQ(Parsed(std::string(16, '\xFF')).status, WEFT_BAD_WEIGHTS);
  EXPECT_STREQ(weft_message(), "x: not a safetensors file: a header of 18446744073709551615 bytes, "
                               "but at most 100000000 are allowed");
}

TEST(Safetensors, header_syntax) {
  EXPECT_EQ(fault(" {}"), "x: header byte 0: expected '{', found byte 0x20");
  EXPECT_EQ(fault("[]"), "x: header byte 0: expected '{', found '['");
  EXPECT_EQ(fault("{"), "x: header byte 8: expected a string, found the header's end");
  EXPECT_EQ(fault("{}}"), "x: header byte 2: expected spaces up to the header's end, found '}'");
  EXPECT_EQ(fault("{\"a\"}"), "x: header byte 4: expected ':', found '}'");
  EXPECT_EQ(fault("{\"a\":3}"), "x: header byte 5: expected '{', found '3'");
  EXPECT_EQ(fault("{\"__metadata__\":{\"a\":1}}"),
            "x: header byte 21: expected a string, found '1'");
  EXPECT_EQ(Parsed(std::string(8, '\0')).status, WEFT_BAD_WEIGHTS);
  EXPECT_STREQ(weft_message(), "x: header byte 0: expected '{', found the header's end");
}

TEST(Safetensors, fields) {
  EXPECT_EQ(tensorFault(R"("dtype":"U8","shape":[8])"),
            "x: tensor 'a' lacks one of dtype, shape and data_offsets");
  EXPECT_EQ(tensorFault(R"("dtype":"U8","dtype":"U8")"), "x: tensor 'a' has a field twice");
  EXPECT_EQ(tensorFault(R"("strides":[1])"),
            "x: tensor 'a' has a field other than dtype, shape and data_offsets");
  EXPECT_EQ(tensorFault(R"("dtype":"F8_E4M3")"),
            "x: tensor 'a' has an element type that Weft does not know: 'F8_E4M3'");
  EXPECT_EQ(tensorFault(R"("dtype":"F32andmuchmorethanthis")"),
            "x: tensor 'a' has an element type that Weft does not know: 'F32andmuchmoret'");
}

TEST(Safetensors, integers) {
  EXPECT_EQ(tensorFault(R"("shape":[-1])"),
            "x: header byte 15: expected an integer of 0 or more, found '-'");
  EXPECT_EQ(tensorFault(R"("shape":[01])"),
            "x: header byte 17: expected an integer of 0 or more, found ']'");
  EXPECT_EQ(tensorFault(R"("shape":[1.5])"), "x: header byte 16: expected ']', found '.'");
  EXPECT_EQ(tensorFault(R"("shape":[9223372036854775808])"),
            "x: header byte 33: expected an integer below 2^63, found '8'");
}

TEST(Safetensors, shapes) {
  std::string dims = "1";
  for (int i = 0; i < 32; ++i)
    dims += ",1";
  EXPECT_EQ(tensorFault("\"shape\":[" + dims + "]"), "x: tensor 'a' has more than 32 dimensions");
  EXPECT_EQ(tensorFault(R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0])"),
            "x: tensor 'a' has a shape of more than 2^63 bytes");
}

TEST(Safetensors, offsets) {
  EXPECT_EQ(tensorFault(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"),
            "x: tensor 'a' is f32[3] and needs 12 bytes, but its data_offsets are [0, 8]");
  EXPECT_EQ(tensorFault(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"),
            "x: tensor 'a' is f32[2] and needs 8 bytes, but its data_offsets are [8, 0]");
  EXPECT_EQ(
      tensorFault(R"("dtype":"F32","shape":[2],"data_offsets":[1,9])"),
      "x: the file is cut short: tensor 'a' ends at byte 9 of the data, but there are only 8");
}

TEST(Safetensors, places) {
  const std::string a = R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)";
  EXPECT_EQ(fault(a + R"("b":{"dtype":"U8","shape":[4],"data_offsets":[5,9]}})", 9),
            "x: tensor 'b' begins at byte 5 of the data, but what comes before it ends at 4");
  EXPECT_EQ(fault(a + R"("b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}})", 7),
            "x: tensor 'b' begins at byte 3 of the data, but what comes before it ends at 4");
  EXPECT_EQ(fault(a + R"("b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})", 9),
            "x: 9 bytes of data, but the tensors end at 8");
  EXPECT_EQ(fault(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}})", 5),
            "x: tensor 'a' begins at byte 1 of the data, but what comes before it ends at 0");
  EXPECT_EQ(fault("{}", 1), "x: 1 bytes of data, but the tensors end at 0");
}

TEST(Safetensors, same_name_twice) {
  EXPECT_EQ(fault(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                  R"("\u0061":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
                  8),
            "x: two tensors have the name 'a'");
}

TEST(Safetensors, booleans) {
  Parsed parsed(safetensors(R"({"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})", "\1\2"));
  EXPECT_EQ(parsed.status, WEFT_BAD_WEIGHTS);
  EXPECT_STREQ(weft_message(), "x: tensor 'a' is of booleans, but has a byte other than 0 and 1");
}

TEST(Safetensors, cut_at_every_byte) {
  std::string whole = tinyWeights();
  for (size_t length = 0; length < whole.size(); ++length) {
    Parsed parsed(whole.substr(0, length));
    EXPECT_EQ(parsed.status, WEFT_BAD_WEIGHTS) << length;
  }
  EXPECT_EQ(Parsed(whole).status, WEFT_OK);
  EXPECT_EQ(Parsed(whole + "x").status, WEFT_BAD_WEIGHTS);
}

TEST(Safetensors, any_bit_flipped) {
  std::string whole = tinyWeights();
  size_t header = whole.size() - 40;
  for (size_t i = 0; i < whole.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(flipped[i] ^ 1 << bit);
      Parsed parsed(flipped);
      // In the data any bit is as good as the other. In the header most flips are faults; whatever
      // is accepted must still cover the data.
      if (i >= header)
        EXPECT_EQ(parsed.status, WEFT_OK) << i;
      if (parsed.status != WEFT_OK)
        continue;
      uint64_t total = 0;
      for (int64_t t = 0; t < parsed.file.count; ++t)
        total += parsed.file.tensors[t].size;
      EXPECT_EQ(total, 40u) << i << " " << bit;
    }
}

TEST(Safetensors, many_tensors) {
  std::string header = "{";
  std::string data;
  for (int i = 0; i < 5000; ++i) {
    header += (i ? ",\"t" : "\"t") + std::to_string(i) +
              R"(":{"dtype":"U8","shape":[1],"data_offsets":[)" + std::to_string(4999 - i) + "," +
              std::to_string(5000 - i) + "]}";
    data += static_cast<char>((4999 - i) % 100);
  }
  Parsed parsed(safetensors(header + "}", data));
  ASSERT_EQ(parsed.status, WEFT_OK) << weft_message();
  for (int i = 0; i < 5000; ++i) {
    const weft_tensor *tensor =
        weft_safetensors_find(&parsed.file, ("t" + std::to_string(i)).c_str());
    ASSERT_NE(tensor, nullptr);
    EXPECT_EQ(*static_cast<const char *>(tensor->data), i % 100);
  }
}

TEST(Safetensors, empty_file) {
  TemporaryFile file("");
  weft_safetensors opened;
  EXPECT_EQ(weft_safetensors_open(file.path(), &opened), WEFT_BAD_WEIGHTS);
  EXPECT_EQ(std::string(weft_message()),
            std::string(file.path()) + ": not a safetensors file: 0 bytes, but its head has 8");
}

} // namespace
