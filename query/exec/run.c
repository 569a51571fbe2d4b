/* run.c: a pipeline from source to result. Stages that need the events run in passes over the chunks (pass.c); between
 * them, and after group by, the rows are a rowset in memory on which the same expressions are evaluated as one table.
 * See run.h. */
#include "query/exec/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/day.h"
#include "core/base/memory.h"
#include "query/exec/pass.h"
#include "query/exec/protect.h"
#include "query/exec/reach.h"
#include "query/exec/sort.h"
#include "query/exec/top.h"

#define MEMORY_DEFAULT ((size_t)4 << 30)

typedef struct run {
    const lots_query *query;
    const lots_bound_pipeline *pipeline;
    const lots_run_options *options;
    lots_result *result;
    lots_worker **workers;
    unsigned worker_count;
    lots_chunk_place *chunks;
    uint32_t chunk_count;
    lots_arena arena;   /* rowsets between passes */
    lots_rowset rows;
    bool have;          /* rows are in memory */
    lots_vec parts;     /* lots_gathered: texts of rowsets point into them until the end */
    lots_vec groups;    /* lots_group: likewise */
    lots_vec notes;     /* const char * */
} run;

/* ---- what an expression needs ---- */

static bool needs_chunk(const lots_expr *expr)
{
    switch (expr->op) {
    case LOTS_OP_COLUMN:
    case LOTS_OP_SPAN_END:
    case LOTS_OP_IS_OPEN:
    case LOTS_OP_EVENT:
    case LOTS_OP_PATIENT_ID: return true;
    default: break;
    }
    if (expr->set != NULL)
        return true;
    for (uint32_t i = 0; i < expr->operand_count; i++)
        if (needs_chunk(expr->operands[i]))
            return true;
    return false;
}

/* The expressions of a stage that ranks or sorts rows, in a fixed order. */
static lots_status breaker_exprs(const lots_bound_stage *stage, lots_vec *out, lots_error *err)
{
    const lots_top *tops[1] = {&stage->top};
    uint32_t count = stage->kind == LOTS_STAGE_TOP ? 1 : stage->kind == LOTS_STAGE_FUNCTIONS ? stage->function_count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const lots_top *top = stage->kind == LOTS_STAGE_TOP ? tops[0] : &stage->functions[i].top;
        LOTS_TRY(lots_vec_push(out, &top->by, err));
        for (uint32_t k = 0; k < top->per_count; k++)
            LOTS_TRY(lots_vec_push(out, &top->per[k], err));
    }
    for (uint32_t i = 0; stage->kind == LOTS_STAGE_SORT && i < stage->sort_count; i++)
        LOTS_TRY(lots_vec_push(out, &stage->sort[i].value, err));
    return LOTS_OK;
}

static bool stage_needs_chunk(const lots_bound_stage *stage)
{
    if (stage->where != NULL && needs_chunk(stage->where))
        return true;
    for (uint32_t i = 0; stage->kind == LOTS_STAGE_DERIVE && i < stage->item_count; i++)
        if (needs_chunk(stage->items[i].value))
            return true;
    for (uint32_t i = 0; i < stage->key_count; i++)
        if (needs_chunk(stage->keys[i].value))
            return true;
    for (uint32_t i = 0; i < stage->agg_count; i++)
        if ((stage->aggs[i].value != NULL && needs_chunk(stage->aggs[i].value)) ||
            (stage->aggs[i].where != NULL && needs_chunk(stage->aggs[i].where)))
            return true;
    lots_vec exprs = LOTS_VEC(lots_expr *);
    bool needs = breaker_exprs(stage, &exprs, NULL) != LOTS_OK;
    for (size_t i = 0; i < exprs.count; i++)
        needs = needs || needs_chunk(LOTS_AT(lots_expr *, &exprs, i));
    lots_vec_free(&exprs);
    return needs;
}

/* ---- opening ---- */

static lots_status list_chunks(run *r, lots_error *err)
{
    lots_vec list = LOTS_VEC(lots_chunk_place);
    lots_registry *registry = r->query->registry;
    lots_status status = LOTS_OK;
    for (uint32_t s = 0; s < lots_registry_segments(registry) && status == LOTS_OK; s++) {
        lots_segment *segment = NULL;
        status = lots_registry_segment(registry, s, &segment, err);
        for (uint32_t c = 0; status == LOTS_OK && c < lots_segment_chunks(segment); c++) {
            lots_chunk_place place = {s, c, lots_registry_segment_first(registry, s) + lots_segment_chunk_first(segment, c)};
            status = lots_vec_push(&list, &place, err);
        }
    }
    r->chunks = list.data;
    r->chunk_count = (uint32_t)list.count;
    return status;
}

