/* upgrade.h - nets and solvers of any age, brought to today's form.  Floor 1.
 *
 * As Caffe does when it reads them: V0 and V1 `layers` become `layer`, inputs
 * of the net become an Input layer, and so on.  What an upgrade moves keeps
 * its place in the text, so complaints point at what the user wrote.
 */
#ifndef CREMA_PROTO_UPGRADE_H
#define CREMA_PROTO_UPGRADE_H

#include "proto/text.h"

#include "crema.pb-c.h"

/* What in a net is of an older form, bits. */
enum {
    CREMA_OLD_V0 = 1,         /* layers { layer { } } */
    CREMA_OLD_V1 = 2,         /* layers { } */
    CREMA_OLD_DATA = 4,       /* V1 data layers with scale, mean_file ... */
    CREMA_OLD_INPUT = 8,      /* input and its sizes outside of layers */
    CREMA_OLD_BATCH_NORM = 16 /* three params */
};

unsigned crema_net_age(const Crema__NetParameter *);
/* Uses solver_type. */
bool crema_solver_is_old(const Crema__SolverParameter *);

/* What cannot be carried over is said in the log, as a warning. */
enum crema_status crema_net_upgrade(struct crema_ctx *, struct crema_source *,
                                    Crema__NetParameter *) CREMA_MUST_USE;
/* The nets inside it too. */
enum crema_status crema_solver_upgrade(struct crema_ctx *,
                                       struct crema_source *,
                                       Crema__SolverParameter *) CREMA_MUST_USE;

/* What an upgrade of weights came to. */
struct crema_upgraded {
    unsigned age;      /* what was old */
    int layers, blobs; /* that were written */
    int padding;       /* layers that became pads */
    int raw;           /* blobs of NVIDIA's form, written as Caffe's */
    size_t dropped;    /* fields of forks, whose numbers mean something
                          else to Caffe */
};

/* A net with weights of any age and fork, read from a file and written in
 * today's form; blob by blob, in pieces. */
enum crema_status crema_weights_upgrade(struct crema_ctx *, const char *path,
                                        const struct crema_sink *,
                                        struct crema_upgraded *) CREMA_MUST_USE;

/* Is it a solver rather than a net?  By the names of its outermost fields. */
bool crema_text_is_solver(const char *text);

/* Read and upgraded; owned by *source, as crema_text_read says. */
enum crema_status crema_net_file_read(struct crema_ctx *, const char *path,
                                      enum crema_text_mode,
                                      Crema__NetParameter **,
                                      struct crema_source **) CREMA_MUST_USE;
/* A snapshot_prefix that is missing becomes the file's name without its
 * ending; one that is a folder gets that name inside. */
enum crema_status crema_solver_file_read(struct crema_ctx *, const char *path,
                                         enum crema_text_mode,
                                         Crema__SolverParameter **,
                                         struct crema_source **) CREMA_MUST_USE;

#endif
