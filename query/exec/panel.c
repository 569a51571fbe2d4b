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

static uint64_t low_bits(uint32_t count) { return count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1; }

/* The periods first .. end - 1 that are in word w. */
static uint64_t range_in(uint32_t first, uint32_t end, uint32_t w)
{
    const uint32_t base = w * 64;
    const uint32_t from = first > base ? first - base : 0, to = end > base ? end - base : 0;
    return low_bits(to) & ~low_bits(from);
}

/* ---- how often periods are marked ---- */

/* Words of one place among those of their rows: a bit of `ones` stands for a mark of its period that was counted, one of the next for
 * two, then four and eight. Sixteen words are taken in at once, and what is beyond eight of a mark goes to its period's count. */
enum { HELD = 16, PLANES = 4 };
typedef struct tally {
    uint64_t held[HELD], planes[PLANES];
    uint32_t waiting; /* of held */
} tally;

static uint64_t carry_save(uint64_t *sum, uint64_t a, uint64_t b)
{
    const uint64_t either = *sum ^ a, carry = (*sum & a) | (either & b);
    *sum = either ^ b;
    return carry;
}

static void take_off(uint64_t bits, uint32_t times, uint32_t *count)
{
    for (; bits != 0; bits &= bits - 1)
        count[__builtin_ctzll(bits)] -= times;
}

static void tally_word(tally *t, uint64_t word, uint32_t *count)
{
    t->held[t->waiting++] = word;
    if (t->waiting < HELD)
        return;
    for (uint32_t p = 0; p < PLANES; p++)
        for (uint32_t i = 0; i < (uint32_t)HELD >> (p + 1); i++)
            t->held[i] = carry_save(&t->planes[p], t->held[2 * i], t->held[2 * i + 1]);
    take_off(t->held[0], HELD, count);
    t->waiting = 0;
}

static void end_tally(const tally *t, uint32_t *count)
{
    for (uint32_t i = 0; i < t->waiting; i++)
        take_off(t->held[i], 1, count);
    for (uint32_t p = 0; p < PLANES; p++)
        take_off(t->planes[p], UINT32_C(1) << p, count);
}

/* ---- rows that stand for others ---- */

typedef struct blanks { /* by period: rows without an event */
    uint32_t *count, *row; /* how many, and the first of them, which stands for all; LOTS_NO_ID */
    uint64_t *have;        /* bits of those that have any */
    tally *tallies;        /* by word of a row */
} blanks;

/* Leave of a word's marks those in its row's range, and count what has none. */
static void count_word(const lots_panel_marks *m, uint32_t r, uint32_t w, blanks *out)
{
    uint64_t *own = m->bits + (size_t)r * m->words + w;
    const uint64_t range = range_in(m->first[r], m->end[r], w);
    *own &= range;
    tally_word(&out->tallies[w], *own, out->count + w * 64);
    for (uint64_t bits = range & ~*own & ~out->have[w]; bits != 0; bits &= bits - 1)
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
    const size_t seen = (size_t)r * m->words, words = (size_t)m->rows->count * m->words;
    for (size_t k = seen / 64; k < lots_bit_words(words); k++)
        for (uint64_t bits = k * 64 < seen ? marked[k] & ~low_bits((uint32_t)(seen % 64)) : marked[k]; bits != 0; bits &= bits - 1) {
            const uint32_t at = (uint32_t)(k * 64) + (uint32_t)__builtin_ctzll(bits), row = m->words == 1 ? at : at / m->words;
            count_word(m, row, at - row * m->words, out);
        }
    for (uint32_t w = 0; w < m->words; w++)
        end_tally(&out->tallies[w], out->count + w * 64);
}

static lots_status find_blanks(const lots_panel_marks *m, const uint64_t *marked, blanks *out, lots_error *err)
{
    const uint32_t periods = m->periods->count;
    uint32_t have = 0;
    void *room = NULL;
    memset(out, 0, sizeof *out);
    LOTS_TRY(lots_new_u32(m->arena, (size_t)m->words * 64 + 1, &out->count, err));
    LOTS_TRY(lots_new_u32(m->arena, (size_t)m->words * 64, &out->row, err));
    LOTS_TRY(lots_new_bits(m->arena, (size_t)m->words * 64, &out->have, err));
    LOTS_TRY(lots_arena_alloc(m->arena, &room, m->words, sizeof *out->tallies, err));
    out->tallies = room;
    memset(out->count, 0, ((size_t)periods + 1) * sizeof(uint32_t));
    for (uint32_t p = 0; p < periods; p++)
        out->row[p] = LOTS_NO_ID;
    for (uint32_t k = 0; k < m->asked; k++) {
        const uint32_t first = m->first[m->row[k]], end = m->end[m->row[k]];
        if (first == 0 && end == periods) { /* mostly */
            have++;
            continue;
        }
        out->count[first]++;
        out->count[end]--; /* wraps, and back below */
    }
    for (uint32_t p = 0; p < periods; p++)
        out->count[p] = have += out->count[p];
    count_blanks(m, marked, out);
    return LOTS_OK;
}

/* ---- rows ---- */

typedef struct placed { /* which row and period each new row is of, and its weight */
    uint32_t *row, *period, *weight, count;
} placed;

