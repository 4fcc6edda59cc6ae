// TLS over any io::Transport. The result is a Transport again, so HTTP and TCP do not know whether they are encrypted.
//
// Bytes pass through one buffer of the library straight from and to the inner transport, whose readiness flags are the
// outer ones' too. A read that finds the inner end without close_notify says `ended`, as Envoy does; Session::truncated
// tells the two apart where a message has no length of its own. After try_write() said `blocked`, the next write must
// begin with the same bytes (writers that keep what was not moved do so anyway).
#pragma once
#include "lib/io/transport.h"
#include "lib/tls/context.h"

namespace lateen::tls {

// What the handshake agreed on, and what is known about the peer. Final once accept() or connect() is done, except
// `truncated`.
struct Session {
  Version version = Version::tls1_3;
  std::string_view cipher;  // "TLS_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"
  std::string alpn;         // empty: none
  std::string server_name;  // SNI: what the client asked for, or what we asked for; empty: none
  bool resumed = false;

  std::vector<Certificate> peer_chain;  // leaf first, as it was sent; empty: the peer showed none
  bool peer_verified = false;           // the chain and check_peer are fine (false with neither, or ACCEPT_UNTRUSTED)
  bool truncated = false;               // the stream ended without close_notify
  std::shared_ptr<const Context> context;
  size_t shown = 0;  // which of the context's credentials the peer was shown

  const Certificate* peer() const { return peer_chain.empty() ? nullptr : &peer_chain.front(); }
  // What we showed; null when nothing.
  const Certificate* own() const;
  // The peer's verified SPIFFE identity as text, for policies and logs; empty when there is none.
  std::string_view peer_identity() const;
};

// The TLS session of a transport; null when it is not TLS.
const Session* session_of(const io::Transport& transport);

// The failed handshake's error has the kind `tls` and Envoy's text, for %DOWNSTREAM_TRANSPORT_FAILURE_REASON% and its
// upstream twin: "TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed:
// ...:TLS_error_end". A connection that ends or breaks during the handshake gives `closed`, `reset` or what the inner
// transport said. There is no time limit here: wrap the call in io::within.
//
// accept(): `first` holds bytes that were read from the transport before (a peeked ClientHello).
// The certificate dates are compared with the calendar of the transport's loop.
io::Task<Result<std::unique_ptr<io::Transport>>> accept(std::unique_ptr<io::Transport> transport,
                                                        std::shared_ptr<const Context> context, Buffer first = {});

// What may differ between connections of one client context.
struct ConnectOptions {
  std::optional<std::string> server_name;        // instead of the context's; empty: send none
  std::optional<std::vector<std::string>> alpn;  // instead of the context's
};
io::Task<Result<std::unique_ptr<io::Transport>>> connect(std::unique_ptr<io::Transport> transport,
                                                         std::shared_ptr<const Context> context,
                                                         ConnectOptions options = {});

}  // namespace lateen::tls
