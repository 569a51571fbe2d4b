/* reduce_groups.c: distinct groups, sets of groups and scores over the codes of a stored column, as the chunk holds them:
 * every code of the segment has one word, a bit a group, and what a range holds is the words of its codes, one over the
 * other. Nothing is made for a code or a row, and of few rows' lists no lengths are decoded. For classifications of at most 64 groups and ranges that don't overlap much; eval_classes.c and
 * reduce_values.c have the general ways. */
#include <string.h>

#include "core/base/memory.h"
#include "query/exec/aggregate.h"
#include "query/exec/column.h"
#include "query/exec/reduce_slide.h"
#include "query/lang/grouping.h"

enum { GROUPS_MOST = 64, AHEAD = 8 };

/* ---- which aggregates ---- */

typedef struct stored_groups {
    const lots_step *step;
    const lots_grouping *grouping;
    const lots_expr *column;
    bool score;
    const uint64_t *words;    /* by local id */
    const uint32_t *ids;      /* local: elements of lists one after the other; or by row … */
    const uint16_t *kept;     /* … or NULL, the elements being kept as these */
    const uint64_t *missing;  /* … and of these the missing ones; NULL: none */
    const uint32_t *index;    /* position → row of the relation; NULL: the same */
} stored_groups;

static bool find_shape(const lots_step *step, const lots_relation_rows *relation, stored_groups *out)
{
    const lots_expr *x = step->expr->operand_count > 0 ? step->expr->operands[0] : NULL;
    *out = (stored_groups){.step = step, .score = step->expr->op == LOTS_OP_SCORE_OVER};
    if (relation->relation->kind != LOTS_RELATION_STREAM || x == NULL)
        return false;
    if (out->score)
        out->grouping = step->expr->grouping;
    else if ((step->expr->op == LOTS_OP_COUNT_DISTINCT || step->expr->op == LOTS_OP_SET_OF) && x->op == LOTS_OP_CODE_GROUPS)
        out->grouping = x->grouping;
    out->column = out->score ? x : x->operand_count > 0 ? x->operands[0] : NULL;
    return out->grouping != NULL && out->column != NULL && out->column->op == LOTS_OP_COLUMN &&
           out->column->of_frame == step->expr->set->frame && out->column->index < relation->relation->column_count &&
           (out->score ? out->grouping->classification->group_count : lots_dictionary_count(out->grouping->names)) <= GROUPS_MOST;
}

/* ---- words of groups, once a segment ---- */

static uint64_t word_of(const stored_groups *groups, lots_id rank)
{
    const lots_grouping *grouping = groups->grouping;
    uint64_t word = 0;
    if (groups->score)
        lots_classified_collect(grouping->bound, rank, &word);
    else
        for (uint32_t i = grouping->offsets[rank]; i < grouping->offsets[rank + 1]; i++)
            word |= UINT64_C(1) << grouping->lists[i];
    return word;
}

static lots_status make_words(stored_groups *groups, uint32_t stream, uint32_t column, lots_error *err)
{
    lots_worker *worker = groups->step->worker;
    lots_local_set *kept = &worker->local_sets[groups->step->expr->id]; /* an aggregate has no set of ids there */
    const lots_id *ranks = NULL;
    uint32_t count = 0;
    groups->words = kept->table;
    if (kept->known && kept->segment == worker->segment_index)
        return LOTS_OK;
    LOTS_TRY(lots_segment_ranks(worker->segment, stream, column, &ranks, &count, err));
    kept->known = false;
    if (kept->table_words < (size_t)count + 8) {
        void *table = kept->table;
        LOTS_TRY(lots_realloc(&table, (size_t)count + 8, sizeof(uint64_t), err));
        kept->table = table;
        kept->table_words = (size_t)count + 8;
    }
    for (uint32_t id = 0; id < count; id++)
        kept->table[id] = word_of(groups, ranks[id]);
    kept->segment = worker->segment_index;
    kept->known = true;
    groups->words = kept->table;
    return LOTS_OK;
}

