/* test_gpu_plans.c - has cuDNN an engine for each convolution of LeNet and
 * AlexNet on an H200?  Asked of cuDNN itself, for a GPU that is described only:
 * this runs without one, wherever the module and cuDNN are. */
#include "gpu/gpu.h"
#include "gpu/h200.h"

#include "device/cuda/survey.h"

#include <dlfcn.h>
#include <string.h>

static struct crema_ctx *ctx;
static crema_survey_fn *survey;

/* A square convolution: batch, channels, size; outputs, kernel, stride, pad,
 * groups. */
struct layer {
    const char *name;
    int64_t n, c, h, k, r, s, p, g;
};

static const struct layer layers[] = {
    { "LeNet conv1", 64, 1, 28, 20, 5, 1, 0, 1 },
    { "LeNet conv2", 64, 20, 12, 50, 5, 1, 0, 1 },
    { "AlexNet conv1", 256, 3, 227, 96, 11, 4, 0, 1 },
    { "AlexNet conv2", 256, 96, 27, 256, 5, 1, 2, 2 },
    { "AlexNet conv3", 256, 256, 13, 384, 3, 1, 1, 1 },
    { "AlexNet conv4", 256, 384, 13, 384, 3, 1, 1, 2 },
    { "AlexNet conv5", 256, 384, 13, 256, 3, 1, 1, 2 },
    { "one image", 1, 3, 227, 96, 11, 4, 0, 1 },
    { "1x1", 32, 192, 28, 64, 1, 1, 0, 1 },
    { "depthwise", 32, 64, 28, 64, 3, 1, 1, 64 },
};
enum { LAYERS = sizeof layers / sizeof *layers };

/* Engines for float32 carry none of these: TENSOR_CORE, DOWN_CONVERT_INPUTS,
 * REDUCED_PRECISION_REDUCTION; nor NONDETERMINISTIC; nor is any compiled at run
 * time. */
static void ask(const struct layer *l, const char *what, bool fused,
                const struct crema_op *op)
{
    const struct crema_survey s = { h200, (size_t)1 << 30, false, fused };
    struct crema_surveyed found = { 0 };

    if (survey(ctx, &s, op, &found) != CREMA_OK)
        ck_abort_msg("%s, %s: no engine; %s", l->name, what, ctx->message);
    printf("%-14s %-9s engine %3d, workspace %6.1f MB\n", l->name, what,
           found.engine, (double)found.workspace / 1e6);
    ck_assert_uint_eq(found.notes & (1u << 0 | 1u << 1 | 1u << 2 | 1u << 4), 0);
    ck_assert_uint_eq(found.behaviour & 1u, 0);
}

START_TEST(engines)
{
    const struct layer *l = &layers[_i];
    const struct crema_conv c = {
        2, { l->r, l->r }, { l->s, l->s }, { l->p, l->p }, { 1, 1 }, l->g
    };
    int64_t o = (l->h + 2 * l->p - l->r) / l->s + 1;
    struct crema_tensor x = { .shape = CREMA_SHAPE(l->n, l->c, l->h, l->h) };
    struct crema_tensor w = { .shape =
                                  CREMA_SHAPE(l->k, l->c / l->g, l->r, l->r) };
    struct crema_tensor b = { .shape = CREMA_SHAPE(l->k) };
    struct crema_tensor y = { .shape = CREMA_SHAPE(l->n, l->k, o, o) };
    struct crema_tensor *in[3] = { &x, &w, &b }, *out[1] = { &y };
    struct crema_tensor *wy[2] = { &w, &y }, *dx[1] = { &x };
    struct crema_tensor *xy[2] = { &x, &y }, *dwb[2] = { &w, &b };
    struct crema_op forward = { .type = &crema_op_conv,
                                .params = &c,
                                .nin = 3,
                                .nout = 1,
                                .in = in,
                                .out = out };
    struct crema_op data = { .type = &crema_op_conv_bwd_data,
                             .params = &c,
                             .nin = 2,
                             .nout = 1,
                             .in = wy,
                             .out = dx };
    struct crema_op weights = { .type = &crema_op_conv_bwd_weights,
                                .params = &c,
                                .nin = 2,
                                .nout = 2,
                                .in = xy,
                                .out = dwb };

    ask(l, "forward", false, &forward);
    ask(l, "+ bias", true, &forward);
    forward.relu = true;
    ask(l, "+ relu", true, &forward);
    ask(l, "data", false, &data);
    ask(l, "weights", false, &weights);
}
END_TEST

static bool load(void)
{
    void *module;

    if (crema_module_load(ctx, &module) != CREMA_OK) return false;
    survey = (crema_survey_fn *)dlsym(module, CREMA_SURVEY_SYMBOL);
    return survey != NULL;
}

int main(void)
{
    Suite *s = suite_create("cuDNN plans for an H200");
    TCase *tc = tcase_create("engines");
    int status;

    suite_add_tcase(s, tc);
    tcase_add_loop_test(tc, engines, 0, LAYERS);
    tcase_set_timeout(tc, 120);
    ctx = calloc(1, sizeof *ctx);
    if (!ctx || !load()) {
        printf("skipped: %s\n",
               ctx && *ctx->message ? ctx->message : "out of memory");
        srunner_free(srunner_create(s)); /* the suite goes with it */
        free(ctx);
        return SKIPPED;
    }
    status = run_suite_as(s, CK_NOFORK);
    free(ctx);
    return status;
}
