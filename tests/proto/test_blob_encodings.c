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
        { "NVIDIA's floats, with their gradients as doubles",
          { 0xA2, 0x06, 35,   0x0A, 0x01, 0x61, 0x3A, 30,   0x50, 0x01,
            0x58, 0x00, 0x62, 0x08, 0,    0,    0x80, 0x3F, 0,    0,
            0,    0x40, 0x6A, 0x08, 1,    2,    3,    4,    5,    6,
            7,    8,    0x3A, 0x04, 0x08, 0x01, 0x08, 0x02 },
          38,
          2,
          2,
          { 1, 2, 0 },
          "" },
        { "NVIDIA's doubles",
          { 0xA2, 0x06, 22,   0x0A, 0x01, 0x61, 0x3A, 17, 0x50,
            0x00, 0x62, 0x08, 0,    0,    0,    0,    0,  0,
            0xF0, 0x3F, 0x3A, 0x03, 0x0A, 0x01, 0x01 },
          25,
          1,
          1,
          { 1, 0, 0 },
          "" },
        { "a number that NVIDIA's fork uses for a type, and Caffe for a "
          "message",
          { 0xA2, 0x06, 20,   0x0A, 0x01, 0x61, 0x88, 0x09,
            0x02, 0x90, 0x09, 0x01, 0x3A, 9,    0x2D, 0,
            0,    0x80, 0x3F, 0x3A, 0x02, 0x08, 0x01 },
          23,
          1,
          1,
          { 1, 0, 0 },
          "" },
        { "doubles one by one",
          { 0xA2, 0x06, 18, 0x0A, 0x01, 0x61, 0x3A, 13,   0x41, 0,   0,
            0,    0,    0,  0,    0xF0, 0x3F, 0x3A, 0x02, 0x08, 0x01 },
          21,
          1,
          1,
          { 1, 0, 0 },
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

/* Files that end too early, or whose sizes lie: layer, blob and byte are said.
 */
static const struct {
    uint8_t bytes[64];
    size_t length;
    const char *says;
} damages[] = {
    /* V2: cut in the second blob, in the name, behind the layer's tag */
    { { 0xA2, 6, 24, 0x0A, 1, 'a', 0x3A, 5, 0x2D, 0, 0, 0, 0, 0x3A, 12, 0x2A },
      16,
      "at byte 3 of 16, in layer \"a\", blob 1, a field is longer than what "
      "holds it" },
    { { 0xA2, 6, 24, 0x0A, 3, 'a' }, 6, "its name is not there" },
    { { 0x0A, 1, 'n', 0xA2, 6 }, 5, "at byte 5 of 5, it ends behind a tag" },
    /* ... a blob longer than its layer, with more of the file behind it */
    { { 0xA2, 6, 6, 0x0A, 1, 'a', 0x3A, 9, 0x2D, 0, 0, 0, 0 },
      13,
      "at byte 8 of 13, in layer \"a\", blob 0, a field is longer" },
    /* V1, and V0 within */
    { { 0x12, 24, 0x22, 1, 'b', 0x32, 9, 0x2A },
      8,
      "at byte 2 of 8, in layer \"b\", blob 0, " },
    { { 0x12, 24, 0x0A, 20, 0x0A, 1, 'c', 0x92, 3, 9, 0x2A },
      11,
      "at byte 2 of 11, in layer \"c\", blob 0, " },
    /* packed floats of five bytes, an unknown type, a shape of -1 and of too
     * many numbers */
    { { 0xA2, 6, 12, 0x0A, 1, 'a', 0x3A, 7, 0x2A, 5, 1, 2, 3, 4, 5 },
      15,
      "layer \"a\", blob 0, at byte 8: its numbers are not whole" },
    { { 0xA2, 6, 7, 0x0A, 1, 'a', 0x3A, 2, 0x50, 9 },
      10,
      "layer \"a\", blob 0, at byte 8: its numbers are of an unknown type" },
    { { 0xA2, 6,   18,  0x0A, 1,   'a', 0x3A, 13,  0x3A, 11, 0x08,
        255,  255, 255, 255,  255, 255, 255,  255, 255,  1 },
      21,
      "layer \"a\", blob 0, at byte 8: its shape is impossible" },
    { { 0xA2, 6, 15, 0x0A, 1, 'a', 0x3A, 10, 0x3A, 2, 8, 3, 0x2A, 4 },
      18,
      "layer \"a\", blob 0, at byte 8, should hold 3 numbers by its shape, but "
      "holds 1" },
};

START_TEST(what_is_damaged_is_named)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        save(damages[i].bytes, damages[i].length);
        refused(ctx, crema_weights_open, damages[i].says);
        ck_assert_ptr_null(strchr(crema_ctx_message(ctx), '\n'));
    }
    crema_ctx_free(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { all_encodings_are_read,
                                   other_files_are_named,
                                   what_is_damaged_is_named };
    int failed = RUN_TESTS("blob_encodings", tests);

    unlink(BLOB_PATH);
    return failed;
}
