/* SPDX-License-Identifier: MIT */
/* Constructed unwind tables: every pointer encoding, every width of the search table, every version of a CIE,
 * .debug_frame, and malformed variants of each. Then DWARF expressions, one operation per line. */
#include "tests/unit/buffer_space.h"
#include "tests/unit/tap.h"
#include "unwind/core/cfi/internal.h"

#define BIAS 0x10000u    /* the code */
#define HDR 0x1000u      /* .eh_frame_hdr and */
#define EH 0x2000u       /* .eh_frame are near 0, so that an absolute two-byte pointer can refer to them */
#define POINTERS 0x3800u /* target of indirect pointers */
#define FUNCTIONS 5
#define CODE(i) (0x4000u + 0x100u * (unsigned)(i)) /* function i covers 0x80 bytes from here */
#define CODE_SIZE 0x80u

struct bytes {
        uint64_t at; /* address of data[0] */
        size_t len;
        uint8_t data[2048];
};

static struct bytes hdr, eh, pointers;
static uint64_t eh_at = EH;

static void put(struct bytes *b, uint64_t value, size_t size)
{
        for (size_t i = 0; i < size; i++)
                b->data[b->len++] = (uint8_t)(value >> (8 * i));
}

static void put_leb(struct bytes *b, int64_t value, bool is_signed)
{
        for (;;) {
                uint8_t byte = value & 0x7f;

                value = is_signed ? value >> 7 : (int64_t)((uint64_t)value >> 7);
                if (is_signed ? (value == 0 && !(byte & 0x40)) || (value == -1 && (byte & 0x40)) : value == 0) {
                        put(b, byte, 1);
                        return;
                }
                put(b, byte | 0x80, 1);
        }
}

/* Independent of the code under test. */
static size_t format_size(uint8_t format)
{
        static const uint8_t size[16] = { [0] = 8, [2] = 2, [3] = 4, [4] = 8, [8] = 8, [10] = 2, [11] = 4, [12] = 8 };

        return size[format];
}

static void put_pointer(struct bytes *b, uint8_t encoding, uint64_t value)
{
        uint8_t format = encoding & CFI_PE_FORMAT;

        if (encoding & CFI_PE_INDIRECT) {
                put(&pointers, value, 8);
                value = POINTERS + pointers.len - 8;
        }
        if ((encoding & CFI_PE_BASE) == CFI_PE_ALIGNED) {
                while ((b->at + b->len) % 8)
                        put(b, 0xee, 1);
                put(b, value, 8);
                return;
        }
        if ((encoding & CFI_PE_BASE) == CFI_PE_PCREL)
                value -= b->at + b->len;
        else if ((encoding & CFI_PE_BASE) == CFI_PE_DATAREL)
                value -= HDR;
        if (format == CFI_PE_ULEB || format == CFI_PE_SLEB)
                put_leb(b, (int64_t)value, format == CFI_PE_SLEB);
        else
                put(b, value, format_size(format));
}

/* Properties of the constructed tables. */
struct form {
        const char *title;
        uint8_t encoding; /* of an FDE's addresses */
        uint8_t table;    /* encoding of the search table, CFI_PE_OMIT for none */
        uint8_t eh_frame; /* encoding of eh_frame_ptr */
        uint8_t count;    /* encoding of fde_count */
        uint8_t version;  /* of the CIE */
        const char *augmentation;
        bool wide;  /* 64-bit lengths */
        bool debug; /* as .debug_frame */
};

static size_t begin_entry(struct bytes *b, const struct form *f)
{
        if (f->wide)
                put(b, 0xffffffff, 4);
        put(b, 0, f->wide ? 8 : 4); /* set by end_entry() */
        return b->len;
}

static void end_entry(struct bytes *b, const struct form *f, size_t start)
{
        size_t len = b->len - start, size = f->wide ? 8 : 4;

        for (size_t i = 0; i < size; i++)
                b->data[start - size + i] = (uint8_t)(len >> (8 * i));
}

