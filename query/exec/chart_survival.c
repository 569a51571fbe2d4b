/* chart_survival.c: rows of persons followed until an event or until lost from sight made the steps of curves: survival
 * (Kaplan & Meier 1958) or, for each cause, cumulative incidence (Aalen & Johansen 1978), by the rules of survival.h: who is
 * censored at a time is still at risk for its events; rows without a time, with one below 0, or of whom it isn't known whether
 * they had the event, take no part. Of states all but missing, 'censored' and 'followed' are causes. See chart.h.
 *
 * A curve is walked along its times. A step may be shown when what happened since the one shown before happened to nobody or
 * to min_cell persons, and as many (or nobody) are followed beyond it; else it waits for the next. `at_risk` is how many rows
 * are followed beyond a step. It is shown where, since it was shown last, of each way to leave nobody or min_cell persons did. */
#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "query/exec/chart.h"
#include "query/exec/evidence.h"
#include "query/exec/sort.h"

#define ANY UINT32_MAX /* cause */

enum { CAUSES_MAX = 20, STEPS_MAX = 400 }; /* of one curve; a denser one wouldn't look otherwise */

typedef struct followed { /* a row */
    int64_t time;
    uint32_t cause; /* 0: censored */
    lots_patient patient;
} followed;

typedef struct step { /* a row of the result */
    int64_t time;
    double value;
    uint32_t end;      /* the rows of its group up to its time */
    int64_t at_risk;   /* those beyond */
    bool tells_risk;
    uint32_t source;   /* a row of the group, for its name */
    uint32_t state;    /* a row with the cause, likewise */
    uint32_t patients; /* of the group */
} step;

typedef struct curves {
    const lots_result *result;
    bool causes_apart;  /* incidence; else survival */
    followed *rows;     /* of the group at hand, by time */
    uint32_t count;
    lots_patient *room; /* for counting persons */
    double *values;     /* of the cause at hand: after each row */
    uint8_t *tells;     /* of each row: a step ends with it; then, whether at_risk may be told there */
    uint32_t *causes;   /* of each row of the result; UINT32_MAX: takes no part */
    uint32_t states[CAUSES_MAX + 1]; /* a row of the result with each */
    uint32_t cause_count;
    uint32_t source, patients; /* of the group at hand */
    uint32_t hidden;    /* groups without a curve */
    lots_patient *lost; /* of rows that take no part */
    uint32_t lost_count;
    lots_vec steps;     /* step */
} curves;

/* ---- what happened to whom ---- */

static int by_time(const void *a, const void *b)
{
    const followed *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->cause != y->cause)
        return x->cause < y->cause ? -1 : 1;
    return x->patient < y->patient ? -1 : x->patient > y->patient;
}

static int by_patient(const void *a, const void *b)
{
    lots_patient x = *(const lots_patient *)a, y = *(const lots_patient *)b;
    return x < y ? -1 : x > y;
}

/* Each of the first `rows` of the room once; how many. */
static uint32_t keep_distinct(curves *c, uint32_t rows)
{
    uint32_t count = 0;
    qsort(c->room, rows, sizeof *c->room, by_patient);
    for (uint32_t i = 0; i < rows; i++)
        if (i == 0 || c->room[i] != c->room[count - 1])
            c->room[count++] = c->room[i];
    return count;
}

/* Persons of rows from..end who left through `cause` (ANY: through any), as far as it takes to find min_cell of them. */
static uint32_t persons(curves *c, uint32_t from, uint32_t end, uint32_t cause)
{
    uint32_t enough = c->result->min_cell == 0 ? 1 : c->result->min_cell, rows = 0, wanted = enough, count = 0;
    for (uint32_t i = from; i < end && count < enough; i++) {
        if (cause != ANY && c->rows[i].cause != cause)
            continue;
        c->room[rows++] = c->rows[i].patient;
        if (rows < wanted)
            continue;
        count = rows = keep_distinct(c, rows);
        wanted = rows * 2 > enough ? rows * 2 : enough; /* so that sorting stays in proportion */
    }
    return count >= enough ? count : keep_distinct(c, rows);
}

