/*
 * rate.h
 *		How often somebody may try to sign in.
 */
#ifndef GTC_RATE_H
#define GTC_RATE_H

#include <stdbool.h>

/* Seconds to wait before the next try of this role (or "" for an invitation) from this address; 0: go on. */
extern int	gtc_rate_wait(const char *address, const char *role, double now);

/* A try that failed. */
extern void gtc_rate_failed(const char *address, const char *role, double now);

#endif
