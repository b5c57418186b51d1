/* crema.h - the public interface: open and run networks described by Caffe's
 * prototxt files, read and write their weights.  The only header an application
 * includes.
 *
 * Every function that can fail returns a status and leaves the reason, one
 * worded message, in the ctx.  Beside what its comment names, each of them may
 * return CREMA_ENOMEM, and where a device computes, CREMA_EDEVICE.  The library
 * never prints, exits or aborts.  What is handed back through a last argument
 * `**out` is the caller's, to be given to the matching _free, which accepts
 * NULL; what a function returns is borrowed from its parent.  Strings and
 * arrays that are handed in are copied or used up before the call returns.
 */
#ifndef CREMA_H
#define CREMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum crema_status {
    CREMA_OK = 0,
    CREMA_EINVAL,       /* the user's file, flag or data is wrong */
    CREMA_ENOMEM,       /* out of host or device memory */
    CREMA_EIO,          /* a file, a database, the disk */
    CREMA_EUNSUPPORTED, /* known, but cannot be done here */
    CREMA_EDEVICE,      /* CUDA, cuDNN, cuBLAS or oneDNN reported a fault */
};

enum crema_log_level { CREMA_INFO, CREMA_WARNING, CREMA_ERROR };

#if defined(__GNUC__)
#define CREMA_MUST_USE __attribute__((warn_unused_result))
#else
#define CREMA_MUST_USE
#endif

/* Receives each log line, without a newline. */
typedef void crema_log_fn(void *user, enum crema_log_level, const char *line);

/* Keeps the reason of the last failure; one per thread of work. */
struct crema_ctx;

/* NULL when out of memory.  log may be NULL. */
struct crema_ctx *crema_ctx_new(crema_log_fn *log, void *user);
void crema_ctx_free(struct crema_ctx *);
/* Empty when nothing failed; valid until the next failure. */
const char *crema_ctx_message(const struct crema_ctx *);

/* Loads a shared object with layers (layers/plugin.h), which nets opened with
 * this ctx know from then on.  A path without '/' is one in the working folder.
 * CREMA_EINVAL: it cannot be loaded, was built for another version, or has a
 * layer of a name that is taken. */
enum crema_status crema_plugin_load(struct crema_ctx *,
                                    const char *path) CREMA_MUST_USE;

/* ---- devices */

struct crema_device;

/* name: "auto" (a GPU when a usable one is there, else the CPU), "cpu", "cuda",
 * "cuda:N" or "ref" (plain C: slow, the definition).  threads: of the CPU; 0:
 * one per core, fewer for small nets.  The ctx is borrowed and outlives the
 * device; every failure of what is made on this device is kept there.
 * CREMA_EINVAL: there is no device of that name.  Other failures say why a GPU
 * cannot be used. */
enum crema_status crema_device_open(struct crema_ctx *, const char *name,
                                    int threads,
                                    struct crema_device **out) CREMA_MUST_USE;
void crema_device_free(struct crema_device *);
/* From now on the same run gives the same bits: on GPUs, algorithms whose sums
 * depend on chance are passed over; on the CPU, layouts are chosen by a fixed
 * rule instead of by a trial at set-up.  Before models are opened. */
void crema_device_be_deterministic(struct crema_device *);
/* How precise: "fp32" (the default), "tf32" (products of 32-bit numbers on a
 * GPU's tensor cores, with 10 bits behind the point), "bf16" or "fp16" (values
 * and their gradients have 16 bits, weights and losses 32).  A net's own words
 * go before.  CREMA_EINVAL: none of these; CREMA_EUNSUPPORTED, with what is
 * lacking: the device cannot.  Before models are opened. */
enum crema_status crema_device_set_math(struct crema_device *,
                                        const char *math) CREMA_MUST_USE;
/* Memory in bytes that one op of a GPU may use beside its tensors; the fastest
 * convolutions need much.  0, the default: a sixteenth of the GPU's memory, at
 * most 1 GiB.  Before models are opened. */
void crema_device_limit_workspace(struct crema_device *, size_t bytes);
/* "cpu", "cuda", "ref" */
const char *crema_device_kind(const struct crema_device *);
/* The processor's or the GPU's own name. */
const char *crema_device_name(const struct crema_device *);

/* ---- models: a net with its weights, ready to run
 *
 * A model and its device belong to one thread at a time.  Blobs are dense
 * float32 in row-major order, N x C x H x W for pictures. */

enum { CREMA_MODEL_DIMS = 8 };

struct crema_model;

