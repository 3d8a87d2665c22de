/* SPDX-License-Identifier: MIT */
/* Error numbers: functions return them negative. Values as in Linux. */
#ifndef _LINUX_ERRNO_H
#define _LINUX_ERRNO_H

#define EPERM	1
#define ENOENT	2
#define EINTR	4
#define EIO	5
#define ENXIO	6
#define E2BIG	7
#define EAGAIN	11
#define ENOMEM	12
#define EACCES	13
#define EFAULT	14
#define EBUSY	16
#define EEXIST	17
#define ENODEV	19
#define EINVAL	22
#define ENOSPC	28
#define EDOM	33
#define ERANGE	34
#define EDEADLK	35
#define ENOSYS	38
#define EOVERFLOW 75
#define EOPNOTSUPP 95
#define ETIME	  62
#define ETIMEDOUT 110
#define EINPROGRESS 115

#endif
