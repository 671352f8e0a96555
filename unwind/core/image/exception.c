/* SPDX-License-Identifier: MIT */
#include "unwind/core/image/exception.h"
#include "unwind/core/cfi/arch_unwind.h"
#include "unwind/core/image/exception_values.h"
#include "unwind/core/terms/str.h"

/* The exception class at the start of the unwinder's header is the run-time's name ("GNUCC++\0", "CLNGC++\0"); the
 * last byte is 1 in a dependent exception, which refers to another. */
#define CLASS_GNU UINT64_C(0x474e5543432b2b00)
#define CLASS_LLVM UINT64_C(0x434c4e47432b2b00)

/* Offsets from the unwinder's header. struct __cxa_exception ends at that header. */
#define OBJECT 32
#define TYPE (-80)
#define PRIMARY_GNU (-80) /* in a dependent exception: the original object, at the offset of the type */
#define PRIMARY_LLVM (-88)
#define TERMINATE_HANDLER (-56)
#define HANDLERS (-40)
#define CLEANUP 8

#define WHAT_SLOT 2 /* index in a vtable of std::exception, after the two destructors */
#define BASES_MAX 256
#define DEPTH_MAX 16

static bool get(const struct cfi_space *space, uint64_t at, void *buf, size_t len)
{
        return !space->read(space->ctx, at, buf, len);
}

static bool get_word(const struct cfi_space *space, uint64_t at, uint64_t *out)
{
        return get(space, at, out, sizeof(*out));
}

/* ---- the run-time's header ---- */

static bool read_header(const struct cfi_space *space, uint64_t header, uint64_t class, struct exception_object *out)
{
        if (!get_word(space, header + TYPE, &out->type) ||
            !get_word(space, header + TERMINATE_HANDLER, &out->terminate_handler) ||
            !get(space, header + HANDLERS, &out->handlers, sizeof(out->handlers)) ||
            !get_word(space, header + CLEANUP, &out->cleanup))
                return false;
        out->header = header;
        out->object = header + OBJECT;
        out->is_llvm = (class | 1) == (CLASS_LLVM | 1);
        if (!(class & 1))
                return true;
        return get_word(space, header + (class == (CLASS_GNU | 1) ? PRIMARY_GNU : PRIMARY_LLVM), &out->object) &&
               get_word(space, out->object - OBJECT + TYPE, &out->type);
}

bool exception_at(const struct cfi_space *space, uint64_t header, struct exception_object *out)
{
        uint64_t class;

        if (header % 8 || !get_word(space, header, &class) ||
            ((class | 1) != (CLASS_GNU | 1) && (class | 1) != (CLASS_LLVM | 1)))
                return false;
        return read_header(space, header, class, out);
}

bool exception_of_object(const struct cfi_space *space, uint64_t object, struct exception_object *out)
{
        return exception_at(space, object - OBJECT, out);
}

/* ---- types ---- */

/* struct { vtable; const char *name; }. A leading '*' marks a name that is compared by address. */
static bool type_name(const struct cfi_space *space, uint64_t type, char *buf, size_t size)
{
        uint64_t name;
        char first;

        if (!get_word(space, type + 8, &name) || !get(space, name, &first, 1))
                return false;
        return exception_read_string(space, name + (first == '*'), buf, size) && buf[0];
}

/* Two more words follow: { base }, or { flags, count, { base, offset and flags }[count] }. The type_info of the
 * type_info indicates which: its address is stored in the vtable before the first function. */
#define ONE_PRIVATE_BASE (UINT64_C(1) << 32) /* no flags, count 1 */

enum shape { SHAPE_OTHER, SHAPE_ONE_BASE, SHAPE_BASES };

static enum shape type_shape(const struct cfi_space *space, uint64_t type)
{
        char name[48];
        uint64_t vtable, meta, base[2];

        if (!get_word(space, type, &vtable) || !get_word(space, vtable - 8, &meta))
                return SHAPE_OTHER;
        /* libstdc++ privately derives its own type_info class for std::ios_base::failure. */
        for (unsigned i = 0; i < 3 && type_name(space, meta, name, sizeof(name)); i++) {
                if (str_is(name, "N10__cxxabiv120__si_class_type_infoE"))
                        return SHAPE_ONE_BASE;
                if (str_is(name, "N10__cxxabiv121__vmi_class_type_infoE"))
                        return SHAPE_BASES;
                if (!get(space, meta + 16, base, sizeof(base)))
                        break;
                meta = base[0] == ONE_PRIVATE_BASE ? base[1] : base[0];
        }
        return SHAPE_OTHER;
}

struct search {
        const struct cfi_space *space;
        const char *wanted;
        unsigned budget; /* bases left to visit */
        uint64_t found;  /* address of the sub-object */
};

static bool find_base(struct search *s, uint64_t type, uint64_t object, unsigned depth);

/* The low byte contains flags (1: virtual). The other bits are the offset of the base in the object, or of the vtable
 * entry that contains it. */
