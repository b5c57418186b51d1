/* db_sheet.c - a contact sheet of a database's records. */
#include "db.h"

#include "sheet.h"

#include <stdlib.h>
#include <string.h>

enum { CELL = 120 };

/* A copy, scaled down to a cell's size: a sheet holds thousands. */
static enum crema_status keep(struct db *db, struct sheet_picture *out)
{
    const struct crema_image *from = &db->image;
    struct crema_image small = { 0 };
    int longest = from->height > from->width ? from->height : from->width;
    int shrink = longest > 4 * CELL ? longest / (2 * CELL) : 1;
    int height = from->height / shrink, width = from->width / shrink;

    CREMA_TRY(crema_image_resize(db->ctx, from, height ? height : 1,
                                 width ? width : 1, &small));
    out->pixels = small.pixels; /* freed by free_all */
    out->channels = small.channels;
    out->height = small.height;
    out->width = small.width;
    return CREMA_OK;
}

/* A record that is wrong has a red frame around nothing. */
static enum crema_status blank(struct db *db, struct sheet_picture *out)
{
    CREMA_TRY(crema_image_reserve(db->ctx, "a sheet", 1, 1, 1, &db->image));
    db->image.pixels[0] = 255;
    out->frame = 0xcc0000;
    return keep(db, out);
}

static enum crema_status take(struct db *db, uint64_t row,
                              struct sheet_picture *out)
{
    struct crema_slice key, value;
    char name[DB_KEY], *label;
    struct db_record r;
    const char *fault;

    CREMA_TRY(crema_cursor_read(db->ctx, db->cursor, row, &key, &value));
    db_word_key(key, name);
    memcpy(db->progress->key, name, sizeof name);
    db->progress->done = row + 1;
    fault = db_understand(db, key, value, &r);
    if (!fault && db_picture(db, &r) != CREMA_OK) fault = "cannot be decoded";
    if (asprintf(&label, "%s\n%.9g", name, r.datum.label) < 0)
        return crema_no_memory(db->ctx, name);
    out->label = label;
    return fault ? blank(db, out) : keep(db, out);
}

static void free_all(struct sheet_picture *pictures, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        free((void *)(uintptr_t)pictures[i].pixels);
        free((void *)(uintptr_t)pictures[i].label);
    }
    free(pictures);
}

enum crema_status db_sheet(struct db *db, const char *file, long wanted)
{
    uint64_t total = crema_database_count(db->database);
    uint64_t n = (uint64_t)wanted < total ? (uint64_t)wanted : total;
    struct sheet_picture *pictures = calloc(n, sizeof *pictures);
    enum crema_status status = CREMA_OK;
    char title[256];

    if (!pictures) return crema_no_memory(db->ctx, file);
    if (!canvas_takes(file))
        status =
            crema_fail(db->ctx, CREMA_EINVAL,
                       "--sheet %s: sheets are written as .png or .svg", file);
    db->progress->total = total;
    for (uint64_t i = 0; i < n && status == CREMA_OK; i++)
        status = take(db, i * total / n, &pictures[i]);
    snprintf(title, sizeof title, "%s: %llu of %llu records", db->path,
             (unsigned long long)n, (unsigned long long)total);
    if (status == CREMA_OK)
        status = sheet_write(db->ctx, file, title, (int)n, pictures, 0, CELL);
    free_all(pictures, n);
    return status;
}
