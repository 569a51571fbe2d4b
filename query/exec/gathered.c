/* gathered.c: see gathered.h. */
#include "query/exec/gathered.h"

#include <string.h>

#include "core/base/memory.h"
#include "query/exec/top.h"

#define FEW_ROWS 4096u /* which no other thread is woken for */

void lots_gathered_close(lots_gathered *rows)
{
    for (uint32_t i = 0; i < rows->arena_count; i++)
        lots_arena_free(&rows->arenas[i]);
    lots_free(rows->arenas);
    memset(rows, 0, sizeof *rows);
}

/* ---- pieces ---- */

static lots_status open_keyer(lots_keyer *keyer, const lots_top *top, lots_error *err)
{
    lots_type types[LOTS_TOP_KEYS_MAX];
    if (top->per_count > LOTS_TOP_KEYS_MAX)
        return lots_fail(err, LOTS_LIMIT, "more than %u keys in `per`", LOTS_TOP_KEYS_MAX);
    for (uint32_t i = 0; i < top->per_count; i++)
        types[i] = top->per[i]->type;
    return lots_keyer_open(keyer, types, top->per_count, err);
}

lots_status lots_gather_open(lots_gather *gather, const lots_kept *kept, uint32_t kept_count, unsigned worker_count,
                             uint32_t chunk_count, lots_budget *budget, lots_error *err)
{
    void *made = NULL;
    memset(gather, 0, sizeof *gather);
    gather->kept = kept;
    gather->kept_count = kept_count;
    LOTS_TRY(lots_alloc(&made, worker_count, sizeof(lots_arena), err));
    gather->arenas = made;
    gather->worker_count = worker_count;
    gather->budget = budget;
    for (unsigned i = 0; i < worker_count; i++)
        lots_arena_share(&gather->arenas[i], budget); /* which is all zeros */
    LOTS_TRY(lots_alloc(&made, (size_t)worker_count * kept_count, sizeof(lots_keyer), err));
    gather->keyers = made;
    for (size_t i = 0; i < (size_t)worker_count * kept_count; i++)
        if (kept[i % kept_count].strata != NULL)
            LOTS_TRY(open_keyer(&gather->keyers[i], kept[i % kept_count].strata, err));
    LOTS_TRY(lots_alloc(&made, chunk_count, sizeof(lots_piece_of_rows), err));
    gather->pieces = made;
    gather->piece_count = chunk_count;
    return LOTS_OK;
}

void lots_gather_close(lots_gather *gather)
{
    for (size_t i = 0; gather->keyers != NULL && i < (size_t)gather->worker_count * gather->kept_count; i++)
        lots_keyer_close(&gather->keyers[i]);
    for (unsigned i = 0; gather->arenas != NULL && i < gather->worker_count; i++)
        lots_arena_free(&gather->arenas[i]);
    lots_free(gather->keyers);
    lots_free(gather->arenas);
    lots_free(gather->pieces);
    memset(gather, 0, sizeof *gather);
}

static lots_status new_numbers(lots_arena *arena, uint32_t count, uint32_t **out, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_vector(arena, &made, count, sizeof(uint32_t), err));
    *out = made;
    return LOTS_OK;
}

static lots_status keep_origin(lots_arena *arena, lots_piece_of_rows *piece, lots_patient first, const lots_instance *rows,
                               const uint32_t *patient, bool relation, lots_error *err)
{
    LOTS_TRY(new_numbers(arena, rows->count, &piece->patient, err));
    for (uint32_t i = 0; i < rows->count; i++)
        piece->patient[i] = first + patient[i];
    if (relation) {
        LOTS_TRY(new_numbers(arena, rows->count, &piece->relation_row, err));
        for (uint32_t i = 0; i < rows->count; i++)
            piece->relation_row[i] = rows->relation_row != NULL ? rows->relation_row[i] : i;
    }
    if (rows->ordinal == NULL)
        return LOTS_OK;
    LOTS_TRY(new_numbers(arena, rows->count, &piece->position, err));
    memcpy(piece->position, rows->ordinal, rows->count * sizeof(uint32_t));
    return LOTS_OK;
}

static lots_status keep_strata(lots_arena *arena, lots_keyer *keyer, const lots_top *top, lots_worker *worker,
                               const lots_instance *rows, lots_vector *out, lots_error *err)
{
    lots_vector keys[LOTS_TOP_KEYS_MAX];
    uint32_t *numbers = NULL;
    for (uint32_t k = 0; k < top->per_count; k++)
        LOTS_TRY(lots_eval(worker, top->per[k], rows, &keys[k], err));
    LOTS_TRY(new_numbers(arena, rows->count, &numbers, err));
    LOTS_TRY(lots_keyer_number(keyer, keys, rows->count, numbers, err));
    *out = (lots_vector){.type = {.kind = LOTS_TYPE_EVENTS}, .count = rows->count, .data = numbers};
    return LOTS_OK;
}

