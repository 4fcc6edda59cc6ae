# Build options. `./dev` chooses them through CMakePresets.json; see that file for the combinations in use.
set(LATEEN_SANITIZE "" CACHE STRING "address (with undefined), thread, or empty")
option(LATEEN_FUZZ "build the libFuzzer targets (needs clang)" OFF)

add_library(lateen_options INTERFACE)
target_compile_options(lateen_options INTERFACE
  -Wall -Wextra -Wpedantic -Wno-missing-field-initializers -Wno-unused-parameter -Werror=return-type
  -Werror=unused-result -fno-omit-frame-pointer -pthread)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  # Precompiled headers and ccache agree only when the header's time is left out of it.
  target_compile_options(lateen_options INTERFACE -Wno-c23-extensions
    $<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>)
endif()
target_include_directories(lateen_options INTERFACE ${CMAKE_SOURCE_DIR}/src)

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(LATEEN_SANITIZE STREQUAL "address")
  # Without vptr: it opens a pipe to look at memory, and so finds fault with every object once descriptors run out.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
elseif(LATEEN_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(NOT LATEEN_SANITIZE STREQUAL "")
  message(FATAL_ERROR "LATEEN_SANITIZE=${LATEEN_SANITIZE}: expected address, thread or nothing")
endif()
if(LATEEN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