static lots_status open_run(run *r, lots_error *err)
{
    void *made = NULL;
    r->worker_count = r->options->pool != NULL ? lots_pool_threads(r->options->pool) : 1;
    LOTS_TRY(lots_alloc(&made, r->worker_count, sizeof(lots_worker *), err));
    r->workers = made;
    LOTS_TRY(lots_worker_open(&r->workers[0], r->query, 0, r->options->stop, err));
    return list_chunks(r, err);
}

static void add_work(lots_work *to, const lots_work *from)
{
    to->chunks += from->chunks;
    to->chunks_skipped += from->chunks_skipped;
    to->blocks += from->blocks;
    to->bytes += from->bytes;
    to->values += from->values;
    to->rows += from->rows;
}

static void close_run(run *r)
{
    for (unsigned i = 0; i < r->worker_count && r->workers != NULL; i++) {
        if (r->workers[i] != NULL)
            add_work(&r->result->work, lots_worker_work(r->workers[i]));
        lots_worker_close(r->workers[i]);
    }
    lots_free(r->workers);
    lots_free(r->chunks);
    for (size_t i = 0; i < r->parts.count; i++)
        lots_gathered_close(&LOTS_AT(lots_gathered, &r->parts, i));
    for (size_t i = 0; i < r->groups.count; i++)
        lots_group_close(&LOTS_AT(lots_group, &r->groups, i));
    lots_vec_free(&r->parts);
    lots_vec_free(&r->groups);
    lots_vec_free(&r->notes);
    lots_arena_free(&r->arena);
}

static lots_status note(run *r, lots_error *err, const char *text)
{
    char *copy = NULL;
    LOTS_TRY(lots_arena_text(&r->result->arena, &copy, text, strlen(text), err));
    return lots_vec_push(&r->notes, &copy, err);
}

/* ---- breakers, on values already computed ---- */

static lots_status number_strata(run *r, const lots_vector *per, uint32_t per_count, uint32_t rows, uint32_t **out,
                                 uint32_t *strata, lots_error *err)
{
    lots_type types[32];
    lots_keyer keyer;
    void *made = NULL;
    *out = NULL;
    *strata = 1;
    if (per_count == 0)
        return LOTS_OK;
    if (per_count > 32)
        return lots_fail(err, LOTS_LIMIT, "more than 32 keys in `per`");
    for (uint32_t i = 0; i < per_count; i++)
        types[i] = per[i].type;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, rows, sizeof(uint32_t), err));
    lots_status status = lots_keyer_open(&keyer, types, per_count, err);
    if (status == LOTS_OK)
        status = lots_keyer_number(&keyer, per, rows, made, err);
    *out = made;
    *strata = keyer.count == 0 ? 1 : keyer.count;
    lots_keyer_close(&keyer);
    return status;
}

static void threshold_text(const lots_expr *by, int64_t key, char out[96])
{
    if (by->type.kind == LOTS_TYPE_FLOAT) {
        snprintf(out, 96, "%.6g", lots_f64_from_key(key));
    } else if (by->type.kind == LOTS_TYPE_DATE) {
        lots_day_format((lots_day)key, out);
    } else if (by->type.kind == LOTS_TYPE_DECIMAL && by->type.scale > 0) {
        long long one = 1;
        for (unsigned i = 0; i < by->type.scale; i++)
            one *= 10;
        long long whole = key / one, part = key % one;
        snprintf(out, 96, "%s%lld.%0*lld", key < 0 && whole == 0 ? "-" : "", whole, (int)(by->type.scale % 19u),
                 part < 0 ? -part : part);
    } else {
        snprintf(out, 96, "%lld", (long long)key);
    }
}

/* How many distinct persons have rows that are kept (`kept`) or not. */
static lots_status count_persons(run *r, const uint64_t *keep, bool kept, uint32_t *out, lots_error *err)
{
    void *made = NULL;
    *out = 0;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, lots_bit_words(lots_registry_patients(r->query->registry)) + 1,
                              sizeof(uint64_t), err));
    for (uint32_t row = 0; row < r->rows.count; row++) {
        uint32_t patient = r->chunks[r->rows.origin[row].chunk].first + r->rows.origin[row].patient;
        if (lots_bit_get(keep, row) != kept || lots_bit_get(made, patient))
            continue;
        lots_bit_set(made, patient);
        ++*out;
    }
    return LOTS_OK;
}

/* On the way to aggregates the rows stay unseen: then the note may not tell of fewer than min_cell persons either, neither
 * of those kept nor of those left. */
static lots_status tells_too_much(run *r, const uint64_t *keep, bool *out, lots_error *err)
{
    uint32_t kept = 0, left = 0, least = r->options->min_cell;
    *out = false;
    if (least == 0 || !r->pipeline->aggregated || r->rows.origin == NULL)
        return LOTS_OK;
    LOTS_TRY(count_persons(r, keep, true, &kept, err));
    LOTS_TRY(count_persons(r, keep, false, &left, err));
    *out = (kept > 0 && kept < least) || (left > 0 && left < least);
    return LOTS_OK;
}

