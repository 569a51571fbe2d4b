/* words_name.c: what columns and slots are called: whose they are, and the name the question gave them. See words.h. */
#include "query/plan/words_inner.h"

lots_status write_prefix(writer *w, uint32_t frame)
{
    const lots_bound_pipeline *pipeline = w->words->pipeline;
    bool own = frame == LOTS_FRAME_PATIENT && pipeline != NULL && pipeline->relation == UINT32_MAX &&
               w->words->frame == pipeline->row_frame; /* the rows are patients */
    if (own || frame == w->words->frame || frame >= w->words->query->frame_count)
        return LOTS_OK;
    LOTS_TRY(write_text(w, frame == LOTS_FRAME_PATIENT ? "patient" : w->words->query->frames[frame].name));
    return write_text(w, ".");
}

static const char *column_name(const lots_query *query, uint32_t frame, uint32_t index)
{
    const lots_stream *patients = &lots_registry_schema(query->registry)->streams[0];
    if (frame == LOTS_FRAME_PATIENT)
        return index < patients->column_count ? patients->columns[index].name : "?";
    uint32_t relation = frame < query->frame_count ? query->frames[frame].relation : UINT32_MAX;
    return relation < query->relation_count && index < query->relations[relation].column_count
               ? query->relations[relation].columns[index].name
               : "?";
}

lots_status write_column(writer *w, const lots_expr *expr)
{
    LOTS_TRY(write_prefix(w, expr->of_frame));
    return write_text(w, column_name(w->words->query, expr->of_frame, expr->index));
}

static const char *item_name(const lots_named_expr *items, uint32_t count, uint32_t slot)
{
    for (uint32_t i = 0; i < count; i++)
        if (items[i].slot == slot)
            return items[i].name;
    return NULL;
}

/* What a row function stands for: rank(cost). */
static lots_status write_function(writer *w, const lots_row_function *function)
{
    static const char *const names[] = {"top(", "rank(", "percentile("};
    LOTS_TRY(write_text(w, names[function->kind]));
    if (function->kind == LOTS_ROW_TOP) {
        LOTS_TRY(w->full ? LOTS_OK : lots_words_size(&function->top, w->out, w->err));
        LOTS_TRY(write_text(w, ", "));
    }
    LOTS_TRY(write_expr(w, function->top.by, WORD_OR));
    if (function->top.per_count > 0)
        LOTS_TRY(write_text(w, " per "));
    LOTS_TRY(write_list(w, function->top.per, function->top.per_count));
    return write_text(w, ")");
}

static lots_status write_group_slot(writer *w, const lots_bound_stage *stage, uint32_t slot)
{
    if (slot < stage->key_count)
        return write_text(w, stage->keys[slot].name);
    lots_words rows = *w->words;
    rows.frame = stage->frame;
    if (slot - stage->key_count >= stage->agg_count)
        return write_text(w, "?");
    return w->full ? LOTS_OK : lots_words_aggregate(&rows, &stage->aggs[slot - stage->key_count], w->out, w->err);
}

static const char *each_name(const lots_each *each, uint32_t slot)
{
    for (uint32_t i = 0; i < each->slot_count; i++)
        if (each->slots[i] == slot)
            return each->names[i];
    return NULL;
}

static const char *join_name(const lots_bound_join *join, uint32_t slot)
{
    for (uint32_t i = 0; i < join->column_count; i++)
        if (join->slots[i] == slot && join->columns[i] < join->right->column_count)
            return join->right->columns[join->columns[i]].name;
    return NULL;
}

/* The name that a stage gave a slot of its rows; NULL: it didn't. */
static const char *stage_name(const lots_query *query, const lots_bound_stage *stage, const lots_expr *expr)
{
    const lots_schema *schema = lots_registry_schema(query->registry);
    if (stage->kind == LOTS_STAGE_TABLE && stage->table_frame == expr->of_frame && stage->table < schema->table_count &&
        expr->index < schema->tables[stage->table].column_count)
        return schema->tables[stage->table].columns[expr->index].name;
    if (stage->kind == LOTS_STAGE_PIVOT && stage->table_frame == expr->of_frame && expr->index < stage->key_count)
        return stage->keys[expr->index].name;
    if (stage->frame != expr->of_frame)
        return NULL;
    switch (stage->kind) {
    case LOTS_STAGE_DERIVE: return item_name(stage->items, stage->item_count, expr->index);
    case LOTS_STAGE_EACH: return each_name(&stage->each, expr->index);
    case LOTS_STAGE_JOIN: return join_name(stage->join, expr->index);
    default: return NULL;
    }
}

lots_status write_slot(writer *w, const lots_expr *expr)
{
    const lots_bound_pipeline *pipeline = w->words->pipeline;
    for (uint32_t s = 0; pipeline != NULL && s < pipeline->stage_count; s++) {
        const lots_bound_stage *stage = &pipeline->stages[s];
        if (stage->kind == LOTS_STAGE_GROUP && stage->table_frame == expr->of_frame &&
            expr->index < stage->key_count + stage->agg_count)
            return write_group_slot(w, stage, expr->index);
        const char *name = stage_name(w->words->query, stage, expr);
        if (name != NULL)
            return write_text(w, name);
        for (uint32_t f = 0; stage->kind == LOTS_STAGE_FUNCTIONS && f < stage->function_count; f++)
            if (stage->frame == expr->of_frame && stage->functions[f].slot == expr->index)
                return write_function(w, &stage->functions[f]);
    }
    return write_text(w, "?");
}
