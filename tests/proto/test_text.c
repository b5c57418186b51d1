/* test_text.c - what the prototxt reader accepts, and what it means. */
#include "proto_support.h"

/* `text` reads as what prints as `means`. */
struct accepted {
    const ProtobufCMessageDescriptor *of;
    const char *text, *means;
};

static const struct accepted layouts[] = {
    { OF(net_parameter), "", "" },
    { OF(net_parameter), "\xEF\xBB\xBFname: \"a\"", "name: \"a\"\n" },
    { OF(net_parameter), "name:\"a\"", "name: \"a\"\n" },
    { OF(net_parameter), " name\t:\r\n\v\f \"a\" ", "name: \"a\"\n" },
    { OF(net_parameter), "name:\r\"a\"\rdebug_info:true",
      "name: \"a\"\ndebug_info: true\n" },
    { OF(net_parameter), "state{}", "state {\n}\n" },
    { OF(net_parameter), "state { }", "state {\n}\n" },
    { OF(net_parameter), "state: { }", "state {\n}\n" },
    { OF(net_parameter), "state :{}", "state {\n}\n" },
    { OF(net_parameter), "state < level: 1 >", "state {\n  level: 1\n}\n" },
    { OF(net_parameter), "state: <level:1>", "state {\n  level: 1\n}\n" },
    { OF(net_parameter), "state { level: 1 }; name: \"a\",debug_info: 1;",
      "name: \"a\"\nstate {\n  level: 1\n}\ndebug_info: true\n" },
    { OF(net_parameter), "state { level: 1, }, name: 'a';",
      "name: \"a\"\nstate {\n  level: 1\n}\n" },
    { OF(net_parameter), "# \xC3\xA9 first\nname: \"a\" # last",
      "name: \"a\"\n" },
    { OF(net_parameter), "#\n# b\n", "" },
    { OF(net_parameter), "input_dim: [1, 2] input_dim: 3 input_dim: []",
      "input_dim: 1\ninput_dim: 2\ninput_dim: 3\n" },
    { OF(net_parameter), "input: [\"a\" 'b', \"c\"]",
      "input: \"ab\"\ninput: \"c\"\n" },
    { OF(net_parameter), "layer: [{name: \"a\"}, <name: \"b\">]",
      "layer {\n  name: \"a\"\n}\nlayer {\n  name: \"b\"\n}\n" },
    { OF(net_parameter), "layer [{}] layer []", "layer {\n}\n" },
    { OF(layer_parameter), "propagate_down: [true, 0]",
      "propagate_down: true\npropagate_down: false\n" },
    { OF(layer_parameter), "exp_param { base: 2 }",
      "exp_param {\n  base: 2\n}\n" },
    { OF(layer_parameter), "clip_param { min: 1 max: 2 }",
      "clip_param {\n  min: 1\n  max: 2\n}\n" },
};

static const struct accepted strings[] = {
    { OF(net_parameter), "name: 'a\"b'", "name: \"a\\\"b\"\n" },
    { OF(net_parameter), "name: \"a\" 'b'\n# c\n \"d\"", "name: \"abd\"\n" },
    { OF(net_parameter), "name: \"\"", "name: \"\"\n" },
    { OF(net_parameter), "name: \"\\n\\r\\t\\\\\\'\\\"\"",
      "name: \"\\n\\r\\t\\\\\\'\\\"\"\n" },
    { OF(net_parameter), "name: \"\\a\\b\\f\\v\\?\"",
      "name: \"\\007\\010\\014\\013?\"\n" },
    { OF(net_parameter), "name: \"\\1012\\x41g\\x4\"",
      "name: \"A2Ag\\004\"\n" },
    { OF(net_parameter), "name: \"\\u00e9\\U0001F600\\ud83d\\ude00\"",
      "name: \"\\303\\251\\360\\237\\230\\200\\360\\237\\230\\200\"\n" },
    { OF(net_parameter), "name: \"\xC3\xA9\xFF\"",
      "name: \"\\303\\251\\377\"\n" },
    { OF(datum), "data: \"\\400a\\000\"", "data: \"\\000a\\000\"\n" },
    { OF(datum), "data: \"\x01\"", "data: \"\\001\"\n" },
};

