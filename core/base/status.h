/* status.h: the one list of outcomes and the caller-owned error record.
 * A fallible function returns lots_status (must be used) and takes `lots_error *err` last; NULL is allowed.
 * The first place that knows fills it; others pass it up unchanged. Nothing below the commands prints or exits. */
#ifndef LOTS_STATUS_H
#define LOTS_STATUS_H

#include "core/lots.h"

#define LOTS_MUST __attribute__((warn_unused_result))

/* X(NAME, exit code of the program, what it means) */
#define LOTS_STATUS_LIST(X)                                                                       \
    X(OK, 0, "ok")                                                                                \
    X(INTERNAL, 1, "a mistake of ours")                                                           \
    X(USAGE, 2, "the command line or a mapping is wrong")                                         \
    X(QUERY, 3, "the query is wrong")                                                             \
    X(REJECTS, 4, "more rows rejected than allowed; nothing was published")                       \
    X(CORRUPT, 5, "bytes of a registry are damaged")                                              \
    X(LOCKED, 6, "another writer holds the registry")                                             \
    X(REFUSED, 7, "refused by the disclosure rules")                                              \
    X(IO, 8, "the system could not read or write")                                                \
    X(MEMORY, 8, "out of memory")                                                                 \
    X(LIMIT, 3, "the query would need more than it was given")                                    \
    X(INTERRUPTED, 130, "stopped by the user")

typedef enum lots_status {
#define X(name, code, text) LOTS_##name,
    LOTS_STATUS_LIST(X)
#undef X
} lots_status;

#define LOTS_NOWHERE UINT64_MAX

/* Filled by the failing function. `text` is one sentence, lower case, naming the thing and the number.
 * `hint`, possibly empty, says what to do. `at`..`at_end` are byte offsets in the file or query the caller named
 * (for the caret), LOTS_NOWHERE when there is no place. `source` is the index of the query text or file, as the
 * callee's contract says (0 unless it reads several). */
typedef struct lots_error {
    lots_status status;
    uint32_t source;
    uint64_t at;
    uint64_t at_end;
    char text[1024];
    char hint[512];
} lots_error;

/* The program's exit code for a status: 0..8 or 130. */
int lots_status_exit_code(lots_status status);
/* "CORRUPT" and the like; "?" for a number that is no status. */
const char *lots_status_name(lots_status status);

/* Set `err` (when not NULL) to LOTS_OK and empty texts. */
void lots_error_clear(lots_error *err);

/* Fill `err` (when not NULL) and return `status`, so that a function can `return lots_fail(err, LOTS_IO, "…", …)`.
 * `at`, `at_end` become LOTS_NOWHERE and the hint empty. Texts longer than the record are cut at a character. */
lots_status lots_fail(lots_error *err, lots_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with a place. */
lots_status lots_fail_at(lots_error *err, lots_status status, uint64_t at, uint64_t at_end, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Set the hint of an error already filled; a no-op on NULL. */
void lots_error_hint(lots_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Put "context: " before the text of an error already filled; a no-op on NULL. */
void lots_error_context(lots_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Return from the enclosing function with the status of `call` unless it is LOTS_OK. */
#define LOTS_TRY(call)                              \
    do {                                            \
        lots_status lots_try_status_ = (call);      \
        if (lots_try_status_ != LOTS_OK)            \
            return lots_try_status_;                \
    } while (0)

#endif
