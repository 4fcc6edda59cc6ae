// The commands of `lateen`, one function a file. To add one: its function here, its line in the table of main.cc.
#pragma once
#include "apps/wiring/arguments.h"

namespace lateen::commands {

int ca_issue(const wiring::Arguments& arguments);
int ca_root(const wiring::Arguments& arguments);
int ca_show(const wiring::Arguments& arguments);
int control(const wiring::Arguments& arguments);
int join(const wiring::Arguments& arguments);
int fleet_render(const wiring::Arguments& arguments);
int proxy_config(const wiring::Arguments& arguments);
int proxy_status(const wiring::Arguments& arguments);
int token(const wiring::Arguments& arguments);
int validate(const wiring::Arguments& arguments);
int xds_dump(const wiring::Arguments& arguments);
int reference(const wiring::Arguments& arguments);

}  // namespace lateen::commands
