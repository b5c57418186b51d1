/* learn.h - what a solver may ask.  Floor 1.
 *
 * As ops.h has it, of weights, their gradients and losses (ops/update.c,
 * local_rate.c, loss_scale.c, loss_ring.c).
 */
#ifndef CREMA_DEVICE_LEARN_H
#define CREMA_DEVICE_LEARN_H

#include "device/formula/local_rate.h"
#include "device/formula/loss_scale.h"
#include "device/ops.h"

/* How a param's gradient becomes its update; rules in formula/rules.h. */
enum crema_rule {
#define X(name, histories) CREMA_RULE_##name,
#include "device/formula/rules.h"
#undef X
    CREMA_RULES
};
struct crema_update {
    enum crema_rule rule;
    float lr_mult; /* times the program's rate */
    float scale;   /* of dW: 1 / iter_size */
    float decay;   /* times decay_mult */
    bool l1;       /* decay sign(w) instead of decay w */
    bool decouples; /* decay shrinks the weight by rate decay itself, and is no
                       part of its gradient */
    float momentum, momentum2, delta, rms_decay;
};
/* g = scale clip dW + decay W; the rule changes W and its histories h0, h1
 * (NULL where the rule has none).  clip: scalar tensor or NULL.  local: scalar
 * by which this weight's rate is multiplied, or NULL.  Nothing changes where
 * clip is below 0, or the program has a ring whose entry 0 is not 0. */
void crema_update(struct crema_program *, const struct crema_update *,
                  struct crema_tensor *w, struct crema_tensor *dw,
                  struct crema_tensor *h0, struct crema_tensor *h1,
                  struct crema_tensor *clip, struct crema_tensor *local);
/* Scalar, for crema_update's local (formula/local_rate.h).  h: the history
 * whose direction counts, and correlation: a param [1], which changes; both or
 * neither.  clip may be NULL. */
struct crema_tensor *
crema_local_rate(struct crema_program *, const struct crema_local_rate *,
                 struct crema_tensor *w, struct crema_tensor *dw,
                 struct crema_tensor *h, struct crema_tensor *correlation,
                 struct crema_tensor *clip);
/* sum += x, where sum is a param: gradients over iter_size passes. */
void crema_accumulate(struct crema_program *, struct crema_tensor *sum,
                      struct crema_tensor *x);
/* param = 0 */
void crema_clear(struct crema_program *, struct crema_tensor *param);
/* Scalar min(1, threshold / norm of all X together). */
struct crema_tensor *crema_clip_factor(struct crema_program *, float threshold,
                                       int n, struct crema_tensor *const *x);
/* Scalar: the sum of the squares of all X together. */
struct crema_tensor *crema_square_sum(struct crema_program *, int n,
                                      struct crema_tensor *const *x);
/* Scalar, for crema_update's clip, which divides gradients by the loss's scale
 * and clips them; below 0 where one was not finite.  squares: of all gradients;
 * state: a param [2], the scale and the steps since it changed, which changes
 * with it. */
struct crema_tensor *crema_loss_scale(struct crema_program *,
                                      const struct crema_loss_scaling *,
                                      struct crema_tensor *squares,
                                      struct crema_tensor *state);
/* The last losses, for a host that does not wait for each: the total of
 * weight[i] loss[i], scalars, goes to entry 1 + step % CREMA_RING of the
 * program's ring, and entry 0 becomes 1 for good when a total is not finite.
 * At most CREMA_RING_LOSSES. */
enum { CREMA_RING = 64, CREMA_RING_LOSSES = 16 };
void crema_loss_ring(struct crema_program *, int n,
                     struct crema_tensor *const *loss, const float *weight);
/* How many history tensors a rule has. */
int crema_rule_histories(enum crema_rule);

#endif
