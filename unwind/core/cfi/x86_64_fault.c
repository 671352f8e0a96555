/* SPDX-License-Identifier: MIT */
#include "unwind/core/cfi/arch_fault.h"

enum arch_access arch_fault_access(uint64_t trap, uint64_t error)
{
        if (trap != ARCH_TRAP_PAGE_FAULT)
                return ARCH_ACCESS_UNKNOWN;
        if (error & ARCH_FAULT_EXECUTE)
                return ARCH_ACCESS_EXECUTE;
        return error & ARCH_FAULT_WRITE ? ARCH_ACCESS_WRITE : ARCH_ACCESS_READ;
}

bool arch_fault_is_protection(uint64_t trap)
{
        return trap == ARCH_TRAP_PROTECTION;
}

bool arch_fault_is_stack_protection(uint64_t trap)
{
        return trap == ARCH_TRAP_STACK_SEGMENT;
}

bool arch_is_canonical(uint64_t address, uint32_t size)
{
        uint64_t last = address + (size ? size - 1 : 0);

        return (address + (UINT64_C(1) << 47)) >> 48 == 0 && (last + (UINT64_C(1) << 47)) >> 48 == 0;
}

/* Intel SDM volume 2, 2.1.1: legacy prefixes precede the opcode, in any order. */
static bool is_prefix(uint8_t byte)
{
        static const uint8_t prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 };

        for (size_t i = 0; i < sizeof(prefixes); i++)
                if (byte == prefixes[i])
                        return true;
        return false;
}

bool arch_code_is_flat(const uint8_t *code, size_t n)
{
        size_t i;

        for (i = 0; i < n && is_prefix(code[i]); i++)
                if (code[i] == 0x64 || code[i] == 0x65) /* fs, gs */
                        return false;
        return i < n;
}

/* Intel SDM volume 2: HLT, CLI, STI, IN, OUT, each of one byte of opcode. Missing privilege is the only
 * reason why they fault; INS and OUTS have memory operands too. */
bool arch_code_is_privileged(const uint8_t *code, size_t n)
{
        static const uint8_t opcodes[] = { 0xf4, 0xfa, 0xfb, 0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee, 0xef };

        for (size_t i = 0; n && i < sizeof(opcodes); i++)
                if (code[0] == opcodes[i])
                        return true;
        return false;
}
