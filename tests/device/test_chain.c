/* test_chain.c - what in front of a maximum pooling becomes one with it, what
 * with its gradient or with an activation's, and what must not. */
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

enum { N = 2, C = 8, SIDE = 9 };
enum { W, B, PARAMS };
/* What stands between the convolution and the pooling, and is read. */
enum blob { CONVOLVED, PASSED, NORMED, BLOBS };

struct trial {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_heap heap;
    struct crema_param param[PARAMS];
    struct crema_program *p;
    struct crema_tensor *blob[BLOBS], *pooled;
};

static void open_trial(struct trial *t, const char *device)
{
    memset(t, 0, sizeof *t);
    t->ctx = crema_ctx_new(NULL, NULL);
    ck_assert_int_eq(strcmp(device, "cpu") == 0
                         ? crema_device_open(t->ctx, device, 1, &t->dev)
                         : cuda_on_host_open(t->ctx, device, &t->dev),
                     CREMA_OK);
    t->heap.dev = t->dev;
    ck_assert_int_eq(crema_program_open(t->dev, &t->heap, true, &t->p),
                     CREMA_OK);
    t->param[W] = (struct crema_param){ .name = "w",
                                        .shape = CREMA_SHAPE(C, C, 3, 3),
                                        .dev = t->dev };
    t->param[B] = (struct crema_param){ .name = "b",
                                        .shape = CREMA_SHAPE(C),
                                        .dev = t->dev };
}

static void close_trial(struct trial *t)
{
    crema_program_free(t->p);
    crema_heap_release(&t->heap);
    for (int i = 0; i < PARAMS; i++) crema_param_release(&t->param[i]);
    crema_device_free(t->dev);
    crema_ctx_free(t->ctx);
}

/* Convolution, ReLU with this slope below 0, LRN if `normed`, pooling; and
 * their gradients. */
static void record(struct trial *t, float slope, bool normed)
{
    const struct crema_conv conv = { 2,        { 3, 3 }, { 1, 1 },
                                     { 1, 1 }, { 1, 1 }, 1 };
    const struct crema_lrn lrn = { 5, 1, 0.75f, 1 };
    const struct crema_pool pool = {
        CREMA_POOL_MAX, { 3, 3 }, { 2, 2 }, { 0, 0 }, true
    };
    const float numbers[CREMA_FORMULA_NUMBERS] = { slope };
    struct crema_program *p = t->p;
    struct crema_tensor **blob = t->blob;

    blob[CONVOLVED] = crema_conv(
        p, &conv,
        crema_program_input(p, &CREMA_SHAPE(N, C, SIDE, SIDE), CREMA_F32),
        crema_program_param(p, &t->param[W], true),
        crema_program_param(p, &t->param[B], true));
    blob[PASSED] = crema_unary(p, CREMA_UNARY_relu, numbers, blob[CONVOLVED]);
    blob[NORMED] = normed ? crema_lrn(p, &lrn, blob[PASSED]) : blob[PASSED];
    t->pooled = crema_pooling(p, &pool, blob[NORMED], NULL);
    crema_program_end(p, CREMA_FORWARD);
    crema_program_seed(p, t->pooled, crema_fill(p, &t->pooled->shape, 1));
    ck_assert_msg(crema_program_differentiate(p) == CREMA_OK, "%s",
                  t->ctx->message);
    for (int i = 0; i < PARAMS; i++)
        crema_program_keep(crema_program_param(p, &t->param[i], true)->grad);
    crema_program_end(p, CREMA_UPDATE);
}

static void prepare(struct trial *t)
{
    ck_assert_msg(crema_program_prepare(t->p) == CREMA_OK, "%s",
                  t->ctx->message);
}

/* The only op of this type; NULL: there is none. */
static const struct crema_op *find(const struct trial *t,
                                   const struct crema_op_type *type)
{
    const struct crema_op *found = NULL;

    for (int i = 0; i < t->p->nops; i++) {
        if (t->p->op[i]->type != type) continue;
        ck_assert_ptr_null(found);
        found = t->p->op[i];
    }
    return found;
}

/* Nothing is left of LRN, ReLU and the sums of the bias; the pooling reads what
 * the LRN read. */
START_TEST(one_for_all)
{
    const struct crema_op *op;
    struct trial t;

    open_trial(&t, _i ? CUDA_ON_HOST_LAST : CUDA_ON_HOST);
    record(&t, 0, true);
    prepare(&t);
    ck_assert_ptr_null(find(&t, &crema_op_lrn));
    ck_assert_ptr_eq(find(&t, &crema_op_pool)->in[0],
                     find(&t, &crema_op_conv)->out[0]);
    ck_assert_ptr_null(find(&t, &crema_op_lrn_bwd));
    ck_assert_ptr_null(find(&t, &crema_op_unary_bwd));
    ck_assert_ptr_null(find(&t, &crema_op_conv_bwd_weights)->out[1]);
    op = find(&t, &crema_op_pool_bwd);
    ck_assert_ptr_eq(op->out[1], find(&t, &crema_op_conv)->in[2]->grad);
    close_trial(&t);
}
END_TEST

/* What comes from outside to a gradient between, or goes there, keeps its ops:
 * `kept` gradients are read by the host. */
