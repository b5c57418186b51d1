/* upgrade_v1.c - `layers { type: CONVOLUTION blobs_lr: 1 ... }` to `layer`. */
#include "proto/upgrade_internal.h"
#include "proto/v1_types.h"

#include <string.h>

/* Fields that are not simply called the same. */
static bool is_special(const char *name)
{
    static const char *const names[] = { "layer",           "type",
                                         "param",           "blobs_lr",
                                         "blob_share_mode", "weight_decay" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

/* ParamSpec i of the layer, which takes the place of `from` if it is new. */
static enum crema_status spec(const struct crema_upgrade *u,
                              Crema__LayerParameter *layer, size_t i,
                              const void *from, Crema__ParamSpec **out)
{
    const ProtobufCFieldDescriptor *field =
        crema_upgrade__field(&layer->base, "param");
    ProtobufCMessage **slot, *message;

    while (layer->n_param <= i) {
        slot = crema_message_slot(u->source, &layer->base, field);
        if (!slot) return crema_upgrade__no_memory(u);
        message = crema_message_new(u->source, field->descriptor);
        if (!message || !crema_source_copy_mark(u->source, slot, from) ||
            !crema_source_copy_mark(u->source, message, from))
            return crema_upgrade__no_memory(u);
        *slot = message;
    }
    *out = layer->param[i];
    return CREMA_OK;
}

static enum crema_status mark(const struct crema_upgrade *u, const void *to,
                              const void *from)
{
    return crema_source_copy_mark(u->source, to, from)
               ? CREMA_OK
               : crema_upgrade__no_memory(u);
}

static enum crema_status names(const struct crema_upgrade *u,
                               const Crema__V1LayerParameter *old,
                               Crema__LayerParameter *layer)
{
    Crema__ParamSpec *s;

    for (size_t i = 0; i < old->n_param; i++) {
        CREMA_TRY(spec(u, layer, i, &old->param[i], &s));
        s->name = old->param[i];
        CREMA_TRY(mark(u, &s->name, &old->param[i]));
    }
    for (size_t i = 0; i < old->n_blob_share_mode; i++) {
        CREMA_TRY(spec(u, layer, i, &old->blob_share_mode[i], &s));
        s->has_share_mode = 1; /* the same numbers */
        s->share_mode = (Crema__ParamSpec__DimCheckMode)old->blob_share_mode[i];
        CREMA_TRY(mark(u, &s->share_mode, &old->blob_share_mode[i]));
    }
    return CREMA_OK;
}

/* V0 and V1 layers name these alike. */
static enum crema_status rates(const struct crema_upgrade *u, size_t nlr,
                               const float *lr, size_t ndecay,
                               const float *decay, Crema__LayerParameter *layer)
{
    Crema__ParamSpec *s;

    for (size_t i = 0; i < nlr; i++) {
        CREMA_TRY(spec(u, layer, i, &lr[i], &s));
        s->has_lr_mult = 1;
        s->lr_mult = lr[i];
        CREMA_TRY(mark(u, &s->lr_mult, &lr[i]));
    }
    for (size_t i = 0; i < ndecay; i++) {
        CREMA_TRY(spec(u, layer, i, &decay[i], &s));
        s->has_decay_mult = 1;
        s->decay_mult = decay[i];
        CREMA_TRY(mark(u, &s->decay_mult, &decay[i]));
    }
    return CREMA_OK;
}

static enum crema_status set_type(const struct crema_upgrade *u,
                                  const Crema__V1LayerParameter *old,
                                  Crema__LayerParameter *layer)
{
    const char *type = crema_v1_type_of((int)old->type);
    const ProtobufCEnumValue *value;
    struct crema_place at;

    if (!old->has_type) return CREMA_OK;
    if (!type) {
        value = protobuf_c_enum_descriptor_get_value(
            &crema__v1_layer_parameter__layer_type__descriptor, (int)old->type);
        at = crema_source_place(u->source, &old->type, old);
        return crema_fail_at(u->ctx, CREMA_EUNSUPPORTED, &at,
                             "layer type %s has no counterpart in \"layer\"",
                             value ? value->name : "of this number");
    }
    layer->type = crema_arena_strdup(&u->source->arena, type);
    if (!layer->type) return crema_upgrade__no_memory(u);
    return mark(u, &layer->type, &old->type);
}

static enum crema_status one_layer(const struct crema_upgrade *u,
                                   Crema__V1LayerParameter *old,
                                   Crema__LayerParameter *layer)
{
    const ProtobufCMessageDescriptor *of = old->base.descriptor;

    CREMA_TRY(mark(u, layer, old));
    CREMA_TRY(set_type(u, old, layer));
    CREMA_TRY(names(u, old, layer));
    CREMA_TRY(rates(u, old->n_blobs_lr, old->blobs_lr, old->n_weight_decay,
                    old->weight_decay, layer));
    for (unsigned i = 0; i < of->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &of->fields[i], *to;

        if (is_special(field->name) || !crema_upgrade__given(&old->base, field))
            continue;
        to = crema_upgrade__field(&layer->base, field->name);
        if (to && to->type == field->type && to->label == field->label)
            CREMA_TRY(
                crema_upgrade__move(u, &layer->base, to, &old->base, field));
        else
            crema_upgrade__warn(u, (const char *)old + field->offset,
                                "%s has no counterpart in \"layer\"",
                                field->name);
    }
    if (!old->layer) return CREMA_OK;
    CREMA_TRY(rates(u, old->layer->n_blobs_lr, old->layer->blobs_lr,
                    old->layer->n_weight_decay, old->layer->weight_decay,
                    layer));
    return crema_upgrade__v0(u, old->layer, layer);
}

enum crema_status crema_upgrade__v1(const struct crema_upgrade *u,
                                    Crema__NetParameter *net)
{
    const ProtobufCFieldDescriptor *field =
        crema_upgrade__field(&net->base, "layer");

    for (size_t i = 0; i < net->n_layers; i++) {
        ProtobufCMessage **slot =
            crema_message_slot(u->source, &net->base, field);
        ProtobufCMessage *message;

        if (!slot) return crema_upgrade__no_memory(u);
        message = crema_message_new(u->source, field->descriptor);
        if (!message) return crema_upgrade__no_memory(u);
        *slot = message;
        CREMA_TRY(mark(u, slot, &net->layers[i]));
        CREMA_TRY(
            one_layer(u, net->layers[i], (Crema__LayerParameter *)message));
    }
    net->n_layers = 0;
    net->layers = NULL;
    return CREMA_OK;
}
