/* eval_statistic.c: 95% intervals of a share (Wilson, JASA 1927) and of a rate (Garwood, Biometrika 1936). No global
 * state: the C library's lgamma sets signgam, so the log-gamma here is our own. */
#include <math.h>
#include <string.h>

#include "query/exec/step.h"

#define Z95 1.959963984540054

static double wilson(double k, double n, bool low)
{
    const double p = k / n, z2 = Z95 * Z95;
    const double centre = p + z2 / (2 * n), spread = Z95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    const double bound = (low ? centre - spread : centre + spread) / (1 + z2 / n);
    return bound < 0 || (low && k == 0) ? 0 : bound > 1 || (!low && k == n) ? 1 : bound;
}

/* Lanczos (SIAM J. Numer. Anal. 1964), g = 7, 9 terms; x > 0. Relative error below 1e-14. */
static double log_gamma(double x)
{
    static const double terms[9] = {0.99999999999980993,  676.5203681218851,     -1259.1392167224028,
                                    771.32342877765313,   -176.61502916214059,   12.507343278686905,
                                    -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7};
    double sum = terms[0];
    for (int i = 1; i < 9; i++)
        sum += terms[i] / (x - 1 + i);
    const double t = x + 6.5;
    return 0.91893853320467274 + (x - 0.5) * log(t) - t + log(sum);
}

/* Regularised lower incomplete gamma P(a, x): series below a + 1, Lentz's continued fraction above. */
static double gamma_below(double a, double x)
{
    if (x <= 0)
        return 0;
    const double front = exp(a * log(x) - x - log_gamma(a));
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (int n = 1; n < 100000 && term > sum * 1e-17; n++)
            sum += term *= x / (a + n);
        return sum * front;
    }
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int n = 1; n < 100000; n++) {
        const double an = -n * (n - a);
        b += 2;
        d = 1 / (an * d + b);
        c = b + an / c;
        h *= d * c;
        if (fabs(d * c - 1) < 1e-16)
            break;
    }
    return 1 - front * h;
}

/* x with P(a, x) = p, by halving: 200 steps reach the last bit whatever the start. */
static double gamma_quantile(double a, double p)
{
    double low = 0, high = a + 10;
    while (gamma_below(a, high) < p)
        high *= 2;
    for (int i = 0; i < 200 && high - low > 1e-15 * high; i++) {
        const double middle = low + (high - low) / 2;
        if (gamma_below(a, middle) < p)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

static double poisson(double k, double time, bool low)
{
    if (low)
        return k == 0 ? 0 : gamma_quantile(k, 0.025) / time;
    return gamma_quantile(k + 1, 0.975) / time;
}

lots_status lots_eval_statistic(lots_step *step, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_step_strict(step, -1, out, err));
    const double *k = step->in[0].data, *n = step->in[1].data;
    const lots_op op = step->expr->op;
    const bool share = op == LOTS_OP_WILSON_LOW || op == LOTS_OP_WILSON_HIGH;
    const bool low = op == LOTS_OP_WILSON_LOW || op == LOTS_OP_POISSON_LOW;
    double *values = out->data;
    memset(values, 0, step->count * sizeof(double));
    for (uint32_t i = 0; i < step->count; i++) {
        if (lots_vector_is_missing(out, i))
            continue;
        if (!(n[i] > 0) || !(k[i] >= 0) || k[i] > 1e9 || (share && k[i] > n[i])) {
            LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
            lots_bit_set(out->missing, i);
            continue;
        }
        values[i] = share ? wilson(k[i], n[i], low) : poisson(k[i], n[i], low);
    }
    return LOTS_OK;
}
