/* fuzz_query.c: any bytes as a query. A text either parses or fails with a place inside it; what parses prints to a text
 * that parses to the same tree and prints the same; every error can be drawn. Built by clang with -fsanitize=fuzzer, or
 * with -DLOTS_FUZZ_MAIN as a program that replays the files named on its command line. */
#include "query/lang/caret.h"
#include "query/lang/parse.h"
#include "tests/query/lang/ast_dump.h"

static void check_error(const char *text, size_t bytes, const lots_error *err)
{
    lots_bytes drawn = {NULL, 0, 0};
    dump_check(err->status == LOTS_QUERY || err->status == LOTS_LIMIT);
    dump_check(err->text[0] != '\0');
    dump_check(err->status != LOTS_QUERY || (err->at <= err->at_end && err->at_end <= bytes));
    dump_check(lots_caret_format(text, bytes, "fuzz", err, &drawn, NULL) == LOTS_OK);
    lots_bytes_free(&drawn);
}

static void check_round_trip(const lots_ast_file *file, size_t bytes, lots_arena *arena)
{
    lots_bytes first = {NULL, 0, 0}, second = {NULL, 0, 0}, dump = {NULL, 0, 0}, again = {NULL, 0, 0};
    lots_ast_file *copy;
    dump_file(file, bytes, &dump);
    dump_check(lots_ast_print(file, &first, NULL) == LOTS_OK);
    dump_check(lots_parse((const char *)first.data, first.count, NULL, arena, &copy, NULL) == LOTS_OK);
    dump_file(copy, first.count, &again);
    dump_check(lots_ast_print(copy, &second, NULL) == LOTS_OK);
    dump_check(first.count == second.count && (first.count == 0 || memcmp(first.data, second.data, first.count) == 0));
    dump_check(dump.count == again.count && (dump.count == 0 || memcmp(dump.data, again.data, dump.count) == 0));
    lots_bytes_free(&first);
    lots_bytes_free(&second);
    lots_bytes_free(&dump);
    lots_bytes_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lots_arena arena;
    lots_ast_file *file;
    lots_error err;
    lots_arena_init(&arena, (size_t)64 << 20);
    lots_error_clear(&err);
    if (lots_parse((const char *)data, size, NULL, &arena, &file, &err) == LOTS_OK)
        check_round_trip(file, size, &arena);
    else
        check_error((const char *)data, size, &err);
    lots_arena_free(&arena);
    return 0;
}

#ifdef LOTS_FUZZ_MAIN
#include <stdio.h>

int main(int count, char **paths)
{
    static uint8_t data[1 << 20];
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(paths[i], "rb");
        if (file == NULL) {
            perror(paths[i]);
            return 1;
        }
        size_t bytes = fread(data, 1, sizeof data, file);
        (void)fclose(file);
        (void)LLVMFuzzerTestOneInput(data, bytes);
    }
    return 0;
}
#endif
