/* attach.c: see attach.h. */
#include "ingest/attach.h"

#include "core/base/hash.h"
#include "core/base/memory.h"

#define NOWHERE UINT32_MAX

/* One distinct (patient, key) of parents. */
typedef struct attach_entry {
    uint32_t parent;      /* a row with it */
    uint32_t first, last; /* children, chained by `next` */
} attach_entry;

struct lots_attach {
    const lots_batch *parents;
    uint32_t key;
    uint32_t *slots;      /* entry + 1, 0: free; mask + 1 of them */
    uint32_t mask;
    lots_vec entries;     /* attach_entry */
    uint32_t *entry_of;   /* by parent row; NOWHERE */
    uint32_t *next;       /* by child row, while gathering */
};

typedef struct key_text {
    const char *text;
    uint32_t bytes;
} key_text;

static key_text key_at(const lots_batch *batch, uint32_t column, uint32_t row)
{
    const uint32_t *offsets = batch->columns[column].offsets.data;
    const char *text = batch->columns[column].values.data;
    return (key_text){text + offsets[row], offsets[row + 1] - offsets[row]};
}

static bool same_key(const lots_attach *attach, uint32_t parent, lots_patient patient, key_text key)
{
    key_text other = key_at(attach->parents, attach->key, parent);
    return LOTS_AT(lots_patient, &attach->parents->patient, parent) == patient && other.bytes == key.bytes &&
           (key.bytes == 0 || memcmp(other.text, key.text, key.bytes) == 0);
}

/* The slot where the key is, or where it would go. */
static uint32_t *find_slot(const lots_attach *attach, lots_patient patient, key_text key)
{
    uint32_t at = (uint32_t)lots_hash(key.text, key.bytes, patient) & attach->mask;
    for (;; at = (at + 1) & attach->mask) {
        uint32_t entry = attach->slots[at];
        if (entry == 0 || same_key(attach, LOTS_AT(attach_entry, &attach->entries, entry - 1).parent, patient, key))
            return &attach->slots[at];
    }
}

static uint32_t find_entry(const lots_attach *attach, const lots_batch *batch, uint32_t column, uint32_t row)
{
    return *find_slot(attach, LOTS_AT(lots_patient, &batch->patient, row), key_at(batch, column, row)) - 1;
}

static lots_status enter(lots_attach *attach, uint32_t row, lots_error *err)
{
    key_text key = key_at(attach->parents, attach->key, row);
    uint32_t *slot = find_slot(attach, LOTS_AT(lots_patient, &attach->parents->patient, row), key);
    if (*slot == 0) {
        attach_entry entry = {row, NOWHERE, NOWHERE};
        LOTS_TRY(lots_vec_push(&attach->entries, &entry, err));
        *slot = (uint32_t)attach->entries.count;
    }
    attach->entry_of[row] = *slot - 1;
    return LOTS_OK;
}

static lots_status enter_all(lots_attach *attach, const uint8_t *taken, lots_error *err)
{
    uint32_t rows = attach->parents->rows;
    size_t slots = 64;
    void *room;
    while (slots < (size_t)rows * 2)
        slots *= 2;
    if (slots > (size_t)UINT32_MAX + 1)
        return lots_fail(err, LOTS_LIMIT, "more than 2^31 records in one range of patients");
    LOTS_TRY(lots_alloc(&room, slots, sizeof *attach->slots, err));
    attach->slots = room;
    attach->mask = (uint32_t)(slots - 1);
    LOTS_TRY(lots_alloc(&room, (size_t)rows + 1, sizeof *attach->entry_of, err));
    attach->entry_of = room;
    for (uint32_t row = 0; row < rows; row++) {
        attach->entry_of[row] = NOWHERE;
        if (taken[row] && !LOTS_AT(uint8_t, &attach->parents->columns[attach->key].missing, row))
            LOTS_TRY(enter(attach, row, err));
    }
    return LOTS_OK;
}

lots_status lots_attach_open(lots_attach **out, const lots_batch *parents, uint32_t key, const uint8_t *taken,
                             lots_error *err)
{
    void *room;
    *out = NULL;
    LOTS_TRY(lots_alloc(&room, 1, sizeof **out, err));
    lots_attach *attach = room;
    *attach = (lots_attach){.parents = parents, .key = key, .entries = LOTS_VEC(attach_entry)};
    lots_status status = enter_all(attach, taken, err);
    if (status != LOTS_OK) {
        lots_attach_close(attach);
        return status;
    }
    *out = attach;
    return LOTS_OK;
}

void lots_attach_close(lots_attach *attach)
{
    if (attach == NULL)
        return;
    lots_free(attach->slots);
    lots_free(attach->entry_of);
    lots_free(attach->next);
    lots_vec_free(&attach->entries);
    lots_free(attach);
}

bool lots_attach_has(const lots_attach *attach, const lots_batch *children, uint32_t parent_key, uint32_t row)
{
    return find_entry(attach, children, parent_key, row) != NOWHERE;
}

