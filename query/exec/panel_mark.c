/* panel_mark.c: see panel_inner.h. Where rows rise by owner and events by day, events of the periods come in the order of the
 * panel's rows: so which a row has is known as soon as it is known which rows there are, and need not be sought. */
#include "query/exec/panel_inner.h"

#include <string.h>

#include "query/exec/border.h"

static void mark_span(const lots_panel_marks *m, int32_t start, int32_t end, uint64_t *bits)
{
    const uint32_t from = start <= m->low ? 0 : m->periods->of_day[start - m->low];
    const uint32_t to = end >= m->high ? m->periods->count - 1 : m->periods->of_day[end - m->low];
    if (from <= to) /* not so when it ends before it starts, in another period */
        lots_bits_set_range(bits, from, to + 1);
}

/* ---- spans of rows each of its own patient ---- */

/* Bits of the places whose spans meet the periods, of the owners asked for (NULL: of all). */
static lots_status spans_within(const lots_panel_marks *m, const lots_passed *passed, const uint64_t *asked, uint64_t **out,
                                lots_error *err)
{
    const lots_kernels *kernels = m->worker->kernels;
    const uint32_t count = passed->count;
    uint64_t *theirs = NULL, *late = NULL;
    LOTS_TRY(lots_new_bits(m->arena, count, &theirs, err));
    LOTS_TRY(lots_new_bits(m->arena, count, &late, err));
    LOTS_TRY(lots_new_bits(m->arena, count, out, err));
    kernels->range_i32(passed->starts, count, INT32_MIN, m->high, *out);
    if (asked != NULL) {
        kernels->broadcast_bits(asked, passed->offsets, passed->relation->owners->count, theirs);
        lots_bits_and(*out, *out, theirs, count);
    }
    kernels->range_i32(passed->ends, count, m->low, INT32_MAX, late);
    lots_bits_and(*out, *out, late, count);
    return LOTS_OK;
}

/* Bits of the owners whose row has periods, and which it is: NULL, that of the same number. */
static lots_status rows_of_owners(const lots_panel_marks *m, uint64_t **asked, uint32_t **out, lots_error *err)
{
    LOTS_TRY(lots_new_bits(m->arena, m->owners->count, asked, err));
    *out = NULL;
    if (m->owner_of == NULL) {
        m->worker->kernels->less_i32((const int32_t *)m->first, (const int32_t *)m->end, m->owners->count, *asked);
        return LOTS_OK;
    }
    LOTS_TRY(lots_new_u32(m->arena, m->owners->count, out, err));
    for (uint32_t k = 0; k < m->asked; k++) {
        lots_bit_set(*asked, m->owner[k]);
        (*out)[m->owner[k]] = m->row[k];
    }
    return LOTS_OK;
}

static lots_status mark_spans(const lots_panel_marks *m, lots_passed *passed, lots_error *err)
{
    const uint32_t *owner = NULL;
    uint32_t *row = NULL;
    uint64_t *asked = NULL, *within = NULL;
    LOTS_TRY(rows_of_owners(m, &asked, &row, err));
    LOTS_TRY(lots_passed_owners(m->worker, passed, &owner, err));
    LOTS_TRY(spans_within(m, passed, asked, &within, err));
    for (size_t w = 0; w < lots_bit_words(passed->count); w++)
        for (uint64_t left = within[w]; left != 0; left &= left - 1) {
            const size_t i = w * 64 + (size_t)__builtin_ctzll(left), r = row == NULL ? owner[i] : row[owner[i]];
            mark_span(m, passed->starts[i], passed->ends[i], m->bits + r * m->words);
        }
    return LOTS_OK;
}

/* Of events that are in no period nothing is asked, here or later. */
static lots_status leave_spans(const lots_panel_marks *m, lots_passed *passed, lots_error *err)
{
    uint64_t *within = NULL;
    LOTS_TRY(spans_within(m, passed, NULL, &within, err));
    return lots_passed_narrow(m->worker, passed, within, NULL, err);
}

