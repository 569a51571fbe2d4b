/* synth_model_ills.c: from the written tables of diseases, acute events and treatments to tables to draw from. */
#include "core/base/memory.h"
#include "ingest/synth_words.h"

static lots_status add_codes(lots_synth_model *model, lots_synth_condition *condition, lots_error *err)
{
    for (const char *at = condition->row->codes; *at != '\0';) {
        size_t bytes = strcspn(at, " ");
        LOTS_TRY(lots_synth_word_add(model, LOTS_SYNTH_ICD, at, bytes, condition->row->name,
                                     &condition->codes[condition->code_count++], err));
        at += bytes + (at[bytes] == ' ');
    }
    return LOTS_OK;
}

static lots_status add_drugs(lots_synth_model *model, lots_synth_condition *condition, lots_error *err)
{
    for (const char *at = condition->row->drugs; *at != '\0';) {
        lots_synth_drug *drug = &condition->drugs[condition->drug_count++];
        size_t bytes = strcspn(at, ":");
        LOTS_TRY(lots_synth_word_add(model, LOTS_SYNTH_ATC, at, bytes, NULL, &drug->atc, err));
        for (at += bytes + 1; *at >= '0' && *at <= '9'; at++)
            drug->percent = (uint8_t)(drug->percent * 10 + (*at - '0'));
        at += *at == ' ';
    }
    return LOTS_OK;
}

/* The share that has had the disease begin by an age: straight lines through the written points, from 0 at birth. */
static double share_by(const float share[5], double age)
{
    static const double ages[7] = {0, 20, 40, 60, 75, 90, 110};
    double points[7] = {0, (double)share[0], (double)share[1], (double)share[2], (double)share[3], (double)share[4],
                        (double)share[4]};
    for (int i = 0; i < 6; i++)
        if (age < ages[i + 1])
            return (points[i] + (points[i + 1] - points[i]) * (age - ages[i]) / (ages[i + 1] - ages[i])) / 100;
    return points[6] / 100;
}

/* Low scores are ill early: the onset of a score is the age by which as many are ill as have a lower one. */
static void fill_onsets(lots_synth_condition *condition, uint32_t sex)
{
    uint32_t age = 0;
    for (uint32_t cell = 0; cell < LOTS_SYNTH_ONSET_CELLS; cell++) {
        double below = lots_synth_normal_below((cell + 0.5) / 64 - 4);
        while (age < 110 * 64 && share_by(condition->row->share[sex], age / 64.0) < below)
            age++;
        condition->onset[sex][cell] = age < 110 * 64 ? (uint16_t)age : UINT16_MAX;
    }
}

static lots_status make_condition(lots_synth_model *model, uint32_t index, lots_error *err)
{
    lots_synth_condition *condition = &model->conditions[index];
    double square = 0, low = 0, high = 1;
    condition->row = &lots_synth_condition_rows[index];
    for (uint32_t i = 0; i < LOTS_SYNTH_FACTORS; i++)
        square += (double)condition->row->load[i] * (double)condition->row->load[i];
    for (int i = 0; i < 40; i++) { /* the square root of what the factors leave */
        double middle = (low + high) / 2;
        if (middle * middle < 1 - square)
            low = middle;
        else
            high = middle;
    }
    condition->own = (float)low;
    fill_onsets(condition, 0);
    fill_onsets(condition, 1);
    LOTS_TRY(add_codes(model, condition, err));
    return add_drugs(model, condition, err);
}

static lots_status add_optional(lots_synth_model *model, lots_synth_kind kind, const char *text, const char *label,
                                uint16_t *out, lots_error *err)
{
    *out = 0;
    return text[0] == '\0' ? LOTS_OK : lots_synth_word_add(model, kind, text, strlen(text), label, out, err);
}

static lots_status make_acute(lots_synth_model *model, uint32_t index, lots_error *err)
{
    lots_synth_acute *acute = &model->acutes[index];
    const lots_synth_acute_row *row = acute->row = &lots_synth_acute_rows[index];
    LOTS_TRY(add_optional(model, LOTS_SYNTH_ICD, row->code, row->name, &acute->code, err));
    LOTS_TRY(add_optional(model, LOTS_SYNTH_ICD, row->symptom, row->name, &acute->symptom, err));
    LOTS_TRY(add_optional(model, LOTS_SYNTH_ATC, row->drug, NULL, &acute->drug, err));
    return add_optional(model, LOTS_SYNTH_KVA, row->px, row->name, &acute->px, err);
}

static lots_status make_procedure(lots_synth_model *model, uint32_t index, lots_error *err)
{
    lots_synth_procedure *procedure = &model->procedures[index];
    const lots_synth_procedure_row *row = procedure->row = &lots_synth_procedure_rows[index];
    LOTS_TRY(add_optional(model, LOTS_SYNTH_ICD, row->code, row->name, &procedure->code, err));
    return add_optional(model, LOTS_SYNTH_KVA, row->px, row->px_name, &procedure->px, err);
}

/* Rates of one sex: those of both times twice its share. */
static lots_status make_draw(lots_synth_model *model, uint32_t count, const float *rates, const float *women,
                             size_t stride, uint32_t sex, float *sum, lots_synth_alias *draw, lots_error *err)
{
    uint64_t weights[64], work[128];
    void *room;
    double all = 0;
    for (uint32_t i = 0; i < count; i++) {
        double share = (double)women[i * stride / sizeof(float)];
        double rate = (double)rates[i * stride / sizeof(float)] * 2 * (sex == 0 ? share : 1 - share);
        weights[i] = (uint64_t)(rate * 1000 + 0.5);
        all += rate / 1000;
    }
    *sum = (float)all;
    LOTS_TRY(lots_arena_alloc(&model->arena, &room, (size_t)count * 2, sizeof(uint32_t), err));
    *draw = (lots_synth_alias){room, (uint32_t *)room + count, count};
    lots_synth_alias_make(draw, weights, work);
    return LOTS_OK;
}

