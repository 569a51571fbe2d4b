/* group_brief.c: see group_brief.h. */
#include "query/exec/group_brief.h"

#include <string.h>

#include "query/exec/worker.h"

/* ---- rows ---- */

lots_group_picked lots_group_picked_of(const lots_group_batch *batch, const uint64_t *keep)
{
    const uint32_t count = keep == NULL ? batch->rows : (uint32_t)lots_bits_count(keep, batch->rows);
    return (lots_group_picked){keep, count, NULL};
}

lots_status lots_group_pick(const lots_group_batch *batch, lots_group_picked *rows, lots_error *err)
{
    uint32_t *index = NULL;
    if (rows->keep == NULL || rows->index != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(batch->arena, batch->rows, &index, err));
    (void)lots_kernels_get()->bits_indexes(rows->keep, batch->rows, index);
    rows->index = index;
    return LOTS_OK;
}

/* ---- groups ---- */

static void clear(const lots_group_briefs *briefs, uint32_t groups)
{
    memset(briefs->sum - 1, 0, (groups + 1) * sizeof *briefs->sum);
    memset(briefs->last - 1, 0xff, (groups + 1) * sizeof *briefs->last); /* nobody */
}

lots_status lots_group_briefs_make(const lots_group_batch *batch, lots_group_briefs *out, lots_error *err)
{
    void *sums = NULL;
    uint32_t *last = NULL;
    LOTS_TRY(lots_arena_vector(batch->arena, &sums, (size_t)batch->known + 1, sizeof *out->sum, err));
    LOTS_TRY(lots_new_u32(batch->arena, batch->known, &out->counts, err));
    LOTS_TRY(lots_new_u32(batch->arena, (size_t)batch->known + 1, &last, err));
    LOTS_TRY(lots_new_u32(batch->arena, batch->known, &out->met, err));
    LOTS_TRY(lots_new_bits(batch->arena, batch->known, &out->is_met, err));
    out->met_count = 0;
    out->usual = NULL;
    out->unusual = NULL;
    out->sum = (uint64_t *)sums + 1;
    out->last = last + 1;
    clear(out, batch->known);
    return LOTS_OK;
}

static inline void add_brief(const lots_group_batch *batch, size_t row, bool usual, const lots_group_briefs *out)
{
    const lots_patient person = batch->patient[row];
    const uint32_t group = batch->number[row];
    if (usual)
        out->unusual[group] |= out->usual[group] ^ (uint64_t)batch->row_ints[row];
    out->counts[group] += 1 + ((uint32_t)(out->last[group] != person) << 16);
    out->last[group] = person;
    out->sum[group] += (uint64_t)batch->row_ints[row];
}

/* All rows are of one group: nothing waits for what was written last. */
static void add_whole(const lots_group_batch *batch, lots_group_briefs *out)
{
    const lots_patient *patient = batch->patient;
    uint64_t sum = 0;
    uint32_t persons = 1;
    for (uint32_t row = 0; row < batch->rows; row++)
        sum += (uint64_t)batch->row_ints[row];
    for (uint32_t row = 1; row < batch->rows; row++)
        persons += patient[row] != patient[row - 1];
    out->sum[0] = sum;
    out->counts[0] = batch->rows | persons << 16;
    out->met[0] = 0;
    out->met_count = 1;
}

/* ---- all of a group in one word ---- */

static unsigned bits_of(uint32_t number)
{
    unsigned bits = 0;
    for (; number > 0; number >>= 1)
        bits++;
    return bits;
}

/* Where in a word the rows begin, and the persons: 16 bits each at most, so that 32 are left to the sum. */
typedef struct word_shape {
    unsigned rows, persons;
} word_shape;

static word_shape shape_for(uint32_t rows, uint32_t persons)
{
    const unsigned above = 64 - bits_of(persons < rows ? persons : rows);
    return (word_shape){above - bits_of(rows), above};
}

static inline void add_word(const lots_group_batch *batch, size_t row, uint32_t group, word_shape shape, uint64_t *words,
                            lots_patient *last)
{
    const lots_patient person = batch->patient[row];
    const uint64_t fresh = last[group] != person;
    last[group] = person;
    words[group] += (UINT64_C(1) << shape.rows) + (fresh << shape.persons) + (uint64_t)batch->row_ints[row];
}

