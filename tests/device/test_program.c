/* test_program.c - a program's passes: what they share, reorder and keep.
 *
 * The same small net runs on ref, on ref without fusion, and on a device whose
 * every op wants another layout.  Losses and weights over some steps agree.
 */
#include "support/scramble.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PARAMS = 6, STEPS = 3, BIGGEST = 4096 };

struct trial {
    struct crema_device dev;
    struct crema_ctx *ctx;
    struct crema_heap heap;
    struct crema_param w[PARAMS], h[PARAMS];
    struct crema_program *p;
    struct crema_tensor *x, *label, *loss;
    float losses[STEPS];
};

static const struct crema_shape shapes[PARAMS] = {
    { 4, { 6, 3, 3, 3 } }, { 1, { 6 } },     { 4, { 10, 3, 3, 3 } },
    { 1, { 10 } },         { 2, { 5, 90 } }, { 1, { 5 } },
};

static float noise(uint32_t stream, uint32_t i)
{
    return crema_uniform(crema_philox(i, 0, 0, 0, 1, stream).v[0]) - 0.5f;
}

static struct crema_tensor *param(struct trial *t, int i)
{
    return crema_program_param(t->p, &t->w[i], true);
}

/* conv - relu - pool - conv (2 groups) - sum of two readers - ip - loss */
static void record(struct trial *t)
{
    const struct crema_conv c1 = {
        2, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 1
    };
    struct crema_conv c2 = c1;
    const struct crema_softmax_loss sl = { .axis = 1,
                                           .normalization =
                                               CREMA_NORMALIZE_VALID };
    const struct crema_pool pool = {
        CREMA_POOL_MAX, { 3, 3 }, { 2, 2 }, { 0, 0 }, true
    };
    struct crema_tensor *y, *pair[2];

    c2.groups = 2;
    t->x = crema_program_input(t->p, &CREMA_SHAPE(2, 3, 7, 7), CREMA_F32);
    t->label = crema_program_input(t->p, &CREMA_SHAPE(2), CREMA_F32);
    t->p->layer = "one";
    y = crema_conv(t->p, &c1, t->x, param(t, 0), param(t, 1));
    y = crema_unary(t->p, CREMA_UNARY_relu, NULL, y);
    t->p->layer = "two";
    y = crema_pooling(t->p, &pool, y, NULL);
    t->p->layer = "three";
    y = crema_conv(t->p, &c2, y, param(t, 2), param(t, 3));
    pair[0] = y;
    pair[1] = crema_unary(t->p, CREMA_UNARY_tanh, NULL, y);
    t->p->layer = "four";
    y = crema_sum(t->p, 2, pair, NULL);
    t->p->layer = "five";
    y = crema_inner_product(t->p, false,
                            crema_view(t->p, &CREMA_SHAPE(2, 90), y),
                            param(t, 4), param(t, 5));
    t->loss = crema_softmax_with_loss(t->p, &sl, y, t->label, NULL, NULL);
    ck_assert_msg(!t->p->failed, "%s", t->ctx->message);
}

static void learn(struct trial *t)
{
    const struct crema_update u = { .rule = CREMA_RULE_sgd,
                                    .lr_mult = 1,
                                    .scale = 1,
                                    .decay = 0.01f,
                                    .momentum = 0.9f };

    crema_program_keep(t->loss);
    crema_program_end(t->p, CREMA_FORWARD);
    crema_program_seed(t->p, t->loss, crema_fill(t->p, &CREMA_SHAPE(1), 1));
    ck_assert_int_eq(crema_program_differentiate(t->p), CREMA_OK);
    for (int i = 0; i < PARAMS; i++) {
        struct crema_tensor *w = param(t, i);

        ck_assert_ptr_nonnull(w->grad);
        crema_update(t->p, &u, w, w->grad,
                     crema_program_param(t->p, &t->h[i], false), NULL, NULL, NULL);
    }
    crema_program_end(t->p, CREMA_UPDATE);
}

static void fill(struct trial *t)
{
    float values[BIGGEST];

    for (int i = 0; i < PARAMS; i++) {
        int64_t n = crema_shape_count(&shapes[i]);

        for (int64_t k = 0; k < n; k++)
            values[k] = noise((uint32_t)i, (uint32_t)k);
        t->w[i] = (struct crema_param){ .name = "w",
                                        .shape = shapes[i],
                                        .dev = &t->dev };
        t->h[i] = (struct crema_param){ .name = "h",
                                        .shape = shapes[i],
                                        .dev = &t->dev };
        ck_assert_int_eq(crema_param_write(&t->w[i], 0, n, values), CREMA_OK);
    }
}

