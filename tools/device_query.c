/* device_query.c - crema device_query: what there is to compute on. */
#include "device/module.h"
#include "job.h"
#include "verbs.h"

#include <unistd.h>

static enum crema_status show(struct job *job, const char *name)
{
    enum crema_status status = crema_device_open(job->ctx, name, 0, &job->dev);

    if (status == CREMA_OK)
        printf("%-8s%s\n", name, crema_device_name(job->dev));
    else
        printf("%-8snot usable: %s\n", name, crema_ctx_message(job->ctx));
    crema_device_free(job->dev);
    job->dev = NULL;
    return status;
}

static enum crema_status work(struct job *job, const char *gpu)
{
    const char *why = NULL;
    int gpus = crema_module_count(&why);
    enum crema_status status = show(job, "cpu");

    printf("        %ld cores\n", sysconf(_SC_NPROCESSORS_ONLN));
    if (gpus == 0) printf("cuda    none: %s\n", why ? why : "no GPU");
    for (int i = 0; i < gpus; i++) {
        char name[16];

        snprintf(name, sizeof name, "cuda:%d", i);
        (void)!show(job, name);
    }
    printf("ref     plain C: slow, the definition\n");
    if (status != CREMA_OK || !gpu || gpus > 0) return status;
    return crema_fail(job->ctx, CREMA_EDEVICE,
                      "--gpu %s: %s; --device cpu computes on the processor",
                      gpu, why ? why : "no GPU");
}

int verb_device_query(int argc, char **argv)
{
    const char *gpu = NULL;
    const struct flag table[] = {
        { "gpu", FLAG_TEXT, &gpu, "N|all",
          "as in Caffe; all are listed anyway" },
    };
    const struct flags flags = {
        "crema device_query",
        "",
        "Lists what there is to compute on.",
        table,
        sizeof table / sizeof *table,
        0,
        0,
    };
    struct job job;
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (!job_open(&job, "device_query")) return 1;
    return job_close(&job, work(&job, gpu));
}
