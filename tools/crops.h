/* crops.h - a net measured on ten cuts of each picture.
 *
 * Its layers are parted in two.  Those that labels, or what is made of them,
 * go into measure; all others are built anew for batches of which each record
 * has CREMA_CROPS rows.  Of each blob that both have, rows of a record become
 * one:
 *
 *   out of a Softmax   the mean of the rows
 *   else, scores       log of the mean of the rows' softmax
 *
 * so that a SoftmaxWithLoss gives -log of the mean probability, whatever its
 * loss_param, and an Accuracy ranks the mean probabilities.
 */
#ifndef CREMA_TOOLS_CROPS_H
#define CREMA_TOOLS_CROPS_H

#include "job.h"

struct crops;

/* Reads the definition twice; job->param and job->net are those of the rows,
 * with a batch of as many rows as the net's own, or few more. */
enum crema_status crops_open(struct job *, const struct model_flags *,
                             const struct net_wishes *,
                             struct crops **out) CREMA_MUST_USE;
void crops_free(struct crops *); /* before job_close; accepts NULL */

/* After a forward pass of job->net: the same batch through what measures. */
enum crema_status crops_measure(struct crops *) CREMA_MUST_USE;
/* The part that measures; NULL before the first batch. */
struct crema_net *crops_net(const struct crops *);

/* How many records a layer takes at a time, where it reads any. */
void crops_set_batch(Crema__LayerParameter *, uint32_t records);

#endif
