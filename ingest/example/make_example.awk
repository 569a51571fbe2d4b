# make_example.awk: an invented population of 1,000 people with ten years of care, 2014-2023, as the CSV files beside it.
#
#   awk -v out=ingest/example -f ingest/example/make_example.awk        (any POSIX awk; -v seed=2 for other people)
#
# No person is real and nothing is estimated from data: the numbers only look like care. README.md beside this tells of the
# files. What is meant to be seen:
#   - chronic diseases come with age and then stay; the old have several, and drugs for them that run side by side
#   - emergency visits lead to a stay the same day; stays go on in another ward the day they end (a transfer), or the
#     person is back within 30 days (a readmission)
#   - the costliest 1% of people have about a quarter of a year's cost; a few come to the emergency department again and again
#   - heart failure that leads by way of an emergency visit and a stay to home care; dementia, and care of the municipality after it
#   - people move, within the region or out of it, change their clinic, wait for care, lose weight
#   - some stays are still open at the end, two were never closed although the person was home again (ghosts),
#     and some visits are booked for the weeks after the last day
#   - a few rows are messy, as deliveries are: one line twice, codes without dots, in lower case or with blanks, one impossible
#     date, drugs that were taken back
# 2014-2018 hold fewer contacts a person: they are there so that a question can look five years back.
#
# Random numbers: Park and Miller (1988), x = 16807 x mod 2^31 - 1, exact in the doubles of awk. Only sqrt, division and whole
# numbers are used, so every awk makes the same bytes.

function uniform() { # in (0, 1)
    state = (state * 16807) % 2147483647
    return state / 2147483647
}
function whole(low, high) { return low + int(uniform() * (high - low + 1)) }
function chance(p) { return uniform() < p }
function tail(low, cap,   x) { # Pareto with exponent 2, cut at cap
    x = low / sqrt(uniform())
    return int(x > cap ? cap : x)
}
function pick(list,   parts, n) {
    n = split(list, parts, " ")
    return parts[whole(1, n)]
}

