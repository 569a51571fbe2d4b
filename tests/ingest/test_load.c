/* Loading small files whose outcome is written out by hand: what becomes of every kind of row. */
#include <stdatomic.h>

#include "tests/ingest/load_fixture.h"

#define PATIENTS "[patients]\nfile = p.csv\npatient = id\nsex = category from sex\n"
#define VISITS "[stream visits]\nfile = v.csv\npatient = id\nstart = date from day\n"

static void rows_become_events_in_the_total_order(void **state)
{
    (void)state;
    fixture f;
    begin(&f, PATIENTS VISITS "n = int from n\n");
    write_file(&f, "p.csv", "id,sex\nb,F\na,M\nc,F\n");
    write_file(&f, "v.csv", "id;day;n\nb;2020-02-01;2\na;2020-01-05;1\nb;2019-12-31;3\nb;2020-02-01;1\n");
    load_ok(&f);
    assert_rows(&f, "patients", "a|M\nb|F\nc|F\n");
    assert_rows(&f, "visits", "a|2020-01-05|1\nb|2019-12-31|3\nb|2020-02-01|1\nb|2020-02-01|2\n");
    assert_int_equal(f.result.patients, 3);
    assert_int_equal(f.result.patients_from_events, 0);
    assert_int_equal(f.result.files[1].separator, ';');
    assert_true(f.result.files[1].separator_found);
    assert_int_equal(f.result.files[1].rows, 4);
    assert_true(f.result.generation > 0);
    end(&f);
}

static void a_rejected_row_leaves_nothing_but_its_reason(void **state)
{
    (void)state;
    fixture f;
    char rejects[700];
    char *text;
    size_t bytes;
    begin(&f, VISITS "n = int from n\nkind = category from kind map A acute else reject\n");
    write_file(&f, "v.csv", "id,day,n,kind\na,2020-01-01,1,A\nghost,2020-02-30,1,A\nb,2020-01-01,x,A\nb,,1,A\n"
                            "c,2020-01-01,1\n,2020-01-01,1,A\nd,2020-01-01,1,\"B,\"\"x\"\"\"\n");
    assert_int_equal(load(&f), LOTS_REJECTS);
    assert_contains(f.err.text, "6 of 7 rows were rejected");
    assert_int_equal(f.result.generation, 0);
    snprintf(rejects, sizeof rejects, "%s/catalog.sqlite", f.registry);
    assert_false(lots_path_exists(rejects));
    snprintf(rejects, sizeof rejects, "%s.rejects.csv", f.registry);
    assert_string_equal(f.result.rejects_path, rejects);
    assert_int_equal(lots_file_slurp(rejects, 10000, &text, &bytes, &f.err), LOTS_OK);
    assert_contains(text, "file,line,column,value,reason\n");
    assert_contains(text, "v.csv\",3,\"start\",\"2020-02-30\",\"");
    assert_contains(text, "v.csv\",7,\"patient\",\"\",\"the row names no patient\"");
    assert_contains(text, "v.csv\",8,\"kind\",\"B,\"\"x\"\"\",\"not a value of the mapping's list\"");
    assert_true(strstr(text, "\",3,") < strstr(text, "\",4,"));
    lots_free(text);
    f.options.max_rejects_given = true;
    f.options.max_rejects = 1;
    load_ok(&f);
    assert_int_equal(f.result.patients, 1);
    assert_rows(&f, "visits", "a|2020-01-01|1|acute\n");
    assert_int_equal(f.result.reject_count, 6);
    end(&f);
}

static void later_deliveries_win_and_repeated_rows_are_counted(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[stream visits]\nfile = v1.csv, v2.csv\npatient = id\nkey = k\nstart = date from day\nn = int from n\n");
    write_file(&f, "v1.csv", "id,k,day,n\na,1,2020-01-01,1\na,1,2020-01-01,1\na,2,2020-01-02,9\na,,2020-01-03,5\n"
                             "a,,2020-01-03,5\nb,1,2020-01-01,1\nb,1,2020-01-01,7\n");
    write_file(&f, "v2.csv", "id,k,day,n\na,2,2020-01-02,3\n");
    load_ok(&f);
    assert_rows(&f, "visits",
                "a|2020-01-01|1|1\na|2020-01-02|2|3\na|2020-01-03||5\na|2020-01-03||5\nb|2020-01-01|1|7\n");
    const lots_load_counts *c = counts_of(&f, "visits", "");
    assert_int_equal(c->rows, 8);
    assert_int_equal(c->loaded, 5);
    assert_int_equal(c->duplicates, 3);
    assert_int_equal(c->conflicts, 2);
    assert_int_equal(c->identical, 1);
    end(&f);
}

