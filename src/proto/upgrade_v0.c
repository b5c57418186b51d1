/* upgrade_v0.c - the oldest layers: one message for the fields of all types.
 *
 *   layers { layer { name: "c" type: "conv" kernelsize: 5 pad: 2 } ... }
 */
#include "proto/upgrade_internal.h"

#include <string.h>

/* Where a V0 field goes in layers of a type (NULL: of any). */
static const struct {
    const char *old, *type, *param, *field;
} moves[] = {
    { "num_output", "conv", "convolution_param", "num_output" },
    { "num_output", "innerproduct", "inner_product_param", "num_output" },
    { "biasterm", "conv", "convolution_param", "bias_term" },
    { "biasterm", "innerproduct", "inner_product_param", "bias_term" },
    { "weight_filler", "conv", "convolution_param", "weight_filler" },
    { "weight_filler", "innerproduct", "inner_product_param", "weight_filler" },
    { "bias_filler", "conv", "convolution_param", "bias_filler" },
    { "bias_filler", "innerproduct", "inner_product_param", "bias_filler" },
    { "pad", "conv", "convolution_param", "pad" },
    { "pad", "pool", "pooling_param", "pad" },
    { "kernelsize", "conv", "convolution_param", "kernel_size" },
    { "kernelsize", "pool", "pooling_param", "kernel_size" },
    { "group", "conv", "convolution_param", "group" },
    { "stride", "conv", "convolution_param", "stride" },
    { "stride", "pool", "pooling_param", "stride" },
    { "pool", "pool", "pooling_param", "pool" },
    { "dropout_ratio", "dropout", "dropout_param", "dropout_ratio" },
    { "local_size", "lrn", "lrn_param", "local_size" },
    { "alpha", "lrn", "lrn_param", "alpha" },
    { "beta", "lrn", "lrn_param", "beta" },
    { "k", "lrn", "lrn_param", "k" },
    { "source", "data", "data_param", "source" },
    { "source", "hdf5_data", "hdf5_data_param", "source" },
    { "source", "images", "image_data_param", "source" },
    { "source", "window_data", "window_data_param", "source" },
    { "source", "infogain_loss", "infogain_loss_param", "source" },
    { "scale", NULL, "transform_param", "scale" },
    { "meanfile", NULL, "transform_param", "mean_file" },
    { "cropsize", NULL, "transform_param", "crop_size" },
    { "mirror", NULL, "transform_param", "mirror" },
    { "batchsize", "data", "data_param", "batch_size" },
    { "batchsize", "hdf5_data", "hdf5_data_param", "batch_size" },
    { "batchsize", "images", "image_data_param", "batch_size" },
    { "batchsize", "window_data", "window_data_param", "batch_size" },
    { "rand_skip", "data", "data_param", "rand_skip" },
    { "rand_skip", "images", "image_data_param", "rand_skip" },
    { "shuffle_images", "images", "image_data_param", "shuffle" },
    { "new_height", "images", "image_data_param", "new_height" },
    { "new_width", "images", "image_data_param", "new_width" },
    { "concat_dim", "concat", "concat_param", "concat_dim" },
    { "det_fg_threshold", "window_data", "window_data_param", "fg_threshold" },
    { "det_bg_threshold", "window_data", "window_data_param", "bg_threshold" },
    { "det_fg_fraction", "window_data", "window_data_param", "fg_fraction" },
    { "det_context_pad", "window_data", "window_data_param", "context_pad" },
    { "det_crop_mode", "window_data", "window_data_param", "crop_mode" },
    { "hdf5_output_param", "hdf5_output", NULL, "hdf5_output_param" },
    { "name", NULL, NULL, "name" },
    { "blobs", NULL, NULL, "blobs" },
};

static const struct {
    const char *old, *type;
} types[] = {
    { "accuracy", "Accuracy" },
    { "bnll", "BNLL" },
    { "concat", "Concat" },
    { "conv", "Convolution" },
    { "data", "Data" },
    { "dropout", "Dropout" },
    { "euclidean_loss", "EuclideanLoss" },
    { "flatten", "Flatten" },
    { "hdf5_data", "HDF5Data" },
    { "hdf5_output", "HDF5Output" },
    { "im2col", "Im2col" },
    { "images", "ImageData" },
    { "infogain_loss", "InfogainLoss" },
    { "innerproduct", "InnerProduct" },
    { "lrn", "LRN" },
    { "multinomial_logistic_loss", "MultinomialLogisticLoss" },
    { "pool", "Pooling" },
    { "relu", "ReLU" },
    { "sigmoid", "Sigmoid" },
    { "softmax", "Softmax" },
    { "softmax_loss", "SoftmaxWithLoss" },
    { "split", "Split" },
    { "tanh", "TanH" },
    { "window_data", "WindowData" },
};

enum {
    MOVES = sizeof moves / sizeof *moves,
    TYPES = sizeof types / sizeof *types
};

