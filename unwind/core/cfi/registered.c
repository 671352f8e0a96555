/* SPDX-License-Identifier: MIT */
#include "unwind/core/cfi/registered.h"
#include "unwind/core/cfi/internal.h"

#define DATA_MAX 65536 /* bytes of a module's variables: libgcc_s.so has 2 KiB */
#define WINDOW 32      /* of them, words read at once */
#define ARRAY 256      /* tables of an object */
#define DEPTH 16       /* of a tree */
#define CIE_MAX 4096

/* gcc libgcc/unwind-dw2-fde.h: struct object. */
struct object {
        uint64_t pc_begin; /* UINT64_MAX: not examined by libgcc yet */
        uint64_t tbase, dbase;
        uint64_t table; /* or an array of tables, or, when sorted, struct fde_vector, which begins with either */
        uint64_t flags; /* the lower half of it */
        uint64_t next;  /* of the list; the tree does not use it */
};
#define OBJECT_SORTED 1u
#define OBJECT_ARRAY 2u

/* gcc libgcc/unwind-dw2-btree.h: struct btree_node. The entries of an inner one are pairs: the highest key, child; those of a leaf
 * are: address, size, object. */
struct node {
        uint64_t lock;
        uint32_t count, type;
};
enum { NODE_INNER, NODE_LEAF };
#define INNER_MAX 15
#define LEAF_MAX 10

static bool get(const struct cfi_space *space, uint64_t at, void *buf, size_t len)
{
        return !space->read(space->ctx, at, buf, len);
}

static bool may_be_pointer(uint64_t p)
{
        return p >= 4096 && p % 8 == 0 && p >> 56 == 0;
}

/* ---- objects ---- */

/* Whether a table begins there: with a CIE (LSB 5.0 core 10.6.1). */
static bool is_table(const struct cfi_space *space, uint64_t at)
{
        struct {
                uint32_t length, id;
                uint8_t version, rest[3];
        } cie;

        return at && get(space, at, &cie, sizeof(cie)) && cie.length >= 8 && cie.length < CIE_MAX && !cie.id &&
               (cie.version == 1 || cie.version == 3);
}

/* Reads the object and the address of its first table, or of the array of them. */
static bool read_object(const struct cfi_space *space, uint64_t at, struct object *out)
{
        if (!may_be_pointer(at) || !get(space, at, out, sizeof(*out)) || out->flags >> 32 || !out->pc_begin)
                return false;
        return !(out->flags & OBJECT_SORTED) || get(space, out->table, &out->table, sizeof(out->table));
}

static bool is_object(const struct cfi_space *space, uint64_t at)
{
        struct object o;

        if (!read_object(space, at, &o))
                return false;
        if (o.flags & OBJECT_ARRAY && !get(space, o.table, &o.table, sizeof(o.table)))
                return false;
        return is_table(space, o.table);
}

/* Returns the object's table that covers `pc`, or 0. */
static uint64_t find_in_object(const struct cfi_space *space, const struct object *o, uint64_t pc, unsigned *left)
{
        if (o->pc_begin != UINT64_MAX && pc < o->pc_begin)
                return 0;
        if (!(o->flags & OBJECT_ARRAY))
                return cfi_table_covers(space, o->table, pc, left) ? o->table : 0;
        for (unsigned i = 0; i < ARRAY; i++) {
                uint64_t table;

                if (!get(space, o->table + i * sizeof(table), &table, sizeof(table)) || !table)
                        return 0;
                if (cfi_table_covers(space, table, pc, left))
                        return table;
        }
        return 0;
}

static uint64_t find_in_list(const struct cfi_space *space, uint64_t at, uint64_t pc, unsigned *left)
{
        struct object o;
        uint64_t table = 0;

        while (!table && at && *left && read_object(space, at, &o)) {
                --*left;
                table = find_in_object(space, &o, pc, left);
                at = o.next;
        }
        return table;
}

/* ---- trees ---- */

/* Returns the object whose code includes `pc`, or 0; with `pc` 0, the first one. */
static uint64_t find_in_tree(const struct cfi_space *space, uint64_t at, uint64_t pc)
{
        for (unsigned depth = 0; depth < DEPTH; depth++) {
                uint64_t entry[3], next = 0;
                struct node n;
                unsigned width;

                if (!may_be_pointer(at) || !get(space, at, &n, sizeof(n)) || !n.count || n.type > NODE_LEAF ||
                    n.count > (n.type == NODE_LEAF ? LEAF_MAX : INNER_MAX))
                        return 0;
                width = n.type == NODE_LEAF ? 3 : 2;
                for (unsigned i = 0; i < n.count && !next; i++) {
                        if (!get(space, at + sizeof(n) + i * width * 8, entry, width * 8))
                                return 0;
                        if (n.type == NODE_INNER && pc <= entry[0])
                                next = entry[1];
                        if (n.type == NODE_LEAF && (!pc || pc - entry[0] < entry[1]))
                                return entry[2];
                }
                at = next;
        }
        return 0;
}

/* ---- the whole ---- */

static void add_root(const struct cfi_space *space, uint64_t p, struct registered *out)
{
        for (unsigned i = 0; i < out->count; i++)
                if (out->root[i] == p)
                        return;
        if (out->count < REGISTERED_ROOTS && may_be_pointer(p) &&
            (is_object(space, p) || is_object(space, find_in_tree(space, p, 0))))
                out->root[out->count++] = p;
}

void registered_collect(const struct cfi_space *space, uint64_t data, uint64_t data_end, struct registered *out)
{
        uint64_t word[WINDOW];

        if (data_end - data > DATA_MAX)
                return;
        for (; data + sizeof(word) <= data_end && get(space, data, word, sizeof(word)); data += sizeof(word))
                for (unsigned i = 0; i < WINDOW; i++)
                        add_root(space, word[i], out);
}

uint64_t registered_find(const struct cfi_space *space, struct registered *r, uint64_t pc)
{
        uint64_t table = 0;
        struct object o;

        for (unsigned i = 0; i < r->count && !table; i++) {
                uint64_t at = find_in_tree(space, r->root[i], pc);

                if (at && read_object(space, at, &o))
                        table = find_in_object(space, &o, pc, &r->left);
                else
                        table = find_in_list(space, r->root[i], pc, &r->left);
        }
        return table;
}