static void steps(struct trial *t)
{
    float x[BIGGEST], labels[2] = { 1, 4 };

    for (int k = 0; k < 2 * 3 * 7 * 7; k++) x[k] = noise(99, (uint32_t)k);
    for (int s = 0; s < STEPS; s++) {
        ck_assert_int_eq(crema_tensor_write(&t->dev, t->x, x), CREMA_OK);
        ck_assert_int_eq(crema_tensor_write(&t->dev, t->label, labels),
                         CREMA_OK);
        ck_assert_int_eq(crema_program_set_rate(t->p, CREMA_RATES(0.1f)), CREMA_OK);
        ck_assert_int_eq(
            crema_program_run(t->p, CREMA_FORWARD, CREMA_UPDATE, NULL, NULL),
            CREMA_OK);
        ck_assert_int_eq(crema_tensor_read(&t->dev, t->loss, &t->losses[s]),
                         CREMA_OK);
    }
}

static void run(struct trial *t, const struct crema_device_type *type,
                bool fuse)
{
    memset(t, 0, sizeof *t);
    t->ctx = crema_ctx_new(NULL, NULL);
    t->dev.type = type;
    t->dev.ctx = t->ctx;
    t->heap.dev = &t->dev;
    fill(t);
    ck_assert_int_eq(crema_program_open(&t->dev, &t->heap, true, &t->p),
                     CREMA_OK);
    t->p->fuse = fuse;
    record(t);
    learn(t);
    ck_assert_msg(crema_program_prepare(t->p) == CREMA_OK, "%s",
                  t->ctx->message);
    steps(t);
}

static void end(struct trial *t)
{
    crema_program_free(t->p);
    for (int i = 0; i < PARAMS; i++) {
        crema_param_release(&t->w[i]);
        crema_param_release(&t->h[i]);
    }
    crema_heap_release(&t->heap);
    crema_ctx_free(t->ctx);
}

static const struct crema_backend *const none[] = { NULL };
static const struct crema_device_type plain = { .name = "plain",
                                                .host = true,
                                                .backends = none };

static void same_weights(const struct trial *a, const struct trial *b)
{
    float x[BIGGEST], y[BIGGEST];

    for (int s = 0; s < STEPS; s++)
        ck_assert_float_eq_tol(a->losses[s], b->losses[s], 1e-5f);
    ck_assert_float_lt(a->losses[STEPS - 1], a->losses[0]);
    for (int i = 0; i < PARAMS; i++) {
        int64_t n = crema_shape_count(&shapes[i]);

        ck_assert_int_eq(crema_param_read(&a->w[i], 0, n, x), CREMA_OK);
        ck_assert_int_eq(crema_param_read(&b->w[i], 0, n, y), CREMA_OK);
        for (int64_t k = 0; k < n; k++)
            ck_assert_float_eq_tol(x[k], y[k], 1e-5f);
    }
}

START_TEST(layouts_do_not_matter)
{
    struct trial a, b;

    run(&a, &plain, true);
    run(&b, &scramble_device, _i);
    ck_assert_int_gt(b.p->nops, a.p->nops); /* reorders */
    same_weights(&a, &b);
    end(&a);
    end(&b);
}
END_TEST

START_TEST(fusion_and_early_update_do_not_matter)
{
    struct trial a, b;

    run(&a, &plain, true);
    run(&b, &plain, false);
    same_weights(&a, &b);
    ck_assert_uint_le(a.p->heap_bytes, b.p->heap_bytes);
    ck_assert_uint_lt(a.p->heap_bytes, a.p->naive_bytes);
    end(&a);
    end(&b);
}
END_TEST

/* The loss's gradient, 1, is made once and not in each step. */
START_TEST(what_never_changes_is_made_once)
{
    struct trial t;

    run(&t, &plain, true);
    ck_assert_int_eq(t.p->constants, 1);
    ck_assert_ptr_eq(t.p->op[0]->type, &crema_op_fill);
    for (int i = 1; i < t.p->nops; i++)
        ck_assert_ptr_ne(t.p->op[i]->type, &crema_op_fill);
    end(&t);
}
END_TEST

/* Every byte that is planned is counted, as what it is. */
START_TEST(memory_is_accounted_for)
{
    const struct crema_memory *m;
    size_t weights = 0;
    struct trial t;

    run(&t, &plain, true);
    m = &t.p->memory;
    for (int i = 0; i < PARAMS; i++)
        weights += sizeof(float) * (size_t)crema_shape_count(&shapes[i]);
    ck_assert_uint_eq(m->params, weights);
    ck_assert_uint_eq(m->history, weights);
    ck_assert_uint_gt(m->workspaces, 0);
    ck_assert_uint_gt(m->values, m->workspaces);
    ck_assert_uint_eq(m->values + m->more, t.p->heap_bytes);
    end(&t);
}
END_TEST

