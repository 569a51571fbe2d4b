/* chart_control.c: see chart_control.h. */
#include "query/exec/chart_control.h"

#include <math.h>

__extension__ typedef __int128 wide;

#define XMR_LIMIT 2.66     /* 3 / d2, d2 = 1.128 for pairs */
#define XMR_SCREEN 3.267   /* D4 for pairs */
#define NEAR_LINE (2.0 / 3) /* of the distance to a limit: 2 sigma */
#define P_SIGMAS 3.0

enum { RUN_SHIFT = 7, RUN_TREND = 7 };

const char *lots_signal_text(lots_signal signal)
{
    static const char *const texts[] = {
#define X(name, text) text,
        LOTS_SIGNAL_LIST(X)
#undef X
    };
    return signal < LOTS_SIGNAL_COUNT ? texts[signal] : "";
}

/* ---- rules ---- */

static int side_of(const lots_control_point *point, double centre)
{
    return point->value > centre ? 1 : point->value < centre ? -1 : 0;
}

/* A rule of less weight never hides one of more: they are applied from the last to the first. */
static void mark(lots_control_point *points, uint32_t from, uint32_t to, lots_signal signal)
{
    for (uint32_t i = from; i < to; i++)
        points[i].signal = signal;
}

/* Runs on one side of the centre; a point on it ends one. */
static void mark_shifts(lots_control_point *points, uint32_t count, double centre)
{
    for (uint32_t from = 0, to; from < count; from = to) {
        int side = side_of(&points[from], centre);
        for (to = from + 1; to < count && points[to].follows && side_of(&points[to], centre) == side; to++)
            ;
        if (side != 0 && to - from >= RUN_SHIFT)
            mark(points, from, to, LOTS_SIGNAL_SHIFT);
    }
}

static int step_of(const lots_control_point *points, uint32_t i)
{
    return points[i].value > points[i - 1].value ? 1 : points[i].value < points[i - 1].value ? -1 : 0;
}

/* Runs that rise, or fall, from each point to the next; the last point of one may be the first of another. */
static void mark_trends(lots_control_point *points, uint32_t count)
{
    for (uint32_t from = 0, to; from + 1 < count; from = to > from + 1 ? to - 1 : to) {
        int way = points[from + 1].follows ? step_of(points, from + 1) : 0;
        for (to = from + 1; way != 0 && to < count && points[to].follows && step_of(points, to) == way; to++)
            ;
        if (to - from >= RUN_TREND)
            mark(points, from, to, LOTS_SIGNAL_TREND);
    }
}

static bool is_beyond(const lots_control_point *point, int side)
{
    return side > 0 ? point->value > point->near_upper : point->value < point->near_lower;
}

/* Two of three beyond the same near line, all three on that side: those beyond it are marked. */
static void mark_two_of_three(lots_control_point *points, uint32_t count, double centre)
{
    for (uint32_t i = 2; i < count; i++) {
        int side = side_of(&points[i], centre), beyond = 0;
        bool same = points[i].follows && points[i - 1].follows && side != 0;
        for (uint32_t k = i - 2; k <= i && same; k++) {
            same = side_of(&points[k], centre) == side;
            beyond += is_beyond(&points[k], side);
        }
        for (uint32_t k = i - 2; k <= i && same && beyond >= 2; k++)
            if (is_beyond(&points[k], side))
                points[k].signal = LOTS_SIGNAL_TWO_OF_THREE;
    }
}

static void mark_outside(lots_control_point *points, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (points[i].value > points[i].upper || points[i].value < points[i].lower)
            points[i].signal = LOTS_SIGNAL_OUTSIDE;
}

static void apply_rules(lots_control_point *points, uint32_t count, double centre)
{
    for (uint32_t i = 0; i < count; i++)
        points[i].signal = LOTS_SIGNAL_NONE;
    mark_shifts(points, count, centre);
    mark_two_of_three(points, count, centre);
    mark_trends(points, count);
    mark_outside(points, count);
}

/* ---- XmR ---- */

/* The mean of the moving ranges below `screen`; `otherwise` when none is. */
static double mean_range(const lots_control_point *points, uint32_t count, double screen, double otherwise)
{
    double sum = 0;
    uint32_t ranges = 0;
    for (uint32_t i = 1; i < count; i++) {
        double range = fabs(points[i].value - points[i - 1].value);
        if (!points[i].follows || !(range < screen))
            continue;
        sum += range;
        ranges++;
    }
    return ranges == 0 ? otherwise : sum / ranges;
}

/* Of equal values the mean is that value to the last bit, so that none is beside its own mean. */
static double mean_value(const lots_control_point *points, uint32_t count)
{
    double sum = 0;
    bool equal = true;
    for (uint32_t i = 0; i < count; i++) {
        sum += points[i].value;
        equal = equal && points[i].value == points[0].value;
    }
    return count == 0 ? 0 : equal ? points[0].value : sum / count;
}

