/* top.c: see top.h. */
#include "query/exec/top.h"

#include <string.h>

#include "core/base/kernels.h"
#include "core/codec/block.h"
#include "query/exec/number_sort.h"

#define CLASSES 65536u /* of keys, in all strata: what a second-level cache holds */
#define SPREAD 16u     /* a line of the cache: counts that are a power of 2 apart would share few places in it */
#define SPREAD_BITS 8u /* where strata have so many that it hardly matters */
#define MANY_ROWS 65536u /* that other threads are woken for */
#define PIECES 16u       /* at most, and then as many as threads */
#define SORT_TASKS 64u

/* Of a flat vector. What is missing has 0. */
static lots_status rank_keys(const lots_vector *flat, lots_arena *arena, int64_t **keys, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_vector(arena, &made, flat->count, sizeof(int64_t), err));
    int64_t *out = *keys = made;
    if (flat->type.kind == LOTS_TYPE_FLOAT)
        for (uint32_t i = 0; i < flat->count; i++)
            out[i] = lots_f64_key(((const double *)flat->data)[i]);
    else if (flat->type.kind == LOTS_TYPE_DATE)
        for (uint32_t i = 0; i < flat->count; i++)
            out[i] = ((const int32_t *)flat->data)[i];
    else if (flat->count > 0)
        memcpy(out, flat->data, flat->count * sizeof *out);
    for (uint32_t i = 0; flat->missing != NULL && i < flat->count; i++)
        out[i] = lots_bit_get(flat->missing, i) ? 0 : out[i];
    return LOTS_OK;
}

/* ---- selection ---- */

static uint64_t wanted_of(const lots_top *top, uint64_t rows)
{
    if (!top->percent)
        return (uint64_t)top->count < rows ? (uint64_t)top->count : rows;
    __extension__ unsigned __int128 product = (unsigned __int128)(uint64_t)top->mantissa * rows, one = 1;
    for (uint32_t i = 0; i < top->scale; i++)
        one *= 10;
    return (uint64_t)((product + one - 1) / one);
}

/* Rows fall into classes of keys that lie close together, those of a stratum side by side: the class in which a stratum's
 * border lies is all that is looked at again. */
typedef struct piece { /* rows that one thread looks at; begins at a word of bits */
    uint32_t first, end;
    int64_t least, most;
    uint32_t *counts;        /* as the selection's, of its rows */
    size_t *next;            /* by stratum: where its keys of the border's class go */
} piece;

typedef struct selection {
    const lots_top *top;
    const int64_t *keys;     /* the larger, the nearer to the top */
    const uint64_t *missing; /* NULL: none is */
    const uint32_t *stratum; /* NULL: all are of stratum 0 */
    uint32_t rows, strata;
    int64_t least;
    bool largest;            /* some key is INT64_MAX, the threshold where none is kept */
    unsigned shift, class_bits; /* class of a key: (key - least) >> shift */
    uint32_t stride;         /* classes from one stratum's first to the next one's */
    uint32_t *counts;        /* by stratum, class: its rows; room for one more */
    uint32_t *border;        /* by stratum: the class, with the stratum's place before it, LOTS_NO_ID: none */
    uint64_t *needed;        /* by stratum: of that class */
    int64_t *threshold;      /* by stratum: the key of the last kept */
    lots_pool *pool;
    piece pieces[PIECES];
    unsigned piece_count;
    int64_t *border_keys;    /* those in the classes of the borders, stratum by stratum */
    uint64_t *keep;
    int64_t *sorted;         /* the keys in the order of strata, and rising; NULL: a class is a key */
    bool percentile;
    lots_vector *ranks;
} selection;

static void cut_pieces(selection *s, lots_pool *pool)
{
    const unsigned threads = pool != NULL && s->rows >= MANY_ROWS ? lots_pool_threads(pool) : 1;
    s->pool = pool;
    s->piece_count = threads < PIECES ? threads : PIECES;
    for (unsigned i = 0; i < s->piece_count; i++) {
        s->pieces[i].first = (uint32_t)((uint64_t)s->rows * i / s->piece_count / 64 * 64);
        s->pieces[i].end = s->rows;
        if (i > 0)
            s->pieces[i - 1].end = s->pieces[i].first;
    }
}

