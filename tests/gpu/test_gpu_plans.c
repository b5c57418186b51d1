/* test_gpu_plans.c - has cuDNN an engine for each convolution of LeNet,
 * AlexNet, GoogLeNet and ResNet-18 on an H200, in each of the types?  Asked of
 * cuDNN itself, for a GPU that is described only: this runs without one,
 * wherever the module and cuDNN are.
 *
 * Engines that compile their kernel first are not asked for: without a driver
 * they cannot be built. */
#include "gpu/gpu.h"
#include "gpu/h200.h"

#include "device/cuda/libraries.h"
#include "device/cuda/survey.h"
#include "support/cuda_on_host.h"

#include <dlfcn.h>
#include <string.h>

static struct crema_ctx *ctx;
static crema_survey_fn *survey;

/* A square convolution: batch, channels, size; outputs, kernel, stride, pad,
 * groups; over 2 axes where `axes` is 0. */
struct layer {
    const char *name;
    int64_t n, c, h, k, r, s, p, g;
    int axes;
};

static const struct layer layers[] = {
    { "LeNet conv1", 64, 1, 28, 20, 5, 1, 0, 1 },
    { "LeNet conv2", 64, 20, 12, 50, 5, 1, 0, 1 },
    { "AlexNet conv1", 256, 3, 227, 96, 11, 4, 0, 1 },
    { "AlexNet conv2", 256, 96, 27, 256, 5, 1, 2, 2 },
    { "AlexNet conv3", 256, 256, 13, 384, 3, 1, 1, 1 },
    { "AlexNet conv4", 256, 384, 13, 384, 3, 1, 1, 2 },
    { "AlexNet conv5", 256, 384, 13, 256, 3, 1, 1, 2 },
    { "ResNet conv1", 64, 3, 224, 64, 7, 2, 3, 1 },
    { "ResNet 2", 64, 64, 56, 64, 3, 1, 1, 1 },
    { "ResNet 3 down", 64, 64, 56, 128, 3, 2, 1, 1 },
    { "ResNet 3 short", 64, 64, 56, 128, 1, 2, 0, 1 },
    { "ResNet 3", 64, 128, 28, 128, 3, 1, 1, 1 },
    { "ResNet 4 down", 64, 128, 28, 256, 3, 2, 1, 1 },
    { "ResNet 4 short", 64, 128, 28, 256, 1, 2, 0, 1 },
    { "ResNet 4", 64, 256, 14, 256, 3, 1, 1, 1 },
    { "ResNet 5 down", 64, 256, 14, 512, 3, 2, 1, 1 },
    { "ResNet 5 short", 64, 256, 14, 512, 1, 2, 0, 1 },
    { "ResNet 5", 64, 512, 7, 512, 3, 1, 1, 1 },
    { "GoogLeNet conv1", 32, 3, 224, 64, 7, 2, 3, 1 },
    { "GoogLeNet conv2r", 32, 64, 56, 64, 1, 1, 0, 1 },
    { "GoogLeNet conv2", 32, 64, 56, 192, 3, 1, 1, 1 },
    { "GoogLeNet loss1", 32, 512, 4, 128, 1, 1, 0, 1 },
    { "GoogLeNet loss2", 32, 528, 4, 128, 1, 1, 0, 1 },
    { "one image", 1, 3, 227, 96, 11, 4, 0, 1 },
    { "depthwise", 32, 64, 28, 64, 3, 1, 1, 64 },
    { "1 axis", 64, 64, 256, 128, 5, 1, 2, 1, 1 },
    { "1 axis, groups", 64, 64, 256, 128, 5, 2, 2, 2, 1 },
    { "3 axes", 8, 16, 28, 64, 3, 1, 1, 1, 3 },
    { "3 axes, 3 channels", 8, 3, 28, 64, 3, 2, 1, 1, 3 },
    { "3 axes, groups", 8, 32, 14, 64, 3, 1, 1, 2, 3 },
};
enum { LAYERS = sizeof layers / sizeof *layers };

/* GoogLeNet's inceptions: size, channels; outputs of 1x1, of 3x3 and what is
 * before it, of 5x5 and what is before it, behind the pool. */
