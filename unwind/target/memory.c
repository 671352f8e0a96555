/* SPDX-License-Identifier: MIT */
/* unwind/target/memory.c: the page cache, see memory.h. */
#include "unwind/target/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
        /* buffers are allocated in blocks of this many pages, so that neighbouring pages mostly have neighbouring
         * buffers */
        CHUNK_PAGES = 64,
        AHEAD_PAGES = 16,   /* most pages fetched ahead: 64 KiB */
        MAX_PAGES = 32768,  /* 128 MiB: beyond that the cache is emptied */
        FIRST_SLOTS = 1024, /* of the hash table; must be a power of two */
};

struct slot {
        uint64_t key; /* page number + 1; 0: free */
        uint8_t *data;
};

struct memory {
        memory_fetch *fetch;
        void *ctx;
        struct slot *slots;
        size_t slot_count, used;
        uint8_t **chunks;
        size_t chunk_count, chunk_used; /* pages allocated from the last chunk */
        struct slot last;               /* the page read last */
        uint64_t expected;              /* key of the next miss if a walk continues upwards */
        size_t window;                  /* pages fetched at the last such miss */
        struct memory_counts counts;
};

struct memory *memory_new(memory_fetch *fetch, void *ctx)
{
        struct memory *m = calloc(1, sizeof(*m));

        if (!m)
                return NULL;
        m->fetch = fetch;
        m->ctx = ctx;
        m->slot_count = FIRST_SLOTS;
        m->slots = calloc(m->slot_count, sizeof(*m->slots));
        if (!m->slots) {
                free(m);
                return NULL;
        }
        return m;
}

static void drop_pages(struct memory *m)
{
        for (size_t i = 0; i < m->chunk_count; i++)
                free(m->chunks[i]);
        free(m->chunks);
        m->chunks = NULL;
        m->chunk_count = 0;
        m->chunk_used = 0;
        m->used = 0;
        m->last.key = 0;
}

void memory_free(struct memory *m)
{
        if (!m)
                return;
        drop_pages(m);
        free(m->slots);
        free(m);
}

/* Returns the slot of `key`, or the free slot for it. Fibonacci hashing, because stacks and modules are at regular
 * distances. */
static struct slot *slot_of(struct slot *slots, size_t count, uint64_t key)
{
        size_t i = (size_t)((key * 0x9e3779b97f4a7c15ull) >> 20) & (count - 1);

        while (slots[i].key && slots[i].key != key)
                i = (i + 1) & (count - 1);
        return &slots[i];
}

/* Ensures room for `n` more pages. */
static bool reserve(struct memory *m, size_t n)
{
        size_t count = m->slot_count;
        struct slot *slots;

        if (m->used + n > MAX_PAGES && m->used) {
                drop_pages(m);
                memset(m->slots, 0, m->slot_count * sizeof(*m->slots));
        }
        while ((m->used + n) * 2 > count)
                count *= 2;
        if (count == m->slot_count)
                return true;
        slots = calloc(count, sizeof(*slots));
        if (!slots)
                return false;
        for (size_t i = 0; i < m->slot_count; i++)
                if (m->slots[i].key)
                        *slot_of(slots, count, m->slots[i].key) = m->slots[i];
        free(m->slots);
        m->slots = slots;
        m->slot_count = count;
        return true;
}

static uint8_t *new_buffer(struct memory *m)
{
        if (!m->chunk_count || m->chunk_used == CHUNK_PAGES) {
                uint8_t **chunks = realloc(m->chunks, (m->chunk_count + 1) * sizeof(*chunks));

                if (!chunks)
                        return NULL;
                m->chunks = chunks;
                chunks[m->chunk_count] = malloc((size_t)CHUNK_PAGES * MEMORY_PAGE);
                if (!chunks[m->chunk_count])
                        return NULL;
                m->chunk_count++;
                m->chunk_used = 0;
        }
        return m->chunks[m->chunk_count - 1] + MEMORY_PAGE * m->chunk_used++;
}

/* Fetches pages that are not in the cache; their buffers are already in `pages`. The buffer of an unreadable page is
 * not reused: such pages are few (guard pages reached by a walk or by reading ahead). */
static void fetch(struct memory *m, struct memory_page *pages, size_t n)
{
        m->counts.fetches++;
        m->counts.pages += n;
        m->fetch(m->ctx, pages, n);
        for (size_t i = 0; i < n; i++) {
                uint64_t key = pages[i].addr / MEMORY_PAGE + 1;
                struct slot *s = slot_of(m->slots, m->slot_count, key);

                if (!s->key)
                        m->used++;
                s->key = key;
                s->data = pages[i].data;
        }
}

