/* loops_sequence.c: by hand: what comes before and after: windows around stays, readmission, bursts, a sequence, transitions,
 * continuity. */
#include "bench/by_hand/loop.h"
#include "core/base/day.h"

static double mean(uint64_t sum, uint64_t count) { return (double)(int64_t)sum / (double)count; }

/* ---- 09: stays with primary care in the 45 days before, municipal care in the 45 after ---- */

static bool any_before(const contact_arrays *c, uint64_t first, uint64_t e)
{
    for (uint64_t k = e; k > first && c->start[k - 1] >= c->start[e] - 45; k--)
        if (c->level[k - 1] == LEVEL_PRIMARY && c->status[k - 1] == STATUS_DONE && c->start[k - 1] < c->start[e])
            return true;
    return false;
}

static bool any_after(const contact_arrays *c, uint64_t end, uint64_t e)
{
    for (uint64_t k = e + 1; k < end && c->start[k] <= c->start[e] + 45; k++)
        if (c->level[k] == LEVEL_MUNICIPAL && c->status[k] == STATUS_DONE && c->start[k] > c->start[e])
            return true;
    return false;
}

static void part_three_levels(const population *p, uint32_t first, uint32_t end, const loop_work *work)
{
    const contact_arrays *c = &p->contacts;
    const int32_t low = lots_day_from_civil(2019, 1, 1), high = lots_day_from_civil(2023, 12, 31);
    for (uint32_t i = first; i < end; i++)
        for (uint64_t e = c->first[i]; e < c->first[i + 1]; e++) {
            if (c->level[e] != LEVEL_INPATIENT || c->start[e] < low || c->start[e] > high)
                continue;
            uint64_t *slot = work->counts + (any_before(c, c->first[i], e) * 2 + any_after(c, c->first[i + 1], e)) * 2;
            slot[0]++;
            slot[1] += c->cost[e];
        }
}

static lots_status tell_three_levels(const population *p, const loop_work *all, lots_bytes *out, lots_error *err)
{
    static const char *const words[2] = {"false", "true"};
    (void)p;
    LOTS_TRY(lots_bytes_printf(out, err, "seen_before,seen_after,n,cost\n"));
    for (uint32_t k = 0; k < 4; k++)
        if (all->counts[k * 2] > 0)
            LOTS_TRY(lots_bytes_printf(out, err, "%s,%s,%llu,%.2f\n", words[k / 2], words[k % 2], (unsigned long long)all->counts[k * 2],
                                       (double)all->counts[k * 2 + 1] / 100));
    return LOTS_OK;
}

const hand_loop loop_three_levels = {"09-three-levels", 8, 0, part_three_levels, tell_three_levels};

/* ---- 11: stays, and acute readmission within 30 days ---- */

typedef struct stay {
    int32_t start, end; /* end: DAY_NONE while it goes on */
    bool acute;
} stay;

enum { AGE_GROUPS = 4 };

static void count_stay(const population *p, uint32_t patient, const stay *s, const stay *next, uint64_t *counts)
{
    const int32_t low = lots_day_from_civil(2019, 1, 1), high = lots_day_from_civil(2023, 12, 31);
    if (s->end < low || s->end > high || s->end + 30 > p->until || p->death[patient] <= s->end)
        return;
    int32_t age = lots_day_years_between(p->birth[patient], s->end);
    uint64_t *slot = counts + ((age >= 65) + (age >= 75) + (age >= 85)) * 3;
    slot[0]++;
    slot[1] += (uint32_t)(s->end - s->start);
    slot[2] += next != NULL && next->acute && next->start > s->end && next->start <= s->end + 30;
}