/* The place of each row's group from the one before the first: that of rows that there are not. */
static lots_status place_rows(const lots_group_batch *batch, const uint64_t *keep, const uint32_t **out, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    uint64_t *absent = NULL;
    uint32_t *places = NULL;
    LOTS_TRY(lots_new_bits(batch->arena, batch->rows, &absent, err));
    LOTS_TRY(lots_new_u32(batch->arena, batch->rows, &places, err));
    kernels->bits_not(keep, batch->rows, absent);
    kernels->add_i32((const int32_t *)batch->number, NULL, 1, absent, batch->rows, (int32_t *)places);
    *out = places;
    return LOTS_OK;
}

/* Groups somebody was last in. */
static void find_met(lots_group_briefs *out, uint32_t groups)
{
    const lots_kernels *kernels = lots_kernels_get();
    kernels->range_u32(out->last, groups, 0, LOTS_NO_PATIENT - 1, out->is_met);
    out->met_count = (uint32_t)kernels->bits_indexes(out->is_met, groups, out->met);
}

/* False: some sum is too large. What it has beyond its bits was counted as rows: of all words fewer than there are, as a value has
 * 31 bits at most. So then these are too many. */
static bool read_words(word_shape shape, uint32_t rows, const lots_group_briefs *out)
{
    const uint64_t sums = (UINT64_C(1) << shape.rows) - 1, counts = (UINT64_C(1) << (shape.persons - shape.rows)) - 1;
    uint64_t found = 0;
    for (uint32_t i = 0; i < out->met_count; i++) {
        const uint32_t g = out->met[i], own = (uint32_t)(out->sum[g] >> shape.rows & counts);
        out->counts[g] = own | (uint32_t)(out->sum[g] >> shape.persons) << 16;
        out->sum[g] &= sums;
        found += own;
    }
    return found == rows;
}

/* Where most rows count, all of them are added. False: some sum is too large, and what was added means nothing. */
static lots_status add_words(const lots_group_batch *in, lots_group_picked *rows, lots_group_briefs *out, bool *done, lots_error *err)
{
    const lots_group_batch batch = *in; /* a copy that words can't be part of */
    const uint32_t persons = batch.patient[batch.rows - 1] - batch.patient[0] + 1; /* patients rise */
    const word_shape shape = shape_for(rows->count, persons);
    const uint32_t *places = NULL, *index = NULL;
    uint64_t *words = out->sum;
    lots_patient *last = out->last;
    if (rows->keep != NULL && rows->count >= batch.rows / 4 * 3)
        LOTS_TRY(place_rows(in, rows->keep, &places, err));
    else
        LOTS_TRY(lots_group_pick(in, rows, err));
    index = rows->index;
    for (uint32_t row = 0; rows->keep == NULL && row < batch.rows; row++)
        add_word(&batch, row, batch.number[row], shape, words, last);
    for (uint32_t row = 0; places != NULL && row < batch.rows; row++)
        add_word(&batch, row, places[row], shape, words - 1, last - 1);
    for (uint32_t i = 0; places == NULL && index != NULL && i < rows->count; i++)
        add_word(&batch, index[i], batch.number[index[i]], shape, words, last);
    find_met(out, batch.known);
    *done = read_words(shape, rows->count, out);
    return LOTS_OK;
}

static void add_briefs(const lots_group_batch *in, const lots_group_picked *rows, const lots_group_briefs *out)
{
    const lots_group_batch batch = *in;
    const lots_group_picked some = *rows;
    const lots_group_briefs own = *out;
    memset(own.counts, 0, batch.known * sizeof *own.counts);
    for (uint32_t i = 0; own.usual != NULL && i < some.count; i++)
        add_brief(&batch, some.index == NULL ? i : some.index[i], true, &own);
    if (own.usual != NULL)
        return;
    for (uint32_t row = 0; some.index == NULL && row < some.count; row++)
        add_brief(&batch, row, false, &own);
    for (uint32_t i = 0; some.index != NULL && i < some.count; i++)
        add_brief(&batch, some.index[i], false, &own);
}

lots_status lots_group_briefs_add(const lots_group_batch *batch, lots_group_picked *rows, lots_group_briefs *out, lots_error *err)
{
    bool done = rows->count == 0;
    if (done)
        return LOTS_OK;
    if (batch->known == 1 && rows->keep == NULL && out->usual == NULL) {
        add_whole(batch, out);
        return LOTS_OK;
    }
    if (batch->rising && out->usual == NULL)
        LOTS_TRY(add_words(batch, rows, out, &done, err));
    if (done)
        return LOTS_OK;
    LOTS_TRY(lots_group_pick(batch, rows, err));
    clear(out, batch->known);
    add_briefs(batch, rows, out);
    find_met(out, batch->known);
    return LOTS_OK;
}

