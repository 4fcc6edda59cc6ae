#include "lib/protocol/client_hello.h"
#include "lib/protocol/detect.h"

// A verdict, once given, stands: more bytes never turn it into another one, and fewer bytes need more.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace lateen::protocol;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  ClientHello hello, earlier;
  const ClientHelloPeek whole = peek_client_hello(text, hello);
  if (whole == ClientHelloPeek::found && hello.server_name.size() > 255) __builtin_trap();
  for (size_t part = 0; part < size; part += 1 + size / 16) {
    const ClientHelloPeek verdict = peek_client_hello(text.substr(0, part), earlier);
    if (verdict != ClientHelloPeek::need_more && verdict != whole) __builtin_trap();
    if (verdict == ClientHelloPeek::found && earlier.server_name != hello.server_name) __builtin_trap();
  }
  const DetectedHttp http = detect_http(text);
  for (size_t part = 0; part < size; part += 1 + size / 16) {
    const DetectedHttp verdict = detect_http(text.substr(0, part));
    if (verdict != DetectedHttp::need_more && verdict != http) __builtin_trap();
  }
  return 0;
}
