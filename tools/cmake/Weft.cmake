# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The one way to declare a library or a tool of Weft. It holds the arrows between rooms:
# a library may only USE libraries of its own room and of the rooms that the table grants.

# Room table: which other rooms a room may use. `runtime` points at nobody.
set(WEFT_MAY_USE_ir "")
set(WEFT_MAY_USE_frontend ir)
set(WEFT_MAY_USE_passes ir)
set(WEFT_MAY_USE_codegen ir passes)
set(WEFT_MAY_USE_runtime "")
set(WEFT_MAY_USE_tools ir frontend passes codegen runtime)
set(WEFT_MAY_USE_test ir frontend passes codegen runtime tools)

set_property(GLOBAL PROPERTY WEFT_LIBRARIES "")

add_library(weft_options INTERFACE)
target_include_directories(weft_options INTERFACE ${CMAKE_SOURCE_DIR})
# Generated code is not held to our warnings.
target_include_directories(weft_options SYSTEM INTERFACE ${CMAKE_BINARY_DIR})
target_compile_options(weft_options INTERFACE -Wall -Wextra -Wshadow -Werror)
if(WEFT_SANITIZE)
  target_compile_options(weft_options INTERFACE -fsanitize=${WEFT_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=vptr>)
  target_link_options(weft_options INTERFACE -fsanitize=${WEFT_SANITIZE})
endif()

# What every C++ part needs of LLVM and MLIR: headers as SYSTEM, no exceptions, no RTTI,
# and the two shared libraries. No static MLIR library is ever mixed in.
add_library(weft_mlir INTERFACE)
target_include_directories(weft_mlir SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_compile_options(weft_mlir INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti>)
target_link_libraries(weft_mlir INTERFACE MLIR LLVM)

if(WEFT_CCACHE)
  find_program(WEFT_CCACHE_PROGRAM ccache)
  if(WEFT_CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # What ccache wants to be told before it keeps objects that were made with precompiled headers.
    set(sloppiness CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime)
    set(CMAKE_C_COMPILER_LAUNCHER ${WEFT_CCACHE_PROGRAM})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env ${sloppiness} ${WEFT_CCACHE_PROGRAM})
  endif()
endif()

# The headers of MLIR take two thirds of the time of a translation unit. Libraries and tools differ
# in the code model, so each kind has a precompiled header of its own; ir/ declares the owners.
function(weft_precompiled_owner name)
  target_link_libraries(${name} PRIVATE weft_options weft_mlir)
  target_precompile_headers(${name} PRIVATE ${CMAKE_SOURCE_DIR}/ir/Precompiled.h)
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:Clang>:-fpch-instantiate-templates>
    "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endfunction()
function(weft_use_precompiled name owner)
  if(WEFT_PRECOMPILED AND NOT WEFT_FUZZ AND TARGET ${owner})
    target_precompile_headers(${name} REUSE_FROM ${owner})
  endif()
endfunction()

# The room of the current folder: the first component of its path.
function(weft_room_of_current_folder out)
  file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  string(REGEX REPLACE "/.*" "" room "${path}")
  if(NOT DEFINED WEFT_MAY_USE_${room})
    message(FATAL_ERROR "'${room}' is not a room: tools/cmake/Weft.cmake lists them")
  endif()
  set(${out} ${room} PARENT_SCOPE)
endfunction()

# Links `target` with the libraries of Weft in ARGN after holding each arrow to the table.
function(weft_use target room)
  foreach(used IN LISTS ARGN)
    get_target_property(used_room ${used} WEFT_ROOM)
    if(NOT used_room)
      message(FATAL_ERROR "${target} USES ${used}, which is not a library of Weft declared before it")
    endif()
    if(NOT used_room STREQUAL room AND NOT used_room IN_LIST WEFT_MAY_USE_${room})
      message(FATAL_ERROR "${target} (${room}/) USES ${used} (${used_room}/): "
        "${room}/ may use [${WEFT_MAY_USE_${room}}] only")
    endif()
    target_link_libraries(${target} PUBLIC ${used})
  endforeach()
endfunction()

# weft_library(NAME SOURCES a.cpp ... [USES WeftIR ...] [DEPENDS tablegen targets] [LIBRARIES other libraries])
function(weft_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;DEPENDS;LIBRARIES" ${ARGN})
  weft_room_of_current_folder(room)
  add_library(${name} STATIC ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES WEFT_ROOM ${room})
  target_link_libraries(${name} PUBLIC weft_options weft_mlir ${ARG_LIBRARIES})
  weft_use_precompiled(${name} weft_precompiled_library)
  weft_use(${name} ${room} ${ARG_USES})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# weft_tool(NAME SOURCES a.cpp ... USES libraries [LIBRARIES other libraries])
function(weft_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;DEPENDS;LIBRARIES" ${ARGN})
  weft_room_of_current_folder(room)
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC weft_options weft_mlir ${ARG_LIBRARIES})
  weft_use_precompiled(${name} weft_precompiled_tool)
  weft_use(${name} ${room} ${ARG_USES})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# weft_tablegen(TARGET SOURCE.td OUTPUT flags...; ...): one generator call, e.g.
#   weft_tablegen(WeftOps.td WeftOps.h.inc -gen-op-decls)
# Collect the calls of a folder with weft_tablegen_target(NAME).
macro(weft_tablegen source output)
  set(LLVM_TARGET_DEFINITIONS ${source})
  mlir_tablegen(${output} ${ARGN})
endmacro()

macro(weft_tablegen_target name)
  add_public_tablegen_target(${name})
endmacro()