/* The bits of row and period: each a row of its own. */
static void read_cells(const uint32_t *restrict cells, uint32_t count, uint32_t *restrict row, uint32_t *restrict period)
{
    for (uint32_t i = 0; i < count; i++) {
        row[i] = cells[i] / 64;
        period[i] = cells[i] % 64;
    }
}

/* The same of rows of several words. */
static void read_wide_cells(const uint32_t *restrict cells, uint32_t count, uint32_t words, uint32_t *restrict row, uint32_t *restrict period)
{
    for (uint32_t i = 0; i < count; i++) {
        row[i] = cells[i] / (words * 64);
        period[i] = cells[i] - row[i] * (words * 64);
    }
}

static void set_ones(uint32_t *weight, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        weight[i] = 1;
}

/* The rows that stand for others, as bits of those made; each is as many as its period has blanks. */
static lots_status weigh_rows(lots_panel_marks *m, const blanks *blank, const uint32_t *cells, uint32_t cell_count, placed *out,
                              lots_error *err)
{
    uint32_t *made = NULL;
    LOTS_TRY(lots_new_u32(m->arena, cell_count, &made, err));
    LOTS_TRY(lots_new_bits(m->arena, out->count, &m->blank, err));
    m->worker->kernels->bit_ranks(m->bits, m->before, cells, cell_count, made);
    m->blank_count = cell_count;
    set_ones(out->weight, out->count);
    for (uint32_t k = 0; k < cell_count; k++) {
        lots_bit_set(m->blank, made[k]);
        out->weight[made[k]] = blank->count[cells[k] % (m->words * 64)];
    }
    return LOTS_OK;
}

/* Leaves a bit for each row that is made. */
static lots_status put_rows(lots_panel_marks *m, const blanks *blank, placed *out, lots_error *err)
{
    const uint32_t stride = m->words * 64;
    const size_t words = (size_t)m->rows->count * m->words;
    uint32_t *cells = NULL, *before = NULL, *alone = NULL, found = 0;
    LOTS_TRY(lots_new_u32(m->arena, m->periods->count, &alone, err));
    LOTS_TRY(lots_new_u32(m->arena, words + 1, &before, err));
    for (uint32_t p = 0; p < m->periods->count; p++)
        if (blank->row[p] != LOTS_NO_ID)
            alone[found++] = blank->row[p] * stride + p;
    for (uint32_t k = 0; k < found; k++)
        lots_bit_set(m->bits, alone[k]);
    out->count = before[words] = m->worker->kernels->count_prefix(m->bits, words, 0, before);
    m->before = before;
    LOTS_TRY(lots_new_u32(m->arena, out->count, &cells, err));
    LOTS_TRY(lots_new_u32(m->arena, out->count, &out->row, err));
    LOTS_TRY(lots_new_u32(m->arena, out->count, &out->period, err));
    LOTS_TRY(lots_new_u32(m->arena, out->count, &out->weight, err));
    m->worker->kernels->bits_indexes(m->bits, words * 64, cells);
    if (m->words == 1)
        read_cells(cells, out->count, out->row, out->period);
    else
        read_wide_cells(cells, out->count, m->words, out->row, out->period);
    return weigh_rows(m, blank, alone, found, out, err);
}

/* The rows that have periods. */
static lots_status find_asked(lots_panel_marks *m, lots_error *err)
{
    const lots_kernels *kernels = m->worker->kernels;
    uint64_t *any = NULL;
    LOTS_TRY(lots_new_bits(m->arena, m->rows->count, &any, err));
    kernels->less_i32((const int32_t *)m->first, (const int32_t *)m->end, m->rows->count, any); /* periods are few */
    m->asked = (uint32_t)kernels->bits_count(any, m->rows->count);
    LOTS_TRY(lots_new_u32(m->arena, m->asked, &m->row, err));
    kernels->bits_indexes(any, m->rows->count, m->row);
    return LOTS_OK;
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
    LOTS_TRY(lots_each_within(worker, plan, rows, NULL, rows->count, first, end, err));
    lots_panel_marks m = {.worker = worker, .arena = arena, .periods = periods, .rows = rows, .first = first, .end = end,
                .words = (uint32_t)lots_bit_words(periods->count), .low = periods->starts[0],
                .high = periods->ends[periods->count - 1], .nested = panel->nested, .shared = panel->shared};
    LOTS_TRY(lots_new_bits(arena, (size_t)rows->count * m.words * 64, &m.bits, err));
    LOTS_TRY(find_asked(&m, err));
    LOTS_TRY(lots_panel_mark(&m, panel, done, err));
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(words_marked(&m, &marked, err));
    LOTS_TRY(find_blanks(&m, marked, &blank, err));
    LOTS_TRY(put_rows(&m, &blank, &made, err));
    worker->work.rows += rows->count + made.count;
    *weights = (lots_group_weights){.weight = made.weight, .persons = m.asked};
    LOTS_TRY(lots_rows_take(worker, rows, made.row, made.count, out, err));
    LOTS_TRY(lots_panel_hand_on(&m, *out, err));
    return lots_each_fill(worker, each, periods, made.period, made.count, *out, err);
}