lots_status lots_group_briefs_usual(const lots_group_batch *batch, const lots_group_line *lines, const lots_evidence *evidence,
                                    lots_group_briefs *out, lots_error *err)
{
    void *usual = NULL, *unusual = NULL;
    uint64_t value = 0;
    uint32_t g = 0;
    while (g < batch->known && (lines[g].settled != 0 || !lots_evidence_usual(evidence, g, &value)))
        g++;
    if (g == batch->known)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(batch->arena, &usual, batch->known, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(batch->arena, &unusual, batch->known, sizeof(uint64_t), err));
    memset(unusual, 0, batch->known * sizeof(uint64_t));
    for (g = 0; g < batch->known; g++) {
        const bool known = lines[g].settled == 0 && lots_evidence_usual(evidence, g, &value);
        ((uint64_t *)usual)[g] = known ? value : UINT64_MAX; /* which no value is */
    }
    out->usual = usual;
    out->unusual = unusual;
    return LOTS_OK;
}

void lots_group_briefs_weigh(const lots_group_batch *in, const lots_group_picked *rows, lots_group_briefs *out)
{
    const lots_group_batch batch = *in;
    const lots_group_picked some = *rows;
    uint64_t *words = out->sum; /* persons stand above the sum, which has 48 bits: 31 of a value, 16 of all persons */
    for (uint32_t i = 0; i < some.count; i++) {
        const uint32_t row = some.index == NULL ? i : some.index[i];
        words[batch.number[row]] += batch.weight[row] * ((uint64_t)batch.row_ints[row] + (UINT64_C(1) << 48));
    }
    for (uint32_t g = 0; g < batch.known; g++) {
        const uint32_t persons = (uint32_t)(words[g] >> 48);
        out->counts[g] = persons | persons << 16;
        out->sum[g] = words[g] & ((UINT64_C(1) << 48) - 1);
        out->met[out->met_count] = g;
        out->met_count += persons > 0 ? 1 : 0;
    }
}

bool lots_group_must_see(const lots_evidence *evidence, uint32_t group, bool settled, bool usual, uint64_t sum,
                         uint64_t before)
{
    return evidence != NULL && (!(settled || usual) || lots_is_large_part(sum, before + sum)) &&
           (sum > 0 || !lots_evidence_knows_zeros(evidence, group));
}

bool lots_group_briefs_settle(const lots_group_briefs *from, lots_group_line *lines, const lots_evidence *evidence,
                              uint64_t *watched)
{
    bool any = false;
    for (uint32_t i = 0; i < from->met_count; i++) {
        const uint32_t g = from->met[i], counts = from->counts[g];
        const bool usual = from->usual != NULL && from->unusual[g] == 0;
        lots_group_line *line = &lines[g];
        if (lots_group_must_see(evidence, g, line->settled != 0, usual, from->sum[g], line->sum)) {
            lots_bit_set(watched, g);
            any = true;
            continue;
        }
        line->counts += (counts & UINT16_MAX) | (uint64_t)(counts >> 16) << 32;
        line->sum += from->sum[g];
    }
    return any;
}

bool lots_group_words_settle(const lots_group_words *from, lots_group_line *lines, const lots_evidence *evidence, uint64_t *watched)
{
    bool any = false;
    for (uint32_t i = 0; i < from->count; i++) {
        const uint64_t firsts = from->word[2 * (size_t)i + 1], all = firsts + from->word[2 * (size_t)i];
        if (all == 0)
            continue;
        const uint64_t sum = all & ((UINT64_C(1) << LOTS_WORD_ROWS) - 1);
        const uint32_t group = from->group[i] - 1;
        lots_group_line *line = &lines[group];
        if (lots_group_must_see(evidence, group, line->settled != 0, false, sum, line->sum)) {
            lots_bit_set(watched, i);
            any = true;
            continue;
        }
        line->counts += all >> LOTS_WORD_ROWS | firsts >> LOTS_WORD_ROWS << 32;
        line->sum += sum;
    }
    return any;
}
