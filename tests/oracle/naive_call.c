/* naive_call.c: functions of values, and the door to the other calls. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/day.h"
#include "tests/oracle/naive_inner.h"

typedef struct call_args {
    const char *name;
    const naive_value *items;
    uint32_t count;
} call_args;

naive_value naive_argument(naive_run *run, const naive_env *env, const lots_ast_call *call, uint32_t index)
{
    if (index >= call->arg_count || call->args[index].kind != LOTS_AST_ARG_VALUE)
        return naive_refuse(run, "naive: %s wants %u arguments", call->name.text, index + 1);
    return naive_eval(run, env, call->args[index].value);
}

/* ---- choices ---- */

static naive_value choose(naive_run *run, const naive_env *env, const lots_ast_call *call)
{
    for (uint32_t i = 0; i < call->arg_count; i++) {
        const lots_ast_arg *arg = &call->args[i];
        if (arg->kind == LOTS_AST_ARG_ELSE)
            return naive_eval(run, env, arg->value);
        if (arg->kind != LOTS_AST_ARG_THEN)
            return naive_refuse(run, "naive: case wants then");
        const naive_value condition = naive_eval(run, env, arg->value);
        if (condition.kind == NAIVE_FAILED)
            return condition;
        if (naive_true(&condition))
            return naive_eval(run, env, arg->then_value);
    }
    return naive_missing(NAIVE_NOTHING);
}

static naive_value list(naive_run *run, const naive_env *env, const lots_ast_call *call)
{
    naive_value out = {.kind = NAIVE_SET, .items = naive_get(run, call->arg_count, sizeof *out.items)};
    for (uint32_t i = 0; i < call->arg_count; i++) {
        if (call->args[i].kind != LOTS_AST_ARG_THEN)
            return naive_refuse(run, "naive: list wants then");
        if (naive_holds(run, env, call->args[i].value)) {
            const naive_value item = naive_eval(run, env, call->args[i].then_value);
            if (!item.missing)
                out.items[out.count++] = item;
        }
    }
    return out;
}

static naive_value coalesce(naive_run *run, const call_args *args)
{
    (void)run;
    for (uint32_t i = 0; i < args->count; i++)
        if (!args->items[i].missing || args->items[i].kind == NAIVE_FAILED)
            return args->items[i];
    return naive_missing(NAIVE_NOTHING);
}

static naive_value extreme(naive_run *run, const call_args *args)
{
    naive_value out = naive_missing(NAIVE_NOTHING);
    const int sign = strcmp(args->name, "least") == 0 ? -1 : 1;
    (void)run;
    for (uint32_t i = 0; i < args->count; i++) {
        if (args->items[i].kind == NAIVE_FAILED)
            return args->items[i];
        if (!args->items[i].missing && (out.missing || naive_compare(&args->items[i], &out) * sign > 0))
            out = args->items[i];
    }
    return out;
}

/* ---- numbers ---- */

static naive_value whole(double value)
{
    if (value < -9.2e18 || value > 9.2e18)
        return naive_failed("a number is too large");
    return naive_number(NAIVE_INT, (int64_t)value);
}

/* To so many decimals, half away from zero; exactly where the number is exact. */
static naive_value rounded(const naive_value *x, int64_t decimals)
{
    int64_t unit = 1;
    if (x->kind == NAIVE_FLOAT) {
        const double scale = pow(10, (double)decimals);
        return naive_float(round(x->real * scale) / scale);
    }
    if (x->scale <= decimals)
        return *x;
    for (uint32_t i = 0; i < x->scale - (uint32_t)decimals; i++)
        unit *= 10;
    const int64_t whole_units = x->number / unit, rest = llabs(x->number % unit);
    return naive_decimal(whole_units + (2 * rest >= unit ? (x->number < 0 ? -1 : 1) : 0), (uint32_t)decimals);
}

