/* naive_eval.c: names, members and operators. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/day.h"
#include "tests/oracle/naive_inner.h"

void *naive_get(naive_run *run, size_t count, size_t size)
{
    void *out = NULL;
    if (lots_arena_alloc(run->arena, &out, count, size, run->err) != LOTS_OK)
        abort();
    return out;
}

naive_value naive_refuse(naive_run *run, const char *format, ...)
{
    char text[300];
    va_list arguments;
    if (run->failed)
        return naive_missing(NAIVE_NOTHING);
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char *copy = naive_get(run, strlen(text) + 1, 1);
    strcpy(copy, text);
    run->failed = true;
    run->why = copy;
    return naive_missing(NAIVE_NOTHING);
}

void naive_need(naive_run *run, const naive_value *value)
{
    if (value->kind == NAIVE_FAILED)
        naive_refuse(run, "naive: failed: %s", value->text);
}

/* ---- names ---- */

bool naive_patient_of(const naive_env *env, uint32_t *out)
{
    for (const naive_scope *scope = env->scope; scope != NULL; scope = scope->outer)
        if (scope->kind == NAIVE_SCOPE_PATIENT) {
            *out = scope->patient;
            return true;
        }
    return false;
}

static bool patient_column(const naive_run *run, uint32_t patient, const char *name, naive_value *out)
{
    const lots_stream *stream = &run->data->schema->streams[0];
    const int32_t column = lots_stream_find_column(stream, name, strlen(name));
    if (column >= 0)
        *out = run->data->rows[0][patient].cells[column];
    else if (strcmp(name, "id") == 0 && run->data->ids != NULL)
        *out = naive_text(run->data->ids[patient]);
    else
        return false;
    return true;
}

/* A look-up from a cell of an event is one as of its first day. */
static naive_value dated(naive_value cell, const naive_event *event)
{
    cell.dated = true;
    cell.day = event->start;
    return cell;
}

static bool in_scope(naive_run *run, const naive_scope *scope, const char *name, naive_value *out)
{
    if (scope->kind == NAIVE_SCOPE_PATIENT)
        return patient_column(run, scope->patient, name, out);
    if (scope->kind == NAIVE_SCOPE_COLUMNS) {
        for (uint32_t i = scope->column_count; i-- > 0;)
            if (strcmp(scope->columns[i].name, name) == 0) {
                *out = scope->columns[i].value;
                return true;
            }
        return false;
    }
    if (scope->alias != NULL && strcmp(scope->alias, name) == 0) {
        const naive_event **one = naive_get(run, 1, sizeof *one);
        one[0] = scope->event;
        *out = naive_events_value(run, one, 1, scope->alias);
        return true;
    }
    const naive_value *cell = naive_event_cell(scope->event, name);
    if (cell != NULL)
        *out = dated(*cell, scope->event);
    return cell != NULL;
}

static bool has_word(const naive_run *run, const char *name)
{
    return strcmp(name, "registry") == 0 || strcmp(name, "patient") == 0 || naive_find_let(run, name) != NULL ||
           lots_schema_find_stream(run->data->schema, name, strlen(name)) > 0;
}

/* An argument of a function that aggregates rows: what its caller wrote, of this row. */
static bool find_thunk(naive_run *run, const naive_env *env, const char *name, naive_value *out)
{
    const naive_thunks *thunks = run->thunks;
    const uint32_t visible = run->visible;
    for (uint32_t i = 0; thunks != NULL && i < thunks->names->count; i++) {
        if (strcmp(thunks->names->items[i].text, name) != 0)
            continue;
        run->thunks = thunks->outer;
        run->visible = thunks->visible;
        *out = naive_argument(run, env, thunks->call, i);
        run->thunks = thunks;
        run->visible = visible;
        return true;
    }
    return false;
}

static bool find_cohort(naive_run *run, const naive_env *env, const char *name, naive_value *out)
{
    uint32_t patient;
    for (const naive_cohort *cohort = run->cohorts; cohort != NULL; cohort = cohort->next) {
        if (strcmp(cohort->name, name) != 0 || !naive_patient_of(env, &patient))
            continue;
        *out = naive_bool(false);
        for (uint32_t i = 0; i < cohort->count; i++)
            out->number = out->number || cohort->patients[i] == patient;
        return true;
    }
    return false;
}

static bool find_name(naive_run *run, const naive_env *env, const char *name, naive_value *out)
{
    if (find_thunk(run, env, name, out))
        return true;
    for (const naive_scope *scope = env->scope; scope != NULL; scope = scope->outer)
        if (in_scope(run, scope, name, out))
            return true;
    const naive_let *let = naive_find_let(run, name);
    if (let != NULL) {
        *out = naive_call_let(run, env, let, NULL);
        return true;
    }
    if (find_cohort(run, env, name, out))
        return true;
    const int32_t stream = lots_schema_find_stream(run->data->schema, name, strlen(name));
    if (stream <= 0)
        return false;
    *out = naive_stream_events(run, env, (uint32_t)stream);
    return true;
}

