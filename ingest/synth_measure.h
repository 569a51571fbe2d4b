/* synth_measure.h: what a synthetic population came to, beside what is published: the calibration table. The figures are counted
 * from the rows themselves, by plain loops over patients, so that they also check what a registry of the same population
 * answers. Published figures, their sources and tolerances: ingest/synth/calibration.csv.
 * Callers: the command (--describe), tests. */
#ifndef LOTS_SYNTH_MEASURE_H
#define LOTS_SYNTH_MEASURE_H

#include "ingest/synth.h"

typedef struct lots_synth_figure {
    char name[32];          /* of the row of calibration.csv */
    char text[120];         /* what is measured */
    char source[120];
    double published;       /* 0: no target */
    double tolerance;       /* 0: shown only */
    double recorded;        /* what the shipped model came to, at 100,000 patients and seed 1 */
    double made;
} lots_synth_figure;

enum { LOTS_SYNTH_FIGURES_MAX = 48 };

typedef struct lots_synth_calibration {
    lots_synth_figure figures[LOTS_SYNTH_FIGURES_MAX];
    uint32_t count;
    uint32_t patients;
    double cost_curve[101]; /* share of the cost of a year of the costliest p percent */
} lots_synth_calibration;

/* The rows of calibration.csv, nothing made yet. */
void lots_synth_calibration_list(lots_synth_calibration *out);
/* Make the population in memory, patient by patient, keep a small record of each, and measure. Errors: LOTS_USAGE for a
 * setting that makes no sense or a period of less than six years; LOTS_MEMORY; LOTS_INTERRUPTED. */
LOTS_MUST lots_status lots_synth_measure(const lots_synth_options *options, lots_synth_calibration *out,
                                         lots_error *err);

#endif
