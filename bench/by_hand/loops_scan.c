/* loops_scan.c: by hand: wide scans, codes, sums of a patient, months, days in hospital. */
#include "bench/by_hand/loop.h"
#include "core/base/day.h"
#include "core/base/memory.h"

enum { BANDS = 16, BAND_YEARS = 10 };

/* ---- 01: contacts and cost by month and level ---- */

static void part_month_level(const population *p, uint32_t first, uint32_t end, const loop_work *work)
{
    const contact_arrays *c = &p->contacts;
    for (uint64_t e = c->first[first]; e < c->first[end]; e++) {
        uint64_t *slot = work->counts + ((size_t)p->month_of[c->start[e] - p->day_low] * LEVELS + c->level[e]) * 2;
        slot[0]++;
        slot[1] += c->cost[e];
    }
}

static lots_status tell_month_level(const population *p, const loop_work *all, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_printf(out, err, "month,level,n,cost\n"));
    for (uint32_t month = 0; month < p->month_count; month++)
        for (uint32_t level = 0; level < LEVELS; level++) {
            const uint64_t *slot = all->counts + ((size_t)month * LEVELS + level) * 2;
            uint32_t number = p->month_low + month;
            if (slot[0] > 0)
                LOTS_TRY(lots_bytes_printf(out, err, "%04u-%02u,%s,%llu,%.2f\n", number / 12, number % 12 + 1, level_names[level],
                                           (unsigned long long)slot[0], (double)slot[1] / 100));
        }
    return LOTS_OK;
}

const hand_loop loop_month_level = {"01-month-level", MONTHS_MAX * LEVELS * 2, 0, part_month_level, tell_month_level};

/* ---- 03: people with a code of an interval, by sex and age ---- */

static void part_common_code(const population *p, uint32_t first, uint32_t end, const loop_work *work)
{
    const contact_arrays *c = &p->contacts;
    const lots_ranks wanted = population_codes(p, "E10", "E14");
    const uint32_t width = wanted.end - wanted.first;
    const int32_t day = lots_day_from_civil(2023, 12, 31);
    for (uint32_t i = first; i < end; i++) {
        bool found = false;
        for (uint64_t k = c->dx_first[c->first[i]]; k < c->dx_first[c->first[i + 1]] && !found; k++)
            found = c->dx[k] - wanted.first < width;
        if (found && p->birth[i] <= day)
            work->counts[p->sex[i] * BANDS + lots_day_years_between(p->birth[i], day) / BAND_YEARS]++;
    }
}

static lots_status tell_common_code(const population *p, const loop_work *all, lots_bytes *out, lots_error *err)
{
    (void)p;
    LOTS_TRY(lots_bytes_printf(out, err, "sex,age,n\n"));
    for (uint32_t k = 0; k < 2 * BANDS; k++)
        if (all->counts[k] > 0)
            LOTS_TRY(lots_bytes_printf(out, err, "%s,%u-%u,%llu\n", sex_names[k / BANDS], k % BANDS * BAND_YEARS,
                                       k % BANDS * BAND_YEARS + BAND_YEARS - 1, (unsigned long long)all->counts[k]));
    return LOTS_OK;
}

const hand_loop loop_common_code = {"03-common-code", 2 * BANDS, 0, part_common_code, tell_common_code};

/* ---- 05: the costliest 1% ---- */

#define NOT_THERE UINT64_MAX

static void part_top_cost(const population *p, uint32_t first, uint32_t end, const loop_work *work)
{
    const contact_arrays *c = &p->contacts;
    const int32_t low = lots_day_from_civil(2023, 1, 1), days = 365;
    for (uint32_t i = first; i < end; i++) {
        uint64_t cost = 0;
        for (uint64_t e = c->first[i]; e < c->first[i + 1]; e++)
            cost += (uint32_t)(c->start[e] - low) < (uint32_t)days ? c->cost[e] : 0;
        work->patients[i] = alive_at(p, i, low) ? cost : NOT_THERE;
    }
}

/* The k-th largest (from 1) of the costs: 16 bits at a time from the top, each time only among those with the bits found so far. */
static uint64_t largest(const population *p, const uint64_t *costs, uint64_t k, uint32_t seen[65536])
{
    uint64_t found = 0;
    for (int shift = 48; shift >= 0; shift -= 16) {
        uint64_t mask = shift == 48 ? 0 : UINT64_MAX << (shift + 16);
        for (uint32_t i = 0; i < 65536; i++)
            seen[i] = 0;
        for (uint32_t i = 0; i < p->patients; i++)
            seen[costs[i] >> shift & 65535] += costs[i] != NOT_THERE && (costs[i] & mask) == found;
        uint32_t at = 65535;
        for (; at > 0 && seen[at] < k; at--)
            k -= seen[at];
        found |= (uint64_t)at << shift;
    }
    return found;
}

