/* SPDX-License-Identifier: MIT */
/* tests/zoo/libnoeh.c: call frame information only in .debug_frame.
 *
 * build-flags: -fno-asynchronous-unwind-tables -fno-unwind-tables
 */
void noeh_call(void (*next)(void *), void *arg);

void noeh_call(void (*next)(void *), void *arg)
{
        volatile char room[200]; /* makes the frame too big to be found by chance */

        room[0] = 1;
        next(arg);
        room[1] = room[0];
}