/* ---- days of rows each of its own patient ---- */

/* Leave of each owner's places those in the periods of its row. */
static lots_status leave_days(const lots_panel_marks *m, lots_passed *passed, lots_error *err)
{
    const lots_kernels *kernels = m->worker->kernels;
    const uint32_t asked = m->asked;
    uint32_t *from = NULL, *to = NULL, *end = NULL;
    uint64_t *within = NULL;
    LOTS_TRY(lots_new_u32(m->arena, asked, &from, err));
    LOTS_TRY(lots_new_u32(m->arena, asked, &to, err));
    LOTS_TRY(lots_new_u32(m->arena, asked, &end, err));
    LOTS_TRY(lots_new_bits(m->arena, (size_t)passed->count + 64, &within, err));
    kernels->gather_u32(passed->offsets, m->owner, asked, from);
    kernels->gather_u32(passed->offsets + 1, m->owner, asked, end);
    kernels->lower_bounds(passed->starts, m->from, end, asked, from);
    memcpy(to, from, asked * sizeof *to);
    kernels->lower_bounds(passed->starts, m->until, end, asked, to);
    lots_places_bits(from, to, NULL, asked, passed->count, within);
    return lots_passed_narrow(m->worker, passed, within, passed->bits == NULL ? within : NULL, err);
}

/* The places with which an owner's stretch in one period ends, and that period: of all there are, which are the asked owners'. */
static lots_status find_runs(const lots_panel_marks *m, const lots_passed *passed, const uint32_t *period, lots_panel_runs *out,
                             lots_error *err)
{
    const lots_kernels *kernels = m->worker->kernels;
    const uint32_t count = passed->count;
    uint64_t *ends = NULL;
    LOTS_TRY(lots_new_bits(m->arena, count, &ends, err));
    if (count > 1)
        kernels->equal_i32((const int32_t *)period, (const int32_t *)period + 1, count - 1, ends);
    kernels->bits_not(ends, count, ends);
    for (uint32_t k = 0; k < m->asked; k++)
        if (passed->offsets[m->owner[k]] < passed->offsets[m->owner[k] + 1])
            lots_bit_set(ends, passed->offsets[m->owner[k] + 1] - 1);
    out->count = (uint32_t)kernels->bits_count(ends, count);
    LOTS_TRY(lots_new_u32(m->arena, out->count, &out->cell, err));
    LOTS_TRY(lots_new_u32(m->arena, out->count, &out->end, err));
    kernels->bits_indexes(ends, count, out->end);
    kernels->gather_u32(period, out->end, out->count, out->cell);
    return LOTS_OK;
}

/* Set the bits of a row's runs, which are those from `run` on up to the place before `end`; of each its cell and the place after its
 * last take the place of its period and last place. Gives the run after. */
static uint32_t mark_runs(const lots_panel_marks *m, uint32_t row, uint32_t run, uint32_t end, lots_panel_runs *runs)
{
    const uint32_t base = row * m->words * 64, first = run, count = runs->count;
    uint32_t *restrict cell = runs->cell, *restrict last = runs->end;
    uint64_t *bits = m->bits + (size_t)row * m->words, word = 0;
    for (; run < count && last[run] < end; run++) {
        word |= UINT64_C(1) << cell[run] % 64;
        cell[run] += base;
        last[run]++;
    }
    if (m->words == 1)
        bits[0] |= word;
    for (uint32_t k = first; m->words > 1 && k < run; k++)
        lots_bit_set(m->bits, cell[k]);
    return run;
}

