/* test_bind.c: mistaken queries and what is said of each (mistakes.txt), warnings of queries that run (notes.txt), and the
 * questions that must bind. A case of mistakes.txt: the query, ---, the message, line:column and the text marked, the hint. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/os.h"
#include "query/lang/caret.h"
#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

static int open_registry(void **state)
{
    small_registry *r = malloc(sizeof *r);
    small_open(r);
    small_random(r, 1, 12);
    small_publish(r, 6);
    *state = r;
    return 0;
}

static int close_registry(void **state)
{
    small_close(*state);
    free(*state);
    return 0;
}

static void describe(const char *text, const lots_error *err, char *out, size_t room)
{
    uint32_t line = 0, column = 0;
    size_t bytes = strlen(text);
    if (err->at != LOTS_NOWHERE)
        lots_caret_place(text, bytes, err->at, &line, &column);
    int marked = err->at != LOTS_NOWHERE && err->at_end > err->at && err->at_end <= bytes ? (int)(err->at_end - err->at) : 0;
    snprintf(out, room, "%s\n%u:%u%s%.*s\n%s", err->text, line, column, marked > 0 ? " " : "", marked,
             marked > 0 ? text + err->at : "", err->hint);
    for (size_t end = strlen(out); end > 0 && out[end - 1] == '\n'; end--)
        out[end - 1] = '\0';
}

static void every_mistake_is_named_and_placed(void **state)
{
    const small_registry *r = *state;
    text_cases cases;
    int failed = 0;
    text_cases_read(&cases, "tests/query/lang/mistakes.txt");
    assert_true(cases.count >= 250);
    for (int i = 0; i < cases.count; i++) {
        const text_case *item = &cases.items[i];
        lots_error err;
        answer got;
        char said[2000] = "no mistake";
        assert_int_equal(item->part_count, 2);
        lots_error_clear(&err);
        if (answer_lots(r->registry, item->parts[0], NULL, NULL, &got, &err) != LOTS_OK)
            describe(item->parts[0], &err, said, sizeof said);
        if (strcmp(said, item->parts[1]) == 0)
            continue;
        print_error("mistakes.txt:%d: %s\nwanted:\n%s\ngot:\n%s\n", item->line, item->parts[0], item->parts[1], said);
        failed++;
        answer_free(&got);
    }
    if (failed > 0)
        fail_msg("%d of %d mistakes are told otherwise", failed, cases.count);
    text_cases_free(&cases);
}

static void warnings_say_what_matches_nothing_and_what_leaves_the_data(void **state)
{
    const small_registry *r = *state;
    text_cases cases;
    text_cases_read(&cases, "tests/query/lang/notes.txt");
    for (int i = 0; i < cases.count; i++) {
        const text_case *item = &cases.items[i];
        lots_error err;
        answer got;
        assert_ok(answer_lots(r->registry, item->parts[0], NULL, NULL, &got, &err));
        for (size_t end = strlen(got.notes); end > 0 && got.notes[end - 1] == '\n'; end--)
            got.notes[end - 1] = '\0';
        if (strcmp(got.notes, item->parts[1]) != 0)
            fail_msg("notes.txt:%d: %s\nwanted: %s\ngot: %s", item->line, item->parts[0], item->parts[1], got.notes);
        answer_free(&got);
    }
    text_cases_free(&cases);
}

static void what_is_asked_rightly_goes_without_a_warning(void **state)
{
    static const char *const questions[] = {
        "let rows = from contacts each year y in 2021..2023 from rows where start in y group by y show n = count()",
        "from services each year y in 2021..2023 where start <= y.end and (end is missing or end > y.end) group by y show n = count()",
        "from contacts each year y in 2021..2023 group by y show n = count(where start in y)",
        "from contacts each year y in 2021..2023 group by inside = (start in y) show n = count()",
        "from contacts each year y in 2021..2023 group by y, later = days(start, y.end) show n = count()",
        "from contacts each 30d b in start..start + 90d group by b.number show n = count()",
        "from patients each year y in 2021..2023 group by y show n = count()",
        "from patients show rate(coalesce(death in 2021..2022, false)), rate(death is not missing and death < 2022-01-01)",
        "from patients show rate(alive at 2022-01-01), rate(not (alive at 2022-01-01)), rate(least(death, registry.until) < 2022-01-01)",
        "from patients where death is not missing show rate(death in 2021..2022)",
        "from patients where death in 2020..2022 show rate(death in 2021..2022), rate(death in 2022 where sex = female)",
        "from patients show rate(case(death < 2022-01-01 then true, else false))",
        "from patients derive high = top(10%, score) group by sex show n = count(), r = rate(high)",
        "from patients derive high = top(10%, score) where sex = female show n = count(), r = rate(high)",
        "from patients derive high = top(10%, score) show r = rate(high where sex = female), q = rate(not high and sex = female)",
        "from match each (contacts where level = emergency) as a then (contacts) as b where a.start in 2022 show n = count()",
        "from match (contacts during 2022) as a then (contacts) as b where b.end + 14d <= registry.until show n = count()",
        "from match (contacts) as a then (contacts) as b where a.start in ..2022 and a.start > birth + 40y show n = count()",
        "from match (contacts) as a then (contacts) as b group by y = year(a.start) show n = count()",
        "from patients show n = sum(count(labs during 2023-01..2023-09))",
    };
    const small_registry *r = *state;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        lots_error err;
        answer got;
        assert_ok(answer_lots(r->registry, questions[i], NULL, NULL, &got, &err));
        assert_string_equal(got.notes, "");
        answer_free(&got);
    }
}

static void params_are_set_from_outside(void **state)
{
    static const char text[] = "param year = 2020 param town = 'Boden' param low = 1\n"
                               "from patients show year + 1, year.days, low * 2, residence.municipality at year.end = town limit 1";
    const char *names[] = {"year", "town", "low"}, *values[] = {"2022", "Alvik", "-3"};
    const lots_bind_options options = {.param_names = names, .param_values = values, .param_count = 3};
    const small_registry *r = *state;
    lots_error err;
    answer got;
    assert_ok(answer_lots(r->registry, text, &options, NULL, &got, &err));
    assert_int_equal(got.rows, 1);
    assert_string_equal(got.cells[0], "2023");
    assert_string_equal(got.cells[1], "365");
    assert_string_equal(got.cells[2], "-6");
    answer_free(&got);
    values[1] = "Alvk";
    assert_status(LOTS_QUERY, answer_lots(r->registry, text, &options, NULL, &got, &err));
    assert_contains(err.hint, "Alvik");
    names[1] = "twon";
    assert_status(LOTS_QUERY, answer_lots(r->registry, text, &options, NULL, &got, &err));
    assert_contains(err.text, "the query has no param 'twon'");
    assert_contains(err.hint, "`town`");
}

/* The place is in a source text of the option's own: its name as the question writes it, and the value. */
static void a_mistaken_param_is_shown_where_it_was_given(void **state)
{
    static const struct {
        const char *question, *given, *shown, *marked;
    } rows[] = {
        {"param year = 2023 from patients show count(contacts during year)", "abc", "param year = abc", "abc"},
        {"param year = 2023 from patients where alive at year.start show count()", "abc", "param year = abc", "abc"},
        {"param year = 2023 from patients show count(contacts during year)", "2023 2024", "param year = 2023 2024", "2023 2024"},
        {"param year = 2023 from patients show count(contacts during year)", "1y", "param year = 1y", "1y"},
        {"param \"group\" = 2023 from patients show count(contacts during \"group\")", "1y", "param \"group\" = 1y", "1y"},
        {"param ill = {I50} from patients show count(contacts where dx in ill)", "abc", "param ill = {abc}", "abc"},
        {"param ill = {I50} from patients show count(contacts where dx in ill)", "I5..", "param ill = {I5..}", "I5.."},
    };
    const small_registry *r = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *name = strncmp(rows[i].shown, "param ill", 9) == 0 ? "ill" : rows[i].shown[6] == 'y' ? "year" : "group";
        const lots_bind_options options = {.param_names = &name, .param_values = &rows[i].given, .param_count = 1};
        lots_arena arena;
        lots_sources sources;
        lots_query *query = NULL;
        lots_error err;
        lots_arena_init(&arena, 0);
        assert_status(LOTS_QUERY, lots_query_bind(r->registry, rows[i].question, strlen(rows[i].question), "question", &options,
                                                  &arena, &sources, &query, &err));
        assert_in_range(err.source, 1, sources.count - 1);
        assert_string_equal(sources.names[err.source], "--param");
        assert_string_equal(sources.texts[err.source], rows[i].shown);
        assert_int_equal(err.at_end - err.at, strlen(rows[i].marked));
        assert_memory_equal(rows[i].shown + err.at, rows[i].marked, strlen(rows[i].marked));
        lots_arena_free(&arena);
    }
}