naive_value naive_eval_word(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    naive_value out;
    if (node->kind != LOTS_AST_NAME || run->failed)
        return naive_eval(run, env, node);
    return find_name(run, env, node->name.text, &out) ? out : naive_text(node->name.text);
}

/* ---- members ---- */

/* `from patients as p`: p.birth. */
static bool names_patient(const naive_env *env, const char *name)
{
    if (strcmp(name, "patient") == 0)
        return true;
    for (const naive_scope *scope = env->scope; scope != NULL; scope = scope->outer)
        if (scope->kind == NAIVE_SCOPE_PATIENT && scope->alias != NULL && strcmp(scope->alias, name) == 0)
            return true;
    return false;
}

/* What can't be an interval leads to a table, whose row it is the key of. */
static bool is_key_of(const naive_value *base, const char *name, naive_run *run, naive_value *out)
{
    return (base->kind == NAIVE_TEXT || base->kind == NAIVE_NOTHING) && naive_look_up(run, base, name, out);
}

static const naive_event *aliased(const naive_env *env, const char *name)
{
    for (const naive_scope *scope = env->scope; scope != NULL; scope = scope->outer)
        if (scope->kind == NAIVE_SCOPE_EVENT && scope->alias != NULL && strcmp(scope->alias, name) == 0)
            return scope->event;
    return NULL;
}

static naive_value event_column(naive_run *run, const naive_event *event, const char *name)
{
    const naive_value *cell = naive_event_cell(event, name);
    return cell != NULL ? dated(*cell, event) : naive_refuse(run, "naive: no column %s", name);
}

static naive_value registry_day(naive_run *run, const char *name)
{
    const bool until = strcmp(name, "until") == 0;
    if (!until && strcmp(name, "from") != 0)
        return naive_refuse(run, "naive: registry.%s", name);
    return naive_number(NAIVE_DATE, until ? run->data->until : run->data->from);
}

static naive_value interval_member(naive_run *run, const naive_value *value, const char *name)
{
    const bool start = strcmp(name, "start") == 0, end = strcmp(name, "end") == 0;
    if (strcmp(name, "number") == 0 && value->kind == NAIVE_INTERVAL)
        return value->missing ? naive_missing(NAIVE_INT) : naive_number(NAIVE_INT, value->count);
    const naive_value interval = naive_as_interval(value);
    if (naive_misfit(&interval) || (!start && !end && strcmp(name, "days") != 0))
        return naive_refuse(run, "naive: .%s of no interval", name);
    const naive_kind kind = start || end ? NAIVE_DATE : NAIVE_INT;
    if (interval.missing)
        return interval.kind == NAIVE_FAILED ? interval : naive_missing(kind);
    const bool open_low = interval.number == NAIVE_OPEN_LOW, open_high = interval.second == NAIVE_OPEN_HIGH;
    if (start ? open_low : end ? open_high : open_low || open_high)
        return naive_missing(kind);
    if (start || end)
        return naive_number(NAIVE_DATE, start ? interval.number : interval.second);
    return naive_number(NAIVE_INT, interval.second < interval.number ? 0 : interval.second - interval.number + 1);
}

static naive_value codes_member(naive_run *run, const naive_value *codes, const char *name)
{
    naive_value out = *codes;
    if (strcmp(name, "chapter") == 0 || strcmp(name, "block") == 0)
        return naive_code_class(run, codes, name);
    if (strcmp(name, "main") == 0)
        return codes->count > 0 ? codes->items[0] : naive_missing(NAIVE_CODE);
    if (strcmp(name, "other") != 0)
        return naive_refuse(run, "naive: .%s of a set", name);
    if (out.count > 0) {
        out.items++;
        out.count--;
    }
    return out;
}

