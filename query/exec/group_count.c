/* group_count.c: see group_count.h. */
#include "query/exec/group_count.h"

#include <string.h>

#include "core/base/kernels.h"
#include "core/base/memory.h"
#include "query/exec/group_brief.h"
#include "query/exec/worker.h"

#define LINE_BYTES 64u /* of the processor's cache */
#define BRIEF_ROWS 2u  /* rows of a batch for each group from which it is counted by itself; */
#define MANY_ROWS 8u   /* from which all groups may be gone through for it; */
#define BRIEF_SEEN 16u /* and seen before: then most groups are settled */

/* ---- memory ---- */

static void close_lines(lots_group_lines *lines)
{
    lots_free(lines->memory);
    memset(lines, 0, sizeof *lines);
}

void lots_group_counter_close(lots_group_counter *counter)
{
    close_lines(&counter->kept);
    close_lines(&counter->left);
    lots_vec_free(&counter->swings);
}

/* No line lies in two of the cache's. */
static lots_status reach(lots_group_lines *lines, uint32_t groups, lots_error *err)
{
    void *memory = NULL;
    if (groups <= lines->room)
        return LOTS_OK;
    const uint32_t room = groups + groups / 2 + 16;
    LOTS_TRY(lots_alloc(&memory, (size_t)room + LINE_BYTES / sizeof(lots_group_line), sizeof(lots_group_line), err));
    const size_t beyond = (uintptr_t)memory % LINE_BYTES;
    lots_group_line *line = (void *)((uint8_t *)memory + (beyond == 0 ? 0 : LINE_BYTES - beyond));
    if (lines->room > 0)
        memcpy(line, lines->line, lines->room * sizeof *line);
    lots_free(lines->memory);
    *lines = (lots_group_lines){memory, line, room};
    return LOTS_OK;
}

static lots_status reach_swings(lots_vec *swings, uint32_t groups, lots_error *err)
{
    if (swings->item_size == 0)
        *swings = LOTS_VEC(lots_group_swing);
    return groups <= swings->count ? LOTS_OK : lots_vec_extend(swings, groups - swings->count, NULL, err);
}

static uint64_t counts_of(const lots_group_counter *counter, uint32_t group)
{
    return (group < counter->kept.room ? counter->kept.line[group].counts : 0) +
           (group < counter->swings.count ? LOTS_AT(lots_group_swing, &counter->swings, group).counts : 0);
}

lots_group_counted lots_group_counter_kept(const lots_group_counter *counter, uint32_t group)
{
    const uint64_t counts = counts_of(counter, group), sum = group < counter->kept.room ? counter->kept.line[group].sum : 0;
    lots_group_counted out = {(uint32_t)counts, (uint32_t)(counts >> 32), (int64_t)sum, sum};
    if (group < counter->swings.count) {
        out.sum += LOTS_AT(lots_group_swing, &counter->swings, group).sum;
        out.sizes += LOTS_AT(lots_group_swing, &counter->swings, group).sizes;
    }
    return out;
}

lots_group_counted lots_group_counter_left(const lots_group_counter *counter, uint32_t group)
{
    const uint64_t counts = group < counter->left.room ? counter->left.line[group].counts : 0;
    return (lots_group_counted){(uint32_t)counts, (uint32_t)(counts >> 32), 0, 0};
}

lots_status lots_group_counter_copy(lots_group_counter *to, const lots_group_counter *from, lots_error *err)
{
    const uint32_t swings = (uint32_t)from->swings.count, groups = from->kept.room > swings ? from->kept.room : swings;
    LOTS_TRY(reach(&to->kept, groups, err));
    for (uint32_t g = 0; g < groups; g++)
        to->kept.line[g] = (lots_group_line){.counts = counts_of(from, g)};
    to->rows = from->rows;
    return LOTS_OK;
}

static lots_status join_lines(lots_group_lines *to, const lots_group_lines *from, const uint32_t *map, uint32_t groups,
                              uint32_t known, lots_error *err)
{
    LOTS_TRY(reach(to, from->room == 0 ? 0 : known, err));
    for (uint32_t g = 0; g < groups && g < from->room; g++) {
        to->line[map[g]].counts += from->line[g].counts;
        to->line[map[g]].sum += from->line[g].sum;
    }
    return LOTS_OK;
}