static naive_value number(naive_run *run, const call_args *args)
{
    const naive_value *x = &args->items[0];
    const char *name = args->name;
    if (x->kind == NAIVE_BOOL && strcmp(name, "int") == 0)
        return naive_number(NAIVE_INT, x->number);
    if (!naive_is_numeric(x))
        return naive_refuse(run, "naive: %s of no number", name);
    const double real = naive_real(x);
    if (strcmp(name, "abs") == 0)
        return x->kind == NAIVE_FLOAT ? naive_float(fabs(real)) : real < 0 ? naive_negate(x) : *x;
    if (strcmp(name, "sqrt") == 0)
        return real < 0 ? naive_missing(NAIVE_FLOAT) : naive_float(sqrt(real));
    if (strcmp(name, "ln") == 0)
        return real <= 0 ? naive_missing(NAIVE_FLOAT) : naive_float(log(real));
    if (strcmp(name, "float") == 0)
        return naive_float(real);
    if (args->count == 2)
        return rounded(x, args->items[1].number);
    if (x->kind == NAIVE_INT || x->kind == NAIVE_DAYS)
        return naive_number(NAIVE_INT, x->number);
    return whole(strcmp(name, "round") == 0   ? round(real)
                 : strcmp(name, "floor") == 0 ? floor(real)
                 : strcmp(name, "ceil") == 0  ? ceil(real)
                                              : trunc(real));
}

static naive_value modulo(naive_run *run, const call_args *args)
{
    const naive_value quotient = naive_arithmetic(LOTS_AST_OP_FLOOR_DIVIDE, &args->items[0], &args->items[1]);
    if (quotient.missing || naive_misfit(&quotient))
        return naive_misfit(&quotient) ? naive_refuse(run, "naive: mod of what?") : quotient;
    return naive_number(NAIVE_INT, args->items[0].number - args->items[1].number * quotient.number);
}

static naive_value labelled(naive_run *run, const char *text, int64_t place)
{
    char *copy = naive_get(run, strlen(text) + 1, 1);
    naive_value out = naive_text(strcpy(copy, text));
    out.second = place;
    return out;
}

static naive_value band(naive_run *run, const call_args *args)
{
    char text[64];
    const naive_value *x = &args->items[0], *width = &args->items[1];
    if (!naive_is_numeric(x) || width->kind != NAIVE_INT || width->number <= 0)
        return naive_refuse(run, "naive: band of what?");
    const int64_t low = (int64_t)floor(naive_real(x) / (double)width->number) * width->number;
    if (width->number == 1)
        snprintf(text, sizeof text, "%lld", (long long)low);
    else
        snprintf(text, sizeof text, "%lld-%lld", (long long)low, (long long)(low + width->number - 1));
    return labelled(run, text, low);
}

static naive_value cut(naive_run *run, const call_args *args)
{
    char text[64];
    uint32_t at = 1;
    for (; at < args->count && naive_compare(&args->items[0], &args->items[at]) >= 0; at++)
        if (args->items[at].kind != NAIVE_INT)
            return naive_refuse(run, "naive: cut at what?");
    if (at == 1)
        snprintf(text, sizeof text, "<%lld", (long long)args->items[1].number);
    else if (at == args->count)
        snprintf(text, sizeof text, "%lld+", (long long)args->items[at - 1].number);
    else if (args->items[at].number - 1 == args->items[at - 1].number)
        snprintf(text, sizeof text, "%lld", (long long)args->items[at - 1].number);
    else
        snprintf(text, sizeof text, "%lld-%lld", (long long)args->items[at - 1].number,
                 (long long)args->items[at].number - 1);
    return labelled(run, text, at);
}

/* ---- intervals of a rate: Wilson (1927) and Garwood (1936), 95% ---- */

/* The smaller of the two x with (p - x)^2 = z^2 x (1 - x) / n. Their product is p^2 / (1 + z^2 / n), which leaves no
 * difference of like numbers. It is 0 at 0 of n. */
static double wilson_root(double k, double n)
{
    const double z = 1.959963984540054, p = k / n;
    return p * p / (p + z * z / (2 * n) + z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)));
}

static naive_value wilson(naive_run *run, const call_args *args)
{
    if (!naive_is_numeric(&args->items[0]) || !naive_is_numeric(&args->items[1]))
        return naive_refuse(run, "naive: %s of what?", args->name);
    const double k = naive_real(&args->items[0]), n = naive_real(&args->items[1]);
    if (n <= 0 || k < 0 || k > n)
        return naive_missing(NAIVE_FLOAT);
    return naive_float(strcmp(args->name, "wilson_low") == 0 ? wilson_root(k, n) : 1 - wilson_root(n - k, n));
}

/* P(X <= k) of a Poisson variable with this mean. */
static double poisson_below(double k, double mean)
{
    double term = exp(-mean), sum = 0;
    for (double i = 0; i <= k; i++) {
        sum += term;
        term *= mean / (i + 1);
    }
    return sum;
}