static bool may_tell(const curves *c, uint32_t count) { return count == 0 || count >= c->result->min_cell; }

static uint32_t end_of_time(const curves *c, uint32_t at)
{
    int64_t time = c->rows[at].time;
    while (at < c->count && c->rows[at].time == time)
        at++;
    return at;
}

/* How many more rows make it worth while to look again: a long curve isn't looked at for each of its rows. */
static uint32_t stride(const curves *c) { return c->count / STEPS_MAX + 1; }

/* Beyond a time nobody or enough are followed; when nobody is, the censored are those who never had an event. */
static bool may_end(curves *c, uint32_t end)
{
    return may_tell(c, persons(c, end, c->count, ANY)) && (end < c->count || may_tell(c, persons(c, 0, end, 0)));
}

/* ---- values ---- */

/* S, or F of a cause, after each row; between censorings all factors have one denominator, as in survival.c. */
static void reckon(curves *c, uint32_t cause)
{
    double before = 1, reached = 0, survival = 1, incidence = 0;
    uint64_t entered = c->count, left = c->count, asked = 0;
    for (uint32_t at = 0, end; at < c->count; at = end) {
        uint64_t at_risk = c->count - at, events = 0, own = 0;
        end = end_of_time(c, at);
        for (uint32_t i = at; i < end; i++) {
            events += c->rows[i].cause != 0;
            own += c->rows[i].cause == cause;
        }
        if (events > 0 && at_risk != left) {
            before = survival;
            reached = incidence;
            entered = at_risk;
            asked = 0;
        }
        if (events > 0) {
            left = at_risk - events;
            asked += own;
            survival = before * (double)left / (double)entered;
            incidence = reached + before * (double)asked / (double)entered;
        }
        for (uint32_t i = at; i < end; i++)
            c->values[i] = c->causes_apart ? incidence : survival;
    }
}

/* ---- steps ---- */

static lots_status put_step(curves *c, uint32_t cause, int64_t time, uint32_t end, lots_error *err)
{
    step made = {.time = time, .value = end == 0 ? (c->causes_apart ? 0 : 1) : c->values[end - 1], .at_risk = c->count - end,
                 .end = end, .source = c->source, .state = c->states[cause],
                 .patients = c->patients};
    return lots_vec_push(&c->steps, &made, err);
}

/* The last time to which min_cell persons are followed: there the curve ends. */
static uint32_t last_followed(curves *c)
{
    uint32_t least = c->result->min_cell == 0 ? 1 : c->result->min_cell, at = c->count;
    while (at > 0 && persons(c, at, c->count, ANY) < least)
        at = at > stride(c) ? at - stride(c) : 0;
    return at == c->count ? at : end_of_time(c, at);
}

static lots_status walk_curve(curves *c, uint32_t cause, lots_error *err)
{
    uint32_t from = 0, next = 0, last = last_followed(c), which = c->causes_apart ? cause : 1;
    reckon(c, which);
    if (c->rows[0].time > 0 || c->rows[0].cause == 0)
        LOTS_TRY(put_step(c, cause, 0, 0, err));
    for (uint32_t at = 0, end; at < c->count; at = end) {
        uint32_t own = 0;
        end = end_of_time(c, at);
        for (uint32_t i = at; i < end; i++)
            own += c->rows[i].cause == which;
        bool closing = end == last && end > from;
        if ((own == 0 && !closing) || (end < next && !closing && end < c->count))
            continue;
        next = end + stride(c);
        if (!may_tell(c, persons(c, from, end, which)) || !may_end(c, end))
            continue;
        LOTS_TRY(put_step(c, cause, c->rows[at].time, end, err));
        from = end;
    }
    return LOTS_OK;
}

/* Of the group's steps, from number `first` on, say those at which at_risk may be told. */
static void tell_risks(curves *c, size_t first)
{
    uint32_t from = 0;
    step *steps = c->steps.data;
    memset(c->tells, 0, c->count);
    for (size_t i = first; i < c->steps.count; i++)
        if (steps[i].end > 0)
            c->tells[steps[i].end - 1] = 1;
    for (uint32_t end = 1; end <= c->count; end++) {
        bool good = c->tells[end - 1] != 0 && may_end(c, end);
        for (uint32_t cause = 0; cause <= c->cause_count && good; cause++)
            good = may_tell(c, persons(c, from, end, cause));
        c->tells[end - 1] = good;
        from = good ? end : from;
    }
    for (size_t i = first; i < c->steps.count; i++)
        steps[i].tells_risk = steps[i].end == 0 || c->tells[steps[i].end - 1] != 0;
}

