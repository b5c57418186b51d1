/* test_upgrade_weights.c - weights of all ages and forks, in today's form. */
#define BLOB_PATH "test_upgrade_weights.bin"
#include "blob_support.h"

/* A message as bytes, from its text. */
static void pack(struct crema_ctx *ctx, const char *text,
                 struct crema_bytes *out)
{
    struct crema_source *source;
    ProtobufCMessage *message;

    ck_assert_msg(crema_text_read(ctx, "t", text, strlen(text),
                                  OF(net_parameter), CREMA_TEXT_STRICT,
                                  &message, &source) == CREMA_OK,
                  "%s", crema_ctx_message(ctx));
    out->data = malloc(protobuf_c_message_get_packed_size(message) + 1);
    out->length = protobuf_c_message_pack(message, out->data);
    crema_source_free(source);
}

/* A net's bytes as text, its weights included; to be freed. */
static char *unpacked(struct crema_ctx *ctx, const uint8_t *data, size_t length)
{
    ProtobufCMessage *message =
        protobuf_c_message_unpack(OF(net_parameter), NULL, length, data);
    char *text;

    ck_assert_ptr_nonnull(message);
    text = printed(ctx, message);
    protobuf_c_message_free_unpacked(message, NULL);
    return text;
}

/* The upgrade of what lies in `path`, as text; to be freed. */
static char *upgraded(struct crema_ctx *ctx, const char *path,
                      struct crema_upgraded *what)
{
    struct crema_bytes bytes = { .ctx = ctx };
    struct crema_sink sink = crema_sink_bytes(&bytes);
    char *text;

    ck_assert_msg(crema_weights_upgrade(ctx, path, &sink, what) == CREMA_OK,
                  "%s", crema_ctx_message(ctx));
    text = unpacked(ctx, bytes.data, bytes.length);
    free(bytes.data);
    return text;
}

#define BLOB                                                                   \
    "num: 1 channels: 1 height: 1 width: 2 data: 1 data: -2 diff: 3 diff: 4"

static const struct {
    const char *text;
    struct crema_upgraded what;
    const char *means;
} nets[] = {
    /* V0 with a padding layer, an input, and gradients beside the weights */
    { "name: 'n' input: 'x' input_dim: [1, 1, 9, 9]"
      "layers { layer { name: 'p' type: 'padding' pad: 2 }"
      "  bottom: 'x' top: 'p' }"
      "layers { layer { name: 'c' type: 'conv' kernelsize: 5"
      "  blobs { " BLOB " } } bottom: 'p' top: 'c' }",
      { CREMA_OLD_V0 | CREMA_OLD_V1 | CREMA_OLD_INPUT, 2, 1, 1, 0, 0 },
      "name: \"n\"\n"
      "layer {\n  name: \"input\"\n  type: \"Input\"\n  top: \"x\"\n"
      "  input_param {\n    shape {\n      dim: 1\n      dim: 1\n"
      "      dim: 9\n      dim: 9\n    }\n  }\n}\n"
      "layer {\n  name: \"c\"\n  type: \"Convolution\"\n  bottom: \"x\"\n"
      "  top: \"c\"\n  blobs {\n    num: 1\n    channels: 1\n    height: 1\n"
      "    width: 2\n    data: 1\n    data: -2\n    diff: 3\n    diff: 4\n"
      "  }\n  convolution_param {\n    pad: 2\n    kernel_size: 5\n  }\n}\n" },
    /* V1 */
    { "layers { name: 'i' type: INNER_PRODUCT blobs_lr: 1 blobs { " BLOB " }"
      "  blobs { shape { dim: 1 } double_data: 0.1 } }",
      { CREMA_OLD_V1, 1, 2, 0, 0, 0 },
      "layer {\n  name: \"i\"\n  type: \"InnerProduct\"\n"
      "  param {\n    lr_mult: 1\n  }\n"
      "  blobs {\n    num: 1\n    channels: 1\n    height: 1\n"
      "    width: 2\n    data: 1\n    data: -2\n    diff: 3\n    diff: 4\n"
      "  }\n  blobs {\n    shape {\n      dim: 1\n    }\n"
      "    double_data: 0.1\n  }\n}\n" },
    /* today's layers under old inputs: more of them than were there */
    { "input: 'x' input_shape { dim: 2 } layer { name: 'a' }"
      "layer { name: 'b' } layer { name: 'c' blobs { shape {} data: 7 } }",
      { CREMA_OLD_INPUT, 4, 1, 0, 0, 0 },
      "layer {\n  name: \"input\"\n  type: \"Input\"\n  top: \"x\"\n"
      "  input_param {\n    shape {\n      dim: 2\n    }\n  }\n}\n"
      "layer {\n  name: \"a\"\n}\nlayer {\n  name: \"b\"\n}\n"
      "layer {\n  name: \"c\"\n  blobs {\n    data: 7\n    shape {\n    }\n"
      "  }\n}\n" },
    /* NVIDIA's: 1, -2 and 0.5 as halves, and gradients as floats */
    { "layer { name: 'v' blobs { shape { dim: 3 } raw_data_type: FLOAT16"
      "  raw_data: '\\000\\074\\000\\300\\000\\070' raw_diff_type: FLOAT"
      "  raw_diff: '0123456789ab' } }",
      { 0, 1, 1, 0, 1, 0 },
      "layer {\n  name: \"v\"\n  blobs {\n    data: 1\n    data: -2\n"
      "    data: 0.5\n    shape {\n      dim: 3\n    }\n  }\n}\n" },
};