/* ---- what each range holds, as runs of elements ---- */

typedef struct code_runs {
    uint32_t *of_range;  /* by range, and one more: where its runs begin */
    uint32_t *from, *to; /* by run: rows, then elements */
    uint32_t count;
} code_runs;

/* Where the run of set bits that begins at `from` ends. */
static size_t run_end(const uint64_t *mask, size_t from, size_t end)
{
    for (size_t at = from; at < end; at = (at / 64 + 1) * 64) {
        const uint64_t clear = ~mask[at / 64] & (UINT64_MAX << (at % 64));
        if (clear == 0)
            continue;
        const size_t found = at / 64 * 64 + (size_t)__builtin_ctzll(clear);
        return found < end ? found : end;
    }
    return end;
}

static void put_run(code_runs *runs, uint32_t first_of_range, uint32_t from, uint32_t to)
{
    if (runs->count > first_of_range && runs->to[runs->count - 1] == from) {
        runs->to[runs->count - 1] = to;
        return;
    }
    runs->from[runs->count] = from;
    runs->to[runs->count++] = to;
}

/* Beyond the last of the positions from `from` on whose rows stand side by side. */
static size_t rows_end(const uint32_t *index, size_t from, size_t end)
{
    size_t at = from + 1;
    while (at < end && index[at] - index[from] == at - from)
        at++;
    return at;
}

/* Rows of a window stand side by side. */
static void runs_of_range(const stored_groups *groups, const lots_ranges *ranges, uint32_t first, uint32_t end, code_runs *out)
{
    const uint32_t first_run = out->count;
    for (size_t at = first; at < end;) {
        const size_t from = ranges->mask != NULL ? lots_bits_next(ranges->mask, at, end) : at;
        at = ranges->mask != NULL ? run_end(ranges->mask, from, end) : end;
        if (groups->index == NULL && from < at)
            put_run(out, first_run, (uint32_t)from, (uint32_t)at);
        for (size_t k = from, next = from; groups->index != NULL && k < at; k = next) {
            next = rows_end(groups->index, k, at);
            put_run(out, first_run, groups->index[k], groups->index[k] + (uint32_t)(next - k));
        }
    }
}

static lots_status find_runs(const stored_groups *groups, const lots_ranges *ranges, code_runs *out, lots_error *err)
{
    lots_arena *arena = groups->step->arena;
    uint64_t looks = 0; /* no more runs than that */
    for (uint32_t i = 0; i < ranges->count; i++)
        looks += ranges->end[i] > ranges->first[i] ? ranges->end[i] - ranges->first[i] : 0;
    out->count = 0;
    LOTS_TRY(lots_new_u32(arena, (size_t)ranges->count + 1, &out->of_range, err));
    LOTS_TRY(lots_new_u32(arena, (size_t)looks, &out->from, err));
    LOTS_TRY(lots_new_u32(arena, (size_t)looks, &out->to, err));
    for (uint32_t i = 0; i < ranges->count; i++) {
        out->of_range[i] = out->count;
        runs_of_range(groups, ranges, ranges->first[i], ranges->end[i], out);
    }
    out->of_range[ranges->count] = out->count;
    groups->step->worker->work.rows += looks;
    return LOTS_OK;
}

/* Where the lists of the runs' rows begin and end, where that is known without decoding all lengths: *done. */
static lots_status place_runs(const stored_groups *groups, uint32_t stream, uint32_t column, code_runs *runs, bool *done,
                              lots_error *err)
{
    lots_worker *worker = groups->step->worker;
    uint32_t *rows = NULL, *elements = NULL; /* all from, then all to: the lengths are looked at once */
    LOTS_TRY(lots_new_u32(groups->step->arena, 2 * (size_t)runs->count, &rows, err));
    LOTS_TRY(lots_new_u32(groups->step->arena, 2 * (size_t)runs->count, &elements, err));
    memcpy(rows, runs->from, runs->count * sizeof *rows);
    memcpy(rows + runs->count, runs->to, runs->count * sizeof *rows);
    LOTS_TRY(lots_segment_elements_before(worker->segment, stream, column, worker->chunk, rows, 2 * runs->count, elements,
                                          done, &worker->scratch, err));
    if (!*done)
        return LOTS_OK;
    runs->from = elements;
    runs->to = elements + runs->count;
    return LOTS_OK;
}