/* ---- gathering ---- */

typedef struct gather_job {
    const lots_attach *attach;
    const lots_batch *children;
    lots_batch *out;
    const lots_map_column *map; /* NULL: the column isn't the child's */
    uint32_t column, from;      /* of the parent, of the child */
    uint32_t row;               /* of the parents */
} gather_job;

/* Chain the children of each entry in their order. */
static lots_status chain(lots_attach *attach, const lots_batch *children, uint32_t parent_key, lots_error *err)
{
    void *room;
    lots_free(attach->next);
    attach->next = NULL;
    LOTS_TRY(lots_alloc(&room, (size_t)children->rows + 1, sizeof *attach->next, err));
    attach->next = room;
    for (size_t i = 0; i < attach->entries.count; i++)
        LOTS_AT(attach_entry, &attach->entries, i).first = NOWHERE;
    for (uint32_t row = 0; row < children->rows; row++) {
        attach_entry *entry = &LOTS_AT(attach_entry, &attach->entries, find_entry(attach, children, parent_key, row));
        attach->next[row] = NOWHERE;
        if (entry->first == NOWHERE)
            entry->first = row;
        else
            attach->next[entry->last] = row;
        entry->last = row;
    }
    return LOTS_OK;
}

static uint32_t first_child(const gather_job *job)
{
    uint32_t entry = job->attach->entry_of[job->row];
    return entry == NOWHERE ? NOWHERE : LOTS_AT(attach_entry, &job->attach->entries, entry).first;
}

static bool lacks(const lots_batch_column *column, uint32_t row)
{
    return !column->list && LOTS_AT(uint8_t, &column->missing, row);
}

static lots_status put_list(const gather_job *job, const lots_batch_column *from, uint32_t row, lots_error *err)
{
    const uint32_t *offsets = from->offsets.data;
    for (uint32_t i = offsets[row]; i < offsets[row + 1]; i++)
        LOTS_TRY(lots_batch_put_item(job->out, job->column, LOTS_AT(lots_id, &from->values, i), err));
    return LOTS_OK;
}

/* A value as it is. */
static lots_status put_value(const gather_job *job, const lots_batch_column *from, uint32_t row, lots_error *err)
{
    const void *values = from->values.data;
    if (lacks(from, row))
        return LOTS_OK;
    if (from->list)
        return put_list(job, from, row, err);
    switch (from->phys) {
    case LOTS_PHYS_BITS:
        return lots_batch_put_int(job->out, job->column, ((const uint8_t *)values)[row], err);
    case LOTS_PHYS_I32:
        return lots_batch_put_int(job->out, job->column, ((const int32_t *)values)[row], err);
    case LOTS_PHYS_U32:
        return lots_batch_put_int(job->out, job->column, ((const uint32_t *)values)[row], err);
    case LOTS_PHYS_I64:
        return lots_batch_put_int(job->out, job->column, ((const int64_t *)values)[row], err);
    case LOTS_PHYS_F64:
        return lots_batch_put_float(job->out, job->column, ((const double *)values)[row], err);
    default: {
        const uint32_t *offsets = from->offsets.data;
        return lots_batch_put_text(job->out, job->column, (const char *)values + offsets[row],
                                   offsets[row + 1] - offsets[row], err);
    }
    }
}

static bool has_item(const gather_job *job, size_t first, lots_id id)
{
    const lots_vec *values = &job->out->columns[job->column].values;
    for (size_t i = first; i < values->count; i++)
        if (LOTS_AT(lots_id, values, i) == id)
            return true;
    return false;
}

static lots_status append_children(const gather_job *job, lots_error *err)
{
    const lots_batch_column *from = &job->children->columns[job->from];
    const lots_batch_column *own = &job->attach->parents->columns[job->column];
    size_t first = job->out->columns[job->column].values.count;
    LOTS_TRY(put_list(job, own, job->row, err));
    for (uint32_t child = first_child(job); child != NOWHERE; child = job->attach->next[child])
        for (uint32_t i = LOTS_AT(uint32_t, &from->offsets, child); i < LOTS_AT(uint32_t, &from->offsets, child + 1);
             i++) {
            lots_id id = LOTS_AT(lots_id, &from->values, i);
            if (!job->map->distinct || !has_item(job, first, id))
                LOTS_TRY(lots_batch_put_item(job->out, job->column, id, err));
        }
    return LOTS_OK;
}

static bool add_checked(int64_t a, int64_t b, int64_t *out)
{
    if ((b > 0 && a > INT64_MAX - b) || (b < 0 && a < INT64_MIN - b))
        return false;
    *out = a + b;
    return true;
}

