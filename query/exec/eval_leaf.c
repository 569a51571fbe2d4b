/* eval_leaf.c: values read rather than computed: constants, columns of rows and of single events, slots, spans. */
#include <string.h>

#include "core/base/memory.h"
#include "query/exec/column.h"
#include "query/exec/step.h"

static lots_status eval_constant(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_constant *value = &step->expr->constant;
    LOTS_TRY(lots_step_new(step, out, err));
    if (value->missing) {
        LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
        lots_bits_fill(out->missing, 1, true);
    }
    switch (out->type.kind) {
    case LOTS_TYPE_BOOL:
        lots_bits_fill(out->data, 1, !value->missing && value->i != 0);
        return LOTS_OK;
    case LOTS_TYPE_FLOAT:
        *(double *)out->data = value->missing ? 0 : value->f;
        return LOTS_OK;
    case LOTS_TYPE_TEXT:
        *(lots_text *)out->data = value->missing ? (lots_text){"", 0} : (lots_text){value->text, value->text_bytes};
        return LOTS_OK;
    case LOTS_TYPE_SET: /* the empty set */
        out->offsets[1] = 0;
        return lots_arena_vector(step->arena, &out->data, 0, 8, err);
    case LOTS_TYPE_EVENTS:
        *(uint32_t *)out->data = LOTS_NO_ID;
        out->missing = NULL;
        return LOTS_OK;
    default:
        break;
    }
    if (lots_type_bytes(out->type.kind) == 4)
        *(uint32_t *)out->data = value->missing ? 0 : (uint32_t)(int32_t)(uint32_t)value->i;
    else
        *(int64_t *)out->data = value->missing ? 0 : value->i;
    if (out->data2 != NULL)
        out->data2[0] = value->missing ? 0 : (int32_t)value->i2;
    return LOTS_OK;
}

/* The relation's rows as this instance of its frame sees them. */
static lots_status rows_of_frame(const lots_step *step, lots_relation_rows **out, lots_error *err)
{
    const uint32_t relation = step->worker->query->frames[step->expr->of_frame].relation;
    if (relation == UINT32_MAX || relation >= step->worker->query->relation_count)
        return lots_fail(err, LOTS_INTERNAL, "frame %u has no relation", step->expr->of_frame);
    return lots_relation_get(step->worker, relation, step->rows, out, err);
}

#define FEW 2u /* one of so many of the relation's rows: fewer are taken one by one */

static bool has_bits(const lots_step *step, const lots_relation_rows *rows)
{
    return step->rows->relation_bits != NULL && step->count * (uint64_t)FEW >= rows->count;
}

static lots_status take_rows(const lots_step *step, const lots_relation_rows *rows, const lots_vector *all, lots_vector *out,
                             lots_error *err)
{
    if (has_bits(step, rows))
        return lots_vector_pick(step->arena, all, step->rows->relation_bits, step->rows->relation_row, step->count, out, err);
    if (step->rows->relation_row != NULL)
        return lots_vector_gather(step->arena, all, step->rows->relation_row, step->count, out, err);
    *out = *all;
    return LOTS_OK;
}

/* A column of the patients that their rows have carried along. */
static lots_status eval_carried(const lots_step *step, lots_vector *out, lots_error *err)
{
    const uint32_t slot = step->worker->carried[step->expr->index];
    if (slot >= step->rows->slot_count || step->rows->slots[slot].count != step->count)
        return lots_fail(err, LOTS_INTERNAL, "column %u of the patients was not carried along", step->expr->index);
    *out = step->rows->slots[slot];
    return LOTS_OK;
}

static lots_status eval_column(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_vector *all = NULL;
    if (step->worker->carried != NULL && step->expr->of_frame == LOTS_FRAME_PATIENT)
        return eval_carried(step, out, err);
    if (step->expr->of_frame == LOTS_FRAME_PATIENT) {
        LOTS_TRY(lots_stream_column(step->worker, 0, step->expr->index, &all, err));
        *out = *all;
    } else {
        lots_relation_rows *rows = NULL;
        LOTS_TRY(rows_of_frame(step, &rows, err));
        if (step->rows->relation_row != NULL && !has_bits(step, rows)) {
            LOTS_TRY(lots_relation_take(step->worker, rows, step->expr->index, step->rows->relation_row, step->count,
                                        step->arena, out, err));
        } else {
            LOTS_TRY(lots_relation_values(step->worker, rows, step->expr->index, &all, err));
            LOTS_TRY(take_rows(step, rows, all, out, err));
        }
    }
    out->type = step->expr->type;
    return LOTS_OK;
}