static naive_value poisson(naive_run *run, const call_args *args)
{
    const bool low = strcmp(args->name, "poisson_low") == 0;
    if (args->items[0].kind != NAIVE_INT || !naive_is_numeric(&args->items[1]))
        return naive_refuse(run, "naive: %s of what?", args->name);
    const double k = naive_real(&args->items[0]), t = naive_real(&args->items[1]);
    if (t <= 0 || k < 0 || k > 300)
        return k > 300 ? naive_refuse(run, "naive: too many for %s", args->name) : naive_missing(NAIVE_FLOAT);
    if (low && k == 0)
        return naive_float(0);
    double from = 0, to = k * 3 + 20;
    for (int i = 0; i < 200; i++) {
        const double mean = (from + to) / 2;
        const bool up = low ? 1 - poisson_below(k - 1, mean) < 0.025 : poisson_below(k, mean) > 0.025;
        *(up ? &from : &to) = mean;
    }
    return naive_float((from + to) / 2 / t);
}

/* ---- days ---- */

static naive_value between(naive_run *run, const call_args *args)
{
    const naive_value *a = &args->items[0], *b = &args->items[1];
    if (a->kind != NAIVE_DATE || b->kind != NAIVE_DATE)
        return naive_refuse(run, "naive: %s wants days", args->name);
    if (strcmp(args->name, "days") == 0)
        return naive_number(NAIVE_INT, b->number - a->number);
    if (strcmp(args->name, "weeks") == 0)
        return naive_number(NAIVE_INT, (b->number - a->number) / 7);
    return naive_number(NAIVE_INT, naive_months_between(a->number, b->number) / (args->name[0] == 'y' ? 12 : 1));
}

static naive_value day_part(naive_run *run, const call_args *args)
{
    if (args->items[0].kind != NAIVE_DATE)
        return naive_refuse(run, "naive: %s wants a day", args->name);
    const int64_t day = args->items[0].number;
    const lots_civil civil = lots_day_to_civil((lots_day)day);
    if (strcmp(args->name, "weekday") == 0) /* 1970-01-01 was a Thursday; Monday is 1 */
        return naive_number(NAIVE_INT, ((day + 3) % 7 + 7) % 7 + 1);
    return naive_number(NAIVE_INT, args->name[0] == 'y' ? civil.year : args->name[0] == 'm' ? civil.month : civil.day);
}

static naive_value period_of(naive_run *run, const call_args *args)
{
    if (args->items[0].kind != NAIVE_DATE)
        return naive_refuse(run, "naive: %s wants a day", args->name);
    const int64_t day = args->items[0].number;
    const lots_civil civil = lots_day_to_civil((lots_day)day);
    if (args->name[0] == 'w') {
        const int64_t monday = day - ((day + 3) % 7 + 7) % 7;
        return naive_interval(monday, monday + 6);
    }
    const int32_t first = args->name[0] == 'y' ? 1 : args->name[0] == 'q' ? (civil.month - 1) / 3 * 3 + 1 : civil.month;
    const int32_t last = args->name[0] == 'y' ? 12 : args->name[0] == 'q' ? first + 2 : first;
    return naive_interval(lots_day_from_civil(civil.year, first, 1),
                          lots_day_from_civil(civil.year, last, lots_month_days(civil.year, last)));
}

/* ---- texts, sets, codes ---- */

static naive_value text_of(naive_run *run, const call_args *args)
{
    return naive_text(naive_format(run->arena, &args->items[0]));
}

static naive_value size_of(naive_run *run, const call_args *args)
{
    int64_t letters = 0;
    if (args->items[0].kind != NAIVE_SET && args->items[0].kind != NAIVE_TEXT)
        return naive_refuse(run, "naive: size of what?");
    for (const char *at = args->items[0].text; args->items[0].kind == NAIVE_TEXT && *at != 0; at++)
        letters += ((unsigned char)*at & 0xc0) != 0x80; /* UTF-8: what follows a letter's first byte */
    if (args->items[0].kind == NAIVE_TEXT)
        return naive_number(NAIVE_INT, letters);
    return naive_number(NAIVE_INT, args->items[0].count);
}

