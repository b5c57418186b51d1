/* number.h - how numbers are worded in logs and tables.  Floor 0. */
#ifndef CREMA_BASE_NUMBER_H
#define CREMA_BASE_NUMBER_H

/* As short as it can be, but at least as exact as six digits, and read back
 * the same float: "0.05", "1.9405446". */
enum { CREMA_NUMBER_TEXT = 32 };
const char *crema_number_text(float, char out[CREMA_NUMBER_TEXT]);

#endif
