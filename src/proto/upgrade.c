/* upgrade.c - nets and solvers of any age, brought to today's form. */
#include "proto/upgrade_internal.h"

#include <string.h>

#define V1_TYPE(name) CREMA__V1_LAYER_PARAMETER__LAYER_TYPE__##name

/* The message of a V1 data layer that also held what is now in
 * transform_param, by the layer's type; NULL in other layers. */
static const char *data_param_of(const Crema__V1LayerParameter *layer)
{
    if (!layer->has_type) return NULL;
    switch (layer->type) {
    case V1_TYPE(DATA):
        return "data_param";
    case V1_TYPE(IMAGE_DATA):
        return "image_data_param";
    case V1_TYPE(WINDOW_DATA):
        return "window_data_param";
    default:
        return NULL;
    }
}

static const char *const transforms[] = { "scale", "mean_file", "crop_size",
                                          "mirror" };

enum { TRANSFORMS = sizeof transforms / sizeof *transforms };

/* The param's message, NULL if it is not given. */
static ProtobufCMessage *child_of(const ProtobufCMessage *parent,
                                  const char *name)
{
    const ProtobufCFieldDescriptor *field = crema_upgrade__field(parent, name);
    ProtobufCMessage *child;

    memcpy(&child, (const char *)parent + field->offset, sizeof child);
    return child;
}

static bool has_transforms(const ProtobufCMessage *param)
{
    if (!param) return false;
    for (int i = 0; i < TRANSFORMS; i++)
        if (crema_upgrade__given(param,
                                 crema_upgrade__field(param, transforms[i])))
            return true;
    return false;
}

static bool data_is_old(const Crema__V1LayerParameter *layer)
{
    const char *name = data_param_of(layer);

    return name && has_transforms(child_of(&layer->base, name));
}

static bool batch_norm_is_old(const Crema__LayerParameter *layer)
{
    return layer->type && strcmp(layer->type, "BatchNorm") == 0 &&
           layer->n_param == 3;
}

unsigned crema_net_age(const Crema__NetParameter *net)
{
    unsigned age = 0;

    if (net->n_layers) age |= CREMA_OLD_V1;
    if (net->n_input) age |= CREMA_OLD_INPUT;
    for (size_t i = 0; i < net->n_layers; i++) {
        if (net->layers[i]->layer) age |= CREMA_OLD_V0;
        if (data_is_old(net->layers[i])) age |= CREMA_OLD_DATA;
    }
    for (size_t i = 0; i < net->n_layer; i++)
        if (batch_norm_is_old(net->layer[i])) age |= CREMA_OLD_BATCH_NORM;
    return age;
}

/* As in Caffe, which gives every such layer both messages. */
static enum crema_status upgrade_data(const struct crema_upgrade *u,
                                      Crema__V1LayerParameter *layer)
{
    const char *name = data_param_of(layer);
    ProtobufCMessage *param, *to;

    if (!name) return CREMA_OK;
    CREMA_TRY(crema_upgrade__child(u, &layer->base, name, layer, &param));
    CREMA_TRY(
        crema_upgrade__child(u, &layer->base, "transform_param", param, &to));
    for (int i = 0; i < TRANSFORMS; i++)
        CREMA_TRY(crema_upgrade__move(
            u, to, crema_upgrade__field(to, transforms[i]), param,
            crema_upgrade__field(param, transforms[i])));
    return CREMA_OK;
}

static enum crema_status input_fail(const struct crema_upgrade *u,
                                    const Crema__NetParameter *net,
                                    const char *what, size_t is, size_t want)
{
    struct crema_place at = crema_source_place(u->source, &net->input, net);

    return crema_fail_at(u->ctx, CREMA_EINVAL, &at,
                         "%zu inputs need %zu %s, but there are %zu",
                         net->n_input, want, what, is);
}

/* The shape of input i, from input_shape or four input_dims. */
static enum crema_status add_shape(const struct crema_upgrade *u,
                                   const Crema__NetParameter *net, size_t i,
                                   ProtobufCMessage *param)
{
    const ProtobufCFieldDescriptor *field =
        crema_upgrade__field(param, "shape");
    Crema__BlobShape **slot = crema_message_slot(u->source, param, field);
    const void *from = net->n_input_shape
                           ? (const void *)&net->input_shape[i]
                           : (const void *)&net->input_dim[4 * i];

    if (!slot || !crema_source_copy_mark(u->source, slot, from))
        return crema_upgrade__no_memory(u);
    if (net->n_input_shape) {
        *slot = net->input_shape[i];
        return CREMA_OK;
    }
    *slot = (Crema__BlobShape *)crema_message_new(u->source, field->descriptor);
    if (!*slot || !crema_source_copy_mark(u->source, *slot, from))
        return crema_upgrade__no_memory(u);
    for (size_t k = 4 * i; k < 4 * i + 4; k++) {
        int64_t *dim =
            crema_message_slot(u->source, &(*slot)->base,
                               crema_upgrade__field(&(*slot)->base, "dim"));

        if (!dim || !crema_source_copy_mark(u->source, dim, &net->input_dim[k]))
            return crema_upgrade__no_memory(u);
        *dim = net->input_dim[k];
    }
    return CREMA_OK;
}