static lots_status walk_group(curves *c, lots_error *err)
{
    if (c->count == 0)
        return LOTS_OK;
    qsort(c->rows, c->count, sizeof *c->rows, by_time);
    for (uint32_t i = 0; i < c->count; i++)
        c->room[i] = c->rows[i].patient;
    c->patients = keep_distinct(c, c->count);
    if (c->patients < c->result->min_cell) {
        c->hidden++;
        return LOTS_OK;
    }
    size_t first = c->steps.count;
    for (uint32_t cause = 1; cause <= c->cause_count; cause++)
        LOTS_TRY(walk_curve(c, cause, err));
    tell_risks(c, first);
    return LOTS_OK;
}

/* ---- rows ---- */

static bool is_text(const lots_vector *values, uint32_t row, const char *text)
{
    const char *own = NULL;
    size_t bytes = 0;
    if (values->type.kind == LOTS_TYPE_TEXT) {
        own = ((const lots_text *)values->data)[row].text;
        bytes = ((const lots_text *)values->data)[row].bytes;
    } else if (values->type.dictionary != NULL) {
        own = lots_dictionary_key(values->type.dictionary, ((const uint32_t *)values->data)[row], &bytes);
    }
    return own != NULL && bytes == strlen(text) && memcmp(own, text, bytes) == 0;
}

static bool is_censored(const lots_vector *values, uint32_t row)
{
    return lots_vector_is_missing(values, row) || is_text(values, row, "censored") || is_text(values, row, "followed");
}

/* An event that is true is cause 1. */
static void number_events(curves *c, const lots_vector *values)
{
    c->cause_count = 1;
    for (uint32_t row = 0; row < c->result->rows; row++)
        c->causes[row] = lots_vector_is_missing(values, row) ? UINT32_MAX
                         : lots_bit_get(values->data, values->constant ? 0 : row) ? 1
                                                                                  : 0;
}

/* States in their order. */
static lots_status number_states(curves *c, const lots_bound_chart *bound, lots_arena *scratch, lots_error *err)
{
    const lots_vector *values = &c->result->columns[bound->y].values;
    const bool rising = false;
    uint32_t *sorted = NULL, before = UINT32_MAX;
    LOTS_TRY(lots_sort_rows(values, &rising, NULL, 1, c->result->rows, scratch, &sorted, err));
    for (uint32_t i = 0; i < c->result->rows; i++) {
        uint32_t row = sorted[i];
        c->causes[row] = 0;
        if (is_censored(values, row))
            continue;
        if (before == UINT32_MAX || lots_vector_compare(values, before, values, row) != 0) {
            if (c->cause_count == CAUSES_MAX)
                return lots_ast_fail(err, bound->span, "more than %d states: so many curves can't be told apart", (int)CAUSES_MAX);
            c->states[++c->cause_count] = row;
        }
        c->causes[row] = c->cause_count;
        before = row;
    }
    return LOTS_OK;
}

/* The row's time, when it takes part. */
static bool take_time(const curves *c, const lots_bound_chart *bound, uint32_t row, int64_t *out)
{
    const lots_vector *times = &c->result->columns[bound->x].values;
    if (c->causes[row] == UINT32_MAX || lots_vector_is_missing(times, row))
        return false;
    *out = ((const int64_t *)times->data)[times->constant ? 0 : row];
    return *out >= 0;
}

