/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/libdw_trees.c: the search trees of libelf and libdw, for static linking with elfutils 0.192 (Debian
 * 13). Its libelf.a and libdw.a call these functions without containing them (sourceware bug 32293; elfutils 0.191
 * calls tsearch(3) itself). Linked from the archive only if scripts/configure finds them missing.
 *
 * elfutils' tree is a structure whose members are used by these functions only: the root of a tree of tsearch(3) and,
 * in multi-threaded builds, a lock. libdw is used by one thread here, so the root is sufficient. */
#include <search.h>
#include <stddef.h>

typedef int compare_keys(const void *, const void *);
typedef void free_key(void *);

struct search_tree {
        void *root;
};

void eu_search_tree_init(struct search_tree *tree);
void eu_search_tree_fini(struct search_tree *tree, free_key *free_one);
void *eu_tsearch(const void *key, struct search_tree *tree, compare_keys *compare);
void *eu_tfind(const void *key, struct search_tree *tree, compare_keys *compare);
void *eu_tdelete(const void *key, struct search_tree *tree, compare_keys *compare);
void eu_tdestroy(struct search_tree *tree, free_key *free_one);

void eu_search_tree_init(struct search_tree *tree)
{
        tree->root = NULL;
}

void eu_tdestroy(struct search_tree *tree, free_key *free_one)
{
        tdestroy(tree->root, free_one);
        tree->root = NULL;
}

void eu_search_tree_fini(struct search_tree *tree, free_key *free_one)
{
        eu_tdestroy(tree, free_one);
}

void *eu_tsearch(const void *key, struct search_tree *tree, compare_keys *compare)
{
        return tsearch(key, &tree->root, compare);
}

void *eu_tfind(const void *key, struct search_tree *tree, compare_keys *compare)
{
        return tfind(key, &tree->root, compare);
}

void *eu_tdelete(const void *key, struct search_tree *tree, compare_keys *compare)
{
        return tdelete(key, &tree->root, compare);
}
