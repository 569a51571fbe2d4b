/* lots_test.h: the one header through which tests see cmocka, and the few things every test needs. */
#ifndef LOTS_TEST_H
#define LOTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/status.h"

/* Fail with the error's text unless `call` is LOTS_OK. Wants a `lots_error err` in scope. */
#define assert_ok(call)                                                                     \
    do {                                                                                    \
        lots_error_clear(&err);                                                             \
        lots_status assert_ok_status_ = (call);                                             \
        if (assert_ok_status_ != LOTS_OK)                                                   \
            fail_msg("%s: %s", lots_status_name(assert_ok_status_), err.text);              \
    } while (0)

/* Fail unless `call` gives the status. */
#define assert_status(expected, call)                                                       \
    do {                                                                                    \
        lots_error_clear(&err);                                                             \
        lots_status assert_status_ = (call);                                                \
        if (assert_status_ != (expected))                                                   \
            fail_msg("wanted %s, got %s: %s", lots_status_name(expected),                   \
                     lots_status_name(assert_status_), err.text);                           \
    } while (0)

#define assert_contains(text, part)                                                         \
    do {                                                                                    \
        if (strstr((text), (part)) == NULL)                                                 \
            fail_msg("'%s' is not in: %s", (part), (text));                                 \
    } while (0)

/* A fresh empty directory under the build folder or $TMPDIR; path in out. */
void lots_test_directory(char out[512]);
/* The folder of shared data ("../shared/data" and the like), or NULL when it is absent: the test then skips, saying so. */
const char *lots_test_shared(const char *below);
/* `make check-full`: sizes that take a program more than a few seconds are tried too. */
bool lots_test_full(void);
/* Deterministic numbers: SplitMix64. */
uint64_t lots_test_random(uint64_t *state);

#endif