static lots_status make_room(curves *c, lots_arena *scratch, lots_error *err)
{
    void *made = NULL;
    uint32_t rows = c->result->rows;
    LOTS_TRY(lots_arena_alloc(scratch, &made, rows, sizeof(followed), err));
    c->rows = made;
    LOTS_TRY(lots_arena_alloc(scratch, &made, rows, sizeof(lots_patient), err));
    c->room = made;
    LOTS_TRY(lots_arena_alloc(scratch, &made, rows, sizeof(lots_patient), err));
    c->lost = made;
    LOTS_TRY(lots_arena_alloc(scratch, &made, rows, sizeof(double), err));
    c->values = made;
    LOTS_TRY(lots_arena_alloc(scratch, &made, rows, 1, err));
    c->tells = made;
    LOTS_TRY(lots_arena_alloc(scratch, &made, rows, sizeof(uint32_t), err));
    c->causes = made;
    return LOTS_OK;
}

/* Group by group, in their order. */
static lots_status walk_groups(const lots_bound_pipeline *pipeline, curves *c, lots_arena *scratch, lots_error *err)
{
    const lots_bound_chart *bound = pipeline->chart;
    const lots_vector *groups = bound->by == LOTS_CHART_NONE ? NULL : &c->result->columns[bound->by].values;
    const lots_expr *label = groups == NULL ? NULL : pipeline->columns[bound->by].value;
    const bool rising = false;
    uint32_t *sorted = NULL;
    if (groups != NULL)
        LOTS_TRY(lots_sort_rows(groups, &rising, &label, 1, c->result->rows, scratch, &sorted, err));
    for (uint32_t i = 0; i < c->result->rows; i++) {
        uint32_t row = groups == NULL ? i : sorted[i];
        followed made = {.cause = c->causes[row], .patient = c->result->patient[row]};
        if (i > 0 && groups != NULL && lots_vector_compare(groups, sorted[i - 1], groups, row) != 0) {
            LOTS_TRY(walk_group(c, err));
            c->count = 0;
        }
        c->source = row;
        if (take_time(c, bound, row, &made.time))
            c->rows[c->count++] = made;
        else
            c->lost[c->lost_count++] = made.patient;
    }
    return walk_group(c, err);
}

/* ---- the result ---- */

static lots_status put_source(lots_result *result, const curves *c, uint32_t column, bool state, lots_result_column *out,
                              lots_arena *scratch, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(scratch, &made, c->steps.count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < c->steps.count; i++) {
        const step *from = &LOTS_AT(step, &c->steps, i);
        ((uint32_t *)made)[i] = state ? from->state : from->source;
    }
    *out = result->columns[column];
    out->marks = NULL; /* rows of persons have none, and there are other rows now */
    if (c->steps.count == 0)
        return lots_vector_new(&result->arena, &out->type, 0, &out->values, err);
    lots_vector flat;
    LOTS_TRY(lots_vector_flatten(&result->arena, &result->columns[column].values, &flat, err));
    return lots_vector_gather(&result->arena, &flat, made, (uint32_t)c->steps.count, &out->values, err);
}

static lots_status put_numbers(lots_result *result, const curves *c, lots_result_column *time, lots_result_column *value,
                               lots_result_column *risk, lots_error *err)
{
    uint32_t rows = (uint32_t)c->steps.count;
    void *marks = NULL;
    risk->type.kind = LOTS_TYPE_INT;
    value->type.kind = LOTS_TYPE_FLOAT;
    LOTS_TRY(lots_vector_new(&result->arena, &time->type, rows, &time->values, err));
    LOTS_TRY(lots_vector_new(&result->arena, &value->type, rows, &value->values, err));
    LOTS_TRY(lots_vector_new(&result->arena, &risk->type, rows, &risk->values, err));
    LOTS_TRY(lots_vector_want_missing(&result->arena, &risk->values, err));
    LOTS_TRY(lots_arena_alloc(&result->arena, &marks, rows, 1, err));
    for (uint32_t i = 0; i < rows; i++) {
        const step *from = &LOTS_AT(step, &c->steps, i);
        ((int64_t *)time->values.data)[i] = from->time;
        ((double *)value->values.data)[i] = from->value;
        ((int64_t *)risk->values.data)[i] = from->tells_risk ? from->at_risk : 0;
        ((uint8_t *)marks)[i] = from->tells_risk ? LOTS_MARK_SHOWN : LOTS_MARK_WITHHELD;
        if (!from->tells_risk)
            lots_bit_set(risk->values.missing, i);
    }
    risk->marks = marks;
    return LOTS_OK;
}