static lots_status note_top(run *r, const lots_bound_stage *stage, const uint64_t *keep, const lots_top_kept *kept,
                            lots_error *err)
{
    char text[512], threshold[96] = "";
    bool hidden = false;
    LOTS_TRY(tells_too_much(r, keep, &hidden, err));
    if (hidden) {
        snprintf(text, sizeof text, "%s: how many were kept and from where is hidden: they or the others are fewer than %u",
                 stage->top.bottom ? "bottom" : "top", r->options->min_cell);
        return note(r, err, text);
    }
    if (kept->strata == 1 && kept->kept > 0)
        threshold_text(stage->top.by, kept->threshold, threshold);
    snprintf(text, sizeof text, "%s kept %llu of %llu rows with a value%s%s", stage->top.bottom ? "bottom" : "top",
             (unsigned long long)kept->kept, (unsigned long long)kept->rows,
             threshold[0] == '\0' ? "" : stage->top.bottom ? ": those up to " : ": those from ", threshold);
    LOTS_TRY(note(r, err, text));
    if (kept->kept * 2 < kept->wanted * 3 || kept->wanted == 0)
        return LOTS_OK;
    snprintf(text, sizeof text, "warning: %llu were asked for; ties with the last make it %llu",
             (unsigned long long)kept->wanted, (unsigned long long)kept->kept);
    return note(r, err, text);
}

static lots_status apply_top(run *r, const lots_bound_stage *stage, const lots_vector *values, lots_error *err)
{
    uint32_t *stratum = NULL, strata = 1;
    uint64_t *keep = NULL;
    lots_top_kept kept;
    LOTS_TRY(number_strata(r, values + 1, stage->top.per_count, r->rows.count, &stratum, &strata, err));
    LOTS_TRY(lots_top_select(&stage->top, &values[0], stratum, strata, &r->arena, &keep, &kept, err));
    LOTS_TRY(note_top(r, stage, keep, &kept, err));
    return lots_rowset_filter(&r->rows, keep, &r->arena, err);
}

static lots_status apply_functions(run *r, const lots_bound_stage *stage, const lots_vector *values, lots_error *err)
{
    for (uint32_t i = 0; i < stage->function_count; i++) {
        const lots_row_function *function = &stage->functions[i];
        uint32_t *stratum = NULL, strata = 1;
        lots_vector *slot = &r->rows.slots[function->slot];
        LOTS_TRY(number_strata(r, values + 1, function->top.per_count, r->rows.count, &stratum, &strata, err));
        if (function->kind == LOTS_ROW_TOP) {
            uint64_t *keep = NULL, *known = NULL;
            int64_t *keys = NULL;
            lots_top_kept kept;
            LOTS_TRY(lots_top_select(&function->top, &values[0], stratum, strata, &r->arena, &keep, &kept, err));
            LOTS_TRY(lots_rank_keys(&values[0], &r->arena, &keys, &known, err));
            LOTS_TRY(lots_vector_new(&r->arena, &function->type, r->rows.count, slot, err));
            memcpy(slot->data, keep, lots_bit_words(r->rows.count) * sizeof(uint64_t));
            if (lots_bits_count(known, r->rows.count) < r->rows.count) {
                LOTS_TRY(lots_vector_want_missing(&r->arena, slot, err));
                lots_bits_not(slot->missing, known, r->rows.count);
            }
        } else {
            LOTS_TRY(lots_rank_rows(function->kind == LOTS_ROW_PERCENTILE, &values[0], stratum, strata, &r->arena, slot,
                                    err));
        }
        values += 1 + function->top.per_count;
    }
    return LOTS_OK;
}

static lots_status apply_sort(run *r, const lots_bound_stage *stage, const lots_vector *values, lots_error *err)
{
    void *down = NULL, *labels = NULL;
    uint32_t *order = NULL;
    LOTS_TRY(lots_arena_alloc(&r->arena, &down, stage->sort_count, sizeof(bool), err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &labels, stage->sort_count, sizeof(lots_expr *), err));
    for (uint32_t i = 0; i < stage->sort_count; i++) {
        ((bool *)down)[i] = stage->sort[i].descending;
        ((const lots_expr **)labels)[i] = stage->sort[i].value;
    }
    LOTS_TRY(lots_sort_rows(values, down, labels, stage->sort_count, r->rows.count, &r->arena, &order, err));
    return lots_rowset_permute(&r->rows, order, r->rows.count, &r->arena, err);
}

