#!/bin/sh
# Make the classifications of this folder from tables of codes: sh convert.sh TABLES OUT
# TABLES holds the tables named below (SOURCES.md says where each comes from), OUT gets the .csv files. Only facts are
# taken: code, group, weight. The same tables give the same bytes, so anyone who has them can compare.
set -eu
[ $# -eq 2 ] || { echo "usage: sh convert.sh TABLES OUT" >&2; exit 2; }
tables=$1
out=$2
LC_ALL=C
export LC_ALL

# Read a table, calling row() with the fields by name in f[]; and say what a row means: a group, a weight, a code, a rule.
reader='
function split_row(line,    n, i, c, text, quoted) {
    n = 0; text = ""; quoted = 0
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (c == "\"") quoted = !quoted
        else if (c == "," && !quoted) { parts[++n] = text; text = "" }
        else text = text c
    }
    parts[++n] = text
    return n
}
function slug(text) {
    text = tolower(text); gsub(/[^a-z0-9]+/, "_", text); sub(/^_/, "", text); sub(/_$/, "", text)
    return text
}
function trim(text) { sub(/^ +/, "", text); sub(/ +$/, "", text); return text }
function group(name, label, kind) { print "G\t" name "\t" label "\t" kind }
function weight(name, set, value) { if (value != "") print "W\t" name "\t" set "\t" value }
function code(name, coding, text) { if (text != "") print "C\t" name "\t" coding "\t" text }
function hides(a, b) { if (a != "") print "H\t" a "\t" b }
NR == 1 { columns = split_row($0); for (i = 1; i <= columns; i++) title[i] = parts[i]; next }
{ split_row($0); for (i = 1; i <= columns; i++) f[title[i]] = parts[i]; row() }
'

# From those lines to ours: groups in order of first sight, each with its weights and codes; rules last.
composer='
function quoted(text) { if (text ~ /[",]/) { gsub(/"/, "\"\"", text); return "\"" text "\"" } return text }
$1 == "G" && !($2 in label) { order[++groups] = $2; label[$2] = $3; kind[$2] = $4 }
$1 == "W" && !(($2, $3) in weighed) { weighed[$2, $3] = 1; weights[$2] = weights[$2] "weight," $2 "," $3 "," $4 "\n" }
$1 == "C" && !(($2, $3, $4) in coded) {
    coded[$2, $3, $4] = 1
    key = $2 SUBSEP $3
    if (!(key in line)) { systems[$2] = systems[$2] " " $3; line[key] = "" }
    if (length(line[key]) + length($4) > 90) { full[key] = full[key] "codes," $2 "," $3 ",prefix," line[key] "\n"; line[key] = "" }
    line[key] = line[key] (line[key] == "" ? "" : " ") $4
}
$1 == "M" { made = made "makes"; for (i = 2; i <= NF; i++) made = made "," $i; made = made "\n" }
$1 == "H" && !(($2, $3) in ruled) { ruled[$2, $3] = 1; rules = rules "hides," $2 "," $3 "\n" }
END {
    for (i = 1; i <= groups; i++) {
        name = order[i]
        printf "group,%s,%s%s\n%s", name, quoted(label[name]), kind[name] == "" ? "" : "," kind[name], weights[name]
        count = split(systems[name], list, " ")
        for (j = 1; j <= count; j++) printf "%scodes,%s,%s,prefix,%s\n", full[name, list[j]], name, list[j], line[name, list[j]]
    }
    printf "%s%s", made, rules
}
'

# convert NAME TABLE PROGRAM: the head is read from standard input, the rest made from the table.
convert() {
    {
        echo 'classification,1'
        echo "name,$1"
        cat
        awk "$reader $3" "$tables/$2" | awk -F'\t' "$composer"
    } > "$out/$1.csv"
    grep -q '^group,' "$out/$1.csv" || { echo "no groups came of $tables/$2" >&2; exit 1; }
}

