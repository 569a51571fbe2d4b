/* CSV against a parser of its own that walks one byte at a time, for every size of block and of read; then what errors
 * say, the choice of the separator, memory, and threads. */
#include "tests/support/lots_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/pool.h"
#include "ingest/csv.h"

/* ---- a text in memory, given in pieces ---- */

typedef struct memory_text {
    const char *text;
    size_t bytes;
    size_t at;
    size_t piece; /* most bytes of one read; 0: as asked */
} memory_text;

static lots_status fill_from_memory(void *context, void *out, size_t capacity, size_t *got, lots_error *err)
{
    (void)err;
    memory_text *memory = context;
    size_t count = memory->bytes - memory->at;
    if (count > capacity)
        count = capacity;
    if (memory->piece > 0 && count > memory->piece)
        count = memory->piece;
    memcpy(out, memory->text + memory->at, count);
    memory->at += count;
    *got = count;
    return LOTS_OK;
}

typedef struct opened {
    memory_text memory;
    lots_source *source;
    lots_csv_reader *reader;
    lots_csv_block *block;
    lots_error err;
} opened;

static lots_status open_text(opened *to, const char *text, size_t bytes, size_t piece, const lots_csv_options *options)
{
    *to = (opened){.memory = {text, bytes, 0, piece}};
    LOTS_TRY(lots_source_open_fill(&to->source, "text.csv", fill_from_memory, &to->memory, LOTS_CHARSET_UTF8, &to->err));
    LOTS_TRY(lots_csv_open(&to->reader, to->source, options, &to->err));
    return lots_csv_block_open(&to->block, to->reader, &to->err);
}

static void close_text(opened *to)
{
    lots_csv_block_close(to->block);
    lots_csv_close(to->reader);
    lots_source_close(to->source);
}

/* ---- the naive parser: one record at a time, one byte at a time ---- */

#define MOST_FIELDS 600

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
    uint64_t blocks = 0;
    for (bool more = true; more;) {
        lots_csv_record record;
        lots_status status = lots_csv_fill(o->reader, o->block, &more, &o->err);
        if (status != LOTS_OK) {
            assert_true(unclosed > 0);
            assert_unclosed_at(&o->err, unclosed);
            return;
        }
        if (more)
            assert_int_equal(lots_csv_block_number(o->block), blocks++);
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

/* ---- what is said ---- */

static void header_names_columns(void **unused)
{
    (void)unused;
    static const char text[] = "\xEF\xBB\xBF" "LopNr; \"Ut datum\" ;\"dx \"\"1\"\"\";lopnr;\n1;2;3;4;5\n";
    lots_error err = {0};
    opened o;
    bool repeated = false;
    assert_ok(open_text(&o, text, sizeof text - 1, 0, NULL));
    assert_int_equal(lots_csv_separator(o.reader), ';');
    assert_true(lots_csv_separator_found(o.reader));
    assert_string_equal(lots_csv_separator_name(';'), "semicolon");
    assert_int_equal(lots_csv_column_count(o.reader), 5);
    assert_string_equal(lots_csv_column_name(o.reader, 1), "\"Ut datum\"");
    assert_string_equal(lots_csv_column_name(o.reader, 2), "dx \"1\"");
    assert_string_equal(lots_csv_column_name(o.reader, 4), "");
    assert_int_equal(lots_csv_column_find(o.reader, "lopnr", &repeated), 3);
    assert_false(repeated);
    assert_int_equal(lots_csv_column_find(o.reader, "LOPNR", &repeated), 0);
    assert_true(repeated);
    assert_int_equal(lots_csv_column_find(o.reader, "none", &repeated), UINT32_MAX);
    close_text(&o);
}

static void separator_is_found(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        char separator;
        const char *why;
    } cases[] = {
        {"a,b,c\n1,2,3\n", ',', "plain"},
        {"a;b\n1,5;2,5\n3,5;4\n", ';', "decimal commas"},
        {"a;b\n1,5;2\n3,5;4\n5,5;4\n", ';', "one decimal comma in every row, none in the header"},
        {"a\tb\tc\n1,2;3\t\t\n", '\t', "tabs"},
        {"id|text\n1|a, b, c\n2|d, e, f\n", '|', "commas in text"},
        {"a,b\n\"x;y;z\",\"1;2;3\"\n\"x;y;z\",\"1;2;3\"\n", ',', "semicolons inside quotes"},
        {"\"a;a\";b\n\"1\n2;;\n\";3\n", ';', "quoted line ends"},
        {"a;b;c\n1;2;3\n1;2;3\n1;2;3\n1;2;3\n1;2;3\n1;2;3\n1;2;3\n1;2;3\n1;2;3\n1;2\n", ';', "one broken row"},
        {"only\none\ncolumn\n", ',', "one column"},
        {"a,b;c\n1,2;3\n", ',', "two equally good: the first in the list"},
        {"x;y,z\n1;2,3\n4;5\n6;7\n", ';', "the one that agrees more often"},
    };
    lots_error err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        opened o;
        assert_ok(open_text(&o, cases[i].text, strlen(cases[i].text), 0, NULL));
        if (lots_csv_separator(o.reader) != cases[i].separator)
            fail_msg("%s: chose %s", cases[i].why, lots_csv_separator_name(lots_csv_separator(o.reader)));
        close_text(&o);
    }
}

