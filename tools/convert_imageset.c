/* convert_imageset.c - a list of pictures into a database of Datums.
 *
 * Threads read and decode a stretch of the list; then its records are written,
 * in the list's order.
 */
#include "console.h"
#include "data/lmdb.h"
#include "data_tools.h"
#include "flags.h"
#include "imageset.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STRETCH = 256 };

struct work {
    const struct imageset *settings;
    struct imageset_job jobs[STRETCH];
    size_t count;
    atomic_size_t next;
};

static void *convert_some(void *user)
{
    struct work *work = user;
    struct imageset_hands hands = { .ctx = crema_ctx_new(NULL, NULL) };

    for (;;) {
        size_t i = atomic_fetch_add(&work->next, 1);
        struct imageset_job *job;

        if (i >= work->count) break;
        job = &work->jobs[i];
        if (!*job->item->name) continue;
        job->status = CREMA_ENOMEM;
        if (!hands.ctx) continue;
        job->status = imageset_convert(work->settings, &hands, job);
        if (job->status != CREMA_OK)
            job->message = strdup(crema_ctx_message(hands.ctx));
    }
    crema_image_free(&hands.image);
    crema_image_free(&hands.resized);
    crema_ctx_free(hands.ctx);
    return NULL;
}

static void convert_stretch(struct work *work)
{
    enum { MOST = 64 };
    pthread_t threads[MOST];
    int started = 0, wanted = (int)work->settings->threads - 1;

    atomic_store(&work->next, 0);
    while (started < wanted && started < MOST &&
           pthread_create(&threads[started], NULL, convert_some, work) == 0)
        started++;
    convert_some(work);
    for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
}

/* How the whole conversion stands. */
struct run {
    const struct imageset *settings;
    struct console *console;
    struct crema_ctx *ctx;
    struct crema_lmdb_writer *writer;
    struct crema_list list;
    size_t done, written, failed;
    int channels, height, width; /* of the first, for --check_size */
};

static enum crema_status check_size(struct run *run,
                                    const struct imageset_job *job)
{
    if (!run->settings->check_size) return CREMA_OK;
    if (run->written == 0) {
        run->channels = job->channels;
        run->height = job->height;
        run->width = job->width;
    }
    if (job->channels == run->channels && job->height == run->height &&
        job->width == run->width)
        return CREMA_OK;
    return crema_fail(run->ctx, CREMA_EINVAL,
                      "--check_size: %s is %d x %d x %d (channels x height x "
                      "width), those before are %d x %d x %d",
                      job->item->name, job->channels, job->height, job->width,
                      run->channels, run->height, run->width);
}

static enum crema_status write_one(struct run *run,
                                   const struct imageset_job *job)
{
    struct crema_slice value = { job->record.data, job->record.length };
    struct crema_slice key;
    enum crema_status status;
    char *text;
    int length;

    if (job->status != CREMA_OK) {
        run->failed++;
        console_say(run->console, CREMA_WARNING, "%s",
                    job->message ? job->message : "out of memory");
        return CREMA_OK;
    }
    CREMA_TRY(check_size(run, job));
    length = asprintf(&text, "%08zu_%s", run->done, job->item->name);
    if (length < 0) return crema_no_memory(run->ctx, job->item->name);
    key = (struct crema_slice){ text, (size_t)length };
    status = crema_lmdb_put(run->writer, key, value);
    free(text);
    run->written++;
    return status;
}

static enum crema_status write_stretch(struct run *run, struct work *work)
{
    enum crema_status status = CREMA_OK;

    for (size_t i = 0; i < work->count; i++) {
        struct imageset_job *job = &work->jobs[i];

        if (status == CREMA_OK && *job->item->name)
            status = write_one(run, job);
        free(job->message);
        free(job->record.data);
        run->done++;
        if (status == CREMA_OK && run->done % 1000 == 0)
            console_say(run->console, CREMA_INFO, "Processed %zu files.",
                        run->done);
    }
    console_progress(run->console, "files", run->done, run->list.count);
    return status;
}

static enum crema_status convert_all(struct run *run)
{
    struct work *work = calloc(1, sizeof *work);
    enum crema_status status = CREMA_OK;

    if (!work) return crema_no_memory(run->ctx, "the conversion");
    work->settings = run->settings;
    while (status == CREMA_OK && run->done < run->list.count) {
        size_t left = run->list.count - run->done;

        work->count = left < STRETCH ? left : STRETCH;
        memset(work->jobs, 0, sizeof work->jobs);
        for (size_t i = 0; i < work->count; i++)
            work->jobs[i].item = &run->list.items[run->done + i];
        convert_stretch(work);
        status = write_stretch(run, work);
    }
    free(work);
    if (status != CREMA_OK) return status;
    if (run->done % 1000 != 0)
        console_say(run->console, CREMA_INFO, "Processed %zu files.",
                    run->done);
    if (run->written == 0)
        return crema_fail(run->ctx, CREMA_EINVAL,
                          "none of the %zu pictures of %s could be read",
                          run->list.count, run->settings->list);
    return CREMA_OK;
}

