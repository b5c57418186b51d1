/* test_detection.c - layers of the detection forks, with numbers worked out by
 * hand. */
#include "support/net_text.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define INPUT(name, dims)                                                      \
    "layer { name: '" name "' type: 'Input' top: '" name "' "                  \
    "input_param { shape { dim: [" dims "] } } }\n"

static void write_input(struct crema_model *m, const char *name, int64_t n,
                        const float *x)
{
    good(crema_model_write(m, name, 2, (int64_t[]){ 1, n }, x));
}

/* ---- PriorBox ------------------------------------------------------------ */

/* A map of 1 x 2 on a picture of 10 x 20: steps of 10, centres (5, 5) and
 * (15, 5). */
static const struct {
    const char *fields;
    int64_t boxes;           /* at each position */
    float first[4], last[4]; /* in pixels */
    float variance[4];
} priors[] = {
    { "min_size: 4.9",
      1,
      { 3, 3, 7, 7 },
      { 13, 3, 17, 7 },
      { 0.1f, 0.1f, 0.1f, 0.1f } },
    { "min_size: 4 max_size: 9 variance: 0.3",
      2,
      { 3, 3, 7, 7 },
      { 12, 2, 18, 8 },
      { 0.3f, 0.3f, 0.3f, 0.3f } },
    { "min_size: 4 aspect_ratio: 4 aspect_ratio: 4 aspect_ratio: 1 "
      "variance: [1, 2, 3, 4]",
      3,
      { 3, 3, 7, 7 },
      { 14, 1, 16, 9 },
      { 1, 2, 3, 4 } },
    { "min_size: 4 aspect_ratio: 4 flip: false",
      2,
      { 3, 3, 7, 7 },
      { 11, 4, 19, 6 },
      { 0.1f, 0.1f, 0.1f, 0.1f } },
    { "min_size: [12, 4] clip: true",
      2,
      { 0, 0, 11, 10 },
      { 13, 3, 17, 7 },
      { 0.1f, 0.1f, 0.1f, 0.1f } },
    { "min_size: 4 step: 2 offset: 1",
      1,
      { 0, 0, 4, 4 },
      { 2, 0, 6, 4 },
      { 0.1f, 0.1f, 0.1f, 0.1f } },
    { "min_size: 4 step_w: 3 step_h: 4",
      1,
      { -0.5f, 0, 3.5f, 4 },
      { 2.5f, 0, 6.5f, 4 },
      { 0.1f, 0.1f, 0.1f, 0.1f } },
};

START_TEST(prior_boxes)
{
    struct crema_model *m;
    char text[1024];
    float y[2 * 2 * 3 * 4];
    const float pixels[4] = { 20, 10, 20, 10 };
    int64_t dims[CREMA_MODEL_DIMS];
    size_t half = (size_t)priors[_i].boxes * 2 * 4;

    snprintf(text, sizeof text,
             INPUT("x", "3, 5, 1, 2") INPUT(
                 "d", "3, 1, 10, 20") "layer { name: 'p' type: 'PriorBox' "
                                      "bottom: 'x' bottom: 'd' "
                                      "top: 'p' prior_box_param { %s } }",
             priors[_i].fields);
    m = opened_text(NULL, text);
    good(crema_model_forward(m));
    ck_assert_int_eq(crema_model_shape(m, "p", dims), 3);
    ck_assert_int_eq(dims[0], 1);
    ck_assert_int_eq(dims[1], 2);
    ck_assert_int_eq(dims[2], (int64_t)half);
    good(crema_model_read(m, "p", y, 2 * half));
    for (int k = 0; k < 4; k++) {
        ck_assert_float_eq_tol(y[k] * pixels[k], priors[_i].first[k], 1e-5f);
        ck_assert_float_eq_tol(y[half - 4 + (size_t)k] * pixels[k],
                               priors[_i].last[k], 1e-5f);
        ck_assert_float_eq(y[2 * half - 4 + (size_t)k], priors[_i].variance[k]);
    }
    crema_model_free(m);
}
END_TEST

START_TEST(prior_boxes_on_another_picture)
{
    struct crema_model *m = opened_text(
        NULL,
        INPUT("x", "1, 1, 1, 1") INPUT(
            "d",
            "1, 1, 10, 20") "layer { name: 'p' type: 'PriorBox' bottom: 'x' "
                            "bottom: 'd' top: 'p' "
                            "prior_box_param { min_size: 4 img_h: 8 img_w: 4 } "
                            "}"
                            "layer { name: 'q' type: 'PriorBox' bottom: 'x' "
                            "bottom: 'd' top: 'q' "
                            "prior_box_param { min_size: 4 img_size: 16 } }");
    float p[8], q[8];

    good(crema_model_forward(m));
    good(crema_model_read(m, "p", p, 8));
    good(crema_model_read(m, "q", q, 8));
    ck_assert_float_eq(p[0], 0);
    ck_assert_float_eq(p[1], 0.25f);
    ck_assert_float_eq(q[0], 0.375f);
    ck_assert_float_eq(q[3], 0.625f);
    crema_model_free(m);
}
END_TEST

