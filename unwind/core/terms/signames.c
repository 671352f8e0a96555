/* SPDX-License-Identifier: MIT */
#include "unwind/core/terms/signames.h"

#include <signal.h>
#include <stddef.h>

static const struct code_name {
        int signal; /* 0: any */
        int code;
        const char *name;
} code_names[] = {
        { SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR" },
        { SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR" },
        { SIGSEGV, SEGV_BNDERR, "SEGV_BNDERR" },
        { SIGSEGV, SEGV_PKUERR, "SEGV_PKUERR" },
        { SIGBUS, BUS_ADRALN, "BUS_ADRALN" },
        { SIGBUS, BUS_ADRERR, "BUS_ADRERR" },
        { SIGBUS, BUS_OBJERR, "BUS_OBJERR" },
        { SIGBUS, BUS_MCEERR_AR, "BUS_MCEERR_AR" },
        { SIGBUS, BUS_MCEERR_AO, "BUS_MCEERR_AO" },
        { SIGFPE, FPE_INTDIV, "FPE_INTDIV" },
        { SIGFPE, FPE_INTOVF, "FPE_INTOVF" },
        { SIGFPE, FPE_FLTDIV, "FPE_FLTDIV" },
        { SIGFPE, FPE_FLTOVF, "FPE_FLTOVF" },
        { SIGFPE, FPE_FLTUND, "FPE_FLTUND" },
        { SIGFPE, FPE_FLTRES, "FPE_FLTRES" },
        { SIGFPE, FPE_FLTINV, "FPE_FLTINV" },
        { SIGFPE, FPE_FLTSUB, "FPE_FLTSUB" },
        { SIGILL, ILL_ILLOPC, "ILL_ILLOPC" },
        { SIGILL, ILL_ILLOPN, "ILL_ILLOPN" },
        { SIGILL, ILL_ILLADR, "ILL_ILLADR" },
        { SIGILL, ILL_ILLTRP, "ILL_ILLTRP" },
        { SIGILL, ILL_PRVOPC, "ILL_PRVOPC" },
        { SIGILL, ILL_PRVREG, "ILL_PRVREG" },
        { SIGILL, ILL_COPROC, "ILL_COPROC" },
        { SIGILL, ILL_BADSTK, "ILL_BADSTK" },
        { SIGTRAP, TRAP_BRKPT, "TRAP_BRKPT" },
        { SIGTRAP, TRAP_TRACE, "TRAP_TRACE" },
        { SIGTRAP, TRAP_BRANCH, "TRAP_BRANCH" },
        { SIGTRAP, TRAP_HWBKPT, "TRAP_HWBKPT" },
        { SIGSYS, SYS_SECCOMP, "SYS_SECCOMP" },
        { 0, SI_USER, "SI_USER" },
        { 0, SI_KERNEL, "SI_KERNEL" },
        { 0, SI_QUEUE, "SI_QUEUE" },
        { 0, SI_TIMER, "SI_TIMER" },
        { 0, SI_MESGQ, "SI_MESGQ" },
        { 0, SI_ASYNCIO, "SI_ASYNCIO" },
        { 0, SI_SIGIO, "SI_SIGIO" },
        { 0, SI_TKILL, "SI_TKILL" },
};

const char *signames_code(int sig, int code)
{
        for (size_t i = 0; i < sizeof(code_names) / sizeof(code_names[0]); i++)
                if (code_names[i].code == code && (code_names[i].signal == sig || !code_names[i].signal))
                        return code_names[i].name;
        return NULL;
}

const char *signames_signal(int sig)
{
        static const char *const names[] = {
                [SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",       [SIGQUIT] = "SIGQUIT", [SIGILL] = "SIGILL",
                [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT",     [SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",
                [SIGKILL] = "SIGKILL", [SIGUSR1] = "SIGUSR1",     [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
                [SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM",     [SIGTERM] = "SIGTERM", [SIGSTKFLT] = "SIGSTKFLT",
                [SIGCHLD] = "SIGCHLD", [SIGCONT] = "SIGCONT",     [SIGSTOP] = "SIGSTOP", [SIGTSTP] = "SIGTSTP",
                [SIGTTIN] = "SIGTTIN", [SIGTTOU] = "SIGTTOU",     [SIGURG] = "SIGURG",   [SIGXCPU] = "SIGXCPU",
                [SIGXFSZ] = "SIGXFSZ", [SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF", [SIGWINCH] = "SIGWINCH",
                [SIGPOLL] = "SIGPOLL", [SIGPWR] = "SIGPWR",       [SIGSYS] = "SIGSYS",
        };

        return sig > 0 && (size_t)sig < sizeof(names) / sizeof(names[0]) ? names[sig] : NULL;
}

bool signames_has_sender(int code)
{
        return code == SI_USER || code == SI_QUEUE || code == SI_TKILL;
}

bool signames_has_address(int sig, int code)
{
        bool fault = sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL || sig == SIGTRAP;

        return fault && code > 0 && code != SI_KERNEL;
}
