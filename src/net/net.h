/* net.h - from a definition to a runnable program.  Floor 4.
 *
 * Opening a net reads the definition, leaves out layers by phase, level and
 * stage, sets the layers up and records them.  Memory and prepared calls come
 * with the first run, so weights loaded before it are packed once.  A source of
 * data whose shapes change has the net recorded again.
 */
#ifndef CREMA_NET_NET_H
#define CREMA_NET_NET_H

#include "device/device.h"
#include "device/learn.h"
#include "layers/weights.h"
#include "proto/source.h"

/* What the nets of one process share: device, weights, memory, databases. */
struct crema_world {
    struct crema_ctx *ctx;    /* borrowed */
    struct crema_device *dev; /* borrowed */
    struct crema_weights weights;
    struct crema_heap heap;
    struct crema_lender lender;
    struct crema_param loss_scale; /* of nets that adapt it: the scale, and
                                      steps since it changed */
    struct crema_arena arena; /* of what lives as long */
    unsigned told;            /* what the log has said once */
};

enum crema_status crema_world_open(struct crema_ctx *, struct crema_device *,
                                   uint32_t seed,
                                   struct crema_world **out) CREMA_MUST_USE;
/* After its nets. */
void crema_world_free(struct crema_world *);

struct crema_net_options {
    bool train; /* phase */
    int level;
    int nstages;
    const char *const *stages;
    bool backward;       /* gradients are wanted */
    bool force_backward; /* ... of the inputs as well */
    bool no_fusion;
    bool optimistic; /* crema check: unknown shapes pass */
    /* Loaded weights may have another shape of the same count and first size:
     * an inner product's become those of the convolution it equals. */
    bool reshape_weights;
};

/* One name; in-place layers give it several versions. */
struct crema_blob {
    const char *name;
    int producer;                      /* index of the layer that made it */
    bool output;                       /* nobody reads its last version */
    struct crema_tensor *first, *last; /* versions, in the current program */
};

/* One top with a loss weight. */
struct crema_loss {
    int layer, top;
    float weight;
    struct crema_tensor *tensor;
};

/* Values written by the user: of an Input layer's top, or a diff. */
struct crema_net_input {
    const char *name;
    struct crema_shape shape;
    float *data;
    struct crema_tensor *tensor; /* in the current program */
};

struct crema_net {
    struct crema_world *world; /* borrowed */
    struct crema_ctx *ctx;
    const char *name;
    Crema__NetParameter *param; /* owned by `source`'s owner */
    const struct crema_source *source;
    struct crema_net_options options;
    int nlayers;
    struct crema_layer *layer; /* those that this phase has */
    int nblobs;
    struct crema_blob *blob; /* in order of first appearance */
    int noutputs;
    int *output; /* blob indices, sorted by name as
                    Caffe lists outputs */
    int nlosses;
    struct crema_loss *loss;
    float *values; /* of one loss; as large as the largest so far */
    size_t nvalues;
    int ninputs;
    struct crema_net_input *input;
    struct crema_batch *batches;   /* one for each top of a source */
    bool fed;                      /* the program holds the last batches */
    struct crema_program *program; /* NULL: to be recorded */
    bool prepared;
    /* of values and gradients, where a layer does not say it */
    enum crema_type storage, grad_storage;
    /* The first program's choice, which later ones follow; NULL: none yet.  Set
     * before the first prepare it is followed from the beginning. */
    const char *arranged;
    bool adapts; /* gradients are world->loss_scale times too large, which
                    changes; else global_grad_scale times */
    int ndiffs;
    struct crema_net_input *diff; /* of outputs, given by the user */
    uint32_t passes;              /* forward passes in TRAIN */
    /* Asked for before recording: losses stay on the device, where it is one to
     * wait for, until crema_net_read_losses. */
    bool defers;
    uint32_t ring_since;    /* passes before the program's first */
    float past[CREMA_RING]; /* entry pass % CREMA_RING */
    bool broken;            /* one was not finite: nothing learns any more */
    struct crema_arena arena;
    /* Records updates behind the gradients; may be NULL. */
    enum crema_status (*updates)(void *user, struct crema_net *);
    void *updates_user;
    /* Called when the program was recorded, before it is prepared. */
    enum crema_status (*recorded)(void *user, struct crema_net *);
    void *recorded_user;
    /* Called when the program was prepared: what is watched from then on does
     * not keep anything from being fused. */
    enum crema_status (*ready)(void *user, struct crema_net *);
    void *ready_user;
    /* Told of every watched tensor as it is written; may be NULL. */
    crema_watch_fn *watch;
    void *watch_user;
};

