/* test_csv.c: what a reader of CSV says of a quote that never closes, of a record too long and of a bad byte; that it
 * holds no more than it may; and that threads share it. Opening is in test_csv_open.c, the records in test_csv_block.c. */
#include "tests/ingest/csv_fixture.h"

#include <stdio.h>

#include "core/base/pool.h"

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
        lots_csv_field fields[8];
        lots_csv_record record;
        assert_contains(o.err.text, "long.csv: the record that begins on line 6 is longer than");
        assert_false(lots_csv_block_next(o.block, fields, &record));
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
        cmocka_unit_test(unclosed_quote_is_reported_where_it_opened),
        cmocka_unit_test(line_of_100_mb_is_refused_after_a_bounded_read),
        cmocka_unit_test(long_record_names_the_quote_that_opened),
        cmocka_unit_test(bad_byte_is_named_by_line_through_the_reader),
        cmocka_unit_test(workers_share_a_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
