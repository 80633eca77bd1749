// How long one request takes when nothing else goes on: one each millisecond, over a standing connection or each over a
// new one. Prints one line of JSON: how many there were, how many seconds it took, and the latencies in milliseconds.
//
// latency HOST PORT ping|connect SECONDS

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char request[] = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n";
static const long pace = 1000000;

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static int connected(const struct sockaddr_in *address) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int yes = 1;
  struct timeval patience = {10, 0};
  if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

// One request, and its answer, which ends with "ok".
static void ask(int fd) {
  char answer[4096];
  ssize_t count = 0;
  if (send(fd, request, sizeof request - 1, 0) != sizeof request - 1) fail("send");
  while (count < 2 || memcmp(answer + count - 2, "ok", 2) != 0) {
    ssize_t more = recv(fd, answer + count, sizeof answer - count, 0);
    if (more <= 0) fail("recv");
    count += more;
  }
}

static int ascending(const void *left, const void *right) {
  int a = *(const int *)left, b = *(const int *)right;
  return (a > b) - (a < b);
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &address.sin_addr);
  int connects = strcmp(argv[3], "connect") == 0;
  long wanted = atof(argv[4]) * 1000000000LL / pace, count = 0;
  int *times = calloc(wanted + 1, sizeof *times);
  int fd = connects ? -1 : connected(&address);
  long long start = now(), due = start;
  for (; count < wanted; count++) {
    due += pace;
    struct timespec until = {due / 1000000000LL, due % 1000000000LL};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    long long began = now();
    if (connects) fd = connected(&address);
    ask(fd);
    times[count] = now() - began;
    if (connects) close(fd);
    // Who is late doesn't hurry afterwards.
    if (now() > due + pace) due = now();
  }
  double seconds = (now() - start) / 1e9;
  qsort(times, count, sizeof *times, ascending);
  printf("{\"units\": %ld, \"seconds\": %f, \"p50\": %f, \"p99\": %f, \"errors\": 0}\n", count, seconds,
         times[count / 2] / 1e6, times[count * 99 / 100] / 1e6);
}