/* A task is a piece. */
static lots_status each_piece(selection *s, lots_task task, lots_error *err)
{
    return s->piece_count == 1 ? task(s, 0, 0, err) : lots_pool_run(s->pool, s->piece_count, task, s, NULL, err);
}

static uint32_t class_of(const selection *s, uint32_t row)
{
    const uint64_t class = ((uint64_t)s->keys[row] - (uint64_t)s->least) >> s->shift;
    return (s->stratum != NULL ? s->stratum[row] * s->stride : 0) + (uint32_t)class;
}

static lots_status find_range(void *context, size_t task, unsigned worker, lots_error *err)
{
    const selection *s = context;
    piece *own = &((selection *)context)->pieces[task];
    int64_t least = INT64_MAX, most = INT64_MIN;
    (void)worker;
    (void)err;
    for (uint32_t i = own->first; i < own->end; i++) { /* what is missing lies as a 0 */
        least = s->keys[i] < least ? s->keys[i] : least;
        most = s->keys[i] > most ? s->keys[i] : most;
    }
    own->least = least;
    own->most = most;
    return LOTS_OK;
}

static lots_status count_classes(void *context, size_t task, unsigned worker, lots_error *err)
{
    const selection *s = context;
    const piece *own = &s->pieces[task];
    (void)worker;
    (void)err;
    if (s->missing == NULL)
        for (uint32_t i = own->first; i < own->end; i++)
            own->counts[class_of(s, i)]++;
    else
        for (uint32_t i = own->first; i < own->end; i++)
            own->counts[class_of(s, i)] += lots_bit_get(s->missing, i) ? 0 : 1;
    return LOTS_OK;
}

/* As many classes as there is room for, and use for. */
static lots_status make_classes(selection *s, lots_arena *arena, lots_error *err)
{
    const uint64_t most_classes = 2 * (uint64_t)s->rows > CLASSES ? CLASSES : 2 * (uint64_t)s->rows;
    int64_t least = INT64_MAX, most = INT64_MIN;
    void *made = NULL;
    LOTS_TRY(each_piece(s, find_range, err));
    for (unsigned i = 0; i < s->piece_count; i++) {
        least = s->pieces[i].least < least ? s->pieces[i].least : least;
        most = s->pieces[i].most > most ? s->pieces[i].most : most;
    }
    s->class_bits = 1; /* two at least: no distance is shifted by all its bits */
    while ((uint64_t)s->strata << s->class_bits << 1 <= most_classes)
        s->class_bits++;
    s->stride = (UINT32_C(1) << s->class_bits) + (s->class_bits >= SPREAD_BITS ? SPREAD : 0);
    s->least = least;
    s->largest = most == INT64_MAX;
    while (s->rows > 0 && ((uint64_t)most - (uint64_t)least) >> s->shift >> s->class_bits != 0)
        s->shift++;
    const size_t classes = (size_t)s->strata * s->stride;
    for (unsigned i = 0; i < s->piece_count; i++) {
        LOTS_TRY(lots_arena_alloc(arena, &made, classes + 1, sizeof(uint32_t), err));
        s->pieces[i].counts = made;
    }
    LOTS_TRY(each_piece(s, count_classes, err));
    s->counts = s->pieces[0].counts;
    if (s->piece_count == 1)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(arena, &made, classes + 1, sizeof(uint32_t), err));
    s->counts = made;
    for (unsigned i = 0; i < s->piece_count; i++)
        for (size_t c = 0; c < classes; c++)
            s->counts[c] += s->pieces[i].counts[c];
    return LOTS_OK;
}

