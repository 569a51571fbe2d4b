/* panel.c: see panel.h. Events mark the periods they fall in, a bit for each period of each row; then rows are made where a bit
 * is set, or the row is the first of its period that has none. */
#include "query/exec/panel.h"

#include <string.h>

#include "query/exec/candidates.h"

#define PERIODS_MAX 4096u /* then rows are made the long way */
#define PLACES_MANY 16u   /* for each owner */

/* ---- marks ---- */

typedef struct marker {
    lots_worker *worker;
    lots_arena *arena;
    const lots_periods *periods;
    const lots_instance *rows;
    const uint32_t *first, *end; /* by row: the periods it has */
    uint32_t words;              /* a row */
    uint64_t *bits;
    int32_t low, high;           /* days */
    bool nested;                 /* as the panel's */
} marker;

static void mark_span(const marker *m, int32_t start, int32_t end, uint64_t *bits)
{
    const uint32_t from = start <= m->low ? 0 : m->periods->of_day[start - m->low];
    const uint32_t to = end >= m->high ? m->periods->count - 1 : m->periods->of_day[end - m->low];
    if (from <= to) /* not so when it ends before it starts, in another period */
        lots_bits_set_range(bits, from, to + 1);
}

/* ---- of rows each of its own patient ---- */

/* The row of each owner, LOTS_NO_ID: none; *bits: of those whose row has any period. False: an owner has several rows. */
static bool rows_of_owners(const marker *m, const uint32_t *owner, uint32_t owners, uint32_t *rows, uint64_t *bits)
{
    bool once = true;
    memset(rows, 0xff, owners * sizeof *rows);
    for (uint32_t r = 0; r < m->rows->count && once; r++) {
        once = rows[owner[r]] == LOTS_NO_ID;
        rows[owner[r]] = r;
        if (m->first[r] < m->end[r])
            lots_bit_set(bits, owner[r]);
    }
    return once;
}

/* Bits of the places that fall in the periods, of the owners asked for (NULL: of all). */
static lots_status places_within(const marker *m, const lots_passed *passed, bool spans, const uint64_t *asked, uint64_t **out,
                                 lots_error *err)
{
    const lots_kernels *kernels = m->worker->kernels;
    const uint32_t count = passed->count;
    uint64_t *theirs = NULL, *late = NULL;
    LOTS_TRY(lots_new_bits(m->arena, count, &theirs, err));
    LOTS_TRY(lots_new_bits(m->arena, count, &late, err));
    LOTS_TRY(lots_new_bits(m->arena, count, out, err));
    kernels->range_i32(passed->starts, count, spans ? INT32_MIN : m->low, m->high, *out);
    if (asked != NULL) {
        kernels->broadcast_bits(asked, passed->offsets, passed->relation->owners->count, theirs);
        lots_bits_and(*out, *out, theirs, count);
    }
    if (!spans)
        return LOTS_OK;
    kernels->range_i32(passed->ends, count, m->low, INT32_MAX, late);
    lots_bits_and(*out, *out, late, count);
    return LOTS_OK;
}

/* Place by place. `row`: of each owner; NULL: the owner. */
static lots_status mark_places(const marker *m, lots_passed *passed, bool spans, const uint32_t *row, const uint64_t *asked,
                               lots_error *err)
{
    const uint32_t *owner = NULL;
    uint64_t *within = NULL;
    LOTS_TRY(lots_passed_owners(m->worker, passed, &owner, err));
    LOTS_TRY(places_within(m, passed, spans, asked, &within, err));
    for (size_t w = 0; w < lots_bit_words(passed->count); w++)
        for (uint64_t left = within[w]; left != 0; left &= left - 1) {
            const size_t i = w * 64 + (size_t)__builtin_ctzll(left);
            uint64_t *bits = m->bits + (size_t)(row == NULL ? owner[i] : row[owner[i]]) * m->words;
            if (spans)
                mark_span(m, passed->starts[i], passed->ends[i], bits);
            else
                lots_bit_set(bits, m->periods->of_day[passed->starts[i] - m->low]);
        }
    return LOTS_OK;
}

/* *done false: an owner has several rows, or so many places that a search among them is better. Nothing is marked then. */
static lots_status mark_owners(const marker *m, lots_passed *passed, bool spans, const uint32_t *owner, bool *done,
                               lots_error *err)
{
    const uint32_t owners = passed->relation->owners->count;
    uint32_t *row = NULL;
    uint64_t *asked = NULL;
    *done = spans || passed->count / PLACES_MANY < owners;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(m->arena, owners, &asked, err));
    if (owner == NULL) {
        m->worker->kernels->less_i32((const int32_t *)m->first, (const int32_t *)m->end, owners, asked);
        return mark_places(m, passed, spans, NULL, asked, err);
    }
    LOTS_TRY(lots_new_u32(m->arena, owners, &row, err));
    *done = rows_of_owners(m, owner, owners, row, asked);
    return *done ? mark_places(m, passed, spans, row, asked, err) : LOTS_OK;
}

