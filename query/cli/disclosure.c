/* disclosure.c: see disclosure.h. */
#include "query/cli/disclosure.h"

#include "query/cli/options.h"
#include "query/exec/protect.h"
#include "query/exec/reach.h"

lots_status lots_disclosure_min_cell(const lots_registry *registry, const char *wanted, uint32_t *out, lots_error *err)
{
    uint64_t number = 0;
    LOTS_TRY(lots_protect_least(registry, out, err));
    if (wanted == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_option_number("min-cell", wanted, UINT32_MAX, &number, err));
    if (number < *out) {
        lots_fail(err, LOTS_REFUSED, "numbers that rest on fewer than %u persons are hidden; --min-cell may raise that, not "
                                     "lower it", *out);
        lots_error_hint(err, "the registry's own rule is `min_cell` under [registry] in its mapping");
        return LOTS_REFUSED;
    }
    *out = (uint32_t)number;
    return LOTS_OK;
}

lots_status lots_disclosure_by_id(const lots_query *query, const lots_bound_pipeline *pipeline, bool *out, lots_error *err)
{
    lots_reach reach;
    LOTS_TRY(lots_reach_pipeline(query, pipeline, &reach, err));
    *out = reach.id_asked;
    return LOTS_OK;
}

/* Without a purpose: `where id = 'E1' group by ill` would tell of one person by name. Ids as values are refused anyway. */
static lots_status check_aggregated(const lots_query *query, const lots_bound_pipeline *pipeline, lots_error *err)
{
    bool by_id = false;
    LOTS_TRY(lots_reach_check(query, pipeline, err));
    LOTS_TRY(lots_disclosure_by_id(query, pipeline, &by_id, err));
    if (!by_id)
        return LOTS_OK;
    lots_fail(err, LOTS_REFUSED, "a question that picks persons by id needs a purpose, which is logged");
    lots_error_hint(err, "say why: --purpose 'text'");
    return LOTS_REFUSED;
}

lots_status lots_disclosure_check(const lots_query *query, const char *purpose, lots_error *err)
{
    for (uint32_t i = 0; purpose == NULL && i < query->pipeline_count; i++) {
        if (query->pipelines[i].explain)
            continue;
        if (query->pipelines[i].aggregated) {
            LOTS_TRY(check_aggregated(query, &query->pipelines[i], err));
            continue;
        }
        lots_fail(err, LOTS_REFUSED, "a list of persons, events or episodes needs a purpose, which is logged");
        lots_error_hint(err, "say why: --purpose 'text'; or reduce the rows: group by, or show with count(), mean(), …");
        return LOTS_REFUSED;
    }
    return LOTS_OK;
}

static lots_status put_text(const lots_disclosure_entry *entry, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_append(out, entry->text, entry->text_bytes, err));
    for (size_t i = 0; i < entry->param_count; i++)
        LOTS_TRY(lots_bytes_printf(out, err, "\n# --param %s=%s", entry->param_names[i], entry->param_values[i]));
    return lots_bytes_put8(out, '\0', err);
}

lots_status lots_disclosure_record(const lots_registry *registry, const lots_disclosure_entry *entry, uint64_t rows,
                                   lots_error *err)
{
    lots_bytes text = {0};
    lots_status status = put_text(entry, &text, err);
    if (status == LOTS_OK)
        status = lots_registry_audit(lots_registry_path(registry), (const char *)text.data, entry->purpose,
                                     lots_registry_generation(registry), rows, err);
    lots_bytes_free(&text);
    if (status == LOTS_OK || status == LOTS_LOCKED || status == LOTS_CORRUPT || status == LOTS_MEMORY)
        return status;
    if (err != NULL)
        err->status = LOTS_REFUSED;
    lots_error_context(err, "the audit log can't be written, so the list isn't shown");
    return LOTS_REFUSED;
}

static lots_status save_cohort(const lots_registry *registry, const lots_disclosure_entry *entry,
                               const lots_bound_cohort *bound, lots_bytes *text, lots_bytes *purpose, lots_error *err)
{
    const lots_cohort cohort = {.name = bound->name,
                                .text = bound->text,
                                .parameters = bound->parameters,
                                .generation = lots_registry_generation(registry),
                                .content = lots_registry_hash(registry),
                                .definition = bound->definition,
                                .patients = lots_registry_patients(registry),
                                .count = bound->count};
    LOTS_TRY(put_text(entry, text, err));
    LOTS_TRY(lots_bytes_printf(purpose, err, "cohort %s saved%s%s", bound->name, entry->purpose != NULL ? ": " : "",
                               entry->purpose != NULL ? entry->purpose : ""));
    LOTS_TRY(lots_bytes_put8(purpose, '\0', err));
    return lots_cohort_save(lots_registry_path(registry), &cohort, bound->bits, (const char *)text->data,
                            (const char *)purpose->data, err);
}

lots_status lots_disclosure_save_cohort(const lots_registry *registry, const lots_disclosure_entry *entry,
                                        const lots_bound_cohort *cohort, lots_error *err)
{
    lots_bytes text = {0}, purpose = {0};
    lots_status status = save_cohort(registry, entry, cohort, &text, &purpose, err);
    lots_bytes_free(&text);
    lots_bytes_free(&purpose);
    if (status == LOTS_IO) {
        lots_error_context(err, "cohort '%s' can't be saved", cohort->name);
        lots_error_hint(err, "a cohort is saved in the registry, which must be writable; --no-save only counts it");
    }
    return status;
}