# Days since 1970-01-01 (H. Hinnant 2013).
function day_of(y, m, d,   era, of_era, of_year) {
    y -= m <= 2
    era = int(y / 400)
    of_era = y - era * 400
    of_year = int((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1
    return era * 146097 + of_era * 365 + int(of_era / 4) - int(of_era / 100) + of_year - 719468
}
function date(z,   era, of_era, y, of_year, mp, d, m) {
    if (z == "")
        return ""
    z += 719468
    era = int(z / 146097)
    of_era = z - era * 146097
    y = int((of_era - int(of_era / 1460) + int(of_era / 36524) - int(of_era / 146096)) / 365)
    of_year = of_era - (365 * y + int(y / 4) - int(y / 100))
    mp = int((5 * of_year + 2) / 153)
    d = of_year - int((153 * mp + 2) / 5) + 1
    m = mp < 10 ? mp + 3 : mp - 9
    return sprintf("%04d-%02d-%02d", y + era * 400 + (m <= 2), m, d)
}

# ---- diseases ----

function disease(code, from_age, percent, drug) {
    diseases++
    disease_code[diseases] = code
    disease_age[diseases] = from_age
    disease_percent[diseases] = percent # of people by 30 years after that age
    disease_drug[diseases] = drug
}
function make_diseases() {
    disease("I10.9", 40, 55, "C09AA05 C08CA01")
    disease("E11.9", 40, 22, "A10BA02 A10BK01")
    disease("I50.9", 60, 40, "C03CA01 C07AB02 C03DA01")
    disease("I48.9", 58, 22, "B01AF02 C07AB02")
    disease("I25.1", 52, 20, "B01AC06 C10AA05")
    disease("J44.9", 52, 16, "R03BB04 R03AK06")
    disease("N18.3", 60, 18, "C09CA01")
    disease("J45.9", 5, 9, "R03AC02")
    disease("E03.9", 30, 9, "H03AA01")
    disease("F33.1", 18, 16, "N06AB06")
    disease("M17.9", 50, 28, "N02BE01")
    disease("M81.9", 62, 18, "M05BA04 A12AX01")
    disease("G30.1", 68, 30, "N06DA02")
    disease("F01.9", 68, 18, "")
    disease("F03.9", 72, 16, "N06DX01")
    disease("I11.0", 62, 6, "C03CA01 C09AA05")
    disease("I13.0", 66, 3, "C03CA01")
    disease("I42.0", 50, 3, "C07AB02 C03CA01")
    disease("C61.9", 60, 8, "L02AE02")
    disease("I69.3", 62, 12, "B01AC04")
    disease("H90.3", 60, 25, "")
}
function has_code(code,   k) {
    for (k in has)
        if (disease_code[k] == code)
            return 1
    return 0
}
function is_dementia(k) { return disease_code[k] ~ /^(F0|G30)/ }
function is_heart_failure(k) { return disease_code[k] ~ /^I(50|11|13|42)/ }
function risk_now(k, age,   years) { # of the disease beginning within a year
    years = age - disease_age[k]
    if (years < 0)
        return 0
    return disease_percent[k] / 100 / 30 * (years > 30 ? 1 : 0.5 + years / 60)
}
function maybe_ill(age,   k) {
    for (k = 1; k <= diseases; k++)
        if (!(k in has) && chance(risk_now(k, age) * (1 + ill / 12))) {
            has[k] = 1
            ill_list[++ill] = k
            news = k
        }
}

# ---- writing rows ----

function messy(code) { # one in 150 is not written as it should be
    if (whole(1, 150) > 1)
        return code
    if (chance(0.4))
        gsub(/\./, "", code)
    else if (chance(0.5))
        code = tolower(code)
    else
        code = " " code " "
    return code
}
function contact(start, minute, end, level, unit, provider, profession, form, status, visit, acute, from, to, ready, cost, dx, px, drg,   line) {
    line = sprintf("K%06d,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%d,%s,%s,%s,%s", ++contacts, id, date(start),
                   minute == "" ? "" : sprintf("%02d:%02d", int(minute / 60), minute % 60), date(end), level, unit,
                   provider, profession, form, status, visit, acute, from, to, date(ready), cost,
                   chance(0.97) ? "region" : "private", dx, px, drg)
    print line > (out "/contacts.csv")
    if (contacts == 2500)
        print line > (out "/contacts.csv")
}
function here(day) { return day >= born && (dead == "" || day <= dead) && (left == "" || day < left) }
function own_disease() { return ill == 0 ? "" : disease_code[ill_list[whole(1, ill)]] }
function codes_of(main,   other) { # the main code and sometimes the person's own diseases after it
    other = own_disease()
    main = messy(main)
    if (other != "" && other != main && chance(0.35))
        main = main " " other
    return main
}

function frailties(main,   n) { # what else is written of the very old when they are in hospital
    for (n = whole(0, 3); n > 0; n--)
        main = main " " pick("F05.9 N39.0 R29.6 W19.9 E87.1 R41.0 N17.9 L89.9 R54.9 I95.1")
    return main
}

# ---- care ----

function primary_visit(day,   form, status, profession, main, unit) {
    if (!here(day) || day > last)
        return
    unit = chance(0.93) ? clinic : pick(all_clinics)
    form = pick("visit visit visit visit phone phone digital home group")
    status = pick("done done done done done done done done done done done done done done cancelled noshow")
    profession = pick("doctor doctor doctor nurse nurse nurse physiotherapist psychologist")
    main = ill > 0 && chance(0.75) ? own_disease() : pick("J06.9 N30.0 M54.5 R10.4 L30.9 H66.9 J20.9 R05.9 Z00.0 K21.9")
    contact(day, whole(480, 1000), day, "primary", unit, unit "-" whole(1, 4), profession, form, status,
            chance(0.4) ? "new" : "return", chance(0.15) ? 1 : 0, "", "", "",
            status == "done" ? (form == "visit" || form == "home" ? whole(500, 1900) : whole(150, 600)) : 0,
            codes_of(main), chance(0.1) ? pick("AV034 DU007 XS003 AF020") : "", "")
}
function specialist_visit(day,   unit, status) {
    if (!here(day) || day > last)
        return
    unit = pick("MED-1 MED-2 KIR-1 ORT-1 OGO-1 PSY-1")
    status = pick("done done done done done done done done done cancelled noshow")
    contact(day, whole(480, 960), day, "specialist", unit, unit "-" whole(1, 5), pick("doctor doctor doctor nurse"),
            pick("visit visit visit visit phone digital"), status, chance(0.3) ? "new" : "return", 0, "", "", "",
            status == "done" ? tail(1600, 30000) : 0,
            codes_of(ill > 0 && chance(0.8) ? own_disease() : pick("R07.4 M23.2 K80.2 H25.9 N39.3 L57.0")),
            chance(0.3) ? pick("UXA00 UJC12 AF063 NGA11 CJE20 TNX30") : "", "")
}
function stay(day, nights, acute, main, to,   end, ward, cost, drg, ready, moves) {
    ward = pick("MED-A MED-B KIR-A ORT-A GER-A")
    end = day + nights
    moves = nights >= 3 && chance(0.18)
    if (dead != "" && end > dead)
        end = dead
    drg = substr(main, 1, 3) pick("A C E")
    cost = int((end - day + 1) * whole(7500, 11500) + tail(6000, 260000))
    if (main == "S72.0")
        cost += 45000
    ready = end - day >= 5 && chance(0.35) ? end - whole(1, 4) : ""
    if (end > last) { # still there on the last day
        contact(day, whole(600, 1430), "", "inpatient", ward, "", "", "", "done", "", acute, acute ? "emergency" : "home",
                "", "", 0, codes_of(main), "", "")
        return last + 1
    }
    contact(day, whole(600, 1430), end, "inpatient", ward, "", "", "", "done", "", acute, acute ? "emergency" : "home",
            dead == end ? "dead" : moves ? "hospital" : to, ready, cost, age >= 75 ? frailties(codes_of(main)) : codes_of(main),
            main == "S72.0" ? "NFB19" : chance(0.3) ? pick("UXM32 AF037 DR016 TPX20 FNG05") : "", drg)
    if (moves && dead != end)
        return stay(end, whole(4, 12), acute, main, to)
    return end
}
function where_to() { return age >= 80 && chance(0.35) ? "short_term_care" : age >= 80 && chance(0.2) ? "nursing_home" : "home" }
function emergency(day, often,   main, end, back) {
    if (!here(day) || day > last || day < busy_until)
        return
    main = ill > 0 && chance(0.6) ? own_disease() : age >= 75 && chance(0.25) ? "S72.0" : pick("R07.4 R10.4 J18.9 S52.5 N39.0 A41.9 I21.4 K35.8 R55.9 S06.0")
    contact(day, whole(0, 1000), day, "emergency", pick("AKM-1 AKM-1 AKM-2"), "AKM-" whole(1, 9), "doctor", "visit", "done",
            "new", 1, "", "", "", whole(2800, 6800), codes_of(main), "", "")
    if (!chance(often ? 0.8 : 0.25 + age / 250))
        return
    end = stay(day, often ? tail(3, 35) : tail(1, 24), 1, main, where_to())
    busy_until = end + 1
    if (chance(often ? 0.3 : 0.15)) { # back within 30 days
        back = end + whole(2, 30)
        if (here(back) && back <= last) {
            contact(back, whole(0, 1000), back, "emergency", "AKM-1", "AKM-" whole(1, 9), "doctor", "visit", "done", "new", 1,
                    "", "", "", whole(2800, 6800), codes_of(main), "", "")
            busy_until = stay(back, whole(1, 9), 1, main, where_to()) + 1
        }
    }
}
function planned_stay(day) {
    if (here(day) && day <= last && day >= busy_until)
        busy_until = stay(day, whole(1, 4), 0, pick("M17.9 M16.9 K80.2 N40.9 H25.9 Z96.6"), "home") + 1
}
function dispense(atc, year,   d, days, packs) {
    days = regular ? 100 : whole(28, 98)
    for (d = day_of(year, 1, 1) + whole(0, 80); d < day_of(year + 1, 1, 1); d += regular ? whole(86, 98) : whole(90, 200)) {
        if (!here(d) || d < drugs_from)
            continue
        packs = days > 60 ? whole(1, 3) : 1
        printf "%s,%s,%s,%d,%d,%d,%s\n", id, date(d), messy(atc), packs, days, tail(45, 4000), date(d + days - 1) > (out "/drugs.csv")
        if (whole(1, 200) == 1) # taken back the day after
            printf "%s,%s,%s,%d,%d,%d,%s\n", id, date(d + 1), atc, -packs, -days, -45, date(d + 1) > (out "/drugs.csv")
    }
}
function prescriptions(year,   k, n, parts, taken) {
    if (ill >= 3 && others == "")
        for (n = whole(1, 5); n > 0; n--)
            others = others " " pick("C10AA01 A02BC01 N02BE01 B03BA01 N05CF01 A06AD65 B03BB01 N02AA05 H02AB06")
    for (k = 1; k <= ill; k++)
        if (!chance(0.15))
            for (n = split(disease_drug[ill_list[k]], parts, " "); n > 0; n--)
                taken[parts[n]] = 1
    for (n = split(others, parts, " "); n > 0; n--)
        taken[parts[n]] = 1
    for (n = 1; n <= drugs; n++) # in one order: that of an array is each awk's own
        if (drug[n] in taken)
            dispense(drug[n], year)
}
function make_drugs(   n, k, parts, all, seen) {
    for (k = 1; k <= diseases; k++)
        all = all " " disease_drug[k]
    n = split(all " C10AA01 A02BC01 N02BE01 B03BA01 N05CF01 A06AD65 B03BB01 N02AA05 H02AB06", parts, " ")
    for (k = 1; k <= n; k++)
        if (!(parts[k] in seen)) {
            seen[parts[k]] = 1
            drug[++drugs] = parts[k]
        }
}
function sample(day, test) {
    if (here(day))
        printf "%s,%s,%s,%s\n", id, ++lab_rows == 250 ? "2021-02-30" : date(day), test, pick("primary primary hospital") > (out "/labs.csv")
}
function weights(year,   n) { # of some of the old, three a year; one in five loses a tenth or more in the end
    if (weight == "")
        weight = age >= 60 && chance(0.6) ? whole(52, 104) + 0.5 * whole(0, 1) : 0
    for (n = 0; n < 3 && weight > 0; n++) {
        sample(day_of(year, 1 + 4 * n, whole(3, 26)), "weight," sprintf("%.1f", weight) ",kg")
        weight = int(weight * (thinner ? whole(92, 99) : whole(97, 103)) / 10 + 0.5) / 10
    }
}
function tests(year,   n, k, d, test) {
    weights(year)
    for (n = has_code("E11.9") ? 2 : 0; n > 0; n--)
        sample(day_of(year, whole(1, 12), whole(1, 28)), "hba1c," whole(42, 84) ",mmol/mol")
    for (n = whole(0, 1 + int(ill / 2)); n > 0; n--) {
        d = day_of(year, whole(1, 12), whole(1, 28))
        k = whole(1, 4)
        if (k == 1)
            test = "hba1c," whole(34, 79) ",mmol/mol"
        else if (k == 2)
            test = "creatinine," whole(50, 190) ",umol/L"
        else if (k == 3)
            test = "hb," whole(95, 168) ",g/L"
        else
            test = "ldl," sprintf("%.1f", whole(12, 55) / 10) ",mmol/L"
        sample(d, test)
    }
}
function wait_for_care(year,   start, booked, end, decided, days, outcome, kind, area, px, w) {
    start = day_of(year, whole(1, 12), whole(1, 28))
    if (!here(start))
        return
    w = sprintf("V%05d", ++waits)
    kind = pick("visit treatment")
    days = whole(4, 60) + (chance(0.3) ? whole(30, 300) : 0)
    end = start + days
    outcome = pick("done done done done done done done removed moved")
    if (dead != "" && end > dead) {
        end = dead
        outcome = "died"
    }
    booked = chance(0.8) ? start + int(days / 2) : ""
    if (booked != "" && booked > last)
        booked = ""
    decided = end
    if (end > last) {
        end = ""
        outcome = ""
    }
    area = pick("orthopaedics orthopaedics ophthalmology surgery medicine gynaecology psychiatry")
    px = kind == "treatment" ? pick(treatments[area]) : ""
    printf "%s,%s,%s,%s,%s,%s,%s,%s,%d,%s,90,%s\n", w, id, date(start), date(end), kind, area, px,
           pick("MED-1 KIR-1 ORT-1 OGO-1 PSY-1"), whole(1, 3), date(booked), outcome > (out "/waits.csv")
    if (days > 90 && chance(0.7) && start + 40 <= last && start + 40 <= decided)
        printf "%s,%s,%s,%s,%s\n", w, id, date(start + 40), date(decided), pick("patient_chosen medical special") > (out "/wait_status.csv")
}
function help_from(start, service,   end, d) {
    helped = 1
    end = chance(0.5) ? "" : start + whole(60, 900)
    if (dead != "" && (end == "" || end > dead))
        end = dead
    if (left != "" && (end == "" || end >= left))
        end = left - 1
    if (end != "" && end > last)
        end = ""
    printf "%s,%s,%s,%s,%d\n", id, date(start), date(end), service, whole(4, 120) > (out "/services.csv")
    for (d = start + whole(1, 30); d <= (end == "" ? last : end); d += whole(20, 120))
        if (here(d))
            contact(d, "", d, "municipal", "HEM-" whole(1, 3), "", pick("nurse nurse assistant_nurse occupational_therapist"), "home",
                    "done", "return", 0, "", "", "", whole(450, 1200), chance(0.5) ? codes_of(own_disease() == "" ? "Z74.1" : own_disease()) : "", "", "")
}
function home_help(   start) {
    start = forgetful != "" && chance(0.75) ? forgetful + whole(10, 520) : first + whole(0, 3500)
    if (helped || start > last || !here(start) || (forgetful == "" && (ages_at(start) < 78 || !chance(0.5))))
        return
    help_from(start, pick("home_care home_care home_care short_term_care nursing_home"))
}
# Heart failure is found, the person comes to the emergency department, stays, and comes home to home care.
function heart_failure_pathway(   k, code, day, n, visit, stayed) {
    for (n = 1; n <= ill; n++)
        if (is_heart_failure(ill_list[n]))
            code = disease_code[ill_list[n]]
    day = day_of(2019, 1, 1) + whole(0, 1500)
    if (code == "" || !here(day) || !here(day + 200) || !chance(0.6))
        return
    age = ages_at(day)
    contact(day, whole(480, 960), day, "specialist", "MED-2", "MED-2-" whole(1, 5), "doctor", "visit", "done", "new", 0, "", "", "",
            tail(1600, 30000), code, "AF020", "")
    visit = day + whole(2, 70)
    contact(visit, whole(0, 1000), visit, "emergency", "AKM-1", "AKM-" whole(1, 9), "doctor", "visit", "done", "new", 1, "", "", "",
            whole(2800, 6800), code, "", "")
    stayed = stay(visit + (chance(0.2) ? 1 : 0), whole(2, 12), 1, code, "home")
    if (chance(0.8))
        help_from(stayed + whole(12, 150), "home_care")
}

# ---- one person ----

function ages_at(day) { return int((day - born) / 365.25) }
function lived(from, until, where) {
    printf "%s,%s,%s,%s,Mellanlandet\n", id, date(from), date(until), where > (out "/residence.csv")
}
function listed(from, until, where) {
    printf "%s,%s,%s,%s\n", id, date(from), date(until), where > (out "/listing.csv")
}
function lives(   from, moved, until) {
    from = born > first ? born : first
    moved = chance(0.15) ? from + whole(100, 3200) : ""
    left = chance(0.06) ? from + whole(400, 3500) : ""
    if (left != "" && (left > last || (dead != "" && left > dead)))
        left = ""
    if (moved != "" && (!here(moved) || moved > last))
        moved = ""
    until = left == "" ? "" : left - 1
    clinic = pick(clinics_of[town])
    if (moved == "") {
        lived(from, until, town)
        moved = chance(0.1) ? from + whole(100, 3200) : "" # the clinic only
        if (moved == "" || !here(moved) || moved > last)
            listed(from, until, clinic)
        else {
            listed(from, moved - 1, clinic)
            listed(moved, until, clinic = pick(all_clinics))
        }
        return
    }
    lived(from, moved - 1, town)
    listed(from, moved - 1, clinic)
    town = pick(all_towns)
    clinic = pick(clinics_of[town])
    lived(moved, until, town)
    listed(moved, until, clinic)
}
function year_of_care(year,   n, old, often, thin, day) {
    age = year - birth_year
    if (age < 0 || (dead != "" && dead < day_of(year, 1, 1)) || (left != "" && left < day_of(year, 1, 1)))
        return
    thin = year < 2019
    news = ""
    maybe_ill(age)
    if (news != "" && is_dementia(news)) { # found at the memory clinic
        day = day_of(year, whole(1, 12), whole(1, 28))
        if (here(day)) {
            contact(day, whole(480, 960), day, "specialist", "GER-1", "GER-1-" whole(1, 3), "doctor", "visit", "done", "new", 0, "", "",
                    "", tail(1600, 30000), disease_code[news], "AV034", "")
            if (forgetful == "")
                forgetful = day
        }
    }
    old = age >= 65 ? 1 : 0
    often = heavy && year >= heavy
    for (n = thin ? int((0.4 + ill * 0.3) * 2 * uniform()) : whole(0, 2) + int(ill * 0.8 * uniform()) + old; n > 0; n--)
        primary_visit(day_of(year, whole(1, 12), whole(1, 28)))
    for (n = int((thin ? 0.5 : 1) * (ill * 0.6 * uniform() + uniform())); n > 0; n--)
        specialist_visit(day_of(year, whole(1, 12), whole(1, 28)))
    busy_until = 0
    for (n = often ? 5 : int((thin ? 0.6 : 1) * (0.12 + ill * 0.2 + uniform() * 0.95)); n > 0; n--)
        emergency(often ? day_of(year + 1, 1, 1) - n * 72 + whole(0, 20) : day_of(year, whole(1, 12), whole(1, 28)), often)
    if (chance(0.015 + 0.012 * old))
        planned_stay(day_of(year, whole(1, 12), whole(1, 28)))
    if (frequent && (year == frequent || year == frequent + 1))
        again_and_again(year)
    if (year >= 2022)
        prescriptions(year)
    if (year >= 2021)
        tests(year)
    for (n = year < 2019 ? 0 : chance(0.32 + 0.2 * old) + chance(0.1); n > 0; n--)
        wait_for_care(year)
}
function again_and_again(year,   n, day) { # to the emergency department, and home the same day
    for (n = whole(3, 7); n > 0; n--) {
        day = day_of(year, 1, 1) + whole(0, 364)
        if (here(day))
            contact(day, whole(0, 1430), day, "emergency", pick("AKM-1 AKM-2"), "AKM-" whole(1, 9), "doctor", "visit", "done", "new", 1, "",
                    "", "", whole(2800, 6800), codes_of(pick("F10.0 R10.4 R07.4 F41.9 M54.5 R45.8")), "", "")
    }
}
function person(number,   year, k, a) {
    split("", has)
    ill = 0
    id = sprintf("E%05d", number * 37 % 1000 * 100 + number % 97)
    birth_year = 2018 - int(95 * (chance(0.65) ? uniform() : sqrt(uniform())))
    if (number % 25 == 0)
        birth_year = whole(2019, 2022)
    born = day_of(birth_year, whole(1, 12), whole(1, 28))
    dead = left = weight = others = forgetful = ""
    heavy = helped = 0
    regular = chance(0.65)
    thinner = chance(0.3)
    frequent = number % 20 == 11 ? whole(2019, 2022) : 0
    if (number % 100 == 63) { # the heavy users
        birth_year = whole(1938, 1952)
        born = day_of(birth_year, whole(1, 12), whole(1, 28))
        heavy = whole(2020, 2022)
    }
    a = 2014 - birth_year
    for (k = 1; k < a; k++)
        maybe_ill(k)
    for (year = 2014; year <= 2023 && dead == "" && !heavy; year++)
        if (year - birth_year > 60 && chance((year - birth_year - 55) * (year - birth_year - 55) / 18000))
            dead = day_of(year, whole(1, 12), whole(1, 28))
    printf "%s,%s,%s,%s,%d\n", id, date(born), chance(0.5) ? "female" : "male", date(dead), (number % 130 == 7) > (out "/patients.csv")
    town = pick(all_towns)
    lives()
    for (year = 2014; year <= 2023; year++)
        year_of_care(year)
    heart_failure_pathway()
    home_help()
    loose_ends(number)
}
function loose_ends(number,   day) {
    if (here(last) && number % 23 == 5) { # booked after the last day
        day = last + whole(2, 80)
        contact(day, whole(480, 960), day, "specialist", "MED-1", "", "doctor", "visit", "booked", "return", 0, "", "", "", 0, "", "", "")
    }
    if (number == 120 || number == 290) { # never closed, though the person came home
        contact(day_of(2021, 3, 4), 700, "", "inpatient", "MED-A", "", "", "", "done", "", 1, "emergency", "", "", 0, codes_of("J18.9"), "", "")
        contact(day_of(2021, 9, 14), 700, day_of(2021, 9, 18), "inpatient", "MED-B", "", "", "", "done", "", 1, "emergency",
                "home", "", 41000, codes_of("J18.9"), "", "J18C")
    }
    if (number % 100 == 41 && here(last)) # still in hospital
        contact(last - whole(1, 12), 700, "", "inpatient", "GER-A", "", "", "", "done", "", 1, "emergency", "", "", 0, codes_of("I50.9"), "", "")
}

# ---- tables ----

function care_unit(code, name, kind, owner, town_of) {
    printf "%s,%s,Mellanlandet,%s,%s,%s\n", code, name, town_of, kind, owner > (out "/units.csv")
}
function make_units() {
    care_unit("VC-NORR", "Vårdcentralen Norr", "primary", "region", "Åby")
    care_unit("VC-SYD", "Vårdcentralen Syd", "primary", "private", "Åby")
    care_unit("VC-ÖST", "Vårdcentralen Öster", "primary", "region", "Östervik")
    care_unit("VC-MO", "Mo hälsocentral", "primary", "region", "Mo")
    care_unit("AKM-1", "Akutmottagningen Åby", "emergency", "region", "Åby")
    care_unit("AKM-2", "Akutmottagningen Östervik", "emergency", "region", "Östervik")
    care_unit("MED-1", "Medicinmottagningen", "specialist", "region", "Åby")
    care_unit("MED-2", "Hjärtmottagningen", "specialist", "region", "Åby")
    care_unit("KIR-1", "Kirurgmottagningen", "specialist", "region", "Åby")
    care_unit("ORT-1", "Ortopedmottagningen", "specialist", "private", "Östervik")
    care_unit("OGO-1", "Ögonmottagningen", "specialist", "private", "Åby")
    care_unit("GER-1", "Minnesmottagningen", "specialist", "region", "Åby")
    care_unit("PSY-1", "Psykiatriska mottagningen", "specialist", "region", "Åby")
    care_unit("MED-A", "Medicinavdelning A", "inpatient", "region", "Åby")
    care_unit("MED-B", "Medicinavdelning B", "inpatient", "region", "Östervik")
    care_unit("KIR-A", "Kirurgavdelning A", "inpatient", "region", "Åby")
    care_unit("ORT-A", "Ortopedavdelning A", "inpatient", "region", "Östervik")
    care_unit("GER-A", "Geriatriken", "inpatient", "region", "Åby")
    care_unit("HEM-1", "Hemsjukvården Åby", "municipal", "municipality", "Åby")
    care_unit("HEM-2", "Hemsjukvården Östervik", "municipal", "municipality", "Östervik")
    care_unit("HEM-3", "Hemsjukvården Mo", "municipal", "municipality", "Mo")
}
function make_population(   year, t, s, b, towns) {
    split(all_towns, towns, " ")
    for (year = 2019; year <= 2023; year++)
        for (t = 1; t <= 3; t++)
            for (s = 1; s <= 2; s++)
                for (b = 0; b < 100; b += 10)
                    printf "%d,%s,%s,%d,%d\n", year, towns[t], (s == 1 ? "female" : "male"), b,
                           int((b < 70 ? 1200 : b < 80 ? 950 : b < 90 ? 500 : 110) / t + whole(0, 60)) > (out "/population.csv")
}

function label(code, text) { printf "%s,\"%s\"\n", code, text > (out "/icd10.csv") }
function make_labels() {
    label("I10.9", "Essential hypertension")
    label("E11.9", "Type 2 diabetes without complications")
    label("I50.9", "Heart failure")
    label("I48.9", "Atrial fibrillation")
    label("I25.1", "Atherosclerotic heart disease")
    label("J44.9", "Chronic obstructive pulmonary disease")
    label("N18.3", "Chronic kidney disease, stage 3")
    label("J45.9", "Asthma")
    label("E03.9", "Hypothyroidism")
    label("F33.1", "Recurrent depression, moderate")
    label("M17.9", "Osteoarthritis of knee")
    label("M81.9", "Osteoporosis")
    label("G30.1", "Alzheimer's disease with late onset")
    label("F01.9", "Vascular dementia")
    label("F03.9", "Dementia, unspecified")
    label("I11.0", "Hypertensive heart disease with heart failure")
    label("I13.0", "Hypertensive heart and renal disease with heart failure")
    label("I42.0", "Dilated cardiomyopathy")
    label("C61.9", "Cancer of prostate")
    label("I69.3", "Late effects of cerebral infarction")
    label("H90.3", "Sensorineural hearing loss")
    label("J06.9", "Acute upper respiratory infection")
    label("N30.0", "Acute cystitis")
    label("M54.5", "Low back pain")
    label("R10.4", "Abdominal pain")
    label("L30.9", "Dermatitis")
    label("H66.9", "Otitis media")
    label("J20.9", "Acute bronchitis")
    label("R05.9", "Cough")
    label("Z00.0", "General medical examination")
    label("K21.9", "Gastro-oesophageal reflux")
    label("R07.4", "Chest pain")
    label("M23.2", "Derangement of meniscus")
    label("K80.2", "Gallstones")
    label("H25.9", "Senile cataract")
    label("N39.3", "Stress incontinence")
    label("L57.0", "Actinic keratosis")
    label("S72.0", "Fracture of neck of femur")
    label("J18.9", "Pneumonia")
    label("S52.5", "Fracture of lower end of radius")
    label("N39.0", "Urinary tract infection")
    label("A41.9", "Sepsis")
    label("I21.4", "Acute subendocardial myocardial infarction")
    label("K35.8", "Acute appendicitis")
    label("R55.9", "Syncope")
    label("S06.0", "Concussion")
    label("M16.9", "Osteoarthritis of hip")
    label("N40.9", "Enlarged prostate")
    label("F05.9", "Delirium")
    label("R29.6", "Tendency to fall")
    label("W19.9", "Fall")
    label("E87.1", "Hyponatraemia")
    label("R41.0", "Disorientation")
    label("N17.9", "Acute renal failure")
    label("L89.9", "Pressure ulcer")
    label("R54.9", "Senility")
    label("I95.1", "Orthostatic hypotension")
    label("F10.0", "Acute alcohol intoxication")
    label("F41.9", "Anxiety disorder")
    label("R45.8", "Other emotional symptoms")
    label("Z96.6", "Presence of joint implant")
    label("Z74.1", "Need for assistance with personal care")
}

BEGIN {
    state = (seed == "" ? 16807 : seed % 2147483646) + 1
    if (out == "")
        out = "."
    first = day_of(2014, 1, 1)
    last = day_of(2023, 12, 31)
    drugs_from = day_of(2022, 7, 1)
    all_towns = "Åby Östervik Mo"
    all_clinics = "VC-NORR VC-SYD VC-ÖST VC-MO"
    clinics_of["Åby"] = "VC-NORR VC-NORR VC-SYD"
    clinics_of["Östervik"] = "VC-ÖST VC-ÖST VC-SYD"
    clinics_of["Mo"] = "VC-MO"
    treatments["orthopaedics"] = "NGB49 NFB49"
    treatments["ophthalmology"] = "CJE20"
    treatments["surgery"] = "JKA21 JAB30"
    treatments["medicine"] = "FPE00 FNG05"
    treatments["gynaecology"] = "LCD00"
    treatments["psychiatry"] = "DU011"
    print "lopnr,birth,sex,death,protected" > (out "/patients.csv")
    print "contact,lopnr,start,time,end,level,unit,provider,profession,form,status,visit,acute,admitted_from,discharged_to,ready,cost,payer,dx,px,drg" > (out "/contacts.csv")
    print "lopnr,date,atc,packs,ddd,cost,lasts_until" > (out "/drugs.csv")
    print "lopnr,start,end,service,hours" > (out "/services.csv")
    print "wait,lopnr,start,end,kind,area,px,unit,priority,booked,target,outcome" > (out "/waits.csv")
    print "wait,lopnr,start,end,reason" > (out "/wait_status.csv")
    print "lopnr,start,end,municipality,region" > (out "/residence.csv")
    print "lopnr,start,end,clinic" > (out "/listing.csv")
    print "lopnr,date,test,value,measure,source" > (out "/labs.csv")
    print "unit,name,region,municipality,kind,owner" > (out "/units.csv")
    print "year,municipality,sex,age,n" > (out "/population.csv")
    print "code,label" > (out "/icd10.csv")
    make_labels()
    make_diseases()
    make_drugs()
    make_units()
    make_population()
    for (number = 1; number <= 1000; number++)
        person(number)
}
