/* imageset_run.c - a whole conversion: the list, one database or two, what is
 * said of them.
 *
 * Threads make records (imageset_ring.c), this one writes them, in the list's
 * order.  With each batch the database keeps a line that says how many items
 * of the list are done, so that an interrupted conversion goes on there.
 */
#include "imageset_run.h"

#include "data/lmdb.h"
#include "data/permutation.h"
#include "folders.h"
#include "imageset_ring.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* How far a database is; all zero at first. */
struct tally {
    size_t done, written, failed, damaged; /* done: items of its list */
    int channels, height, width;           /* of the first, for --check_size */
};

/* One database to be made. */
struct part {
    char path[PATH_MAX];
    struct crema_list_item *items;
    size_t count;
    struct crema_lmdb_writer *writer; /* NULL: it is whole already */
    struct tally tally;
};

struct run {
    struct imageset settings; /* its root is the one below */
    struct console *console;
    struct crema_ctx *ctx;
    char root[PATH_MAX];
    struct crema_list list;
    struct folders folders;
    struct part parts[2];
    int nparts;
};

/* ---- one database ------------------------------------------------------- */

static void word_tally(const struct tally *t, char state[CREMA_LMDB_STATE])
{
    snprintf(state, CREMA_LMDB_STATE, "%zu %zu %zu %zu %d %d %d", t->done,
             t->written, t->failed, t->damaged, t->channels, t->height,
             t->width);
}

static bool read_tally(const char *state, struct tally *t)
{
    return sscanf(state, "%zu %zu %zu %zu %d %d %d", &t->done, &t->written,
                  &t->failed, &t->damaged, &t->channels, &t->height,
                  &t->width) == 7;
}

static enum crema_status check_size(const struct run *run,
                                    const struct part *part,
                                    const struct imageset_job *job)
{
    const struct tally *t = &part->tally;

    if (!run->settings.check_size ||
        (job->channels == t->channels && job->height == t->height &&
         job->width == t->width))
        return CREMA_OK;
    return crema_fail(run->ctx, CREMA_EINVAL,
                      "--check_size: %s is %d x %d x %d (channels x height x "
                      "width), those before are %d x %d x %d",
                      job->item->name, job->channels, job->height, job->width,
                      t->channels, t->height, t->width);
}

static enum crema_status write_record(const struct run *run, struct part *part,
                                      const struct imageset_job *job)
{
    struct crema_slice value = { job->record.data, job->record.length };
    char state[CREMA_LMDB_STATE], *text;
    struct crema_slice key;
    enum crema_status status;
    int length =
        asprintf(&text, "%08zu_%s", part->tally.done - 1, job->item->name);

    if (length < 0) return crema_no_memory(run->ctx, job->item->name);
    key = (struct crema_slice){ text, (size_t)length };
    word_tally(&part->tally, state);
    crema_lmdb_set_state(part->writer, state);
    status = crema_lmdb_put(part->writer, key, value);
    free(text);
    return status;
}

static enum crema_status take(const struct run *run, struct part *part,
                              const struct imageset_job *job)
{
    struct tally *t = &part->tally;

    t->done++;
    if (!*job->item->name) return CREMA_OK;
    if (job->status != CREMA_OK) {
        t->failed++;
        console_say(run->console, CREMA_WARNING, "%s",
                    job->message ? job->message : "out of memory");
        return CREMA_OK;
    }
    if (t->written == 0) {
        t->channels = job->channels;
        t->height = job->height;
        t->width = job->width;
    }
    CREMA_TRY(check_size(run, part, job));
    if (job->damaged)
        console_say(run->console, CREMA_WARNING,
                    "%s%s is cut or damaged; what is there of it is kept",
                    run->root, job->item->name);
    t->damaged += job->damaged;
    t->written++;
    return write_record(run, part, job);
}

static enum crema_status convert_items(const struct run *run, struct part *part)
{
    const struct imageset_job *job;
    enum crema_status status = CREMA_OK;
    struct imageset_ring *ring;

    CREMA_TRY(imageset_ring_start(run->ctx, &run->settings, part->items,
                                  part->count, part->tally.done, &ring));
    console_progress(run->console, "pictures", part->tally.done, part->count);
    while (status == CREMA_OK && (job = imageset_ring_next(ring))) {
        status = take(run, part, job);
        if (status != CREMA_OK) break;
        if (part->tally.done % 1000 == 0)
            console_say(run->console, CREMA_INFO, "Processed %zu files.",
                        part->tally.done);
        console_progress(run->console, "pictures", part->tally.done,
                         part->count);
    }
    imageset_ring_stop(ring);
    return status;
}

static enum crema_status convert_part(const struct run *run, struct part *part)
{
    if (part->tally.done)
        console_say(run->console, CREMA_INFO,
                    "Going on with %s.partial: %zu of %zu pictures are done",
                    part->path, part->tally.done, part->count);
    CREMA_TRY(convert_items(run, part));
    if (part->tally.done % 1000 != 0)
        console_say(run->console, CREMA_INFO, "Processed %zu files.",
                    part->tally.done);
    if (part->tally.written) return CREMA_OK;
    return crema_fail(
        run->ctx, CREMA_EINVAL, "none of the %zu pictures of %s could be read",
        part->count, run->settings.list ? run->settings.list : run->root);
}

