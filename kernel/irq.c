/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines: who handles them.
 *
 * Each line has a list of actions, one for each handler, and a depth: 0 when its interrupts
 * come through. Lines that are in use are let through to CPU 0. An interrupt calls all the
 * handlers of its line, without the line's lock; `running` says that it does. So an action
 * that was taken off the list is still in use until `running` is 0: free_irq() and
 * disable_irq() wait for that, and only then is the action's place used again.
 *
 * An interrupt that no handler knows comes again and again if its line is level triggered:
 * after TOO_MANY of these in a row the line is masked for good, and a report names it.
 *
 * An edge that comes while its line is disabled is lost, as it is in the controllers.
 *
 * Locks: line->lock, interrupts off; actions_lock for the pool of actions. Both are leaves.
 */
#include <linux/atomic.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <kernel/cpu.h>
#include <kernel/sched.h>

#define MAX_LINES   256
#define MAX_ACTIONS 64
#define TOO_MANY    1000
#define TARGET_CPU  0

struct irq_action {
	struct irq_action *next;
	irq_handler_t handler;
	unsigned long flags;
	const char *name;
	void *dev_id;
};

struct irq_line {
	spinlock_t lock;
	struct irq_action *actions;
	unsigned int depth;		/* how often it was disabled */
	unsigned int unhandled;		/* interrupts in a row */
	atomic_t running;
};

static struct irq_line lines[MAX_LINES] = {
	[0 ... MAX_LINES - 1] = { .lock = __SPIN_LOCK_UNLOCKED(lines[0].lock) },
};
static struct irq_action pool[MAX_ACTIONS];	/* free while handler is NULL */
static DEFINE_SPINLOCK(actions_lock);

static struct irq_line *line_of(unsigned int irq)
{
	return irq < min_t(unsigned int, arch_nr_irqs(), MAX_LINES) ? &lines[irq] : NULL;
}

/* 1. Actions */

static struct irq_action *action_take(irq_handler_t handler)
{
	struct irq_action *action, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&actions_lock, flags);
	for (action = pool; action < pool + MAX_ACTIONS && !found; action++)
		if (!action->handler)
			found = action;
	if (found)
		found->handler = handler;
	spin_unlock_irqrestore(&actions_lock, flags);
	return found;
}

static void action_give_back(struct irq_action *action)
{
	unsigned long flags;

	spin_lock_irqsave(&actions_lock, flags);
	action->handler = NULL;
	spin_unlock_irqrestore(&actions_lock, flags);
}

static int unmask(unsigned int irq, const struct irq_line *line)
{
	return arch_irq_unmask(irq, TARGET_CPU, line->actions->flags);
}

/* Under line->lock: puts the action at the end of the list. */
static int action_add(struct irq_line *line, unsigned int irq, struct irq_action *action)
{
	struct irq_action **link = &line->actions;
	int error = 0;

	if (line->actions && !(line->actions->flags & action->flags & IRQF_SHARED))
		return -EBUSY;
	while (*link)
		link = &(*link)->next;
	action->next = NULL;
	__atomic_store_n(link, action, __ATOMIC_RELEASE);
	if (line->actions == action) {
		line->depth = line->unhandled = 0;
		error = unmask(irq, line);
		if (error)
			line->actions = NULL;
	}
	return error;
}

/* Under line->lock. Its own `next` stays: an interrupt may be just there. */
static struct irq_action *action_del(struct irq_line *line, unsigned int irq, void *dev_id)
{
	struct irq_action **link = &line->actions, *action;

	while (*link && (*link)->dev_id != dev_id)
		link = &(*link)->next;
	action = *link;
	if (!action)
		return NULL;
	WRITE_ONCE(*link, action->next);
	if (!line->actions)
		arch_irq_mask(irq);
	return action;
}

