/* plot_axis.c: axes: ticks at round numbers, shares and calendar days, and numbers as people read them. See plot.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/day.h"
#include "query/out/plot.h"

enum { TICKS_MAX = 64, DECIMALS_MAX = 9 };
#define PLAIN_MAX 1e15 /* larger numbers are written with a power of ten */

/* ---- numbers ---- */

/* Insert a no-break space before each group of three digits of the whole part. */
static void group_digits(const char *digits, size_t bytes, char *out, size_t room)
{
    size_t at = 0;
    for (size_t i = 0; i < bytes && at + 3 < room; i++) {
        if (i > 0 && bytes >= 5 && (bytes - i) % 3 == 0) {
            memcpy(out + at, "\xc2\xa0", 2);
            at += 2;
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

lots_status lots_plot_number(double value, int decimals, bool share, bool swedish, lots_arena *arena, const char **out,
                             lots_error *err)
{
    char plain[64], whole[96];
    char *made = NULL;
    value *= share ? 100 : 1;
    bool large = fabs(value) >= PLAIN_MAX || decimals > DECIMALS_MAX;
    if (large)
        snprintf(plain, sizeof plain, "%.4g", value);
    else
        snprintf(plain, sizeof plain, "%.*f", decimals, value);
    const char *digits = plain + (plain[0] == '-');
    bool zero = strspn(digits, "0.") == strlen(digits);
    size_t bytes = large ? strlen(digits) : strspn(digits, "0123456789");
    if (large)
        snprintf(whole, sizeof whole, "%s", digits);
    else
        group_digits(digits, bytes, whole, sizeof whole);
    LOTS_TRY(lots_arena_printf(arena, &made, err, "%s%s%s%s", plain[0] == '-' && !zero ? "-" : "", whole, digits + bytes,
                               !share ? "" : swedish ? "\xc2\xa0%" : "%"));
    for (char *c = made; swedish && *c != '\0'; c++)
        *c = *c == '.' ? ',' : *c;
    *out = made;
    return LOTS_OK;
}

static lots_status put_tick(lots_plot_axis *axis, double at, const char *label)
{
    if (axis->tick_count < TICKS_MAX)
        axis->ticks[axis->tick_count++] = (lots_plot_tick){at, label};
    return LOTS_OK;
}

/* The largest of 1, 2, 5 times a power of ten that is not below `least`; how many decimals it has. */
static double round_step(double least, int *decimals)
{
    double power = 1;
    *decimals = 0;
    while (power <= least / 10)
        power *= 10;
    while (power > least && *decimals < 330) {
        power /= 10;
        ++*decimals;
    }
    static const double factors[] = {1, 2, 5};
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        if (power * factors[i] >= least)
            return power * factors[i];
    *decimals -= *decimals > 0;
    return power * 10;
}

static lots_status number_ticks(lots_plot_axis *axis, bool share, uint32_t wanted, bool to_ticks, bool swedish,
                                lots_arena *arena, lots_error *err)
{
    int decimals = 0;
    double step = round_step((axis->high / 2 - axis->low / 2) / (wanted / 2.0), &decimals);
    double first = to_ticks ? floor(axis->low / step) : ceil(axis->low / step);
    double last = to_ticks ? ceil(axis->high / step) : floor(axis->high / step);
    if (!isfinite(first) || !isfinite(last))
        return LOTS_OK;
    decimals -= share ? (decimals < 2 ? decimals : 2) : 0;
    if (to_ticks && isfinite(first * step) && isfinite(last * step)) {
        axis->low = first * step;
        axis->high = last * step;
    }
    for (double i = first; i <= last && axis->tick_count < TICKS_MAX; i++) {
        const char *label = NULL;
        if (!isfinite(i * step))
            continue;
        LOTS_TRY(lots_plot_number(i * step, decimals, share, swedish, arena, &label, err));
        LOTS_TRY(put_tick(axis, i * step, label));
    }
    return LOTS_OK;
}

/* ---- days ---- */

static const struct {
    int32_t days, months; /* one of them 0 */
} day_steps[] = {{1, 0},  {2, 0},  {7, 0},  {14, 0},  {0, 1},   {0, 2},   {0, 3},    {0, 6},   {0, 12},
                 {0, 24}, {0, 60}, {0, 120}, {0, 240}, {0, 600}, {0, 1200}, {0, 6000}, {0, 12000}};

static lots_status day_label(lots_day day, int32_t months, lots_arena *arena, const char **out, lots_error *err)
{
    char text[11], *made = NULL;
    lots_day_format(day, text);
    text[months == 0 ? 10 : months % 12 != 0 ? 7 : 4] = '\0';
    LOTS_TRY(lots_arena_text(arena, &made, text, strlen(text), err));
    *out = made;
    return LOTS_OK;
}

/* The first tick at or after a day. */
static lots_day first_tick(lots_day day, int32_t days, int32_t months)
{
    lots_day first = day;
    if (months == 0)
        return days % 7 == 0 && lots_day_week_start(day) < day ? lots_day_week_start(day) + 7 : day;
    lots_civil civil = lots_day_to_civil(day);
    int32_t month = (civil.year - 1) * 12 + civil.month - 1; /* since year 1 */
    int32_t next = month + (civil.day > 1);
    int32_t from = months > 12 ? 12 : 0; /* 1990, 2000: years that are multiples, counted from year 0 */
    next = (next + from + months - 1) / months * months - from;
    if (next < 0)
        next += months;
    if (next >= 9999 * 12)
        return LOTS_DAY_MAX;
    first = lots_day_from_civil(next / 12 + 1, next % 12 + 1, 1);
    return first;
}

static lots_status day_ticks(lots_plot_axis *axis, uint32_t wanted, lots_arena *arena, lots_error *err)
{
    size_t at = 0, last = sizeof day_steps / sizeof *day_steps - 1;
    double span = axis->high - axis->low;
    while (at < last && span > (day_steps[at].days + day_steps[at].months * 30.44) * wanted)
        at++;
    double low = axis->low < LOTS_DAY_MIN ? LOTS_DAY_MIN : axis->low;
    double high = axis->high > LOTS_DAY_MAX ? LOTS_DAY_MAX : axis->high;
    lots_day day = first_tick((lots_day)ceil(low), day_steps[at].days, day_steps[at].months);
    while (day <= high) {
        const char *label = NULL;
        LOTS_TRY(day_label(day, day_steps[at].months, arena, &label, err));
        LOTS_TRY(put_tick(axis, day, label));
        if (day_steps[at].months == 0)
            day += day_steps[at].days;
        else if (!lots_day_add_months(day, day_steps[at].months, &day))
            break;
    }
    return LOTS_OK;
}

/* ---- the axis ---- */

lots_status lots_plot_scale_axis(lots_plot_axis *axis, lots_plot_scale scale, double low, double high, uint32_t wanted,
                                 bool to_ticks, bool swedish, lots_arena *arena, lots_error *err)
{
    void *made = NULL;
    double room = scale == LOTS_SCALE_SHARE ? 0.005 : 0.5;
    if (scale == LOTS_SCALE_DAY)
        room = 1;
    else if (to_ticks && fabs(low) / 8 > room)
        room = fabs(low) / 8;
    if (!(high / 2 - low / 2 > 1e-290)) {
        low -= room;
        high += room;
    }
    if (high / 2 - low / 2 < fabs(high) * 1e-12) { /* neighbours among doubles: no tick would fall between them */
        low -= fabs(high) * 1e-9;
        high += fabs(high) * 1e-9;
    }
    axis->low = low < -1e308 ? -1e308 : low;
    axis->high = high > 1e308 ? 1e308 : high;
    axis->tick_count = 0;
    LOTS_TRY(lots_arena_alloc(arena, &made, TICKS_MAX, sizeof(lots_plot_tick), err));
    axis->ticks = made;
    if (scale == LOTS_SCALE_DAY)
        return day_ticks(axis, wanted, arena, err);
    return number_ticks(axis, scale == LOTS_SCALE_SHARE, wanted, to_ticks, swedish, arena, err);
}

double lots_plot_at(const lots_plot_axis *axis, double value)
{
    double at = (value / 2 - axis->low / 2) / (axis->high / 2 - axis->low / 2);
    return !(at > 0) ? 0 : at > 1 ? 1 : at;
}
