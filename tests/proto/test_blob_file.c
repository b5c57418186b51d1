/* test_blob_file.c - weights, states and mean files: written, read by strips,
 * of all ages, cut and damaged. */
#include "proto_support.h"

#include "proto/blob_file.h"

#include <math.h>

#define PATH "test_blob_file.bin"

static void save(const void *data, size_t length)
{
    FILE *f = fopen(PATH, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, length, f), length);
    ck_assert_int_eq(fclose(f), 0);
}

typedef enum crema_status open_fn(struct crema_ctx *, const char *,
                                  struct crema_blob_file **);

static struct crema_blob_file *opened(struct crema_ctx *ctx, open_fn *open)
{
    struct crema_blob_file *file;
    enum crema_status status = open(ctx, PATH, &file);

    ck_assert_msg(status == CREMA_OK, "%s", crema_ctx_message(ctx));
    return file;
}

static void refused(struct crema_ctx *ctx, open_fn *open, const char *says)
{
    struct crema_blob_file *file;

    ck_assert_int_ne(open(ctx, PATH, &file), CREMA_OK);
    ck_assert_ptr_null(file);
    ck_assert_msg(strstr(crema_ctx_message(ctx), says) != NULL, "%s",
                  crema_ctx_message(ctx));
}

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

/* Messages by hand: tags are number << 3 | type. */
struct encoded {
    const char *what;
    uint8_t bytes[80];
    size_t length;
    int ndims, count;
    float values[3];
    const char *type;
};

static const struct encoded
    encodings[] = {
        { "floats one by one, name and type behind them",
          { 0xA2, 0x06, 0x1B, 0x3A, 0x13, 0x3A, 0x02, 0x08, 0x03, 0x2D,
            0x00, 0x00, 0x80, 0x3F, 0x2D, 0x00, 0x00, 0x00, 0x40, 0x2D,
            0x00, 0x00, 0x40, 0x40, 0x12, 0x01, 0x54, 0x0A, 0x01, 0x61 },
          30,
          1,
          3,
          { 1, 2, 3 },
          "T" },
        { "packed floats in two parts and one by itself",
          { 0xA2, 0x06, 0x1B, 0x0A, 0x01, 0x61, 0x3A, 0x16, 0x2A, 0x04,
            0x00, 0x00, 0x80, 0x3F, 0x2D, 0x00, 0x00, 0x00, 0x40, 0x2A,
            0x04, 0x00, 0x00, 0x40, 0x40, 0x3A, 0x03, 0x0A, 0x01, 0x03 },
          30,
          1,
          3,
          { 1, 2, 3 },
          "" },
        { "doubles",
          { 0xA2, 0x06, 0x1B, 0x0A, 0x01, 0x61, 0x3A, 0x16, 0x42, 0x10,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xF0, 0x3F, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x00, 0xC0, 0x3A, 0x02, 0x08, 0x02 },
          30,
          1,
          2,
          { 1, -2, 0 },
          "" },
        { "NVIDIA's half floats",
          { 0xA2, 0x06, 0x14, 0x0A, 0x01, 0x61, 0x3A, 0x0F,
            0x50, 0x02, 0x62, 0x06, 0x00, 0x3C, 0x00, 0xC0,
            0x00, 0x38, 0x3A, 0x03, 0x0A, 0x01, 0x03 },
          23,
          1,
          3,
          { 1, -2, 0.5f },
          "" },
        { "no shape at all",
          { 0xA2, 0x06, 0x0F, 0x0A, 0x01, 0x61, 0x3A, 0x0A, 0x2A, 0x08, 0x00,
            0x00, 0x80, 0x3F, 0x00, 0x00, 0x00, 0x40 },
          18,
          1,
          2,
          { 1, 2, 0 },
          "" },
        { "V1 with the four sizes",
          { 0x12, 0x19, 0x28, 0x04, 0x22, 0x01, 0x61, 0x32, 0x12,
            0x08, 0x01, 0x10, 0x01, 0x18, 0x01, 0x20, 0x02, 0x2A,
            0x08, 0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x00, 0x40 },
          27,
          4,
          2,
          { 1, 2, 0 },
          "Convolution" },
        { "V0 inside V1, behind an unknown group",
          { 0xA3, 0x3E, 0x08, 0x01, 0xA4, 0x3E, 0x12, 0x1C, 0x0A,
            0x1A, 0x0A, 0x01, 0x61, 0x12, 0x04, 0x63, 0x6F, 0x6E,
            0x76, 0x92, 0x03, 0x0E, 0x2A, 0x04, 0x00, 0x00, 0x80,
            0x3F, 0x08, 0x01, 0x10, 0x01, 0x18, 0x01, 0x20, 0x01 },
          36,
          4,
          1,
          { 1, 0, 0 },
          "conv" },
    };

