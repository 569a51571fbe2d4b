/* stage_words.h: a stage of a pipeline as one line, `top 1% by cost per sex`, and its source. For explain, flow and why. */
#ifndef LOTS_PLAN_STAGE_WORDS_H
#define LOTS_PLAN_STAGE_WORDS_H

#include "query/plan/words.h"

/* The word a stage begins with, for tools: "where", "derive", "rank", "top", "group", … */
const char *lots_stage_kind(const lots_bound_stage *stage);
/* Append the whole stage. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_words_stage(const lots_words *words, const lots_bound_stage *stage, lots_bytes *out,
                                       lots_error *err);
/* `from contacts`, without what narrows it. */
LOTS_MUST lots_status lots_words_source(const lots_words *words, lots_bytes *out, lots_error *err);

#endif
