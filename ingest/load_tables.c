/* load_tables.c: the rows of one table: those there before, those of each delivery, one for each key (and first day of
 * validity): of the latest delivery, within it the greatest content. The idea: rows carry their delivery as a last
 * column; sorted by content they stand by key, and one walk settles each key. See load_inner.h. */
#include "core/base/memory.h"
#include "ingest/load_inner.h"

typedef struct table_job {
    lots_load *load;
    const lots_table_schema *schema;
    uint32_t target;
    lots_stream stream;     /* the table's columns and `delivery` after them, as an undated stream */
    lots_batch rows, sorted;
} table_job;

/* ---- gathering ---- */

static lots_status declare_stream(table_job *job, lots_error *err)
{
    uint32_t count = job->schema->column_count;
    void *room;
    LOTS_TRY(lots_alloc(&room, (size_t)count + 1, sizeof(lots_column), err));
    job->stream = (lots_stream){.columns = room, .column_count = count + 1, .undated = true};
    memcpy(job->stream.columns, job->schema->columns, count * sizeof(lots_column));
    job->stream.columns[count] = (lots_column){.kind = LOTS_KIND_INT, .name = "delivery"};
    return lots_batch_open(&job->rows, job->stream.columns, job->stream.column_count, err);
}

/* Append rows whose columns are the first of the table's, with their deliveries. */
static lots_status append_rows(table_job *job, const lots_batch *from, const uint32_t *map, const lots_vec *origins,
                               lots_error *err)
{
    uint32_t before = job->rows.rows, last = job->schema->column_count;
    LOTS_TRY(lots_batch_append(&job->rows, from, map, err));
    lots_batch_column *deliveries = &job->rows.columns[last];
    for (uint32_t i = 0; i < from->rows; i++) {
        LOTS_AT(int64_t, &deliveries->values, before + i) =
            origins == NULL ? 0 : (int64_t)lots_origin_delivery(LOTS_AT(uint64_t, origins, i));
        LOTS_AT(uint8_t, &deliveries->missing, before + i) = 0;
    }
    return LOTS_OK;
}

static lots_status add_new(table_job *job, lots_error *err)
{
    for (size_t i = 0; i < job->load->raw.count; i++) {
        const lots_piece *piece = &LOTS_AT(lots_piece, &job->load->raw, i);
        if (piece->target == job->target && piece->batch.rows > 0)
            LOTS_TRY(append_rows(job, &piece->batch, NULL, &piece->origins, err));
    }
    return LOTS_OK;
}

/* A lent table holds ranks; batches hold stable ids. */
static lots_status restore_ids(const lots_load *load, lots_batch *batch, lots_error *err)
{
    for (uint32_t i = 0; i < batch->column_count; i++) {
        const lots_column *column = &batch->schema[i];
        const lots_dictionary *dictionary = column->kind == LOTS_KIND_CATEGORY
                                                ? lots_registry_domain(load->base, column->domain)
                                                : lots_registry_codes(load->base);
        if (batch->columns[i].phys == LOTS_PHYS_U32)
            LOTS_TRY(lots_batch_remap(batch, i, lots_dictionary_stable_of_rank(dictionary),
                                      lots_dictionary_count(dictionary), err));
    }
    return LOTS_OK;
}

static uint32_t find_column(const lots_table_schema *table, const char *name)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

static lots_status add_base_rows(table_job *job, const lots_table_schema *before, const lots_batch *rows,
                                 lots_error *err)
{
    lots_vec map = LOTS_VEC(uint32_t);
    lots_batch copy;
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; status == LOTS_OK && i < before->column_count; i++) {
        uint32_t to = find_column(job->schema, before->columns[i].name);
        status = lots_vec_push(&map, &to, err);
    }
    if (status == LOTS_OK)
        status = lots_batch_open(&copy, rows->schema, rows->column_count, err);
    if (status == LOTS_OK) {
        status = lots_batch_append(&copy, rows, NULL, err);
        copy.patient.count = 0; /* a table's rows have none */
        if (status == LOTS_OK)
            status = restore_ids(job->load, &copy, err);
        if (status == LOTS_OK)
            status = append_rows(job, &copy, map.data, NULL, err);
        lots_batch_close(&copy);
    }
    lots_vec_free(&map);
    return status;
}

static lots_status add_base(table_job *job, lots_error *err)
{
    if (job->load->base == NULL)
        return LOTS_OK;
    const lots_schema *schema = lots_registry_schema(job->load->base);
    int32_t at = lots_schema_find_table(schema, job->schema->name, strlen(job->schema->name));
    const lots_batch *rows;
    if (at < 0)
        return LOTS_OK;
    LOTS_TRY(lots_registry_table(job->load->base, (uint32_t)at, &rows, err));
    return rows->rows == 0 ? LOTS_OK : add_base_rows(job, &schema->tables[at], rows, err);
}

/* ---- settling ---- */

