/* backend.h - what a backend fills in.  For plan.c, passes and backends.
 *
 * Planning asks each op once, in the order of the program:
 *
 *   in[i].have    the layout the tensor already has; NULL: nobody decided yet
 *   in[i].want    filled in: what the op will read; where it differs from have
 *                 a reorder is put before the op (and shared by later readers)
 *   out[i].want   filled in: what the op will write
 *   out[i].reader the next op, where that reads it; else NULL
 *
 * and the backend leaves op->call.  When memory is laid out each call is bound
 * once; from then on run() is all that happens.  It creates and allocates
 * nothing and touches only bound pointers, so a walk over run()s may be
 * captured as a CUDA graph; numbers that change between steps (rate, step) are
 * tensors for that reason.  bind() comes again when the heap has moved.
 */
#ifndef CREMA_DEVICE_BACKEND_H
#define CREMA_DEVICE_BACKEND_H

#include "device/cuts.h"
#include "device/device.h"
#include "device/op.h"

struct crema_port {
    const struct crema_layout *have;
    struct crema_layout want;
    const struct crema_op *reader;
};

/* First member of a backend's own call. */
struct crema_call {
    enum crema_status (*run)(struct crema_call *, struct crema_op *);
    /* May be NULL: run() then takes op->in[i]->data itself. */
    enum crema_status (*bind)(struct crema_call *, struct crema_op *,
                              void *scratch);
    void (*free)(struct crema_call *);
    size_t scratch_bytes;     /* of one buffer that all calls share */
    bool waits;               /* run() waits for the device: no tape */
    const char *info;         /* implementation, for reports */
    struct crema_device *dev; /* set by plan.c */
};

struct crema_backend {
    const char *name; /* "onednn", "cudnn", "kernels" */
    /* CREMA_EUNSUPPORTED: this backend passes (and leaves nothing behind), the
     * next in the device's list is asked; ref is the last of all. */
    enum crema_status (*plan)(struct crema_device *, struct crema_op *,
                              struct crema_port in[], struct crema_port out[]);
    /* The ways in which plan() can run op, as op->arrangement says: bit a for
     * arrangement a; 0: just one.  *rule: what CREMA_RULE comes to.  May be
     * NULL: one way for every op. */
    unsigned (*arrangements)(const struct crema_device *,
                             const struct crema_op *,
                             enum crema_arrangement *rule);
    /* Can it run `op` with op->relu set?  May be NULL: never. */
    bool (*fuses_relu)(const struct crema_op *op);
    /* Can it run op, a maximum pooling, its gradient or an activation's, with
     * the others in it that the op's type names?  May be NULL: never. */
    bool (*fuses_others)(const struct crema_op *op);
    /* Neighbouring ops of one type, all its own: puts the work of the first
     * *joined of n, at least 1, into the first one's call.  The other calls are
     * then freed.  May be NULL: never. */
    enum crema_status (*join)(struct crema_device *, int n,
                              struct crema_op *const ops[], int *joined);
    /* Can the update, which it has planned, write its weight once more while it
     * has it at hand: in another type, every element where the weight has it?
     * That tensor then becomes out[0].  May be NULL: never. */
    bool (*updates_copy)(const struct crema_op *,
                         const struct crema_layout *copy);
};

/* How memory of a kind of device is had and reached.  Addresses are aligned to
 * 4096 bytes; fresh memory is zero. */
