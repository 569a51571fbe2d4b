/* count.c: see count.h. The rows of each patient are kept as one number, in the step seen last; a step in which the number falls
 * lost rows of that patient. Chunks are seen by several threads at a time, but no patient is in two of them. */
#include "query/plan/count.h"

#include <pthread.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/exec/candidates.h"
#include "query/exec/pass.h"
#include "query/plan/stage_words.h"

typedef struct counting {
    const lots_query *query;
    const lots_bound_pipeline *pipeline;
    lots_counted *out;
    lots_set *prefixes;      /* by narrowing: the source narrowed so far; 0: not at all */
    uint32_t prefix_count;
    uint32_t *rows_of;       /* by registry-wide patient: in the step seen last */
    bool *settled;           /* by stage: counted in memory, all of it */
    pthread_mutex_t lock;
} counting;

/* ---- steps ---- */

static lots_status add_step(counting *c, uint32_t stage, const char *kind, const lots_bytes *text, lots_error *err)
{
    lots_step_count *step = &c->out->steps[c->out->step_count++];
    char *copy = NULL;
    LOTS_TRY(lots_arena_text(&c->out->arena, &copy, (const char *)text->data, text->count, err));
    *step = (lots_step_count){.stage = stage, .kind = kind, .text = copy, .shown_rows = LOTS_NONE,
                              .shown_persons = LOTS_NONE, .rows_out = LOTS_NONE, .persons_out = LOTS_NONE};
    return LOTS_OK;
}

typedef struct narrowing {
    bool window;
    uint32_t index;
    lots_ast_span span;
} narrowing;

static narrowing narrowing_at(const lots_set *set, uint32_t index)
{
    if (index < set->window_count)
        return (narrowing){true, index, set->windows[index].span};
    index -= set->window_count;
    return (narrowing){false, index, set->filters[index]->span};
}

/* In the order written; where parts come from several texts, windows first. */
static void order_narrowings(const lots_set *set, narrowing *out, uint32_t count)
{
    bool one_text = true;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = narrowing_at(set, i);
        one_text = one_text && out[i].span.source == out[0].span.source;
    }
    for (uint32_t i = 1; i < count && one_text; i++)
        for (uint32_t k = i; k > 0 && out[k].span.at < out[k - 1].span.at; k--) {
            narrowing held = out[k];
            out[k] = out[k - 1];
            out[k - 1] = held;
        }
}

static lots_status narrow_words(const counting *c, const narrowing *by, lots_bytes *out, lots_error *err)
{
    const lots_set *set = c->pipeline->source;
    lots_words words = {c->query, c->pipeline, set->frame};
    lots_set alone = {.relation = set->relation, .frame = set->frame};
    if (!by->window) {
        LOTS_TRY(lots_bytes_append(out, "where ", 6, err));
        return lots_words_expr(&words, set->filters[by->index], out, err);
    }
    alone.windows = &set->windows[by->index];
    alone.window_count = 1;
    size_t before = out->count;
    LOTS_TRY(lots_words_set(&words, &alone, out, err));
    lots_bytes base = {0}; /* the window alone: without the relation it is of */
    lots_status status = lots_words_relation(&words, set->relation, &base, err);
    if (status == LOTS_OK && base.count + 1 <= out->count - before) {
        memmove(out->data + before, out->data + before + base.count + 1, out->count - before - base.count - 1);
        out->count -= base.count + 1;
    }
    lots_bytes_free(&base);
    return status;
}

/* Prefix i + 1 is prefix i narrowed by `by`. */
static lots_status add_prefix(counting *c, const narrowing *by, lots_error *err)
{
    const lots_set *whole = c->pipeline->source;
    lots_set *set = &c->prefixes[c->prefix_count++];
    void *windows = NULL, *filters = NULL;
    if (by == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&c->out->arena, &windows, (size_t)set[-1].window_count + 1, sizeof(lots_window), err));
    LOTS_TRY(lots_arena_alloc(&c->out->arena, &filters, (size_t)set[-1].filter_count + 1, sizeof(lots_expr *), err));
    *set = set[-1];
    if (set->window_count > 0)
        memcpy(windows, set->windows, set->window_count * sizeof(lots_window));
    if (set->filter_count > 0)
        memcpy(filters, set->filters, set->filter_count * sizeof(lots_expr *));
    set->windows = windows;
    set->filters = filters;
    if (by->window)
        set->windows[set->window_count++] = whole->windows[by->index];
    else
        set->filters[set->filter_count++] = whole->filters[by->index];
    return LOTS_OK;
}

