/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into the emulator: its first thread never comes back from waiting for the host.
 *
 * QEMU runs the timers of an emulated machine in whichever of two threads is there first, the
 * one that emulates the CPUs or the first one, which each timer wakes: and which it was decides
 * whether the next CPU loses its turn. Without the first thread all of it is one sequence of
 * emulated instructions, equal in each run. Nothing else is lost while some CPU does not halt,
 * the log goes to a file, and the machine ends itself.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

int ppoll(struct pollfd *fds, nfds_t nr, const struct timespec *timeout, const sigset_t *mask)
{
	int (*poll_as_usual)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);

	while (gettid() == getpid())
		pause();
	poll_as_usual = dlsym(RTLD_NEXT, "ppoll");
	return poll_as_usual(fds, nr, timeout, mask);
}
