/* SPDX-License-Identifier: MIT */
/* report/fault/backing.h: where a page that could not be had should have come from: a file, its file system, huge pages, or a
 * userfaultfd(2).
 *
 * SIGBUS with BUS_ADRERR says only that the address is mapped and there is no page: see shmem_fault(), hugetlb_no_page(),
 * filemap_fault() and the page_mkwrite() of file systems in Linux. What is looked at is the state after the fault: members that
 * cannot be determined are left unset.
 */
#ifndef CRASHPRE_REPORT_BACKING_H
#define CRASHPRE_REPORT_BACKING_H

#include "report/model/model.h"
#include "unwind/target/mountinfo.h"
#include "unwind/target/target.h"

enum backing_content { CONTENT_UNKNOWN, CONTENT_HOLE, CONTENT_DATA };

struct backing {
        bool mapped; /* anything is mapped there; the rest is unset if not */
        bool file;
        bool nowhere;     /* the file has no name: memfd_create(2), shared anonymous memory, ... */
        bool device;      /* VmFlags io or pf (proc(5)) */
        bool no_answer;   /* its file server */
        bool userfault;   /* registered for missing or minor faults */
        bool marked;      /* not present, but not missing: swapped out, or marked as unusable */
        bool huge;        /* of huge pages */
        bool huge_failed; /* their number could be read, and none is free */
        bool committed;   /* vm.overcommit_memory is 2 */
        uint64_t page_size;
        struct known_u64 offset;      /* of the bad address in the file */
        struct known_u64 size;        /* of the file now */
        enum backing_content content; /* of the file at `offset` */
        enum mount_kind kind;
        char type[24], point[256];          /* of its file system; "" unknown or none */
        struct known_u64 room;              /* bytes that the file system has free for the process */
        uint64_t capacity;                  /* 0: no limit */
        struct known_u64 committed_percent; /* of what can be */
};

/* The explanations, in the order in which they are tried. */
enum backing_cause {
        BACKING_UNKNOWN,
        BACKING_ENDS_BEFORE, /* the file ends before the page */
        BACKING_MARKED,      /* the kernel has lost the page, or it was told that it is unusable */
        BACKING_USERFAULT,   /* a page is missing that the program itself has to provide */
        BACKING_NO_HUGE_PAGE,
        BACKING_FULL,           /* a file system in memory has no room */
        BACKING_MAY_BE_FULL,    /* a file system has no room, or had none; something else is possible */
        BACKING_MAY_END_BEFORE, /* the size of the file is not known, and nothing else is the matter */
        BACKING_UNREADABLE,     /* the file has the page */
        BACKING_DEVICE,
};

/* Examines what is mapped at `address`. Asks no file server; see mountinfo.h. */
void backing_look(struct target *t, uint64_t address, struct backing *out);

/* `reads`: the access was a read, for which a file system on a disk needs no room. */
enum backing_cause backing_cause(const struct backing *b, bool reads);

#endif
