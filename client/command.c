/*
 * command.c
 *		What all commands say about themselves.
 */
#include "command.h"

#include <stdarg.h>
#include <stdio.h>

#include "connection.h"

void
gtc_print_help(const GtcCommand *command)
{
	printf("gtlabel %s: %s\n\nUsage:\n  gtlabel %s [OPTION]...%s%s\n\nOptions:\n%s\nConnection:\n%s",
		   command->name, command->summary, command->name, command->arguments[0] == '\0' ? "" : " ",
		   command->arguments, command->help, gtc_connection_help);
}

int
gtc_usage_error(const GtcCommand *command, const char *format,...)
{
	va_list		args;

	fprintf(stderr, "gtlabel %s: ", command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry \"gtlabel %s --help\".\n", command->name);
	return GTC_USAGE;
}