/* An Input layer in front of all others. */
static enum crema_status add_input(const struct crema_upgrade *u,
                                   Crema__NetParameter *net)
{
    const ProtobufCFieldDescriptor *field =
        crema_upgrade__field(&net->base, "layer");
    Crema__LayerParameter **slot, *layer;
    ProtobufCMessage *param;

    slot = crema_message_slot(u->source, &net->base, field);
    layer = (Crema__LayerParameter *)crema_message_new(u->source,
                                                       field->descriptor);
    if (!slot || !layer) return crema_upgrade__no_memory(u);
    *slot = layer;
    layer->name = crema_arena_strdup(&u->source->arena, "input");
    layer->type = crema_arena_strdup(&u->source->arena, "Input");
    if (!layer->name || !layer->type ||
        !crema_source_copy_mark(u->source, layer, &net->input))
        return crema_upgrade__no_memory(u);
    CREMA_TRY(
        crema_upgrade__child(u, &layer->base, "input_param", layer, &param));
    for (size_t i = 0; i < net->n_input; i++)
        CREMA_TRY(add_shape(u, net, i, param));
    CREMA_TRY(crema_upgrade__move(
        u, &layer->base, crema_upgrade__field(&layer->base, "top"), &net->base,
        crema_upgrade__field(&net->base, "input")));
    for (size_t i = net->n_layer - 1; i > 0; i--) {
        net->layer[i] = net->layer[i - 1];
        if (!crema_source_copy_mark(u->source, &net->layer[i],
                                    &net->layer[i - 1]))
            return crema_upgrade__no_memory(u);
    }
    net->layer[0] = layer;
    if (!crema_source_copy_mark(u->source, &net->layer[0], layer))
        return crema_upgrade__no_memory(u);
    return CREMA_OK;
}

/* Inputs without sizes come from old weights and say nothing. */
static enum crema_status upgrade_input(const struct crema_upgrade *u,
                                       Crema__NetParameter *net)
{
    if (net->n_input_shape && net->n_input_shape < net->n_input)
        return input_fail(u, net, "input_shapes", net->n_input_shape,
                          net->n_input);
    if (!net->n_input_shape && net->n_input_dim &&
        net->n_input_dim < 4 * net->n_input)
        return input_fail(u, net, "input_dims", net->n_input_dim,
                          4 * net->n_input);
    if (net->n_input_shape || net->n_input_dim) CREMA_TRY(add_input(u, net));
    net->n_input = net->n_input_shape = net->n_input_dim = 0;
    return CREMA_OK;
}

/* The three are statistics, which no rule may change. */
static void upgrade_batch_norm(Crema__LayerParameter *layer)
{
    for (size_t i = 0; i < layer->n_param; i++) {
        layer->param[i]->has_lr_mult = layer->param[i]->has_decay_mult = 1;
        layer->param[i]->lr_mult = layer->param[i]->decay_mult = 0;
    }
}

/* Today's data layers look into transform_param only, and so does Caffe. */
static void warn_of_transforms(const struct crema_upgrade *u,
                               const Crema__NetParameter *net)
{
    static const char *const params[] = { "data_param", "image_data_param",
                                          "window_data_param" };

    for (size_t i = 0; i < net->n_layer; i++)
        for (int k = 0; k < 3; k++) {
            ProtobufCMessage *param = child_of(&net->layer[i]->base, params[k]);

            if (has_transforms(param))
                crema_upgrade__warn(u, param,
                                    "scale, mean_file, crop_size and mirror "
                                    "count only inside transform_param, not "
                                    "in %s",
                                    params[k]);
        }
}

enum crema_status crema_net_upgrade(struct crema_ctx *ctx,
                                    struct crema_source *source,
                                    Crema__NetParameter *net)
{
    struct crema_upgrade u = { ctx, source };
    unsigned age = crema_net_age(net);
    struct crema_place at;

    if (net->n_layer && net->n_layers) {
        at = crema_source_place(source, &net->layers, net);
        return crema_fail_at(ctx, CREMA_EINVAL, &at,
                             "a net has either \"layer\" or \"layers\" (the "
                             "old form), not both: write all as \"layer\"");
    }
    warn_of_transforms(&u, net);
    if (age & CREMA_OLD_V0) CREMA_TRY(crema_upgrade__padding(&u, net));
    if (age & CREMA_OLD_DATA)
        for (size_t i = 0; i < net->n_layers; i++)
            CREMA_TRY(upgrade_data(&u, net->layers[i]));
    if (age & CREMA_OLD_V1) CREMA_TRY(crema_upgrade__v1(&u, net));
    if (age & CREMA_OLD_INPUT) CREMA_TRY(upgrade_input(&u, net));
    for (size_t i = 0; i < net->n_layer; i++)
        if (batch_norm_is_old(net->layer[i])) upgrade_batch_norm(net->layer[i]);
    return CREMA_OK;
}

enum crema_status crema_net_file_read(struct crema_ctx *ctx, const char *path,
                                      enum crema_text_mode mode,
                                      Crema__NetParameter **net,
                                      struct crema_source **source)
{
    ProtobufCMessage *message;
    enum crema_status status;

    CREMA_TRY(crema_text_read_file(ctx, path, &crema__net_parameter__descriptor,
                                   mode, &message, source));
    *net = (Crema__NetParameter *)message;
    status = crema_net_upgrade(ctx, *source, *net);
    if (status != CREMA_OK) {
        crema_source_free(*source);
        *source = NULL;
    }
    return status;
}
