// What the YAML and JSON readers share; private to lib/schema.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/schema/document.h"

namespace lateen::schema {

// Checks size and encoding before anything is parsed: not above limits.bytes, valid UTF-8 (RFC 3629), no NUL.
bool readable(std::string_view text, std::string_view file, Diagnostics& diagnostics, const Limits& limits);

// A decimal number as a Node: an integer when it is whole and fits in 64 bits, else a double.
Node number_of(std::string_view text, bool whole);

void append_utf8(std::string& out, uint32_t code);

}  // namespace lateen::schema
