/* test_blob_h5.c - .caffemodel.h5 and .solverstate.h5: written, read by strips,
 * held against Caffe's, damaged. */
#define BLOB_PATH "test_blob_h5.h5"
#include "blob_support.h"

#include "base/philox.h"

#include <unistd.h>

#define GOLDEN SOURCE_DIR "/tests/golden/hdf5w/"

/* libhdf5 itself loses memory over damaged files. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

/* Numbers first, first + 1, ... */
static enum crema_status count_up(void *user, int64_t first, int64_t count,
                                  float *out)
{
    (void)user;
    for (int64_t i = 0; i < count; i++) out[i] = (float)(first + i);
    return CREMA_OK;
}

static const int64_t big_dims[] = { 3, 25, 2, 1000 }, odd_dims[] = { 1, 3 };
static const float odd_data[] = { 1, -2, 1e30f };

static const struct crema_blob_out blobs[] = {
    { .ndims = 4, .dims = big_dims, .fill = count_up },
    { .ndims = 2, .dims = odd_dims, .data = odd_data },
    { .data = odd_data }, /* a single number */
    { .ndims = 2, .dims = odd_dims, .data = odd_data, .shared = true },
};

static void write_net(struct crema_ctx *ctx, const char *name)
{
    Crema__LayerParameter a = CREMA__LAYER_PARAMETER__INIT, b = a, c = a;
    const struct crema_layer_out layers[] = {
        { .param = &a, .nblobs = 4, .blobs = blobs },
        { .param = &b },
        { .param = &c, .nblobs = 2, .blobs = &blobs[1] },
    };
    enum crema_status status;

    a.name = (char[]){ "a" };
    b.name = (char[]){ "b" };
    c.name = (char *)name;
    status = crema_weights_write_h5(ctx, BLOB_PATH, 3, layers);
    ck_assert_msg(status == CREMA_OK, "%s", crema_ctx_message(ctx));
}

static struct crema_stored_layer *layer(struct crema_blob_file *file,
                                        const char *name)
{
    struct crema_stored_layer *l = file->layers;

    while (l && strcmp(l->name, name) != 0) l = l->next;
    ck_assert_msg(l != NULL, "no layer %s", name);
    return l;
}

/* Strips that begin and end anywhere. */
static void counts_up(struct crema_blob_file *file,
                      const struct crema_stored_blob *blob)
{
    float got[4567];

    for (int64_t at = 0, n; at < blob->count; at += n) {
        n = blob->count - at < 4567 ? blob->count - at : 4567;
        ck_assert_int_eq(crema_blob_file_read(file, blob, at, n, got),
                         CREMA_OK);
        for (int64_t i = 0; i < n; i++)
            if (got[i] != (float)(at + i))
                ck_abort_msg("number %lld is %g", (long long)(at + i),
                             (double)got[i]);
    }
}

START_TEST(weights_come_back)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_blob_file *file;
    struct crema_stored_layer *a, *c;
    float got[3];

    write_net(ctx, "c/x/1");
    file = opened(ctx, crema_weights_open);
    a = layer(file, "a");
    c = layer(file, "c/x/1");
    ck_assert_int_eq(layer(file, "b")->nblobs, 0);
    ck_assert_int_eq(a->nblobs, 3); /* the shared one lies elsewhere */
    ck_assert_int_eq(a->blobs->ndims, 4);
    ck_assert_mem_eq(a->blobs->dims, big_dims, sizeof big_dims);
    counts_up(file, a->blobs);
    ck_assert_int_eq(c->nblobs, 2);
    ck_assert_int_eq(c->blobs->index, 0);
    ck_assert(crema_stored_fits(c->blobs, 2, odd_dims));
    ck_assert_int_eq(crema_blob_file_read(file, c->blobs, 0, 3, got), CREMA_OK);
    ck_assert_mem_eq(got, odd_data, sizeof odd_data);
    ck_assert_int_eq(c->blobs->next->ndims, 0);
    ck_assert_int_eq(crema_blob_file_read(file, c->blobs->next, 0, 1, got),
                     CREMA_OK);
    ck_assert_float_eq(got[0], 1);
    ck_assert_int_eq(crema_blob_file_read(file, c->blobs, 1, 3, got),
                     CREMA_EINVAL);
    crema_blob_file_free(file);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(odd_names)
{
    static const char *const names[] = { "/a", "a/", "x//y", "./x", "." };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    Crema__LayerParameter param = CREMA__LAYER_PARAMETER__INIT;
    const struct crema_layer_out l = { &param, 1, &blobs[1] };

    param.name = (char *)names[_i];
    ck_assert_int_eq(crema_weights_write_h5(ctx, BLOB_PATH, 1, &l),
                     CREMA_EUNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(crema_ctx_message(ctx), "rename it"));
    crema_ctx_free(ctx);
}
END_TEST

