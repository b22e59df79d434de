/*
 * input.h
 *		A file, or stdin, cut into records: lines, elements of a JSON array, rows of CSV.
 */
#ifndef GTC_INPUT_H
#define GTC_INPUT_H

#include "exchange/scan.h"

/* A longer record is bad, or ends the import where the next one's beginning cannot be found. */
#define GTC_LONGEST_RECORD ((size_t) 64 * 1024 * 1024)

typedef struct GtcInput GtcInput;

typedef struct GtcRecord
{
	GtcSpan		text;			/* until the next record is asked for */
	long long	number;			/* of the line or element, from 1 */
	long long	line;			/* that it begins in */
	const char *problem;		/* why it cannot be read; NULL: it can */
} GtcRecord;

/* path "-": stdin.  What gzip has packed is unpacked.  NULL after a message. */
extern GtcInput *gtc_input_open(const char *path);

/* The same of memory, `chunk` bytes a read: for tests. */
extern GtcInput *gtc_input_of_memory(GtcSpan text, size_t chunk);
extern void gtc_input_close(GtcInput *input);

/* Is it the same file as the one of this name? */
extern bool gtc_input_is_file(const GtcInput *input, const char *path);

/* The first character that is no blank; EOF without one.  Takes only a byte order mark. */
extern int	gtc_input_peek(GtcInput *input);

/* False at the end, or when something fails: then gtc_input_error says what. */
extern bool gtc_next_line(GtcInput *input, GtcRecord *record);
extern bool gtc_next_element(GtcInput *input, GtcRecord *record);

extern bool gtc_next_row(GtcInput *input, char delimiter, GtcRecord *record);

/*
 * The fields of such a row, in place: what is between quotes loses its doubled ones.  An empty field without
 * quotes is GTC_JSON_NULL, others are GTC_JSON_STRING without escapes.  NULL, or what is wrong with the row.
 */
extern const char *gtc_split_row(char *data, size_t length, char delimiter, GtcMembers *fields);

/* NULL: nothing has failed */
extern const char *gtc_input_error(const GtcInput *input);

/* For progress: bytes read and unpacked; which share of the file that is, negative if nobody knows */
extern long long gtc_input_bytes(const GtcInput *input);
extern double gtc_input_share(const GtcInput *input);

#endif
