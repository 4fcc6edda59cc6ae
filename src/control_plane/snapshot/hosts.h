// Host names as configuration writes them: short, complete, or with a leading "*." (also "*" alone).
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace lateen::snapshot {

bool is_wildcard(std::string_view host);

// A host without dots is completed with namespace and cluster domain; others, and wildcards, stay as they are.
std::string complete_host(std::string_view host, std::string_view namespace_, std::string_view domain);

// Whether the two have names in common ("*.b.c" and "a.b.c", "*" and anything).
bool hosts_meet(std::string_view a, std::string_view b);

// Whether every name of `part` is one of `whole`.
bool covers(std::string_view whole, std::string_view part);

// The most specific of `patterns` that covers the host: itself before wildcards, longer before shorter; "" when none
// does.
std::string_view most_specific(const std::vector<std::string>& patterns, std::string_view host);

}  // namespace lateen::snapshot
