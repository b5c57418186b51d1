/* nearest.c - the known name that a mistyped one was meant to be.
 *
 * The distance counts letters put in, left out, replaced, and pairs swapped;
 * upper and lower case are the same letter.
 */
#include "proto/nearest.h"

#include <stdbool.h>
#include <string.h>

enum { LONGEST = 64, PARAM = 6 };

/* An ending that many share says nothing. */
static bool ends_in_param(const char *name, size_t n)
{
    return n > PARAM && memcmp(name + n - PARAM, "_param", PARAM) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][LONGEST + 1], *before = rows[0], *last = rows[1];
    size_t *row = rows[2];

    for (size_t j = 0; j <= m; j++) last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *spare = before;

        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);

            row[j] = least(last[j], row[j - 1]) + 1;
            row[j] = least(row[j], last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = last;
        last = row;
        row = spare;
    }
    return last[m];
}

void crema_nearest_try(struct crema_nearest *nearest, const char *candidate,
                       size_t length)
{
    size_t n = nearest->length, whole = length, far, d;

    if (ends_in_param(nearest->name, n) && ends_in_param(candidate, length)) {
        n -= PARAM;
        length -= PARAM;
    }
    if (n > LONGEST || length > LONGEST) return;
    far = (n > length ? n : length) / 4;

    if (far < 1) far = 1;
    d = distance(nearest->name, n, candidate, length);
    if (d > far || (nearest->best && d >= nearest->distance)) return;
    nearest->best = candidate;
    nearest->best_length = whole;
    nearest->distance = d;
}
