/* program.h - a recorded program.  Floor 1; for passes, ops and backends.
 *
 * A program is a list of ops on tensors.  A tensor is written once, and ops
 * stand in the order in which they run, so every pass is a walk over op[].
 * Failure while recording is sticky: the reason is in the ctx, `failed` is
 * set, and recording functions given NULL return NULL.
 *
 *   record ... crema_program_differentiate ... record updates
 *   crema_program_prepare    fuse, layouts, memory: nothing can be added now
 *   crema_program_run        walks the prepared calls of a stage
 */
#ifndef CREMA_DEVICE_PROGRAM_H
#define CREMA_DEVICE_PROGRAM_H

#include "base/arena.h"
#include "device/cuts.h"
#include "device/tensor.h"

struct crema_device;
struct crema_backend;
struct crema_call;
struct crema_op_type;

enum crema_role {
    CREMA_VALUE, /* made and used within one step: lives in the arena */
    CREMA_INPUT, /* dense, written by the host between runs */
    CREMA_PARAM, /* lives on between steps, may belong to several programs */
};

/* What outlives a program: weights, statistics, momentum.  The first program
 * prepared over it decides its layout (always float32); later ones reorder if
 * they must.  Until then `data` is dense. */
struct crema_param {
    const char *name; /* "conv1[0]"; for messages and reports */
    struct crema_shape shape;
    struct crema_device *dev; /* borrowed; owns the memory of data */
    bool settled;
    struct crema_layout layout;
    void *data; /* NULL until it has values: then zero */
    uint64_t version; /* counts changes of the values */
};

/* How the images of an op lie that can be run in several ways. */
enum crema_arrangement {
    CREMA_RULE,     /* as the backend's own rule says */
    CREMA_BLOCKED,  /* as the library likes best: channels in blocks */
    CREMA_LAST,     /* channels innermost */
    CREMA_PACKED,   /* likewise, by matrix products of the device's own */
    CREMA_WINOGRAD, /* in blocks, and computed by Winograd's method */
    CREMA_ARRANGEMENTS
};

/* Where a program's arrangements come from. */
enum crema_chosen {
    CREMA_BY_RULE,
    CREMA_MEASURED,
    CREMA_FOLLOWED, /* an earlier choice */
    CREMA_FORCED,   /* the user's word */
};

/* What a tensor's memory is counted as. */
enum crema_use {
    CREMA_USE_VALUE,      /* blobs and their gradients */
    CREMA_USE_WORKSPACE,  /* what an op leaves for its gradient */
    CREMA_USE_PARAM_GRAD, /* gradients of params */
    CREMA_USE_FORWARD,    /* params that forward reads */
    CREMA_USES
};

struct crema_tensor {
    const char *name; /* the blob's; may be NULL */
    struct crema_shape shape;
    enum crema_role role;
    enum crema_type type;      /* of an INPUT */
    struct crema_param *param; /* of a PARAM */
    bool keep;                 /* may be read after the run: own memory */
    bool streamed;             /* an INPUT of which each step has another */
    bool decoded;              /* ... and which holds cuts, perhaps encoded */
    void *feed;                /* ... and the device's way for it, or NULL */
    bool needs_grad;
    int64_t labels; /* of an INPUT that holds labels: they are
                       in [0, labels); 0: anything goes */
    bool ignores;   /* ... or this one */
    int ignore_label;
    struct crema_tensor *grad; /* dL/dX, once differentiated; or NULL */
    struct crema_tensor *parts, *sibling; /* contributions to dL/dX so far */
    /* while arrangements are chosen: where it lies, and in which others there
       are copies of it */
    enum crema_arrangement lies;
    unsigned lies_too; /* bit a: as arrangement a */
    /* by the layout pass */
    struct crema_ballot *ballots; /* of a PARAM */
    bool settled;
    struct crema_layout layout;
    struct crema_tensor *copies, *next_copy; /* same numbers, other layouts */
    bool constant; /* made of params that stand still */
    /* by the memory pass */
    enum crema_use use;
    struct crema_tensor *storage; /* whose memory it shares, or itself */
    int born, dies;               /* op indices */
    size_t offset;
    void *data;                /* device memory */
    struct crema_tensor *next; /* in the program, newest first */
};

