/* test_datum.c - records: written, read back, of other programs, garbage. */
#include "proto_support.h"

#include "proto/datum.h"

START_TEST(a_record_comes_back)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_bytes bytes = { .ctx = ctx };
    static const uint8_t pixels[] = { 0, 127, 255, 1, 2, 3 };
    const struct crema_datum datum = { .channels = 1,
                                       .height = 2,
                                       .width = 3,
                                       .data = pixels,
                                       .size = sizeof pixels,
                                       .label = -7,
                                       .has_label = true };
    struct crema_datum got;
    Crema__Datum *known;

    ck_assert_int_eq(crema_datum_write(&bytes, &datum, NULL), CREMA_OK);
    ck_assert_ptr_null(crema_datum_read(bytes.data, bytes.length, &got));
    ck_assert_int_eq(got.channels, 1);
    ck_assert_int_eq(got.height, 2);
    ck_assert_int_eq(got.width, 3);
    ck_assert_uint_eq(got.size, sizeof pixels);
    ck_assert_mem_eq(got.data, pixels, sizeof pixels);
    ck_assert(got.has_label && !got.encoded);
    ck_assert_double_eq(got.label, -7);
    known = (Crema__Datum *)protobuf_c_message_unpack(OF(datum), NULL,
                                                      bytes.length, bytes.data);
    ck_assert_ptr_nonnull(known);
    ck_assert_int_eq(known->label, -7);
    ck_assert(known->has_encoded && !known->encoded);
    protobuf_c_message_free_unpacked(&known->base, NULL);
    free(bytes.data);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(floats_come_back)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_bytes bytes = { .ctx = ctx };
    static const float values[] = { 1.5f, -2, 1e-30f };
    static const uint8_t packed[] = { 0x32, 4, 0, 0, 0x80, 0x3F };
    const struct crema_datum datum = {
        .channels = 3, .height = 1, .width = 1, .nfloats = 3
    };
    struct crema_datum got;
    float copy[4];

    ck_assert_int_eq(crema_datum_write(&bytes, &datum, values), CREMA_OK);
    ck_assert_int_eq(crema_bytes_append(&bytes, packed, sizeof packed),
                     CREMA_OK);
    ck_assert_ptr_null(crema_datum_read(bytes.data, bytes.length, &got));
    ck_assert_uint_eq(got.nfloats, 4);
    ck_assert(!got.has_label);
    crema_datum_floats(&got, copy);
    ck_assert_mem_eq(copy, values, sizeof values);
    ck_assert_float_eq(copy[3], 1);
    free(bytes.data);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(an_encoded_record_says_no_size)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_bytes bytes = { .ctx = ctx };
    const struct crema_datum datum = { .data = (const uint8_t *)"jpg",
                                       .size = 3,
                                       .label = 1,
                                       .has_label = true,
                                       .encoded = true };
    static const uint8_t want[] = { 0x22, 3, 'j', 'p', 'g', 0x28, 1, 0x38, 1 };

    ck_assert_int_eq(crema_datum_write(&bytes, &datum, NULL), CREMA_OK);
    ck_assert_uint_eq(bytes.length, sizeof want);
    ck_assert_mem_eq(bytes.data, want, sizeof want);
    free(bytes.data);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(a_float_label_is_read)
{
    static const uint8_t bytes[] = { 0x2D, 0, 0, 0xC0, 0x3F };
    struct crema_datum got;

    ck_assert_ptr_null(crema_datum_read(bytes, sizeof bytes, &got));
    ck_assert_double_eq(got.label, 1.5);
    ck_assert_ptr_null(crema_datum_read(NULL, 0, &got));
    ck_assert(!got.has_label);
}
END_TEST

START_TEST(labels_beyond_32_bits_are_refused)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_bytes bytes = { .ctx = ctx };
    const struct crema_datum datum = { .label = 1e10, .has_label = true };

    ck_assert_int_eq(crema_datum_write(&bytes, &datum, NULL), CREMA_EINVAL);
    free(bytes.data);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(garbage_is_refused)
{
    static const struct {
        const char *bytes;
        size_t length;
    } rows[] = {
        { "\x22\x05"
          "abc",
          5 }, /* cut */
        { "\x32\x03"
          "abc",
          5 }, /* 3/4 of a float */
        { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
          11 }, /* -1 channels */
        { "\x08", 1 },
        { "\x07", 1 },
        { "\x00", 1 },
        { "\x0b\x08\x01", 3 }, /* a group without end */
        { "\x0c", 1 },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11 },
    };
    struct crema_datum got;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *exact = malloc(rows[i].length);

        memcpy(exact, rows[i].bytes, rows[i].length);
        ck_assert_msg(crema_datum_read(exact, rows[i].length, &got) != NULL,
                      "row %zu", i);
        free(exact);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { a_record_comes_back,
                                   floats_come_back,
                                   an_encoded_record_says_no_size,
                                   a_float_label_is_read,
                                   labels_beyond_32_bits_are_refused,
                                   garbage_is_refused };

    return RUN_TESTS("datum", tests);
}
