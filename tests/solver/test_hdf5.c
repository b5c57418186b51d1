/* test_hdf5.c - HDF5Data and HDF5Output: order, shuffle, passes over several
 * files, other types of numbers, refusals; a run that goes on is the run. */
#include "rig.h"

#include "proto/h5.h"
#include "support/suite.h"

#define OK(call)                                                               \
    do {                                                                       \
        enum crema_status ok_ = (call);                                        \
        ck_assert_msg(ok_ == CREMA_OK, "%s", crema_ctx_message(r->ctx));       \
    } while (0)

enum { FILES = 3 };
static const int64_t rows_of[FILES] = { 5, 2, 4 };

/* Row n of all has the values n, n + 0.25 .. as x, and n as the integer y. */
static void write_file(struct rig *r, const char *path, int64_t rows, int *n,
                       int64_t width)
{
    const struct crema_h5_shape x = { 3, { rows, 1, width } },
                                y = { 1, { rows } };
    struct crema_h5 *h5;
    float values[64];
    int32_t labels[16];

    for (int64_t i = 0; i < rows; i++) {
        for (int64_t k = 0; k < width; k++)
            values[i * width + k] = (float)(*n) + 0.25f * (float)k;
        labels[i] = (*n)++;
    }
    OK(crema_h5_create(r->ctx, path, &h5));
    OK(h5->type->make_array(h5, "x", CREMA_H5_FLOAT, &x, false));
    OK(h5->type->make_array(h5, "y", CREMA_H5_INT, &y, false));
    OK(h5->type->write(h5, "x", CREMA_H5_FLOAT, 0, rows * width, values));
    OK(h5->type->write(h5, "y", CREMA_H5_INT, 0, rows, labels));
    OK(h5->type->write_text(h5, "words", "no numbers"));
    OK(crema_h5_close(h5));
}

/* In a folder with three files and lists of them; NULL without HDF5. */
static struct rig *rig_with_files(void)
{
    struct rig *r = rig_new();
    struct crema_h5 *h5;
    char path[16];
    int n = 0;

    if (crema_h5_open(r->ctx, "none", &h5) == CREMA_EUNSUPPORTED) {
        puts(crema_ctx_message(r->ctx));
        rig_free(r);
        return NULL;
    }
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "%d.h5", i);
        write_file(r, path, rows_of[i], &n, 3);
    }
    write_file(r, "wide.h5", 2, &n, 4);
    ck_assert_int_eq(system("echo '0.h5 1.h5' >list; echo 2.h5 >>list;"
                            "echo '0.h5 wide.h5' >wide; echo ' ' >none;"
                            "echo 0.h5 nope.h5 >lost; echo list >text"),
                     0);
    return r;
}

#define NET(batch, more)                                                       \
    "net_param {\n"                                                            \
    "  layer { name: 'in' type: 'HDF5Data' top: 'x' top: 'y'\n"                \
    "    hdf5_data_param { source: 'list' batch_size: " batch " " more         \
    " } }\n"                                                                   \
    "  layer { name: 'out' type: 'HDF5Output' bottom: 'x' bottom: 'y'\n"       \
    "    hdf5_output_param { file_name: 'out.h5' } }\n"                        \
    "  layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'z'\n"         \
    "    inner_product_param { num_output: 1\n"                                \
    "      weight_filler { type: 'gaussian' std: 0.1 } } }\n"                  \
    "  layer { name: 'loss' type: 'EuclideanLoss' bottom: 'z' bottom: 'y'\n"   \
    "    top: 'loss' }\n"                                                      \
    "}\n"
#define SOLVER                                                                 \
    "lr_policy: 'fixed' base_lr: 0.0001 momentum: 0.9 max_iter: 12\n"          \
    "snapshot_prefix: 'run' snapshot_format: HDF5 "

