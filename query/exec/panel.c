/* panel.c: see panel.h. Events mark the periods they fall in, a bit for each period of each row; then rows are made where a bit
 * is set, or the row is the first of its period that has none. */
#include "query/exec/panel.h"

#include <string.h>

#include "query/exec/panel_inner.h"

#define PERIODS_MAX 4096u /* then rows are made the long way */

/* Bits of the words in which anything is marked. */
static lots_status words_marked(const lots_panel_marks *m, uint64_t **out, lots_error *err)
{
    const size_t words = (size_t)m->rows->count * m->words;
    uint64_t *none = NULL;
    LOTS_TRY(lots_new_bits(m->arena, words, &none, err));
    LOTS_TRY(lots_new_bits(m->arena, words, out, err));
    m->worker->kernels->range_i64((const int64_t *)m->bits, words, 0, 0, none);
    lots_bits_not(*out, none, words);
    return LOTS_OK;
}

/* ---- rows ---- */

static uint64_t low_bits(uint32_t count) { return count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1; }

/* The periods first .. end - 1 that are in word w. */
static uint64_t range_in(uint32_t first, uint32_t end, uint32_t w)
{
    const uint32_t base = w * 64;
    const uint32_t from = first > base ? first - base : 0, to = end > base ? end - base : 0;
    return low_bits(to) & ~low_bits(from);
}

typedef struct blanks { /* by period: rows without an event */
    uint32_t *count, *row; /* how many, and the first of them, which stands for all; LOTS_NO_ID */
    uint64_t *have;        /* bits of those that have any; while rows are put: whose first is still to come */
    uint32_t persons, rows; /* with any period; rows to be made */
} blanks;

/* Leave of a word's marks those in its row's range, and count what has none. */
static void count_word(const lots_panel_marks *m, uint32_t r, uint32_t w, blanks *out)
{
    uint64_t *own = m->bits + (size_t)r * m->words + w;
    const uint64_t range = range_in(m->first[r], m->end[r], w);
    *own &= range;
    for (uint64_t bits = *own; bits != 0; bits &= bits - 1, out->rows++)
        out->count[w * 64 + (uint32_t)__builtin_ctzll(bits)]--;
    for (uint64_t bits = range & ~*own & ~out->have[w]; bits != 0; bits &= bits - 1, out->rows++)
        out->row[w * 64 + (uint32_t)__builtin_ctzll(bits)] = r;
    out->have[w] |= range & ~*own;
}

/* Does each period have a row without an event? */
static bool have_all(const lots_panel_marks *m, const blanks *out)
{
    bool all = true;
    for (uint32_t w = 0; w < m->words && all; w++)
        all = out->have[w] == low_bits(m->periods->count - w * 64);
    return all;
}

/* Mostly the first few rows leave only words with marks to look at. */
static void count_blanks(const lots_panel_marks *m, const uint64_t *marked, blanks *out)
{
    uint32_t r = 0;
    for (; r < m->rows->count && !have_all(m, out); r++)
        for (uint32_t w = 0; w < m->words; w++)
            count_word(m, r, w, out);
    const size_t words = (size_t)m->rows->count * m->words;
    for (size_t at = lots_bits_next(marked, (size_t)r * m->words, words); at < words; at = lots_bits_next(marked, at + 1, words))
        count_word(m, (uint32_t)(at / m->words), (uint32_t)(at % m->words), out);
}

static lots_status find_blanks(const lots_panel_marks *m, const uint64_t *marked, blanks *out, lots_error *err)
{
    const uint32_t periods = m->periods->count;
    uint32_t have = 0;
    memset(out, 0, sizeof *out);
    LOTS_TRY(lots_new_u32(m->arena, (size_t)m->words * 64 + 1, &out->count, err));
    LOTS_TRY(lots_new_u32(m->arena, (size_t)m->words * 64, &out->row, err));
    LOTS_TRY(lots_new_bits(m->arena, (size_t)m->words * 64, &out->have, err));
    memset(out->count, 0, ((size_t)periods + 1) * sizeof(uint32_t));
    for (uint32_t p = 0; p < periods; p++)
        out->row[p] = LOTS_NO_ID;
    for (uint32_t r = 0; r < m->rows->count; r++) {
        if (m->first[r] == m->end[r])
            continue;
        out->persons++;
        if (m->first[r] == 0 && m->end[r] == periods) { /* mostly */
            have++;
            continue;
        }
        out->count[m->first[r]]++;
        out->count[m->end[r]]--; /* wraps, and back below */
    }
    for (uint32_t p = 0; p < periods; p++)
        out->count[p] = have += out->count[p];
    count_blanks(m, marked, out);
    return LOTS_OK;
}

