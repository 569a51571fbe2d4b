/* chart_lorenz.c: rows in order of value made the points of a Lorenz curve (Lorenz 1905): the share of the rows, from the
 * lowest value up, against their share of the sum. A hundred points at most, at whole percent of the rows, fewer where a
 * group between two of them would tell of single persons. See chart.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "query/exec/chart.h"
#include "query/exec/number_sort.h"

__extension__ typedef __int128 wide;

enum { GROUPS = 100 };
#define DOMINANT 0.85 /* of a sum: as evidence.c has it */

typedef union number {
    int64_t whole;
    double real;
} number;

typedef struct holding { /* a row, or what one person has in a group */
    number value;
    lots_patient patient;
} holding;

typedef struct curve {
    number *values; /* ascending */
    holding *rows;  /* the same with their persons; NULL: each is of another person */
    holding *room;  /* as many, for the persons of a group */
    uint32_t count;
    bool real; /* doubles; else whole numbers */
    double all; /* their sum, about */
    uint32_t min_cell;
    uint32_t ends[GROUPS], patients[GROUPS]; /* of each group: the row after its last, its persons */
    uint32_t groups;
} curve;

/* What persons have of a group. */
typedef struct stake {
    uint32_t patients, givers;
    double all, largest;
} stake;

static int by_patient(const void *a, const void *b)
{
    lots_patient x = ((const holding *)a)->patient, y = ((const holding *)b)->patient;
    return x < y ? -1 : x > y;
}

static int by_whole(const void *a, const void *b)
{
    int64_t x = ((const holding *)a)->value.whole, y = ((const holding *)b)->value.whole;
    return x != y ? (x < y ? -1 : 1) : by_patient(a, b);
}

static int by_real(const void *a, const void *b)
{
    double x = ((const holding *)a)->value.real, y = ((const holding *)b)->value.real;
    return x != y ? (x < y ? -1 : 1) : by_patient(a, b);
}

static double size_of(const curve *c, number value) { return c->real ? value.real : (double)value.whole; }

static void add_stake(stake *all, double own)
{
    all->patients++;
    all->all += own;
    all->givers += own > 0;
    all->largest = own > all->largest ? own : all->largest;
}

/* Persons of rows from..end. */
static stake stake_of(curve *c, uint32_t from, uint32_t end)
{
    const uint32_t count = end - from;
    stake all = {0};
    if (c->rows == NULL) {
        for (uint32_t i = from; i < end; i++)
            add_stake(&all, size_of(c, c->values[i]));
        return all;
    }
    if (count > 0)
        memcpy(c->room, c->rows + from, count * sizeof *c->room);
    qsort(c->room, count, sizeof *c->room, by_patient);
    for (uint32_t i = 0; i < count;) {
        const lots_patient patient = c->room[i].patient;
        double own = 0;
        for (; i < count && c->room[i].patient == patient; i++)
            own += size_of(c, c->room[i].value);
        add_stake(&all, own);
    }
    return all;
}

/* Persons of rows from..end; may their sum be told? */
static bool may_show(curve *c, uint32_t from, uint32_t end, uint32_t *patients)
{
    const stake all = stake_of(c, from, end);
    *patients = all.patients;
    if (c->min_cell == 0)
        return true;
    return all.patients >= c->min_cell && (all.givers == 0 || all.givers >= c->min_cell) &&
           all.largest <= all.all * DOMINANT;
}

/* Whole percents of the rows, joined until they may be shown. What is left at the end goes to the group before. */
static void make_groups(curve *c)
{
    uint32_t from = 0;
    for (uint32_t percent = 1; percent <= GROUPS; percent++) {
        uint32_t end = (uint32_t)(((uint64_t)percent * c->count + GROUPS - 1) / GROUPS), patients = 0;
        if (end == from || (end - from < c->min_cell && end < c->count) || !may_show(c, from, end, &patients))
            continue;
        c->ends[c->groups] = end;
        c->patients[c->groups++] = patients;
        from = end;
    }
    while (c->groups > 0 && c->ends[c->groups - 1] != c->count) {
        uint32_t patients = 0;
        from = --c->groups == 0 ? 0 : c->ends[c->groups - 1];
        if (!may_show(c, from, c->count, &patients))
            continue;
        c->ends[c->groups] = c->count;
        c->patients[c->groups++] = patients;
    }
}

/* Rows of persons mostly come in their order, each once. */
static bool are_different(const lots_result *result)
{
    uint32_t row = 1;
    while (row < result->rows && result->patient[row - 1] < result->patient[row])
        row++;
    return row >= result->rows;
}

static lots_status new_room(const lots_result *result, curve *c, lots_arena *scratch, lots_error *err)
{
    void *made = NULL;
    c->real = result->columns[0].values.type.kind == LOTS_TYPE_FLOAT;
    c->min_cell = result->min_cell;
    LOTS_TRY(lots_arena_vector(scratch, &made, result->rows, sizeof(number), err));
    c->values = made;
    if (are_different(result))
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(scratch, &made, result->rows, sizeof(holding), err));
    c->rows = made;
    LOTS_TRY(lots_arena_vector(scratch, &made, result->rows, sizeof(holding), err));
    c->room = made;
    return LOTS_OK;
}

