#include "config/networking/workload_entry.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Fields WorkloadEntry::fields() {
  return record(
      "WorkloadEntry", "One instance that is no Kubernetes pod.",
      {
          field("address", &WorkloadEntry::address,
                "IP, DNS name, or unix:// path; empty for a workload in another network.", most(256)),
          field("ports", &WorkloadEntry::ports, "Port numbers by the port names of the service.", most(128)),
          field("labels", &WorkloadEntry::labels, "Labels, as of a pod.", most(256)),
          field("network", &WorkloadEntry::network,
                "Network it lives in; others reach it through that network's gateway.", most(2048)),
          field("locality", &WorkloadEntry::locality, "region/zone/subzone.", most(2048)),
          field("weight", &WorkloadEntry::weight, "Share of load among the endpoints."),
          field("serviceAccount", &WorkloadEntry::service_account, "Service account of its identity.", most(253)),
      });
}

}  // namespace lateen::config
