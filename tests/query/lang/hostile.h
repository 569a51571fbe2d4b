/* hostile.h: what tests of harmful texts share: long texts of repeated parts, a parse that is printed and walked, and a thread
 * whose stack is small. Included by test programs only; each gets its own copy. */
#ifndef LOTS_HOSTILE_H
#define LOTS_HOSTILE_H

#include <pthread.h>
#include <stdlib.h>

#include "query/lang/ast_print.h"
#include "query/lang/parse.h"
#include "tests/support/lots_test.h"

/* `head`, `count` times `part`, `tail`. */
static inline char *repeat(const char *head, const char *part, size_t count, const char *tail)
{
    size_t part_bytes = strlen(part), head_bytes = strlen(head);
    char *text = malloc(head_bytes + part_bytes * count + strlen(tail) + 1);
    if (text == NULL)
        abort();
    memcpy(text, head, head_bytes);
    for (size_t i = 0; i < count; i++)
        memcpy(text + head_bytes + i * part_bytes, part, part_bytes);
    memcpy(text + head_bytes + part_bytes * count, tail, strlen(tail) + 1);
    return text;
}

/* Parse; what parses is printed and walked, as deep as it is. */
static inline lots_status parse_and_print(const char *text, size_t bytes, uint32_t depth, size_t limit, lots_error *err)
{
    lots_parse_options options = {0, depth};
    lots_bytes printed = {NULL, 0, 0};
    lots_arena arena;
    lots_ast_file *file;
    lots_arena_init(&arena, limit);
    lots_error_clear(err);
    lots_status status = lots_parse(text, bytes, &options, &arena, &file, err);
    if (status == LOTS_OK)
        status = lots_ast_print(file, &printed, NULL);
    lots_bytes_free(&printed);
    lots_arena_free(&arena);
    return status;
}

/* The thread sanitizer keeps its own state, most of a megabyte, on every thread's stack; the address sanitizer's frames are some
 * times larger. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SMALL_STACK_BYTES ((size_t)2 << 20)
#else
#define SMALL_STACK_BYTES ((size_t)512 << 10)
#endif

/* Run on a thread with a stack of 512 KB. */
static inline void run_on_small_stack(void *(*run)(void *), void *argument)
{
    pthread_attr_t attributes;
    pthread_t thread;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, SMALL_STACK_BYTES), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run, argument), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
}

#endif
