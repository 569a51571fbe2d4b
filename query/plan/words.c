/* words.c: values in words. See words.h; names are in words_name.c, event sets in words_set.c. */
#include <inttypes.h>

#include "query/exec/value.h"
#include "query/lang/grouping.h"
#include "query/plan/words_inner.h"

enum { RANKS_SHOWN = 12 };

lots_status write_text(writer *w, const char *text)
{
    if (w->full)
        return LOTS_OK;
    w->full = w->out->count - w->from + strlen(text) > LOTS_WORDS_BYTES;
    return w->full ? lots_bytes_append(w->out, "…", strlen("…"), w->err)
                   : lots_bytes_append(w->out, text, strlen(text), w->err);
}

static lots_status write_bytes(writer *w, const char *text, size_t bytes)
{
    char part[256];
    for (size_t at = 0; at < bytes && !w->full; at += sizeof part - 1) {
        size_t count = bytes - at < sizeof part - 1 ? bytes - at : sizeof part - 1;
        memcpy(part, text + at, count);
        part[count] = '\0';
        LOTS_TRY(write_text(w, part));
    }
    return LOTS_OK;
}

/* ---- constants ---- */

/* One value through the printer of results. */
static lots_status write_value(writer *w, const lots_type *type, lots_type_kind kind, int64_t number, double real)
{
    lots_bytes text = {0};
    int32_t day = (int32_t)number;
    uint32_t rank = (uint32_t)number;
    lots_vector vector = {.type = *type, .count = 1, .data = &number};
    if (kind == LOTS_TYPE_FLOAT)
        vector.data = &real;
    else if (kind == LOTS_TYPE_DATE)
        vector.data = &day;
    else if (kind == LOTS_TYPE_CATEGORY || kind == LOTS_TYPE_CODE)
        vector.data = &rank;
    lots_status status =
        lots_value_item(lots_registry_schema(w->words->query->registry), &vector, kind, 0, &text, w->err);
    if (status == LOTS_OK)
        status = write_bytes(w, (const char *)text.data, text.count);
    lots_bytes_free(&text);
    return status;
}

static lots_status write_interval(writer *w, const lots_constant *constant)
{
    const lots_type date = {.kind = LOTS_TYPE_DATE};
    if (constant->i != LOTS_DAY_MIN)
        LOTS_TRY(write_value(w, &date, LOTS_TYPE_DATE, constant->i, 0));
    LOTS_TRY(write_text(w, ".."));
    return constant->i2 == LOTS_DAY_MAX ? LOTS_OK : write_value(w, &date, LOTS_TYPE_DATE, constant->i2, 0);
}

static lots_status write_constant(writer *w, const lots_type *type, const lots_constant *constant)
{
    if (constant->missing || type->kind == LOTS_TYPE_MISSING)
        return write_text(w, "missing");
    switch (type->kind) {
    case LOTS_TYPE_BOOL: return write_text(w, constant->i != 0 ? "true" : "false");
    case LOTS_TYPE_INTERVAL: return write_interval(w, constant);
    case LOTS_TYPE_TEXT:
        LOTS_TRY(write_text(w, "'"));
        LOTS_TRY(write_bytes(w, constant->text, constant->text_bytes));
        return write_text(w, "'");
    case LOTS_TYPE_DAYS:
        LOTS_TRY(write_value(w, type, type->kind, constant->i, 0));
        return write_text(w, "d");
    case LOTS_TYPE_SET:
    case LOTS_TYPE_EVENTS:
    case LOTS_TYPE_TUPLE: return write_text(w, "()");
    default: return write_value(w, type, type->kind, constant->i, constant->f);
    }
}