static enum crema_status convert(struct run *run)
{
    const struct imageset *s = run->settings;
    enum crema_status status;

    CREMA_TRY(crema_list_read(run->ctx, s->list, &run->list));
    if (s->shuffle) {
        console_say(run->console, CREMA_INFO, "Shuffling data");
        crema_list_shuffle(&run->list, (uint32_t)s->seed);
    }
    console_say(run->console, CREMA_INFO, "A total of %zu images.",
                run->list.count);
    CREMA_TRY(crema_lmdb_create(run->ctx, s->database, &run->writer));
    status = convert_all(run);
    if (status == CREMA_OK) return crema_lmdb_commit(run->writer);
    crema_lmdb_abandon(run->writer);
    return status;
}

static int report(struct run *run)
{
    if (!run->failed) return 0;
    console_say(run->console, CREMA_WARNING,
                "%zu of %zu pictures could not be read and are left out",
                run->failed, run->list.count);
    return run->settings->strict ? 1 : 0;
}

static int check_settings(const struct flags *flags, struct imageset *s)
{
    enum { LEVELDB = 1 };

    if (s->backend == LEVELDB)
        return flags_wrong(flags, "databases are written as LMDB only");
    if (s->resize_width < 0 || s->resize_width > CREMA_IMAGE_MAX_SIDE ||
        s->resize_height < 0 || s->resize_height > CREMA_IMAGE_MAX_SIDE)
        return flags_wrong(flags, "a picture cannot be %ld x %ld",
                           s->resize_width, s->resize_height);
    if (*s->encode_type &&
        crema_image_format_named(s->encode_type) == CREMA_IMAGE_UNKNOWN)
        return flags_wrong(flags,
                           "--encode_type wants jpg, png or bmp, got "
                           "\"%s\"",
                           s->encode_type);
    if (s->threads < 1) s->threads = sysconf(_SC_NPROCESSORS_ONLN);
    return -1;
}

static int run_with(const struct imageset *s)
{
    struct console console;
    struct run run = { .settings = s, .console = &console };
    int status;

    console_open(&console, "convert_imageset", stderr);
    run.ctx = crema_ctx_new(console_log, &console);
    if (!run.ctx)
        status = 1;
    else if (convert(&run) != CREMA_OK)
        status = console_failed(&console, run.ctx);
    else
        status = report(&run);
    crema_list_free(&run.list);
    crema_ctx_free(run.ctx);
    console_close(&console);
    return status;
}

int tool_convert_imageset(int argc, char **argv)
{
    struct imageset s = { .encode_type = "", .seed = 1 };
    const struct flag table[] = {
        { "gray", FLAG_BOOL, &s.gray, NULL, "read the pictures as grey ones" },
        { "shuffle", FLAG_BOOL, &s.shuffle, NULL, "put the list in disorder" },
        { "seed", FLAG_INT, &s.seed, "N", "of --shuffle" },
        { "backend", FLAG_CHOICE, &s.backend, "lmdb|leveldb",
          "the kind of database" },
        { "resize_width", FLAG_INT, &s.resize_width, "N",
          "with the next: resize; 0: not" },
        { "resize_height", FLAG_INT, &s.resize_height, "N", "see above" },
        { "check_size", FLAG_BOOL, &s.check_size, NULL,
          "stop at a picture of another size than the first" },
        { "encoded", FLAG_BOOL, &s.encoded, NULL,
          "store picture files, not pixels" },
        { "encode_type", FLAG_TEXT, &s.encode_type, "jpg|png|bmp",
          "store picture files of this type" },
        { "strict", FLAG_BOOL, &s.strict, NULL,
          "exit status 1 when a picture could not be read" },
        { "threads", FLAG_INT, &s.threads, "N",
          "how many decode; 0: one for each core" },
    };
    const struct flags flags = {
        .program = "convert_imageset",
        .words = "ROOT/ LIST DB",
        .summary = "Puts pictures into a database.  LIST has a line for each: "
                   "its name below ROOT/ and\na label, a whole number from 0.",
        .table = table,
        .count = sizeof table / sizeof *table,
        .min_words = 3,
        .max_words = 3,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status < 0) status = check_settings(&flags, &s);
    if (status >= 0) return status;
    s.root = argv[1];
    s.list = argv[2];
    s.database = argv[3];
    return run_with(&s);
}
