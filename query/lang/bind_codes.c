/* bind_codes.c: code sets and category words as constant sets of ranks. See bind_internal.h; the meaning of a code set is
 * LANGUAGE.md's section 7. */
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/lang/bind_internal.h"
#include "query/lang/suggest.h"

/* ---- sets of ranks ---- */

static int by_rank(const void *a, const void *c)
{
    lots_id x = ((const lots_ranks *)a)->first, y = ((const lots_ranks *)c)->first;
    return x < y ? -1 : x > y;
}

/* Sort and join what touches. */
static uint32_t normalise(lots_ranks *ranges, uint32_t count)
{
    uint32_t kept = 0;
    if (count > 1)
        qsort(ranges, count, sizeof *ranges, by_rank);
    for (uint32_t i = 0; i < count; i++) {
        if (ranges[i].first >= ranges[i].end)
            continue;
        if (kept > 0 && ranges[i].first <= ranges[kept - 1].end) {
            if (ranges[i].end > ranges[kept - 1].end)
                ranges[kept - 1].end = ranges[i].end;
        } else {
            ranges[kept++] = ranges[i];
        }
    }
    return kept;
}

/* in without out; both normalised. `to` has room for in_count + out_count. */
static uint32_t subtract(const lots_ranks *in, uint32_t in_count, const lots_ranks *out, uint32_t out_count, lots_ranks *to)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < in_count; i++) {
        lots_id at = in[i].first;
        for (uint32_t j = 0; j < out_count && at < in[i].end; j++) {
            if (out[j].end <= at || out[j].first >= in[i].end)
                continue;
            if (out[j].first > at)
                to[kept++] = (lots_ranks){at, out[j].first};
            at = out[j].end;
        }
        if (at < in[i].end)
            to[kept++] = (lots_ranks){at, in[i].end};
    }
    return kept;
}

static lots_status rank_test(binder *b, lots_expr *x, lots_ranks *ranges, uint32_t count, const char *text,
                             lots_ast_span span, lots_expr **out)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(lots_rank_set), b->err));
    lots_rank_set *set = made;
    set->ranges = ranges;
    set->range_count = count;
    set->text = text;
    for (uint32_t i = 0; i < count; i++)
        set->ranks += ranges[i].end - ranges[i].first;
    LOTS_TRY(bind_expr(b, LOTS_OP_IN_RANKS, bind_type(LOTS_TYPE_BOOL), span, &x, 1, out));
    (*out)->ranks = set;
    return LOTS_OK;
}

lots_status bind_rank_test(binder *b, lots_expr *x, lots_id *ranks, uint32_t count, lots_ast_span span, lots_expr **out)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, count, sizeof(lots_ranks), b->err));
    lots_ranks *ranges = made;
    for (uint32_t i = 0; i < count; i++)
        ranges[i] = (lots_ranks){ranks[i], ranks[i] + 1};
    return rank_test(b, x, ranges, normalise(ranges, count), "", span, out);
}

/* ---- words ---- */

static void list_words(binder *b, const lots_dictionary *dictionary)
{
    char words[300] = "";
    size_t used = 0;
    uint32_t count = lots_dictionary_count(dictionary);
    for (uint32_t i = 0; i < count; i++) {
        size_t bytes = 0;
        const char *key = lots_dictionary_key(dictionary, i, &bytes);
        if (used + bytes + 3 > sizeof words)
            return;
        if (i > 0)
            words[used++] = ' ';
        memcpy(words + used, key, bytes);
        used += bytes;
    }
    words[used] = '\0';
    if (count > 0)
        lots_error_hint(b->err, "it has: %s", words);
}

