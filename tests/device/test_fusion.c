/* test_fusion.c - which ops become one, which must not, and that what is folded
 * into weights follows them. */
#include "device/backend.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <string.h>

enum { N = 2, C = 3, K = 4, SIDE = 5, PARAMS = 7 };
enum { W, MEAN, VAR, FACTOR, S, B, H };

struct trial {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_heap heap;
    struct crema_param param[PARAMS];
};

/* Programs over the same params. */
struct net {
    struct crema_program *p;
    struct crema_tensor *x, *y, *w[PARAMS];
    struct crema_tensor *between[3]; /* of the four ops */
};

static const struct crema_shape shapes[PARAMS] = {
    { 4, { K, C, 3, 3 } }, { 1, { K } }, { 1, { K } },          { 1, { 1 } },
    { 1, { K } },          { 1, { K } }, { 4, { K, C, 3, 3 } },
};

static void fill(struct trial *t, int i, float first)
{
    int64_t n = crema_shape_count(&shapes[i]);
    float v[K * C * 9];

    for (int64_t k = 0; k < n; k++)
        v[k] = first + 0.3f * sinf((float)(7 * i + k));
    ck_assert_int_eq(crema_param_write(&t->param[i], 0, n, v), CREMA_OK);
}

static void open_trial(struct trial *t, const char *device)
{
    memset(t, 0, sizeof *t);
    t->ctx = crema_ctx_new(NULL, NULL);
    ck_assert_int_eq(crema_device_open(t->ctx, device, 1, &t->dev), CREMA_OK);
    t->heap.dev = t->dev;
    for (int i = 0; i < PARAMS; i++) {
        t->param[i] = (struct crema_param){ .name = "w",
                                            .shape = shapes[i],
                                            .dev = t->dev };
        fill(t, i, i == W || i == H ? 0 : 1);
    }
}

static void close_trial(struct trial *t)
{
    crema_heap_release(&t->heap);
    for (int i = 0; i < PARAMS; i++) crema_param_release(&t->param[i]);
    crema_device_free(t->dev);
    crema_ctx_free(t->ctx);
}

/* Convolution, norm, scale along `axis`, ReLU. */
static void record(struct trial *t, struct net *n, bool train, bool global,
                   int axis)
{
    const struct crema_conv conv = { 2,        { 3, 3 }, { 1, 1 },
                                     { 1, 1 }, { 1, 1 }, 1 };
    struct crema_tensor *mean, *var;

    ck_assert_int_eq(crema_program_open(t->dev, &t->heap, train, &n->p),
                     CREMA_OK);
    for (int i = 0; i < PARAMS; i++)
        n->w[i] = crema_program_param(n->p, &t->param[i],
                                      train && (i == W || i == S || i == B));
    n->x = crema_program_input(n->p, &CREMA_SHAPE(N, C, SIDE, K), CREMA_F32);
    n->between[0] = crema_conv(n->p, &conv, n->x, n->w[W], NULL);
    n->between[1] =
        global ? crema_batch_norm_global(n->p, 1e-3f, n->between[0], n->w[MEAN],
                                         n->w[VAR], n->w[FACTOR])
               : crema_batch_norm(n->p, 1e-3f, n->between[0], &mean, &var);
    n->between[2] = crema_scale(n->p, axis, n->between[1], n->w[S], n->w[B]);
    n->y = crema_unary(n->p, CREMA_UNARY_relu, NULL, n->between[2]);
    crema_program_keep(n->y);
    crema_program_end(n->p, CREMA_FORWARD);
    ck_assert_msg(!n->p->failed, "%s", t->ctx->message);
}

static void prepare(struct trial *t, struct net *n)
{
    ck_assert_msg(crema_program_prepare(n->p) == CREMA_OK, "%s",
                  t->ctx->message);
}

static void run(struct net *n, enum crema_stage to, float *y)
{
    float x[N * C * SIDE * K];

    for (int i = 0; i < N * C * SIDE * K; i++) x[i] = cosf((float)(i * i));
    ck_assert_int_eq(crema_tensor_write(n->p->dev, n->x, x), CREMA_OK);
    ck_assert_int_eq(crema_program_run(n->p, CREMA_FORWARD, to, NULL, NULL),
                     CREMA_OK);
    ck_assert_int_eq(crema_tensor_read(n->p->dev, n->y, y), CREMA_OK);
}

/* Ops of a type that each run calls. */
static int count(const struct net *n, const struct crema_op_type *type)
{
    int found = 0;

    for (int i = n->p->constants; i < n->p->nops; i++)
        found += n->p->op[i]->type == type;
    return found;
}

static int activations(const struct net *n)
{
    return count(n, &crema_op_unary_zero) + count(n, &crema_op_unary_bwd);
}

/* ---- what becomes one ------------------------------------------------------
 */

static void differentiate(struct net *n)
{
    crema_program_seed(n->p, n->y, crema_fill(n->p, &n->y->shape, 1));
    ck_assert_int_eq(crema_program_differentiate(n->p), CREMA_OK);
}

