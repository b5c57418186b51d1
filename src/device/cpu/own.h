/* own.h - what the loops of our own share, and the list of all planners.
 *
 * For the files in cpu/ and cpu/conv/ only.
 */
#ifndef CREMA_DEVICE_CPU_OWN_H
#define CREMA_DEVICE_CPU_OWN_H

#include "base/wide.h"
#include "device/backend.h"
#include "device/formula/bf16.h"

/* ---- layout.c ----------------------------------------------------------- */

/* Nothing of it is split or hidden. */
bool crema_cpu_plain(const struct crema_layout *);

/* The layouts that our own kernels know, whatever the type.  A kind above LAST
 * is the number of channels in a block: 8 is nChw8c. */
enum { CREMA_CPU_OTHER = -1, CREMA_CPU_DENSE = 0, CREMA_CPU_LAST = 1 };
int crema_cpu_kind(const struct crema_layout *, const struct crema_shape *);
struct crema_layout crema_cpu_layout(int kind, const struct crema_shape *,
                                     enum crema_type);
/* For ops that work on any layout which all their operands share: they get that
 * of the first whose layout is decided, without padding unless `padding`, but
 * as this type. */
void crema_cpu_follow(const struct crema_op *, bool padding, enum crema_type,
                      struct crema_port in[], struct crema_port out[]);
/* In which type an op on single elements should work: its own, but float32
 * where it reads a param, or makes a single number such as a loss. */
enum crema_type crema_cpu_type(const struct crema_op *);
/* How full vectors want the channels blocked here: 16 or 8. */
int crema_cpu_block(void);

/* N x C x S, S being all spatial axes.  Each of the kinds above is row-major
 * over [n][blocks][s][lanes], where channel c is lane c % lanes of block
 * c / lanes: dense has one lane, channels-last one block, and so has dense
 * where S is 1. */
struct crema_cpu_view {
    int64_t n, c, s, blocks, lanes; /* blocks lanes may be more than c */
    enum crema_type type;
};
/* The layout is of a known kind; ndims at least 2. */
struct crema_cpu_view crema_cpu_view(const struct crema_layout *,
                                     const struct crema_shape *);

/* ---- parallel.c ---------------------------------------------------------- */

/* Loops of our own are compiled for several instruction sets. */
#define CREMA_CPU_CLONES CREMA_WIDE

/* fn(user, from, to) over parts of 0..n.  The parts depend on n and the number
 * of threads alone; each is a multiple of `grain` but for the last, and a
 * thread gets at least one grain. */
typedef void crema_cpu_part(const void *user, int64_t from, int64_t to);
void crema_cpu_parts(int threads, int64_t n, int64_t grain, crema_cpu_part *,
                     const void *user);
/* Of the device that runs op. */
int crema_cpu_threads(const struct crema_op *);

/* ---- strips.c: values of 32 or 16 bits ----------------------------------- */

void crema_cpu_widen(int64_t n, const uint16_t *x, float *y);
void crema_cpu_narrow(int64_t n, const float *x, uint16_t *y);
/* fn on strips of all elements of op's tensors, which lie in the same order,
 * each as float32 or bf16.  in[i] and out[i] are NULL where op's are; out[0]
 * may be one of the inputs. */
typedef void crema_cpu_strip(const void *user, int64_t n,
                             const float *const in[], float *const out[]);
void crema_cpu_strips(const struct crema_op *, crema_cpu_strip *,
                      const void *user);

/* ---- channels*.c: loops that treat each channel alike --------------------- */

/* Work is divided into units: up to 16 channels that lie side by side, or one
 * channel of a dense tensor. */
enum { CREMA_CPU_UNIT = 16 };
int64_t crema_cpu_units(const struct crema_cpu_view *);
/* First channel of a unit; *count: how many it has, the padding not counted. */
int64_t crema_cpu_unit_channels(const struct crema_cpu_view *, int64_t unit,
                                int64_t *count);
/* How many units from `unit` on, below `to`, are best treated together because
 * they lie side by side. */
enum { CREMA_CPU_GROUP = 16 };
int crema_cpu_group(const struct crema_cpu_view *, int64_t unit, int64_t to);

/* For each channel of a unit; of the units of a group, one behind the other.
 * Formulas: formula/norm.h.  Zero for the channels of the padding. */
