// What a TLS client says before anything is secret: the first flight's ClientHello (RFC 8446 section 4.1.2), read from
// peeked bytes so that a listener can choose by server name and ALPN before it takes part in the handshake.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace lateen::protocol {

struct ClientHello {
  std::string server_name;        // lower case, "" when the client sent none
  std::vector<std::string> alpn;  // in the client's order; names are any bytes
};

enum class ClientHelloPeek : uint8_t {
  need_more,  // all bytes so far are those of a ClientHello; peek again with more
  not_tls,    // these are not the first bytes of a TLS connection: plain text
  found,      // `hello` is filled
  malformed,  // it began like TLS and broke its rules; nothing a TLS library would accept
  too_large,  // the ClientHello has more bytes than the limit
};

// Reads the connection's bytes from the first on; to be called with all of them again whenever more have come. Strict:
// records and extensions must fit exactly, extensions appear once, a server name is made of letters, digits, "-", "_"
// and "." only. A hello may be cut into several records. `limit` counts bytes on the wire.
ClientHelloPeek peek_client_hello(std::string_view bytes, ClientHello& hello, size_t limit = 16 * 1024);

}  // namespace lateen::protocol