lots_status lots_group_counter_join(lots_group_counter *to, const lots_group_counter *from, const uint32_t *map,
                                    uint32_t groups, uint32_t known, lots_error *err)
{
    LOTS_TRY(join_lines(&to->kept, &from->kept, map, groups, known, err));
    LOTS_TRY(join_lines(&to->left, &from->left, map, groups, known, err));
    LOTS_TRY(reach_swings(&to->swings, from->swings.count == 0 ? 0 : known, err));
    for (uint32_t g = 0; g < from->swings.count; g++) {
        const lots_group_swing *more = &LOTS_AT(lots_group_swing, &from->swings, g);
        lots_group_swing *swing = &LOTS_AT(lots_group_swing, &to->swings, map[g]);
        swing->counts += more->counts;
        swing->sum += more->sum;
        swing->sizes += more->sizes;
    }
    to->rows += from->rows;
    return LOTS_OK;
}

static void clear_lines(lots_group_lines *lines)
{
    for (uint32_t g = 0; g < lines->room; g++)
        lines->line[g] = (lots_group_line){.settled = lines->line[g].settled};
}

void lots_group_counter_clear(lots_group_counter *counter)
{
    clear_lines(&counter->kept);
    clear_lines(&counter->left);
    for (uint32_t g = 0; g < counter->swings.count; g++) {
        lots_group_swing *swing = &LOTS_AT(lots_group_swing, &counter->swings, g);
        *swing = (lots_group_swing){.settled = swing->settled};
    }
    counter->rows = 0;
}

/* ---- rows ---- */

static inline void count_row(lots_group_line *line, lots_patient person)
{
    line->counts += 1 + ((uint64_t)(line->last != person) << 32);
    line->last = person;
}

static void count_picked(const lots_group_batch *batch, const lots_group_picked *rows, lots_group_line *lines)
{
    const uint32_t *number = batch->number, *index = rows->index;
    const lots_patient *patient = batch->patient, first = batch->first_person;
    for (uint32_t row = 0; index == NULL && row < rows->count; row++)
        count_row(&lines[number[row]], patient[row] + first);
    for (uint32_t i = 0; index != NULL && i < rows->count; i++)
        count_row(&lines[number[index[i]]], patient[index[i]] + first);
}

/* Each row on the one side or the other. */
static void count_sides(const lots_group_batch *batch, const uint64_t *keep, lots_group_line *kept, lots_group_line *left)
{
    lots_group_line *const sides[2] = {left, kept};
    const uint32_t *number = batch->number;
    const lots_patient *patient = batch->patient, first = batch->first_person;
    for (uint32_t from = 0; from < batch->rows; from += 64) {
        const uint32_t end = batch->rows - from < 64 ? batch->rows : from + 64;
        uint64_t bits = keep[from / 64];
        for (uint32_t row = from; row < end; row++, bits >>= 1)
            count_row(&sides[bits & 1][number[row]], patient[row] + first);
    }
}

static __attribute__((noinline)) void tell(lots_evidence *evidence, lots_group_line *line, uint32_t group, uint32_t persons,
                                           uint64_t value)
{
    line->settled = lots_evidence_give(evidence, group, line->last, persons, value, line->own) ? 1 : 0;
}

/* Without branches on the data, but for what is seldom. */
static inline void add_row(const lots_group_batch *batch, size_t row, lots_group_line *lines, lots_evidence *evidence)
{
    const lots_patient person = batch->patient[row] + batch->first_person;
    const uint64_t value = (uint64_t)batch->row_ints[row];
    lots_group_line *line = &lines[batch->number[row]];
    const uint64_t fresh = line->last != person;
    const uint64_t own = (line->own & (fresh - 1)) + value, sum = line->sum + value;
    line->counts += 1 + (fresh << 32);
    line->last = person;
    line->own = own;
    line->sum = sum;
    if (evidence != NULL && (line->settled == 0 || lots_is_large_part(own, sum)))
        tell(evidence, line, batch->number[row], 1, value);
}

static void add_picked(const lots_group_batch *in, const lots_group_picked *rows, lots_group_line *lines, lots_evidence *evidence)
{
    const lots_group_batch batch = *in; /* copies that lines can't be part of */
    const lots_group_picked some = *rows;
    for (uint32_t row = 0; some.index == NULL && row < some.count; row++)
        add_row(&batch, row, lines, evidence);
    for (uint32_t i = 0; some.index != NULL && i < some.count; i++)
        add_row(&batch, some.index[i], lines, evidence);
}

