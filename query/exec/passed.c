/* passed.c: see passed.h. */
#include "query/exec/passed.h"

#include <stdlib.h>
#include <string.h>

#include "query/exec/wanted.h"

/* One of so many of the relation's rows: values of fewer are taken one by one, if these are listed, or must first be. */
enum { FEW = 2, FEW_TO_LIST = 8 };

lots_status lots_passed_make(lots_worker *worker, lots_relation_rows *relation, const uint64_t *mask, lots_arena *arena,
                             lots_passed **out, lots_error *err)
{
    const uint32_t owners = relation->owners->count, count = relation->count;
    const size_t words = lots_bit_words(count);
    void *room = NULL;
    uint32_t *offsets = NULL, *before = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &room, 1, sizeof(lots_passed), err));
    lots_passed *made = *out = room;
    *made = (lots_passed){.relation = relation, .arena = arena, .count = count, .offsets = relation->offsets};
    if (mask == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena, words + 1, &before, err));
    before[words] = worker->kernels->count_prefix(mask, words, 0, before);
    if (before[words] == count) /* as without a mask */
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena, (size_t)owners + 1, &offsets, err));
    worker->kernels->bit_ranks(mask, before, relation->offsets, (size_t)owners + 1, offsets);
    worker->work.rows += count;
    made->count = before[words];
    made->bits = mask;
    made->offsets = offsets;
    return LOTS_OK;
}

lots_status lots_passed_rows(lots_worker *worker, lots_passed *passed, const uint32_t **out, lots_error *err)
{
    uint32_t *rows = NULL;
    if (passed->rows == NULL && passed->bits != NULL) {
        LOTS_TRY(lots_new_u32(passed->arena, passed->count, &rows, err));
        worker->kernels->bits_indexes(passed->bits, passed->relation->count, rows);
        passed->rows = rows;
    }
    *out = passed->rows;
    return LOTS_OK;
}

/* Is it better to compress values by bits than to take them one by one? */
static bool are_many(const lots_passed *passed)
{
    const uint64_t many = passed->rows != NULL ? FEW : FEW_TO_LIST;
    return passed->count * many >= passed->relation->count;
}

/* Of values by row of the relation: by place. */
static lots_status by_place(lots_worker *worker, lots_passed *passed, const int32_t *values, const int32_t **out, lots_error *err)
{
    const uint32_t *rows = NULL;
    uint32_t *taken = NULL;
    *out = values;
    if (passed->bits == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(passed->arena, passed->count, &taken, err));
    *out = (const int32_t *)taken;
    if (are_many(passed)) {
        worker->kernels->compress_u32(passed->bits, passed->relation->count, (const uint32_t *)values, taken);
        return LOTS_OK;
    }
    LOTS_TRY(lots_passed_rows(worker, passed, &rows, err));
    worker->kernels->gather_u32((const uint32_t *)values, rows, passed->count, taken);
    return LOTS_OK;
}

/* Who have places, or where all rows are places: who are still asked for. NULL: nobody is left out. */
static lots_status owners_left(const lots_worker *worker, const lots_passed *passed, const uint64_t **out, lots_error *err)
{
    const int32_t *offsets = (const int32_t *)passed->offsets; /* rows of a chunk are below 2^31 */
    uint64_t *left = NULL;
    *out = NULL;
    if (!lots_relation_may_start_some(worker, passed->relation))
        return LOTS_OK;
    if (passed->bits == NULL) {
        *out = lots_wanted_few(worker, passed->relation);
        return LOTS_OK;
    }
    LOTS_TRY(lots_new_bits(passed->arena, passed->relation->owners->count, &left, err));
    worker->kernels->less_i32(offsets, offsets + 1, passed->relation->owners->count, left);
    *out = left;
    return LOTS_OK;
}

/* Starts that are narrow are taken as they are, not made wide for all rows first. */
static lots_status narrow_starts(lots_worker *worker, lots_passed *passed, lots_error *err)
{
    const uint32_t *rows = NULL;
    int32_t *taken = NULL;
    LOTS_TRY(lots_new_i32(passed->arena, passed->count, &taken, err));
    passed->starts = taken;
    if (are_many(passed))
        return lots_relation_starts_in(worker, passed->relation, passed->bits, taken, err);
    LOTS_TRY(lots_passed_rows(worker, passed, &rows, err));
    return lots_relation_starts_at(worker, passed->relation, rows, passed->count, taken, err);
}

