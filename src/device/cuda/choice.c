/* choice.c - convolutions, matrix products and what runs them as text. */
#include "device/cuda/choice.h"
#include "device/cuda/conv_own.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ways[CONV_WAYS] = {
    [CONV_FORWARD] = "forward",
    [CONV_BWD_DATA] = "data",
    [CONV_BWD_WEIGHTS] = "weights",
};

static const char *const forms[CONV_FORMS] = {
    [CONV_FUSED] = "fused",
    [CONV_PLAIN] = "plain",
    [CONV_SPLIT_FUSED] = "split-fused",
    [CONV_SPLIT] = "split",
    [CONV_LEGACY] = "legacy",
    [CONV_OWN] = "own",
};

/* Does every group's part of all operands begin where cuDNN is told it does? */
static bool parts_are_aligned(const struct conv_case *c)
{
    int64_t groups = c->conv.groups;
    size_t bias = (size_t)(c->y.dim[1] / groups) * crema_type_bytes(c->y.type);

    return crema_conv_step(&c->x, 1, groups) % CONV_ALIGN == 0 &&
           crema_conv_step(&c->w, 0, groups) % CONV_ALIGN == 0 &&
           crema_conv_step(&c->y, 1, groups) % CONV_ALIGN == 0 &&
           (!c->bias || bias % CONV_ALIGN == 0);
}

bool crema_conv_form_fits(const struct conv_case *c, enum conv_form form)
{
    int64_t groups = c->conv.groups;

    if (form == CONV_OWN) return crema_conv_own_fits(c);
    if (conv_is_fused(form) &&
        (c->way != CONV_FORWARD || (!c->bias && !c->relu)))
        return false;
    return !conv_is_split(form) ||
           (groups > 1 && groups <= CONV_SPLITS && parts_are_aligned(c));
}

struct crema_layout crema_conv_seen(const struct crema_layout *l)
{
    struct crema_layout seen = *l;

    memcpy(seen.dim, l->padded, sizeof seen.dim);
    return seen;
}

struct crema_layout crema_conv_part(const struct crema_layout *l, int axis,
                                    int64_t groups)
{
    struct crema_layout part = *l;

    part.dim[axis] /= groups;
    part.padded[axis] = part.dim[axis];
    return part;
}

size_t crema_conv_step(const struct crema_layout *l, int axis, int64_t groups)
{
    return (size_t)(l->dim[axis] / groups * l->stride[axis]) *
           crema_type_bytes(l->type);
}

bool crema_cudnn_choice_same(const struct cudnn_choice *a,
                             const struct cudnn_choice *b)
{
    if (a->engine != b->engine || a->nknobs != b->nknobs) return false;
    for (int i = 0; i < a->nknobs; i++)
        if (a->knob[i].type != b->knob[i].type ||
            a->knob[i].value != b->knob[i].value)
            return false;
    return true;
}

/* ---- printing ---------------------------------------------------------- */

/* A text that grows; what does not fit is cut. */
struct line {
    char *text;
    size_t used;
};

static void CREMA_PRINTF(2, 3) say(struct line *l, const char *fmt, ...)
{
    size_t room = CONV_TEXT - l->used;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(l->text + l->used, room, fmt, ap);
    va_end(ap);
    if (n > 0) l->used += (size_t)n < room ? (size_t)n : room - 1;
}

/* " k5x5" */
static void say_dims(struct line *l, const char *name, int n, const int64_t *d)
{
    say(l, "%s", name);
    for (int i = 0; i < n; i++) say(l, "%s%lld", i ? "x" : "", (long long)d[i]);
}

static void say_layout(struct line *l, const char *name,
                       const struct crema_layout *layout)
{
    char text[CREMA_LAYOUT_TEXT];

    say_dims(l, name, layout->ndims, layout->padded);
    say(l, " %s", crema_layout_text(layout, text));
}

const char *crema_conv_key(const char *where, const struct conv_case *c,
                           char out[CONV_TEXT])
{
    struct line l = { out, 0 };
    int n = c->conv.spatial;

    say(&l, "%s; conv %s", where, ways[c->way]);
    say_dims(&l, " k", n, c->conv.kernel);
    say_dims(&l, " s", n, c->conv.stride);
    say_dims(&l, " p", n, c->conv.pad);
    say_dims(&l, " d", n, c->conv.dilation);
    say(&l, " g%lld%s%s%s;", (long long)c->conv.groups, c->bias ? " bias" : "",
        c->relu ? " relu" : "", c->tf32 ? " tf32" : "");
    say_layout(&l, " x ", &c->x);
    say_layout(&l, " w ", &c->w);
    say_layout(&l, " y ", &c->y);
    return out;
}