/* param and source are borrowed and outlive the net. */
enum crema_status crema_net_build(struct crema_world *, Crema__NetParameter *,
                                  const struct crema_source *,
                                  const struct crema_net_options *,
                                  struct crema_net **out) CREMA_MUST_USE;
void crema_net_free(struct crema_net *);
/* Records the program anew, after a change of `updates` or `recorded`. */
enum crema_status crema_net_record(struct crema_net *) CREMA_MUST_USE;

/* Layouts, memory and calls, unless they are there already; the first forward
 * does it.  The net that is prepared first decides how the weights lie. */
enum crema_status crema_net_prepare(struct crema_net *) CREMA_MUST_USE;
/* Feeds the sources' next batches and the inputs, runs the forward stage. */
enum crema_status crema_net_forward(struct crema_net *) CREMA_MUST_USE;
enum crema_status crema_net_backward(struct crema_net *) CREMA_MUST_USE;
/* Before backward: an update may run as soon as its gradient is known. */
enum crema_status crema_net_set_rate(struct crema_net *,
                                     const struct crema_rates *) CREMA_MUST_USE;
/* What of the updates is left to do. */
enum crema_status crema_net_update(struct crema_net *) CREMA_MUST_USE;
/* Sum over all tops of loss weight times sum of the top. */
enum crema_status crema_net_loss(struct crema_net *,
                                 float *loss) CREMA_MUST_USE;

/* Does the program note its losses, so that nobody need wait for them? */
bool crema_net_is_deferring(const struct crema_net *);
/* A forward pass, backward and updates in one go. */
enum crema_status crema_net_step(struct crema_net *,
                                 const struct crema_rates *) CREMA_MUST_USE;
/* What crema_net_loss would have said of the last CREMA_RING passes, to past[];
 * waits for them. */
enum crema_status crema_net_read_losses(struct crema_net *) CREMA_MUST_USE;

struct crema_blob *crema_net_blob(const struct crema_net *, const char *name);
/* Shape of its last version; valid until the net reshapes. */
const struct crema_shape *crema_blob_shape(const struct crema_blob *);
/* Net outputs, inputs and kept blobs, after forward. */
enum crema_status crema_net_read_blob(struct crema_net *,
                                      const struct crema_blob *,
                                      float *dense) CREMA_MUST_USE;
/* An Input layer's blob: copied; a new shape reshapes the net.  A MemoryData
 * layer's: copied, and dealt out in batches from its first item on. */
enum crema_status crema_net_write_input(struct crema_net *, const char *name,
                                        const struct crema_shape *,
                                        const float *dense) CREMA_MUST_USE;
/* The diff that backward starts from at a net output: `count` values, copied,
 * as many as the blob has when backward runs.  Before the first forward. */
enum crema_status crema_net_set_diff(struct crema_net *, const char *name,
                                     int64_t count,
                                     const float *dense) CREMA_MUST_USE;

/* The first source of data whose size is known, and that (may be NULL); NULL
 * where there is none. */
struct crema_layer *crema_net_data(const struct crema_net *,
                                   uint64_t *records);
/* Seconds the net has waited for its sources of data. */
double crema_net_waited(const struct crema_net *);

/* ---- weights (load.c, save.c) */

/* What became of each layer's blobs; counts of layers.  loaded includes
 * reshaped. */
struct crema_load_report {
    int loaded, reshaped, missing, skipped;
};
/* The report may be NULL.  Reads a .caffemodel into the net's weights by layer
 * name.  Layers of the file that the net lacks are skipped, layers of the net
 * that the file lacks are missing: both logged.  Another shape is EINVAL, with
 * a table of all. */
enum crema_status
crema_net_load_weights(struct crema_net *, const char *path,
                       struct crema_load_report *) CREMA_MUST_USE;
/* Writes a .caffemodel that Caffe reads, as HDF5 when `path` ends in ".h5";
 * replaces the file when whole. */
enum crema_status crema_net_save_weights(struct crema_net *,
                                         const char *path) CREMA_MUST_USE;

#endif
