/* unary.h - what ops on single elements keep: which formula, of which numbers.
 */
#ifndef CREMA_DEVICE_OPS_UNARY_H
#define CREMA_DEVICE_OPS_UNARY_H

#include "device/ops.h"

/* What a formula's slope is computed from. */
enum crema_reads { CREMA_READS_X, CREMA_READS_Y };

struct crema_unary_params {
    enum crema_unary_formula formula;
    float p[CREMA_FORMULA_NUMBERS];
};

#endif
