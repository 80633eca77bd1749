// What the Names target wraps of c-ares; nothing else imports this module.
#include <features.h>
#include <ares.h>