static lots_status add_narrowings(counting *c, lots_bytes *text, lots_error *err)
{
    const lots_set *set = c->pipeline->source;
    uint32_t count = set->window_count + set->filter_count;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&c->out->arena, &made, count, sizeof(narrowing), err));
    narrowing *list = made;
    order_narrowings(set, list, count);
    LOTS_TRY(lots_arena_alloc(&c->out->arena, &made, (size_t)count + 2, sizeof(lots_set), err));
    c->prefixes = made;
    c->prefixes[0] = (lots_set){.relation = set->relation, .frame = set->frame, .event = set->event, .span = set->span};
    LOTS_TRY(add_prefix(c, NULL, err));
    for (uint32_t i = 0; i < count; i++) {
        if (!list[i].window && lots_words_is_idle(set->filters[list[i].index]))
            continue;
        text->count = 0;
        LOTS_TRY(narrow_words(c, &list[i], text, err));
        LOTS_TRY(add_step(c, UINT32_MAX, list[i].window ? "window" : "filter", text, err));
        LOTS_TRY(add_prefix(c, &list[i], err));
    }
    if (!set->no_ghosts)
        return LOTS_OK;
    text->count = 0;
    LOTS_TRY(lots_bytes_printf(text, err, "without events that were never closed (ghosts)"));
    c->prefixes[c->prefix_count] = c->prefixes[c->prefix_count - 1];
    c->prefixes[c->prefix_count++].no_ghosts = true;
    return add_step(c, UINT32_MAX, "filter", text, err);
}

static lots_status list_steps(counting *c, lots_bytes *text, lots_error *err)
{
    const lots_bound_pipeline *pipeline = c->pipeline;
    lots_words words = {c->query, pipeline, pipeline->row_frame};
    LOTS_TRY(lots_bytes_printf(text, err, "all patients of the registry"));
    LOTS_TRY(add_step(c, UINT32_MAX, "registry", text, err));
    text->count = 0;
    bool table = pipeline->stage_count > 0 && pipeline->stages[0].kind == LOTS_STAGE_TABLE;
    if (!table) {
        LOTS_TRY(lots_words_source(&words, text, err));
        LOTS_TRY(add_step(c, UINT32_MAX, "source", text, err));
    }
    if (pipeline->source != NULL)
        LOTS_TRY(add_narrowings(c, text, err));
    c->out->source_steps = c->out->step_count;
    for (uint32_t s = 0; s < pipeline->stage_count; s++) {
        text->count = 0;
        words.frame = pipeline->stages[s].frame;
        LOTS_TRY(lots_words_stage(&words, &pipeline->stages[s], text, err));
        LOTS_TRY(add_step(c, s, lots_stage_kind(&pipeline->stages[s]), text, err));
    }
    return LOTS_OK;
}

static lots_status open_counting(counting *c, lots_error *err)
{
    const lots_bound_pipeline *pipeline = c->pipeline;
    const lots_set *set = pipeline->source;
    size_t room = (size_t)pipeline->stage_count + 4 + (set == NULL ? 0 : (size_t)set->window_count + set->filter_count);
    void *made = NULL;
    lots_bytes text = {0};
    LOTS_TRY(lots_arena_alloc(&c->out->arena, &made, room, sizeof(lots_step_count), err));
    c->out->steps = made;
    LOTS_TRY(lots_arena_alloc(&c->out->arena, &made, (size_t)pipeline->stage_count + 1, sizeof(bool), err));
    c->settled = made;
    LOTS_TRY(lots_alloc(&made, (size_t)lots_registry_patients(c->query->registry) + 1, sizeof(uint32_t), err));
    c->rows_of = made;
    lots_status status = list_steps(c, &text, err);
    lots_bytes_free(&text);
    return status;
}

/* ---- looking on ---- */

/* The step whose rows enter a stage; NULL when the first stage makes its rows itself. */
static lots_step_count *step_before(const counting *c, uint32_t stage)
{
    return &c->out->steps[c->out->source_steps - 1 + stage];
}

typedef struct tally {
    uint64_t rows, persons, lost;
} tally;

/* One patient's rows in a step; `first`: nothing came before. */
static void count_patient(counting *c, lots_patient patient, uint32_t rows, bool first, tally *into)
{
    into->rows += rows;
    into->persons += rows > 0;
    into->lost += !first && rows < c->rows_of[patient];
    c->rows_of[patient] = rows;
}

static void add_tally(counting *c, lots_step_count *step, const tally *from)
{
    pthread_mutex_lock(&c->lock);
    step->seen = true;
    step->rows += from->rows;
    step->persons += from->persons;
    step->lost += from->lost;
    pthread_mutex_unlock(&c->lock);
}