/* What is kept is begun to be loaded some runs before it is looked at: processors don't see it coming. */
static void fetch_place(const lots_kept_lists *lists, uint32_t row)
{
    __builtin_prefetch(lists->within + row);
    __builtin_prefetch(lists->before + row / LOTS_KEPT_ROWS);
}

static void place_kept(stored_groups *groups, const lots_kept_lists *lists, code_runs *runs)
{
    for (uint32_t r = 0; r < runs->count; r++) {
        if (r + AHEAD < runs->count) {
            fetch_place(lists, runs->from[r + AHEAD]);
            fetch_place(lists, runs->to[r + AHEAD]);
        }
        runs->from[r] = lots_kept_elements_before(lists, runs->from[r]);
        runs->to[r] = lots_kept_elements_before(lists, runs->to[r]);
    }
    groups->kept = lists->ids;
}

/* From rows to elements. */
static lots_status read_lists(stored_groups *groups, uint32_t stream, uint32_t column, code_runs *runs, lots_error *err)
{
    enum { FEW = 8 }; /* rows for one run that is placed by itself */
    lots_worker *worker = groups->step->worker;
    const lots_vector *lists = NULL;
    const lots_kept_lists *kept = lots_segment_kept_lists(worker->segment, stream, column, worker->chunk, &worker->scratch);
    bool done = false;
    if (kept != NULL) {
        place_kept(groups, kept, runs);
        return LOTS_OK;
    }
    if (runs->count < worker->streams[stream].rows / FEW && !lots_stream_is_read(worker, stream, column))
        LOTS_TRY(place_runs(groups, stream, column, runs, &done, err));
    if (!done)
        LOTS_TRY(lots_stream_local(worker, stream, column, &lists, err));
    for (uint32_t r = 0; !done && r < runs->count; r++) {
        runs->from[r] = lists->offsets[runs->from[r]];
        runs->to[r] = lists->offsets[runs->to[r]];
    }
    const lots_element_runs some = {runs->from, runs->to, runs->count};
    return lots_stream_some_elements(worker, stream, column, &some, &groups->ids, err);
}

static lots_status read_codes(stored_groups *groups, uint32_t stream, uint32_t column, code_runs *runs, lots_error *err)
{
    const lots_vector *codes = NULL;
    if (groups->column->type.kind == LOTS_TYPE_SET)
        return read_lists(groups, stream, column, runs, err);
    LOTS_TRY(lots_stream_local(groups->step->worker, stream, column, &codes, err));
    groups->ids = codes->data;
    groups->missing = codes->missing;
    return LOTS_OK;
}

static uint64_t groups_between(const stored_groups *groups, uint32_t from, uint32_t to)
{
    const uint64_t *words = groups->words;
    const uint32_t *ids = groups->ids;
    uint64_t word = 0;
    for (uint32_t e = from; groups->kept != NULL && e < to; e++)
        word |= words[groups->kept[e]];
    if (groups->kept != NULL)
        return word;
    if (groups->missing == NULL)
        for (uint32_t e = from; e < to; e++)
            word |= words[ids[e]];
    for (uint32_t e = from; groups->missing != NULL && e < to; e++)
        if (!lots_bit_get(groups->missing, e))
            word |= words[ids[e]];
    return word;
}

static void fetch_codes(const stored_groups *groups, uint32_t from, uint32_t to)
{
    enum { LINE = 32 };
    for (uint32_t e = from; e < to; e += LINE)
        __builtin_prefetch(groups->kept + e);
}

