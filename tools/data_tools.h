/* data_tools.h - Caffe's other programs, as functions: verbs of crema, or
 * programs of their own, or both.  argv[0] is not looked at;
 * the exit status is returned. */
#ifndef CREMA_TOOLS_DATA_TOOLS_H
#define CREMA_TOOLS_DATA_TOOLS_H

int tool_convert_imageset(int argc, char **argv);
int tool_compute_image_mean(int argc, char **argv);
int tool_convert(int argc, char **argv);
int tool_extract_features(int argc, char **argv);
int tool_upgrade(int argc, char **argv);
int tool_upgrade_net_proto_text(int argc, char **argv);
int tool_upgrade_net_proto_binary(int argc, char **argv);
int tool_upgrade_solver_proto_text(int argc, char **argv);

#endif
