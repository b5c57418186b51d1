/* recurrent.h - what layers that walk through time share.
 *
 * Bottoms: X[T,N,..], cont[T,N] (0 where a sequence begins), perhaps a static
 * input [N,..], and with expose_hidden the states before the first step, each
 * [1,N,H].  Without it the states are carried from one pass to the next.
 */
#ifndef CREMA_LAYERS_RECURRENT_H
#define CREMA_LAYERS_RECURRENT_H

#include "layers/layer.h"

extern const struct crema_param_doc crema_recurrent_param_doc;

enum { CREMA_MAX_CARRIED = 2 };

/* What a layer's `state` is. */
struct crema_recurrent {
    struct crema_param carried[CREMA_MAX_CARRIED];
};

/* While recording. */
struct crema_walk {
    struct crema_layer *layer;
    int64_t steps, batch, hidden;  /* T, N, H */
    int64_t inputs, static_inputs; /* of X, of the static bottom */
    struct crema_tensor *x;        /* [T N, inputs] */
    struct crema_tensor *still;    /* [N, static_inputs]; or NULL */
    struct crema_tensor **cont;    /* [steps], each [N] */
    struct crema_tensor *state[CREMA_MAX_CARRIED]; /* before the first step,
                                                      then after the last */
    int nstates, nweights; /* nweights: asked for so far */
    struct crema_arena arena;
};

enum crema_status crema_recurrent_setup(struct crema_layer *) CREMA_MUST_USE;
void crema_recurrent_free(struct crema_layer *);
struct crema_param *crema_recurrent_carried(const struct crema_layer *, int k);

/* Records all steps.  From w->state, before the first, walk makes y[steps],
 * each [N,H], which become top 0, and leaves in w->state what is there after
 * the last: it is carried on, or becomes the tops behind. */
typedef enum crema_status crema_walk_fn(struct crema_walk *w,
                                        struct crema_tensor **y);
/* nstates: h, or h and c. */
enum crema_status crema_recurrent_record(struct crema_layer *, int nstates,
                                         crema_walk_fn *walk) CREMA_MUST_USE;
/* The layer's next weight of `rows` x `columns`, or its next bias [rows]. */
struct crema_tensor *crema_walk_weight(struct crema_walk *, int64_t rows,
                                       int64_t columns);
struct crema_tensor *crema_walk_bias(struct crema_walk *, int64_t rows);
/* What X and the static bottom give each step: [steps], each [N, rows]. */
struct crema_tensor **crema_walk_inputs(struct crema_walk *, int64_t rows);
/* state[N,H], 0 where a sequence begins at this step */
struct crema_tensor *crema_walk_continue(struct crema_walk *, int64_t step,
                                         struct crema_tensor *state);

#endif