static lots_status make_draws(lots_synth_model *model, lots_error *err)
{
    const lots_synth_acute_row *acute = lots_synth_acute_rows;
    const lots_synth_procedure_row *procedure = lots_synth_procedure_rows;
    for (uint32_t sex = 0; sex < 2; sex++)
        for (uint32_t band = 0; band < LOTS_SYNTH_BANDS; band++) {
            LOTS_TRY(make_draw(model, model->acute_count, &acute->rate[band], &acute->women, sizeof *acute, sex,
                               &model->acute_sum[sex][band], &model->acute_draw[sex][band], err));
            LOTS_TRY(make_draw(model, model->procedure_count, &procedure->rate[band], &procedure->women,
                               sizeof *procedure, sex, &model->procedure_sum[sex][band],
                               &model->procedure_draw[sex][band], err));
        }
    return LOTS_OK;
}

static lots_status add_known(lots_synth_model *model, lots_error *err)
{
    static const char *const icd[LOTS_SYNTH_KNOWN_KVA][2] = {
        {"Z00.0", "Health check"}, {"Z76.0", "Renewal of a prescription"}, {"Z34.9", "Check of a normal pregnancy"},
        {"O80.9", "Normal delivery"}, {"Z49.1", "Dialysis"}, {"Z74.1", "Need of help with personal care"},
        {"B34.9", "Viral infection"}, {"Z51.5", "Palliative care"}, {"R29.6", "Tendency to fall"},
        {"L89.9", "Pressure ulcer"}, {"R54.9", "Frailty of old age"}, {"I95.1", "Orthostatic hypotension"},
        {"N17.9", "Acute kidney failure"}, {"N39.0", "Urinary tract infection"}, {"E87.1", "Salt imbalance"},
        {"F05.9", "Confusion"}, {"W19.9", "Fall"}};
    static const char *const kva[LOTS_SYNTH_KNOWN_END - LOTS_SYNTH_KNOWN_KVA][2] = {
        {"DR016", "Haemodialysis, chronic"}, {"MAE00", "Delivery, assisted"}, {"DU007", "Supportive conversation"},
        {"AV034", "Sampling"}, {"AF022", "Electrocardiography"}, {"DT116", "Cytostatic drug, intravenous"}};
    for (uint32_t i = 0; i < LOTS_SYNTH_KNOWN_END; i++) {
        const char *const *word = i < LOTS_SYNTH_KNOWN_KVA ? icd[i] : kva[i - LOTS_SYNTH_KNOWN_KVA];
        LOTS_TRY(lots_synth_word_add(model, i < LOTS_SYNTH_KNOWN_KVA ? LOTS_SYNTH_ICD : LOTS_SYNTH_KVA, word[0], strlen(word[0]),
                                     word[1], &model->known[i], err));
    }
    return LOTS_OK;
}

/* A stay's group is that of its main diagnosis with a grade: three letters and A, C or E. */
static lots_status add_groups(lots_synth_model *model, lots_error *err)
{
    uint32_t count = lots_synth_word_count(model, LOTS_SYNTH_ICD);
    void *room;
    LOTS_TRY(lots_arena_alloc(&model->arena, &room, (size_t)count + 1, sizeof *model->group_of, err));
    model->group_of = room;
    for (uint32_t i = 1; i <= count; i++)
        for (const char *grade = "ACE"; *grade != '\0'; grade++) {
            size_t bytes;
            const char *code = lots_synth_word(model, LOTS_SYNTH_ICD, i, &bytes);
            const char group[5] = {code[0], code[1], code[2], *grade, '\0'};
            uint16_t number;
            LOTS_TRY(lots_synth_word_add(model, LOTS_SYNTH_DRG, group, 4, NULL, &number, err));
            if (*grade == 'A')
                model->group_of[i] = number;
        }
    return LOTS_OK;
}

lots_status lots_synth_ills_make(lots_synth_model *model, lots_error *err)
{
    void *room;
    model->condition_count = lots_synth_condition_row_count;
    model->acute_count = lots_synth_acute_row_count;
    model->procedure_count = lots_synth_procedure_row_count;
    if (model->condition_count > LOTS_SYNTH_CONDITIONS_MAX || model->acute_count > 64 || model->procedure_count > 64)
        return lots_fail(err, LOTS_INTERNAL, "the model's tables are larger than their room");
    LOTS_TRY(lots_arena_alloc(&model->arena, &room, model->condition_count, sizeof *model->conditions, err));
    model->conditions = room;
    LOTS_TRY(lots_arena_alloc(&model->arena, &room, model->acute_count, sizeof *model->acutes, err));
    model->acutes = room;
    LOTS_TRY(lots_arena_alloc(&model->arena, &room, model->procedure_count, sizeof *model->procedures, err));
    model->procedures = room;
    for (uint32_t i = 0; i < model->condition_count; i++)
        LOTS_TRY(make_condition(model, i, err));
    for (uint32_t i = 0; i < model->acute_count; i++)
        LOTS_TRY(make_acute(model, i, err));
    for (uint32_t i = 0; i < model->procedure_count; i++)
        LOTS_TRY(make_procedure(model, i, err));
    LOTS_TRY(add_known(model, err));
    LOTS_TRY(add_groups(model, err));
    return make_draws(model, err);
}