static lots_status apply_limit(run *r, const lots_bound_stage *stage, lots_error *err)
{
    void *made = NULL;
    if ((uint64_t)stage->limit >= r->rows.count)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, (size_t)stage->limit, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < (uint32_t)stage->limit; i++)
        ((uint32_t *)made)[i] = i;
    return lots_rowset_permute(&r->rows, made, (uint32_t)stage->limit, &r->arena, err);
}

static lots_status apply_breaker(run *r, const lots_bound_stage *stage, const lots_vector *values, lots_error *err)
{
    switch (stage->kind) {
    case LOTS_STAGE_TOP: return apply_top(r, stage, values, err);
    case LOTS_STAGE_FUNCTIONS: return apply_functions(r, stage, values, err);
    case LOTS_STAGE_SORT: return apply_sort(r, stage, values, err);
    case LOTS_STAGE_LIMIT: return apply_limit(r, stage, err);
    default: return LOTS_OK;
    }
}

/* ---- from groups and parts to rowsets ---- */

static lots_status rows_of_group(run *r, const lots_bound_stage *stage, lots_group *group, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, (size_t)stage->table_slots + 1, sizeof(lots_vector), err));
    lots_vector *slots = made;
    lots_rowset rows = {.frame = stage->table_frame, .slots = slots, .slot_count = stage->table_slots};
    uint32_t behind = stage->key_count + stage->agg_count;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, (size_t)behind + 1, sizeof(lots_vector), err));
    lots_vector *values = made;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, (size_t)stage->table_slots + behind + 1, sizeof(lots_vector), err));
    lots_vector *marks = made;
    LOTS_TRY(lots_group_table(group, &r->arena, values, marks, &rows.count, err));
    memcpy(slots, values, behind * sizeof(lots_vector));
    rows.behind = values[behind];
    if (group->min_cell != 0) {
        lots_vector last = marks[behind];
        memset(&marks[behind], 0, sizeof *marks);
        marks[stage->table_slots] = last;
        rows.marks = marks;
    }
    r->rows = rows;
    r->have = true;
    return LOTS_OK;
}

/* After a pass over rows that were in another order: back into that order. */
static lots_status reorder(run *r, const lots_gathered *part, const lots_vector *extras, uint32_t extra_count,
                           lots_vector *out, lots_error *err)
{
    void *slots = NULL, *order = NULL;
    uint32_t count = r->rows.count, before = 0;
    const uint32_t *position = part->position.data;
    for (uint32_t i = 0; i < count; i++)
        before = position[i] >= before ? position[i] + 1 : before;
    LOTS_TRY(lots_arena_alloc(&r->arena, &slots, before, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &order, count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < count; i++)
        ((uint32_t *)slots)[position[i]] = i + 1;
    for (uint32_t i = 0, at = 0; i < before; i++)
        if (((uint32_t *)slots)[i] != 0)
            ((uint32_t *)order)[at++] = ((uint32_t *)slots)[i] - 1;
    for (uint32_t i = 0; i < extra_count; i++)
        LOTS_TRY(lots_vector_gather(&r->arena, &extras[i], order, count, &out[i], err));
    return lots_rowset_permute(&r->rows, order, count, &r->arena, err);
}

static lots_status rows_of_part(run *r, const lots_gathered *part, lots_vector **extras, lots_error *err)
{
    void *made = NULL;
    lots_rowset rows = {.frame = r->pipeline->row_frame, .slot_count = part->slot_count,
                        .count = (uint32_t)part->origin.count, .origin = part->origin.data};
    bool again = r->have;
    if (rows.origin == NULL) { /* no rows are still rows of patients: without an origin they would be groups */
        LOTS_TRY(lots_arena_alloc(&r->arena, &made, 0, sizeof(lots_origin), err));
        rows.origin = made;
    }
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, part->slot_count, sizeof(lots_vector), err));
    rows.slots = made;
    for (uint32_t i = 0; i < part->slot_count; i++) {
        if (part->slots[i].values.item_size != 0)
            LOTS_TRY(lots_collected_vector(&part->slots[i], &r->arena, &rows.slots[i], err));
        else if (rows.count == 0 && r->pipeline->slot_count > i) /* no rows: an empty column of its type */
            LOTS_TRY(lots_vector_new(&r->arena, &r->pipeline->slot_types[i], 0, &rows.slots[i], err));
    }
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, part->extra_count, sizeof(lots_vector), err));
    lots_vector *values = made;
    for (uint32_t i = 0; i < part->extra_count; i++)
        if (part->extras[i].values.item_size != 0)
            LOTS_TRY(lots_collected_vector(&part->extras[i], &r->arena, &values[i], err));
    r->rows = rows;
    r->have = true;
    *extras = values;
    if (!again || rows.count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, part->extra_count, sizeof(lots_vector), err));
    *extras = made;
    return reorder(r, part, values, part->extra_count, made, err);
}