static void write_state(struct crema_ctx *ctx)
{
    Crema__SolverState state = CREMA__SOLVER_STATE__INIT;

    state.iter = 7;
    state.current_step = 2;
    state.learned_net = (char[]){ "x.caffemodel.h5" };
    state.type = (char[]){ "Adam" };
    state.has_random_seed = 1;
    state.random_seed = 1ll << 40;
    /* twelve, so that 10 comes by name before 2 */
    ck_assert_int_eq(
        crema_state_write_h5(ctx, BLOB_PATH, &state, 12,
                             (const struct crema_blob_out[12]){
                                 blobs[1], blobs[1], blobs[0], blobs[1],
                                 blobs[1], blobs[1], blobs[1], blobs[1],
                                 blobs[1], blobs[1], blobs[2], blobs[2] }),
        CREMA_OK);
}

START_TEST(state_comes_back)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_blob_file *file;

    write_state(ctx);
    file = opened(ctx, crema_state_open);
    ck_assert_int_eq(file->state->iter, 7);
    ck_assert_int_eq(file->state->current_step, 2);
    ck_assert_str_eq(file->state->learned_net, "x.caffemodel.h5");
    ck_assert_str_eq(file->state->type, "Adam");
    ck_assert_int_eq(file->state->random_seed, 1ll << 40);
    ck_assert_int_eq(file->nblobs, 12);
    counts_up(file, file->blobs->next->next);
    crema_blob_file_free(file);

    refused(ctx, crema_weights_open, "is a .solverstate.h5");
    write_net(ctx, "c");
    refused(ctx, crema_state_open, "is a .caffemodel.h5");
    refused(ctx, crema_blob_open, "HDF5");
    crema_ctx_free(ctx);
}
END_TEST

/* ---- Caffe's files ------------------------------------------------------ */

static void same_blobs(struct crema_blob_file *a, struct crema_blob_file *b,
                       const struct crema_stored_blob *x,
                       const struct crema_stored_blob *y)
{
    for (; x && y; x = x->next, y = y->next) {
        float *p = malloc((size_t)x->count * sizeof *p);
        float *q = malloc((size_t)x->count * sizeof *q);

        ck_assert(crema_stored_fits(y, x->ndims, x->dims));
        ck_assert_int_eq(crema_blob_file_read(a, x, 0, x->count, p), CREMA_OK);
        ck_assert_int_eq(crema_blob_file_read(b, y, 0, x->count, q), CREMA_OK);
        ck_assert_mem_eq(p, q, (size_t)x->count * sizeof *p);
        free(p);
        free(q);
    }
    ck_assert(!x && !y);
}

static const char *const models[] = { GOLDEN "bn_inplace_scale_relu_test",
                                      GOLDEN "net_lenet_small" };

/* Caffe wrote the same weights in both forms. */
START_TEST(as_caffe_wrote_it)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_blob_file *message, *h5;
    char path[4096];
    int layers = 0;

    snprintf(path, sizeof path, "%s.caffemodel", models[_i]);
    ck_assert_int_eq(crema_weights_open(ctx, path, &message), CREMA_OK);
    strcat(path, ".h5");
    ck_assert_msg(crema_weights_open(ctx, path, &h5) == CREMA_OK, "%s",
                  crema_ctx_message(ctx));
    for (struct crema_stored_layer *l = message->layers; l; l = l->next) {
        same_blobs(message, h5, l->blobs, layer(h5, l->name)->blobs);
        layers += l->nblobs > 0;
    }
    ck_assert_int_ge(layers, 3);
    crema_blob_file_free(message);
    crema_blob_file_free(h5);
    crema_ctx_free(ctx);
}
END_TEST

