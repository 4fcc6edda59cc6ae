// Tunnels have one form above the connections: the HTTP/1 upgrade. These translate it to and from the extended CONNECT
// of HTTP/2 (RFC 8441). Private to lib/http.
#pragma once
#include "lib/http/message.h"

namespace lateen::http {

// "CONNECT" with ":protocol: X" becomes "GET" with "connection: upgrade" and "upgrade: X"; false, and unchanged, when
// the head is no extended CONNECT.
bool upgrade_from_connect(Headers& head);
// The other way; false, and unchanged, when the head has no upgrade.
bool connect_from_upgrade(Headers& head);
// 101 becomes 200 without the HTTP/1 fields, and 200 becomes 101 with them.
void connect_answer_from_upgrade(Headers& head);
void upgrade_answer_from_connect(Headers& head, std::string_view protocol);

}  // namespace lateen::http
