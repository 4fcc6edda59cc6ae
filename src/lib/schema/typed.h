// Documents to typed values and back, checks, and what people read about types.
#pragma once
#include <string>
#include <string_view>

#include "lib/schema/diagnostics.h"
#include "lib/schema/field.h"
#include "lib/schema/node.h"

namespace lateen::schema {

// Where a value is read from; path is that of the value itself ("spec").
struct Reading {
  std::string_view file;
  Diagnostics& diagnostics;
  std::string path = {};
};

// Reads a document into a value of that type and reports everything wrong at once; false when there was an error.
// Only what the document names is changed: reading over a filled value overlays it (maps and records are merged, lists
// replaced). A null is the same as leaving the key out. Unknown fields are errors with a "did you mean".
bool read(const Type& type, const Node& node, void* out, const Reading& reading);

template <class T>
bool read(const Node& node, T& out, const Reading& reading) {
  return read(type_of<T>(), node, &out, reading);
}

// A value as a document. Members equal to their default are left out, optional members that are set are kept, required
// ones always stand.
Node write(const Type& type, const void* value);

template <class T>
Node write(const T& value) {
  return write(type_of<T>(), &value);
}

// The OpenAPI v3 schema of a type, self-contained, as a CustomResourceDefinition's openAPIV3Schema takes it.
Node open_api(const Type& type);

// The reference page of a record in Markdown: a heading and a table for it and for every record below it, each once.
// `title` heads the page.
std::string reference_page(std::string_view title, const Type& type);

}  // namespace lateen::schema
