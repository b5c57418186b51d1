/* trial.h - a convolution and its gradients, timed alone. */
#ifndef CREMA_DEVICE_PROGRAM_TRIAL_H
#define CREMA_DEVICE_PROGRAM_TRIAL_H

#include "device/backend.h"

/* The three ops of a convolution. */
enum crema_conv_role {
    CREMA_CONV_FORWARD,
    CREMA_CONV_DATA,
    CREMA_CONV_WEIGHTS,
    CREMA_CONV_ROLES
};
enum crema_conv_role crema_conv_role(const struct crema_op *);

/* What a trial found about one arrangement.  Where an op was not tried its
 * seconds are 0. */
struct crema_conv_times {
    double seconds[CREMA_CONV_ROLES]; /* for one image */
    /* of W, and of dW for WEIGHTS */
    struct crema_layout weights[CREMA_CONV_ROLES];
    bool reads_dense; /* forward takes X as the host writes it */
};

struct crema_trial {
    const struct crema_op *forward; /* of the convolution that was tried */
    bool gradient[CREMA_CONV_ROLES];
    bool all_images; /* else a few stand for them */
    unsigned tried;  /* bit a: as arrangement a */
    struct crema_conv_times as[CREMA_ARRANGEMENTS];
    double moved, moving; /* by reorders: bytes read and written, seconds */
    struct crema_trial *next;
};

/* Runs a copy of t->forward, on a few images of zeros, in arrangement a and
 * fills in what it found.  threads: as crema_program has it. */
enum crema_status crema_trial_run(struct crema_device *, struct crema_trial *t,
                                  enum crema_arrangement a,
                                  int threads) CREMA_MUST_USE;

/* Seconds that a pass over `count` numbers takes for each byte it reads or
 * writes: in cache where so many fit there. */
enum crema_status crema_trial_move(struct crema_device *, int64_t count,
                                   int threads,
                                   double *per_byte) CREMA_MUST_USE;

#endif