static void count_offsets(counting *c, lots_patient base, const uint32_t *offsets, uint32_t patients, bool first,
                          lots_step_count *step)
{
    tally found = {0};
    for (uint32_t p = 0; p < patients; p++)
        count_patient(c, base + p, offsets[p + 1] - offsets[p], first, &found);
    add_tally(c, step, &found);
}

/* The source before it is narrowed, and after each narrowing but the last. */
static lots_status count_prefixes(counting *c, const lots_sight *sight, lots_error *err)
{
    const lots_instance *patients = sight->rows->parent;
    lots_patient base = sight->chunks[sight->chunk].first;
    for (uint32_t i = 0; i + 1 < c->prefix_count; i++) {
        lots_relation_rows *relation = NULL;
        const uint32_t *offsets = NULL, *elements = NULL;
        LOTS_TRY(lots_set_lists(sight->worker, &c->prefixes[i], patients, &relation, &offsets, &elements, err));
        count_offsets(c, base, offsets, patients->count, i == 0, &c->out->steps[1 + i]);
    }
    return LOTS_OK;
}

/* Rows rise by patient. */
static lots_status count_chunk(counting *c, const lots_sight *sight, lots_error *err)
{
    const uint32_t *patient = NULL;
    uint32_t patients = sight->rows->parent->count;
    lots_patient base = sight->chunks[sight->chunk].first;
    tally found = {0};
    if (c->settled[sight->stage])
        return LOTS_OK;
    if (sight->stage == 0 && c->prefix_count > 1)
        LOTS_TRY(count_prefixes(c, sight, err));
    LOTS_TRY(lots_rows_patients(sight->worker, sight->rows, &patient, err));
    for (uint32_t p = 0, row = 0; p < patients; p++) {
        uint32_t from = row;
        while (row < sight->rows->count && patient[row] == p)
            row++;
        count_patient(c, base + p, row - from, sight->stage == 0 && c->prefix_count < 2, &found);
    }
    add_tally(c, step_before(c, sight->stage), &found);
    return LOTS_OK;
}

static lots_status count_memory(counting *c, const lots_sight *sight, lots_error *err)
{
    const lots_rowset *rows = sight->memory;
    lots_step_count *step = step_before(c, sight->stage);
    void *made = NULL;
    tally found = {0};
    if (c->settled[sight->stage] || sight->ranked != NULL)
        return LOTS_OK;
    c->settled[sight->stage] = true;
    step->seen = true;
    step->grouped = rows->patient == NULL;
    step->rows = rows->count;
    if (rows->patient == NULL)
        return LOTS_OK;
    uint32_t patients = lots_registry_patients(c->query->registry);
    LOTS_TRY(lots_alloc(&made, (size_t)patients + 1, sizeof(uint32_t), err));
    uint32_t *now = made;
    for (uint32_t i = 0; i < rows->count; i++)
        now[rows->patient[i]]++;
    for (uint32_t p = 0; p < patients; p++)
        count_patient(c, p, now[p], false, &found);
    lots_free(made);
    step->persons = found.persons;
    step->lost = found.lost;
    return LOTS_OK;
}

static lots_status see(void *context, const lots_sight *sight, lots_error *err)
{
    counting *c = context;
    return sight->memory != NULL ? count_memory(c, sight, err) : count_chunk(c, sight, err);
}

static void spend(void *context, uint32_t stage, uint64_t ns)
{
    counting *c = context;
    pthread_mutex_lock(&c->lock);
    step_before(c, stage == UINT32_MAX ? 0 : stage + 1)->ns += ns;
    pthread_mutex_unlock(&c->lock);
}

/* ---- disclosure ---- */

typedef struct guard {
    uint64_t least;
    uint64_t persons_last, rows_last; /* shown last */
    bool persons_shown, rows_shown;   /* of the step before */
} guard;

static bool is_few(const guard *g, uint64_t persons) { return persons > 0 && persons < g->least; }

static void show_persons(guard *g, lots_step_count *step, uint64_t before)
{
    uint64_t out = before > step->persons ? before - step->persons : 0;
    uint64_t far = g->persons_last > step->persons ? g->persons_last - step->persons : 0;
    bool shown = !is_few(g, step->persons) && !is_few(g, far) && (out > 0 || g->persons_shown);
    step->shown_persons = shown ? (int64_t)step->persons : is_few(g, step->persons) ? LOTS_HIDDEN : LOTS_WITHHELD;
    step->persons_out = shown && g->persons_shown ? (int64_t)out
                        : is_few(g, out)          ? LOTS_HIDDEN
                        : out == 0                ? 0
                                                  : LOTS_WITHHELD;
    g->persons_shown = shown;
    g->persons_last = shown ? step->persons : g->persons_last;
}

