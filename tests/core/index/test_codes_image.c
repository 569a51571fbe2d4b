/* test_codes_image.c: a dictionary's image against truncation, flipped bits and damage under a right checksum; one
 * written by hand from core/FORMAT.md, and each way in which such a one can be wrong. */
#include "tests/core/index/codes_fixture.h"

/* An image with all sections: more than one group of keys, stable ids other than ranks, labels, relations. */
static void make_image(lots_bytes *out, size_t tries)
{
    lots_error err;
    static list words, more;
    uint64_t seed = 51;
    random_list(&words, tries, &seed);
    random_list(&more, tries, &seed);
    lots_dictionary *base = build(NULL, &words, 0), *both = build(base, &more, 0);
    assert_ok(lots_dictionary_save(both, out, &err));
    lots_dictionary_close(both);
    lots_dictionary_close(base);
}

static void every_truncation_and_every_flipped_bit_is_found(void **state)
{
    (void)state;
    lots_error err;
    lots_bytes image = {0};
    lots_dictionary *loaded = NULL;
    make_image(&image, 40);
    for (size_t bytes = 0; bytes < image.count; bytes++) {
        uint8_t *cut = malloc(bytes + 1); /* of its own, so that a sanitizer sees a read beyond */
        memcpy(cut, image.data, bytes);
        assert_status(LOTS_CORRUPT, lots_dictionary_load(cut, bytes, &loaded, &err));
        assert_null(loaded);
        free(cut);
    }
    for (size_t bit = 0; bit < image.count * 8; bit++) {
        image.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_status(LOTS_CORRUPT, lots_dictionary_load(image.data, image.count, &loaded, &err));
        image.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_ok(lots_dictionary_load(image.data, image.count, &loaded, &err));
    lots_dictionary_close(loaded);
    lots_bytes_free(&image);
}

/* Put the checksum of the rest at the end. */
static void sign(uint8_t *image, size_t bytes)
{
    uint64_t sum = lots_hash(image, bytes - 8, 0);
    for (size_t i = 0; i < 8; i++)
        image[bytes - 8 + i] = (uint8_t)(sum >> (8 * i));
}

static void damage_under_a_right_checksum_never_breaks_an_invariant(void **state)
{
    (void)state;
    lots_error err;
    lots_bytes image = {0};
    make_image(&image, 30);
    uint64_t seed = 61;
    size_t body = image.count - 8;
    uint8_t *copy = malloc(image.count);
    for (size_t trial = 0; trial < body * 8 + 4000; trial++) {
        lots_dictionary *loaded = NULL;
        memcpy(copy, image.data, image.count);
        if (trial < body * 8)
            copy[trial / 8] ^= (uint8_t)(1u << trial % 8);
        else
            copy[lots_test_random(&seed) % body] = (uint8_t)lots_test_random(&seed);
        sign(copy, image.count);
        lots_status status = lots_dictionary_load(copy, image.count, &loaded, &err);
        assert_true(status == LOTS_OK || status == LOTS_CORRUPT);
        if (status == LOTS_OK)
            check_invariants(loaded);
        lots_dictionary_close(loaded);
    }
    free(copy);
    lots_bytes_free(&image);
}

/* Written from core/FORMAT.md alone: keys a, ab, b with stable ids 1, 0, 2; label "x" on ab; a and ab below b. */
static const uint8_t by_hand[104] = {
    'L', 'O', 'T', 'S', 'D', 'I', 'C', 'T', 1, 0, 0, 0, 3, 0, 0, 0, /* 0: magic, version, count */
    104, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0,               /* 16: image, key section bytes */
    4, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0,                 /* 32: key bytes, width, labels */
    3, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,                 /* 48: label section, label bytes */
    1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0,                 /* 64: aboves, relations, their section */
    1, 'a', 1, 1, 'b', 0, 1, 'b',                                   /* 80: whole; shares 1; shares 0 */
    0x21,                                                           /* 88: 1, 0, 2 in 2 bits each */
    1, 1, 'x',                                                      /* 89: one passed over, one byte long */
    2, 2, 0, 0};                                                    /* 92: two passed over, two below: 0, 1 */

static void an_image_written_by_hand_from_the_format_loads(void **state)
{
    (void)state;
    lots_error err;
    uint8_t image[sizeof by_hand];
    lots_dictionary *loaded = NULL;
    memcpy(image, by_hand, sizeof image);
    sign(image, sizeof image);
    assert_ok(lots_dictionary_load(image, sizeof image, &loaded, &err));
    assert_int_equal(lots_dictionary_count(loaded), 3);
    assert_int_equal(lots_dictionary_find(loaded, "ab", 2), 1);
    assert_int_equal(lots_dictionary_stable_of_rank(loaded)[0], 1);
    assert_int_equal(lots_dictionary_stable_of_rank(loaded)[1], 0);
    size_t bytes = 0;
    assert_memory_equal(lots_dictionary_label_of(loaded, 1, &bytes), "x", 1);
    assert_null(lots_dictionary_label_of(loaded, 2, &bytes));
    uint32_t count = 0;
    const lots_id *below = lots_dictionary_below(loaded, 2, &count);
    assert_true(count == 2 && below[0] == 0 && below[1] == 1);
    lots_bytes saved = {0};
    assert_ok(lots_dictionary_save(loaded, &saved, &err));
    assert_int_equal(saved.count, sizeof image);
    assert_memory_equal(saved.data, image, sizeof image);
    lots_bytes_free(&saved);
    lots_dictionary_close(loaded);
}

/* One or two bytes of the image written by hand, changed under a right checksum; a second of 0 at 0 is none. */
static const struct {
    const char *why;
    uint8_t at, value, also_at, also_value;
} malformed[] = {
    {"magic", 0, 'X', 0, 0},
    {"version", 8, 2, 0, 0},
    {"fewer entries than keys", 12, 2, 0, 0},
    {"more entries than keys", 12, 4, 0, 0},
    {"entries beyond memory", 15, 0xff, 0, 0},
    {"another length of the image", 16, 105, 0, 0},
    {"sections that leave a byte over", 24, 7, 0, 0},
    {"a keys section beyond the image", 31, 0xff, 0, 0},
    {"fewer bytes of keys", 32, 3, 0, 0},
    {"more bytes of keys", 32, 5, 0, 0},
    {"bytes of keys beyond memory", 39, 0xff, 0, 0},
    {"ids said to be ranks, but there", 40, 0, 0, 0},
    {"ids wider than the count needs", 40, 3, 0, 0},
    {"no labels, but there", 44, 0, 0, 0},
    {"more labels than there", 44, 2, 0, 0},
    {"a shorter labels section", 48, 2, 0, 0},
    {"labels smaller unpacked", 56, 2, 0, 0},
    {"labels said to be packed", 56, 4, 0, 0},
    {"labels beyond memory", 63, 0x7f, 0, 0},
    {"no entry with relations, but there", 64, 0, 0, 0},
    {"more entries with relations than there", 64, 2, 0, 0},
    {"fewer relations than there", 68, 1, 0, 0},
    {"more relations than there", 68, 3, 0, 0},
    {"more relations than bytes", 71, 0x7f, 0, 0},
    {"a relations section beyond the image", 79, 0xff, 0, 0},
    {"a key sharing more than the one before has", 82, 2, 32, 5},
    {"a key that is there twice", 82, 0, 32, 3},
    {"a key adding nothing to the one before", 83, 0, 32, 3},
    {"a key sharing less than it does", 85, 1, 86, 0},
    {"keys that fall", 87, 'a', 0, 0},
    {"a stable id over the count", 88, 0x31, 0, 0},
    {"a stable id that is there twice", 88, 0x11, 0, 0},
    {"bits beyond the stable ids", 88, 0x61, 0, 0},
    {"a label of no entry", 89, 3, 0, 0},
    {"an empty label", 90, 0, 0, 0},
    {"a label cut short", 90, 2, 0, 0},
    {"relations of no entry", 92, 3, 0, 0},
    {"an entry with relations and none", 93, 0, 0, 0},
    {"an entry with more relations than there", 93, 3, 0, 0},
    {"no entry below", 94, 3, 0, 0},
    {"no second entry below", 95, 2, 0, 0},
};

static void each_kind_of_malformed_image_is_refused(void **state)
{
    (void)state;
    lots_error err;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        uint8_t image[sizeof by_hand];
        lots_dictionary *loaded = NULL;
        memcpy(image, by_hand, sizeof image);
        image[malformed[i].at] = malformed[i].value;
        if (malformed[i].also_at != 0)
            image[malformed[i].also_at] = malformed[i].also_value;
        sign(image, sizeof image);
        if (lots_dictionary_load(image, sizeof image, &loaded, &err) != LOTS_CORRUPT)
            fail_msg("%s: not refused", malformed[i].why);
        assert_null(loaded);
    }
}

