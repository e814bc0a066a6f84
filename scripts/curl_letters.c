/* The reference for letters: the same bytes over as many threads, one libcurl easy handle each, and nothing else.
   usage: curl-letters URL FILE THREADS LETTERS; prints letters a second and the CPU seconds it took. */
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const char *url;
static char *content;
static size_t size;
static atomic_int left;

static size_t give(char *buffer, size_t unit, size_t count, void *context) {
  size_t *position = context, room = unit * count;
  size_t bytes = size - *position < room ? size - *position : room;
  memcpy(buffer, content + *position, bytes);
  *position += bytes;
  return bytes;
}

static size_t ignore(char *buffer, size_t unit, size_t count, void *context) {
  (void)buffer, (void)context;
  return unit * count;
}

static void *work(void *unused) {
  (void)unused;
  CURL *curl = curl_easy_init();
  struct curl_slist *recipient = curl_slist_append(NULL, "<reader@x.example>");
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, "<digest@x.example>");
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipient);
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, ignore);
  while (atomic_fetch_sub(&left, 1) > 0) {
    size_t position = 0;
    curl_easy_setopt(curl, CURLOPT_READDATA, &position);
    CURLcode result = curl_easy_perform(curl);
    if (result != CURLE_OK) {
      fprintf(stderr, "%s\n", curl_easy_strerror(result));
      exit(1);
    }
  }
  curl_slist_free_all(recipient);
  curl_easy_cleanup(curl);
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 5) return 64;
  url = arguments[1];
  FILE *file = fopen(arguments[2], "rb");
  if (!file) return 1;
  fseek(file, 0, SEEK_END);
  size = (size_t)ftell(file);
  rewind(file);
  content = malloc(size);
  if (!content || fread(content, 1, size, file) != size) return 1;
  int threads = atoi(arguments[3]), letters = atoi(arguments[4]);
  left = letters;
  curl_global_init(CURL_GLOBAL_ALL);
  struct timespec began, ended;
  clock_gettime(CLOCK_MONOTONIC, &began);
  pthread_t workers[64];
  if (threads > 64) return 64;
  for (int n = 0; n < threads; n++) pthread_create(&workers[n], NULL, work, NULL);
  for (int n = 0; n < threads; n++) pthread_join(workers[n], NULL);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double took = (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9;
  double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  printf("%.1f %.3f\n", letters / took, cpu);
  return 0;
}
