/* order_sort.c: see order_sort.h.
 *
 * A key holds the fields from the top: patient, start, minute, place of the level, end. A field's code is its value less
 * the least value of the batch, missing being the code above all; its width is what the greatest code needs. Fields
 * after the first that does not fit are left to the comparison. */
#include "core/store/order_sort.h"

#include "core/base/memory.h"

enum { DIGIT_BITS_MAX = 11, DIGITS_MAX = 6, INSERTION_MAX = 16 };

typedef struct sort_item {
    uint64_t key;
    uint32_t row;
} sort_item;

/* One field of the key. */
typedef struct sort_field {
    const lots_comparer_column *column;
    const uint32_t *places; /* level: id -> place; NULL otherwise */
    int64_t least;
    unsigned width;
    bool missing;           /* some value is */
    uint64_t missing_code;
} sort_field;

typedef struct sort_job {
    const lots_comparer *comparer;
    sort_item *items, *spare;
    uint32_t rows;
    unsigned low_bits; /* bits of the key below patient and start */
} sort_job;

static unsigned bits_of(uint64_t value)
{
    unsigned bits = 0;
    for (; value != 0; value >>= 1)
        bits++;
    return bits;
}

static inline int64_t field_value(const sort_field *field, uint32_t row)
{
    const void *values = field->column->values;
    if (field->places != NULL)
        return field->places[((const uint32_t *)values)[row]];
    return field->column->phys == LOTS_PHYS_I64 ? ((const int64_t *)values)[row] : ((const int32_t *)values)[row];
}

/* Find least value and width; 65 when the codes need more than 64 bits. */
static void measure_field(sort_field *field, uint32_t rows)
{
    int64_t least = INT64_MAX, greatest = INT64_MIN;
    for (uint32_t row = 0; row < rows; row++) {
        if (field->column->missing[row]) {
            field->missing = true;
            continue;
        }
        int64_t value = field_value(field, row);
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
    }
    uint64_t span = greatest < least ? 0 : (uint64_t)greatest - (uint64_t)least;
    field->least = least;
    field->missing_code = span + 1;
    field->width = span == UINT64_MAX ? 65 : bits_of(span + field->missing);
}

static void pack_field(const sort_field *field, sort_item *items, uint32_t rows)
{
    const uint8_t *missing = field->column->missing;
    for (uint32_t row = 0; row < rows; row++) {
        uint64_t code = missing[row] ? field->missing_code : (uint64_t)field_value(field, row) - (uint64_t)field->least;
        items[row].key = field->width == 64 ? code : items[row].key << field->width | code;
    }
}

/* Returns the bits used by the patient. */
static unsigned pack_patients(const lots_batch *batch, sort_item *items)
{
    const lots_patient *patients = batch->patient.data;
    lots_patient least = UINT32_MAX, greatest = 0;
    for (uint32_t row = 0; row < batch->patient.count; row++) {
        least = patients[row] < least ? patients[row] : least;
        greatest = patients[row] > greatest ? patients[row] : greatest;
    }
    for (uint32_t row = 0; row < batch->rows; row++)
        items[row] = (sort_item){batch->patient.count == 0 ? 0 : patients[row] - least, row};
    return batch->patient.count == 0 ? 0 : bits_of(greatest - least);
}

/* Fill the items' keys; sets low_bits. Returns the keys' bits. */
static unsigned pack_keys(sort_job *job, const lots_batch *batch)
{
    const lots_comparer *comparer = job->comparer;
    const uint32_t fields[] = {comparer->start, comparer->minute, comparer->level, comparer->end};
    unsigned used = pack_patients(batch, job->items);
    unsigned high = used;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (fields[i] == LOTS_NO_COLUMN)
            continue;
        sort_field field = {.column = &comparer->columns[fields[i]],
                            .places = fields[i] == comparer->level ? comparer->level_order : NULL};
        measure_field(&field, job->rows);
        if (used + field.width > 64)
            break;
        pack_field(&field, job->items, job->rows);
        used += field.width;
        if (fields[i] == comparer->start)
            high = used;
    }
    job->low_bits = used - high;
    return used;
}

/* A shift by 64 is undefined; a key of only low bits has no high part. */
static inline uint64_t high_part(const sort_job *job, const sort_item *item)
{
    return job->low_bits >= 64 ? 0 : item->key >> job->low_bits;
}

static bool in_high_order(const sort_job *job)
{
    for (uint32_t i = 1; i < job->rows; i++)
        if (high_part(job, &job->items[i]) < high_part(job, &job->items[i - 1]))
            return false;
    return true;
}

/* One pass: from items to spare by one digit, `next` being where each value's items begin. Then the two change places. */
static void scatter(sort_job *job, unsigned shift, uint64_t mask, uint32_t *next)
{
    unsigned low_bits = job->low_bits + shift;
    sort_item *from = job->items, *to = job->spare;
    for (uint32_t i = 0; i < job->rows; i++)
        to[next[from[i].key >> low_bits & mask]++] = from[i];
    job->items = to;
    job->spare = from;
}

/* Least significant digit first over the high part, in as few passes as can be and digits as narrow as these allow; a
 * digit that all keys share costs nothing but its count. */
