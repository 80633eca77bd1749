// What the Libevent target's HTTP server wraps of zlib; nothing else imports this module.
#include <zlib.h>
