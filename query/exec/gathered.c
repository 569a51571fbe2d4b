/* gathered.c: see gathered.h. */
#include "query/exec/gathered.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "core/base/memory.h"
#include "query/exec/key_source.h"
#include "query/exec/top.h"

#define FEW_ROWS 4096u /* which no other thread is woken for */
#define NOBODY UINT_MAX

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

/* A worker's. */
static lots_status open_own_keyer(lots_keyer *keyer, const lots_top *top, lots_error *err)
{
    LOTS_TRY(open_keyer(keyer, top, err));
    for (uint32_t i = 0; i < top->per_count; i++)
        lots_keyer_of_source(keyer, i, top->per[i]);
    return LOTS_OK;
}

static bool has_length(lots_type_kind kind) { return kind == LOTS_TYPE_TEXT || kind == LOTS_TYPE_SET; }

static lots_status open_gathered(lots_gather *gather, lots_gathered *out, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_alloc(&made, gather->kept_count + 1 + gather->worker_count, sizeof(lots_arena), err));
    out->arenas = made;
    out->arena_count = gather->kept_count + 1;
    for (uint32_t i = 0; i < out->arena_count; i++)
        lots_arena_share(&out->arenas[i], gather->budget);
    out->column_count = gather->kept_count;
    LOTS_TRY(lots_arena_alloc(&out->arenas[0], &made, gather->kept_count, sizeof(lots_vector), err));
    out->values = made;
    LOTS_TRY(lots_arena_alloc(&out->arenas[0], &made, gather->kept_count, sizeof(uint32_t), err));
    out->strata = made;
    return LOTS_OK;
}

lots_status lots_gather_open(lots_gather *gather, const lots_kept *kept, uint32_t kept_count, unsigned worker_count,
                             uint32_t chunk_count, lots_budget *budget, lots_error *err)
{
    void *made = NULL;
    memset(gather, 0, sizeof *gather);
    pthread_mutex_init(&gather->lock, NULL);
    gather->layer = NOBODY;
    gather->kept = kept;
    gather->kept_count = kept_count;
    for (uint32_t i = 0; i < kept_count; i++)
        gather->apart |= has_length(kept[i].kind);
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
            LOTS_TRY(open_own_keyer(&gather->keyers[i], kept[i % kept_count].strata, err));
    LOTS_TRY(lots_alloc(&made, chunk_count, sizeof(lots_piece_of_rows), err));
    gather->pieces = made;
    gather->piece_count = chunk_count;
    LOTS_TRY(lots_alloc(&made, worker_count, sizeof(uint32_t), err));
    gather->waits = made;
    return open_gathered(gather, &gather->laid, err);
}

void lots_gather_close(lots_gather *gather)
{
    if (gather->kept == NULL)
        return;
    lots_gathered_close(&gather->laid);
    pthread_mutex_destroy(&gather->lock);
    lots_free(gather->waits);
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
        LOTS_TRY(lots_key_source(top->per[k], worker, rows, &keys[k], err));
    LOTS_TRY(new_numbers(arena, rows->count, &numbers, err));
    LOTS_TRY(lots_keyer_number(keyer, keys, rows->count, numbers, err));
    *out = (lots_vector){.type = {.kind = LOTS_TYPE_EVENTS}, .count = rows->count, .data = numbers};
    return LOTS_OK;
}

/* `arena`: of the worker's pieces; or of its chunk, then what is there already is lent. */
static lots_status keep_column(lots_gather *gather, unsigned number, uint32_t column, lots_arena *arena, lots_worker *worker,
                               const lots_instance *rows, lots_vector *out, lots_error *err)
{
    const lots_kept *kept = &gather->kept[column];
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
    lots_vector flat = value;
    if (!gather->apart)
        LOTS_TRY(lots_vector_flatten(lots_worker_arena(worker), &value, &flat, err));
    if (arena == &gather->arenas[number])
        return lots_vector_keep(arena, &flat, out, err);
    *out = flat;
    return LOTS_OK;
}

/* ---- behind one another ---- */

static lots_status grow_numbers(lots_arena *arena, uint32_t room, uint32_t count, uint32_t **numbers, lots_error *err)
{
    uint32_t *grown = NULL;
    LOTS_TRY(new_numbers(arena, room, &grown, err));
    if (count > 0)
        memcpy(grown, *numbers, count * sizeof *grown);
    *numbers = grown;
    return LOTS_OK;
}