struct crema_cpu_affine {
    float mean[CREMA_CPU_UNIT], a[CREMA_CPU_UNIT], b[CREMA_CPU_UNIT];
    float k[CREMA_CPU_UNIT], d[CREMA_CPU_UNIT], e[CREMA_CPU_UNIT];
    float floor;
};
struct crema_cpu_moments {
    double mean[CREMA_CPU_UNIT];
    double squares[CREMA_CPU_UNIT]; /* sum of (x - mean)^2 */
};
struct crema_cpu_dots {
    double sum[CREMA_CPU_UNIT]; /* of what passes of dy */
    double dot[CREMA_CPU_UNIT]; /* of that times x - mean */
};

/* Over all images and positions of the n units from `unit` on, a group.  X and
 * what has its shape are of the view's type. */
void crema_cpu_moments(const struct crema_cpu_view *, int64_t unit, int n,
                       const void *x, struct crema_cpu_moments[]);
void crema_cpu_dots(const struct crema_cpu_view *, int64_t unit, int n,
                    struct crema_cpu_affine[], const void *x, const void *dy,
                    struct crema_cpu_dots[]);
/* out = (x - mean) a + b + z, at least `floor`; z may be NULL */
void crema_cpu_apply(const struct crema_cpu_view *, int64_t unit, int n,
                     struct crema_cpu_affine[], const void *x, const void *z,
                     void *out);
/* dx = e (dy + d + k (x - mean)), of dy what passes; dx may be dy */
void crema_cpu_apply_back(const struct crema_cpu_view *, int64_t unit, int n,
                          struct crema_cpu_affine[], const void *x,
                          const void *dy, void *dx);

/* ---- gemv.c ---------------------------------------------------------------
 */

/* A fully connected op, not transposed, whose weights may lie in w. */
bool crema_cpu_gemv_fits(const struct crema_op *, const struct crema_layout *w);
enum crema_status crema_cpu_gemv(struct crema_device *, struct crema_op *,
                                 const struct crema_layout *w,
                                 struct crema_port in[],
                                 struct crema_port out[]) CREMA_MUST_USE;

/* ---- the planners; each also says in a comment what it leaves to ref ----- */

/* The info of calls that are loops of our own. */
#define CREMA_CPU_OWN "own"

typedef enum crema_status crema_cpu_planner(struct crema_device *,
                                            struct crema_op *,
                                            struct crema_port in[],
                                            struct crema_port out[]);

crema_cpu_planner crema_cpu_conv, crema_cpu_conv_bwd_data,
    crema_cpu_conv_bwd_weights;
/* As backend.h has it; 0 for what is no convolution. */
unsigned crema_cpu_conv_arrangements(const struct crema_device *,
                                     const struct crema_op *,
                                     enum crema_arrangement *rule);
crema_cpu_planner crema_cpu_ip, crema_cpu_ip_bwd_data, crema_cpu_ip_bwd_weights;
crema_cpu_planner crema_cpu_pool, crema_cpu_pool_bwd, crema_cpu_pool_draw;
crema_cpu_planner crema_cpu_windows, crema_cpu_windows_bwd;
crema_cpu_planner crema_cpu_lrn, crema_cpu_lrn_bwd;
crema_cpu_planner crema_cpu_softmax, crema_cpu_softmax_bwd;
crema_cpu_planner crema_cpu_concat, crema_cpu_slice, crema_cpu_reorder;
crema_cpu_planner crema_cpu_unary, crema_cpu_unary_bwd;
crema_cpu_planner crema_cpu_sum, crema_cpu_elementwise;
crema_cpu_planner crema_cpu_dropout;
crema_cpu_planner crema_cpu_regions, crema_cpu_regions_bwd;
crema_cpu_planner crema_cpu_resize; /* and its gradient */
crema_cpu_planner crema_cpu_update, crema_cpu_accumulate, crema_cpu_clear,
    crema_cpu_clip_factor;
/* As struct crema_backend has it. */
bool crema_cpu_updates_copy(const struct crema_op *,
                            const struct crema_layout *copy);
crema_cpu_planner crema_cpu_batch_norm, crema_cpu_batch_norm_bwd,
    crema_cpu_batch_norm_global, crema_cpu_batch_norm_global_bwd;
crema_cpu_planner crema_cpu_scale, crema_cpu_scale_bwd_data,
    crema_cpu_scale_bwd_params;

#endif