START_TEST(norm_scale_and_relu_are_one)
{
    struct trial t;
    struct net n;

    open_trial(&t, "cpu");
    record(&t, &n, true, _i, 1);
    differentiate(&n);
    prepare(&t, &n);
    ck_assert_int_eq(count(&n, &crema_op_scale), 0);
    ck_assert_int_eq(count(&n, &crema_op_scale_bwd_data), 0);
    ck_assert_int_eq(count(&n, &crema_op_scale_bwd_params), 0);
    ck_assert_int_eq(activations(&n), 0);
    ck_assert_int_eq(count(&n, &crema_op_batch_norm_bwd) +
                         count(&n, &crema_op_batch_norm_global_bwd),
                     1);
    crema_program_free(n.p);
    close_trial(&t);
}
END_TEST

START_TEST(another_axis_is_not)
{
    struct trial t;
    struct net n;

    open_trial(&t, "cpu");
    record(&t, &n, true, false, 3);
    prepare(&t, &n);
    ck_assert_int_eq(count(&n, &crema_op_scale), 1);
    ck_assert_int_eq(count(&n, &crema_op_batch_norm), 1);
    crema_program_free(n.p);
    close_trial(&t);
}
END_TEST

/* How many of conv, norm, scale and relu are left where blob _i % 3 between
 * them is kept, or watched: in TEST what is before and what is behind it. */
START_TEST(what_is_read_stays)
{
    struct trial t;
    struct net n;
    bool train = _i / 6;

    open_trial(&t, "cpu");
    record(&t, &n, train, true, 1);
    if (_i / 3 % 2)
        crema_program_keep(n.between[_i % 3]);
    else
        ck_assert_int_eq(crema_program_watch(n.p, n.between[_i % 3]), CREMA_OK);
    if (train) differentiate(&n);
    crema_program_keep(n.y);
    prepare(&t, &n);
    ck_assert_int_eq(
        count(&n, &crema_op_conv) + count(&n, &crema_op_batch_norm_global) +
            count(&n, &crema_op_scale) + count(&n, &crema_op_unary_zero),
        train && _i % 3 > 0 ? 3 : 2);
    crema_program_free(n.p);
    close_trial(&t);
}
END_TEST

/* ---- folded weights ------------------------------------------------------ */

static void same(const float *a, const float *b, bool wanted)
{
    float apart = 0, largest = 0;

    for (int i = 0; i < N * K * SIDE * K; i++) {
        apart = fmaxf(apart, fabsf(a[i] - b[i]));
        largest = fmaxf(largest, fabsf(b[i]));
    }
    ck_assert_float_gt(largest, 0.1f);
    ck_assert_int_eq(apart < 1e-5f * largest, wanted);
}

START_TEST(test_nets_convolve_alone)
{
    struct trial t;
    struct net n;

    open_trial(&t, "cpu");
    record(&t, &n, false, true, 1);
    prepare(&t, &n);
    ck_assert_int_eq(count(&n, &crema_op_conv), 1);
    ck_assert_int_eq(count(&n, &crema_op_scale), 0);
    ck_assert_int_eq(count(&n, &crema_op_batch_norm_global), 0);
    ck_assert_int_eq(activations(&n), 0);
    ck_assert_int_gt(n.p->constants, 0);
    crema_program_free(n.p);
    close_trial(&t);
}
END_TEST

/* W and the statistics learn in a program of their own: the folded ones are
 * what they are without fusion, before and after. */
START_TEST(folded_weights_follow)
{
    const struct crema_update u = { .rule = CREMA_RULE_sgd,
                                    .lr_mult = 1,
                                    .scale = 1 };
    float before[N * K * SIDE * K], after[N * K * SIDE * K],
        y[N * K * SIDE * K];
    struct net train, test, plain;
    struct trial t;

    open_trial(&t, _i ? "cpu" : "ref");
    record(&t, &train, true, true, 1);
    differentiate(&train);
    crema_update(train.p, &u, train.w[W], train.w[W]->grad, train.w[H], NULL,
                 NULL, NULL);
    crema_program_end(train.p, CREMA_UPDATE);
    record(&t, &test, false, true, 1);
    record(&t, &plain, false, true, 1);
    plain.p->fuse = false;
    prepare(&t, &train);
    prepare(&t, &test);
    prepare(&t, &plain);
    run(&test, CREMA_FORWARD, before);
    run(&plain, CREMA_FORWARD, y);
    same(before, y, true);
    ck_assert_int_eq(crema_program_set_rate(train.p, CREMA_RATES(0.1f)), CREMA_OK);
    run(&train, CREMA_UPDATE, y);
    run(&test, CREMA_FORWARD, after);
    run(&plain, CREMA_FORWARD, y);
    same(after, y, true);
    same(after, before, false);
    fill(&t, VAR, 2); /* loaded from a file */
    run(&test, CREMA_FORWARD, after);
    same(after, y, false);
    run(&plain, CREMA_FORWARD, y);
    same(after, y, true);
    crema_program_free(train.p);
    crema_program_free(test.p);
    crema_program_free(plain.p);
    close_trial(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fusion");
    TCase *t = tcase_create("ops");

    tcase_add_loop_test(t, norm_scale_and_relu_are_one, 0, 2);
    tcase_add_test(t, another_axis_is_not);
    tcase_add_loop_test(t, what_is_read_stays, 0, 12);
    tcase_add_test(t, test_nets_convolve_alone);
    tcase_add_loop_test(t, folded_weights_follow, 0, 2);
    suite_add_tcase(s, t);
    return run_suite(s);
}