const char *crema_conv_choice_print(const struct conv_choice *c,
                                    char out[CONV_TEXT])
{
    struct line l = { out, 0 };

    say(&l, "%s", forms[c->form]);
    if (c->form != CONV_LEGACY) {
        say(&l, " engine %lld", (long long)c->engine.engine);
        if (c->engine.nknobs) say(&l, " knobs");
        for (int i = 0; i < c->engine.nknobs; i++)
            say(&l, " %d:%lld", c->engine.knob[i].type,
                (long long)c->engine.knob[i].value);
    }
    say(&l, " us %.2f", c->us);
    return out;
}

const char *crema_gemm_key(const char *where, const struct crema_gemm *g,
                           char out[CONV_TEXT])
{
    static const char *const types[] = { "f32", "bf16", "f16" };
    static const char *const afters[GEMM_AFTERS] = {
        [GEMM_NOTHING] = "",     [GEMM_RELU] = " relu",
        [GEMM_BIAS] = " bias",   [GEMM_BIAS_RELU] = " bias relu",
        [GEMM_SUM_A] = " sum a", [GEMM_SUM_B] = " sum b",
    };
    struct line l = { out, 0 };

    say(&l, "%s; gemm %s %lldx%lldx%lld %c%lld %c%lld n%lld %s%s%s", where,
        types[g->ab], (long long)g->m, (long long)g->n, (long long)g->k,
        g->turn_a ? 't' : 'n', (long long)g->lda, g->turn_b ? 't' : 'n',
        (long long)g->ldb, (long long)g->ldc, types[g->c],
        g->tf32 ? " tf32" : "", afters[g->after]);
    return out;
}

const char *crema_gemm_choice_print(const struct gemm_choice *c,
                                    char out[CONV_TEXT])
{
    struct line l = { out, 0 };

    say(&l, "algorithm ");
    for (int i = 0; i < GEMM_WORDS; i++) say(&l, "%016" PRIx64, c->word[i]);
    say(&l, " us %.2f", c->us);
    return out;
}

/* ---- parsing ----------------------------------------------------------- */

/* Steps over `word` and the blank behind it. */
static bool skip(const char **at, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(*at, word, n) != 0 || (*at)[n] != ' ') return false;
    *at += n + 1;
    return true;
}

/* A whole number, and the character behind it. */
static bool number(const char **at, char behind, int64_t *out)
{
    const char *digit = *at + (**at == '-');
    char *end;

    if (*digit < '0' || *digit > '9') return false;
    errno = 0;
    *out = strtoll(*at, &end, 10);
    if (*end != behind || errno) return false;
    *at = end + 1;
    return true;
}

static bool parse_knobs(const char **at, struct cudnn_choice *c)
{
    while (**at >= '0' && **at <= '9') {
        int64_t type;

        if (c->nknobs == CUDNN_KNOBS || !number(at, ':', &type) || type < 0 ||
            type > INT32_MAX || !number(at, ' ', &c->knob[c->nknobs].value))
            return false;
        c->knob[c->nknobs++].type = (int)type;
    }
    return c->nknobs > 0;
}

/* "us 17.3", and the end */
static bool parse_us(const char *text, double *us)
{
    char *end;

    if (!skip(&text, "us")) return false;
    *us = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*us) && *us >= 0;
}

bool crema_conv_choice_parse(const char *text, struct conv_choice *out)
{
    struct conv_choice c = { .form = CONV_FORMS };

    for (int i = 0; i < CONV_FORMS && c.form == CONV_FORMS; i++)
        if (skip(&text, forms[i])) c.form = (enum conv_form)i;
    if (c.form == CONV_FORMS) return false;
    if (c.form != CONV_LEGACY) {
        if (!skip(&text, "engine") || !number(&text, ' ', &c.engine.engine))
            return false;
        if (skip(&text, "knobs") && !parse_knobs(&text, &c.engine))
            return false;
    }
    c.engine.workspace = -1;
    if (!parse_us(text, &c.us)) return false;
    *out = c;
    return true;
}

bool crema_gemm_choice_parse(const char *text, struct gemm_choice *out)
{
    struct gemm_choice c;

    if (!skip(&text, "algorithm")) return false;
    for (int i = 0; i < GEMM_WORDS; i++) {
        char word[17];

        if (strspn(text, "0123456789abcdef") < 16) return false;
        memcpy(word, text, 16);
        word[16] = '\0';
        c.word[i] = strtoull(word, NULL, 16);
        text += 16;
    }
    if (*text++ != ' ' || !parse_us(text, &c.us)) return false;
    *out = c;
    return true;
}