convert charlson_quan charlson_quan2005.csv '
function row() {
    group(f["group"], f["group_name"])
    weight(f["group"], "charlson1987", f["weight_1987"])
    weight(f["group"], "quan2011", f["weight_2011"])
    code(f["group"], "icd10", f["icd10_prefix"])
    hides(f["suppressed_by"], f["group"])
}' <<'END'
title,Charlson comorbidity index (ICD-10 codes of Quan 2005)
version,2005
source,"Quan 2005, Med Care 43:1130; weights of Charlson 1987 and Quan 2011; as in the R packages comorbidity and medicalcoder"
licence,facts only: code and group and weight
status,ICD-10 only; no points for age
system,icd10,icd10,,,icd10se icd10who icd10cm icd10gm icd10ca
weights,charlson1987
weights,quan2011
END

convert charlson_se charlson_se_ludvigsson2021.csv '
function row(    name, text) {
    name = f["group"] == "Ascites_modifier" ? "ascites" : slug(f["group"])
    gsub(/_/, " ", f["group"])
    group(name, name == "ascites" ? "Ascites (modifier)" : f["group"], name == "ascites" ? "helper" : "")
    weight(name, "ludvigsson2021", f["weight"])
    text = f["code_prefix"]
    gsub(/[.,]/, "", text)
    coding = tolower(f["icd_version"])
    sub(/-/, "", coding)
    code(name, coding, text)
    hides(slug(f["suppressed_by"]), name)
}
END { print "M\tsevere_liver_disease\tmild_liver_disease\tascites" }' <<'END'
title,"Charlson comorbidity index, Swedish registers"
version,"authors' script v4, state 2025-12-17"
source,"Ludvigsson 2021, Clin Epidemiol 13:21, and corrigendum CLEP.S425901; codes as in the authors' script"
licence,facts only: code and group and weight; the script carries no licence
status,as in the authors' script; a person should settle the licence
note,Chronic obstructive and other chronic pulmonary disease are two groups of weight 1: J44 and J45 make 2.
note,"Ascites (R18) has no weight; with a mild liver disease it makes a severe one."
note,"Versions: K709 added 2021-01; Z711 became Z717 2021-07; Z114 removed and malignancy ranges corrected 2023-02; E106 E109 E119 E129 E139 E149 added 2025-12 (before that a plain E11.9 scored 0)."
note,"E118, E128 and their like are in no group of diabetes in this version: as published."
note,The R package comorbidity differs in 15 codes (R18 as severe liver disease; without I739 and the six of 2025-12; other malignancy ranges; B23 left out).
note,"The script takes ICD-7 before 1969, ICD-8 1969-1986, ICD-9 1987-1997, ICD-10 from 1997. Here the code's own system decides."
system,icd10,icd10,1997-01-01,,icd10se
system,icd9,icd9,1987-01-01,1997-12-31,icd9se
system,icd8,prefix,1969-01-01,1986-12-31,icd8se
system,icd7,prefix,,1968-12-31,icd7se
weights,ludvigsson2021
END

convert elixhauser elixhauser_quan2005.csv '
function row() {
    group(f["group"], trim(f["group_name"]))
    weight(f["group"], "van_walraven", f["weight_vanwalraven2009"])
    weight(f["group"], "swiss", f["weight_swiss"])
    weight(f["group"], "sid29", f["weight_sid29"])
    weight(f["group"], "sid30", f["weight_sid30"])
    weight(f["group"], "ahrq_mortality", f["weight_ahrq_mort_old"])
    weight(f["group"], "ahrq_readmission", f["weight_ahrq_readm_old"])
    code(f["group"], "icd10", f["icd10_prefix"])
    hides(f["suppressed_by"], f["group"])
}' <<'END'
title,Elixhauser comorbidities (ICD-10 codes of Quan 2005)
version,2005
source,"Quan 2005, Med Care 43:1130; weights: van Walraven 2009, Swiss (Sharma 2021), SID (Thompson 2015), AHRQ (Moore 2017); as in the R packages comorbidity and coder"
licence,facts only: code and group and weight
status,ICD-10 only
note,The AHRQ weights are the old ones and not those of its refined version. Scores may be negative.
system,icd10,icd10,,,icd10se icd10who icd10cm icd10gm icd10ca
weights,van_walraven
weights,swiss
weights,sid29
weights,sid30
weights,ahrq_mortality
weights,ahrq_readmission
END

