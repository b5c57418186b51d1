/* internal.h - what the files of the solver share. */
#ifndef CREMA_SOLVER_INTERNAL_H
#define CREMA_SOLVER_INTERNAL_H

#include "proto/blob_file.h"
#include "solver/rules.h"
#include "solver/solver.h"

/* The last losses, whose mean is shown. */
struct crema_solver__window {
    float *loss;
    int size, count, next; /* next: where the oldest is, once it is full */
};

/* A net's definition: read from a file of its own, or part of the solver's. */
struct crema_solver__file {
    struct crema_source *source;
    struct crema_solver__file *next;
};

/* A test output that the run goes by. */
struct crema_solver__figure {
    int net, output; /* of test[net]; net -1: there is none */
    bool larger;     /* is better */
};

/* snapshot_best and early_stop. */
struct crema_solver__best {
    struct crema_solver__figure figure;
    bool known;
    double value;
    int iter, tests_since;
    bool enough; /* training ends */
};

/* Iterations of the snapshots that stay, oldest first; iter NULL: all do. */
struct crema_solver__kept {
    int *iter, count;
};

/* How long a test is. */
struct crema_solver__pass {
    int batches;
    uint64_t batch, rest; /* of an exact pass: images of each batch; of the
                             last one, which `tail` has; 0: none */
    uint64_t records;     /* 0: test_iter says how long it is */
    struct crema_net *tail;
};

struct crema_solver {
    struct crema_ctx *ctx;
    struct crema_solver_options options;
    Crema__SolverParameter *param;
    struct crema_source *source; /* of param; borrowed */
    const struct crema_schedule *schedule;
    const struct crema_solver_type *type;
    const struct crema_course *momentum, *decay;
    bool momentum_fixed, decay_fixed; /* those policies */
    int64_t random_seed;
    struct crema_world *world;
    struct crema_net *net;
    int ntests;
    struct crema_net **test;
    struct crema_solver__pass *pass;   /* [ntests] */
    struct crema_solver__debug *debug; /* of the training net; or NULL */
    struct crema_solver__figure plateau;
    struct crema_solver__best best;
    struct crema_solver__kept kept;
    struct crema_solver__file *files;
    int nweights; /* of the training net: the first ones of the world */
    int iter;     /* how many are done */
    struct crema_pace pace;
    float rate;   /* of the last iteration */
    bool stopped; /* as what_now said */
    struct crema_solver__window window;
    uint64_t *before; /* where each layer's data stood before the last
                         CREMA_RING forward passes */
    int pending;      /* iterations whose losses are still on the device */
    int pending_from; /* the first of them */
    float *values;    /* of one output; as large as the largest so far */
    size_t nvalues;
    bool told_memory;
    double shown_at; /* seconds, of the last display */
    int shown_iter;
    double shown_waited; /* seconds for data, by then */
    bool told_waiting;
    struct crema_arena arena;
};

/* set.c: "FIELD=VALUE", which replaces, "FIELD+=VALUE", which adds to a
 * repeated field, FIELD perhaps within others ("train_state.stage"), or text as
 * in a prototxt. */
enum crema_status crema_solver__set(struct crema_ctx *, const char *text,
                                    struct crema_source *,
                                    ProtobufCMessage *) CREMA_MUST_USE;

/* nets.c: the training net and the test nets. */
enum crema_status crema_solver__nets(struct crema_solver *) CREMA_MUST_USE;
/* The solver's own weights, where it does not go on from a snapshot. */
enum crema_status crema_solver__weights(struct crema_solver *) CREMA_MUST_USE;
/* Has a test net weights that the training net lacks? */
bool crema_solver__own_weights(const struct crema_solver *);

/* updates.c: a net's `updates`. */
enum crema_status crema_solver__updates(void *solver, struct crema_net *);
/* The i-th tensor that Caffe keeps as history. */
int crema_solver__histories(const struct crema_solver *);
struct crema_param *crema_solver__history(const struct crema_solver *, int i);

/* test.c: every test net in turn. */
enum crema_status crema_solver__test_all(struct crema_solver *) CREMA_MUST_USE;

/* best.c: looks up what the run goes by. */
enum crema_status
crema_solver__find_figures(struct crema_solver *) CREMA_MUST_USE;
/* A test was made: the mean of an output. */
enum crema_status crema_solver__judge(struct crema_solver *, int test,
                                      int output, double value) CREMA_MUST_USE;

