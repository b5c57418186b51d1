/* text_kind.c - whether a text is a solver or a net. */
#include "proto/message.h"
#include "proto/upgrade.h"

#include <string.h>

static bool has_field(const ProtobufCMessageDescriptor *d, const char *name,
                      size_t length)
{
    return crema_field_find(d, name, length) != NULL;
}

/* Behind a string or a comment that begins at p. */
static const char *skip_literal(const char *p)
{
    char quote = *p++;

    if (quote == '#') return p + strcspn(p, "\n");
    while (*p && *p != quote && *p != '\n') p += *p == '\\' && p[1] ? 2 : 1;
    return *p ? p + 1 : p;
}

/* More names that solvers have than nets do? */
bool crema_text_is_solver(const char *text)
{
    int depth = 0, votes = 0;

    for (const char *p = text; *p;) {
        size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz_0123456789"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

        if (*p == '"' || *p == '\'' || *p == '#') {
            p = skip_literal(p);
            continue;
        }
        if (n == 0) {
            depth += (*p == '{' || *p == '<') - (*p == '}' || *p == '>');
            p++;
            continue;
        }
        if (depth == 0)
            votes += has_field(&crema__solver_parameter__descriptor, p, n) -
                     has_field(&crema__net_parameter__descriptor, p, n);
        p += n;
    }
    return votes > 0;
}
