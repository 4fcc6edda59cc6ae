#include "data_plane/agent/secret_board.h"

#include <vector>

namespace lateen::agent {

struct SecretBoard::State {
  struct Watcher {
    std::string name;
    SecretSource::Changed changed;
  };
  std::map<std::string, SecretPtr> secrets;
  std::map<uint64_t, Watcher> watchers;
  uint64_t next = 0;
};

class SecretBoard::Registration final : public SecretSource::Watch {
 public:
  Registration(std::weak_ptr<State> state, uint64_t id) : state_(std::move(state)), id_(id) {}
  ~Registration() override {
    if (const auto state = state_.lock()) state->watchers.erase(id_);
  }

 private:
  std::weak_ptr<State> state_;
  uint64_t id_;
};

SecretBoard::SecretBoard() : state_(std::make_shared<State>()) {}

SecretPtr SecretBoard::find(const std::string& name) const {
  const auto it = state_->secrets.find(name);
  return it == state_->secrets.end() ? nullptr : it->second;
}

bool SecretBoard::publish(const std::string& name, Secret secret) {
  SecretPtr& place = state_->secrets[name];
  if (place && *place == secret) return false;
  place = std::make_shared<const Secret>(std::move(secret));
  const SecretPtr published = place;
  std::vector<uint64_t> wanting;
  for (const auto& [id, watcher] : state_->watchers)
    if (watcher.name == name) wanting.push_back(id);
  // A watcher may end watches, its own included, and begin others.
  for (const uint64_t id : wanting)
    if (const auto it = state_->watchers.find(id); it != state_->watchers.end()) {
      const SecretSource::Changed changed = it->second.changed;
      changed(published);
    }
  return true;
}

std::unique_ptr<SecretSource::Watch> SecretBoard::watch(std::string name, SecretSource::Changed changed) {
  const uint64_t id = state_->next++;
  const SecretPtr known = find(name);
  state_->watchers.emplace(id, State::Watcher{std::move(name), changed});
  auto registration = std::make_unique<Registration>(state_, id);
  if (known) changed(known);
  return registration;
}

}  // namespace lateen::agent
