/* expect.c: see expect.h. */
#include "tests/oracle/expect.h"

#include <stdio.h>
#include <stdlib.h>

void naive_expect(small_registry *registry, const char *text, const char *wanted)
{
    lots_arena arena;
    lots_error err;
    naive_data data;
    naive_answers answers;
    char got[4000];
    size_t used = 0;
    lots_arena_init(&arena, 0);
    naive_read_small(registry, &data, &arena);
    assert_ok(naive_query(&data, text, &arena, &answers, &err));
    const naive_table table = answers.items[answers.count - 1];
    got[0] = 0;
    for (uint32_t row = 0; row < table.rows; row++)
        for (uint32_t c = 0; c < table.column_count; c++) {
            const char *cell = table.cells[(size_t)row * table.column_count + c];
            char *end = NULL, number[40];
            if (cell != NULL && strchr(cell, '.') != NULL && (snprintf(number, sizeof number, "%.4g", strtod(cell, &end)), *end == 0))
                cell = number;
            used += (size_t)snprintf(got + used, sizeof got - used, "%s%s", cell != NULL ? cell : "-",
                                     c + 1 < table.column_count ? " " : row + 1 < table.rows ? "\n" : "");
        }
    assert_string_equal(got, wanted);
    lots_arena_free(&arena);
}
