/* key_source.c: see key_source.h. */
#include "query/exec/key_source.h"

#include "query/exec/key_day.h"

void lots_keyer_of_source(lots_keyer *keyer, uint32_t column, const lots_expr *key)
{
    lots_key_band band;
    if (lots_key_of_day(key))
        lots_keyer_of_day(keyer, column, key->op);
    if (key->op == LOTS_OP_PATH_NAMES)
        lots_keyer_of_path(keyer, column, key);
    if (lots_key_of_band(key, &band))
        lots_keyer_of_band(keyer, column, &band);
}

lots_status lots_key_source(const lots_expr *key, lots_worker *worker, const lots_instance *rows, lots_vector *out, lots_error *err)
{
    lots_key_band band;
    const bool banded = lots_key_of_band(key, &band);
    LOTS_TRY(lots_eval(worker, banded || lots_key_of_day(key) || key->op == LOTS_OP_PATH_NAMES ? key->operands[0] : key, rows, out, err));
    return banded && !lots_key_band_holds(&band, out) ? lots_eval(worker, key, rows, out, err) : LOTS_OK;
}
