/* order_compare.c: the comparisons behind the total order. See order_compare.h. */
#include "core/store/order_compare.h"

#include <stdlib.h>

#include "core/base/memory.h"

/* ---- values ---- */

static inline int compare_i64(int64_t a, int64_t b) { return (a > b) - (a < b); }
static inline int compare_u32(uint32_t a, uint32_t b) { return (a > b) - (a < b); }

static int compare_bytes(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes)
{
    size_t shared = a_bytes < b_bytes ? a_bytes : b_bytes;
    int sign = shared == 0 ? 0 : memcmp(a, b, shared);
    return sign != 0 ? sign : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

static inline uint32_t rank_of(const lots_comparer_column *column, lots_id id)
{
    return column->ranks != NULL ? column->ranks[id] : id;
}

static int compare_lists(const lots_comparer_column *column, uint32_t a, uint32_t b)
{
    const lots_id *ids = column->values;
    uint32_t at = column->offsets[a], to = column->offsets[b];
    uint32_t a_count = column->offsets[a + 1] - at, b_count = column->offsets[b + 1] - to;
    for (uint32_t i = 0; i < a_count && i < b_count; i++)
        if (ids[at + i] != ids[to + i])
            return compare_u32(rank_of(column, ids[at + i]), rank_of(column, ids[to + i]));
    return compare_u32(a_count, b_count);
}

static int compare_texts(const lots_comparer_column *column, uint32_t a, uint32_t b)
{
    const uint8_t *text = column->values;
    const uint32_t *offsets = column->offsets;
    return compare_bytes(text + offsets[a], offsets[a + 1] - offsets[a], text + offsets[b], offsets[b + 1] - offsets[b]);
}

/* Floats through their order-preserving integers, so that every pair of bit patterns has an order. */
static int64_t float_key(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

/* Missing last. */
static int compare_column(const lots_comparer_column *column, uint32_t a, uint32_t b)
{
    if (column->list)
        return compare_lists(column, a, b);
    if (column->missing[a] || column->missing[b])
        return (column->missing[a] != 0) - (column->missing[b] != 0);
    switch (column->phys) {
    case LOTS_PHYS_BITS:
        return compare_u32(((const uint8_t *)column->values)[a], ((const uint8_t *)column->values)[b]);
    case LOTS_PHYS_I32:
        return compare_i64(((const int32_t *)column->values)[a], ((const int32_t *)column->values)[b]);
    case LOTS_PHYS_U32:
        return compare_u32(rank_of(column, ((const uint32_t *)column->values)[a]),
                           rank_of(column, ((const uint32_t *)column->values)[b]));
    case LOTS_PHYS_I64:
        return compare_i64(((const int64_t *)column->values)[a], ((const int64_t *)column->values)[b]);
    case LOTS_PHYS_F64:
        return compare_i64(float_key(((const double *)column->values)[a]), float_key(((const double *)column->values)[b]));
    case LOTS_PHYS_TEXT:
        return compare_texts(column, a, b);
    case LOTS_PHYS_COUNT:
        break;
    }
    return 0;
}

/* ---- rows ---- */

static bool whole_number(const uint8_t *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return bytes > 0;
}

/* Whole numbers by value before all else by bytes: an order of pairs, so that no row's place depends on which other keys
 * the batch happens to hold. Equal numbers written differently go by bytes. */
static int compare_numeric_keys(const lots_comparer_column *column, uint32_t a, uint32_t b)
{
    const uint8_t *text = column->values;
    const uint8_t *at = text + column->offsets[a], *to = text + column->offsets[b];
    size_t a_bytes = column->offsets[a + 1] - column->offsets[a], b_bytes = column->offsets[b + 1] - column->offsets[b];
    bool a_number = whole_number(at, a_bytes), b_number = whole_number(to, b_bytes);
    if (!a_number || !b_number)
        return a_number != b_number ? (a_number ? -1 : 1) : compare_bytes(at, a_bytes, to, b_bytes);
    size_t a_zeros = 0, b_zeros = 0;
    while (a_zeros < a_bytes && at[a_zeros] == '0')
        a_zeros++;
    while (b_zeros < b_bytes && to[b_zeros] == '0')
        b_zeros++;
    size_t a_digits = a_bytes - a_zeros, b_digits = b_bytes - b_zeros;
    if (a_digits != b_digits)
        return a_digits < b_digits ? -1 : 1;
    int sign = a_digits == 0 ? 0 : memcmp(at + a_zeros, to + b_zeros, a_digits);
    return sign != 0 ? sign : compare_bytes(at, a_bytes, to, b_bytes);
}

static int compare_keys(const lots_comparer *comparer, uint32_t a, uint32_t b)
{
    const lots_comparer_column *column = &comparer->columns[comparer->key];
    if (comparer->numeric_keys && !column->missing[a] && !column->missing[b])
        return compare_numeric_keys(column, a, b);
    return compare_column(column, a, b);
}

static int compare_levels(const lots_comparer *comparer, uint32_t a, uint32_t b)
{
    const lots_comparer_column *column = &comparer->columns[comparer->level];
    const lots_id *ids = column->values;
    uint32_t at = column->missing[a] ? comparer->level_places : comparer->level_order[ids[a]];
    uint32_t to = column->missing[b] ? comparer->level_places : comparer->level_order[ids[b]];
    return compare_u32(at, to);
}

int lots_comparer_content(const lots_comparer *comparer, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < comparer->column_count; i++) {
        int sign = comparer->columns[i].skipped ? 0 : compare_column(&comparer->columns[i], a, b);
        if (sign != 0)
            return sign;
    }
    return 0;
}

int lots_comparer_order(const lots_comparer *comparer, uint32_t a, uint32_t b)
{
    int sign = 0;
    if (comparer->start != LOTS_NO_COLUMN)
        sign = compare_column(&comparer->columns[comparer->start], a, b);
    if (sign == 0 && comparer->minute != LOTS_NO_COLUMN)
        sign = compare_column(&comparer->columns[comparer->minute], a, b);
    if (sign == 0 && comparer->level != LOTS_NO_COLUMN)
        sign = compare_levels(comparer, a, b);
    if (sign == 0 && comparer->end != LOTS_NO_COLUMN)
        sign = compare_column(&comparer->columns[comparer->end], a, b);
    if (sign == 0 && comparer->key != LOTS_NO_COLUMN)
        sign = compare_keys(comparer, a, b);
    return sign != 0 ? sign : lots_comparer_content(comparer, a, b);
}

/* ---- opening ---- */

static uint32_t role_column(const lots_stream *stream, lots_role role)
{
    for (uint32_t i = 0; i < stream->column_count; i++)
        if (stream->columns[i].role == role)
            return i;
    return LOTS_NO_COLUMN;
}

/* Every id is looked up without a check later, so all of them are checked here. */
static lots_status check_ids(const lots_batch_column *column, const lots_column *schema, uint32_t limit,
                             lots_error *err)
{
    const lots_id *ids = column->values.data;
    for (size_t i = 0; i < column->values.count; i++)
        if (ids[i] >= limit && (column->list || !LOTS_AT(uint8_t, &column->missing, i)))
            return lots_fail(err, LOTS_INTERNAL, "column '%s' holds id %u of a dictionary of %u", schema->name, ids[i],
                             limit);
    return LOTS_OK;
}

static lots_status open_column(lots_comparer_column *out, const lots_column *schema, const lots_batch_column *from,
                               const lots_dictionary *dictionary, lots_error *err)
{
    *out = (lots_comparer_column){.phys = from->phys, .list = from->list, .skipped = schema->role == LOTS_ROLE_GHOST,
                                  .values = from->values.data, .offsets = from->offsets.data,
                                  .missing = from->missing.data};
    if (from->phys != LOTS_PHYS_U32 || dictionary == NULL)
        return LOTS_OK;
    out->ranks = lots_dictionary_rank_of_stable(dictionary);
    out->rank_count = lots_dictionary_count(dictionary);
    return check_ids(from, schema, out->rank_count, err);
}

typedef struct level_entry {
    uint32_t declared_rank; /* UINT32_MAX: not declared */
    uint32_t text_rank;
    uint32_t stable;
} level_entry;

static int compare_entries(const void *a, const void *b)
{
    const level_entry *at = a, *to = b;
    int sign = compare_u32(at->declared_rank, to->declared_rank);
    return sign != 0 ? sign : compare_u32(at->text_rank, to->text_rank);
}

/* Levels declared with one rank share a place: what decides between them is what comes next in the order. */
static void number_levels(level_entry *entries, uint32_t count, lots_comparer *comparer)
{
    qsort(entries, count, sizeof *entries, compare_entries);
    uint32_t place = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool tied = i > 0 && entries[i].declared_rank != UINT32_MAX &&
                    entries[i].declared_rank == entries[i - 1].declared_rank;
        place += i > 0 && !tied;
        comparer->level_order[entries[i].stable] = place;
    }
    comparer->level_places = count == 0 ? 0 : place + 1;
}

