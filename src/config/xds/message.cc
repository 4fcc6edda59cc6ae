#include "config/xds/message.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "config/xds/names.h"

namespace lateen::xds {

namespace pb = google::protobuf;

const Message* prototype_of(std::string_view type) {
  const auto* descriptor = pb::DescriptorPool::generated_pool()->FindMessageTypeByName(std::string(type_name_of(type)));
  return descriptor ? pb::MessageFactory::generated_factory()->GetPrototype(descriptor) : nullptr;
}

std::string serialize(const Message& message) {
  std::string bytes;
  bytes.reserve(message.ByteSizeLong());
  pb::io::StringOutputStream stream(&bytes);
  pb::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&coded);
  coded.Trim();
  return bytes;
}

std::string version_of(std::string_view bytes) {
  // FNV-1a over 8-byte words, then mixed: versions need no defence against people who choose the bytes.
  uint64_t hash = 14695981039346656037ULL ^ bytes.size();
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    hash = (hash ^ word) * 1099511628211ULL;
    hash ^= hash >> 29;
  }
  for (; at < bytes.size(); ++at) hash = (hash ^ static_cast<unsigned char>(bytes[at])) * 1099511628211ULL;
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93ULL;
  return fmt::format("{:016x}", hash ^ (hash >> 32));
}

google::protobuf::Any pack(const Message& message) {
  google::protobuf::Any any;
  any.set_type_url(type_url_of(message));
  any.set_value(serialize(message));
  return any;
}

std::string type_url_of(const Message& message) {
  return fmt::format("{}{}", type_url_prefix, message.GetDescriptor()->full_name());
}

std::string_view original_name(const pb::FieldDescriptor& field) {
  std::string_view name = field.name();
  if (name.ends_with('_')) name.remove_suffix(1);
  return name;
}

std::string_view short_name_of(std::string_view type_url) {
  if (type_url == type::cluster) return "CDS";
  if (type_url == type::endpoint) return "EDS";
  if (type_url == type::listener) return "LDS";
  if (type_url == type::route) return "RDS";
  if (type_url == type::secret) return "SDS";
  if (type_url == type::extension) return "ECDS";
  if (type_url == type::runtime) return "RTDS";
  if (type_url == type::scoped_route) return "SRDS";
  if (type_url == type::virtual_host) return "VHDS";
  if (type_url == type::name_table) return "NDS";
  if (type_url == type::proxy_config) return "PCDS";
  return type_name_of(type_url);
}

}  // namespace lateen::xds