START_TEST(old_weights_become_new)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        const struct crema_upgraded *want = &nets[i].what;
        struct crema_bytes bytes = { .ctx = ctx };
        struct crema_upgraded what;
        char *got;

        pack(ctx, nets[i].text, &bytes);
        save(bytes.data, bytes.length);
        got = upgraded(ctx, BLOB_PATH, &what);
        ck_assert_str_eq(got, nets[i].means);
        ck_assert_uint_eq(what.age, want->age);
        ck_assert_int_eq(what.layers, want->layers);
        ck_assert_int_eq(what.blobs, want->blobs);
        ck_assert_int_eq(what.padding, want->padding);
        ck_assert_int_eq(what.raw, want->raw);
        ck_assert_uint_eq(what.dropped, want->dropped);
        free(got);
        free(bytes.data);
    }
    crema_ctx_free(ctx);
}
END_TEST

/* Numbers that a fork uses for something else: a varint where Caffe has a
 * message (145), and a message that lacks what Caffe's must have (148). */
START_TEST(what_forks_mean_otherwise_is_left_out)
{
    static const uint8_t bytes[] = {
        0xA2, 0x06, 23,                         /* layer */
        0x0A, 1,    'a',                        /* name */
        0x88, 0x09, 2,                          /* 145: forward_type */
        0xA2, 0x09, 5,    0x0D, 0, 0, 0x80, 63, /* 148: { 1: 1f } */
        0x3A, 7,    0x2D, 0,    0, 0, 64, /* blobs { data: 2 shape { } } */
        0x3A, 0,
    };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_upgraded what;
    char *got;

    save(bytes, sizeof bytes);
    got = upgraded(ctx, BLOB_PATH, &what);
    ck_assert_str_eq(got, "layer {\n  name: \"a\"\n  blobs {\n    data: 2\n"
                          "    shape {\n    }\n  }\n}\n");
    ck_assert_uint_eq(what.dropped, 2);
    free(got);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(what_is_no_weights_is_refused)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_bytes in = { .ctx = ctx }, out = { .ctx = ctx };
    struct crema_sink sink = crema_sink_bytes(&out);
    struct crema_upgraded what;

    pack(ctx, "layer { name: 'a' blobs { data: 1 } } layers { name: 'b' }",
         &in);
    save(in.data, in.length);
    ck_assert_int_eq(crema_weights_upgrade(ctx, BLOB_PATH, &sink, &what),
                     CREMA_EINVAL);
    ck_assert_ptr_nonnull(strstr(crema_ctx_message(ctx), "not both"));
    for (size_t cut = 1; cut < in.length; cut++) {
        save(in.data, cut);
        (void)!crema_weights_upgrade(ctx, BLOB_PATH, &sink, &what);
    }
    save("x: 1\n", 5);
    ck_assert_int_ne(crema_weights_upgrade(ctx, BLOB_PATH, &sink, &what),
                     CREMA_OK);
    ck_assert_ptr_nonnull(strstr(crema_ctx_message(ctx), "a text"));
    free(in.data);
    free(out.data);
    crema_ctx_free(ctx);
}
END_TEST

/* Caffe's upgrade_net_proto_binary gives the same messages. */
START_TEST(caffe_upgrades_the_same)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    for (int v = 0; v < 2; v++) {
        struct crema_upgraded what;
        char name[64], path[400], *got, *want, *data;
        size_t length;

        snprintf(name, sizeof name, "golden/upgrade/binary/V%d/in.caffemodel",
                 v);
        if (!shared_path(path, sizeof path, name)) continue;
        got = upgraded(ctx, path, &what);
        snprintf(name, sizeof name, "golden/upgrade/binary/V%d/out.caffemodel",
                 v);
        ck_assert(shared_path(path, sizeof path, name));
        ck_assert_int_eq(crema_file_read(ctx, path, &data, &length), CREMA_OK);
        want = unpacked(ctx, (const uint8_t *)data, length);
        ck_assert_str_eq(got, want);
        free(got);
        free(want);
        free(data);
    }
    crema_ctx_free(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { old_weights_become_new,
                                   what_forks_mean_otherwise_is_left_out,
                                   what_is_no_weights_is_refused,
                                   caffe_upgrades_the_same };
    int failed = RUN_TESTS("upgrade_weights", tests);

    unlink(BLOB_PATH);
    return failed;
}
