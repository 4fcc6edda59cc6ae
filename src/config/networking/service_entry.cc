#include "config/networking/service_entry.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Fields ServicePort::fields() {
  return record("ServicePort", "A port of a service.",
                {
                    field("number", &ServicePort::number, "The port.", required, at_least(1), at_most(65535)),
                    field("protocol", &ServicePort::protocol, "As of a gateway's port.", most(256)),
                    field("name", &ServicePort::name, "Label of the port.", required, most(256)),
                    field("targetPort", &ServicePort::target_port, "Port of the endpoints.", at_least(1),
                          at_most(65535), otherwise("number")),
                });
}

Names names(ServiceEntry::Location) {
  static constexpr Name all[] = {{"MESH_EXTERNAL", 0}, {"MESH_INTERNAL", 1}};
  return all;
}

Names names(ServiceEntry::Resolution) {
  static constexpr Name all[] = {{"NONE", 0}, {"STATIC", 1}, {"DNS", 2}, {"DNS_ROUND_ROBIN", 3}, {"DYNAMIC_DNS", 4}};
  return all;
}

Fields ServiceEntry::fields() {
  return record(
      "ServiceEntry", "A host that Kubernetes does not know.",
      {
          field("hosts", &ServiceEntry::hosts, "Its names; `*.` prefixes are allowed.", required, most(256)),
          field("addresses", &ServiceEntry::addresses, "Virtual addresses, IP or CIDR.", most(256)),
          field("ports", &ServiceEntry::ports, "Its ports.", most(256)),
          field("location", &ServiceEntry::location, "Outside of the mesh or inside."),
          field("resolution", &ServiceEntry::resolution, "How its endpoints are found.",
                otherwise("NONE: the address the caller used")),
          field("endpoints", &ServiceEntry::endpoints, "Its instances.", most(4096)),
          field("workloadSelector", &ServiceEntry::workload_selector,
                "Pods and WorkloadEntries of its namespace that are its instances."),
          field("exportTo", &ServiceEntry::export_to, "Namespaces that see it: `.`, `*` or names.",
                otherwise("as the mesh configuration says")),
          field("subjectAltNames", &ServiceEntry::subject_alt_names, "Names of which its servers must show one."),
      });
}

}  // namespace lateen::config
