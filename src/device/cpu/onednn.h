/* onednn.h - what the files in cpu/ share; nothing outside includes it.
 *
 * oneDNN's own C interface differs between its versions 2 and 3.  What differs
 * is behind the functions of the first part: dnnl2.c or dnnl3.c has them.  The
 * rest of the folder speaks of layouts and primitive descriptors only.
 */
#ifndef CREMA_DEVICE_CPU_ONEDNN_H
#define CREMA_DEVICE_CPU_ONEDNN_H

#include "device/backend.h"

#include <oneapi/dnnl/dnnl.h>

/* What device->state points to. */
struct crema_cpu {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int threads; /* at least 1 */
};

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

struct crema_layout crema_dn_any(const struct crema_shape *);
/* Float32, and nothing of it is split or hidden. */
bool crema_cpu_plain(const struct crema_layout *);

/* The layouts that our own kernels know, all float32.  A kind above LAST is
 * the number of channels in a block: 8 is nChw8c. */
enum { CREMA_CPU_OTHER = -1, CREMA_CPU_DENSE = 0, CREMA_CPU_LAST = 1 };
int crema_cpu_kind(const struct crema_layout *, const struct crema_shape *);
struct crema_layout crema_cpu_layout(int kind, const struct crema_shape *);
/* For ops that work on any layout which all their operands share: they get that
 * of the first whose layout is decided, without padding unless `padding`. */
void crema_cpu_follow(const struct crema_op *, bool padding,
                      struct crema_port in[], struct crema_port out[]);
/* How full vectors want the channels blocked here: 16 or 8. */
int crema_cpu_block(void);

/* N x C x S, S being all spatial axes.  Each of the kinds above is row-major
 * over [n][blocks][s][lanes], where channel c is lane c % lanes of block
 * c / lanes: dense has one lane, channels-last one block, and so has dense
 * where S is 1. */
struct crema_cpu_view {
    int64_t n, c, s, blocks, lanes; /* blocks lanes may be more than c */
};
/* The layout is of a known kind; ndims at least 2. */
struct crema_cpu_view crema_cpu_view(const struct crema_layout *,
                                     const struct crema_shape *);

/* ---- parallel.c ---------------------------------------------------------- */

/* Loops of our own are compiled for several instruction sets; what the
 * processor has is found when the library is loaded. */
#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 12 &&              \
    !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define CREMA_CPU_CLONES                                                       \
    __attribute__((                                                            \
        target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CREMA_CPU_CLONES
#endif

/* fn(user, from, to) over parts of 0..n.  The parts depend on n and the number
 * of threads alone; each is a multiple of `grain` but for the last, and a
 * thread gets at least one grain. */
typedef void crema_cpu_part(const void *user, int64_t from, int64_t to);
void crema_cpu_parts(int threads, int64_t n, int64_t grain, crema_cpu_part *,
                     const void *user);
/* Of the device that runs op. */
int crema_cpu_threads(const struct crema_op *);

/* ---- channels.c: loops that treat each channel alike ----------------------
 */

/* Work is divided into units: up to 16 channels that lie side by side, or one
 * channel of a dense tensor. */
enum { CREMA_CPU_UNIT = 16 };
int64_t crema_cpu_units(const struct crema_cpu_view *);
/* First channel of a unit; *count: how many, those of the padding included. */
int64_t crema_cpu_unit_channels(const struct crema_cpu_view *, int64_t unit,
                                int64_t *count);

/* Sums over all images and positions, for each channel of a unit. */
enum crema_cpu_sum {
    CREMA_CPU_SUM,     /* x */
    CREMA_CPU_SQUARES, /* (x - mean)^2 */
    CREMA_CPU_DOT,     /* dy, and behind it dy (x - mean) */
};
void crema_cpu_sums(const struct crema_cpu_view *, int64_t unit,
                    enum crema_cpu_sum, const float *x, const float *dy,
                    const double mean[CREMA_CPU_UNIT],
                    double out[2][CREMA_CPU_UNIT]);

/* out = (x - mean) a + b, or ((x - mean) a + dy + b) e where dy is not NULL;
 * with numbers for each channel of a unit. */
struct crema_cpu_affine {
    float mean[CREMA_CPU_UNIT], a[CREMA_CPU_UNIT], b[CREMA_CPU_UNIT];
    float e[CREMA_CPU_UNIT];
};
void crema_cpu_apply(const struct crema_cpu_view *, int64_t unit,
                     const struct crema_cpu_affine *, const float *x,
                     const float *dy, float *out);

/* ---- the planners; each also says in a comment what it leaves to ref ----- */

/* The info of calls that are loops of our own. */
#define CREMA_CPU_OWN "own"

typedef enum crema_status crema_cpu_planner(struct crema_device *,
                                            struct crema_op *,
                                            struct crema_port in[],
                                            struct crema_port out[]);

crema_cpu_planner crema_cpu_conv, crema_cpu_conv_bwd_data,
    crema_cpu_conv_bwd_weights;
crema_cpu_planner crema_cpu_ip, crema_cpu_ip_bwd_data, crema_cpu_ip_bwd_weights;
crema_cpu_planner crema_cpu_pool, crema_cpu_pool_bwd;
crema_cpu_planner crema_cpu_windows, crema_cpu_windows_bwd;
crema_cpu_planner crema_cpu_lrn, crema_cpu_lrn_bwd;
crema_cpu_planner crema_cpu_softmax, crema_cpu_softmax_bwd;
crema_cpu_planner crema_cpu_concat, crema_cpu_slice, crema_cpu_reorder;
crema_cpu_planner crema_cpu_unary, crema_cpu_unary_bwd;
crema_cpu_planner crema_cpu_sum, crema_cpu_elementwise;
crema_cpu_planner crema_cpu_dropout;
crema_cpu_planner crema_cpu_update, crema_cpu_accumulate, crema_cpu_clear,
    crema_cpu_clip_factor;
crema_cpu_planner crema_cpu_batch_norm, crema_cpu_batch_norm_bwd,
    crema_cpu_batch_norm_global, crema_cpu_batch_norm_global_bwd;
crema_cpu_planner crema_cpu_scale, crema_cpu_scale_bwd_data,
    crema_cpu_scale_bwd_params;

#endif