static void patients_of_no_file_are_added_rejected_or_counted(void **state)
{
    (void)state;
    static const struct {
        const char *setting;
        lots_status status;
        uint64_t patients, rejected, filtered;
    } cases[] = {{"", LOTS_OK, 2, 0, 0},
                 {"[registry]\nunknown_patient = add\n", LOTS_OK, 2, 0, 0},
                 {"[registry]\nunknown_patient = count\n", LOTS_OK, 1, 0, 1},
                 {"[registry]\nunknown_patient = reject\n", LOTS_REJECTS, 0, 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        char map[600];
        snprintf(map, sizeof map, "%s" PATIENTS VISITS, cases[i].setting);
        begin(&f, map);
        write_file(&f, "p.csv", "id,sex\na,F\n");
        write_file(&f, "v.csv", "id,day\na,2020-01-01\nb,2020-01-01\n");
        assert_int_equal(load(&f), cases[i].status);
        assert_int_equal(f.result.patients, cases[i].patients);
        assert_int_equal(counts_of(&f, "visits", "")->rejected, cases[i].rejected);
        assert_int_equal(counts_of(&f, "visits", "")->filtered, cases[i].filtered);
        assert_int_equal(counts_of(&f, "visits", "")->unknown_patient, cases[i].rejected + cases[i].filtered);
        end(&f);
    }
}

static void a_point_ends_the_day_it_starts_and_open_stays_may_be_ghosts(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[stream c]\nfile = c.csv\npatient = id\nspan = closed\n"
              "levels = level: visit point, stay open, home\nghost_days = 1000\n"
              "start = date from s\nend = date from e\nlevel = category from l\n");
    write_file(&f, "c.csv", "id,s,e,l\na,2020-01-01,,visit\na,2020-01-01,,home\na,2020-02-01,,stay\na,2020-03-01,,stay\n"
                            "b,2010-01-01,,stay\nb,2020-01-01,2020-01-02,stay\n");
    load_ok(&f);
    assert_rows(&f, "c",
                "a|2020-01-01|2020-01-01|visit|0\na|2020-01-01||home|0\na|2020-02-01||stay|1\na|2020-03-01||stay|0\n"
                "b|2010-01-01||stay|1\nb|2020-01-01|2020-01-02|stay|0\n");
    assert_int_equal(stream_of(&f, "c")->ghosts, 2);
    end(&f);
}

static void an_event_that_ends_before_it_starts_is_rejected(void **state)
{
    (void)state;
    fixture f;
    begin(&f, VISITS "span = closed\nend = date from e\n");
    write_file(&f, "v.csv", "id,day,e\na,2020-01-02,2020-01-01\n");
    assert_int_equal(load(&f), LOTS_REJECTS);
    assert_string_equal(f.result.rejects[0].reason, "it ends before it starts");
    end(&f);
}

static void fields_are_cleaned_as_the_mapping_says(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[stream v]\nfile = \"v_*.csv\"\npatient = id\ndecimal = comma\ngrouping = blank\nseparator = semicolon\n"
              "encoding = latin-1\n"
              "missing = -\nstart = date from d format dd.mm.yyyy, yyyymm fill last\nminute = minute from t\n"
              "county = category from @file match /v_([a-z]+)/\n"
              "price = decimal(2) from price round\nhours = int from hours missing 777, 999\n"
              "yes = bool from yes yes JA no NEJ\nname = text from name\n"
              "lab = float from value when kind = lab\nnote = text from value when kind != lab\n"
              "first = text from one, two\nfixed = category const x\nprec = precision from d format dd.mm.yyyy, yyyymm\n");
    write_file(&f, "v_skane.csv",
               "ID;d;T;Price;hours;yes;name;kind;value;one;two\n"
               "a;05.02.2020;08:30;1 234,565;777;ja;\xc5sa;lab;1,5;;2\n"
               "a;202003;;-;12;NEJ;-;x;-1,5;1;2\n");
    load_ok(&f);
    assert_rows(&f, "v",
                "a|2020-02-05|510|skane|123456||1|Åsa|1.5||2|x|day\n"
                "a|2020-03-31||skane||12|0|||-1,5|1|x|month\n");
    const lots_load_counts *c = counts_of(&f, "v", "");
    assert_int_equal(c->sentinels, 3);
    assert_true(c->imprecise >= 1);
    end(&f);
}