/* Of events that are in no period nothing is asked, here or later. */
static lots_status leave_within(const marker *m, lots_passed *passed, bool spans, lots_error *err)
{
    uint64_t *within = NULL;
    LOTS_TRY(places_within(m, passed, spans, NULL, &within, err));
    return lots_passed_narrow(m->worker, passed, within, err);
}

/* ---- row by row ---- */

/* The first of the places whose start is at least `day`; without branches on days, which foretell nothing. */
static uint32_t skip_early(const int32_t *starts, uint32_t from, uint32_t to, int32_t day)
{
    uint32_t left = to - from;
    while (left > 1) {
        const uint32_t half = left / 2;
        from += starts[from + half - 1] < day ? half : 0;
        left -= half;
    }
    return from + (left == 1 && starts[from] < day ? 1 : 0);
}

static void mark_row(const marker *m, const lots_passed *passed, bool spans, uint32_t row, uint32_t owner)
{
    uint64_t *bits = m->bits + (size_t)row * m->words;
    const uint32_t end = passed->offsets[owner + 1], *of_day = m->periods->of_day;
    const int32_t *starts = passed->starts, low = m->low, high = m->high;
    uint32_t i = passed->offsets[owner];
    for (; spans && i < end && starts[i] <= high; i++)
        if (passed->ends[i] >= low)
            mark_span(m, starts[i], passed->ends[i], bits);
    i = spans ? end : skip_early(starts, i, end, low);
    uint64_t word = 0;
    for (; m->words == 1 && i < end && starts[i] <= high; i++)
        word |= UINT64_C(1) << of_day[starts[i] - low];
    bits[0] |= word;
    for (; i < end && starts[i] <= high; i++)
        lots_bit_set(bits, of_day[starts[i] - low]);
}

/* ---- of a set ---- */

typedef struct marked_set {
    const lots_panel_set *set;
    lots_relation_rows *relation;
    lots_resolved *resolved;
    uint64_t size; /* rows that pass its mask */
} marked_set;

static uint64_t size_of(const marker *m, const marked_set *set)
{
    const uint32_t count = set->relation->count;
    return set->resolved->mask == NULL ? count : m->worker->kernels->bits_count(set->resolved->mask, count);
}

/* The sets, those of most rows first. *done false: whether an event is of a set can't be said. */
static lots_status find_sets(const marker *m, const lots_panel *panel, marked_set *out, bool *done, lots_error *err)
{
    for (uint32_t s = 0; s < panel->set_count && *done; s++) {
        marked_set here = {.set = &panel->sets[s]};
        LOTS_TRY(lots_relation_get(m->worker, here.set->set->relation, m->rows, &here.relation, err));
        LOTS_TRY(lots_set_mask(m->worker, here.set->set, here.relation, &here.resolved, err));
        *done = here.resolved->failed == NULL;
        here.size = size_of(m, &here);
        uint32_t at = s;
        for (; at > 0 && out[at - 1].size < here.size; at--)
            out[at] = out[at - 1];
        out[at] = here;
    }
    return LOTS_OK;
}

/* Does `whole` hold all that `part` does, and count it on the same days? */
static bool is_part(const marker *m, const marked_set *whole, const marked_set *part)
{
    const uint64_t *outer = whole->resolved->mask, *inner = part->resolved->mask;
    if (m->nested || whole->relation != part->relation || whole->set->spans != part->set->spans ||
        whole->resolved->passed == NULL || part->resolved->passed != NULL || (outer != NULL && inner == NULL))
        return false;
    uint64_t more = 0;
    for (size_t w = 0; outer != NULL && w < lots_bit_words(whole->relation->count) && more == 0; w++)
        more = inner[w] & ~outer[w];
    return more == 0;
}

/* What passes is some of what passed there, whose periods are marked. */
static lots_status take_part(const marker *m, const marked_set *whole, const marked_set *part, lots_error *err)
{
    const lots_passed *from = whole->resolved->passed;
    const uint64_t *mask = part->resolved->mask;
    uint64_t *within = NULL;
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(from->arena, &room, 1, sizeof(lots_passed), err));
    lots_passed *made = part->resolved->passed = room;
    *made = *from;
    made->elements = NULL;
    if (mask == NULL || whole->size == part->size)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(m->arena, from->count, &within, err));
    if (from->rows != NULL)
        m->worker->kernels->lookup_bits(from->rows, from->count, mask, from->relation->count, within);
    else
        memcpy(within, mask, lots_bit_words(from->count) * sizeof *within);
    return lots_passed_narrow(m->worker, made, within, err);
}

