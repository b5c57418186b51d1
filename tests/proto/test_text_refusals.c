/* test_text_refusals.c - what the prototxt reader refuses, where, and how it
 * says so. */
#include "proto_support.h"

struct refused {
    const ProtobufCMessageDescriptor *of;
    const char *text;
    int line, column;
    const char *says; /* part of the message */
};

static const struct refused rows[] = {
    /* layout */
    { OF(net_parameter), "name \"a\"", 1, 6, "expected \":\"" },
    { OF(net_parameter), "state: 3", 1, 8, "state { ... }" },
    { OF(net_parameter), "state 3", 1, 7, "state { ... }" },
    { OF(net_parameter), "name: {}", 1, 7, "string in quotes" },
    { OF(net_parameter), "name: \"a\",;", 1, 11, "field name" },
    { OF(net_parameter), "name: \"a\" , , ", 1, 13, "field name" },
    { OF(net_parameter), ", name: \"a\"", 1, 1, "field name" },
    { OF(net_parameter), "state {; }", 1, 8, "field name" },
    { OF(net_parameter), "// no\nname: 1", 1, 1, "comments start with #" },
    { OF(net_parameter), "/* no */", 1, 1, "comments start with #" },
    { OF(net_parameter), "state {", 1, 8, "ends" },
    { OF(net_parameter), "state { >", 1, 9, "expected \"}\"" },
    { OF(net_parameter), "state < }", 1, 9, "expected \">\"" },
    { OF(net_parameter), "}", 1, 1, "field name" },
    { OF(net_parameter), "name", 1, 5, "ends" },
    { OF(net_parameter), "nam", 1, 4, "ends" },
    { OF(net_parameter), "state { phas", 1, 13, "ends" },
    { OF(net_parameter), "nam\n", 1, 1, "unknown field \"nam\"" },
    { OF(net_parameter), "name:\n\n", 3, 1, "ends" },
    { OF(net_parameter), "[a.b]: 1", 1, 1, "extensions" },
    { OF(net_parameter), "[type.googleapis.com/x] {}", 1, 1, "extensions" },
    { OF(net_parameter), "name: \"a\"\n\tname: \"b\"", 2, 2, "twice" },
    { OF(net_parameter), "state {} state {}", 1, 10, "twice" },
    { OF(net_parameter), "name: [\"a\"]", 1, 7, "not a list" },
    { OF(net_parameter), "state [{}]", 1, 7, "not a list" },
    { OF(net_parameter), "input_dim: [1, 2,]", 1, 18, "whole number" },
    { OF(net_parameter), "input_dim: [1 2]", 1, 15, "\",\" or \"]\"" },
    { OF(net_parameter), "input_dim: [,]", 1, 13, "whole number" },
    { OF(net_parameter), "input_dim [1]", 1, 11, "expected \":\"" },
    { OF(net_parameter), "input_dim: 1input: 2", 1, 13, "blank between" },
    { OF(net_parameter), "\x01", 1, 1, "control byte 0x01" },
    { OF(net_parameter), "name: \"a\" \xC2\xA0", 1, 11, "byte 0xc2" },
    /* numbers and words */
    { OF(net_parameter), "input_dim: +1", 1, 12, "whole number" },
    { OF(net_parameter), "input_dim: 1.0", 1, 12, "whole number" },
    { OF(net_parameter), "input_dim: 1e3", 1, 12, "whole number" },
    { OF(net_parameter), "input_dim: 09", 1, 12, "octal" },
    { OF(net_parameter), "input_dim: 0x", 1, 12, "0x" },
    { OF(net_parameter), "input_dim: 2147483648", 1, 12, "out of range" },
    { OF(net_parameter), "input_dim: -2147483649", 1, 12, "out of range" },
    { OF(net_parameter), "input_dim: 99999999999999999999", 1, 12, "range" },
    { OF(convolution_parameter), "pad: -1", 1, 6, "0 or more" },
    { OF(convolution_parameter), "pad: 4294967296", 1, 6, "out of range" },
    { OF(layer_parameter), "loss_weight: 0x10", 1, 14, "decimal" },
    { OF(layer_parameter), "loss_weight: 010", 1, 14, "decimal" },
    { OF(layer_parameter), "loss_weight: +1", 1, 14, "a number" },
    { OF(layer_parameter), "loss_weight: 1e", 1, 14, "exponent" },
    { OF(layer_parameter), "loss_weight: 1..2", 1, 16, "not a number" },
    { OF(layer_parameter), "loss_weight: 3,5", 1, 16, "field name" },
    { OF(layer_parameter), "loss_weight: \"1\"", 1, 14, "a number" },
    { OF(net_parameter), "debug_info: TRUE", 1, 13, "true or false" },
    { OF(net_parameter), "debug_info: \"true\"", 1, 13, "true or false" },
    { OF(net_parameter), "debug_info: 2", 1, 13, "true or false" },
    { OF(layer_parameter), "phase: test", 1, 8, "did you mean TEST?" },
    { OF(layer_parameter), "phase: \"TEST\"", 1, 8, "without quotes" },
    { OF(layer_parameter), "phase: 7", 1, 8, "number 7" },
    { OF(layer_parameter), "phase: -1", 1, 8, "number -1" },
    /* strings */
    { OF(net_parameter), "name: \"a", 1, 7, "no end" },
    { OF(net_parameter), "name: \"a\nb\"", 1, 7, "its line" },
    { OF(net_parameter), "name: \"\\q\"", 1, 8, "no escape \\q" },
    { OF(net_parameter), "name: \"\\x\"", 1, 8, "no escape \\x" },
    { OF(net_parameter), "name: \"\\u12\"", 1, 8, "no escape \\u" },
    { OF(net_parameter), "name: \"\\U00110000\"", 1, 8, "no escape \\U" },
    /* names */
    { OF(net_parameter), "nmae: \"a\"", 1, 1, "did you mean \"name\"?" },
    { OF(net_parameter), "Name: \"a\"", 1, 1, "did you mean \"name\"?" },
    { OF(net_parameter), "layer {\n  kernel_size: 3\n}", 2, 3,
      "in layer; it exists inside convolution_param { }" },
    { OF(layer_parameter), "exp_param { base_: 1 }", 1, 13, "unknown field" },
    { OF(layer_parameter), "pooling_param { pol: MAX }", 1, 17,
      "\"pol\" in pooling_param; did you mean \"pool\"?" },
    { OF(solver_parameter), "lr_policy: inv", 1, 12, "lr_policy: \"inv\"" },
    { OF(solver_parameter), "snapshot_prefix: a/b-c", 1, 18, "\"a/b-c\"" },
    { OF(layer_parameter), "type: CONVOLUTION", 1, 7,
      "written type: \"Convolution\"" },
    { OF(v1_layer_parameter), "type: \"Convolution\"", 1, 7,
      "written type: CONVOLUTION" },
    { OF(v1_layer_parameter), "type: Convolution", 1, 7,
      "written type: CONVOLUTION" },
    { OF(convolution_parameter), "num_output: ${N}", 1, 13,
      "${N} is a template that was not filled in" },
    /* what is missing */
    { OF(net_parameter), "layer {}\n layer { clip_param { min: 1 } }", 2, 10,
      "layer[1].clip_param.max is missing" },
};