struct crema_device_type {
    const char *name;                            /* "ref", "cpu", "cuda" */
    bool host;                                   /* its memory is the host's */
    const struct crema_backend *const *backends; /* in order; NULL ends */
    enum crema_status (*open)(struct crema_device *);
    void (*close)(struct crema_device *);
    /* The rest may be NULL where host is true. */
    enum crema_status (*alloc)(struct crema_device *, size_t bytes, void **);
    void (*free)(struct crema_device *, void *);
    enum crema_status (*upload)(struct crema_device *, void *to,
                                const void *from_host, size_t bytes);
    enum crema_status (*download)(struct crema_device *, void *to_host,
                                  const void *from, size_t bytes);
    enum crema_status (*finish)(struct crema_device *); /* wait until done */
    /* Around planning and running a program, which has that many threads; may
     * be NULL on any device. */
    void (*begin)(struct crema_device *, int threads);
    void (*end)(struct crema_device *);
    /* What the device lacks to compute with values of this type, in a few
     * words; NULL: nothing.  NULL as a function: it has float32 alone. */
    const char *(*lacks)(const struct crema_device *, enum crema_type);
    /* The same for products of float32 that are rounded to TF32; NULL as a
     * function: only GPUs have that. */
    const char *(*lacks_tf32)(const struct crema_device *);
    /* Memory that is left, of all.  NULL: the system sees to it. */
    enum crema_status (*room)(struct crema_device *, size_t *left, size_t *all);
    /* Wants pictures as bytes, and has crema_pictures of its own. */
    bool takes_bytes;
    /* Host memory that the device reads without the host; from any thread.
     * NULL, all: ordinary memory will do. */
    void *(*host_alloc)(struct crema_device *, size_t bytes);
    void (*host_free)(struct crema_device *, void *);
    /* A way for batches of at most `bytes`, beside what runs; see
     * crema_tensor_feed. */
    enum crema_status (*feed_open)(struct crema_device *, size_t bytes, void **);
    enum crema_status (*feed)(struct crema_device *, void *feed, void *to,
                              const void *from_host, size_t bytes);
    void (*feed_close)(struct crema_device *, void *feed);
    /* Decoding JPEGs; NULL, all: it cannot.  The decoder's name, which lives as
     * long as the device; it is opened by the first call. */
    enum crema_status (*decoder)(struct crema_device *, const char **name);
    /* From now on batches of cuts may come this way, n at most. */
    enum crema_status (*feed_decodes)(struct crema_device *, void *feed,
                                      int64_t n);
    enum crema_status (*feed_cuts)(struct crema_device *, void *feed, void *to,
                                   const struct crema_cuts *);
    /* A walk over calls may be taken down and played as a whole; all four may
     * be NULL.  What run()s enqueue between record and recorded does not happen
     * but goes to the tape; recorded with tape NULL drops it. */
    enum crema_status (*record)(struct crema_device *);
    enum crema_status (*recorded)(struct crema_device *, void **tape);
    enum crema_status (*play)(struct crema_device *, void *tape);
    void (*erase)(struct crema_device *, void *tape);
};

enum crema_decode { CREMA_DECODE_CPU, CREMA_DECODE_AUTO, CREMA_DECODE_GPU };

struct crema_device {
    const struct crema_device_type *type;
    struct crema_ctx *ctx; /* borrowed */
    int ordinal;           /* which of several */
    int threads;           /* asked for; 0: as many as a program is worth */
    int cores;             /* 0: threads mean nothing here */
    int fewer_threads;     /* that the log last mentioned; 0: none */
    size_t workspace;      /* bytes one call may want; 0: the device's choice */
    bool deterministic;    /* no engine whose bits differ from run to run */
    enum crema_type storage; /* of values, where a net does not say it */
    bool tf32;               /* products of float32 are rounded to TF32 */
    bool measures; /* chooses arrangements by trial, not by rule */
    enum crema_arrangement forced; /* CREMA_RULE: none is */
    bool winograd;                 /* may be used */
    int own_width; /* of tiles of own convolutions, where tests want those */
    enum crema_decode decode;      /* JPEG records: by whom */
    const char *decoder;           /* the device's, once it was asked */
    bool decoder_known;            /* ... which it was */
    char name[128];        /* for people: the processor or GPU */
    void *state;           /* the backend's own */
    void *module;          /* of a device loaded at run time */
};

/* As type->lacks; NULL: it can. */
const char *crema_device_lacks(const struct crema_device *, enum crema_type);
/* Asks the device's backends in order, then ref. */
enum crema_status crema_device_plan(struct crema_device *, struct crema_op *,
                                    struct crema_port in[],
                                    struct crema_port out[]) CREMA_MUST_USE;
/* A call without state of its own, for host kernels: runs fn on the data of
 * op->in and op->out.  Behind the op's definition a ReLU (op->relu) is run too,
 * any other fn does it itself. */
enum crema_status crema_host_call(
    struct crema_device *, struct crema_op *,
    enum crema_status (*fn)(struct crema_ctx *, const struct crema_op *),
    const char *info) CREMA_MUST_USE;

#endif
