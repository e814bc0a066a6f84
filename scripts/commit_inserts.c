/* The reference for sign-ups: one row, one durable commit, and again, as fast as SQLite goes on one connection.
   cc -O2 commit_inserts.c -lsqlite3; ./a.out FILE SECONDS prints commits a second. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void check(int code, sqlite3 *database) {
  if (code == SQLITE_OK || code == SQLITE_DONE) return;
  fprintf(stderr, "%s\n", sqlite3_errmsg(database));
  exit(1);
}

int main(int count, char **arguments) {
  if (count != 3) return 64;
  sqlite3 *database;
  sqlite3_stmt *insert;
  check(sqlite3_open(arguments[1], &database), database);
  check(sqlite3_exec(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                               "CREATE TABLE subscriber (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE) STRICT",
                     NULL, NULL, NULL), database);
  check(sqlite3_prepare_v2(database, "INSERT INTO subscriber (email) VALUES (?)", -1, &insert, NULL), database);
  double start = now(), end = start + atof(arguments[2]);
  long commits = 0;
  while (now() < end) {
    char email[64];
    snprintf(email, sizeof email, "reader%ld@bench.example", commits++);
    sqlite3_bind_text(insert, 1, email, -1, SQLITE_TRANSIENT);
    check(sqlite3_step(insert), database);
    sqlite3_reset(insert);
  }
  printf("%.1f\n", commits / (now() - start));
  return 0;
}
