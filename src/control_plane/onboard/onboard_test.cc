#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control_plane/onboard/authenticator.h"
#include "lib/base/strings.h"
#include "lib/io/files.h"
#include "lib/tls/digest.h"
#include "lib/tls/test_pki.h"

namespace lateen::onboard {
namespace {

const WallTime now = *parse_time("2026-11-25T12:00:00Z");

TokenClaims claims_for(std::string name_space, std::string account, Duration life = 1h) {
  TokenClaims claims;
  claims.name_space = std::move(name_space);
  claims.service_account = std::move(account);
  claims.expires = now + life;
  return claims;
}

TEST(Token, SaysWhoMayJoin) {
  const TokenKey key = TokenKey::random();
  const auto claims = key.verify(key.issue(claims_for("vm", "ratings"), now), now);
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(claims->name_space, "vm");
  EXPECT_EQ(claims->service_account, "ratings");
  EXPECT_EQ(claims->expires, now + 1h);
  EXPECT_FALSE(claims->id.empty());
}

TEST(Token, HostileTokensGetOneAnswer) {
  const TokenKey key = TokenKey::random();
  const std::string good = key.issue(claims_for("vm", "ratings"), now);
  std::vector<std::string> bad = {"",
                                  "..",
                                  "a.b.c",
                                  good + ".",
                                  good.substr(0, good.size() - 1),
                                  good + "A",
                                  std::string(100'000, '.'),
                                  TokenKey::random().issue(claims_for("vm", "ratings"), now),
                                  key.issue(claims_for("vm", "ratings", -1s), now)};
  // No "none" algorithm, no signature of zero length.
  bad.push_back(base64url_encode(R"({"alg":"none"})") + "." + std::string(split(good, '.')[1]) + ".");
  TokenClaims later = claims_for("vm", "ratings");
  later.not_before = now + 10min;
  bad.push_back(key.issue(later, now));
  TokenClaims elsewhere = claims_for("vm", "ratings");
  elsewhere.audience = "somebody else";
  bad.push_back(key.issue(elsewhere, now));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string flipped = good;
    flipped[i] = flipped[i] == 'A' ? 'B' : 'A';
    if (flipped != good) bad.push_back(flipped);
  }
  for (const auto& token : bad) {
    const auto answer = key.verify(token, now);
    // The last character of a base64 text may hold unused bits; the decoder refuses those too.
    ASSERT_FALSE(answer) << token;
    EXPECT_EQ(answer.error(), (Error{ErrorKind::permission, "the token is not valid"}));
  }
}

TEST(Token, TheKeyIsKeptInTheStateFolder) {
  std::string pattern = std::filesystem::temp_directory_path() / "lateen-token.XXXXXX";
  const std::string directory = ::mkdtemp(pattern.data());
  const auto first = TokenKey::open(directory + "/state");
  ASSERT_TRUE(first) << first.error().message;
  struct stat info{};
  ASSERT_EQ(::stat((directory + "/state/token-key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const auto second = TokenKey::open(directory + "/state");
  EXPECT_TRUE(second->verify(first->issue(claims_for("a", "b"), now), now));
  ASSERT_TRUE(io::write_file(directory + "/state/token-key", "garbage"));
  EXPECT_THAT(TokenKey::open(directory + "/state").error().message, ::testing::HasSubstr("/state/token-key"));
  EXPECT_FALSE(TokenKey::open("/proc/nowhere"));
  std::filesystem::remove_all(directory);
}

TEST(Authenticator, TakesCertificatesBeforeTokens) {
  const TokenKey key = TokenKey::random();
  const Authenticator authenticator(key, "td");
  const tls::TestPki pki(now);
  tls::Session session;
  session.peer_chain = {pki.member("spiffe://td/ns/a/sa/web").leaf()};
  session.peer_verified = true;
  const std::string token = "Bearer " + key.issue(claims_for("vm", "ratings"), now);
  EXPECT_EQ(authenticator.authenticate(&session, token, now)->identities.front().text(), "spiffe://td/ns/a/sa/web");
  EXPECT_EQ(authenticator.authenticate(nullptr, token, now)->identities.front().text(), "spiffe://td/ns/vm/sa/ratings");

  // Neither an unverified, nor an expired, nor a foreign certificate is an identity; the token still is.
  EXPECT_EQ(authenticator.authenticate(&session, token, now + 25h).error().kind, ErrorKind::permission);
  session.peer_verified = false;
  EXPECT_FALSE(authenticator.authenticate(&session, "", now));
  EXPECT_EQ(authenticator.authenticate(&session, token, now)->by, Caller::By::token);
  session.peer_verified = true;
  session.peer_chain = {pki.member("spiffe://elsewhere/ns/a/sa/web").leaf()};
  EXPECT_FALSE(authenticator.authenticate(&session, "", now));
  EXPECT_EQ(authenticator.authenticate(&session, "Basic x", now).error(),
            authenticator.authenticate(nullptr, "Bearer x", now).error());
}

TEST(Authenticator, TokensCannotSmuggleAPath) {
  const TokenKey key = TokenKey::random();
  const Authenticator authenticator(key, "td");
  EXPECT_FALSE(authenticator.authenticate(nullptr, "Bearer " + key.issue(claims_for("a/sa/b", "c"), now), now));
  EXPECT_FALSE(authenticator.authenticate(nullptr, "Bearer " + key.issue(claims_for("a", "b:c"), now), now));
}

}  // namespace
}  // namespace lateen::onboard
