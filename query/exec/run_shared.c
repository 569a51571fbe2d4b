/* run_shared.c: groups of several pipelines from one pass over the chunks. See run.h, run_inner.h.
 *
 * A script asks several things of one `let`: `from people group by …`, `from people where … group by …`. Each pipeline is bound and
 * run by itself, with the let's stages written out in it. The first that is run looks for others, and the right sides of their joins,
 * that begin with the same conditions and columns and are grouped in the same pass: those stages are done once, and each goes on
 * from there to groups of its own, which wait here until it is run.
 *
 * What can't be done for all is done by each alone, as if there were nothing shared: then errors, and what is told of windows, are
 * where they belong. So whether a pass is shared changes no answer.
 *
 * Memory: what waits counts towards every run, from its first moment or from when it was made, until it is taken. It is an eighth of
 * what a run may hold at most; what is more is made again. */
#include <string.h>

#include "core/base/memory.h"
#include "query/exec/alike.h"
#include "query/exec/run_inner.h"

enum { OTHERS_MAX = 16 };

typedef struct waiting {
    const lots_bound_pipeline *pipeline; /* NULL: taken */
    lots_group group;
    size_t bytes;                        /* that it holds */
} waiting;

struct lots_shared {
    lots_vec waiting; /* waiting */
    lots_vec begun;   /* const lots_bound_pipeline *: no more are made for these */
    size_t bytes;     /* that those who wait hold */
    bool off;         /* something could not be done together */
};

lots_status lots_shared_open(lots_shared **out, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_alloc(&made, 1, sizeof(lots_shared), err));
    *out = made;
    (*out)->waiting = LOTS_VEC(waiting);
    (*out)->begun = LOTS_VEC(const lots_bound_pipeline *);
    return LOTS_OK;
}

static void drop_waiting(lots_shared *shared)
{
    for (size_t i = 0; i < shared->waiting.count; i++)
        lots_group_close(&LOTS_AT(waiting, &shared->waiting, i).group);
    shared->waiting.count = 0;
    shared->bytes = 0;
}

void run_shared_hold(run *r)
{
    lots_shared *shared = r->options->shared;
    lots_error ignored;
    if (shared != NULL && lots_budget_take(r->budget, shared->bytes, &ignored) != LOTS_OK)
        drop_waiting(shared);
}

void lots_shared_close(lots_shared *shared)
{
    if (shared != NULL) {
        drop_waiting(shared);
        lots_vec_free(&shared->waiting);
        lots_vec_free(&shared->begun);
    }
    lots_free(shared);
}

/* ---- who else ---- */

typedef struct search {
    const run *r;
    const lots_bound_pipeline *others[OTHERS_MAX];
    uint32_t count, shared; /* `shared`: stages */
} search;

static bool has_begun(const lots_shared *shared, const lots_bound_pipeline *pipeline)
{
    for (size_t i = 0; i < shared->begun.count; i++)
        if (LOTS_AT(const lots_bound_pipeline *, &shared->begun, i) == pipeline)
            return true;
    return false;
}

/* Do patients become groups in the first pass, without anything joined? */
static bool is_grouped(const lots_bound_pipeline *pipeline)
{
    const uint32_t end = run_end_of_pass(pipeline, 0);
    bool grouped = !pipeline->explain && pipeline->into == NULL && pipeline->source == NULL &&
                   pipeline->relation == UINT32_MAX && end < pipeline->stage_count &&
                   pipeline->stages[end].kind == LOTS_STAGE_GROUP;
    for (uint32_t s = 0; s < end && grouped; s++)
        grouped = pipeline->stages[s].kind != LOTS_STAGE_JOIN;
    return grouped;
}

/* Conditions alone are cheaper asked by each, which then reads nothing of those it leaves out. */
static bool derives(const lots_bound_pipeline *pipeline, uint32_t stages)
{
    for (uint32_t s = 0; s < stages; s++)
        if (pipeline->stages[s].kind == LOTS_STAGE_DERIVE)
            return true;
    return false;
}

static bool is_known(const search *s, const lots_bound_pipeline *pipeline)
{
    bool known = has_begun(s->r->options->shared, pipeline);
    for (uint32_t i = 0; i < s->count && !known; i++)
        known = s->others[i] == pipeline || lots_alike_pipelines(s->r->query, s->others[i], pipeline);
    return known;
}

/* The first found says how much is shared. */
static void consider(search *s, const lots_bound_pipeline *pipeline)
{
    if (pipeline == s->r->pipeline || s->count == OTHERS_MAX || !is_grouped(pipeline) || is_known(s, pipeline))
        return;
    const uint32_t stages = lots_alike_stages(s->r->query, s->r->pipeline, pipeline);
    if (s->count == 0)
        s->shared = stages;
    if (stages >= s->shared && derives(pipeline, s->shared))
        s->others[s->count++] = pipeline;
}