static lots_status tell_top_cost(const population *p, const loop_work *all, lots_bytes *out, lots_error *err)
{
    uint64_t people = 0, count[2 * BANDS] = {0}, sum[2 * BANDS] = {0};
    uint32_t *seen = NULL;
    const int32_t day = lots_day_from_civil(2023, 1, 1);
    for (uint32_t i = 0; i < p->patients; i++)
        people += all->patients[i] != NOT_THERE;
    LOTS_TRY(lots_alloc((void **)&seen, 65536, sizeof *seen, err));
    uint64_t border = people == 0 ? 0 : largest(p, all->patients, (people + 99) / 100, seen);
    lots_free(seen);
    for (uint32_t i = 0; i < p->patients; i++) {
        if (all->patients[i] == NOT_THERE || all->patients[i] < border)
            continue;
        uint32_t group = p->sex[i] * BANDS + (uint32_t)lots_day_years_between(p->birth[i], day) / BAND_YEARS;
        count[group]++;
        sum[group] += all->patients[i];
    }
    LOTS_TRY(lots_bytes_printf(out, err, "sex,age,n,cost\n"));
    for (uint32_t k = 0; k < 2 * BANDS; k++)
        if (count[k] > 0)
            LOTS_TRY(lots_bytes_printf(out, err, "%s,%u-%u,%llu,%.2f\n", sex_names[k / BANDS], k % BANDS * BAND_YEARS,
                                       k % BANDS * BAND_YEARS + BAND_YEARS - 1, (unsigned long long)count[k], (double)sum[k] / 100));
    return LOTS_OK;
}

const hand_loop loop_top_cost = {"05-top-cost", 0, 0, part_top_cost, tell_top_cost};

/* ---- 08: distinct chronic diseases of a patient ---- */

enum { OLD_BANDS = 32, OLD_BAND_YEARS = 5 };

static void part_disease_groups(const population *p, uint32_t first, uint32_t end, const loop_work *work)
{
    const contact_arrays *c = &p->contacts;
    const int32_t day = lots_day_from_civil(2023, 12, 31), low = lots_day_from_civil(2019, 1, 1);
    for (uint32_t i = first; i < end; i++) {
        if (!alive_at(p, i, day) || lots_day_years_between(p->birth[i], day) < 75)
            continue;
        uint64_t groups = 0;
        for (uint64_t e = c->first[i]; e < c->first[i + 1]; e++)
            if (c->start[e] >= low && c->start[e] <= day)
                for (uint64_t k = c->dx_first[e]; k < c->dx_first[e + 1]; k++)
                    groups |= p->chronic[c->dx[k]];
        uint32_t k = (uint32_t)__builtin_popcountll(groups);
        uint64_t *slot = work->counts + (p->sex[i] * OLD_BANDS + (uint32_t)lots_day_years_between(p->birth[i], day) / OLD_BAND_YEARS) * 3;
        slot[0]++;
        slot[1] += k >= 5;
        slot[2] += k;
    }
}

static lots_status tell_disease_groups(const population *p, const loop_work *all, lots_bytes *out, lots_error *err)
{
    (void)p;
    LOTS_TRY(lots_bytes_printf(out, err, "sex,age,n,five,mean\n"));
    for (uint32_t k = 0; k < 2 * OLD_BANDS; k++) {
        const uint64_t *slot = all->counts + (size_t)k * 3;
        uint32_t low = k % OLD_BANDS * OLD_BAND_YEARS;
        if (slot[0] > 0)
            LOTS_TRY(lots_bytes_printf(out, err, "%s,%u-%u,%llu,%llu,%.17g\n", sex_names[k / OLD_BANDS], low, low + OLD_BAND_YEARS - 1,
                                       (unsigned long long)slot[0], (unsigned long long)slot[1], (double)slot[2] / (double)slot[0]));
    }
    return LOTS_OK;
}

const hand_loop loop_disease_groups = {"08-disease-groups", 2 * OLD_BANDS * 3, 0, part_disease_groups, tell_disease_groups};

/* ---- 20: 36 months in one pass ---- */

enum { MONTHS = 36 };

typedef struct month_table {
    int32_t start[MONTHS], end[MONTHS], born_until[MONTHS]; /* born_until: 65 on the first of the month */
} month_table;

static month_table make_months(void)
{
    month_table t;
    for (int m = 0; m < MONTHS; m++) {
        int32_t year = 2021 + m / 12, month = m % 12 + 1;
        t.start[m] = lots_day_from_civil(year, month, 1);
        t.end[m] = t.start[m] + lots_month_days(year, month) - 1;
        t.born_until[m] = lots_day_from_civil(year - 65, month, 1);
    }
    return t;
}

