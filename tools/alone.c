/* alone.c - the main function of a program that is one tool alone; the build
 * says which, as CREMA_TOOL. */
#include "data_tools.h"

int main(int argc, char **argv)
{
    return CREMA_TOOL(argc, argv);
}