convert hfrs hfrs.csv '
function row() {
    group(f["icd10_3char"], f["icd10_3char"])
    weight(f["icd10_3char"], "gilbert2018", f["points"])
    code(f["icd10_3char"], "icd10", f["icd10_3char"])
}' <<'END'
title,Hospital Frailty Risk Score
version,2018
source,"Gilbert 2018, Lancet 391:1775, appendix; as in the R package hfrs"
licence,facts only: code and points
status,"for those aged 75 and over, over the admission and emergency admissions of two years before"
note,"A three-character code counts once. Low below 5, intermediate 5 to 15 with both ends, high above 15 (the R package hfrs has exactly 5 as low)."
note,U80 may not be used in ICD-10-SE.
system,icd10,icd10,,,icd10se icd10who icd10cm icd10gm icd10ca
weights,gilbert2018,1
END

convert chronic calderon60_partial.csv '
function row(    name) {
    if (f["icd10_prefix"] == "") return
    name = slug(f["group_name"])
    group(name, f["group_name"])
    code(name, "icd10", f["icd10_prefix"])
}' <<'END'
title,"Chronic diseases after Calderón-Larrañaga 2017, incomplete and unofficial"
version,"partial, 58 of 60 groups"
source,"groups after Calderón-Larrañaga 2017, J Gerontol A 72:1417; codes from one public re-implementation, not from the paper"
licence,origin of the rows unknown; facts only: code and group
status,incomplete and unofficial: not fit for published work
note,Missing: haematological neoplasms and other psychiatric and behavioural diseases.
note,"Dementia has G30 and G31 but no F codes; solid neoplasms is every C code, blood and lymph too; depression, neurotic and schizophrenia were cut anew from blocks; sleep disorders had F51 merged in; dorsopathies unchecked."
note,"L73.1 under autoimmune diseases looks like a slip; I09 under other cardiovascular diseases overlaps valve diseases (I09.1, I09.8)."
note,A code may be in several groups (I13.0 in three).
system,icd10,icd10,,,icd10se icd10who icd10cm
END

ahrq='
BEGIN {
    count = split("Infectious and parasitic,Neoplasms,Endocrine nutritional metabolic and immunity,Blood,Mental,Nervous,Circulatory,Respiratory,Digestive,Genitourinary,Pregnancy and childbirth,Skin,Musculoskeletal,Congenital,Perinatal,Symptoms and ill-defined,Injury and poisoning,Factors influencing health", names, ",")
    for (i = 1; i <= count; i++) group(sprintf("body_%02d", i), names[i])
}
function row(    i, count, list) {
    if (f["chronic"] != wanted) return
    count = split(f["ccs_body_system"], list, ";")
    for (i = 1; i <= count; i++) code(sprintf("body_%02d", list[i]), "icd10", f["icd10_3char"])
}'
# A body system without a single code of the kind is no group.
drop='BEGIN { while ((getline line < file) > 0) { split(line, p, ","); if (p[1] == "codes") has[p[2]] = 1 } close(file) }
    { split($0, p, ",") } p[1] != "group" || (p[2] in has)'

