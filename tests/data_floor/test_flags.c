/* test_flags.c - the programs' command line: what is taken, what is refused. */
#include "flags.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a table's flags are read into. */
struct values {
    bool gray, color;
    long width;
    double rate;
    const char *model;
    int phase;
    struct flag_list set;
};

struct outcome {
    struct values values;
    int status, words;
    char *said; /* on stderr */
    const char *argv[16];
};

/* Parses words, which NULL ends. */
static struct outcome parse(const char *const *words)
{
    struct outcome out = { .values = { .color = true, .phase = -1 } };
    struct values *v = &out.values;
    const struct flag table[] = {
        { "gray", FLAG_BOOL, &v->gray, NULL, "grey" },
        { "color", FLAG_BOOL, &v->color, NULL, "colour" },
        { "resize_width", FLAG_INT, &v->width, "N", "width" },
        { "rate", FLAG_REAL, &v->rate, "R", "rate" },
        { "model", FLAG_TEXT, &v->model, "FILE", "model" },
        { "phase", FLAG_CHOICE, &v->phase, "TRAIN|TEST", "phase" },
        { "set", FLAG_LIST, &v->set, "F=V", "fields" },
    };
    const struct flags flags = {
        "prog", "A [B]", "Does it.", table, sizeof table / sizeof *table, 0, 2
    };
    FILE *kept = stderr;
    size_t size;
    int argc = 1;

    out.argv[0] = "prog";
    for (; *words; words++) out.argv[argc++] = *words;
    stderr = open_memstream(&out.said, &size);
    out.status = flags_parse(&flags, &argc, (char **)out.argv);
    fclose(stderr);
    stderr = kept;
    out.words = argc - 1;
    return out;
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(all_spellings)
{
    struct outcome o = PARSE("--resize_width", "7", "-rate=0.5", "one",
                             "--model=a=b", "-gray", "--nocolor", "two");

    ck_assert_int_eq(o.status, -1);
    ck_assert_int_eq(o.values.width, 7);
    ck_assert_double_eq(o.values.rate, 0.5);
    ck_assert_str_eq(o.values.model, "a=b");
    ck_assert(o.values.gray && !o.values.color);
    ck_assert_int_eq(o.words, 2);
    ck_assert_str_eq(o.argv[1], "one");
    ck_assert_str_eq(o.argv[2], "two");
    free(o.said);
}
END_TEST

START_TEST(dashes_in_names_bools_and_choices)
{
    struct outcome o = PARSE("--resize-width=-3", "--gray=true", "--color=0",
                             "--phase", "test", "--", "-x");

    ck_assert_int_eq(o.status, -1);
    ck_assert_int_eq(o.values.width, -3);
    ck_assert(o.values.gray && !o.values.color);
    ck_assert_int_eq(o.values.phase, 1);
    ck_assert_int_eq(o.words, 1);
    ck_assert_str_eq(o.argv[1], "-x");
    free(o.said);
}
END_TEST

START_TEST(lists_keep_their_order)
{
    struct outcome o = PARSE("--set", "a=1", "--set=b=2");

    ck_assert_int_eq(o.status, -1);
    ck_assert_uint_eq(o.values.set.count, 2);
    ck_assert_str_eq(o.values.set.items[0], "a=1");
    ck_assert_str_eq(o.values.set.items[1], "b=2");
    flag_list_free(&o.values.set);
    free(o.said);
}
END_TEST

static const struct {
    const char *word, *next, *message;
} refused[] = {
    { "--rezise_width", "3",
      "prog: unknown flag --rezise_width, did you mean --resize_width?" },
    { "--zzzzzz", NULL, "prog: unknown flag --zzzzzz (" },
    { "--nomodel", NULL, "prog: unknown flag --nomodel" },
    { "--model", NULL, "prog: --model wants a value" },
    { "--resize_width=ten", NULL,
      "prog: --resize_width wants a whole number, got \"ten\"" },
    { "--resize_width=", NULL, "wants a whole number, got \"\"" },
    { "--resize_width=99999999999999999999", NULL, "wants a whole number" },
    { "--rate", "fast", "prog: --rate wants a number, got \"fast\"" },
    { "--gray=maybe", NULL, "prog: --gray wants true or false" },
    { "--phase", "VAL", "prog: --phase wants TRAIN|TEST, got \"VAL\"" },
};

START_TEST(refusals)
{
    struct outcome o = PARSE(refused[_i].word, refused[_i].next);

    ck_assert_int_eq(o.status, 2);
    ck_assert_msg(strstr(o.said, refused[_i].message) != NULL, "%s", o.said);
    ck_assert_ptr_eq(strchr(o.said, '\n'), o.said + strlen(o.said) - 1);
    free(o.said);
}
END_TEST

START_TEST(too_many_words)
{
    struct outcome o = PARSE("a", "b", "c");

    ck_assert_int_eq(o.status, 2);
    ck_assert_msg(strstr(o.said, "what to do with \"c\"") != NULL, "%s",
                  o.said);
    free(o.said);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("flags");
    TCase *t = tcase_create("flags");

    tcase_add_test(t, all_spellings);
    tcase_add_test(t, dashes_in_names_bools_and_choices);
    tcase_add_test(t, lists_keep_their_order);
    tcase_add_loop_test(t, refusals, 0, sizeof refused / sizeof *refused);
    tcase_add_test(t, too_many_words);
    suite_add_tcase(s, t);
    return run_suite(s);
}
