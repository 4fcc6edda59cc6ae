// The receiving half of the codec on nghttp2: its callbacks, heads, limits.
#include <algorithm>

#include "lib/protocol/http2_session.h"

namespace lateen::protocol {

namespace {
std::string_view view_of(const uint8_t* bytes, size_t size) { return {reinterpret_cast<const char*>(bytes), size}; }
std::string_view view_of(nghttp2_rcbuf* buffer) {
  const nghttp2_vec bytes = nghttp2_rcbuf_get_buf(buffer);
  return view_of(bytes.base, bytes.len);
}
}  // namespace

struct Http2Session::Callbacks {
  static Http2Session& of(void* self) { return *static_cast<Http2Session*>(self); }

  static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* header, void* self) {
    return of(self).on_frame_header(*header);
  }
  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    return of(self).begin_head(*frame);
  }
  static int header(nghttp2_session*, const nghttp2_frame*, nghttp2_rcbuf* name, nghttp2_rcbuf* value, uint8_t,
                    void* self) {
    return of(self).add_field(view_of(name), view_of(value));
  }
  static int invalid_header(nghttp2_session*, const nghttp2_frame* frame, nghttp2_rcbuf*, nghttp2_rcbuf*, uint8_t,
                            void* self) {
    return of(self).refuse_field(frame->hd.stream_id);
  }
  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* self) { return of(self).on_frame(*frame); }
  static int invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int, void* self) {
    return of(self).on_malformed(frame->hd.stream_id);
  }
  static int data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* bytes, size_t size, void* self) {
    of(self).take_data(id, view_of(bytes, size));
    return 0;
  }
  static int closed(nghttp2_session*, int32_t id, uint32_t code, void* self) {
    of(self).stream_closed(id, static_cast<Http2Error>(code));
    return 0;
  }
  static int send_data(nghttp2_session*, nghttp2_frame* frame, const uint8_t* header, size_t length,
                       nghttp2_data_source*, void* self) {
    return of(self).write_data(*frame, view_of(header, 9), length);
  }
  static int sent(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    of(self).frame_sent(*frame);
    return 0;
  }
  static int not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* self) {
    of(self).frame_not_sent(*frame);
    return 0;
  }
};

