/* db_record.c - one record of a database: understood, as a picture, printed. */
#include "db.h"

#include "base/file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *db_kind_name(enum db_kind kind)
{
    static const char *const names[] = {
        [DB_BYTES] = "raw bytes",    [DB_FLOATS] = "floats",
        [DB_JPEG] = "JPEG pictures", [DB_PNG] = "PNG pictures",
        [DB_BMP] = "BMP pictures",   [DB_PNM] = "PPM pictures",
    };

    return names[kind];
}

void db_word_key(struct crema_slice key, char out[DB_KEY])
{
    const unsigned char *p = key.data;
    size_t n = key.length < DB_KEY - 1 ? key.length : DB_KEY - 1;

    for (size_t i = 0; i < n; i++) out[i] = isprint(p[i]) ? (char)p[i] : '?';
    out[n] = '\0';
}

/* The name that messages have for it. */
static void name_record(const struct db_record *r, char out[DB_KEY])
{
    db_word_key(r->key, out);
}

static const char *understand_picture(struct db *db, struct db_record *r)
{
    static const enum db_kind kinds[] = {
        [CREMA_IMAGE_JPEG] = DB_JPEG,
        [CREMA_IMAGE_PNG] = DB_PNG,
        [CREMA_IMAGE_BMP] = DB_BMP,
        [CREMA_IMAGE_PNM] = DB_PNM,
    };
    struct crema_image_size size;
    char name[DB_KEY];

    if (!crema_image_header(r->datum.data, r->datum.size, &size))
        return size.format == CREMA_IMAGE_UNKNOWN
                   ? "it says that it is encoded, but is no JPEG, PNG, BMP "
                     "or PPM picture"
                   : "a picture without a size: its header is cut or damaged";
    r->kind = kinds[size.format];
    r->channels = size.channels;
    r->height = size.height;
    r->width = size.width;
    if (!db->decode) return NULL;
    name_record(r, name);
    if (crema_image_decode(db->ctx, name, r->datum.data, r->datum.size,
                           CREMA_IMAGE_COLOR, &db->image) != CREMA_OK)
        return "a picture that cannot be decoded";
    return db->image.damaged ? "a picture that is cut or damaged" : NULL;
}

const char *db_understand(struct db *db, struct crema_slice key,
                          struct crema_slice value, struct db_record *r)
{
    const struct crema_datum *d = &r->datum;
    const char *fault;
    size_t have;

    *r = (struct db_record){ .key = key };
    fault = crema_datum_read(value.data, value.length, &r->datum);
    if (fault) return fault;
    if (d->encoded) return understand_picture(db, r);
    r->kind = d->size ? DB_BYTES : DB_FLOATS;
    r->channels = d->channels;
    r->height = d->height;
    r->width = d->width;
    have = d->size ? d->size : d->nfloats;
    if (d->channels < 1 || d->height < 1 || d->width < 1 || have == 0)
        return "it holds no numbers";
    if ((double)d->channels * d->height * d->width != (double)have)
        return "it holds more or fewer numbers than its shape says";
    return NULL;
}

/* ---- as a picture ------------------------------------------------------- */

/* numbers [channels][height][width] to pixels, of which three channels are
 * blue, green and red, and of others the first is shown. */
static void interleave(const struct db_record *r, const float *floats,
                       struct crema_image *image)
{
    size_t area = (size_t)r->height * (size_t)r->width;
    size_t channels = (size_t)image->channels;
    float low = 0, high = 255;

    for (size_t i = 0; floats && i < area * channels; i++) {
        low = i == 0 || floats[i] < low ? floats[i] : low;
        high = i == 0 || floats[i] > high ? floats[i] : high;
    }
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < area; i++) {
            size_t at = c * area + i;
            uint8_t *to = &image->pixels[i * channels + c];

            if (!floats)
                *to = r->datum.data[at];
            else /* a value that is no number is black */
                *to = high > low && floats[at] >= low
                          ? (uint8_t)(255 * ((floats[at] - low) / (high - low)))
                          : 0;
        }
}

