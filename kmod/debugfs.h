/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module's face in debugfs. */
#ifndef FAULTDECK_DEBUGFS_H
#define FAULTDECK_DEBUGFS_H

int fdk_debugfs_start(void);
void fdk_debugfs_stop(void); /* waits for those who are in it */

#endif
