/* plugin_other_abi.c - a plugin as an older crema's headers would make it. */
#include "layers/plugin.h"

const struct crema_plugin *crema_plugin(void)
{
    static const struct crema_layer_type *const none[] = { NULL };
    static const struct crema_plugin plugin = { CREMA_PLUGIN_ABI,
                                                CREMA_PLUGIN_LAYOUT - 1, none };

    return &plugin;
}
