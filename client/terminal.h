/*
 * terminal.h
 *		A terminal that hands over single keys and shows whole screens.
 */
#ifndef GTC_TERMINAL_H
#define GTC_TERMINAL_H

#include <stdbool.h>

#include "buffer.h"

enum
{
	GTC_KEY_NONE = 0,			/* time is up, or the other descriptor is ready */
	GTC_KEY_ENTER = '\r',
	GTC_KEY_ESCAPE = 27,
	GTC_KEY_BACKSPACE = 127,
	GTC_KEY_UP = 0x110001,		/* beyond Unicode */
	GTC_KEY_DOWN,
	GTC_KEY_LEFT,
	GTC_KEY_RIGHT,
	GTC_KEY_PAGE_UP,
	GTC_KEY_PAGE_DOWN,
	GTC_KEY_END,				/* end of input, or a signal to stop */
	GTC_KEY_RESIZED
};

typedef struct GtcTerminal
{
	int			columns;
	int			rows;
} GtcTerminal;

/* False, after a message, if stdin and stdout are no terminal. */
extern bool gtc_terminal_open(GtcTerminal *terminal);

/* As it was before; also when a signal ends the program. */
extern void gtc_terminal_close(void);

/* The next key: a Unicode character or one of the above; waits for `other` (or -1) too. */
extern int	gtc_terminal_key(GtcTerminal *terminal, int other, int milliseconds);

/* Shows the screen: lines separated by \n, which must fit. */
extern void gtc_terminal_show(const GtcTerminal *terminal, const GtcBuffer *screen);

#endif
