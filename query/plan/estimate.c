/* estimate.c: see estimate.h. */
#include "query/plan/estimate.h"

#include <math.h>

#include "query/plan/outline.h"
#include "query/plan/words.h"

enum { TESTS_MOST = 64 }; /* scans of a column for one plan */

/* ---- counted tests ---- */

static bool is_id(const lots_type *type)
{
    lots_type_kind kind = type->kind == LOTS_TYPE_SET ? type->element : type->kind;
    return kind == LOTS_TYPE_CODE || kind == LOTS_TYPE_CATEGORY;
}

static bool is_id_test(const lots_expr *test)
{
    if (test->operand_count == 0 || !is_id(&test->operands[0]->type))
        return false;
    if (test->op == LOTS_OP_IN_RANKS)
        return true;
    return (test->op == LOTS_OP_EQUAL || test->op == LOTS_OP_UNEQUAL) && test->operand_count == 2 &&
           test->operands[1]->op == LOTS_OP_CONSTANT;
}

lots_status lots_estimate_test(lots_estimator *from, const lots_expr *test, lots_measured *out, lots_error *err)
{
    *out = (lots_measured){0};
    if (!is_id_test(test))
        return LOTS_OK;
    for (size_t i = 0; i < from->tests.count; i++)
        if (LOTS_AT(lots_test_count, &from->tests, i).test == test) {
            *out = LOTS_AT(lots_test_count, &from->tests, i).measured;
            return LOTS_OK;
        }
    if (from->tests.count >= TESTS_MOST)
        return LOTS_OK;
    lots_test_count counted = {.test = test};
    LOTS_TRY(lots_measure_test(from->query, test, from->options, &counted.measured, err));
    *out = counted.measured;
    return lots_vec_push(&from->tests, &counted, err);
}

/* ---- parts of rows ---- */

typedef struct part { /* of the rows that meet a condition */
    double share;
    bool at_most, secret;
} part;

static const part all = {1, false, false}, unknown = {1, true, false};

static bool is_few(const lots_estimator *from, uint64_t persons)
{
    return persons > 0 && persons < from->options->min_cell;
}

static lots_status judge_condition(lots_estimator *from, const lots_expr *condition, double rows, bool persons, part *out,
                                   lots_error *err);

static lots_status judge_windows(lots_estimator *from, const lots_set *set, const lots_relation *relation, part *out,
                                 lots_error *err)
{
    int64_t low = INT64_MIN, high = INT64_MAX;
    for (uint32_t w = 0; w < set->window_count; w++) {
        const lots_expr *ends[2] = {set->windows[w].low, set->windows[w].high};
        for (int i = 0; i < 2; i++) {
            if (ends[i] == NULL)
                continue;
            if (ends[i]->op != LOTS_OP_CONSTANT) {
                out->at_most = true;
                continue;
            }
            if (ends[i]->constant.missing)
                out->share = 0;
            else if (i == 0)
                low = ends[i]->constant.i > low ? ends[i]->constant.i : low;
            else
                high = ends[i]->constant.i < high ? ends[i]->constant.i : high;
        }
    }
    if (relation->start_column < 0 || (low == INT64_MIN && high == INT64_MAX))
        return LOTS_OK;
    double inside = 1;
    uint32_t column = relation->columns[relation->start_column].column;
    LOTS_TRY(lots_measure_window(from->query->registry, relation->stream, column, low, high, &inside, err));
    out->share *= inside;
    return LOTS_OK;
}

lots_status lots_estimate_set(lots_estimator *from, const lots_set *set, lots_estimate *out, lots_error *err)
{
    const lots_relation *relation = &from->query->relations[set->relation];
    part whole = all;
    *out = (lots_estimate){0};
    if (set->event != NULL || relation->kind != LOTS_RELATION_STREAM)
        return LOTS_OK;
    double events = (double)lots_registry_events(from->query->registry, relation->stream);
    LOTS_TRY(judge_windows(from, set, relation, &whole, err));
    for (uint32_t f = 0; f < set->filter_count; f++) {
        part one = unknown;
        if (lots_words_is_idle(set->filters[f]))
            continue;
        LOTS_TRY(judge_condition(from, set->filters[f], events, false, &one, err));
        whole.share *= one.share;
        whole.at_most = whole.at_most || one.at_most;
        whole.secret = whole.secret || one.secret;
    }
    *out = (lots_estimate){events * whole.share, true, whole.at_most, whole.secret};
    return LOTS_OK;
}