/* All zero: phase TEST, weights as the fillers make them. */
struct crema_model_options {
    const char *weights; /* .caffemodel files, joined by ','; or NULL */
    bool train;          /* phase TRAIN */
    int level;           /* for include and exclude rules */
    const char *stages;  /* joined by ','; or NULL */
    uint32_t seed;       /* of fillers and dropout */
    /* Weights may have another shape of the same count and first size: an inner
     * product's become those of the convolution it equals. */
    bool reshape_weights;
};

/* Reads the net and, if options name them, its weights; options may be NULL.
 * CREMA_EIO: a file cannot be read; CREMA_EINVAL: it is wrong, the message says
 * at which line and column; CREMA_EUNSUPPORTED: the net needs what the device
 * lacks. */
enum crema_status crema_model_open(struct crema_device *, const char *prototxt,
                                   const struct crema_model_options *options,
                                   struct crema_model **out) CREMA_MUST_USE;
void crema_model_free(struct crema_model *);

/* The name of the i-th input or output blob; NULL behind the last.  Inputs are
 * the tops of Input and MemoryData layers, in the order of the net; outputs are
 * the blobs that no layer reads, sorted by name. */
const char *crema_model_input(const struct crema_model *, int i);
const char *crema_model_output(const struct crema_model *, int i);
/* The number of dims of any blob, and each of them; -1 when there is no such
 * blob. */
int crema_model_shape(const struct crema_model *, const char *blob,
                      int64_t dims[CREMA_MODEL_DIMS]);
/* Sets an input: as many values as the product of the dims; other dims than
 * before reshape the net.  What a MemoryData layer gives is set likewise: any
 * number of whole batches, which forward passes take in turn, over and over.
 * CREMA_EINVAL: no such input, or a shape that it cannot have. */
enum crema_status crema_model_write(struct crema_model *, const char *input,
                                    int ndims, const int64_t *dims,
                                    const float *values) CREMA_MUST_USE;
/* One forward pass.  The first also lays out memory; one behind a reshape does
 * so again.  CREMA_EINVAL: the inputs' shapes do not go together. */
enum crema_status crema_model_forward(struct crema_model *) CREMA_MUST_USE;
/* An output after forward: `count` elements, all that it has.  CREMA_EINVAL: it
 * has another number of them, there is no such output, or no forward was. */
enum crema_status crema_model_read(struct crema_model *, const char *output,
                                   float *values, size_t count) CREMA_MUST_USE;

/* ---- weights of a model
 *
 * By layer and index, as the layer has them in Caffe: 0 is what multiplies, 1
 * the bias.  Layers that share weights have the same under both names.  Dense
 * float32 in row-major order, however they lie on the device. */

/* Files joined by ',', one after the other; layers are found by name.
 * CREMA_EIO: a file cannot be read; CREMA_EINVAL: it is damaged, has no layer
 * of the net, or one of another shape; then none of its weights are taken. */
enum crema_status crema_model_load(struct crema_model *,
                                   const char *weights) CREMA_MUST_USE;
/* Writes a .caffemodel, or by that ending a .caffemodel.h5; a file of that name
 * is replaced when the new one is whole. */
enum crema_status crema_model_save(struct crema_model *,
                                   const char *path) CREMA_MUST_USE;
/* The number of dims, and each of them; -1 when there is no such layer or
 * index. */
int crema_model_weight_shape(const struct crema_model *, const char *layer,
                             int index, int64_t dims[CREMA_MODEL_DIMS]);
/* `count` numbers, all there are.  CREMA_EINVAL: there is another number of
 * them, or no such layer or index. */
enum crema_status crema_model_weight_read(struct crema_model *,
                                          const char *layer, int index,
                                          float *values,
                                          size_t count) CREMA_MUST_USE;
enum crema_status crema_model_weight_write(struct crema_model *,
                                           const char *layer, int index,
                                           const float *values,
                                           size_t count) CREMA_MUST_USE;

/* ---- pictures for a net */

/* value = scale * (pixel - mean), pixels 0..255 in B,G,R order.  All zero:
 * the pixels themselves. */
struct crema_preprocess {
    const char *mean_file; /* .binaryproto, averaged by channel; or NULL */
    int nmeans;            /* 0, 1 (all channels) or one for each */
    float mean[4];
    float scale; /* 0 counts as 1 */
};
/* JPEG, PNG, BMP or PPM, resized to height x width; channels 3 or 1 (grey).
 * Fills values[channels][height][width].  CREMA_EIO: the file cannot be read;
 * CREMA_EINVAL: it is no such picture, or the means do not fit the channels. */
enum crema_status crema_picture_read(struct crema_ctx *, const char *path,
                                     int channels, int height, int width,
                                     const struct crema_preprocess *,
                                     float *values) CREMA_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