/* ---- a batch of many rows for each group ---- */

bool lots_group_is_brief(uint64_t groups, uint32_t rows, uint64_t before)
{
    return rows <= UINT16_MAX && rows >= groups * MANY_ROWS && before >= groups * BRIEF_SEEN;
}

/* Has each group some rows, and had many before? And of persons nothing need be known for its own sake. */
static bool is_brief(const lots_group_counter *counter, const lots_group_batch *batch, const lots_evidence *evidence,
                     uint32_t rows)
{
    return (evidence == NULL || evidence->enough > 0) && rows <= UINT16_MAX && rows >= (uint64_t)batch->known * BRIEF_ROWS &&
           counter->rows >= (uint64_t)batch->known * BRIEF_SEEN;
}

/* From the first to the last of the groups that are watched; none where there is none. */
static void watched_range(const uint64_t *watched, uint32_t known, uint32_t *low, uint32_t *high)
{
    const size_t words = lots_bit_words(known);
    size_t first = 0, last = words;
    while (first < words && watched[first] == 0)
        first++;
    *low = 1;
    *high = 0;
    if (first == words)
        return;
    while (watched[--last] == 0)
        ;
    *low = (uint32_t)(first * 64) + (uint32_t)__builtin_ctzll(watched[first]);
    *high = (uint32_t)(last * 64) + 63 - (uint32_t)__builtin_clzll(watched[last]);
}

/* The rows of the groups of which each must be looked at. Those mostly came last and are near one another, with few rows. */
static lots_status find_watched(const lots_group_batch *batch, const uint64_t *watched, uint64_t **out, lots_error *err)
{
    enum { FEW = 16 }; /* one in so many rows */
    const lots_kernels *kernels = lots_kernels_get();
    uint32_t low, high;
    LOTS_TRY(lots_new_bits(batch->arena, batch->rows, out, err));
    watched_range(watched, batch->known, &low, &high);
    kernels->range_u32(batch->number, batch->rows, low, high, *out);
    const bool few = lots_bits_count(*out, batch->rows) <= batch->rows / FEW;
    if (!few)
        kernels->lookup_bits(batch->number, batch->rows, watched, batch->known, *out);
    for (size_t w = 0; few && low < high && w < lots_bit_words(batch->rows); w++)
        for (uint64_t bits = (*out)[w]; bits != 0; bits &= bits - 1)
            if (!lots_bit_get(watched, batch->number[w * 64 + (size_t)__builtin_ctzll(bits)]))
                (*out)[w] ^= bits & (0 - bits);
    if (batch->kept->keep != NULL)
        lots_bits_and(*out, *out, batch->kept->keep, batch->rows);
    return LOTS_OK;
}

static lots_status pick_watched(const lots_group_batch *batch, const uint64_t *watched, lots_group_picked *out, lots_error *err)
{
    uint64_t *theirs = NULL;
    LOTS_TRY(find_watched(batch, watched, &theirs, err));
    *out = lots_group_picked_of(batch, theirs);
    return lots_group_pick(batch, out, err);
}

static lots_status add_briefly(const lots_group_counter *counter, const lots_group_batch *batch, lots_group_picked *rows,
                               lots_evidence *evidence, lots_error *err)
{
    lots_group_line *lines = counter->kept.line;
    lots_group_briefs own;
    uint64_t *watched = NULL;
    lots_group_picked some;
    LOTS_TRY(lots_group_briefs_make(batch, &own, err));
    LOTS_TRY(lots_new_bits(batch->arena, batch->known, &watched, err));
    if (evidence != NULL && lots_group_is_brief(batch->known, rows->count, counter->rows))
        LOTS_TRY(lots_group_briefs_usual(batch, lines, evidence, &own, err));
    LOTS_TRY(lots_group_briefs_add(batch, rows, &own, err));
    if (!lots_group_briefs_settle(&own, lines, evidence, watched))
        return LOTS_OK;
    LOTS_TRY(pick_watched(batch, watched, &some, err));
    add_picked(batch, &some, lines, evidence);
    return LOTS_OK;
}

