// SPDX-License-Identifier: MIT
/*
 * The allocator of virtual ranges: which addresses of the vmalloc area are whose.
 *
 * A space of addresses is cut into ranges. All of them, free or not, are in one list by address,
 * so that a range that comes back finds its neighbours and joins the free ones. The free ones
 * are in a tree by size (equal sizes by address), so that the smallest that is large enough is
 * found by one descent: best fit.
 *
 *	first <-> [taken] <-> [  free  ] <-> [taken] <-> [      free      ]
 *			          \________ tree by size ________/
 *
 * The tree is a treap: each range has a random priority, and no child has a higher one than its
 * parent. That keeps it as flat as a random order of insertion would: some 2 ln n deep, 23 for
 * 100,000 ranges, whatever the order in which ranges come and go. Inserting splits a subtree in
 * two, removing joins two; neither recurses, and there are no parent pointers.
 *
 * Alignment: of the free ranges that are large enough, the first FITS are tried in order of
 * size; if none holds an aligned piece, one is taken that is larger by the alignment, which
 * always holds one. So an aligned request costs at most FITS + 1 descents.
 *
 * There are two spaces. Areas below 2 MiB live in vmap_small; in vmap_large everything is a
 * multiple of 2 MiB, so ranges there can be mapped by large entries without a thought, and page
 * tables of small ones do not get in their way. When one space has no room the other helps out.
 *
 * Descriptions of ranges come from vmap_node.c, and outlive the readers of RCU that may have found
 * them by the index.
 *
 * Invariants: neighbours in the list touch, and the list covers the space. No two free ranges
 * are neighbours. The tree holds exactly the free ones; left < node < right; priorities do not
 * rise on the way down. A range that is not free is in the index.
 *
 * Locks: vmap_lock guards lists, trees and spare descriptions; in threads only. Nothing but the
 * list of RCU's callbacks nests inside.
 * Costs: taking and giving back O(log n), about 300 instructions among a thousand free ranges.
 */
#include "kmemleak.h"
#include "vmap.h"

#define FITS 8

struct vmap_space vmap_small, vmap_large;

static DEFINE_SPINLOCK(vmap_lock);
static u64 random_state = 0x9e3779b97f4a7c15;

/* ---- Descriptions ---- */

static struct vmap_area *node_get(unsigned long start, unsigned long end, enum vmap_state state)
{
	struct vmap_area *node = vmap_node_get();

	node->start = start;
	node->end = end;
	node->left = node->right = NULL;
	node->state = state;
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	node->priority = (u32)(random_state >> 32);
	return node;
}

/* Takes the lock with nr spare descriptions at hand; false, without it, if there is no page. */
static bool lock_with_nodes(unsigned int nr)
{
	void *page;

	spin_lock(&vmap_lock);
	while (vmap_nodes_spare() < nr) {
		spin_unlock(&vmap_lock);
		page = vmap_nodes_page_alloc();
		if (!page)
			return false;
		spin_lock(&vmap_lock);
		vmap_nodes_add(page);
	}
	return true;
}

/* ---- The tree ---- */

static bool comes_before(const struct vmap_area *a, unsigned long size, unsigned long start)
{
	unsigned long own = a->end - a->start;

	return own != size ? own < size : a->start < start;
}

static void tree_insert(struct vmap_area **link, struct vmap_area *new)
{
	unsigned long size = new->end - new->start;
	struct vmap_area *node, **left = &new->left, **right = &new->right;

	while (*link && (*link)->priority >= new->priority)
		link = comes_before(*link, size, new->start) ? &(*link)->right : &(*link)->left;
	/* What hangs here is split into what comes before the new one and what comes after. */
	node = *link;
	*link = new;
	while (node) {
		if (comes_before(node, size, new->start)) {
			*left = node;
			left = &node->right;
		} else {
			*right = node;
			right = &node->left;
		}
		node = comes_before(node, size, new->start) ? node->right : node->left;
	}
	*left = *right = NULL;
}

static void tree_remove(struct vmap_area **link, struct vmap_area *old)
{
	unsigned long size = old->end - old->start;
	struct vmap_area *left = old->left, *right = old->right;

	while (*link != old)
		link = comes_before(*link, size, old->start) ? &(*link)->right : &(*link)->left;
	while (left && right) {
		if (left->priority >= right->priority) {
			*link = left;
			link = &left->right;
			left = left->right;
		} else {
			*link = right;
			link = &right->left;
			right = right->left;
		}
	}
	*link = left ? left : right;
}