lots_status bind_category_word(binder *b, const lots_type *category, const char *text, uint32_t bytes,
                               lots_ast_span span, lots_expr **out)
{
    const lots_dictionary *dictionary = category->dictionary;
    lots_id rank = dictionary == NULL ? LOTS_NO_ID : lots_dictionary_find(dictionary, text, bytes);
    if (rank != LOTS_NO_ID) {
        lots_type type = *category;
        type.kind = LOTS_TYPE_CATEGORY;
        lots_constant constant = {.i = rank};
        return bind_constant(b, type, constant, span, out);
    }
    lots_status status = lots_ast_fail(b->err, span, "'%.*s' is no value of category '%s'", (int)bytes, text,
                                       category->domain != NULL ? category->domain : "?");
    if (dictionary == NULL)
        return status;
    lots_ranks all = {0, lots_dictionary_count(dictionary)};
    lots_id near = lots_dictionary_nearest(dictionary, all, text, bytes);
    if (near != LOTS_NO_ID) {
        size_t near_bytes = 0;
        const char *key = lots_dictionary_key(dictionary, near, &near_bytes);
        lots_error_hint(b->err, "did you mean `%.*s`?", (int)near_bytes, key);
    } else if (lots_dictionary_count(dictionary) <= 24) {
        list_words(b, dictionary);
    }
    return status;
}

/* ---- codes ---- */

static lots_code_form form_of(binder *b, const char *system)
{
    int32_t index = system == NULL ? -1 : lots_schema_find_system(b->schema, system, strlen(system));
    return index < 0 ? LOTS_CODE_PLAIN : b->schema->systems[index].form;
}

lots_status bind_code_text(binder *b, const lots_type *code, const char *text, uint32_t bytes, lots_ast_span span,
                           lots_expr **out)
{
    char plain[LOTS_CODE_BYTES_MAX + 1], key[LOTS_CODE_BYTES_MAX + LOTS_NAME_MAX + 3];
    size_t plain_bytes = 0;
    const char *system = code->domain != NULL ? code->domain : "";
    lots_id rank = LOTS_NO_ID;
    if (lots_code_normalise(form_of(b, system), text, bytes, plain, &plain_bytes)) {
        size_t key_bytes = lots_code_key(system, plain, plain_bytes, key, sizeof key);
        rank = lots_dictionary_find(code->dictionary, key, key_bytes);
    }
    if (rank == LOTS_NO_ID) {
        lots_status status = lots_ast_fail(b->err, span, "no code '%.*s' of %s is in this registry", (int)bytes, text,
                                           system);
        lots_error_hint(b->err, "`in {%.*s}` also takes the codes below it, and is false when there are none", (int)bytes,
                        text);
        return status;
    }
    lots_type type = *code;
    type.kind = LOTS_TYPE_CODE;
    lots_constant constant = {.i = rank};
    return bind_constant(b, type, constant, span, out);
}

#define CODE_BYTES_LEAST 3u /* of a code of its own: A is one of the ATC, but hardly meant in N02 B E01 */

typedef struct code_pattern {
    const char *system;
    lots_code_form form;
    char low[LOTS_CODE_BYTES_MAX + LOTS_NAME_MAX + 3]; /* keys in the dictionary */
    char high[LOTS_CODE_BYTES_MAX + LOTS_NAME_MAX + 3];
    size_t low_bytes, high_bytes; /* high_bytes 0: no range */
    bool exact;
} code_pattern;

static bool is_whole(lots_code_form form, const char *text, size_t bytes)
{
    char plain[LOTS_CODE_BYTES_MAX + 1];
    size_t plain_bytes = 0;
    return lots_code_normalise(form, text, bytes, plain, &plain_bytes) && plain_bytes >= CODE_BYTES_LEAST &&
           lots_code_well_formed(form, plain, plain_bytes);
}

/* Do letters and digits have their places to the end, so that two codes side by side make no third? */
static bool is_strict(lots_code_form form) { return form == LOTS_CODE_ATC || form == LOTS_CODE_KVA; }

/* Blanks in a code don't matter where codes have a shape: I 50. Where a code is whole before a blank and another is after it,
 * as in I50 I51, a comma is missing; in a plain system there is no telling. `fine`: all of it could be a code. */