static naive_value member(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    const char *name = node->member.name.text;
    if (node->member.base->kind == LOTS_AST_NAME) {
        const char *base = node->member.base->name.text;
        const naive_event *event = aliased(env, base);
        uint32_t patient;
        naive_value out;
        if (event != NULL)
            return event_column(run, event, name);
        if (strcmp(base, "registry") == 0)
            return registry_day(run, name);
        if (names_patient(env, base) && naive_patient_of(env, &patient)) {
            if (patient_column(run, patient, name, &out))
                return out;
            if (find_cohort(run, env, name, &out)) /* patient.frail */
                return out;
        }
    }
    const naive_value base = naive_eval(run, env, node->member.base);
    naive_value row;
    if (base.kind == NAIVE_FAILED || run->failed)
        return base;
    if (is_key_of(&base, name, run, &row))
        return row;
    if (base.kind == NAIVE_CODE)
        return naive_code_class(run, &base, name);
    if (base.kind == NAIVE_SET)
        return codes_member(run, &base, name);
    if (base.kind != NAIVE_EVENTS)
        return interval_member(run, &base, name);
    if (base.events->count > 1)
        return naive_refuse(run, "naive: .%s of several events", name);
    return base.events->count == 0 ? naive_missing(NAIVE_NOTHING) : event_column(run, base.events->items[0], name);
}

/* ---- at ---- */

static naive_value alive_at(const naive_value *birth, const naive_value *death, const naive_value *day)
{
    if (!naive_is(day, NAIVE_DATE))
        return naive_missing(NAIVE_BOOL);
    return naive_bool((birth->missing || birth->number <= day->number) &&
                      (death->missing || death->number >= day->number));
}

static naive_value patient_at(naive_run *run, const naive_env *env, const char *what, const naive_value *day)
{
    uint32_t patient;
    naive_value birth, death;
    if (!naive_patient_of(env, &patient) || !patient_column(run, patient, "birth", &birth) ||
        !patient_column(run, patient, "death", &death))
        return naive_refuse(run, "naive: %s needs a patient", what);
    if (strcmp(what, "alive") == 0)
        return alive_at(&birth, &death, day);
    if (birth.missing || !naive_is(day, NAIVE_DATE) || day->number < birth.number)
        return naive_missing(NAIVE_INT);
    return naive_number(NAIVE_INT, naive_months_between(birth.number, day->number) / 12);
}

static naive_value at(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    const lots_ast_node *what = node->at.value;
    const naive_value day = naive_eval(run, env, node->at.when);
    if (day.kind == NAIVE_FAILED || (!day.missing && day.kind != NAIVE_DATE))
        return day.kind == NAIVE_FAILED ? day : naive_refuse(run, "naive: at wants a day");
    if (what->kind == LOTS_AST_NAME && (strcmp(what->name.text, "alive") == 0 || strcmp(what->name.text, "age") == 0))
        return patient_at(run, env, what->name.text, &day);
    if (what->kind != LOTS_AST_MEMBER)
        return naive_refuse(run, "naive: at what?");
    const naive_value *outer = run->lookup_day;
    run->lookup_day = &day;
    const naive_value base = naive_eval(run, env, what->member.base);
    naive_value row;
    const bool table = is_key_of(&base, what->member.name.text, run, &row);
    run->lookup_day = outer;
    return table ? row : naive_as_of(run, env, &base, what->member.name.text, &day);
}

/* ---- ranges ---- */

static bool is_day_like(const naive_value *value)
{
    return value->kind == NAIVE_DATE || value->kind == NAIVE_INTERVAL;
}

/* A day or a period on one side makes an interval of days. */
static naive_value range(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    naive_value ends[2] = {naive_number(NAIVE_NOTHING, 0), naive_number(NAIVE_NOTHING, 0)};
    const lots_ast_node *nodes[2] = {node->range.low, node->range.high};
    bool days = false;
    for (int i = 0; i < 2; i++)
        if (nodes[i] != NULL) {
            ends[i] = naive_eval(run, env, nodes[i]);
            days = days || is_day_like(&ends[i]);
        }
    if (!days) {
        naive_value out = {.kind = NAIVE_RANGE};
        out.items = naive_get(run, 2, sizeof *out.items);
        memcpy(out.items, ends, sizeof ends);
        return out;
    }
    naive_value out = naive_interval(NAIVE_OPEN_LOW, NAIVE_OPEN_HIGH);
    for (int i = 0; i < 2; i++) {
        const naive_value end =
            nodes[i] == NULL || is_day_like(&ends[i]) || ends[i].missing ? ends[i] : naive_as_interval(&ends[i]);
        if (nodes[i] == NULL)
            continue;
        if (end.missing)
            return end.kind == NAIVE_FAILED ? end : naive_missing(NAIVE_INTERVAL);
        *(i == 0 ? &out.number : &out.second) = end.kind == NAIVE_DATE || i == 0 ? end.number : end.second;
    }
    return out;
}

static naive_value arithmetic(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    const naive_value a = naive_eval(run, env, node->binary.left), b = naive_eval(run, env, node->binary.right);
    const naive_value out = naive_arithmetic(node->binary.op, &a, &b);
    if (naive_misfit(&out))
        return naive_refuse(run, "naive: %d %s %d", (int)a.kind, lots_ast_op_text(node->binary.op), (int)b.kind);
    return out;
}