/* The patients who have an event: those of a single tested set are counted, else events fall on patients by chance. */
static lots_status judge_exists(lots_estimator *from, const lots_set *set, part *out, lots_error *err)
{
    lots_estimate events;
    double patients = (double)lots_registry_patients(from->query->registry);
    LOTS_TRY(lots_estimate_set(from, set, &events, err));
    if (!events.known || patients <= 0)
        return LOTS_OK;
    *out = (part){1 - exp(-events.rows / patients), events.at_most, events.secret};
    for (uint32_t f = 0; f < set->filter_count; f++) {
        lots_measured measured;
        LOTS_TRY(lots_estimate_test(from, set->filters[f], &measured, err));
        if (!measured.known)
            continue;
        double share = (double)measured.persons / patients;
        bool alone = set->filter_count == 1 && set->window_count == 0;
        if (alone || share < out->share)
            *out = (part){share, out->at_most, out->secret};
    }
    return LOTS_OK;
}

static lots_status judge_list(lots_estimator *from, const lots_expr *condition, double rows, bool persons, part *out,
                              lots_error *err)
{
    bool both = condition->op == LOTS_OP_AND;
    part whole = {1, false, false};
    for (uint32_t i = 0; i < condition->operand_count; i++) {
        part one = unknown;
        LOTS_TRY(judge_condition(from, condition->operands[i], rows, persons, &one, err));
        whole.share *= both ? one.share : 1 - one.share;
        whole.at_most = whole.at_most || one.at_most;
        whole.secret = whole.secret || one.secret;
    }
    *out = (part){both ? whole.share : 1 - whole.share, whole.at_most, whole.secret};
    return LOTS_OK;
}

/* `persons`: the rows are patients. */
static lots_status judge_condition(lots_estimator *from, const lots_expr *condition, double rows, bool persons, part *out,
                                   lots_error *err)
{
    lots_measured measured;
    *out = unknown;
    switch (condition->op) {
    case LOTS_OP_CONSTANT:
        *out = (part){!condition->constant.missing && condition->constant.i != 0 ? 1 : 0, false, false};
        return LOTS_OK;
    case LOTS_OP_AND:
    case LOTS_OP_OR: return judge_list(from, condition, rows, persons, out, err);
    case LOTS_OP_NOT: {
        part of = unknown;
        LOTS_TRY(judge_condition(from, condition->operands[0], rows, persons, &of, err));
        *out = (part){of.at_most ? 1 : 1 - of.share, of.at_most, of.secret};
        return LOTS_OK;
    }
    case LOTS_OP_EXISTS: return persons ? judge_exists(from, condition->set, out, err) : LOTS_OK;
    default: break;
    }
    LOTS_TRY(lots_estimate_test(from, condition, &measured, err));
    if (measured.known && rows > 0)
        *out = (part){(double)measured.events / rows, false, is_few(from, measured.persons)};
    out->share = out->share > 1 ? 1 : out->share;
    return LOTS_OK;
}

/* ---- pipelines ---- */

lots_status lots_estimate_source(lots_estimator *from, lots_estimate *out, lots_error *err)
{
    const lots_schema *schema = lots_registry_schema(from->query->registry);
    const lots_bound_pipeline *pipeline = from->pipeline;
    *out = (lots_estimate){0};
    if (pipeline->source != NULL)
        return lots_estimate_set(from, pipeline->source, out, err);
    if (pipeline->stage_count > 0 && pipeline->stages[0].kind == LOTS_STAGE_TABLE) {
        const lots_batch *table = NULL;
        if (pipeline->stages[0].table >= schema->table_count)
            return LOTS_OK;
        LOTS_TRY(lots_registry_table(from->query->registry, pipeline->stages[0].table, &table, err));
        *out = (lots_estimate){(double)table->rows, true, false, false};
        return LOTS_OK;
    }
    *out = (lots_estimate){(double)lots_registry_patients(from->query->registry), true, false, false};
    return LOTS_OK;
}

