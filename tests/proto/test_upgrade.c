/* test_upgrade.c - old nets and solvers: what they become, and that what was
 * moved keeps its place. */
#include "proto_support.h"

#include "proto/blob_file.h"

#include <dirent.h>

/* Reads and upgrades; NULL when refused. */
static Crema__NetParameter *net_of(struct crema_ctx *ctx, const char *text,
                                   struct crema_source **source)
{
    ProtobufCMessage *message;

    if (crema_text_read(ctx, "t", text, strlen(text), OF(net_parameter),
                        CREMA_TEXT_STRICT, &message, source) != CREMA_OK)
        return NULL;
    if (crema_net_upgrade(ctx, *source, (Crema__NetParameter *)message) !=
        CREMA_OK) {
        crema_source_free(*source);
        *source = NULL;
        return NULL;
    }
    return (Crema__NetParameter *)message;
}

struct upgraded {
    const char *text;
    unsigned age;
    const char *means;
};

static const struct upgraded nets[] = {
    { "input: \"a\" input: \"b\" input_dim: [1, 2, 3, 4, 5, 6, 7, 8]"
      "layer { name: \"l\" }",
      CREMA_OLD_INPUT,
      "layer {\n  name: \"input\"\n  type: \"Input\"\n  top: \"a\"\n"
      "  top: \"b\"\n  input_param {\n    shape {\n      dim: 1\n      dim: 2\n"
      "      dim: 3\n      dim: 4\n    }\n    shape {\n      dim: 5\n"
      "      dim: 6\n      dim: 7\n      dim: 8\n    }\n  }\n}\n"
      "layer {\n  name: \"l\"\n}\n" },
    { "input: \"a\" input_shape { dim: 7 }", CREMA_OLD_INPUT,
      "layer {\n  name: \"input\"\n  type: \"Input\"\n  top: \"a\"\n"
      "  input_param {\n    shape {\n      dim: 7\n    }\n  }\n}\n" },
    { "input: \"a\"", CREMA_OLD_INPUT, "" },
    { "layer { type: \"BatchNorm\" param { lr_mult: 1 } param {} param {} }",
      CREMA_OLD_BATCH_NORM,
      "layer {\n  type: \"BatchNorm\"\n"
      "  param {\n    lr_mult: 0\n    decay_mult: 0\n  }\n"
      "  param {\n    lr_mult: 0\n    decay_mult: 0\n  }\n"
      "  param {\n    lr_mult: 0\n    decay_mult: 0\n  }\n}\n" },
    { "layer { type: \"BatchNorm\" param { lr_mult: 1 } }", 0,
      "layer {\n  type: \"BatchNorm\"\n  param {\n    lr_mult: 1\n  }\n}\n" },
    { "layers { name: \"c\" type: CONVOLUTION blobs_lr: 1 blobs_lr: 2"
      " weight_decay: 0 param: \"w\" blob_share_mode: PERMISSIVE"
      " include { phase: TEST } convolution_param { num_output: 3 } }",
      CREMA_OLD_V1,
      "layer {\n  name: \"c\"\n  type: \"Convolution\"\n"
      "  param {\n    name: \"w\"\n    share_mode: PERMISSIVE\n"
      "    lr_mult: 1\n    decay_mult: 0\n  }\n"
      "  param {\n    lr_mult: 2\n  }\n  include {\n    phase: TEST\n  }\n"
      "  convolution_param {\n    num_output: 3\n  }\n}\n" },
    { "layers { type: DATA data_param { source: \"s\" scale: 0.5"
      " mirror: true crop_size: 2 mean_file: \"m\" } }"
      "layers { type: IMAGE_DATA }",
      CREMA_OLD_V1 | CREMA_OLD_DATA,
      "layer {\n  type: \"Data\"\n  transform_param {\n    scale: 0.5\n"
      "    mirror: true\n    crop_size: 2\n    mean_file: \"m\"\n  }\n"
      "  data_param {\n    source: \"s\"\n  }\n}\n"
      "layer {\n  type: \"ImageData\"\n  transform_param {\n  }\n"
      "  image_data_param {\n  }\n}\n" },
    { "input: \"x\" input_dim: [1, 1, 9, 9]"
      "layers { layer { name: \"p\" type: \"padding\" pad: 2 }"
      " bottom: \"x\" top: \"p\" }"
      "layers { layer { name: \"c\" type: \"conv\" kernelsize: 5 stride: 1"
      " biasterm: false blobs_lr: 3 } bottom: \"p\" top: \"c\" }",
      CREMA_OLD_V0 | CREMA_OLD_V1 | CREMA_OLD_INPUT,
      "layer {\n  name: \"input\"\n  type: \"Input\"\n  top: \"x\"\n"
      "  input_param {\n    shape {\n      dim: 1\n      dim: 1\n"
      "      dim: 9\n      dim: 9\n    }\n  }\n}\n"
      "layer {\n  name: \"c\"\n  type: \"Convolution\"\n  bottom: \"x\"\n"
      "  top: \"c\"\n  param {\n    lr_mult: 3\n  }\n  convolution_param {\n"
      "    bias_term: false\n    pad: 2\n    kernel_size: 5\n    stride: 1\n"
      "  }\n}\n" },
};