static const struct accepted integers[] = {
    { OF(net_parameter), "input_dim: [0, 010, 0x1F, 0XfF, -3, - 3, -0x10]",
      "input_dim: 0\ninput_dim: 8\ninput_dim: 31\ninput_dim: 255\n"
      "input_dim: -3\ninput_dim: -3\ninput_dim: -16\n" },
    { OF(net_parameter), "input_dim: [2147483647, -2147483648]",
      "input_dim: 2147483647\ninput_dim: -2147483648\n" },
    { OF(blob_shape), "dim: [9223372036854775807, -9223372036854775808]",
      "dim: 9223372036854775807\ndim: -9223372036854775808\n" },
    { OF(data_position), "record: 18446744073709551615",
      "record: 18446744073709551615\n" },
    { OF(convolution_parameter), "pad: 4294967295", "pad: 4294967295\n" },
};

static const struct accepted reals[] = {
    { OF(layer_parameter), "loss_weight: [1, 1., .5, -.5, 1e-3, 1.5f, 1f, 2F]",
      "loss_weight: 1\nloss_weight: 1\nloss_weight: 0.5\nloss_weight: -0.5\n"
      "loss_weight: 0.001\nloss_weight: 1.5\nloss_weight: 1\n"
      "loss_weight: 2\n" },
    { OF(layer_parameter), "loss_weight: [inf, -INF, Infinity, nan, - nAn]",
      "loss_weight: inf\nloss_weight: -inf\nloss_weight: inf\n"
      "loss_weight: nan\nloss_weight: nan\n" },
    { OF(layer_parameter), "loss_weight: [1e400, -1e39, 1e-400, 0, 0.5]",
      "loss_weight: inf\nloss_weight: -inf\nloss_weight: 0\n"
      "loss_weight: 0\nloss_weight: 0.5\n" },
    { OF(layer_parameter),
      "loss_weight: 100000000000000000000000 loss_weight: 3.4028235e38",
      "loss_weight: 1e+23\nloss_weight: 3.40282347e+38\n" },
    { OF(layer_parameter), "loss_weight: [9.99999975e-06, 0.333333343, 1E+2]",
      "loss_weight: 1e-05\nloss_weight: 0.333333343\nloss_weight: 100\n" },
    { OF(blob_proto), "double_data: [0.1, 0.333333333333333333, 1e308]",
      "double_data: 0.1\ndouble_data: 0.33333333333333331\n"
      "double_data: 1e+308\n" },
};

static const struct accepted words[] = {
    { OF(layer_parameter),
      "propagate_down: [true, True, t, 1, 0x1, false, False, f, 0]",
      "propagate_down: true\npropagate_down: true\npropagate_down: true\n"
      "propagate_down: true\npropagate_down: true\npropagate_down: false\n"
      "propagate_down: false\npropagate_down: false\n"
      "propagate_down: false\n" },
    { OF(layer_parameter), "phase: TEST", "phase: TEST\n" },
    { OF(layer_parameter), "phase: 1", "phase: TEST\n" },
    { OF(pooling_parameter), "pool: 0", "pool: MAX\n" },
};

static void check(const struct accepted *rows, size_t n)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    for (size_t i = 0; i < n; i++) {
        char *got =
            reprinted(ctx, rows[i].of, rows[i].text, strlen(rows[i].text));

        ck_assert_msg(got != NULL, "%s\nis refused: %s", rows[i].text,
                      crema_ctx_message(ctx));
        ck_assert_msg(strcmp(got, rows[i].means) == 0, "%s\nreads as\n%s",
                      rows[i].text, got);
        free(got);
        got = reprinted(ctx, rows[i].of, rows[i].means, strlen(rows[i].means));
        ck_assert_ptr_nonnull(got);
        ck_assert_str_eq(got, rows[i].means);
        free(got);
    }
    crema_ctx_free(ctx);
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof *(rows))

START_TEST(layouts_are_accepted)
{
    CHECK(layouts);
}
END_TEST
START_TEST(strings_are_accepted)
{
    CHECK(strings);
}
END_TEST
START_TEST(integers_are_accepted)
{
    CHECK(integers);
}
END_TEST
START_TEST(reals_are_accepted)
{
    CHECK(reals);
}
END_TEST
START_TEST(words_are_accepted)
{
    CHECK(words);
}
END_TEST