static lots_status write_rank_set(writer *w, const lots_type *type, const lots_rank_set *ranks)
{
    lots_type_kind kind = type->kind == LOTS_TYPE_SET ? type->element : type->kind;
    uint32_t written = 0;
    if (ranks->text != NULL && ranks->text[0] != '\0')
        return write_text(w, ranks->text);
    LOTS_TRY(write_text(w, "("));
    for (uint32_t r = 0; r < ranks->range_count; r++)
        for (lots_id id = ranks->ranges[r].first; id < ranks->ranges[r].end && written <= RANKS_SHOWN; id++, written++) {
            LOTS_TRY(write_text(w, written > 0 ? ", " : ""));
            LOTS_TRY(written == RANKS_SHOWN ? write_text(w, "…") : write_value(w, type, kind, id, 0));
        }
    return write_text(w, ")");
}

/* ---- operators ---- */

typedef struct infix {
    lots_op op;
    const char *text;
    word_level level;
} infix;
static const infix infixes[] = {
    {LOTS_OP_OR, " or ", WORD_OR},
    {LOTS_OP_AND, " and ", WORD_AND},
    {LOTS_OP_EQUAL, " = ", WORD_TEST},
    {LOTS_OP_UNEQUAL, " != ", WORD_TEST},
    {LOTS_OP_LESS, " < ", WORD_TEST},
    {LOTS_OP_LESS_EQUAL, " <= ", WORD_TEST},
    {LOTS_OP_GREATER, " > ", WORD_TEST},
    {LOTS_OP_GREATER_EQUAL, " >= ", WORD_TEST},
    {LOTS_OP_IN_INTERVAL, " in ", WORD_TEST},
    {LOTS_OP_IN_SET, " in ", WORD_TEST},
    {LOTS_OP_CONTAINS, " contains ", WORD_TEST},
    {LOTS_OP_ADD, " + ", WORD_SUM},
    {LOTS_OP_SUBTRACT, " - ", WORD_SUM},
    {LOTS_OP_MULTIPLY, " * ", WORD_PRODUCT},
    {LOTS_OP_DIVIDE, " / ", WORD_PRODUCT},
    {LOTS_OP_FLOOR_DIVIDE, " // ", WORD_PRODUCT},
    {LOTS_OP_POWER, " ^ ", WORD_SIGNED},
};

static const struct named_op {
    lots_op op;
    const char *name;
} named_ops[] = {
    {LOTS_OP_MOD, "mod"},
    {LOTS_OP_WHOLE_WEEKS, "weeks"},
    {LOTS_OP_WHOLE_MONTHS, "months"},
    {LOTS_OP_WHOLE_YEARS, "years"},
    {LOTS_OP_YEAR, "year"},
    {LOTS_OP_MONTH, "month"},
    {LOTS_OP_DAY, "day"},
    {LOTS_OP_WEEKDAY, "weekday"},
    {LOTS_OP_YEAR_OF, "year_of"},
    {LOTS_OP_QUARTER_OF, "quarter_of"},
    {LOTS_OP_MONTH_OF, "month_of"},
    {LOTS_OP_WEEK_OF, "week_of"},
    {LOTS_OP_TO_INT, "int"},
    {LOTS_OP_TO_TEXT, "text"},
    {LOTS_OP_ABS, "abs"},
    {LOTS_OP_ROUND, "round"},
    {LOTS_OP_FLOOR, "floor"},
    {LOTS_OP_CEIL, "ceil"},
    {LOTS_OP_SQRT, "sqrt"},
    {LOTS_OP_LN, "ln"},
    {LOTS_OP_LEAST, "least"},
    {LOTS_OP_GREATEST, "greatest"},
    {LOTS_OP_COALESCE, "coalesce"},
    {LOTS_OP_MAKE_SET, ""},
    {LOTS_OP_SIZE, "size"},
    {LOTS_OP_BAND, "band"},
    {LOTS_OP_CUT, "cut"},
    {LOTS_OP_WILSON_LOW, "wilson_low"},
    {LOTS_OP_WILSON_HIGH, "wilson_high"},
    {LOTS_OP_POISSON_LOW, "poisson_low"},
    {LOTS_OP_POISSON_HIGH, "poisson_high"},
    {LOTS_OP_CODE_PREFIX, "prefix"},
    {LOTS_OP_COUNT, "count"},
    {LOTS_OP_EXISTS, "exists"},
    {LOTS_OP_COUNT_DISTINCT, "count"},
    {LOTS_OP_SUM, "sum"},
    {LOTS_OP_MIN, "min"},
    {LOTS_OP_MAX, "max"},
    {LOTS_OP_MEAN, "mean"},
    {LOTS_OP_MEDIAN, "median"},
    {LOTS_OP_QUANTILE, "quantile"},
    {LOTS_OP_FIRST_VALUE, "first"},
    {LOTS_OP_LAST_VALUE, "last"},
    {LOTS_OP_SET_OF, "set"},
    {LOTS_OP_MOST, "most"},
    {LOTS_OP_NIGHTS, "nights"},
    {LOTS_OP_COVERED_DAYS, "covered_days"},
    {LOTS_OP_PATH, "path"},
    {LOTS_OP_PATH_NUMBER, "path"},
};

