/* Kernels that make small numbers of rows and add up by them, against loops written out here. */
#include "tests/core/base/kernels_fixture.h"

static uint16_t units[MOST + 32], cells[MOST + 32], want[MOST + 32];
static uint16_t days[MOST + 32];

/* Units of some lengths, of which a guess by their mean is off by one at most. */
static lots_day_units any_units(uint32_t count)
{
    lots_day_units out = {.low = -300, .count = count, .plus = 6, .times = (uint16_t)(65536 * 10 / 101)};
    memset(out.first, 0xff, sizeof out.first);
    for (uint32_t u = 0; u < count; u++)
        out.first[u] = (uint16_t)(u == 0 ? 0 : u * 101 / 10 + (uint32_t)(any_number() % 5) - 2);
    return out;
}

static void check_units(const lots_kernels *kernels, size_t count)
{
    static const uint32_t counts[] = {1, 2, 63, 64, 127, 128, LOTS_UNITS_MAX};
    const lots_day_units of = any_units(counts[any_number() % 7]);
    const uint32_t end = of.first[of.count - 1] + 8u;
    const uint16_t base = (uint16_t)(any_number() % 3 * 20000); /* of days that are counted from another one */
    for (size_t i = 0; i < count; i++) {
        const uint32_t day = i % 3 == 0 ? of.first[any_number() % of.count] : (uint32_t)(any_number() % end);
        days[i] = (uint16_t)((i % 6 == 0 && day > 0 ? day - 1 : day) - base); /* many about where one begins */
    }
    kernels->units_u16(&of, days, base, count, units);
    for (size_t i = 0; i < count; i++) {
        uint32_t u = 0;
        while (u + 1 < of.count && of.first[u + 1] <= (uint16_t)(days[i] + base))
            u++;
        assert_int_equal(units[i], u);
    }
}

static void check_narrow(const lots_kernels *kernels, size_t count)
{
    const uint32_t base = (uint32_t)any_number();
    static uint32_t wide[MOST + 16];
    for (size_t i = 0; i < count; i++) {
        want[i] = (uint16_t)any_number();
        wide[i] = base + want[i];
    }
    kernels->narrow_u16(wide, count, base, units);
    assert_memory_equal(units, want, count * sizeof *want);
}

static void check_changes(const lots_kernels *kernels, size_t count)
{
    memset(all->wantbits, 0, words_of(count) * 8);
    for (size_t i = 0; i < count; i++) {
        units[i] = (uint16_t)(any_number() % 3);
        set(all->wantbits, i, i == 0 || units[i] != units[i - 1]);
    }
    units[count] = 9; /* what is beyond must not matter */
    kernels->changes_u16(units, count, all->outbits);
    same_bits(count);
}

/* Planes no two of which have a row. */
static uint64_t planes[LOTS_CELL_PLANES][WORDS + 8];
static const uint64_t *each[LOTS_CELL_PLANES];

static size_t any_planes(size_t count)
{
    const size_t some = any_number() % (LOTS_CELL_PLANES + 1);
    memset(planes, 0, sizeof planes);
    for (size_t k = 0; k < LOTS_CELL_PLANES; k++)
        each[k] = planes[k];
    for (size_t i = 0; some > 0 && i < count; i++) {
        const size_t k = any_number() % 4 != 0 ? 0 : any_number() % (some + 1);
        if (k < some)
            set(planes[k], i, true);
    }
    return some;
}

static void check_cells(const lots_kernels *kernels, size_t count)
{
    const size_t some = any_planes(count);
    uint16_t numbers[LOTS_CELL_PLANES];
    for (size_t k = 0; k < LOTS_CELL_PLANES; k++)
        numbers[k] = (uint16_t)any_number();
    if (some > 1) /* rows may be in several */
        random_bits(planes[some - 1], count, 6);
    for (size_t i = 0; i < count; i++) {
        units[i] = (uint16_t)any_number();
        want[i] = (uint16_t)(units[i] * 700u);
        for (size_t k = 0; k < some; k++)
            want[i] = (uint16_t)(want[i] + (bit(planes[k], i) ? numbers[k] : 0));
    }
    kernels->cells_u16(units, 700, each, numbers, some, count, cells);
    assert_memory_equal(cells, want, count * sizeof *cells);
}

