/* layer.h - what crema's own layers know beside the contract of type.h: the
 * schema, and what the net lends.  Floor 3.
 */
#ifndef CREMA_LAYERS_LAYER_H
#define CREMA_LAYERS_LAYER_H

#include "crema.pb-c.h"
#include "data/pipeline.h"
#include "device/program.h"
#include "layers/type.h"
#include "proto/source.h"

struct crema_weights;

/* What the whole net lends to its layers. */
struct crema_lender {
    struct crema_ctx *ctx;
    struct crema_weights *weights;
    struct crema_databases *databases; /* open LMDBs, once per path */
    uint32_t seed;
    uint32_t rank, ranks;            /* of runs that share the training data;
                                        0, 0: alone */
    int data_threads;                /* decoding threads; 0: one per core */
    bool takes_bytes;                /* the device wants pictures as bytes */
    int holds;                       /* batches it may have in hand */
    struct crema_batch_memory memory; /* where batches lie */
    struct crema_device *dev;         /* on which the nets run */
    const char *decoder; /* the device's, of JPEG records that are trained on;
                            NULL: the processor decodes them, or would */
    bool skip_bad; /* records that cannot be decoded are left out */
    bool opens_data;                 /* false: check and summary look at no
                                        database and may not know a shape */
    struct crema_shape assumed; /* ... without N, of what data layers would
                                   give; ndims 0: nobody says */
    bool oversample; /* corners and centre of each picture, mirrored too */
    bool unscaled; /* data without mean and scale: pixels, to be looked at */
    bool no_values;                  /* ... and weights are not filled */
    bool again;                      /* see crema_layer_resize */
};

/* For layers whose weight, or second bottom, is laid over X from `axis` on:
 * its shape and where it begins.  A second bottom says its own shape, else it
 * covers num_axes axes, all that follow if -1.  Both fields are of a message. */
enum crema_status crema_layer_span(const struct crema_layer *,
                                   const int32_t *axis_field,
                                   const int32_t *num_axes_field, int *axis,
                                   struct crema_shape *) CREMA_MUST_USE;

/* Is the field of the message set, to anything but its default?  And what says
 * where, for crema_layer_fail. */
bool crema_field_differs(const ProtobufCFieldDescriptor *, const void *message);
const void *crema_field_place(const ProtobufCFieldDescriptor *,
                              const void *message);

/* Defines param(l): the layer's own message, or its defaults (which protoc-c
 * writes as doubles, whatever their type). */
#define CREMA_LAYER_PARAM(type, INIT, field)                                   \
    _Pragma("GCC diagnostic push")                                             \
    _Pragma("GCC diagnostic ignored \"-Wfloat-conversion\"")                   \
    static const type defaults = INIT;                                         \
    _Pragma("GCC diagnostic pop")                                              \
    static const type *param(const struct crema_layer *l)                      \
    {                                                                          \
        return l->param->field ? l->param->field : &defaults;                  \
    }

/* Refuses a plugin_param that the layer's doc does not name, or names twice. */
enum crema_status
crema_layer_check_options(const struct crema_layer *) CREMA_MUST_USE;

/* Of crema's own types: NULL when unknown. */
const struct crema_layer_type *crema_layer_find(const char *name);
/* The i-th type in alphabetical order; NULL behind the last. */
const struct crema_layer_type *crema_layer_nth(int i);
/* The same of its own types and then those of the ctx's plugins. */
const struct crema_layer_type *crema_layer_known(const struct crema_ctx *,
                                                 const char *name);
const struct crema_layer_type *crema_layer_known_nth(const struct crema_ctx *,
                                                     int i);

#endif
