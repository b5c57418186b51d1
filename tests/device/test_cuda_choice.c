/* test_cuda_choice.c - what names a convolution or a matrix product, and what
 * was chosen for it: cases that differ have keys that differ, and a choice is
 * read as it was written or not at all. */
#include "device/cuda/libraries.h"

#include "support/suite.h"

#include <string.h>

static const char where[] = "NVIDIA H200 (90), cudnn 91900, 1024 MiB";

/* AlexNet's conv2 with 256 images. */
static struct conv_case conv2(void)
{
    const struct crema_shape x = CREMA_SHAPE(256, 96, 27, 27);
    const struct crema_shape w = CREMA_SHAPE(256, 48, 5, 5);
    const struct crema_shape y = CREMA_SHAPE(256, 256, 27, 27);

    return (struct conv_case){
        .conv = { 2, { 5, 5 }, { 1, 1 }, { 2, 2 }, { 1, 1 }, 2 },
        .x = crema_layout_channels_last(&x, CREMA_BF16),
        .w = crema_layout_channels_last(&w, CREMA_BF16),
        .y = crema_layout_channels_last(&y, CREMA_BF16),
        .bias = true,
        .relu = true,
    };
}

START_TEST(key)
{
    const struct conv_case c = conv2();
    char text[CONV_TEXT];

    ck_assert_str_eq(
        crema_conv_key(where, &c, text),
        "NVIDIA H200 (90), cudnn 91900, 1024 MiB; conv forward k5x5 s1x1 p2x2 "
        "d1x1 g2 bias relu; x 256x96x27x27 acdb:bf16 w 256x48x5x5 acdb:bf16 "
        "y 256x256x27x27 acdb:bf16");
}
END_TEST

/* One number after the other changed. */
START_TEST(keys_differ)
{
    enum { CASES = 15 };
    struct conv_case c[CASES];
    char text[CASES][CONV_TEXT];

    for (int i = 0; i < CASES; i++) c[i] = conv2();
    c[1].way = CONV_BWD_DATA;
    c[2].way = CONV_BWD_WEIGHTS;
    c[3].conv.kernel[1] = 3;
    c[4].conv.stride[0] = 2;
    c[5].conv.pad[1] = 1;
    c[6].conv.dilation[0] = 2;
    c[7].conv.groups = 1;
    c[8].bias = false;
    c[9].relu = false;
    c[10].tf32 = true;
    c[11].x.type = CREMA_F16;
    c[12].x.padded[1] = 128;
    c[13].w = crema_layout_dense(&CREMA_SHAPE(256, 48, 5, 5), CREMA_BF16);
    c[14].y.padded[0] = 1;
    for (int i = 0; i < CASES; i++) {
        crema_conv_key(where, &c[i], text[i]);
        for (int k = 0; k < i; k++) ck_assert_str_ne(text[i], text[k]);
    }
}
END_TEST

/* A text that would be too long is cut, not written beyond its end. */
START_TEST(long_key)
{
    struct conv_case c = conv2();
    char text[CONV_TEXT + 1], long_where[CONV_TEXT];

    memset(long_where, 'w', sizeof long_where - 1);
    long_where[sizeof long_where - 1] = '\0';
    text[CONV_TEXT] = '#';
    crema_conv_key(long_where, &c, text);
    ck_assert_uint_eq(strlen(text), CONV_TEXT - 1);
    ck_assert_int_eq(text[CONV_TEXT], '#');
}
END_TEST

START_TEST(choice)
{
    struct conv_choice c = {
        .form = CONV_SPLIT_FUSED,
        .engine = { .engine = 41,
                    .nknobs = 2,
                    .knob = { { 2, 11 }, { 24, -3 } } },
        .us = 120.5,
    };
    struct conv_choice read;
    char text[CONV_TEXT];

    ck_assert_str_eq(crema_conv_choice_print(&c, text),
                     "split-fused engine 41 knobs 2:11 24:-3 us 120.50");
    ck_assert(crema_conv_choice_parse(text, &read));
    ck_assert_int_eq(read.form, CONV_SPLIT_FUSED);
    ck_assert(crema_cudnn_choice_same(&read.engine, &c.engine));
    ck_assert_double_eq(read.us, 120.5);
    for (int f = 0; f < CONV_FORMS; f++) {
        c.form = (enum conv_form)f;
        ck_assert(
            crema_conv_choice_parse(crema_conv_choice_print(&c, text), &read));
        ck_assert_int_eq(read.form, f);
    }
    ck_assert(crema_conv_choice_parse("own engine 64 us 98.1", &read));
    ck_assert_int_eq(read.form, CONV_OWN);
    ck_assert_int_eq(read.engine.engine, 64);
    ck_assert(crema_conv_choice_parse("legacy us 3", &read));
    ck_assert(crema_conv_choice_parse("plain engine 0 us 3", &read));
    ck_assert_int_eq(read.engine.nknobs, 0);
}
END_TEST

