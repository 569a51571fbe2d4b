/* table_file.c: see table_file.h. Layout:
 *
 *   0   8  magic "LOTSTBL1"
 *   8   4  rows
 *   12  4  columns
 *   16  8  length of the directory
 *   24  8  XXH3 of the directory, seeded with XXH3 (seed 0) of bytes 0..23
 *   32  .. directory: for each column text name, u8 kind, u8 scale, and for each chunk of 16,384 rows its blocks: one, for
 *          codes two (lengths, then ids). A block: u8 encoding, u8 phys, u8 width, u32 count, u32 missing, u32 bytes,
 *          u64 min, u64 max, u64 checksum (salted with segment 0, the column, and twice the chunk, plus 1 for lengths)
 *   ..  .. the blocks' bytes in the directory's order, to the end of the file */
#include "core/store/table_file.h"

#include "core/base/arena.h"
#include "core/base/hash.h"
#include "core/base/memory.h"

static const char magic[8] = {'L', 'O', 'T', 'S', 'T', 'B', 'L', '1'};
enum { HEADER_BYTES = 32, BLOCK_BYTES = 39, SLACK_BYTES = 64 };
#define CHUNK_ITEMS_MAX (1u << 24) /* ids in the lists of one chunk: bounds what a constant block can make us allocate */

static uint64_t chunk_count(uint64_t rows)
{
    return (rows + LOTS_TABLE_CHUNK_ROWS - 1) / LOTS_TABLE_CHUNK_ROWS;
}

static uint64_t block_salt(uint32_t column, uint64_t chunk, bool lengths)
{
    return lots_hash_salt(0, column, (uint32_t)(chunk * 2 + lengths));
}

/* ---- saving ---- */

typedef struct table_writer {
    lots_bytes directory, payload;
    lots_arena scratch;
} table_writer;

static lots_status put_block(table_writer *writer, const lots_values *values, bool cold, uint64_t salt,
                             lots_error *err)
{
    lots_block_options options = {.cold = cold};
    lots_block_meta meta;
    lots_bytes *out = &writer->directory;
    LOTS_TRY(lots_block_encode(values, &options, salt, &writer->payload, &meta, err));
    LOTS_TRY(lots_bytes_put8(out, meta.encoding, err));
    LOTS_TRY(lots_bytes_put8(out, meta.phys, err));
    LOTS_TRY(lots_bytes_put8(out, meta.width, err));
    LOTS_TRY(lots_bytes_put32(out, meta.count, err));
    LOTS_TRY(lots_bytes_put32(out, meta.missing, err));
    LOTS_TRY(lots_bytes_put32(out, meta.bytes, err));
    LOTS_TRY(lots_bytes_put64(out, (uint64_t)meta.min, err));
    LOTS_TRY(lots_bytes_put64(out, (uint64_t)meta.max, err));
    return lots_bytes_put64(out, meta.checksum, err);
}

/* Bytes, one a row, as a bitmap; *any tells whether one is set. */
static lots_status pack_bits(const uint8_t *rows, uint32_t count, lots_arena *scratch, uint64_t **out, bool *any,
                             lots_error *err)
{
    void *words;
    LOTS_TRY(lots_arena_alloc(scratch, &words, ((size_t)count + 63) / 64 + 1, sizeof(uint64_t), err));
    uint64_t *bits = words;
    *any = false;
    for (uint32_t i = 0; i < count; i++) {
        bits[i / 64] |= (uint64_t)(rows[i] != 0) << (i % 64);
        *any = *any || rows[i] != 0;
    }
    *out = bits;
    return LOTS_OK;
}

/* Texts of the rows, with offsets from 0 on. */
static lots_status slice_text(const lots_batch_column *column, uint32_t first, uint32_t count, lots_arena *scratch,
                              lots_values *values, lots_error *err)
{
    void *items;
    const uint32_t *from = (const uint32_t *)column->offsets.data + first;
    LOTS_TRY(lots_arena_alloc(scratch, &items, (size_t)count + 1, sizeof(uint32_t), err));
    uint32_t *offsets = items;
    for (uint32_t i = 0; i <= count; i++)
        offsets[i] = from[i] - from[0];
    values->data = offsets;
    values->text = column->values.data != NULL ? (const char *)column->values.data + from[0] : "";
    return LOTS_OK;
}