static naive_value prefix(naive_run *run, const call_args *args)
{
    const naive_value *codes = &args->items[0];
    const uint32_t count = codes->kind == NAIVE_SET ? codes->count : 1;
    naive_value *items = naive_get(run, count, sizeof *items);
    uint32_t there = 0;
    if ((codes->kind != NAIVE_CODE && codes->kind != NAIVE_SET) || args->items[1].kind != NAIVE_INT)
        return naive_refuse(run, "naive: prefix of what?");
    const size_t wanted = (size_t)args->items[1].number;
    for (uint32_t i = 0; i < count; i++) {
        const char *text = codes->kind == NAIVE_SET ? codes->items[i].text : codes->text;
        char *copy = naive_get(run, wanted + 1, 1);
        if (strlen(text) < wanted)
            continue;
        memcpy(copy, text, wanted);
        items[there++] = naive_text(copy);
    }
    if (codes->kind == NAIVE_SET)
        return naive_distinct(run, items, there);
    return there > 0 ? items[0] : naive_missing(NAIVE_TEXT);
}

/* ---- the table ---- */

typedef struct function {
    const char *name;
    uint32_t least, most;
    bool lax; /* takes missing arguments; others answer missing */
    naive_value (*call)(naive_run *run, const call_args *args);
} function;

static const function functions[] = {
    {"coalesce", 1, 99, true, coalesce},   {"least", 1, 99, true, extreme},      {"greatest", 1, 99, true, extreme},
    {"abs", 1, 1, false, number},          {"round", 1, 2, false, number},       {"floor", 1, 1, false, number},
    {"ceil", 1, 1, false, number},         {"sqrt", 1, 1, false, number},        {"ln", 1, 1, false, number},
    {"int", 1, 1, false, number},          {"float", 1, 1, false, number},       {"mod", 2, 2, false, modulo},
    {"band", 2, 2, false, band},           {"cut", 2, 99, false, cut},           {"wilson_low", 2, 2, false, wilson},
    {"wilson_high", 2, 2, false, wilson},  {"poisson_low", 2, 2, false, poisson}, {"poisson_high", 2, 2, false, poisson},
    {"days", 2, 2, false, between},        {"weeks", 2, 2, false, between},      {"months", 2, 2, false, between},
    {"years", 2, 2, false, between},       {"year", 1, 1, false, day_part},      {"month", 1, 1, false, day_part},
    {"day", 1, 1, false, day_part},        {"weekday", 1, 1, false, day_part},   {"year_of", 1, 1, false, period_of},
    {"quarter_of", 1, 1, false, period_of}, {"month_of", 1, 1, false, period_of}, {"week_of", 1, 1, false, period_of},
    {"text", 1, 1, false, text_of},        {"size", 1, 1, false, size_of},       {"prefix", 2, 2, false, prefix},
};

static naive_value call_function(naive_run *run, const naive_env *env, const lots_ast_call *call, const function *f)
{
    naive_value *items = naive_get(run, call->arg_count, sizeof *items);
    const call_args args = {f->name, items, call->arg_count};
    if (call->arg_count < f->least || call->arg_count > f->most || call->clause_count > 0)
        return naive_refuse(run, "naive: %s with such arguments", f->name);
    for (uint32_t i = 0; i < call->arg_count; i++)
        items[i] = naive_argument(run, env, call, i);
    for (uint32_t i = 0; i < call->arg_count && !f->lax; i++)
        if (items[i].missing)
            return items[i].kind == NAIVE_FAILED ? items[i] : naive_missing(NAIVE_NOTHING);
    return run->failed ? naive_missing(NAIVE_NOTHING) : f->call(run, &args);
}

naive_value naive_call(naive_run *run, const naive_env *env, const lots_ast_call *call)
{
    const naive_let *let = naive_find_let(run, call->name.text);
    naive_value out;
    if (let != NULL)
        return naive_call_let(run, env, let, call);
    if (call->episodes)
        return naive_episodes(run, env, call);
    if (strcmp(call->name.text, "steps") == 0)
        return naive_steps(run, env, call);
    if (strcmp(call->name.text, "active") == 0)
        return naive_active(run, env, call);
    if (strcmp(call->name.text, "path") == 0)
        return naive_path(run, env, call);
    if (strcmp(call->name.text, "case") == 0)
        return choose(run, env, call);
    if (strcmp(call->name.text, "list") == 0)
        return list(run, env, call);
    if (naive_event_aggregate(run, env, call, &out) || naive_row_aggregate(run, env, call, &out) ||
        naive_row_function(run, env, call, &out))
        return out;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].name, call->name.text) == 0)
            return call_function(run, env, call, &functions[i]);
    if (naive_classify(run, env, call, &out))
        return out;
    return naive_refuse(run, "naive: no function %s", call->name.text);
}
