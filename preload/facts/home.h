/* SPDX-License-Identifier: MIT */
/* preload/facts/home.h: what the library executes at a crash, determined when it is loaded: the helper's path and identity, and the
 * root directory in which that path is meant.
 *
 * A program may change its root directory (chroot(2), pivot_root(2)) to one whose files belong to somebody else, while it still
 * has privileges: nothing is executed by a path there.
 */
#ifndef CRASHPRE_PRELOAD_HOME_H
#define CRASHPRE_PRELOAD_HOME_H

#include "preload/base/fileid.h"

struct home {
        const char *helper; /* absolute path; "" unknown */
        struct fileid helper_file, root;
};

extern struct home home; /* read-only after home_load() */

/* Finds the helper: CRASHPRE_HELPER, else relative to this library. Called at load time, after settings_load() and next_init(). */
void home_load(void);

/* Whether the root directory is another one than at load time, or cannot be compared. Async-signal-safe. */
static inline bool home_root_has_changed(void)
{
        struct fileid now;

        fileid_read(AT_FDCWD, "/", &now);
        return !fileid_same_inode(&now, &home.root);
}

#endif
