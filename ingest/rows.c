/* rows.c: see rows.h. */
#include "ingest/rows.h"

#include <stdio.h>

#include "core/base/memory.h"
#include "core/base/vec.h"
#include "ingest/sqlite_source.h"

struct lots_rows {
    lots_source *source; /* of a text */
    lots_csv_reader *csv;
    lots_sqlite_source *sqlite;
    uint64_t bytes;      /* of an SQLite file: known as read when it is opened */
};

struct lots_rows_block {
    lots_csv_block *csv;
    lots_sqlite_block *sqlite;
};

static lots_status open_text(lots_rows *rows, const char *path, const lots_map_source *source, lots_error *err)
{
    lots_csv_options options = {.separator = source->separator, .quotes_are_text = source->quotes_are_text,
                                .no_header = source->no_header};
    LOTS_TRY(lots_source_open(&rows->source, path, source->charset, err));
    return lots_csv_open(&rows->csv, rows->source, &options, err);
}

lots_status lots_rows_open(lots_rows **out, const char *path, const lots_map_source *source, lots_error *err)
{
    void *room;
    *out = NULL;
    LOTS_TRY(lots_alloc(&room, 1, sizeof **out, err));
    lots_rows *rows = room;
    bool database = source->table != NULL || source->query != NULL;
    lots_status status;
    if (database)
        status = lots_sqlite_open(&rows->sqlite, path, source->table, source->query, err);
    else if (lots_sqlite_is(path))
        status = lots_fail(err, LOTS_USAGE, "'%s' is an SQLite file: say which table of it in [%s]", path,
                           source->section);
    else
        status = open_text(rows, path, source, err);
    if (status != LOTS_OK) {
        lots_rows_close(rows);
        return status;
    }
    *out = rows;
    return LOTS_OK;
}

void lots_rows_close(lots_rows *rows)
{
    if (rows == NULL)
        return;
    lots_csv_close(rows->csv);
    lots_source_close(rows->source);
    lots_sqlite_close(rows->sqlite);
    lots_free(rows);
}

uint32_t lots_rows_column_count(const lots_rows *rows)
{
    return rows->csv != NULL ? lots_csv_column_count(rows->csv) : lots_sqlite_column_count(rows->sqlite);
}

const char *lots_rows_column_name(const lots_rows *rows, uint32_t column)
{
    return rows->csv != NULL ? lots_csv_column_name(rows->csv, column) : lots_sqlite_column_name(rows->sqlite, column);
}

char lots_rows_separator(const lots_rows *rows, bool *found)
{
    *found = rows->csv != NULL && lots_csv_separator_found(rows->csv);
    return rows->csv != NULL ? lots_csv_separator(rows->csv) : 0;
}

bool lots_rows_hash(const lots_rows *rows, uint64_t *hash)
{
    return rows->source != NULL && lots_source_hash(rows->source, hash);
}

uint64_t lots_rows_bytes_read(const lots_rows *rows)
{
    return rows->source != NULL ? lots_source_bytes_read(rows->source) : 0;
}

/* ---- blocks ---- */

lots_status lots_rows_block_open(lots_rows_block **out, lots_rows *rows, lots_error *err)
{
    void *room;
    *out = NULL;
    LOTS_TRY(lots_alloc(&room, 1, sizeof **out, err));
    lots_rows_block *block = room;
    lots_status status = rows->csv != NULL ? lots_csv_block_open(&block->csv, rows->csv, err)
                                           : lots_sqlite_block_open(&block->sqlite, rows->sqlite, err);
    if (status != LOTS_OK) {
        lots_free(block);
        return status;
    }
    *out = block;
    return LOTS_OK;
}

void lots_rows_block_close(lots_rows_block *block)
{
    if (block == NULL)
        return;
    lots_csv_block_close(block->csv);
    lots_sqlite_block_close(block->sqlite);
    lots_free(block);
}

lots_status lots_rows_fill(lots_rows *rows, lots_rows_block *block, bool *more, lots_error *err)
{
    return rows->csv != NULL ? lots_csv_fill(rows->csv, block->csv, more, err)
                             : lots_sqlite_fill(rows->sqlite, block->sqlite, more, err);
}

bool lots_rows_next(lots_rows_block *block, lots_csv_field *fields, lots_csv_record *record)
{
    return block->csv != NULL ? lots_csv_block_next(block->csv, fields, record)
                              : lots_sqlite_block_next(block->sqlite, fields, record);
}

/* ---- names ---- */

static char fold(char letter) { return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter; }

static bool same_folded(const char *a, const char *b)
{
    while (*a != '\0' && fold(*a) == fold(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

/* Exactly so first, then whatever the case. */
static lots_status find_name(const lots_rows *rows, const char *name, uint32_t *out, lots_error *err)
{
    uint32_t count = lots_rows_column_count(rows), exact = 0, folded = 0, last = UINT32_MAX;
    *out = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const char *column = lots_rows_column_name(rows, i);
        if (strcmp(column, name) == 0) {
            *out = i;
            exact++;
        } else if (same_folded(column, name)) {
            last = i;
            folded++;
        }
    }
    if (exact == 0)
        *out = last;
    if (exact > 1 || (exact == 0 && folded > 1))
        return lots_fail(err, LOTS_USAGE, "the file has two columns '%s'", name);
    return LOTS_OK;
}

static lots_status push_found(lots_vec *out, uint32_t column, lots_error *err)
{
    return column == UINT32_MAX ? LOTS_OK : lots_vec_push(out, &column, err);
}

static lots_status find_family(const lots_rows *rows, const lots_map_pick *pick, lots_vec *out, lots_error *err)
{
    for (uint32_t number = pick->first; number <= pick->last; number++) {
        char name[80];
        uint32_t column;
        snprintf(name, sizeof name, "%s%u", pick->name, number);
        LOTS_TRY(find_name(rows, name, &column, err));
        LOTS_TRY(push_found(out, column, err));
    }
    return LOTS_OK;
}

static lots_status find_pattern(const lots_rows *rows, const lots_map_pick *pick, lots_vec *out, lots_error *err)
{
    for (uint32_t i = 0; i < lots_rows_column_count(rows); i++)
        if (regexec(&pick->pattern->compiled, lots_rows_column_name(rows, i), 0, NULL, 0) == 0)
            LOTS_TRY(lots_vec_push(out, &i, err));
    return LOTS_OK;
}

lots_status lots_rows_find(const lots_rows *rows, const lots_map_term *term, lots_vec *out, lots_error *err)
{
    size_t before = out->count;
    for (uint32_t i = 0; i < term->pick_count && out->count == before; i++) {
        const lots_map_pick *pick = &term->picks[i];
        uint32_t column = LOTS_ROWS_FILE_NAME;
        if (pick->pattern != NULL) {
            LOTS_TRY(find_pattern(rows, pick, out, err));
        } else if (pick->numbered) {
            LOTS_TRY(find_family(rows, pick, out, err));
        } else {
            if (strcmp(pick->name, "@file") != 0)
                LOTS_TRY(find_name(rows, pick->name, &column, err));
            LOTS_TRY(push_found(out, column, err));
        }
    }
    return LOTS_OK;
}
