/* stage_words.c: see stage_words.h. */
#include "query/plan/stage_words.h"

#include <inttypes.h>

const char *lots_stage_kind(const lots_bound_stage *stage)
{
    switch (stage->kind) {
    case LOTS_STAGE_WHERE: return "where";
    case LOTS_STAGE_DERIVE: return "derive";
    case LOTS_STAGE_FUNCTIONS: return "rank";
    case LOTS_STAGE_TOP: return stage->top.bottom ? "bottom" : "top";
    case LOTS_STAGE_GROUP: return "group";
    case LOTS_STAGE_SHOW: return "show";
    case LOTS_STAGE_SORT: return "sort";
    case LOTS_STAGE_LIMIT: return "limit";
    case LOTS_STAGE_EACH: return "each";
    case LOTS_STAGE_TABLE: return "table";
    case LOTS_STAGE_JOIN: return "join";
    case LOTS_STAGE_PIVOT: return "pivot";
    default: return "stage";
    }
}

static lots_status put_text(lots_bytes *out, const char *text, lots_error *err)
{
    return lots_bytes_append(out, text, strlen(text), err);
}

static lots_status put_list(const lots_words *words, const char *before, lots_expr *const *exprs, uint32_t count,
                            lots_bytes *out, lots_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        LOTS_TRY(put_text(out, i == 0 ? before : ", ", err));
        LOTS_TRY(lots_words_expr(words, exprs[i], out, err));
    }
    return LOTS_OK;
}

/* name = value; the name alone when it is the value's own. */
static lots_status put_item(const lots_words *words, const lots_named_expr *item, lots_bytes *out, lots_error *err)
{
    lots_bytes value = {0};
    lots_status status = lots_words_expr(words, item->value, &value, err);
    bool same = status == LOTS_OK && value.count == strlen(item->name) && memcmp(value.data, item->name, value.count) == 0;
    if (status == LOTS_OK && !same)
        status = lots_bytes_printf(out, err, "%s = ", item->name);
    if (status == LOTS_OK)
        status = lots_bytes_append(out, value.data, value.count, err);
    lots_bytes_free(&value);
    return status;
}

static lots_status put_items(const lots_words *words, const char *before, const lots_named_expr *items, uint32_t count,
                             lots_bytes *out, lots_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        LOTS_TRY(put_text(out, i == 0 ? before : ", ", err));
        LOTS_TRY(put_item(words, &items[i], out, err));
    }
    return LOTS_OK;
}

static lots_status put_top(const lots_words *words, const lots_top *top, const char *word, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(put_text(out, word, err));
    LOTS_TRY(lots_words_size(top, out, err));
    LOTS_TRY(put_text(out, " by ", err));
    LOTS_TRY(lots_words_expr(words, top->by, out, err));
    return put_list(words, " per ", top->per, top->per_count, out, err);
}

static lots_status put_functions(const lots_words *words, const lots_bound_stage *stage, lots_bytes *out, lots_error *err)
{
    for (uint32_t i = 0; i < stage->function_count; i++) {
        const lots_row_function *function = &stage->functions[i];
        LOTS_TRY(put_text(out, i == 0 ? "rank all rows: " : ", ", err));
        LOTS_TRY(function->kind == LOTS_ROW_TOP
                     ? put_top(words, &function->top, "top ", out, err)
                     : put_text(out, function->kind == LOTS_ROW_RANK ? "rank by " : "percentile by ", err));
        if (function->kind == LOTS_ROW_TOP)
            continue;
        LOTS_TRY(lots_words_expr(words, function->top.by, out, err));
        LOTS_TRY(put_list(words, " per ", function->top.per, function->top.per_count, out, err));
    }
    return LOTS_OK;
}

/* The keys; what is shown of each group hangs under the line in a plan. */
static lots_status put_group(const lots_words *words, const lots_bound_stage *stage, lots_bytes *out, lots_error *err)
{
    if (stage->key_count == 0)
        LOTS_TRY(put_text(out, "reduce all rows to one", err));
    LOTS_TRY(put_items(words, "group by ", stage->keys, stage->key_count, out, err));
    return put_text(out, stage->totals ? " with totals" : "", err);
}

static lots_status put_sort(const lots_words *words, const lots_bound_stage *stage, lots_bytes *out, lots_error *err)
{
    for (uint32_t i = 0; i < stage->sort_count; i++) {
        LOTS_TRY(put_text(out, i == 0 ? "sort " : ", ", err));
        LOTS_TRY(lots_words_expr(words, stage->sort[i].value, out, err));
        LOTS_TRY(put_text(out, stage->sort[i].descending ? " desc" : "", err));
    }
    return LOTS_OK;
}

