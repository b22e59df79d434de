/*
 * api.h
 *		Who sends a request, and whether its statement may run.
 */
#ifndef GTC_API_H
#define GTC_API_H

#include "serve/http.h"

/* Connections like the first one: for bearers of invitations, and the model of those of roles. */
extern void gtc_api_start(PGconn *first);
extern GtcLogin *gtc_api_own_login(void);

/* Looks only at memory. False: the reply stands already. */
extern bool gtc_api_admit(GtcRequest *request);

/* Asks the database; fills the reply. */
extern void gtc_api_perform(GtcRequest *request);

/* The status that a browser understands for an SQLSTATE. */
extern unsigned gtc_status_of(const char *sqlstate);

/* Whether the server is meant: by the Host header, against pages that give this machine another name. */
extern bool gtc_host_allowed(const char *host);

/* The value of one cookie in a Cookie header, into a buffer; false without it. */
extern bool gtc_cookie(const char *header, const char *name, char *value, size_t size);

extern void gtc_cookie_name(char *name, size_t size);

extern void gtc_reply_error(GtcReply *reply, unsigned status, const char *message, const char *hint,
							const char *code);

#endif