static void part_readmission(const population *p, uint32_t first, uint32_t end, const loop_work *work)
{
    const contact_arrays *c = &p->contacts;
    for (uint32_t i = first; i < end; i++) {
        stay now = {0}, before = {0};
        uint32_t seen = 0;
        for (uint64_t e = c->first[i]; e < c->first[i + 1]; e++) {
            if (c->level[e] != LEVEL_INPATIENT || c->ghost[e])
                continue;
            if (seen > 0 && c->start[e] <= now.end) { /* a transfer */
                now.end = c->end[e] > now.end ? c->end[e] : now.end;
                continue;
            }
            if (seen > 1)
                count_stay(p, i, &before, &now, work->counts);
            before = now;
            now = (stay){c->start[e], c->end[e], c->acute[e]};
            seen++;
        }
        if (seen > 1)
            count_stay(p, i, &before, &now, work->counts);
        if (seen > 0)
            count_stay(p, i, &now, NULL, work->counts);
    }
}

static lots_status tell_readmission(const population *p, const loop_work *all, lots_bytes *out, lots_error *err)
{
    static const char *const words[AGE_GROUPS] = {"<65", "65-74", "75-84", "85+"};
    (void)p;
    LOTS_TRY(lots_bytes_printf(out, err, "age,stays,nights,readmitted\n"));
    for (uint32_t k = 0; k < AGE_GROUPS; k++)
        if (all->counts[k * 3] > 0)
            LOTS_TRY(lots_bytes_printf(out, err, "%s,%llu,%llu,%llu\n", words[k], (unsigned long long)all->counts[k * 3],
                                       (unsigned long long)all->counts[k * 3 + 1], (unsigned long long)all->counts[k * 3 + 2]));
    return LOTS_OK;
}

const hand_loop loop_readmission = {"11-readmission", AGE_GROUPS * 3, 0, part_readmission, tell_readmission};

/* ---- 13: four emergency visits within 365 days, and when first ---- */

static void part_burst(const population *p, uint32_t first, uint32_t end, const loop_work *work)
{
    const contact_arrays *c = &p->contacts;
    for (uint32_t i = first; i < end; i++) {
        int32_t last[4] = {0}; /* the starts of the latest visits, by number modulo 4 */
        uint32_t seen = 0;
        for (uint64_t e = c->first[i]; e < c->first[i + 1]; e++) {
            if (c->level[e] != LEVEL_EMERGENCY || c->status[e] != STATUS_DONE)
                continue;
            last[seen++ & 3] = c->start[e];
            if (seen >= 4 && c->start[e] - last[seen & 3] <= 364) {
                work->counts[p->month_of[c->start[e] - p->day_low] * 2 + p->sex[i]]++;
                break;
            }
        }
    }
}

static lots_status tell_burst(const population *p, const loop_work *all, lots_bytes *out, lots_error *err)
{
    uint64_t years[MONTHS_MAX / 12 + 2][2] = {{0}};
    const uint32_t low = p->month_low / 12;
    for (uint32_t m = 0; m < p->month_count; m++)
        for (uint32_t sex = 0; sex < 2; sex++)
            years[(p->month_low + m) / 12 - low][sex] += all->counts[m * 2 + sex];
    LOTS_TRY(lots_bytes_printf(out, err, "year,sex,n\n"));
    for (uint32_t y = 0; y < MONTHS_MAX / 12 + 2; y++)
        for (uint32_t sex = 0; sex < 2; sex++)
            if (years[y][sex] > 0)
                LOTS_TRY(lots_bytes_printf(out, err, "%u,%s,%llu\n", low + y, sex_names[sex], (unsigned long long)years[y][sex]));
    return LOTS_OK;
}

const hand_loop loop_burst = {"13-burst", MONTHS_MAX * 2, 0, part_burst, tell_burst};

/* ---- 14: heart failure, emergency visit, stay, municipal care ---- */

enum { NOWHERE = 0 };

/* The first event after e that is of the level, begins 0..days after the end of e, and from which the rest completes (next says so;
 * NULL: it is the last step): its place from 1 on, or NOWHERE. */