/* ---- DetectionOutput ----------------------------------------------------- */

/* Four priors in a row of width 1, the second and third moved by a quarter, and
 * by a half; variances of a half. */
static const float four[] = {
    0,    0,    1,    1,    0.25f, 0,    1.25f, 1,    0.5f, 0,    1.5f,
    1,    3,    0,    4,    1,     0.5f, 0.5f,  0.5f, 0.5f, 0.5f, 0.5f,
    0.5f, 0.5f, 0.5f, 0.5f, 0.5f,  0.5f, 0.5f,  0.5f, 0.5f, 0.5f,
};

static struct crema_model *detector(const char *fields)
{
    char text[1024];
    struct crema_model *m;

    snprintf(
        text, sizeof text,
        INPUT("loc", "1, 16") INPUT("conf", "1, 12") INPUT(
            "p", "1, 2, 16") "layer { name: 'o' type: 'DetectionOutput' "
                             "bottom: 'loc' "
                             "bottom: 'conf' bottom: 'p' top: 'o' "
                             "detection_output_param { num_classes: 3 %s } }",
        fields);
    m = opened_text(NULL, text);
    good(crema_model_write(m, "p", 3, (int64_t[]){ 1, 2, 16 }, four));
    return m;
}

/* Checks rows of class, score (in tenths) and left (in quarters) of a prior of
 * width 1; returns how many there are. */
static void finds(struct crema_model *m, int64_t n, const int (*row)[3])
{
    int64_t dims[CREMA_MODEL_DIMS];
    float y[7 * 12];

    good(crema_model_forward(m));
    ck_assert_int_eq(crema_model_shape(m, "o", dims), 4);
    ck_assert_int_eq(dims[2], n);
    ck_assert_int_eq(dims[3], 7);
    good(crema_model_read(m, "o", y, (size_t)n * 7));
    for (int64_t i = 0; i < n; i++) {
        ck_assert_float_eq(y[7 * i], 0);
        ck_assert_float_eq(y[7 * i + 1], (float)row[i][0]);
        ck_assert_float_eq_tol(y[7 * i + 2], (float)row[i][1] / 10, 1e-6f);
        ck_assert_float_eq(y[7 * i + 3], (float)row[i][2] / 4);
        ck_assert_float_eq(y[7 * i + 4], 0);
        ck_assert_float_eq(y[7 * i + 5], (float)row[i][2] / 4 + 1);
        ck_assert_float_eq(y[7 * i + 6], 1);
    }
}

static const float still[16];
static const float scores[12] = { 0.9f, 0.8f, 0.1f, 0.9f, 0.9f, 0.2f,
                                  0.9f, 0.7f, 0.3f, 0.9f, 0.1f, 0.6f };

/* Class 1: priors 1, 0, 2, 3; class 2: 3, 2, 1, 0. */
static const struct {
    const char *fields;
    int64_t n;
    int row[8][3];
} detections[] = {
    { "nms_param { nms_threshold: 0.5 }",
      5,
      { { 1, 9, 1 }, { 1, 1, 12 }, { 2, 6, 12 }, { 2, 3, 2 }, { 2, 1, 0 } } },
    { "nms_param { nms_threshold: 0.5 } confidence_threshold: 0.25",
      3,
      { { 1, 9, 1 }, { 2, 6, 12 }, { 2, 3, 2 } } },
    { "nms_param { nms_threshold: 0.5 top_k: 1 }",
      2,
      { { 1, 9, 1 }, { 2, 6, 12 } } },
    { "nms_param { nms_threshold: 0.7 } keep_top_k: 4",
      4,
      { { 1, 9, 1 }, { 1, 8, 0 }, { 1, 7, 2 }, { 2, 6, 12 } } },
    { "nms_param { nms_threshold: 0.7 } keep_top_k: 3 background_label_id: 1",
      3,
      { { 0, 9, 0 }, { 0, 9, 1 }, { 0, 9, 2 } } },
};

START_TEST(detection)
{
    struct crema_model *m = detector(detections[_i].fields);

    write_input(m, "loc", 16, still);
    write_input(m, "conf", 12, scores);
    finds(m, detections[_i].n, detections[_i].row);
    crema_model_free(m);
}
END_TEST

