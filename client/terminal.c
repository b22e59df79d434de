/*
 * terminal.c
 *		termios and the escape sequences that every terminal of today knows.
 *
 * The screen is the alternate one, so that what was there before comes back.
 */
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "text.h"

static struct termios before;
static bool is_open = false;
static volatile sig_atomic_t resized = 0;
static volatile sig_atomic_t ended = 0;

static void
on_resize(int signal)
{
	resized = 1;
}

/* A second one ends the program at once: it waits for a server that does not answer. */
static void
on_end(int signal)
{
	if (ended)
	{
		gtc_terminal_close();
		_exit(128 + signal);
	}
	ended = 1;
}

static void
write_all(const char *data, size_t length)
{
	while (length > 0)
	{
		ssize_t		count = write(STDOUT_FILENO, data, length);

		if (count < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (count > 0)
		{
			data += count;
			length -= count;
		}
	}
}

static void
read_size(GtcTerminal *terminal)
{
	struct winsize size;

	terminal->columns = 80;
	terminal->rows = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
	{
		terminal->columns = size.ws_col;
		terminal->rows = size.ws_row;
	}
}

static void
catch(int signal, void (*handler) (int))
{
	struct sigaction action = {.sa_handler = handler};	/* without SA_RESTART: poll returns */

	sigaction(signal, &action, NULL);
}

bool
gtc_terminal_open(GtcTerminal *terminal)
{
	struct termios raw;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0)
	{
		fputs("gtlabel: this needs a terminal\n", stderr);
		return false;
	}
	raw = before;
	raw.c_iflag &= ~(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
	raw.c_lflag &= ~(ECHO | ICANON | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	is_open = true;
	atexit(gtc_terminal_close);
	catch(SIGWINCH, on_resize);
	catch(SIGINT, on_end);
	catch(SIGTERM, on_end);
	catch(SIGHUP, on_end);
	write_all("\x1b[?1049h\x1b[?25l", 14);
	read_size(terminal);
	return true;
}

void
gtc_terminal_close(void)
{
	if (!is_open)
		return;
	is_open = false;
	write_all("\x1b[?25h\x1b[?1049l", 14);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
}

/* A byte within the time; -1: none, -2: the input has ended */
static int
read_byte(int milliseconds)
{
	struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};
	unsigned char byte;

	if (poll(&wait, 1, milliseconds) <= 0)
		return -1;
	return read(STDIN_FILENO, &byte, 1) == 1 ? byte : -2;
}

/* After ESC: what the sequence means, or the key itself when nothing follows */
static int
read_sequence(void)
{
	int			first = read_byte(30);
	int			byte;
	int			number = 0;

	if (first < 0)
		return GTC_KEY_ESCAPE;
	if (first != '[' && first != 'O')
		return GTC_KEY_NONE;
	while ((byte = read_byte(30)) >= '0' && byte <= ';')
		number = byte <= '9' ? (number * 10 + byte - '0') % 1000 : number;
	switch (byte)
	{
		case 'A':
			return GTC_KEY_UP;
		case 'B':
			return GTC_KEY_DOWN;
		case 'C':
			return GTC_KEY_RIGHT;
		case 'D':
			return GTC_KEY_LEFT;
		case '~':
			return number == 5 ? GTC_KEY_PAGE_UP : number == 6 ? GTC_KEY_PAGE_DOWN : GTC_KEY_NONE;
		default:
			return GTC_KEY_NONE;
	}
}

static int
read_character(int first)
{
	char		bytes[5] = {(char) first};
	int			more = first < 0xC0 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
	unsigned	code;
	int			i;

	for (i = 1; i <= more; i++)
	{
		int			byte = read_byte(30);

		if (byte < 0)
			return GTC_KEY_NONE;
		bytes[i] = (char) byte;
	}
	(void) gtc_text_next(bytes, &code);
	return (int) code;
}

int
gtc_terminal_key(GtcTerminal *terminal, int other, int milliseconds)
{
	struct pollfd waits[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = other, .events = POLLIN}};
	int			byte;

	if (!ended && !resized)
		(void) poll(waits, 2, milliseconds);
	if (ended)
		return GTC_KEY_END;
	if (resized)
	{
		resized = 0;
		read_size(terminal);
		return GTC_KEY_RESIZED;
	}
	if (waits[0].revents == 0)
		return GTC_KEY_NONE;
	byte = read_byte(0);
	if (byte < 0)
		return byte == -2 ? GTC_KEY_END : GTC_KEY_NONE;
	if (byte == 27)
		return read_sequence();
	if (byte == 8)
		return GTC_KEY_BACKSPACE;
	if (byte == '\n')
		return GTC_KEY_ENTER;
	return byte < 0x80 ? byte : read_character(byte);
}

void
gtc_terminal_show(const GtcTerminal *terminal, const GtcBuffer *screen)
{
	GtcBuffer	out;
	const char *line = screen->data;
	int			row;

	gtc_buffer_init(&out);
	gtc_append(&out, "\x1b[H");
	for (row = 0; row < terminal->rows; row++)
	{
		size_t		length = strcspn(line, "\n");

		gtc_append_bytes(&out, line, length);
		gtc_append(&out, row + 1 < terminal->rows ? "\x1b[0m\x1b[K\r\n" : "\x1b[0m\x1b[K");
		line += length;
		if (*line == '\n')
			line++;
	}
	write_all(out.data, out.len);
	gtc_buffer_free(&out);
}