/* Where the border of each stratum lies. */
static void find_borders(selection *s, lots_top_kept *kept)
{
    const uint32_t classes = UINT32_C(1) << s->class_bits;
    for (uint32_t t = 0; t < s->strata; t++) {
        const uint32_t *own = s->counts + (size_t)t * s->stride;
        uint64_t rows = 0;
        for (uint32_t c = 0; c < classes; c++)
            rows += own[c];
        uint64_t needed = wanted_of(s->top, rows);
        kept->rows += rows;
        kept->wanted += needed;
        s->border[t] = LOTS_NO_ID;
        s->threshold[t] = INT64_MAX;
        if (needed == 0)
            continue;
        uint32_t class = classes - 1;
        for (; own[class] < needed; class--)
            needed -= own[class];
        s->border[t] = t * s->stride + class;
        s->needed[t] = needed;
        s->threshold[t] = (int64_t)((uint64_t)s->least + ((uint64_t)class << s->shift));
    }
}

/* Of rows that are all of one stratum: its class's keys lie between two numbers. */
static void take_keys_between(const selection *s, const piece *own)
{
    enum { STRETCH = 4096 };
    uint64_t bits[STRETCH / 64 + 8];
    const uint64_t last = (uint64_t)s->threshold[0] + ((UINT64_C(1) << s->shift) - 1);
    const int64_t high = (int64_t)last < s->threshold[0] ? INT64_MAX : (int64_t)last;
    for (uint32_t first = own->first; first < own->end && s->border[0] != LOTS_NO_ID; first += STRETCH) {
        const uint32_t count = own->end - first < STRETCH ? own->end - first : STRETCH;
        lots_kernels_get()->range_i64(s->keys + first, count, s->threshold[0], high, bits);
        if (s->missing != NULL)
            lots_bits_and_not(bits, bits, s->missing + first / 64, count);
        for (size_t i = lots_bits_next(bits, 0, count); i < count; i = lots_bits_next(bits, i + 1, count))
            s->border_keys[own->next[0]++] = s->keys[first + i];
    }
}

static lots_status take_border_keys(void *context, size_t task, unsigned worker, lots_error *err)
{
    const selection *s = context;
    const piece *own = &s->pieces[task];
    (void)worker;
    (void)err;
    if (s->stratum == NULL)
        take_keys_between(s, own);
    for (uint32_t i = own->first; i < own->end && s->stratum != NULL; i++) {
        const uint32_t t = s->stratum[i];
        if (class_of(s, i) == s->border[t] && (s->missing == NULL || !lots_bit_get(s->missing, i)))
            s->border_keys[own->next[t]++] = s->keys[i];
    }
    return LOTS_OK;
}

/* The keys in the class of the border, stratum by stratum, say where in it the border is. */
static lots_status find_thresholds(selection *s, lots_arena *arena, lots_error *err)
{
    void *made = NULL;
    size_t held = 0;
    if (s->shift == 0) /* one key a class */
        return LOTS_OK;
    for (unsigned i = 0; i < s->piece_count; i++) {
        LOTS_TRY(lots_arena_alloc(arena, &made, s->strata, sizeof(size_t), err));
        s->pieces[i].next = made;
    }
    for (uint32_t t = 0; t < s->strata; t++)
        for (unsigned i = 0; i < s->piece_count; i++) {
            s->pieces[i].next[t] = held;
            held += s->border[t] == LOTS_NO_ID ? 0 : s->pieces[i].counts[s->border[t]];
        }
    LOTS_TRY(lots_arena_vector(arena, &made, held, sizeof(int64_t), err));
    s->border_keys = made;
    LOTS_TRY(each_piece(s, take_border_keys, err));
    const size_t *ends = s->pieces[s->piece_count - 1].next;
    for (uint32_t t = 0; t < s->strata; t++)
        if (s->border[t] != LOTS_NO_ID) {
            const uint32_t count = s->counts[s->border[t]];
            s->threshold[t] = lots_select_largest(s->border_keys + ends[t] - count, count, s->needed[t]);
        }
    return LOTS_OK;
}

/* Of up to 64 rows, those whose stratum keeps some. */
static uint64_t rows_of_borders(const selection *s, const uint32_t *stratum, uint32_t count)
{
    uint64_t word = 0;
    for (uint32_t i = 0; i < count; i++)
        word |= (uint64_t)(s->border[stratum[i]] != LOTS_NO_ID) << i;
    return word;
}

