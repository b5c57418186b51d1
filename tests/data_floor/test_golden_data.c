/* test_golden_data.c - what the original's data layers made of databases and
 * lists of pictures. */
#include "data_floor/rig.h"

#include "base/file.h"
#include "proto/text.h"
#include "support/suite.h"

#include <stdio.h>
#include <unistd.h>

static const char *const cases[] = {
    "imagedata_bs1",
    "imagedata_crop",
    "imagedata_resize",
    "data_crop",
    "data_encoded_force_color",
    "data_encoded_force_gray",
    "data_mean3_scale_crop",
    "data_meanfile",
    "data_meanfile_crop",
    "data_nolabel",
    "data_plain_bs1_varsize",
    "data_resize",
};

static const char golden[] = SOURCE_DIR "/tests/golden/data";

/* Holds a batch against out_TOP_K.npy; false when there is no such file. */
static bool compare(const char *top, int k, const float *got, size_t count)
{
    size_t length, head;
    char path[64], *data;
    const char *values;

    snprintf(path, sizeof path, "out_%s_%d.npy", top, k);
    if (access(path, R_OK) != 0) return false;
    OK(crema_file_read(ctx, path, &data, &length));
    head = 10 + (size_t)(uint8_t)data[8] + 256 * (size_t)(uint8_t)data[9];
    ck_assert_uint_eq((length - head) / sizeof(float), count);
    values = data + head;
    for (size_t i = 0; i < count; i++) {
        float want;

        memcpy(&want, values + i * sizeof want, sizeof want);
        ck_assert_msg(want == got[i], "%s: %g at %zu, expected %g", path,
                      (double)got[i], i, (double)want);
    }
    free(data);
    return true;
}

static void open_case(const Crema__LayerParameter *layer, struct rig *rig)
{
    struct crema_pipeline_options options = { .workers = 2 };
    const Crema__ImageDataParameter *p = layer->image_data_param;
    struct crema_transform_options o = { .param = layer->transform_param };

    *rig = (struct rig){ 0 };
    if (p) {
        struct crema_images_options images = {
            .list = p->source,
            .root = p->root_folder,
            .height = (int)p->new_height,
            .width = (int)p->new_width,
        };

        options.batch_size = (int)p->batch_size;
        OK(crema_records_images(ctx, &images, &rig->records));
        OK(crema_transform_new(ctx, &o, &rig->transform));
        OK(crema_pipeline_open(ctx, rig->records, rig->transform, &options,
                               &rig->pipeline));
        return;
    }
    options.batch_size = (int)layer->data_param->batch_size;
    OK(open_rig(layer->data_param->source, layer->transform_param, &options,
                rig));
}

START_TEST(same_as_the_original)
{
    const Crema__NetParameter *net;
    struct crema_source *source;
    ProtobufCMessage *message;
    struct rig rig;
    int k = 0;

    ck_assert_int_eq(chdir(golden), 0);
    ck_assert_int_eq(chdir(cases[_i]), 0);
    OK(crema_text_read_file(ctx, "net.prototxt",
                            &crema__net_parameter__descriptor,
                            CREMA_TEXT_STRICT, &message, &source));
    net = (const Crema__NetParameter *)message;
    open_case(net->layer[0], &rig);
    for (;; k++) {
        const struct crema_filled_batch *b = next(&rig);
        size_t items = (size_t)b->shape[0];
        size_t count = items * (size_t)b->shape[1] * (size_t)b->shape[2] *
                       (size_t)b->shape[3];

        if (!compare("data", k, b->data, count)) break;
        compare("label", k, b->labels, items);
    }
    ck_assert_int_ge(k, 2);
    close_rig(&rig);
    crema_source_free(source);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("golden_data");
    TCase *t = tcase_create("golden_data");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, same_as_the_original, 0,
                        sizeof cases / sizeof *cases);
    suite_add_tcase(s, t);
    return run_suite(s);
}