/* What HDF5Output wrote, as labels; x must belong to them. */
static int written(struct rig *r, float labels[128])
{
    struct crema_h5_shape x, y;
    struct crema_h5 *h5;
    float values[3 * 128];

    OK(crema_h5_open(r->ctx, "out.h5", &h5));
    OK(h5->type->shape(h5, "data", &x));
    OK(h5->type->shape(h5, "label", &y));
    ck_assert_int_eq(x.ndims, 4);
    ck_assert_int_eq(y.ndims, 4);
    ck_assert_int_eq(x.dims[1] * x.dims[2] * x.dims[3], 3);
    ck_assert_int_eq(x.dims[2], 3);
    ck_assert_int_eq(y.dims[1] * y.dims[2] * y.dims[3], 1);
    ck_assert_int_eq(x.dims[0], y.dims[0]);
    ck_assert_int_le(x.dims[0], 128);
    OK(h5->type->read(h5, "data", CREMA_H5_FLOAT, 0, 3 * x.dims[0], values));
    OK(h5->type->read(h5, "label", CREMA_H5_FLOAT, 0, y.dims[0], labels));
    OK(crema_h5_close(h5));
    for (int i = 0; i < 3 * x.dims[0]; i++)
        ck_assert_float_eq(values[i], labels[i / 3] + 0.25f * (float)(i % 3));
    return (int)x.dims[0];
}

START_TEST(files_follow_one_another)
{
    struct rig *r = rig_with_files();
    float labels[128];

    if (!r) return;
    rig_open(r, NET("4", "") SOLVER "random_seed: 1", NULL);
    rig_step(r, 6);
    ck_assert_int_eq(written(r, labels), 24);
    for (int i = 0; i < 24; i++) ck_assert_float_eq(labels[i], (float)(i % 11));
    rig_free(r);
}
END_TEST

/* Each pass has each row once; a file's rows stay together; passes differ, and
 * so do seeds. */
START_TEST(shuffled)
{
    struct rig *r = rig_with_files();
    float labels[128], again[128], other[128];

    if (!r) return;
    rig_open(r, NET("11", "shuffle: true") SOLVER "random_seed: 1", NULL);
    rig_step(r, 8);
    ck_assert_int_eq(written(r, labels), 88);
    for (int pass = 0; pass < 8; pass++) {
        int met = 0, changes = 0, last = -1;

        for (int i = 0; i < 11; i++) {
            int n = (int)labels[11 * pass + i];
            int file = n < 5 ? 0 : n < 7 ? 1 : 2;

            met |= 1 << n;
            changes += file != last;
            last = file;
        }
        ck_assert_int_eq(met, (1 << 11) - 1);
        ck_assert_int_eq(changes, FILES);
    }
    ck_assert_mem_ne(labels, labels + 11, sizeof(float) * 11);
    /* in batches of another size, the same order */
    rig_open(r, NET("8", "shuffle: true") SOLVER "random_seed: 1", NULL);
    rig_step(r, 11);
    ck_assert_int_eq(written(r, again), 88);
    ck_assert_mem_eq(labels, again, sizeof(float) * 88);
    rig_open(r, NET("11", "shuffle: true") SOLVER "random_seed: 2", NULL);
    rig_step(r, 8);
    ck_assert_int_eq(written(r, other), 88);
    ck_assert_mem_ne(labels, other, sizeof(float) * 88);
    rig_free(r);
}
END_TEST

/* Of a run's batches the second of two ranks has every other one. */
START_TEST(ranks_take_batches_in_turn)
{
    const struct crema_solver_options second = { .rank = 1, .ranks = 2 };
    static const char text[] = NET("3", "shuffle: true") SOLVER
        "random_seed: 1";
    struct rig *r = rig_with_files();
    float all[128], mine[128];

    if (!r) return;
    rig_open(r, text, NULL);
    rig_step(r, 12);
    ck_assert_int_eq(written(r, all), 36);
    OK(rig_try(r, text, &second));
    rig_step(r, 6);
    ck_assert_int_eq(written(r, mine), 18);
    for (int i = 0; i < 18; i++)
        ck_assert_float_eq(mine[i], all[(2 * (i / 3) + 1) * 3 + i % 3]);
    rig_free(r);
}
END_TEST

