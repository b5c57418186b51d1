/* predict.c - crema predict. */
#include "verbs.h"

int verb_predict(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 2;
}
