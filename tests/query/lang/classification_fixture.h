/* classification_fixture.h: a classification, built in or from a text, bound to a dictionary of the codes that a test
 * names. Included by test programs only; each gets its own copy. */
#ifndef LOTS_TEST_CLASSIFICATION_FIXTURE_H
#define LOTS_TEST_CLASSIFICATION_FIXTURE_H

#include <stdio.h>

#include "core/base/bytes.h"
#include "query/lang/classification.h"
#include "tests/support/lots_test.h"

typedef struct fixture {
    lots_arena arena;
    lots_dictionary *codes;
    const lots_classification *classification;
    const lots_classified *bound;
} fixture;

static inline void intern(lots_dictionary_builder *builder, const char *system, lots_code_form form, const char *code)
{
    lots_error err;
    char plain[LOTS_CODE_BYTES_MAX + 1], key[400];
    size_t bytes = 0;
    lots_id id = 0;
    assert_true(lots_code_normalise(form, code, strlen(code), plain, &bytes));
    size_t key_bytes = lots_code_key(system, plain, bytes, key, sizeof key);
    assert_ok(lots_dictionary_intern(builder, key, key_bytes, &id, &err));
}

static inline lots_id rank_of(const lots_dictionary *codes, const char *system, lots_code_form form, const char *code)
{
    char plain[LOTS_CODE_BYTES_MAX + 1], key[400];
    size_t bytes = 0;
    assert_true(lots_code_normalise(form, code, strlen(code), plain, &bytes));
    size_t key_bytes = lots_code_key(system, plain, bytes, key, sizeof key);
    lots_id rank = lots_dictionary_find(codes, key, key_bytes);
    assert_int_not_equal(rank, LOTS_NO_ID);
    return rank;
}

static inline void open_text(fixture *f, const char *text)
{
    lots_error err;
    memset(f, 0, sizeof *f);
    lots_arena_init(&f->arena, 0);
    assert_ok(lots_classification_read(text, strlen(text), "test.csv", &f->arena, &f->classification, &err));
}

static inline void open_builtin(fixture *f, const char *name)
{
    const lots_classification_text *builtin = lots_classification_builtin(name, strlen(name));
    if (builtin == NULL)
        fail_msg("no classification %s is built in", name);
    open_text(f, builtin->text);
    assert_string_equal(f->classification->name, name);
}

static inline void bind_codes(fixture *f, const char *system, lots_code_form form, const char *const *codes, size_t count)
{
    lots_error err;
    lots_dictionary_builder *builder = NULL;
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    for (size_t i = 0; i < count; i++)
        intern(builder, system, form, codes[i]);
    assert_ok(lots_dictionary_finish(builder, &f->codes, NULL, &err));
    lots_dictionary_builder_close(builder);
    assert_ok(lots_classification_bind(f->classification, f->codes, &f->arena, &f->bound, &err));
}

static inline void close_fixture(fixture *f)
{
    lots_dictionary_close(f->codes);
    lots_arena_free(&f->arena);
}

#endif