/* Labels that are all alike would unpack to thousands of times their packed size, which a reader must refuse. */
static void labels_that_pack_too_well_are_stored_as_they_are(void **state)
{
    (void)state;
    lots_error err;
    lots_dictionary_builder *builder = NULL;
    lots_dictionary *made = NULL, *loaded = NULL;
    lots_bytes image = {0};
    char *label = calloc(1, 400000);
    lots_id id = 0;
    size_t bytes = 0;
    memset(label, 'l', 400000);
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    assert_ok(lots_dictionary_intern(builder, "k", 1, &id, &err));
    assert_ok(lots_dictionary_label(builder, id, label, 400000, &err));
    assert_ok(lots_dictionary_finish(builder, &made, NULL, &err));
    assert_ok(lots_dictionary_save(made, &image, &err));
    assert_true(image.count > 400000);
    assert_ok(lots_dictionary_load(image.data, image.count, &loaded, &err));
    const char *back = lots_dictionary_label_of(loaded, 0, &bytes);
    assert_int_equal(bytes, 400000);
    assert_memory_equal(back, label, 400000);
    free(label);
    lots_bytes_free(&image);
    lots_dictionary_close(made);
    lots_dictionary_close(loaded);
    lots_dictionary_builder_close(builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation_and_every_flipped_bit_is_found),
        cmocka_unit_test(damage_under_a_right_checksum_never_breaks_an_invariant),
        cmocka_unit_test(an_image_written_by_hand_from_the_format_loads),
        cmocka_unit_test(each_kind_of_malformed_image_is_refused),
        cmocka_unit_test(labels_that_pack_too_well_are_stored_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