static lots_status save_plain(table_writer *writer, const lots_batch_column *column, bool cold, uint32_t first,
                              uint32_t count, uint64_t salt, lots_error *err)
{
    lots_values values = {.phys = column->phys, .count = count};
    uint64_t *bits;
    bool any;
    LOTS_TRY(pack_bits((const uint8_t *)column->missing.data + first, count, &writer->scratch, &bits, &any, err));
    values.missing = any ? bits : NULL;
    if (column->phys == LOTS_PHYS_TEXT) {
        LOTS_TRY(slice_text(column, first, count, &writer->scratch, &values, err));
    } else if (column->phys == LOTS_PHYS_BITS) {
        LOTS_TRY(pack_bits((const uint8_t *)column->values.data + first, count, &writer->scratch, &bits, &any, err));
        values.data = bits;
    } else {
        values.data = (const uint8_t *)column->values.data + (size_t)first * column->values.item_size;
    }
    return put_block(writer, &values, cold, salt, err);
}

static lots_status save_list(table_writer *writer, const lots_batch_column *column, bool cold, uint32_t index,
                             uint64_t chunk, uint32_t count, lots_error *err)
{
    void *items;
    const uint32_t *offsets = (const uint32_t *)column->offsets.data + chunk * LOTS_TABLE_CHUNK_ROWS;
    LOTS_TRY(lots_arena_alloc(&writer->scratch, &items, count, sizeof(uint32_t), err));
    uint32_t *lengths = items;
    for (uint32_t i = 0; i < count; i++)
        lengths[i] = offsets[i + 1] - offsets[i];
    if (offsets[count] - offsets[0] > CHUNK_ITEMS_MAX)
        return lots_fail(err, LOTS_LIMIT, "a table has more than %u codes in %u rows", CHUNK_ITEMS_MAX, count);
    lots_values values = {.phys = LOTS_PHYS_U32, .count = count, .data = lengths};
    LOTS_TRY(put_block(writer, &values, cold, block_salt(index, chunk, true), err));
    values.count = offsets[count] - offsets[0];
    values.data = values.count > 0 ? (const void *)((const uint32_t *)column->values.data + offsets[0]) : lengths;
    return put_block(writer, &values, cold, block_salt(index, chunk, false), err);
}

static lots_status save_column(table_writer *writer, const lots_column *schema, const lots_batch *batch,
                               uint32_t index, lots_error *err)
{
    const lots_batch_column *column = &batch->columns[index];
    LOTS_TRY(lots_bytes_put_text(&writer->directory, schema->name, strlen(schema->name), err));
    LOTS_TRY(lots_bytes_put8(&writer->directory, (uint8_t)schema->kind, err));
    LOTS_TRY(lots_bytes_put8(&writer->directory, schema->scale, err));
    for (uint64_t chunk = 0; chunk < chunk_count(batch->rows); chunk++) {
        uint32_t first = (uint32_t)chunk * LOTS_TABLE_CHUNK_ROWS;
        uint32_t left = batch->rows - first;
        uint32_t count = left < LOTS_TABLE_CHUNK_ROWS ? left : LOTS_TABLE_CHUNK_ROWS;
        lots_arena_reset(&writer->scratch);
        if (column->list)
            LOTS_TRY(save_list(writer, column, schema->cold, index, chunk, count, err));
        else
            LOTS_TRY(save_plain(writer, column, schema->cold, first, count, block_salt(index, chunk, false), err));
    }
    return LOTS_OK;
}

static lots_status put_header(const lots_batch *batch, const lots_bytes *directory, lots_bytes *out, lots_error *err)
{
    uint8_t header[HEADER_BYTES];
    memcpy(header, magic, sizeof magic);
    lots_put32(header + 8, batch->rows);
    lots_put32(header + 12, batch->column_count);
    lots_put64(header + 16, directory->count);
    lots_put64(header + 24, lots_hash(directory->data, directory->count, lots_hash(header, 24, 0)));
    return lots_bytes_append(out, header, HEADER_BYTES, err);
}

