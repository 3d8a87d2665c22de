/* SPDX-License-Identifier: MIT */
/*
 * A page that others look for while its owner frees it: whoever gets a reference has a page that
 * is not freed, and the last one to let go frees it, once.
 *
 * plant: mm/page_free.c: return try_cmpxchg(&page->word, word, dropped);
 *	-> return WRITE_ONCE(page->word, dropped), true;
 * plant: mm/page_free.c: if (!can_be_found(word)) -> if (!can_be_found(word) && word_refs(word))
 * plant: mm/page_free.c: } while (!try_cmpxchg(&head->word, &word, word + PAGE_WORD(0, 0, 0, 1)));
 *	-> } while (WRITE_ONCE(head->word, word + PAGE_WORD(0, 0, 0, 1)), 0);
 */
#include <mm/page_free.c>
#include "model.h"

bool page_owner_on, init_on_free, page_free_hooked;	/* off */
static struct page page;
static int freed;

struct page *compound_head(const struct page *any)
{
	return (struct page *)any;
}

struct page *page_block_head(const struct page *any)
{
	return (struct page *)any;
}

/* The page is on its way to a CPU's cache: nobody may hold it. */
void pcp_free(struct page *block, unsigned int order)
{
	MODEL_CHECK(!freed && !word_refs(block->word));
	freed = 1;
}

static void allocated(void)
{
	page.word = PAGE_WORD(PAGE_USED, 0, PG_SHARED, 1);
}

static void owner(void)
{
	MODEL_CHECK(!drop(&page, ANY_ORDER));
}

static void searcher(void)
{
	if (!get_page_unless_zero(&page))
		return;
	MODEL_CHECK(!freed);
	MODEL_CHECK(!drop(&page, ANY_ORDER));
}

static void it_is_freed(void)
{
	MODEL_CHECK(freed);
}

const struct model model = {
	.preemptions = 4, .delays = 1, .begin = allocated,
	.threads = { owner, searcher, searcher }, .end = it_is_freed,
};