static uint32_t step_after(const contact_arrays *c, uint64_t first, uint64_t end, uint64_t e, uint8_t level, int32_t days, const uint32_t *next)
{
    if (c->end[e] == DAY_NONE)
        return NOWHERE;
    for (uint64_t k = e + 1; k < end && c->start[k] <= c->end[e] + days; k++)
        if (c->level[k] == level && c->start[k] >= c->end[e] && (next == NULL || next[k - first] != NOWHERE))
            return (uint32_t)(k - first) + 1;
    return NOWHERE;
}

static bool has_code(const contact_arrays *c, uint64_t from, uint64_t to, lots_ranks wanted)
{
    for (uint64_t k = c->dx_first[from]; k < c->dx_first[to]; k++)
        if ((uint32_t)c->dx[k] - wanted.first < wanted.end - wanted.first)
            return true;
    return false;
}

static void count_match(const population *p, uint32_t patient, uint64_t hf, uint32_t ed, const uint32_t *next, uint64_t *counts)
{
    const contact_arrays *c = &p->contacts;
    uint64_t first = c->first[patient], care = first + next[next[ed - 1] - 1] - 1;
    uint64_t *slot = counts + (p->month_of[c->start[hf] - p->day_low] * 2 + p->sex[patient]) * 2;
    slot[0]++;
    slot[1] += (uint32_t)(c->start[care] - c->start[hf]);
}

static void part_sequence(const population *p, uint32_t first, uint32_t end, const loop_work *work)
{
    const contact_arrays *c = &p->contacts;
    const lots_ranks wanted = population_codes(p, "I50", "I50");
    uint32_t *next = work->events;
    for (uint32_t i = first; i < end; i++) {
        uint64_t from = c->first[i], to = c->first[i + 1];
        if (!has_code(c, from, to, wanted))
            continue;
        for (uint64_t e = from; e < to; e++)
            next[e - from] = c->level[e] == LEVEL_INPATIENT ? step_after(c, from, to, e, LEVEL_MUNICIPAL, 180, NULL) : NOWHERE;
        for (uint64_t e = from; e < to; e++)
            if (c->level[e] == LEVEL_EMERGENCY)
                next[e - from] = step_after(c, from, to, e, LEVEL_INPATIENT, 30, next);
        for (uint64_t e = from; e < to; e++) {
            uint32_t ed = has_code(c, e, e + 1, wanted) ? step_after(c, from, to, e, LEVEL_EMERGENCY, 90, next) : NOWHERE;
            if (ed != NOWHERE) {
                count_match(p, i, e, ed, next, work->counts);
                break;
            }
        }
    }
}

static lots_status tell_sequence(const population *p, const loop_work *all, lots_bytes *out, lots_error *err)
{
    const uint32_t low = p->month_low / 12;
    uint64_t years[2][MONTHS_MAX / 12 + 2][2] = {{{0}}};
    for (uint32_t k = 0; k < p->month_count * 2; k++)
        for (uint32_t part = 0; part < 2; part++)
            years[k % 2][(p->month_low + k / 2) / 12 - low][part] += all->counts[k * 2 + part];
    LOTS_TRY(lots_bytes_printf(out, err, "sex,year,n,days\n"));
    for (uint32_t sex = 0; sex < 2; sex++)
        for (uint32_t y = 0; y < MONTHS_MAX / 12 + 2; y++)
            if (years[sex][y][0] > 0)
                LOTS_TRY(lots_bytes_printf(out, err, "%s,%u,%llu,%.17g\n", sex_names[sex], low + y, (unsigned long long)years[sex][y][0],
                                           mean(years[sex][y][1], years[sex][y][0])));
    return LOTS_OK;
}

const hand_loop loop_sequence = {"14-sequence", MONTHS_MAX * 4, 0, part_sequence, tell_sequence};

/* ---- 16: pairs of consecutive done contacts at most 7 days apart ---- */