START_TEST(old_nets_become_new)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        struct crema_source *source;
        ProtobufCMessage *raw;
        Crema__NetParameter *net;
        char *got;

        ck_assert_int_eq(crema_text_read(ctx, "t", nets[i].text,
                                         strlen(nets[i].text),
                                         OF(net_parameter), CREMA_TEXT_STRICT,
                                         &raw, &source),
                         CREMA_OK);
        ck_assert_uint_eq(crema_net_age((Crema__NetParameter *)raw),
                          nets[i].age);
        crema_source_free(source);
        net = net_of(ctx, nets[i].text, &source);
        ck_assert_msg(net != NULL, "%s", crema_ctx_message(ctx));
        got = printed(ctx, &net->base);
        ck_assert_str_eq(got, nets[i].means);
        free(got);
        crema_source_free(source);
    }
    crema_ctx_free(ctx);
}
END_TEST

static void at(const struct crema_source *source, const void *field, int line,
               int column)
{
    struct crema_place place = crema_source_place(source, field, NULL);

    ck_assert_int_eq(place.line, line);
    ck_assert_int_eq(place.column, column);
}

START_TEST(what_is_moved_keeps_its_place)
{
    static const char text[] = "input: 'x'\n"
                               "input_dim: 1 input_dim: 2\n"
                               "input_dim: 3 input_dim: 4\n"
                               "layers { bottom: 'x' top: 'y'\n"
                               "  type: CONVOLUTION blobs_lr: 1\n"
                               "  convolution_param { pad: 3 } }\n"
                               "layers { layer { type: 'conv'\n"
                               "  kernelsize: 5 } }\n"
                               "layers { type: DATA\n"
                               "  data_param { mirror: true } }\n";
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_source *source;
    Crema__NetParameter *net = net_of(ctx, text, &source);
    Crema__LayerParameter *layer;

    ck_assert_msg(net != NULL, "%s", crema_ctx_message(ctx));
    ck_assert_uint_eq(net->n_layer, 4);
    layer = net->layer[0];
    at(source, layer, 1, 1);
    at(source, &net->layer[0], 1, 1);
    at(source, &layer->top[0], 1, 1);
    at(source, layer->input_param->shape[0], 2, 1);
    at(source, &layer->input_param->shape[0]->dim[3], 3, 14);
    layer = net->layer[1];
    at(source, layer, 4, 1);
    at(source, &net->layer[1], 4, 1);
    at(source, &layer->bottom[0], 4, 10);
    at(source, &layer->type, 5, 3);
    at(source, &layer->param[0]->lr_mult, 5, 21);
    at(source, layer->param[0], 5, 21);
    at(source, &layer->convolution_param->pad[0], 6, 23);
    layer = net->layer[2];
    at(source, &layer->type, 7, 18);
    at(source, &layer->convolution_param->kernel_size[0], 8, 3);
    at(source, &layer->convolution_param->kernel_size, 8, 3);
    layer = net->layer[3];
    at(source, &layer->transform_param->mirror, 10, 16);
    at(source, layer->transform_param, 10, 3);
    crema_source_free(source);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(what_cannot_be_upgraded_is_refused)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "layer {}\n layers {}", "t:2:2: a net has either" },
        { "input: \"a\" input: \"b\" input_shape {}",
          "t:1:1: 2 inputs need 2 input_shapes, but there are 1" },
        { "input: \"a\" input_dim: 3",
          "t:1:1: 1 inputs need 4 input_dims, but there are 1" },
        { "layers { layer { type: \"no\" } }",
          "t:1:18: the old format has no layer type \"no\"" },
        { "layers { type: SELU }", "t:1:10: layer type SELU has no" },
        { "layers { layer { type: \"padding\" name: \"p\" } top: \"p\" }\n"
          "layers { layer { type: \"relu\" } bottom: \"p\" }",
          "t:2:1: only a conv or pool layer" },
    };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct crema_source *source;

        ck_assert_ptr_null(net_of(ctx, rows[i].text, &source));
        ck_assert_msg(strstr(crema_ctx_message(ctx), rows[i].says) ==
                          crema_ctx_message(ctx),
                      "%s\nis refused with: %s", rows[i].text,
                      crema_ctx_message(ctx));
    }
    crema_ctx_free(ctx);
}
END_TEST

