/* synth.h: the one entry to the synthetic population: a registry, or CSV files that load into the identical registry, or both.
 * Patients are made independently of each other from (seed, number): the result is the same for any number of threads.
 * Callers: the command, tests, bench. */
#ifndef LOTS_SYNTH_H
#define LOTS_SYNTH_H

#include "ingest/load.h"

/* Zero is the default of each but `patients`. All borrowed. */
typedef struct lots_synth_options {
    const char *registry;   /* NAME.lots, to be made; NULL: none */
    const char *csv;        /* a folder, made when absent; NULL: none */
    uint32_t patients;      /* who ever lived here in the period; the last of 2,500 each are reserve numbers */
    int32_t first_year, last_year; /* 0: 2014..2023 */
    uint64_t seed;          /* 0: 1 */
    unsigned threads;       /* 0: all processors */
    size_t memory_bytes;    /* 0: as lots_load_options */
    uint32_t segment_events; /* for tests */
    lots_load_progress progress; /* `bytes` are patients here */
    void *progress_context;
    const _Atomic bool *stop;
} lots_synth_options;

/* *result is that of the registry, to be freed as that of a load also after a failure; zero without one.
 * Errors: LOTS_USAGE (a setting that makes no sense; a registry or a file that exists); LOTS_IO; LOTS_LOCKED; LOTS_MEMORY;
 * LOTS_INTERRUPTED. */
LOTS_MUST lots_status lots_synth_run(const lots_synth_options *options, lots_load_result *result, lots_error *err);

#endif