static lots_status put_sum(const gather_job *job, lots_error *err)
{
    const lots_batch_column *from = &job->children->columns[job->from];
    int64_t sum = 0;
    bool any = false;
    for (uint32_t child = first_child(job); child != NOWHERE; child = job->attach->next[child]) {
        if (lacks(from, child))
            continue;
        if (!add_checked(sum, LOTS_AT(int64_t, &from->values, child), &sum))
            return lots_fail(err, LOTS_USAGE, "the sum of column '%s' over one record's children is too large",
                             job->map->name);
        any = true;
    }
    if (any)
        return lots_batch_put_int(job->out, job->column, sum, err);
    return put_value(job, &job->attach->parents->columns[job->column], job->row, err);
}

static double number_at(const lots_batch_column *column, uint32_t row, int64_t *whole)
{
    const void *values = column->values.data;
    *whole = 0;
    if (column->phys == LOTS_PHYS_F64)
        return ((const double *)values)[row];
    *whole = column->phys == LOTS_PHYS_I64   ? ((const int64_t *)values)[row]
             : column->phys == LOTS_PHYS_I32 ? ((const int32_t *)values)[row]
                                             : ((const uint8_t *)values)[row];
    return 0;
}

/* Is child `a` before `b` by value? Whole numbers exactly, floats as floats. */
static bool is_less(const lots_batch_column *column, uint32_t a, uint32_t b)
{
    int64_t a_whole, b_whole;
    double a_float = number_at(column, a, &a_whole), b_float = number_at(column, b, &b_whole);
    return column->phys == LOTS_PHYS_F64 ? a_float < b_float : a_whole < b_whole;
}

static lots_status put_chosen(const gather_job *job, lots_error *err)
{
    const lots_batch_column *from = &job->children->columns[job->from];
    uint32_t chosen = NOWHERE;
    for (uint32_t child = first_child(job); child != NOWHERE; child = job->attach->next[child]) {
        if (lacks(from, child))
            continue;
        bool better = chosen == NOWHERE || job->map->gather == LOTS_MAP_LAST ||
                      (job->map->gather == LOTS_MAP_MIN && is_less(from, child, chosen)) ||
                      (job->map->gather == LOTS_MAP_MAX && is_less(from, chosen, child));
        if (better)
            chosen = child;
    }
    if (chosen != NOWHERE)
        return put_value(job, from, chosen, err);
    return put_value(job, &job->attach->parents->columns[job->column], job->row, err);
}

static lots_status put_column(const gather_job *job, lots_error *err)
{
    if (job->map == NULL)
        return put_value(job, &job->attach->parents->columns[job->column], job->row, err);
    if (job->map->gather == LOTS_MAP_APPEND)
        return append_children(job, err);
    return job->map->gather == LOTS_MAP_SUM ? put_sum(job, err) : put_chosen(job, err);
}

/* Which of the child's columns, if any, fills a parent's. */
static const lots_map_column *filler(const lots_map_source *source, const char *name)
{
    for (uint32_t i = 0; i < source->column_count; i++)
        if (source->columns[i].gather != LOTS_MAP_ORDER && strcmp(source->columns[i].name, name) == 0)
            return &source->columns[i];
    return NULL;
}

static uint32_t column_named(const lots_batch *batch, const char *name)
{
    for (uint32_t i = 0; i < batch->column_count; i++)
        if (strcmp(batch->schema[i].name, name) == 0)
            return i;
    return NOWHERE;
}

static lots_status gather(gather_job *jobs, uint32_t columns, const lots_batch *parents, lots_batch *out,
                          lots_error *err)
{
    for (uint32_t row = 0; row < parents->rows; row++) {
        LOTS_TRY(lots_batch_row_begin(out, LOTS_AT(lots_patient, &parents->patient, row), err));
        for (uint32_t i = 0; i < columns; i++) {
            jobs[i].row = row;
            LOTS_TRY(put_column(&jobs[i], err));
        }
        LOTS_TRY(lots_batch_row_end(out, err));
    }
    return LOTS_OK;
}

lots_status lots_attach_gather(lots_attach *attach, const lots_map_source *source, const lots_batch *children,
                               lots_batch *out, lots_error *err)
{
    const lots_batch *parents = attach->parents;
    void *room;
    LOTS_TRY(chain(attach, children, column_named(children, LOTS_MAP_PARENT_KEY), err));
    LOTS_TRY(lots_alloc(&room, parents->column_count, sizeof(gather_job), err));
    gather_job *jobs = room;
    for (uint32_t i = 0; i < parents->column_count; i++) {
        const char *name = parents->schema[i].name;
        const lots_map_column *map = filler(source, name);
        jobs[i] = (gather_job){.attach = attach, .children = children, .out = out, .map = map, .column = i,
                               .from = map != NULL ? column_named(children, name) : NOWHERE};
    }
    lots_status status = lots_batch_open(out, parents->schema, parents->column_count, err);
    if (status == LOTS_OK) {
        status = gather(jobs, parents->column_count, parents, out, err);
        if (status != LOTS_OK)
            lots_batch_close(out);
    }
    lots_free(jobs);
    return status;
}
