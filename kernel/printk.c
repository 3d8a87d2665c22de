/* SPDX-License-Identifier: MIT */
/*
 * The kernel log: kept in a ring, and written at once to every console.
 *
 * Two kinds of text share it. printk() text gets "# " in front of each line, and
 * tap_printf() text stays as it is; so the whole log is a TAP document, whatever the kernel
 * has to say between two results. A line that one kind left open is ended before the other
 * begins; only KERN_CONT goes on in an open printk() line. There are no timestamps: two
 * equal runs give equal logs. Control characters in printk() text, which may come from
 * firmware, become '?'.
 *
 * Everything here is guarded by log_owner, a lock whose word is the number of the CPU that
 * holds it: holder and lock change in one step, so that code which interrupts the holder on
 * its own CPU (a trap in a console driver, an NMI) knows for certain that waiting would be
 * for ever. Its text is put aside in `pending`, and the holder prints it before it lets go
 * (what comes in that very instant waits for the next text).
 * Interrupts are off while the lock is held. It nests inside every other lock, and no
 * other lock is taken under it, except by a console's write(), and that of PCI's configuration
 * space by who holds the log meanwhile (console_hold()).
 *
 * `pending` is written by contexts that interrupt one another on the holder's CPU, each
 * finishing before the one below goes on: room is taken with one atomic addition, then
 * filled. It empties only as a whole, so a console that prints while it writes fills it
 * once, and cannot keep the holder busy without end.
 *
 * Costs: 70 KiB, and the time that the consoles take (90 us a character on a serial line)
 * with interrupts off.
 */
#include <linux/atomic.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <kernel/console.h>
#include <kernel/kernel.h>
#include <kernel/logring.h>

#define LOG_SIZE     65536
#define TEXT_SIZE    2560	/* the longest text of one call: a command line fits */
#define PENDING_SIZE 2048
#define MAX_INDENT   6
#define MARGIN	     (MAX_INDENT + 2)	/* bytes before a text, for what goes in front of a line */
#define NOBODY	     (-1)

/*
 * How often a panic looks for another CPU to finish its text: a second or so, in which a
 * serial line carries several texts of the longest kind.
 */
#define BREAK_TURNS 20000000

static atomic_t log_owner = ATOMIC_INIT(NOBODY);

static char log_buffer[LOG_SIZE];
static struct logring kept = LOGRING_INIT(log_buffer);
static struct console *consoles;	/* in the order they were registered */
static unsigned int indent;
static char text_room[MARGIN + TEXT_SIZE];
static char *const text = text_room + MARGIN;	/* what is being printed */

/* Where the log stands: at the start of a line, or in one of some kind. */
static enum { AT_START, IN_PRINTK, IN_TAP, CUT_SHORT } line;

/* Texts, each with its terminator; the last byte stays 0. */
static char pending_room[MARGIN + PENDING_SIZE + 1];
static char *const pending = pending_room + MARGIN;
static atomic_t pending_length = ATOMIC_INIT(0);
static atomic_t pending_lost = ATOMIC_INIT(0);

/* False when this CPU holds the lock already: the caller must not wait. */
static bool log_enter(unsigned long *flags)
{
	int cpu;

	local_irq_save(*flags);
	cpu = (int)port_cpu();
	if (atomic_read(&log_owner) == cpu) {
		local_irq_restore(*flags);
		return false;
	}
	while (atomic_cmpxchg(&log_owner, NOBODY, cpu) != NOBODY)
		port_relax();
	return true;
}

static void emit(const char *s, size_t length)
{
	struct console *con;

	if (!length)
		return;
	logring_append(&kept, s, length);
	for (con = consoles; con; con = con->next)
		con->write(con, s, length);
}

static void end_line(void)
{
	line = AT_START;
	emit("\n", 1);
}

/*
 * One line of a printk() with the line feed that ends it, or the part of one that is known so
 * far. What stands before it was printed already: what goes in front of the line is put there.
 */
static void put_line(char *s, size_t length, bool ended)
{
	static const char margin[] = "      # ";
	size_t before = 0;

	if (line == AT_START) {
		/* The blank behind # would be the last thing on an empty line. */
		before = indent + (length ? 2 : 1);
		memcpy(s - before, margin + MAX_INDENT - indent, before);
	}
	line = ended ? AT_START : IN_PRINTK;
	emit(s - before, before + length + ended);
}

static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

static void put_text(char *s)
{
	bool cont = false;
	char *end;

	if (s[0] == '\001' && s[1]) {
		cont = s[1] == 'c';
		s += 2;
	}
	if (!*s)
		return;
	if (line != AT_START && !(cont && line == IN_PRINTK))
		end_line();
	for (; *s; s = end) {
		for (end = s; *end && *end != '\n'; end++)
			if (is_control(*end))
				*end = '?';
		put_line(s, (size_t)(end - s), *end);
		end += *end != 0;
	}
}

