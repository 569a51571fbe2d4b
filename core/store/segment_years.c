/* segment_years.c: counting an ordered column's rows by calendar year, so that where a year begins among a patient's rows is
 * known without a day of them. Years are told from the last on: year y's number of a patient is that of the rows that start in
 * y or later, and before the year told before it; taken from the end of the patient's rows they give the place where y begins.
 * So the last years, which are asked for most, are known by themselves.
 *
 * Which years: from the first to the last that has enough rows for the numbers to cost less than they spare, and the one after;
 * but no year before or after which there is nothing, since the zone map tells that. Callers: segment_encode.c. */
#include "core/base/day.h"
#include "core/base/memory.h"
#include "core/store/segment_column.h"

enum { PATIENTS_A_ROW = 2, YEAR_LAST = 9999 }; /* a year is worth counting with a row for every so many patients */

/* The year of days that mostly fall into the same one. */
typedef struct year_of_days {
    int32_t low, high; /* the first day of the year, and of the next */
    uint32_t year;
} year_of_days;

static uint32_t year_of(year_of_days *at, int32_t day)
{
    if (day >= at->low && day < at->high)
        return at->year;
    at->year = (uint32_t)lots_day_to_civil(day).year;
    at->low = lots_month_first(12 * (int32_t)at->year);
    at->high = lots_month_first(12 * (int32_t)at->year + 12);
    return at->year;
}

/* From the rows of each year. */
static void choose_years(const uint64_t *rows, uint64_t patients, uint32_t *first, uint32_t *count)
{
    uint32_t least = YEAR_LAST + 1, most = 0, from = YEAR_LAST + 1, to = 0;
    for (uint32_t y = 1; y <= YEAR_LAST; y++) {
        if (rows[y] == 0)
            continue;
        least = y < least ? y : least;
        most = y;
        if (rows[y] * PATIENTS_A_ROW < patients)
            continue;
        from = y < from ? y : from;
        to = y + 1;
    }
    from = from > least ? from : least + 1;
    to = to < most ? to : most;
    *first = from;
    *count = to < from ? 0 : to - from + 1 > LOTS_YEARS_MAX ? 0 : to - from + 1;
}

lots_status lots_years_plan(const lots_column_job *column, uint32_t *first, uint32_t *count, lots_error *err)
{
    const int32_t *days = column->batch->values.data;
    const uint8_t *missing = column->batch->missing.data;
    year_of_days at = {0, 0, 0};
    uint64_t *rows;
    void *room;
    LOTS_TRY(lots_alloc(&room, YEAR_LAST + 1, sizeof *rows, err));
    rows = room;
    for (size_t i = 0; i < column->batch->values.count; i++)
        if (!missing[i])
            rows[year_of(&at, days[i])]++;
    choose_years(rows, column->job->input->patients, first, count);
    lots_free(rows);
    return LOTS_OK;
}

void lots_years_count(const lots_column_job *column, uint32_t chunk, uint32_t *counts)
{
    const lots_layout *layout = &column->job->layout;
    const uint32_t *offsets = column->job->offsets[column->stream] + layout->firsts[chunk];
    const uint32_t patients = layout->firsts[chunk + 1] - layout->firsts[chunk];
    const uint32_t years = column->layout->year_count, last = column->layout->first_year + years - 1;
    const int32_t *days = column->batch->values.data;
    year_of_days at = {0, 0, 0};
    memset(counts, 0, (size_t)years * patients * sizeof *counts);
    for (uint32_t p = 0; p < patients; p++)
        for (uint32_t row = offsets[p]; row < offsets[p + 1]; row++) {
            const uint32_t year = year_of(&at, days[row]), told = year < last ? last - year : 0;
            if (told < years)
                counts[(size_t)told * patients + p]++;
        }
}
