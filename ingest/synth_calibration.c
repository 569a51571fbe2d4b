/* synth_calibration.c: the rows of ingest/synth/calibration.csv, held within the program. A row has six fields without commas
 * or quotes in them: figure, published, tolerance, made, what, source. A test reads them all. */
#include "core/base/embed.h"
#include "core/base/memory.h"
#include "ingest/clean.h"
#include "ingest/synth_measure.h"
#include "ingest/synth_model.h"

LOTS_EMBED(lots_synth_text_calibration, "ingest/synth/calibration.csv");

lots_synth_setting lots_synth_setting_of(const struct lots_synth_options *options)
{
    return (lots_synth_setting){options->seed != 0 ? options->seed : 1, options->patients,
                                options->first_year != 0 ? options->first_year : 2014,
                                options->last_year != 0 ? options->last_year : 2023};
}

/* The next field of a line; *bytes is its length. */
static const char *next_field(const char **at, size_t *bytes)
{
    const char *start = *at;
    *bytes = strcspn(start, ",\n");
    *at = start + *bytes + (start[*bytes] != '\0');
    return start;
}

static double number_of(const char *text, size_t bytes)
{
    const lots_number_rule rule = {0};
    double value = 0;
    return lots_clean_float(text, bytes, &rule, &value) == LOTS_CLEAN_OK ? value : 0;
}

static void keep_text(char *out, size_t capacity, const char *text, size_t bytes)
{
    size_t kept = bytes < capacity - 1 ? bytes : capacity - 1;
    memcpy(out, text, kept);
    out[kept] = '\0';
}

void lots_synth_calibration_list(lots_synth_calibration *out)
{
    const char *at = strchr(lots_synth_text_calibration, '\n') + 1;
    out->count = 0;
    while (*at != '\0' && out->count < LOTS_SYNTH_FIGURES_MAX) {
        lots_synth_figure *figure = &out->figures[out->count++];
        size_t bytes;
        const char *field = next_field(&at, &bytes);
        keep_text(figure->name, sizeof figure->name, field, bytes);
        field = next_field(&at, &bytes);
        figure->published = number_of(field, bytes);
        field = next_field(&at, &bytes);
        figure->tolerance = number_of(field, bytes);
        field = next_field(&at, &bytes);
        figure->recorded = number_of(field, bytes);
        field = next_field(&at, &bytes);
        keep_text(figure->text, sizeof figure->text, field, bytes);
        field = next_field(&at, &bytes);
        keep_text(figure->source, sizeof figure->source, field, bytes);
    }
}