/* Writes `text` to `path` and reads it as a solver. */
static enum crema_status solver_of(struct crema_ctx *ctx, const char *path,
                                   const char *text,
                                   Crema__SolverParameter **solver,
                                   struct crema_source **source)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
    return crema_solver_file_read(ctx, path, CREMA_TEXT_STRICT, solver, source);
}

START_TEST(old_solvers_become_new)
{
    static const struct {
        const char *text, *type, *prefix;
    } rows[] = {
        { "solver_type: ADAGRAD", "AdaGrad", "./test_upgrade.solver" },
        { "solver_type: 1 snapshot_prefix: \"a/b\"", "Nesterov", "a/b" },
        { "type: \"Adam\" snapshot_prefix: \".\"", "Adam",
          "./test_upgrade.solver" },
        { "snapshot_prefix: \"./\" net_param { layers {} }", "SGD",
          "./test_upgrade.solver" },
    };
    static const char path[] = "./test_upgrade.solver.prototxt";
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    Crema__SolverParameter *solver;
    struct crema_source *source;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_int_eq(solver_of(ctx, path, rows[i].text, &solver, &source),
                         CREMA_OK);
        ck_assert_str_eq(solver->type, rows[i].type);
        ck_assert_str_eq(solver->snapshot_prefix, rows[i].prefix);
        ck_assert(!crema_solver_is_old(solver));
        if (solver->net_param) ck_assert_uint_eq(solver->net_param->n_layer, 1);
        crema_source_free(source);
    }
    ck_assert_int_eq(solver_of(ctx, path, "solver_type: SGD type: \"SGD\"",
                               &solver, &source),
                     CREMA_EINVAL);
    unlink(path);
    crema_ctx_free(ctx);
}
END_TEST

static char *upgraded_file(struct crema_ctx *ctx, const char *path,
                           bool is_solver)
{
    struct crema_source *source;
    ProtobufCMessage *message;
    Crema__NetParameter *net;
    char *got;

    if (is_solver) {
        ck_assert_int_eq(crema_text_read_file(ctx, path, OF(solver_parameter),
                                              CREMA_TEXT_STRICT, &message,
                                              &source),
                         CREMA_OK);
        ck_assert_int_eq(crema_solver_upgrade(
                             ctx, source, (Crema__SolverParameter *)message),
                         CREMA_OK);
    } else {
        ck_assert_msg(crema_net_file_read(ctx, path, CREMA_TEXT_STRICT, &net,
                                          &source) == CREMA_OK,
                      "%s", crema_ctx_message(ctx));
        message = &net->base;
    }
    got = printed(ctx, message);
    crema_source_free(source);
    return got;
}

