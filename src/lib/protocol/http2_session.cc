#include "lib/protocol/http2_session.h"

#include <algorithm>

namespace lateen::protocol {

namespace {

uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));  // nghttp2 copies and never writes
}

nghttp2_nv pair_of(const Headers::Field& field) {
  return {bytes_of(field.name), bytes_of(field.value), field.name.size(), field.value.size(), NGHTTP2_NV_FLAG_NONE};
}

// Fields that belong to one HTTP/1 connection (RFC 9113 section 8.2.2).
bool is_forbidden(const Headers::Field& field) {
  const std::string_view name = field.name;
  switch (name.size()) {
    case 2:
      return name == "te" && field.value != "trailers";
    case 7:
      return name == "upgrade";
    case 10:
      return name == "connection" || name == "keep-alive";
    case 14:
      return name == "http2-settings";
    case 16:
      return name == "proxy-connection";
    case 17:
      return name == "transfer-encoding";
    default:
      return false;
  }
}

}  // namespace

const char* name_of(Http2Error code) {
  static constexpr const char* names[] = {"NO_ERROR",
                                          "PROTOCOL_ERROR",
                                          "INTERNAL_ERROR",
                                          "FLOW_CONTROL_ERROR",
                                          "SETTINGS_TIMEOUT",
                                          "STREAM_CLOSED",
                                          "FRAME_SIZE_ERROR",
                                          "REFUSED_STREAM",
                                          "CANCEL",
                                          "COMPRESSION_ERROR",
                                          "CONNECT_ERROR",
                                          "ENHANCE_YOUR_CALM",
                                          "INADEQUATE_SECURITY",
                                          "HTTP_1_1_REQUIRED"};
  const auto index = static_cast<size_t>(code);
  return index < std::size(names) ? names[index] : "UNKNOWN";
}

Http2Stream::~Http2Stream() {
  if (codec_) codec_->abandon(*this);
}

std::unique_ptr<Http2Codec> make_http2_server_codec(const Http2Options& options, Http2Events& events) {
  return std::make_unique<Http2Session>(Http2Session::Side::server, options, events);
}
std::unique_ptr<Http2Codec> make_http2_client_codec(const Http2Options& options, Http2Events& events) {
  return std::make_unique<Http2Session>(Http2Session::Side::client, options, events);
}

Http2Session::Http2Session(Side side, const Http2Options& options, Http2Events& events)
    : side_(side), options_(options), events_(events), session_(make_session()), floods_(options_) {
  send_settings();
}

Http2Session::~Http2Session() {
  while (streams_) {
    streams_->open_ = false;
    detach(*streams_);
  }
  nghttp2_session_del(session_);
}

void Http2Session::send_settings() {
  std::vector<nghttp2_settings_entry> entries{
      {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, options_.hpack_table_size},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options_.initial_stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(options_.max_head_bytes)}};
  if (side_ == Side::client) {
    entries.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  } else {
    entries.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options_.max_concurrent_streams});
    entries.push_back({NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1});
    if (options_.extended_connect) entries.push_back({NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1});
  }
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries.data(), entries.size());
  const auto window = std::max<uint32_t>(options_.initial_connection_window, 65'535);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, static_cast<int32_t>(window));
}

bool Http2Session::finished() const {
  if (failed_) return !nghttp2_session_want_write(session_);
  return !nghttp2_session_want_read(session_) && !nghttp2_session_want_write(session_);
}

// --- streams ---------------------------------------------------------------------------------------------------------

void Http2Session::attach(Http2Stream& stream, uint32_t id) {
  stream.codec_ = this;
  stream.id_ = id;
  stream.open_ = true;
  stream.next_ = streams_;
  if (streams_) streams_->previous_ = &stream;
  streams_ = &stream;
  ++open_streams_;
}

void Http2Session::detach(Http2Stream& stream) {
  (stream.previous_ ? stream.previous_->next_ : streams_) = stream.next_;
  if (stream.next_) stream.next_->previous_ = stream.previous_;
  stream.codec_ = nullptr;
  stream.previous_ = stream.next_ = nullptr;
}

Http2Stream* Http2Session::owner_of(int32_t id) const {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session_, id));
}

void Http2Session::abandon(Http2Stream& stream) {
  // A server that has said everything lets the client stop in peace; else the peer learns that nobody listens.
  const bool answered = side_ == Side::server && stream.sent_end_;
  reset(stream, answered ? Http2Error::no_error : Http2Error::cancel);
  if (stream.unconsumed_) nghttp2_session_consume_connection(session_, std::exchange(stream.unconsumed_, 0));
  detach(stream);
}

