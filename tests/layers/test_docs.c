/* test_docs.c - every layer is documented, and the documents tell the truth:
 * they name the schema's fields, all of them, and their examples build. */
#include "net/net.h"
#include "page.h"
#include "proto/message.h"
#include "proto/text.h"
#include "solver/solver.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 60, COLUMNS = 80 };

/* Is `name` one of the words? */
static bool listed(const char *words, const char *name, size_t n)
{
    for (const char *w = words; w && *w; w += strcspn(w, " ")) {
        w += strspn(w, " ");
        if (strcspn(w, " ") == n && !memcmp(w, name, n)) return true;
    }
    return false;
}

static int times_named(const struct crema_param_doc *m, const char *name,
                       size_t n)
{
    int times = listed(m->ignored, name, n) + listed(m->refused, name, n);

    for (const struct crema_field_doc *f = m->fields; f && f->name; f++)
        times += strlen(f->name) == n && !memcmp(f->name, name, n);
    return times;
}

static void look_up(const char *layer, const ProtobufCMessageDescriptor *d,
                    const char *name, size_t n)
{
    ck_assert_msg(crema_field_find(d, name, n), "%s: %s has no field %.*s",
                  layer, d->short_name, (int)n, name);
}

static void look_up_words(const char *layer,
                          const ProtobufCMessageDescriptor *d,
                          const char *words)
{
    while (words && *words) {
        size_t n = strcspn(words, " ");

        look_up(layer, d, words, n);
        words += n + strspn(words + n, " ");
    }
}

static void check_param(const char *layer, const struct crema_param_doc *m)
{
    const ProtobufCMessageDescriptor *d = page_message(m->message);

    ck_assert_msg(d, "%s: LayerParameter has no message %s", layer, m->message);
    for (unsigned i = 0; i < d->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &d->fields[i];
        int times = times_named(m, f->name, crema_field_name(f));

        ck_assert_msg(times == 1, "%s: %s is documented %d times", layer,
                      f->name, times);
    }
    for (const struct crema_field_doc *f = m->fields; f && f->name; f++) {
        look_up(layer, d, f->name, strlen(f->name));
        ck_assert_msg(strlen(f->meaning) > 3, "%s: %s", layer, f->name);
    }
    look_up_words(layer, d, m->ignored);
    look_up_words(layer, d, m->refused);
}

START_TEST(every_field_is_documented)
{
    const struct crema_layer_type *t;

    for (int i = 0; (t = crema_layer_nth(i)); i++) {
        ck_assert_msg(t->doc, "%s has no doc", t->name);
        for (int k = 0; k < CREMA_DOC_PARAMS && t->doc->params[k]; k++)
            check_param(t->name, t->doc->params[k]);
    }
}
END_TEST

/* Those named are within what the table allows, those needed are there. */
static void check_blobs(const char *layer, const char *what, int least,
                        int most, const struct crema_field_doc *b)
{
    int n = 0, needed = 0;

    for (; n < CREMA_DOC_BLOBS && b[n].name; n++) {
        ck_assert_msg(b[n].meaning, "%s: %s %s", layer, what, b[n].name);
        needed += strncmp(b[n].meaning, "optional", 8) != 0;
    }
    if (most > CREMA_DOC_BLOBS) most = -1;
    ck_assert_msg(most < 0 || n == most, "%s: %d of %d %s are documented",
                  layer, n, most, what);
    ck_assert_msg(needed >= least, "%s: %d %s in the example, %d are needed",
                  layer, needed, what, least);
}

START_TEST(every_blob_is_documented)
{
    const struct crema_layer_type *t;

    for (int i = 0; (t = crema_layer_nth(i)); i++) {
        ck_assert_uint_le(strlen(t->doc->line), LINE);
        check_blobs(t->name, "bottoms", t->min_bottoms, t->max_bottoms,
                    t->doc->bottoms);
        check_blobs(t->name, "tops", t->min_tops, t->max_tops, t->doc->tops);
    }
}
END_TEST

/* ---- examples --------------------------------------------------------------
 */

/* The example behind Input layers that make its bottoms. */
static char *net_of(const struct crema_layer_type *t)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(out);
    for (int i = 0; i < CREMA_DOC_BLOBS && t->doc->bottoms[i].name; i++)
        fprintf(out, "layer { name: \"in%d\" type: \"Input\" top: \"%s\" }\n",
                i, t->doc->bottoms[i].name);
    page_example(out, t);
    fclose(out);
    return text;
}