START_TEST(detections_that_change)
{
    static const int one[][3] = { { 1, 9, 1 } };
    static const int two[][3] = { { 1, 8, 0 }, { 1, 8, 2 } };
    struct crema_model *m =
        detector("confidence_threshold: 0.75 nms_param { nms_threshold: 0.5 }");
    float other[12] = { 0 }, none[7];
    int64_t dims[CREMA_MODEL_DIMS];

    write_input(m, "loc", 16, still);
    write_input(m, "conf", 12, scores);
    finds(m, 1, one);
    other[1] = other[7] = 0.8f;
    write_input(m, "conf", 12, other);
    finds(m, 2, two);
    other[1] = other[7] = 0;
    write_input(m, "conf", 12, other);
    good(crema_model_forward(m));
    ck_assert_int_eq(crema_model_shape(m, "o", dims), 4);
    ck_assert_int_eq(dims[2], 1);
    good(crema_model_read(m, "o", none, 7));
    ck_assert_float_eq(none[0], 0);
    for (int k = 1; k < 7; k++) ck_assert_float_eq(none[k], -1);
    write_input(m, "conf", 12, scores);
    finds(m, 1, one);
    crema_model_free(m);
}
END_TEST

/* Nothing of it crashes, and what is no number is not found. */
START_TEST(odd_detections)
{
    static const int rest[][3] = { { 1, 9, 1 } };
    struct crema_model *m =
        detector("confidence_threshold: 0.75 code_type: CENTER_SIZE "
                 "nms_param { nms_threshold: 0.5 }");
    float loc[16] = { 0 }, conf[12];

    memcpy(conf, scores, sizeof conf);
    conf[10] = conf[11] = NAN;
    write_input(m, "loc", 16, loc);
    write_input(m, "conf", 12, conf);
    finds(m, 1, rest);
    loc[0] = NAN;
    loc[15] = INFINITY;
    write_input(m, "loc", 16, loc);
    good(crema_model_forward(m));
    crema_model_free(m);
}
END_TEST

/* ---- MultiBoxLoss -------------------------------------------------------- */

/* One image, the four priors, two classes; no scores say anything. */
static struct crema_model *trainer(const char *fields)
{
    char text[1024];
    struct crema_model *m;
    float zero[16] = { 0 };

    snprintf(
        text, sizeof text,
        INPUT("loc", "1, 16") INPUT("conf", "1, 8") INPUT("p", "1, 2, 16")
            INPUT(
                "t",
                "1, 1, 2, 8") "layer { name: 'o' type: 'MultiBoxLoss' bottom: "
                              "'loc' "
                              "bottom: 'conf' bottom: 'p' bottom: 't' top: 'o' "
                              "multibox_loss_param { num_classes: 2 %s } }",
        fields);
    m = opened_text(NULL, text);
    good(crema_model_write(m, "p", 3, (int64_t[]){ 1, 2, 16 }, four));
    write_input(m, "loc", 16, zero);
    write_input(m, "conf", 8, zero);
    return m;
}

static enum crema_status learn(struct crema_model *m, const float truth[16],
                               float *loss)
{
    enum crema_status status;

    *loss = NAN;
    good(crema_model_write(m, "t", 4, (int64_t[]){ 1, 1, 2, 8 }, truth));
    status = crema_model_forward(m);
    return status == CREMA_OK ? crema_model_read(m, "o", loss, 1) : status;
}

/* The first box is prior 0 and overlaps prior 1 by 0.6, prior 2 by a third;
 * the second is prior 3, moved by a quarter: a code of 1/2. */
static const float two_boxes[16] = { 0, 1, 0, 0,     0, 1,     1, 0,
                                     0, 1, 0, 3.25f, 0, 4.25f, 1, 0 };

static const struct {
    const char *fields;
    float boxes, scores, matches; /* scores: so many times log 2 */
} losses[] = {
    /* prior 1 matches too, a quarter off: 2 of 1/2; prior 2 is background */
    { "", 4 * 0.125f, 4, 3 },
    { "neg_overlap: 0.3", 4 * 0.125f, 3, 3 },
    { "match_type: BIPARTITE neg_overlap: 0.7", 2 * 0.125f, 4, 2 },
    { "match_type: BIPARTITE neg_pos_ratio: 0.5", 2 * 0.125f, 3, 2 },
    { "overlap_threshold: 0.3 loc_weight: 2", 2 * (4 * 0.125f + 2 * 0.5f), 4,
      4 },
    { "mining_type: NONE match_type: BIPARTITE", 2 * 0.125f, 4, 2 },
    { "mining_type: HARD_EXAMPLE sample_size: 1", 2 * 0.125f, 1, 1 },
};

START_TEST(multibox_losses)
{
    struct crema_model *m = trainer(losses[_i].fields);
    float loss;

    good(learn(m, two_boxes, &loss));
    ck_assert_float_eq_tol(loss * losses[_i].matches,
                           losses[_i].boxes + losses[_i].scores * logf(2),
                           1e-5f);
    crema_model_free(m);
}
END_TEST

