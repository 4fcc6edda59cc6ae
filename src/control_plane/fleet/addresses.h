// Stable virtual addresses for the fleet's hosts: one for each ServiceEntry, the same in all sites.
//
// An address follows from the name alone (a hash into 240.0.0.0/9, a reserved range that no network routes; Istio's own
// automatic addresses lie in 240.240.0.0/16), so it does not depend on what else there is or on where the record went.
// Only when two names meet on one address does the later one move on, and the record says where to; that is why it is
// kept: what is in it stays, whoever comes later. Names that are no longer used keep their entry, so that a host that
// comes back has its address again.
//
// The record has the form of Admiral's ConfigMap `se-address-configmap`, so one from an Admiral can be taken over.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "config/kubernetes/storage.h"
#include "lib/base/result.h"

namespace lateen::fleet {

class Addresses {
 public:
  // The address of the ServiceEntry of that name, given to it now if it has none.
  std::string of(const std::string& name);

  const std::map<std::string, std::string>& all() const { return by_name_; }  // name -> address
  bool operator==(const Addresses&) const = default;

  // Takes the record from key serviceEntryAddressStore. Fails with invalid when it is no such record, or when two names
  // share an address.
  static Result<Addresses> from(const config::ConfigMap& map);
  config::ConfigMap to_config_map(const std::string& namespace_) const;

 private:
  std::map<std::string, std::string> by_name_;
  std::set<std::string> taken_;
};

}  // namespace lateen::fleet