static bool same_value(const lots_batch_column *column, uint32_t a, uint32_t b)
{
    if (column->list || column->phys == LOTS_PHYS_TEXT) {
        const uint32_t *offsets = column->offsets.data;
        uint32_t a_count = offsets[a + 1] - offsets[a], b_count = offsets[b + 1] - offsets[b];
        const char *values = column->values.data;
        size_t size = column->values.item_size;
        if (!column->list && LOTS_AT(uint8_t, &column->missing, a) != LOTS_AT(uint8_t, &column->missing, b))
            return false;
        return a_count == b_count &&
               (a_count == 0 || memcmp(values + offsets[a] * size, values + offsets[b] * size, a_count * size) == 0);
    }
    const char *values = column->values.data;
    size_t size = column->values.item_size;
    return LOTS_AT(uint8_t, &column->missing, a) == LOTS_AT(uint8_t, &column->missing, b) &&
           memcmp(values + a * size, values + b * size, size) == 0;
}

static bool same_key(const table_job *job, uint32_t a, uint32_t b)
{
    int32_t from = job->schema->valid_from_column;
    return same_value(&job->sorted.columns[job->schema->key_column], a, b) &&
           (from < 0 || same_value(&job->sorted.columns[from], a, b));
}

static bool same_content(const table_job *job, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < job->schema->column_count; i++)
        if (!same_value(&job->sorted.columns[i], a, b))
            return false;
    return true;
}

static int64_t delivery_at(const table_job *job, uint32_t row)
{
    return LOTS_AT(int64_t, &job->sorted.columns[job->schema->column_count].values, row);
}

/* Of rows first .. end - 1, which have one key, choose one; count the others of this load. */
static uint32_t settle_key(const table_job *job, uint32_t first, uint32_t end, lots_load_counts *counts)
{
    uint32_t winner = first;
    for (uint32_t row = first + 1; row < end; row++)
        if (delivery_at(job, row) >= delivery_at(job, winner))
            winner = row;
    for (uint32_t row = first; row < end; row++) {
        if (row == winner || delivery_at(job, row) == 0)
            continue;
        counts->duplicates++;
        counts->conflicts += !same_content(job, row, winner);
    }
    return winner;
}

/* Places in the sorted rows that stay. */
static uint32_t choose_rows(const table_job *job, uint32_t *order, lots_load_counts *counts)
{
    uint32_t kept = 0, rows = job->sorted.rows;
    for (uint32_t first = 0, end; first < rows; first = end) {
        end = first + 1;
        while (job->schema->key_column >= 0 && end < rows && same_key(job, first, end))
            end++;
        order[kept++] = settle_key(job, first, end, counts);
    }
    for (uint32_t i = 0; i < kept; i++)
        counts->loaded += delivery_at(job, order[i]) > 0;
    return kept;
}

static lots_status copy_chosen(table_job *job, const uint32_t *order, uint32_t kept, lots_batch *out, lots_error *err)
{
    lots_batch chosen;
    uint32_t map[LOTS_COLUMNS_MAX + 1];
    for (uint32_t i = 0; i < job->schema->column_count; i++)
        map[i] = i;
    map[job->schema->column_count] = UINT32_MAX;
    LOTS_TRY(lots_batch_permute(&job->sorted, order, kept, &chosen, err));
    lots_status status = lots_batch_open(out, job->schema->columns, job->schema->column_count, err);
    if (status == LOTS_OK) {
        status = lots_batch_append(out, &chosen, map, err);
        if (status != LOTS_OK)
            lots_batch_close(out);
    }
    lots_batch_close(&chosen);
    return status;
}

static lots_status sort_rows(table_job *job, lots_error *err)
{
    const lots_load *load = job->load;
    const lots_dictionary *domains[LOTS_COLUMNS_MAX + 1];
    lots_load_dictionaries(load, &load->targets[job->target], domains);
    domains[job->schema->column_count] = NULL;
    const lots_order_context context = {.stream = &job->stream, .codes = load->numbering.codes, .domains = domains,
                                        .covered_until = LOTS_DAY_MAX};
    lots_settle_counts ignored;
    return lots_order_settle(&context, &job->rows, NULL, &job->sorted, &ignored, err);
}

static lots_status make_table(table_job *job, lots_batch *out, lots_error *err)
{
    void *room;
    LOTS_TRY(declare_stream(job, err));
    LOTS_TRY(add_base(job, err));
    LOTS_TRY(add_new(job, err));
    LOTS_TRY(sort_rows(job, err));
    LOTS_TRY(lots_alloc(&room, (size_t)job->sorted.rows + 1, sizeof(uint32_t), err));
    uint32_t kept = choose_rows(job, room, &job->load->tallies[0].targets[job->target]);
    lots_status status = copy_chosen(job, room, kept, out, err);
    lots_free(room);
    return status;
}

lots_status lots_load_make_table(lots_load *load, uint32_t table, lots_batch *out, lots_error *err)
{
    table_job job = {.load = load, .schema = &load->schema.tables[table],
                     .target = load->stream_count + load->child_count + table};
    lots_status status = make_table(&job, out, err);
    lots_batch_close(&job.rows);
    lots_batch_close(&job.sorted);
    lots_free(job.stream.columns);
    return status;
}
