/* step.c - training steps that nobody waits for: their losses stay on the
 * device until they are asked for. */
#include "device/backend.h"
#include "net/feed.h"

bool crema_net_is_deferring(const struct crema_net *net)
{
    return net->program && net->program->ring;
}

/* Has it ops that run on the host, such as those that find a size? */
static bool waits(const struct crema_program *p)
{
    for (int i = 0; i < p->nops; i++)
        if (p->op[i]->call && p->op[i]->call->waits) return true;
    return false;
}

/* Stage by stage: a forward pass may have to be repeated. */
static enum crema_status by_stages(struct crema_net *net,
                                   const struct crema_rates *rates)
{
    CREMA_TRY(crema_net_forward(net));
    CREMA_TRY(crema_net_set_rate(net, rates));
    CREMA_TRY(crema_net_backward(net));
    return crema_net_update(net);
}

enum crema_status crema_net_step(struct crema_net *net,
                                 const struct crema_rates *rates)
{
    if (!net->prepared || waits(net->program)) return by_stages(net, rates);
    CREMA_TRY(crema_net_feed(net));
    CREMA_TRY(crema_program_set_step(net->program, net->passes++));
    CREMA_TRY(crema_program_set_rate(net->program, rates));
    return crema_program_run(net->program, CREMA_FORWARD, CREMA_UPDATE,
                             net->watch, net->watch_user);
}

enum crema_status crema_net_read_losses(struct crema_net *net)
{
    uint32_t pass = net->ring_since;
    float ring[1 + CREMA_RING];

    if (!crema_net_is_deferring(net) || !net->prepared) return CREMA_OK;
    CREMA_TRY(crema_program_read_ring(net->program, ring));
    if (net->passes - pass > CREMA_RING) pass = net->passes - CREMA_RING;
    for (; pass != net->passes; pass++)
        net->past[pass % CREMA_RING] = ring[1 + pass % CREMA_RING];
    net->broken |= ring[0] != 0;
    return CREMA_OK;
}
