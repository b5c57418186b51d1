/* console.c - log lines in glog's form and a status line for terminals. */
#include "console.h"

#include "base/clock.h"

#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

void console_open(struct console *console, const char *name, FILE *out)
{
    *console = (struct console){ .out = out, .name = name };
    console->terminal = isatty(fileno(out)) == 1;
    pthread_mutex_init(&console->lock, NULL);
}

/* The three that follow want the lock held. */

static void wipe(struct console *console)
{
    if (console->status[0]) fputs("\r\033[K", console->out);
}

static void draw(struct console *console)
{
    if (console->status[0]) fputs(console->status, console->out);
    fflush(console->out);
}

/* "I1122 07:20:01.123456  1234 name] " */
static void stamp(struct console *console, enum crema_log_level level)
{
    struct timeval now;
    struct tm tm;

    gettimeofday(&now, NULL);
    localtime_r(&now.tv_sec, &tm);
    fprintf(console->out, "%c%02d%02d %02d:%02d:%02d.%06ld %5ld %s] ",
            "IWE"[level], tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
            tm.tm_sec, (long)now.tv_usec, (long)gettid(), console->name);
}

void console_close(struct console *console)
{
    console_clear(console);
    pthread_mutex_destroy(&console->lock);
}

void console_clear(struct console *console)
{
    pthread_mutex_lock(&console->lock);
    wipe(console);
    console->status[0] = '\0';
    fflush(console->out);
    pthread_mutex_unlock(&console->lock);
}

void console_log(void *user, enum crema_log_level level, const char *line)
{
    struct console *console = user;

    pthread_mutex_lock(&console->lock);
    wipe(console);
    stamp(console, level);
    fprintf(console->out, "%s\n", line);
    draw(console);
    pthread_mutex_unlock(&console->lock);
}

void console_say(struct console *console, enum crema_log_level level,
                 const char *fmt, ...)
{
    char line[2048];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    console_log(console, level, line);
}

int console_failed(struct console *console, const struct crema_ctx *ctx)
{
    console_log(console, CREMA_ERROR, crema_ctx_message(ctx));
    return 1;
}

void console_word_time(double seconds, char *out, size_t size)
{
    long s = seconds < 1e8 ? (long)(seconds + 0.5) : 99999999;

    if (s >= 3600)
        snprintf(out, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, size, "%ld:%02ld", s / 60, s % 60);
}

static void word_progress(struct console *console, double now, uint64_t done,
                          uint64_t total)
{
    double elapsed = now - console->begun;
    double rate = elapsed > 0 ? (double)(done - console->first) / elapsed : 0;
    size_t size = sizeof console->status, used;
    char *out = console->status, left[32];

    if (total > 0)
        used = (size_t)snprintf(out, size, "%llu of %llu %s (%d%%)",
                                (unsigned long long)done,
                                (unsigned long long)total, console->what,
                                (int)(100.0 * (double)done / (double)total));
    else
        used = (size_t)snprintf(out, size, "%llu %s", (unsigned long long)done,
                                console->what);
    if (rate <= 0 || used >= size) return;
    used += (size_t)snprintf(out + used, size - used, ", %.*f/s",
                             rate < 10 ? 2 : 0, rate);
    if (total < done || used >= size) return;
    console_word_time((double)(total - done) / rate, left, sizeof left);
    snprintf(out + used, size - used, ", %s left", left);
}

/* A line that wraps could not be taken back. */
static void cut_to_width(struct console *console)
{
    struct winsize size = { 0 };
    size_t width = 80;

    if (ioctl(fileno(console->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        width = size.ws_col;
    if (width - 1 < sizeof console->status) console->status[width - 1] = '\0';
}

void console_progress(struct console *console, const char *what, uint64_t done,
                      uint64_t total)
{
    double now = crema_seconds();

    if (!console->terminal) return;
    pthread_mutex_lock(&console->lock);
    if (!console->what || strcmp(console->what, what) != 0 ||
        done < console->first) {
        console->what = what;
        console->begun = now;
        console->first = done;
        console->shown = 0;
    }
    if (now - console->shown >= 0.1 || (total > 0 && done == total)) {
        console->shown = now;
        wipe(console);
        word_progress(console, now, done, total);
        cut_to_width(console);
        draw(console);
    }
    pthread_mutex_unlock(&console->lock);
}

void console_status(struct console *console, const char *text)
{
    double now = crema_seconds();

    if (!console->terminal) return;
    pthread_mutex_lock(&console->lock);
    if (now - console->shown >= 0.1) {
        console->shown = now;
        wipe(console);
        snprintf(console->status, sizeof console->status, "%s", text);
        cut_to_width(console);
        draw(console);
    }
    pthread_mutex_unlock(&console->lock);
}