static void words_of_ranges(const stored_groups *groups, const code_runs *runs, uint32_t ranges, uint64_t *out)
{
    for (uint32_t i = 0; i < ranges; i++) {
        out[i] = 0;
        for (uint32_t r = runs->of_range[i]; r < runs->of_range[i + 1]; r++) {
            if (groups->kept != NULL && r + AHEAD < runs->count)
                fetch_codes(groups, runs->from[r + AHEAD], runs->to[r + AHEAD]);
            out[i] |= groups_between(groups, runs->from[r], runs->to[r]);
        }
    }
}

/* ---- what is told of them ---- */

/* Scores of the few combinations of groups that people have. */
typedef struct score_memory {
    uint64_t groups[256];
    int64_t score[256];
} score_memory;

static int64_t score_of(const stored_groups *groups, score_memory *memory, uint64_t word)
{
    const lots_classification *classification = groups->grouping->classification;
    const size_t at = (size_t)((word * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
    uint64_t ruled = 0;
    if (word == 0)
        return 0;
    if (memory->groups[at] != word) {
        lots_classification_apply(classification, &word, &ruled);
        memory->score[at] = lots_classification_score(classification, groups->step->expr->index, &ruled);
        memory->groups[at] = word;
    }
    return memory->score[at];
}

/* Groups are numbered in their order, so a word's bits are a set. */
static lots_status make_sets(const lots_step *step, const uint64_t *words, lots_vector *out, lots_error *err)
{
    size_t made = 0;
    for (uint32_t i = 0; i < out->count; i++)
        made += (size_t)__builtin_popcountll(words[i]);
    if (made > UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "sets of more than %u elements in one chunk", UINT32_MAX);
    LOTS_TRY(lots_arena_vector(step->arena, &out->data, made, sizeof(lots_id), err));
    lots_id *ids = out->data;
    uint32_t *offsets = out->offsets, count = 0;
    offsets[0] = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        for (uint64_t rest = words[i]; rest != 0; rest &= rest - 1)
            ids[count++] = (lots_id)__builtin_ctzll(rest);
        offsets[i + 1] = count;
    }
    return LOTS_OK;
}

static void make_numbers(const stored_groups *groups, const uint64_t *words, lots_vector *out)
{
    score_memory memory;
    int64_t *numbers = out->data;
    memset(memory.groups, 0, sizeof memory.groups);
    for (uint32_t i = 0; i < out->count; i++)
        numbers[i] = groups->score ? score_of(groups, &memory, words[i]) : __builtin_popcountll(words[i]);
}

lots_status lots_reduce_stored_groups(const lots_step *step, const lots_relation_rows *relation, const lots_ranges *ranges,
                                      const uint32_t *index, bool *done, lots_vector *out, lots_error *err)
{
    stored_groups groups;
    code_runs runs;
    void *words = NULL;
    *done = find_shape(step, relation, &groups) && !lots_ranges_slide(ranges) && (groups.score || !lots_slide_pays(ranges));
    if (!*done)
        return LOTS_OK;
    const uint32_t stream = relation->relation->stream,
                   column = relation->relation->columns[groups.column->index].column;
    groups.index = index;
    LOTS_TRY(make_words(&groups, stream, column, err));
    LOTS_TRY(find_runs(&groups, ranges, &runs, err));
    LOTS_TRY(read_codes(&groups, stream, column, &runs, err));
    LOTS_TRY(lots_vector_new(step->arena, &step->expr->type, ranges->count, out, err));
    LOTS_TRY(lots_arena_vector(step->arena, &words, ranges->count, sizeof(uint64_t), err));
    words_of_ranges(&groups, &runs, ranges->count, words);
    if (step->expr->op == LOTS_OP_SET_OF)
        return make_sets(step, words, out, err);
    make_numbers(&groups, words, out);
    return LOTS_OK;
}