static lots_status eval_span(const lots_step *step, lots_vector *out, lots_error *err)
{
    lots_relation_rows *rows = NULL;
    const lots_vector *all = NULL;
    const bool open = step->expr->op == LOTS_OP_IS_OPEN;
    bool done = false;
    LOTS_TRY(rows_of_frame(step, &rows, err));
    if (step->rows->relation_row != NULL && rows->relation->kind == LOTS_RELATION_STREAM &&
        (open ? &rows->open : &rows->span_end)->count == UINT32_MAX)
        LOTS_TRY(lots_stream_take_spans(step->worker, rows->relation->stream, open, step->rows->relation_row, step->count,
                                        step->arena, out, &done, err));
    if (done)
        return LOTS_OK;
    if (!open)
        LOTS_TRY(lots_relation_span_end(step->worker, rows, &all, err));
    else
        LOTS_TRY(lots_relation_open(step->worker, rows, &all, err));
    return take_rows(step, rows, all, out, err);
}

/* Columns and spans of the event in operand 0. */
static lots_status eval_of_event(const lots_step *step, lots_vector *out, lots_error *err)
{
    lots_relation_rows *rows = NULL;
    const lots_vector *all = NULL;
    const lots_vector *event = &step->in[0];
    LOTS_TRY(lots_relation_get(step->worker, step->expr->operands[0]->type.relation, step->rows, &rows, err));
    LOTS_TRY(lots_step_flatten(step, 0, err));
    if (step->expr->op == LOTS_OP_EVENT_SPAN_END) {
        LOTS_TRY(lots_relation_span_end(step->worker, rows, &all, err));
        LOTS_TRY(lots_vector_gather(step->arena, all, event->data, step->count, out, err));
    } else {
        LOTS_TRY(lots_relation_take(step->worker, rows, step->expr->index, event->data, step->count, step->arena, out,
                                    err));
    }
    out->type = step->expr->type;
    return LOTS_OK;
}

static lots_status eval_slot(const lots_step *step, lots_vector *out, lots_error *err)
{
    if (step->expr->index >= step->rows->slot_count)
        return lots_fail(err, LOTS_INTERNAL, "slot %u of %u", step->expr->index, step->rows->slot_count);
    *out = step->rows->slots[step->expr->index];
    if (out->count != step->count)
        return lots_fail(err, LOTS_INTERNAL, "slot %u is read before it is set", step->expr->index);
    return LOTS_OK;
}

static lots_status eval_ids(const lots_step *step, lots_vector *out, lots_error *err)
{
    lots_identity *identity = NULL;
    lots_bytes id = {0};
    LOTS_TRY(lots_step_new(step, out, err));
    lots_text *texts = out->data;
    LOTS_TRY(lots_registry_identity(step->worker->registry, step->worker->segment_index, &identity, err));
    const uint32_t first = lots_segment_chunk_first(step->worker->segment, step->worker->chunk);
    lots_status status = LOTS_OK;
    for (uint32_t p = 0; p < step->count && status == LOTS_OK; p++) {
        char *copy = NULL;
        status = lots_identity_get(identity, first + p, &id, err);
        if (status == LOTS_OK)
            status = lots_arena_text(step->arena, &copy, (const char *)id.data, id.count, err);
        texts[p] = (lots_text){copy, (uint32_t)id.count};
    }
    lots_bytes_free(&id);
    lots_identity_close(identity);
    return status;
}

/* The chunk's stretch of the cohort's set. */
static lots_status eval_cohort(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_bound_cohort *cohort = step->expr->cohort;
    const uint64_t *bits = cohort->bits;
    if (bits == NULL)
        return lots_fail(err, LOTS_INTERNAL, "cohort '%s' is asked for before it is known", cohort->name);
    LOTS_TRY(lots_step_new(step, out, err));
    for (uint32_t p = 0; p < step->count; p++)
        if (lots_bit_get(bits, (size_t)step->worker->first_patient + p))
            lots_bit_set(out->data, p);
    return LOTS_OK;
}

lots_status lots_eval_leaf(lots_step *step, lots_vector *out, lots_error *err)
{
    switch (step->expr->op) {
    case LOTS_OP_CONSTANT:
        return eval_constant(step, out, err);
    case LOTS_OP_COLUMN:
        return eval_column(step, out, err);
    case LOTS_OP_SLOT:
        return eval_slot(step, out, err);
    case LOTS_OP_SPAN_END:
    case LOTS_OP_IS_OPEN:
        return eval_span(step, out, err);
    case LOTS_OP_PATIENT_ID:
        return eval_ids(step, out, err);
    case LOTS_OP_COHORT:
        return eval_cohort(step, out, err);
    default:
        return eval_of_event(step, out, err);
    }
}
