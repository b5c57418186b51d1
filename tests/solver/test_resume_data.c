/* test_resume_data.c - records that are cropped and mirrored at random,
 * dropout: half a run and its other half are the whole run, bit for bit; also
 * where the device makes values of the records' bytes, and of JPEGs. */
#include "rig.h"

#include "data_floor/make_db.h"
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include "data/image.h"
#include "device/device.h"

#define DATA(name, phase, batch)                                               \
    "  layer { name: '" name "' type: 'Data' top: 'x' top: 'label'\n"          \
    "    include { phase: " phase " }\n"                                       \
    "    transform_param { scale: 0.01 mirror: true crop_size: 4 }\n"          \
    "    data_param { source: 'db' backend: LMDB batch_size: " batch " } }\n"
#define NET                                                                    \
    "net_param {\n" DATA("train", "TRAIN", "4") DATA(                          \
        "test", "TEST",                                                        \
        "5") "  layer { name: 'conv' type: 'Convolution' bottom: 'x' top: "    \
             "'y'\n"                                                           \
             "    convolution_param { num_output: 8 kernel_size: 3\n"          \
             "      weight_filler { type: 'xavier' } } }\n"                    \
             "  layer { name: 'relu' type: 'ReLU' bottom: 'y' top: 'y' }\n"    \
             "  layer { name: 'drop' type: 'Dropout' bottom: 'y' top: 'y' }\n" \
             "  layer { name: 'ip' type: 'InnerProduct' bottom: 'y' top: "     \
             "'z'\n"                                                           \
             "    inner_product_param { num_output: 10\n"                      \
             "      weight_filler { type: 'xavier' } } }\n"                    \
             "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'z'\n"    \
             "    bottom: 'label' top: 'loss' }\n"                             \
             "}\n"
#define SOLVER(more)                                                           \
    NET "lr_policy: 'inv' gamma: 0.1 power: 0.75 base_lr: 0.05\n"              \
        "momentum: 0.9 weight_decay: 0.01 max_iter: 20 test_iter: 2\n"         \
        "test_interval: 4 snapshot_prefix: 'out' random_seed: 3\n" more

static const char *const solvers[] = { SOLVER(""),
                                       SOLVER("iter_size: 3 "
                                              "clip_gradients: 0.5") };

static void make_records(struct rig *r)
{
    struct crema_lmdb_writer *writer;

    ctx = r->ctx;
    OK(crema_lmdb_create(ctx, "db", &writer));
    for (int i = 0; i < 17; i++) put_record(writer, i);
    OK(crema_lmdb_commit(writer));
}

START_TEST(two_halves_are_the_whole)
{
    const char *text = solvers[_i % 2];
    struct rig *r = rig_new();

    crema_device_free(r->dev);
    ck_assert_int_eq(_i < 2 ? crema_device_open(r->ctx, "cpu", 2, &r->dev)
                            : cuda_on_host_open(r->ctx, CUDA_ON_HOST, &r->dev),
                     CREMA_OK);
    make_records(r);
    rig_open(r, text, NULL);
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert_int_eq(rename("out_iter_20.caffemodel", "weights"), 0);
    ck_assert_int_eq(rename("out_iter_20.solverstate", "state"), 0);

    rig_open(r, text, NULL);
    rig_step(r, 10);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    rig_open(r, text, "out_iter_10.solverstate");
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert(rig_same("out_iter_20.caffemodel", "weights"));
    ck_assert(rig_same("out_iter_20.solverstate", "state"));
    rig_free(r);
}
END_TEST

/* Of the convolution and of its weights' gradient. */
static const char *const words[] = { "bb", "ll", "bl" };

static void arrange(struct rig *r, const char *word)
{
    struct crema_net *net = crema_solver_net(r->solver);

    net->arranged = net->program->arranged = word;
}

/* However the first half's convolutions lay, so do the second half's. */
START_TEST(layouts_are_resumed)
{
    struct rig *r = rig_new();
    const struct crema_program *p;

    crema_device_free(r->dev);
    ck_assert_int_eq(crema_device_open(r->ctx, "cpu", 2, &r->dev), CREMA_OK);
    make_records(r);
    rig_open(r, solvers[0], NULL);
    arrange(r, words[_i]);
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert_int_eq(rename("out_iter_20.solverstate", "state"), 0);

    rig_open(r, solvers[0], NULL);
    arrange(r, words[_i]);
    rig_step(r, 10);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    rig_open(r, solvers[0], "out_iter_10.solverstate");
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    p = crema_solver_net(r->solver)->program;
    ck_assert_int_eq(p->chosen, CREMA_FOLLOWED);
    ck_assert_str_eq(p->arranged, words[_i]);
    ck_assert(rig_same("out_iter_20.solverstate", "state"));
    rig_free(r);
}
END_TEST