static lots_status put_each(const lots_words *words, const lots_each *each, lots_bytes *out, lots_error *err)
{
    static const char *const periods[] = {"day", "week", "month", "quarter", "year"};
    LOTS_TRY(put_text(out, "each ", err));
    if (each->kind == LOTS_EACH_PERIOD)
        LOTS_TRY(lots_bytes_printf(out, err, "%s ", periods[each->period]));
    if (each->kind == LOTS_EACH_BLOCK)
        LOTS_TRY(lots_bytes_printf(out, err, "%" PRId32 "%s ", each->months != 0 ? each->months : each->days,
                                   each->months != 0 ? "mo" : "d"));
    if (each->kind == LOTS_EACH_PAIR)
        LOTS_TRY(lots_bytes_printf(out, err, "%s, %s in pairs(", each->names[0], each->names[1]));
    else
        LOTS_TRY(lots_bytes_printf(out, err, "%s in ", each->names[0]));
    LOTS_TRY(lots_words_expr(words, each->value, out, err));
    if (each->kind == LOTS_EACH_PAIR)
        return put_text(out, ")", err);
    if (each->kind != LOTS_EACH_NUMBER)
        return LOTS_OK;
    LOTS_TRY(put_text(out, "..", err));
    return lots_words_expr(words, each->high, out, err);
}

static lots_status put_join(const lots_words *words, const lots_bound_join *join, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(put_text(out, "join a table", err));
    for (uint32_t i = 0; i < join->key_count; i++) {
        LOTS_TRY(lots_bytes_printf(out, err, "%s%s = ", i == 0 ? " on " : ", ", join->right_keys[i].name));
        LOTS_TRY(lots_words_expr(words, join->left_keys[i], out, err));
    }
    for (uint32_t i = 0; i < join->column_count; i++)
        LOTS_TRY(lots_bytes_printf(out, err, "%s%s", i == 0 ? " for " : ", ", join->right->columns[join->columns[i]].name));
    return LOTS_OK;
}

static lots_status put_table(const lots_words *words, const lots_bound_stage *stage, lots_bytes *out, lots_error *err)
{
    const lots_schema *schema = lots_registry_schema(words->query->registry);
    return lots_bytes_printf(out, err, "from table %s", stage->table < schema->table_count ? schema->tables[stage->table].name : "?");
}

lots_status lots_words_stage(const lots_words *words, const lots_bound_stage *stage, lots_bytes *out, lots_error *err)
{
    switch (stage->kind) {
    case LOTS_STAGE_WHERE:
        LOTS_TRY(put_text(out, "where ", err));
        return lots_words_expr(words, stage->where, out, err);
    case LOTS_STAGE_DERIVE: return put_items(words, "derive ", stage->items, stage->item_count, out, err);
    case LOTS_STAGE_FUNCTIONS: return put_functions(words, stage, out, err);
    case LOTS_STAGE_TOP: return put_top(words, &stage->top, stage->top.bottom ? "bottom " : "top ", out, err);
    case LOTS_STAGE_GROUP: return put_group(words, stage, out, err);
    case LOTS_STAGE_SHOW: return put_items(words, "show ", stage->items, stage->item_count, out, err);
    case LOTS_STAGE_SORT: return put_sort(words, stage, out, err);
    case LOTS_STAGE_LIMIT: return lots_bytes_printf(out, err, "limit %" PRId64, stage->limit);
    case LOTS_STAGE_EACH: return put_each(words, &stage->each, out, err);
    case LOTS_STAGE_TABLE: return put_table(words, stage, out, err);
    case LOTS_STAGE_JOIN: return put_join(words, stage->join, out, err);
    case LOTS_STAGE_PIVOT:
        LOTS_TRY(put_text(out, "pivot ", err));
        LOTS_TRY(lots_words_expr(words, stage->pivot->by, out, err));
        return put_items(words, " for each ", stage->keys, stage->key_count, out, err);
    default: return put_text(out, lots_stage_kind(stage), err);
    }
}

lots_status lots_words_source(const lots_words *words, lots_bytes *out, lots_error *err)
{
    const lots_bound_pipeline *pipeline = words->pipeline;
    LOTS_TRY(put_text(out, "from ", err));
    if (pipeline->source == NULL)
        return put_text(out, "patients", err);
    if (pipeline->source->event != NULL)
        return lots_words_expr(words, pipeline->source->event, out, err);
    return lots_words_relation(words, pipeline->source->relation, out, err);
}
