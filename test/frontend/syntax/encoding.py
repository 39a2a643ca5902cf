# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Bytes that are no text: reported once a run, wherever they stand, with the caret in its column.
#
# RUN: %python %s %t.weft
# RUN: not weft-parse --quiet %t.weft 2>&1 | FileCheck %s --strict-whitespace --implicit-check-not=error:
import sys

with open(sys.argv[1], "wb") as file:
    # CHECK: :1:17: error: byte 0xFF is not UTF-8 text [bad-encoding]
    # CHECK-NEXT: const a = 1 // é{{.}}{{.}}
    # CHECK-NEXT: {{^}}                ^~{{$}}
    file.write(b"const a = 1 // \xc3\xa9\xff\xfe\n")
    # CHECK: :2:12: error: byte 0xC0 is not UTF-8 text [bad-encoding]
    file.write(b'const b = "\xc0\x80"\n')
    # CHECK: :3:11: error: byte 0x00 has no meaning here [stray-character]
    file.write(b"const c = \x00\x00 1\n")
    # A wide character takes two columns of the terminal and one of the count; a tab four and one.
    # CHECK: :4:20: error: expected an expression, found ')' [expected]
    # CHECK-NEXT: {{^}}const  d    = f("日本",-){{$}}
    # CHECK-NEXT: {{^}}                        ^{{$}}
    file.write("const  d\t= f(\"日本\",-)\n".encode())
    # CHECK: :5:11: error: byte 0xE6 is not UTF-8 text [bad-encoding]
    file.write(b"const e = \xe6\x97")
