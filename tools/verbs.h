/* verbs.h - crema's verbs, a function each: argv[0] is not looked at, the exit
 * status is returned. */
#ifndef CREMA_TOOLS_VERBS_H
#define CREMA_TOOLS_VERBS_H

int verb_augment(int argc, char **argv);
int verb_train(int argc, char **argv);
int verb_test(int argc, char **argv);
int verb_time(int argc, char **argv);
int verb_forward(int argc, char **argv);
int verb_features(int argc, char **argv);
int verb_filters(int argc, char **argv);
int verb_draw(int argc, char **argv);
int verb_plot(int argc, char **argv);
int verb_confusion(int argc, char **argv);
int verb_db(int argc, char **argv);
int verb_predict(int argc, char **argv);
int verb_summary(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_describe(int argc, char **argv);
int verb_device_query(int argc, char **argv);

#endif
