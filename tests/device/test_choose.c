/* test_choose.c - how convolutions lie is measured, or followed, and whatever
 * it is the results are the same. */
#include "support/suite.h"

#include "base/philox.h"
#include "device/backend.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PARAMS = 6, BIGGEST = 1 << 17, CHOICES = 8 };

/* A net of three convolutions, and what it gives. */
struct rig {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_heap heap;
    struct crema_param w[PARAMS];
    struct crema_program *p;
    struct crema_tensor *x, *y, *dy;
    float out[BIGGEST];
    float grad[PARAMS][BIGGEST];
};

static const struct crema_shape shapes[PARAMS] = {
    { 4, { 32, 3, 5, 5 } },  { 1, { 32 } }, { 4, { 48, 32, 3, 3 } },
    { 4, { 20, 24, 3, 3 } }, { 1, { 20 } }, { 2, { 7, 20 * 8 * 8 } },
};

static float noise(uint32_t stream, int64_t i)
{
    return crema_uniform(crema_philox((uint32_t)i, 0, 0, 0, 5, stream).v[0]) -
           0.5f;
}

static struct crema_tensor *param(struct rig *r, int i)
{
    static float values[BIGGEST];
    int64_t n = crema_shape_count(&shapes[i]);

    for (int64_t k = 0; k < n; k++) values[k] = noise((uint32_t)i, k) / 4;
    if (r->w[i].dev) crema_param_release(&r->w[i]); /* of a rig used again */
    r->w[i] =
        (struct crema_param){ .name = "w", .shape = shapes[i], .dev = r->dev };
    ck_assert_int_eq(crema_param_write(&r->w[i], 0, n, values), CREMA_OK);
    return crema_program_param(r->p, &r->w[i], true);
}

/* conv - relu - lrn - pool - conv - two readers, one a conv of two groups - ip
 */
static void record(struct rig *r)
{
    const struct crema_conv first = { 2,        { 5, 5 }, { 1, 1 },
                                      { 2, 2 }, { 1, 1 }, 1 };
    struct crema_conv next = { 2, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 };
    const struct crema_lrn lrn = { 5, 1, 0.75f, 1 };
    const struct crema_pool pool = {
        CREMA_POOL_MAX, { 2, 2 }, { 2, 2 }, { 0, 0 }, true
    };
    struct crema_program *p = r->p;
    struct crema_tensor *y, *pair[2];

    r->x = crema_program_input(p, &CREMA_SHAPE(6, 3, 16, 16), CREMA_F32);
    y = crema_conv(p, &first, r->x, param(r, 0), param(r, 1));
    y = crema_unary(p, CREMA_UNARY_relu, NULL, y);
    y = crema_pooling(p, &pool, crema_lrn(p, &lrn, y), NULL);
    y = crema_conv(p, &next, y, param(r, 2), NULL);
    pair[0] = pair[1] = crema_unary(p, CREMA_UNARY_tanh, NULL, y);
    y = crema_sum(p, 2, pair, NULL);
    next.groups = 2;
    y = crema_conv(p, &next, y, param(r, 3), param(r, 4));
    y = crema_inner_product(p, false,
                            crema_view(p, &CREMA_SHAPE(6, 20 * 8 * 8), y),
                            param(r, 5), NULL);
    r->y = y;
    crema_program_keep(y);
    crema_program_end(p, CREMA_FORWARD);
    r->dy = crema_program_input(p, &y->shape, CREMA_F32);
    crema_program_seed(p, y, r->dy);
    ck_assert_int_eq(crema_program_differentiate(p), CREMA_OK);
    crema_program_end(p, CREMA_UPDATE);
    for (int i = 0; i < PARAMS; i++)
        crema_program_keep(crema_program_param(p, &r->w[i], true)->grad);
}

static void open_rig(struct rig *r, const char *device)
{
    memset(r, 0, sizeof *r);
    r->ctx = crema_ctx_new(NULL, NULL);
    ck_assert_int_eq(crema_device_open(r->ctx, device, 2, &r->dev), CREMA_OK);
    r->heap.dev = r->dev;
    ck_assert_int_eq(crema_program_open(r->dev, &r->heap, true, &r->p),
                     CREMA_OK);
    record(r);
}