int request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags, const char *name,
		void *dev_id)
{
	struct irq_line *line = line_of(irq);
	struct irq_action *action;
	unsigned long irq_flags;
	int error;

	if (!line || !handler || (flags & IRQF_SHARED && !dev_id))
		return -EINVAL;
	action = action_take(handler);
	if (!action)
		return -ENOMEM;
	action->flags = flags;
	action->name = name;
	action->dev_id = dev_id;
	spin_lock_irqsave(&line->lock, irq_flags);
	error = action_add(line, irq, action);
	spin_unlock_irqrestore(&line->lock, irq_flags);
	if (error)
		action_give_back(action);
	return error;
}

const void *free_irq(unsigned int irq, void *dev_id)
{
	struct irq_line *line = line_of(irq);
	struct irq_action *action = NULL;
	unsigned long flags;
	const char *name;

	might_sleep();
	if (line) {
		spin_lock_irqsave(&line->lock, flags);
		action = action_del(line, irq, dev_id);
		spin_unlock_irqrestore(&line->lock, flags);
	}
	if (WARN_ON(!action))
		return NULL;
	synchronize_irq(irq);
	name = action->name;
	action_give_back(action);
	return name;
}

/* 2. Disabling */

void synchronize_irq(unsigned int irq)
{
	struct irq_line *line = line_of(irq);

	/* Pairs with the handler's atomic_dec_return(): what it wrote is seen from here on. */
	while (line && atomic_read_acquire(&line->running)) {
		if (WARN_ON(in_interrupt()))
			break;		/* perhaps that handler's own: it would wait for ever */
		port_relax();
	}
}

void disable_irq_nosync(unsigned int irq)
{
	struct irq_line *line = line_of(irq);
	unsigned long flags;

	if (WARN_ON(!line))
		return;
	spin_lock_irqsave(&line->lock, flags);
	if (!line->depth++ && line->actions)
		arch_irq_mask(irq);
	spin_unlock_irqrestore(&line->lock, flags);
}

void disable_irq(unsigned int irq)
{
	disable_irq_nosync(irq);
	synchronize_irq(irq);
}

void enable_irq(unsigned int irq)
{
	struct irq_line *line = line_of(irq);
	unsigned long flags;
	bool unbalanced;

	if (WARN_ON(!line))
		return;
	spin_lock_irqsave(&line->lock, flags);
	unbalanced = !line->depth;
	if (!unbalanced && !--line->depth && line->actions)
		unmask(irq, line);
	spin_unlock_irqrestore(&line->lock, flags);
	WARN_ON(unbalanced);
}

/* 3. The interrupt */

static bool call_handlers(struct irq_line *line, unsigned int irq)
{
	struct irq_action *action = __atomic_load_n(&line->actions, __ATOMIC_ACQUIRE);
	unsigned int count = preempt_count();
	bool handled = false;

	for (; action; action = __atomic_load_n(&action->next, __ATOMIC_ACQUIRE)) {
		handled |= action->handler((int)irq, action->dev_id) == IRQ_HANDLED;
		interrupt_check(count, action->handler);
	}
	return handled;
}

/* Under line->lock: counts, and masks a line that nobody cares for. */
static void note_result(struct irq_line *line, unsigned int irq, bool handled)
{
	line->unhandled = handled ? 0 : line->unhandled + 1;
	if (line->unhandled != TOO_MANY)
		return;
	line->depth++;
	arch_irq_mask(irq);
	pr_err("irq %u: nobody cared for %u interrupts, it is disabled\n", irq, TOO_MANY);
}

void irq_handler(unsigned int irq)
{
	struct irq_line *line = line_of(irq);
	bool wanted, handled;

	if (!line)
		return;
	spin_lock(&line->lock);
	wanted = line->actions && !line->depth;
	if (wanted)
		atomic_inc(&line->running);
	else
		arch_irq_mask(irq);
	spin_unlock(&line->lock);
	if (!wanted)
		return;
	handled = call_handlers(line, irq);
	spin_lock(&line->lock);
	note_result(line, irq, handled);
	atomic_dec_return(&line->running);
	spin_unlock(&line->lock);
}