static void show_rows(guard *g, lots_step_count *step, uint64_t before)
{
    uint64_t out = before > step->rows ? before - step->rows : 0;
    bool gained = step->rows > before; /* `each` multiplies rows */
    bool shown = step->shown_persons >= 0 && !is_few(g, step->lost) && (step->lost > 0 || gained || g->rows_shown);
    step->shown_rows = shown ? (int64_t)step->rows : is_few(g, step->persons) ? LOTS_HIDDEN : LOTS_WITHHELD;
    step->rows_out = gained                      ? LOTS_NONE
                     : shown && g->rows_shown    ? (int64_t)out
                     : out == 0 && step->lost == 0 ? 0
                     : is_few(g, step->lost)     ? LOTS_HIDDEN
                                                 : LOTS_WITHHELD;
    g->rows_shown = shown;
}

static void judge(lots_counted *counted, bool open_source)
{
    lots_step_count *all = &counted->steps[0], *before = all;
    guard g = {.least = counted->min_cell, .persons_last = all->persons, .persons_shown = true, .rows_shown = true};
    all->shown_persons = (int64_t)all->persons;
    for (uint32_t i = 1; i < counted->step_count; i++) {
        lots_step_count *step = &counted->steps[i];
        if (!step->seen)
            continue;
        if (step->grouped) {
            step->shown_rows = (int64_t)step->rows;
            before = step;
            continue;
        }
        show_persons(&g, step, before->persons);
        if (i == 1) { /* rows begin here: none were left out before. How many a stream has is no secret */
            g.rows_shown = open_source || step->shown_persons >= 0;
            step->shown_rows = g.rows_shown ? (int64_t)step->rows : step->shown_persons;
        } else {
            show_rows(&g, step, before->rows);
        }
        before = step;
    }
}

/* ---- the door ---- */

static lots_status run_unobserved(const counting *c, const lots_run_options *options, lots_error *err)
{
    lots_run_options plain = *options;
    lots_result result;
    plain.observer = NULL;
    uint64_t start = lots_clock_ns();
    LOTS_TRY(lots_run_pipeline(c->query, c->pipeline, &plain, &result, err));
    c->out->run_ns = lots_clock_ns() - start;
    c->out->work = result.work;
    lots_result_free(&result);
    return LOTS_OK;
}

static lots_status count_all(counting *c, const lots_run_options *options, bool analysed, lots_error *err)
{
    lots_observer observer = {.context = c, .whole = true, .only = UINT32_MAX, .seen = see, .spent = spend};
    lots_run_options looked_on = *options;
    lots_bound_pipeline rows = *c->pipeline; /* `into cohort` would run the cohort's own text instead of these stages */
    lots_result result;
    rows.into = NULL;
    c->pipeline = &rows;
    looked_on.guard_rows = false;
    LOTS_TRY(open_counting(c, err));
    if (analysed)
        LOTS_TRY(run_unobserved(c, &looked_on, err));
    looked_on.observer = &observer;
    LOTS_TRY(lots_run_pipeline(c->query, c->pipeline, &looked_on, &result, err));
    lots_result_free(&result);
    lots_step_count *all = &c->out->steps[0];
    all->seen = true;
    all->rows = all->persons = lots_registry_patients(c->query->registry);
    const lots_set *source = c->pipeline->source;
    bool stream = source != NULL && source->event == NULL &&
                  c->query->relations[source->relation].kind == LOTS_RELATION_STREAM;
    judge(c->out, stream);
    return LOTS_OK;
}

lots_status lots_count_steps(const lots_query *query, const lots_bound_pipeline *pipeline,
                             const lots_run_options *options, bool analysed, lots_counted *out, lots_error *err)
{
    counting c = {.query = query, .pipeline = pipeline, .out = out};
    *out = (lots_counted){.min_cell = options->min_cell};
    lots_arena_init(&out->arena, 0);
    pthread_mutex_init(&c.lock, NULL);
    lots_status status = count_all(&c, options, analysed, err);
    pthread_mutex_destroy(&c.lock);
    lots_free(c.rows_of);
    if (status != LOTS_OK)
        lots_counted_free(out);
    return status;
}

void lots_counted_free(lots_counted *counted)
{
    lots_arena_free(&counted->arena);
    *counted = (lots_counted){0};
}
