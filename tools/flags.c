/* flags.c - reads a command line by its table; words the usage text. */
#include "flags.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_NAME = 48 };

int flags_wrong(const struct flags *flags, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "%s: ", flags->program);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, " (--help lists the flags)\n");
    return 2;
}

void flag_list_free(struct flag_list *list)
{
    free(list->items);
    *list = (struct flag_list){ 0 };
}

/* Steps from `a` to `b`: a letter put in, left out or changed. */
static size_t distance(const char *a, const char *b)
{
    size_t row[LONGEST_NAME + 1], m = strlen(b);

    if (m > LONGEST_NAME) return LONGEST_NAME;
    for (size_t j = 0; j <= m; j++) row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t corner = row[0];

        row[0] = i + 1;
        for (size_t j = 1; j <= m; j++) {
            size_t change = corner + (a[i] != b[j - 1]);
            size_t best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

            corner = row[j];
            row[j] = change < best ? change : best;
        }
    }
    return row[m];
}

const char *flags_nearest(const char *name, const char *const *names,
                          size_t count, size_t stride)
{
    size_t limit = strlen(name) / 3 + 1;
    const char *best = NULL;

    for (size_t i = 0; i < count; i++) {
        const char *const *at =
            (const char *const *)((const char *)names + i * stride);
        size_t d = distance(name, *at);

        if (d <= limit) {
            best = *at;
            limit = d ? d - 1 : 0;
            if (d == 0) break;
        }
    }
    return best;
}

/* Is `text` up to `length` the flag's name? */
static bool named(const struct flag *flag, const char *text, size_t length)
{
    if (strlen(flag->name) != length) return false;
    for (size_t i = 0; i < length; i++) {
        char a = text[i] == '-' ? '_' : text[i];
        char b = flag->name[i] == '-' ? '_' : flag->name[i];

        if (a != b) return false;
    }
    return true;
}

static const struct flag *find(const struct flags *flags, const char *text,
                               size_t length)
{
    for (size_t i = 0; i < flags->count; i++)
        if (named(&flags->table[i], text, length)) return &flags->table[i];
    return NULL;
}

static int unknown(const struct flags *flags, const char *text, size_t length)
{
    char name[LONGEST_NAME + 1];
    const char *near;

    snprintf(name, sizeof name, "%.*s", (int)length, text);
    near = flags->count ? flags_nearest(name, &flags->table[0].name,
                                        flags->count, sizeof *flags->table)
                        : NULL;
    if (near)
        return flags_wrong(flags, "unknown flag --%s, did you mean --%s?", name,
                           near);
    return flags_wrong(flags, "unknown flag --%s", name);
}

static bool read_bool(const char *text, bool *out)
{
    static const char *const words[] = { "false", "true", "0",   "1", "f",
                                         "t",     "no",   "yes", "n", "y" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *out = i & 1;
            return true;
        }
    return false;
}

/* The index of `text` among "one|two|three", or -1. */
static int choice(const char *words, const char *text)
{
    size_t length = strlen(text);

    for (int i = 0; *words; i++) {
        size_t n = strcspn(words, "|");

        if (n == length && strncasecmp(words, text, n) == 0) return i;
        words += n + (words[n] == '|');
    }
    return -1;
}

static bool append(struct flag_list *list, const char *text)
{
    const char **more =
        realloc(list->items, (list->count + 1) * sizeof *list->items);

    if (!more) return false;
    list->items = more;
    list->items[list->count++] = text;
    return true;
}

static int assign(const struct flags *flags, const struct flag *flag,
                  const char *text)
{
    char *end = NULL;
    bool good = true;

    errno = 0;
    switch (flag->kind) {
    case FLAG_BOOL:
        good = read_bool(text, flag->value);
        break;
    case FLAG_INT:
        *(long *)flag->value = strtol(text, &end, 0);
        break;
    case FLAG_REAL:
        *(double *)flag->value = strtod(text, &end);
        break;
    case FLAG_TEXT:
        *(const char **)flag->value = text;
        break;
    case FLAG_CHOICE:
        *(int *)flag->value = choice(flag->word, text);
        good = *(int *)flag->value >= 0;
        break;
    case FLAG_LIST:
        if (append(flag->value, text)) break;
        return flags_wrong(flags, "out of memory: --%s", flag->name);
    }
    if (end && (end == text || *end || errno)) good = false;
    if (good) return -1;
    return flags_wrong(flags, "--%s wants %s, got \"%s\"", flag->name,
                       flag->kind == FLAG_BOOL   ? "true or false"
                       : flag->kind == FLAG_INT  ? "a whole number"
                       : flag->kind == FLAG_REAL ? "a number"
                                                 : flag->word,
                       text);
}

