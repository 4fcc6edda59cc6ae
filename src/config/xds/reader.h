// The class behind read.h. Private to this folder.
#pragma once
#include "config/xds/protos.h"
#include "config/xds/read.h"

namespace lateen::xds {

class Reader {
 public:
  using FieldDescriptor = google::protobuf::FieldDescriptor;
  using Node = schema::Node;

  Reader(std::string_view file, schema::Diagnostics& diagnostics, const ReadOptions& options)
      : file_(file), diagnostics_(diagnostics), options_(options) {}

  void message(const Node& node, const std::string& path, Message& out);

 private:
  void members(const Node::Map& map, const std::string& path, Message& out);
  void member(const Node::Entry& entry, const std::string& path, Message& out,
              std::vector<const FieldDescriptor*>& seen);
  void field(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field);
  void map(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field);
  void map_key(const Node::Entry& entry, const std::string& path, Message& out);
  void one(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field);
  void scalar(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field);
  template <class T>
  void integer(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field,
               void (google::protobuf::Reflection::*set)(Message*, const FieldDescriptor*, T) const,
               void (google::protobuf::Reflection::*add)(Message*, const FieldDescriptor*, T) const);
  void number(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field);
  void enumeration(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field);
  void text(const Node& node, const std::string& path, Message& out, const FieldDescriptor& field);
  bool well_known(const Node& node, const std::string& path, Message& out);
  void any(const Node& node, const std::string& path, Message& out);
  void duration(const Node& node, const std::string& path, google::protobuf::Duration& out);
  void timestamp(const Node& node, const std::string& path, google::protobuf::Timestamp& out);

  const FieldDescriptor* find(const google::protobuf::Descriptor& type, std::string_view key);
  void error(const Node& node, const std::string& path, std::string text) {
    diagnostics_.error(file_, node.position(), path, std::move(text));
  }
  void wrong(const Node& node, const std::string& path, std::string_view wanted);

  std::string_view file_;
  schema::Diagnostics& diagnostics_;
  const ReadOptions& options_;
  int depth_ = 0;
};

}  // namespace lateen::xds