static lots_status keep_column(lots_gather *gather, unsigned number, uint32_t column, lots_worker *worker,
                               const lots_instance *rows, lots_vector *out, lots_error *err)
{
    const lots_kept *kept = &gather->kept[column];
    lots_arena *arena = &gather->arenas[number];
    lots_vector value;
    if (kept->strata != NULL)
        return keep_strata(arena, &gather->keyers[(size_t)number * gather->kept_count + column], kept->strata, worker, rows,
                           out, err);
    if (kept->value != NULL)
        LOTS_TRY(lots_eval(worker, kept->value, rows, &value, err));
    else
        value = rows->slots[kept->slot];
    if (value.count == 0) /* not set */
        return LOTS_OK;
    return lots_vector_keep(arena, &value, out, err);
}

lots_status lots_gather_chunk(lots_gather *gather, unsigned number, uint32_t chunk, lots_worker *worker,
                              const lots_instance *rows, const uint32_t *patient, bool relation, lots_error *err)
{
    lots_arena *arena = &gather->arenas[number];
    lots_piece_of_rows *piece = &gather->pieces[chunk];
    void *made = NULL;
    if (rows->count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(arena, &made, gather->kept_count, sizeof(lots_vector), err));
    piece->values = made;
    piece->worker = number;
    LOTS_TRY(keep_origin(arena, piece, lots_worker_first_patient(worker), rows, patient, relation, err));
    for (uint32_t i = 0; i < gather->kept_count; i++)
        LOTS_TRY(keep_column(gather, number, i, worker, rows, &piece->values[i], err));
    piece->count = rows->count;
    return LOTS_OK;
}

/* ---- laying them out ---- */

typedef struct layout {
    lots_gather *gather;
    lots_gathered *out;
} layout;

static lots_status lay_numbers(const layout *lay, size_t offset, lots_arena *arena, uint32_t **out, lots_error *err)
{
    uint32_t at = 0;
    LOTS_TRY(new_numbers(arena, lay->out->count, out, err));
    for (uint32_t i = 0; i < lay->gather->piece_count; i++) {
        const lots_piece_of_rows *piece = &lay->gather->pieces[i];
        uint32_t *const *from = (uint32_t *const *)(const void *)((const char *)piece + offset);
        if (piece->count > 0)
            memcpy(*out + at, *from, piece->count * sizeof(uint32_t));
        at += piece->count;
    }
    return LOTS_OK;
}

static lots_status lay_origins(const layout *lay, const lots_piece_of_rows *any, lots_arena *arena, lots_error *err)
{
    lots_gathered *out = lay->out;
    LOTS_TRY(lay_numbers(lay, offsetof(lots_piece_of_rows, patient), arena, &out->patient, err));
    if (any != NULL && any->relation_row != NULL)
        LOTS_TRY(lay_numbers(lay, offsetof(lots_piece_of_rows, relation_row), arena, &out->relation_row, err));
    if (any != NULL && any->position != NULL)
        LOTS_TRY(lay_numbers(lay, offsetof(lots_piece_of_rows, position), arena, &out->position, err));
    return LOTS_OK;
}

/* What each worker's strata are called among all: by worker, their numbers. */
static lots_status join_strata(const layout *lay, uint32_t column, lots_keyer *whole, lots_arena *arena, uint32_t ***out,
                               lots_error *err)
{
    const lots_gather *gather = lay->gather;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &made, gather->worker_count, sizeof(uint32_t *), err));
    *out = made;
    for (unsigned w = 0; w < gather->worker_count; w++) {
        const lots_keyer *own = &gather->keyers[(size_t)w * gather->kept_count + column];
        lots_vector keys[LOTS_TOP_KEYS_MAX];
        for (uint32_t k = 0; k < own->column_count; k++)
            LOTS_TRY(lots_collected_vector(&own->columns[k], arena, &keys[k], err));
        LOTS_TRY(new_numbers(arena, own->count, &(*out)[w], err));
        LOTS_TRY(lots_keyer_number(whole, keys, own->count, (*out)[w], err));
    }
    return LOTS_OK;
}

