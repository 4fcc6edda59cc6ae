// Digests, keyed digests and random bytes for secrets.
#pragma once
#include <string>
#include <string_view>

namespace lateen::tls {

std::string sha256(std::string_view bytes);  // 32 raw bytes
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// Equal in content and length; takes the same time wherever they differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// Bytes nobody can guess: keys, nonces, serial numbers, join tokens.
std::string random_bytes(size_t count);

}  // namespace lateen::tls
