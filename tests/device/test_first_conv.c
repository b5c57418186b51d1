/* test_first_conv.c - pictures' bytes become what the first convolution reads,
 * channels padded where it wants that, in one pass; with the values that the
 * definition gives. */
#include "device/formula/bf16.h"
#include "device/formula/picture.h"
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 3, H = 7, W = 6, K = 4, MOST = 8 };

struct trial {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_heap heap;
    struct crema_param mean, w;
    struct crema_program *p;
    struct crema_tensor *bytes, *places, *x, *y;
};

static struct crema_tensor *param(struct trial *t, struct crema_param *param,
                                  const struct crema_shape *s)
{
    float v[K * MOST * 9];
    int64_t n = crema_shape_count(s);

    for (int64_t i = 0; i < n; i++) v[i] = (float)(i * 5 % 11) - 5;
    *param =
        (struct crema_param){ .name = "param", .shape = *s, .dev = t->dev };
    ck_assert_int_eq(crema_param_write(param, 0, n, v), CREMA_OK);
    return crema_program_param(t->p, param, false);
}

/* Pictures of c channels; convolved, or with a ReLU behind them. */
static void record(struct trial *t, int64_t c, bool convolved)
{
    const struct crema_conv conv = { 2,        { 3, 3 }, { 1, 1 },
                                     { 1, 1 }, { 1, 1 }, 1 };
    const struct crema_shape s = CREMA_SHAPE(N, c, H, W);
    struct crema_program *p = t->p;

    p->storage = p->grad_storage = t->dev->storage;
    t->bytes = crema_program_input(p, &CREMA_SHAPE(N, c * H * W), CREMA_U8);
    t->places =
        crema_program_input(p, &CREMA_SHAPE(N, CREMA_PLACE_NUMBERS), CREMA_I32);
    t->x = crema_pictures(p, &s, 0.5f, t->bytes, t->places,
                          param(t, &t->mean, &CREMA_SHAPE(c)));
    t->y = convolved
               ? crema_conv(p, &conv, t->x,
                            param(t, &t->w, &CREMA_SHAPE(K, c, 3, 3)), NULL)
               : crema_unary(p, CREMA_UNARY_relu, NULL, t->x);
    crema_program_keep(t->x);
    crema_program_keep(t->y);
    crema_program_end(p, CREMA_UPDATE);
    ck_assert_msg(crema_program_prepare(p) == CREMA_OK, "%s", t->ctx->message);
}

static void feed(struct trial *t)
{
    uint8_t bytes[N * MOST * H * W];
    int32_t places[N * CREMA_PLACE_NUMBERS] = { 0 };

    for (int i = 0; i < N * MOST * H * W; i++)
        bytes[i] = (uint8_t)(i * i % 251);
    places[CREMA_PLACE_NUMBERS + CREMA_PLACE_MIRROR] = 1;
    places[2 * CREMA_PLACE_NUMBERS + CREMA_PLACE_BY_PIXEL] = 1;
    ck_assert_int_eq(crema_tensor_feed(t->dev, t->bytes, bytes), CREMA_OK);
    ck_assert_int_eq(crema_tensor_feed(t->dev, t->places, places), CREMA_OK);
}

static struct trial *run(const char *device, const char *math, int64_t c,
                         bool convolved)
{
    struct trial *t = calloc(1, sizeof *t);

    ck_assert_ptr_nonnull(t);
    t->ctx = crema_ctx_new(NULL, NULL);
    ck_assert_int_eq(cuda_on_host_open(t->ctx, device, &t->dev), CREMA_OK);
    ck_assert_int_eq(crema_device_set_math(t->dev, math), CREMA_OK);
    t->heap.dev = t->dev;
    ck_assert_int_eq(crema_program_open(t->dev, &t->heap, true, &t->p),
                     CREMA_OK);
    record(t, c, convolved);
    feed(t);
    ck_assert_msg(crema_program_run(t->p, CREMA_FORWARD, CREMA_UPDATE, NULL,
                                    NULL) == CREMA_OK,
                  "%s", t->ctx->message);
    return t;
}

static void end(struct trial *t)
{
    crema_program_free(t->p);
    crema_param_release(&t->mean);
    if (t->w.dev) crema_param_release(&t->w);
    crema_heap_release(&t->heap);
    crema_device_free(t->dev);
    crema_ctx_free(t->ctx);
    free(t);
}

/* Pictures to the bit, results to what 16 bits hold. */
static void same(const struct trial *ref, const struct trial *t)
{
    float x[N * MOST * H * W], y[N * MOST * H * W], largest = 0;
    int64_t n = crema_shape_count(&ref->x->shape);
    int64_t m = crema_shape_count(&ref->y->shape);

    ck_assert_int_eq(crema_tensor_read(ref->dev, ref->x, x), CREMA_OK);
    ck_assert_int_eq(crema_tensor_read(t->dev, t->x, y), CREMA_OK);
    for (int64_t i = 0; i < n; i++)
        ck_assert_float_eq(t->x->layout.type == CREMA_F32
                               ? x[i]
                               : crema_from_bf16(crema_to_bf16(x[i])),
                           y[i]);
    ck_assert_int_eq(crema_tensor_read(ref->dev, ref->y, x), CREMA_OK);
    ck_assert_int_eq(crema_tensor_read(t->dev, t->y, y), CREMA_OK);
    for (int64_t i = 0; i < m; i++) largest = fmaxf(largest, fabsf(x[i]));
    for (int64_t i = 0; i < m; i++)
        ck_assert_float_le(fabsf(x[i] - y[i]), 1e-2f * largest);
}

/* c channels lie as `lanes` numbers a pixel. */
static const struct {
    const char *device, *math;
    int64_t c, lanes;
    bool convolved;
} cases[] = {
    { CUDA_ON_HOST_LAST, "bf16", 3, 8, true },
    { CUDA_ON_HOST_LAST, "bf16", 1, 1, true },
    { CUDA_ON_HOST_LAST, "bf16", 8, 8, true },
    { CUDA_ON_HOST_LAST, "tf32", 3, 4, true },
    { CUDA_ON_HOST_LAST, "tf32", 4, 4, true },
    { CUDA_ON_HOST_LAST, "tf32", 6, 6, true },
    { CUDA_ON_HOST_LAST, "bf16", 3, 3, false },
    { CUDA_ON_HOST, "fp32", 3, 3, true },
    { CUDA_ON_HOST, "bf16", 3, 3, true },
};
enum { CASES = sizeof cases / sizeof *cases };

START_TEST(values)
{
    int64_t c = cases[_i].c;
    struct trial *ref = run("ref", "fp32", c, cases[_i].convolved);
    struct trial *t =
        run(cases[_i].device, cases[_i].math, c, cases[_i].convolved);

    ck_assert_int_eq(t->x->layout.padded[1], cases[_i].lanes);
    for (int i = 0; i < t->p->nops; i++)
        ck_assert(t->p->op[i]->type != &crema_op_reorder ||
                  t->p->op[i]->in[0] != t->x);
    same(ref, t);
    end(ref);
    end(t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pictures");
    TCase *t = tcase_create("what the first convolution reads");

    tcase_add_loop_test(t, values, 0, CASES);
    suite_add_tcase(s, t);
    return run_suite(s);
}
