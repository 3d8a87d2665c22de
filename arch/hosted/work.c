/* SPDX-License-Identifier: MIT */
/* What the process is for: the self-tests, or the benchmark. */
#include "hosted.h"
#include "tests/bench/run.h"
#include "tests/selftest.h"

unsigned int hosted_work(int argc, char **argv)
{
	return bench_asked() ? !bench_rows_run() : selftest_run();
}
