/* timing.h - what crema time has measured, and how it is told. */
#ifndef CREMA_TOOLS_TIMING_H
#define CREMA_TOOLS_TIMING_H

#include "job.h"

/* Ops of one layer (or of all) in one direction; sums over all iterations. */
struct timing_part {
    int ops;
    double seconds;
    double reorders;     /* seconds thereof that only changed layouts */
    double flops, bytes; /* of one iteration; bytes read and written */
};

struct timing {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    long iterations;
    const char *json;
    bool backward;
    double *op, *best;             /* seconds of each op: all runs, the best */
    int *layer_of;                 /* of each op, or nlayers: of no layer */
    struct timing_part (*part)[2]; /* [nlayers + 1]: forward, backward */
    struct timing_part sum[2];
    double whole[2], waited; /* without a clock at each op */
};

double timing_ms(const struct timing *, double seconds);
/* Seconds that the ops took in both directions. */
double timing_ops(const struct timing *);
/* Seconds of the whole that neither an op took nor the data's sources: the
 * difference of two measurements, so below 0 now and then. */
double timing_outside(const struct timing *);
/* The implementations of a layer's ops, in order, each once: "jit, own". */
enum { TIMING_NAMES = 256 };
const char *timing_names(const struct timing *, int layer, int backward,
                         char out[TIMING_NAMES]);

/* Caffe's lines, in the log as there. */
void timing_log(struct timing *);
/* A row for each layer, and sums; to stdout. */
enum crema_status timing_table(struct timing *) CREMA_MUST_USE;
/* All of it, to t->json; "-": stdout. */
enum crema_status timing_json(struct timing *) CREMA_MUST_USE;

#endif