static void codes_know_their_system_and_their_order(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[system icd9]\nform = icd9\n[system icd10]\nform = icd10\n"
              "[stream v]\nfile = v.csv\npatient = id\nstart = date from d\n"
              "dx = codes(icd10) from HDIA, DIA1..DIA3, more split blank distinct\n"
              "  by date icd9 ..1996-12-31, icd10 1997-01-01..\n"
              "one = code(icd10) from one by v 9 icd9, 10 icd10\n");
    write_file(&f, "v.csv", "id,d,HDIA,DIA2,DIA1,more,one,v\na,1990-01-01,250A,,\" 401 \",,,9\n"
                            "a,2000-01-01,i21.9a,E119,I21.9A,J45  i10 E11.9,250,9\n");
    load_ok(&f);
    assert_rows(&f, "v",
                "a|1990-01-01|icd9:250A+icd9:401|\n"
                "a|2000-01-01|icd10:I219A+icd10:E119+icd10:J45+icd10:I10|icd9:250\n");
    end(&f);
}

static void a_code_without_a_known_system_is_rejected(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[system icd9]\nform = icd9\n" VISITS "dx = code(icd9) from c by v 9 icd9\n");
    write_file(&f, "v.csv", "id,day,c,v\na,2020-01-01,250,8\n");
    assert_int_equal(load(&f), LOTS_REJECTS);
    assert_string_equal(f.result.rejects[0].value, "8");
    end(&f);
}

static void children_fill_their_parents(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[system s]\nform = plain\n"
              "[stream c]\nfile = c.csv\npatient = id\nkey = k\nstart = date from d\n"
              "cost = decimal(2) from cost\ndx = codes(s) from main\n"
              "[child c diagnoses]\nfile = dx.csv\npatient = id\nparent = k\nstart = date from d\n"
              "dx = codes(s) from code distinct\nlast_code = last code(s) from code\n"
              "[child c claims]\nfile = cl.csv\npatient = id\nparent = k\nkey = claim\norphans = count\n"
              "cost = sum decimal(2) from total\nmost = max decimal(2) from total\n");
    write_file(&f, "c.csv", "id,k,d,cost,main\na,1,2020-01-01,9.00,M\na,2,2020-01-02,5.00,\nb,1,2020-01-01,,\n"
                            "a,1,2020-01-01,9.00,M\n");
    write_file(&f, "dx.csv", "id,k,d,code\na,1,2020-02-01,Z\na,1,2020-01-01,Y\nb,1,2020-01-01,B\na,1,2020-03-01,M\n");
    write_file(&f, "cl.csv", "id,k,claim,total\na,1,x,1.25\na,1,y,2.50\na,1,y,2.50\nc,1,z,7\na,9,w,1\n");
    load_ok(&f);
    assert_rows(&f, "c",
                "a|2020-01-01|1|375|s:M+s:Y+s:Z|s:M|250\na|2020-01-02|2|500|||\nb|2020-01-01|1||s:B|s:B|\n");
    const lots_load_counts *claims = counts_of(&f, "c", "claims");
    assert_int_equal(claims->rows, 5);
    assert_int_equal(claims->loaded, 2);
    assert_int_equal(claims->duplicates, 1);
    assert_int_equal(claims->unattached, 2);
    assert_int_equal(claims->filtered, 2);
    assert_int_equal(counts_of(&f, "c", "")->duplicates, 1);
    assert_int_equal(f.result.patients, 2);
    end(&f);
}

static void a_child_without_its_parent_is_rejected_by_default(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[system s]\nform = plain\n[stream c]\nfile = c.csv\npatient = id\nkey = k\nstart = date from d\n"
              "[child c diagnoses]\nfile = dx.csv\npatient = id\nparent = k\ndx = codes(s) from code\n");
    write_file(&f, "c.csv", "id,k,d\na,1,2020-01-01\n");
    write_file(&f, "dx.csv", "id,k,code\na,2,X\nb,1,Y\n");
    assert_int_equal(load(&f), LOTS_REJECTS);
    assert_int_equal(f.result.reject_count, 2);
    assert_string_equal(f.result.rejects[0].value, "2");
    assert_string_equal(f.result.rejects[0].reason, "its parent record isn't there");
    assert_int_equal(f.result.rejects[1].line, 3);
    end(&f);
}

