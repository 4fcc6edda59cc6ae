#include "control_plane/onboard/token.h"

#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "lib/io/files.h"
#include "lib/schema/document.h"
#include "lib/tls/digest.h"

namespace lateen::onboard {
namespace {

log::Component log_("onboard");

constexpr size_t max_token_bytes = 8192;
constexpr size_t secret_bytes = 32;
constexpr std::string_view subject_prefix = "system:serviceaccount:";

int64_t seconds_of(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count(); }

std::unexpected<Error> refused() { return fail(ErrorKind::permission, "the token is not valid"); }

// Only of tokens that we did sign: others could fill the log.
std::unexpected<Error> refused(std::string_view why) {
  log_.info("refused a token of this mesh: {}", why);
  return refused();
}

WallTime time_claim(const schema::Node& claims, std::string_view name) {
  const schema::Node* node = claims.find(name);
  const int64_t* seconds = node ? node->as_integer() : nullptr;
  return seconds ? wall_time(*seconds) : WallTime();
}

bool has_audience(const schema::Node& claims, std::string_view audience) {
  const schema::Node* node = claims.find("aud");
  if (!node) return false;
  if (node->is_string()) return node->text() == audience;
  const auto* list = node->as_list();
  return list && std::any_of(list->begin(), list->end(), [&](const auto& one) { return one.text() == audience; });
}

}  // namespace

Result<TokenKey> TokenKey::open(const std::string& directory) {
  const std::string path = directory + "/token-key";
  const auto stored = io::read_file(path, 4096);
  if (!stored && stored.error().kind != ErrorKind::not_found) return failed(stored, "token key");
  if (stored) {
    auto secret = base64_decode(trimmed(*stored));
    if (!secret || secret->size() != secret_bytes)
      return fail(ErrorKind::invalid, "{}: not a token key (32 bytes in base64); remove it to get a new one", path);
    return TokenKey(std::move(*secret));
  }
  TokenKey key = random();
  if (auto r = io::make_directories(directory, 0700); !r) return failed(r, "token key");
  if (auto r = io::write_file(path, base64_encode(key.secret_) + "\n", 0600); !r) return failed(r, "token key");
  return key;
}

TokenKey TokenKey::random() { return TokenKey(tls::random_bytes(secret_bytes)); }

std::string TokenKey::issue(TokenClaims claims, WallTime now) const {
  if (claims.id.empty()) claims.id = base64url_encode(tls::random_bytes(16));
  if (claims.not_before == WallTime{}) claims.not_before = now;
  schema::Node header = schema::Node::map(), body = schema::Node::map();
  header["alg"] = "HS256";
  header["typ"] = "JWT";
  body["iss"] = "lateen";
  body["sub"] = fmt::format("{}{}:{}", subject_prefix, claims.name_space, claims.service_account);
  body["aud"].push_back(claims.audience);
  body["iat"] = seconds_of(now);
  body["nbf"] = seconds_of(claims.not_before);
  body["exp"] = seconds_of(claims.expires);
  body["jti"] = claims.id;
  const std::string signed_part =
      base64url_encode(schema::write_json(header)) + "." + base64url_encode(schema::write_json(body));
  return signed_part + "." + base64url_encode(tls::hmac_sha256(secret_, signed_part));
}

Result<TokenClaims> TokenKey::verify(std::string_view token, WallTime now, std::string_view audience) const {
  if (token.size() > max_token_bytes) return refused();
  const auto parts = split(token, '.');
  if (parts.size() != 3) return refused();
  const std::string_view signed_part = token.substr(0, parts[0].size() + 1 + parts[1].size());
  const auto signature = base64url_decode(parts[2]);
  // The key decides how it is signed, not the token's header. Nothing of it is read before the signature is right.
  if (!signature || !tls::equal_in_constant_time(*signature, tls::hmac_sha256(secret_, signed_part))) return refused();
  schema::Diagnostics diagnostics;
  schema::Node body;
  const auto text = base64url_decode(parts[1]);
  if (!text || !schema::read_json(*text, "token", diagnostics, body)) return refused("its claims are no JSON");

  TokenClaims claims;
  claims.not_before = time_claim(body, "nbf");
  claims.expires = time_claim(body, "exp");
  if (claims.expires <= now) return refused("it has expired");
  if (claims.not_before > now + 1min) return refused("it is not valid yet");
  if (!has_audience(body, audience)) return refused("it is for another audience");
  claims.audience = audience;
  const schema::Node* subject = body.find("sub");
  const schema::Node* id = body.find("jti");
  if (id) claims.id = id->text();
  const std::string_view account = subject ? subject->text() : std::string_view();
  const size_t colon = account.find(':', subject_prefix.size());
  if (!account.starts_with(subject_prefix) || colon == std::string_view::npos)
    return refused("it names no service account");
  claims.name_space = account.substr(subject_prefix.size(), colon - subject_prefix.size());
  claims.service_account = account.substr(colon + 1);
  return claims;
}

}  // namespace lateen::onboard