static lots_status words_of_one(binder *b, const code_pattern *pattern, const lots_ast_code *item, const char *text,
                                size_t bytes, bool fine)
{
    const char *end = text + bytes, *next = NULL;
    const bool one = !item->spaced || pattern->form == LOTS_CODE_PREFIX || (is_strict(pattern->form) && fine);
    const char *blank = one ? NULL : memchr(text, ' ', bytes);
    for (; blank != NULL; blank = next) {
        const char *word = blank + 1;
        next = memchr(word, ' ', (size_t)(end - word));
        const bool second = is_whole(pattern->form, word, (size_t)(end - word)) ||
                            is_whole(pattern->form, word, (size_t)((next != NULL ? next : end) - word));
        if (pattern->form != LOTS_CODE_PLAIN && !(second && is_whole(pattern->form, text, (size_t)(blank - text))))
            continue;
        lots_status status = lots_ast_fail(b->err, item->span, "a comma is missing between two codes");
        lots_error_hint(b->err, "a code with a blank or a comma in it stands in quotes: {'A 1'}");
        return status;
    }
    return LOTS_OK;
}

/* The bytes of C10*, C10%, C10.* or C10.% before what other languages have for any letters; all when there is none. */
static size_t without_star(const char *text, size_t bytes)
{
    if (bytes == 0 || (text[bytes - 1] != '*' && text[bytes - 1] != '%'))
        return bytes;
    return bytes > 1 && text[bytes - 2] == '.' ? bytes - 2 : bytes - 1;
}

static lots_status pattern_side(binder *b, const code_pattern *pattern, const lots_ast_code *item, const char *text,
                                size_t bytes, char *key, size_t room, size_t *key_bytes)
{
    char plain[LOTS_CODE_BYTES_MAX + 1];
    size_t plain_bytes = 0;
    bool fine = lots_code_normalise(pattern->form, text, bytes, plain, &plain_bytes) && plain_bytes > 0 &&
                lots_code_starts_well(pattern->form, plain, plain_bytes);
    LOTS_TRY(words_of_one(b, pattern, item, text, bytes, fine));
    if (!fine) {
        lots_status status =
            lots_ast_fail(b->err, item->span, "'%.*s' can't be a code of %s", (int)bytes, text, pattern->system);
        const size_t stem = without_star(text, bytes);
        if (stem > 0 && stem < bytes && pattern->form != LOTS_CODE_PLAIN)
            lots_error_hint(b->err, "a code stands for those below it too: %.*s", (int)stem, text);
        else if (lots_code_form_example(pattern->form) != NULL)
            lots_error_hint(b->err, "its codes are written as %s", lots_code_form_example(pattern->form));
        return status;
    }
    *key_bytes = lots_code_key(pattern->system, plain, plain_bytes, key, room);
    return LOTS_OK;
}

static bool known_code(binder *b, const code_pattern *pattern, const lots_dictionary *codes, const char *text,
                       size_t bytes)
{
    char plain[LOTS_CODE_BYTES_MAX + 1], key[LOTS_CODE_BYTES_MAX + LOTS_NAME_MAX + 3];
    size_t plain_bytes = 0;
    (void)b;
    if (!lots_code_normalise(pattern->form, text, bytes, plain, &plain_bytes))
        return false;
    size_t key_bytes = lots_code_key(pattern->system, plain, plain_bytes, key, sizeof key);
    return lots_dictionary_find(codes, key, key_bytes) != LOTS_NO_ID;
}

/* Split an item at its dash when its system has ranges: any but PLAIN, whose codes may hold dashes themselves (8302-2) and
 * have no order worth a range. */