static lots_status save_with(table_writer *writer, const lots_table_schema *schema, const lots_batch *batch,
                             lots_bytes *out, lots_error *err)
{
    for (uint32_t i = 0; i < batch->column_count; i++)
        LOTS_TRY(save_column(writer, &schema->columns[i], batch, i, err));
    LOTS_TRY(put_header(batch, &writer->directory, out, err));
    LOTS_TRY(lots_bytes_append(out, writer->directory.data, writer->directory.count, err));
    return lots_bytes_append(out, writer->payload.data, writer->payload.count, err);
}

lots_status lots_table_save(const lots_table_schema *schema, const lots_batch *batch, lots_bytes *out,
                            lots_error *err)
{
    table_writer writer = {0};
    if (batch->column_count != schema->column_count)
        return lots_fail(err, LOTS_INTERNAL, "table '%s': %u columns of data, %u declared", schema->name,
                         batch->column_count, schema->column_count);
    for (uint32_t i = 0; i < schema->column_count; i++)
        if (batch->columns[i].phys != lots_kind_phys(schema->columns[i].kind) ||
            batch->columns[i].list != (schema->columns[i].kind == LOTS_KIND_CODES))
            return lots_fail(err, LOTS_INTERNAL, "table '%s': the data of column '%s' are not of its kind",
                             schema->name, schema->columns[i].name);
    lots_arena_init(&writer.scratch, 0);
    lots_status status = save_with(&writer, schema, batch, out, err);
    lots_arena_free(&writer.scratch);
    lots_bytes_free(&writer.directory);
    lots_bytes_free(&writer.payload);
    return status;
}

/* ---- loading ---- */

/* A column of the file, found in the directory. */
typedef struct file_column {
    char name[LOTS_NAME_MAX + 1];
    uint8_t kind, scale;
    lots_block_meta *metas;   /* chunks, for codes twice that */
    const uint8_t **payloads; /* beside them */
} file_column;

typedef struct table_reader {
    const lots_table_schema *schema;
    uint32_t rows, column_count;
    uint64_t chunks;
    file_column *columns;
    lots_arena arena;   /* what the directory says */
    lots_arena scratch; /* one chunk */
    uint64_t blocks;
} table_reader;

static lots_status fail_table(const table_reader *reader, lots_error *err, const char *what)
{
    return lots_fail(err, LOTS_CORRUPT, "table '%s': %s", reader->schema->name, what);
}

static bool read_block_meta(lots_reader *in, lots_block_meta *meta)
{
    uint64_t min, max;
    bool good = lots_read8(in, &meta->encoding) && lots_read8(in, &meta->phys) && lots_read8(in, &meta->width) &&
                lots_read32(in, &meta->count) && lots_read32(in, &meta->missing) && lots_read32(in, &meta->bytes) &&
                lots_read64(in, &min) && lots_read64(in, &max) && lots_read64(in, &meta->checksum);
    if (good) {
        meta->min = (int64_t)min;
        meta->max = (int64_t)max;
    }
    return good;
}

static uint32_t rows_of(const table_reader *reader, uint64_t chunk)
{
    uint64_t left = reader->rows - chunk * LOTS_TABLE_CHUNK_ROWS;
    return left < LOTS_TABLE_CHUNK_ROWS ? (uint32_t)left : LOTS_TABLE_CHUNK_ROWS;
}

/* How many blocks a column has. */
static uint64_t blocks_of(const table_reader *reader, const file_column *column)
{
    return column->kind == LOTS_KIND_CODES ? reader->chunks * 2 : reader->chunks;
}

/* The count of a block is what its chunk says; ids of a list have as many as fit the payload's decoding, checked against
 * the lengths when they are read. */