struct crema_op {
    const struct crema_op_type *type;
    const void *params; /* type->params_size bytes: numbers only */
    int nin, nout;
    struct crema_tensor **in, **out; /* optional ones may be NULL */
    struct crema_layout *want;       /* [nin], as agreed with the backend */
    bool relu;                       /* out[0] = max(out[0], 0), fused in */
    struct crema_op *forward;        /* of a gradient op: what it belongs to */
    enum crema_arrangement arrangement;
    const char *layer;               /* who recorded it */
    /* The type in which values that it reads and writes lie where the backend
     * can, and its gradient's.  Params, statistics and losses are float32. */
    enum crema_type storage, grad_storage;
    unsigned refused;                /* bit i: the device's backend i */
    const struct crema_backend *backend;
    struct crema_call *call; /* NULL: nothing to run */
};

enum crema_stage { CREMA_FORWARD, CREMA_BACKWARD, CREMA_UPDATE, CREMA_STAGES };

/* One block of memory for the values of programs that never run at the same
 * time (train and test nets). */
struct crema_heap {
    struct crema_device *dev;
    void *data;
    size_t bytes;
    unsigned generation; /* counts moves: programs bind again */
};

/* Called after the op that wrote a watched tensor, before its memory is used
 * again. */
typedef enum crema_status crema_watch_fn(void *user,
                                         const struct crema_tensor *);

/* The walk over some stages as the device has taken it down. */
struct crema_tape {
    void *data;   /* the device's; NULL: not taken down */
    bool walked;  /* once: what is loaded on first use is there */
    bool refused; /* the device cannot */
};

struct crema_watch {
    const struct crema_tensor *tensor;
    struct crema_watch *next;
};

/* Bytes, as planned. */
struct crema_memory {
    size_t params;
    size_t history;    /* params that forward does not read */
    size_t values;     /* blobs, their gradients, workspaces: at most at once */
    size_t workspaces; /* of these, then */
    size_t more;       /* how much larger gradients of params, and gaps, make
                          the heap */
    size_t gradients;  /* of params: at most at once */
};

/* What updates go by in one step, as the device reads it. */
struct crema_rates {
    float rate;            /* times an update's lr_mult */
    float plain;           /* rate without corrections: of decoupled decay */
    float momentum, decay; /* times an update's own */
};
/* All but the rate as the update says. */
#define CREMA_RATES(rate) (&(const struct crema_rates){ (rate), (rate), 1, 1 })

struct crema_program {
    struct crema_device *dev; /* borrowed */
    struct crema_ctx *ctx;    /* the device's */
    bool train;               /* phase: TRAIN or TEST */
    bool failed;
    bool refused;      /* failed by an op's own check */
    bool fuse;         /* default true */
    int threads;       /* of the processor; 0: prepare finds it */
    /* Of each op that has a choice, in order, a letter of the arrangement
     * taken: "lblb".  Set before prepare it is followed where it fits, and
     * borrowed; afterwards it is what was taken.  NULL: to be chosen. */
    const char *arranged;
    enum crema_chosen chosen;      /* by prepare */
    enum crema_arrangement forced; /* as the device says; CREMA_RULE: none is */
    const char *layer; /* recording for */
    enum crema_type storage, grad_storage; /* of the ops recorded from now on */
    struct crema_op **op;
    int nops, capacity;
    int end[CREMA_STAGES];        /* stage s is op[end[s - 1]..end[s]) */
    int constants; /* how many of the first ops run only when params change */
    uint64_t version; /* of the params that they read last; 0: none */
    struct crema_tensor *tensors; /* newest first */
    struct crema_tensor *step;    /* I32 [1]: forward passes in TRAIN */
    struct crema_tensor *rate;    /* F32 [4]: struct crema_rates */
    struct crema_tensor *ring;    /* F32 [1 + CREMA_RING]: crema_loss_ring;
                                     or NULL */
    struct crema_rates rate_now; /* what `rate` holds, once known */
    bool rate_known;
    struct crema_watch *watched;
    struct crema_arena arena; /* ops, tensors, names */
    struct crema_heap *heap;  /* borrowed */
    unsigned generation;      /* of the heap when last bound */
    struct crema_tape tape[CREMA_STAGES][CREMA_STAGES]; /* [from][to] */
    void *kept;               /* inputs and kept values */
    size_t kept_bytes, heap_bytes, naive_bytes, scratch_bytes;
    struct crema_memory memory; /* what for */
};

