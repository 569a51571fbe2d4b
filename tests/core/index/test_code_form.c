/* test_code_form.c: codes normalised, judged and shown by their form; keys put together and split. */
#include "core/index/codes.h"

#include "tests/support/lots_test.h"

static const struct {
    lots_code_form form;
    const char *text;
    const char *normal;
    bool whole;  /* well-formed */
    bool begins; /* may start one */
    const char *shown;
} forms[] = {
    {LOTS_CODE_ICD10, "I21", "I21", true, true, "I21"},
    {LOTS_CODE_ICD10, " i21.9 ", "I219", true, true, "I21.9"},
    {LOTS_CODE_ICD10, "I21.9a", "I219A", true, true, "I21.9A"},
    {LOTS_CODE_ICD10, "I\xc2\xa0" "21.-", "I21", true, true, "I21"},
    {LOTS_CODE_ICD10, "A17.0+", "A170", true, true, "A17.0"},
    {LOTS_CODE_ICD10, "G01*", "G01", true, true, "G01"},
    {LOTS_CODE_ICD10, "G01-*", "G01", true, true, "G01"},
    {LOTS_CODE_ICD10, "C7A.090", "C7A090", true, true, "C7A.090"},
    {LOTS_CODE_ICD10, "O9A.1", "O9A1", true, true, "O9A.1"},
    {LOTS_CODE_ICD10, "S72.001A", "S72001A", true, true, "S72.001A"},
    {LOTS_CODE_ICD10, "S72001AB", "S72001AB", false, false, "S72001AB"},
    {LOTS_CODE_ICD10, "21I", "21I", false, false, "21I"},
    {LOTS_CODE_ICD10, "I2", "I2", false, true, "I2"},
    {LOTS_CODE_ICD10, "IX1", "IX1", false, false, "IX1"},
    {LOTS_CODE_ICD10, "I2C", "I2C", false, false, "I2C"},
    {LOTS_CODE_ICD10, "I21-9", "I21-9", false, false, "I21-9"},
    {LOTS_CODE_ICD10, "", "", false, true, ""},
    {LOTS_CODE_ICD10, " .-", "", false, true, ""},
    {LOTS_CODE_ICD9, "250.01", "25001", true, true, "250.01"},
    {LOTS_CODE_ICD9, "250A", "250A", true, true, "250A"},
    {LOTS_CODE_ICD9, "V42A", "V42A", true, true, "V42A"},
    {LOTS_CODE_ICD9, "v45.81", "V4581", true, true, "V45.81"},
    {LOTS_CODE_ICD9, "E812.0", "E8120", true, true, "E812.0"},
    {LOTS_CODE_ICD9, "E81", "E81", false, true, "E81"},
    {LOTS_CODE_ICD9, "41", "41", false, true, "41"},
    {LOTS_CODE_ICD9, "I21", "I21", false, false, "I21"},
    {LOTS_CODE_ATC, "c", "C", true, true, "C"},
    {LOTS_CODE_ATC, "C0", "C0", false, true, "C0"},
    {LOTS_CODE_ATC, "C07", "C07", true, true, "C07"},
    {LOTS_CODE_ATC, "C07A", "C07A", true, true, "C07A"},
    {LOTS_CODE_ATC, "C07AB", "C07AB", true, true, "C07AB"},
    {LOTS_CODE_ATC, "C07AB0", "C07AB0", false, true, "C07AB0"},
    {LOTS_CODE_ATC, "C07 AB02", "C07AB02", true, true, "C07AB02"},
    {LOTS_CODE_ATC, "C07AB021", "C07AB021", false, false, "C07AB021"},
    {LOTS_CODE_ATC, "-", "-", false, false, "-"},
    {LOTS_CODE_KVA, "nfb49", "NFB49", true, true, "NFB49"},
    {LOTS_CODE_KVA, "AV 034", "AV034", true, true, "AV034"},
    {LOTS_CODE_KVA, "NFB", "NFB", false, true, "NFB"},
    {LOTS_CODE_KVA, "NFB4A", "NFB4A", false, false, "NFB4A"},
    {LOTS_CODE_KVA, "A0034", "A0034", false, false, "A0034"},
    {LOTS_CODE_PREFIX, "38341003.x-", "38341003X-", true, true, "38341003X-"},
    {LOTS_CODE_PREFIX, "\xc3\xa0 b", "\xc3\xa0" "B", true, true, "\xc3\xa0" "B"}, /* the A0 is of another letter */
    {LOTS_CODE_PLAIN, " \t8480-6 a.b \xc2\xa0\n", "8480-6 a.b", true, true, "8480-6 a.b"},
    {LOTS_CODE_PLAIN, "  ", "", true, true, ""},
    {LOTS_CODE_PLAIN, "", "", true, true, ""},
};

