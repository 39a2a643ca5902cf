// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes C identifiers.

#include "codegen/emit/Names.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace weft {

/// Keywords of C11, C23 and C++20, and macros of the headers that a generated header includes.
static constexpr llvm::StringLiteral reservedWords[] = {"NULL",
                                                        "alignas",
                                                        "alignof",
                                                        "and",
                                                        "and_eq",
                                                        "asm",
                                                        "assert",
                                                        "atomic_cancel",
                                                        "atomic_commit",
                                                        "atomic_noexcept",
                                                        "auto",
                                                        "bitand",
                                                        "bitor",
                                                        "bool",
                                                        "break",
                                                        "case",
                                                        "catch",
                                                        "char",
                                                        "char16_t",
                                                        "char32_t",
                                                        "char8_t",
                                                        "class",
                                                        "co_await",
                                                        "co_return",
                                                        "co_yield",
                                                        "compl",
                                                        "concept",
                                                        "const",
                                                        "const_cast",
                                                        "consteval",
                                                        "constexpr",
                                                        "constinit",
                                                        "continue",
                                                        "decltype",
                                                        "default",
                                                        "delete",
                                                        "do",
                                                        "double",
                                                        "dynamic_cast",
                                                        "else",
                                                        "enum",
                                                        "errno",
                                                        "explicit",
                                                        "export",
                                                        "extern",
                                                        "false",
                                                        "float",
                                                        "for",
                                                        "friend",
                                                        "goto",
                                                        "if",
                                                        "inline",
                                                        "int",
                                                        "int16_t",
                                                        "int32_t",
                                                        "int64_t",
                                                        "int8_t",
                                                        "linux",
                                                        "long",
                                                        "main",
                                                        "mutable",
                                                        "namespace",
                                                        "new",
                                                        "noexcept",
                                                        "not",
                                                        "not_eq",
                                                        "nullptr",
                                                        "offsetof",
                                                        "operator",
                                                        "or",
                                                        "or_eq",
                                                        "private",
                                                        "protected",
                                                        "public",
                                                        "reflexpr",
                                                        "register",
                                                        "reinterpret_cast",
                                                        "requires",
                                                        "restrict",
                                                        "return",
                                                        "short",
                                                        "signed",
                                                        "size_t",
                                                        "sizeof",
                                                        "static",
                                                        "static_assert",
                                                        "static_cast",
                                                        "stderr",
                                                        "stdin",
                                                        "stdout",
                                                        "struct",
                                                        "switch",
                                                        "synchronized",
                                                        "template",
                                                        "this",
                                                        "thread_local",
                                                        "throw",
                                                        "true",
                                                        "try",
                                                        "typedef",
                                                        "typeid",
                                                        "typename",
                                                        "typeof",
                                                        "typeof_unqual",
                                                        "uint16_t",
                                                        "uint32_t",
                                                        "uint64_t",
                                                        "uint8_t",
                                                        "union",
                                                        "unix",
                                                        "unsigned",
                                                        "using",
                                                        "virtual",
                                                        "void",
                                                        "volatile",
                                                        "wchar_t",
                                                        "while",
                                                        "xor",
                                                        "xor_eq"};

static std::string withoutOtherCharacters(llvm::StringRef name) {
  std::string result;
  for (char c : name)
    result += llvm::isAlnum(c) ? c : '_';
  return result;
}

std::string joinedIdentifier(llvm::StringRef model, llvm::StringRef name) {
  return model.str() + "_" + withoutOtherCharacters(name);
}

std::string cIdentifier(llvm::StringRef name) {
  std::string result = withoutOtherCharacters(name);
  if (result.empty() || !llvm::isAlpha(result.front()))
    result = "w" + result;
  if (llvm::is_contained(reservedWords, result))
    result += '_';
  return result;
}

std::string cIdentifier(llvm::StringRef name, llvm::StringSet<> &taken) {
  std::string result = cIdentifier(name);
  while (!taken.insert(result).second)
    result += '_';
  return result;
}

} // namespace weft