enum crema_status db_picture(struct db *db, const struct db_record *r)
{
    char name[DB_KEY];
    float *floats = NULL;

    name_record(r, name);
    if (r->datum.encoded)
        return crema_image_decode(db->ctx, name, r->datum.data, r->datum.size,
                                  CREMA_IMAGE_COLOR, &db->image);
    CREMA_TRY(crema_image_reserve(db->ctx, name, r->height, r->width,
                                  r->channels == 3 ? 3 : 1, &db->image));
    if (!r->datum.size) {
        floats = malloc(r->datum.nfloats * sizeof *floats);
        if (!floats) return crema_no_memory(db->ctx, name);
        crema_datum_floats(&r->datum, floats);
    }
    interleave(r, floats, &db->image);
    free(floats);
    return CREMA_OK;
}

/* ---- printed ------------------------------------------------------------ */

static void print_record(const struct db_record *r, size_t bytes)
{
    printf("key       %.*s\n", (int)r->key.length, (const char *)r->key.data);
    printf("record    %zu bytes, %s\n", bytes, db_kind_name(r->kind));
    printf("shape     %d x %d x %d (channels x height x width)\n", r->channels,
           r->height, r->width);
    if (r->datum.nlabels > 1)
        printf("label     %.9g, the last of %zu\n", r->datum.label,
               r->datum.nlabels);
    else if (r->datum.has_label)
        printf("label     %.9g\n", r->datum.label);
    else
        printf("label     none\n");
    if (r->datum.size && r->datum.nfloats)
        printf("floats    %zu beside them\n", r->datum.nfloats);
}

static enum crema_status write_file(struct db *db, const char *path,
                                    const void *bytes, size_t length)
{
    struct crema_file *file;
    enum crema_status status;

    CREMA_TRY(crema_file_create(db->ctx, path, &file));
    status = crema_file_write(file, bytes, length);
    if (status == CREMA_OK) return crema_file_commit(file);
    crema_file_abandon(file);
    return status;
}

/* A picture file's own bytes where the name asks for that kind. */
static enum crema_status dump(struct db *db, const struct db_record *r,
                              const char *path)
{
    const char *dot = strrchr(path, '.');
    enum crema_image_format format =
        dot ? crema_image_format_named(dot) : CREMA_IMAGE_UNKNOWN;
    enum crema_status status;
    uint8_t *bytes;
    size_t length;

    if (format == CREMA_IMAGE_UNKNOWN)
        return crema_fail(db->ctx, CREMA_EINVAL,
                          "--dump %s: pictures are written as .png, .jpg, "
                          ".bmp or .ppm",
                          path);
    if (r->datum.encoded &&
        crema_image_sniff(r->datum.data, r->datum.size) == format)
        return write_file(db, path, r->datum.data, r->datum.size);
    CREMA_TRY(db_picture(db, r));
    CREMA_TRY(crema_image_encode(db->ctx, &db->image, format, &bytes, &length));
    status = write_file(db, path, bytes, length);
    free(bytes);
    return status;
}

enum crema_status db_show(struct db *db, const char *key, const char *path)
{
    struct crema_slice wanted = { key, key ? strlen(key) : 0 }, found, value;
    struct db_record r;
    const char *fault;
    bool there = true;

    if (wanted.length)
        CREMA_TRY(crema_cursor_find(db->ctx, db->cursor, wanted, &found, &value,
                                    &there));
    else
        CREMA_TRY(crema_cursor_read(db->ctx, db->cursor, 0, &found, &value));
    if (!there)
        return crema_fail(db->ctx, CREMA_EINVAL,
                          "database %s has no key that is or begins with %s",
                          db->path, key);
    fault = db_understand(db, found, value, &r);
    if (fault)
        return crema_fail(db->ctx, CREMA_EINVAL, "record %.*s: %s",
                          (int)found.length, (const char *)found.data, fault);
    print_record(&r, value.length);
    return path ? dump(db, &r, path) : CREMA_OK;
}
