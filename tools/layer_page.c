/* layer_page.c - a layer's page, and those of fields that many share. */
#include "page.h"

#include "layers/forks.h"
#include "proto/message.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *page_kind(enum crema_layer_kind kind)
{
    static const char *const names[] = {
        [CREMA_LAYER_DATA] = "Data",
        [CREMA_LAYER_IMAGE] = "Windows over images",
        [CREMA_LAYER_DENSE] = "Products with weights",
        [CREMA_LAYER_SEQUENCE] = "Sequences",
        [CREMA_LAYER_NORM] = "Normalization",
        [CREMA_LAYER_ACTIVATION] = "Functions of single elements",
        [CREMA_LAYER_ARITHMETIC] = "Arithmetic of blobs",
        [CREMA_LAYER_SHAPE] = "Shapes",
        [CREMA_LAYER_LOSS] = "Losses",
        [CREMA_LAYER_MEASURE] = "Measures",
        [CREMA_LAYER_DETECTION] = "Boxes and regions",
    };

    return names[kind];
}

const ProtobufCMessageDescriptor *page_message(const char *field)
{
    const ProtobufCFieldDescriptor *f = crema_field_find(
        &crema__layer_parameter__descriptor, field, strlen(field));

    return f && f->type == PROTOBUF_C_TYPE_MESSAGE ? f->descriptor : NULL;
}

/* ---- the example --------------------------------------------------------- */

static void example_blobs(FILE *out, const char *what,
                          const struct crema_field_doc *b)
{
    for (int i = 0; i < CREMA_DOC_BLOBS && b[i].name; i++)
        if (strncmp(b[i].meaning, "optional", 8) != 0)
            fprintf(out, "  %s: \"%s\"\n", what, b[i].name);
}

void page_example(FILE *out, const struct crema_layer_type *t)
{
    const struct crema_layer_doc *d = t->doc;
    const char *line = d->example ? d->example : "";

    fprintf(out, "layer {\n  name: \"");
    for (const char *c = t->name; *c; c++)
        fputc(tolower((unsigned char)*c), out);
    fprintf(out, "\"\n  type: \"%s\"\n", t->name);
    example_blobs(out, "bottom", d->bottoms);
    example_blobs(out, "top", d->tops);
    while (*line) {
        size_t n = strcspn(line, "\n");

        fprintf(out, "  %.*s\n", (int)n, line);
        line += n + (line[n] != '\0');
    }
    fprintf(out, "}");
}

static void put_example(const struct page *p, const struct crema_layer_type *t)
{
    char *text = NULL;
    size_t size;
    FILE *memory = open_memstream(&text, &size);

    if (!memory) return;
    page_example(memory, t);
    fclose(memory);
    page_section(p, "Example");
    page_code(p, text);
    free(text);
}

/* ---- parts ----------------------------------------------------------------
 */

static void put_blobs(const struct page *p, const char *title, int least,
                      int most, const struct crema_field_doc *b)
{
    char head[64];

    if (most == 0) return;
    if (most < 0)
        snprintf(head, sizeof head, "%s: %d or more", title, least);
    else if (most > least)
        snprintf(head, sizeof head, "%s: %d to %d", title, least, most);
    else
        snprintf(head, sizeof head, "%s: %d", title, least);
    page_section(p, head);
    page_table(p, false);
    for (int i = 0; i < CREMA_DOC_BLOBS && b[i].name; i++)
        page_row(p, b[i].name, NULL, b[i].meaning);
}

static void put_fields(const struct page *p,
                       const ProtobufCMessageDescriptor *message,
                       const struct crema_field_doc *fields)
{
    page_table(p, true);
    for (; fields->name; fields++) {
        const ProtobufCFieldDescriptor *f =
            message
                ? crema_field_find(message, fields->name, strlen(fields->name))
                : NULL;
        char type[512];

        if (f) page_field_type(f, type, sizeof type);
        page_row(p, fields->name, f ? type : NULL, fields->meaning);
    }
}

static void put_names(const struct page *p, const char *what, const char *names)
{
    char text[8192];
    size_t n = (size_t)snprintf(text, sizeof text, "%s: ", what);

    if (!names) return;
    for (; *names && n + 3 < sizeof text; names++) {
        if (*names == ' ') text[n++] = ',';
        text[n++] = *names;
    }
    snprintf(text + n, sizeof text - n, ".");
    fputc('\n', p->out);
    page_text(p, text);
}

void page_layer(const struct page *p, const struct crema_layer_type *t)
{
    const struct crema_layer_doc *d = t->doc;

    page_title(p, t->name, d->line);
    page_text(p, d->text);
    put_blobs(p, "Bottoms", t->min_bottoms, t->max_bottoms, d->bottoms);
    put_blobs(p, "Tops", t->min_tops, t->max_tops, d->tops);
    for (int i = 0; i < CREMA_DOC_PARAMS && d->params[i]; i++) {
        const struct crema_param_doc *m = d->params[i];

        page_section(p, m->message);
        if (m->fields) put_fields(p, page_message(m->message), m->fields);
        put_names(p, "Read, and without effect", m->ignored);
        put_names(p, "Refused unless left at the default", m->refused);
    }
    if (d->quirks) {
        page_section(p, "Notes");
        page_text(p, d->quirks);
    }
    put_example(p, t);
}

/* ---- shared fields --------------------------------------------------------
 */

static bool documented(const struct crema_field_doc *fields,
                       const ProtobufCFieldDescriptor *f)
{
    size_t n = crema_field_name(f);

    for (; fields && fields->name; fields++)
        if (strlen(fields->name) == n && !memcmp(fields->name, f->name, n))
            return true;
    return false;
}

static void put_others(const struct page *p, const struct crema_page_part *part)
{
    const ProtobufCMessageDescriptor *d = part->message;
    char names[6000] = "";
    size_t n = 0;

    if (!part->others) return;
    for (unsigned i = 0; i < d->n_fields && n + 100 < sizeof names; i++)
        if (!documented(part->fields, &d->fields[i]))
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%s",
                                  n ? " " : "", d->fields[i].name);
    if (n) put_names(p, part->others, names);
}

void page_shared(const struct page *p, const struct crema_page_doc *d)
{
    page_title(p, d->name, d->line);
    page_text(p, d->text);
    for (const struct crema_page_part *part = d->parts; part->message; part++) {
        page_section(p, part->title);
        if (part->text) page_text(p, part->text);
        if (part->text) fputc('\n', p->out);
        if (part->fields) put_fields(p, part->message, part->fields);
        put_others(p, part);
    }
}

/* ---- forks ------------------------------------------------------------------
 */

static void put_fork_fields(const struct page *p, const char *title,
                            const struct crema_fork_field *fields)
{
    page_section(p, title);
    page_table(p, false);
    for (; fields->name; fields++) {
        char meaning[256];

        snprintf(meaning, sizeof meaning, "%s (%s)", fields->meaning,
                 fields->fork);
        page_row(p, fields->name, NULL, meaning);
    }
}

void page_forks(const struct page *p)
{
    page_title(p, "forks", "fields of forks that are read, without effect");
    page_text(p, "What these ask for is not done, and changes no result. The "
                 "log names those that a net has. Fields of a layer's own "
                 "message are on its page.");
    put_fork_fields(p, "layer", crema_fork_layer_fields);
    put_fork_fields(p, "net", crema_fork_net_fields);
}
