/* membership.c: see membership.h. */
#include "query/exec/membership.h"

#include <stdio.h>
#include <string.h>

#include "core/index/bitset.h"
#include "query/exec/evidence.h"
#include "query/exec/protect.h"

/* ---- sets ---- */

static bool is_kept(const lots_bound_cohort *cohort, const lots_registry *registry)
{
    const lots_cohort *saved = cohort->saved;
    return !cohort->fresh && saved->generation == lots_registry_generation(registry) &&
           saved->content == lots_registry_hash(registry) && saved->definition == cohort->definition &&
           saved->patients == lots_registry_patients(registry) && strcmp(saved->version, LOTS_VERSION) == 0;
}

static void add_rows(const lots_result *result, uint64_t *bits)
{
    for (uint32_t row = 0; row < result->rows; row++)
        lots_bit_set(bits, result->patient[row]);
}

/* Run the cohort's question. *out is to be freed by the caller on LOTS_OK: its notes and work are of interest. */
static lots_status compute(lots_bound_cohort *cohort, lots_registry *registry, const lots_run_options *options,
                           lots_result *out, lots_error *err)
{
    lots_run_options own = {.pool = options->pool, .memory_bytes = options->memory_bytes, .stop = options->stop,
                            .progress = options->progress, .progress_context = options->progress_context};
    const uint32_t patients = lots_registry_patients(registry);
    void *bits = NULL;
    LOTS_TRY(lots_protect_least(registry, &own.min_cell, err));
    LOTS_TRY(lots_arena_alloc(cohort->query->arena, &bits, lots_bit_words(patients) + 1, sizeof(uint64_t), err));
    lots_status status = lots_run_pipeline(cohort->query, &cohort->query->pipelines[0], &own, out, err);
    if (status != LOTS_OK) {
        if (err != NULL)
            err->at = err->at_end = LOTS_NOWHERE; /* a place in the cohort's text would be drawn in the query's */
        lots_error_context(err, "cohort '%s'", cohort->name);
        return status;
    }
    add_rows(out, bits);
    cohort->count = lots_bits_count(bits, patients);
    cohort->bits = bits;
    return LOTS_OK;
}

static lots_status know(lots_bound_cohort *cohort, lots_registry *registry, const lots_run_options *options,
                        lots_error *err)
{
    lots_result result;
    if (cohort->bits == NULL && is_kept(cohort, registry)) {
        uint64_t *bits = NULL;
        bool found = false;
        LOTS_TRY(lots_cohort_bits(lots_registry_path(registry), cohort->saved, cohort->query->arena, &bits, &found, err));
        cohort->bits = found ? bits : NULL;
        cohort->count = cohort->saved->count;
    }
    if (cohort->bits != NULL)
        return LOTS_OK;
    LOTS_TRY(compute(cohort, registry, options, &result, err));
    lots_result_free(&result);
    return LOTS_OK;
}

lots_status lots_members_know(const lots_query *query, const lots_run_options *options, lots_error *err)
{
    for (uint32_t i = 0; i < query->cohort_count; i++)
        LOTS_TRY(know(query->cohorts[i], query->registry, options, err));
    return LOTS_OK;
}

/* ---- what is said of them ---- */

void lots_members_number(uint64_t count, uint32_t min_cell, char out[24])
{
    if (count > 0 && count < min_cell)
        snprintf(out, 24, "<%u", min_cell);
    else
        snprintf(out, 24, "%llu", (unsigned long long)count);
}

lots_status lots_members_change(const lots_bound_cohort *cohort, const lots_registry *registry, uint32_t min_cell,
                                lots_arena *arena, const char **out, lots_error *err)
{
    char now[24], then[24], *text = NULL;
    *out = NULL;
    if (cohort->fresh || cohort->bits == NULL || cohort->saved->generation == lots_registry_generation(registry))
        return LOTS_OK;
    lots_members_number(cohort->count, min_cell, now);
    lots_members_number(cohort->saved->count, min_cell, then);
    LOTS_TRY(lots_arena_printf(arena, &text, err, "cohort %s: %s patient%s, %s when saved (generation %llu)", cohort->name,
                               now, cohort->count == 1 && min_cell <= 1 ? "" : "s", then,
                               (unsigned long long)cohort->saved->generation));
    *out = text;
    return LOTS_OK;
}

/* ---- into cohort ---- */

static lots_status add_note(lots_result *out, const char *text, lots_error *err)
{
    char *copy = NULL;
    LOTS_TRY(lots_arena_text(&out->arena, &copy, text, strlen(text), err));
    out->notes[out->note_count++] = copy;
    return LOTS_OK;
}

/* What the run said of its rows: unless it counted more finely than the one who asks may see. */
static lots_status take_notes(const lots_bound_cohort *cohort, const lots_result *run, lots_result *out, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&out->arena, &made, (size_t)run->note_count + 1, sizeof(char *), err));
    out->notes = made;
    for (uint32_t i = 0; out->min_cell <= run->min_cell && i < run->note_count; i++)
        LOTS_TRY(add_note(out, run->notes[i], err));
    return cohort->count > 0 ? LOTS_OK : add_note(out, "warning: there is no patient in this cohort", err);
}

static lots_status write_name(const lots_bound_cohort *cohort, lots_result *out, lots_error *err)
{
    const lots_type type = {.kind = LOTS_TYPE_TEXT, .relation = UINT32_MAX};
    void *made = NULL;
    char *name = NULL;
    LOTS_TRY(lots_arena_alloc(&out->arena, &made, 1, sizeof(lots_result_column), err));
    out->columns = made;
    out->column_count = 1;
    out->columns[0].name = "cohort";
    out->columns[0].type = type;
    LOTS_TRY(lots_vector_new(&out->arena, &type, 1, &out->columns[0].values, err));
    LOTS_TRY(lots_arena_text(&out->arena, &name, cohort->name, strlen(cohort->name), err));
    *(lots_text *)out->columns[0].values.data = (lots_text){name, (uint32_t)strlen(name)};
    return LOTS_OK;
}

static lots_status write_count(const lots_bound_cohort *cohort, lots_result *out, lots_error *err)
{
    static const uint8_t small[] = {LOTS_MARK_SMALL};
    const bool hidden = cohort->count > 0 && cohort->count < out->min_cell;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&out->arena, &made, 1, sizeof(uint32_t), err));
    out->rows = 1;
    out->patients = made;
    out->patients[0] = hidden ? 0 : (uint32_t)cohort->count;
    out->patients_marks = hidden ? small : NULL;
    return LOTS_OK;
}

lots_status lots_members_run(const lots_query *query, const lots_bound_pipeline *pipeline,
                             const lots_run_options *options, lots_result *out, lots_error *err)
{
    lots_result run;
    memset(out, 0, sizeof *out);
    LOTS_TRY(compute(pipeline->into, query->registry, options, &run, err));
    lots_arena_init(&out->arena, 0);
    out->work = run.work;
    out->min_cell = options->min_cell;
    lots_status status = write_name(pipeline->into, out, err);
    if (status == LOTS_OK)
        status = write_count(pipeline->into, out, err);
    if (status == LOTS_OK)
        status = take_notes(pipeline->into, &run, out, err);
    lots_result_free(&run);
    if (status != LOTS_OK)
        lots_result_free(out);
    return status;
}
