/* parameter.c - a weight as a top. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__ParameterParameter, CREMA__PARAMETER_PARAMETER__INIT,
                  parameter_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__ParameterParameter *p = param(l);
    struct crema_shape shape = { 0 };

    if (p->shape && p->shape->n_dim > CREMA_MAX_DIMS)
        return crema_layer_fail(l, p->shape, "more than %d axes",
                                CREMA_MAX_DIMS);
    for (size_t i = 0; p->shape && i < p->shape->n_dim; i++)
        shape.dim[shape.ndims++] = p->shape->dim[i];
    if (!crema_shape_valid(&shape))
        return crema_layer_fail(l, p->shape, "not a possible shape");
    l->top[0] = crema_alias(l->program,
                            crema_layer_weight(l, 0, &shape, p->blob_filler));
    return CREMA_OK;
}

static const struct crema_param_doc parameter_param = {
    .message = "parameter_param",
    .fields =
        (const struct crema_field_doc[]){
            { "shape", "of the weight" },
            { "blob_filler",
              "of a fork: first values; constant 0 when not given" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DATA,
    .line = "a weight as a blob",
    .text = "y is a weight that is learned as others are.",
    .tops = { { "y", "as shape says" } },
    .params = { &parameter_param },
    .example = "parameter_param { shape { dim: 10 } }",
};

const struct crema_layer_type crema_layer_Parameter = {
    .name = "Parameter",
    .min_bottoms = 0,
    .max_bottoms = 0,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