/* ---- damage ------------------------------------------------------------- */

/* Opens and reads all; what does not work must say so in one line. */
static bool survives(struct crema_ctx *ctx)
{
    struct crema_blob_file *file;
    enum crema_status status = crema_weights_open(ctx, BLOB_PATH, &file);
    float strip[64];

    if (status != CREMA_OK) {
        ck_assert_uint_gt(strlen(crema_ctx_message(ctx)), 20);
        ck_assert_ptr_null(strchr(crema_ctx_message(ctx), '\n'));
        ck_assert_ptr_null(file);
        return false;
    }
    for (struct crema_stored_layer *l = file->layers; l; l = l->next)
        for (struct crema_stored_blob *b = l->blobs; b; b = b->next)
            for (int64_t at = 0; at < b->count && status == CREMA_OK; at += 64)
                status = crema_blob_file_read(
                    file, b, at, b->count - at < 64 ? b->count - at : 64,
                    strip);
    crema_blob_file_free(file);
    return status == CREMA_OK;
}

START_TEST(cut_short)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    char *data, path[4096];
    size_t length;

    snprintf(path, sizeof path, "%s.caffemodel.h5", models[0]);
    ck_assert_int_eq(crema_file_read(ctx, path, &data, &length), CREMA_OK);
    for (size_t n = 8; n < length; n += 211) {
        save(data, n);
        ck_assert(!survives(ctx));
    }
    save(data, length);
    ck_assert(survives(ctx));
    free(data);
    crema_ctx_free(ctx);
}
END_TEST

/* Bytes changed, the same in every run. */
START_TEST(damaged)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    char *data, path[4096];
    size_t length;
    int refusals = 0;

    snprintf(path, sizeof path, "%s.caffemodel.h5", models[0]);
    ck_assert_int_eq(crema_file_read(ctx, path, &data, &length), CREMA_OK);
    for (uint32_t round = 0; round < 120; round++) {
        char kept[4];
        size_t at[4];

        for (uint32_t k = 0; k < 4; k++) {
            struct crema_philox r =
                crema_philox(round, k, 0, 0, 1, (uint32_t)_i);

            at[k] = r.v[0] % length;
            kept[k] = data[at[k]];
            data[at[k]] = (char)(r.v[1] % 3 ? r.v[2] : r.v[2] % 2 - 1);
        }
        save(data, length);
        refusals += !survives(ctx);
        for (int k = 4; k-- > 0;) data[at[k]] = kept[k];
    }
    ck_assert_int_gt(refusals, 20);
    free(data);
    crema_ctx_free(ctx);
}
END_TEST

/* Without the part there is nothing to test but that it is missed. */
static bool has_part(void)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_h5 *h5;
    bool there = crema_h5_open(ctx, "/nowhere.h5", &h5) == CREMA_EIO;

    if (!there) puts(crema_ctx_message(ctx));
    crema_ctx_free(ctx);
    return there;
}

int main(void)
{
    Suite *suite = suite_create("blob_h5");
    TCase *all = tcase_create("blob_h5");
    int failed;

    if (!has_part()) return 77;
    tcase_set_timeout(all, 60);
    tcase_add_test(all, weights_come_back);
    tcase_add_loop_test(all, odd_names, 0, 5);
    tcase_add_test(all, state_comes_back);
    tcase_add_loop_test(all, as_caffe_wrote_it, 0, 2);
    tcase_add_test(all, cut_short);
    tcase_add_loop_test(all, damaged, 0, 2);
    suite_add_tcase(suite, all);
    failed = run_suite(suite);
    unlink(BLOB_PATH);
    return failed;
}
