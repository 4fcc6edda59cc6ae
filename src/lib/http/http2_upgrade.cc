#include "lib/http/http2_upgrade.h"

namespace lateen::http {

bool upgrade_from_connect(Headers& head) {
  const auto protocol = head.get(":protocol");
  if (head.method() != "CONNECT" || !protocol) return false;
  const std::string name(*protocol);
  head.remove(":protocol");
  head.set(":method", "GET");
  head.add("connection", "upgrade");
  head.add("upgrade", name);
  return true;
}

bool connect_from_upgrade(Headers& head) {
  const auto protocol = head.get("upgrade");
  if (!protocol) return false;
  const std::string name(*protocol);
  head.remove("upgrade");
  head.remove("connection");
  // The key proves to HTTP/1 servers that a handshake is meant; HTTP/2 has no use for it (RFC 8441 section 5).
  head.remove("sec-websocket-key");
  head.set(":method", "CONNECT");
  head.add(":protocol", name);
  return true;
}

void connect_answer_from_upgrade(Headers& head) {
  if (head.status() != 101) return;
  head.set(":status", "200");
  head.remove("connection");
  head.remove("upgrade");
  head.remove("sec-websocket-accept");
}

void upgrade_answer_from_connect(Headers& head, std::string_view protocol) {
  if (head.status() != 200) return;
  head.set(":status", "101");
  head.add("connection", "upgrade");
  head.add("upgrade", protocol);
}

}  // namespace lateen::http