double lots_control_xmr(lots_control_point *points, uint32_t count)
{
    double centre = mean_value(points, count);
    double range = mean_range(points, count, INFINITY, 0);
    range = mean_range(points, count, XMR_SCREEN * range, range);
    for (uint32_t i = 0; i < count; i++) {
        points[i].lower = centre - XMR_LIMIT * range;
        points[i].upper = centre + XMR_LIMIT * range;
        points[i].near_lower = centre - NEAR_LINE * XMR_LIMIT * range;
        points[i].near_upper = centre + NEAR_LINE * XMR_LIMIT * range;
    }
    apply_rules(points, count, centre);
    return centre;
}

/* ---- shares ---- */

static double clamp(double share) { return share < 0 ? 0 : share > 1 ? 1 : share; }

/* Shares, and the one of all together. */
static double mean_share(lots_control_point *points, uint32_t count)
{
    wide k = 0, n = 0;
    for (uint32_t i = 0; i < count; i++) {
        points[i].value = (double)points[i].k / (double)points[i].n;
        k += points[i].k;
        n += points[i].n;
    }
    return n == 0 ? 0 : (double)k / (double)n;
}

double lots_control_p(lots_control_point *points, uint32_t count)
{
    double centre = mean_share(points, count);
    for (uint32_t i = 0; i < count; i++) {
        double half = P_SIGMAS * sqrt(centre * (1 - centre) / (double)points[i].n);
        points[i].lower = clamp(centre - half);
        points[i].upper = clamp(centre + half);
        points[i].near_lower = centre - NEAR_LINE * half;
        points[i].near_upper = centre + NEAR_LINE * half;
    }
    apply_rules(points, count, centre);
    return centre;
}

/* ---- funnel ---- */

enum { QUANTILES = 4 };
static const double tails[QUANTILES] = {0.001, 0.025, 0.975, 0.999};
static const double deviates[QUANTILES] = {-3.090232306167813, -1.959963984540054, 1.959963984540054, 3.090232306167813};
#define EXACT_VARIANCE 1e6 /* above it the normal curve is as good as the eye */
#define WEIGHT_LEAST 1e-20 /* of the largest: the rest of a tail */

/* Weights relative to the largest, by their recurrence: no factorials, nothing that a machine rounds otherwise. */
static double weight_up(double weight, double p, double n, double r) { return weight * (n - r) / (r + 1) * (p / (1 - p)); }
static double weight_down(double weight, double p, double n, double r) { return weight * r / (n - r + 1) * ((1 - p) / p); }

static void binomial_quantiles(double p, double n, double out[QUANTILES])
{
    double mode = floor((n + 1) * p), total = 1, weight = 1, low = mode, low_weight = 1;
    mode = mode > n ? n : mode;
    low = mode;
    for (double r = mode; r < n && weight > WEIGHT_LEAST; r++)
        total += weight = weight_up(weight, p, n, r);
    weight = 1;
    for (; low > 0 && weight > WEIGHT_LEAST; low--) {
        total += weight = weight_down(weight, p, n, low);
        low_weight = weight;
    }
    double below = 0, share = low_weight / total;
    int at = 0;
    for (double r = low; at < QUANTILES; r++) {
        for (; at < QUANTILES && (below + share > tails[at] || r >= n); at++)
            out[at] = share > 0 ? r - (below + share - tails[at]) / share : r;
        below += share;
        share = weight_up(share, p, n, r);
    }
}

lots_funnel_limits lots_funnel_at(double p, int64_t n)
{
    double limits[QUANTILES], size = (double)n, variance = size * p * (1 - p);
    if (variance > 0 && variance <= EXACT_VARIANCE)
        binomial_quantiles(p, size, limits);
    else
        for (int i = 0; i < QUANTILES; i++)
            limits[i] = size * p + deviates[i] * sqrt(variance);
    return (lots_funnel_limits){clamp(limits[0] / size), clamp(limits[1] / size), clamp(limits[2] / size),
                                clamp(limits[3] / size)};
}

static lots_signal funnel_signal(const lots_control_point *point)
{
    if (point->value > point->upper)
        return LOTS_SIGNAL_ABOVE_998;
    if (point->value < point->lower)
        return LOTS_SIGNAL_BELOW_998;
    if (point->value > point->near_upper)
        return LOTS_SIGNAL_ABOVE_95;
    return point->value < point->near_lower ? LOTS_SIGNAL_BELOW_95 : LOTS_SIGNAL_NONE;
}

double lots_control_funnel(lots_control_point *points, uint32_t count)
{
    double centre = mean_share(points, count);
    for (uint32_t i = 0; i < count; i++) {
        lots_funnel_limits at = lots_funnel_at(centre, points[i].n);
        points[i].lower = at.low_998;
        points[i].upper = at.high_998;
        points[i].near_lower = at.low_95;
        points[i].near_upper = at.high_95;
        points[i].signal = funnel_signal(&points[i]);
    }
    return centre;
}