static lots_status grow_column(lots_arena *arena, const lots_vector *like, uint32_t room, uint32_t count, lots_vector *column,
                               lots_error *err)
{
    lots_vector grown, laid = *column;
    laid.count = count;
    LOTS_TRY(lots_vector_new(arena, &like->type, room, &grown, err));
    if (count > 0)
        LOTS_TRY(lots_vector_append(arena, &grown, 0, &laid, err));
    *column = grown;
    return LOTS_OK;
}

/* Bytes that a row takes, a truth as one. */
static size_t row_bytes(const lots_gather *gather, const lots_piece_of_rows *piece)
{
    size_t bytes = sizeof *piece->patient;
    bytes += piece->relation_row == NULL ? 0 : sizeof *piece->relation_row;
    bytes += piece->position == NULL ? 0 : sizeof *piece->position;
    for (uint32_t i = 0; i < gather->kept_count; i++) {
        const lots_type_kind kind = piece->values[i].type.kind;
        if (piece->values[i].count > 0)
            bytes += kind == LOTS_TYPE_BOOL ? 1 : lots_type_bytes(kind) + (kind == LOTS_TYPE_INTERVAL ? sizeof(int32_t) : 0);
    }
    return bytes;
}

/* For how many rows, when there are `count`: for as many of each chunk to come as those before had, so that mostly nothing moves. The
 * chunks to come need not be like those before, as when ids begin with when one was born: what is left of a budget is not taken for
 * them, as long as few chunks tell no more than a small part, unless for as many rows again. */
static uint64_t expect_rows(const lots_gather *gather, const lots_piece_of_rows *piece, uint64_t count)
{
    enum { SPARE = 32, FEW = 8, SMALL = 8, REST = 4 };
    const uint64_t seen = (uint64_t)gather->next + 1, expected = count * gather->piece_count / seen;
    const uint64_t room = expected + expected / SPARE, left = lots_budget_left(gather->budget) / row_bytes(gather, piece);
    const uint64_t part = seen * FEW < gather->piece_count ? left / SMALL : left - left / REST;
    const uint64_t most = part > 2 * count ? part : 2 * count;
    return room < most ? room : most;
}

/* Room for the piece that is next. */
static lots_status make_room(lots_gather *gather, const lots_piece_of_rows *piece, lots_error *err)
{
    lots_gathered *laid = &gather->laid;
    const uint64_t count = (uint64_t)laid->count + piece->count;
    lots_arena *arena = &laid->arenas[gather->kept_count];
    if (count >= UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "a result of more than 4 thousand million rows");
    if (count <= gather->room)
        return LOTS_OK;
    const uint64_t expected = expect_rows(gather, piece, count);
    const uint32_t room = expected >= UINT32_MAX ? UINT32_MAX - 1 : (uint32_t)expected;
    LOTS_TRY(grow_numbers(arena, room, laid->count, &laid->patient, err));
    if (piece->relation_row != NULL)
        LOTS_TRY(grow_numbers(arena, room, laid->count, &laid->relation_row, err));
    if (piece->position != NULL)
        LOTS_TRY(grow_numbers(arena, room, laid->count, &laid->position, err));
    for (uint32_t i = 0; i < gather->kept_count; i++)
        if (piece->values[i].count > 0)
            LOTS_TRY(grow_column(&laid->arenas[i], &piece->values[i], room, laid->count, &laid->values[i], err));
    gather->room = room; /* all of them have it */
    return LOTS_OK;
}

static void lay_numbers_behind(uint32_t *to, const uint32_t *from, uint32_t at, uint32_t count)
{
    if (from != NULL)
        memcpy(to + at, from, count * sizeof *to);
}

/* The layer's, of the piece that is next. */
static lots_status lay_piece(lots_gather *gather, lots_piece_of_rows *piece, lots_error *err)
{
    lots_gathered *laid = &gather->laid;
    const uint32_t at = laid->count;
    LOTS_TRY(make_room(gather, piece, err));
    lay_numbers_behind(laid->patient, piece->patient, at, piece->count);
    lay_numbers_behind(laid->relation_row, piece->relation_row, at, piece->count);
    lay_numbers_behind(laid->position, piece->position, at, piece->count);
    for (uint32_t i = 0; i < gather->kept_count; i++)
        if (piece->values[i].count > 0)
            LOTS_TRY(lots_vector_append(&laid->arenas[i], &laid->values[i], at, &piece->values[i], err));
    piece->values = NULL;
    laid->count += piece->count;
    return LOTS_OK;
}

/* Are the chunk's rows to be laid at once, by this worker? Then it is the layer until the chunk is done. *free: nothing of what
 * the worker has kept waits any more. */