static lots_status keep_rows(void *context, size_t task, unsigned worker, lots_error *err)
{
    const selection *s = context;
    const piece *own = &s->pieces[task];
    const uint32_t rows = own->end - own->first;
    const bool none = s->stratum == NULL && s->border[0] == LOTS_NO_ID;
    uint64_t *keep = s->keep + own->first / 64;
    (void)worker;
    (void)err;
    if (s->stratum == NULL)
        lots_kernels_get()->range_i64(s->keys + own->first, rows, none ? 1 : s->threshold[0], none ? 0 : INT64_MAX, keep);
    for (uint32_t first = 0; s->stratum != NULL && first < rows; first += 64) {
        const uint32_t count = rows - first < 64 ? rows - first : 64;
        const int64_t *keys = s->keys + own->first + first;
        const uint32_t *stratum = s->stratum + own->first + first;
        uint64_t word = 0;
        for (uint32_t i = 0; i < count; i++)
            word |= (uint64_t)(keys[i] >= s->threshold[stratum[i]]) << i;
        keep[first / 64] = s->largest ? word & rows_of_borders(s, stratum, count) : word;
    }
    if (s->missing != NULL)
        lots_bits_and_not(keep, keep, s->missing + own->first / 64, rows);
    return LOTS_OK;
}

/* The keys as they are wanted: a bottom's with all bits turned. */
static lots_status take_keys(bool bottom, const lots_vector *by, lots_arena *arena, selection *s, lots_error *err)
{
    int64_t *keys = NULL;
    lots_vector flat;
    LOTS_TRY(lots_vector_flatten(arena, by, &flat, err));
    s->missing = flat.missing;
    s->keys = flat.data;
    if (!bottom && flat.type.kind != LOTS_TYPE_FLOAT && flat.type.kind != LOTS_TYPE_DATE)
        return LOTS_OK;
    LOTS_TRY(rank_keys(&flat, arena, &keys, err));
    for (uint32_t i = 0; bottom && i < by->count; i++)
        keys[i] = ~keys[i];
    s->keys = keys;
    return LOTS_OK;
}

lots_status lots_top_select(const lots_top *top, const lots_vector *by, const uint32_t *stratum, uint32_t strata,
                            lots_pool *pool, lots_arena *arena, uint64_t **keep, lots_top_kept *kept, lots_error *err)
{
    selection s = {.top = top, .stratum = stratum, .rows = by->count, .strata = strata};
    void *made = NULL;
    *kept = (lots_top_kept){.strata = strata};
    LOTS_TRY(lots_arena_vector(arena, &made, lots_bit_words(by->count) + 1, sizeof(uint64_t), err));
    *keep = s.keep = made;
    (*keep)[lots_bit_words(by->count)] = 0;
    const lots_arena_mark mark = lots_arena_save(arena);
    LOTS_TRY(lots_arena_alloc(arena, &made, strata, sizeof(uint32_t), err));
    s.border = made;
    LOTS_TRY(lots_arena_alloc(arena, &made, strata, sizeof(uint64_t), err));
    s.needed = made;
    LOTS_TRY(lots_arena_alloc(arena, &made, strata, sizeof(int64_t), err));
    s.threshold = made;
    cut_pieces(&s, pool);
    LOTS_TRY(take_keys(top->bottom, by, arena, &s, err));
    LOTS_TRY(make_classes(&s, arena, err));
    find_borders(&s, kept);
    LOTS_TRY(find_thresholds(&s, arena, err));
    LOTS_TRY(each_piece(&s, keep_rows, err));
    kept->kept = lots_bits_count(*keep, by->count);
    kept->threshold = top->bottom ? ~s.threshold[strata - 1] : s.threshold[strata - 1];
    lots_arena_restore(arena, mark);
    return LOTS_OK;
}

/* ---- ranks ---- */

/* Counts become the places at which classes begin among the values of all strata; the last is where they end. */
static void place_classes(selection *s)
{
    const size_t classes = (size_t)s->strata * s->stride;
    uint32_t at = 0;
    for (size_t c = 0; c < classes; c++) {
        const uint32_t own = s->counts[c];
        s->counts[c] = at;
        at += own;
    }
    s->counts[classes] = at;
}