/* The augmentation data, letter by letter. */
static void put_augmentation_data(struct bytes *b, const struct form *f)
{
        for (const char *p = f->augmentation + 1; *p; p++) {
                if (*p == 'R')
                        put(b, f->encoding, 1);
                else if (*p == 'L')
                        put(b, CFI_PE_SDATA4 | CFI_PE_PCREL, 1);
                else if (*p == 'P') {
                        put(b, CFI_PE_SDATA4 | CFI_PE_PCREL | CFI_PE_INDIRECT, 1);
                        put(b, 0x12345678, 4);
                } else if (*p == 'x') /* unknown letter */
                        put(b, 0x1234, 2);
        }
}

/* The CIE: CFA = rsp + 8, rip at CFA - 8. */
static void put_cie(struct bytes *b, const struct form *f)
{
        size_t start = begin_entry(b, f);
        struct bytes data = { .len = 0 };

        put(b, f->debug ? UINT64_MAX : 0, f->debug && f->wide ? 8 : 4);
        put(b, f->version, 1);
        for (const char *p = f->augmentation; *p; p++)
                put(b, (uint8_t)*p, 1);
        put(b, 0, 1);
        if (f->version == 4)
                put(b, 8, 2); /* address_size 8, segment_size 0 */
        put(b, 1, 1);
        put(b, 0x78, 1);
        put(b, 16, 1);
        if (f->augmentation[0] == 'z') {
                put_augmentation_data(&data, f);
                put(b, data.len, 1);
                memcpy(b->data + b->len, data.data, data.len);
                b->len += data.len;
        }
        put(b, 0x08070c, 3); /* def_cfa rsp, 8 */
        put(b, 0x0190, 2);   /* offset rip, 1 * -8 */
        end_entry(b, f, start);
}

/* Function i: CFA = rsp + 16 + i from its second byte on. Returns the FDE's address. */
static uint64_t put_fde(struct bytes *b, const struct form *f, int i, uint64_t code)
{
        uint64_t at = b->at + b->len;
        size_t start = begin_entry(b, f);

        if (f->debug)
                put(b, 0, f->wide ? 8 : 4); /* the CIE is the first of the section */
        else
                put(b, b->len, 4); /* distance to the CIE, which is at the beginning */
        put_pointer(b, f->encoding, code);
        if ((f->encoding & CFI_PE_BASE) == CFI_PE_ALIGNED)
                put(b, CODE_SIZE, 8);
        else
                put_pointer(b, f->encoding & CFI_PE_FORMAT, CODE_SIZE);
        if (f->augmentation[0] == 'z') {
                put(b, 3, 1);
                put(b, 0xeeeeee, 3);
        }
        put(b, 0x41, 1); /* advance_loc 1 */
        put(b, 0x0e, 1); /* def_cfa_offset */
        put(b, 16 + (uint64_t)i, 1);
        end_entry(b, f, start);
        return at;
}

static void build_eh_frame(const struct form *f)
{
        uint64_t fde[FUNCTIONS];

        hdr = (struct bytes){ .at = HDR };
        eh = (struct bytes){ .at = eh_at };
        pointers = (struct bytes){ .at = POINTERS };
        put_cie(&eh, f);
        for (int i = 0; i < FUNCTIONS; i++)
                fde[i] = put_fde(&eh, f, i, CODE(i));
        put(&eh, 0, 4);
        put(&hdr, 1, 1);
        put(&hdr, f->eh_frame, 1);
        put(&hdr, f->count, 1);
        put(&hdr, f->table, 1);
        put_pointer(&hdr, f->eh_frame, eh_at);
        if (f->count != CFI_PE_OMIT)
                put_pointer(&hdr, f->count, FUNCTIONS);
        for (int i = 0; i < FUNCTIONS && f->table != CFI_PE_OMIT; i++) {
                put_pointer(&hdr, f->table, CODE(i));
                put_pointer(&hdr, f->table, fde[i]);
        }
}

