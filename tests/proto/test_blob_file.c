/* test_blob_file.c - weights, states and mean files: written, read by strips,
 * cut. */
#define BLOB_PATH "test_blob_file.bin"
#include "blob_support.h"

/* Numbers first, first + 1, ... */
static enum crema_status count_up(void *user, int64_t first, int64_t count,
                                  float *out)
{
    (void)user;
    for (int64_t i = 0; i < count; i++) out[i] = (float)(first + i);
    return CREMA_OK;
}

static const int64_t big_dims[] = { 3, 50000 }, small_dims[] = { 2, 1, 2 };
static const float small_data[] = { 1, -2, 0.5f, 1e30f };

static const struct crema_blob_out two_blobs[] = {
    { .ndims = 2, .dims = big_dims, .fill = count_up },
    { .ndims = 3, .dims = small_dims, .data = small_data },
};

/* A net of three layers, the second without blobs. */
static void write_net(struct crema_ctx *ctx, struct crema_bytes *bytes)
{
    Crema__LayerParameter a = CREMA__LAYER_PARAMETER__INIT, b = a, c = a;
    struct crema_sink sink = crema_sink_bytes(bytes);
    const struct crema_layer_out layers[] = {
        { .param = &a, .nblobs = 2, .blobs = two_blobs },
        { .param = &b },
        { .param = &c, .nblobs = 1, .blobs = &two_blobs[1] },
    };

    a.name = (char[]){ "a" };
    a.type = (char[]){ "InnerProduct" };
    a.has_phase = 1;
    a.phase = CREMA__PHASE__TEST;
    b.name = (char[]){ "b" };
    c.name = (char[]){ "c/1" };
    ck_assert_int_eq(crema_weights_write(ctx, &sink, "net", 3, layers),
                     CREMA_OK);
}

static void is_small(struct crema_blob_file *file,
                     const struct crema_stored_blob *blob)
{
    float got[4];

    ck_assert_int_eq(blob->ndims, 3);
    ck_assert_mem_eq(blob->dims, small_dims, sizeof small_dims);
    ck_assert_int_eq(blob->count, 4);
    ck_assert_int_eq(crema_blob_file_read(file, blob, 0, 4, got), CREMA_OK);
    ck_assert_mem_eq(got, small_data, sizeof got);
}

START_TEST(weights_come_back)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_bytes bytes = { .ctx = ctx };
    struct crema_blob_file *file;
    struct crema_stored_layer *layer;
    float got[1000];

    write_net(ctx, &bytes);
    save(bytes.data, bytes.length);
    file = opened(ctx, crema_weights_open);
    ck_assert_str_eq(file->name, "net");
    layer = file->layers;
    ck_assert_str_eq(layer->name, "a");
    ck_assert_str_eq(layer->type, "InnerProduct");
    ck_assert_int_eq(layer->nblobs, 2);
    ck_assert_int_eq(layer->blobs->count, 150000);
    for (int64_t at = 0; at < 150000; at += 997) {
        int64_t n = 150000 - at < 1000 ? 150000 - at : 1000;

        ck_assert_int_eq(crema_blob_file_read(file, layer->blobs, at, n, got),
                         CREMA_OK);
        for (int64_t i = 0; i < n; i++)
            if (got[i] != (float)(at + i))
                ck_abort_msg("number %lld is %g", (long long)(at + i),
                             (double)got[i]);
    }
    is_small(file, layer->blobs->next);
    ck_assert_int_eq(crema_blob_file_read(file, layer->blobs, 149999, 2, got),
                     CREMA_EINVAL);
    layer = layer->next;
    ck_assert_str_eq(layer->name, "b");
    ck_assert_str_eq(layer->type, "");
    ck_assert_ptr_null(layer->blobs);
    ck_assert_str_eq(layer->next->name, "c/1");
    is_small(file, layer->next->blobs);
    crema_blob_file_free(file);
    free(bytes.data);
    crema_ctx_free(ctx);
}
END_TEST