/* Read all; the outcome, with the error in o->err. */
static lots_status read_all(opened *o, uint64_t *records)
{
    static lots_csv_field fields[MOST_FIELDS];
    *records = 0;
    for (bool more = true; more;) {
        LOTS_TRY(lots_csv_fill(o->reader, o->block, &more, &o->err));
        lots_csv_record record;
        while (lots_csv_block_next(o->block, fields, &record))
            ++*records;
    }
    return LOTS_OK;
}

static void unclosed_quote_is_reported_where_it_opened(void **unused)
{
    (void)unused;
    static const char text[] = "a,b\n1,\"x\ny\"\n2,\"open\n3,4\n5,6\n";
    for (size_t size = 1; size < 60; size++) {
        lots_csv_options options = {.block_bytes = size};
        opened o;
        uint64_t records = 0;
        lots_status status = open_text(&o, text, sizeof text - 1, 3, &options);
        bool at_once = status != LOTS_OK; /* the header's block has it all */
        assert_int_equal(at_once ? status : read_all(&o, &records), LOTS_IO);
        assert_contains(o.err.text, "text.csv: line 4: a quote opens");
        assert_int_equal(o.err.at, strstr(text, "\"open") - text);
        if (at_once) {
            close_text(&o);
            continue;
        }
        bool more = true;
        lots_error again = {0};
        assert_int_equal(lots_csv_fill(o.reader, o.block, &more, &again), LOTS_IO);
        assert_string_equal(again.text, o.err.text);
        assert_false(more);
        close_text(&o);
    }
}

static void text_without_a_record_is_refused(void **unused)
{
    (void)unused;
    static const char *const texts[] = {"", "\n", "\r\n\r\n\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        opened o;
        assert_int_equal(open_text(&o, texts[i], strlen(texts[i]), 0, NULL), LOTS_IO);
        assert_contains(o.err.text, "text.csv: no line of text");
        close_text(&o);
    }
}

static void bad_options_are_refused(void **unused)
{
    (void)unused;
    static const lots_csv_options bad[] = {
        {.separator = '"'}, {.separator = '\n'}, {.separator = '\r'}, {.separator = (char)0xE5},
        {.record_limit_bytes = (size_t)2 << 30},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        opened o;
        assert_int_equal(open_text(&o, "a,b\n", 4, 0, &bad[i]), LOTS_USAGE);
        close_text(&o);
    }
}

/* ---- long records ---- */

/* A text of a header, some rows, then one line of `bytes` bytes: never in memory. */
typedef struct long_line {
    uint64_t at;
    uint64_t bytes;
    char filler;
} long_line;

static const char long_head[] = "a,b\n1,2\n\n3,\"\n\"\n5,";

static lots_status fill_long_line(void *context, void *out, size_t capacity, size_t *got, lots_error *err)
{
    (void)err;
    long_line *line = context;
    size_t head = sizeof long_head - 1;
    if (line->at < head) {
        *got = head - line->at < capacity ? head - line->at : capacity;
        memcpy(out, long_head + line->at, *got);
    } else {
        uint64_t left = head + line->bytes - line->at;
        *got = left < capacity ? (size_t)left : capacity;
        memset(out, line->filler, *got);
    }
    line->at += *got;
    return LOTS_OK;
}

static void read_long_line(size_t bytes, size_t limit, char filler, lots_status expected, uint64_t *taken)
{
    long_line line = {0, bytes, filler};
    opened o = {0};
    uint64_t records = 0;
    lots_csv_options options = {.record_limit_bytes = limit, .block_bytes = 4096};
    lots_error err = {0};
    assert_ok(lots_source_open_fill(&o.source, "long.csv", fill_long_line, &line, LOTS_CHARSET_UTF8, &err));
    assert_ok(lots_csv_open(&o.reader, o.source, &options, &err));
    assert_ok(lots_csv_block_open(&o.block, o.reader, &err));
    assert_int_equal(read_all(&o, &records), expected);
    if (expected != LOTS_OK) {
        assert_contains(o.err.text, "long.csv: the record that begins on line 6 is longer than");
        assert_true(lots_csv_block_bytes(o.block) == 0);
    }
    *taken = line.at;
    close_text(&o);
}

