/* test_conv_own.c - the convolutions of our own kernels, run on the host block
 * by block and warp by warp, give what the definition gives: all directions and
 * types, tiles of both widths, copies early and late. */
#include "support/own_shapes.h"
#include "support/own_warp.h"
#include "support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct own_shape shapes[] = {
    { 1, 16, 5, 5, 16, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 2 },
    { 2, 48, 9, 9, 32, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 2 },
    /* AlexNet's conv2 in small: a chunk of K has channels of two taps */
    { 1, 96, 6, 5, 256, { 5, 5 }, { 1, 1 }, { 2, 2 }, { 1, 1 }, 2 },
    /* several tiles of pixels and of outputs, as conv4's 192 a group */
    { 2, 32, 13, 11, 384, { 1, 2 }, { 1, 1 }, { 0, 1 }, { 1, 1 }, 2 },
    /* channels and outputs that fill no tile; axes that differ */
    { 3, 24, 7, 11, 120, { 3, 2 }, { 1, 2 }, { 1, 0 }, { 1, 1 }, 3 },
    { 2, 80, 9, 8, 208, { 2, 3 }, { 2, 1 }, { 0, 2 }, { 2, 1 }, 1 },
    /* strides: of phases some, one or no tap; pixels that nobody reads */
    { 2, 16, 11, 10, 16, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, 2 },
    { 1, 32, 12, 15, 16, { 5, 3 }, { 3, 4 }, { 2, 1 }, { 1, 1 }, 1 },
    { 2, 16, 13, 9, 32, { 1, 1 }, { 3, 2 }, { 0, 0 }, { 1, 1 }, 2 },
    { 1, 16, 14, 17, 16, { 3, 4 }, { 4, 6 }, { 0, 3 }, { 2, 4 }, 2 },
    { 1, 16, 20, 9, 16, { 11, 8 }, { 4, 8 }, { 5, 3 }, { 1, 3 }, 2 },
    /* more padding than picture */
    { 1, 16, 3, 2, 32, { 3, 3 }, { 1, 1 }, { 4, 5 }, { 1, 1 }, 2 },
    /* one row; many groups */
    { 3, 64, 1, 50, 64, { 1, 5 }, { 1, 1 }, { 0, 2 }, { 1, 1 }, 8 },
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* One op on float32, and the same numbers as they lie for the kernels. */
struct trial {
    struct conv_case c;
    struct crema_tensor x, w, b, y;
    struct crema_tensor *in[3], *out[2];
    struct crema_op op;
    void *own[4]; /* x, w, y, workspace */
};

static float number(uint32_t i, uint32_t stream)
{
    return 2 * crema_uniform(crema_philox(i, 0, 0, 0, 3, stream).v[0]) - 1;
}

/* Numbers that the type holds exactly. */
static float rounded(enum crema_type type, float v)
{
    uint32_t word;

    if (type == CREMA_BF16) return crema_from_bf16(crema_to_bf16(v));
    if (type == CREMA_F16) return crema_from_f16(crema_to_f16(v));
    memcpy(&word, &v, sizeof word);
    return crema_float_of(crema_own_to_tf32(word));
}

static void fill(struct crema_tensor *t, enum crema_type type, uint32_t stream)
{
    int64_t count = crema_shape_count(&t->shape);
    float *v = malloc(sizeof *v * (size_t)count);

    for (int64_t i = 0; i < count; i++)
        v[i] = rounded(type, number((uint32_t)i, stream));
    t->data = v;
    t->layout = crema_layout_dense(&t->shape, CREMA_F32);
}

static void *packed(const struct crema_layout *l, const struct crema_tensor *t,
                    bool read)
{
    void *data = aligned_alloc(16, (l->bytes + 15) / 16 * 16);

    memset(data, 0xff, l->bytes);
    if (read)
        crema_layout_pack(l, data, 0, crema_shape_count(&t->shape),
                          (const float *)t->data);
    return data;
}

static void shape_like(struct crema_tensor *t, const struct crema_layout *l)
{
    t->shape.ndims = l->ndims;
    memcpy(t->shape.dim, l->dim, sizeof t->shape.dim);
}

static void begin(struct trial *t, const struct own_shape *s, enum conv_way way,
                  enum crema_type type)
{
    static const struct crema_op_type *const ops[] = {
        &crema_op_conv, &crema_op_conv_bwd_data, &crema_op_conv_bwd_weights
    };