static lots_status mark_days(const lots_panel_marks *m, lots_marked_set *set, lots_passed *passed, lots_error *err)
{
    const uint32_t days = (uint32_t)(m->high - m->low) + 1;
    uint32_t *period = NULL, run = 0;
    LOTS_TRY(leave_days(m, passed, err));
    LOTS_TRY(lots_new_u32(m->arena, passed->count, &period, err));
    (void)m->worker->kernels->code_u32(m->periods->of_day, (uint32_t)m->low, days, (const uint32_t *)passed->starts,
                                       passed->count, period);
    LOTS_TRY(find_runs(m, passed, period, &set->runs, err));
    set->told = true;
    for (uint32_t k = 0; k < m->asked; k++)
        run = mark_runs(m, m->row[k], run, passed->offsets[m->owner[k] + 1], &set->runs);
    return LOTS_OK;
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

static void mark_row(const lots_panel_marks *m, const lots_passed *passed, bool spans, uint32_t row, uint32_t owner)
{
    uint64_t *bits = m->bits + (size_t)row * m->words;
    const uint32_t end = passed->offsets[owner + 1], *of_day = m->periods->of_day;
    const int32_t *starts = passed->starts, low = m->low, high = m->high;
    uint32_t i = passed->offsets[owner];
    for (; spans && i < end && starts[i] <= high; i++)
        if (passed->ends[i] >= low)
            mark_span(m, starts[i], passed->ends[i], bits);
    for (i = spans ? end : skip_early(starts, i, end, low); i < end && starts[i] <= high; i++)
        lots_bit_set(bits, of_day[starts[i] - low]);
}

static void mark_rows(const lots_panel_marks *m, const lots_passed *passed, bool spans)
{
    for (uint32_t k = 0; k < m->asked; k++)
        mark_row(m, passed, spans, m->row[k], m->owner[k]);
}

/* ---- of sets ---- */

static uint64_t size_of(const lots_panel_marks *m, const lots_marked_set *set)
{
    const uint32_t count = set->relation->count;
    return set->resolved->mask == NULL ? count : m->worker->kernels->bits_count(set->resolved->mask, count);
}

/* The sets, those of most rows first. *done false: whether an event is of a set can't be said. */
static lots_status find_sets(lots_panel_marks *m, const lots_panel *panel, bool *done, lots_error *err)
{
    for (uint32_t s = 0; s < panel->set_count && *done; s++) {
        lots_marked_set here = {.set = &panel->sets[s]};
        LOTS_TRY(lots_relation_get(m->worker, here.set->set->relation, m->rows, &here.relation, err));
        LOTS_TRY(lots_set_mask(m->worker, here.set->set, here.relation, &here.resolved, err));
        *done = here.resolved->failed == NULL;
        here.size = size_of(m, &here);
        uint32_t at = m->set_count++;
        for (; at > 0 && m->sets[at - 1].size < here.size; at--)
            m->sets[at] = m->sets[at - 1];
        m->sets[at] = here;
    }
    return LOTS_OK;
}

/* May what passes be asked for beyond the panel's rows? Not where it has a window that is theirs. */
static bool is_asked_elsewhere(const lots_panel_marks *m, const lots_marked_set *set)
{
    return m->shared && set->resolved->whole;
}

/* Does `whole` hold all that `part` does, and count it on the same days? */
static bool is_part(const lots_panel_marks *m, const lots_marked_set *whole, const lots_marked_set *part)
{
    const uint64_t *outer = whole->resolved->mask, *inner = part->resolved->mask;
    if (m->nested || is_asked_elsewhere(m, part) || whole->relation != part->relation || whole->set->spans != part->set->spans ||
        whole->resolved->passed == NULL || part->resolved->passed != NULL || (outer != NULL && inner == NULL))
        return false;
    uint64_t more = 0;
    for (size_t w = 0; outer != NULL && w < lots_bit_words(whole->relation->count) && more == 0; w++)
        more = inner[w] & ~outer[w];
    return more == 0;
}

/* What passes is some of what passed there, whose periods are marked. */
static lots_status take_part(const lots_panel_marks *m, const lots_marked_set *whole, lots_marked_set *part, lots_error *err)
{
    const lots_passed *from = whole->resolved->passed;
    const uint64_t *mask = part->resolved->mask;
    uint64_t *bits = NULL;
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(from->arena, &room, 1, sizeof(lots_passed), err));
    lots_passed *made = part->resolved->passed = room;
    *made = *from;
    made->elements = NULL;
    part->whole = whole->told ? whole : NULL;
    if (mask == NULL || whole->size == part->size)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(m->arena, from->count, &part->within, err));
    if (from->bits == NULL) {
        memcpy(part->within, mask, lots_bit_words(from->count) * sizeof *mask);
        return lots_passed_narrow(m->worker, made, part->within, mask, err);
    }
    LOTS_TRY(lots_new_words(from->arena, from->relation->count, &bits, err));
    (void)m->worker->kernels->bits_compress(from->bits, from->relation->count, mask, part->within);
    m->worker->kernels->bits_and(from->bits, mask, from->relation->count, bits);
    if (part->whole != NULL)
        made->starts = NULL; /* hardly ever asked for again */
    return lots_passed_narrow(m->worker, made, part->within, bits, err);
}