lots_status lots_group_counter_settle(lots_group_counter *counter, const lots_group_words *words, uint32_t known, uint32_t rows,
                                      const lots_evidence *evidence, uint64_t *watched, bool *any, lots_error *err)
{
    LOTS_TRY(reach(&counter->kept, known, err));
    *any = lots_group_words_settle(words, counter->kept.line, evidence, watched);
    counter->rows += rows;
    return LOTS_OK;
}

void lots_group_counter_look(lots_group_counter *counter, const lots_group_batch *batch, lots_evidence *evidence)
{
    add_picked(batch, &(lots_group_picked){.count = batch->rows}, counter->kept.line, evidence);
}

/* ---- rows that stand for several persons ---- */

/* Each row on the one side or the other; none of its persons has another row in the group. */
static void weigh_sides(const lots_group_batch *batch, const uint64_t *keep, lots_group_line *kept, lots_group_line *left)
{
    lots_group_line *const sides[2] = {left, kept};
    for (uint32_t row = 0; row < batch->rows; row++) {
        const uint64_t persons = batch->weight[row];
        sides[keep[row / 64] >> (row % 64) & 1][batch->number[row]].counts += persons | persons << 32;
    }
}

static inline void add_weight(const lots_group_batch *batch, size_t row, lots_group_line *lines, bool sums,
                              lots_evidence *evidence)
{
    const uint32_t persons = batch->weight[row];
    lots_group_line *line = &lines[batch->number[row]];
    line->counts += persons | (uint64_t)persons << 32;
    line->last = batch->patient[row] + batch->first_person;
    if (!sums)
        return;
    line->own = (uint64_t)batch->row_ints[row];
    line->sum += line->own * persons;
    if (evidence != NULL && (line->settled == 0 || lots_is_large_part(line->own, line->sum)))
        tell(evidence, line, batch->number[row], persons, line->own);
}

static void add_weights(const lots_group_batch *batch, const uint64_t *keep, lots_group_line *lines, bool sums,
                        lots_evidence *evidence)
{
    for (uint32_t row = 0; keep == NULL && row < batch->rows; row++)
        add_weight(batch, row, lines, sums, evidence);
    for (size_t w = 0; keep != NULL && w < lots_bit_words(batch->rows); w++)
        for (uint64_t bits = keep[w]; bits != 0; bits &= bits - 1)
            add_weight(batch, w * 64 + (size_t)__builtin_ctzll(bits), lines, sums, evidence);
}

static lots_status add_weights_briefly(const lots_group_batch *batch, const lots_group_picked *rows, lots_group_line *lines,
                                       lots_evidence *evidence, lots_error *err)
{
    lots_group_briefs own;
    uint64_t *watched = NULL, *theirs = NULL;
    LOTS_TRY(lots_group_briefs_make(batch, &own, err));
    LOTS_TRY(lots_new_bits(batch->arena, batch->known, &watched, err));
    lots_group_briefs_weigh(batch, rows, &own);
    if (!lots_group_briefs_settle(&own, lines, evidence, watched))
        return LOTS_OK;
    LOTS_TRY(find_watched(batch, watched, &theirs, err));
    add_weights(batch, theirs, lines, true, evidence);
    return LOTS_OK;
}

/* ---- values below 0 ---- */

static uint64_t size_of(int64_t value) { return value < 0 ? 0 - (uint64_t)value : (uint64_t)value; }

/* `value` is the first of a person who comes after one of `size`, or `same` person's. */
static __attribute__((noinline)) void tell_swing(lots_evidence *evidence, lots_group_swing *swing, uint32_t group, bool same,
                                                 uint64_t size, int64_t value)
{
    bool settled = swing->settled != 0;
    if (!same)
        settled = lots_evidence_end(evidence, group, size);
    if (swing->settled == 0)
        lots_evidence_see(evidence, group, swing->last, value);
    swing->settled = settled ? 1 : 0;
}

static inline void add_swing(const lots_group_batch *batch, uint32_t row, lots_group_swing *swings, lots_evidence *evidence)
{
    const lots_patient person = batch->patient[row] + batch->first_person;
    const int64_t value = batch->row_ints[row];
    lots_group_swing *swing = &swings[batch->number[row]];
    const uint64_t fresh = swing->last != person;
    const int64_t before = swing->own & -(int64_t)fresh; /* what the one who has no more had */
    const uint64_t size = size_of(before), sizes = swing->sizes + size;
    swing->own = swing->own - before + value;
    swing->sum += value;
    swing->sizes = sizes;
    swing->counts += 1 + (fresh << 32);
    swing->last = person;
    if (evidence != NULL && (swing->settled == 0 || lots_is_large_part(size, sizes)))
        tell_swing(evidence, swing, batch->number[row], fresh == 0, size, value);
}

