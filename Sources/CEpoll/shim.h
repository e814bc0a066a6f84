#pragma once
#include <sys/epoll.h>

// struct epoll_event is packed and holds a union; these take and give its two halves.

static inline int cepoll_add(int epoll, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event event = { .events = events, .data = { .u64 = token } };
  return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

static inline int cepoll_remove(int epoll, int descriptor) {
  return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, 0);
}

// The next descriptor that is ready, without waiting: 1, 0 when there is none, or -1 with errno.
static inline int cepoll_next(int epoll, uint64_t *token, uint32_t *events) {
  struct epoll_event event;
  int count = epoll_wait(epoll, &event, 1, 0);
  if (count == 1) {
    *token = event.data.u64;
    *events = event.events;
  }
  return count;
}
