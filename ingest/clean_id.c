/* clean_id.c: ids of persons. A personnummer is told from other numbers by its digits and its date; only then
 * does its check digit count, so that a reserve number is never called a mistake. */
#include "ingest/clean.h"

#include <string.h>

#include "core/base/day.h"

#define COORDINATION_DAYS 60 /* added to the day of a samordningsnummer */

static bool all_digits(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

static int32_t number_of(const char *digits, unsigned count)
{
    int32_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value = value * 10 + (digits[i] - '0');
    return value;
}

/* The parts of a date in an id. `known` is false for a samordningsnummer without day or month. */
typedef struct id_date {
    int32_t year;
    int32_t month;
    int32_t day;
    bool coordination;
    bool known;
} id_date;

/* Digits yyyymmdd; false when there is no such day. */
static bool read_id_date(const char digits[12], id_date *out)
{
    int32_t day = number_of(digits + 6, 2);
    out->year = number_of(digits, 4);
    out->month = number_of(digits + 4, 2);
    out->coordination = day >= COORDINATION_DAYS;
    out->day = out->coordination ? day - COORDINATION_DAYS : day;
    out->known = !out->coordination || (out->day > 0 && out->month > 0);
    if (out->known)
        return out->year > 0 && lots_civil_valid(out->year, out->month, out->day);
    return out->year > 0 && out->month <= 12 && out->day <= 31;
}

/* Put the century before ten digits that have none. */
static void put_century(char digits[12], bool plus, lots_day reference)
{
    lots_civil today = lots_day_to_civil(reference);
    int32_t short_year = number_of(digits + 2, 2);
    int32_t year = today.year - (today.year - short_year + 100) % 100;
    id_date date;
    if (plus)
        year -= 100;
    else if (year == today.year) {
        digits[0] = (char)('0' + year / 1000);
        digits[1] = (char)('0' + year / 100 % 10);
        bool later = read_id_date(digits, &date) && date.known &&
                     lots_day_from_civil(date.year, date.month, date.day) > reference;
        year -= later ? 100 : 0;
    }
    if (year < 0) /* a reference in antiquity */
        year = short_year;
    digits[0] = (char)('0' + year / 1000);
    digits[1] = (char)('0' + year / 100 % 10);
}

/* The twelve digits of a text in one of the forms. False for any other text. */
static bool read_digits(const char *text, size_t bytes, lots_day reference, char digits[12])
{
    bool split = bytes == 13 || bytes == 11;
    size_t head = bytes - (split ? 5 : 4);
    char sign = '-';
    if (bytes < 10 || bytes > 13)
        return false;
    if (split)
        sign = text[head];
    if (sign != '-' && !(sign == '+' && bytes == 11))
        return false;
    if (!all_digits(text, head) || !all_digits(text + bytes - 4, 4))
        return false;
    memcpy(digits + 8 - head, text, head);
    memcpy(digits + 8, text + bytes - 4, 4);
    if (head == 6)
        put_century(digits, sign == '+', reference);
    return true;
}

/* The check digit over the last ten (H. P. Luhn, US patent 2950048, 1960): every other digit doubled. */
static bool check_digit_right(const char digits[12])
{
    int sum = 0;
    for (unsigned i = 2; i < 12; i++) {
        int digit = (digits[i] - '0') * (i % 2 == 0 ? 2 : 1);
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

lots_clean lots_clean_person(const char *text, size_t bytes, lots_day reference, char digits[12], lots_person_id *out)
{
    id_date date;
    lots_clean_trim(&text, &bytes);
    if (bytes == 0)
        return LOTS_CLEAN_EMPTY;
    if (!read_digits(text, bytes, reference, digits) || !read_id_date(digits, &date)) {
        *out = (lots_person_id){LOTS_PERSON_RESERVE, text, bytes};
        return LOTS_CLEAN_OK;
    }
    lots_person_kind kind = date.coordination ? LOTS_PERSON_SAMORDNINGSNUMMER : LOTS_PERSON_PERSONNUMMER;
    *out = (lots_person_id){kind, digits, 12};
    return check_digit_right(digits) ? LOTS_CLEAN_OK : LOTS_CLEAN_CHECK_DIGIT;
}