static lots_status sort_rows(curve *c, lots_pool *pool, lots_error *err)
{
    if (c->rows == NULL)
        return lots_sort_shared(c->values, c->count, c->real, pool, err);
    qsort(c->rows, c->count, sizeof *c->rows, c->real ? by_real : by_whole);
    for (uint32_t i = 0; i < c->count; i++)
        c->values[i] = c->rows[i].value;
    return LOTS_OK;
}

/* The rows with a value; *missing persons have none, or UINT32_MAX when they are too few to be told. */
static lots_status take_rows(const lots_result *result, curve *c, lots_pool *pool, lots_arena *scratch, bool *negative,
                             uint32_t *missing, lots_error *err)
{
    const lots_vector *values = &result->columns[0].values;
    uint32_t without = 0, persons = 0;
    LOTS_TRY(new_room(result, c, scratch, err));
    for (uint32_t row = 0; row < result->rows; row++) {
        holding made = {.patient = result->patient[row]};
        if (lots_vector_is_missing(values, row)) {
            if (c->rows != NULL)
                c->room[without] = made;
            without++;
            continue;
        }
        if (c->real)
            made.value.real = ((const double *)values->data)[row];
        else
            made.value.whole = ((const int64_t *)values->data)[row];
        *negative = *negative || size_of(c, made.value) < 0;
        c->all += size_of(c, made.value);
        if (c->rows != NULL)
            c->rows[c->count] = made;
        c->values[c->count++] = made.value;
    }
    if (c->rows != NULL)
        qsort(c->room, without, sizeof *c->room, by_patient);
    for (uint32_t i = 0; i < without; i++)
        persons += c->rows == NULL || i == 0 || c->room[i].patient != c->room[i - 1].patient;
    *missing = persons > 0 && persons < c->min_cell ? UINT32_MAX : without;
    return sort_rows(c, pool, err);
}

/* The share of the sum that the rows before each group's end have. */
static void sum_up(const curve *c, double shares[GROUPS])
{
    wide whole = 0, whole_all = 0;
    double real = 0, real_all = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        whole_all += c->real ? 0 : c->values[i].whole;
        real_all += c->real ? c->values[i].real : 0;
    }
    for (uint32_t g = 0, i = 0; g < c->groups; g++) {
        for (; i < c->ends[g]; i++) {
            whole += c->real ? 0 : c->values[i].whole;
            real += c->real ? c->values[i].real : 0;
        }
        shares[g] = c->real ? real / real_all : (double)whole / (double)whole_all;
    }
}

static lots_status put_curve(lots_result *result, const curve *c, lots_error *err)
{
    uint32_t count = 0, points = c->groups == 0 ? 0 : c->groups + 1;
    const char *const *names = lots_chart_added(LOTS_CHART_LORENZ, &count);
    double shares[GROUPS];
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, count, sizeof(lots_result_column), err));
    lots_result_column *columns = made;
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, points, sizeof(uint32_t), err));
    uint32_t *patients = made;
    for (uint32_t i = 0; i < count; i++) {
        columns[i] = (lots_result_column){.name = names[i], .type = {.kind = LOTS_TYPE_FLOAT}};
        LOTS_TRY(lots_vector_new(&result->arena, &columns[i].type, points, &columns[i].values, err));
    }
    sum_up(c, shares);
    for (uint32_t i = 0; i < points; i++) { /* from 0, 0 */
        ((double *)columns[0].values.data)[i] = i == 0 ? 0 : (double)c->ends[i - 1] / (double)c->count;
        ((double *)columns[1].values.data)[i] = i == 0 ? 0 : shares[i - 1];
        patients[i] = i == 0 ? 0 : c->patients[i - 1];
    }
    result->columns = columns;
    result->column_count = count;
    result->rows = points;
    result->patient = NULL;
    result->patients = patients;
    result->patients_marks = NULL;
    return LOTS_OK;
}

lots_status lots_chart_lorenz(lots_result *result, lots_chart *chart, lots_pool *pool, lots_arena *scratch, lots_vec *notes,
                              lots_error *err)
{
    curve c = {0};
    bool negative = false;
    uint32_t missing = 0;
    void *made = NULL;
    chart->value_name = result->columns[0].name;
    LOTS_TRY(take_rows(result, &c, pool, scratch, &negative, &missing, err));
    if (missing == UINT32_MAX)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart lorenz: the rows of fewer than %u persons are left out: they have "
                                                     "no value", result->min_cell));
    else if (missing > 0)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart lorenz: %u row%s left out, without a value", missing,
                                 missing == 1 ? " is" : "s are"));
    bool nothing = c.count == 0 || size_of(&c, c.values[c.count - 1]) <= 0 || !isfinite(c.all); /* the last is the largest */
    if (negative)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart lorenz: no curve: a value is below 0"));
    else if (nothing)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart lorenz: no curve: there is no value above 0, or their sum is beyond all "
                                                     "numbers"));
    else
        make_groups(&c);
    if (c.groups == 0 && !negative && !nothing)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart lorenz: the curve is hidden: it would tell of fewer than %u "
                                                     "persons", result->min_cell));
    chart->left_out = missing == UINT32_MAX ? 0 : missing;
    chart->x = 0;
    chart->y = chart->value = 1;
    LOTS_TRY(put_curve(result, &c, err));
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, result->rows, sizeof(uint32_t), err));
    chart->order = made;
    chart->order_count = result->rows;
    for (uint32_t i = 0; i < result->rows; i++)
        chart->order[i] = i;
    return LOTS_OK;
}
