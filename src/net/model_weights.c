/* model_weights.c - the public way to a model's weights. */
#include "net/model.h"

enum crema_status crema_model_load(struct crema_model *m, const char *weights)
{
    return crema_net_load_list(crema_model_net(m), weights);
}

enum crema_status crema_model_save(struct crema_model *m, const char *path)
{
    return crema_net_save_weights(crema_model_net(m), path);
}

static struct crema_slot *slot_of(const struct crema_net *net,
                                  const char *layer, int index)
{
    return crema_weights_find(&net->world->weights, layer, index);
}

int crema_model_weight_shape(const struct crema_model *m, const char *layer,
                             int index, int64_t dims[CREMA_MODEL_DIMS])
{
    const struct crema_slot *s =
        slot_of(crema_model_net((struct crema_model *)m), layer, index);

    for (int i = 0; s && i < s->shape.ndims; i++) dims[i] = s->shape.dim[i];
    return s ? s->shape.ndims : -1;
}

/* The slot, if it has that many numbers. */
static enum crema_status find(struct crema_net *net, const char *layer,
                              int index, size_t count, struct crema_slot **out)
{
    char text[CREMA_SHAPE_TEXT];

    *out = slot_of(net, layer, index);
    if (!*out)
        return crema_fail(net->ctx, CREMA_EINVAL,
                          "the net has no layer \"%s\" with weights %d", layer,
                          index);
    if (crema_shape_count(&(*out)->shape) == (int64_t)count) return CREMA_OK;
    return crema_fail(net->ctx, CREMA_EINVAL,
                      "weights %d of layer \"%s\" are %s, not %zu numbers",
                      index, layer, crema_shape_text(&(*out)->shape, text),
                      count);
}

enum crema_status crema_model_weight_read(struct crema_model *m,
                                          const char *layer, int index,
                                          float *values, size_t count)
{
    struct crema_slot *s;

    CREMA_TRY(find(crema_model_net(m), layer, index, count, &s));
    return crema_param_read(&s->weight->value, 0, (int64_t)count, values);
}

enum crema_status crema_model_weight_write(struct crema_model *m,
                                           const char *layer, int index,
                                           const float *values, size_t count)
{
    struct crema_slot *s;

    CREMA_TRY(find(crema_model_net(m), layer, index, count, &s));
    return crema_param_write(&s->weight->value, 0, (int64_t)count, values);
}