/* The heading of one flag: "--name WORD". */
static int print_heading(const struct flag *flag, FILE *out)
{
    if (flag->kind == FLAG_BOOL)
        return fprintf(out, "  --%s%s", *(bool *)flag->value ? "[no]" : "",
                       flag->name);
    return fprintf(out, "  --%s %s", flag->name,
                   flag->word                ? flag->word
                   : flag->kind == FLAG_TEXT ? "TEXT"
                                             : "N");
}

static void print_default(const struct flag *flag, FILE *out)
{
    const char *text = "";

    switch (flag->kind) {
    case FLAG_INT:
        fprintf(out, " (%ld)", *(long *)flag->value);
        break;
    case FLAG_REAL:
        fprintf(out, " (%g)", *(double *)flag->value);
        break;
    case FLAG_TEXT:
        text = *(const char **)flag->value;
        if (text && *text) fprintf(out, " (%s)", text);
        break;
    case FLAG_CHOICE:
        if (*(int *)flag->value < 0) break;
        text = flag->word;
        for (int i = *(int *)flag->value; i > 0; i--)
            text += strcspn(text, "|") + 1;
        fprintf(out, " (%.*s)", (int)strcspn(text, "|"), text);
        break;
    case FLAG_LIST:
        fprintf(out, " (may be repeated)");
        break;
    case FLAG_BOOL:
        break;
    }
}

static void print_usage(const struct flags *flags, FILE *out)
{
    enum { COLUMN = 28 };

    fprintf(out, "usage: %s [flags] %s\n%s\n", flags->program, flags->words,
            flags->summary);
    if (flags->count) fprintf(out, "\n");
    for (size_t i = 0; i < flags->count; i++) {
        int used = print_heading(&flags->table[i], out);

        if (used >= COLUMN) {
            fprintf(out, "\n");
            used = 0;
        }
        fprintf(out, "%*s%s", COLUMN - used, "", flags->table[i].help);
        print_default(&flags->table[i], out);
        fprintf(out, "\n");
    }
}

/* One flag, whose text behind the dashes is given; `next` is the word behind
 * it or NULL; *took tells whether that was the value. */
static int read_flag(const struct flags *flags, const char *text,
                     const char *next, bool *took)
{
    size_t length = strcspn(text, "=");
    const char *value = text[length] == '=' ? text + length + 1 : NULL;
    const struct flag *flag = find(flags, text, length);

    if (!flag && !value && strncmp(text, "no", 2) == 0) {
        flag = find(flags, text + 2, length - 2);
        if (flag && flag->kind == FLAG_BOOL) {
            *(bool *)flag->value = false;
            return -1;
        }
        flag = NULL;
    }
    if (!flag) return unknown(flags, text, length);
    if (flag->kind == FLAG_BOOL && !value) value = "true";
    if (!value) {
        if (!next) return flags_wrong(flags, "--%s wants a value", flag->name);
        value = next;
        *took = true;
    }
    return assign(flags, flag, value);
}

static bool is_help(const char *text)
{
    return strcmp(text, "help") == 0 || strcmp(text, "h") == 0;
}

int flags_parse(const struct flags *flags, int *argc, char **argv)
{
    int words = 1, n = *argc;
    bool ended = false;

    for (int i = 1; i < n; i++) {
        const char *text = argv[i];
        bool took = false;
        int status;

        if (ended || text[0] != '-' || text[1] == '\0') {
            argv[words++] = argv[i];
            continue;
        }
        text += text[1] == '-' ? 2 : 1;
        if (*text == '\0') {
            ended = true;
            continue;
        }
        if (is_help(text)) {
            print_usage(flags, stdout);
            return 0;
        }
        status = read_flag(flags, text, i + 1 < n ? argv[i + 1] : NULL, &took);
        if (status >= 0) return status;
        i += took;
    }
    *argc = words;
    if (words - 1 < flags->min_words)
        return flags_wrong(flags, "wants %s", flags->words);
    if (flags->max_words >= 0 && words - 1 > flags->max_words)
        return flags_wrong(flags, "does not know what to do with \"%s\"",
                           argv[flags->max_words + 1]);
    return -1;
}