/* The first in order that does not come before (size, start). */
static struct vmap_area *tree_find(struct vmap_area *node, unsigned long size, unsigned long start)
{
	struct vmap_area *best = NULL;

	while (node) {
		if (comes_before(node, size, start)) {
			node = node->right;
		} else {
			best = node;
			node = node->left;
		}
	}
	return best;
}

/* ---- Taking and giving back ---- */

/* Where in a free range an aligned piece begins; false when it holds none. */
static bool fits(const struct vmap_area *area, unsigned long size, unsigned long align,
		 unsigned long *start)
{
	*start = ALIGN(area->start, align);
	return *start >= area->start && *start <= area->end && area->end - *start >= size;
}

static struct vmap_area *find_fit(struct vmap_space *space, unsigned long size,
				  unsigned long align, unsigned long *start)
{
	struct vmap_area *area = tree_find(space->root, size, 0);
	unsigned long enough;

	for (unsigned int i = 0; area && i < FITS; i++) {
		if (fits(area, size, align, start))
			return area;
		area = tree_find(space->root, area->end - area->start, area->start + 1);
	}
	if (!area || __builtin_add_overflow(size, align - PAGE_SIZE, &enough))
		return NULL;
	area = tree_find(space->root, enough, 0);
	return area && fits(area, size, align, start) ? area : NULL;
}

static void insert_after(struct vmap_area *area, struct vmap_area *new)
{
	new->prev = area;
	new->next = area->next;
	if (area->next)
		area->next->prev = new;
	area->next = new;
}

static void free_piece(struct vmap_space *space, struct vmap_area *after, unsigned long start,
		       unsigned long end)
{
	struct vmap_area *piece = node_get(start, end, VMAP_FREE);

	insert_after(after, piece);
	tree_insert(&space->root, piece);
}

/* Makes [start, start + size) of a free range a range by itself; what is left stays free. */
static struct vmap_area *cut(struct vmap_space *space, struct vmap_area *area, unsigned long start,
			     unsigned long size)
{
	unsigned long end = area->end;

	tree_remove(&space->root, area);
	if (start > area->start) {
		struct vmap_area *front = area;

		area = node_get(start, end, VMAP_TAKEN);
		insert_after(front, area);
		front->end = start;
		tree_insert(&space->root, front);
	}
	area->end = start + size;
	WRITE_ONCE(area->state, VMAP_TAKEN);
	area->left = NULL;
	if (end > area->end)
		free_piece(space, area, area->end, end);
	return area;
}

struct vmap_area *vmap_take(struct vmap_space *space, unsigned long size, unsigned long align)
{
	struct vmap_area *area;
	unsigned long start;

	if (!lock_with_nodes(2))
		return NULL;
	area = find_fit(space, size, align, &start);
	if (area)
		area = cut(space, area, start, size);
	spin_unlock(&vmap_lock);
	if (!area)
		return NULL;
	if (!vmap_index_prepare(area->start)) {
		vmap_give(space, area);
		return NULL;
	}
	vmap_index_set(area->start, area);
	return area;
}

/* The second of two neighbours becomes part of the first. */
static void join(struct vmap_area *area, struct vmap_area *next)
{
	area->end = next->end;
	area->next = next->next;
	if (next->next)
		next->next->prev = area;
	vmap_node_put(next);
}

/* A neighbour's owner changes its state without the lock; to and from free only under it. */
static bool is_free(const struct vmap_area *area)
{
	return area && READ_ONCE(area->state) == VMAP_FREE;
}

void vmap_give(struct vmap_space *space, struct vmap_area *area)
{
	vmap_index_set(area->start, NULL);
	spin_lock(&vmap_lock);
	area->vm.flags = 0;
	WRITE_ONCE(area->state, VMAP_FREE);
	if (is_free(area->next)) {
		tree_remove(&space->root, area->next);
		join(area, area->next);
	}
	if (is_free(area->prev)) {
		area = area->prev;
		tree_remove(&space->root, area);
		join(area, area->next);
	}
	tree_insert(&space->root, area);
	spin_unlock(&vmap_lock);
}

/* ---- Looking at all of them ---- */

void vmap_walk(struct vmap_space *space, bool (*fn)(struct vmap_area *area, void *arg), void *arg)
{
	struct vmap_area *area;

	for (area = space->first; area && fn(area, arg); area = area->next)
		;
}