/* ---- a pass over the chunks, from stage `first`; *next is the stage after what it did ---- */

static bool is_chunk_stage(const lots_bound_stage *stage)
{
    return stage->kind == LOTS_STAGE_WHERE || stage->kind == LOTS_STAGE_DERIVE;
}

static lots_status no_rows_values(run *r, const lots_vec *exprs, lots_vector *values, lots_error *err)
{
    for (size_t i = 0; i < exprs->count; i++)
        if (values[i].data == NULL)
            LOTS_TRY(lots_vector_new(&r->arena, &LOTS_AT(lots_expr *, exprs, i)->type, 0, &values[i], err));
    return LOTS_OK;
}

static lots_status run_pass(run *r, lots_pass *pass, const lots_bound_stage *breaker, const lots_vec *exprs,
                            lots_error *err)
{
    lots_status status = lots_pass_run(pass, err);
    if (pass->group != NULL) {
        lots_group *kept = NULL;
        if (lots_vec_extend(&r->groups, 1, (void **)&kept, err) != LOTS_OK) {
            lots_group_close(&pass->groups);
            return LOTS_MEMORY;
        }
        *kept = pass->groups;
        return status != LOTS_OK ? status : rows_of_group(r, pass->group, kept, err);
    }
    lots_gathered *kept = NULL;
    lots_vector *values = NULL;
    if (lots_vec_extend(&r->parts, 1, (void **)&kept, err) != LOTS_OK) {
        lots_gathered_close(&pass->part);
        return LOTS_MEMORY;
    }
    *kept = pass->part;
    LOTS_TRY(status);
    LOTS_TRY(rows_of_part(r, kept, &values, err));
    if (breaker == NULL)
        return LOTS_OK;
    LOTS_TRY(no_rows_values(r, exprs, values, err));
    return apply_breaker(r, breaker, values, err);
}

static lots_status chunk_pass(run *r, uint32_t first, uint32_t *next, lots_error *err)
{
    uint32_t end = first;
    while (end < r->pipeline->stage_count && is_chunk_stage(&r->pipeline->stages[end]))
        end++;
    const lots_bound_stage *breaker = end < r->pipeline->stage_count ? &r->pipeline->stages[end] : NULL;
    size_t limit = r->options->memory_bytes == 0 ? MEMORY_DEFAULT : r->options->memory_bytes;
    lots_rowset input = r->rows;
    lots_vec exprs = LOTS_VEC(lots_expr *);
    lots_pass pass = {.query = r->query,
                      .pipeline = r->pipeline,
                      .options = r->options,
                      .workers = r->workers,
                      .chunks = r->chunks,
                      .chunk_count = r->chunk_count,
                      .worker_memory_bytes = limit / r->worker_count,
                      .stages = r->pipeline->stages + first,
                      .stage_count = end - first,
                      .input = r->have ? &input : NULL};
    lots_status status = LOTS_OK;
    if (breaker != NULL && breaker->kind == LOTS_STAGE_GROUP)
        pass.group = breaker;
    else if (breaker != NULL)
        status = breaker_exprs(breaker, &exprs, err);
    pass.extras = exprs.data;
    pass.extra_count = (uint32_t)exprs.count;
    if (status == LOTS_OK)
        status = run_pass(r, &pass, breaker != NULL && pass.group == NULL ? breaker : NULL, &exprs, err);
    lots_vec_free(&exprs);
    *next = breaker == NULL ? end : end + 1;
    return status;
}

/* ---- a stage on rows in memory ---- */

static lots_status instance_of(run *r, lots_instance **out, lots_error *err)
{
    LOTS_TRY(lots_worker_begin_table(r->workers[0], err));
    return lots_rows_table(r->workers[0], r->rows.frame, r->rows.slots, r->rows.slot_count, r->rows.count, out, err);
}