static void set_tables(void)
{
        buffers_clear();
        buffers_add(HDR, hdr.data, hdr.len, false);
        buffers_add(eh_at, eh.data, eh.len, false);
        buffers_add(POINTERS, pointers.data, pointers.len, false);
        buffers.has_module = true;
        buffers.module = (struct cfi_module){ .start = 0, .end = 0x100000, .eh_frame_hdr = HDR };
        buffers.module.eh_frame_hdr_size = hdr.len;
}

/* Returns the offset of the CFA at pc, or a negative error. */
static int64_t cfa_offset(uint64_t pc)
{
        struct cfi_row row;
        int err = cfi_find_row(&buffers.space, pc, &row);

        if (err)
                return err;
        return row.cfa.kind == CFI_RULE_VAL_OFFSET && row.cfa.reg == ARCH_REG_SP ? row.cfa.value : 1000000;
}

/* Checks the first, second and last byte of each function, and the bytes before and after. */
static void check_functions(const char *title, uint64_t bias)
{
        int wrong = 0;

        for (int i = 0; i < FUNCTIONS; i++) {
                uint64_t at = CODE(i) + bias;

                wrong += cfa_offset(at - 1) != -ENOENT;
                wrong += cfa_offset(at) != 8;
                wrong += cfa_offset(at + 1) != 16 + i;
                wrong += cfa_offset(at + CODE_SIZE - 1) != 16 + i;
                wrong += cfa_offset(at + CODE_SIZE) != -ENOENT;
        }
        if (!tap_ok(!wrong, "%s", title)) {
                for (int i = 0; i < FUNCTIONS; i++)
                        printf("#   function %d: %lld %lld %lld\n", i, (long long)cfa_offset(CODE(i) + bias),
                               (long long)cfa_offset(CODE(i) + bias + 1),
                               (long long)cfa_offset(CODE(i) + bias + CODE_SIZE));
        }
}

#define USUAL_TABLE CFI_PE_DATAREL | CFI_PE_SDATA4, CFI_PE_PCREL | CFI_PE_SDATA4, CFI_PE_UDATA4
#define NO_TABLE CFI_PE_OMIT, CFI_PE_PCREL | CFI_PE_SDATA4, CFI_PE_OMIT
#define USUAL CFI_PE_PCREL | CFI_PE_SDATA4

