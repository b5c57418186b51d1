/* layer.c - what all layers ask of their parameters. */
#include "layers/layer.h"

#include <stdio.h>
#include <string.h>

static CREMA_MUST_USE enum crema_status fail_at(const struct crema_layer *l,
                                                enum crema_status status,
                                                const void *field,
                                                const char *reason)
{
    struct crema_place at = { 0 };

    if (l->source) at = crema_source_place(l->source, field, l->param);
    return crema_fail_at(l->ctx, status, &at, "layer \"%s\": %s",
                         l->param->name ? l->param->name : "", reason);
}

enum crema_status crema_layer_fail(const struct crema_layer *l,
                                   const void *field, const char *fmt, ...)
{
    char reason[2048];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(reason, sizeof reason, fmt, ap);
    va_end(ap);
    return fail_at(l, CREMA_EINVAL, field, reason);
}

enum crema_status crema_layer_blame(const struct crema_layer *l,
                                    const void *field, enum crema_status status)
{
    char reason[2048];

    if (status == CREMA_OK) return CREMA_OK;
    snprintf(reason, sizeof reason, "%s", l->ctx->message);
    return fail_at(l, status, field, reason);
}

enum crema_status crema_layer_resize(const struct crema_layer *l)
{
    l->lender->again = true;
    return crema_layer_fail(l, NULL, "a size that depends on data changes");
}

enum crema_status crema_layer_axis(const struct crema_layer *l,
                                   const void *field, int axis, int ndims,
                                   int *out)
{
    if (axis < -ndims || axis >= ndims)
        return crema_layer_fail(l, field,
                                "axis %d does not exist in a blob of %d axes",
                                axis, ndims);
    *out = axis < 0 ? axis + ndims : axis;
    return CREMA_OK;
}

enum crema_status crema_layer_span(const struct crema_layer *l,
                                   const int32_t *axis_field,
                                   const int32_t *num_axes_field, int *axis,
                                   struct crema_shape *s)
{
    const struct crema_shape *x = &l->bottom[0]->shape;
    int n = *num_axes_field;

    *axis = 0;
    *s = (struct crema_shape){ 0 };
    if (l->nbottoms > 1) *s = l->bottom[1]->shape;
    if (n < -1)
        return crema_layer_fail(l, num_axes_field,
                                "num_axes must be at least -1, got %d", n);
    if (l->nbottoms > 1 ? s->ndims == 0 : n == 0) return CREMA_OK;
    CREMA_TRY(crema_layer_axis(l, axis_field, *axis_field, x->ndims, axis));
    if (l->nbottoms > 1) return CREMA_OK;
    s->ndims = n < 0 ? x->ndims - *axis : n;
    if (s->ndims > x->ndims - *axis)
        return crema_layer_fail(l, num_axes_field,
                                "%d axes from axis %d on do not exist in a "
                                "blob of %d axes",
                                s->ndims, *axis, x->ndims);
    for (int i = 0; i < s->ndims; i++) s->dim[i] = x->dim[*axis + i];
    return CREMA_OK;
}

/* ---- fields that are set ------------------------------------------------- */

static bool is_default(const ProtobufCFieldDescriptor *f, const void *value)
{
    static const uint64_t zero;
    const void *usual = f->default_value ? f->default_value : &zero;

    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
        return f->default_value &&
               !strcmp(*(char *const *)value, f->default_value);
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_BYTES:
        return false;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return !memcmp(value, usual, 8);
    default:
        return !memcmp(value, usual, 4);
    }
}

static bool is_set(const ProtobufCFieldDescriptor *f, const char *message)
{
    const void *value = message + f->offset;
    const void *quantifier = message + f->quantifier_offset;

    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)quantifier > 0;
    if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE)
        return *(void *const *)value != NULL &&
               *(void *const *)value != f->default_value;
    return *(const protobuf_c_boolean *)quantifier;
}

bool crema_field_differs(const ProtobufCFieldDescriptor *f, const void *message)
{
    const char *value = (const char *)message + f->offset;

    if (!is_set(f, message)) return false;
    return f->label == PROTOBUF_C_LABEL_REPEATED || !is_default(f, value);
}

const void *crema_field_place(const ProtobufCFieldDescriptor *f,
                              const void *message)
{
    const char *value = (const char *)message + f->offset;

    return f->label == PROTOBUF_C_LABEL_REPEATED ? *(const char *const *)value
                                                 : value;
}
