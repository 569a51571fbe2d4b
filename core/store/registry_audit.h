/* registry_audit.h: who asks, and when, as the audit log and saved cohorts say it. Private to core/store. */
#ifndef LOTS_REGISTRY_AUDIT_H
#define LOTS_REGISTRY_AUDIT_H

#include "core/base/status.h"

/* The login name of this process's user, and now: 2024-05-31T09:30:00Z. Errors: LOTS_INTERNAL without a clock. */
LOTS_MUST lots_status lots_registry_who(char user[64], char out[32], lots_error *err);

#endif