static const char *name_of(lots_op op)
{
    for (size_t i = 0; i < sizeof named_ops / sizeof *named_ops; i++)
        if (named_ops[i].op == op)
            return named_ops[i].name;
    return NULL;
}

lots_status write_list(writer *w, lots_expr *const *exprs, uint32_t count)
{
    for (uint32_t i = 0; i < count && !w->full; i++) {
        LOTS_TRY(write_text(w, i > 0 ? ", " : ""));
        LOTS_TRY(write_expr(w, exprs[i], WORD_OR));
    }
    return LOTS_OK;
}

static lots_status write_infix(writer *w, const lots_expr *expr, const infix *how)
{
    for (uint32_t i = 0; i < expr->operand_count && !w->full; i++) {
        word_level least = how->level == WORD_TEST || i > 0 ? how->level + 1 : how->level;
        LOTS_TRY(write_text(w, i > 0 ? how->text : ""));
        LOTS_TRY(write_expr(w, expr->operands[i], least));
    }
    return LOTS_OK;
}

/* d + 30d; a constant below zero is taken away. */
static lots_status write_moved(writer *w, const lots_expr *expr)
{
    const lots_expr *length = expr->operands[1];
    lots_constant size = length->constant;
    bool away = length->op == LOTS_OP_CONSTANT && !size.missing && size.i < 0 && size.i > INT64_MIN;
    LOTS_TRY(write_expr(w, expr->operands[0], WORD_SUM));
    LOTS_TRY(write_text(w, away || length->op == LOTS_OP_NEGATE ? " - " : " + "));
    if (length->op == LOTS_OP_NEGATE)
        return write_expr(w, length->operands[0], WORD_PRODUCT);
    if (!away)
        return write_expr(w, length, WORD_PRODUCT);
    size.i = -size.i;
    return write_constant(w, &length->type, &size);
}

static lots_status write_call(writer *w, const lots_expr *expr, const char *name)
{
    LOTS_TRY(write_text(w, name));
    LOTS_TRY(write_text(w, "("));
    LOTS_TRY(write_list(w, expr->operands, expr->operand_count));
    return write_text(w, ")");
}

