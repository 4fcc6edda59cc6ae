#include "lib/protocol/dns.h"

namespace lateen::protocol {

namespace {

constexpr size_t header_size = 12, name_most = 255, label_most = 63;
constexpr uint8_t pointer_bits = 0xc0;

class Parser {
 public:
  explicit Parser(std::string_view bytes) : bytes_(bytes) {}

  Result<DnsMessage> run() {
    DnsMessage message;
    if (bytes_.size() < header_size) return fail(ErrorKind::protocol, "a DNS message of {} bytes", bytes_.size());
    message.id = static_cast<uint16_t>(number(2));
    const size_t flags = number(2);
    message.response = flags >> 15 & 1;
    message.opcode = flags >> 11 & 15;
    message.authoritative = flags >> 10 & 1;
    message.truncated = flags >> 9 & 1;
    message.recursion_desired = flags >> 8 & 1;
    message.recursion_available = flags >> 7 & 1;
    message.code = static_cast<DnsCode>(flags & 15);
    const size_t questions = number(2), answers = number(2), authorities = number(2), additionals = number(2);
    for (size_t i = 0; i < questions && ok_; ++i) {
      DnsQuestion question{name(), static_cast<DnsType>(number(2)), static_cast<uint16_t>(number(2))};
      message.questions.push_back(std::move(question));
    }
    for (auto [count, section] : {std::pair(answers, &message.answers), std::pair(authorities, &message.authorities),
                                  std::pair(additionals, &message.additionals)})
      for (size_t i = 0; i < count && ok_; ++i) record(message, *section);
    if (!ok_) return fail(ErrorKind::protocol, "a broken DNS message: {} at byte {}", why_, at_);
    return message;
  }

 private:
  void broken(const char* why) {
    if (ok_) why_ = why;
    ok_ = false;
  }
  uint8_t byte(size_t at) const { return static_cast<uint8_t>(bytes_[at]); }

  size_t number(int size) {
    size_t value = 0;
    for (char c : take(static_cast<size_t>(size))) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  }
  std::string_view take(size_t size) {
    if (!ok_ || size > bytes_.size() - at_) {
      broken("cut off");
      return {};
    }
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }

  // A pointer must lead to bytes before the part of the name that holds it; so every name ends.
  std::string name() {
    std::string text;
    size_t at = at_, lowest = at_, wire = 1;
    bool jumped = false;
    while (ok_) {
      if (at >= bytes_.size()) return broken("a name is cut off"), "";
      const uint8_t size = byte(at++);
      if ((size & pointer_bits) == pointer_bits) {
        if (at >= bytes_.size()) return broken("a name is cut off"), "";
        const size_t to = static_cast<size_t>(size & 0x3f) << 8 | byte(at++);
        if (!jumped) at_ = at;
        if (to >= lowest) return broken("a name's pointer does not go back"), "";
        jumped = true;
        at = lowest = to;
        continue;
      }
      if (size > label_most) return broken("a label of an unknown kind"), "";
      if (size == 0) break;
      wire += 1 + size_t{size};
      if (at + size > bytes_.size() || wire > name_most) return broken("a name is too long"), "";
      if (!text.empty()) text += '.';
      for (char c : bytes_.substr(at, size)) {
        if (c == '.' || static_cast<uint8_t>(c) < 33 || c == 127) return broken("a label holds an odd byte"), "";
        text += c;
      }
      at += size;
    }
    if (!jumped) at_ = at;
    return text;
  }

  void record(DnsMessage& message, std::vector<DnsRecord>& section) {
    DnsRecord record;
    record.name = name();
    record.type = static_cast<DnsType>(number(2));
    record.klass = static_cast<uint16_t>(number(2));
    record.ttl = static_cast<uint32_t>(number(4));
    const size_t size = number(2);
    if (!ok_ || size > bytes_.size() - at_) return broken("a record is cut off");
    const size_t end = at_ + size;
    if (record.type == DnsType::opt) {
      if (message.edns_payload) return broken("a second OPT record");  // RFC 6891 section 6.1.1
      message.edns_payload = record.klass;
      message.code = static_cast<DnsCode>((record.ttl >> 24 << 4) | static_cast<uint16_t>(message.code));
      at_ = end;
      return;
    }
    content(record, size);
    if (ok_ && at_ != end) return broken("a record's content has another length than it says");
    section.push_back(std::move(record));
  }

  void content(DnsRecord& record, size_t size) {
    switch (record.type) {
      case DnsType::a:
        if (size != 4) return broken("an A record without an IPv4 address");
        record.address = Ip::v4(static_cast<uint32_t>(number(4)));
        return;
      case DnsType::aaaa: {
        if (size != 16) return broken("an AAAA record without an IPv6 address");
        std::array<uint8_t, 16> address;
        for (uint8_t& part : address) part = static_cast<uint8_t>(number(1));
        record.address = Ip::v6(address);
        return;
      }
      case DnsType::srv:
        record.priority = static_cast<uint16_t>(number(2));
        record.weight = static_cast<uint16_t>(number(2));
        record.port = static_cast<uint16_t>(number(2));
        record.target = name();
        return;
      case DnsType::cname:
      case DnsType::ns:
      case DnsType::ptr:
        record.target = name();
        return;
      case DnsType::soa:
        record.target = name();
        (void)name();  // who is responsible
        take(16);      // serial, refresh, retry, expire
        record.negative_ttl = static_cast<uint32_t>(number(4));
        return;
      default:
        record.raw = take(size);
    }
  }

  std::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
  const char* why_ = "";
};

}  // namespace

Result<DnsMessage> parse_dns(std::string_view bytes) { return Parser(bytes).run(); }

std::string name_of(DnsCode code) {
  switch (code) {
    case DnsCode::no_error:
      return "NOERROR";
    case DnsCode::format_error:
      return "FORMERR";
    case DnsCode::server_failure:
      return "SERVFAIL";
    case DnsCode::name_error:
      return "NXDOMAIN";
    case DnsCode::not_implemented:
      return "NOTIMP";
    case DnsCode::refused:
      return "REFUSED";
  }
  return fmt::format("code {}", static_cast<int>(code));
}

bool is_dns_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return false;
  size_t label = 0;
  for (char c : name) {
    if (static_cast<uint8_t>(c) < 33 || c == 127) return false;
    if (c != '.') {
      if (++label > label_most) return false;
    } else if (std::exchange(label, 0) == 0) {
      return false;
    }
  }
  return label > 0;
}

}  // namespace lateen::protocol