static void search_pipeline(search *s, const lots_bound_pipeline *pipeline)
{
    consider(s, pipeline);
    for (uint32_t i = 0; i < pipeline->stage_count; i++)
        if (pipeline->stages[i].kind == LOTS_STAGE_JOIN)
            search_pipeline(s, pipeline->stages[i].join->right);
}

/* ---- the pass ---- */

static bool take_waiting(run *r, lots_pass *pass)
{
    lots_shared *shared = r->options->shared;
    for (size_t i = 0; i < shared->waiting.count; i++) {
        waiting *at = &LOTS_AT(waiting, &shared->waiting, i);
        if (at->pipeline != r->pipeline || at->group.stage != pass->group)
            continue;
        pass->groups = at->group;
        pass->groups.counted_bytes = at->bytes; /* since the run began */
        shared->bytes -= at->bytes;
        memset(at, 0, sizeof *at);
        return true;
    }
    return false;
}

static lots_status make_others(const search *s, lots_pass *pass, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_alloc(&made, s->count, sizeof(lots_pass), err));
    pass->others = made;
    pass->other_count = s->count;
    pass->shared = s->shared;
    for (uint32_t i = 0; i < s->count; i++) {
        const lots_bound_pipeline *pipeline = s->others[i];
        const uint32_t end = run_end_of_pass(pipeline, 0);
        lots_pass *other = &pass->others[i];
        *other = *pass;
        other->others = NULL;
        other->other_count = 0;
        other->pipeline = pipeline;
        other->stages = pipeline->stages + s->shared;
        other->stage_count = end - s->shared;
        other->joins = NULL;
        other->group = &pipeline->stages[end];
    }
    return LOTS_OK;
}

static size_t room_to_wait(const run *r)
{
    const size_t most = r->budget->limit_bytes / 8;
    return most > r->options->shared->bytes ? most - r->options->shared->bytes : 0;
}

static lots_status keep_others(const run *r, lots_pass *pass, lots_error *err)
{
    lots_shared *shared = r->options->shared;
    for (uint32_t i = 0; i < pass->other_count; i++) {
        lots_group *group = &pass->others[i].groups;
        waiting *to = NULL;
        if (group->counted_bytes > room_to_wait(r))
            continue;
        LOTS_TRY(lots_vec_extend(&shared->waiting, 1, (void **)&to, err));
        *to = (waiting){pass->others[i].pipeline, *group, group->counted_bytes};
        shared->bytes += group->counted_bytes;
        memset(group, 0, sizeof *group);
    }
    return LOTS_OK;
}

/* Where it can't be done together; what was seen on the way is forgotten. */
static void forget(run *r, lots_pass *pass)
{
    for (unsigned w = 0; w < r->worker_count; w++)
        for (uint32_t side = 0; r->workers[w] != NULL && r->workers[w]->beyond != NULL &&
                                side < 2 * r->workers[w]->schema->stream_count; side++)
            r->workers[w]->beyond[side].count = 0;
    if (pass->groups.stage != NULL)
        lots_group_drop(&pass->groups, r->budget);
    memset(&pass->groups, 0, sizeof pass->groups);
}

static void close_others(run *r, lots_pass *pass)
{
    for (uint32_t i = 0; i < pass->other_count; i++)
        if (pass->others[i].groups.stage != NULL)
            lots_group_drop(&pass->others[i].groups, r->budget);
    lots_free(pass->others);
    pass->others = NULL;
    pass->other_count = 0;
}

static lots_status run_search(run *r, const search *s, lots_pass *pass, bool *done, lots_error *err)
{
    lots_error ignored;
    lots_status status = make_others(s, pass, err);
    if (status == LOTS_OK)
        status = lots_pass_run(pass, &ignored);
    if (status == LOTS_OK)
        status = keep_others(r, pass, err);
    *done = status == LOTS_OK;
    if (!*done) {
        forget(r, pass);
        r->options->shared->off = true;
    }
    close_others(r, pass);
    return LOTS_OK;
}

lots_status run_shared_pass(run *r, lots_pass *pass, bool *done, lots_error *err)
{
    lots_shared *shared = r->options->shared;
    search s = {.r = r};
    *done = false;
    if (shared == NULL || pass->input != NULL || r->options->observer != NULL || !is_grouped(r->pipeline))
        return LOTS_OK;
    LOTS_TRY(lots_vec_push(&shared->begun, &r->pipeline, err));
    *done = take_waiting(r, pass);
    if (*done)
        return lots_group_count(&pass->groups, r->budget, err);
    if (shared->off)
        return LOTS_OK;
    for (uint32_t i = 0; i < r->query->pipeline_count; i++)
        search_pipeline(&s, &r->query->pipelines[i]);
    return s.count == 0 ? LOTS_OK : run_search(r, &s, pass, done, err);
}