/* Prints what interrupting contexts have put aside. The lock is held. */
static void put_pending(void)
{
	int done = 0, end, lost;

	while ((end = atomic_cmpxchg(&pending_length, done, 0)) > done) {
		char *s = pending + done;

		done += (int)strlen(s) + 1;
		put_text(s);
	}
	/* Only when a panic came between taking room for the last text and filling it. */
	if (end < done)
		atomic_set(&pending_length, 0);
	lost = atomic_xchg(&pending_lost, 0);
	if (lost) {
		scnprintf(text, TEXT_SIZE, "printk: %d nested texts lost\n", lost);
		put_text(text);
	}
}

static void log_leave(unsigned long flags)
{
	if (atomic_read(&pending_length) || atomic_read(&pending_lost))
		put_pending();
	smp_store_release(&log_owner.counter, NOBODY);
	local_irq_restore(flags);
}

void console_hold(unsigned long *flags)
{
	bool mine = log_enter(flags);

	BUG_ON(!mine);		/* within a console, or held already */
}

void console_release(unsigned long flags)
{
	log_leave(flags);
}

/* For a context that interrupted the holder of the lock on its own CPU. */
static int put_aside(const char *fmt, __builtin_va_list args)
{
	__builtin_va_list again;
	int size, end, length;
	char *to;

	__builtin_va_copy(again, args);
	size = vsnprintf(NULL, 0, fmt, again) + 1;
	__builtin_va_end(again);
	end = size > PENDING_SIZE ? size : atomic_add_return(size, &pending_length);
	if (end > PENDING_SIZE) {
		if (size <= PENDING_SIZE)
			atomic_sub(size, &pending_length);
		atomic_inc(&pending_lost);
		return 0;
	}
	to = pending + end - size;
	length = min(vsnprintf(to, (size_t)size, fmt, args), size - 1);
	/* Should a string have become shorter meanwhile: no old bytes in between. */
	memset(to + length, 0, (size_t)(size - length));
	return length;
}

/* Formats into `text`; one that is too long ends in "...". The lock is held. */
static int format(const char *fmt, __builtin_va_list args)
{
	static const char cut[] = "...\n";
	int length = vsnprintf(text, TEXT_SIZE, fmt, args);

	if (length >= TEXT_SIZE)
		memcpy(text + TEXT_SIZE - sizeof(cut), cut, sizeof(cut));
	return min(length, TEXT_SIZE - 1);
}

int vprintk(const char *fmt, __builtin_va_list args)
{
	unsigned long flags;
	int length;

	if (!log_enter(&flags))
		return put_aside(fmt, args);
	length = format(fmt, args);
	put_text(text);
	log_leave(flags);
	return length;
}

int printk(const char *fmt, ...)
{
	__builtin_va_list args;
	int length;

	__builtin_va_start(args, fmt);
	length = vprintk(fmt, args);
	__builtin_va_end(args);
	return length;
}

static void put_tap(size_t length)
{
	if (!length)
		return;
	if (line == IN_PRINTK || line == CUT_SHORT)
		end_line();
	line = text[length - 1] == '\n' ? AT_START : IN_TAP;
	emit(text, length);
}

void tap_printf(const char *fmt, ...)
{
	__builtin_va_list args;
	unsigned long flags;

	__builtin_va_start(args, fmt);
	if (log_enter(&flags)) {
		put_tap((size_t)format(fmt, args));
		log_leave(flags);
	} else {
		put_aside(fmt, args);
	}
	__builtin_va_end(args);
}

unsigned int printk_set_indent(unsigned int spaces)
{
	unsigned int before = indent;

	indent = min_t(unsigned int, spaces, MAX_INDENT);
	return before;
}

void printk_break_lock(void)
{
	unsigned int turns = 0;
	unsigned long flags;

	if (atomic_read(&log_owner) != (int)port_cpu())
		while (atomic_read(&log_owner) != NOBODY && turns++ < BREAK_TURNS)
			port_relax();
	if (atomic_xchg(&log_owner, NOBODY) == NOBODY)
		return;
	line = CUT_SHORT;
	/* What was put aside comes first: it is what led here. */
	if (log_enter(&flags))
		log_leave(flags);
}

static void replay(const char *s, size_t length, void *arg)
{
	struct console *con = arg;

	con->write(con, s, length);
}

/* Where the pointer to con is in the list, or where the list ends. */
static struct console **find_console(const struct console *con)
{
	struct console **link = &consoles;

	while (*link && *link != con)
		link = &(*link)->next;
	return link;
}

void console_register(struct console *con)
{
	struct console **link;
	unsigned long flags;

	if (!log_enter(&flags)) {
		pr_err("console %s: registered from within a console, refused\n", con->name);
		return;
	}
	link = find_console(con);
	if (!*link) {
		logring_replay(&kept, replay, con);
		con->next = NULL;
		*link = con;
	}
	log_leave(flags);
}

void console_unregister(struct console *con)
{
	struct console **link;
	unsigned long flags;

	if (!log_enter(&flags)) {
		pr_err("console %s: unregistered from within a console, refused\n", con->name);
		return;
	}
	link = find_console(con);
	if (*link)
		*link = con->next;
	log_leave(flags);
}

unsigned int console_count(void)
{
	const struct console *con;
	unsigned int n = 0;

	for (con = READ_ONCE(consoles); con; con = con->next)
		n++;
	return n;
}
