/* db.c - crema db: what is in a database.
 *
 * The file is read as memory: where a disk fails, or somebody cuts the file
 * meanwhile, the process that reads it ends.  A child does the reading, and
 * notes where it is; this process tells how it ended.
 */
#include "db.h"

#include "flags.h"
#include "verbs.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct db_flags {
    const char *key, *dump, *sheet;
    long count;
    bool check;
};

static enum crema_status look(struct db *db, const struct db_flags *f,
                              uint64_t *bad)
{
    CREMA_TRY(crema_databases_new(db->ctx, &db->databases));
    CREMA_TRY(
        crema_database_open(db->ctx, db->databases, db->path, &db->database));
    CREMA_TRY(crema_cursor_open(db->ctx, db->database, &db->cursor));
    if (f->sheet) CREMA_TRY(db_sheet(db, f->sheet, f->count));
    if (f->key || f->dump) return db_show(db, f->key, f->dump);
    return f->sheet && !f->check ? CREMA_OK : db_survey(db, bad);
}

/* Ends the child, without a word. */
static void fell(int number)
{
    (void)number;
    _exit(1);
}

/* The child. */
static int read_database(struct db *db, const struct db_flags *f)
{
    static const int numbers[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE };
    enum crema_status status;
    uint64_t bad = 0;
    int code;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], fell);
    status = look(db, f, &bad);
    db->progress->finished = true;
    code = status == CREMA_OK ? bad > 0 : console_failed(db->console, db->ctx);
    crema_image_free(&db->image);
    crema_cursor_free(db->cursor);
    crema_databases_free(db->databases);
    if (fflush(stdout) != 0 && code == 0) {
        console_say(db->console, CREMA_ERROR, "cannot write to stdout");
        code = 1;
    }
    console_clear(db->console);
    return code;
}

static int tell_damage(const struct db *db)
{
    const struct db_progress *p = db->progress;

    if (p->done == 0)
        console_say(db->console, CREMA_ERROR,
                    "database %s is damaged: its first pages cannot be read",
                    db->path);
    else
        console_say(db->console, CREMA_ERROR,
                    "database %s is damaged: behind record %llu of %llu, key "
                    "%s, its pages cannot be read",
                    db->path, (unsigned long long)p->done,
                    (unsigned long long)p->total, p->key);
    return 1;
}

/* A damaged tree of pages may be one without an end: a reader that gets nowhere
 * for so long is stopped. */
static int watch(const struct db *db, pid_t child)
{
    enum { PATIENCE = 120 * 1000000, FIRST = 200, LONGEST = 20000 }; /* us */
    int status, still = 0, pause = FIRST;
    uint64_t done = 0;
    pid_t ended;

    while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
        usleep((useconds_t)pause);
        still = db->progress->done == done ? still + pause : 0;
        done = db->progress->done;
        if (still > PATIENCE) kill(child, SIGKILL);
        if (pause < LONGEST) pause *= 2;
    }
    if (ended < 0) {
        console_say(db->console, CREMA_ERROR, "cannot wait for the reader: %s",
                    strerror(errno));
        return 1;
    }
    if (WIFEXITED(status) && db->progress->finished) return WEXITSTATUS(status);
    return tell_damage(db);
}

static int run(struct db *db, const struct db_flags *f)
{
    pid_t child;
    int code;

    db->progress = mmap(NULL, sizeof *db->progress, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (db->progress == MAP_FAILED) {
        console_say(db->console, CREMA_ERROR, "out of memory");
        return 1;
    }
    fflush(stdout);
    child = fork();
    if (child == 0) {
        code = read_database(db, f);
        crema_ctx_free(db->ctx);
        exit(code);
    }
    code = 1;
    if (child > 0)
        code = watch(db, child);
    else
        console_say(db->console, CREMA_ERROR, "cannot start the reader: %s",
                    strerror(errno));
    munmap(db->progress, sizeof *db->progress);
    return code;
}

static int start(const char *path, const struct db_flags *f)
{
    struct console console;
    struct db db = { .console = &console, .path = path, .decode = f->check };
    int code = 1;

    console_open(&console, "db", stderr);
    db.ctx = crema_ctx_new(console_log, &console);
    if (db.ctx)
        code = run(&db, f);
    else
        console_say(&console, CREMA_ERROR, "out of memory");
    crema_ctx_free(db.ctx);
    console_close(&console);
    return code;
}

int verb_db(int argc, char **argv)
{
    struct db_flags f = { .count = 40 };
    const struct flag table[] = {
        { "check", FLAG_BOOL, &f.check, NULL,
          "decode every picture; status 1 when something is damaged" },
        { "key", FLAG_TEXT, &f.key, "K",
          "one record: of that key, or the first that begins so" },
        { "dump", FLAG_TEXT, &f.dump, "FILE",
          "write its picture, or the first record's, as .png, .jpg, .bmp or "
          ".ppm" },
        { "sheet", FLAG_TEXT, &f.sheet, "FILE",
          "a contact sheet with keys and labels, .png or .svg" },
        { "count", FLAG_INT, &f.count, "N", "pictures on the sheet" },
    };
    const struct flags flags = {
        .program = "crema db",
        .words = "DB",
        .summary = "Says what is in a database: records, shapes, labels, and "
                   "what is wrong with it.",
        .table = table,
        .count = sizeof table / sizeof *table,
        .min_words = 1,
        .max_words = 1,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (f.count < 1 || f.count > 10000)
        return flags_wrong(&flags, "--count wants 1 to 10000, got %ld",
                           f.count);
    return start(argv[1], &f);
}
