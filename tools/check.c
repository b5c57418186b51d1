/* check.c - crema check. */
#include "verbs.h"

int verb_check(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 2;
}