lots_status lots_passed_starts(lots_worker *worker, lots_passed *passed, lots_error *err)
{
    const int32_t *starts = NULL;
    const uint64_t *owners = NULL;
    if (passed->starts != NULL)
        return LOTS_OK;
    if (passed->bits != NULL && lots_relation_has_narrow_starts(worker, passed->relation))
        return narrow_starts(worker, passed, err);
    LOTS_TRY(owners_left(worker, passed, &owners, err));
    LOTS_TRY(owners == NULL ? lots_relation_starts(worker, passed->relation, &starts, err)
                            : lots_relation_starts_of(worker, passed->relation, owners, &starts, err));
    return by_place(worker, passed, starts, &passed->starts, err);
}

lots_status lots_passed_owners(lots_worker *worker, lots_passed *passed, const uint32_t **out, lots_error *err)
{
    uint32_t *owners = NULL;
    if (passed->owners == NULL && passed->bits == NULL)
        LOTS_TRY(lots_relation_owner(worker, passed->relation, &passed->owners, err));
    if (passed->owners == NULL) {
        LOTS_TRY(lots_new_u32(passed->arena, passed->count, &owners, err));
        worker->kernels->broadcast_index(passed->offsets, passed->relation->owners->count, owners);
        passed->owners = owners;
    }
    *out = passed->owners;
    return LOTS_OK;
}

/* In memory of its own: what was lent stays as it is. */
static lots_status narrow_days(const lots_worker *worker, const lots_passed *passed, const uint64_t *within, uint32_t left,
                               const int32_t **days, lots_error *err)
{
    uint32_t *kept = NULL;
    if (*days == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(passed->arena, left, &kept, err));
    worker->kernels->compress_u32(within, passed->count, (const uint32_t *)*days, kept);
    *days = (const int32_t *)kept;
    return LOTS_OK;
}

lots_status lots_passed_narrow(lots_worker *worker, lots_passed *passed, const uint64_t *within, const uint64_t *bits,
                               lots_error *err)
{
    const lots_kernels *kernels = worker->kernels;
    const size_t words = lots_bit_words(passed->count);
    const uint32_t owners = passed->relation->owners->count;
    uint32_t *before = NULL, *offsets = NULL, *rows = NULL;
    uint64_t *made = NULL;
    LOTS_TRY(lots_new_u32(passed->arena, words + 1, &before, err));
    LOTS_TRY(lots_new_u32(passed->arena, (size_t)owners + 1, &offsets, err));
    const uint32_t left = before[words] = kernels->count_prefix(within, words, 0, before);
    if (left == passed->count)
        return LOTS_OK;
    kernels->bit_ranks(within, before, passed->offsets, (size_t)owners + 1, offsets);
    if (passed->rows != NULL) {
        LOTS_TRY(lots_new_u32(passed->arena, left, &rows, err));
        kernels->compress_u32(within, passed->count, passed->rows, rows);
    }
    if (bits == NULL) {
        LOTS_TRY(lots_new_words(passed->arena, passed->relation->count, &made, err));
        if (passed->bits != NULL)
            kernels->bits_expand(passed->bits, passed->relation->count, within, made);
        else
            memcpy(made, within, words * sizeof *made);
        bits = made;
    }
    LOTS_TRY(narrow_days(worker, passed, within, left, &passed->starts, err));
    LOTS_TRY(narrow_days(worker, passed, within, left, &passed->ends, err));
    *passed = (lots_passed){.relation = passed->relation, .arena = passed->arena, .count = left, .rows = rows, .bits = bits,
                            .offsets = offsets, .starts = passed->starts, .ends = passed->ends};
    return LOTS_OK;
}

lots_status lots_passed_elements(lots_worker *worker, lots_passed *passed, uint32_t frame, lots_error *err)
{
    const lots_instance *owners = passed->relation->owners;
    const uint32_t *rows = NULL;
    if (passed->elements != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_passed_rows(worker, passed, &rows, err));
    LOTS_TRY(lots_instance_new(worker, frame, passed->count, owners, owners->depth, &passed->elements, err));
    passed->elements->parent_offsets = passed->offsets;
    passed->elements->relation_row = rows;
    passed->elements->relation_bits = passed->bits;
    return LOTS_OK;
}

