/* pass_rows.c: see pass_rows.h. */
#include "query/exec/pass_rows.h"

#include <string.h>

#include "core/base/memory.h"

#define STRETCH_ROWS 16384u
#define STRETCH_STEP 512u /* where stretches may begin: lots_vector_stretch */

void lots_pass_rows_close(lots_pass_rows *rows)
{
    lots_free(rows->order);
    lots_free(rows->starts);
    memset(rows, 0, sizeof *rows);
}

static lots_status new_numbers(uint32_t **out, size_t count, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_alloc(&made, count, sizeof(uint32_t), err));
    *out = made;
    return LOTS_OK;
}

/* ---- by chunk ---- */

/* Rows that `each` made of one have the same origin: they stay as they are. */
static bool before(const lots_rowset *rows, uint32_t a, uint32_t b)
{
    if (rows->patient[a] != rows->patient[b])
        return rows->patient[a] < rows->patient[b];
    if (rows->relation_row != NULL && rows->relation_row[a] != rows->relation_row[b])
        return rows->relation_row[a] < rows->relation_row[b];
    return a < b;
}

/* Rows mostly come in order already: insertion sort within a chunk would be quadratic when they don't, so shell sort. */
static void order_within(const lots_rowset *input, uint32_t *rows, uint32_t count)
{
    uint32_t ordered = 1;
    while (ordered < count && before(input, rows[ordered - 1], rows[ordered]))
        ordered++;
    if (ordered >= count)
        return;
    for (uint32_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (uint32_t i = gap; i < count; i++) {
            uint32_t row = rows[i], at = i;
            for (; at >= gap && before(input, row, rows[at - gap]); at -= gap)
                rows[at] = rows[at - gap];
            rows[at] = row;
        }
}

uint32_t lots_chunk_of(const lots_chunk_place *chunks, uint32_t chunk_count, lots_patient patient)
{
    uint32_t low = 0, high = chunk_count;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (chunks[middle].first <= patient)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Rows in any order: those of a chunk together, then each chunk's by themselves. */
static lots_status order_rows(lots_pass_rows *rows, const lots_chunk_place *chunks, lots_error *err)
{
    const lots_rowset *input = rows->input;
    uint32_t *chunk = NULL, *next = NULL;
    LOTS_TRY(new_numbers(&rows->order, input->count, err));
    lots_status status = new_numbers(&chunk, input->count, err);
    if (status == LOTS_OK)
        status = new_numbers(&next, (size_t)rows->parts + 1, err);
    if (status == LOTS_OK) {
        for (uint32_t i = 0; i < input->count; i++) {
            chunk[i] = lots_chunk_of(chunks, rows->parts, input->patient[i]);
            rows->starts[chunk[i] + 1]++;
        }
        for (uint32_t c = 0; c < rows->parts; c++)
            next[c + 1] = rows->starts[c + 1] += rows->starts[c];
        for (uint32_t i = 0; i < input->count; i++)
            rows->order[next[chunk[i]]++] = i;
        for (uint32_t c = 0; c < rows->parts; c++)
            order_within(input, rows->order + rows->starts[c], lots_pass_rows_count(rows, c));
    }
    lots_free(chunk);
    lots_free(next);
    return status;
}

static uint32_t lower_bound(const lots_patient *patient, uint32_t low, uint32_t high, lots_patient first)
{
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (patient[middle] < first)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

lots_status lots_pass_rows_by_chunk(lots_pass_rows *rows, const lots_rowset *input, const lots_chunk_place *chunks,
                                    uint32_t chunk_count, lots_error *err)
{
    *rows = (lots_pass_rows){.input = input, .parts = chunk_count};
    LOTS_TRY(new_numbers(&rows->starts, (size_t)chunk_count + 1, err));
    if (!lots_rowset_in_order(input))
        return order_rows(rows, chunks, err);
    for (uint32_t c = 1; c < chunk_count; c++)
        rows->starts[c] = lower_bound(input->patient, rows->starts[c - 1], input->count, chunks[c].first);
    rows->starts[chunk_count] = input->count;
    return LOTS_OK;
}

lots_status lots_pass_rows_restore(const lots_pass_rows *rows, const lots_pass *pass, lots_worker *worker, uint32_t chunk,
                                   lots_instance **out, lots_error *err)
{
    const lots_rowset *input = rows->input;
    const uint32_t start = rows->starts[chunk], count = lots_pass_rows_count(rows, chunk);
    const lots_patient first = pass->chunks[chunk].first;
    lots_arena *arena = lots_worker_arena(worker);
    void *made = NULL;
    LOTS_TRY(lots_arena_vector(arena, &made, 3 * (size_t)count, sizeof(uint32_t), err));
    uint32_t *order = made, *patient = order + count, *row = patient + count;
    for (uint32_t i = 0; i < count; i++) {
        order[i] = rows->order != NULL ? rows->order[start + i] : start + i;
        patient[i] = input->patient[order[i]] - first;
        row[i] = input->relation_row != NULL ? input->relation_row[order[i]] : 0;
    }
    LOTS_TRY(lots_rows_restore(worker, pass->pipeline, patient, input->relation_row != NULL ? row : NULL, order, count, out,
                               err));
    for (uint32_t i = 0; i < input->slot_count && i < (*out)->slot_count; i++) {
        if (input->slots[i].count == 0 && input->slots[i].type.kind == LOTS_TYPE_MISSING)
            continue;
        lots_vector flat = input->slots[i];
        if (flat.constant)
            LOTS_TRY(lots_vector_flatten(arena, &input->slots[i], &flat, err));
        LOTS_TRY(lots_vector_gather(arena, &flat, order, count, &(*out)->slots[i], err));
    }
    return LOTS_OK;
}

/* ---- by stretch ---- */

lots_status lots_pass_rows_by_stretch(lots_pass_rows *rows, const lots_rowset *input, lots_error *err)
{
    *rows = (lots_pass_rows){.input = input};
    LOTS_TRY(new_numbers(&rows->starts, (size_t)input->count / STRETCH_ROWS + 2, err));
    for (uint64_t at = STRETCH_ROWS; at < input->count; at += STRETCH_ROWS) {
        while (at < input->count && input->patient[at - 1] == input->patient[at])
            at += STRETCH_STEP;
        if (at < input->count)
            rows->starts[++rows->parts] = (uint32_t)at;
    }
    rows->starts[++rows->parts] = input->count;
    return LOTS_OK;
}

static lots_status take_stretch(lots_worker *worker, const lots_vector *all, uint32_t start, const uint32_t *places,
                                uint32_t count, lots_vector *out, lots_error *err)
{
    if (all->type.kind == LOTS_TYPE_SET && !all->constant)
        return lots_vector_gather(lots_worker_arena(worker), all, places, count, out, err);
    lots_vector_stretch(all, start, count, out);
    return LOTS_OK;
}

lots_status lots_pass_rows_stretch(const lots_pass_rows *rows, lots_worker *worker, uint32_t part, lots_instance **out,
                                   lots_error *err)
{
    const lots_rowset *input = rows->input;
    const uint32_t start = rows->starts[part], count = lots_pass_rows_count(rows, part);
    lots_arena *arena = lots_worker_arena(worker);
    void *slots = NULL, *places = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &slots, input->slot_count, sizeof(lots_vector), err));
    LOTS_TRY(lots_arena_vector(arena, &places, count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < count; i++)
        ((uint32_t *)places)[i] = start + i;
    for (uint32_t i = 0; i < input->slot_count; i++)
        if (input->slots[i].count != 0)
            LOTS_TRY(take_stretch(worker, &input->slots[i], start, places, count, (lots_vector *)slots + i, err));
    LOTS_TRY(lots_rows_table(worker, input->frame, slots, input->slot_count, count, out, err));
    (*out)->ordinal = places;
    return LOTS_OK;
}