static const struct form forms[] = {
        { "as created by ld", USUAL, USUAL_TABLE, 1, "zR", false, false },
        { "FDE absptr", CFI_PE_ABSPTR, USUAL_TABLE, 1, "zR", false, false },
        { "FDE absptr, no R", CFI_PE_ABSPTR, USUAL_TABLE, 1, "z", false, false },
        { "FDE absptr, no augmentation", CFI_PE_ABSPTR, USUAL_TABLE, 1, "", false, false },
        { "FDE uleb", CFI_PE_ULEB, USUAL_TABLE, 1, "zR", false, false },
        { "FDE sleb pcrel", CFI_PE_SLEB | CFI_PE_PCREL, USUAL_TABLE, 1, "zR", false, false },
        { "FDE udata2", CFI_PE_UDATA2, USUAL_TABLE, 1, "zR", false, false },
        { "FDE sdata2 pcrel", CFI_PE_SDATA2 | CFI_PE_PCREL, USUAL_TABLE, 1, "zR", false, false },
        { "FDE udata4", CFI_PE_UDATA4, USUAL_TABLE, 1, "zR", false, false },
        { "FDE sdata4 datarel", CFI_PE_SDATA4 | CFI_PE_DATAREL, USUAL_TABLE, 1, "zR", false, false },
        { "FDE udata8", CFI_PE_UDATA8, USUAL_TABLE, 1, "zR", false, false },
        { "FDE sdata8 pcrel", CFI_PE_SDATA8 | CFI_PE_PCREL, USUAL_TABLE, 1, "zR", false, false },
        { "FDE signed absptr pcrel", CFI_PE_SIGNED | CFI_PE_PCREL, USUAL_TABLE, 1, "zR", false, false },
        { "FDE aligned", CFI_PE_ALIGNED, USUAL_TABLE, 1, "zR", false, false },
        { "FDE indirect pcrel sdata4", CFI_PE_INDIRECT | CFI_PE_PCREL | CFI_PE_SDATA4, USUAL_TABLE, 1, "zR", false,
          false },
        { "table sdata8 datarel", USUAL, CFI_PE_DATAREL | CFI_PE_SDATA8, USUAL, CFI_PE_UDATA4, 1, "zR", false, false },
        { "table udata4 absolute", USUAL, CFI_PE_UDATA4, CFI_PE_UDATA4, CFI_PE_UDATA8, 1, "zR", false, false },
        { "table absptr", USUAL, CFI_PE_ABSPTR, CFI_PE_ABSPTR, CFI_PE_ULEB, 1, "zR", false, false },
        { "table udata2 absolute", USUAL, CFI_PE_UDATA2, CFI_PE_UDATA2, CFI_PE_UDATA2, 1, "zR", false, false },
        { "table sdata4 pcrel", USUAL, CFI_PE_PCREL | CFI_PE_SDATA4, USUAL, CFI_PE_SDATA4, 1, "zR", false, false },
        { "table of varying width is not used", USUAL, CFI_PE_ULEB, USUAL, CFI_PE_UDATA4, 1, "zR", false, false },
        { "no table", USUAL, NO_TABLE, 1, "zR", false, false },
        { "CIE version 3", USUAL, USUAL_TABLE, 3, "zR", false, false },
        { "CIE version 4", USUAL, USUAL_TABLE, 4, "zR", false, false },
        { "C++: personality and language data", USUAL, USUAL_TABLE, 1, "zPLR", false, false },
        { "language data first", USUAL, USUAL_TABLE, 1, "zLPR", false, false },
        { "unknown letter at the end", USUAL, USUAL_TABLE, 1, "zRx", false, false },
        { "64-bit lengths", USUAL, USUAL_TABLE, 1, "zR", true, false },
        { "64-bit lengths, no table", USUAL, NO_TABLE, 1, "zR", true, false },
};

static const struct form debug_forms[] = {
        { ".debug_frame", CFI_PE_ABSPTR, 0, 0, 0, 1, "", false, true },
        { ".debug_frame, 64-bit", CFI_PE_ABSPTR, 0, 0, 0, 1, "", true, true },
        { ".debug_frame, CIE version 3", CFI_PE_ABSPTR, 0, 0, 0, 3, "", false, true },
        { ".debug_frame, CIE version 4", CFI_PE_ABSPTR, 0, 0, 0, 4, "", false, true },
};

static void check_eh_frame(void)
{
        for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
                build_eh_frame(&forms[i]);
                set_tables();
                check_functions(forms[i].title, 0);
        }
}

static void check_debug_frame(void)
{
        for (size_t i = 0; i < sizeof(debug_forms) / sizeof(debug_forms[0]); i++) {
                eh = (struct bytes){ .at = 0 };
                put_cie(&eh, &debug_forms[i]);
                for (int j = 0; j < FUNCTIONS; j++)
                        put_fde(&eh, &debug_forms[i], j, CODE(j));
                buffers_clear();
                buffers.has_module = true;
                buffers.module = (struct cfi_module){ .end = 0x100000, .bias = BIAS, .debug_frame = eh.data };
                buffers.module.debug_frame_size = eh.len;
                check_functions(debug_forms[i].title, BIAS);
        }
}

