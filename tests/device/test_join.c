/* test_join.c - updates of small weights are joined into a few calls, and give
 * the bits that each alone gives. */
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Sizes around those of a block and its share, and one worth its own call. */
static const int64_t sizes[] = { 1,    3,    255,  256,  257, 1023,    1024,
                                 1025, 4096, 9999, 20,   500, 1 << 20, 7,
                                 77,   777,  7777, 1000, 10,  2049 };
enum { SIZES = sizeof sizes / sizeof *sizes, PARAMS = 70, STEPS = 3 };

struct trial {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_heap heap;
    struct crema_param w[PARAMS], h[PARAMS];
    struct crema_program *p;
};

static float noise(int stream, int64_t i)
{
    return (float)((i * 7919 + stream * 104729) % 1000) / 500.0f - 1;
}

static void fill(struct crema_param *param, int stream)
{
    int64_t n = crema_shape_count(&param->shape);
    float *v = malloc(sizeof *v * (size_t)n);

    ck_assert_ptr_nonnull(v);
    for (int64_t i = 0; i < n; i++) v[i] = noise(stream, i);
    ck_assert_int_eq(crema_param_write(param, 0, n, v), CREMA_OK);
    free(v);
}

/* Weight i has a rate and a decay of its own. */
static void record(struct trial *t, int i, struct crema_tensor *dw)
{
    struct crema_update u = { .rule = CREMA_RULE_sgd,
                              .lr_mult = 1 + (float)(i % 3),
                              .scale = 0.5f,
                              .decay = 0.01f * (float)(i % 2),
                              .momentum = 0.9f };
    const struct crema_shape s = CREMA_SHAPE(sizes[i % SIZES]);
    struct crema_tensor *w;

    t->w[i] = (struct crema_param){ .name = "w", .shape = s, .dev = t->dev };
    t->h[i] = (struct crema_param){ .name = "h", .shape = s, .dev = t->dev };
    fill(&t->w[i], i);
    w = crema_program_param(t->p, &t->w[i], false);
    crema_update(t->p, &u, w, dw, crema_program_param(t->p, &t->h[i], false),
                 NULL, NULL, NULL);
}

static struct trial *run(bool cuda)
{
    struct trial *t = calloc(1, sizeof *t);
    struct crema_tensor *dw[PARAMS];

    ck_assert_ptr_nonnull(t);
    t->ctx = crema_ctx_new(NULL, NULL);
    ck_assert_int_eq(cuda ? cuda_on_host_open(t->ctx, CUDA_ON_HOST, &t->dev)
                          : crema_device_open(t->ctx, "ref", 1, &t->dev),
                     CREMA_OK);
    t->heap.dev = t->dev;
    ck_assert_int_eq(crema_program_open(t->dev, &t->heap, true, &t->p),
                     CREMA_OK);
    for (int i = 0; i < PARAMS; i++)
        dw[i] = crema_fill(t->p, &CREMA_SHAPE(sizes[i % SIZES]), 1 + (float)i);
    crema_program_end(t->p, CREMA_BACKWARD);
    for (int i = 0; i < PARAMS; i++) record(t, i, dw[i]);
    crema_program_end(t->p, CREMA_UPDATE);
    ck_assert_int_eq(crema_program_prepare(t->p), CREMA_OK);
    ck_assert_int_eq(crema_program_set_rate(t->p, CREMA_RATES(0.125f)), CREMA_OK);
    for (int i = 0; i < STEPS; i++)
        ck_assert_int_eq(
            crema_program_run(t->p, CREMA_FORWARD, CREMA_UPDATE, NULL, NULL),
            CREMA_OK);
    return t;
}

static void end(struct trial *t)
{
    crema_program_free(t->p);
    for (int i = 0; i < PARAMS; i++) {
        crema_param_release(&t->w[i]);
        crema_param_release(&t->h[i]);
    }
    crema_heap_release(&t->heap);
    crema_device_free(t->dev);
    crema_ctx_free(t->ctx);
    free(t);
}

static void same(const struct crema_param *a, const struct crema_param *b)
{
    int64_t n = crema_shape_count(&a->shape);
    float *x = malloc(sizeof *x * (size_t)n),
          *y = malloc(sizeof *y * (size_t)n);

    ck_assert(x && y);
    ck_assert_int_eq(crema_param_read(a, 0, n, x), CREMA_OK);
    ck_assert_int_eq(crema_param_read(b, 0, n, y), CREMA_OK);
    ck_assert_mem_eq(x, y, sizeof *x * (size_t)n);
    free(x);
    free(y);
}

/* Also across the ends of a launch's share, and of the table of joined ones. */
START_TEST(joined_updates_give_the_same_bits)
{
    struct trial *a = run(false), *b = run(true);

    for (int i = 0; i < PARAMS; i++) {
        same(&a->w[i], &b->w[i]);
        same(&a->h[i], &b->h[i]);
    }
    end(a);
    end(b);
}
END_TEST

START_TEST(few_calls_are_left)
{
    struct trial *t = run(true);
    int updates = 0, calls = 0, large = 0;

    for (int i = 0; i < t->p->nops; i++) {
        const struct crema_op *op = t->p->op[i];

        if (op->type != &crema_op_update) continue;
        updates++;
        calls += op->call != NULL;
        large += crema_shape_count(&op->in[0]->shape) >= 1 << 20;
    }
    ck_assert_int_eq(updates, PARAMS);
    ck_assert_int_eq(large, 3);
    ck_assert_int_le(calls, large + 2); /* 67 small ones, 44 at a time */
    end(t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("join");
    TCase *t = tcase_create("updates");

    tcase_add_test(t, joined_updates_give_the_same_bits);
    tcase_add_test(t, few_calls_are_left);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    return run_suite(s);
}
