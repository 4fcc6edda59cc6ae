#include "lib/protocol/grpc_frames.h"

// The same messages come out, wherever the bytes are cut.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace lateen;
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  constexpr size_t most = 1000;
  const auto read = [text](size_t step) {
    protocol::GrpcDecoder decoder(most);
    Buffer out;
    for (size_t at = 0; at < text.size(); at += step) {
      decoder.append(text.substr(at, step));
      for (;;) {
        auto message = decoder.next();
        if (!message) {
          out.append("!");
          return std::string(out.view());
        }
        if (!*message) break;
        if ((*message)->bytes.size() > most) __builtin_trap();
        protocol::append_grpc_message(out, (*message)->bytes.view(), (*message)->compressed);
      }
    }
    return std::string(out.view());
  };
  const std::string whole = read(size);
  if (whole != read(1 + bytes[0] % 16)) __builtin_trap();
  const std::string_view same = std::string_view(whole).substr(0, whole.size() - whole.ends_with('!'));
  if (!text.starts_with(same)) __builtin_trap();
  return 0;
}