static void a_patient_is_what_most_rows_say(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[patients]\nfile = v.csv\npatient = id\nsex = category from sex missing ?\nage = int from age\n"
              "[source patients late]\nfile = late.csv\npatient = id\nage = int from age\n"
              "[stream v]\nfile = v.csv\npatient = id\nundated = yes\nkey = k\n");
    write_file(&f, "v.csv", "id,k,sex,age\na,10,F,5\na,9,M,5\na,8,F,4\nb,1,?,2\nb,2,M,1\nc,1,,\n");
    write_file(&f, "late.csv", "id,age\nb,3\nd,\n");
    load_ok(&f);
    assert_rows(&f, "patients", "a|F|5\nb|M|3\nc||\nd||\n");
    assert_rows(&f, "v", "a|8\na|9\na|10\nb|1\nb|2\nc|1\n");
    const lots_load_counts *c = counts_of(&f, "patients", "");
    assert_int_equal(c->rows, 8);
    assert_int_equal(c->loaded, 4);
    assert_int_equal(c->duplicates, 4);
    assert_int_equal(stream_of(&f, "patients")->events, 4);
    end(&f);
}

static void filters_choose_rows_and_are_counted(void **state)
{
    (void)state;
    fixture f;
    begin(&f, VISITS "keep = kind not in X, Y and n is not empty and id matches /^[ab]/\n");
    write_file(&f, "v.csv", "id,day,kind,n\na,2020-01-01,A,1\na,2020-01-01,X,1\na,2020-01-01,A,\nc,2020-01-01,A,1\n"
                            "b,2020-01-01,,1\nz,nonsense,Y,\n");
    load_ok(&f);
    assert_rows(&f, "visits", "a|2020-01-01\nb|2020-01-01\n");
    assert_int_equal(counts_of(&f, "visits", "")->filtered, 4);
    end(&f);
}

static void events_out_of_life_are_loaded_and_counted(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[patients]\nfile = p.csv\npatient = id\nbirth = date from b\ndeath = date from d\n"
              "[stream visits]\nfile = v.csv\npatient = id\nundated = some\nstart = date from day\n");
    write_file(&f, "p.csv", "id,b,d\na,2000-01-01,2010-01-01\n");
    write_file(&f, "v.csv", "id,day\na,1999-12-31\na,2000-01-01\na,2010-01-01\na,2010-01-02\na,\n");
    load_ok(&f);
    assert_int_equal(stream_of(&f, "visits")->events, 5);
    assert_int_equal(stream_of(&f, "visits")->before_birth, 1);
    assert_int_equal(stream_of(&f, "visits")->after_death, 1);
    assert_int_equal(stream_of(&f, "visits")->undated, 1);
    assert_rows(&f, "visits", "a|1999-12-31\na|2000-01-01\na|2010-01-01\na|2010-01-02\na|\n");
    end(&f);
}

static void coverage_is_declared_or_seen(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[registry]\nuntil = 2023-06-30\n" VISITS
              "[stream w]\nfile = v.csv\npatient = id\nstart = date from day\ncoverage = 2019-01-01..2023-12-31\n"
              "complete_until = 2023-09-30\nextract = 2024-01-15\n");
    write_file(&f, "v.csv", "id,day\na,2020-01-05\nb,2021-03-01\n");
    load_ok(&f);
    lots_registry *registry = open_registry(&f);
    const lots_coverage *seen = lots_registry_coverage(registry, 1), *declared = lots_registry_coverage(registry, 2);
    assert_int_equal(seen->from, lots_day_from_civil(2020, 1, 5));
    assert_int_equal(seen->until, lots_day_from_civil(2021, 3, 1));
    assert_false(seen->declared);
    assert_int_equal(declared->until, lots_day_from_civil(2023, 12, 31));
    assert_int_equal(declared->complete_until, lots_day_from_civil(2023, 9, 30));
    assert_int_equal(declared->extract, lots_day_from_civil(2024, 1, 15));
    assert_string_equal(lots_registry_setting(registry, "until"), "2023-06-30");
    lots_registry_close(registry);
    end(&f);
}

