/*
 * command.h
 *		What a command of the program is.  A new one is a file with a GtcCommand in it, and a line
 *		in the table of main.c.
 */
#ifndef GTC_COMMAND_H
#define GTC_COMMAND_H

#define GTC_OK 0
#define GTC_FAILED 1			/* the server, the network or a file did not do it */
#define GTC_USAGE 2				/* the command line is wrong */

typedef struct GtcCommand
{
	const char *name;
	const char *arguments;		/* as the usage line shows them */
	const char *summary;		/* a line, lower case, no full stop */
	const char *help;			/* the options of its own, a line each, and what else to know */
	int			(*run) (int argc, char **argv); /* argv[0] is the command; returns the exit status */
} GtcCommand;

extern const GtcCommand gtc_serve_command;
extern const GtcCommand gtc_annotate_command;
extern const GtcCommand gtc_watch_command;
extern const GtcCommand gtc_report_command;
extern const GtcCommand gtc_import_command;
extern const GtcCommand gtc_export_command;

extern void gtc_print_help(const GtcCommand *command);
extern int	gtc_usage_error(const GtcCommand *command, const char *format,...)
			__attribute__((format(printf, 2, 3)));

#endif