/* Half a run and its other half are the whole run: weights, state, and what
 * HDF5Output wrote. */
START_TEST(two_halves_are_the_whole)
{
    static const char *const texts[] = {
        NET("4", "") SOLVER "random_seed: 5",
        NET("4", "shuffle: true") SOLVER "random_seed: 5",
    };
    struct rig *r = rig_with_files();

    if (!r) return;
    rig_open(r, texts[_i], NULL);
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    rig_close(r);
    ck_assert_int_eq(system("mv run_iter_12.caffemodel.h5 weights;"
                            "mv run_iter_12.solverstate.h5 state;"
                            "mv out.h5 whole.h5"),
                     0);
    rig_open(r, texts[_i], NULL);
    rig_step(r, 5);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    rig_step(r, 2); /* written, but lost with the run */
    rig_open(r, texts[_i], "auto");
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    rig_close(r);
    ck_assert(rig_same("run_iter_12.caffemodel.h5", "weights"));
    ck_assert(rig_same("run_iter_12.solverstate.h5", "state"));
    {
        float halves[128], whole[128];

        ck_assert_int_eq(written(r, halves), 48);
        ck_assert_int_eq(rename("whole.h5", "out.h5"), 0);
        ck_assert_int_eq(written(r, whole), 48);
        ck_assert_mem_eq(halves, whole, sizeof(float) * 48);
    }
    rig_free(r);
}
END_TEST

#define LAYER(text)      "net_param { layer { name: 'in' " text " } }\n" SOLVER
#define DATA(tops, text) LAYER("type: 'HDF5Data' " tops " " text)
#define PARAM(text)      "hdf5_data_param { " text " }"

static const struct {
    const char *text, *says;
} refusals[] = {
    { DATA("top: 'x'", ""), "no source is given" },
    { DATA("top: 'x'", PARAM("source: 'list'")),
      "batch_size must be positive" },
    { DATA("top: 'x'",
           PARAM("source: 'list' batch_size: 2") " transform_param { "
                                                 "scale: 2 }"),
      "leave transform_param out" },
    { DATA("top: 'x'", PARAM("source: 'nope' batch_size: 2")), "nope" },
    { DATA("top: 'x'", PARAM("source: 'none' batch_size: 2")),
      "none names no HDF5 files" },
    { DATA("top: 'x'", PARAM("source: 'lost' batch_size: 2")),
      "cannot open nope.h5" },
    { DATA("top: 'x'", PARAM("source: 'text' batch_size: 2")),
      "list: cannot read it as HDF5" },
    { DATA("top: 'q'", PARAM("source: 'list' batch_size: 2")),
      "0.h5 has no array \"q\"" },
    { DATA("top: 'words'", PARAM("source: 'list' batch_size: 2")),
      "words holds neither floats nor integers" },
    { DATA("top: 'x'", PARAM("source: 'wide' batch_size: 2")),
      "wide.h5: a batch of \"x\" is 2x1x4, but 2x1x3 in 0.h5" },
};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

START_TEST(refusal)
{
    struct rig *r = rig_with_files();

    if (!r) return;
    ck_assert_int_ne(rig_try(r, refusals[_i].text, NULL), CREMA_OK);
    ck_assert_msg(strstr(crema_ctx_message(r->ctx), refusals[_i].says) != NULL,
                  "%s", crema_ctx_message(r->ctx));
    ck_assert_msg(strstr(crema_ctx_message(r->ctx), "solver.prototxt:1:") !=
                      NULL,
                  "%s", crema_ctx_message(r->ctx));
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hdf5");
    TCase *all = tcase_create("hdf5");

    tcase_set_timeout(all, 60);
    tcase_add_test(all, files_follow_one_another);
    tcase_add_test(all, shuffled);
    tcase_add_test(all, ranks_take_batches_in_turn);
    tcase_add_loop_test(all, two_halves_are_the_whole, 0, 2);
    tcase_add_loop_test(all, refusal, 0, REFUSALS);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