static void a_declared_value_is_a_word_even_when_no_row_has_it(void **state)
{
    (void)state;
    fixture f;
    begin(&f, VISITS "status = category from s map 1 done, 2 cancelled\n");
    write_file(&f, "v.csv", "id,day,s\na,2020-01-05,1\n");
    load_ok(&f);
    lots_registry *registry = open_registry(&f);
    const lots_dictionary *domain = lots_registry_domain(registry, "status");
    assert_int_equal(lots_dictionary_count(domain), 2);
    assert_true(lots_dictionary_find(domain, "cancelled", 9) != LOTS_NO_ID);
    lots_registry_close(registry);
    end(&f);
}

static void labels_and_hierarchies_reach_the_dictionary(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[system s]\nform = plain\n[labels s]\nfile = l.csv\ncode = c\nlabel = t\n"
              "[hierarchy s]\nfile = h.csv\nabove = a\nbelow = b\n" VISITS "x = code(s) from x\n");
    write_file(&f, "l.csv", "c,t\n1,one\n2,two\n,none\n");
    write_file(&f, "h.csv", "a,b\n1,2\n1,3\n");
    write_file(&f, "v.csv", "id,day,x\na,2020-01-05,2\n");
    f.options.max_rejects_given = true;
    f.options.max_rejects = 0.5;
    load_ok(&f);
    assert_int_equal(counts_of(&f, "s", "labels")->rejected, 1);
    assert_int_equal(counts_of(&f, "s", "hierarchy")->loaded, 2);
    lots_registry *registry = open_registry(&f);
    const lots_dictionary *codes = lots_registry_codes(registry);
    size_t bytes;
    uint32_t below;
    lots_id one = lots_dictionary_find(codes, "s\x1f" "1", 3), two = lots_dictionary_find(codes, "s\x1f" "2", 3);
    assert_memory_equal(lots_dictionary_label_of(codes, two, &bytes), "two", 3);
    assert_int_equal(lots_dictionary_below(codes, one, &below)[0], two);
    assert_int_equal(below, 2);
    lots_registry_close(registry);
    end(&f);
}

static void tables_have_one_row_a_key_and_first_day(void **state)
{
    (void)state;
    fixture f;
    const lots_batch *rows;
    begin(&f, VISITS "unit = category(unit) from u\n"
              "[table units]\nfile = u1.csv, u2.csv\nkey = unit\nvalid_from = since\nunit = category(unit) from u\n"
              "since = date from since\nname = text from name\n");
    write_file(&f, "v.csv", "id,day,u\na,2020-01-05,B\n");
    write_file(&f, "u1.csv", "u,since,name\nB,2010-01-01,old\nA,,aa\nB,2020-01-01,new\nA,,aa\n");
    write_file(&f, "u2.csv", "u,since,name\nB,2020-01-01,newest\n");
    load_ok(&f);
    assert_int_equal(counts_of(&f, "units", "")->loaded, 3);
    assert_int_equal(counts_of(&f, "units", "")->duplicates, 2);
    assert_int_equal(counts_of(&f, "units", "")->conflicts, 1);
    write_file(&f, "u1.csv", "u,since,name\nC,,cc\n");
    f.options.append = true;
    load_ok(&f);
    lots_registry *registry = open_registry(&f);
    assert_int_equal(lots_registry_table(registry, 0, &rows, &f.err), LOTS_OK);
    assert_int_equal(rows->rows, 4);
    const uint32_t *ends = rows->columns[2].offsets.data;
    assert_int_equal(ends[4], strlen("aa" "old" "newest" "cc"));
    assert_memory_equal(rows->columns[2].values.data, "aaoldnewestcc", 13);
    lots_registry_close(registry);
    end(&f);
}

static void personnummer_become_twelve_digits(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "[registry]\nid = personnummer\nuntil = 2023-12-31\n" VISITS);
    write_file(&f, "v.csv", "id,day\n811228-9874,2020-01-01\n19811228-9874,2020-01-02\nRESERVE1,2020-01-01\n");
    load_ok(&f);
    assert_rows(&f, "visits", "198112289874|2020-01-01\n198112289874|2020-01-02\nRESERVE1|2020-01-01\n");
    end(&f);
}

static void mistakes_of_use_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *map, *says;
    } cases[] = {
        {"[stream v]\nfile = nowhere.csv\npatient = id\nstart = date from day\n", "there is no file 'nowhere.csv'"},
        {"[stream v]\nfile = v.csv\npatient = person\nstart = date from day\n", "'v.csv' has no column 'person'"},
        {"[stream v]\nfile = v.csv\npatient = id\nstart = date from when\n", "t.map:4: start: 'v.csv' has no column"},
        {"[stream v]\nfile = v.csv\npatient = id\nstart = date from day\nkeep = x = 1\n", "has no column 'x'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        begin(&f, cases[i].map);
        write_file(&f, "v.csv", "id,day\na,2020-01-01\n");
        assert_int_equal(load(&f), LOTS_USAGE);
        assert_contains(f.err.text, cases[i].says);
        end(&f);
    }
}

