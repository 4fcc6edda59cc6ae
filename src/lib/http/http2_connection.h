// HTTP/2 connections (RFC 9113) behind the doors server.h and client.h. Nobody else needs this header:
// serve_connection() and make_client() choose the version and call these.
#pragma once
#include "lib/http/client.h"
#include "lib/http/server.h"

namespace lateen::http {

// Serves one HTTP/2 connection with prior knowledge until it ends; the arguments and their owners are those of
// serve_connection(). `first` begins with the client's preface.
//
// Every stream is a task of its own; a stream that its client resets, or a connection that breaks, destroys the task
// where it waits. Extended CONNECT (RFC 8441) arrives as the HTTP/1 upgrade it stands for ("GET" with "connection:
// upgrade" and "upgrade: PROTOCOL"), and an answer of 101 leaves as 200, so services know one form of tunnel only.
// When the connection drains, the client is told so (GOAWAY with the highest id), gets one round trip to finish what it
// is sending, and then the final GOAWAY; the task ends when the last stream has.
io::Task<void> serve_http2(io::Transport& transport, Service& service, const ServerOptions& options, Buffer first = {},
                           std::shared_ptr<Drain> drain = nullptr);

// A client connection that speaks HTTP/2 with prior knowledge. Requests with `is_tunnel` and an upgrade field leave as
// extended CONNECT when the server allows it (else SendError::protocol), and their answer of 200 arrives as 101.
std::unique_ptr<ClientConnection> make_http2_client(std::unique_ptr<io::Transport> transport,
                                                    const ClientOptions& options);

}  // namespace lateen::http
