/* check.h: `lots check`: does the registry hold what its catalog promises? Goes on after the first fault. */
#ifndef LOTS_CHECK_H
#define LOTS_CHECK_H

#include "core/store/registry.h"

typedef struct lots_check_options {
    bool full;                   /* read, verify and decode every block; else catalog, headers and sizes */
    unsigned threads;            /* 0: all */
    lots_fault_report report;    /* called from the calling thread, in one order whatever `threads`. `stream` and `column`
                                    are NULL for a fault of a whole file; `file` is relative to the registry */
    void *context;
    /* May be NULL: a file that nothing names; no fault. `swept`: it has the name of a registry's file, so that the next write
     * removes it. Others are not looked for where identities are kept elsewhere. */
    void (*leftover)(void *context, const char *file, bool swept);
    const char *identities;      /* another folder of identity files; NULL: the catalog's setting */
} lots_check_options;

typedef struct lots_check_result {
    uint64_t files, blocks, faults, leftovers;
} lots_check_result;

/* Errors: LOTS_CORRUPT when there was any fault (each was reported) or, with no fault, when the registry is of a format
 * version that this program doesn't read; LOTS_IO when there is no registry. */
LOTS_MUST lots_status lots_check_run(const char *path, const lots_check_options *options, lots_check_result *result,
                                     lots_error *err);

#endif