static void part_months(const population *p, uint32_t first, uint32_t end, const loop_work *work)
{
    const contact_arrays *c = &p->contacts;
    const month_table t = make_months();
    const uint32_t base = 2021 * 12 - p->month_low;
    for (uint32_t i = first; i < end; i++) {
        uint32_t from = 0, to = MONTHS; /* the months [from, to) in which the patient counts */
        uint64_t visited = 0;
        while (from < MONTHS && p->birth[i] > t.born_until[from])
            from++;
        while (to > from && p->death[i] < t.end[to - 1])
            to--;
        for (uint32_t m = from; m < to; m++)
            work->counts[m * 4]++;
        for (uint64_t e = c->first[i]; e < c->first[i + 1] && from < to; e++) {
            uint32_t m = p->month_of[c->start[e] - p->day_low] - base;
            if (m - from >= to - from)
                continue;
            visited |= (uint64_t)(c->level[e] == LEVEL_EMERGENCY && c->status[e] == STATUS_DONE) << m;
            work->counts[m * 4 + 2] += c->level[e] == LEVEL_INPATIENT;
            work->counts[m * 4 + 3] += c->cost[e];
        }
        for (; visited != 0; visited &= visited - 1)
            work->counts[(uint32_t)__builtin_ctzll(visited) * 4 + 1]++;
    }
}

static lots_status tell_months(const population *p, const loop_work *all, lots_bytes *out, lots_error *err)
{
    (void)p;
    LOTS_TRY(lots_bytes_printf(out, err, "m,n,ed,stays,cost\n"));
    for (uint32_t m = 0; m < MONTHS; m++) {
        const uint64_t *slot = all->counts + (size_t)m * 4;
        if (slot[0] > 0)
            LOTS_TRY(lots_bytes_printf(out, err, "%u-%02u,%llu,%llu,%llu,%.2f\n", 2021 + m / 12, m % 12 + 1, (unsigned long long)slot[0],
                                       (unsigned long long)slot[1], (unsigned long long)slot[2], (double)slot[3] / 100));
    }
    return LOTS_OK;
}

const hand_loop loop_months = {"20-months", MONTHS * 4, 0, part_months, tell_months};

/* ---- 28: stays that overlap each week of a year, and their days ---- */

enum { WEEKS = 53 };

static void part_occupied(const population *p, uint32_t first, uint32_t end, const loop_work *work)
{
    const contact_arrays *c = &p->contacts;
    const int32_t low = lots_day_from_civil(2023, 1, 1), high = lots_day_from_civil(2023, 12, 31), monday = lots_day_from_civil(2022, 12, 26);
    for (uint32_t i = first; i < end; i++) {
        const int32_t last = p->death[i] < p->until ? p->death[i] : p->until;
        int32_t fresh = INT32_MIN; /* days before this one are counted */
        for (uint64_t e = c->first[i]; e < c->first[i + 1]; e++) {
            if (c->level[e] != LEVEL_INPATIENT)
                continue;
            int32_t from = c->start[e] > low ? c->start[e] : low, to = c->end[e] == DAY_NONE ? last : c->end[e];
            to = to < high ? to : high;
            for (int32_t week = (from - monday) / 7; from <= to && week <= (to - monday) / 7; week++) {
                int32_t a = monday + week * 7, b = a + 6;
                a = a > from ? a : from;
                a = a > fresh ? a : fresh;
                b = b < to ? b : to;
                work->counts[week * 2] += !c->ghost[e];
                work->counts[week * 2 + 1] += b >= a ? (uint32_t)(b - a) + 1 : 0;
            }
            fresh = to + 1 > fresh ? to + 1 : fresh;
        }
    }
}

static lots_status tell_occupied(const population *p, const loop_work *all, lots_bytes *out, lots_error *err)
{
    const int32_t low = lots_day_from_civil(2023, 1, 1), high = lots_day_from_civil(2023, 12, 31), monday = lots_day_from_civil(2022, 12, 26);
    (void)p;
    LOTS_TRY(lots_bytes_printf(out, err, "w,stays,days\n"));
    for (int32_t week = 0; week < WEEKS; week++) {
        int32_t a = monday + week * 7, b = a + 6;
        char from[11], to[11];
        lots_day_format(a > low ? a : low, from);
        lots_day_format(b < high ? b : high, to);
        LOTS_TRY(lots_bytes_printf(out, err, "%s..%s,%llu,%llu\n", from, to, (unsigned long long)all->counts[week * 2],
                                   (unsigned long long)all->counts[week * 2 + 1]));
    }
    return LOTS_OK;
}

const hand_loop loop_occupied = {"28-occupied", WEEKS * 2, 0, part_occupied, tell_occupied};