nghttp2_session* Http2Session::make_session() {
  nghttp2_session_callbacks* calls = nullptr;
  nghttp2_option* option = nullptr;
  nghttp2_session* session = nullptr;
  nghttp2_session_callbacks_new(&calls);
  nghttp2_session_callbacks_set_on_begin_frame_callback(calls, Callbacks::begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(calls, Callbacks::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback2(calls, Callbacks::header);
  nghttp2_session_callbacks_set_on_invalid_header_callback2(calls, Callbacks::invalid_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(calls, Callbacks::frame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(calls, Callbacks::invalid_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(calls, Callbacks::closed);
  nghttp2_session_callbacks_set_send_data_callback(calls, Callbacks::send_data);
  nghttp2_session_callbacks_set_on_frame_send_callback(calls, Callbacks::sent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(calls, Callbacks::not_sent);
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_outbound_ack(option, options_.max_outbound_control_frames);
  nghttp2_option_set_max_settings(option, options_.max_settings_per_frame);
  nghttp2_option_set_max_continuations(option, options_.max_continuations);
  nghttp2_option_set_max_send_header_block_length(option, 1024 * 1024);
  // Its own limit reads the system's clock; ours (http2_floods.h) takes the time it is given.
  nghttp2_option_set_stream_reset_rate_limit(option, UINT64_MAX, UINT64_MAX);
  if (side_ == Side::server)
    nghttp2_session_server_new2(&session, calls, this, option);
  else
    nghttp2_session_client_new2(&session, calls, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(calls);
  return session;
}

Result<> Http2Session::receive(std::string_view bytes, Time now) {
  if (failed_) return fail(ErrorKind::protocol, "HTTP/2: {}", violation_);
  now_ = now;
  const ssize_t read = nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  Http2Error code = read == NGHTTP2_ERR_BAD_CLIENT_MAGIC ? Http2Error::protocol_error : Http2Error::enhance_your_calm;
  const char* why = read < 0 ? nghttp2_strerror(static_cast<int>(read)) : nullptr;
  if (!why && nghttp2_session_get_outbound_queue_size(session_) > options_.max_outbound_frames)
    why = "too many frames wait to be sent";
  if (!why) return {};
  if (violation_.empty()) violation_ = why;
  failed_ = true;
  terminate(code);
  return fail(ErrorKind::protocol, "HTTP/2: {}", violation_);
}

int Http2Session::give_up(const char* why) {
  if (!why) return 0;
  violation_ = why;
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

int Http2Session::on_frame_header(const nghttp2_frame_hd& header) {
  if (header.type != NGHTTP2_CONTINUATION) in_head_ = false;
  switch (header.type) {
    case NGHTTP2_DATA:
    case NGHTTP2_HEADERS:
      return give_up(floods_.on_payload_frame(header.length == 0 && !(header.flags & NGHTTP2_FLAG_END_STREAM)));
    case NGHTTP2_CONTINUATION:
      return give_up(floods_.on_payload_frame(header.length == 0));
    case NGHTTP2_PRIORITY:
      return give_up(floods_.on_priority());
    case NGHTTP2_WINDOW_UPDATE:
      return give_up(floods_.on_window_update());
    default:
      return 0;
  }
}

// --- heads -----------------------------------------------------------------------------------------------------------

int Http2Session::begin_head(const nghttp2_frame& frame) {
  in_head_ = true;
  incoming_ = {};
  incoming_.request = side_ == Side::server && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
  return 0;
}

int Http2Session::add_field(std::string_view name, std::string_view value) {
  Incoming& in = incoming_;
  in.bytes += name.size() + value.size();
  const bool more_cookie = name == "cookie" && in.has_cookie;
  if (!more_cookie) ++in.count;
  if (in.bytes > options_.max_head_bytes || in.count > options_.max_head_fields) {
    // The rest is decoded (the compression state is the connection's) and forgotten; a head that goes on and on from
    // few bytes is an attack on that.
    in.over_limit = true;
    in.fields.clear();
    return in.bytes > 8 * options_.max_head_bytes ? give_up("a head of far too many bytes") : 0;
  }
  if (more_cookie) {
    in.cookie.append("; ").append(value);
  } else if (name == "cookie") {
    in.has_cookie = true;
    in.cookie = value;
  } else if (in.request && name == "host") {
    in.host = value;
  } else {
    in.has_authority |= name == ":authority";
    in.fields.add(name, value);
  }
  return 0;
}

int Http2Session::refuse_field(int32_t id) {
  if (Http2Stream* stream = owner_of(id)) stream->violated_ = true;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
  const int verdict = side_ == Side::server ? give_up(floods_.on_reset(now_)) : 0;
  return verdict ? verdict : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

void Http2Session::finish_fields() {
  Incoming& in = incoming_;
  if (in.request && !in.has_authority && !in.host.empty()) in.fields.add(":authority", in.host);
  if (in.has_cookie) in.fields.add("cookie", in.cookie);
}

int Http2Session::end_head(const nghttp2_frame& frame) {
  const bool ended = frame.hd.flags & NGHTTP2_FLAG_END_STREAM;
  in_head_ = false;
  if (incoming_.request) {
    take_request(frame.hd.stream_id, ended);
    return 0;
  }
  Http2Stream* stream = owner_of(frame.hd.stream_id);
  if (!stream) return 0;
  if (incoming_.over_limit) {
    violate(*stream, Http2Error::enhance_your_calm);
    return 0;
  }
  finish_fields();
  if (side_ == Side::client && !stream->received_head_)
    take_answer(*stream, ended);
  else
    end_stream(*stream, &incoming_.fields);
  return 0;
}

void Http2Session::take_request(int32_t id, bool ended) {
  floods_.on_stream_opened();
  // Equal shares for all streams; what a client asks for does not slow others down.
  const nghttp2_extpri equal{NGHTTP2_EXTPRI_DEFAULT_URGENCY, 1};
  nghttp2_session_change_extpri_stream_priority(session_, id, &equal, 1);
  if (incoming_.over_limit) return answer_too_large(id);
  finish_fields();
  Http2Stream* stream = events_.on_request(std::move(incoming_.fields), ended);
  if (!stream) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    return;
  }
  attach(*stream, static_cast<uint32_t>(id));
  stream->received_head_ = true;
  stream->received_end_ = ended;
  nghttp2_session_set_stream_user_data(session_, id, stream);
}

void Http2Session::take_answer(Http2Stream& stream, bool ended) {
  const int status = incoming_.fields.status();
  if (status < 200 && !ended) return stream.on_informational(std::move(incoming_.fields));
  stream.received_head_ = true;
  stream.received_end_ = ended;
  stream.on_head(std::move(incoming_.fields), ended);
}

void Http2Session::answer_too_large(int32_t id) {
  nghttp2_nv status{};
  status.name = reinterpret_cast<uint8_t*>(const_cast<char*>(":status"));
  status.value = reinterpret_cast<uint8_t*>(const_cast<char*>("431"));
  status.namelen = 7;
  status.valuelen = 3;
  nghttp2_submit_response(session_, id, &status, 1, nullptr);
  events_.on_rejected(431, "request head too large");
}

// --- frames ----------------------------------------------------------------------------------------------------------

int Http2Session::on_frame(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      return end_head(frame);
    case NGHTTP2_DATA:
      if (frame.hd.flags & NGHTTP2_FLAG_END_STREAM)
        if (Http2Stream* stream = owner_of(frame.hd.stream_id)) end_stream(*stream, nullptr);
      return 0;
    case NGHTTP2_RST_STREAM:
      return on_reset_frame(frame.hd.stream_id);
    case NGHTTP2_SETTINGS:
      if (!(frame.hd.flags & NGHTTP2_FLAG_ACK)) events_.on_settings();
      return 0;
    case NGHTTP2_PING:
      if (frame.hd.flags & NGHTTP2_FLAG_ACK) {
        uint64_t payload;
        std::memcpy(&payload, frame.ping.opaque_data, sizeof payload);
        events_.on_pong(payload);
      }
      return 0;
    case NGHTTP2_GOAWAY:
      going_away_ = true;
      events_.on_goaway(static_cast<Http2Error>(frame.goaway.error_code),
                        view_of(frame.goaway.opaque_data, frame.goaway.opaque_data_len));
      return 0;
    default:
      return 0;
  }
}

int Http2Session::on_reset_frame(int32_t id) {
  if (Http2Stream* stream = owner_of(id)) stream->reset_by_peer_ = true;
  return side_ == Side::server ? give_up(floods_.on_reset(now_)) : 0;
}

// nghttp2 found the message or frame to be malformed and resets the stream, or ends the connection.
int Http2Session::on_malformed(int32_t id) {
  in_head_ = false;
  if (id == 0) return 0;
  if (Http2Stream* stream = owner_of(id)) stream->violated_ = true;
  return side_ == Side::server ? give_up(floods_.on_reset(now_)) : 0;
}

void Http2Session::take_data(int32_t id, std::string_view bytes) {
  Http2Stream* stream = owner_of(id);
  if (!stream) {
    nghttp2_session_consume(session_, id, bytes.size());
    return;
  }
  stream->unconsumed_ += bytes.size();
  stream->on_data(bytes);
}

void Http2Session::end_stream(Http2Stream& stream, Headers* trailers) {
  stream.received_end_ = true;
  stream.on_end(trailers);
}

void Http2Session::violate(Http2Stream& stream, Http2Error code) {
  stream.violated_ = true;
  const auto id = static_cast<int32_t>(stream.id_);
  nghttp2_session_set_stream_user_data(session_, id, nullptr);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, static_cast<uint32_t>(code));
  close(stream, {.code = code, .violation = true});
}

void Http2Session::stream_closed(int32_t id, Http2Error code) {
  Http2Stream* stream = owner_of(id);
  if (!stream) return;
  const bool refused = code != Http2Error::no_error && !stream->violated_;
  close(*stream, {code, stream->reset_by_peer_ || refused, stream->violated_});
}

}  // namespace lateen::protocol