void vmap_for_each(struct vmap_space *space, bool (*fn)(struct vmap_area *area, void *arg),
		   void *arg)
{
	spin_lock(&vmap_lock);
	vmap_walk(space, fn, arg);
	spin_unlock(&vmap_lock);
}

bool vmap_trylock(void)
{
	return spin_trylock(&vmap_lock);
}

void vmap_unlock(void)
{
	spin_unlock(&vmap_lock);
}

static bool tree_holds(const struct vmap_space *space, const struct vmap_area *area)
{
	const struct vmap_area *node = space->root, *parent = NULL;

	for (; node && node != area; parent = node,
	     node = comes_before(node, area->end - area->start, area->start) ? node->right :
									       node->left)
		if (parent && parent->priority < node->priority)
			return false;
	return node && (!parent || parent->priority >= node->priority);
}

static const char *why_wrong(const struct vmap_space *space, const struct vmap_area *area,
			     unsigned long expected_start)
{
	const struct vmap_area *next = area->next;
	enum vmap_state state = READ_ONCE(area->state);

	if (area->start != expected_start || area->end <= area->start ||
	    !PAGE_ALIGNED(area->start | area->end))
		return "does not begin where the one before ends";
	if (next ? next->prev != area : area->end != space->end)
		return "the list is broken behind it";
	if (state != VMAP_FREE && (state < VMAP_TAKEN || state > VMAP_RETIRED))
		return "no such state";
	if (state != VMAP_FREE)
		return NULL;
	if (is_free(next))
		return "two free ranges are neighbours";
	return tree_holds(space, area) ? NULL : "free, but astray in the tree";
}

/* Every free range is found in the tree, so counting tells whether it holds others too. */
static unsigned long tree_count(const struct vmap_area *node)
{
	return node ? 1 + tree_count(node->left) + tree_count(node->right) : 0;
}

unsigned int vmap_space_validate(const struct vmap_space *space)
{
	unsigned long expected = space->start, nr_free = 0, in_tree;
	const struct vmap_area *area;
	const char *wrong = NULL;

	spin_lock(&vmap_lock);
	for (area = space->first; area && !wrong; area = area->next) {
		wrong = why_wrong(space, area, expected);
		nr_free += is_free(area);
		expected = area->end;
		if (wrong)
			report_misuse(QUARRY_CORRUPTION, area, "vmap range [%lx, %lx): %s",
				      area->start, area->end, wrong);
	}
	in_tree = wrong ? nr_free : tree_count(space->root);
	spin_unlock(&vmap_lock);
	if (in_tree != nr_free)
		report_misuse(QUARRY_CORRUPTION, space, "vmap: %lu free ranges, %lu in the tree",
			      nr_free, in_tree);
	return !!wrong + (in_tree != nr_free);
}

unsigned int vmap_validate(void)
{
	return vmap_space_validate(&vmap_small) + vmap_space_validate(&vmap_large);
}

unsigned long vmap_kept_pages(void)
{
	return vmap_nodes_pages() + vmap_index_pages();
}

/* ---- The start ---- */

bool vmap_space_init(struct vmap_space *space, unsigned long start, unsigned long end)
{
	*space = (struct vmap_space){ .start = start, .end = end };
	if (start == end)
		return true;
	if (!lock_with_nodes(1))
		return false;
	space->first = node_get(start, end, VMAP_FREE);
	space->first->prev = space->first->next = NULL;
	tree_insert(&space->root, space->first);
	spin_unlock(&vmap_lock);
	return true;
}

void vmap_space_end(struct vmap_space *space)
{
	spin_lock(&vmap_lock);
	vmap_node_put(space->first);
	space->first = space->root = NULL;
	spin_unlock(&vmap_lock);
}

int vmap_init(void)
{
	return vmap_index_init(port_vmalloc_base, port_vmalloc_size);
}

/*
 * The first descriptions come from the page allocator, which works by now. With kmemleak no area
 * begins where the spaces do: variables have that address, and the first areas would never leak.
 */
int vmap_init_spaces(void)
{
	unsigned long start = port_vmalloc_base, end = start + port_vmalloc_size;
	unsigned long border = min(start + ALIGN(port_vmalloc_size / 4, SZ_1G), end);
	bool first_unused = kmemleak_on && border < end;

	return vmap_space_init(&vmap_small, start + (first_unused ? PAGE_SIZE : 0), border) &&
	       vmap_space_init(&vmap_large, border + (first_unused ? SZ_2M : 0), end) ?
	       0 : -ENOMEM;
}