static void run(struct rig *r)
{
    static float values[BIGGEST];
    int64_t n = crema_shape_count(&r->x->shape);

    for (int64_t k = 0; k < n; k++) values[k] = noise(90, k);
    ck_assert_msg(crema_program_prepare(r->p) == CREMA_OK, "%s",
                  r->ctx->message);
    ck_assert_int_eq(crema_tensor_write(r->dev, r->x, values), CREMA_OK);
    ck_assert_int_eq(crema_tensor_write(r->dev, r->dy, values + 100), CREMA_OK);
    ck_assert_int_eq(
        crema_program_run(r->p, CREMA_FORWARD, CREMA_UPDATE, NULL, NULL),
        CREMA_OK);
    ck_assert_int_eq(crema_tensor_read(r->dev, r->y, r->out), CREMA_OK);
    for (int i = 0; i < PARAMS; i++)
        ck_assert_int_eq(
            crema_tensor_read(r->dev,
                              crema_program_param(r->p, &r->w[i], true)->grad,
                              r->grad[i]),
            CREMA_OK);
}

static void close_rig(struct rig *r)
{
    crema_program_free(r->p);
    crema_heap_release(&r->heap);
    for (int i = 0; i < PARAMS; i++) crema_param_release(&r->w[i]);
    crema_device_free(r->dev);
    crema_ctx_free(r->ctx);
}

static void close_to(const float *a, const float *b, int64_t n,
                     const char *what)
{
    float largest = 0, off = 0;

    for (int64_t i = 0; i < n; i++) {
        largest = fmaxf(largest, fabsf(a[i]));
        off = fmaxf(off, fabsf(a[i] - b[i]));
    }
    ck_assert_msg(off <= 2e-5f * largest, "%s is off by %g of %g", what,
                  (double)off, (double)largest);
}

static void same(const struct rig *a, const struct rig *b)
{
    close_to(a->out, b->out, crema_shape_count(&a->y->shape), "output");
    for (int i = 0; i < PARAMS; i++)
        close_to(a->grad[i], b->grad[i], crema_shape_count(&shapes[i]),
                 "a gradient");
}

/* ---- on the CPU ------------------------------------------------------------
 */

/* Bit i of n: op i lies with the channels innermost. */
START_TEST(any_mixture_gives_the_same)
{
    static struct rig ref, cpu;
    char word[CHOICES + 1] = "";

    for (int i = 0; i < CHOICES; i++) word[i] = _i * 37 >> i & 1 ? 'l' : 'b';
    open_rig(&ref, "ref");
    run(&ref);
    open_rig(&cpu, "cpu");
    cpu.p->arranged = word;
    run(&cpu);
    ck_assert_int_eq(cpu.p->chosen, CREMA_FOLLOWED);
    ck_assert_str_eq(cpu.p->arranged, word);
    same(&ref, &cpu);
    close_rig(&ref);
    close_rig(&cpu);
}
END_TEST

START_TEST(measured_and_told)
{
    static struct rig r;

    open_rig(&r, "cpu");
    run(&r);
    ck_assert_int_eq(r.p->chosen, CREMA_MEASURED);
    ck_assert_uint_eq(strlen(r.p->arranged), CHOICES);
    ck_assert_uint_eq(strspn(r.p->arranged, "blp"), CHOICES);
    close_rig(&r);
}
END_TEST

/* What is of another program, or asks for what nobody allowed. */
START_TEST(what_does_not_fit_is_not_followed)
{
    static const char *const words[] = { "bl", "bbbbbbbbb", "bbbbxbbb",
                                         "wwwwwwww", "" };
    static struct rig r;

    open_rig(&r, "cpu");
    r.p->arranged = words[_i];
    run(&r);
    ck_assert_int_eq(r.p->chosen, CREMA_MEASURED);
    close_rig(&r);
}
END_TEST

START_TEST(deterministic_runs_go_by_rule)
{
    static struct rig a, b;

    for (int i = 0; i < 2; i++) {
        struct rig *r = i ? &b : &a;

        open_rig(r, "cpu");
        crema_device_be_deterministic(r->dev);
        run(r);
        ck_assert_int_eq(r->p->chosen, CREMA_BY_RULE);
    }
    ck_assert_str_eq(a.p->arranged, b.p->arranged);
    ck_assert_mem_eq(a.out, b.out, sizeof a.out);
    ck_assert_mem_eq(a.grad, b.grad, sizeof a.grad);
    close_rig(&a);
    close_rig(&b);
}
END_TEST

START_TEST(the_user_has_the_last_word)
{
    static const struct {
        const char *how, *word;
        enum crema_chosen chosen;
    } cases[] = {
        { "blocked", "bbbbbbbb", CREMA_FORCED },
        { "last", "llllllll", CREMA_FORCED },
        { "rule", NULL, CREMA_BY_RULE },
    };
    static struct rig r;

    open_rig(&r, "cpu");
    crema_program_free(r.p);
    ck_assert_int_eq(crema_device_arrange(r.dev, cases[_i].how), CREMA_OK);
    ck_assert_int_eq(crema_program_open(r.dev, &r.heap, true, &r.p), CREMA_OK);
    record(&r);
    r.p->arranged = "blblblbl";
    run(&r);
    ck_assert_int_eq(r.p->chosen, cases[_i].chosen);
    if (cases[_i].word) ck_assert_str_eq(r.p->arranged, cases[_i].word);
    ck_assert_int_eq(crema_device_arrange(r.dev, "lost"), CREMA_EINVAL);
    close_rig(&r);
}
END_TEST