/* `town=VC-SYD` is no subtraction where the question has a text; codes may come without braces. */
static void a_param_takes_the_kind_of_what_it_replaces(void **state)
{
    static const struct {
        const char *question, *value, *cell;
    } rows[] = {
        {"param x = 'a' from patients show text(x) limit 1", "VC-SYD", "VC-SYD"},
        {"param x = 'a' from patients show text(x) limit 1", "2023", "2023"},
        {"param x = 'a' from patients show text(x) limit 1", "'it''s'", "it's"},
        {"param x = 'a' from patients show x is missing limit 1", "missing", "1"},
        {"param x = ('a', 'b') from patients show 'c' in x limit 1", "('b', 'c')", "1"},
        {"param x = 2..3 from patients show 5 in x limit 1", "4..5", "1"},
        {"param x = {I50} let y = exists(contacts where dx in x) let z = exists(contacts where dx in {E11, -E11.9}) "
         "from patients where y != z show count()", "E11, -E11.9", "0"},
    };
    const small_registry *r = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *name = "x";
        const lots_bind_options options = {.param_names = &name, .param_values = &rows[i].value, .param_count = 1};
        lots_error err;
        answer got;
        assert_ok(answer_lots(r->registry, rows[i].question, &options, NULL, &got, &err));
        assert_string_equal(got.cells[0], rows[i].cell);
        answer_free(&got);
    }
}

