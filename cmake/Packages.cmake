# Every third-party library the product links, as one target each. All come from Debian packages (`./dev setup`).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)

foreach(package fmt libnghttp2 libfyaml sqlite3 protobuf re2)
  string(MAKE_C_IDENTIFIER ${package} name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${package})
endforeach()
find_program(PROTOC protoc REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_package(GTest REQUIRED)