static lots_status read_pattern(binder *b, const lots_ast_code *item, const char *system, const lots_dictionary *codes,
                                code_pattern *out)
{
    memset(out, 0, sizeof *out);
    out->system = system;
    out->exact = item->exact;
    if (item->system.text != NULL) {
        if (lots_schema_find_system(b->schema, item->system.text, item->system.bytes) < 0)
            return lots_ast_fail(b->err, item->system.span, "this registry has no code system '%.*s'",
                                 (int)item->system.bytes, item->system.text);
        out->system = item->system.text;
    }
    out->form = form_of(b, out->system);
    const char *low = item->text.text, *high = item->to.text, *dots = item->quoted ? NULL : strstr(low, "..");
    if (dots != NULL) {
        const lots_status status = lots_ast_fail(b->err, item->span, "'%s' is no code", low);
        lots_error_hint(b->err, "a range of codes has a dash: {%.*s-%s}", (int)(dots - low), low, dots + 2);
        return status;
    }
    size_t low_bytes = item->text.bytes, high_bytes = item->to.bytes;
    const char *dash = item->quoted || high != NULL ? NULL : memchr(low, '-', low_bytes);
    if (dash != NULL && dash != low && dash + 1 < low + low_bytes && out->form != LOTS_CODE_PLAIN &&
        !known_code(b, out, codes, low, low_bytes)) {
        high = dash + 1;
        high_bytes = (size_t)(low + low_bytes - high);
        low_bytes = (size_t)(dash - low);
    }
    LOTS_TRY(pattern_side(b, out, item, low, low_bytes, out->low, sizeof out->low, &out->low_bytes));
    if (high == NULL)
        return LOTS_OK;
    LOTS_TRY(pattern_side(b, out, item, high, high_bytes, out->high, sizeof out->high, &out->high_bytes));
    if (out->exact)
        return lots_ast_fail(b->err, item->span, "`=` takes one code, not a range");
    if (memcmp(out->low, out->high, out->low_bytes < out->high_bytes ? out->low_bytes : out->high_bytes) > 0)
        return lots_ast_fail(b->err, item->span, "this range ends before it begins");
    return LOTS_OK;
}

static lots_status push_ranks(binder *b, lots_vec *ranges, lots_ranks range)
{
    return range.first < range.end ? lots_vec_push(ranges, &range, b->err) : LOTS_OK;
}

/* The ranks a pattern means. */
static lots_status match_pattern(binder *b, const code_pattern *pattern, const lots_dictionary *codes, lots_vec *ranges)
{
    if (pattern->high_bytes > 0)
        return push_ranks(b, ranges, lots_dictionary_range(codes, pattern->low, pattern->low_bytes, pattern->high,
                                                           pattern->high_bytes));
    if (!pattern->exact && pattern->form != LOTS_CODE_PLAIN)
        return push_ranks(b, ranges, lots_dictionary_prefix(codes, pattern->low, pattern->low_bytes));
    lots_id rank = lots_dictionary_find(codes, pattern->low, pattern->low_bytes);
    if (rank == LOTS_NO_ID)
        return LOTS_OK;
    LOTS_TRY(push_ranks(b, ranges, (lots_ranks){rank, rank + 1}));
    uint32_t below_count = 0;
    const lots_id *below = pattern->exact ? NULL : lots_dictionary_below(codes, rank, &below_count);
    for (uint32_t i = 0; below != NULL && i < below_count; i++)
        LOTS_TRY(push_ranks(b, ranges, (lots_ranks){below[i], below[i] + 1}));
    return LOTS_OK;
}

static lots_status note_no_match(binder *b, const lots_ast_code *item, const code_pattern *pattern,
                                 const lots_dictionary *codes)
{
    const char *code = memchr(pattern->low, LOTS_CODE_SEPARATOR, pattern->low_bytes);
    size_t skip = code == NULL ? 0 : (size_t)(code + 1 - pattern->low);
    lots_id near = lots_dictionary_nearest(codes, lots_dictionary_system(codes, pattern->system), pattern->low,
                                           pattern->low_bytes);
    if (near == LOTS_NO_ID)
        return bind_note(b, item->span, "no code of %s in this registry matches {%s}", pattern->system, item->text.text);
    size_t bytes = 0;
    const char *key = lots_dictionary_key(codes, near, &bytes);
    char shown[LOTS_CODE_BYTES_MAX + 2];
    lots_code_display(pattern->form, key + skip, bytes > skip ? bytes - skip : 0, shown);
    return bind_note(b, item->span, "no code of %s in this registry matches {%s}; the nearest is %s", pattern->system,
                     item->text.text, shown);
}

