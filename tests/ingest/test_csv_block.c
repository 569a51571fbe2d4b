/* test_csv_block.c: records of CSV against a parser of its own that walks one byte at a time, for every size of block and
 * of read, on random documents and on noise. */
#include "tests/ingest/csv_fixture.h"

#include <stdio.h>

/* ---- the naive parser: one record at a time, one byte at a time ---- */

typedef struct naive_record {
    size_t line;
    size_t at;
    size_t bytes;
    uint32_t field_count;
    bool text_after_quote;
    bool unclosed;
    size_t unclosed_line;
    struct {
        char text[600];
        uint32_t bytes;
        bool quoted;
    } fields[MOST_FIELDS];
} naive_record;

typedef struct naive_parser {
    const char *text;
    size_t count;
    size_t at;
    size_t line;
    char separator;
    bool quotes_are_text;
} naive_parser;

static bool naive_line_end(const naive_parser *p, size_t i)
{
    return p->text[i] == '\n' || p->text[i] == '\r';
}

/* The line end at i, if any, is a whole one: CR LF counts at its LF. */
static size_t naive_lines(const naive_parser *p, size_t from, size_t to)
{
    size_t lines = 0;
    for (size_t i = from; i < to; i++)
        lines += p->text[i] == '\n' || (p->text[i] == '\r' && !(i + 1 < p->count && p->text[i + 1] == '\n'));
    return lines;
}

static void naive_field(naive_parser *p, naive_record *out)
{
    size_t from = p->at;
    char *text = out->fields[out->field_count].text;
    uint32_t bytes = 0;
    bool quoted = false;
    if (!p->quotes_are_text && p->at < p->count && p->text[p->at] == '"') {
        quoted = true;
        p->at++;
        for (;;) {
            if (p->at == p->count) {
                out->unclosed = true;
                out->unclosed_line = p->line + naive_lines(p, out->at, from);
                return;
            }
            if (p->text[p->at] == '"') {
                if (p->at + 1 < p->count && p->text[p->at + 1] == '"')
                    p->at++;
                else
                    break;
            }
            text[bytes++] = p->text[p->at++];
        }
        p->at++;
        if (p->at < p->count && p->text[p->at] != p->separator && !naive_line_end(p, p->at)) {
            out->text_after_quote = true;
            while (p->at < p->count && p->text[p->at] != p->separator && !naive_line_end(p, p->at))
                p->at++;
            bytes = (uint32_t)(p->at - from);
            memcpy(text, p->text + from, bytes);
        }
    } else {
        while (p->at < p->count && p->text[p->at] != p->separator && !naive_line_end(p, p->at))
            text[bytes++] = p->text[p->at++];
    }
    out->fields[out->field_count].bytes = bytes;
    out->fields[out->field_count].quoted = quoted;
}

/* False at the end. An unclosed quote is noted in the record. */
static bool naive_next(naive_parser *p, naive_record *out)
{
    while (p->at < p->count) {
        out->at = p->at;
        out->line = p->line;
        out->field_count = 0;
        out->text_after_quote = false;
        out->unclosed = false;
        for (;;) {
            naive_field(p, out);
            if (out->unclosed)
                return true;
            out->field_count++;
            if (p->at == p->count || naive_line_end(p, p->at))
                break;
            p->at++;
        }
        out->bytes = p->at - out->at;
        if (p->at < p->count)
            p->at += p->text[p->at] == '\r' && p->at + 1 < p->count && p->text[p->at + 1] == '\n' ? 2 : 1;
        p->line += naive_lines(p, out->at, p->at);
        if (out->bytes > 0)
            return true;
    }
    return false;
}

/* ---- comparing ---- */

static naive_record wanted;

static void assert_same_record(const lots_csv_record *got, const lots_csv_field *fields, uint32_t columns)
{
    assert_int_equal(wanted.line, got->line);
    assert_int_equal(wanted.at, got->at);
    assert_int_equal(wanted.bytes, got->bytes);
    assert_int_equal(wanted.field_count, got->field_count);
    bool after_quote = wanted.text_after_quote;
    for (uint32_t i = 0; i < columns; i++) {
        bool there = i < wanted.field_count;
        assert_int_equal(there ? wanted.fields[i].bytes : 0, fields[i].bytes);
        assert_int_equal(there && wanted.fields[i].quoted, fields[i].quoted);
        if (there)
            assert_memory_equal(wanted.fields[i].text, fields[i].text, fields[i].bytes);
    }
    if (got->fault == LOTS_CSV_TEXT_AFTER_QUOTE)
        assert_true(after_quote);
    else if (got->fault == LOTS_CSV_FINE)
        assert_true(wanted.field_count == columns && !after_quote);
    else
        assert_int_equal(got->fault, wanted.field_count < columns ? LOTS_CSV_TOO_FEW : LOTS_CSV_TOO_MANY);
}

/* Does the naive parser meet a quote that never closes, and on which line? */
static size_t naive_unclosed_line(const char *text, size_t count, char separator, bool quotes_are_text)
{
    naive_parser p = {text, count, 0, 1, separator, quotes_are_text};
    while (naive_next(&p, &wanted))
        if (wanted.unclosed)
            return wanted.unclosed_line;
    return 0;
}