static void add_swings(const lots_group_batch *in, const lots_group_picked *rows, lots_group_swing *swings, lots_evidence *evidence)
{
    const lots_group_batch batch = *in;
    for (uint32_t i = 0; i < rows->count; i++)
        add_swing(&batch, rows->index == NULL ? i : rows->index[i], swings, evidence);
}

/* Groups of the batch some of whose values are below 0. Without one, what its persons have adds up in size, too. */
static lots_status find_falls(const lots_group_batch *batch, uint64_t *groups, lots_error *err)
{
    uint64_t *below = NULL;
    LOTS_TRY(lots_new_bits(batch->arena, batch->rows, &below, err));
    lots_kernels_get()->range_i64(batch->row_ints, batch->rows, INT64_MIN, -1, below);
    for (size_t w = 0; w < lots_bit_words(batch->rows); w++)
        for (uint64_t bits = below[w]; bits != 0; bits &= bits - 1)
            lots_bit_set(groups, batch->number[w * 64 + (size_t)__builtin_ctzll(bits)]);
    return LOTS_OK;
}

/* As lots_group_briefs_settle, where `watched` has groups already. */
static void settle_swings(const lots_group_briefs *from, lots_group_swing *swings, const lots_evidence *evidence,
                          uint64_t *watched)
{
    for (uint32_t i = 0; i < from->met_count; i++) {
        const uint32_t g = from->met[i], counts = from->counts[g];
        lots_group_swing *swing = &swings[g];
        if (lots_bit_get(watched, g))
            continue;
        if (lots_group_must_see(evidence, g, swing->settled != 0, false, from->sum[g], swing->sizes)) {
            lots_bit_set(watched, g);
            continue;
        }
        swing->counts += (counts & UINT16_MAX) | (uint64_t)(counts >> 16) << 32;
        swing->sum += (int64_t)from->sum[g];
        swing->sizes += from->sum[g];
    }
}

static lots_status add_swings_briefly(const lots_group_batch *batch, lots_group_picked *rows, lots_group_swing *swings,
                                      lots_evidence *evidence, lots_error *err)
{
    lots_group_briefs own;
    uint64_t *watched = NULL;
    lots_group_picked some;
    LOTS_TRY(lots_group_briefs_make(batch, &own, err));
    LOTS_TRY(lots_new_bits(batch->arena, batch->known, &watched, err));
    LOTS_TRY(find_falls(batch, watched, err));
    LOTS_TRY(lots_group_briefs_add(batch, rows, &own, err));
    settle_swings(&own, swings, evidence, watched);
    LOTS_TRY(pick_watched(batch, watched, &some, err));
    add_swings(batch, &some, swings, evidence);
    return LOTS_OK;
}

void lots_group_counter_end(lots_group_counter *counter, lots_evidence *evidence)
{
    for (uint32_t g = 0; g < counter->swings.count; g++) {
        lots_group_swing *swing = &LOTS_AT(lots_group_swing, &counter->swings, g);
        const uint64_t size = size_of(swing->own);
        swing->sizes += size;
        if (evidence != NULL && size > 0 && (swing->settled == 0 || lots_is_large_part(size, swing->sizes)))
            (void)lots_evidence_end(evidence, g, size);
        swing->own = 0;
        swing->last = 0;
    }
}

/* ---- a batch ---- */

bool lots_group_counter_is_state(const lots_row_agg *agg)
{
    return agg->kind == LOTS_AGG_COUNT || agg->kind == LOTS_AGG_PATIENTS || agg->kind == LOTS_AGG_RATE ||
           agg->kind == LOTS_AGG_SUM || agg->kind == LOTS_AGG_MEAN;
}