static lots_status lay_strata(const layout *lay, uint32_t column, lots_arena *arena, lots_error *err)
{
    lots_vector *out = &lay->out->values[column];
    uint32_t **names = NULL, *numbers = NULL, at = 0;
    lots_keyer whole;
    lots_status status = open_keyer(&whole, lay->gather->kept[column].strata, err);
    if (status == LOTS_OK)
        status = join_strata(lay, column, &whole, arena, &names, err);
    if (status == LOTS_OK)
        status = new_numbers(arena, lay->out->count, &numbers, err);
    for (uint32_t i = 0; status == LOTS_OK && i < lay->gather->piece_count; i++) {
        const lots_piece_of_rows *piece = &lay->gather->pieces[i];
        for (uint32_t row = 0; row < piece->count; row++)
            numbers[at + row] = names[piece->worker][((const uint32_t *)piece->values[column].data)[row]];
        at += piece->count;
    }
    lay->out->strata[column] = whole.count > 0 ? whole.count : 1;
    *out = (lots_vector){.type = {.kind = LOTS_TYPE_EVENTS}, .count = lay->out->count, .data = numbers};
    lots_keyer_close(&whole);
    return status;
}

static lots_status lay_values(const layout *lay, uint32_t column, lots_arena *arena, lots_error *err)
{
    const lots_gather *gather = lay->gather;
    void *made = NULL;
    uint32_t count = 0;
    LOTS_TRY(lots_alloc(&made, gather->piece_count, sizeof(lots_vector), err));
    lots_vector *parts = made;
    for (uint32_t i = 0; i < gather->piece_count; i++)
        if (gather->pieces[i].count > 0 && gather->pieces[i].values[column].count > 0)
            parts[count++] = gather->pieces[i].values[column];
    lots_status status = count == 0 ? LOTS_OK : lots_vector_concat(arena, parts, count, &lay->out->values[column], err);
    lots_free(parts);
    return status;
}

/* The last task is that of the origins. */
static lots_status lay_column(void *context, size_t task, unsigned worker, lots_error *err)
{
    const layout *lay = context;
    lots_arena *arena = &lay->out->arenas[task];
    (void)worker;
    if (task < lay->gather->kept_count)
        return lay->gather->kept[task].strata != NULL ? lay_strata(lay, (uint32_t)task, arena, err)
                                                      : lay_values(lay, (uint32_t)task, arena, err);
    const lots_piece_of_rows *any = NULL;
    for (uint32_t i = 0; any == NULL && i < lay->gather->piece_count; i++)
        any = lay->gather->pieces[i].count > 0 ? &lay->gather->pieces[i] : NULL;
    return lay_origins(lay, any, arena, err);
}

static lots_status open_gathered(lots_gather *gather, lots_gathered *out, lots_error *err)
{
    void *made = NULL;
    uint64_t count = 0;
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < gather->piece_count; i++)
        count += gather->pieces[i].count;
    if (count >= UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "a result of more than 4 thousand million rows");
    LOTS_TRY(lots_alloc(&made, gather->kept_count + 1 + gather->worker_count, sizeof(lots_arena), err));
    out->arenas = made;
    out->arena_count = gather->kept_count + 1;
    for (uint32_t i = 0; i < out->arena_count; i++)
        lots_arena_share(&out->arenas[i], gather->budget);
    out->count = (uint32_t)count;
    out->column_count = gather->kept_count;
    LOTS_TRY(lots_arena_alloc(&out->arenas[0], &made, gather->kept_count, sizeof(lots_vector), err));
    out->values = made;
    LOTS_TRY(lots_arena_alloc(&out->arenas[0], &made, gather->kept_count, sizeof(uint32_t), err));
    out->strata = made;
    return LOTS_OK;
}

/* Columns of one piece, and texts, are those of the pieces. */
static bool lends(const lots_gather *gather, const lots_gathered *out)
{
    uint32_t pieces = 0;
    for (uint32_t i = 0; i < gather->piece_count && pieces < 2; i++)
        pieces += gather->pieces[i].count > 0;
    bool texts = false;
    for (uint32_t i = 0; i < out->column_count; i++) {
        const lots_type *type = &out->values[i].type;
        texts = texts || type->kind == LOTS_TYPE_TEXT || (type->kind == LOTS_TYPE_SET && type->element == LOTS_TYPE_TEXT);
    }
    return texts || pieces == 1;
}

lots_status lots_gather_finish(lots_gather *gather, lots_pool *pool, lots_gathered *out, lots_error *err)
{
    layout lay = {gather, out};
    lots_status status = open_gathered(gather, out, err);
    if (status == LOTS_OK && pool != NULL && out->count >= FEW_ROWS)
        status = lots_pool_run(pool, gather->kept_count + 1, lay_column, &lay, NULL, err);
    else
        for (uint32_t i = 0; status == LOTS_OK && i <= gather->kept_count; i++)
            status = lay_column(&lay, i, 0, err);
    if (status == LOTS_OK && lends(gather, out)) {
        memcpy(out->arenas + out->arena_count, gather->arenas, gather->worker_count * sizeof(lots_arena));
        out->arena_count += gather->worker_count;
        for (unsigned i = 0; i < gather->worker_count; i++)
            lots_arena_init(&gather->arenas[i], 0);
    }
    if (status != LOTS_OK)
        lots_gathered_close(out);
    return status;
}