static void assert_unclosed_at(const lots_error *err, size_t line)
{
    char place[64];
    snprintf(place, sizeof place, "line %zu: a quote opens", line);
    assert_contains(err->text, place);
}

static void assert_records_agree(opened *o, naive_parser *p, size_t unclosed)
{
    static lots_csv_field fields[MOST_FIELDS];
    uint32_t columns = lots_csv_column_count(o->reader);
    for (bool more = true; more;) {
        lots_csv_record record;
        lots_status status = lots_csv_fill(o->reader, o->block, &more, &o->err);
        if (status != LOTS_OK) {
            assert_true(unclosed > 0);
            assert_unclosed_at(&o->err, unclosed);
            return;
        }
        while (lots_csv_block_next(o->block, fields, &record)) {
            assert_true(naive_next(p, &wanted));
            assert_same_record(&record, fields, columns);
        }
    }
    assert_int_equal(unclosed, 0);
    assert_false(naive_next(p, &wanted));
}

static void assert_text_agrees(const char *text, size_t count, size_t piece, const lots_csv_options *options)
{
    opened o;
    naive_parser p = {text, count, 0, 1, options->separator, options->quotes_are_text};
    size_t unclosed = naive_unclosed_line(text, count, options->separator, options->quotes_are_text);
    bool any = naive_next(&p, &wanted);
    lots_status status = open_text(&o, text, count, piece, options);
    if (status != LOTS_OK) {
        assert_int_equal(status, LOTS_IO);
        if (unclosed > 0)
            assert_true(strstr(o.err.text, "a quote opens") != NULL || wanted.text_after_quote);
        else
            assert_true(!any || wanted.text_after_quote);
    } else {
        assert_true(any);
        assert_int_equal(wanted.field_count, lots_csv_column_count(o.reader));
        if (options->no_header)
            p = (naive_parser){text, count, 0, 1, options->separator, options->quotes_are_text};
        assert_records_agree(&o, &p, unclosed);
    }
    close_text(&o);
}

/* ---- random texts ---- */

/* Pieces of a document; a field of its own now and then, so that most rows are well-formed. */
static size_t random_document(char *out, size_t most, char separator, const char *line_end, uint64_t *state)
{
    static const char *const fields[] = {"", "a", "bc", "\"\"", "\"q\"", "\"x\"\"y\"", "\"l\n\r\nm\"", "5\" wide",
                                         "\"broken\"tail", "å", "\"ö,;\t|\"", "1234567890", "\"\"\"\"", "\r", "\n",
                                         "\"", "a\"b", "\"\r\"", "p|q", "r;s", "t,u"};
    size_t kinds = lots_test_random(state) % 3 == 0 ? sizeof fields / sizeof fields[0] : 13;
    size_t columns = 1 + lots_test_random(state) % 5;
    size_t count = 0;
    size_t goal = lots_test_random(state) % most;
    while (count + 64 < goal) {
        for (size_t c = 0; c < columns; c++) {
            const char *field = fields[lots_test_random(state) % kinds];
            count += (size_t)sprintf(out + count, "%s", field);
            if (c + 1 < columns)
                out[count++] = separator;
        }
        uint64_t r = lots_test_random(state) % 12;
        count += (size_t)sprintf(out + count, "%s", r == 0 ? "\r" : r == 1 ? "\n\n" : r == 2 ? "\r\n" : line_end);
    }
    if (count > 0 && (lots_test_random(state) & 1))
        count--;
    return count;
}

static void parser_equals_a_naive_one_for_every_block_size(void **unused)
{
    (void)unused;
    static const char separators[] = {',', ';', '\t', '|'};
    static const char *const line_ends[] = {"\n", "\r\n", "\r"};
    char text[600];
    uint64_t state = 5;
    for (unsigned round = 0; round < 300; round++) {
        lots_csv_options options = {.separator = separators[round % 4], .quotes_are_text = round % 13 == 0,
                                    .no_header = round % 5 == 0};
        size_t count = random_document(text, sizeof text, options.separator, line_ends[round % 3], &state);
        for (size_t size = 1; size < 500; size += 1 + size / 8) {
            options.block_bytes = size;
            assert_text_agrees(text, count, 1 + lots_test_random(&state) % 90, &options);
        }
        options.block_bytes = 0;
        assert_text_agrees(text, count, 0, &options);
    }
}

static void parser_equals_a_naive_one_on_noise(void **unused)
{
    (void)unused;
    static const char alphabet[] = "a,\"\n\rb";
    char text[300];
    uint64_t state = 6;
    for (unsigned round = 0; round < 6000; round++) {
        size_t count = lots_test_random(&state) % (round % 10 == 0 ? sizeof text : 24);
        for (size_t i = 0; i < count; i++)
            text[i] = alphabet[lots_test_random(&state) % (sizeof alphabet - 1)];
        lots_csv_options options = {.separator = ',', .no_header = (round & 1) != 0,
                                    .block_bytes = 1 + lots_test_random(&state) % 40};
        assert_text_agrees(text, count, 0, &options);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parser_equals_a_naive_one_for_every_block_size),
        cmocka_unit_test(parser_equals_a_naive_one_on_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