/* The upgrade of in.prototxt in this folder is out.prototxt, to the byte. */
static int same_as_caffe(struct crema_ctx *ctx, const char *folder,
                         bool is_solver)
{
    char path[2100], *want, *got;
    size_t length;

    snprintf(path, sizeof path, "%s/out.prototxt", folder);
    if (access(path, R_OK) != 0) return 0;
    ck_assert_int_eq(crema_file_read(ctx, path, &want, &length), CREMA_OK);
    snprintf(path, sizeof path, "%s/in.prototxt", folder);
    got = upgraded_file(ctx, path, is_solver);
    ck_assert_msg(strcmp(got, want) == 0, "%s differs", path);
    free(got);
    free(want);
    return 1;
}

START_TEST(caffe_upgrades_the_same)
{
    static const char *const groups[] = { "history", "solver" };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    char root[1500], path[2000], name[64];
    int n = 0;

    for (size_t i = 0; i < 2; i++) {
        struct dirent *entry;
        DIR *dir;

        snprintf(name, sizeof name, "golden/upgrade/%s", groups[i]);
        if (!shared_path(root, sizeof root, name)) continue;
        dir = opendir(root);
        while ((entry = readdir(dir))) {
            snprintf(path, sizeof path, "%s/%.255s", root, entry->d_name);
            n += same_as_caffe(ctx, path, i == 1);
        }
        closedir(dir);
    }
    if (shared_path(root, sizeof root, "golden/upgrade/bn_params"))
        n += same_as_caffe(ctx, root, false);
    if (n) ck_assert_int_ge(n, 40);
    crema_ctx_free(ctx);
}
END_TEST

static struct crema_blob_file *shared_weights(struct crema_ctx *ctx,
                                              const char *name)
{
    struct crema_blob_file *file;
    char path[400];

    if (!shared_path(path, sizeof path, name)) return NULL;
    ck_assert_msg(crema_weights_open(ctx, path, &file) == CREMA_OK, "%s",
                  crema_ctx_message(ctx));
    return file;
}

/* Both hold the same numbers, layer by layer; layers without may be missing. */
static void same_numbers(struct crema_blob_file *a, struct crema_blob_file *b)
{
    struct crema_stored_layer *x = a->layers, *y = b->layers;
    float left[2000], right[2000];

    for (; x; x = x->next) {
        struct crema_stored_blob *p = x->blobs, *q;

        if (!p) continue;
        while (y && strcmp(x->name, y->name) != 0) y = y->next;
        ck_assert_ptr_nonnull(y);
        ck_assert_int_eq(x->nblobs, y->nblobs);
        for (q = y->blobs; p; p = p->next, q = q->next) {
            ck_assert_int_eq(p->count, q->count);
            ck_assert_int_le(p->count, 2000);
            ck_assert_int_eq(crema_blob_file_read(a, p, 0, p->count, left),
                             CREMA_OK);
            ck_assert_int_eq(crema_blob_file_read(b, q, 0, q->count, right),
                             CREMA_OK);
            ck_assert_mem_eq(left, right, (size_t)p->count * sizeof left[0]);
        }
    }
}

START_TEST(old_weights_hold_the_same)
{
    static const char *const pairs[][2] = {
        { "golden/upgrade/binary/V0/in.caffemodel",
          "golden/upgrade/binary/V0/out.caffemodel" },
        { "golden/upgrade/binary/V1/in.caffemodel",
          "golden/upgrade/binary/V1/out.caffemodel" },
    };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    for (size_t i = 0; i < 2; i++) {
        struct crema_blob_file *in = shared_weights(ctx, pairs[i][0]);
        struct crema_blob_file *out = shared_weights(ctx, pairs[i][1]);

        if (in && out) same_numbers(in, out);
        crema_blob_file_free(in);
        crema_blob_file_free(out);
    }
    crema_ctx_free(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { old_nets_become_new,
                                   what_is_moved_keeps_its_place,
                                   what_cannot_be_upgraded_is_refused,
                                   old_solvers_become_new,
                                   caffe_upgrades_the_same,
                                   old_weights_hold_the_same };

    return RUN_TESTS("upgrade", tests);
}
