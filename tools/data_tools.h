/* data_tools.h - the programs that make databases, as functions: each is a
 * verb of crema, and two are programs of their own.  argv[0] is not looked at;
 * the exit status is returned. */
#ifndef CREMA_TOOLS_DATA_TOOLS_H
#define CREMA_TOOLS_DATA_TOOLS_H

int tool_convert_imageset(int argc, char **argv);
int tool_compute_image_mean(int argc, char **argv);
int tool_convert(int argc, char **argv);

#endif