/* ---- a device that is slow where the test says so --------------------------
 */

/* Seconds of an op, by role and arrangement. */
static double slow[3][CREMA_ARRANGEMENTS];

static int role_of(const struct crema_op *op)
{
    return op->type == &crema_op_conv_bwd_data      ? 1
           : op->type == &crema_op_conv_bwd_weights ? 2
           : op->type == &crema_op_conv             ? 0
                                                    : -1;
}

static enum crema_status dawdle(struct crema_call *call, struct crema_op *op)
{
    double seconds = slow[role_of(op)][op->arrangement];
    struct timespec t = { 0, (long)(seconds * 1e9) };

    (void)call;
    if (seconds > 0) nanosleep(&t, NULL);
    return CREMA_OK;
}

static void free_call(struct crema_call *call)
{
    free(call);
}

/* Everything is dense, so that no layout costs a reorder. */
static enum crema_status plan(struct crema_device *dev, struct crema_op *op,
                              struct crema_port in[], struct crema_port out[])
{
    struct crema_call *call;

    (void)dev;
    if (role_of(op) < 0) return CREMA_EUNSUPPORTED;
    for (int i = 0; i < op->nin; i++)
        if (op->in[i])
            in[i].want = crema_layout_dense(&op->in[i]->shape, CREMA_F32);
    for (int i = 0; i < op->nout; i++)
        if (op->out[i])
            out[i].want = crema_layout_dense(&op->out[i]->shape, CREMA_F32);
    call = calloc(1, sizeof *call);
    ck_assert_ptr_nonnull(call);
    call->run = dawdle;
    call->free = free_call;
    call->info = "dawdles";
    op->call = call;
    return CREMA_OK;
}

static unsigned arrangements(const struct crema_device *dev,
                             const struct crema_op *op,
                             enum crema_arrangement *rule)
{
    (void)dev;
    *rule = CREMA_BLOCKED;
    return role_of(op) < 0 ? 0 : 1u << CREMA_BLOCKED | 1u << CREMA_LAST;
}

static const struct crema_backend backend = { .name = "slow",
                                              .plan = plan,
                                              .arrangements = arrangements };
static const struct crema_backend *const backends[] = { &backend, NULL };
static const struct crema_device_type slow_device = { .name = "slow",
                                                      .host = true,
                                                      .backends = backends };

/* Each direction goes its own way when it is worth it. */
START_TEST(the_fastest_is_taken)
{
    static const struct {
        double blocked, last; /* seconds, forward, data, weights */
    } cases[][3] = {
        { { 0.02, 0 }, { 0.02, 0 }, { 0.02, 0 } },
        { { 0, 0.02 }, { 0, 0.02 }, { 0, 0.02 } },
        { { 0.02, 0 }, { 0, 0.02 }, { 0.02, 0 } },
        { { 0, 0.02 }, { 0, 0.02 }, { 0.02, 0 } },
    };
    static struct rig r;

    for (int k = 0; k < 3; k++) {
        slow[k][CREMA_BLOCKED] = cases[_i][k].blocked;
        slow[k][CREMA_LAST] = cases[_i][k].last;
    }
    open_rig(&r, "ref");
    crema_program_free(r.p);
    r.dev->type = &slow_device;
    r.dev->measures = true;
    ck_assert_int_eq(crema_program_open(r.dev, &r.heap, true, &r.p), CREMA_OK);
    record(&r);
    ck_assert_int_eq(crema_program_prepare(r.p), CREMA_OK);
    ck_assert_int_eq(r.p->chosen, CREMA_MEASURED);
    for (int i = 0; i < r.p->nops; i++) {
        int role = role_of(r.p->op[i]);
        enum crema_arrangement a = r.p->op[i]->arrangement;

        if (role < 0) continue;
        ck_assert_msg(slow[role][a] == 0, "op %d lies as %d", i, (int)a);
    }
    close_rig(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("choose");
    TCase *tc = tcase_create("choose");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, any_mixture_gives_the_same, 0, 14);
    tcase_add_test(tc, measured_and_told);
    tcase_add_loop_test(tc, what_does_not_fit_is_not_followed, 0, 5);
    tcase_add_test(tc, deterministic_runs_go_by_rule);
    tcase_add_loop_test(tc, the_user_has_the_last_word, 0, 3);
    tcase_add_loop_test(tc, the_fastest_is_taken, 0, 4);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
