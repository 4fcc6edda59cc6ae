#include "lib/protocol/dns.h"

// What was read can be written, and reads back as the same; the text limits of names hold.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace lateen::protocol;
  const auto message = parse_dns({reinterpret_cast<const char*>(bytes), size});
  if (!message) return 0;
  for (const auto* section : {&message->answers, &message->authorities, &message->additionals})
    for (const DnsRecord& record : *section)
      if (record.name.size() > 253 || record.target.size() > 253) __builtin_trap();
  for (size_t limit : {size_t{512}, size_t{65'535}}) {
    const auto written = write_dns(*message, limit);
    if (!written) {
      if (written.error().kind != lateen::ErrorKind::too_large) __builtin_trap();
      continue;
    }
    if (written->size() > limit) __builtin_trap();
    const auto again = parse_dns(*written);
    if (!again) __builtin_trap();
    if (!again->truncated && *again != *message) __builtin_trap();
  }
  return 0;
}