/* snapshot.c: what files' names end with, ".h5" or "". */
const char *crema_solver__ending(const struct crema_solver *);

/* keep.c: one is about to be written; those that are too old go; those that a
 * state, read from path, knows of. */
void crema_solver__note_snapshot(struct crema_solver *, int iter);
enum crema_status
crema_solver__drop_snapshots(struct crema_solver *) CREMA_MUST_USE;
void crema_solver__take_kept(struct crema_solver *, const char *path,
                             const Crema__SolverState *);

/* carried.c: of all nets. */
enum crema_status
crema_solver__put_carried(struct crema_solver *, struct crema_arena *,
                          Crema__SolverState *) CREMA_MUST_USE;
enum crema_status
crema_solver__take_carried(struct crema_solver *,
                           const Crema__SolverState *) CREMA_MUST_USE;

/* debug.c: what debug_info shows of a net, which is recorded anew; *out stays
 * NULL, and the others do nothing, where it is not asked for. */
struct crema_solver__debug;
enum crema_status
crema_solver__debug_open(struct crema_solver *, struct crema_net *,
                         struct crema_solver__debug **out) CREMA_MUST_USE;
void crema_solver__debug_free(struct crema_solver__debug *);
/* After a forward pass; before a backward pass; after it; after an update. */
enum crema_status
crema_solver__debug_forward(struct crema_solver__debug *) CREMA_MUST_USE;
enum crema_status
crema_solver__debug_begin(struct crema_solver__debug *) CREMA_MUST_USE;
enum crema_status
crema_solver__debug_backward(struct crema_solver__debug *) CREMA_MUST_USE;
enum crema_status
crema_solver__debug_update(struct crema_solver__debug *) CREMA_MUST_USE;

/* epochs.c: passes over the training data so far; -1: its size is not known. */
double crema_solver__epoch(const struct crema_solver *);
/* max_epoch becomes max_iter. */
enum crema_status
crema_solver__settle_length(struct crema_solver *) CREMA_MUST_USE;

/* report.c: the lines people's scripts read. */
void crema_solver__begin_display(struct crema_solver *);
float crema_solver__smoothed(const struct crema_solver *);
enum crema_status crema_solver__show(struct crema_solver *) CREMA_MUST_USE;
/* After the rate has become another: `was` is the step before. */
void crema_solver__show_step(const struct crema_solver *, int was);
/* 0: it is none. */
float crema_solver__loss_weight(const struct crema_net *, int blob);
/* " (* 1 = 0.5 loss)" for a blob with a loss weight, else "". */
void crema_solver__loss_text(const struct crema_net *, int blob, double value,
                             char *out, size_t size);
/* Values of an output, into s->values. */
enum crema_status crema_solver__read(struct crema_solver *, struct crema_net *,
                                     int output) CREMA_MUST_USE;

/* step.c: one iteration; its loss may stay on the device. */
enum crema_status crema_solver__iterate(struct crema_solver *) CREMA_MUST_USE;
/* All losses so far are in the window, and were finite. */
enum crema_status crema_solver__collect(struct crema_solver *) CREMA_MUST_USE;
/* A forward pass whose loss is wanted at once. */
enum crema_status crema_solver__forward(struct crema_solver *,
                                        float *loss) CREMA_MUST_USE;
void crema_solver__add_loss(struct crema_solver *, float loss);

/* memory.c: on a GPU, once the training net is prepared: the test nets, too. */
enum crema_status
crema_solver__tell_memory(struct crema_solver *) CREMA_MUST_USE;

/* finite.c: the loss of a forward pass, one of the last CREMA_RING, was not
 * finite.  CREMA_EINVAL, and names the layer. */
enum crema_status crema_solver__not_finite(struct crema_solver *, uint32_t pass,
                                           float loss) CREMA_MUST_USE;
void crema_solver__remember(struct crema_solver *);

/* resume.c: the state that options.snapshot names; NULL where none is wanted,
 * or none is there yet. */
enum crema_status
crema_solver__find_state(struct crema_solver *,
                         struct crema_blob_file **out) CREMA_MUST_USE;
enum crema_status crema_solver__resume(struct crema_solver *,
                                       struct crema_blob_file *) CREMA_MUST_USE;

#endif