static naive_value binary(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    switch (node->binary.op) {
    case LOTS_AST_OP_IN:
    case LOTS_AST_OP_NOT_IN: return naive_in(run, env, node);
    case LOTS_AST_OP_CONTAINS: return naive_contains(run, env, node);
    case LOTS_AST_OP_ADD:
    case LOTS_AST_OP_SUBTRACT:
    case LOTS_AST_OP_MULTIPLY:
    case LOTS_AST_OP_DIVIDE:
    case LOTS_AST_OP_FLOOR_DIVIDE:
    case LOTS_AST_OP_POWER: return arithmetic(run, env, node);
    default: return naive_comparison(run, env, node);
    }
}

/* ---- everything ---- */

static naive_value literal_set(naive_run *run, const naive_env *env, const lots_ast_list *list)
{
    naive_value out = {.kind = NAIVE_SET, .count = list->count};
    out.items = naive_get(run, list->count, sizeof *out.items);
    for (uint32_t i = 0; i < list->count; i++)
        out.items[i] = naive_eval_word(run, env, list->items[i]);
    uint32_t there = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (!out.items[i].missing)
            out.items[there++] = out.items[i];
    return naive_distinct(run, out.items, there);
}

static naive_value is_missing(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    const naive_value value = naive_eval(run, env, node->is_missing.value);
    if (value.kind == NAIVE_FAILED)
        return value;
    const bool gone = value.kind == NAIVE_EVENTS ? value.events->count == 0 : value.missing;
    return naive_bool(gone != node->is_missing.negated);
}

static naive_value duration(const lots_ast_duration *literal)
{
    return literal->months != 0 || literal->unit == LOTS_AST_MONTHS || literal->unit == LOTS_AST_YEARS
               ? naive_number(NAIVE_MONTHS, literal->months)
               : naive_number(NAIVE_DAYS, literal->days);
}

static naive_value name_value(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    naive_value out;
    if (find_name(run, env, node->name.text, &out))
        return out;
    return naive_refuse(run, "naive: nothing is called %s%s", node->name.text,
                        has_word(run, node->name.text) ? " here" : "");
}

static naive_value negation(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    if (node->kind == LOTS_AST_NOT) {
        naive_value truth = naive_truth_of(run, naive_eval(run, env, node->unary));
        truth.number = !truth.number;
        return truth;
    }
    const naive_value value = naive_eval(run, env, node->unary);
    const naive_value out = naive_negate(&value);
    return naive_misfit(&out) ? naive_refuse(run, "naive: no number to negate") : out;
}

naive_value naive_eval(naive_run *run, const naive_env *env, const lots_ast_node *node)
{
    if (run->failed)
        return naive_missing(NAIVE_NOTHING);
    switch (node->kind) {
    case LOTS_AST_NUMBER: return naive_decimal(node->number.mantissa, node->number.scale);
    case LOTS_AST_PERCENT: return naive_decimal(node->number.mantissa, node->number.scale + 2);
    case LOTS_AST_DURATION: return duration(&node->duration);
    case LOTS_AST_DATE: return naive_number(NAIVE_DATE, node->date);
    case LOTS_AST_PERIOD: return naive_interval(node->period.first, node->period.last);
    case LOTS_AST_STRING: return naive_text(node->string.text);
    case LOTS_AST_CODES: return (naive_value){.kind = NAIVE_PATTERN, .codes = &node->codes};
    case LOTS_AST_BOOL: return naive_bool(node->truth);
    case LOTS_AST_MISSING: return naive_missing(NAIVE_NOTHING);
    case LOTS_AST_NAME: return name_value(run, env, node);
    case LOTS_AST_CALL: return naive_call(run, env, node->call);
    case LOTS_AST_SET: return literal_set(run, env, &node->list);
    case LOTS_AST_MEMBER: return member(run, env, node);
    case LOTS_AST_AT: return at(run, env, node);
    case LOTS_AST_NEGATE:
    case LOTS_AST_NOT: return negation(run, env, node);
    case LOTS_AST_BINARY: return binary(run, env, node);
    case LOTS_AST_IS_MISSING: return is_missing(run, env, node);
    case LOTS_AST_AND: return naive_kleene(run, env, &node->list, false);
    case LOTS_AST_OR: return naive_kleene(run, env, &node->list, true);
    case LOTS_AST_RANGE: return range(run, env, node);
    case LOTS_AST_NARROWED: return naive_narrowed(run, env, node);
    case LOTS_AST_UNION:
    case LOTS_AST_MINUS: return naive_combined(run, env, node);
    }
    return naive_refuse(run, "naive: an unknown node");
}
