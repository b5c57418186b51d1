/* test_gradient_sums.c - gradients of weights, whose channels may be padded and
 * whose numbers may have 16 bits, are summed up, and their norm taken, as they
 * lie: nothing brings them into another form, and the padding does not count.
 */
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <string.h>

enum { N = 2, SIDE = 6, K = 8, MOST = K * 5 * 9 };

struct trial {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_heap heap;
    struct crema_param w, b, sum;
    struct crema_program *p;
    struct crema_tensor *dw, *factor;
};

static struct crema_param param(struct trial *t, const struct crema_shape *s)
{
    return (struct crema_param){ .name = "param", .shape = *s, .dev = t->dev };
}

/* sum = sum + dW; factor = 1e-3 / norm of dW and db */
static void record(struct trial *t, int64_t channels)
{
    const struct crema_conv conv = { 2,        { 3, 3 }, { 1, 1 },
                                     { 1, 1 }, { 1, 1 }, 1 };
    struct crema_program *p = t->p;
    struct crema_tensor *x, *y, *gradient[2];
    float v[N * MOST];

    t->w = param(t, &CREMA_SHAPE(K, channels, 3, 3));
    t->b = param(t, &CREMA_SHAPE(K));
    t->sum = param(t, &t->w.shape);
    p->storage = p->grad_storage = t->dev->storage;
    x = crema_program_input(p, &CREMA_SHAPE(N, channels, SIDE, SIDE),
                            CREMA_F32);
    y = crema_conv(p, &conv, x, crema_program_param(p, &t->w, true),
                   crema_program_param(p, &t->b, true));
    crema_program_end(p, CREMA_FORWARD);
    crema_program_seed(p, y, crema_fill(p, &y->shape, 0.125f));
    ck_assert_int_eq(crema_program_differentiate(p), CREMA_OK);
    t->dw = gradient[0] = crema_program_param(p, &t->w, true)->grad;
    gradient[1] = crema_program_param(p, &t->b, true)->grad;
    crema_accumulate(p, crema_program_param(p, &t->sum, false), t->dw);
    t->factor = crema_clip_factor(p, 1e-3f, 2, gradient);
    crema_program_keep(t->factor);
    crema_program_end(p, CREMA_UPDATE);
    ck_assert_msg(crema_program_prepare(p) == CREMA_OK, "%s", t->ctx->message);
    for (int i = 0; i < N * MOST; i++) v[i] = (float)(i * 7 % 9) - 4;
    ck_assert_int_eq(crema_tensor_write(t->dev, x, v), CREMA_OK);
}

static void run(struct trial *t, const char *device, const char *math,
                int64_t channels)
{
    memset(t, 0, sizeof *t);
    t->ctx = crema_ctx_new(NULL, NULL);
    ck_assert_int_eq(cuda_on_host_open(t->ctx, device, &t->dev), CREMA_OK);
    ck_assert_int_eq(crema_device_set_math(t->dev, math), CREMA_OK);
    t->heap.dev = t->dev;
    ck_assert_int_eq(crema_program_open(t->dev, &t->heap, true, &t->p),
                     CREMA_OK);
    record(t, channels);
    for (int twice = 0; twice < 2; twice++)
        ck_assert_msg(crema_program_run(t->p, CREMA_FORWARD, CREMA_UPDATE, NULL,
                                        NULL) == CREMA_OK,
                      "%s", t->ctx->message);
}

static void end(struct trial *t)
{
    crema_program_free(t->p);
    crema_param_release(&t->w);
    crema_param_release(&t->b);
    crema_param_release(&t->sum);
    crema_heap_release(&t->heap);
    crema_device_free(t->dev);
    crema_ctx_free(t->ctx);
}

static void same(struct trial *ref, struct trial *t)
{
    float a[MOST], b[MOST], factor[2], largest = 0;
    int64_t n = crema_shape_count(&ref->w.shape);

    ck_assert_int_eq(crema_param_read(&ref->sum, 0, n, a), CREMA_OK);
    ck_assert_int_eq(crema_param_read(&t->sum, 0, n, b), CREMA_OK);
    for (int i = 0; i < n; i++) largest = fmaxf(largest, fabsf(a[i]));
    ck_assert_float_gt(largest, 0);
    for (int i = 0; i < n; i++)
        ck_assert_float_le(fabsf(a[i] - b[i]), 1e-2f * largest);
    ck_assert_int_eq(crema_tensor_read(ref->dev, ref->factor, &factor[0]),
                     CREMA_OK);
    ck_assert_int_eq(crema_tensor_read(t->dev, t->factor, &factor[1]),
                     CREMA_OK);
    ck_assert_float_lt(factor[0], 1);
    ck_assert_float_eq_tol(factor[1] / factor[0], 1, 5e-3f);
}

static const struct {
    const char *device, *math;
    int64_t channels, padded;
    enum crema_type type; /* of dW */
} cases[] = {
    { CUDA_ON_HOST_LAST, "bf16", 3, 8, CREMA_BF16 },
    { CUDA_ON_HOST_LAST, "fp16", 5, 8, CREMA_F16 },
    { CUDA_ON_HOST_LAST, "tf32", 3, 4, CREMA_F32 },
    { CUDA_ON_HOST_LAST, "tf32", 5, 5, CREMA_F32 },
    { CUDA_ON_HOST, "bf16", 3, 3, CREMA_BF16 },
    { CUDA_ON_HOST, "fp32", 3, 3, CREMA_F32 },
};

START_TEST(as_they_lie)
{
    struct trial ref, t;

    run(&ref, "ref", "fp32", cases[_i].channels);
    run(&t, cases[_i].device, cases[_i].math, cases[_i].channels);
    ck_assert_int_eq(t.dw->layout.padded[1], cases[_i].padded);
    ck_assert_int_eq(t.dw->layout.type, cases[_i].type);
    for (int i = 0; i < t.p->nops; i++)
        ck_assert(t.p->op[i]->type != &crema_op_reorder ||
                  t.p->op[i]->in[0] != t.dw);
    same(&ref, &t);
    end(&ref);
    end(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sums of gradients");
    TCase *t = tcase_create("padded, 16 bits");

    tcase_add_loop_test(t, as_they_lie, 0, sizeof cases / sizeof *cases);
    suite_add_tcase(s, t);
    return run_suite(s);
}