static enum crema_status fail(const struct crema_upgrade *u, const void *field,
                              const void *enclosing, const char *what,
                              const char *value)
{
    struct crema_place at = crema_source_place(u->source, field, enclosing);

    return crema_fail_at(u->ctx, CREMA_EINVAL, &at, "%s \"%s\"", what, value);
}

static enum crema_status set_type(const struct crema_upgrade *u,
                                  Crema__V0LayerParameter *old,
                                  Crema__LayerParameter *layer)
{
    if (!old->type) return CREMA_OK;
    for (int i = 0; i < TYPES; i++) {
        if (strcmp(types[i].old, old->type) != 0) continue;
        layer->type = crema_arena_strdup(&u->source->arena, types[i].type);
        if (!layer->type ||
            !crema_source_copy_mark(u->source, &layer->type, &old->type))
            return crema_upgrade__no_memory(u);
        return CREMA_OK;
    }
    return fail(u, &old->type, old, "the old format has no layer type",
                old->type);
}

static enum crema_status move_field(const struct crema_upgrade *u,
                                    Crema__V0LayerParameter *old,
                                    const ProtobufCFieldDescriptor *field,
                                    Crema__LayerParameter *layer)
{
    const void *given = (const char *)old + field->offset;
    const char *type = old->type ? old->type : "";
    ProtobufCMessage *to = &layer->base;

    for (int i = 0; i < MOVES; i++) {
        if (strcmp(moves[i].old, field->name) != 0) continue;
        if (moves[i].type && strcmp(moves[i].type, type) != 0) continue;
        if (moves[i].param)
            CREMA_TRY(crema_upgrade__child(u, to, moves[i].param, given, &to));
        return crema_upgrade__move(
            u, to, crema_upgrade__field(to, moves[i].field), &old->base, field);
    }
    crema_upgrade__warn(u, given, "%s means nothing in a layer of type \"%s\"",
                        field->name, type);
    return CREMA_OK;
}

enum crema_status crema_upgrade__v0(const struct crema_upgrade *u,
                                    Crema__V0LayerParameter *old,
                                    Crema__LayerParameter *layer)
{
    const ProtobufCMessageDescriptor *of = old->base.descriptor;

    CREMA_TRY(set_type(u, old, layer));
    for (unsigned i = 0; i < of->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &of->fields[i];

        if (strcmp(field->name, "type") == 0 ||
            strcmp(field->name, "blobs_lr") == 0 ||
            strcmp(field->name, "weight_decay") == 0 ||
            !crema_upgrade__given(&old->base, field))
            continue;
        CREMA_TRY(move_field(u, old, field, layer));
    }
    return CREMA_OK;
}

static bool is_padding(const Crema__V1LayerParameter *layer)
{
    return layer->layer && layer->layer->type &&
           strcmp(layer->layer->type, "padding") == 0;
}

/* The layer before `end` that last wrote this blob; NULL when none did. */
static Crema__V1LayerParameter *writer(const Crema__NetParameter *net,
                                       size_t end, const char *blob)
{
    for (size_t i = end; i-- > 0;)
        for (size_t k = 0; k < net->layers[i]->n_top; k++)
            if (strcmp(net->layers[i]->top[k], blob) == 0)
                return net->layers[i];
    return NULL;
}

/* `layer` reads what the padding layer wrote: it pads for itself. */
static enum crema_status take_pad(const struct crema_upgrade *u,
                                  Crema__V1LayerParameter *layer,
                                  Crema__V1LayerParameter *padding)
{
    Crema__V0LayerParameter *old = layer->layer;
    const char *type = old && old->type ? old->type : "";

    if ((strcmp(type, "conv") != 0 && strcmp(type, "pool") != 0) ||
        layer->n_bottom != 1 || padding->n_bottom != 1 || padding->n_top != 1)
        return fail(u, layer, NULL,
                    "only a conv or pool layer with one bottom can read the "
                    "padding layer",
                    padding->layer->name ? padding->layer->name : "");
    old->has_pad = 1;
    old->pad = padding->layer->pad;
    layer->bottom[0] = padding->bottom[0];
    if (!crema_source_copy_mark(u->source, &old->pad, &padding->layer->pad))
        return crema_upgrade__no_memory(u);
    return CREMA_OK;
}

enum crema_status crema_upgrade__padding(const struct crema_upgrade *u,
                                         Crema__NetParameter *net)
{
    size_t kept = 0;

    for (size_t i = 0; i < net->n_layers; i++) {
        Crema__V1LayerParameter *layer = net->layers[i];

        for (size_t k = 0; k < layer->n_bottom; k++) {
            Crema__V1LayerParameter *from = writer(net, i, layer->bottom[k]);

            if (from && is_padding(from)) CREMA_TRY(take_pad(u, layer, from));
        }
    }
    for (size_t i = 0; i < net->n_layers; i++)
        if (!is_padding(net->layers[i])) net->layers[kept++] = net->layers[i];
    net->n_layers = kept;
    return CREMA_OK;
}