static lots_status open_levels(lots_comparer *comparer, const lots_order_context *context, lots_error *err)
{
    const lots_dictionary *levels = context->domains != NULL ? context->domains[comparer->level] : NULL;
    if (levels == NULL)
        return lots_fail(err, LOTS_INTERNAL, "stream '%s' has a level column without a dictionary",
                         context->stream->name);
    uint32_t count = lots_dictionary_count(levels);
    void *order, *room;
    LOTS_TRY(lots_alloc(&order, count, sizeof *comparer->level_order, err));
    comparer->level_order = order;
    LOTS_TRY(lots_alloc(&room, count, sizeof(level_entry), err));
    level_entry *entries = room;
    for (uint32_t rank = 0; rank < count; rank++)
        entries[rank] = (level_entry){UINT32_MAX, rank, lots_dictionary_stable_of_rank(levels)[rank]};
    for (uint32_t i = 0; i < context->stream->level_count; i++) {
        const lots_level *level = &context->stream->levels[i];
        lots_id rank = lots_dictionary_find(levels, level->value, strlen(level->value));
        if (rank != LOTS_NO_ID)
            entries[rank].declared_rank = level->rank;
    }
    number_levels(entries, count, comparer);
    lots_free(entries);
    return LOTS_OK;
}

static lots_status open_columns(lots_comparer *out, const lots_order_context *context, const lots_batch *batch,
                                lots_error *err)
{
    const lots_stream *stream = context->stream;
    for (uint32_t i = 0; i < batch->column_count; i++) {
        bool category = stream->columns[i].kind == LOTS_KIND_CATEGORY;
        const lots_dictionary *dictionary = !category                  ? context->codes
                                            : context->domains != NULL ? context->domains[i]
                                                                       : NULL;
        LOTS_TRY(open_column(&out->columns[i], &stream->columns[i], &batch->columns[i], dictionary, err));
    }
    return out->level == LOTS_NO_COLUMN ? LOTS_OK : open_levels(out, context, err);
}

