/* blob_file.h - files of numbers: .caffemodel, .solverstate, mean images, and
 * the first two as HDF5.  Floor 1.
 *
 * A file is walked once when it is opened, which finds layers, shapes and
 * where the numbers are; then any strip of any blob can be read, so that a
 * large matrix is never held twice.  Weights may be of any age: V0, V1 and V2
 * layers, four legacy sizes or a shape, floats packed or not, doubles, and
 * the raw_data of NVIDIA's fork.
 */
#ifndef CREMA_PROTO_BLOB_FILE_H
#define CREMA_PROTO_BLOB_FILE_H

#include "base/arena.h"
#include "proto/h5.h"
#include "proto/wire.h"

#include "crema.pb-c.h"

enum { CREMA_STORED_DIMS = 32 };

/* How a file stores a number. */
enum crema_stored_type {
    CREMA_STORED_DOUBLE, /* the first six as NVIDIA's fork numbers them */
    CREMA_STORED_FLOAT,
    CREMA_STORED_HALF,
    CREMA_STORED_INT,
    CREMA_STORED_UINT,
    CREMA_STORED_BOOL,
    CREMA_STORED_TYPES
};

/* `count` numbers, the first at byte `at`, then one every `stride` bytes. */
struct crema_run {
    uint64_t at, stride;
    int64_t count;
    struct crema_run *next;
};

struct crema_stored_blob {
    int index; /* among the blobs of its layer */
    int ndims; /* 0: one number */
    int64_t dims[CREMA_STORED_DIMS];
    bool legacy;   /* num, channels, height, width: four dims, 1 in front */
    int64_t count; /* of its numbers, the product of dims */
    enum crema_stored_type type;
    bool raw; /* in NVIDIA's raw_data, which Caffe does not know */
    struct crema_run *runs;
    uint64_t at, length; /* of its whole message in the file */
    const char *array; /* where it is in an HDF5 file */
    struct crema_stored_blob *next;
};

struct crema_stored_layer {
    const char *name, *type; /* "" if not said; V1 types by their new names */
    int nblobs;
    struct crema_stored_blob *blobs;
    struct crema_stored_layer *next;
};

enum crema_blob_kind {
    CREMA_KIND_UNKNOWN,
    CREMA_KIND_WEIGHTS,
    CREMA_KIND_STATE,
    CREMA_KIND_BLOB
};

struct crema_blob_file {
    struct crema_ctx *ctx;
    enum crema_blob_kind kind; /* as which it was opened */
    const char *path;
    const char *name;                  /* of the net; "" if not said */
    struct crema_stored_layer *layers; /* of weights, with or without blobs */
    Crema__SolverState *state;         /* of a state, without its history */
    struct crema_stored_blob *blobs;   /* the history, or the one blob */
    int nblobs;
    struct crema_wire_input input;
    struct crema_h5 *h5; /* NULL: a protobuf message */
    struct crema_arena arena;
};

/* What is no such file is refused in words: cut short, a state where weights
 * belong, text ...  HDF5 is known by its first bytes; of weights that layers
 * share it holds those of the first layer alone. */
enum crema_status
crema_weights_open(struct crema_ctx *, const char *path,
                   struct crema_blob_file **out) CREMA_MUST_USE;
enum crema_status crema_state_open(struct crema_ctx *, const char *path,
                                   struct crema_blob_file **out) CREMA_MUST_USE;
/* A single BlobProto: mean.binaryproto, an infogain matrix. */
enum crema_status crema_blob_open(struct crema_ctx *, const char *path,
                                  struct crema_blob_file **out) CREMA_MUST_USE;
/* Accepts NULL. */
void crema_blob_file_free(struct crema_blob_file *);

/* Numbers [first, first + count) as floats, in row-major order. */
enum crema_status crema_blob_file_read(struct crema_blob_file *,
                                       const struct crema_stored_blob *,
                                       int64_t first, int64_t count,
                                       float *out) CREMA_MUST_USE;
/* Whether a blob of this shape takes it: equal dims, or legacy ones that
 * differ in leading 1s only, as Caffe holds. */
bool crema_stored_fits(const struct crema_stored_blob *, int ndims,
                       const int64_t *dims);

/* A blob to be written: from data, asked for strip by strip, or as the bytes of
 * a message that is there already. */
struct crema_blob_out {
    int ndims;
    const int64_t *dims;
    bool legacy; /* four sizes, 1 in front, as mean files have */
    bool shared; /* a layer before has it: left out of HDF5 */
    const float *data;
    /* When data is NULL: numbers [first, first + count). */
    enum crema_status (*fill)(void *user, int64_t first, int64_t count,
                              float *out);
    /* Not NULL: the message's `length` bytes, all else but user is unused. */
    enum crema_status (*copy)(void *user, const struct crema_sink *);
    uint64_t length;
    void *user;
};

struct crema_layer_out {
    const Crema__LayerParameter *param; /* its own blobs are left out */
    int nblobs;
    const struct crema_blob_out *blobs;
};

/* Written as Caffe reads them, a strip at a time.  What would be longer than
 * 2 GiB, and so unreadable, is refused before the first byte. */
enum crema_status
crema_weights_write(struct crema_ctx *, const struct crema_sink *,
                    const char *net_name, int nlayers,
                    const struct crema_layer_out *) CREMA_MUST_USE;
/* Likewise with all fields of the net but its own layers. */
enum crema_status
crema_net_write(struct crema_ctx *, const struct crema_sink *,
                const Crema__NetParameter *, int nlayers,
                const struct crema_layer_out *) CREMA_MUST_USE;
/* The state's own history is left out. */
enum crema_status
crema_state_write(struct crema_ctx *, const struct crema_sink *,
                  const Crema__SolverState *, int nblobs,
                  const struct crema_blob_out *history) CREMA_MUST_USE;
/* The same as HDF5, in Caffe's groups, of any length; `path` is overwritten. */
enum crema_status
crema_weights_write_h5(struct crema_ctx *, const char *path, int nlayers,
                       const struct crema_layer_out *) CREMA_MUST_USE;
enum crema_status
crema_state_write_h5(struct crema_ctx *, const char *path,
                     const Crema__SolverState *, int nblobs,
                     const struct crema_blob_out *history) CREMA_MUST_USE;
enum crema_status
crema_blob_write(struct crema_ctx *, const struct crema_sink *,
                 const struct crema_blob_out *) CREMA_MUST_USE;

#endif