static lots_status mark_set(const marker *m, const marked_set *set, lots_error *err)
{
    lots_relation_rows *relation = set->relation;
    const bool spans = set->set->spans;
    lots_passed *passed = NULL;
    const uint32_t *owner = NULL;
    bool marked = false;
    LOTS_TRY(lots_set_passed(m->worker, set->set->set, relation, &passed, err));
    LOTS_TRY(lots_passed_starts(m->worker, passed, err));
    if (spans)
        LOTS_TRY(lots_passed_ends(m->worker, passed, err));
    if (!m->nested && passed->elements == NULL && passed->rows != NULL)
        LOTS_TRY(leave_within(m, passed, spans, err));
    LOTS_TRY(lots_instance_index(m->worker, m->rows, relation->owners, &owner, err));
    LOTS_TRY(mark_owners(m, passed, spans, owner, &marked, err));
    for (uint32_t r = 0; r < m->rows->count && !marked; r++)
        if (m->first[r] < m->end[r])
            mark_row(m, passed, spans, r, owner == NULL ? r : owner[r]);
    m->worker->work.rows += m->rows->count + passed->count;
    return LOTS_OK;
}

/* A set that is part of one before it has nothing more to mark. */
static lots_status mark_sets(const marker *m, const lots_panel *panel, bool *done, lots_error *err)
{
    marked_set sets[LOTS_PANEL_SETS_MAX];
    LOTS_TRY(find_sets(m, panel, sets, done, err));
    for (uint32_t s = 0; s < panel->set_count && *done; s++) {
        uint32_t whole = 0;
        while (whole < s && !is_part(m, &sets[whole], &sets[s]))
            whole++;
        LOTS_TRY(whole < s ? take_part(m, &sets[whole], &sets[s], err) : mark_set(m, &sets[s], err));
    }
    return LOTS_OK;
}

/* Bits of the words in which anything is marked. */
static lots_status words_marked(const marker *m, uint64_t **out, lots_error *err)
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
static void count_word(const marker *m, uint32_t r, uint32_t w, blanks *out)
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
static bool have_all(const marker *m, const blanks *out)
{
    bool all = true;
    for (uint32_t w = 0; w < m->words && all; w++)
        all = out->have[w] == low_bits(m->periods->count - w * 64);
    return all;
}

/* Mostly the first few rows leave only words with marks to look at. */
static void count_blanks(const marker *m, const uint64_t *marked, blanks *out)
{
    uint32_t r = 0;
    for (; r < m->rows->count && !have_all(m, out); r++)
        for (uint32_t w = 0; w < m->words; w++)
            count_word(m, r, w, out);
    const size_t words = (size_t)m->rows->count * m->words;
    for (size_t at = lots_bits_next(marked, (size_t)r * m->words, words); at < words; at = lots_bits_next(marked, at + 1, words))
        count_word(m, (uint32_t)(at / m->words), (uint32_t)(at % m->words), out);
}

static lots_status find_blanks(const marker *m, const uint64_t *marked, blanks *out, lots_error *err)
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

static void put_word(const marker *m, uint32_t r, uint32_t w, blanks *blank, placed *out)
{
    uint64_t own = m->bits[(size_t)r * m->words + w];
    const uint64_t firsts = range_in(m->first[r], m->end[r], w) & ~own & blank->have[w];
    blank->have[w] &= ~firsts;
    for (own |= firsts; own != 0; own &= own - 1, out->count++) {
        const uint32_t period = w * 64 + (uint32_t)__builtin_ctzll(own);
        out->row[out->count] = r;
        out->period[out->count] = period;
        out->weight[out->count] = blank->row[period] == r ? blank->count[period] : 1;
    }
}

static bool have_any(const marker *m, const blanks *blank)
{
    bool any = false;
    for (uint32_t w = 0; w < m->words && !any; w++)
        any = blank->have[w] != 0;
    return any;
}

static void put_rows(const marker *m, const uint64_t *marked, blanks *blank, placed *out)
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
    marker m = {.worker = worker, .arena = arena, .periods = periods, .rows = rows, .first = first, .end = end,
                .words = (uint32_t)lots_bit_words(periods->count), .low = periods->starts[0],
                .high = periods->ends[periods->count - 1], .nested = panel->nested};
    LOTS_TRY(lots_new_bits(arena, (size_t)rows->count * m.words * 64, &m.bits, err));
    *done = true;
    LOTS_TRY(mark_sets(&m, panel, done, err));
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
    return lots_each_fill(worker, each, periods, made.period, blank.rows, *out, err);
}