static void write_text(const small_registry *r, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", r->directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void files_are_included_once_and_relative_to_the_query(void **state)
{
    const small_registry *r = *state;
    const lots_bind_options options = {.include_directory = r->directory};
    lots_error err;
    answer got, oracle;
    char why[1000];
    write_text(r, "mine.lq", "include 'std/care.lq' let heart = codes('heart.csv') let had = exists(contacts where dx in heart)");
    write_text(r, "heart.csv", "code,match,exclude\nI50,prefix,\nI50.1,prefix,1\nE11,exact,\n");
    assert_ok(answer_lots(r->registry, "include 'mine.lq' from patients show had, resident(2023-01-01) is missing", &options, NULL,
                          &got, &err));
    answer_sql(r->sql, "SELECT EXISTS (SELECT 1 FROM contacts c JOIN code USING (id) WHERE c.p = q.p AND system = 'icd10' AND"
                       " ((code LIKE 'I50%' AND code NOT LIKE 'I501%') OR code = 'E11')), 0 FROM patients q ORDER BY p", &oracle);
    if (!answer_same(&got, &oracle, why))
        fail_msg("%s", why);
    answer_free(&got);
    answer_free(&oracle);
    write_text(r, "bad.lq", "let a = \n  from");
    assert_status(LOTS_QUERY, answer_lots(r->registry, "include 'bad.lq' from patients show 1", &options, NULL, &got, &err));
    assert_int_not_equal(err.source, 0);
    write_text(r, "round.lq", "include 'round.lq'");
    assert_status(LOTS_QUERY, answer_lots(r->registry, "include 'round.lq' from patients show 1", &options, NULL, &got, &err));
    assert_contains(err.text, "include one another");
}

/* A folder of lists beside the questions, which includes and reads its own files. */
static void a_file_names_others_relative_to_itself(void **state)
{
    const small_registry *r = *state;
    const lots_bind_options options = {.include_directory = r->directory};
    char folder[600];
    lots_error err;
    answer got;
    snprintf(folder, sizeof folder, "%s/lists", r->directory);
    assert_ok(lots_directory_create(folder, false, &err));
    write_text(r, "lists/all.lq", "include 'ill.lq' let ill_days = count(contacts where dx in ill)");
    write_text(r, "lists/ill.lq", "let ill = codes('ill.csv')");
    write_text(r, "lists/ill.csv", "code\nI50\n");
    assert_ok(answer_lots(r->registry, "include 'lists/all.lq' from patients where ill_days != count(contacts where dx in {I50}) "
                                       "show count()", &options, NULL, &got, &err));
    assert_string_equal(got.cells[0], "0");
    answer_free(&got);
    assert_status(LOTS_IO, answer_lots(r->registry, "from contacts where dx in codes('ill.csv') show count()", &options, NULL,
                                       &got, &err));
}

/* The text of a let that doubles: l1 = l0 + l0, … */
static void lets_that_multiply_or_nest_too_deep_are_refused(void **state)
{
    const small_registry *r = *state;
    lots_error err;
    answer got;
    char text[8000] = "let f0(x) = x + x ";
    for (int i = 1; i < 40; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "let f%d(x) = f%d(x) + f%d(x) ", i, i - 1, i - 1);
    }
    strcat(text, "from patients show f39(score)");
    assert_int_not_equal(answer_lots(r->registry, text, NULL, NULL, &got, &err), LOTS_OK);
    strcpy(text, "let l0 = 1 ");
    for (int i = 1; i < 80; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "let l%d = l%d + 1 ", i, i - 1);
    }
    strcat(text, "from patients show l79");
    assert_status(LOTS_QUERY, answer_lots(r->registry, text, NULL, NULL, &got, &err));
    assert_contains(err.text, "more than 50 deep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_is_named_and_placed),
        cmocka_unit_test(warnings_say_what_matches_nothing_and_what_leaves_the_data),
        cmocka_unit_test(what_is_asked_rightly_goes_without_a_warning),
        cmocka_unit_test(params_are_set_from_outside),
        cmocka_unit_test(a_mistaken_param_is_shown_where_it_was_given),
        cmocka_unit_test(a_param_takes_the_kind_of_what_it_replaces),
        cmocka_unit_test(a_file_names_others_relative_to_itself),
        cmocka_unit_test(files_are_included_once_and_relative_to_the_query),
        cmocka_unit_test(lets_that_multiply_or_nest_too_deep_are_refused),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