static lots_status collect(binder *b, const lots_ast_codes *items, const char *system, const lots_dictionary *codes,
                           lots_vec *in, lots_vec *out)
{
    for (uint32_t i = 0; i < items->count; i++) {
        const lots_ast_code *item = &items->items[i];
        code_pattern pattern;
        LOTS_TRY(read_pattern(b, item, system, codes, &pattern));
        lots_vec *to = item->minus ? out : in;
        size_t before = to->count;
        LOTS_TRY(match_pattern(b, &pattern, codes, to));
        if (to->count == before)
            LOTS_TRY(note_no_match(b, item, &pattern, codes));
    }
    return LOTS_OK;
}

static lots_status code_ranges(binder *b, const lots_ast_codes *items, const char *system, const lots_dictionary *codes,
                               lots_vec *in, lots_vec *out, lots_ranks **ranges, uint32_t *count)
{
    LOTS_TRY(collect(b, items, system, codes, in, out));
    uint32_t in_count = normalise(in->data, (uint32_t)in->count), out_count = normalise(out->data, (uint32_t)out->count);
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, (size_t)in_count + out_count, sizeof(lots_ranks), b->err));
    *ranges = made;
    *count = subtract(in->data, in_count, out->data, out_count, made);
    return LOTS_OK;
}

lots_status bind_in_codes(binder *b, lots_expr *x, const lots_ast_node *node, lots_expr **out)
{
    if (bind_is_untyped(x)) {
        const lots_constant known = {.missing = node->codes.count > 0};
        return bind_constant(b, bind_type(LOTS_TYPE_BOOL), known, node->span, out);
    }
    bool codes_wanted = x->type.kind == LOTS_TYPE_CODE ||
                        (x->type.kind == LOTS_TYPE_SET && x->type.element == LOTS_TYPE_CODE);
    if (!codes_wanted) {
        lots_status status = bind_wrong_type(b, x, "a code or a list of codes");
        lots_error_hint(b->err, "{…} holds codes; values of a category stand in (…)");
        return status;
    }
    const lots_dictionary *codes = x->type.dictionary;
    lots_vec in = LOTS_VEC(lots_ranks), away = LOTS_VEC(lots_ranks);
    lots_ranks *ranges = NULL;
    uint32_t count = 0;
    lots_status status = code_ranges(b, &node->codes, x->type.domain != NULL ? x->type.domain : "", codes, &in, &away,
                                     &ranges, &count);
    lots_vec_free(&in);
    lots_vec_free(&away);
    LOTS_TRY(status);
    const char *text = NULL;
    LOTS_TRY(bind_text_of(b, node, &text));
    return rank_test(b, x, ranges, count, text, node->span, out);
}

/* ---- code sets from a file ---- */

#define CODES_FILE_BYTES ((size_t)16 << 20)

typedef struct codes_columns {
    int code, match, exclude;
} codes_columns;

static const char *field(char **line, char *end)
{
    char *from = *line, *at = from;
    while (at < end && *at != ',')
        at++;
    *line = at < end ? at + 1 : at;
    if (at <= end)
        *at = '\0';
    while (*from == ' ')
        from++;
    for (char *last = from + strlen(from); last > from && (last[-1] == ' ' || last[-1] == '\r'); last--)
        last[-1] = '\0';
    return from;
}

static void read_header(char *line, char *end, codes_columns *columns)
{
    *columns = (codes_columns){-1, -1, -1};
    for (int i = 0; line < end || i == 0; i++) {
        const char *name = field(&line, end);
        if (strcmp(name, "code") == 0)
            columns->code = i;
        else if (strcmp(name, "match") == 0)
            columns->match = i;
        else if (strcmp(name, "exclude") == 0)
            columns->exclude = i;
        if (line >= end)
            break;
    }
}

