#include "control_plane/translate/rbac_match.h"

#include <functional>

#include "lib/base/ip.h"
#include "lib/base/strings.h"

namespace lateen::translate {
namespace {

using envoy::type::matcher::v3::StringMatcher;
using envoy::type::matcher::v3::ValueMatcher;
using Policy = envoy::config::rbac::v3::Policy;
using Values = std::vector<std::string>;

std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

void set_regex(StringMatcher& out, std::string regex) { out.mutable_safe_regex()->set_regex(std::move(regex)); }

// The conditions of one `from` or `to`, all of which must hold.
template <class Node>
class Conditions;

template <>
class Conditions<Permission> {
 public:
  static Permission* add(Permission& all) { return all.mutable_and_rules()->add_rules(); }
  static Permission* add_either(Permission& any) { return any.mutable_or_rules()->add_rules(); }
  static Permission* negate(Permission& each) { return each.mutable_not_rule(); }
  static bool is_empty(const Permission& all) { return all.and_rules().rules().empty(); }
};

template <>
class Conditions<Principal> {
 public:
  static Principal* add(Principal& all) { return all.mutable_and_ids()->add_ids(); }
  static Principal* add_either(Principal& any) { return any.mutable_or_ids()->add_ids(); }
  static Principal* negate(Principal& each) { return each.mutable_not_id(); }
  static bool is_empty(const Principal& all) { return all.and_ids().ids().empty(); }
};

template <class Node>
using Make = std::function<void(const std::string&, Node&)>;

// values OR-ed, and none of `not_values`. False when the condition makes the rule void.
template <class Node>
bool add(Node& all, const RuleOptions& options, bool http_only, const Values& values, const Values& not_values,
         const Make<Node>& make) {
  if (values.empty() && not_values.empty()) return true;
  if (http_only && options.tcp) return options.lenient;
  if (!values.empty()) {
    Node* any = Conditions<Node>::add(all);
    for (const auto& each : values) make(each, *Conditions<Node>::add_either(*any));
  }
  if (!not_values.empty()) {
    Node* any = Conditions<Node>::negate(*Conditions<Node>::add(all));
    for (const auto& each : not_values) make(each, *Conditions<Node>::add_either(*any));
  }
  return true;
}

template <class Header>
void set_header(Header* header, const std::string& name, const std::string& value, bool ignore_case = false) {
  header->set_name(name);
  if (value == "*") {
    header->set_present_match(true);
    return;
  }
  *header->mutable_string_match() = text_matcher(value);
  if (ignore_case) header->mutable_string_match()->set_ignore_case(true);
}

void set_cidr(envoy::config::core::v3::CidrRange* out, const std::string& text) {
  const auto range = Cidr::parse(text);
  if (!range) return;
  out->set_address_prefix(range->ip.text());
  out->mutable_prefix_len()->set_value(range->bits);
}

void set_account(const std::string& text, const RuleOptions& options, Principal& out) {
  const auto slash = text.find('/');
  const std::string ns = slash == std::string::npos ? options.policy_namespace : text.substr(0, slash);
  const std::string account = slash == std::string::npos ? text : text.substr(slash + 1);
  set_regex(*out.mutable_authenticated()->mutable_principal_name(),
            fmt::format(".*/ns/{}/sa/{}", quoted(ns), quoted(account)));
}

void set_namespace(const std::string& text, Principal& out) {
  std::string pattern;
  for (const auto part : split(text, '*')) {
    if (!pattern.empty() || (text.starts_with('*') && pattern.empty() && part.data() != text.data())) pattern += ".*";
    pattern += quoted(part);
  }
  set_regex(*out.mutable_authenticated()->mutable_principal_name(), fmt::format(".*/ns/{}/.*", pattern));
}

// A claim of the verified token: payload[path...]; lists match when one element does.
void set_claim(const std::vector<std::string>& path, const StringMatcher& matcher, bool list, Principal& out) {
  auto* metadata = out.mutable_metadata();
  metadata->set_filter("envoy.filters.http.jwt_authn");
  metadata->add_path()->set_key("payload");
  for (const auto& key : path) metadata->add_path()->set_key(key);
  auto* value = metadata->mutable_value();
  *(list ? value->mutable_list_match()->mutable_one_of()->mutable_string_match() : value->mutable_string_match()) =
      matcher;
}

StringMatcher present_matcher() {
  StringMatcher out;
  set_regex(out, ".+");
  return out;
}

// "ISSUER/SUBJECT"; the last slash divides, since subjects have none.
void set_request_principal(const std::string& text, Principal& out) {
  if (text == "*") {
    set_claim({"iss"}, present_matcher(), false, *out.mutable_and_ids()->add_ids());
    set_claim({"sub"}, present_matcher(), false, *out.mutable_and_ids()->add_ids());
    return;
  }
  const auto slash = text.rfind('/');
  const std::string issuer = slash == std::string::npos ? "*" : text.substr(0, slash);
  const std::string subject = slash == std::string::npos ? text : text.substr(slash + 1);
  set_claim({"iss"}, issuer == "*" ? present_matcher() : text_matcher(issuer), false,
            *out.mutable_and_ids()->add_ids());
  set_claim({"sub"}, subject == "*" ? present_matcher() : text_matcher(subject), false,
            *out.mutable_and_ids()->add_ids());
}

// "request.auth.claims[a][b]" -> a, b
std::vector<std::string> brackets_of(const std::string& key) {
  std::vector<std::string> out;
  for (size_t at = key.find('['); at != std::string::npos; at = key.find('[', at + 1)) {
    const auto end = key.find(']', at);
    if (end == std::string::npos) break;
    out.push_back(key.substr(at + 1, end - at - 1));
  }
  return out;
}

bool add_permission_condition(const config::Condition& when, const RuleOptions& options, Permission& all) {
  if (when.key == "destination.port")
    return add<Permission>(all, options, false, when.values, when.not_values, [](const auto& text, auto& out) {
      out.set_destination_port(parse_number<uint32_t>(text).value_or(0));
    });
  if (when.key == "destination.ip")
    return add<Permission>(all, options, false, when.values, when.not_values,
                           [](const auto& text, auto& out) { set_cidr(out.mutable_destination_ip(), text); });
  if (when.key == "connection.sni")
    return add<Permission>(all, options, false, when.values, when.not_values, [](const auto& text, auto& out) {
      *out.mutable_requested_server_name() = text_matcher(text);
    });
  return true;
}

Make<Principal> maker_of(const std::string& key, const RuleOptions& options) {
  const auto brackets = brackets_of(key);
  const auto& domain = options.trust_domain;
  if (key.starts_with("request.headers") && brackets.size() == 1)
    return [=](const auto& text, auto& out) { set_header(out.mutable_header(), brackets[0], text); };
  if (key == "source.ip") return [](const auto& text, auto& out) { set_cidr(out.mutable_direct_remote_ip(), text); };
  if (key == "remote.ip") return [](const auto& text, auto& out) { set_cidr(out.mutable_remote_ip(), text); };
  if (key == "source.namespace") return set_namespace;
  if (key == "source.serviceAccount")
    return [&options](const auto& text, auto& out) { set_account(text, options, out); };
  if (key == "source.principal")
    return [=](const auto& text, auto& out) {
      *out.mutable_authenticated()->mutable_principal_name() = text_matcher(text, "spiffe://");
    };
  if (key == "source.trustDomain")
    return [=](const auto& text, auto& out) {
      *out.mutable_authenticated()->mutable_principal_name() = text_matcher(text + "/*", "spiffe://");
    };
  if (key == "request.auth.principal") return set_request_principal;
  if (key == "request.auth.audiences")
    return [](const auto& text, auto& out) { set_claim({"aud"}, text_matcher(text), true, out); };
  if (key == "request.auth.presenter")
    return [](const auto& text, auto& out) { set_claim({"azp"}, text_matcher(text), false, out); };
  if (key.starts_with("request.auth.claims") && !brackets.empty())
    return [=](const auto& text, auto& out) { set_claim(brackets, text_matcher(text), true, out); };
  (void)domain;
  return nullptr;
}

bool add_principal_condition(const config::Condition& when, const RuleOptions& options, Principal& all) {
  if (when.key.starts_with("destination.") || when.key == "connection.sni") return true;
  const auto make = maker_of(when.key, options);
  // A condition that we do not know never holds: the rule is void in ALLOW, and dropped with a warning elsewhere.
  if (!make) return false;
  return add<Principal>(all, options, when.key.starts_with("request."), when.values, when.not_values, make);
}

bool add_operation(const config::Operation& operation, const RuleOptions& options, Permission& all) {
  return add<Permission>(
             all, options, true, operation.hosts, operation.not_hosts,
             [](const auto& text, auto& out) { set_header(out.mutable_header(), ":authority", text, true); }) &&
         add<Permission>(all, options, true, operation.methods, operation.not_methods,
                         [](const auto& text, auto& out) { set_header(out.mutable_header(), ":method", text); }) &&
         add<Permission>(
             all, options, true, operation.paths, operation.not_paths,
             [](const auto& text, auto& out) { *out.mutable_url_path()->mutable_path() = text_matcher(text); }) &&
         add<Permission>(all, options, false, operation.ports, operation.not_ports, [](const auto& text, auto& out) {
           out.set_destination_port(parse_number<uint32_t>(text).value_or(0));
         });
}

bool add_source(const config::Source& source, const RuleOptions& options, Principal& all) {
  const auto one = [&](const char* key, bool http, const Values& values, const Values& not_values) {
    return add<Principal>(all, options, http, values, not_values, maker_of(key, options));
  };
  return one("source.principal", false, source.principals, source.not_principals) &&
         one("request.auth.principal", true, source.request_principals, source.not_request_principals) &&
         one("source.serviceAccount", false, source.service_accounts, source.not_service_accounts) &&
         one("source.namespace", false, source.namespaces, source.not_namespaces) &&
         one("source.trustDomain", false, source.trust_domains, source.not_trust_domains) &&
         one("remote.ip", false, source.remote_ip_blocks, source.not_remote_ip_blocks) &&
         one("source.ip", false, source.ip_blocks, source.not_ip_blocks);
}

}  // namespace

StringMatcher text_matcher(std::string_view text, std::string_view prefix) {
  StringMatcher out;
  if (text == "*") {
    set_regex(out, ".+");
  } else if (text.starts_with('*')) {
    if (prefix.empty()) {
      out.set_suffix(std::string(text.substr(1)));
    } else {
      set_regex(out, quoted(prefix) + ".*" + quoted(text.substr(1)));
    }
  } else if (text.ends_with('*')) {
    out.set_prefix(std::string(prefix) + std::string(text.substr(0, text.size() - 1)));
  } else {
    out.set_exact(std::string(prefix) + std::string(text));
  }
  return out;
}

std::optional<Policy> rbac_policy(const config::Rule& rule, const RuleOptions& options) {
  Policy out;
  std::vector<config::Rule::From> from = rule.from;
  if (from.empty()) from.emplace_back();
  for (const auto& each : from) {
    Principal& all = *out.add_principals();
    if (each.source && !add_source(*each.source, options, all)) return std::nullopt;
    for (const auto& when : rule.when)
      if (!add_principal_condition(when, options, all)) return std::nullopt;
    if (Conditions<Principal>::is_empty(all)) Conditions<Principal>::add(all)->set_any(true);
  }
  std::vector<config::Rule::To> to = rule.to;
  if (to.empty()) to.emplace_back();
  for (const auto& each : to) {
    Permission& all = *out.add_permissions();
    if (each.operation && !add_operation(*each.operation, options, all)) return std::nullopt;
    for (const auto& when : rule.when)
      if (!add_permission_condition(when, options, all)) return std::nullopt;
    if (Conditions<Permission>::is_empty(all)) Conditions<Permission>::add(all)->set_any(true);
  }
  return out;
}

}  // namespace lateen::translate