lots_status lots_comparer_open(lots_comparer *out, const lots_order_context *context, const lots_batch *batch,
                               lots_error *err)
{
    const lots_stream *stream = context->stream;
    if (batch->column_count != stream->column_count)
        return lots_fail(err, LOTS_INTERNAL, "a batch of %u columns is not one of stream '%s', which has %u",
                         batch->column_count, stream->name, stream->column_count);
    bool dated = !stream->undated && role_column(stream, LOTS_ROLE_START) != LOTS_NO_COLUMN;
    *out = (lots_comparer){.column_count = batch->column_count,
                           .start = dated ? role_column(stream, LOTS_ROLE_START) : LOTS_NO_COLUMN,
                           .minute = dated ? role_column(stream, LOTS_ROLE_MINUTE) : LOTS_NO_COLUMN,
                           .level = dated ? role_column(stream, LOTS_ROLE_LEVEL) : LOTS_NO_COLUMN,
                           .end = dated ? role_column(stream, LOTS_ROLE_END) : LOTS_NO_COLUMN,
                           .key = role_column(stream, LOTS_ROLE_KEY),
                           .ghost = role_column(stream, LOTS_ROLE_GHOST),
                           .numeric_keys = !dated};
    void *columns;
    LOTS_TRY(lots_alloc(&columns, batch->column_count, sizeof *out->columns, err));
    out->columns = columns;
    lots_status status = open_columns(out, context, batch, err);
    if (status != LOTS_OK)
        lots_comparer_close(out);
    return status;
}

void lots_comparer_turn_to(lots_comparer *comparer, const lots_batch *batch)
{
    for (uint32_t i = 0; i < comparer->column_count; i++) {
        comparer->columns[i].values = batch->columns[i].values.data;
        comparer->columns[i].offsets = batch->columns[i].offsets.data;
        comparer->columns[i].missing = batch->columns[i].missing.data;
    }
}

void lots_comparer_close(lots_comparer *comparer)
{
    lots_free(comparer->columns);
    lots_free(comparer->level_order);
    *comparer = (lots_comparer){0};
}