/* A .eh_frame that does not cover the pc, and a .debug_frame that does. */
static void check_both(void)
{
        struct bytes debug = { .at = 0 };

        build_eh_frame(&forms[0]);
        set_tables();
        put_cie(&debug, &debug_forms[0]);
        put_fde(&debug, &debug_forms[0], 50, 0x9000);
        buffers.module.debug_frame = debug.data;
        buffers.module.debug_frame_size = debug.len;
        tap_is((uint64_t)cfa_offset(0x9001), 66, ".debug_frame is searched if .eh_frame does not cover the pc");
        tap_is((uint64_t)cfa_offset(CODE(2) + 1), 18, ".eh_frame is searched first");
        tap_is((uint64_t)cfa_offset(0xa000), (uint64_t)-ENOENT, "covered by neither");
        hdr.data[0] = 2;
        tap_is((uint64_t)cfa_offset(0xa000), (uint64_t)-EBADMSG, "of two errors the more specific is returned");
        tap_is((uint64_t)cfa_offset(0x9001), 66, ".debug_frame is searched if .eh_frame_hdr is malformed");
        hdr.data[0] = 1;
        buffers.module.debug_frame_size = debug.len - 3;
        tap_is((uint64_t)cfa_offset(0x9001), (uint64_t)-EBADMSG, "a truncated .debug_frame");
}

/* Number of calls of read for a look-up: each may be a system call in a handler. */
static void check_reads(void)
{
        build_eh_frame(&forms[0]);
        set_tables();
        cfa_offset(CODE(2) + 1);
        tap_ok(buffers.reads <= 8, "a look-up among %d functions takes %lu reads", FUNCTIONS, buffers.reads);
        eh_at = 0x2fd0; /* across a page boundary */
        build_eh_frame(&forms[0]);
        set_tables();
        check_functions("tables across a page boundary", 0);
        tap_is(buffers.crossings, 0, "no read crosses a page boundary");
        eh_at = EH;
}

/* Without a CFA: replaces its definition in CIE and FDE by padding. */
static void check_cie_program(uint64_t pc)
{
        uint8_t *def_cfa = memchr(eh.data, 0x0c, 32);

        memset(def_cfa, 0, 3);
        tap_is((uint64_t)cfa_offset(pc - 1), (uint64_t)-EBADMSG, "no CFA is defined");
        memcpy(def_cfa, "\x0c\x07\x08", 3);
        tap_is((uint64_t)cfa_offset(pc - 1), 8, "the CFA is defined");
}

/* Well-formed tables with one modified byte or word. */
static void check_bad_tables(void)
{
        const uint64_t pc = CODE(1) + 1;

        build_eh_frame(&forms[0]);
        set_tables();
        hdr.data[0] = 2;
        tap_is((uint64_t)cfa_offset(pc), (uint64_t)-EBADMSG, "header of an unknown version");
        hdr.data[0] = 1;
        hdr.data[8] = 200;
        tap_is((uint64_t)cfa_offset(pc), (uint64_t)-EBADMSG, "more entries than fit into the header");
        hdr.data[8] = FUNCTIONS;
        buffers.module.eh_frame_hdr_size = 7;
        tap_is((uint64_t)cfa_offset(pc), (uint64_t)-EBADMSG, "truncated header");
        buffers.module.eh_frame_hdr_size = UINT64_MAX;
        tap_is((uint64_t)cfa_offset(pc), (uint64_t)-EBADMSG, "header whose end overflows");
        buffers.module.eh_frame_hdr_size = hdr.len;
        buffers.module.eh_frame_hdr = 0x500000;
        tap_is((uint64_t)cfa_offset(pc), (uint64_t)-EFAULT, "unreadable header");
        buffers.module.eh_frame_hdr = HDR;
        eh.data[8] = 2;
        tap_is((uint64_t)cfa_offset(pc), (uint64_t)-EOPNOTSUPP, "CIE of an unknown version");
        eh.data[8] = 1;
        eh.data[9] = 'y';
        tap_is((uint64_t)cfa_offset(pc), (uint64_t)-EOPNOTSUPP, "augmentation of unknown length");
        eh.data[9] = 'z';
        eh.data[4] = 4;
        tap_is((uint64_t)cfa_offset(pc), (uint64_t)-EBADMSG, "FDE whose CIE is not a CIE");
        eh.data[4] = 0;
        check_cie_program(pc);
        memset(eh.data, 0xff, 3);
        eh.data[3] = 0x7f;
        tap_is((uint64_t)cfa_offset(pc), (uint64_t)-E2BIG, "CIE of 2 GB");
        buffers.has_module = false;
        tap_is((uint64_t)cfa_offset(pc), (uint64_t)-ENOENT, "no module");
}