typedef struct placed { /* which row and period each new row is of, and its weight */
    uint32_t *row, *period, *weight, count;
} placed;

/* Leaves a bit for each row that is made. */
static void put_word(const lots_panel_marks *m, uint32_t r, uint32_t w, blanks *blank, placed *out)
{
    uint64_t own = m->bits[(size_t)r * m->words + w];
    const uint64_t firsts = range_in(m->first[r], m->end[r], w) & ~own & blank->have[w];
    blank->have[w] &= ~firsts;
    m->bits[(size_t)r * m->words + w] = own |= firsts;
    for (; own != 0; own &= own - 1, out->count++) {
        const uint32_t period = w * 64 + (uint32_t)__builtin_ctzll(own);
        out->row[out->count] = r;
        out->period[out->count] = period;
        out->weight[out->count] = blank->row[period] == r ? blank->count[period] : 1;
    }
}

static bool have_any(const lots_panel_marks *m, const blanks *blank)
{
    bool any = false;
    for (uint32_t w = 0; w < m->words && !any; w++)
        any = blank->have[w] != 0;
    return any;
}

static void put_rows(const lots_panel_marks *m, const uint64_t *marked, blanks *blank, placed *out)
{
    uint32_t r = 0;
    for (; r < m->rows->count && have_any(m, blank); r++)
        for (uint32_t w = 0; w < m->words; w++)
            put_word(m, r, w, blank, out);
    const size_t words = (size_t)m->rows->count * m->words;
    for (size_t at = lots_bits_next(marked, (size_t)r * m->words, words); at < words; at = lots_bits_next(marked, at + 1, words))
        put_word(m, (uint32_t)(at / m->words), (uint32_t)(at % m->words), blank, out);
}

lots_status lots_panel_rows(lots_worker *worker, const lots_panel *panel, const lots_each *each, const lots_each_plan *plan,
                            const lots_instance *rows, lots_instance **out, lots_group_weights *weights, bool *done,
                            lots_error *err)
{
    lots_arena *arena = lots_instance_arena(worker, rows);
    const lots_periods *periods = &plan->periods;
    uint32_t *first = NULL, *end = NULL;
    uint64_t *marked = NULL;
    blanks blank;
    placed made = {.count = 0};
    *done = false;
    if (!plan->known || !plan->exact || periods->of_day == NULL || periods->count > PERIODS_MAX || rows->count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena, rows->count, &first, err));
    LOTS_TRY(lots_new_u32(arena, rows->count, &end, err));
    LOTS_TRY(lots_each_within(worker, plan, rows, first, end, err));
    lots_panel_marks m = {.worker = worker, .arena = arena, .periods = periods, .rows = rows, .first = first, .end = end,
                .words = (uint32_t)lots_bit_words(periods->count), .low = periods->starts[0],
                .high = periods->ends[periods->count - 1], .nested = panel->nested, .shared = panel->shared};
    LOTS_TRY(lots_new_bits(arena, (size_t)rows->count * m.words * 64, &m.bits, err));
    LOTS_TRY(lots_panel_mark(&m, panel, done, err));
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(words_marked(&m, &marked, err));
    LOTS_TRY(find_blanks(&m, marked, &blank, err));
    LOTS_TRY(lots_new_u32(arena, blank.rows, &made.row, err));
    LOTS_TRY(lots_new_u32(arena, blank.rows, &made.period, err));
    LOTS_TRY(lots_new_u32(arena, blank.rows, &made.weight, err));
    put_rows(&m, marked, &blank, &made);
    worker->work.rows += rows->count + blank.rows;
    *weights = (lots_group_weights){.weight = made.weight, .persons = blank.persons};
    LOTS_TRY(lots_rows_take(worker, rows, made.row, blank.rows, out, err));
    LOTS_TRY(lots_panel_hand_on(&m, *out, err));
    return lots_each_fill(worker, each, periods, made.period, blank.rows, *out, err);
}
