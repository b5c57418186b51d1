/* number.c - how numbers are worded in logs and tables. */
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *crema_number_text(float value, char out[CREMA_NUMBER_TEXT])
{
    /* of nan the sign tells nothing, and not all machines set the same */
    if (isnan(value)) return strcpy(out, "nan");
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(out, CREMA_NUMBER_TEXT, "%.*g", digits, (double)value);
        if (strtof(out, NULL) == value) break;
    }
    return out;
}