static double rows_of_source(const lots_estimator *from)
{
    const lots_bound_pipeline *pipeline = from->pipeline;
    if (pipeline->source == NULL)
        return (double)lots_registry_patients(from->query->registry);
    const lots_relation *relation = &from->query->relations[pipeline->source->relation];
    return relation->kind == LOTS_RELATION_STREAM ? (double)lots_registry_events(from->query->registry, relation->stream) : 0;
}

/* Values that a key can have at all; 0: not known. */
static double key_values(const lots_expr *key)
{
    if (key->type.kind == LOTS_TYPE_BOOL)
        return 3;
    if (key->labels != NULL && key->op != LOTS_OP_BAND)
        return (double)key->label_count + 1;
    if (key->type.kind == LOTS_TYPE_CATEGORY && key->type.dictionary != NULL)
        return (double)lots_dictionary_count(key->type.dictionary) + 1;
    return 0;
}

static void estimate_groups(const lots_bound_stage *stage, lots_estimate *rows)
{
    double groups = 1;
    for (uint32_t i = 0; i < stage->key_count; i++)
        groups *= key_values(stage->keys[i].value);
    rows->at_most = stage->key_count > 0;
    if (groups > 0 && (!rows->known || groups < rows->rows || stage->key_count == 0)) {
        rows->rows = groups;
        rows->known = true;
        rows->secret = false;
    }
}

static lots_status estimate_where(lots_estimator *from, const lots_bound_stage *stage, lots_estimate *rows, lots_error *err)
{
    part kept = unknown;
    LOTS_TRY(judge_condition(from, stage->where, rows_of_source(from), from->pipeline->source == NULL, &kept, err));
    rows->rows *= kept.share;
    rows->at_most = rows->at_most || kept.at_most;
    rows->secret = rows->secret || kept.secret;
    return LOTS_OK;
}

lots_status lots_estimate_stage(lots_estimator *from, const lots_bound_stage *stage, lots_estimate *rows, lots_error *err)
{
    switch (stage->kind) {
    case LOTS_STAGE_GROUP: estimate_groups(stage, rows); return LOTS_OK;
    case LOTS_STAGE_EACH: rows->known = false; return LOTS_OK;
    case LOTS_STAGE_WHERE: return rows->known ? estimate_where(from, stage, rows, err) : LOTS_OK;
    case LOTS_STAGE_TOP: {
        double share = (double)stage->top.mantissa;
        for (uint32_t i = 0; i < stage->top.scale; i++)
            share /= 10;
        double kept = stage->top.percent ? rows->rows * share : (double)stage->top.count;
        rows->at_most = rows->at_most || stage->top.per_count > 0;
        if (stage->top.percent || stage->top.per_count == 0)
            rows->rows = kept < rows->rows ? kept : rows->rows;
        return LOTS_OK;
    }
    case LOTS_STAGE_LIMIT:
        rows->rows = !rows->known || rows->rows > (double)stage->limit ? (double)stage->limit : rows->rows;
        rows->at_most = rows->at_most || !rows->known;
        rows->known = true;
        return LOTS_OK;
    default: return LOTS_OK;
    }
}

int64_t lots_estimate_shown(const lots_estimate *rows)
{
    double unit = 1, number = rows->rows;
    if (!rows->known || !(number >= 0) || number > 1e15)
        return LOTS_NONE;
    if (rows->secret)
        return LOTS_HIDDEN;
    while (number / unit >= 100)
        unit *= 10;
    return (int64_t)(floor(number / unit + 0.5) * unit);
}
