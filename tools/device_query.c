/* device_query.c - crema device_query. */
#include "verbs.h"

int verb_device_query(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 2;
}
