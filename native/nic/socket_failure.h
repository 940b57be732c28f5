// What went wrong with a packet socket, as an error that says what to do.
#pragma once

#include <string>

#include "../ring/ring.h"

namespace sysring {

// By errno.
Failure SocketFailure(const std::string& what);

}  // namespace sysring