/* Computes the row of a constructed program: a CIE and one FDE. */
static int run_program(const uint8_t *program, size_t len)
{
        static struct bytes b;
        struct form f = { .augmentation = "", .version = 1, .debug = true };
        struct cfi_row row;
        size_t start;

        b = (struct bytes){ .at = 0 };
        put_cie(&b, &f);
        start = begin_entry(&b, &f);
        put(&b, 0, 4);
        put(&b, CODE(0), 8);
        put(&b, CODE_SIZE, 8);
        memcpy(b.data + b.len, program, len);
        b.len += len;
        end_entry(&b, &f, start);
        buffers_clear();
        buffers.has_module = true;
        buffers.module = (struct cfi_module){ .end = 0x100000, .debug_frame = b.data, .debug_frame_size = b.len };
        return cfi_find_row(&buffers.space, CODE(0) + 0x70, &row);
}

#define PROGRAM(title, wanted, ...)                                                                                  \
        do {                                                                                                         \
                static const uint8_t program_[] = { __VA_ARGS__ };                                                   \
                tap_is((uint64_t)run_program(program_, sizeof(program_)), (uint64_t)(wanted), "program: %s", title); \
        } while (0)

static void check_bad_programs(void)
{
        static uint8_t many[1500];

        PROGRAM("padding only", 0, 0x00, 0x00);
        PROGRAM("an instruction that does not exist", -EOPNOTSUPP, 0x3f);
        PROGRAM("an instruction of another processor", -EOPNOTSUPP, 0x2d);
        PROGRAM("a truncated operand", -EBADMSG, 0x0e);
        PROGRAM("a number of more than 64 bits", -EBADMSG, 0x0e, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                0x80, 0x01);
        PROGRAM("an expression longer than the FDE", -EBADMSG, 0x0f, 0x7f, 0x70);
        PROGRAM("an expression of 2^64 - 1 bytes", -EBADMSG, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                0x01);
        PROGRAM("a register beyond 2^63", 0, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
        PROGRAM("an offset that overflows", 0, 0x83, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
        PROGRAM("advance_loc4 beyond the function", 0, 0x04, 0xff, 0xff, 0xff, 0xff, 0x3f);
        PROGRAM("set_loc", 0, 0x01, 0x00, 0x40, 0, 0, 0, 0, 0, 0, 0x0e, 0x10);
        PROGRAM("set_loc beyond the pc ends the program", 0, 0x01, 0x75, 0x40, 0, 0, 0, 0, 0, 0, 0x3f);
        PROGRAM("advance_loc8", 0, 0x1d, 0x71, 0, 0, 0, 0, 0, 0, 0, 0x3f);
        PROGRAM("restore_state without remember_state", -EBADMSG, 0x0b);
        PROGRAM("remember_state without restore_state", 0, 0x0a, 0x0e, 0x10);
        memset(many, 0x0a, sizeof(many)); /* each is searched for to the end of the program */
        tap_is((uint64_t)run_program(many, sizeof(many)), (uint64_t)-E2BIG, "program: %zu states remembered",
               sizeof(many));
}

/* Expressions. */

#define WORD 0x5000u /* address of a word to dereference */

static void check_expression(const char *title, const uint8_t *code, size_t len, bool push_cfa, int wanted_err,
                             uint64_t wanted)
{
        static const uint64_t words[] = { 0x1122334455667788 };
        const uint64_t cfa = 0x7000;
        struct arch_registers regs = { .known = 1u << ARCH_REG_SP | 1u << ARCH_REG_PC };
        struct cfi_rule rule = { .local = true, .expr_len = (uint32_t)len, .expr = (uintptr_t)code };
        uint64_t got = 0;
        int err;

        buffers_clear();
        buffers_add(WORD, words, sizeof(words), false);
        regs.v[ARCH_REG_SP] = 0x6000;
        regs.v[ARCH_REG_PC] = 0x400f;
        err = cfi_evaluate(&buffers.space, &rule, &regs, push_cfa ? &cfa : NULL, &got);
        if (err || wanted_err)
                tap_is((uint64_t)err, (uint64_t)wanted_err, "expression: %s", title);
        else
                tap_is(got, wanted, "expression: %s", title);
}

#define GIVES(title, wanted, ...)                                                            \
        do {                                                                                 \
                static const uint8_t code_[] = { __VA_ARGS__ };                              \
                check_expression(title, code_, sizeof(code_), false, 0, (uint64_t)(wanted)); \
        } while (0)
#define FAILS(title, wanted, ...)                                                \
        do {                                                                     \
                static const uint8_t code_[] = { __VA_ARGS__ };                  \
                check_expression(title, code_, sizeof(code_), false, wanted, 0); \
        } while (0)

static void check_pushing(void)
{
        GIVES("lit0", 0, 0x30);
        GIVES("lit31", 31, 0x4f);
        GIVES("const1u", 0xfe, 0x08, 0xfe);
        GIVES("const1s", -2, 0x09, 0xfe);
        GIVES("const2u", 0xfffe, 0x0a, 0xfe, 0xff);
        GIVES("const2s", -2, 0x0b, 0xfe, 0xff);
        GIVES("const4u", 0xfffffffe, 0x0c, 0xfe, 0xff, 0xff, 0xff);
        GIVES("const4s", -2, 0x0d, 0xfe, 0xff, 0xff, 0xff);
        GIVES("const8u", 0x0807060504030201, 0x0e, 1, 2, 3, 4, 5, 6, 7, 8);
        GIVES("const8s", -2, 0x0f, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
        GIVES("constu", 624485, 0x10, 0xe5, 0x8e, 0x26);
        GIVES("consts", -123456, 0x11, 0xc0, 0xbb, 0x78);
        GIVES("consts of ten bytes", INT64_MIN, 0x11, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f);
        GIVES("breg", 0x6000 - 8, 0x77, 0x78);
        GIVES("bregx", 0x6000 + 64, 0x92, 0x07, 0xc0, 0x00);
        GIVES("deref", 0x1122334455667788, 0x0a, 0x00, 0x50, 0x06);
        GIVES("deref_size 2", 0x7788, 0x0a, 0x00, 0x50, 0x94, 0x02);
        GIVES("nop", 1, 0x31, 0x96);
        FAILS("empty stack at the end", -EBADMSG, 0x96);
        FAILS("an unknown register", -ENODATA, 0x70, 0x00);
        FAILS("a register that is not a general register", -EOPNOTSUPP, 0x92, 0x20, 0x00);
        FAILS("deref of an unmapped address", -EFAULT, 0x30, 0x06);
        FAILS("deref_size 0", -EBADMSG, 0x0a, 0x00, 0x50, 0x94, 0x00);
        FAILS("deref_size 9", -EBADMSG, 0x0a, 0x00, 0x50, 0x94, 0x09);
        FAILS("a truncated constant", -EBADMSG, 0x0c, 0x01);
        FAILS("addr, which is not relocated", -EOPNOTSUPP, 0x03, 1, 0, 0, 0, 0, 0, 0, 0);
        FAILS("reg, a location and not a value", -EOPNOTSUPP, 0x57);
        FAILS("an operation that does not exist", -EOPNOTSUPP, 0x31, 0xff);
}

static void check_arithmetic(void)
{
        GIVES("and", 4, 0x3c, 0x36, 0x1a);
        GIVES("or", 14, 0x3c, 0x36, 0x21);
        GIVES("xor", 10, 0x3c, 0x36, 0x27);
        GIVES("plus", 18, 0x3c, 0x36, 0x22);
        GIVES("plus_uconst", 140, 0x3c, 0x23, 0x80, 0x01);
        GIVES("minus", 6, 0x3c, 0x36, 0x1c);
        GIVES("mul", 72, 0x3c, 0x36, 0x1e);
        GIVES("div is signed", -3, 0x09, 0xfa, 0x32, 0x1b);
        GIVES("div of the smallest number by -1", INT64_MIN, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x09, 0xff, 0x1b);
        GIVES("mod", 2, 0x3e, 0x33, 0x1d);
        GIVES("neg", -12, 0x3c, 0x1f);
        GIVES("not", ~12, 0x3c, 0x20);
        GIVES("abs", 12, 0x3c, 0x1f, 0x19);
        GIVES("abs of the smallest number", INT64_MIN, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x19);
        GIVES("shl", 48, 0x3c, 0x32, 0x24);
        GIVES("shl by 64", 0, 0x3c, 0x08, 64, 0x24);
        GIVES("shr", 0x7ffffffffffffffe, 0x09, 0xfc, 0x31, 0x25);
        GIVES("shr by 200", 0, 0x3c, 0x08, 200, 0x25);
        GIVES("shra", -2, 0x09, 0xfc, 0x31, 0x26);
        GIVES("shra by 64", -1, 0x09, 0xfc, 0x08, 64, 0x26);
        GIVES("eq", 1, 0x31, 0x31, 0x29);
        GIVES("ne", 0, 0x31, 0x31, 0x2e);
        GIVES("ge is signed", 0, 0x09, 0xff, 0x31, 0x2a);
        GIVES("gt", 1, 0x32, 0x31, 0x2b);
        GIVES("le", 1, 0x09, 0xff, 0x31, 0x2c);
        GIVES("lt", 0, 0x31, 0x31, 0x2d);
        FAILS("div by 0", -EBADMSG, 0x31, 0x30, 0x1b);
        FAILS("mod by 0", -EBADMSG, 0x31, 0x30, 0x1d);
        FAILS("plus of one number", -EBADMSG, 0x31, 0x22);
}

static void check_stack_and_jumps(void)
{
        static uint8_t deep[21];
        static const uint8_t cfa_plus_8[] = { 0x23, 0x08 };

        GIVES("dup", 6, 0x33, 0x12, 0x22);
        GIVES("drop", 3, 0x33, 0x34, 0x13);
        GIVES("over", 3, 0x33, 0x34, 0x14);
        GIVES("pick", 3, 0x33, 0x34, 0x35, 0x15, 0x02);
        GIVES("swap", 1, 0x33, 0x34, 0x16, 0x1c);
        /* rot changes 1 2 3 (top last) to 3 1 2: DWARF 5, 2.5.1.3. 3 - (1 - 2) = 4. */
        GIVES("rot", 4, 0x31, 0x32, 0x33, 0x17, 0x1c, 0x1c);
        GIVES("skip", 1, 0x31, 0x2f, 0x01, 0x00, 0x32);
        GIVES("bra, taken", 1, 0x31, 0x31, 0x28, 0x01, 0x00, 0x32);
        GIVES("bra, not taken", 2, 0x31, 0x30, 0x28, 0x01, 0x00, 0x32);
        GIVES("skip to the end", 1, 0x31, 0x2f, 0x00, 0x00);
        FAILS("skip before the beginning", -EBADMSG, 0x31, 0x2f, 0xf0, 0xff);
        FAILS("skip past the end", -EBADMSG, 0x31, 0x2f, 0x01, 0x00);
        FAILS("a loop", -E2BIG, 0x2f, 0xfd, 0xff);
        FAILS("pick beyond the stack", -EBADMSG, 0x31, 0x15, 0x01);
        /* The CFA of gcc and ld in a .plt: rsp + 8 + (((rip & 15) >= 11) << 3). */
        GIVES("PLT entry", 0x6010, 0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22);
        check_expression("the CFA is pushed first", cfa_plus_8, sizeof(cfa_plus_8), true, 0, 0x7008);
        memset(deep, 0x31, sizeof(deep));
        check_expression("stack overflow", deep, sizeof(deep), false, -E2BIG, 0);
}

int main(void)
{
        check_eh_frame();
        check_debug_frame();
        check_both();
        check_reads();
        check_bad_tables();
        check_bad_programs();
        check_pushing();
        check_arithmetic();
        check_stack_and_jumps();
        return tap_done();
}