/* Starts few and many, so that some pass by others before they find a bit. */
static void check_first_bits(const lots_kernels *kernels, size_t count)
{
    const size_t some = any_planes(count);
    random_bits(all->bits, count, (unsigned)(any_number() % 12));
    for (int masked = 0; masked < 2; masked++) {
        const uint64_t *keep = masked ? all->mask : NULL;
        memset(all->wantbits, 0, words_of(count) * 8);
        for (size_t k = 0; k < some; k++)
            for (size_t i = 0, begun = 0; i < count; i++) {
                begun |= bit(all->bits, i);
                if (begun && bit(planes[k], i) && (!masked || bit(keep, i))) {
                    set(all->wantbits, i, true);
                    begun = 0;
                }
            }
        kernels->first_bits(all->bits, each, some, keep, words_of(count), all->outbits);
        same_bits(count);
    }
}

static void check_tally(const lots_kernels *kernels, size_t count)
{
    static uint64_t found[40], sums[40], entries[50];
    static uint16_t places[MOST + 32];
    const uint64_t plus = UINT64_C(1) << 33;
    for (size_t e = 0; e < 50; e++)
        entries[e] = any_number();
    for (int kind = 0; kind < 3; kind++) {
        const uint32_t *values = kind == 0 ? all->a32 : NULL;
        const uint64_t begin = any_number();
        for (size_t c = 0; c < 40; c++)
            found[c] = sums[c] = begin;
        for (size_t i = 0; i < count; i++) {
            cells[i] = (uint16_t)(any_number() % 4 == 0 ? any_number() % 40 : 3);
            places[i] = (uint16_t)(any_number() % 50);
            sums[cells[i]] += kind == 2 ? entries[places[i]] : (values == NULL ? 0 : values[i]) + plus;
        }
        if (kind == 2)
            kernels->tally_entries_u16(cells, places, entries, count, found);
        else
            kernels->tally_u16(cells, values, plus, count, found);
        assert_memory_equal(found, sums, sizeof sums);
    }
}

/* Stretches of rows, some of them empty, some within one word. */
static void check_count_planes(const lots_kernels *kernels, size_t count)
{
    lots_plane_rows found[LOTS_CELL_PLANES];
    const size_t some = any_planes(count);
    for (size_t kind = 0; kind < 6; kind++) {
        const size_t end = any_number() % (count + 1), begin = kind % 2 == 0 ? 0 : any_number() % (end + 1);
        kernels->count_planes(each, some, all->bits, begin, end, found);
        for (size_t k = 0; k < some; k++) {
            lots_plane_rows wanted = {0, 0};
            for (size_t i = begin; i < end; i++) {
                wanted.rows += bit(planes[k], i);
                wanted.fresh += bit(planes[k], i) && bit(all->bits, i);
            }
            assert_memory_equal(&found[k], &wanted, sizeof wanted);
        }
    }
}

EACH(days_have_units, check_units)
EACH(numbers_become_narrow, check_narrow)
EACH(numbers_change, check_changes)
EACH(units_and_planes_make_cells, check_cells)
EACH(starts_find_their_first_bits, check_first_bits)
EACH(rows_are_added_up_by_cell, check_tally)
EACH(stretches_are_counted_by_plane, check_count_planes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_have_units), cmocka_unit_test(numbers_become_narrow), cmocka_unit_test(numbers_change), cmocka_unit_test(units_and_planes_make_cells),
        cmocka_unit_test(starts_find_their_first_bits), cmocka_unit_test(rows_are_added_up_by_cell),
        cmocka_unit_test(stretches_are_counted_by_plane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