/* Values outlive the worker's table: copied into the run's arena. */
static lots_status keep_vector(run *r, const lots_vector *value, lots_vector *out, lots_error *err)
{
    void *made = NULL;
    lots_vector flat;
    LOTS_TRY(lots_vector_flatten(lots_worker_arena(r->workers[0]), value, &flat, err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, flat.count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < flat.count; i++)
        ((uint32_t *)made)[i] = i;
    LOTS_TRY(lots_vector_gather(&r->arena, &flat, made, flat.count, out, err));
    bool texts = out->type.kind == LOTS_TYPE_TEXT ||
                 (out->type.kind == LOTS_TYPE_SET && out->type.element == LOTS_TYPE_TEXT);
    uint32_t count = out->type.kind == LOTS_TYPE_SET ? out->offsets[out->count] : out->count;
    for (uint32_t i = 0; texts && i < count; i++) {
        lots_text *text = &((lots_text *)out->data)[i];
        char *copy = NULL;
        LOTS_TRY(lots_arena_text(&r->arena, &copy, text->text, text->bytes, err));
        text->text = copy;
    }
    return LOTS_OK;
}

/* What a value made of a table's cells hides: a cell as it is; else, where the value is missing, one of its parts. */
static void add_marks(const run *r, const lots_expr *expr, const lots_vector *value, bool whole, lots_vector *into)
{
    const lots_vector *marks = expr->op == LOTS_OP_SLOT && expr->of_frame == r->rows.frame &&
                                       expr->index < r->rows.slot_count && r->rows.marks[expr->index].data != NULL
                                   ? &r->rows.marks[expr->index]
                                   : NULL;
    for (uint32_t row = 0; marks != NULL && row < r->rows.count; row++) {
        int64_t mark = ((const int64_t *)marks->data)[row];
        if (mark != LOTS_MARK_SHOWN && lots_vector_is_missing(value, row))
            ((int64_t *)into->data)[row] = whole ? mark : (int64_t)LOTS_MARK_WITHHELD;
    }
    for (uint32_t i = 0; i < expr->operand_count; i++)
        add_marks(r, expr->operands[i], value, false, into);
}

static lots_status marks_of(run *r, const lots_expr *expr, const lots_vector *value, lots_vector *out, lots_error *err)
{
    lots_type type = {.kind = LOTS_TYPE_INT};
    lots_vector made;
    LOTS_TRY(lots_vector_new(&r->arena, &type, r->rows.count, &made, err));
    memset(made.data, 0, r->rows.count * sizeof(int64_t));
    add_marks(r, expr, value, true, &made);
    *out = made;
    return LOTS_OK;
}

static lots_status derive_in_table(run *r, const lots_bound_stage *stage, lots_error *err)
{
    for (uint32_t i = 0; i < stage->item_count; i++) {
        lots_instance *rows = NULL;
        lots_vector value;
        LOTS_TRY(instance_of(r, &rows, err));
        LOTS_TRY(lots_eval(r->workers[0], stage->items[i].value, rows, &value, err));
        LOTS_TRY(keep_vector(r, &value, &r->rows.slots[stage->items[i].slot], err));
        if (r->rows.marks != NULL)
            LOTS_TRY(marks_of(r, stage->items[i].value, &r->rows.slots[stage->items[i].slot],
                              &r->rows.marks[stage->items[i].slot], err));
    }
    return LOTS_OK;
}

typedef struct placed_row {
    lots_origin origin;
    uint32_t row;
} placed_row;

static int compare_places(const void *a, const void *b)
{
    const lots_origin *x = &((const placed_row *)a)->origin, *y = &((const placed_row *)b)->origin;
    if (x->chunk != y->chunk)
        return x->chunk < y->chunk ? -1 : 1;
    if (x->patient != y->patient)
        return x->patient < y->patient ? -1 : 1;
    return x->relation_row < y->relation_row ? -1 : x->relation_row > y->relation_row;
}

/* Groups want their rows patient by patient (to count patients) and in the total order (for sums of floats): undo what
 * sort did. */
static lots_status order_by_origin(run *r, lots_error *err)
{
    void *made = NULL;
    bool in_order = true;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, r->rows.count, sizeof(placed_row), err));
    placed_row *places = made;
    for (uint32_t i = 0; i < r->rows.count; i++) {
        places[i] = (placed_row){r->rows.origin[i], i};
        in_order = in_order && (i == 0 || compare_places(&places[i - 1], &places[i]) < 0);
    }
    if (in_order)
        return LOTS_OK;
    qsort(places, r->rows.count, sizeof *places, compare_places);
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, r->rows.count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < r->rows.count; i++)
        ((uint32_t *)made)[i] = places[i].row;
    return lots_rowset_permute(&r->rows, made, r->rows.count, &r->arena, err);
}

static lots_status group_table(run *r, const lots_bound_stage *stage, lots_error *err)
{
    lots_group *group = NULL;
    lots_instance *rows = NULL;
    void *patients = NULL;
    if (r->rows.origin != NULL)
        LOTS_TRY(order_by_origin(r, err));
    LOTS_TRY(lots_vec_extend(&r->groups, 1, (void **)&group, err));
    LOTS_TRY(lots_group_open(group, stage, r->options->min_cell, err));
    LOTS_TRY(instance_of(r, &rows, err));
    if (r->rows.origin != NULL) {
        LOTS_TRY(lots_arena_alloc(&r->arena, &patients, r->rows.count, sizeof(lots_patient), err));
        for (uint32_t i = 0; i < r->rows.count; i++)
            ((lots_patient *)patients)[i] = r->chunks[r->rows.origin[i].chunk].first + r->rows.origin[i].patient;
    }
    LOTS_TRY(lots_group_feed(group, r->workers[0], rows, patients, r->rows.behind.data != NULL ? &r->rows.behind : NULL,
                             err));
    return rows_of_group(r, stage, group, err);
}

