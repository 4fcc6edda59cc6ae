#include "control_plane/xds/subscription.h"

#include <unordered_map>

#include "config/xds/names.h"

namespace lateen::discovery {

bool is_wildcard_type(std::string_view type) {
  return is_whole_type(type) || type == xds::type::name_table || type == xds::type::proxy_config;
}

bool is_whole_type(std::string_view type) { return type == xds::type::cluster || type == xds::type::listener; }

int push_rank(std::string_view type) {
  constexpr std::string_view order[] = {xds::type::cluster, xds::type::endpoint, xds::type::listener, xds::type::route,
                                        xds::type::secret};
  return static_cast<int>(std::find(std::begin(order), std::end(order), type) - std::begin(order));
}

void Subscription::take(const Request& request) {
  const bool first = !requested_;
  const bool current = take_answer(request);
  requested_ = true;
  if (mode_ == Mode::delta) {
    if (first) had_ = request.has_versions;
    take_names_delta(request, first);
  } else if (first || request.nonce.empty() || current) {
    take_names_whole(request);
  } else {
    return;  // an answer to a push that another one has overtaken: the client will answer that one too
  }
  const bool starts_over = mode_ == Mode::state_of_the_world && request.nonce.empty();
  if (first || starts_over || (answer_next_ && is_active())) {
    answer_next_ = false;
    due_ = is_active();
    fresh_ = names_;
    fresh_all_ = wildcard_;
  }
}

// True when the request answers the latest push.
bool Subscription::take_answer(const Request& request) {
  const bool current = !request.nonce.empty() && request.nonce == status_.nonce_sent;
  if (request.refusal) {
    status_.refusal = *request.refusal;
    ++status_.refusals;
  } else if (current) {
    status_.nonce_acked = status_.nonce_sent;
    status_.version_acked = status_.version_sent;
    status_.refusal.clear();
  }
  return current;
}

void Subscription::take_names_whole(const Request& request) {
  std::set<std::string, std::less<>> names(request.names.begin(), request.names.end());
  const bool star = names.erase("*") > 0;
  named_ever_ = named_ever_ || star || !names.empty();
  const bool was_wildcard = wildcard_;
  wildcard_ = star || (names.empty() && !named_ever_ && is_wildcard_type(type_));
  for (const auto& name : names)
    if (!names_.contains(name)) fresh_.insert(name);
  std::erase_if(fresh_, [&](const std::string& name) { return !names.contains(name); });
  if (names != names_) ++names_edition_;
  names_ = std::move(names);
  if (wildcard_ && !was_wildcard) fresh_all_ = true;
  if (!fresh_.empty() || fresh_all_) due_ = true;
}

void Subscription::take_names_delta(const Request& request, bool first) {
  // The old form of "all": a first request that names nothing.
  if (first && request.subscribe.empty() && is_wildcard_type(type_)) wildcard_ = true;
  if (!request.subscribe.empty() || !request.unsubscribe.empty()) ++names_edition_;
  for (const auto& name : request.subscribe) {
    due_ = true;
    if (name == "*") {
      wildcard_ = fresh_all_ = true;
    } else {
      names_.insert(name);
      fresh_.insert(name);
    }
  }
  for (const auto& name : request.unsubscribe) {
    if (name == "*") wildcard_ = false;
    names_.erase(name);
    fresh_.erase(name);
  }
}

std::optional<Push> Subscription::push(ResourceSetPointer now) {
  if (!now || !is_active()) {
    due_ = fresh_all_ = false;
    fresh_.clear();
    return std::nullopt;
  }
  const auto changes = difference(sent_.get(), now.get());
  Push push{type_, now->version(), "", {}, {}, now};
  bool whole = false;
  if (mode_ == Mode::state_of_the_world && is_whole_type(type_)) {
    whole = choose_whole(*now, changes, push);
  } else if (mode_ == Mode::state_of_the_world) {
    choose_changed(*now, changes, push);
  } else if (!sent_ && !had_.empty()) {
    choose_first_delta(*now, push);
  } else {
    choose_changed(*now, changes, push);
    choose_removed(*now, changes, push);
  }
  const bool worth_it = due_ || whole || !push.resources.empty() || !push.removed.empty();
  sent_ = std::move(now);
  due_ = fresh_all_ = false;
  fresh_.clear();
  had_ = {};
  if (!worth_it) return std::nullopt;
  push.nonce = fmt::format("{}{}", nonce_prefix_, ++pushes_);
  status_.nonce_sent = push.nonce;
  status_.version_sent = push.version;
  ++status_.pushes;
  return push;
}

bool Subscription::choose_whole(const ResourceSet& now, const Difference& changes, Push& push) const {
  const auto is_wanted = [&](std::string_view name) { return wants(name); };
  const bool touched = due_ || std::any_of(changes.removed.begin(), changes.removed.end(), is_wanted) ||
                       std::any_of(changes.changed.begin(), changes.changed.end(),
                                   [&](const Resource* each) { return wants(each->name); });
  if (!touched) return false;
  for (const auto& each : now.all())
    if (wants(each->name)) push.resources.push_back(each.get());
  return true;
}

void Subscription::choose_changed(const ResourceSet& now, const Difference& changes, Push& push) const {
  if (fresh_all_) {
    for (const auto& each : now.all()) push.resources.push_back(each.get());
    return;
  }
  for (const auto* each : changes.changed)
    if (wants(each->name)) push.resources.push_back(each);
  const auto by_name = [](const Resource* a, const Resource* b) { return a->name < b->name; };
  const auto middle = static_cast<std::ptrdiff_t>(push.resources.size());
  for (const auto& name : fresh_)
    if (const auto* found = now.find(name)) push.resources.push_back(found);
  std::inplace_merge(push.resources.begin(), push.resources.begin() + middle, push.resources.end(), by_name);
  push.resources.erase(std::unique(push.resources.begin(), push.resources.end()), push.resources.end());
}

void Subscription::choose_first_delta(const ResourceSet& now, Push& push) const {
  std::unordered_map<std::string_view, std::string_view> had;
  for (const auto& [name, version] : had_) had[name] = version;
  for (const auto& each : now.all()) {
    if (!wants(each->name)) continue;
    const auto known = had.find(each->name);
    if (known == had.end() || known->second != each->version) push.resources.push_back(each.get());
  }
  for (const auto& [name, version] : had_)
    if (!now.find(name)) push.removed.push_back(name);
  for (const auto& name : names_)
    if (!now.find(name) && !had.contains(name)) push.removed.push_back(name);
}

void Subscription::choose_removed(const ResourceSet& now, const Difference& changes, Push& push) const {
  for (const auto name : changes.removed)
    if (wants(name)) push.removed.emplace_back(name);
  // Asked for and not there: the client need not wait.
  for (const auto& name : fresh_)
    if (!now.find(name) && std::find(push.removed.begin(), push.removed.end(), name) == push.removed.end())
      push.removed.push_back(name);
}

size_t Subscription::count() const {
  if (!sent_) return 0;
  if (wildcard_) return sent_->all().size();
  return static_cast<size_t>(
      std::count_if(names_.begin(), names_.end(), [&](const auto& name) { return sent_->find(name); }));
}

}  // namespace lateen::discovery