static bool become_layer(lots_gather *gather, unsigned number, uint32_t chunk, bool *free)
{
    pthread_mutex_lock(&gather->lock);
    const bool lays = !gather->apart && gather->layer == NOBODY && gather->next == chunk;
    if (lays)
        gather->layer = number;
    *free = gather->waits[number] <= gather->next;
    pthread_mutex_unlock(&gather->lock);
    return lays;
}

lots_status lots_gather_done(lots_gather *gather, unsigned number, uint32_t chunk, lots_error *err)
{
    lots_status status = LOTS_OK;
    pthread_mutex_lock(&gather->lock);
    gather->pieces[chunk].done = true;
    if (!gather->apart && (gather->layer == NOBODY || gather->layer == number)) {
        gather->layer = number;
        while (status == LOTS_OK && gather->next < gather->piece_count && gather->pieces[gather->next].done) {
            lots_piece_of_rows *piece = &gather->pieces[gather->next];
            pthread_mutex_unlock(&gather->lock);
            if (piece->values != NULL)
                status = lay_piece(gather, piece, err);
            pthread_mutex_lock(&gather->lock);
            gather->next++;
        }
        gather->layer = NOBODY;
    }
    pthread_mutex_unlock(&gather->lock);
    return status;
}

lots_status lots_gather_chunk(lots_gather *gather, unsigned number, uint32_t chunk, lots_worker *worker,
                              const lots_instance *rows, const uint32_t *patient, bool relation, lots_error *err)
{
    lots_piece_of_rows *piece = &gather->pieces[chunk];
    bool free = false;
    void *made = NULL;
    if (rows->count == 0)
        return LOTS_OK;
    const bool lays = become_layer(gather, number, chunk, &free);
    lots_arena *arena = lays ? lots_worker_arena(worker) : &gather->arenas[number];
    if (!lays && !gather->apart && free)
        lots_arena_reset(arena);
    if (!lays && gather->waits[number] <= chunk)
        gather->waits[number] = chunk + 1;
    LOTS_TRY(lots_arena_alloc(arena, &made, gather->kept_count, sizeof(lots_vector), err));
    piece->values = made;
    piece->worker = number;
    LOTS_TRY(keep_origin(arena, piece, lots_worker_first_patient(worker), rows, patient, relation, err));
    for (uint32_t i = 0; i < gather->kept_count; i++)
        LOTS_TRY(keep_column(gather, number, i, arena, worker, rows, &piece->values[i], err));
    piece->count = rows->count;
    return lays ? lay_piece(gather, piece, err) : LOTS_OK;
}

/* ---- at the end ---- */

typedef struct layout {
    lots_gather *gather;
    lots_gathered *out;
    uint32_t ***names; /* by column with strata, then worker: what its strata are called among all; NULL: as it calls them */
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

static lots_status lay_origins(const layout *lay, lots_arena *arena, lots_error *err)
{
    lots_gathered *out = lay->out;
    const lots_piece_of_rows *any = NULL;
    for (uint32_t i = 0; any == NULL && i < lay->gather->piece_count; i++)
        any = lay->gather->pieces[i].count > 0 ? &lay->gather->pieces[i] : NULL;
    LOTS_TRY(lay_numbers(lay, offsetof(lots_piece_of_rows, patient), arena, &out->patient, err));
    if (any != NULL && any->relation_row != NULL)
        LOTS_TRY(lay_numbers(lay, offsetof(lots_piece_of_rows, relation_row), arena, &out->relation_row, err));
    if (any != NULL && any->position != NULL)
        LOTS_TRY(lay_numbers(lay, offsetof(lots_piece_of_rows, position), arena, &out->position, err));
    return LOTS_OK;
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
        uint32_t *names = NULL, same = 0;
        for (uint32_t k = 0; k < own->column_count; k++)
            LOTS_TRY(lots_collected_vector(&own->columns[k], arena, &keys[k], err));
        LOTS_TRY(new_numbers(arena, own->count, &names, err));
        LOTS_TRY(lots_keyer_number(whole, keys, own->count, names, err));
        while (same < own->count && names[same] == same)
            same++;
        (*out)[w] = same < own->count ? names : NULL;
    }
    return LOTS_OK;
}

static lots_status find_names(const layout *lay, uint32_t column, lots_arena *arena, lots_error *err)
{
    lots_keyer whole;
    lots_status status = open_keyer(&whole, lay->gather->kept[column].strata, err);
    if (status == LOTS_OK)
        status = join_strata(lay, column, &whole, arena, &lay->names[column], err);
    lay->out->strata[column] = whole.count > 0 ? whole.count : 1;
    lots_keyer_close(&whole);
    return status;
}