static lots_status write_aggregate(writer *w, const lots_expr *expr, const char *name)
{
    const lots_words *outer = w->words;
    lots_words inner = *outer;
    inner.frame = expr->op == LOTS_OP_COVERED_DAYS ? outer->frame : expr->set->frame;
    LOTS_TRY(write_text(w, name));
    LOTS_TRY(write_text(w, expr->op == LOTS_OP_COUNT_DISTINCT ? "(distinct " : "("));
    if (expr->op == LOTS_OP_COVERED_DAYS) {
        LOTS_TRY(write_set(w, expr->set));
        LOTS_TRY(write_text(w, ", "));
    }
    w->words = &inner;
    lots_status status = write_list(w, expr->operands, expr->operand_count);
    w->words = outer;
    LOTS_TRY(status);
    if (expr->op == LOTS_OP_QUANTILE && !w->full)
        LOTS_TRY(lots_bytes_printf(w->out, w->err, ", %g%%", expr->constant.f * 100));
    if (expr->op == LOTS_OP_COVERED_DAYS)
        return write_text(w, ")");
    LOTS_TRY(write_text(w, expr->operand_count > 0 ? " over " : ""));
    LOTS_TRY(write_set(w, expr->set));
    return write_text(w, ")");
}

static lots_status write_event(writer *w, const lots_expr *expr)
{
    static const char *const names[] = {"first(", "last(", "nth(", "next(", "prev("};
    const lots_words *outer = w->words;
    lots_words inner = *outer;
    if (expr->pick == LOTS_PICK_SELF)
        return write_text(w, expr->of_frame < outer->query->frame_count ? outer->query->frames[expr->of_frame].name : "?");
    inner.frame = expr->set->frame;
    LOTS_TRY(write_text(w, names[expr->pick]));
    LOTS_TRY(write_set(w, expr->set));
    w->words = &inner;
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i < expr->order_count && status == LOTS_OK; i++) {
        status = write_text(w, i == 0 ? " by " : ", ");
        if (status == LOTS_OK)
            status = write_expr(w, expr->order[i].value, WORD_OR);
        if (status == LOTS_OK)
            status = write_text(w, expr->order[i].descending ? " desc" : "");
    }
    w->words = outer;
    LOTS_TRY(status);
    if (expr->operand_count > 0)
        LOTS_TRY(write_text(w, ", "));
    LOTS_TRY(write_list(w, expr->operands, expr->operand_count));
    return write_text(w, ")");
}

static lots_status write_member(writer *w, const lots_expr *of, const char *name)
{
    LOTS_TRY(write_expr(w, of, WORD_PRIMARY));
    LOTS_TRY(write_text(w, "."));
    return write_text(w, name);
}

static lots_status write_event_column(writer *w, const lots_expr *expr)
{
    const lots_query *query = w->words->query;
    uint32_t relation = expr->operands[0]->type.relation;
    const char *name = "?";
    if (relation < query->relation_count && expr->index < query->relations[relation].column_count)
        name = query->relations[relation].columns[expr->index].name;
    return write_member(w, expr->operands[0], name);
}

static lots_status write_case(writer *w, const lots_expr *expr)
{
    LOTS_TRY(write_text(w, expr->op == LOTS_OP_LIST ? "list(" : "case("));
    for (uint32_t i = 0; i < expr->operand_count && !w->full; i++) {
        bool last = i % 2 == 0 && i + 1 == expr->operand_count;
        LOTS_TRY(write_text(w, i == 0 ? "" : i % 2 == 1 ? " then " : last ? ", else " : ", "));
        LOTS_TRY(write_expr(w, expr->operands[i], WORD_OR));
    }
    return write_text(w, ")");
}

static lots_status write_lookup(writer *w, const lots_expr *expr)
{
    const lots_schema *schema = lots_registry_schema(w->words->query->registry);
    const lots_table_schema *table = expr->table < schema->table_count ? &schema->tables[expr->table] : NULL;
    LOTS_TRY(write_member(w, expr->operands[0],
                          table != NULL && expr->index < table->column_count ? table->columns[expr->index].name : "?"));
    if (expr->operand_count < 2)
        return LOTS_OK;
    LOTS_TRY(write_text(w, " at "));
    return write_expr(w, expr->operands[1], WORD_PRIMARY);
}

