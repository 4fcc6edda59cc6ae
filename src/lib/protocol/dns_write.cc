#include <map>

#include "lib/protocol/dns.h"

namespace lateen::protocol {

namespace {

constexpr size_t pointer_reach = 0x3fff;

class Writer {
 public:
  Writer(const DnsMessage& message, size_t limit) : message_(message), limit_(limit) {}

  Result<std::string> run() {
    header();
    for (const DnsQuestion& question : message_.questions) {
      name(question.name);
      number(static_cast<size_t>(question.type), 2);
      number(question.klass, 2);
    }
    const size_t reserved = message_.edns_payload ? 11 : 0;
    if (out_.size() + reserved > limit_) return fail(ErrorKind::too_large, "a DNS question over {} bytes", limit_);
    limit_ -= reserved;
    size_t counts[3] = {};
    const std::vector<DnsRecord>* sections[] = {&message_.answers, &message_.authorities, &message_.additionals};
    for (int i = 0; i < 3 && !full_; ++i)
      for (const DnsRecord& one : *sections[i])
        if (record(one)) ++counts[i];
    if (message_.edns_payload) edns();
    if (!wrong_.empty()) return fail(ErrorKind::invalid, "\"{}\" is no DNS name", wrong_);
    patch(4, message_.questions.size());
    for (int i = 0; i < 3; ++i) patch(6 + 2 * static_cast<size_t>(i), counts[i] + (i == 2 && reserved));
    if (full_) out_[2] |= 2;
    return std::move(out_);
  }

 private:
  void header() {
    number(message_.id, 2);
    const size_t flags = size_t{message_.response} << 15 | size_t{message_.opcode} << 11 |
                         size_t{message_.authoritative} << 10 | size_t{message_.truncated} << 9 |
                         size_t{message_.recursion_desired} << 8 | size_t{message_.recursion_available} << 7 |
                         (static_cast<size_t>(message_.code) & 15);
    number(flags, 2);
    out_.append(8, '\0');
  }

  void number(size_t value, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) out_ += static_cast<char>(value >> shift & 0xff);
  }
  void patch(size_t at, size_t value) {
    out_[at] = static_cast<char>(value >> 8);
    out_[at + 1] = static_cast<char>(value);
  }

  // Compressed unless the record's type forbids it; letters keep their case.
  void name(std::string_view text, bool compressed = true) {
    if (!text.empty() && !is_dns_name(text)) {
      wrong_ = text;
      return;
    }
    if (text.ends_with('.')) text.remove_suffix(1);
    while (!text.empty()) {
      const auto known = names_.find(text);
      if (compressed && known != names_.end()) return number(0xc000 | known->second, 2);
      if (out_.size() <= pointer_reach) names_.emplace(text, out_.size());
      const size_t dot = std::min(text.find('.'), text.size());
      number(dot, 1);
      out_ += text.substr(0, dot);
      text.remove_prefix(std::min(dot + 1, text.size()));
    }
    out_ += '\0';
  }

  // False when it does not fit; nothing is left of it then, and nothing follows.
  bool record(const DnsRecord& record) {
    if (full_) return false;
    const size_t begin = out_.size();
    name(record.name);
    number(static_cast<size_t>(record.type), 2);
    number(record.klass, 2);
    number(record.ttl, 4);
    const size_t size_at = out_.size();
    number(0, 2);
    content(record);
    patch(size_at, out_.size() - size_at - 2);
    if (out_.size() <= limit_ && out_.size() - size_at - 2 <= 65'535) return true;
    out_.resize(begin);
    std::erase_if(names_, [begin](const auto& entry) { return entry.second >= begin; });
    full_ = true;
    return false;
  }

  void content(const DnsRecord& record) {
    switch (record.type) {
      case DnsType::a:
        return number(record.address.v4_host_order(), 4);
      case DnsType::aaaa:
        for (uint8_t part : record.address.bytes()) number(part, 1);
        return;
      case DnsType::srv:
        number(record.priority, 2);
        number(record.weight, 2);
        number(record.port, 2);
        return name(record.target, false);  // RFC 2782
      case DnsType::cname:
      case DnsType::ns:
      case DnsType::ptr:
        return name(record.target);
      case DnsType::soa:
        name(record.target);
        name("");
        out_.append(16, '\0');
        return number(record.negative_ttl, 4);
      default:
        out_ += record.raw;
    }
  }

  void edns() {
    out_ += '\0';
    number(static_cast<size_t>(DnsType::opt), 2);
    number(*message_.edns_payload, 2);
    number(static_cast<size_t>(message_.code) >> 4 << 24, 4);
    number(0, 2);
  }

  const DnsMessage& message_;
  size_t limit_;
  std::string out_, wrong_;
  std::map<std::string, size_t, std::less<>> names_;  // where a name was written before
  bool full_ = false;
};

}  // namespace

Result<std::string> write_dns(const DnsMessage& message, size_t limit) { return Writer(message, limit).run(); }

}  // namespace lateen::protocol
