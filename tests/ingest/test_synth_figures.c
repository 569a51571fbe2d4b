/* The calibration table: the synthetic population has the published figures, each within its tolerance. */
#include "ingest/synth_measure.h"
#include "tests/support/lots_test.h"

static lots_error err;

static double distance(double a, double b) { return a > b ? a - b : b - a; }

static void the_figures_are_the_published_ones(void **state)
{
    static lots_synth_calibration calibration;
    uint32_t held = 0;
    (void)state;
    const lots_synth_options options = {.patients = 30000, .threads = 2};
    assert_ok(lots_synth_measure(&options, &calibration, &err));
    for (uint32_t i = 0; i < calibration.count; i++) {
        const lots_synth_figure *figure = &calibration.figures[i];
        held += figure->tolerance > 0;
        if (figure->tolerance > 0 && distance(figure->made, figure->published) > figure->tolerance)
            fail_msg("%s: published %.2f, made %.2f, tolerance %.2f", figure->name, figure->published, figure->made,
                     figure->tolerance);
    }
    assert_true(held >= 20);
}

static void every_row_of_the_table_is_whole(void **state)
{
    lots_synth_calibration calibration;
    (void)state;
    lots_synth_calibration_list(&calibration);
    assert_true(calibration.count >= 25);
    for (uint32_t i = 0; i < calibration.count; i++) {
        const lots_synth_figure *figure = &calibration.figures[i];
        assert_true(figure->name[0] != '\0' && figure->text[0] != '\0' && figure->source[0] != '\0');
        assert_true(figure->recorded != 0);
        assert_true(figure->tolerance == 0 || distance(figure->recorded, figure->published) <= figure->tolerance);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_figures_are_the_published_ones),
        cmocka_unit_test(every_row_of_the_table_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