START_TEST(what_is_read_stays)
{
    struct trial t;
    struct crema_tensor *kept;

    open_trial(&t, CUDA_ON_HOST_LAST);
    record(&t, 0, true);
    kept = t.blob[_i % BLOBS]->grad;
    if (_i / BLOBS)
        crema_program_keep(kept);
    else
        ck_assert_int_eq(crema_program_watch(t.p, kept), CREMA_OK);
    prepare(&t);
    ck_assert_int_eq(find(&t, &crema_op_lrn_bwd) != NULL, _i % BLOBS == NORMED);
    /* whose gradient wants what forward left */
    ck_assert_int_eq(find(&t, &crema_op_lrn) != NULL, _i % BLOBS == NORMED);
    ck_assert_int_eq(find(&t, &crema_op_unary_bwd) != NULL,
                     _i % BLOBS != CONVOLVED);
    close_trial(&t);
}
END_TEST

/* What the LRN makes is read beside the pooling: it is made. */
START_TEST(blob_that_is_read_stays)
{
    struct trial t;

    open_trial(&t, CUDA_ON_HOST_LAST);
    record(&t, 0, true);
    if (_i)
        crema_program_keep(t.blob[NORMED]);
    else
        ck_assert_int_eq(crema_program_watch(t.p, t.blob[NORMED]), CREMA_OK);
    prepare(&t);
    ck_assert_ptr_nonnull(find(&t, &crema_op_lrn));
    ck_assert_ptr_null(find(&t, &crema_op_lrn_bwd));
    close_trial(&t);
}
END_TEST

/* The CPU's pooling takes no LRN. */
START_TEST(where_it_can)
{
    struct trial t;

    open_trial(&t, "cpu");
    record(&t, 0, true);
    prepare(&t);
    ck_assert_ptr_nonnull(find(&t, &crema_op_lrn));
    ck_assert_ptr_nonnull(find(&t, &crema_op_lrn_bwd));
    close_trial(&t);
}
END_TEST

/* A convolution's bias gets its gradient from the activation's behind it, where
 * the device can. */
START_TEST(bias_of_activation)
{
    const struct crema_op *slope, *weights;
    struct trial t;

    open_trial(&t, _i ? CUDA_ON_HOST_LAST : "cpu");
    record(&t, 0.1f, false);
    prepare(&t);
    slope = find(&t, &crema_op_unary_bwd);
    weights = find(&t, &crema_op_conv_bwd_weights);
    ck_assert_int_eq(slope->nout, _i ? 2 : 1);
    ck_assert_ptr_eq(_i ? slope->out[1] : weights->out[1],
                     find(&t, &crema_op_conv)->in[2]->grad);
    ck_assert_int_eq(weights->out[1] == NULL, _i);
    close_trial(&t);
}
END_TEST

/* A leaky ReLU lets something pass below 0. */
START_TEST(leaks_stay)
{
    struct trial t;

    open_trial(&t, CUDA_ON_HOST_LAST);
    record(&t, 0.1f, _i != 0);
    prepare(&t);
    ck_assert_ptr_nonnull(find(&t, &crema_op_unary_bwd));
    ck_assert_int_eq(find(&t, &crema_op_unary_bwd)->out[0]->shape.dim[2], SIDE);
    close_trial(&t);
}
END_TEST

/* Without an LRN the gradient passes the ReLU as it comes to the pooling:
 * small, and nobody needs what forward had there. */
START_TEST(relu_of_pooled)
{
    static const char *const devices[] = { "cpu", CUDA_ON_HOST,
                                           CUDA_ON_HOST_LAST };
    const struct crema_op *relu, *pool;
    struct trial t;

    open_trial(&t, devices[_i]);
    record(&t, 0, false);
    prepare(&t);
    relu = find(&t, &crema_op_unary_bwd);
    pool = find(&t, &crema_op_pool_bwd);
    ck_assert(crema_shape_equal(&relu->out[0]->shape, &t.pooled->shape));
    ck_assert_int_lt(t.blob[PASSED]->dies, t.p->end[CREMA_FORWARD]);
    ck_assert_int_eq(pool->out[1] != NULL, _i > 0);
    close_trial(&t);
}
END_TEST

/* The pooled gradient is read: the ReLU stays where it was. */
START_TEST(relu_stays)
{
    struct trial t;

    open_trial(&t, "cpu");
    record(&t, 0, false);
    crema_program_keep(t.blob[PASSED]->grad);
    prepare(&t);
    ck_assert_int_eq(find(&t, &crema_op_unary_bwd)->out[0]->shape.dim[2], SIDE);
    close_trial(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("chain");
    TCase *t = tcase_create("fusion");

    tcase_add_loop_test(t, one_for_all, 0, 2);
    tcase_add_loop_test(t, what_is_read_stays, 0, 2 * BLOBS);
    tcase_add_loop_test(t, blob_that_is_read_stays, 0, 2);
    tcase_add_test(t, where_it_can);
    tcase_add_loop_test(t, bias_of_activation, 0, 2);
    tcase_add_loop_test(t, leaks_stay, 0, 2);
    tcase_add_loop_test(t, relu_of_pooled, 0, 3);
    tcase_add_test(t, relu_stays);
    suite_add_tcase(s, t);
    return run_suite(s);
}