void Http2Session::reset(Http2Stream& stream, Http2Error code) {
  if (!stream.open_) return;
  stream.open_ = false;
  --open_streams_;
  stream.unsent_ = {};
  nghttp2_session_set_stream_user_data(session_, static_cast<int32_t>(stream.id_), nullptr);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, static_cast<int32_t>(stream.id_), static_cast<uint32_t>(code));
}

void Http2Session::close(Http2Stream& stream, const Http2Closed& closed) {
  if (!stream.open_) return;
  stream.open_ = false;
  --open_streams_;
  stream.unsent_ = {};
  stream.on_closed(closed);
}

void Http2Session::consume(Http2Stream& stream, size_t bytes) {
  bytes = std::min(bytes, stream.unconsumed_);
  stream.unconsumed_ -= bytes;
  if (bytes) nghttp2_session_consume(session_, static_cast<int32_t>(stream.id_), bytes);
}

void Http2Session::forget(Http2Stream& stream, size_t bytes) {
  bytes = std::min(bytes, stream.unconsumed_);
  stream.unconsumed_ -= bytes;
  if (bytes) nghttp2_session_consume_connection(session_, bytes);
}

// --- sending ---------------------------------------------------------------------------------------------------------

// Pseudo-fields must come first (RFC 9113 section 8.3), wherever filters have put them.
const std::vector<nghttp2_nv>& Http2Session::encoded(const Headers& head) {
  fields_.clear();
  bool has_authority = false;
  for (const Headers::Field& field : head)
    if (field.name.starts_with(':')) {
      fields_.push_back(pair_of(field));
      has_authority |= field.name == ":authority";
    }
  for (const Headers::Field& field : head)
    if (!field.name.starts_with(':') && !is_forbidden(field) && !(has_authority && field.name == "host"))
      fields_.push_back(pair_of(field));
  return fields_;
}

nghttp2_data_provider Http2Session::data_of_streams() {
  nghttp2_data_provider data{};
  data.read_callback = [](nghttp2_session*, int32_t id, uint8_t*, size_t most, uint32_t* flags, nghttp2_data_source*,
                          void* self) -> ssize_t {
    return static_cast<Http2Session*>(self)->read_data(id, most, *flags);
  };
  return data;
}

Result<> Http2Session::open(Http2Stream& stream, const Headers& head, bool end) {
  if (going_away_) return fail(ErrorKind::unavailable, "the server takes no further streams on this connection");
  const auto& fields = encoded(head);
  const auto data = data_of_streams();
  const int32_t id =
      nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), end ? nullptr : &data, &stream);
  if (id < 0) return fail(ErrorKind::unavailable, "the connection takes no further streams: {}", nghttp2_strerror(id));
  attach(stream, static_cast<uint32_t>(id));
  stream.end_queued_ = end;
  stream.deferred_ = false;
  floods_.on_stream_opened();
  return {};
}

void Http2Session::send_informational(Http2Stream& stream, const Headers& head) {
  if (!stream.open_) return;
  const auto& fields = encoded(head);
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, static_cast<int32_t>(stream.id_), nullptr, fields.data(),
                         fields.size(), nullptr);
}

void Http2Session::send_head(Http2Stream& stream, const Headers& head, bool end) {
  if (!stream.open_) return;
  const auto& fields = encoded(head);
  const auto data = data_of_streams();
  stream.end_queued_ = end;
  nghttp2_submit_response(session_, static_cast<int32_t>(stream.id_), fields.data(), fields.size(),
                          end ? nullptr : &data);
}

void Http2Session::send_data(Http2Stream& stream, Buffer bytes) {
  if (!stream.open_ || bytes.empty()) return;
  if (stream.unsent_.empty())
    stream.unsent_ = std::move(bytes);
  else
    stream.unsent_.append(bytes.view());
  resume(stream);
}

void Http2Session::send_end(Http2Stream& stream, const Headers* trailers) {
  if (!stream.open_) return;
  if (trailers && trailers->size() > 0) stream.trailers_ = std::make_unique<Headers>(*trailers);
  stream.end_queued_ = true;
  resume(stream);
}

void Http2Session::resume(Http2Stream& stream) {
  if (!std::exchange(stream.deferred_, false)) return;
  nghttp2_session_resume_data(session_, static_cast<int32_t>(stream.id_));
}

