# SPDX-License-Identifier: MIT
# SIGBUS, by what is missing: the end of the file, room for a page, a huge page, a page of userfaultfd(2), an answer of the file system.
# The explanation says what was looked at, and the rest is a guess.
# mounts: own
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export CRASHPRE_STDERR=none LIMIT=20
        mnt='' server=''
}

teardown() {
        [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
        [ -z "$mnt" ] || umount -l "$mnt" 2>/dev/null || true
}

# can WORD: the kernel has what the word needs.
can() {
        run "$(zoo)" "$1"
        [ "$status" != 2 ] || skip "$output"
        [ "$status" != 0 ] || skip "$1 does not crash here"
}

# report_is CLASS WORDS: of the one report, whose raw report says the same or unknown.
report_is() {
        local report
        report=$(the_report)
        assert_json "$report" ".fault.class == \"$1\""
        assert_json "$report" ".fault.explanation | test(\"$2\")"
        [[ $(raw_value "$(raw_report)" cause class) == @("$1"|unknown) ]] || fail "raw class: $(raw_value "$(raw_report)" cause class)"
}

# small_tmpfs: at $mnt.
small_tmpfs() {
        can_mount
        mkdir "$T/small"
        mount -t tmpfs -o size=1m,mode=1777 none "$T/small"
        mnt=$T/small
}

@test "a tmpfs that is full: no room, not a truncated file" {
        small_tmpfs
        run -135 preloaded crasher filled-file "$mnt/file"
        report_is bus-no-memory "byte 1048576 of the mapped file $mnt/file, which is 134217728 bytes long, and the tmpfs at $mnt is full \\\\(0 of 1 MiB free\\\\): there was no room for the page"
}

@test "a tmpfs that is full, the file deleted, by an unprivileged user: no room" {
        small_tmpfs
        open_to_nobody
        for how in deleted "deleted closed"; do
                fresh_reports
                open_to_nobody
                # shellcheck disable=SC2086 # one or two words
                run -135 as_nobody env LD_PRELOAD="$preload" "$(zoo)" filled-file "$mnt/file" $how
                report_is bus-no-memory "the tmpfs at $mnt is full \\\\(0 of 1 MiB free\\\\): (most likely )?there was no room"
        done
}

@test "a disk that is full: most likely no room" {
        can_mount
        need mkfs.ext4
        truncate -s 64M "$T/disk"
        mkfs.ext4 -q -b 4096 "$T/disk"
        mkdir "$T/full"
        mount -o loop "$T/disk" "$T/full" 2>/dev/null || skip "no loop devices here"
        mnt=$T/full
        run -135 preloaded crasher filled-file "$mnt/file"
        report_is bus-no-memory "the ext4 at $mnt is full \\\\(0 of [0-9]+ MiB free\\\\): most likely there was no room for the page"
}

@test "a file that was never as long as its mapping: that is not excluded" {
        run -135 preloaded crasher short-file "$T/short"
        report_is bus-file-truncated "byte 4103 of the mapped file $T/short, which is 100 bytes long now: it was truncated after it was mapped, or never was longer"
}

@test "a memfd truncated by an unprivileged user, its descriptor closed: most likely truncated" {
        [ "$(id -u)" = 0 ] || skip "needs root to become another user"
        open_to_nobody
        run -135 as_nobody env LD_PRELOAD="$preload" "$(zoo)" bus
        report_is bus-file-truncated "whose length is not known: most likely it was truncated"
}

@test "no huge page is free: class and explanation" {
        can huge-page
        run -135 preloaded crasher huge-page
        report_is bus-no-memory "in anonymous memory, in memory of 2 MiB pages, and the system has no free one"
}

@test "a page left to userfaultfd: class, and the cause as a guess" {
        can unfilled-page
        run -135 preloaded crasher unfilled-page
        report_is bus-no-memory "userfaultfd\\\\(2\\\\): most likely"
}

@test "a page poisoned by userfaultfd: no defect of the machine is claimed" {
        can poisoned-page
        run -135 preloaded crasher poisoned-page
        report_is bus-memory-failure "most likely.*UFFDIO_POISON"
}

@test "a file whose server has died: its page could not be read, as a guess, in time" {
        [ "$(id -u)" = 0 ] || skip "needs root to mount a file system"
        [ -e /dev/fuse ] || skip "no /dev/fuse here"
        mkdir "$T/files" "$T/mnt"
        head -c 1M /dev/zero >"$T/files/file"
        "$tools/hungfs" "$T/files" "$T/mnt" >"$T/served" 2>"$T/why" 3>&- </dev/null &
        server=$!
        mnt=$T/mnt
        wait_until 10 test -s "$T/served"
        run -135 preloaded crasher unserved-file "$mnt/file" "$server"
        report_is unknown "mapped file $mnt/file.*most likely"
}