static lots_status break_table(run *r, const lots_bound_stage *stage, lots_error *err)
{
    lots_vec exprs = LOTS_VEC(lots_expr *);
    void *made = NULL;
    lots_instance *rows = NULL;
    lots_status status = breaker_exprs(stage, &exprs, err);
    if (status == LOTS_OK)
        status = lots_arena_alloc(&r->arena, &made, exprs.count, sizeof(lots_vector), err);
    if (status == LOTS_OK)
        status = instance_of(r, &rows, err);
    for (size_t i = 0; i < exprs.count && status == LOTS_OK; i++) {
        lots_vector value;
        status = lots_eval(r->workers[0], LOTS_AT(lots_expr *, &exprs, i), rows, &value, err);
        if (status == LOTS_OK)
            status = keep_vector(r, &value, &((lots_vector *)made)[i], err);
    }
    lots_vec_free(&exprs);
    return status != LOTS_OK ? status : apply_breaker(r, stage, made, err);
}

static lots_status table_stage(run *r, const lots_bound_stage *stage, lots_error *err)
{
    lots_instance *rows = NULL;
    uint64_t *keep = NULL;
    switch (stage->kind) {
    case LOTS_STAGE_WHERE:
        LOTS_TRY(instance_of(r, &rows, err));
        LOTS_TRY(lots_eval_true(r->workers[0], stage->where, rows, &keep, err));
        return lots_rowset_filter(&r->rows, keep, &r->arena, err);
    case LOTS_STAGE_DERIVE: return derive_in_table(r, stage, err);
    case LOTS_STAGE_GROUP: return group_table(r, stage, err);
    default: return break_table(r, stage, err);
    }
}

/* ---- the result ---- */

/* Copy a vector and its texts into the result's own arena. */
static lots_status own_vector(run *r, const lots_vector *value, lots_vector *out, lots_error *err)
{
    lots_arena between = r->arena;
    r->arena = r->result->arena;
    lots_status status = keep_vector(r, value, out, err);
    r->result->arena = r->arena;
    r->arena = between;
    return status;
}

/* Marks as bytes in the result's arena; NULL when nothing is hidden. */
static lots_status own_marks(run *r, const lots_vector *marks, const uint8_t **out, lots_error *err)
{
    void *made = NULL;
    bool any = false;
    for (uint32_t row = 0; row < r->rows.count; row++)
        any = any || ((const int64_t *)marks->data)[row] != LOTS_MARK_SHOWN;
    *out = NULL;
    if (!any)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&r->result->arena, &made, r->rows.count, 1, err));
    for (uint32_t row = 0; row < r->rows.count; row++)
        ((uint8_t *)made)[row] = (uint8_t)((const int64_t *)marks->data)[row];
    *out = made;
    return LOTS_OK;
}

static lots_status result_marks(run *r, const lots_expr *expr, lots_result_column *column, lots_error *err)
{
    lots_vector marks;
    if (r->rows.marks == NULL)
        return LOTS_OK;
    LOTS_TRY(marks_of(r, expr, &column->values, &marks, err));
    return own_marks(r, &marks, &column->marks, err);
}

static lots_status result_columns(run *r, lots_error *err)
{
    lots_result *result = r->result;
    const lots_bound_pipeline *pipeline = r->pipeline;
    void *made = NULL;
    lots_instance *rows = NULL;
    result->rows = r->rows.count;
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, pipeline->column_count, sizeof(lots_result_column), err));
    result->columns = made;
    result->column_count = pipeline->column_count;
    LOTS_TRY(instance_of(r, &rows, err));
    for (uint32_t i = 0; i < pipeline->column_count; i++) {
        const lots_expr *expr = pipeline->columns[i].value;
        lots_vector value;
        char *name = NULL;
        LOTS_TRY(lots_eval(r->workers[0], expr, rows, &value, err));
        LOTS_TRY(own_vector(r, &value, &result->columns[i].values, err));
        LOTS_TRY(lots_arena_text(&result->arena, &name, pipeline->columns[i].name, strlen(pipeline->columns[i].name), err));
        result->columns[i].name = name;
        result->columns[i].type = expr->type;
        result->columns[i].labels = expr->labels;
        LOTS_TRY(result_marks(r, expr, &result->columns[i], err));
    }
    return LOTS_OK;
}