static void codes_are_normalised_judged_and_shown_by_their_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char out[LOTS_CODE_BYTES_MAX + 1], shown[LOTS_CODE_BYTES_MAX + 2];
        size_t bytes = 999;
        assert_true(lots_code_normalise(forms[i].form, forms[i].text, strlen(forms[i].text), out, &bytes));
        assert_string_equal(out, forms[i].normal);
        assert_int_equal(bytes, strlen(forms[i].normal));
        if (lots_code_well_formed(forms[i].form, out, bytes) != forms[i].whole)
            fail_msg("%s '%s' is judged wrong", lots_code_form_name(forms[i].form), out);
        assert_int_equal(lots_code_starts_well(forms[i].form, out, bytes), forms[i].begins);
        lots_code_display(forms[i].form, out, bytes, shown);
        assert_string_equal(shown, forms[i].shown);
        size_t again = 0;
        assert_true(lots_code_normalise(forms[i].form, shown, strlen(shown), shown, &again));
        assert_string_equal(shown, forms[i].normal);
    }
}

static void a_code_over_255_bytes_is_refused_and_one_of_255_shown(void **state)
{
    (void)state;
    char text[600], out[LOTS_CODE_BYTES_MAX + 1], shown[LOTS_CODE_BYTES_MAX + 2];
    size_t bytes = 0;
    for (lots_code_form form = LOTS_CODE_PLAIN; form <= LOTS_CODE_KVA; form++) {
        lots_code_form parsed = LOTS_CODE_KVA;
        memset(text, ' ', sizeof text);
        memset(text + 100, 'X', 255);
        assert_true(lots_code_normalise(form, text, sizeof text, out, &bytes));
        assert_int_equal(bytes, 255);
        lots_code_display(form, out, bytes, shown);
        assert_int_equal(strlen(shown), 255);
        text[355] = 'X';
        assert_false(lots_code_normalise(form, text, sizeof text, out, &bytes));
        assert_true(lots_code_form_parse(lots_code_form_name(form), &parsed));
        assert_int_equal(parsed, form);
    }
    lots_code_form parsed = LOTS_CODE_KVA;
    assert_false(lots_code_form_parse("snomed", &parsed));
    assert_false(lots_code_form_parse("", &parsed));
}

static void a_code_key_is_put_together_and_split(void **state)
{
    (void)state;
    char key[16];
    const char *code = NULL;
    size_t system_bytes = 0, code_bytes = 0;
    assert_int_equal(lots_code_key("icd10", "I219A", 5, key, sizeof key), 11);
    assert_string_equal(key, "icd10\x1fI219A");
    assert_true(lots_code_split(key, 11, &system_bytes, &code, &code_bytes));
    assert_int_equal(system_bytes, 5);
    assert_int_equal(code_bytes, 5);
    assert_memory_equal(code, "I219A", 5);
    assert_int_equal(lots_code_key("icd10", "I219A", 5, key, 12), 11);
    assert_int_equal(lots_code_key("icd10", "I219A", 5, key, 11), 0);
    assert_int_equal(lots_code_key("icd10", "I219A", 5, key, 1), 0);
    assert_int_equal(lots_code_key("icd10", "I219A", 5, key, 0), 0);
    assert_false(lots_code_split("I219A", 5, &system_bytes, &code, &code_bytes));
    assert_false(lots_code_split("", 0, &system_bytes, &code, &code_bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_normalised_judged_and_shown_by_their_form),
        cmocka_unit_test(a_code_over_255_bytes_is_refused_and_one_of_255_shown),
        cmocka_unit_test(a_code_key_is_put_together_and_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
