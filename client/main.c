/*
 * main.c
 *		The program gtlabel: what a person or a pipeline does outside psql.
 *
 * It knows functions and views of the extension, no table.  Exit status: 0, 1 when something
 * failed, 2 when the command line is wrong.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static const GtcCommand *const commands[] = {
	&gtc_serve_command,
	&gtc_annotate_command,
	&gtc_watch_command,
	&gtc_report_command,
	&gtc_import_command,
	&gtc_export_command,
	NULL
};

static void
print_summary(void)
{
	const GtcCommand *const *command;

	puts("gtlabel labels tables of a PostgreSQL database: what is done outside psql.\n\n"
		 "Usage:\n  gtlabel COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:");
	for (command = commands; *command != NULL; command++)
		printf("  %-9s %-12s %s\n", (*command)->name, (*command)->arguments, (*command)->summary);
	puts("\n  gtlabel COMMAND --help says more; gtlabel --version names the version.\n\n"
		 "The connection is given as for psql: options, PGHOST and its like, service files, .pgpass.");
}

int
main(int argc, char **argv)
{
	const GtcCommand *const *command;

	/* Widths of characters come from the locale; the server is asked for UTF-8 whatever it is. */
	if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		(void) setlocale(LC_CTYPE, "C.UTF-8");
	if (argc < 2)
	{
		fputs("gtlabel: no command\nTry \"gtlabel --help\".\n", stderr);
		return GTC_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0 || strcmp(argv[1], "help") == 0)
	{
		print_summary();
		return GTC_OK;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
	{
		puts("gtlabel " GTL_VERSION);
		return GTC_OK;
	}
	for (command = commands; *command != NULL; command++)
	{
		if (strcmp((*command)->name, argv[1]) == 0)
			return (*command)->run(argc - 1, argv + 1);
	}
	fprintf(stderr, "gtlabel: no command \"%s\"\nTry \"gtlabel --help\".\n", argv[1]);
	return GTC_USAGE;
}