/* chronic(dx), groups(charlson_se, dx over …) */
static lots_status write_groups(writer *w, const lots_expr *expr)
{
    bool plain = expr->op == LOTS_OP_CODE_GROUP || expr->op == LOTS_OP_CODE_GROUPS;
    bool score = expr->op == LOTS_OP_RULED_SCORE || expr->op == LOTS_OP_SCORE_OVER;
    const lots_words *outer = w->words;
    lots_words inner = *outer;
    LOTS_TRY(write_text(w, plain ? "" : score ? "score(" : "groups("));
    LOTS_TRY(write_text(w, expr->grouping->called));
    LOTS_TRY(write_text(w, plain ? "(" : ", "));
    inner.frame = expr->set != NULL ? expr->set->frame : outer->frame;
    w->words = &inner;
    lots_status status = write_list(w, expr->operands, expr->operand_count);
    w->words = outer;
    LOTS_TRY(status);
    if (expr->set != NULL) {
        LOTS_TRY(write_text(w, " over "));
        LOTS_TRY(write_set(w, expr->set));
    }
    return write_text(w, ")");
}

static lots_status write_between(writer *w, const lots_expr *expr)
{
    LOTS_TRY(write_expr(w, expr->operands[0], WORD_SUM));
    LOTS_TRY(write_text(w, " in "));
    LOTS_TRY(write_expr(w, expr->operands[1], WORD_SUM));
    LOTS_TRY(write_text(w, ".."));
    return write_expr(w, expr->operands[2], WORD_SUM);
}

static lots_status write_not(writer *w, const lots_expr *expr)
{
    const lots_expr *of = expr->operands[0];
    if (of->op == LOTS_OP_IS_MISSING) {
        LOTS_TRY(write_expr(w, of->operands[0], WORD_SUM));
        return write_text(w, " is not missing");
    }
    LOTS_TRY(write_text(w, "not "));
    return write_expr(w, of, WORD_NOT);
}

static lots_status write_items(writer *w, const lots_expr *expr)
{
    LOTS_TRY(write_expr(w, expr->operands[0], WORD_SUM));
    LOTS_TRY(write_text(w, " in ("));
    LOTS_TRY(write_list(w, expr->operands + 1, expr->operand_count - 1));
    return write_text(w, ")");
}

static word_level level_of(const lots_expr *expr)
{
    for (size_t i = 0; i < sizeof infixes / sizeof *infixes; i++)
        if (infixes[i].op == expr->op)
            return infixes[i].level;
    switch (expr->op) {
    case LOTS_OP_NOT: return expr->operands[0]->op == LOTS_OP_IS_MISSING ? WORD_TEST : WORD_NOT;
    case LOTS_OP_BETWEEN:
    case LOTS_OP_IN_RANKS:
    case LOTS_OP_IN_ITEMS:
    case LOTS_OP_IS_MISSING:
    case LOTS_OP_INTERVAL: return WORD_TEST;
    case LOTS_OP_ADD_DAYS:
    case LOTS_OP_ADD_MONTHS:
    case LOTS_OP_DAYS_BETWEEN: return WORD_SUM;
    case LOTS_OP_NEGATE:
    case LOTS_OP_AGE: return WORD_SIGNED;
    default: return WORD_PRIMARY;
    }
}

/* The start or end of an interval as a window takes it: where the interval has none, the binder puts the end of time. */
static const lots_expr *window_side(const lots_expr *expr)
{
    const lots_expr *known = expr->operands[0], *day = expr->operand_count == 2 ? expr->operands[1] : NULL;
    if (day == NULL || day->op != LOTS_OP_COALESCE || known->op != LOTS_OP_NOT || known->operands[0]->op != LOTS_OP_IS_MISSING)
        return NULL;
    const lots_expr *side = day->operands[0];
    const bool of_interval = side->op == LOTS_OP_INTERVAL_START || side->op == LOTS_OP_INTERVAL_END;
    return of_interval && side->operands[0] == known->operands[0]->operands[0] ? side : NULL;
}

