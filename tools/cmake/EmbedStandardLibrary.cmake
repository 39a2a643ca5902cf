# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# cmake -DOUTPUT=file.inc -P EmbedStandardLibrary.cmake -- a.weft b.weft ...
# Writes one row {"std.a", "text"} for each source; text is a raw string literal.
set(rows "")
set(seen FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(index RANGE ${last})
  set(argument "${CMAKE_ARGV${index}}")
  if(argument STREQUAL "--")
    set(seen TRUE)
  elseif(seen)
    get_filename_component(name "${argument}" NAME_WE)
    file(READ "${argument}" text)
    string(APPEND rows "{\"std.${name}\", R\"weft(${text})weft\"},\n")
  endif()
endforeach()
file(WRITE "${OUTPUT}" "${rows}")