static const struct inception {
    const char *name;
    int64_t h, c, k1, r3, k3, r5, k5, pool;
} inceptions[] = {
    { "3a", 28, 192, 64, 96, 128, 16, 32, 32 },
    { "3b", 28, 256, 128, 128, 192, 32, 96, 64 },
    { "4a", 14, 480, 192, 96, 208, 16, 48, 64 },
    { "4b", 14, 512, 160, 112, 224, 24, 64, 64 },
    { "4c", 14, 512, 128, 128, 256, 24, 64, 64 },
    { "4d", 14, 512, 112, 144, 288, 32, 64, 64 },
    { "4e", 14, 528, 256, 160, 320, 32, 128, 128 },
    { "5a", 7, 832, 256, 160, 320, 32, 128, 128 },
    { "5b", 7, 832, 384, 192, 384, 48, 128, 128 },
};
enum { INCEPTIONS = sizeof inceptions / sizeof *inceptions };

/* How convolutions are done: on which device of cuda_on_host.h they are
 * described as the GPU would. */
static const struct math {
    const char *name, *device;
    enum crema_type type;
} maths[] = {
    { "fp32", CUDA_ON_HOST, CREMA_F32 },
    { "tf32", CUDA_ON_HOST_LAST, CREMA_F32 },
    { "bf16", CUDA_ON_HOST_LAST, CREMA_BF16 },
    { "fp16", CUDA_ON_HOST_LAST, CREMA_F16 },
};
enum { MATHS = sizeof maths / sizeof *maths };

/* Beside their own notes, engines for float32 that stays float32 carry none of
 * TENSOR_CORE, DOWN_CONVERT_INPUTS. */
static void check_notes(const struct cudnn_choice *c, bool exact)
{
    const unsigned never = 1u << 2 | 1u << 4 | 1u << 8;

    ck_assert_uint_eq(c->notes & (never | (exact ? 3u : 0)), 0);
    ck_assert_uint_eq(c->behaviour & 1u, 0);
}

/* The op as the GPU sees it; the tensors need no memory. */
struct asked {
    struct crema_conv conv;
    struct crema_tensor x, w, b, y;
    struct crema_tensor *in[3], *out[2];
    struct crema_op op;
};

/* One more axis: in all images alike, except that a net over 1 axis has 1 x L.
 */
static void add_axis(const struct layer *l, int64_t o, struct asked *a)
{
    int i = a->conv.spatial++, d = i + 2;
    bool flat = l->axes == 1 && i == 0;

    a->conv.kernel[i] = flat ? 1 : l->r;
    a->conv.stride[i] = flat ? 1 : l->s;
    a->conv.pad[i] = flat ? 0 : l->p;
    a->conv.dilation[i] = 1;
    a->x.shape.dim[d] = flat ? 1 : l->h;
    a->w.shape.dim[d] = a->conv.kernel[i];
    a->y.shape.dim[d] = flat ? 1 : o;
    a->x.shape.ndims = a->w.shape.ndims = a->y.shape.ndims = d + 1;
}

static void describe(const struct layer *l, enum conv_way way,
                     enum crema_type type, struct asked *a)
{
    int64_t o = (l->h + 2 * l->p - l->r) / l->s + 1;
    const struct crema_op_type *const types[] = { &crema_op_conv,
                                                  &crema_op_conv_bwd_data,
                                                  &crema_op_conv_bwd_weights };

    *a = (struct asked){
        .conv = { .groups = l->g },
        .x = { .shape = CREMA_SHAPE(l->n, l->c) },
        .w = { .shape = CREMA_SHAPE(l->k, l->c / l->g) },
        .b = { .shape = CREMA_SHAPE(l->k) },
        .y = { .shape = CREMA_SHAPE(l->n, l->k) },
    };
    while (a->conv.spatial < (l->axes == 3 ? 3 : 2)) add_axis(l, o, a);
    a->in[0] = way == CONV_BWD_DATA ? &a->w : &a->x;
    a->in[1] = way == CONV_FORWARD ? &a->w : &a->y;
    a->in[2] = way == CONV_FORWARD ? &a->b : NULL;
    a->out[0] = way == CONV_FORWARD    ? &a->y
                : way == CONV_BWD_DATA ? &a->x
                                       : &a->w;
    a->op = (struct crema_op){ .type = types[way],
                               .params = &a->conv,
                               .nin = way == CONV_FORWARD ? 3 : 2,
                               .nout = way == CONV_BWD_WEIGHTS ? 2 : 1,
                               .in = a->in,
                               .out = a->out,
                               .relu = way == CONV_FORWARD,
                               .storage = type };
}

