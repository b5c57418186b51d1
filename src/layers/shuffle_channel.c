/* shuffle_channel.c - channels dealt out over the groups: channel c of group g
 * becomes channel c G + g.  From ShuffleNet's forks. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__ShuffleChannelParameter,
                  CREMA__SHUFFLE_CHANNEL_PARAMETER__INIT, shuffle_channel_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__ShuffleChannelParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    static const int order[] = { 0, 2, 1, 3 };
    struct crema_shape groups;

    if (x->ndims < 2 || p->group < 1 || x->dim[1] % p->group)
        return crema_layer_fail(l, &p->group,
                                "the bottom's channels do not fall into %u "
                                "groups",
                                p->group);
    groups = CREMA_SHAPE(x->dim[0], p->group, x->dim[1] / p->group,
                         crema_shape_product(x, 2, x->ndims));
    l->top[0] = crema_view(
        l->program, x,
        crema_permute(l->program, order,
                      crema_view(l->program, &groups, l->bottom[0])));
    return CREMA_OK;
}

static const struct crema_param_doc shuffle_channel_param = {
    .message = "shuffle_channel_param",
    .fields =
        (const struct crema_field_doc[]){
            { "group", "number of groups; divides the channels" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "channels dealt out over groups",
    .text = "Channel c of group g becomes channel c G + g, where G is the "
            "number of groups: a convolution with groups that follows reads "
            "from all groups before.",
    .bottoms = { { "x", "N x C, or N x C x any axes" } },
    .tops = { { "y", "of the same shape" } },
    .params = { &shuffle_channel_param },
    .quirks = "Of ShuffleNet's forks and jolibrain's.",
    .example = "shuffle_channel_param { group: 3 }",
};

const struct crema_layer_type crema_layer_ShuffleChannel = {
    .name = "ShuffleChannel",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
