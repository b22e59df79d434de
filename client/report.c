/*
 * report.c
 *		gtlabel report JOB: the report of a job as a file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "command.h"
#include "connection.h"

static const struct option long_options[] = {
	GTC_CONNECTION_LONG,
	{"output", required_argument, NULL, 'o'},
	{NULL, 0, NULL, 0}
};

/* The job's name with .html behind it, without what would lead into another folder */
static char *
default_path(const char *job_name)
{
	char	   *path = gtc_alloc(strlen(job_name) + 6);
	char	   *at;

	sprintf(path, "%s.html", job_name);
	for (at = path; *at != '\0'; at++)
	{
		if (*at == '/' || (unsigned char) *at < 0x20 || (at == path && (*at == '.' || *at == '-')))
			*at = '_';
	}
	return path;
}

static int
write_report(const PGresult *result, const char *path)
{
	bool		to_stdout = strcmp(path, "-") == 0;
	FILE	   *file = to_stdout ? stdout : fopen(path, "w");
	size_t		length = PQgetlength(result, 0, 0);
	bool		good = file != NULL && fwrite(PQgetvalue(result, 0, 0), 1, length, file) == length;

	if (file != NULL && (to_stdout ? fflush(file) : fclose(file)) != 0)
		good = false;
	if (!good)
		fprintf(stderr, "gtlabel report: cannot write \"%s\": %s\n", path, strerror(errno));
	else if (!to_stdout)
		printf("%s\n", path);
	return good ? GTC_OK : GTC_FAILED;
}

static int
report(const GtcConnectionOptions *options, const char *job_name, const char *path)
{
	PGconn	   *connection = gtc_connect(options, "gtlabel report");
	PGresult   *result = connection == NULL ? NULL :
		gtc_query(connection, "SELECT gtlabel.portal_report($1)", 1, &job_name);
	char	   *named = path == NULL ? default_path(job_name) : gtc_copy(path);
	int			status = result == NULL ? GTC_FAILED : write_report(result, named);

	PQclear(result);
	PQfinish(connection);
	free(named);
	return status;
}

static int
run(int argc, char **argv)
{
	GtcConnectionOptions options = {0};
	const char *path = NULL;
	int			option;

	while ((option = getopt_long(argc, argv, GTC_CONNECTION_SHORT "o:", long_options, NULL)) != -1)
	{
		if (option == GTC_OPTION_HELP)
		{
			gtc_print_help(&gtc_report_command);
			return GTC_OK;
		}
		if (option == 'o')
			path = optarg;
		else if (!gtc_connection_option(&options, option, optarg))
			return gtc_usage_error(&gtc_report_command, "cannot read the options");
	}
	if (optind + 1 != argc)
		return gtc_usage_error(&gtc_report_command, "which job?");
	return report(&options, argv[optind], path);
}

const GtcCommand gtc_report_command = {
	"report", "JOB", "writes the report of a job, one HTML page, to a file",
	"  -o, --output=FILE      where to (JOB.html); - for stdout\n",
	run
};