static const char net_text[] = "name: \"n\"\n"
                               "layer {\n"
                               "  name: \"a\"\n"
                               "\tbottom: [\"x\",\n"
                               "  \"y\"] bottom: \"z\" bottom: \"w\"\n"
                               "  convolution_param { pad: 1 pad: 2 }\n"
                               "}\n"
                               "layer {}  layer {} layer {} layer {}";

static void at(const struct crema_source *source, const void *field,
               const void *enclosing, int line, int column)
{
    struct crema_place place = crema_source_place(source, field, enclosing);

    ck_assert_int_eq(place.line, line);
    if (line) ck_assert_int_eq(place.column, column);
}

START_TEST(every_field_has_its_place)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_source *source;
    ProtobufCMessage *message;
    Crema__NetParameter *net;
    Crema__LayerParameter *layer;

    ck_assert_int_eq(crema_text_read(ctx, "n", net_text, strlen(net_text),
                                     OF(net_parameter), CREMA_TEXT_STRICT,
                                     &message, &source),
                     CREMA_OK);
    net = (Crema__NetParameter *)message;
    layer = net->layer[0];
    at(source, &net->name, NULL, 1, 1);
    at(source, layer, NULL, 2, 1);
    at(source, &net->layer[0], NULL, 2, 1);
    at(source, net->layer[4], NULL, 8, 29);
    at(source, &net->layer[4], NULL, 8, 29);
    at(source, &layer->name, NULL, 3, 3);
    at(source, &layer->bottom, NULL, 4, 2);
    at(source, &layer->bottom[0], NULL, 4, 11);
    at(source, &layer->bottom[1], NULL, 5, 3);
    at(source, &layer->bottom[3], NULL, 5, 20);
    at(source, &layer->convolution_param->pad[1], NULL, 6, 30);
    at(source, &layer->convolution_param->num_output, layer->convolution_param,
       6, 3);
    at(source, &layer->type, layer, 2, 1);
    at(source, &layer->type, NULL, 0, 0);
    at(source, NULL, NULL, 0, 0);
    crema_source_free(source);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(merging_speaks_last)
{
    static const char *const more = "base_lr: 0.1 type: \"Adam\" stepvalue: 3";
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    static const char text[] = "base_lr: 1 stepvalue: 1 stepvalue: 2";
    struct crema_source *source;
    ProtobufCMessage *message;
    char *got;

    ck_assert_int_eq(crema_text_read(ctx, "n", text, strlen(text),
                                     OF(solver_parameter), CREMA_TEXT_STRICT,
                                     &message, &source),
                     CREMA_OK);
    ck_assert_int_eq(crema_text_merge(ctx, "--set", more, source, message),
                     CREMA_OK);
    got = printed(ctx, message);
    ck_assert_str_eq(got, "base_lr: 0.1\nstepvalue: 1\nstepvalue: 2\n"
                          "stepvalue: 3\ntype: \"Adam\"\n");
    free(got);
    ck_assert_int_eq(
        crema_text_merge(ctx, "--set", "bse_lr: 1", source, message),
        CREMA_EINVAL);
    ck_assert_ptr_nonnull(strstr(crema_ctx_message(ctx), "--set:1:1"));
    crema_source_free(source);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(tolerance_leaves_unknown_fields_out)
{
    static const char text[] = "nam: 1 x { y: [1, {z: -2}] } name: \"a\"";
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_source *source;
    ProtobufCMessage *message;

    ck_assert_int_eq(crema_text_read(ctx, "n", text, strlen(text),
                                     OF(net_parameter), CREMA_TEXT_TOLERANT,
                                     &message, &source),
                     CREMA_OK);
    ck_assert_str_eq(((Crema__NetParameter *)message)->name, "a");
    ck_assert_uint_eq(source->notes->offset, 0);
    ck_assert_uint_eq(source->notes->next->offset, 7);
    ck_assert_ptr_null(source->notes->next->next);
    crema_source_free(source);
    crema_ctx_free(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        layouts_are_accepted,  strings_are_accepted,
        integers_are_accepted, reals_are_accepted,
        words_are_accepted,    every_field_has_its_place,
        merging_speaks_last,   tolerance_leaves_unknown_fields_out
    };

    return RUN_TESTS("text", tests);
}
