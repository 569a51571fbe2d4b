/* Paths, against texts put together event by event. */
#include "tests/query/exec/exec_fixture.h"
#include "tests/query/exec/exec_order.h"

static world w;

static int open_world(void **state)
{
    (void)state;
    world_open(&w, 71);
    world_fill(&w, (const uint32_t[]){200, 100, 0}, random_patient);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

/* Days to the next event; a long time when the end is not known. */
static int64_t gap_after(const event *e, const event *next)
{
    const int32_t end = end_of(&w, e);
    return end == NONE ? INT32_MAX : (int64_t)next->start - end;
}

/* gap -1 and max 0: none. Texts longer than a cell holds are cut as cells are. */
static void naive_path(const person *who, int64_t gap, uint32_t max, char *out, size_t room)
{
    const event *before = NULL;
    size_t at = 0;
    uint32_t steps = 0;
    out[0] = '\0';
    EACH(e, &w, who, S_CONTACTS) {
        if (e->level == NONE)
            continue;
        if (before != NULL && gap >= 0 && gap_after(before, e) > gap)
            return;
        if (max > 0 && steps == max) {
            snprintf(out + at, room - at, " > \xe2\x80\xa6");
            return;
        }
        at += (size_t)snprintf(out + at, room - at, "%s%s", before == NULL ? "" : " > ", LEVELS[e->level]);
        before = e;
        steps++;
    }
}

static void check(const answer *a, uint32_t item, int64_t gap, uint32_t max)
{
    static char path[8192];
    for (uint32_t p = 0; p < w.people_count; p++) {
        const cell *got = cell_at(a, p, item);
        naive_path(&w.people[p], gap, max, path, sizeof path);
        assert_int_equal(got->missing, path[0] == '\0');
        path[sizeof got->text - 1] = '\0';
        assert_string_equal(got->text, path);
    }
}

static void paths_name_the_events_in_order(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from patients derive a = path(contacts by level), b = path(contacts by level gap 7d), "
                             "c = path(contacts by level max 3), d = path(contacts by level gap 30d max 1), "
                             "e1 = path(contacts by level max 2 gap 0d)");
    check(&a, 0, -1, 0);
    check(&a, 1, 7, 0);
    check(&a, 2, -1, 3);
    check(&a, 3, 30, 1);
    check(&a, 4, 0, 2);
    answer_free(&a);
}

static void paths_of_a_window_and_of_other_types_are_texts(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from drugs as d derive a = path(drugs until d.start by atc max 2), "
                             "b = path((drugs where start = d.start) by text(month(start)))");
    for (uint32_t r = 0; r < a.rows; r++) {
        const event *of = &w.events[S_DRUGS][r];
        char atc[64] = "", month[64] = "";
        uint32_t steps = 0;
        EACH(e, &w, &w.people[of->patient], S_DRUGS) {
            if (e->start <= of->start && steps++ <= 2)
                snprintf(atc + strlen(atc), sizeof atc - strlen(atc), "%s%s", steps == 1 ? "" : " > ",
                         steps == 3 ? "\xe2\x80\xa6" : strchr(CODES[e->atc], '\x1f') + 1);
            if (e->start == of->start)
                snprintf(month + strlen(month), sizeof month - strlen(month), "%s%d", month[0] == '\0' ? "" : " > ",
                         lots_day_to_civil(e->start).month);
        }
        assert_string_equal(cell_at(&a, r, 0)->text, atc);
        assert_string_equal(cell_at(&a, r, 1)->text, month);
    }
    answer_free(&a);
}

static void refused(const char *text, const char *because)
{
    lots_error err = {0};
    answer out;
    const lots_status status = world_try(&w, text, &out, &err);
    answer_free(&out);
    if (status == LOTS_OK || strstr(err.text, because) == NULL)
        fail_msg("%s: %s\nexpected '%s' of: %s", lots_status_name(status), err.text, because, text);
}

static void paths_that_mean_nothing_are_refused(void **state)
{
    (void)state;
    refused("from patients derive a = path(contacts)", "needs one `by`");
    refused("from patients derive a = path(contacts by level, unit)", "needs one `by`");
    refused("from patients derive a = path(contacts by dx)", "one value an event");
    refused("from patients derive a = path(contacts by level max 0)", "at least 1");
    refused("from patients derive a = path(contacts by level gap 1mo)", "a constant number of days");
    refused("from patients derive a = path(contacts by level over contacts)", "path takes");
    refused("from patients derive a = count(active(contacts))", "active takes");
    refused("from patients derive a = count(active(contacts by level, unit))", "active takes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_name_the_events_in_order),
        cmocka_unit_test(paths_of_a_window_and_of_other_types_are_texts),
        cmocka_unit_test(paths_that_mean_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