static lots_status write_other(writer *w, const lots_expr *expr)
{
    switch (expr->op) {
    case LOTS_OP_CONSTANT: return write_constant(w, &expr->type, &expr->constant);
    case LOTS_OP_COLUMN: return write_column(w, expr);
    case LOTS_OP_SLOT: return write_slot(w, expr);
    case LOTS_OP_SPAN_END:
        LOTS_TRY(write_prefix(w, expr->of_frame));
        return write_text(w, "span end");
    case LOTS_OP_IS_OPEN:
        LOTS_TRY(write_prefix(w, expr->of_frame));
        return write_text(w, "open");
    case LOTS_OP_NOT: return write_not(w, expr);
    case LOTS_OP_BETWEEN: return write_between(w, expr);
    case LOTS_OP_IN_RANKS:
        LOTS_TRY(write_expr(w, expr->operands[0], WORD_SUM));
        LOTS_TRY(write_text(w, " in "));
        return write_rank_set(w, &expr->operands[0]->type, expr->ranks);
    case LOTS_OP_IN_ITEMS: return write_items(w, expr);
    case LOTS_OP_IS_MISSING:
        LOTS_TRY(write_expr(w, expr->operands[0], WORD_SUM));
        return write_text(w, " is missing");
    case LOTS_OP_NEGATE:
        LOTS_TRY(write_text(w, "-"));
        return write_expr(w, expr->operands[0], WORD_SIGNED);
    case LOTS_OP_ADD_DAYS:
    case LOTS_OP_ADD_MONTHS: return write_moved(w, expr);
    case LOTS_OP_DAYS_BETWEEN:
        LOTS_TRY(write_expr(w, expr->operands[1], WORD_SUM));
        LOTS_TRY(write_text(w, " - "));
        return write_expr(w, expr->operands[0], WORD_PRODUCT);
    case LOTS_OP_AGE:
        LOTS_TRY(write_text(w, "age at "));
        return write_expr(w, expr->operands[1], WORD_PRIMARY);
    case LOTS_OP_INTERVAL:
        LOTS_TRY(write_expr(w, expr->operands[0], WORD_SUM));
        LOTS_TRY(write_text(w, ".."));
        return write_expr(w, expr->operands[1], WORD_SUM);
    case LOTS_OP_INTERVAL_START: return write_member(w, expr->operands[0], "start");
    case LOTS_OP_INTERVAL_END: return write_member(w, expr->operands[0], "end");
    case LOTS_OP_INTERVAL_DAYS: return write_member(w, expr->operands[0], "days");
    case LOTS_OP_CODE_LABEL: return write_member(w, expr->operands[0], "label");
    case LOTS_OP_MAIN: return write_member(w, expr->operands[0], "main");
    case LOTS_OP_OTHER: return write_member(w, expr->operands[0], "other");
    case LOTS_OP_TO_FLOAT:
    case LOTS_OP_TO_DECIMAL:
    case LOTS_OP_PATH_NAMES:
    case LOTS_OP_TO_DAYS: return write_expr(w, expr->operands[0], WORD_SUM); /* casts are the binder's own */
    case LOTS_OP_CASE:
        if (window_side(expr) != NULL)
            return write_expr(w, window_side(expr), WORD_PRIMARY);
        return write_case(w, expr);
    case LOTS_OP_LIST: return write_case(w, expr);
    case LOTS_OP_EVENT: return write_event(w, expr);
    case LOTS_OP_EVENT_COLUMN: return write_event_column(w, expr);
    case LOTS_OP_EVENT_SPAN_END: return write_member(w, expr->operands[0], "span end");
    case LOTS_OP_LOOKUP: return write_lookup(w, expr);
    case LOTS_OP_PATIENT_ID: return write_text(w, "id");
    case LOTS_OP_COHORT: return write_text(w, expr->cohort->name);
    default: return write_call(w, expr, "?");
    }
}

