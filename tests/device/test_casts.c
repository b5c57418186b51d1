/* test_casts.c - weights that ops read in 16 bits: the update writes them so
 * itself, and whoever else changes a weight is noticed. */
#include "device/learn.h"
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The most that the inner product puts out: then its weights are worth an
 * update of their own, which moves up to behind its gradient. */
enum { N = 2, C = 3, K = 8, SIDE = 6, MOST = 3700, FEW = 50, STEPS = 2 };
enum { W, B, V, PARAMS };

/* A net and, beside it, a program that changes W, too. */
struct trial {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_heap heap;
    struct crema_param w[PARAMS], h[PARAMS];
    struct crema_program *p, *other;
    struct crema_tensor *x, *y, *clip;
};

static struct crema_shape shape_of(int i, bool large)
{
    return i == W   ? CREMA_SHAPE(K, C, 3, 3)
           : i == B ? CREMA_SHAPE(K)
                    : CREMA_SHAPE(large ? MOST : FEW, K * SIDE * SIDE);
}

static void fill(struct trial *t, int i, float scale)
{
    int64_t n = crema_shape_count(&t->w[i].shape);
    float *v = malloc(sizeof *v * (size_t)n);

    ck_assert_ptr_nonnull(v);
    for (int64_t k = 0; k < n; k++)
        v[k] = scale * sinf((float)(31 * i) + 0.7f * (float)(k % 1009));
    ck_assert_int_eq(crema_param_write(&t->w[i], 0, n, v), CREMA_OK);
    free(v);
}

static void update(struct trial *t, struct crema_program *p, int i,
                   struct crema_tensor *dw, struct crema_tensor *clip)
{
    const struct crema_update u = {
        .rule = CREMA_RULE_sgd, .lr_mult = 1, .scale = 1, .momentum = 0.9f
    };

    crema_update(p, &u, crema_program_param(p, &t->w[i], true), dw,
                 crema_program_param(p, &t->h[i], false), NULL, clip, NULL);
}

/* Convolution, ReLU, inner product. */
static void record(struct trial *t, bool clipped)
{
    const struct crema_conv conv = { 2,        { 3, 3 }, { 1, 1 },
                                     { 1, 1 }, { 1, 1 }, 1 };
    struct crema_program *p = t->p;
    struct crema_tensor *w[PARAMS], *y;

    for (int i = 0; i < PARAMS; i++)
        w[i] = crema_program_param(p, &t->w[i], true);
    if (clipped)
        t->clip = crema_program_input(p, &(struct crema_shape){ 0 }, CREMA_F32);
    t->x = crema_program_input(p, &CREMA_SHAPE(N, C, SIDE, SIDE), CREMA_F32);
    y = crema_conv(p, &conv, t->x, w[W], w[B]);
    y = crema_unary(p, CREMA_UNARY_relu, NULL, y);
    y = crema_view(p, &CREMA_SHAPE(N, K * SIDE * SIDE), y);
    t->y = crema_inner_product(p, false, y, w[V], NULL);
    crema_program_keep(t->y);
    crema_program_end(p, CREMA_FORWARD);
    crema_program_seed(p, t->y, crema_fill(p, &t->y->shape, 0.01f));
    ck_assert_int_eq(crema_program_differentiate(p), CREMA_OK);
    for (int i = 0; i < PARAMS; i++) update(t, p, i, w[i]->grad, t->clip);
    crema_program_end(p, CREMA_UPDATE);
    ck_assert_int_eq(crema_program_prepare(p), CREMA_OK);
}

static void record_other(struct trial *t)
{
    struct crema_tensor *dw = crema_fill(t->other, &t->w[W].shape, 1);

    crema_program_end(t->other, CREMA_BACKWARD);
    update(t, t->other, W, dw, NULL);
    crema_program_end(t->other, CREMA_UPDATE);
    ck_assert_int_eq(crema_program_prepare(t->other), CREMA_OK);
    ck_assert_int_eq(crema_program_set_rate(t->other, CREMA_RATES(0.3f)),
                     CREMA_OK);
}

static struct crema_program *open_program(struct trial *t, bool fuse)
{
    struct crema_program *p;

    ck_assert_int_eq(crema_program_open(t->dev, &t->heap, true, &p), CREMA_OK);
    p->storage = p->grad_storage = t->dev->storage;
    p->fuse = fuse;
    return p;
}

/* Without a clip the inner product is large. */
static struct trial *start(const char *device, const char *math, bool fuse,
                           bool clipped)
{
    struct trial *t = calloc(1, sizeof *t);
    const float one = 1;

    ck_assert_ptr_nonnull(t);
    t->ctx = crema_ctx_new(NULL, NULL);
    ck_assert_int_eq(strcmp(device, "cpu")
                         ? cuda_on_host_open(t->ctx, device, &t->dev)
                         : crema_device_open(t->ctx, device, 1, &t->dev),
                     CREMA_OK);
    ck_assert_int_eq(crema_device_set_math(t->dev, math), CREMA_OK);
    t->heap.dev = t->dev;
    for (int i = 0; i < PARAMS; i++) {
        t->w[i] = (struct crema_param){ .name = "w",
                                        .shape = shape_of(i, !clipped),
                                        .dev = t->dev };
        t->h[i] = t->w[i];
        fill(t, i, 0.1f);
    }
    t->p = open_program(t, fuse);
    t->other = open_program(t, true);
    record(t, clipped);
    record_other(t);
    ck_assert_int_eq(crema_program_set_rate(t->p, CREMA_RATES(0.1f)), CREMA_OK);
    if (clipped)
        ck_assert_int_eq(crema_tensor_write(t->dev, t->clip, &one), CREMA_OK);
    return t;
}