static lots_status put_steps(const lots_bound_chart *bound, lots_result *result, const curves *c, lots_chart *chart,
                             lots_arena *scratch, lots_error *err)
{
    void *made = NULL;
    uint32_t added = 0, at = 0, rows = (uint32_t)c->steps.count;
    const char *const *names = lots_chart_added(bound->kind, &added);
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, 5, sizeof(lots_result_column), err));
    lots_result_column *columns = made;
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, rows, sizeof(uint32_t), err));
    uint32_t *patients = made;
    for (uint32_t i = 0; i < rows; i++)
        patients[i] = LOTS_AT(step, &c->steps, i).patients;
    chart->by = chart->cause = LOTS_CHART_NONE;
    if (bound->by != LOTS_CHART_NONE) {
        LOTS_TRY(put_source(result, c, bound->by, false, &columns[at], scratch, err));
        chart->by = at++;
    }
    if (c->causes_apart) {
        LOTS_TRY(put_source(result, c, bound->y, true, &columns[at], scratch, err));
        chart->cause = at++;
    }
    chart->x = at++;
    chart->y = chart->value = at++;
    chart->at_risk = at++;
    columns[chart->x] = (lots_result_column){.name = result->columns[bound->x].name, .type = result->columns[bound->x].type};
    columns[chart->y].name = names[0];
    columns[chart->at_risk].name = names[1];
    LOTS_TRY(put_numbers(result, c, &columns[chart->x], &columns[chart->y], &columns[chart->at_risk], err));
    chart->value_name = result->columns[bound->y].name;
    result->columns = columns;
    result->column_count = at;
    result->rows = rows;
    result->patient = NULL;
    result->patients = patients;
    result->patients_marks = NULL;
    return LOTS_OK;
}

static lots_status say_lost(lots_result *result, curves *c, lots_chart *chart, lots_vec *notes, lots_error *err)
{
    const char *name = lots_chart_name(chart->kind);
    if (c->lost_count > 0)
        memcpy(c->room, c->lost, c->lost_count * sizeof *c->room);
    if (!may_tell(c, keep_distinct(c, c->lost_count)))
        LOTS_TRY(lots_chart_note(result, notes, err, "chart %s: fewer than %u persons take no part: they have no time from 0 on or "
                                                     "no event that is known", name, result->min_cell));
    else if (c->lost_count > 0)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart %s: %u rows take no part: they have no time from 0 on or no event "
                                                     "that is known", name, c->lost_count));
    if (c->hidden > 0)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart %s: %u group%s of fewer than %u persons %s not drawn", name, c->hidden,
                                 c->hidden == 1 ? "" : "s", result->min_cell, c->hidden == 1 ? "is" : "are"));
    chart->hidden = c->hidden;
    return LOTS_OK;
}

lots_status lots_chart_survival(const lots_bound_pipeline *pipeline, lots_result *result, lots_chart *chart,
                                lots_arena *scratch, lots_vec *notes, lots_error *err)
{
    const lots_bound_chart *bound = pipeline->chart;
    curves c = {.result = result, .causes_apart = bound->kind == LOTS_CHART_CIF, .steps = LOTS_VEC(step)};
    void *made = NULL;
    lots_status status = make_room(&c, scratch, err);
    if (status == LOTS_OK && c.causes_apart)
        status = number_states(&c, bound, scratch, err);
    else if (status == LOTS_OK)
        number_events(&c, &result->columns[bound->y].values);
    if (status == LOTS_OK)
        status = walk_groups(pipeline, &c, scratch, err);
    if (status == LOTS_OK)
        status = put_steps(bound, result, &c, chart, scratch, err);
    if (status == LOTS_OK)
        status = say_lost(result, &c, chart, notes, err);
    if (status == LOTS_OK)
        status = lots_arena_alloc(&result->arena, &made, result->rows, sizeof(uint32_t), err);
    lots_vec_free(&c.steps);
    LOTS_TRY(status);
    chart->order = made;
    chart->order_count = result->rows;
    for (uint32_t i = 0; i < result->rows; i++)
        chart->order[i] = i;
    return LOTS_OK;
}
