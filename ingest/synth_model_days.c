/* synth_model_days.c: the calendar of the model: which days are workdays, and how likely an event of each season is on each
 * day of a year. The idea: a year's weights are turned into a table of equally likely cells, so that a day is drawn by one
 * random number and one look-up. Holidays are those of the Swedish law (SFS 1989:253) and the eves on which clinics are
 * closed; Easter after Meeus (1991, "Astronomical Algorithms", the Gregorian rule). */
#include "core/base/day.h"
#include "ingest/synth_words.h"

static lots_day easter_of(int32_t year)
{
    int32_t a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4, f = (b + 8) / 25;
    int32_t g = (b - f + 1) / 3, h = (19 * a + b - d - g + 15) % 30, i = c / 4, k = c % 4;
    int32_t l = (32 + 2 * e + 2 * i - h - k) % 7, m = (a + 11 * h + 22 * l) / 451;
    int32_t month = (h + l - 7 * m + 114) / 31, day = (h + l - 7 * m + 114) % 31 + 1;
    return lots_day_from_civil(year, month, day);
}

static bool is_holiday(lots_day day)
{
    static const struct { int32_t month, day; } fixed[] = {{1, 1}, {1, 6}, {5, 1}, {6, 6}, {12, 24}, {12, 25}, {12, 26},
                                                           {12, 31}};
    lots_civil civil = lots_day_to_civil(day);
    lots_day easter = easter_of(civil.year);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (civil.month == fixed[i].month && civil.day == fixed[i].day)
            return true;
    if (day == easter - 2 || day == easter + 1 || day == easter + 39)
        return true;
    return civil.month == 6 && civil.day >= 19 && civil.day <= 25 && lots_day_weekday(day) == 5; /* midsummer eve */
}

static bool is_workday(lots_day day) { return lots_day_weekday(day) <= 5 && !is_holiday(day); }

/* Winter infections peak in the beginning of February, summer injuries in July. */
static uint32_t season_weight(uint32_t season, lots_day day)
{
    static const uint16_t winter[13] = {0, 165, 180, 160, 110, 75, 50, 38, 48, 80, 100, 118, 150};
    static const uint16_t summer[13] = {0, 62, 62, 72, 92, 125, 150, 165, 150, 110, 85, 68, 64};
    static const uint16_t planned[13] = {0, 103, 105, 106, 102, 104, 92, 52, 84, 110, 110, 112, 88};
    static const uint16_t weekly[8] = {0, 112, 105, 102, 98, 88, 0, 0};
    int32_t month = lots_day_to_civil(day).month, weekday = lots_day_weekday(day);
    switch (season) {
    case LOTS_SYNTH_SEASON_WINTER: return winter[month];
    case LOTS_SYNTH_SEASON_SUMMER: return (uint32_t)summer[month] + (weekday > 5 ? 20u : 0u);
    case LOTS_SYNTH_SEASON_WORKDAYS: return is_workday(day) ? (uint32_t)planned[month] * weekly[weekday] : 0;
    default: return weekday == 1 ? 112 : weekday > 5 ? 93 : 100;
    }
}

static void fill_cells(const lots_synth_model *model, uint32_t season, uint32_t year)
{
    uint64_t weights[366], total = 0, sum = 0;
    uint32_t days = (uint32_t)(model->year_start[year + 1] - model->year_start[year]), cell = 0;
    for (uint32_t i = 0; i < days; i++) {
        weights[i] = season_weight(season, model->year_start[year] + (lots_day)i);
        total += weights[i];
    }
    for (uint32_t i = 0; i < days; i++) {
        sum += weights[i];
        while (cell < LOTS_SYNTH_DAY_CELLS && (cell * 2 + 1) * total < sum * 2 * LOTS_SYNTH_DAY_CELLS)
            model->days[season][year][cell++] = (uint16_t)i;
    }
}

static void fill_workdays(lots_synth_model *model, uint32_t count)
{
    uint16_t next = 0;
    for (uint32_t i = count; i-- > 0;) {
        bool work = is_workday(model->first + (lots_day)i);
        next = work ? 0 : (uint16_t)(next + 1);
        model->workday[i] = work;
        model->to_workday[i] = next;
    }
}

lots_status lots_synth_days_make(lots_synth_model *model, lots_error *err)
{
    const lots_synth_setting *setting = &model->setting;
    void *room;
    model->years = (uint32_t)(setting->last_year - setting->first_year + 1);
    for (uint32_t i = 0; i <= model->years; i++)
        model->year_start[i] = lots_day_from_civil(setting->first_year + (int32_t)i, 1, 1);
    model->first = model->year_start[0];
    model->last = model->year_start[model->years] - 1;
    uint32_t count = (uint32_t)(model->last - model->first + 1) + 400;
    LOTS_TRY(lots_arena_alloc(&model->arena, &room, count, sizeof *model->workday, err));
    model->workday = room;
    LOTS_TRY(lots_arena_alloc(&model->arena, &room, count, sizeof *model->to_workday, err));
    model->to_workday = room;
    LOTS_TRY(lots_arena_alloc(&model->arena, &room, LOTS_SYNTH_SEASONS, sizeof *model->days, err));
    model->days = room;
    fill_workdays(model, count);
    for (uint32_t season = 0; season < LOTS_SYNTH_SEASONS; season++)
        for (uint32_t year = 0; year < model->years; year++)
            fill_cells(model, season, year);
    for (uint32_t i = 1; i < 3; i++) /* after 40 and after 60 percent of the period, on a workday */
        model->programme_start[i] = model->first + (lots_day)((model->last - model->first + 1) * (int64_t)(i + 1) / 5);
    return LOTS_OK;
}
