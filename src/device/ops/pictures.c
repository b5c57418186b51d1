/* pictures.c - bytes of pictures become a net's input.
 *
 *   Y[n,c,y,x] = (B[n,c,y,x'] - mean[c,top+y,left+x']) scale
 *   x' = x, or w-1-x where picture n is mirrored
 */
#include "device/ops/params.h"

struct crema_tensor *crema_pictures(struct crema_program *p,
                                    const struct crema_shape *shape,
                                    float scale, struct crema_tensor *bytes,
                                    struct crema_tensor *places,
                                    struct crema_tensor *mean)
{
    struct crema_tensor *in[3] = { bytes, places, mean };
    struct crema_picture_sizes s = { .scale = scale };
    struct crema_op *op;

    if (!bytes || !places) return NULL;
    s.c = shape->dim[1];
    s.h = shape->dim[2];
    s.w = shape->dim[3];
    if (mean) s.mean_c = mean->shape.dim[0];
    if (mean && mean->shape.ndims == 3) {
        s.mean_h = mean->shape.dim[1];
        s.mean_w = mean->shape.dim[2];
    }
    op = crema_op_record(p, &crema_op_pictures, &s, 3, in, 1, shape);
    return op ? op->out[0] : NULL;
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_picture_sizes *s = op->params;
    const uint8_t *bytes = op->in[0]->data;
    const int32_t *place = op->in[1]->data;
    const float *mean = crema_in(op, 2);
    float *to = crema_out(op, 0);

    (void)ctx;
    for (int64_t n = 0; n < op->out[0]->shape.dim[0]; n++) {
        for (int64_t c = 0; c < s->c; c++)
            for (int64_t y = 0; y < s->h; y++)
                for (int64_t x = 0; x < s->w; x++)
                    *to++ = crema_picture_value(s, bytes, place, mean, c, y, x);
        bytes += s->c * s->h * s->w;
        place += CREMA_PLACE_NUMBERS;
    }
    return CREMA_OK;
}

/* bytes places [mean] -> y */
const struct crema_op_type crema_op_pictures = {
    .name = "pictures",
    .params_size = sizeof(struct crema_picture_sizes),
    .ref = ref,
};