/* ---- spans ---- */

lots_status lots_passed_ends(lots_worker *worker, lots_passed *passed, lots_error *err)
{
    const lots_vector *ends = NULL;
    const uint32_t *rows = NULL;
    lots_vector taken;
    int32_t *known = NULL;
    bool few = false;
    if (passed->ends != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_passed_rows(worker, passed, &rows, err));
    if (rows != NULL)
        LOTS_TRY(lots_relation_take_spans(worker, passed->relation, false, rows, passed->count, passed->arena, &taken, &few, err));
    ends = &taken;
    if (!few)
        LOTS_TRY(lots_relation_span_end(worker, passed->relation, &ends, err));
    passed->ends = ends->data;
    if (!few)
        LOTS_TRY(by_place(worker, passed, ends->data, &passed->ends, err));
    if (ends->missing == NULL || lots_bits_next(ends->missing, 0, ends->count) == ends->count)
        return LOTS_OK;
    LOTS_TRY(lots_new_i32(passed->arena, passed->count, &known, err));
    for (uint32_t i = 0; i < passed->count; i++)
        known[i] = lots_bit_get(ends->missing, few || rows == NULL ? i : rows[i]) ? INT32_MIN : passed->ends[i];
    passed->ends = known;
    return LOTS_OK;
}

/* By place: the owner, and below it a day so that later ones are larger. */
static uint64_t key_of(uint32_t owner, int32_t day) { return (uint64_t)owner << 32 | ((uint32_t)day ^ UINT32_C(0x80000000)); }

/* Without a look at where an owner's places begin: of the next owner all keys are larger. */
static void find_reach(lots_passed *passed, const uint32_t *owner, int32_t *reach)
{
    const int32_t *starts = passed->starts, *ends = passed->ends;
    uint32_t falls = 0, backward = 0;
    uint64_t latest = 0;
    for (uint32_t i = 0; i < passed->count; i++)
        backward += ends[i] < starts[i];
    for (uint32_t i = 0; i < passed->count; i++) {
        const uint64_t key = key_of(owner[i], ends[i]);
        falls += key < latest;
        latest = key > latest ? key : latest;
        reach[i] = (int32_t)((uint32_t)latest ^ UINT32_C(0x80000000));
    }
    passed->rising = falls == 0;
    passed->sound = backward == 0;
    passed->reach = reach;
}

lots_status lots_passed_spans(lots_worker *worker, lots_passed *passed, lots_error *err)
{
    int32_t *reach = NULL;
    const uint32_t *owner = NULL;
    if (passed->reach != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_passed_starts(worker, passed, err));
    LOTS_TRY(lots_passed_ends(worker, passed, err));
    LOTS_TRY(lots_passed_owners(worker, passed, &owner, err));
    LOTS_TRY(lots_new_i32(passed->arena, passed->count, &reach, err));
    find_reach(passed, owner, reach);
    worker->work.rows += passed->count;
    return LOTS_OK;
}

static int by_day(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Ends nearly rise where starts do: few are moved, and not far. Long stretches are left to qsort. */
static void sort_days(int32_t *days, uint32_t count)
{
    enum { SHORT = 64 };
    if (count > SHORT) {
        qsort(days, count, sizeof(int32_t), by_day);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        const int32_t day = days[i];
        uint32_t at = i;
        for (; at > 0 && days[at - 1] > day; at--)
            days[at] = days[at - 1];
        days[at] = day;
    }
}

lots_status lots_passed_by_end(lots_worker *worker, lots_passed *passed, lots_error *err)
{
    int32_t *days = NULL;
    if (passed->by_end != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_passed_spans(worker, passed, err));
    LOTS_TRY(lots_new_i32(passed->arena, passed->count, &days, err));
    if (passed->count > 0)
        memcpy(days, passed->ends, passed->count * sizeof(int32_t));
    for (uint32_t g = 0; g < passed->relation->owners->count && !passed->rising; g++)
        if (passed->offsets[g + 1] - passed->offsets[g] > 1)
            sort_days(days + passed->offsets[g], passed->offsets[g + 1] - passed->offsets[g]);
    worker->work.rows += passed->count;
    passed->by_end = days;
    return LOTS_OK;
}
