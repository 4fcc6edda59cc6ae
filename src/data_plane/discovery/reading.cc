#include "data_plane/discovery/reading.h"

#include <algorithm>

#include "lib/io/files.h"

namespace lateen::discovery {

void Notes::check(const google::protobuf::Message& message, std::string_view place,
                  std::initializer_list<std::string_view> honoured) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const auto* field : fields)
    if (std::ranges::find(honoured, std::string_view(field->name())) == honoured.end())
      not_honoured(place.empty() ? std::string(field->name()) : fmt::format("{}.{}", place, field->name()));
}

Result<SocketAddress> address_of(const envoy::config::core::v3::Address& address) {
  SocketAddress out;
  if (address.has_pipe()) {
    out.path = address.pipe().path();
    return out;
  }
  if (!address.has_socket_address())
    return fail(ErrorKind::unsupported, "only socket_address and pipe addresses are supported");
  const auto& socket = address.socket_address();
  if (socket.protocol() == envoy::config::core::v3::SocketAddress::UDP)
    return fail(ErrorKind::unsupported, "UDP addresses are not supported");
  if (socket.has_named_port())
    return fail(ErrorKind::unsupported, "named_port is not supported: {}", socket.named_port());
  auto ip = Ip::parse(socket.address());
  if (!ip)
    return fail(ErrorKind::invalid,
                "malformed IP address: {}. Consider setting resolver_name or setting cluster type to 'STRICT_DNS' or "
                "'LOGICAL_DNS'",
                socket.address());
  out.ip = *ip;
  out.port = static_cast<uint16_t>(socket.port_value());
  return out;
}

Result<Cidr> cidr_of(const envoy::config::core::v3::CidrRange& range) {
  return Cidr::parse(fmt::format("{}/{}", range.address_prefix(), range.prefix_len().value()));
}

Result<std::string> content_of(const envoy::config::core::v3::DataSource& source, std::string_view place) {
  using Source = envoy::config::core::v3::DataSource;
  switch (source.specifier_case()) {
    case Source::kInlineString:
      return source.inline_string();
    case Source::kInlineBytes:
      return source.inline_bytes();
    case Source::kFilename: {
      auto content = io::read_file(source.filename());
      if (!content) return failed(content, place);
      return content;
    }
    default:
      return fail(ErrorKind::unsupported, "{}: only inline data and files are supported", place);
  }
}

}  // namespace lateen::discovery
