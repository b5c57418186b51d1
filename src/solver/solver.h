/* solver.h - trains a net: loop, rates, test nets, snapshots.  Floor 5.
 *
 *     crema_solver_read(ctx, path, nsets, sets, &param, &source)
 *     ... open a device
 *     crema_solver_open(ctx, dev, param, source, &options, &solver)
 *     crema_solver_run(solver)
 *
 * What people read while it runs are lines of the log, in Caffe's words.
 */
#ifndef CREMA_SOLVER_SOLVER_H
#define CREMA_SOLVER_SOLVER_H

#include "net/net.h"
#include "solver/policies.h"

struct crema_solver;

/* ---- its definition (read.c, examine.c) */

/* Reads a solver's prototxt, lets each of `sets` ("base_lr: 0.1", "display=5",
 * "stepvalue+=100", "train_state.level=1") speak last, and brings it to today's form: solver_type becomes type, a
 * missing snapshot_prefix follows from the path. */
enum crema_status crema_solver_read(struct crema_ctx *, const char *path,
                                    size_t nsets, const char *const *sets,
                                    Crema__SolverParameter **,
                                    struct crema_source **out) CREMA_MUST_USE;

enum crema_finding {
    CREMA_WRONG,  /* nobody could train by it */
    CREMA_LACKING /* Caffe could, crema cannot (yet) */
};
typedef void crema_finding_fn(void *user, enum crema_finding,
                              const struct crema_place *, const char *text);
/* Tells everything that keeps a definition from being trained by. */
void crema_solver_examine(const Crema__SolverParameter *,
                          const struct crema_source *, crema_finding_fn *,
                          void *user);

/* ---- training */

enum crema_solver_action { CREMA_GO_ON, CREMA_SNAPSHOT, CREMA_STOP };

struct crema_solver_options {
    const char *snapshot; /* a .solverstate to go on from; "auto": the newest
                             of this solver, if there is one; or NULL */
    uint32_t rank, ranks; /* of runs that share the training data: each takes
                             every ranks-th batch; 0, 0: alone */
    int data_threads;     /* that decode; 0: one per core */
    bool skip_bad;        /* leave out records that cannot be decoded */
    bool no_values;       /* weights are not filled: nothing will be run */
    bool reshape_weights; /* as crema_net_options says */
    /* Asked after each iteration and each batch of a test; may be NULL. */
    enum crema_solver_action (*what_now)(void *user);
    /* Told after each iteration; may be NULL. */
    void (*progress)(void *user, const struct crema_solver *);
    void *user;
};

/* How far it is.  For people: nothing depends on it. */
struct crema_solver_progress {
    int iter, max_iter;
    uint64_t images; /* of one iteration; 0: not known */
    double waited;   /* seconds without data so far */
};

/* param and source are borrowed. */
enum crema_status crema_solver_open(struct crema_ctx *, struct crema_device *,
                                    Crema__SolverParameter *,
                                    struct crema_source *,
                                    const struct crema_solver_options *,
                                    struct crema_solver **out) CREMA_MUST_USE;
void crema_solver_free(struct crema_solver *);

/* All of it, from the iteration where it stands to max_iter: snapshots, tests
 * and the closing ones. */
enum crema_status crema_solver_run(struct crema_solver *) CREMA_MUST_USE;
/* `count` iterations, or fewer when told to stop; with the tests and snapshots
 * that are due. */
enum crema_status crema_solver_step(struct crema_solver *,
                                    int count) CREMA_MUST_USE;
enum crema_status crema_solver_snapshot(struct crema_solver *) CREMA_MUST_USE;

struct crema_solver_progress crema_solver_progress(const struct crema_solver *);
/* Borrowed. */
struct crema_net *crema_solver_net(const struct crema_solver *);
/* NULL beyond the last. */
struct crema_net *crema_solver_test_net(const struct crema_solver *, int i);

/* All fields of a solver, in words. */
extern const struct crema_page_doc crema_solver_page;

#endif
