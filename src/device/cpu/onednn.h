/* onednn.h - oneDNN, as the files in cpu/ see it.
 *
 * oneDNN's own C interface differs between its versions 2 and 3.  What differs
 * is behind the functions of the first part: dnnl2.c or dnnl3.c has them.  The
 * rest of the folder speaks of layouts and primitive descriptors only.
 */
#ifndef CREMA_DEVICE_CPU_ONEDNN_H
#define CREMA_DEVICE_CPU_ONEDNN_H

#include "device/cpu/own.h"

#include <oneapi/dnnl/dnnl.h>

/* What device->state points to. */
struct crema_cpu {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int threads;       /* of the program whose turn it is; at least 1 */
    int outside;       /* OpenMP's number of threads before */
    unsigned *control; /* of each thread, before */
};

/* ---- turn.c */

void crema_cpu_begin(struct crema_device *, int threads);
void crema_cpu_end(struct crema_device *);

/* ---- dnnl2.c, dnnl3.c -------------------------------------------------- */

/* A memory descriptor that somebody else owns. */
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t crema_dn_md;
#else
typedef const dnnl_memory_desc_t *crema_dn_md;
#endif

enum crema_dn_kind {
    CREMA_DN_CONV,
    CREMA_DN_CONV_BWD_DATA,
    CREMA_DN_CONV_BWD_WEIGHTS,
    CREMA_DN_IP,
    CREMA_DN_IP_BWD_DATA,
    CREMA_DN_IP_BWD_WEIGHTS,
    CREMA_DN_POOL,
    CREMA_DN_POOL_BWD,
    CREMA_DN_SOFTMAX,
    CREMA_DN_SOFTMAX_BWD,
};

/* A primitive in plain numbers.  x w b y: source, weights, bias, destination;
 * where a gradient reads or writes their diffs instead, the diffs.  ndims 0:
 * absent; nblocks CREMA_DN_ANY: the library chooses. */
enum { CREMA_DN_ANY = -1 };
struct crema_dn {
    struct crema_layout x, w, b, y;
    bool train;             /* forward leaves a workspace */
    bool relu;              /* y = max(y, 0), fused in */
    bool winograd;          /* of a convolution: where the library has it */
    dnnl_alg_kind_t method; /* of pooling */
    dnnl_dims_t kernel, stride, dilation, left, right; /* dilation 0: none */
    int axis;                                          /* of softmax */
};

/* What `kind` needs for d, scratch memory being ours; hint: the forward's. */
dnnl_status_t crema_dn_describe(dnnl_engine_t, enum crema_dn_kind,
                                const struct crema_dn *d,
                                dnnl_primitive_desc_t hint,
                                dnnl_primitive_desc_t *);
dnnl_status_t crema_dn_describe_reorder(dnnl_engine_t,
                                        const struct crema_layout *from,
                                        const struct crema_layout *to,
                                        dnnl_primitive_desc_t *);
/* false: plain numbers do not say it. */
bool crema_dn_layout(crema_dn_md, struct crema_layout *);

/* ---- primitive.c: a call is a primitive, its arguments and nothing more -- */

/* Slots: in[i], out[i - CREMA_DN_OUT], and the shared buffer. */
enum { CREMA_DN_OUT = CREMA_MAX_PORTS, CREMA_DN_SCRATCH = 2 * CREMA_MAX_PORTS };

/* A slot is oneDNN's argument `id`; `query` asks a primitive descriptor for its
 * layout.  Lists end with id 0. */
struct crema_dn_arg {
    int slot, id;
    dnnl_query_t query;
    int index;
};

/* Of a convolution or inner product: x w [b] -> y, w dy -> dx,
 * x dy -> [dw] [db]. */
extern const struct crema_dn_arg crema_dn_forward_args[],
    crema_dn_bwd_data_args[], crema_dn_bwd_weights_args[];

/* Leaves op->call and the want of every port in args that exists.  forward:
 * for a gradient, what its forward was made from.  An op that the library
 * cannot do is CREMA_EUNSUPPORTED. */
enum crema_status crema_dn_plan(struct crema_device *, struct crema_op *,
                                enum crema_dn_kind, const struct crema_dn *,
                                const struct crema_dn *forward,
                                const struct crema_dn_arg *args,
                                struct crema_port in[],
                                struct crema_port out[]) CREMA_MUST_USE;
enum crema_status
crema_dn_plan_reorder(struct crema_device *, struct crema_op *,
                      const struct crema_layout *from,
                      const struct crema_layout *to) CREMA_MUST_USE;
/* The call that planning left is the library's plain loops. */
bool crema_dn_is_slow(const struct crema_op *);
/* It is not wanted. */
void crema_dn_drop(struct crema_op *);
/* CREMA_EUNSUPPORTED without a word where the library only cannot, else the
 * failure with layer and op named. */
enum crema_status crema_dn_failed(struct crema_device *,
                                  const struct crema_op *, dnnl_status_t,
                                  const char *what) CREMA_MUST_USE;

/* In functions with `dev` and `op`. */
#define CREMA_DN_TRY(call)                                                     \
    do {                                                                       \
        dnnl_status_t dn_status_ = (call);                                     \
        if (dn_status_ != dnnl_success)                                        \
            return crema_dn_failed(dev, op, dn_status_, #call);                \
    } while (0)

/* ---- layout.c ----------------------------------------------------------- */

struct crema_layout crema_dn_any(const struct crema_shape *, enum crema_type);
dnnl_data_type_t crema_dn_type(enum crema_type);
/* The way back; false: it is none of ours. */
bool crema_dn_type_from(dnnl_data_type_t, enum crema_type *);

#endif
