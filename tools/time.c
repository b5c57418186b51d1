/* time.c - crema time. */
#include "verbs.h"

int verb_time(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 2;
}