static lots_status check_meta(const table_reader *reader, const file_column *column, uint64_t block, lots_error *err)
{
    const lots_block_meta *meta = &column->metas[block];
    bool list = column->kind == LOTS_KIND_CODES;
    uint64_t chunk = list ? block / 2 : block;
    bool ids = list && block % 2 == 1;
    lots_phys phys = list ? LOTS_PHYS_U32 : lots_kind_phys((lots_kind)column->kind);
    if (meta->phys != (uint8_t)phys || (!ids && meta->count != rows_of(reader, chunk)) ||
        meta->missing > meta->count || (list && meta->missing != 0) || (ids && meta->count > CHUNK_ITEMS_MAX))
        return fail_table(reader, err, "a block is not what its column needs");
    return LOTS_OK;
}

static lots_status read_column(table_reader *reader, lots_reader *in, file_column *column, lots_error *err)
{
    const char *name;
    size_t name_bytes;
    void *items;
    if (!lots_read_text(in, &name, &name_bytes) || name_bytes > LOTS_NAME_MAX || !lots_read8(in, &column->kind) ||
        !lots_read8(in, &column->scale) || column->kind >= LOTS_KIND_COUNT)
        return fail_table(reader, err, "the directory does not name its columns");
    memcpy(column->name, name, name_bytes);
    uint64_t count = blocks_of(reader, column);
    if (count > (size_t)(in->end - in->at) / BLOCK_BYTES)
        return fail_table(reader, err, "the directory ends early");
    LOTS_TRY(lots_arena_alloc(&reader->arena, &items, (size_t)count, sizeof(lots_block_meta), err));
    column->metas = items;
    LOTS_TRY(lots_arena_alloc(&reader->arena, &items, (size_t)count, sizeof(uint8_t *), err));
    column->payloads = items;
    for (uint64_t i = 0; i < count; i++) {
        if (!read_block_meta(in, &column->metas[i]))
            return fail_table(reader, err, "the directory ends early");
        LOTS_TRY(check_meta(reader, column, i, err));
    }
    return LOTS_OK;
}

/* Give every block its bytes, which lie one after the other to the end. */
static lots_status place_payloads(table_reader *reader, lots_reader *in, lots_error *err)
{
    for (uint32_t i = 0; i < reader->column_count; i++) {
        file_column *column = &reader->columns[i];
        for (uint64_t j = 0; j < blocks_of(reader, column); j++)
            if (!lots_read_slice(in, column->metas[j].bytes, &column->payloads[j]))
                return fail_table(reader, err, "the file ends early");
    }
    return in->at == in->end ? LOTS_OK : fail_table(reader, err, "the file goes on after its blocks");
}

static lots_status read_directory(table_reader *reader, const uint8_t *bytes, size_t count, lots_error *err)
{
    void *items;
    if (count < HEADER_BYTES || memcmp(bytes, magic, sizeof magic) != 0)
        return fail_table(reader, err, "the file does not begin as a table");
    uint64_t directory_bytes = lots_get64(bytes + 16);
    if (directory_bytes > count - HEADER_BYTES)
        return fail_table(reader, err, "the file ends within its directory");
    const uint8_t *directory = bytes + HEADER_BYTES;
    if (lots_get64(bytes + 24) != lots_hash(directory, (size_t)directory_bytes, lots_hash(bytes, 24, 0)))
        return fail_table(reader, err, "the checksum of the directory does not fit");
    reader->rows = lots_get32(bytes + 8);
    reader->column_count = lots_get32(bytes + 12);
    reader->chunks = chunk_count(reader->rows);
    if (reader->column_count == 0 || reader->column_count > LOTS_COLUMNS_MAX)
        return fail_table(reader, err, "the number of columns can't be right");
    LOTS_TRY(lots_arena_alloc(&reader->arena, &items, reader->column_count, sizeof(file_column), err));
    reader->columns = items;
    lots_reader in = lots_reader_over(directory, (size_t)directory_bytes);
    for (uint32_t i = 0; i < reader->column_count; i++)
        LOTS_TRY(read_column(reader, &in, &reader->columns[i], err));
    if (in.at != in.end)
        return fail_table(reader, err, "the directory goes on after its columns");
    lots_reader rest = lots_reader_over(directory + directory_bytes, count - HEADER_BYTES - (size_t)directory_bytes);
    return place_payloads(reader, &rest, err);
}