static bool find_in_base(struct search *s, uint64_t entry, uint64_t object, unsigned depth)
{
        uint64_t base[2], vtable, offset;

        s->budget--;
        if (!get(s->space, entry, base, sizeof(base)))
                return false;
        offset = (uint64_t)((int64_t)base[1] >> 8);
        if (base[1] & 1 && (!get_word(s->space, object, &vtable) || !get_word(s->space, vtable + offset, &offset)))
                return false;
        return find_base(s, base[0], object + offset, depth);
}

static bool find_base(struct search *s, uint64_t type, uint64_t object, unsigned depth)
{
        char name[32]; /* longer names are truncated; none of the names searched for is longer */
        uint32_t count;
        uint64_t base;

        if (depth > DEPTH_MAX || !type_name(s->space, type, name, sizeof(name)))
                return false;
        if (str_is(name, s->wanted)) {
                s->found = object;
                return true;
        }
        switch (type_shape(s->space, type)) {
        case SHAPE_ONE_BASE:
                return get_word(s->space, type + 16, &base) && find_base(s, base, object, depth + 1);
        case SHAPE_BASES:
                if (!get(s->space, type + 20, &count, sizeof(count)))
                        return false;
                for (uint32_t i = 0; i < count && s->budget; i++)
                        if (find_in_base(s, type + 24 + (uint64_t)i * 16, object, depth + 1))
                                return true;
                return false;
        default:
                return false;
        }
}

/* Address of the sub-object of class `name`; 0 if there is none. */
static uint64_t sub_object(const struct cfi_space *space, const struct exception_object *e, const char *name)
{
        struct search s = { .space = space, .wanted = name, .budget = BASES_MAX };

        return find_base(&s, e->type, e->object, 0) ? s.found : 0;
}

/* ---- what() ---- */

/* True if the class belongs to the standard library, so that what() is the library's function. Standard wrappers of a
 * program's class inherit the program's what() and are excluded. */
static bool is_standard(const char *type)
{
        return (str_begins(type, "St") && !str_begins(type, "St17_Nested_exceptionI")) ||
               (str_begins(type, "NSt") && !str_begins(type, "NSt3__18__nestedI"));
}

/* std::runtime_error and std::logic_error store a pointer to their text after the vtable pointer. */
static bool is_held_text(const struct cfi_space *space, const struct exception_object *e, uint64_t text)
{
        static const char *const holders[] = { "St13runtime_error", "St11logic_error" };

        for (unsigned i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
                uint64_t at = sub_object(space, e, holders[i]), held;

                if (at && get_word(space, at + 8, &held) && held == text)
                        return true;
        }
        return false;
}

static enum exception_what read_what(const struct exception_reader *r, const struct exception_object *e,
                                     struct exception_text *out)
{
        const struct cfi_space *space = r->space;
        uint64_t at = sub_object(space, e, "St9exception"), vtable, what, text;

        if (!at)
                return exception_read_value(space, out->type, e->object, out->what, sizeof(out->what))
                               ? EXCEPTION_WHAT_TEXT
                               : EXCEPTION_WHAT_NONE;
        if (!get_word(space, at, &vtable) || !get_word(space, vtable + WHAT_SLOT * 8, &what))
                return EXCEPTION_WHAT_NONE;
        if (arch_simple_getter(space, what, at, &text) && (is_standard(out->type) || is_held_text(space, e, text)))
                return exception_read_string(space, text, out->what, sizeof(out->what)) ? EXCEPTION_WHAT_TEXT
                                                                                        : EXCEPTION_WHAT_NONE;
        if (r->call && r->call(what, at, out->what, sizeof(out->what)))
                return EXCEPTION_WHAT_TEXT;
        out->what[0] = 0;
        return EXCEPTION_WHAT_OWN;
}

/* ---- the chain ---- */

/* std::nested_exception contains a std::exception_ptr, a pointer to the object, after the vtable pointer. */
static bool nested(const struct cfi_space *space, const struct exception_object *e, struct exception_object *out)
{
        uint64_t at = sub_object(space, e, "St16nested_exception"), object;

        return at && get_word(space, at + 8, &object) && object && exception_of_object(space, object, out);
}

void exception_describe(const struct exception_reader *reader, const struct exception_object *thrown,
                        struct exception_chain *out)
{
        struct exception_object e = *thrown, next;
        bool more = true;

        out->count = 0;
        for (; more && out->count < EXCEPTION_CHAIN_MAX; e = next) {
                struct exception_text *t = &out->v[out->count];

                t->what[0] = 0;
                t->what_kind = EXCEPTION_WHAT_NONE;
                if (!type_name(reader->space, e.type, t->type, sizeof(t->type)))
                        return;
                out->count++; /* entries so far remain valid if a call of what() does not return */
                t->what_kind = read_what(reader, &e, t);
                more = nested(reader->space, &e, &next);
        }
}