    *t = (struct trial){ .c = own_case(s, way, type) };
    shape_like(&t->x, &t->c.x);
    shape_like(&t->w, &t->c.w);
    shape_like(&t->y, &t->c.y);
    t->b.shape = CREMA_SHAPE(s->k);
    fill(&t->x, type, 1);
    fill(&t->w, type, 2);
    fill(&t->y, type, 3);
    fill(&t->b, CREMA_F32, 4);
    t->in[0] = way == CONV_BWD_DATA ? &t->w : &t->x;
    t->in[1] = way == CONV_FORWARD ? &t->w : &t->y;
    t->in[2] = way == CONV_FORWARD ? &t->b : NULL;
    t->out[0] = way == CONV_FORWARD    ? &t->y
                : way == CONV_BWD_DATA ? &t->x
                                       : &t->w;
    t->op = (struct crema_op){ .type = ops[way],
                               .params = &t->c.conv,
                               .nin = way == CONV_FORWARD ? 3 : 2,
                               .nout = way == CONV_BWD_WEIGHTS ? 2 : 1,
                               .in = t->in,
                               .out = t->out };
    t->own[0] = packed(&t->c.x, &t->x, way != CONV_BWD_DATA);
    t->own[1] = packed(&t->c.w, &t->w, way != CONV_BWD_WEIGHTS);
    t->own[2] = packed(&t->c.y, &t->y, way != CONV_FORWARD);
}

static void end(struct trial *t)
{
    free(t->x.data);
    free(t->w.data);
    free(t->y.data);
    free(t->b.data);
    for (int i = 0; i < 4; i++) free(t->own[i]);
}

/* The largest difference, in parts of the largest value. */
static double apart(const struct trial *t)
{
    const struct crema_tensor *want = t->out[0];
    const struct crema_layout *l = want == &t->y   ? &t->c.y
                                   : want == &t->x ? &t->c.x
                                                   : &t->c.w;
    const void *own = t->own[want == &t->y ? 2 : want == &t->x ? 0 : 1];
    int64_t count = crema_shape_count(&want->shape);
    const float *a = want->data;
    float *b = malloc(sizeof *b * (size_t)count);
    double worst = 0, largest = 1e-30;

    crema_layout_unpack(l, own, 0, count, b);
    for (int64_t i = 0; i < count; i++) {
        double d = fabs((double)a[i] - b[i]);

        worst = fmax(worst, isnan(d) ? INFINITY : d);
        largest = fmax(largest, fabs(a[i]));
    }
    free(b);
    return worst / largest;
}

static void run_own(struct trial *t, int width, int64_t at_once)
{
    struct crema_own o;
    const struct conv_data d = { t->own[0], t->own[1], t->own[2],
                                 t->c.bias ? t->b.data : NULL };
    struct crema_own_data own;

    ck_assert(crema_conv_own_plan(&t->c, width, at_once, (size_t)1 << 30, &o));
    free(t->own[3]);
    t->own[3] = aligned_alloc(16, crema_conv_own_workspace(&o) + 16);
    memset(t->own[3], 0xff, crema_conv_own_workspace(&o) + 16);
    own = crema_conv_own_data(&t->c, &d, t->own[3]);
    ck_assert_int_eq(crema_cuda_own_conv(NULL, &o, &own), 0);
}

/* Case i of both tables.  Copies are late for one of the widths, whose dW is
 * cut into parts, and early for the other. */
static void hold(int i, enum conv_way way)
{
    enum crema_type type = own_types[i % OWN_TYPES];
    /* half a unit in the last place of what is stored, and sums' order */
    double tolerance = type == CREMA_BF16  ? 4e-3
                       : type == CREMA_F16 ? 6e-4
                                           : 1e-5;
    const struct own_shape *s = &shapes[i / OWN_TYPES];
    struct crema_ctx ctx = { 0 };
    struct trial t;

    begin(&t, s, way, type);
    ck_assert(crema_conv_own_fits(&t.c));
    ck_assert_int_eq(t.op.type->ref(&ctx, &t.op), CREMA_OK);
    if (t.c.relu)
        for (int64_t k = 0; k < crema_shape_count(&t.y.shape); k++)
            ((float *)t.y.data)[k] = fmaxf(((float *)t.y.data)[k], 0);
    for (int k = 0; k < CONV_OWN_WIDTHS; k++) {
        int width = crema_conv_own_widths[k];
        double d;

        own_copies.late = (i + k) % 2;
        run_own(&t, width, own_copies.late ? 100 : 1);
        d = apart(&t);
        if (d > tolerance)
            ck_abort_msg("shape %d, way %d, type %d, width %d%s: off by %g",
                         (int)(s - shapes), (int)way, (int)type, width,
                         own_copies.late ? ", late" : "", d);
    }
    end(&t);
}

START_TEST(forward)
{
    hold(_i, CONV_FORWARD);
}
END_TEST

START_TEST(data)
{
    hold(_i, CONV_BWD_DATA);
}
END_TEST

START_TEST(weights)
{
    hold(_i, CONV_BWD_WEIGHTS);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("own convolutions");
    TCase *parity = tcase_create("parity with ref");

    tcase_add_loop_test(parity, forward, 0, SHAPES * OWN_TYPES);
    tcase_add_loop_test(parity, data, 0, SHAPES * OWN_TYPES);
    tcase_add_loop_test(parity, weights, 0, SHAPES * OWN_TYPES);
    tcase_set_timeout(parity, 120);
    suite_add_tcase(s, parity);
    return run_suite(s);
}