/* ---- JPEGs, which a stand-in for nvJPEG decodes ----------------------------
 */

static void put_jpeg(struct crema_lmdb_writer *writer, int i)
{
    struct crema_datum datum = { .label = i % 10, .has_label = true };
    struct crema_image image = { 0 };
    uint8_t *file;
    char key[32];

    OK(crema_image_reserve(ctx, "drawn", 70, 64 + i, 3, &image));
    for (int k = 0; k < 70 * (64 + i) * 3; k++)
        image.pixels[k] = (uint8_t)(k / (i + 7) + i);
    OK(crema_image_encode(ctx, &image, CREMA_IMAGE_JPEG, &file, &datum.size));
    datum.data = file;
    datum.encoded = true;
    snprintf(key, sizeof key, "%08d", i);
    put_datum(writer, key, &datum, NULL);
    crema_image_free(&image);
    free(file);
}

static struct rig *jpeg_rig(void)
{
    struct crema_lmdb_writer *writer;
    struct rig *r = rig_new();

    setenv("CREMA_NVJPEG", BUILD_DIR "/libnvjpeg_stand_in.so", 1);
    ctx = r->ctx;
    OK(crema_lmdb_create(ctx, "db", &writer));
    for (int i = 0; i < 17; i++) put_jpeg(writer, i);
    OK(crema_lmdb_commit(writer));
    return r;
}

/* The device once more, as if in another process. */
static void decode_by(struct rig *r, const char *how)
{
    rig_close(r);
    crema_device_free(r->dev);
    OK(cuda_on_host_open(r->ctx, CUDA_ON_HOST, &r->dev));
    OK(crema_device_decode(r->dev, how));
}

static const char *decoder(struct rig *r)
{
    const char *name = crema_solver_net(r->solver)->world->lender.decoder;

    return name ? name : "the processor";
}

#define STAND_IN "nvJPEG 13.99, the GPU's cores"

START_TEST(two_halves_of_jpegs)
{
    struct rig *r = jpeg_rig();

    decode_by(r, "auto");
    rig_open(r, solvers[0], NULL);
    ck_assert_str_eq(decoder(r), STAND_IN);
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert_int_eq(rename("out_iter_20.caffemodel", "weights"), 0);
    ck_assert_int_eq(rename("out_iter_20.solverstate", "state"), 0);

    rig_open(r, solvers[0], NULL);
    rig_step(r, 10);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    decode_by(r, "auto");
    rig_open(r, solvers[0], "out_iter_10.solverstate");
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert(rig_same("out_iter_20.caffemodel", "weights"));
    ck_assert(rig_same("out_iter_20.solverstate", "state"));
    ck_assert_ptr_null(strstr(r->log, "differ"));
    rig_free(r);
}
END_TEST

/* By whom before and how it is asked for then; by whom now, and is it told? */
static const struct {
    const char *before, *then, *now, *told;
} changes[] = {
    { "cpu", "auto", "the processor",
      "decoded by the processor, as they were" },
    { "cpu", "cpu", "the processor", NULL },
    { "cpu", "gpu", STAND_IN,
      "decoded by the processor so far, and are now by " STAND_IN },
    { "gpu", "auto", STAND_IN, NULL },
    { "gpu", "cpu", "the processor",
      "decoded by " STAND_IN " so far, and are now by the processor" },
};
enum { CHANGES = sizeof changes / sizeof *changes };

START_TEST(decoders_are_resumed)
{
    struct rig *r = jpeg_rig();
    const char *told = changes[_i].told;

    decode_by(r, changes[_i].before);
    rig_open(r, solvers[0], NULL);
    rig_step(r, 3);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    decode_by(r, changes[_i].then);
    rig_open(r, solvers[0], "out_iter_3.solverstate");
    ck_assert_str_eq(decoder(r), changes[_i].now);
    ck_assert_msg(told ? strstr(r->log, told) != NULL
                       : !strstr(r->log, "so far") &&
                             !strstr(r->log, "as they were"),
                  "%s", r->log);
    rig_step(r, 3);
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resume_data");
    TCase *all = tcase_create("resume_data");

    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, two_halves_are_the_whole, 0, 4);
    tcase_add_loop_test(all, layouts_are_resumed, 0, 3);
    tcase_add_test(all, two_halves_of_jpegs);
    tcase_add_loop_test(all, decoders_are_resumed, 0, CHANGES);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
