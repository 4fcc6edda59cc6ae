#include "config/networking/proxy_config.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Fields ProxyImage::fields() {
  return record("ProxyImage", "Which proxy image is run.",
                {
                    field("imageType", &ProxyImage::image_type, "default, debug or distroless."),
                });
}

Fields ProxyConfigKind::fields() {
  return record(
      "ProxyConfigKind", "Settings of selected proxies, read when they start.",
      {
          field("selector", &ProxyConfigKind::selector, "Workloads it is for.", otherwise("all of the namespace")),
          field("concurrency", &ProxyConfigKind::concurrency, "Worker threads; 0: as many as cores.", at_least(0)),
          field("environmentVariables", &ProxyConfigKind::environment_variables, "Environment of the proxy."),
          field("image", &ProxyConfigKind::image, "Image of the proxy."),
      });
}

}  // namespace lateen::config
