/* eltwise.c - sum, product and maximum of tensors of one shape. */
#include "device/op.h"

/* The shapes agree and are at least one. */
static bool same_shapes(struct crema_program *p, const char *what, int n,
                        struct crema_tensor *const *x)
{
    char a[CREMA_SHAPE_TEXT], b[CREMA_SHAPE_TEXT];

    for (int i = 0; i < n; i++) {
        if (!x[i]) return false;
        if (crema_shape_equal(&x[i]->shape, &x[0]->shape)) continue;
        crema_op_refuse(p, "%s of blobs of different shape, %s and %s", what,
                        crema_shape_text(&x[0]->shape, a),
                        crema_shape_text(&x[i]->shape, b));
        return false;
    }
    return n > 0;
}