static void radix_sort(sort_job *job, unsigned bits)
{
    uint32_t counts[DIGITS_MAX][1u << DIGIT_BITS_MAX];
    unsigned high_bits = bits - job->low_bits;
    unsigned digits = (high_bits + DIGIT_BITS_MAX - 1) / DIGIT_BITS_MAX, width = (high_bits + digits - 1) / digits;
    const uint64_t mask = (UINT64_C(1) << width) - 1;
    memset(counts, 0, sizeof counts);
    for (uint32_t i = 0; i < job->rows; i++)
        for (unsigned d = 0; d < digits; d++)
            counts[d][high_part(job, &job->items[i]) >> (d * width) & mask]++;
    for (unsigned d = 0; d < digits; d++) {
        if (counts[d][high_part(job, &job->items[0]) >> (d * width) & mask] == job->rows)
            continue;
        uint32_t next = 0;
        for (uint64_t value = 0; value <= mask; value++) {
            uint32_t count = counts[d][value];
            counts[d][value] = next;
            next += count;
        }
        scatter(job, d * width, mask, counts[d]);
    }
}

static inline bool comes_before(const sort_job *job, const sort_item *a, const sort_item *b)
{
    if (a->key != b->key)
        return a->key < b->key;
    return lots_comparer_order(job->comparer, a->row, b->row) < 0;
}

static void insertion_sort(const sort_job *job, sort_item *items, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        sort_item item = items[i];
        uint32_t to = i;
        for (; to > 0 && comes_before(job, &item, &items[to - 1]); to--)
            items[to] = items[to - 1];
        items[to] = item;
    }
}

/* Merge items[0..half) and items[half..count) through the spare room. */
static void merge_halves(const sort_job *job, sort_item *items, uint32_t half, uint32_t count, sort_item *spare)
{
    if (!comes_before(job, &items[half], &items[half - 1]))
        return;
    memcpy(spare, items, half * sizeof *items);
    uint32_t left = 0, right = half, out = 0;
    while (left < half && right < count)
        items[out++] = comes_before(job, &items[right], &spare[left]) ? items[right++] : spare[left++];
    memcpy(items + out, spare + left, (half - left) * sizeof *items);
}

/* Depth: log2 of the rows. */
static void merge_sort(const sort_job *job, sort_item *items, uint32_t count, sort_item *spare)
{
    if (count <= INSERTION_MAX) {
        insertion_sort(job, items, count);
        return;
    }
    uint32_t half = count / 2;
    merge_sort(job, items, half, spare);
    merge_sort(job, items + half, count - half, spare);
    merge_halves(job, items, half, count, spare);
}

static void sort_runs(const sort_job *job)
{
    for (uint32_t first = 0, end; first < job->rows; first = end) {
        uint64_t high = high_part(job, &job->items[first]);
        for (end = first + 1; end < job->rows && high_part(job, &job->items[end]) == high; end++) {
        }
        if (end - first > 1)
            merge_sort(job, job->items + first, end - first, job->spare);
    }
}

/* By keys: room for all items twice. */
static lots_status sort_by_keys(const lots_comparer *comparer, const lots_batch *batch, uint32_t *order, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_realloc(&room, (size_t)batch->rows * 2, sizeof(sort_item), err));
    sort_item *items = room;
    sort_job job = {comparer, items, items + batch->rows, batch->rows, 0};
    unsigned bits = pack_keys(&job, batch);
    if (!in_high_order(&job))
        radix_sort(&job, bits);
    sort_runs(&job);
    for (uint32_t i = 0; i < batch->rows; i++)
        order[i] = job.items[i].row;
    lots_free(room);
    return LOTS_OK;
}

/* ---- rows that come by patient and day ---- */

enum { TIES_MAX = 64 };

/* < 0, 0, > 0 for row - 1 against row by patient and start, missing last. */
static inline int compare_neighbours(const lots_patient *patients, const int32_t *days, const uint8_t *missing,
                                     uint32_t row)
{
    if (patients[row] != patients[row - 1])
        return patients[row - 1] < patients[row] ? -1 : 1;
    if (missing[row] | missing[row - 1])
        return missing[row - 1] - missing[row];
    return (days[row - 1] > days[row]) - (days[row - 1] < days[row]);
}

/* Insertion sort of the rows of one day, whose order is that of all else. */
static void sort_ties(const lots_comparer *comparer, uint32_t *order, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        uint32_t row = order[i], to = i;
        for (; to > 0 && lots_comparer_order(comparer, row, order[to - 1]) < 0; to--)
            order[to] = order[to - 1];
        order[to] = row;
    }
}

/* Registers mostly deliver so, and a day has few rows: only those are compared. False when the rows are not such. */
static bool sort_by_days(const lots_comparer *comparer, const lots_batch *batch, uint32_t *order)
{
    if (comparer->start == LOTS_NO_COLUMN || batch->patient.count == 0)
        return false;
    const lots_patient *patients = batch->patient.data;
    const int32_t *days = comparer->columns[comparer->start].values;
    const uint8_t *missing = comparer->columns[comparer->start].missing;
    uint32_t first = 0;
    for (uint32_t row = 0; row < batch->rows; row++) {
        int sign = row == 0 ? -1 : compare_neighbours(patients, days, missing, row);
        if (sign > 0 || row - first >= TIES_MAX)
            return false;
        if (sign < 0) {
            sort_ties(comparer, order + first, row - first);
            first = row;
        }
        order[row] = row;
    }
    sort_ties(comparer, order + first, batch->rows - first);
    return true;
}

lots_status lots_order_sort(const lots_comparer *comparer, const lots_batch *batch, uint32_t **out, lots_error *err)
{
    void *order;
    *out = NULL;
    if (batch->rows == 0)
        return LOTS_OK;
    LOTS_TRY(lots_alloc(&order, batch->rows, sizeof **out, err));
    lots_status status = sort_by_days(comparer, batch, order) ? LOTS_OK : sort_by_keys(comparer, batch, order, err);
    if (status == LOTS_OK)
        *out = order;
    else
        lots_free(order);
    return status;
}