/* protobuf-c, which knows the whole schema, reads what was written. */
START_TEST(weights_are_protobuf)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_bytes bytes = { .ctx = ctx };
    Crema__NetParameter *net;

    write_net(ctx, &bytes);
    net = (Crema__NetParameter *)protobuf_c_message_unpack(
        OF(net_parameter), NULL, bytes.length, bytes.data);
    ck_assert_ptr_nonnull(net);
    ck_assert_uint_eq(net->n_layer, 3);
    ck_assert_int_eq(net->layer[0]->phase, CREMA__PHASE__TEST);
    ck_assert_uint_eq(net->layer[0]->blobs[0]->n_data, 150000);
    ck_assert_int_eq(net->layer[0]->blobs[0]->shape->dim[1], 50000);
    ck_assert_float_eq(net->layer[0]->blobs[0]->data[149999], 149999);
    protobuf_c_message_free_unpacked(&net->base, NULL);
    free(bytes.data);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(a_state_comes_back)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_bytes bytes = { .ctx = ctx };
    struct crema_sink sink = crema_sink_bytes(&bytes);
    Crema__SolverState state = CREMA__SOLVER_STATE__INIT;
    Crema__DataPosition position = CREMA__DATA_POSITION__INIT;
    Crema__DataPosition *positions = &position;
    float losses[] = { 1, 2, 3 };
    struct crema_blob_file *file;

    state.has_iter = state.has_current_step = state.has_random_seed = 1;
    state.iter = 7;
    state.current_step = 2;
    state.random_seed = -5;
    state.learned_net = (char[]){ "x.caffemodel" };
    state.n_data_position = 1;
    state.data_position = &positions;
    position.layer = (char[]){ "mnist" };
    position.has_record = 1;
    position.record = 1ull << 40;
    state.n_recent_losses = 3;
    state.recent_losses = losses;
    ck_assert_int_eq(crema_state_write(ctx, &sink, &state, 2, two_blobs),
                     CREMA_OK);
    save(bytes.data, bytes.length);
    file = opened(ctx, crema_state_open);
    ck_assert_int_eq(file->nblobs, 2);
    is_small(file, file->blobs->next);
    ck_assert_int_eq(file->state->iter, 7);
    ck_assert_int_eq(file->state->current_step, 2);
    ck_assert_int_eq(file->state->random_seed, -5);
    ck_assert_str_eq(file->state->learned_net, "x.caffemodel");
    ck_assert_str_eq(file->state->data_position[0]->layer, "mnist");
    ck_assert_uint_eq(file->state->data_position[0]->record, 1ull << 40);
    ck_assert_uint_eq(file->state->n_recent_losses, 3);
    ck_assert_float_eq(file->state->recent_losses[2], 3);
    crema_blob_file_free(file);
    refused(ctx, crema_weights_open, "is a .solverstate");
    free(bytes.data);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(a_mean_image_comes_back)
{
    static const int64_t dims[] = { 1, 2, 2 };
    const struct crema_blob_out mean = {
        .ndims = 3, .dims = dims, .legacy = true, .data = small_data
    };
    static const int64_t other[] = { 2, 2, 2 };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_bytes bytes = { .ctx = ctx };
    struct crema_sink sink = crema_sink_bytes(&bytes);
    struct crema_blob_file *file;

    ck_assert_int_eq(crema_blob_write(ctx, &sink, &mean), CREMA_OK);
    save(bytes.data, bytes.length);
    file = opened(ctx, crema_blob_open);
    ck_assert_int_eq(file->blobs->ndims, 4);
    ck_assert(file->blobs->legacy);
    ck_assert_int_eq(file->blobs->dims[3], 2);
    ck_assert(crema_stored_fits(file->blobs, 3, dims));
    ck_assert(crema_stored_fits(file->blobs, 2, dims + 1));
    ck_assert(!crema_stored_fits(file->blobs, 3, other));
    crema_blob_file_free(file);
    refused(ctx, crema_weights_open, "is a single blob");
    free(bytes.data);
    crema_ctx_free(ctx);
}
END_TEST

static enum crema_status never(void *to, const void *data, size_t length)
{
    (void)to;
    (void)data;
    ck_abort_msg("%zu bytes were written", length);
    return CREMA_OK;
}

START_TEST(two_gigabytes_are_refused_at_once)
{
    static const int64_t dims[] = { 30000, 30000 };
    static const int64_t beyond[] = { INT64_MAX, INT64_MAX };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    const struct crema_sink sink = { never, NULL };
    struct crema_blob_out blob = { .ndims = 2, .dims = dims, .fill = count_up };
    Crema__LayerParameter a = CREMA__LAYER_PARAMETER__INIT;
    const struct crema_layer_out layer = { &a, 1, &blob };

    ck_assert_int_eq(crema_weights_write(ctx, &sink, "n", 1, &layer),
                     CREMA_EUNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(crema_ctx_message(ctx), "3600000"));
    blob.dims = beyond;
    ck_assert_int_eq(crema_weights_write(ctx, &sink, "n", 1, &layer),
                     CREMA_EUNSUPPORTED);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(every_cut_is_survived)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_bytes bytes = { .ctx = ctx };
    struct crema_blob_file *file;

    write_net(ctx, &bytes);
    for (size_t cut = 0; cut < bytes.length;
         cut += cut < 100 || cut + 100 > bytes.length ? 1 : 5003) {
        save(bytes.data, cut);
        if (crema_weights_open(ctx, BLOB_PATH, &file) == CREMA_OK)
            crema_blob_file_free(file);
        if (crema_state_open(ctx, BLOB_PATH, &file) == CREMA_OK)
            crema_blob_file_free(file);
    }
    free(bytes.data);
    crema_ctx_free(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { weights_come_back,
                                   weights_are_protobuf,
                                   a_state_comes_back,
                                   a_mean_image_comes_back,
                                   two_gigabytes_are_refused_at_once,
                                   every_cut_is_survived };
    int failed = RUN_TESTS("blob_file", tests);

    unlink(BLOB_PATH);
    return failed;
}
