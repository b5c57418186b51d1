/* page.c - titles, paragraphs and tables, for a terminal or as Markdown. */
#include "page.h"

#include "proto/message.h"

#include <string.h>

enum { WIDTH = 80, INDENT = 2, DEEPER = 6 };

/* Words in columns `indent` to WIDTH; the first line already has `column` of
 * its own, 0: none. */
static void wrap(FILE *out, const char *text, size_t length, int indent,
                 int column)
{
    const char *end = text + length;
    bool begun = column > 0;

    while (text < end) {
        size_t n = 0;

        while (text < end && (*text == ' ' || *text == '\n')) text++;
        while (text + n < end && text[n] != ' ' && text[n] != '\n') n++;
        if (n == 0) break;
        if (begun && column + 1 + (int)n > WIDTH) {
            fputc('\n', out);
            begun = false;
            column = 0;
        }
        column += fprintf(out, "%*s", begun ? 1 : indent, "");
        column += fprintf(out, "%.*s", (int)n, text);
        begun = true;
        text += n;
    }
    fputc('\n', out);
}

static void as_it_is(const struct page *p, const char *text, size_t length)
{
    const char *fence = p->markdown ? "```\n" : "";

    fprintf(p->out, "%s%.*s\n%s", fence, (int)length, text, fence);
}

static void underlined(FILE *out, const char *text)
{
    fprintf(out, "\n%s\n", text);
    for (size_t i = 0; i < strlen(text); i++) fputc('-', out);
    fputc('\n', out);
}

void page_title(const struct page *p, const char *name, const char *line)
{
    if (p->markdown)
        fprintf(p->out, "# %s\n\n%s\n\n", name, line);
    else
        fprintf(p->out, "%s - %s\n\n", name, line);
}

void page_section(const struct page *p, const char *title)
{
    if (p->markdown)
        fprintf(p->out, "\n## %s\n\n", title);
    else
        underlined(p->out, title);
}

void page_text(const struct page *p, const char *text)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t n = end ? (size_t)(end - text) : strlen(text);

        if (*text == ' ')
            as_it_is(p, text, n);
        else if (p->markdown)
            fprintf(p->out, "%.*s\n", (int)n, text);
        else
            wrap(p->out, text, n, 0, 0);
        text += n;
        if (*text) fputc('\n', p->out);
        text += strspn(text, "\n");
    }
}

void page_code(const struct page *p, const char *text)
{
    as_it_is(p, text, strlen(text));
}

void page_table(const struct page *p, bool typed)
{
    if (!p->markdown) return;
    fprintf(p->out, typed ? "| field | type and default | meaning |\n"
                            "|---|---|---|\n"
                          : "| name | meaning |\n|---|---|\n");
}

/* '|' would end a cell. */
static void cell(FILE *out, const char *text)
{
    for (; *text; text++) fprintf(out, *text == '|' ? "\\|" : "%c", *text);
    fprintf(out, " |");
}

void page_row(const struct page *p, const char *name, const char *type,
              const char *meaning)
{
    if (p->markdown) {
        fprintf(p->out, "| `%s` | ", name);
        if (type) cell(p->out, type);
        if (type) fputc(' ', p->out);
        cell(p->out, meaning);
        fputc('\n', p->out);
        return;
    }
    fprintf(p->out, "%*s%s:", INDENT, "", name);
    wrap(p->out, type ? type : meaning, strlen(type ? type : meaning), DEEPER,
         INDENT + (int)strlen(name) + 1);
    if (type) wrap(p->out, meaning, strlen(meaning), DEEPER, 0);
}

void page_entry(const struct page *p, const char *name, const char *line)
{
    enum { COLUMN = 27 };

    if (p->markdown) {
        fprintf(p->out, "| [%s](%s.md) | %s |\n", name, name, line);
        return;
    }
    wrap(p->out, line, strlen(line), COLUMN,
         fprintf(p->out, "%*s%-*s", INDENT, "", COLUMN - INDENT - 1, name));
}

/* ---- types of fields ----------------------------------------------------- */

static void word_enum(const ProtobufCEnumDescriptor *d, char *out, size_t size)
{
    size_t used = 0;

    for (unsigned i = 0; i < d->n_values && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 i ? " | " : "", d->values[i].name);
}

static void word_type(const ProtobufCFieldDescriptor *f, char *out, size_t size)
{
    const char *name = "bytes";

    switch (f->type) {
    case PROTOBUF_C_TYPE_ENUM:
        word_enum(f->descriptor, out, size);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        name = ((const ProtobufCMessageDescriptor *)f->descriptor)->short_name;
        snprintf(out, size, "%s { .. }", name);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        name = "bool";
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        name = "float";
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        name = "double";
        break;
    case PROTOBUF_C_TYPE_STRING:
        name = "string";
        break;
    case PROTOBUF_C_TYPE_INT32:
        name = "int32";
        break;
    case PROTOBUF_C_TYPE_INT64:
        name = "int64";
        break;
    case PROTOBUF_C_TYPE_UINT32:
        name = "uint32";
        break;
    case PROTOBUF_C_TYPE_UINT64:
        name = "uint64";
        break;
    default:
        break;
    }
    snprintf(out, size, "%s", name);
}

static const char *word_value(const ProtobufCFieldDescriptor *f, char *out,
                              size_t size)
{
    const void *v = f->default_value;

    switch (f->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)v ? "true" : "false";
    case PROTOBUF_C_TYPE_FLOAT:
        snprintf(out, size, "%g", (double)*(const float *)v);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        snprintf(out, size, "%g", *(const double *)v);
        break;
    case PROTOBUF_C_TYPE_STRING:
        snprintf(out, size, "\"%s\"", (const char *)v);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        return protobuf_c_enum_descriptor_get_value(f->descriptor,
                                                    *(const int *)v)
            ->name;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        snprintf(out, size, "%lld", (long long)*(const int64_t *)v);
        break;
    case PROTOBUF_C_TYPE_UINT32:
        snprintf(out, size, "%u", *(const uint32_t *)v);
        break;
    default:
        snprintf(out, size, "%d", *(const int32_t *)v);
    }
    return out;
}

void page_field_type(const ProtobufCFieldDescriptor *f, char *out, size_t size)
{
    bool repeated = crema_field_repeated(f);
    char value[64];
    size_t n = (size_t)snprintf(out, size, "%s", repeated ? "repeated " : "");

    word_type(f, out + n, size - n);
    n = strlen(out);
    if (f->default_value && !repeated)
        snprintf(out + n, size - n, " = %s",
                 word_value(f, value, sizeof value));
}
