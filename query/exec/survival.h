/* survival.h: what becomes of a group that is followed until an event or until it is lost from sight.
 *
 * A person leaves at a time in one of three ways, and both are packed into one number that orders by time. n is who is
 * still there just before a time (at risk), d who leaves then through an event, c of them through the one asked for:
 *   S(t)   product over the times up to t of (n - d) / n                     Kaplan & Meier 1958, eq. 2b
 *   F(t)   sum over the times up to t of S(just before) c / n                Aalen & Johansen 1978
 * Who is censored at a time at which others have events is still at risk for them. Between two censorings the factors
 * are whole numbers over one denominator, so without censoring S is exactly the part that is left.
 *
 * Neither is known at a time that nobody was followed to, unless all had left through events: then the answer is missing.
 * Values are sorted in place. Callers: group_state.c, group_result.c, evidence.c. */
#ifndef LOTS_QUERY_SURVIVAL_H
#define LOTS_QUERY_SURVIVAL_H

#include "core/lots.h"

typedef enum lots_exit { LOTS_EXIT_CENSORED, LOTS_EXIT_EVENT, LOTS_EXIT_COMPETING } lots_exit;

#define LOTS_FOLLOWED_MAX (INT64_MAX / 4) /* the longest time that can be packed */

/* `time` from 0 to LOTS_FOLLOWED_MAX. */
static inline int64_t lots_followed(int64_t time, lots_exit exit) { return time * 4 + (int64_t)exit; }

/* S(at). False (missing) when there is nobody, or nobody was followed so long. Competing events count as events. */
bool lots_km(int64_t *values, uint64_t count, int64_t at, double *out);
/* The first time at which S <= 1 - p; false when it never is. S and 1 - p are the same within 1e-9. */
bool lots_km_quantile(int64_t *values, uint64_t count, double p, int64_t *out);
/* F(at) of LOTS_EXIT_EVENT. False as S. */
bool lots_cif(int64_t *values, uint64_t count, int64_t at, double *out);

#endif
