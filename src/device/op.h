/* op.h - what an op is, for the files in ops/ and for passes and backends.
 *
 * One file in ops/ is one family: its types (const tables, listed in
 * ops/list.h), the function layers call (declared in ops.h), the gradient rule
 * and the plain C that defines what it computes.
 */
#ifndef CREMA_DEVICE_OP_H
#define CREMA_DEVICE_OP_H

#include "device/learn.h"
#include "device/program.h"

struct crema_op_type {
    const char *name;   /* "conv", "conv_bwd_data" */
    size_t params_size; /* of what op->params points to */

    /* 1 + index of the input whose memory out[0] may take when that input dies
     * here; 0: none.  Element i of the output may then depend on element i of
     * that input alone. */
    int overwrites;
    unsigned mutates; /* bit i: in[i], a PARAM, is written too */
    /* Works on any layout that all its full-size operands share: operands of
     * out[0]'s (or in[0]'s) shape follow it, others are dense.  Padding stays
     * zero where keeps_zero. */
    bool elementwise, keeps_zero;
    int workspace; /* index of the out[] that only the same
                      backend's gradient reads; 0: none */

    /* out[k]->grad is set, or NULL where nothing flows back (at least one is
     * set).  Records what gives the crema_grad_part()s of the inputs. */
    void (*gradient)(struct crema_program *, struct crema_op *);
    /* The definition: every tensor dense, float32 (I32 where the role says),
     * in host memory. */
    enum crema_status (*ref)(struct crema_ctx *, const struct crema_op *);
    /* Multiplications and additions of one run; NULL: counted as none. */
    double (*flops)(const struct crema_op *);
};

/* Appends an op with nout new VALUE tensors of the given shapes; they need a
 * gradient when an input does and the type has a rule.  params is copied.
 * NULL, and the program failed, when out of memory or a shape is invalid. */
struct crema_op *crema_op_record(struct crema_program *,
                                 const struct crema_op_type *,
                                 const void *params, int nin,
                                 struct crema_tensor *const *in, int nout,
                                 const struct crema_shape *shapes);
/* The same with outputs that exist (crema_grad_part), as part of the gradient
 * of `forward`.  NULL outputs are allowed. */
struct crema_op *crema_op_record_into(struct crema_program *,
                                      const struct crema_op_type *,
                                      const void *params, int nin,
                                      struct crema_tensor *const *in, int nout,
                                      struct crema_tensor *const *out,
                                      struct crema_op *forward);
/* Puts an op behind the last one; false when out of memory. */
bool crema_program_append(struct crema_program *, struct crema_op *);
/* A new contribution to dL/dX, to be some op's output; NULL: nobody wants it
 * (or x is NULL). */
struct crema_tensor *crema_grad_part(struct crema_program *,
                                     struct crema_tensor *x);
/* Marks the program failed; returns NULL. */
struct crema_tensor *crema_op_refuse(struct crema_program *, const char *fmt,
                                     ...) CREMA_PRINTF(2, 3);

/* Data of operands in ref kernels.  Cast, for nvcc reads this as C++. */
static inline const float *crema_in(const struct crema_op *op, int i)
{
    return i < op->nin && op->in[i] ? (const float *)op->in[i]->data : NULL;
}

static inline float *crema_out(const struct crema_op *op, int i)
{
    return i < op->nout && op->out[i] ? (float *)op->out[i]->data : NULL;
}

#define X(name) extern const struct crema_op_type crema_op_##name;
#include "device/ops/list.h"
#undef X

#endif