/* Is it asked for days and for spans? */
static bool is_twofold(const lots_panel_marks *m, const lots_marked_set *set)
{
    uint32_t found = 0;
    for (uint32_t s = 0; s < m->set_count; s++)
        found += m->sets[s].resolved == set->resolved && m->sets[s].set->spans != set->set->spans;
    return found > 0;
}

/* Places of the periods alone are left where whoever asks for rows later doesn't want others. */
static lots_status mark_set(const lots_panel_marks *m, lots_marked_set *set, lots_error *err)
{
    const bool spans = set->set->spans;
    lots_passed *passed = NULL;
    const uint32_t *rows = NULL; /* days are taken by them */
    LOTS_TRY(lots_set_passed(m->worker, set->set->set, set->relation, &passed, err));
    LOTS_TRY(lots_passed_rows(m->worker, passed, &rows, err));
    LOTS_TRY(lots_passed_starts(m->worker, passed, err));
    if (spans)
        LOTS_TRY(lots_passed_ends(m->worker, passed, err));
    const bool leave = !m->nested && !is_asked_elsewhere(m, set) && passed->elements == NULL && !is_twofold(m, set);
    m->worker->work.rows += m->rows->count + passed->count;
    if (leave && spans && passed->bits != NULL)
        LOTS_TRY(leave_spans(m, passed, err));
    if (!m->apart || (!spans && !leave))
        mark_rows(m, passed, spans);
    else
        return spans ? mark_spans(m, passed, err) : mark_days(m, set, passed, err);
    return LOTS_OK;
}

/* Whose the rows with periods are, and the days of these. Needless where each owner has the row of its number, and sets are of spans. */
static lots_status find_owners(lots_panel_marks *m, lots_error *err)
{
    const lots_periods *periods = m->periods;
    uint32_t next = 0; /* owners before it are passed */
    bool days = m->nested;
    LOTS_TRY(lots_instance_index(m->worker, m->rows, m->owners, &m->owner_of, err));
    for (uint32_t s = 0; s < m->set_count; s++)
        days |= !m->sets[s].set->spans;
    m->apart = true;
    if (m->owner_of == NULL && !days)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(m->arena, m->asked, &m->owner, err));
    LOTS_TRY(lots_new_i32(m->arena, m->asked, &m->from, err));
    LOTS_TRY(lots_new_i32(m->arena, m->asked, &m->until, err));
    for (uint32_t k = 0; k < m->asked; k++) {
        const uint32_t r = m->row[k], g = m->owner_of == NULL ? r : m->owner_of[r];
        m->apart &= g >= next;
        next = g + 1;
        m->owner[k] = g;
        m->from[k] = periods->starts[m->first[r]];
        m->until[k] = periods->ends[m->end[r] - 1] + 1;
    }
    return LOTS_OK;
}

