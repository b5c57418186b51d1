/* type.h - the contract between a net and a layer.  Floor 3; installed, for
 * plugins.
 *
 * A layer is one file and one const table.  setup() reads and checks the
 * parameters once; record() says, in ops, what the tops are, and comes again
 * whenever a bottom's shape changes.  Gradients, layouts, in-place and fusion
 * follow from the ops; a layer never sees data, except a source of data, whose
 * next() hands over host memory, and one that brings C of its own
 * (crema_host).
 */
#ifndef CREMA_LAYERS_TYPE_H
#define CREMA_LAYERS_TYPE_H

#include "device/ops.h"
#include "layers/doc.h"

struct crema_cuts;
struct crema_layer;
struct crema_lender;
struct crema_source;
/* Of the schema, which plugins need not know. */
typedef struct Crema__LayerParameter Crema__LayerParameter;
typedef struct Crema__FillerParameter Crema__FillerParameter;

/* One INPUT of which a top is made by ops, and what goes there. */
struct crema_part {
    struct crema_tensor *const *to; /* as recorded last */
    const void *data;               /* in the tensor's own type */
    const struct crema_cuts *cuts;  /* or these, where the tensor takes them */
};

/* One top of a source of data, valid until next() was called as often as
 * lender->holds says. */
struct crema_batch {
    struct crema_shape shape;
    const float *data;               /* dense; NULL: */
    struct crema_part part[2];
    bool same;                       /* as handed over last time */
};

struct crema_layer_type {
    const char *name;                /* as in prototxt: type: "InnerProduct" */
    int min_bottoms, max_bottoms;    /* max -1: any number */
    int min_tops, max_tops;
    size_t state_size;               /* bytes of private state, zeroed */
    bool loss;                       /* loss_weight of top 0 is 1 by default */
    const struct crema_layer_doc *doc;

    /* Reads and checks the parameters; no shapes are known yet.  May be NULL. */
    enum crema_status (*setup)(struct crema_layer *);
    /* bottom[] -> top[], into l->program.  Ops' failures are sticky, so a
     * record() need not look at what they return. */
    enum crema_status (*record)(struct crema_layer *);
    void (*free)(struct crema_layer *);  /* what state holds; may be NULL */

    /* Input only: top k has this shape when recorded from now on. */
    enum crema_status (*reshape)(struct crema_layer *, int k,
                                 const struct crema_shape *);

    /* MemoryData only: top k is dealt out of these dense values from now on,
     * which are copied. */
    enum crema_status (*deal)(struct crema_layer *, int k,
                              const struct crema_shape *, const float *values);

    /* The k-th tensor that is carried from one pass to the next; NULL behind the
     * last.  May be NULL. */
    struct crema_param *(*carried)(const struct crema_layer *, int k);

    /* Sources of data only. */
    /* The next batch of each top; the net reshapes where it must. */
    enum crema_status (*next)(struct crema_layer *, struct crema_batch *tops);
    /* Names item `i` of the batch last handed over, for messages: its record's
     * key.  May be NULL. */
    const char *(*item)(const struct crema_layer *, int64_t i);
    /* Records handed over so far, and how to go on from there. */
    uint64_t (*position)(const struct crema_layer *);
    enum crema_status (*seek)(struct crema_layer *, uint64_t position);
    /* How many one pass over all of them has; may be NULL. */
    uint64_t (*records)(const struct crema_layer *);
    /* Seconds next() has waited for data so far. */
    double (*waited)(const struct crema_layer *);
    /* Different records left out so far, as the lender wants it. */
    uint64_t (*left_out)(const struct crema_layer *);
};

struct crema_layer {
    const struct crema_layer_type *type;
    const Crema__LayerParameter *param;  /* borrowed */
    const struct crema_source *source;   /* of param; borrowed */
    struct crema_lender *lender;         /* borrowed */
    struct crema_ctx *ctx;               /* the lender's */
    bool train;                          /* phase */
    void *state;                         /* type->state_size bytes */
    struct crema_program *program;       /* while recording */
    int nbottoms, ntops;
    int nweights;                        /* asked for while recording */
    struct crema_tensor **bottom, **top; /* while recording */
};

/* CREMA_EINVAL with the place of `field` of the layer's parameters (or of the
 * layer itself where the field was left to its default; field may be NULL). */
enum crema_status crema_layer_fail(const struct crema_layer *,
                                   const void *field, const char *fmt, ...)
    CREMA_PRINTF(3, 4) CREMA_MUST_USE;

/* Passes on a failure of something below, with that place before its reason. */
enum crema_status crema_layer_blame(const struct crema_layer *,
                                    const void *field,
                                    enum crema_status) CREMA_MUST_USE;

/* Weight i of the layer: made and filled on first use, shared where the
 * prototxt's param names say so, looked up when the net is recorded again or
 * belongs to a test net.  filler NULL: Caffe's default, constant 0.  NULL, and
 * the program failed, when it cannot be had. */
struct crema_tensor *crema_layer_weight(struct crema_layer *, int i,
                                        const struct crema_shape *,
                                        const Crema__FillerParameter *filler);

/* The same for what the layer keeps by itself: lr_mult is 0, nothing else may
 * be asked for, and no gradient is taken. */
struct crema_tensor *crema_layer_statistic(struct crema_layer *, int i,
                                           const struct crema_shape *);

/* Either of the two as [C], one number a channel, where files have it as
 * 1 x C x 1 x 1; lr_mult of a statistic counts for nothing, as in the forks. */
struct crema_tensor *
crema_layer_channels(struct crema_layer *, int i, int64_t channels,
                     bool statistic, const Crema__FillerParameter *filler);

/* For a layer's own C: a top's size is another than recorded.  To be returned;
 * the net is recorded again and the pass repeated. */
enum crema_status
crema_layer_resize(const struct crema_layer *) CREMA_MUST_USE;

/* Caffe's axis: negative ones count from the end.  Fails, naming the field,
 * when it is not in [-ndims, ndims). */
enum crema_status crema_layer_axis(const struct crema_layer *,
                                   const void *field, int axis, int ndims,
                                   int *out) CREMA_MUST_USE;

/* ---- parameters of a plugin's layer: plugin_param { name: .. number: .. }
 *
 * The net has checked that a name is one of the layer's doc, and there once. */

/* For crema_layer_fail: where the parameter stands; NULL: it is not given. */
const void *crema_layer_option(const struct crema_layer *, const char *name);
/* Its one number, or `usual` when it is not given.  CREMA_EINVAL when it is
 * none, several, or not in [least, most]. */
enum crema_status crema_layer_number(const struct crema_layer *,
                                     const char *name, double usual,
                                     double least, double most,
                                     double *out) CREMA_MUST_USE;
/* All its numbers; how many. */
size_t crema_layer_numbers(const struct crema_layer *, const char *name,
                           const double **out);
/* Its text, or `usual`. */
const char *crema_layer_text(const struct crema_layer *, const char *name,
                             const char *usual);
/* crema_layer_weight, filled as the parameter's filler says; when it is not
 * given, every element is `usual`. */
struct crema_tensor *crema_layer_filled(struct crema_layer *, int i,
                                        const struct crema_shape *,
                                        const char *name, float usual);

#endif