START_TEST(odd_ground_truth)
{
    static const struct {
        float image, label;
        const char *complaint;
    } odd[] = {
        { 1, 1, "row 1 of the ground truth is of image 1; there are 1" },
        { -2, 1, "is of image -2" },
        { NAN, 1, "is of image" },
        { 0, 2, "has label 2; there are 2 classes" },
        { 0, -1, "has label -1" },
        { 0, NAN, "has label" },
        { 0, 0, "has the background's label, 0" },
    };
    struct crema_model *m = trainer("");
    float truth[16], loss;

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        memcpy(truth, two_boxes, sizeof truth);
        truth[8] = odd[i].image;
        truth[9] = odd[i].label;
        ck_assert_int_eq(learn(m, truth, &loss), CREMA_EINVAL);
        ck_assert_ptr_nonnull(strstr(crema_ctx_message(ctx), odd[i].complaint));
    }
    truth[0] = truth[8] = -1;
    good(learn(m, truth, &loss));
    ck_assert_float_eq(loss, 0);
    for (int k = 0; k < 8; k++) truth[k] = k < 2 ? (float)k : NAN;
    good(learn(m, truth, &loss));
    ck_assert_float_eq(loss, 0);
    crema_model_free(m);
}
END_TEST

/* ---- regions ------------------------------------------------------------- */

/* What all devices give, by hand: a map of 4 x 4 counted from 1. */
START_TEST(pooled_regions)
{
    static const float expected[2][8] = {
        /* all of it in 2 x 2; the last element in each bin */
        { 6, 8, 14, 16, 16, 16, 16, 16 },
        /* the averages of the corners, each of a channel 16 higher */
        { 3.5f, 21.5f, 43.5f, 61.5f, 16, 32, 48, 64 },
    };
    static const float regions[10] = { 0, 0, 0, 3, 3, 0, 3, 3, 3, 3 };
    struct crema_model *m = opened_text(
        NULL,
        INPUT("x", "1, 1, 4, 4") INPUT("z", "1, 4, 4, 4")
            INPUT("r", "2, 5") "layer { name: 'm' type: 'ROIPooling' bottom: "
                               "'x' bottom: 'r' top: 'm' "
                               "roi_pooling_param { pooled_h: 2 pooled_w: 2 } }"
                               "layer { name: 'a' type: 'PSROIPooling' bottom: "
                               "'z' bottom: 'r' "
                               "top: 'a' psroi_pooling_param { spatial_scale: "
                               "1 output_dim: 1 "
                               "group_size: 2 } }");
    float map[64], y[8], odd[10];

    for (int i = 0; i < 64; i++) map[i] = (float)(i + 1);
    good(crema_model_write(m, "x", 4, (int64_t[]){ 1, 1, 4, 4 }, map));
    good(crema_model_write(m, "z", 4, (int64_t[]){ 1, 4, 4, 4 }, map));
    good(crema_model_write(m, "r", 2, (int64_t[]){ 2, 5 }, regions));
    good(crema_model_forward(m));
    for (int k = 0; k < 2; k++) {
        good(crema_model_read(m, k ? "a" : "m", y, 8));
        for (int i = 0; i < 8; i++)
            ck_assert_float_eq_tol(y[i], expected[k][i], 1e-5f);
    }
    for (int i = 0; i < 10; i++) odd[i] = i % 5 ? i < 5 ? NAN : 1e30f : 0;
    good(crema_model_write(m, "r", 2, (int64_t[]){ 2, 5 }, odd));
    good(crema_model_forward(m));
    odd[5] = 1;
    good(crema_model_write(m, "r", 2, (int64_t[]){ 2, 5 }, odd));
    ck_assert_int_eq(crema_model_forward(m), CREMA_EINVAL);
    ck_assert_ptr_nonnull(
        strstr(crema_ctx_message(ctx), "region 1 is of image 1; there are 1"));
    crema_model_free(m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("detection layers");
    TCase *t = tcase_create("ref");

    tcase_add_checked_fixture(t, open_ref, close_device);
    tcase_add_loop_test(t, prior_boxes, 0, sizeof priors / sizeof *priors);
    tcase_add_test(t, prior_boxes_on_another_picture);
    tcase_add_loop_test(t, detection, 0,
                        sizeof detections / sizeof *detections);
    tcase_add_test(t, detections_that_change);
    tcase_add_test(t, odd_detections);
    tcase_add_loop_test(t, multibox_losses, 0, sizeof losses / sizeof *losses);
    tcase_add_test(t, odd_ground_truth);
    tcase_add_test(t, pooled_regions);
    suite_add_tcase(s, t);
    return run_suite(s);
}
