// Connections of many clients: each from an address of its own out of 127.0.0.0/8, one request, read to the end.
//   clients serve PORT                       answers each connection with two bytes once it has asked, and ends it
//   clients ask PORT COUNT ADDRESSES SEED    COUNT connections, each from one of so many addresses; 32 at a time
//   clients tell PORT COUNT ADDRESSES SEED   the same, each with a header of the PROXY protocol, version 2, before what it asks
//   clients greet PORT COUNT ADDRESSES SEED  the same, each with a hello of TLS for www.db.example, before what it asks
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in at(uint32_t host, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(host)};
  return address;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

_Noreturn static void serve(int port) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = at(INADDR_LOOPBACK, port);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) die("listen");
  puts("ready");
  fflush(stdout);
  for (;;) {
    char bytes[1024];
    ssize_t has = 0, got;
    int client = accept(listener, NULL, NULL);
    if (client < 0) continue;
    // There may be a header before it.
    while ((got = read(client, bytes + has, sizeof bytes - has)) > 0)
      if ((has += got) >= 3 && !memcmp(bytes + has - 3, "ask", 3)) break;
    if (got > 0 && write(client, "ok", 2) == 2) shutdown(client, SHUT_WR);
    close(client);
  }
}

static uint64_t seed;
static uint32_t draw(uint32_t count) {
  seed = seed * 6364136223846793005ull + 1442695040888963407ull;
  return (uint32_t)((seed >> 33) % count);
}

static char words[1024] = "ask";
static size_t length = 3;

static void tell(void) {
  // PROXY, TCP over IPv4, of 192.0.2.1:4711 to 192.0.2.2:80.
  static const char header[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\x12\x67\0\x50" "ask";
  memcpy(words, header, length = sizeof header - 1);
}

static void put(const char *bytes, size_t count) {
  memcpy(words + length, bytes, count);
  length += count;
}

static void greet(void) {
  static const char zeros[512], name[] = "www.db.example";
  length = 0;
  // The record, the message, its version and random number, no session, two ciphers, no compression, and what extensions follow.
  put("\x16\3\1\2\0\1\0\1\xfc\3\3", 11), put(zeros, 32), put("\0\0\4\x13\1\x13\2\1\0\1\xcf", 11);
  // Padding before the name, as browsers mix them; then what protocols it would speak.
  put("\0\x15\1\xa5", 4), put(zeros, 421);
  put("\0\0\0\x13\0\x11\0\0\x0e", 9), put(name, sizeof name - 1);
  put("\0\x10\0\x0b\0\x09\x08http/1.1", 15), put("ask", 3);
}

static void begin(int queue, int port, uint32_t addresses) {
  int one = 1, client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in from = at(0x7F010000u + draw(addresses), 0), to = at(INADDR_LOOPBACK, port);
  setsockopt(client, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  if (bind(client, (struct sockaddr *)&from, sizeof from)) die("bind");
  if (connect(client, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) die("connect");
  struct epoll_event event = {.events = EPOLLOUT, .data.fd = client};
  epoll_ctl(queue, EPOLL_CTL_ADD, client, &event);
}

static int ask(int port, int count, uint32_t addresses) {
  int queue = epoll_create1(0), begun = 0, ended = 0, failed = 0;
  for (; begun < 32 && begun < count; begun++) begin(queue, port, addresses);
  while (ended < count) {
    struct epoll_event events[64];
    int ready = epoll_wait(queue, events, 64, 10000);
    if (ready <= 0) die("epoll_wait");
    for (int i = 0; i < ready; i++) {
      int client = events[i].data.fd;
      if (events[i].events == EPOLLOUT) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = client};
        if (write(client, words, length) == (ssize_t)length && !epoll_ctl(queue, EPOLL_CTL_MOD, client, &event)) continue;
      }
      char bytes[256];
      ssize_t got = read(client, bytes, sizeof bytes);
      if (got > 0) continue;
      if (got < 0 && errno == EAGAIN) continue;
      failed += got < 0;
      close(client);
      ended++;
      if (begun < count) begun++, begin(queue, port, addresses);
    }
  }
  printf("%d\n", failed);
  return 0;
}

int main(int count, char **given) {
  if (count == 3 && !strcmp(given[1], "serve")) serve(atoi(given[2]));
  if (count != 6) return fprintf(stderr, "clients serve PORT | ask PORT COUNT ADDRESSES SEED | tell … | greet …\n"), 2;
  if (!strcmp(given[1], "tell")) tell();
  if (!strcmp(given[1], "greet")) greet();
  seed = strtoull(given[5], NULL, 10);
  return ask(atoi(given[2]), atoi(given[3]), (uint32_t)atoi(given[4]));
}