START_TEST(every_example_builds)
{
    const struct crema_net_options train = { .train = true }, test = { 0 };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    const struct crema_layer_type *t;
    struct crema_device *dev;

    ck_assert_int_eq(crema_device_open(ctx, "ref", 1, &dev), CREMA_OK);
    for (int i = 0; (t = crema_layer_nth(i)); i++) {
        char *text = net_of(t);
        struct crema_source *source;
        struct crema_world *world;
        ProtobufCMessage *param;
        struct crema_net *net = NULL;

        ck_assert_msg(crema_text_read(ctx, t->name, text, strlen(text),
                                      &crema__net_parameter__descriptor,
                                      CREMA_TEXT_STRICT, &param,
                                      &source) == CREMA_OK,
                      "%s", crema_ctx_message(ctx));
        ck_assert_int_eq(crema_world_open(ctx, dev, 1, &world), CREMA_OK);
        world->lender.opens_data = false;
        world->lender.no_values = true;
        ck_assert_msg(crema_net_build(
                          world, (Crema__NetParameter *)param, source,
                          t->doc->kind == CREMA_LAYER_MEASURE ? &test : &train,
                          &net) == CREMA_OK,
                      "%s\n%s", crema_ctx_message(ctx), text);
        crema_net_free(net);
        crema_world_free(world);
        crema_source_free(source);
        free(text);
    }
    crema_device_free(dev);
    crema_ctx_free(ctx);
}
END_TEST

/* ---- pages ------------------------------------------------------------------
 */

static char *page_of(const struct crema_layer_type *t,
                     const struct crema_page_doc *d, bool markdown)
{
    char *text = NULL;
    size_t size;
    struct page page = { open_memstream(&text, &size), markdown };

    ck_assert_ptr_nonnull(page.out);
    if (t)
        page_layer(&page, t);
    else
        page_shared(&page, d);
    fclose(page.out);
    return text;
}

static void check_width(const char *name, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");

        ck_assert_msg(n <= COLUMNS, "%s: %zu columns: %.*s", name, n, (int)n,
                      text);
        ck_assert_msg(n == 0 || text[n - 1] != ' ', "%s: a blank ends: %.*s",
                      name, (int)n, text);
        text += n + (text[n] != '\0');
    }
}

START_TEST(pages_fit_a_terminal)
{
    const struct crema_layer_type *t;
    char *text;

    for (int i = 0; (t = crema_layer_nth(i)); i++) {
        text = page_of(t, NULL, false);
        check_width(t->name, text);
        ck_assert_ptr_nonnull(strstr(text, t->name));
        free(text);
    }
    text = page_of(NULL, &crema_solver_page, false);
    check_width("solver", text);
    free(text);
    text = page_of(NULL, &crema_layer_page, false);
    check_width("common", text);
    free(text);
}
END_TEST

/* Types and defaults are the schema's. */
START_TEST(pages_have_types_and_defaults)
{
    char *text = page_of(crema_layer_find("Pooling"), NULL, false);

    ck_assert_ptr_nonnull(strstr(text, "  kernel_size: uint32\n"));
    ck_assert_ptr_nonnull(strstr(text, "  stride: uint32 = 1\n"));
    ck_assert_ptr_nonnull(strstr(text, "  round_mode: CEIL | FLOOR = CEIL\n"));
    ck_assert_ptr_nonnull(strstr(text, "  ceil_mode: bool = true\n"));
    ck_assert_ptr_nonnull(strstr(text, "Tops: 1 to 2\n"));
    free(text);
    text = page_of(crema_layer_find("Exp"), NULL, true);
    ck_assert_ptr_nonnull(strstr(text, "| `base` | float = -1 |"));
    free(text);
    text = page_of(crema_layer_find("Pooling"), NULL, true);
    ck_assert_ptr_nonnull(strstr(text, "| CEIL \\| FLOOR = CEIL |"));
    free(text);
}
END_TEST

static void check_shared(const struct crema_page_doc *d)
{
    for (const struct crema_page_part *p = d->parts; p->message; p++)
        for (const struct crema_field_doc *f = p->fields; f->name; f++)
            look_up(d->name, p->message, f->name, strlen(f->name));
}

/* Of Caffe's own fields none is left out: those numbered up to `last`. */
static void check_caffes(const struct crema_page_part *p, unsigned last)
{
    for (unsigned i = 0; i < p->message->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &p->message->fields[i];
        struct crema_param_doc m = { .fields = p->fields };

        ck_assert_msg(f->id > last ||
                          times_named(&m, f->name, crema_field_name(f)) == 1,
                      "%s", f->name);
    }
}

START_TEST(shared_pages_name_real_fields)
{
    check_shared(&crema_layer_page);
    check_shared(&crema_solver_page);
    check_caffes(&crema_solver_page.parts[0], 42);
    check_caffes(&crema_layer_page.parts[1], 4); /* param */
    check_caffes(&crema_layer_page.parts[2], 5); /* include */
    check_caffes(&crema_layer_page.parts[3], 8); /* fillers */
    check_caffes(&crema_layer_page.parts[4], 7); /* transform_param */
}
END_TEST

int main(void)
{
    Suite *s = suite_create("docs");
    TCase *t = tcase_create("all");

    tcase_add_test(t, every_field_is_documented);
    tcase_add_test(t, every_blob_is_documented);
    tcase_add_test(t, every_example_builds);
    tcase_add_test(t, pages_fit_a_terminal);
    tcase_add_test(t, pages_have_types_and_defaults);
    tcase_add_test(t, shared_pages_name_real_fields);
    suite_add_tcase(s, t);
    return run_suite(s);
}
