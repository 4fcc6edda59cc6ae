// DNS messages (RFC 1035, 2782, 3596, 6891): bytes to values and back. No I/O.
//
// Names are text without the trailing dot ("a.example", the root is ""), their letters as they came; compare them with
// equal_ignoring_case(). Labels that hold a dot, a NUL or a control character are refused: no host has them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/ip.h"
#include "lib/base/result.h"

namespace lateen::protocol {

enum class DnsType : uint16_t { a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, txt = 16, aaaa = 28, srv = 33, opt = 41 };

// The answer's code; EDNS adds more than these (RFC 6895).
enum class DnsCode : uint16_t { no_error, format_error, server_failure, name_error, not_implemented, refused };
std::string name_of(DnsCode code);  // "NXDOMAIN"

inline constexpr uint16_t dns_internet = 1;  // the class

struct DnsQuestion {
  std::string name;
  DnsType type = DnsType::a;
  uint16_t klass = dns_internet;
  bool operator==(const DnsQuestion&) const = default;
};

struct DnsRecord {
  std::string name;
  DnsType type = DnsType::a;
  uint16_t klass = dns_internet;
  uint32_t ttl = 0;                             // seconds
  Ip address;                                   // A, AAAA
  std::string target;                           // CNAME, NS, PTR, SRV; of an SOA the primary server
  uint16_t priority = 0, weight = 0, port = 0;  // SRV
  uint32_t negative_ttl = 0;                    // SOA: its last field, how long an absence may be believed (RFC 2308)
  std::string raw;  // of other types the bytes as they were; names in them may be compressed and mean nothing here
  bool operator==(const DnsRecord&) const = default;
};

struct DnsMessage {
  uint16_t id = 0;
  uint8_t opcode = 0;
  bool response = false, authoritative = false, truncated = false;
  bool recursion_desired = false, recursion_available = false;
  DnsCode code = DnsCode::no_error;
  std::vector<DnsQuestion> questions;
  std::vector<DnsRecord> answers, authorities, additionals;  // without OPT
  std::optional<uint16_t> edns_payload;                      // the sender's UDP size when it speaks EDNS
  bool operator==(const DnsMessage&) const = default;
};

// Reads one whole message. Fails with protocol on anything that does not fit: names over 255 bytes, compression
// pointers that do not go backwards, records that are cut off. Bytes behind the last record are ignored.
Result<DnsMessage> parse_dns(std::string_view bytes);

// Writes a message of at most `limit` bytes, names compressed. What does not fit is left out from the end, and the
// message marked truncated. Fails with invalid on names that cannot be written.
Result<std::string> write_dns(const DnsMessage& message, size_t limit = 65'535);

// A name that a query can carry: labels of 1 to 63 bytes, 253 in all; one trailing dot is allowed.
bool is_dns_name(std::string_view name);

}  // namespace lateen::protocol