static lots_status sort_some(void *context, size_t task, unsigned worker, lots_error *err)
{
    const selection *s = context;
    const size_t classes = (size_t)s->strata * s->stride;
    (void)worker;
    (void)err;
    for (size_t c = classes * task / SORT_TASKS; c < classes * (task + 1) / SORT_TASKS; c++)
        if (s->counts[c + 1] - s->counts[c] > 1)
            lots_sort_ints(s->sorted + s->counts[c], s->counts[c + 1] - s->counts[c]);
    return LOTS_OK;
}

/* Classes of several keys: the keys at the places of their class, rising. */
static lots_status sort_classes(selection *s, lots_arena *arena, lots_error *err)
{
    const size_t classes = (size_t)s->strata * s->stride;
    uint32_t *next = s->counts;
    void *made = NULL;
    if (s->shift == 0)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &made, s->rows, sizeof(int64_t), err));
    s->sorted = made;
    for (uint32_t i = 0; i < s->rows; i++)
        if (s->missing == NULL || !lots_bit_get(s->missing, i))
            s->sorted[next[class_of(s, i)]++] = s->keys[i];
    memmove(next + 1, next, classes * sizeof *next); /* each has become the place of the class after it */
    next[0] = 0;
    if (s->piece_count > 1)
        return lots_pool_run(s->pool, SORT_TASKS, sort_some, s, NULL, err);
    for (size_t task = 0; task < SORT_TASKS; task++)
        LOTS_TRY(sort_some(s, task, 0, err));
    return LOTS_OK;
}

/* How many of the rising values are <= x. */
static uint32_t not_larger(const int64_t *values, uint32_t count, int64_t x)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (values[middle] <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How many values of the row's stratum are not larger than its own, and how many there are. */
static uint32_t place_of(const selection *s, uint32_t row, uint32_t *count)
{
    const uint32_t stratum = s->stratum != NULL ? s->stratum[row] : 0, class = class_of(s, row);
    const uint32_t *own = s->counts + (size_t)stratum * s->stride;
    const uint32_t first = own[0], start = s->counts[class], end = s->counts[class + 1];
    *count = own[(size_t)1 << s->class_bits] - first;
    return (s->sorted == NULL ? end : start + not_larger(s->sorted + start, end - start, s->keys[row])) - first;
}

static lots_status put_ranks(void *context, size_t task, unsigned worker, lots_error *err)
{
    const selection *s = context;
    const piece *own = &s->pieces[task];
    (void)worker;
    (void)err;
    for (uint32_t i = own->first; i < own->end; i++) {
        const bool none = s->missing != NULL && lots_bit_get(s->missing, i);
        uint32_t count = 0;
        const uint32_t place = none ? 0 : place_of(s, i, &count);
        if (s->percentile)
            ((double *)s->ranks->data)[i] = none ? 0 : (double)place / (double)count;
        else
            ((int64_t *)s->ranks->data)[i] = none ? 0 : 1 + (int64_t)count - (int64_t)place;
    }
    return LOTS_OK;
}

lots_status lots_rank_rows(bool percentile, const lots_vector *by, const uint32_t *stratum, uint32_t strata,
                           lots_pool *pool, lots_arena *arena, lots_vector *out, lots_error *err)
{
    const lots_type type = {.kind = percentile ? LOTS_TYPE_FLOAT : LOTS_TYPE_INT};
    selection s = {.stratum = stratum, .rows = by->count, .strata = strata, .percentile = percentile, .ranks = out};
    LOTS_TRY(lots_vector_new(arena, &type, by->count, out, err));
    LOTS_TRY(lots_vector_want_missing(arena, out, err));
    const lots_arena_mark mark = lots_arena_save(arena);
    cut_pieces(&s, pool);
    LOTS_TRY(take_keys(false, by, arena, &s, err));
    LOTS_TRY(make_classes(&s, arena, err));
    place_classes(&s);
    LOTS_TRY(sort_classes(&s, arena, err));
    if (s.missing != NULL)
        memcpy(out->missing, s.missing, lots_bit_words(by->count) * sizeof(uint64_t));
    LOTS_TRY(each_piece(&s, put_ranks, err));
    lots_arena_restore(arena, mark);
    return LOTS_OK;
}