START_TEST(is_refused_at_the_right_place)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct refused *row = &rows[i];
        char *got = reprinted(ctx, row->of, row->text, strlen(row->text));
        char place[40];

        ck_assert_msg(!got, "%s\nis accepted as\n%s", row->text, got);
        snprintf(place, sizeof place, "t:%d:%d: ", row->line, row->column);
        ck_assert_msg(
            strncmp(crema_ctx_message(ctx), place, strlen(place)) == 0,
            "%s\nis refused elsewhere: %s", row->text, crema_ctx_message(ctx));
        ck_assert_msg(strstr(crema_ctx_message(ctx), row->says) != NULL,
                      "%s\nis refused with: %s", row->text,
                      crema_ctx_message(ctx));
    }
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(a_zero_byte_is_refused)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    ck_assert_ptr_null(reprinted(ctx, OF(net_parameter), "name: \"a\0b\"", 11));
    ck_assert_ptr_null(reprinted(ctx, OF(net_parameter), "# a\0", 4));
    ck_assert_ptr_null(reprinted(ctx, OF(net_parameter), "\0", 1));
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(unknown_names_are_told_together)
{
    static const char text[] = "a: 1\n"
                               "layer { b: \"x\" 'y' c { d: [1, 2] } e <> }\n"
                               "a: -inf\n"
                               "layer { phase: NEVER f: }\n";
    static const char *const says[] = {
        "t:1:1: unknown field \"a\" (2 times in this file)\n  a: 1\n  ^",
        "\nt:2:9: unknown field \"b\" in layer",
        "\nt:2:20: unknown field \"c\" in layer",
        "\nt:2:36: unknown field \"e\" in layer",
        "\nt:4:16: phase has no value NEVER",
        "\nt:4:22: unknown field \"f\" in layer",
        "\nt:4:25: expected a value, found \"}\"",
    };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    const char *message = crema_ctx_message(ctx);

    ck_assert_ptr_null(reprinted(ctx, OF(net_parameter), text, strlen(text)));
    for (size_t i = 0; i < sizeof says / sizeof *says; i++)
        ck_assert_msg(strstr(message, says[i]) != NULL, "%s\nlacks: %s",
                      message, says[i]);
    ck_assert_ptr_null(strstr(message, "\"d\""));
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(the_caret_stands_under_the_word)
{
    static const char text[] = "layer {\n\tname: \"a\"\ttyp: 1\r\n}";
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    ck_assert_ptr_null(reprinted(ctx, OF(net_parameter), text, strlen(text)));
    ck_assert_str_eq(crema_ctx_message(ctx),
                     "t:2:12: unknown field \"typ\" in layer; did you mean "
                     "\"type\"?\n"
                     "  \tname: \"a\"\ttyp: 1\n"
                     "  \t         \t^");
    crema_ctx_free(ctx);
}
END_TEST

/* n times `open`. */
static char *nested(const char *open, size_t n)
{
    char *text = malloc(n * strlen(open) + 1);

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < n; i++) strcpy(text + i * strlen(open), open);
    return text;
}

START_TEST(depth_has_a_limit)
{
    static const char *const opens[] = { "x{", "x:[{", "x:[" };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    for (size_t i = 0; i < 3; i++) {
        char *text = nested(opens[i], 1000000);

        ck_assert_ptr_null(
            reprinted(ctx, OF(net_parameter), text, strlen(text)));
        if (i < 2)
            ck_assert_ptr_nonnull(
                strstr(crema_ctx_message(ctx), "nested deeper than 100"));
        free(text);
    }
    crema_ctx_free(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { is_refused_at_the_right_place,
                                   a_zero_byte_is_refused,
                                   unknown_names_are_told_together,
                                   the_caret_stands_under_the_word,
                                   depth_has_a_limit };

    return RUN_TESTS("text_refusals", tests);
}
