/* classification_table.h: a shared table of codes, read in the plainest way, as the independent side of the tests of
 * classifications: whole file in memory, every cell a text, prefixes compared one after the other. */
#ifndef LOTS_TEST_CLASSIFICATION_TABLE_H
#define LOTS_TEST_CLASSIFICATION_TABLE_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/lots_test.h"

#define TABLE_COLUMNS 12

typedef struct table {
    char *text;
    char *(*rows)[TABLE_COLUMNS]; /* without the header */
    size_t row_count;
    char *header[TABLE_COLUMNS];
} table;

static inline char *read_whole(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("can't open %s", path);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = malloc((size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    fclose(file);
    text[size] = '\0';
    *bytes = (size_t)size;
    return text;
}

static inline char *cut_cells(char *at, char *cells[TABLE_COLUMNS])
{
    for (int i = 0; i < TABLE_COLUMNS; i++)
        cells[i] = at; /* cells beyond the last are overwritten or the last again */
    for (int i = 0; i < TABLE_COLUMNS; i++) {
        bool quoted = *at == '"';
        cells[i] = quoted ? ++at : at;
        while (*at != '\0' && (quoted ? *at != '"' || at[1] == '"' : *at != ',' && *at != '\n'))
            at += quoted && *at == '"' ? 2 : 1; /* a doubled quote stays doubled */
        if (quoted && *at == '"')
            *at++ = '\0';
        char end = *at;
        *at = '\0';
        at += end != '\0' ? 1 : 0;
        if (end != ',')
            break;
    }
    return at;
}

static inline table table_open(const char *path)
{
    table t = {0};
    size_t bytes = 0, lines = 1;
    t.text = read_whole(path, &bytes);
    for (size_t i = 0; i < bytes; i++)
        lines += t.text[i] == '\n';
    t.rows = malloc(lines * sizeof *t.rows);
    assert_non_null(t.rows);
    char *at = cut_cells(t.text, t.header);
    while (*at != '\0')
        at = cut_cells(at, t.rows[t.row_count++]);
    return t;
}

static inline void table_close(table *t)
{
    free(t->text);
    free(t->rows);
}

static inline int table_column(const table *t, const char *name)
{
    for (int i = 0; i < TABLE_COLUMNS; i++)
        if (strcmp(t->header[i], name) == 0)
            return i;
    fail_msg("no column %s", name);
    return -1;
}

#endif
