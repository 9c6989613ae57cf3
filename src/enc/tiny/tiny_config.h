/* Settings of the encoder for small machines: those of the big one that it has. */
#ifndef AVO_ENC_TINY_TINY_CONFIG_H
#define AVO_ENC_TINY_TINY_CONFIG_H

#include <avocet/encoder.h>
#include "base/status.h"

/* Checks the settings and fills in what stands for "choose". adjusted (may be NULL): bit i, what
 * avo_tiny_adjustment(i) says. Running it again on the result changes nothing. */
int avo_tiny_config_settle(AvocetEncoderConfig *config, uint32_t *adjusted, AvoMessage *msg);
const char *avo_tiny_adjustment(int bit);
/* As avocet_encoder_config_set; live: only options that may change while the encoder runs. */
int avo_tiny_config_read(AvocetEncoderConfig *config, const char *name, const char *value,
                         bool live, AvoMessage *msg);

#endif