/* ---- opening ------------------------------------------------------------ */

static uint64_t hash(uint64_t h, const void *bytes, size_t length)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < length; i++) h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

/* What a database is made of and how, for crema_lmdb_go_on. */
static char *word_note(const struct run *run, const struct part *part)
{
    const struct imageset *s = &run->settings;
    uint64_t h = 0xcbf29ce484222325u;
    char *note;

    for (size_t i = 0; i < part->count; i++) {
        const struct crema_list_item *item = &part->items[i];

        h = hash(h, item->name, strlen(item->name) + 1);
        h = hash(h, &item->label, sizeof item->label);
    }
    if (asprintf(&note,
                 "convert_imageset\nroot %s\ngray %d check_size %d strict %d "
                 "encoded %d type %s\nresize %ld x %ld mode %d\n%zu pictures, "
                 "list %016llx\n",
                 run->root, s->gray, s->check_size, s->strict, s->encoded,
                 s->encode_type, s->resize_width, s->resize_height,
                 s->resize_mode, part->count, (unsigned long long)h) < 0)
        return NULL;
    return note;
}

static enum crema_status open_part(struct run *run, struct part *part)
{
    char state[CREMA_LMDB_STATE];
    char *note = word_note(run, part);
    enum crema_status status;

    if (!note) return crema_no_memory(run->ctx, part->path);
    status = crema_lmdb_go_on(run->ctx, part->path, note, run->settings.restart,
                              &part->writer, state);
    free(note);
    if (status != CREMA_OK || !*state) return status;
    if (read_tally(state, &part->tally) && part->tally.done <= part->count)
        return CREMA_OK;
    return crema_fail(run->ctx, CREMA_EIO,
                      "%s.partial is damaged: --restart begins anew",
                      part->path);
}

static bool stands(const char *path, const char *ending)
{
    char name[PATH_MAX];
    struct stat st;

    if (snprintf(name, sizeof name, "%s%s", path, ending) >= (int)sizeof name)
        return false;
    return stat(name, &st) == 0;
}

/* Both are open before the first gets its name; so where the first stands
 * whole beside a second that is unfinished, this is where it was interrupted.
 */
static enum crema_status open_parts(struct run *run)
{
    struct part *first = &run->parts[0], *second = &run->parts[1];
    bool rest = run->nparts == 2 && !run->settings.restart &&
                stands(first->path, "") && stands(second->path, ".partial");

    if (rest)
        console_say(run->console, CREMA_INFO, "%s is whole", first->path);
    else
        CREMA_TRY(open_part(run, first));
    return run->nparts == 2 ? open_part(run, second) : CREMA_OK;
}

/* ---- the list ----------------------------------------------------------- */

static enum crema_status read_list(struct run *run)
{
    const struct imageset *s = &run->settings;
    size_t length = strlen(s->root);
    const char *slash =
        s->list || (length && s->root[length - 1] == '/') ? "" : "/";

    if (snprintf(run->root, sizeof run->root, "%s%s", s->root, slash) >=
        (int)sizeof run->root)
        return crema_fail(run->ctx, CREMA_EINVAL, "path too long: %s", s->root);
    run->settings.root = run->root;
    if (s->list) return crema_list_read(run->ctx, s->list, &run->list);
    CREMA_TRY(folders_read(run->ctx, run->root, &run->folders, &run->list));
    console_say(run->console, CREMA_INFO, "%zu classes, %s is 0",
                run->folders.nclasses, run->folders.classes[0]);
    if (run->folders.others)
        console_say(run->console, CREMA_WARNING,
                    "%zu files are no pictures by their names and left out",
                    run->folders.others);
    return CREMA_OK;
}

/* Before any work is done: a key is a number of 8 digits or more, '_', and the
 * name. */
static enum crema_status check_names(const struct run *run)
{
    enum { MOST = CREMA_LMDB_KEY - 21 };

    for (size_t i = 0; i < run->list.count; i++)
        if (strlen(run->list.items[i].name) > MOST)
            return crema_fail(run->ctx, CREMA_EINVAL,
                              "a name of more than %d bytes does not fit into "
                              "a key: give more of it as ROOT/: %.100s...",
                              MOST, run->list.items[i].name);
    return CREMA_OK;
}

/* A part of the list, drawn at random, stays in its order. */
static enum crema_status split(struct run *run)
{
    const struct crema_list *list = &run->list;
    size_t first = (size_t)llround(run->settings.split * (double)list->count);
    struct crema_permutation order = { 0 };

    run->nparts = 2;
    if (first == 0 || first >= list->count)
        return crema_fail(run->ctx, CREMA_EINVAL,
                          "--split %g of %zu pictures leaves one database "
                          "empty",
                          run->settings.split, list->count);
    crema_permutation_begin(&order, list->count, (uint32_t)run->settings.seed,
                            0);
    for (int i = 0; i < 2; i++) {
        run->parts[i].items = calloc(list->count, sizeof *list->items);
        if (!run->parts[i].items)
            return crema_no_memory(run->ctx, "the list of pictures");
    }
    for (size_t i = 0; i < list->count; i++) {
        bool test = crema_permutation_at(&order, i) >= first;
        struct part *part = &run->parts[test];

        part->items[part->count++] = list->items[i];
    }
    return CREMA_OK;
}

