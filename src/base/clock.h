/* clock.h - elapsed time.  Floor 0. */
#ifndef CREMA_BASE_CLOCK_H
#define CREMA_BASE_CLOCK_H

/* Seconds since some fixed moment; never goes back. */
double crema_seconds(void);

#endif