/* Prints engine and workspace; false when there is none. */
static bool ask(const struct math *m, const struct layer *l, enum conv_way way,
                enum conv_form form, struct crema_surveyed *found)
{
    struct crema_survey s = { h200, (size_t)1 << 30, true, false, false };
    struct crema_device *dev;
    struct conv_case c;
    struct asked a;
    enum crema_status status;

    describe(l, way, m->type, &a);
    ck_assert_int_eq(cuda_on_host_open(ctx, m->device, &dev), CREMA_OK);
    c = crema_cuda_conv_case(dev, &a.op);
    crema_device_free(dev);
    s.rebuild = l == &layers[4]; /* all take long */
    status = survey(ctx, &s, &c, form, found);
    if (status != CREMA_OK) {
        printf(" %13s", "-");
        return false;
    }
    printf(" %3d %6.1f MB", (int)found->first.engine,
           (double)found->first.workspace / 1e6);
    check_notes(&found->first, m->type == CREMA_F32 && !c.tf32);
    ck_assert_int_eq(found->odd, 0);
    return true;
}

/* A row of the table: all graphs of one layer in one type. */
static void check_layer(const struct math *m, const struct layer *l)
{
    struct crema_surveyed found;
    bool fused, plain, data, weights;

    printf("%-17s %s", l->name, m->name);
    fused = ask(m, l, CONV_FORWARD, CONV_FUSED, &found);
    plain = ask(m, l, CONV_FORWARD, CONV_PLAIN, &found);
    data = ask(m, l, CONV_BWD_DATA, CONV_PLAIN, &found);
    weights = ask(m, l, CONV_BWD_WEIGHTS, CONV_PLAIN, &found);
    printf("\n");
    if (!fused || !plain || !data || !weights)
        ck_abort_msg("%s, %s: an engine is missing; %s", l->name, m->name,
                     ctx->message);
}

START_TEST(engines)
{
    for (int i = 0; i < MATHS; i++) check_layer(&maths[i], &layers[_i]);
}
END_TEST

START_TEST(inception)
{
    const struct inception *n = &inceptions[_i];
    const struct layer all[] = {
        { "1x1", 32, n->c, n->h, n->k1, 1, 1, 0, 1 },
        { "3x3 reduce", 32, n->c, n->h, n->r3, 1, 1, 0, 1 },
        { "3x3", 32, n->r3, n->h, n->k3, 3, 1, 1, 1 },
        { "5x5 reduce", 32, n->c, n->h, n->r5, 1, 1, 0, 1 },
        { "5x5", 32, n->r5, n->h, n->k5, 5, 1, 2, 1 },
        { "pool proj", 32, n->c, n->h, n->pool, 1, 1, 0, 1 },
    };

    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        struct layer l = all[k];
        char name[32];

        snprintf(name, sizeof name, "%s %s", n->name, l.name);
        l.name = name;
        for (int i = 0; i < MATHS; i++) check_layer(&maths[i], &l);
    }
}
END_TEST

/* Groups each alone, on views of their channels. */
START_TEST(by_groups)
{
    struct crema_surveyed found;

    for (int i = 0; i < LAYERS; i++) {
        if (layers[i].g != 2) continue;
        for (int k = 0; k < MATHS; k++) {
            bool all = true;

            printf("%-17s %s", layers[i].name, maths[k].name);
            ask(&maths[k], &layers[i], CONV_FORWARD, CONV_SPLIT_FUSED, &found);
            for (int way = 0; way < CONV_WAYS; way++)
                all &= ask(&maths[k], &layers[i], (enum conv_way)way,
                           CONV_SPLIT, &found);
            printf(" by groups\n");
            ck_assert(all);
        }
    }
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
    tcase_add_loop_test(tc, inception, 0, INCEPTIONS);
    tcase_add_test(tc, by_groups);
    tcase_set_timeout(tc, 240);
    ctx = calloc(1, sizeof *ctx);
    if (!ctx || !load()) {
        printf("skipped: %s\n",
               ctx && *ctx->message ? ctx->message : "out of memory");
        srunner_free(srunner_create(s)); /* the suite goes with it */
        free(ctx);
        return SKIPPED;
    }
    printf("%-22s %13s %13s %13s %13s\n", "engine, workspace", "+ bias, relu",
           "forward", "data", "weights");
    status = run_suite_as(s, CK_NOFORK);
    free(ctx);
    return status;
}