/* Returns how many pages to fetch at a miss of `key`: more each time a walk continues where the last fetch ended. */
static size_t window_at(struct memory *m, uint64_t key)
{
        if (key == m->expected)
                m->window = m->window * 2 < AHEAD_PAGES ? m->window * 2 : AHEAD_PAGES;
        else
                m->window = 1;
        return m->window;
}

static const uint8_t *miss(struct memory *m, uint64_t key)
{
        struct memory_page pages[AHEAD_PAGES];
        size_t n = 0, want;

        if (!reserve(m, AHEAD_PAGES))
                return NULL;
        want = window_at(m, key);
        while (n < want) {
                uint64_t next = key + n;

                if (next - 1 > UINT64_MAX / MEMORY_PAGE || (n && slot_of(m->slots, m->slot_count, next)->key))
                        break;
                pages[n].addr = (next - 1) * MEMORY_PAGE;
                pages[n].data = new_buffer(m);
                if (!pages[n].data)
                        break;
                n++;
        }
        if (!n)
                return NULL;
        m->expected = key + n;
        fetch(m, pages, n);
        return pages[0].data;
}

static const uint8_t *page_data(struct memory *m, uint64_t key)
{
        const struct slot *s;

        if (m->last.key == key)
                return m->last.data;
        s = slot_of(m->slots, m->slot_count, key);
        m->last.data = NULL;
        if (s->key)
                m->last.data = s->data;
        else
                m->last.data = (uint8_t *)(uintptr_t)miss(m, key);
        m->last.key = key;
        return m->last.data;
}

size_t memory_read(struct memory *m, uint64_t addr, void *buf, size_t len)
{
        uint8_t *out = buf;
        size_t done = 0;

        /* Most reads are words on the same page as the previous read. */
        if (len == 8 && addr / MEMORY_PAGE + 1 == m->last.key && m->last.data &&
            addr % MEMORY_PAGE <= MEMORY_PAGE - 8) {
                memcpy(buf, m->last.data + addr % MEMORY_PAGE, 8);
                return 8;
        }
        while (done < len) {
                uint64_t at = addr + done;
                size_t offset = at % MEMORY_PAGE, part = MEMORY_PAGE - offset;
                const uint8_t *data;

                if (at < addr) /* past the end of the address space */
                        break;
                data = page_data(m, at / MEMORY_PAGE + 1);
                if (!data)
                        break;
                if (part > len - done)
                        part = len - done;
                memcpy(out + done, data + offset, part);
                done += part;
        }
        return done;
}

static size_t range_pages(const struct memory_range *r)
{
        return r->len ? (size_t)((r->addr + r->len - 1) / MEMORY_PAGE - r->addr / MEMORY_PAGE + 1) : 0;
}

/* Marks the page as present at once, so that two ranges on one page request it once. */
static bool add_request(struct memory *m, uint64_t key, struct memory_page *page)
{
        struct slot *s = slot_of(m->slots, m->slot_count, key);

        if (s->key)
                return false;
        page->addr = (key - 1) * MEMORY_PAGE;
        page->data = new_buffer(m);
        if (!page->data)
                return false;
        s->key = key;
        s->data = NULL;
        m->used++;
        return true;
}

void memory_prefetch(struct memory *m, const struct memory_range *ranges, size_t n)
{
        struct memory_page *pages;
        size_t total = 0, want = 0;

        for (size_t i = 0; i < n; i++)
                if (ranges[i].addr + ranges[i].len >= ranges[i].addr)
                        total += range_pages(&ranges[i]);
        if (!total || total > MAX_PAGES || !reserve(m, total))
                return;
        pages = malloc(total * sizeof(*pages));
        if (!pages)
                return;
        for (size_t i = 0; i < n; i++) {
                if (ranges[i].addr + ranges[i].len < ranges[i].addr)
                        continue;
                for (size_t p = 0; p < range_pages(&ranges[i]); p++)
                        if (add_request(m, ranges[i].addr / MEMORY_PAGE + p + 1, &pages[want]))
                                want++;
        }
        if (want)
                fetch(m, pages, want);
        m->last.key = 0;
        free(pages);
}

struct memory_counts memory_counts(const struct memory *m)
{
        return m->counts;
}