static lots_status write_plain(writer *w, const lots_expr *expr)
{
    const char *name = name_of(expr->op);
    for (size_t i = 0; i < sizeof infixes / sizeof *infixes; i++)
        if (infixes[i].op == expr->op)
            return write_infix(w, expr, &infixes[i]);
    if (expr->grouping != NULL)
        return write_groups(w, expr);
    if (name != NULL)
        return expr->set != NULL ? write_aggregate(w, expr, name) : write_call(w, expr, name);
    return write_other(w, expr);
}

lots_status write_expr(writer *w, const lots_expr *expr, word_level level)
{
    if (w->full)
        return LOTS_OK;
    if (level_of(expr) >= level)
        return write_plain(w, expr);
    LOTS_TRY(write_text(w, "("));
    LOTS_TRY(write_plain(w, expr));
    return write_text(w, ")");
}

/* ---- the door ---- */

lots_status lots_words_expr(const lots_words *words, const lots_expr *expr, lots_bytes *out, lots_error *err)
{
    writer w = {.words = words, .out = out, .from = out->count, .err = err};
    return write_expr(&w, expr, WORD_OR);
}

lots_status lots_words_size(const lots_top *top, lots_bytes *out, lots_error *err)
{
    if (!top->percent)
        return lots_bytes_printf(out, err, "%" PRId64, top->count);
    double share = (double)top->mantissa;
    for (uint32_t i = 0; i < top->scale; i++)
        share /= 10;
    return lots_bytes_printf(out, err, "%.10g%%", share * 100);
}

lots_status lots_words_aggregate(const lots_words *words, const lots_row_agg *agg, lots_bytes *out, lots_error *err)
{
    static const char *const names[] = {
        [LOTS_AGG_COUNT] = "count", [LOTS_AGG_PATIENTS] = "patients", [LOTS_AGG_COUNT_DISTINCT] = "count",
        [LOTS_AGG_SUM] = "sum", [LOTS_AGG_MEAN] = "mean", [LOTS_AGG_MEDIAN] = "median", [LOTS_AGG_MIN] = "min",
        [LOTS_AGG_MAX] = "max", [LOTS_AGG_QUANTILE] = "quantile", [LOTS_AGG_SD] = "sd", [LOTS_AGG_RATE] = "rate",
        [LOTS_AGG_SHARE] = "share", [LOTS_AGG_GINI] = "gini", [LOTS_AGG_TOP_SHARE] = "top_share",
        [LOTS_AGG_LORENZ_SHARE] = "lorenz_share", [LOTS_AGG_KM] = "km", [LOTS_AGG_KM_QUANTILE] = "km_quantile",
        [LOTS_AGG_CIF] = "cif"};
    writer w = {.words = words, .out = out, .from = out->count, .err = err};
    bool share = agg->kind == LOTS_AGG_QUANTILE || agg->kind == LOTS_AGG_TOP_SHARE || agg->kind == LOTS_AGG_LORENZ_SHARE;
    size_t kinds = sizeof names / sizeof *names;
    if (lots_row_agg_follows(agg) && agg->text != NULL)
        return write_text(&w, agg->text);
    LOTS_TRY(write_text(&w, (size_t)agg->kind < kinds && names[agg->kind] != NULL ? names[agg->kind] : "?"));
    LOTS_TRY(write_text(&w, agg->kind == LOTS_AGG_COUNT_DISTINCT ? "(distinct " : "("));
    if (agg->value != NULL)
        LOTS_TRY(write_expr(&w, agg->value, WORD_OR));
    if (share)
        LOTS_TRY(lots_bytes_printf(out, err, ", %.10g%%", agg->parameter * 100));
    if (agg->where != NULL) {
        LOTS_TRY(write_text(&w, agg->value != NULL ? " where " : "where "));
        LOTS_TRY(write_expr(&w, agg->where, WORD_OR));
    }
    return write_text(&w, ")");
}
