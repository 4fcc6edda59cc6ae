// The secrets that a source has published, and who wants to hear of them. What SecretSources are built on.
#pragma once
#include <map>

#include "data_plane/agent/secret_source.h"

namespace lateen::agent {

class SecretBoard {
 public:
  SecretBoard();
  SecretBoard(const SecretBoard&) = delete;

  // Stores the secret and tells its watchers; false, and nobody hears of it, when it is what was there.
  bool publish(const std::string& name, Secret secret);
  // Null when nothing was published under that name.
  SecretPtr find(const std::string& name) const;
  std::unique_ptr<SecretSource::Watch> watch(std::string name, SecretSource::Changed changed);

 private:
  struct State;
  class Registration;
  std::shared_ptr<State> state_;  // shared with the watches, which may live longer
};

}  // namespace lateen::agent