/* The strata of some pieces, whose first row is `first`. */
static void name_strata(const layout *lay, uint32_t from, uint32_t end, uint32_t first)
{
    const lots_gather *gather = lay->gather;
    for (uint32_t column = 0; column < gather->kept_count; column++) {
        uint32_t *const *names = lay->names[column];
        uint32_t *numbers = names != NULL ? (uint32_t *)lay->out->values[column].data + first : NULL;
        for (uint32_t i = from; names != NULL && i < end; i++) {
            const lots_piece_of_rows *piece = &gather->pieces[i];
            for (uint32_t row = 0; names[piece->worker] != NULL && row < piece->count; row++)
                numbers[row] = names[piece->worker][numbers[row]];
            numbers += piece->count;
        }
    }
}

enum { STRETCHES = 16 };

static lots_status name_stretch(void *context, size_t task, unsigned worker, lots_error *err)
{
    const layout *lay = context;
    const uint32_t pieces = lay->gather->piece_count;
    const uint32_t from = (uint32_t)((uint64_t)pieces * task / STRETCHES), end = (uint32_t)((uint64_t)pieces * (task + 1) / STRETCHES);
    uint32_t first = 0;
    (void)worker;
    (void)err;
    for (uint32_t i = 0; i < from; i++)
        first += lay->gather->pieces[i].count;
    name_strata(lay, from, end, first);
    return LOTS_OK;
}

/* The last task is that of the origins. */
static lots_status lay_column(void *context, size_t task, unsigned worker, lots_error *err)
{
    const layout *lay = context;
    const lots_gather *gather = lay->gather;
    lots_arena *arena = &lay->out->arenas[task];
    const uint32_t column = (uint32_t)task;
    (void)worker;
    if (task == gather->kept_count)
        return gather->apart ? lay_origins(lay, arena, err) : LOTS_OK;
    if (gather->apart)
        LOTS_TRY(lay_values(lay, column, arena, err));
    lay->out->values[column].count = lay->out->values[column].count == 0 ? 0 : lay->out->count;
    return gather->kept[column].strata != NULL && lay->out->count > 0 ? find_names(lay, column, arena, err) : LOTS_OK;
}

static lots_status take_laid(lots_gather *gather, lots_gathered *out, lots_error *err)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < gather->piece_count; i++)
        count += gather->pieces[i].count;
    if (count >= UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "a result of more than 4 thousand million rows");
    assert(gather->apart || gather->laid.count == count);
    *out = gather->laid;
    out->count = (uint32_t)count;
    memset(&gather->laid, 0, sizeof gather->laid);
    if (out->patient == NULL) /* no rows are still rows of patients */
        LOTS_TRY(new_numbers(&out->arenas[gather->kept_count], out->count, &out->patient, err));
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
    return gather->apart && (texts || pieces == 1);
}

static bool has_strata(const lots_gather *gather)
{
    uint32_t column = 0;
    while (column < gather->kept_count && gather->kept[column].strata == NULL)
        column++;
    return column < gather->kept_count;
}

/* Columns, then what is in them, by several threads where rows are many. */
static lots_status lay_all(layout *lay, lots_pool *pool, lots_error *err)
{
    const uint32_t columns = lay->gather->kept_count;
    void *names = NULL;
    LOTS_TRY(lots_arena_alloc(&lay->out->arenas[columns], &names, columns, sizeof *lay->names, err));
    lay->names = names;
    if (pool != NULL && lay->out->count >= FEW_ROWS) {
        LOTS_TRY(lots_pool_run(pool, columns + 1, lay_column, lay, NULL, err));
        return has_strata(lay->gather) ? lots_pool_run(pool, STRETCHES, name_stretch, lay, NULL, err) : LOTS_OK;
    }
    for (uint32_t i = 0; i <= columns; i++)
        LOTS_TRY(lay_column(lay, i, 0, err));
    name_strata(lay, 0, lay->gather->piece_count, 0);
    return LOTS_OK;
}

lots_status lots_gather_finish(lots_gather *gather, lots_pool *pool, lots_gathered *out, lots_error *err)
{
    layout lay = {.gather = gather, .out = out};
    memset(out, 0, sizeof *out);
    lots_status status = take_laid(gather, out, err);
    if (status == LOTS_OK)
        status = lay_all(&lay, pool, err);
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