static void end(struct trial *t)
{
    crema_program_free(t->p);
    crema_program_free(t->other);
    for (int i = 0; i < PARAMS; i++) {
        crema_param_release(&t->w[i]);
        crema_param_release(&t->h[i]);
    }
    crema_heap_release(&t->heap);
    crema_device_free(t->dev);
    crema_ctx_free(t->ctx);
    free(t);
}

static void run(struct crema_program *p, enum crema_stage from,
                enum crema_stage to)
{
    ck_assert_int_eq(crema_program_run(p, from, to, NULL, NULL), CREMA_OK);
}

static void run_steps(struct trial *t)
{
    float x[N * C * SIDE * SIDE];

    for (int i = 0; i < N * C * SIDE * SIDE; i++) x[i] = cosf((float)(i * i));
    ck_assert_int_eq(crema_tensor_write(t->dev, t->x, x), CREMA_OK);
    for (int i = 0; i < STEPS; i++) run(t->p, CREMA_FORWARD, CREMA_UPDATE);
}

/* Outputs and weights, bit by bit. */
static void same(const struct trial *a, const struct trial *b)
{
    int64_t count = crema_shape_count(&a->y->shape);
    float *x = malloc(sizeof *x * N * MOST), *y = malloc(sizeof *y * N * MOST);

    ck_assert(x && y);
    ck_assert_int_eq(crema_tensor_read(a->dev, a->y, x), CREMA_OK);
    ck_assert_int_eq(crema_tensor_read(b->dev, b->y, y), CREMA_OK);
    ck_assert_mem_eq(x, y, sizeof *x * (size_t)count);
    for (int i = 0; i < PARAMS; i++) {
        int64_t n = crema_shape_count(&a->w[i].shape);

        if (n > N * MOST) n = N * MOST;
        ck_assert_int_eq(crema_param_read(&a->w[i], 0, n, x), CREMA_OK);
        ck_assert_int_eq(crema_param_read(&b->w[i], 0, n, y), CREMA_OK);
        ck_assert_mem_eq(x, y, sizeof *x * (size_t)n);
    }
    free(x);
    free(y);
}

/* Between gradients and an update that does not take place, W is written. */
static void change_and_hold(struct trial *t)
{
    const float hold = -1, go = 1;

    run(t->p, CREMA_FORWARD, CREMA_BACKWARD);
    fill(t, W, 0.2f);
    ck_assert_int_eq(crema_tensor_write(t->dev, t->clip, &hold), CREMA_OK);
    run(t->p, CREMA_UPDATE, CREMA_UPDATE);
    ck_assert_int_eq(crema_tensor_write(t->dev, t->clip, &go), CREMA_OK);
}

static const char *const devices[] = { CUDA_ON_HOST, CUDA_ON_HOST_LAST };
static const char *const maths[] = { "bf16", "fp16" };

/* Where the processor cannot do bf16, not even slowly, it is left out. */
static bool processor_can(void)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_device *dev;
    bool can;

    setenv("CREMA_CPU_BF16", "emulate", 1);
    ck_assert_int_eq(crema_device_open(ctx, "cpu", 1, &dev), CREMA_OK);
    can = !crema_device_lacks(dev, CREMA_BF16);
    crema_device_free(dev);
    crema_ctx_free(ctx);
    return can;
}

/* As with casts in each step: through steps, after W was written by the host,
 * and after another program changed it. */
static void follow(const char *device, const char *math, bool clipped)
{
    struct trial *t[2];

    for (int i = 0; i < 2; i++) {
        t[i] = start(device, math, i == 0, clipped);
        run_steps(t[i]);
    }
    same(t[0], t[1]);
    for (int i = 0; i < 2; i++) {
        fill(t[i], W, 0.3f);
        fill(t[i], V, 0.2f);
        run_steps(t[i]);
    }
    same(t[0], t[1]);
    for (int i = 0; i < 2; i++) {
        run(t[i]->other, CREMA_FORWARD, CREMA_UPDATE);
        run_steps(t[i]);
    }
    same(t[0], t[1]);
    for (int i = 0; i < 2 && clipped; i++) {
        change_and_hold(t[i]);
        run_steps(t[i]);
    }
    same(t[0], t[1]);
    end(t[0]);
    end(t[1]);
}

START_TEST(copies_follow)
{
    follow(devices[_i % 2], maths[_i / 2 % 2], _i > 0);
}
END_TEST

START_TEST(copies_follow_on_the_processor)
{
    if (processor_can()) follow("cpu", "bf16", _i);
}
END_TEST

static int casts(const struct crema_program *p, int from, int to)
{
    int n = 0;

    for (int i = from; i < to; i++)
        n += p->op[i]->type == &crema_op_reorder &&
             p->op[i]->in[0]->role == CREMA_PARAM;
    return n;
}

START_TEST(no_cast_is_left_in_a_step)
{
    struct trial *t = start(devices[_i], "bf16", true, true);
    const struct crema_program *p = t->p;

    /* where the bias is added in a pass of our own it is float32 */
    ck_assert_int_eq(casts(p, 0, p->constants), _i ? PARAMS - 1 : PARAMS);
    ck_assert_int_eq(casts(p, p->constants, p->nops), 0);
    for (int i = 0; i < p->nops; i++)
        if (p->op[i]->type == &crema_op_update) /* padded or not */
            ck_assert_int_eq(p->op[i]->in[0]->role, CREMA_PARAM);
    end(t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("casts");
    TCase *t = tcase_create("copies of weights");

    tcase_add_loop_test(t, copies_follow, 0, 4);
    tcase_add_loop_test(t, copies_follow_on_the_processor, 0, 2);
    tcase_add_loop_test(t, no_cast_is_left_in_a_step, 0, 2);
    tcase_set_timeout(t, 120);
    suite_add_tcase(s, t);
    return run_suite(s);
}
