// Linux calls that glibc declares only under _GNU_SOURCE, which Swift's Glibc module is built without, under names that
// can't clash with glibc's own declarations. Signatures and values are those of the kernel's user interface:
// accept4(2), pipe2(2), splice(2), eventfd(2), timerfd_create(2), fcntl(2), syscall(2), socket(7), unix(7); one is
// pthread_setname_np(3). No header of glibc is included, lest its types be defined in two modules.
#pragma once

#include <asm/unistd.h>

// What a network's addresses and interfaces are told by (rtnetlink(7)), and who is told of them (packet(7)): these headers
// are the kernel's alone, and define no type that glibc has.
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

int linux_accept4(int fd, void *_Nullable address, unsigned int *_Nullable length, int flags) __asm__("accept4");
int linux_pipe2(int *_Nonnull ends, int flags) __asm__("pipe2");
int linux_eventfd(unsigned int initial, int flags) __asm__("eventfd");
int linux_timerfd_create(int clock, int flags) __asm__("timerfd_create");
int linux_timerfd_settime(int fd, int flags, const void *_Nonnull due, void *_Nullable before) __asm__("timerfd_settime");
long linux_splice(
    int in, long long *_Nullable in_offset, int out, long long *_Nullable out_offset, unsigned long count, unsigned int flags)
    __asm__("splice");

// recv(2) and send(2) by way of syscall(2). The C library's own are points where a thread can be cancelled, and pay for it
// with two atomic exchanges a call in any process that has a second thread; nobody here cancels threads.
long linux_socket_call(
    long number, long fd, void *_Nonnull bytes, unsigned long count, long flags, void *_Nullable address,
    unsigned long length) __asm__("syscall");
enum { LINUX_SYS_RECVFROM = __NR_recvfrom, LINUX_SYS_SENDTO = __NR_sendto };

// A network of the calling thread's own, and one that is there (network_namespaces(7)).
int linux_unshare(int kinds) __asm__("unshare");
int linux_setns(int fd, int kind) __asm__("setns");
#define LINUX_CLONE_NEWNET 0x40000000

int linux_set_thread_name(unsigned long thread, const char *_Nonnull name) __asm__("pthread_setname_np");

#define LINUX_SPLICE_F_MOVE 1u
#define LINUX_SPLICE_F_NONBLOCK 2u
#define LINUX_F_SETPIPE_SZ 1031
#define LINUX_F_GETPIPE_SZ 1032
#define LINUX_TFD_NONBLOCK 04000
#define LINUX_TFD_CLOEXEC 02000000
#define LINUX_EFD_NONBLOCK 04000
#define LINUX_EFD_CLOEXEC 02000000

// A program of the classic packet filter, for SO_ATTACH_FILTER (struct sock_filter and sock_fprog in linux/filter.h).
struct linux_filter_instruction {
  unsigned short code;
  unsigned char jump_true;
  unsigned char jump_false;
  unsigned int constant;
};
struct linux_filter_program {
  unsigned short count;
  struct linux_filter_instruction *_Nullable instructions;
};
#define LINUX_BPF_LD_B_ABS 0x30
#define LINUX_BPF_JEQ_K 0x15
#define LINUX_BPF_RET_K 0x06

// Questions about routes and news of them (netlink(7), rtnetlink(7)): struct nlmsghdr and rtmsg in one piece, as they
// lie in front of the attributes.
struct linux_route_question {
  unsigned int length;
  unsigned short type;
  unsigned short flags;
  unsigned int sequence;
  unsigned int port;
  unsigned char family;
  unsigned char destination_length;
  unsigned char source_length;
  unsigned char service;
  unsigned char table;
  unsigned char protocol;
  unsigned char scope;
  unsigned char kind;
  unsigned int route_flags;
};
struct linux_netlink_address {
  unsigned short family;
  unsigned short padding;
  unsigned int port;
  unsigned int groups;
};
#define LINUX_NETLINK_ROUTE 0
#define LINUX_NLM_F_REQUEST 1
#define LINUX_RTM_NEWROUTE 24
#define LINUX_RTM_GETROUTE 26
#define LINUX_RTA_DST 1
#define LINUX_RTA_OIF 4
#define LINUX_RTN_LOCAL 2
#define LINUX_RTMGRP_IPV4_ROUTE 0x40u
#define LINUX_RTMGRP_IPV6_ROUTE 0x400u

// What SO_PEERCRED gives (struct ucred in unix(7)).
struct linux_peer_credentials {
  int pid;
  unsigned int uid;
  unsigned int gid;
};

// The peer's supplementary groups (Linux 4.13), which glibc's headers don't name everywhere.
#define LINUX_SO_PEERGROUPS 59