convert ahrq_chronic cci_chronic_icd10cm2019_3char.csv "BEGIN { wanted = \"all\" } $ahrq" <<'END'
title,"Chronic by AHRQ's indicator, three characters, every code chronic"
version,2019.1
source,"AHRQ Chronic Condition Indicator for ICD-10-CM 2019.1 (not the refined CCIR), rolled up to three characters"
licence,US government work
status,"coarse: of ICD-10-CM, older than the refined indicator"
note,Only categories all of whose codes are chronic. Those with some are in ahrq_mixed: neither yes nor no.
system,icd10,icd10,,,icd10se icd10who icd10cm
END
convert ahrq_mixed cci_chronic_icd10cm2019_3char.csv "BEGIN { wanted = \"mixed\" } $ahrq" <<'END'
title,"Perhaps chronic by AHRQ's indicator, three characters, some codes chronic"
version,2019.1
source,"AHRQ Chronic Condition Indicator for ICD-10-CM 2019.1 (not the refined CCIR), rolled up to three characters"
licence,US government work
status,"coarse: of ICD-10-CM, older than the refined indicator"
note,Categories with both chronic and other codes: not to be taken as yes or as no.
system,icd10,icd10,,,icd10se icd10who icd10cm
END
for name in ahrq_chronic ahrq_mixed; do
    awk -v file="$out/$name.csv" "$drop" "$out/$name.csv" > "$out/$name.part"
    mv "$out/$name.part" "$out/$name.csv"
done

convert rxriskv rxriskv_atc.csv '
function row(    name) {
    name = slug(f["group"])
    group(name, f["group"])
    weight(name, "pratt2018", f["weight_pratt2018"])
    code(name, "atc", f["atc_code"])
}' <<'END'
title,RxRisk-V comorbidity index of dispensed drugs
version,2018
source,"Pratt 2018, BMJ Open 8:e021122; ATC list and weights as in the R package coder"
licence,facts only: code and group and weight
status,follows the explicit list of codes
note,"The regular expressions of coder differ: hyper- and hypothyroidism are swapped there, and 47 codes of pain and 11 of reflux do not match."
note,Hepatitis B and C and tuberculosis have no weight in the source: they add 0.
system,atc,atc
weights,pratt2018
END

convert cambridge_mm cambridge_mm_weights.csv '
function row(    name) {
    name = slug(f["condition"])
    group(name, f["condition"])
    weight(name, "general", f["weight_general"])
    weight(name, "mortality", f["weight_mortality"])
}' <<'END'
title,"Cambridge Multimorbidity Score, weights only"
version,2020
source,"Payne 2020, CMAJ 192:E107; weights as in Kiddle-group/multimorbidityClustersCPRD-GOLD"
licence,facts only: condition and weight
status,weights only: no list of codes is known
note,"The conditions are defined by Read and SNOMED lists, some by drugs. Copy this file and add systems and codes of your own."
weights,general,2
weights,mortality,2
END

convert icd10_chapters icd10_chapters.csv '
function row(    name) {
    name = sprintf("%02d", f["chapter_no"])
    group(name, "Chapter " f["roman"] " (" f["range"] ")")
    code(name, "icd10", f["range"])
}' <<'END'
title,Chapters of ICD-10
version,2019
source,"ICD-10, WHO 2019: the ranges; no wording"
licence,facts only: ranges of codes
status,complete
system,icd10,icd10,,,icd10se icd10who icd10cm icd10gm icd10ca
END

# The twelve blocks that only WHO has enclose or nest in others; without them every category is in exactly one.
convert icd10_blocks icd10_blocks.csv '
function row() {
    if (f["present_in"] == "who_only") return
    group(f["block"], f["block"])
    code(f["block"], "icd10", f["block"])
}' <<'END'
title,Blocks of ICD-10-SE
version,2019
source,"ICD-10, WHO 2019, and ICD-10-SE: the ranges; no wording"
licence,facts only: ranges of codes
status,"innermost blocks, as in ICD-10-SE (O30-O49, U98-U99); WHO's twelve enclosing or nested blocks left out"
system,icd10,icd10,,,icd10se icd10who icd10cm icd10gm icd10ca
END

convert atc_main atc_main_groups.csv '
function row() {
    group(f["letter"], f["name_en"])
    code(f["letter"], "atc", f["letter"])
}' <<'END'
title,ATC anatomical main groups
version,WHO ATC
source,"the fourteen main groups, common knowledge"
licence,facts only: letters and their meaning
status,"complete; X, Y and Z of Swedish data (not drugs) are in no group"
note,"Deeper levels are prefixes of 3, 4, 5 and 7 characters of a code and need no list."
system,atc,atc
END
