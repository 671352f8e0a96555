/* SPDX-License-Identifier: MIT */
/* hold_exec FILE: a process that executes FILE waits in execve(2) until this program ends, as on a file server that
 * does not answer (fanotify(7), FAN_OPEN_EXEC_PERM). Prints "ready" once this is active; exits after a minute. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        int fd;

        if (argc != 2)
                return 2;
        fd = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN_EXEC_PERM, AT_FDCWD, argv[1])) {
                perror("hold_exec");
                return 3;
        }
        puts("ready");
        fflush(stdout);
        sleep(60);
        return 0;
}