static lots_status result_patients(run *r, lots_error *err)
{
    lots_result *result = r->result;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, r->rows.count, sizeof(uint32_t), err));
    uint32_t *numbers = made;
    for (uint32_t i = 0; i < r->rows.count; i++)
        numbers[i] = r->rows.origin != NULL ? r->chunks[r->rows.origin[i].chunk].first + r->rows.origin[i].patient
                                            : (uint32_t)((const int64_t *)r->rows.behind.data)[i];
    if (r->rows.origin != NULL)
        result->patient = numbers;
    else
        result->patients = numbers;
    result->min_cell = r->options->min_cell;
    if (r->rows.marks == NULL)
        return LOTS_OK;
    LOTS_TRY(own_marks(r, &r->rows.marks[r->rows.slot_count], &result->patients_marks, err));
    for (uint32_t i = 0; result->patients_marks != NULL && i < r->rows.count; i++)
        numbers[i] = result->patients_marks[i] == LOTS_MARK_SHOWN ? numbers[i] : 0;
    return LOTS_OK;
}

static lots_status note_hidden(run *r, lots_error *err)
{
    const lots_result *result = r->result;
    uint64_t hidden = 0;
    char text[256];
    for (uint32_t row = 0; row < result->rows; row++) {
        hidden += result->patients_marks != NULL && result->patients_marks[row] != LOTS_MARK_SHOWN;
        for (uint32_t i = 0; i < result->column_count; i++)
            hidden += result->columns[i].marks != NULL && result->columns[i].marks[row] != LOTS_MARK_SHOWN;
    }
    if (hidden == 0)
        return LOTS_OK;
    snprintf(text, sizeof text, "%llu value%s hidden: <%u counts what belongs to fewer than %u persons, * rests on so few or "
             "would give such a value away", (unsigned long long)hidden, hidden == 1 ? " is" : "s are", result->min_cell,
             result->min_cell);
    return note(r, err, text);
}

static lots_status result_notes(run *r, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&r->result->arena, &made, r->notes.count, sizeof(char *), err));
    if (r->notes.count > 0)
        memcpy(made, r->notes.data, r->notes.count * sizeof(char *));
    r->result->notes = made;
    r->result->note_count = (uint32_t)r->notes.count;
    return LOTS_OK;
}

/* Only what is listed is thinned out: a top 1% is of all. */
static lots_status leave_out_protected(run *r, lots_error *err)
{
    uint64_t *keep = NULL;
    uint32_t left_out = 0;
    char text[160];
    LOTS_TRY(lots_protect_rows(r->query->registry, r->chunks, r->chunk_count, &r->rows, &r->arena, &keep, &left_out, err));
    if (left_out == 0)
        return LOTS_OK;
    snprintf(text, sizeof text, "%u protected or no-contact person%s left out of these rows", left_out,
             left_out == 1 ? " is" : "s are");
    LOTS_TRY(note(r, err, text));
    return lots_rowset_filter(&r->rows, keep, &r->arena, err);
}

static lots_status run_stages(run *r, lots_error *err)
{
    const lots_bound_pipeline *pipeline = r->pipeline;
    if (r->options->guard_rows)
        LOTS_TRY(lots_reach_check(r->query, pipeline, err));
    for (uint32_t s = 0; s < pipeline->stage_count;) {
        bool events = r->rows.origin != NULL && stage_needs_chunk(&pipeline->stages[s]);
        if (!r->have || events) {
            LOTS_TRY(chunk_pass(r, s, &s, err));
            continue;
        }
        LOTS_TRY(table_stage(r, &pipeline->stages[s], err));
        s++;
    }
    uint32_t after = pipeline->stage_count;
    if (!r->have)
        LOTS_TRY(chunk_pass(r, after, &after, err));
    if (r->options->guard_rows && r->rows.origin != NULL)
        LOTS_TRY(leave_out_protected(r, err));
    LOTS_TRY(result_columns(r, err));
    LOTS_TRY(result_patients(r, err));
    LOTS_TRY(note_hidden(r, err));
    return result_notes(r, err);
}

lots_status lots_run_pipeline(const lots_query *query, const lots_bound_pipeline *pipeline,
                              const lots_run_options *options, lots_result *out, lots_error *err)
{
    static const lots_run_options plain;
    run r;
    memset(&r, 0, sizeof r);
    memset(out, 0, sizeof *out);
    lots_arena_init(&out->arena, 0);
    r.query = query;
    r.pipeline = pipeline;
    r.options = options != NULL ? options : &plain;
    r.result = out;
    r.parts = LOTS_VEC(lots_gathered);
    r.groups = LOTS_VEC(lots_group);
    r.notes = LOTS_VEC(const char *);
    lots_arena_init(&r.arena, r.options->memory_bytes == 0 ? MEMORY_DEFAULT : r.options->memory_bytes);
    lots_status status = open_run(&r, err);
    if (status == LOTS_OK)
        status = run_stages(&r, err);
    close_run(&r);
    if (status != LOTS_OK)
        lots_result_free(out);
    return status;
}

void lots_result_free(lots_result *result)
{
    lots_arena_free(&result->arena);
    memset(result, 0, sizeof *result);
}
