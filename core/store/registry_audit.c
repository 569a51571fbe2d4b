/* registry_audit.c: who asked for persons, when and why. See registry.h. */
#include "core/store/registry.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/store/catalog.h"
#include "core/store/registry_audit.h"
#include "core/store/registry_hold.h"

/* The login name belonging to the process, which no environment variable can change; its number when it has none. */
static void name_user(char out[64])
{
    struct passwd entry, *found = NULL;
    char room[4096];
    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found != NULL && found->pw_name[0] != '\0')
        snprintf(out, 64, "%s", found->pw_name);
    else
        snprintf(out, 64, "uid %ju", (uintmax_t)getuid());
}

lots_status lots_registry_who(char user[64], char out[32], lots_error *err)
{
    struct tm parts;
    time_t now = time(NULL);
    name_user(user);
    if (now == (time_t)-1 || gmtime_r(&now, &parts) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return lots_fail(err, LOTS_INTERNAL, "the system's clock can't be read");
    return LOTS_OK;
}

lots_status lots_registry_audit(const char *path, const char *query, const char *purpose, uint64_t generation,
                                uint64_t rows, lots_error *err)
{
    char user[64], now[32];
    LOTS_TRY(lots_registry_who(user, now, err));
    lots_audit_entry entry = {now, user, query, purpose, generation, rows};
    LOTS_TRY(lots_registry_find(path, err));
    LOTS_TRY(lots_catalog_require_sound(path, err));
    return lots_catalog_audit(path, &entry, err);
}

lots_status lots_registry_audit_log(const char *path, lots_audit_log *out, lots_error *err)
{
    lots_arena_init(&out->arena, 0);
    out->entries = LOTS_VEC(lots_audit_entry);
    lots_status status = lots_registry_find(path, err);
    if (status == LOTS_OK)
        status = lots_catalog_audit_log(path, out, err);
    if (status != LOTS_OK)
        lots_audit_log_free(out);
    return status;
}

void lots_audit_log_free(lots_audit_log *log)
{
    lots_vec_free(&log->entries);
    lots_arena_free(&log->arena);
}