START_TEST(no_choices)
{
    static const char *const texts[] = {
        "",
        "fused",
        "fused us 3",
        "fastest engine 3 us 1",
        "fused engine x us 1",
        "fused engine 3 us",
        "fused engine 3 us nan",
        "fused engine 3 us inf",
        "fused engine 3 us -1",
        "fused engine 3 us 1 ",
        "fused engine 3 knobs us 1",
        "fused engine 3 knobs 1 us 1",
        "fused engine 3 knobs 1:2:3 us 1",
        "fused engine 3 knobs -1:2 us 1",
        "fused engine 3 knobs 99999999999:2 us 1",
        "fused engine 99999999999999999999 us 1",
        "legacy engine 3 us 1",
        "own us 1",
    };
    struct conv_choice read;
    char text[2000] = "plain engine 1 knobs";

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (crema_conv_choice_parse(texts[i], &read))
            ck_abort_msg("\"%s\" is no choice", texts[i]);
    for (int i = 0; i <= CUDNN_KNOBS; i++) strcat(text, " 1:1");
    strcat(text, " us 1");
    ck_assert(!crema_conv_choice_parse(text, &read));
}
END_TEST

START_TEST(forms)
{
    struct conv_case c = conv2();

    ck_assert(crema_conv_form_fits(&c, CONV_FUSED));
    ck_assert(crema_conv_form_fits(&c, CONV_SPLIT_FUSED));
    ck_assert(crema_conv_form_fits(&c, CONV_OWN));
    c.conv.groups = CONV_SPLITS + 1;
    ck_assert(!crema_conv_form_fits(&c, CONV_SPLIT));
    ck_assert(crema_conv_form_fits(&c, CONV_PLAIN));
    c.conv.groups = 1;
    ck_assert(!crema_conv_form_fits(&c, CONV_SPLIT));
    c.way = CONV_BWD_DATA;
    ck_assert(!crema_conv_form_fits(&c, CONV_FUSED));
    c.way = CONV_FORWARD;
    c.bias = c.relu = false;
    ck_assert(!crema_conv_form_fits(&c, CONV_FUSED));
    ck_assert(crema_conv_form_fits(&c, CONV_LEGACY));
}
END_TEST

/* Groups of 48 channels begin at multiples of 96 bytes, those of 6 at multiples
 * of 12: cuDNN would read the latter as if they began at multiples of 16. */
START_TEST(parts_begin_aligned)
{
    const struct crema_shape x = CREMA_SHAPE(256, 12, 27, 27);
    const struct crema_shape w = CREMA_SHAPE(256, 6, 5, 5);
    const struct crema_shape y = CREMA_SHAPE(256, 12, 27, 27);
    struct conv_case c = conv2();

    c.x = crema_layout_channels_last(&x, CREMA_BF16);
    c.w = crema_layout_channels_last(&w, CREMA_BF16);
    ck_assert(!crema_conv_form_fits(&c, CONV_SPLIT));
    ck_assert(!crema_conv_form_fits(&c, CONV_SPLIT_FUSED));
    ck_assert(crema_conv_form_fits(&c, CONV_PLAIN));
    c = conv2();
    c.y = crema_layout_channels_last(&y, CREMA_BF16);
    ck_assert(!crema_conv_form_fits(&c, CONV_SPLIT));
    /* dense: planes lie between; but the bias of a group has 24 bytes */
    c = conv2();
    c.x = crema_layout_dense(&CREMA_SHAPE(256, 12, 28, 28), CREMA_F32);
    c.w = crema_layout_dense(&CREMA_SHAPE(12, 6, 6, 6), CREMA_F32);
    c.y = crema_layout_dense(&CREMA_SHAPE(256, 12, 28, 28), CREMA_F32);
    ck_assert(!crema_conv_form_fits(&c, CONV_SPLIT_FUSED));
    c.bias = false;
    ck_assert(crema_conv_form_fits(&c, CONV_SPLIT_FUSED));
}
END_TEST

