/* passes.h - what turns a recorded program into a walk over prepared calls. */
#ifndef CREMA_DEVICE_PROGRAM_PASSES_H
#define CREMA_DEVICE_PROGRAM_PASSES_H

#include "device/backend.h"

/* Batch norm, scale and ReLU become one op; before gradients are taken. */
void crema_pass_merge(struct crema_program *);
/* ReLUs and sums go into the op that makes what they alone read: fuse.c. */
void crema_pass_fuse(struct crema_program *);
/* What stands in front of a maximum pooling, and sums for biases: chain.c. */
void crema_pass_chain(struct crema_program *);
/* Batch norms by statistics go into weights; in TEST, without gradients. */
enum crema_status crema_pass_fold(struct crema_program *) CREMA_MUST_USE;
/* p->threads, unless it is set. */
void crema_pass_threads(struct crema_program *);
/* The arrangement of each op that can be run in several: forced, followed from
 * an earlier choice, measured, or by rule. */
enum crema_status crema_pass_choose(struct crema_program *) CREMA_MUST_USE;
/* Layouts, reorders, calls. */
enum crema_status crema_pass_layouts(struct crema_program *) CREMA_MUST_USE;
/* What changes params in a forward pass, at its end. */
void crema_pass_late(struct crema_program *);
/* Each update right behind its gradient, where nothing needs all gradients. */
void crema_pass_early_update(struct crema_program *);
/* An update that others join: too small to be worth a call of its own. */
bool crema_update_joins(const struct crema_op *);
/* Neighbouring ops of one kind become one call, where the backend can. */
enum crema_status crema_pass_join(struct crema_program *) CREMA_MUST_USE;
/* What depends on params alone comes first, p->constants ops; in TRAIN what
 * updates keep up to date themselves. */
void crema_pass_constants(struct crema_program *);
/* The tensor whose memory t lies in, once the memory pass has run; or t. */
struct crema_tensor *crema_tensor_root(struct crema_tensor *t);
/* Lifetimes, shared storage, offsets. */
enum crema_status crema_pass_memory(struct crema_program *) CREMA_MUST_USE;
/* p->memory. */
enum crema_status crema_pass_account(struct crema_program *) CREMA_MUST_USE;
/* CREMA_ENOMEM, and what would help, where that is more than there is. */
enum crema_status crema_pass_fit(struct crema_program *) CREMA_MUST_USE;
/* Addresses, after the heap was made or has moved. */
enum crema_status crema_pass_bind(struct crema_program *) CREMA_MUST_USE;

/* The index of the stage's first op that each run has to call. */
int crema_program_first(const struct crema_program *, enum crema_stage);
/* Runs the constant ops if a param has changed since. */
enum crema_status crema_program_refresh(struct crema_program *) CREMA_MUST_USE;
/* The params that op[first..end) change have new versions. */
void crema_program_mark(struct crema_program *, int first, int end);
/* Some op writes t, or changes it. */
bool crema_program_changes(const struct crema_program *,
                           const struct crema_tensor *);
/* The calls of stages from..to, one by one. */
enum crema_status crema_program_walk(struct crema_program *,
                                     enum crema_stage from, enum crema_stage to,
                                     crema_watch_fn *fn,
                                     void *user) CREMA_MUST_USE;
/* tape.c: the same without a watch, from the tape where there is one. */
enum crema_status crema_program_play(struct crema_program *,
                                     enum crema_stage from,
                                     enum crema_stage to) CREMA_MUST_USE;
/* Addresses have changed, or the program goes. */
void crema_program_erase(struct crema_program *);

/* ---- for passes that make one op of two (fuse.c) */

/* The only op that reads what op writes first; NULL where there is none, where
 * there are several, or where that tensor has to exist. */
struct crema_op *crema_program_follower(const struct crema_program *,
                                        const struct crema_op *);
/* op writes what `next`, which leaves the list, wrote first. */
void crema_program_absorb(struct crema_program *, struct crema_op *op,
                          struct crema_op *next);
/* max(x, 0) */
bool crema_op_is_relu(const struct crema_op *);
/* Some backend of the device can run op with a ReLU in it. */
bool crema_program_fuses_relu(const struct crema_program *,
                              const struct crema_op *);

/* ---- */

/* The param has this layout from now on; its values move. */
enum crema_status
crema_param_settle(struct crema_param *,
                   const struct crema_layout *) CREMA_MUST_USE;
/* Around planning and running: the device is the program's. */
void crema_program_begin(struct crema_program *);
void crema_program_leave(struct crema_program *);
/* Takes op[i] out of the list. */
void crema_program_drop(struct crema_program *, int i);
bool crema_program_watches(const struct crema_program *,
                           const struct crema_tensor *);

#endif