static void line_of_100_mb_is_refused_after_a_bounded_read(void **unused)
{
    (void)unused;
    uint64_t taken = 0;
    read_long_line(100000000, 1 << 20, 'x', LOTS_IO, &taken);
    assert_true(taken < 3 << 20); /* what was read is what was held, besides buffers */
    read_long_line(100000000, 0, 'x', LOTS_IO, &taken);
    assert_true(taken < 20 << 20);
    read_long_line(100000000, 1 << 20, ',', LOTS_IO, &taken);
    read_long_line(900000, 1 << 20, 'x', LOTS_OK, &taken);
}

static void long_record_names_the_quote_that_opened(void **unused)
{
    (void)unused;
    char text[3000];
    memset(text, '\n', sizeof text);
    memcpy(text, "a,b\n1,\"", 7);
    lots_csv_options options = {.record_limit_bytes = 1000};
    opened o;
    uint64_t records = 0;
    assert_int_equal(open_text(&o, text, sizeof text, 0, &options), LOTS_OK);
    assert_int_equal(read_all(&o, &records), LOTS_IO);
    assert_contains(o.err.text, "line 2 is longer than 1000");
    assert_contains(o.err.hint, "a quote opens on line 2");
    close_text(&o);
}

static void bad_byte_is_named_by_line_through_the_reader(void **unused)
{
    (void)unused;
    static const char text[] = "a,b\r\n1,2\r\n3,\xE5\r\n";
    opened o;
    uint64_t records = 0;
    lots_csv_options options = {.separator = ','};
    lots_status status = open_text(&o, text, sizeof text - 1, 0, &options);
    if (status == LOTS_OK)
        status = read_all(&o, &records);
    assert_int_equal(status, LOTS_IO);
    assert_contains(o.err.text, "text.csv: line 3, byte 12: 0xE5 is not utf-8");
    close_text(&o);
}

/* ---- threads ---- */

typedef struct shared_sums {
    lots_csv_reader *reader;
    uint64_t records[8];
    uint64_t sums[8];
} shared_sums;

static lots_status sum_blocks(void *context, size_t task, unsigned worker, lots_error *err)
{
    (void)worker;
    shared_sums *sums = context;
    lots_csv_block *block = NULL;
    lots_csv_field fields[2];
    lots_csv_record record;
    LOTS_TRY(lots_csv_block_open(&block, sums->reader, err));
    bool more = true;
    lots_status status = LOTS_OK;
    while (more && status == LOTS_OK) {
        status = lots_csv_fill(sums->reader, block, &more, err);
        while (lots_csv_block_next(block, fields, &record)) {
            sums->records[task]++;
            sums->sums[task] += record.line * 7 + fields[1].bytes;
        }
    }
    lots_csv_block_close(block);
    return status;
}

static void workers_share_a_reader(void **unused)
{
    (void)unused;
    enum { ROWS = 40000 };
    lots_error err = {0};
    char *text = test_malloc(ROWS * 16 + 16);
    size_t count = (size_t)sprintf(text, "a,b\n");
    uint64_t expected = 0;
    for (unsigned i = 0; i < ROWS; i++) {
        int bytes = (int)(i % 9);
        expected += (i + 2) * 7 + (uint64_t)bytes;
        count += (size_t)sprintf(text + count, "x,%.*s\n", bytes, "123456789");
    }
    lots_csv_options options = {.block_bytes = 5000};
    opened o;
    assert_ok(open_text(&o, text, count, 0, &options));
    shared_sums sums = {.reader = o.reader};
    lots_pool *pool = NULL;
    assert_ok(lots_pool_open(&pool, 4, &err));
    assert_ok(lots_pool_run(pool, 8, sum_blocks, &sums, NULL, &err));
    lots_pool_close(pool);
    uint64_t records = 0;
    uint64_t total = 0;
    for (unsigned i = 0; i < 8; i++) {
        records += sums.records[i];
        total += sums.sums[i];
    }
    assert_int_equal(records, ROWS);
    assert_int_equal(total, expected);
    close_text(&o);
    test_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parser_equals_a_naive_one_for_every_block_size),
        cmocka_unit_test(parser_equals_a_naive_one_on_noise),
        cmocka_unit_test(header_names_columns),
        cmocka_unit_test(separator_is_found),
        cmocka_unit_test(unclosed_quote_is_reported_where_it_opened),
        cmocka_unit_test(text_without_a_record_is_refused),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(line_of_100_mb_is_refused_after_a_bounded_read),
        cmocka_unit_test(long_record_names_the_quote_that_opened),
        cmocka_unit_test(bad_byte_is_named_by_line_through_the_reader),
        cmocka_unit_test(workers_share_a_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