static enum crema_status whole(struct run *run)
{
    struct part *part = &run->parts[0];
    size_t bytes = run->list.count * sizeof *part->items;

    run->nparts = 1;
    part->count = run->list.count;
    part->items = malloc(bytes + 1);
    if (!part->items) return crema_no_memory(run->ctx, "the list of pictures");
    if (bytes) memcpy(part->items, run->list.items, bytes);
    return CREMA_OK;
}

/* "DB" without slashes at its end, then `ending`. */
static enum crema_status name_after(const struct run *run, const char *ending,
                                    char out[PATH_MAX])
{
    const char *path = run->settings.database;
    int length = (int)strlen(path);

    while (length > 1 && path[length - 1] == '/') length--;
    if (snprintf(out, PATH_MAX, "%.*s%s", length, path, ending) < PATH_MAX)
        return CREMA_OK;
    return crema_fail(run->ctx, CREMA_EINVAL, "path too long: %s", path);
}

static enum crema_status name_parts(struct run *run)
{
    if (run->nparts == 1) return name_after(run, "", run->parts[0].path);
    CREMA_TRY(name_after(run, "_train", run->parts[0].path));
    return name_after(run, "_test", run->parts[1].path);
}

/* ---- all of it ---------------------------------------------------------- */

static enum crema_status write_labels(const struct run *run)
{
    const char *path = run->settings.labels;
    char beside[PATH_MAX];

    if (run->settings.list) return CREMA_OK;
    if (!path) {
        CREMA_TRY(name_after(run, ".labels.txt", beside));
        path = beside;
    }
    return folders_write_labels(run->ctx, &run->folders, path);
}

static enum crema_status convert_parts(struct run *run)
{
    for (int i = 0; i < run->nparts; i++) {
        struct part *part = &run->parts[i];
        struct crema_lmdb_writer *writer = part->writer;

        if (!writer) continue;
        CREMA_TRY(convert_part(run, part));
        part->writer = NULL;
        CREMA_TRY(crema_lmdb_commit(writer));
    }
    return CREMA_OK;
}

static enum crema_status convert(struct run *run)
{
    const struct imageset *s = &run->settings;

    CREMA_TRY(read_list(run));
    CREMA_TRY(check_names(run));
    if (s->shuffle) {
        console_say(run->console, CREMA_INFO, "Shuffling data");
        crema_list_shuffle(&run->list, (uint32_t)s->seed);
    }
    console_say(run->console, CREMA_INFO, "A total of %zu images.",
                run->list.count);
    CREMA_TRY(s->split > 0 ? split(run) : whole(run));
    CREMA_TRY(name_parts(run));
    CREMA_TRY(open_parts(run));
    CREMA_TRY(write_labels(run));
    return convert_parts(run);
}

static int report(const struct run *run)
{
    struct tally sum = { 0 };

    for (int i = 0; i < run->nparts; i++) {
        sum.done += run->parts[i].tally.done;
        sum.failed += run->parts[i].tally.failed;
        sum.damaged += run->parts[i].tally.damaged;
    }
    if (sum.failed)
        console_say(run->console, CREMA_WARNING,
                    "%zu of %zu pictures could not be read and are left out",
                    sum.failed, sum.done);
    if (sum.damaged)
        console_say(run->console, CREMA_WARNING,
                    "%zu of %zu pictures are damaged and kept as far as they "
                    "go; --strict leaves them out",
                    sum.damaged, sum.done);
    return sum.failed && run->settings.strict ? 1 : 0;
}

/* What failed for a reason outside, as a full disk, is kept to be gone on with.
 */
static void give_up(struct run *run, enum crema_status status)
{
    bool keep = status == CREMA_EIO || status == CREMA_ENOMEM;

    for (int i = 0; i < run->nparts; i++) {
        struct part *part = &run->parts[i];

        if (keep)
            crema_lmdb_leave(part->writer);
        else
            crema_lmdb_abandon(part->writer);
        if (part->tally.written && stands(part->path, ".partial"))
            console_say(run->console, CREMA_INFO,
                        "%s.partial keeps what is done: the same command goes "
                        "on",
                        part->path);
    }
}

int imageset_run(struct crema_ctx *ctx, struct console *console,
                 const struct imageset *settings)
{
    struct run run = { .settings = *settings, .console = console, .ctx = ctx };
    enum crema_status status = convert(&run);
    int exit_status;

    if (status != CREMA_OK) {
        exit_status = console_failed(console, ctx);
        give_up(&run, status);
    } else {
        exit_status = report(&run);
    }
    for (int i = 0; i < run.nparts; i++) free(run.parts[i].items);
    crema_list_free(&run.list);
    folders_free(&run.folders);
    return exit_status;
}
