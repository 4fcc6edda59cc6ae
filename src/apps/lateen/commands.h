// The commands of `lateen`, one function a file. To add one: its function here, its line in the table of main.cc.
#pragma once
#include "apps/wiring/arguments.h"

namespace lateen::commands {

int proxy_config(const wiring::Arguments& arguments);
int proxy_status(const wiring::Arguments& arguments);
int validate(const wiring::Arguments& arguments);

}  // namespace lateen::commands