/* heap: shared with programs that never run at the same time as this one. */
enum crema_status crema_program_open(struct crema_device *, struct crema_heap *,
                                     bool train,
                                     struct crema_program **out) CREMA_MUST_USE;
void crema_program_free(struct crema_program *);

/* Recording, below ops.h.  NULL and failed when out of memory. */
struct crema_tensor *crema_program_value(struct crema_program *,
                                         const struct crema_shape *);
struct crema_tensor *crema_program_input(struct crema_program *,
                                         const struct crema_shape *,
                                         enum crema_type);
/* One tensor for each param, however often it is asked for. */
struct crema_tensor *crema_program_param(struct crema_program *,
                                         struct crema_param *, bool needs_grad);

/* What is recorded from now on belongs to the next stage. */
void crema_program_end(struct crema_program *, enum crema_stage);
/* dL/dY of y is (also) dy.  Between the end of forward and differentiate. */
void crema_program_seed(struct crema_program *, struct crema_tensor *y,
                        struct crema_tensor *dy);
/* Appends the gradient ops and ends the backward stage.  Afterwards
 * tensor->grad is set where something flows back.  Before, where `fuse` is set,
 * a batch norm takes in what follows it: what is to be kept or watched of that
 * must be by then. */
enum crema_status
crema_program_differentiate(struct crema_program *) CREMA_MUST_USE;
/* After the run the host reads t. */
void crema_program_keep(struct crema_tensor *t);
enum crema_status
crema_program_watch(struct crema_program *,
                    const struct crema_tensor *) CREMA_MUST_USE;

/* Fusion, layouts, memory.  The heap grows when it must.  In TEST what depends
 * on params alone is computed when they have changed, not in each run. */
enum crema_status crema_program_prepare(struct crema_program *) CREMA_MUST_USE;
/* Runs the stages from..to.  fn may be NULL; a device that can then takes the
 * walk down in its second run and plays it from then on. */
enum crema_status crema_program_run(struct crema_program *,
                                    enum crema_stage from, enum crema_stage to,
                                    crema_watch_fn *fn,
                                    void *user) CREMA_MUST_USE;

/* Runs one stage and adds to seconds[i] what op[i] took, waited for. */
enum crema_status crema_program_time(struct crema_program *, enum crema_stage,
                                     double *seconds) CREMA_MUST_USE;

/* What changes between runs; after prepare. */
enum crema_status crema_program_set_step(struct crema_program *,
                                         uint32_t step) CREMA_MUST_USE;
enum crema_status crema_program_set_rate(struct crema_program *,
                                         const struct crema_rates *)
    CREMA_MUST_USE;
/* The program's ring, all of it: waits for what still runs. */
enum crema_status
crema_program_read_ring(struct crema_program *,
                        float ring[]) CREMA_MUST_USE;

/* Host access, dense float32 whatever the tensor really is.  Reading a VALUE
 * wants `keep`, or is done from inside a watch function. */
enum crema_status crema_tensor_read(struct crema_device *,
                                    const struct crema_tensor *,
                                    float *dense) CREMA_MUST_USE;
/* An INPUT, after prepare. */
enum crema_status crema_tensor_write(struct crema_device *,
                                     struct crema_tensor *,
                                     const float *dense) CREMA_MUST_USE;

/* A streamed INPUT, after prepare, in its own type.  The device may read `from`
 * until this has been called for the tensor two more times. */
enum {
    CREMA_FEED_ROOMS = 2, /* for a batch, on the device, beside the tensor */
    CREMA_FEED_HOLDS = 3  /* batches in the device's hands, this included */
};
enum crema_status crema_tensor_feed(struct crema_device *,
                                    struct crema_tensor *,
                                    const void *from) CREMA_MUST_USE;
/* The same of one that is `decoded`. */
enum crema_status
crema_tensor_feed_cuts(struct crema_device *, struct crema_tensor *,
                       const struct crema_cuts *) CREMA_MUST_USE;

/* Values of a param in strips of row-major order. */
enum crema_status crema_param_write(struct crema_param *, int64_t first,
                                    int64_t count,
                                    const float *dense) CREMA_MUST_USE;
enum crema_status crema_param_read(const struct crema_param *, int64_t first,
                                   int64_t count, float *dense) CREMA_MUST_USE;
void crema_param_release(struct crema_param *);

void crema_heap_release(struct crema_heap *);

#endif