static lots_status read_code(binder *b, const char *path, uint32_t number, char *line, char *end,
                             const codes_columns *columns, lots_ast_span span, lots_ast_code *out)
{
    memset(out, 0, sizeof *out);
    out->span = span;
    for (int i = 0; line <= end; i++) {
        bool last = memchr(line, ',', (size_t)(end - line)) == NULL;
        const char *text = field(&line, end);
        if (i == columns->code) {
            char *copy = NULL;
            LOTS_TRY(lots_arena_text(b->arena, &copy, text, strlen(text), b->err));
            out->text = (lots_ast_text){copy, (uint32_t)strlen(copy)};
        } else if (i == columns->match && strcmp(text, "exact") == 0) {
            out->exact = true;
        } else if (i == columns->match && *text != '\0' && strcmp(text, "prefix") != 0) {
            return lots_ast_fail(b->err, span, "%s:%u: match is 'prefix' or 'exact', not '%s'", path, number, text);
        } else if (i == columns->exclude && (strcmp(text, "1") == 0 || strcmp(text, "true") == 0)) {
            out->minus = true;
        }
        if (last)
            break;
    }
    if (out->text.bytes == 0)
        return lots_ast_fail(b->err, span, "%s:%u: no code on this line", path, number);
    return LOTS_OK;
}

static lots_status read_codes(binder *b, const char *path, char *text, size_t bytes, lots_ast_span span,
                              lots_ast_codes *out)
{
    uint32_t lines = 1;
    for (size_t i = 0; i < bytes; i++)
        lines += text[i] == '\n' ? 1 : 0;
    if (memchr(text, '"', bytes) != NULL)
        return lots_ast_fail(b->err, span, "%s: quotes are not read here; codes need none", path);
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, lines, sizeof(lots_ast_code), b->err));
    out->items = made;
    out->count = 0;
    codes_columns columns = {-1, -1, -1};
    char *at = text, *last = text + bytes;
    for (uint32_t number = 1; at < last; number++) {
        char *end = memchr(at, '\n', (size_t)(last - at));
        end = end == NULL ? last : end;
        if (number == 1) {
            read_header(at, end, &columns);
            if (columns.code < 0)
                return lots_ast_fail(b->err, span, "%s: the first line must name a column 'code'", path);
        } else if (end > at && !(end == at + 1 && *at == '\r')) {
            LOTS_TRY(read_code(b, path, number, at, end, &columns, span, &out->items[out->count]));
            out->count++;
        }
        at = end + 1;
    }
    return LOTS_OK;
}

lots_status bind_codes_file(binder *b, const lots_ast_call *call, const lots_ast_node **out)
{
    if (call->arg_count != 1 || call->args[0].kind != LOTS_AST_ARG_VALUE ||
        call->args[0].value->kind != LOTS_AST_STRING)
        return lots_ast_fail(b->err, call->name.span, "codes takes the name of a file: codes('set.csv')");
    const lots_ast_node *name = call->args[0].value;
    char *path = NULL, *text = NULL;
    size_t bytes = 0;
    LOTS_TRY(bind_path_of(b, &name->string, name->span.source, &path));
    lots_status status = lots_file_slurp(path, CODES_FILE_BYTES, &text, &bytes, b->err);
    if (status != LOTS_OK) {
        b->err->at = name->span.at;
        b->err->at_end = name->span.end;
        b->err->source = name->span.source;
    }
    void *made = NULL;
    if (status == LOTS_OK)
        status = lots_arena_alloc(b->arena, &made, 1, sizeof(lots_ast_node), b->err);
    if (status == LOTS_OK) {
        lots_ast_node *node = made;
        node->kind = LOTS_AST_CODES;
        node->height = 1;
        node->span = call->name.span;
        status = read_codes(b, path, text, bytes, call->name.span, &node->codes);
        *out = node;
    }
    const bound_file file = {call, *out};
    if (status == LOTS_OK)
        status = lots_vec_push(&b->files, &file, b->err);
    lots_free(path);
    lots_free(text);
    return status;
}
