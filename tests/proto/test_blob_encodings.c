/* test_blob_encodings.c - weights of all ages and forks, and files that are
 * something else. */
#define BLOB_PATH "test_blob_encodings.bin"
#include "blob_support.h"

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
        ck_assert_int_ne(crema_state_open(ctx, BLOB_PATH, &file), CREMA_OK);
        ck_assert_int_ne(crema_blob_open(ctx, BLOB_PATH, &file), CREMA_OK);
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

int main(void)
{
    const TTest *const tests[] = { all_encodings_are_read,
                                   other_files_are_named,
                                   a_wrong_count_is_refused };
    int failed = RUN_TESTS("blob_encodings", tests);

    unlink(BLOB_PATH);
    return failed;
}