/* A set that is part of one before it has nothing more to mark. */
lots_status lots_panel_mark(lots_panel_marks *m, const lots_panel *panel, bool *done, lots_error *err)
{
    *done = true;
    LOTS_TRY(find_sets(m, panel, done, err));
    if (!*done || m->set_count == 0)
        return LOTS_OK;
    m->owners = m->sets[0].relation->owners;
    LOTS_TRY(find_owners(m, err));
    for (uint32_t s = 0; s < m->set_count; s++) {
        uint32_t whole = 0;
        while (whole < s && !is_part(m, &m->sets[whole], &m->sets[s]))
            whole++;
        LOTS_TRY(whole < s ? take_part(m, &m->sets[whole], &m->sets[s], err) : mark_set(m, &m->sets[s], err));
    }
    return LOTS_OK;
}

/* ---- places of the rows that were made ---- */

/* Where each row's places end: its run does, or where the row before ends. */
static void end_places(const uint32_t *row, const lots_panel_runs *runs, uint32_t rows, uint32_t *offsets)
{
    uint32_t last = 0;
    memset(offsets, 0, ((size_t)rows + 1) * sizeof *offsets);
    for (uint32_t k = 0; k < runs->count; k++)
        offsets[row[k] + 1] = runs->end[k];
    for (uint32_t r = 1; r <= rows; r++)
        offsets[r] = last = offsets[r] > last ? offsets[r] : last;
}

/* The same where each row has a run but the blank ones, which are few: they end where the row before does. */
static void end_all_places(const lots_panel_marks *m, const lots_panel_runs *runs, uint32_t rows, uint32_t *offsets)
{
    uint32_t row = 0, run = 0;
    offsets[0] = 0;
    while (row < rows) {
        const uint32_t next = (uint32_t)lots_bits_next(m->blank, row, rows), count = next - row;
        memcpy(offsets + row + 1, runs->end + run, count * sizeof *offsets);
        run += count;
        if (next < rows)
            offsets[next + 1] = offsets[next];
        row = next + 1;
    }
}

static lots_status find_offsets(const lots_panel_marks *m, uint32_t rows, lots_marked_set *set, lots_error *err)
{
    const lots_kernels *kernels = m->worker->kernels;
    uint32_t *found = NULL;
    if (set->whole != NULL && set->within == NULL) {
        set->offsets = set->whole->offsets;
        return LOTS_OK;
    }
    LOTS_TRY(lots_new_u32(m->arena, (size_t)rows + 1, &set->offsets, err));
    if (set->whole != NULL) {
        const size_t words = lots_bit_words(set->whole->resolved->passed->count);
        LOTS_TRY(lots_new_u32(m->arena, words + 1, &found, err));
        found[words] = kernels->count_prefix(set->within, words, 0, found);
        kernels->bit_ranks(set->within, found, set->whole->offsets, (size_t)rows + 1, set->offsets);
        return LOTS_OK;
    }
    if (set->runs.count == rows - m->blank_count) {
        end_all_places(m, &set->runs, rows, set->offsets);
        return LOTS_OK;
    }
    LOTS_TRY(lots_new_u32(m->arena, set->runs.count, &found, err));
    kernels->bit_ranks(m->bits, m->before, set->runs.cell, set->runs.count, found);
    end_places(found, &set->runs, rows, set->offsets);
    return LOTS_OK;
}

lots_status lots_panel_hand_on(lots_panel_marks *m, const lots_instance *made, lots_error *err)
{
    for (uint32_t s = 0; s < m->set_count; s++) {
        lots_marked_set *set = &m->sets[s];
        lots_resolved *resolved = set->resolved;
        if (!set->told && set->whole == NULL)
            continue;
        LOTS_TRY(find_offsets(m, made->count, set, err));
        if (set->set->during == NULL || resolved->pair_count > 0 || resolved->window_count != 1 ||
            resolved->windows[0] != set->set->during)
            continue;
        resolved->rows = made;
        resolved->offsets = set->offsets;
    }
    return LOTS_OK;
}