long Http2Session::read_data(int32_t id, size_t most, uint32_t& flags) {
  Http2Stream* stream = owner_of(id);
  if (!stream) return NGHTTP2_ERR_DEFERRED;  // reset: its RST_STREAM is on the way
  const size_t size = std::min(most, stream->unsent_.size());
  const bool last = stream->end_queued_ && size == stream->unsent_.size();
  if (size == 0 && !last) {
    stream->deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (!last) return static_cast<long>(size);
  flags |= NGHTTP2_DATA_FLAG_EOF;
  if (stream->trailers_) {
    const auto& fields = encoded(*stream->trailers_);
    if (nghttp2_submit_trailer(session_, id, fields.data(), fields.size()) == 0)
      flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  }
  return static_cast<long>(size);
}

int Http2Session::write_data(const nghttp2_frame& frame, std::string_view frame_header, size_t length) {
  Http2Stream* stream = owner_of(frame.hd.stream_id);
  if (!stream) return NGHTTP2_ERR_CALLBACK_FAILURE;  // cannot be: read_data() saw it in this same call
  out_->append(frame_header);
  out_->append(stream->unsent_.view().substr(0, length));
  const size_t before = stream->unsent_.size();
  stream->unsent_.consume(length);
  stream->unsent_.release_if_empty();
  if (before > Http2Stream::low_mark && stream->unsent() <= Http2Stream::low_mark) stream->on_sent();
  return out_->size() >= most_ ? NGHTTP2_ERR_PAUSE : 0;
}

void Http2Session::write(Buffer& out, size_t most) {
  out_ = &out;
  most_ = most;
  while (out.size() < most) {
    const uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) break;
    out.append({reinterpret_cast<const char*>(bytes), static_cast<size_t>(size)});
  }
  out_ = nullptr;
}

void Http2Session::frame_sent(const nghttp2_frame& frame) {
  const bool ends_stream = frame.hd.flags & NGHTTP2_FLAG_END_STREAM;
  switch (frame.hd.type) {
    case NGHTTP2_DATA:
      floods_.on_data_sent();
      [[fallthrough]];
    case NGHTTP2_HEADERS:
      return ends_stream ? end_sent(frame.hd.stream_id) : void();
    case NGHTTP2_RST_STREAM:
      return reset_sent(frame.hd.stream_id);
    case NGHTTP2_GOAWAY:
      return goaway_sent(frame.goaway);
    default:
      return;
  }
}

void Http2Session::end_sent(int32_t id) {
  if (Http2Stream* stream = owner_of(id)) {
    stream->sent_end_ = true;
    stream->on_sent();
  } else if (side_ == Side::server && nghttp2_session_get_stream_remote_close(session_, id) == 0) {
    // A head that was answered unread: the client need not send the rest.
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
  }
}

// Resets of our own have no owner any more; what is left are those that nghttp2 made of the peer's mistakes.
void Http2Session::reset_sent(int32_t id) {
  Http2Stream* stream = owner_of(id);
  if (!stream || std::exchange(stream->violated_, true) || side_ == Side::client) return;
  const char* why = floods_.on_reset(now_);
  if (!why) return;
  violation_ = why;
  terminate(Http2Error::enhance_your_calm);
}

void Http2Session::goaway_sent(const nghttp2_goaway& goaway) {
  if (goaway.error_code == NGHTTP2_NO_ERROR || !violation_.empty()) return;
  violation_ = name_of(static_cast<Http2Error>(goaway.error_code));
  const std::string_view reason(reinterpret_cast<const char*>(goaway.opaque_data), goaway.opaque_data_len);
  if (!reason.empty()) violation_.append(": ").append(reason);
}

void Http2Session::frame_not_sent(const nghttp2_frame& frame) {
  if (frame.hd.type != NGHTTP2_HEADERS) return;
  Http2Stream* stream = streams_;
  while (stream && stream->id_ != static_cast<uint32_t>(frame.hd.stream_id)) stream = stream->next_;
  if (!stream || !stream->open_) return;
  const bool request = frame.headers.cat == NGHTTP2_HCAT_REQUEST;
  if (!request) nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_INTERNAL_ERROR);
  nghttp2_session_set_stream_user_data(session_, frame.hd.stream_id, nullptr);
  close(*stream, {.code = request ? Http2Error::refused_stream : Http2Error::internal_error, .by_peer = request});
}

// --- the connection --------------------------------------------------------------------------------------------------

void Http2Session::send_ping(uint64_t payload) {
  uint8_t bytes[8];
  std::memcpy(bytes, &payload, sizeof bytes);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, bytes);
}

void Http2Session::announce_shutdown() { nghttp2_submit_shutdown_notice(session_); }

void Http2Session::refuse_new_streams() {
  const int32_t last = nghttp2_session_get_last_proc_stream_id(session_);
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
}

void Http2Session::terminate(Http2Error code) {
  nghttp2_session_terminate_session(session_, static_cast<uint32_t>(code));
}

uint32_t Http2Session::peer_max_concurrent_streams() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool Http2Session::peer_allows_extended_connect() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

}  // namespace lateen::protocol
