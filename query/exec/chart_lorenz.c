/* chart_lorenz.c: rows in order of value made the points of a Lorenz curve (Lorenz 1905): the share of the rows, from the
 * lowest value up, against their share of the sum. A hundred points at most, at whole percent of the rows, fewer where a
 * group between two of them would tell of single persons. See chart.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "query/exec/chart.h"

__extension__ typedef __int128 wide;

enum { GROUPS = 100 };
#define DOMINANT 0.85 /* of a sum: as evidence.c has it */

typedef struct holding { /* a row, or what one person has in a group */
    union {
        int64_t whole;
        double real;
    } value;
    lots_patient patient;
} holding;

typedef struct curve {
    holding *rows; /* ascending */
    holding *room; /* as many, for the persons of a group */
    uint32_t count;
    bool real; /* doubles; else whole numbers */
    double all; /* their sum, about */
    uint32_t min_cell;
    uint32_t ends[GROUPS], patients[GROUPS]; /* of each group: the row after its last, its persons */
    uint32_t groups;
} curve;

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

static double size_of(const curve *c, const holding *row) { return c->real ? row->value.real : (double)row->value.whole; }

/* Persons of rows from..end; may their sum be told? */
static bool may_show(curve *c, uint32_t from, uint32_t end, uint32_t *patients)
{
    double all = 0, largest = 0;
    uint32_t givers = 0, count = end - from;
    *patients = 0;
    if (count > 0)
        memcpy(c->room, c->rows + from, count * sizeof *c->room);
    qsort(c->room, count, sizeof *c->room, by_patient);
    for (uint32_t i = 0; i < count; ++*patients) {
        double own = 0;
        lots_patient patient = c->room[i].patient;
        for (; i < count && c->room[i].patient == patient; i++)
            own += size_of(c, &c->room[i]);
        all += own;
        givers += own > 0;
        largest = own > largest ? own : largest;
    }
    if (c->min_cell == 0)
        return true;
    return *patients >= c->min_cell && (givers == 0 || givers >= c->min_cell) && largest <= all * DOMINANT;
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

/* The rows with a value; *missing persons have none, or UINT32_MAX when they are too few to be told. */
static lots_status take_rows(const lots_result *result, curve *c, lots_arena *scratch, bool *negative, uint32_t *missing,
                             lots_error *err)
{
    const lots_vector *values = &result->columns[0].values;
    void *rows = NULL, *room = NULL;
    uint32_t without = 0, persons = 0;
    LOTS_TRY(lots_arena_alloc(scratch, &rows, result->rows, sizeof(holding), err));
    LOTS_TRY(lots_arena_alloc(scratch, &room, result->rows, sizeof(holding), err));
    c->rows = rows;
    c->room = room;
    c->real = values->type.kind == LOTS_TYPE_FLOAT;
    c->min_cell = result->min_cell;
    for (uint32_t row = 0; row < result->rows; row++) {
        holding made = {.patient = result->patient[row]};
        if (lots_vector_is_missing(values, row)) {
            c->room[without++] = made;
            continue;
        }
        if (c->real)
            made.value.real = ((const double *)values->data)[row];
        else
            made.value.whole = ((const int64_t *)values->data)[row];
        *negative = *negative || size_of(c, &made) < 0;
        c->all += size_of(c, &made);
        c->rows[c->count++] = made;
    }
    qsort(c->room, without, sizeof *c->room, by_patient);
    for (uint32_t i = 0; i < without; i++)
        persons += i == 0 || c->room[i].patient != c->room[i - 1].patient;
    *missing = persons > 0 && persons < c->min_cell ? UINT32_MAX : without;
    qsort(c->rows, c->count, sizeof *c->rows, c->real ? by_real : by_whole);
    return LOTS_OK;
}

/* The share of the sum that the rows before each group's end have. */
static void sum_up(const curve *c, double shares[GROUPS])
{
    wide whole = 0, whole_all = 0;
    double real = 0, real_all = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        whole_all += c->real ? 0 : c->rows[i].value.whole;
        real_all += c->real ? c->rows[i].value.real : 0;
    }
    for (uint32_t g = 0, i = 0; g < c->groups; g++) {
        for (; i < c->ends[g]; i++) {
            whole += c->real ? 0 : c->rows[i].value.whole;
            real += c->real ? c->rows[i].value.real : 0;
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

lots_status lots_chart_lorenz(lots_result *result, lots_chart *chart, lots_arena *scratch, lots_vec *notes, lots_error *err)
{
    curve c = {0};
    bool negative = false;
    uint32_t missing = 0;
    void *made = NULL;
    chart->value_name = result->columns[0].name;
    LOTS_TRY(take_rows(result, &c, scratch, &negative, &missing, err));
    if (missing == UINT32_MAX)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart lorenz: the rows of fewer than %u persons are left out: they have "
                                                     "no value", result->min_cell));
    else if (missing > 0)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart lorenz: %u row%s left out, without a value", missing,
                                 missing == 1 ? " is" : "s are"));
    bool nothing = c.count == 0 || size_of(&c, &c.rows[c.count - 1]) <= 0 || !isfinite(c.all); /* the last is the largest */
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