static void part_transitions(const population *p, uint32_t first, uint32_t end, const loop_work *work)
{
    const contact_arrays *c = &p->contacts;
    for (uint32_t i = first; i < end; i++) {
        uint32_t source = LEVELS;
        int32_t left = 0;
        for (uint64_t e = c->first[i]; e < c->first[i + 1]; e++) {
            if (c->status[e] != STATUS_DONE)
                continue;
            if (source != LEVELS && left != DAY_NONE && c->start[e] - left <= 7) {
                work->counts[(source * LEVELS + c->level[e]) * 2]++;
                work->counts[(source * LEVELS + c->level[e]) * 2 + 1] += (uint64_t)(int64_t)(c->start[e] - left);
            }
            source = c->level[e];
            left = c->end[e];
        }
    }
}

static lots_status tell_transitions(const population *p, const loop_work *all, lots_bytes *out, lots_error *err)
{
    (void)p;
    LOTS_TRY(lots_bytes_printf(out, err, "source,target,n,days\n"));
    for (uint32_t k = 0; k < LEVELS * LEVELS; k++)
        if (all->counts[k * 2] > 0)
            LOTS_TRY(lots_bytes_printf(out, err, "%s,%s,%llu,%.17g\n", level_names[k / LEVELS], level_names[k % LEVELS],
                                       (unsigned long long)all->counts[k * 2], mean(all->counts[k * 2 + 1], all->counts[k * 2])));
    return LOTS_OK;
}

const hand_loop loop_transitions = {"16-transitions", LEVELS * LEVELS * 2, 0, part_transitions, tell_transitions};

/* ---- 18: continuity of those with three visits or more ---- */

/* Visits are few: each is compared with each. */
static void count_continuity(const uint32_t *seen, uint32_t v, uint64_t *count, double *sums)
{
    uint64_t most = 0, squares = 0, same = 0;
    for (uint32_t a = 0; a < v; a++) {
        uint32_t n = 0;
        for (uint32_t b = 0; b < v; b++)
            n += seen[a] == seen[b];
        squares += n;
        most = n > most ? n : most;
        same += a > 0 && seen[a] == seen[a - 1] && seen[a] != 0;
    }
    ++*count;
    sums[0] += (double)most / v;
    sums[1] += (double)(squares - v) / ((double)v * (v - 1));
    sums[2] += (double)same / (v - 1);
}

static void part_continuity(const population *p, uint32_t first, uint32_t end, const loop_work *work)
{
    const contact_arrays *c = &p->contacts;
    const int32_t low = lots_day_from_civil(2022, 1, 1), high = lots_day_from_civil(2023, 12, 31);
    for (uint32_t i = first; i < end; i++) {
        uint32_t v = 0;
        for (uint64_t e = c->first[i]; e < c->first[i + 1]; e++) {
            work->events[v] = c->provider[e];
            v += c->start[e] >= low && c->start[e] <= high && c->level[e] == LEVEL_PRIMARY && c->status[e] == STATUS_DONE && c->form[e] == FORM_VISIT;
        }
        if (v >= 3)
            count_continuity(work->events, v, &work->counts[p->sex[i]], &work->sums[p->sex[i] * 3]);
    }
}

static lots_status tell_continuity(const population *p, const loop_work *all, lots_bytes *out, lots_error *err)
{
    (void)p;
    LOTS_TRY(lots_bytes_printf(out, err, "sex,n,upc,coci,secon\n"));
    for (uint32_t sex = 0; sex < 2; sex++) {
        const double *sums = all->sums + (size_t)sex * 3, n = (double)all->counts[sex];
        if (all->counts[sex] > 0)
            LOTS_TRY(lots_bytes_printf(out, err, "%s,%llu,%.17g,%.17g,%.17g\n", sex_names[sex], (unsigned long long)all->counts[sex],
                                       sums[0] / n, sums[1] / n, sums[2] / n));
    }
    return LOTS_OK;
}

const hand_loop loop_continuity = {"18-continuity", 2, 6, part_continuity, tell_continuity};