/* Each group's part is found where the whole has it, in both layouts. */
START_TEST(parts)
{
    const struct crema_shape s = CREMA_SHAPE(2, 6, 3, 4);
    const struct crema_layout all[] = {
        crema_layout_dense(&s, CREMA_F32),
        crema_layout_channels_last(&s, CREMA_BF16),
    };

    for (int k = 0; k < 2; k++) {
        const struct crema_layout *l = &all[k];
        struct crema_layout part = crema_conv_part(l, 1, 3);
        int64_t step =
            (int64_t)(crema_conv_step(l, 1, 3) / crema_type_bytes(l->type));

        ck_assert_int_eq(part.dim[1], 2);
        for (int64_t i = 0; i < 2 * 2 * 3 * 4; i++) {
            int64_t n = i / 24, c = i / 12 % 2, hw = i % 12;

            for (int64_t g = 0; g < 3; g++)
                ck_assert_int_eq(
                    crema_layout_offset(&part, i) + g * step,
                    crema_layout_offset(l, (n * 6 + 2 * g + c) * 12 + hw));
        }
    }
}
END_TEST

/* fc6 forward, with 256 images. */
static const struct crema_gemm fc6 = { true,       false, 4096,
                                       256,        9216,  9216,
                                       9216,       4096,  CREMA_BF16,
                                       CREMA_BF16, false, GEMM_BIAS_RELU };

START_TEST(gemm_keys)
{
    enum { CASES = 13 };
    struct crema_gemm g[CASES];
    char text[CASES][CONV_TEXT];

    ck_assert_str_eq(crema_gemm_key(where, &fc6, text[0]),
                     "NVIDIA H200 (90), cudnn 91900, 1024 MiB; gemm bf16 "
                     "4096x256x9216 t9216 n9216 n4096 bf16 bias relu");
    for (int i = 0; i < CASES; i++) g[i] = fc6;
    g[1].turn_a = false;
    g[2].turn_b = true;
    g[3].m = 1000;
    g[4].n = 64;
    g[5].k = 4096;
    g[6].lda = 9217;
    g[7].ldb = 9217;
    g[8].ldc = 4097;
    g[9].ab = CREMA_F16;
    g[10].c = CREMA_F32;
    g[11].tf32 = true;
    g[12].after = GEMM_BIAS;
    for (int i = 0; i < CASES; i++) {
        crema_gemm_key(where, &g[i], text[i]);
        for (int k = 0; k < i; k++) ck_assert_str_ne(text[i], text[k]);
    }
}
END_TEST

START_TEST(gemm_choice)
{
    struct gemm_choice c = { { 0x2a, 0, UINT64_MAX, 1, 2, 3, 4, 5 }, 17.25 };
    struct gemm_choice read;
    char text[CONV_TEXT];

    crema_gemm_choice_print(&c, text);
    ck_assert_ptr_nonnull(strstr(text, "algorithm 000000000000002a0000"));
    ck_assert(crema_gemm_choice_parse(text, &read));
    ck_assert_mem_eq(read.word, c.word, sizeof c.word);
    ck_assert_double_eq(read.us, 17.25);
    for (size_t n = strlen(text) - 5; n > 0; n--) {
        text[n] = '\0';
        ck_assert(!crema_gemm_choice_parse(text, &read));
    }
    ck_assert(!crema_gemm_choice_parse("plain engine 0 us 3", &read));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("choices of engines");
    TCase *tc = tcase_create("choices");

    tcase_add_test(tc, key);
    tcase_add_test(tc, keys_differ);
    tcase_add_test(tc, long_key);
    tcase_add_test(tc, choice);
    tcase_add_test(tc, no_choices);
    tcase_add_test(tc, forms);
    tcase_add_test(tc, parts);
    tcase_add_test(tc, parts_begin_aligned);
    tcase_add_test(tc, gemm_keys);
    tcase_add_test(tc, gemm_choice);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