static void an_existing_registry_is_only_added_to_when_asked(void **state)
{
    (void)state;
    fixture f;
    begin(&f, VISITS);
    write_file(&f, "v.csv", "id,day\na,2020-01-01\n");
    load_ok(&f);
    assert_int_equal(load(&f), LOTS_USAGE);
    end(&f);
}

static void files_given_one_by_one_are_told_apart_by_name(void **state)
{
    (void)state;
    fixture f;
    char people[700], visits[700], other[700];
    begin(&f, PATIENTS VISITS);
    write_file(&f, "P.CSV", "id,sex\na,F\n");
    write_file(&f, "v.csv", "id,day\na,2020-01-01\n");
    write_file(&f, "other.csv", "id\na\n");
    snprintf(people, sizeof people, "%s/P.CSV", f.folder);
    snprintf(visits, sizeof visits, "%s/v.csv", f.folder);
    snprintf(other, sizeof other, "%s/other.csv", f.folder);
    const char *inputs[] = {visits, people, other};
    f.options.inputs = inputs;
    f.options.input_count = 3;
    assert_int_equal(load(&f), LOTS_USAGE);
    assert_contains(f.err.text, "other.csv");
    f.options.input_count = 2;
    load_ok(&f);
    assert_int_equal(f.result.patients, 1);
    end(&f);
}

static void a_stop_publishes_nothing(void **state)
{
    (void)state;
    fixture f;
    _Atomic bool stop = true;
    begin(&f, VISITS);
    write_file(&f, "v.csv", "id,day\na,2020-01-01\n");
    f.options.stop = &stop;
    assert_int_equal(load(&f), LOTS_INTERRUPTED);
    assert_int_equal(f.result.generation, 0);
    atomic_store(&stop, false);
    load_ok(&f);
    end(&f);
}

static void no_rows_make_an_empty_registry(void **state)
{
    (void)state;
    fixture f;
    begin(&f, PATIENTS VISITS);
    write_file(&f, "p.csv", "id,sex\n");
    write_file(&f, "v.csv", "id,day\n");
    load_ok(&f);
    assert_int_equal(f.result.patients, 0);
    assert_rows(&f, "visits", "");
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_events_in_the_total_order),
        cmocka_unit_test(a_rejected_row_leaves_nothing_but_its_reason),
        cmocka_unit_test(later_deliveries_win_and_repeated_rows_are_counted),
        cmocka_unit_test(patients_of_no_file_are_added_rejected_or_counted),
        cmocka_unit_test(a_point_ends_the_day_it_starts_and_open_stays_may_be_ghosts),
        cmocka_unit_test(an_event_that_ends_before_it_starts_is_rejected),
        cmocka_unit_test(fields_are_cleaned_as_the_mapping_says),
        cmocka_unit_test(codes_know_their_system_and_their_order),
        cmocka_unit_test(a_code_without_a_known_system_is_rejected),
        cmocka_unit_test(children_fill_their_parents),
        cmocka_unit_test(a_child_without_its_parent_is_rejected_by_default),
        cmocka_unit_test(a_patient_is_what_most_rows_say),
        cmocka_unit_test(filters_choose_rows_and_are_counted),
        cmocka_unit_test(events_out_of_life_are_loaded_and_counted),
        cmocka_unit_test(coverage_is_declared_or_seen),
        cmocka_unit_test(a_declared_value_is_a_word_even_when_no_row_has_it),
        cmocka_unit_test(labels_and_hierarchies_reach_the_dictionary),
        cmocka_unit_test(tables_have_one_row_a_key_and_first_day),
        cmocka_unit_test(personnummer_become_twelve_digits),
        cmocka_unit_test(mistakes_of_use_are_told_with_their_place),
        cmocka_unit_test(an_existing_registry_is_only_added_to_when_asked),
        cmocka_unit_test(files_given_one_by_one_are_told_apart_by_name),
        cmocka_unit_test(a_stop_publishes_nothing),
        cmocka_unit_test(no_rows_make_an_empty_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
