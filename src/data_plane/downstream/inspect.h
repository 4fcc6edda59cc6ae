// Listener filters that look at a connection's first bytes and leave them to be read: tls_inspector and http_inspector.
#pragma once
#include "data_plane/downstream/filter_chain_match.h"
#include "lib/io/transport.h"

namespace lateen::downstream {

// Sets transport_protocol, server_name and application_protocols from a TLS ClientHello; leaves them when it is none.
// Fails (the connection is to be closed) when the peer ends without a byte, or the hello is larger than 16 KiB.
io::Task<Result<>> inspect_tls(io::Transport& transport, ConnectionFacts& facts);

// Sets application_protocols to http/1.0, http/1.1 or h2c when the bytes are HTTP in plain text.
io::Task<Result<>> inspect_http(io::Transport& transport, ConnectionFacts& facts);

}  // namespace lateen::downstream