/* A reader of a blob's old value keeps an in-place op from overwriting it. */
START_TEST(in_place_waits_for_the_last_reader)
{
    static const float x[4] = { -2, -1, 1, 2 };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_device dev = { .type = &plain, .ctx = ctx };
    struct crema_heap heap = { .dev = &dev };
    struct crema_tensor *in, *a, *relu, *pair[2], *y;
    struct crema_program *p;
    float out[4];

    ck_assert_int_eq(crema_program_open(&dev, &heap, false, &p), CREMA_OK);
    in = crema_program_input(p, &CREMA_SHAPE(4), CREMA_F32);
    a = crema_unary(p, CREMA_UNARY_power, (float[]){ 1, 1, 0, 0 }, in);
    relu = crema_unary(p, CREMA_UNARY_relu, NULL, a);
    pair[0] = a;
    pair[1] = relu;
    y = crema_sum(p, 2, pair, NULL);
    crema_program_keep(y);
    crema_program_end(p, CREMA_FORWARD);
    ck_assert_int_eq(crema_program_prepare(p), CREMA_OK);
    ck_assert_int_eq(crema_tensor_write(&dev, in, x), CREMA_OK);
    ck_assert_int_eq(
        crema_program_run(p, CREMA_FORWARD, CREMA_FORWARD, NULL, NULL),
        CREMA_OK);
    ck_assert_int_eq(crema_tensor_read(&dev, y, out), CREMA_OK);
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq(out[i], x[i] + (x[i] > 0 ? x[i] : 0));
    crema_program_free(p);
    crema_heap_release(&heap);
    crema_ctx_free(ctx);
}
END_TEST

/* Planning memory for a net of thousands of layers takes no time to speak of:
 * all these tensors live until the last op. */
START_TEST(many_tensors_are_placed_soon)
{
    enum { MANY = 6000 };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_device dev = { .type = &plain, .ctx = ctx };
    struct crema_heap heap = { .dev = &dev };
    struct crema_tensor **made = calloc(MANY, sizeof(struct crema_tensor *));
    struct crema_tensor *sum;
    struct crema_program *p;
    clock_t before;

    ck_assert_ptr_nonnull(made);
    ck_assert_int_eq(crema_program_open(&dev, &heap, false, &p), CREMA_OK);
    for (int i = 0; i < MANY; i++)
        made[i] = crema_fill(p, &CREMA_SHAPE(1 + i % 100), 1);
    sum = made[0];
    for (int i = 100; i < MANY; i += 100) {
        struct crema_tensor *pair[2] = { sum, made[i] };

        sum = crema_sum(p, 2, pair, NULL);
    }
    for (int i = 1; i < MANY; i++)
        if (i % 100) crema_unary(p, CREMA_UNARY_relu, NULL, made[i]);
    crema_program_end(p, CREMA_FORWARD);
    before = clock();
    ck_assert_int_eq(crema_program_prepare(p), CREMA_OK);
    ck_assert_int_lt((int)((clock() - before) / CLOCKS_PER_SEC), 3);
    crema_program_free(p);
    crema_heap_release(&heap);
    crema_ctx_free(ctx);
    free(made);
}
END_TEST

/* Layouts: packing and unpacking are inverse, whatever the layout. */
START_TEST(pack_and_unpack)
{
    const struct crema_shape s = { 4, { 2, 5, 3, 2 } };
    struct crema_layout l = crema_layout_channels_last(&s, CREMA_F32);
    float in[60], raw[60], out[60];

    for (int i = 0; i < 60; i++) in[i] = (float)i;
    crema_layout_pack(&l, raw, 0, 23, in);
    crema_layout_pack(&l, raw, 23, 37, in + 23);
    ck_assert_float_eq(raw[1], in[6]); /* next channel */
    crema_layout_unpack(&l, raw, 0, 60, out);
    for (int i = 0; i < 60; i++) ck_assert_float_eq(in[i], out[i]);
    for (int i = 0; i < 60; i++)
        ck_assert_float_eq(raw[crema_layout_offset(&l, i)], in[i]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("program");
    TCase *t = tcase_create("passes");

    tcase_add_loop_test(t, layouts_do_not_matter, 0, 2);
    tcase_add_test(t, fusion_and_early_update_do_not_matter);
    tcase_add_test(t, what_never_changes_is_made_once);
    tcase_add_test(t, memory_is_accounted_for);
    tcase_add_test(t, in_place_waits_for_the_last_reader);
    tcase_add_test(t, many_tensors_are_placed_soon);
    tcase_add_test(t, pack_and_unpack);
    suite_add_tcase(s, t);
    return run_suite(s);
}
