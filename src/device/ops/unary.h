/* unary.h - the unary formulas as loops, for ref and for backends. */
#ifndef CREMA_DEVICE_OPS_UNARY_H
#define CREMA_DEVICE_OPS_UNARY_H

#include "device/ops.h"

enum crema_reads { CREMA_READS_X, CREMA_READS_Y };

struct crema_unary_params {
    enum crema_unary_formula formula;
    float p[CREMA_FORMULA_NUMBERS];
};

struct crema_unary_table {
    const char *name;
    enum crema_reads reads;          /* what backward gets: x or y */
    bool keeps_zero;
    /* y[0..n) from x; both may be the same memory */
    void (*forward)(const float *p, int64_t n, const float *x, float *y);
    /* dx from v (x or y, see reads) and dy; dx may be dy's memory */
    void (*backward)(const float *p, int64_t n, const float *v, const float *dy,
                     float *dx);
};

extern const struct crema_unary_table crema_unary_table[CREMA_UNARY_FORMULAS];

#endif