START_TEST(all_encodings_are_read)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        const struct encoded *e = &encodings[i];
        struct crema_blob_file *file;
        struct crema_stored_blob *blob;
        float got[3] = { 0 };

        save(e->bytes, e->length);
        file = opened(ctx, crema_weights_open);
        ck_assert_str_eq(file->layers->name, "a");
        ck_assert_str_eq(file->layers->type, e->type);
        blob = file->layers->blobs;
        ck_assert_ptr_nonnull(blob);
        ck_assert_int_eq(blob->ndims, e->ndims);
        ck_assert_msg(blob->count == e->count, "%s: %lld", e->what,
                      (long long)blob->count);
        ck_assert_int_eq(crema_blob_file_read(file, blob, 0, e->count, got),
                         CREMA_OK);
        for (int k = 0; k < e->count; k++)
            ck_assert_msg(got[k] == e->values[k], "%s: [%d] is %g", e->what, k,
                          (double)got[k]);
        ck_assert_int_eq(crema_blob_file_read(file, blob, e->count - 1, 1, got),
                         CREMA_OK);
        ck_assert_float_eq(got[0], e->values[e->count - 1]);
        crema_blob_file_free(file);
    }
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(other_files_are_named)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *says;
    } files[] = {
        { "", 0, "empty" },
        { "\x89HDF\r\n\x1a\n", 8, "HDF5" },
        { "name: \"LeNet\"\nlayer {\n", 22, "prototxt" },
        { "version https://git-lfs.github.com/spec/v1\n", 43, "Git LFS" },
        { "<!DOCTYPE html>", 15, "web page" },
        { "\x1f\x8b\x08", 3, "gzip" },
        { "\x0a\x03net", 5, "no layers" },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, "damaged" },
        { "\xa2\x06\x7f", 3, "cut short" },
    };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_blob_file *file;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        save(files[i].bytes, files[i].length);
        refused(ctx, crema_weights_open, files[i].says);
        ck_assert_int_ne(crema_state_open(ctx, PATH, &file), CREMA_OK);
        ck_assert_int_ne(crema_blob_open(ctx, PATH, &file), CREMA_OK);
    }
    ck_assert_int_eq(crema_weights_open(ctx, ".", &file), CREMA_EIO);
    ck_assert_int_eq(crema_weights_open(ctx, "no/such", &file), CREMA_EIO);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(a_wrong_count_is_refused)
{
    static const uint8_t bytes[] = { 0xA2, 6,  15,   0x0A, 1,    'a',
                                     0x3A, 10, 0x3A, 2,    8,    3,
                                     0x2A, 4,  0,    0,    0x80, 0x3F };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    save(bytes, sizeof bytes);
    refused(ctx, crema_weights_open,
            "layer \"a\", blob 0 should hold 3 numbers by its shape, but "
            "holds 1");
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
        if (crema_weights_open(ctx, PATH, &file) == CREMA_OK)
            crema_blob_file_free(file);
        if (crema_state_open(ctx, PATH, &file) == CREMA_OK)
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
                                   all_encodings_are_read,
                                   other_files_are_named,
                                   a_wrong_count_is_refused,
                                   every_cut_is_survived };
    int failed = RUN_TESTS("blob_file", tests);

    unlink(PATH);
    return failed;
}