/* Do lines say all of it? Of sums only as long as they are of small whole numbers. */
static lots_status judge(lots_group_batch *batch, const lots_row_agg *agg, bool sums, lots_group_taken *out, lots_error *err)
{
    const lots_row_agg_kind kind = agg->kind;
    const int64_t *values = NULL;
    *out = (lots_group_taken){false, false};
    if (batch->patient == NULL || kind == LOTS_AGG_MIN || kind == LOTS_AGG_MAX || lots_row_agg_follows(agg))
        return LOTS_OK;
    if (sums && agg->value->type.kind == LOTS_TYPE_FLOAT)
        return LOTS_OK;
    if (sums)
        LOTS_TRY(lots_group_row_ints(batch, &values, err));
    if (sums && (!batch->small || (!batch->rising && batch->weight != NULL)))
        return LOTS_OK;
    out->evidence = true;
    out->state = lots_group_counter_is_state(agg);
    return LOTS_OK;
}

static lots_status count_side(const lots_group_batch *batch, const uint64_t *keep, lots_group_line *lines, lots_error *err)
{
    lots_group_picked rows = lots_group_picked_of(batch, keep);
    if (batch->weight != NULL) {
        add_weights(batch, keep, lines, false, NULL);
        return LOTS_OK;
    }
    LOTS_TRY(lots_group_pick(batch, &rows, err));
    count_picked(batch, &rows, lines);
    return LOTS_OK;
}

static lots_status count_batch(const lots_group_batch *batch, lots_group_line *kept, lots_group_line *left, lots_error *err)
{
    const uint64_t *keep = batch->kept->keep, *rest = batch->left->keep;
    const uint32_t rows = batch->rows;
    if (keep != NULL && rest != NULL && lots_bits_count(keep, rows) + lots_bits_count(rest, rows) == rows) {
        if (batch->weight != NULL)
            weigh_sides(batch, keep, kept, left);
        else
            count_sides(batch, keep, kept, left);
        return LOTS_OK;
    }
    LOTS_TRY(count_side(batch, keep, kept, err));
    return rest == NULL ? LOTS_OK : count_side(batch, rest, left, err);
}

static lots_status add_batch(const lots_group_counter *counter, const lots_group_batch *batch, lots_evidence *evidence,
                             lots_error *err)
{
    lots_group_line *kept = counter->kept.line;
    const uint64_t *keep = batch->kept->keep, *rest = batch->left->keep;
    lots_group_picked rows = lots_group_picked_of(batch, keep);
    const bool brief = is_brief(counter, batch, evidence, rows.count);
    if (batch->weight != NULL || !batch->rising || !brief)
        LOTS_TRY(lots_group_pick(batch, &rows, err));
    if (batch->weight != NULL) {
        if (batch->rows_in_all <= UINT16_MAX && brief)
            LOTS_TRY(add_weights_briefly(batch, &rows, kept, evidence, err));
        else
            add_weights(batch, keep, kept, true, evidence);
    } else {
        if (batch->rising && brief)
            LOTS_TRY(add_briefly(counter, batch, &rows, evidence, err));
        else if (batch->rising)
            add_picked(batch, &rows, kept, evidence);
        else if (brief)
            LOTS_TRY(add_swings_briefly(batch, &rows, counter->swings.data, evidence, err));
        else
            add_swings(batch, &rows, counter->swings.data, evidence);
    }
    return rest == NULL ? LOTS_OK : count_side(batch, rest, counter->left.line, err);
}

lots_status lots_group_counter_feed(lots_group_counter *counter, lots_group_batch *batch, const lots_row_agg *agg,
                                    lots_evidence *evidence, lots_group_taken *taken, lots_error *err)
{
    const bool sums = lots_evidence_of_sum(agg->kind);
    *taken = (lots_group_taken){false, false};
    if (evidence == NULL && !lots_group_counter_is_state(agg))
        return LOTS_OK;
    LOTS_TRY(judge(batch, agg, sums, taken, err));
    if (!taken->state && (evidence == NULL || !taken->evidence))
        return LOTS_OK;
    LOTS_TRY(reach(&counter->kept, batch->known, err));
    if (batch->left->keep != NULL)
        LOTS_TRY(reach(&counter->left, batch->known, err));
    if (sums && !batch->rising)
        LOTS_TRY(reach_swings(&counter->swings, batch->known, err));
    counter->rows += batch->rows_in_all;
    if (sums)
        return add_batch(counter, batch, evidence, err);
    return count_batch(batch, counter->kept.line, counter->left.line, err);
}
