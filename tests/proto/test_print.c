/* test_print.c - messages as text: order, numbers, what is left out. */
#include "proto_support.h"

#include <locale.h>
#include <math.h>

START_TEST(fields_come_by_number)
{
    static const char text[] = "layer { top: \"t\" type: \"T\" name: \"n\" "
                               "relu_param { engine: CAFFE "
                               "negative_slope: 0.1 } phase: TEST }"
                               "name: \"net\"";
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    char *got = reprinted(ctx, OF(net_parameter), text, strlen(text));

    ck_assert_str_eq(got, "name: \"net\"\n"
                          "layer {\n"
                          "  name: \"n\"\n"
                          "  type: \"T\"\n"
                          "  top: \"t\"\n"
                          "  phase: TEST\n"
                          "  relu_param {\n"
                          "    negative_slope: 0.1\n"
                          "    engine: CAFFE\n"
                          "  }\n"
                          "}\n");
    free(got);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(only_set_fields_are_printed)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    Crema__FillerParameter filler = CREMA__FILLER_PARAMETER__INIT;
    char *got = printed(ctx, &filler.base);

    ck_assert_str_eq(got, "");
    free(got);
    filler.has_std = 1;
    filler.std = 0.01f;
    filler.type = (char[]){ "constant" }; /* the default, but said */
    got = printed(ctx, &filler.base);
    ck_assert_str_eq(got, "type: \"constant\"\nstd: 0.01\n");
    free(got);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(unknown_enum_numbers_stay_numbers)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    Crema__LayerParameter layer = CREMA__LAYER_PARAMETER__INIT;
    char *got;

    layer.has_phase = 1;
    layer.phase = (Crema__Phase)77;
    got = printed(ctx, &layer.base);
    ck_assert_str_eq(got, "phase: 77\n");
    free(got);
    crema_ctx_free(ctx);
}
END_TEST

/* Every finite float reads back as itself. */
START_TEST(floats_survive)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    Crema__LayerParameter layer = CREMA__LAYER_PARAMETER__INIT;
    float values[1000];
    struct crema_source *source;
    ProtobufCMessage *message;
    uint32_t bits = 12345;
    char *text;

    for (size_t i = 0; i < 1000; i++) {
        bits = bits * 1664525u + 1013904223u;
        memcpy(&values[i], &bits, sizeof bits);
        if (!isfinite(values[i])) values[i] = (float)i / 7;
    }
    layer.n_loss_weight = 1000;
    layer.loss_weight = values;
    text = printed(ctx, &layer.base);
    ck_assert_int_eq(crema_text_read(ctx, "t", text, strlen(text),
                                     OF(layer_parameter), CREMA_TEXT_STRICT,
                                     &message, &source),
                     CREMA_OK);
    ck_assert_mem_eq(((Crema__LayerParameter *)message)->loss_weight, values,
                     sizeof values);
    crema_source_free(source);
    free(text);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(the_locale_does_not_matter)
{
    static const char *const commas[] = { "de_DE.UTF-8", "de_DE", "fr_FR.UTF-8",
                                          "ru_RU.UTF-8" };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    bool found = false;
    char *got;

    for (size_t i = 0; i < sizeof commas / sizeof *commas && !found; i++)
        found = setlocale(LC_ALL, commas[i]) != NULL;
    got = reprinted(ctx, OF(layer_parameter), "loss_weight: 1.5", 16);
    ck_assert_str_eq(got, "loss_weight: 1.5\n");
    free(got);
    setlocale(LC_ALL, "C");
    crema_ctx_free(ctx);
}
END_TEST

static void count_warnings(void *user, enum crema_log_level level,
                           const char *line)
{
    *(int *)user += level == CREMA_WARNING && strstr(line, "1 fields") != NULL;
}

START_TEST(dropped_fields_are_counted)
{
    static const uint8_t bytes[] = { 0x0A, 1, 'n', 0xF8, 0x07, 1 };
    int warnings = 0;
    struct crema_ctx *ctx = crema_ctx_new(count_warnings, &warnings);
    ProtobufCMessage *net =
        protobuf_c_message_unpack(OF(net_parameter), NULL, sizeof bytes, bytes);
    char *got = printed(ctx, net);

    ck_assert_str_eq(got, "name: \"n\"\n");
    ck_assert_int_eq(warnings, 1);
    free(got);
    protobuf_c_message_free_unpacked(net, NULL);
    crema_ctx_free(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { fields_come_by_number,
                                   only_set_fields_are_printed,
                                   unknown_enum_numbers_stay_numbers,
                                   floats_survive,
                                   the_locale_does_not_matter,
                                   dropped_fields_are_counted };

    return RUN_TESTS("print", tests);
}
