/* number.c - how numbers are worded in logs and tables. */
#include "base/number.h"

#include <stdio.h>
#include <stdlib.h>

const char *crema_number_text(float value, char out[CREMA_NUMBER_TEXT])
{
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(out, CREMA_NUMBER_TEXT, "%.*g", digits, (double)value);
        if (strtof(out, NULL) == value) break;
    }
    return out;
}
