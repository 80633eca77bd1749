// Linux calls that glibc declares only under _GNU_SOURCE, which Swift's Glibc module is built without.
// The signatures and values are those of the kernel's user interface: pipe(2), splice(2), eventfd(2), fcntl(2).
#pragma once

#include <stddef.h>
#include <sys/types.h>

ssize_t splice(int fd_in, long long *off_in, int fd_out, long long *off_out, size_t len, unsigned int flags);
int pipe2(int fds[2], int flags);
int eventfd(unsigned int initval, int flags);

#define LINUX_SPLICE_F_MOVE 1u
#define LINUX_SPLICE_F_NONBLOCK 2u
#define LINUX_F_SETPIPE_SZ 1031
#define LINUX_F_GETPIPE_SZ 1032
#define LINUX_EFD_NONBLOCK 04000
#define LINUX_EFD_CLOEXEC 02000000
