/* step.h: one step of evaluation: an expression, the instance it is computed in, its operands' values there. The
 * functions below each compute one family of operators for all rows at once. They are called by eval.c only.
 *
 * What they may count on: operands have the types the operator wants and `count` rows each (or are constant); a failed
 * operand row is missing, and eval.c passes failures on to the result unless the function is one that decides itself
 * which operands matter (AND, OR, CASE, COALESCE). */
#ifndef LOTS_QUERY_STEP_H
#define LOTS_QUERY_STEP_H

#include "query/exec/relation.h"
#include "query/exec/worker.h"

typedef struct lots_step {
    lots_worker *worker;
    const lots_expr *expr;
    const lots_instance *rows;
    lots_arena *arena;
    uint32_t count;
    lots_vector *in;
} lots_step;

/* A new vector of the step's type and rows. */
LOTS_MUST lots_status lots_step_new(const lots_step *step, lots_vector *out, lots_error *err);
/* The same, missing where operand `from` (-1: any operand) is. */
LOTS_MUST lots_status lots_step_strict(const lots_step *step, int from, lots_vector *out, lots_error *err);
/* Operand i with a constant spread over all rows. */
LOTS_MUST lots_status lots_step_flatten(const lots_step *step, uint32_t operand, lots_error *err);
LOTS_MUST lots_status lots_step_flatten_all(const lots_step *step, lots_error *err);
/* The row can't be computed: missing, and an error of this expression if it is needed. */
LOTS_MUST lots_status lots_step_fail_row(const lots_step *step, lots_vector *out, uint32_t row, lots_error *err);
/* 0 under every missing bit. */
void lots_step_clean(const lots_step *step, lots_vector *out);
/* 0 for NULL. */
static inline uint64_t lots_word(const uint64_t *bits, size_t word) { return bits == NULL ? 0 : bits[word]; }
/* All rows true or all false. */
LOTS_MUST lots_status lots_step_bool(const lots_step *step, bool value, lots_vector *out, lots_error *err);

/* eval_leaf.c */
LOTS_MUST lots_status lots_eval_leaf(lots_step *step, lots_vector *out, lots_error *err);
/* lookup.c */
LOTS_MUST lots_status lots_eval_lookup(lots_step *step, lots_vector *out, lots_error *err);
/* eval_logic.c */
LOTS_MUST lots_status lots_eval_logic(lots_step *step, lots_vector *out, lots_error *err);
/* AND (`negate`: OR) of the first `in_count` of step->in, which are flat. */
LOTS_MUST lots_status lots_step_meet(const lots_step *step, uint32_t in_count, bool negate, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_choice(lots_step *step, lots_vector *out, lots_error *err);
/* eval_stepwise.c */
/* AND and OR of which some operands cost more than others: these are asked for no row that the others settle, or few. *done:
 * it was one. */
LOTS_MUST lots_status lots_eval_meet_stepwise(const lots_step *step, bool *done, lots_vector *out, lots_error *err);
/* eval_compare.c */
LOTS_MUST lots_status lots_eval_compare(lots_step *step, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_between(lots_step *step, lots_vector *out, lots_error *err);
/* a = b over two vectors of the step's rows: its bits, and where it is missing (may be NULL). */
LOTS_MUST lots_status lots_equal_bits(const lots_step *step, const lots_vector *a, const lots_vector *b, uint64_t **bits,
                                      uint64_t **missing, lots_error *err);
/* eval_local.c: comparisons of a stored id column with constants, on the segment's own ids. *done: it was one. */
LOTS_MUST lots_status lots_eval_local(lots_step *step, bool *done, lots_vector *out, lots_error *err);
/* eval_starts.c: starts of a stream's rows, all of them, within constant days. *done: it was one, and they are kept narrow. */
LOTS_MUST lots_status lots_eval_starts(lots_step *step, bool *done, lots_vector *out, lots_error *err);
/* exists of events of patients that have a code of a list, and nothing else is asked of them: *done: it was one. */
LOTS_MUST lots_status lots_eval_has_code(lots_step *step, bool *done, lots_vector *out, lots_error *err);
/* eval_member.c */
LOTS_MUST lots_status lots_eval_member(lots_step *step, lots_vector *out, lots_error *err);
/* eval_number.c, eval_convert.c, eval_date.c, eval_text.c, eval_set.c, eval_classes.c, eval_statistic.c */
LOTS_MUST lots_status lots_eval_number(lots_step *step, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_convert(lots_step *step, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_round(lots_step *step, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_date(lots_step *step, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_text(lots_step *step, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_set(lots_step *step, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_classes(lots_step *step, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_statistic(lots_step *step, lots_vector *out, lots_error *err);
/* The first `wanted` characters of a code, the dictionary's; false when it has fewer. */
bool lots_code_prefix(const lots_dictionary *dictionary, lots_id rank, int64_t wanted, lots_text *out);
/* prefix_class.c: what knows the texts of a CODE_PREFIX of constant length; NULL of another. Lent as long as the worker. */
LOTS_MUST lots_status lots_prefixes_open(lots_worker *worker, const lots_expr *prefix, lots_prefixes **out, lots_error *err);
/* A code's, whose bytes are those of every code that begins alike; false when it is shorter. */
bool lots_prefixes_text(lots_prefixes *prefixes, lots_id rank, lots_text *out);
/* aggregate.c, event.c, path.c, path_number.c */
LOTS_MUST lots_status lots_eval_aggregate(lots_step *step, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_event(lots_step *step, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_path(lots_step *step, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_path_number(lots_step *step, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_eval_path_names(lots_step *step, lots_vector *out, lots_error *err);

#endif
