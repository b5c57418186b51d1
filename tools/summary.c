/* summary.c - crema summary. */
#include "verbs.h"

int verb_summary(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 2;
}
