/* SPDX-License-Identifier: MIT */
#include "preload/base/sandbox.h"
#include "preload/base/startup.h"

STARTUP_DATA static bool entered = false;

void sandbox_enter(void)
{
        entered = true;
}

bool sandbox_entered(void)
{
        return entered;
}