/* The decoded values of one column in one chunk. */
typedef struct chunk_values {
    const file_column *from; /* NULL: the file lacks the column */
    uint32_t index;          /* in the file */
    lots_values_out out;
    const uint32_t *lengths; /* lists */
    uint32_t item;           /* lists: the next to be put */
} chunk_values;

static size_t value_bytes(lots_phys phys)
{
    return phys == LOTS_PHYS_I64 || phys == LOTS_PHYS_F64 ? 8 : 4;
}

static lots_status decode_block(table_reader *reader, const lots_block_meta *meta, const uint8_t *payload,
                                uint64_t salt, lots_values_out *out, lots_error *err)
{
    void *data, *missing;
    size_t words = ((size_t)meta->count + 63) / 64;
    size_t bytes = meta->phys == LOTS_PHYS_BITS ? words * 8 : ((size_t)meta->count + 1) * value_bytes(meta->phys);
    LOTS_TRY(lots_block_verify(meta, payload, salt, err));
    LOTS_TRY(lots_arena_vector(&reader->scratch, &data, bytes + SLACK_BYTES, 1, err));
    LOTS_TRY(lots_arena_alloc(&reader->scratch, &missing, words * 8 + SLACK_BYTES, 1, err));
    *out = (lots_values_out){.data = data, .missing = missing};
    reader->blocks++;
    return lots_block_decode(meta, payload, out, &reader->scratch, err);
}

static lots_status decode_list(table_reader *reader, chunk_values *values, uint64_t chunk, lots_error *err)
{
    const file_column *from = values->from;
    const lots_block_meta *lengths = &from->metas[chunk * 2], *ids = &from->metas[chunk * 2 + 1];
    uint64_t total = 0;
    LOTS_TRY(decode_block(reader, lengths, from->payloads[chunk * 2], block_salt(values->index, chunk, true),
                          &values->out, err));
    values->lengths = values->out.data;
    for (uint32_t i = 0; i < lengths->count; i++)
        total += values->lengths[i];
    if (total != ids->count)
        return fail_table(reader, err, "lists are longer or shorter than their ids");
    values->item = 0;
    return decode_block(reader, ids, from->payloads[chunk * 2 + 1], block_salt(values->index, chunk, false),
                        &values->out, err);
}

static lots_status decode_chunk(table_reader *reader, chunk_values *values, uint64_t chunk, lots_error *err)
{
    for (uint32_t i = 0; i < reader->schema->column_count; i++) {
        const file_column *from = values[i].from;
        lots_status status = LOTS_OK;
        if (from != NULL && from->kind == LOTS_KIND_CODES)
            status = decode_list(reader, &values[i], chunk, err);
        else if (from != NULL)
            status = decode_block(reader, &from->metas[chunk], from->payloads[chunk],
                                  block_salt(values[i].index, chunk, false), &values[i].out, err);
        if (status != LOTS_OK) {
            lots_error_context(err, "table '%s', column '%s'", reader->schema->name, from->name);
            return status;
        }
    }
    return LOTS_OK;
}

static bool bit(const uint64_t *words, uint32_t index)
{
    return (words[index / 64] >> (index % 64) & 1) != 0;
}

static lots_status put_value(lots_batch *out, uint32_t column, chunk_values *values, const lots_block_meta *meta,
                             uint32_t row, lots_error *err)
{
    const void *data = values->out.data;
    if (values->lengths != NULL) {
        for (uint32_t end = values->item + values->lengths[row]; values->item < end; values->item++)
            LOTS_TRY(lots_batch_put_item(out, column, ((const uint32_t *)data)[values->item], err));
        return LOTS_OK;
    }
    if (meta->missing > 0 && bit(values->out.missing, row))
        return LOTS_OK;
    switch ((lots_phys)meta->phys) {
    case LOTS_PHYS_BITS:
        return lots_batch_put_int(out, column, bit(data, row), err);
    case LOTS_PHYS_I32:
        return lots_batch_put_int(out, column, ((const int32_t *)data)[row], err);
    case LOTS_PHYS_U32:
        return lots_batch_put_int(out, column, ((const uint32_t *)data)[row], err);
    case LOTS_PHYS_I64:
        return lots_batch_put_int(out, column, ((const int64_t *)data)[row], err);
    case LOTS_PHYS_F64:
        return lots_batch_put_float(out, column, ((const double *)data)[row], err);
    case LOTS_PHYS_TEXT: {
        const uint32_t *offsets = data;
        return lots_batch_put_text(out, column, values->out.text + offsets[row], offsets[row + 1] - offsets[row], err);
    }
    case LOTS_PHYS_COUNT:
        break;
    }
    return LOTS_OK;
}

static lots_status append_chunk(table_reader *reader, chunk_values *values, uint64_t chunk, lots_batch *out,
                                lots_error *err)
{
    for (uint32_t row = 0; row < rows_of(reader, chunk); row++) {
        LOTS_TRY(lots_batch_row_begin(out, 0, err));
        for (uint32_t i = 0; i < reader->schema->column_count; i++)
            if (values[i].from != NULL)
                LOTS_TRY(put_value(out, i, &values[i],
                                   values[i].lengths != NULL ? NULL : &values[i].from->metas[chunk], row, err));
        LOTS_TRY(lots_batch_row_end(out, err));
    }
    return LOTS_OK;
}

/* A value that no batch takes (a day out of range, a number that is none) is the file's fault. */
static lots_status blame_file(const table_reader *reader, lots_status status, lots_error *err)
{
    if (status == LOTS_OK || status == LOTS_MEMORY || status == LOTS_CORRUPT)
        return status;
    if (err != NULL)
        err->status = LOTS_CORRUPT;
    lots_error_context(err, "table '%s'", reader->schema->name);
    return LOTS_CORRUPT;
}

/* The columns of the schema in the file. */
static lots_status match_columns(table_reader *reader, chunk_values *values, lots_error *err)
{
    for (uint32_t i = 0; i < reader->schema->column_count; i++) {
        const lots_column *column = &reader->schema->columns[i];
        for (uint32_t j = 0; j < reader->column_count; j++) {
            const file_column *from = &reader->columns[j];
            if (strcmp(from->name, column->name) != 0)
                continue;
            if (from->kind != (uint8_t)column->kind || from->scale != column->scale)
                return fail_table(reader, err, "a column is of another kind than the schema says");
            values[i] = (chunk_values){.from = from, .index = j};
        }
    }
    return LOTS_OK;
}

static lots_status load_with(table_reader *reader, const uint8_t *bytes, size_t count, lots_batch *out,
                             lots_error *err)
{
    void *items;
    LOTS_TRY(read_directory(reader, bytes, count, err));
    LOTS_TRY(lots_arena_alloc(&reader->arena, &items, reader->schema->column_count, sizeof(chunk_values), err));
    chunk_values *values = items;
    LOTS_TRY(match_columns(reader, values, err));
    for (uint64_t chunk = 0; chunk < reader->chunks; chunk++) {
        lots_arena_reset(&reader->scratch);
        LOTS_TRY(decode_chunk(reader, values, chunk, err));
        LOTS_TRY(blame_file(reader, append_chunk(reader, values, chunk, out, err), err));
    }
    return LOTS_OK;
}

lots_status lots_table_load(const uint8_t *bytes, size_t count, const lots_table_schema *schema, lots_batch *out,
                            uint64_t *blocks, lots_error *err)
{
    table_reader reader = {.schema = schema};
    LOTS_TRY(lots_batch_open(out, schema->columns, schema->column_count, err));
    lots_arena_init(&reader.arena, 0);
    lots_arena_init(&reader.scratch, 0);
    lots_status status = load_with(&reader, bytes, count, out, err);
    lots_arena_free(&reader.arena);
    lots_arena_free(&reader.scratch);
    if (blocks != NULL)
        *blocks = reader.blocks;
    if (status != LOTS_OK)
        lots_batch_close(out);
    return status;
}
