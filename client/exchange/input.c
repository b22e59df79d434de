/*
 * input.c
 *		A file, or stdin, cut into records.
 *
 * One buffer holds the record at hand and what was read behind it; it grows to the longest record, and
 * never beyond GTC_LONGEST_RECORD and a bit.  Lines end with a line feed, before which a carriage return
 * is dropped.  After a broken line the next one is as good as ever.  After an array that breaks off or
 * a quote that nobody closes there is no next record: that is an error of the whole input.
 */
#include "exchange/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK ((size_t) 256 * 1024)

struct GtcInput
{
	gzFile		file;			/* NULL: memory */
	GtcSpan		memory;
	size_t		chunk;			/* bytes to read at a time */
	int			descriptor;
	long long	size;			/* of the file; 0: not known */

	char	   *data;
	size_t		room;
	size_t		start;			/* the first byte that is not taken */
	size_t		end;
	long long	bytes;
	bool		begun;			/* the byte order mark was looked for */
	bool		ended;

	long long	line;			/* lines taken */
	long long	number;			/* records taken */
	enum
	{
		BEFORE_ARRAY,
		FIRST_ELEMENT,
		NEXT_ELEMENT,
		AFTER_ARRAY
	} place;
	char		error[200];
};

/* ---- Bytes ---- */

static GtcInput *
new_input(size_t chunk)
{
	GtcInput   *input = gtc_alloc(sizeof(GtcInput));

	input->chunk = chunk;
	input->room = chunk * 2;
	input->data = gtc_alloc(input->room);
	return input;
}

GtcInput *
gtc_input_open(const char *path)
{
	bool		is_stdin = strcmp(path, "-") == 0;
	int			descriptor = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	GtcInput   *input;

	if (descriptor >= 0 && fstat(descriptor, &about) == 0 && S_ISDIR(about.st_mode))
	{
		close(descriptor);
		descriptor = -1;
		errno = EISDIR;
	}
	if (descriptor < 0)
	{
		fprintf(stderr, "gtlabel: cannot read \"%s\": %s\n", path, strerror(errno));
		return NULL;
	}
	input = new_input(CHUNK);
	input->descriptor = descriptor;
	input->size = S_ISREG(about.st_mode) ? about.st_size : 0;
	input->file = gzdopen(descriptor, "rb");
	if (input->file != NULL)
		gzbuffer(input->file, CHUNK);
	else
		snprintf(input->error, sizeof(input->error), "zlib cannot open it");
	return input;
}

GtcInput *
gtc_input_of_memory(GtcSpan text, size_t chunk)
{
	GtcInput   *input = new_input(chunk);

	input->memory = text;
	return input;
}

bool
gtc_input_is_file(const GtcInput *input, const char *path)
{
	struct stat one;
	struct stat other;

	return fstat(input->descriptor, &one) == 0 && stat(path, &other) == 0 && S_ISREG(one.st_mode) &&
		one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

void
gtc_input_close(GtcInput *input)
{
	if (input == NULL)
		return;
	if (input->file != NULL)
		gzclose_r(input->file);
	free(input->data);
	free(input);
}

static size_t
read_memory(GtcInput *input, char *into, size_t room)
{
	size_t		count = room < input->chunk ? room : input->chunk;

	if (count > input->memory.len)
		count = input->memory.len;
	memcpy(into, input->memory.data, count);
	input->memory.data += count;
	input->memory.len -= count;
	return count;
}

/* A file that was cut off is told from one that ends only by what zlib says at its end. */
static size_t
read_file(GtcInput *input, char *into, size_t room)
{
	int			count = gzread(input->file, into, room > CHUNK ? CHUNK : room);
	int			code = Z_OK;
	const char *words = count > 0 ? NULL : gzerror(input->file, &code);

	if (code == Z_ERRNO)
		words = strerror(errno);
	else if (code == Z_BUF_ERROR)
		words = "its packed data breaks off";
	if (code != Z_OK && code != Z_STREAM_END)
		snprintf(input->error, sizeof(input->error), "cannot read on: %s", words);
	return count > 0 ? count : 0;
}

/* Reads on; false at the end. */
static bool
fill(GtcInput *input)
{
	size_t		count;

	if (input->ended || input->error[0] != '\0')
		return false;
	if (input->start > 0)
	{
		memmove(input->data, input->data + input->start, input->end - input->start);
		input->end -= input->start;
		input->start = 0;
	}
	if (input->room - input->end < input->chunk)
	{
		input->room *= 2;
		input->data = gtc_realloc(input->data, input->room);
	}
	count = input->file == NULL ? read_memory(input, input->data + input->end, input->room - input->end)
								: read_file(input, input->data + input->end, input->room - input->end);
	input->end += count;
	input->bytes += count;
	input->ended = count == 0;
	return count > 0;
}

const char *
gtc_input_error(const GtcInput *input)
{
	return input->error[0] == '\0' ? NULL : input->error;
}

static bool
fail(GtcInput *input, const char *what)
{
	if (input->error[0] == '\0')
		snprintf(input->error, sizeof(input->error), "line %lld: %s", input->line + 1, what);
	return false;
}

long long
gtc_input_bytes(const GtcInput *input)
{
	return input->bytes;
}

double
gtc_input_share(const GtcInput *input)
{
	return input->size == 0 ? -1 : (double) lseek(input->descriptor, 0, SEEK_CUR) / input->size;
}

/* Nobody who means UTF-8 begins with these bytes. */
static void
take_mark(GtcInput *input)
{
	const unsigned char *first;

	input->begun = true;
	while (input->end - input->start < 3 && fill(input))
		;
	first = (const unsigned char *) input->data + input->start;
	if (input->end - input->start >= 2 &&
		((first[0] == 0xFF && first[1] == 0xFE) || (first[0] == 0xFE && first[1] == 0xFF)))
		snprintf(input->error, sizeof(input->error),
				 "it is UTF-16; iconv -f UTF-16 -t UTF-8 makes UTF-8 of it");
	else if (input->end - input->start >= 3 && memcmp(first, "\xEF\xBB\xBF", 3) == 0)
		input->start += 3;
}

static bool
begin(GtcInput *input)
{
	if (!input->begun)
		take_mark(input);
	return input->error[0] == '\0';
}

int
gtc_input_peek(GtcInput *input)
{
	size_t		ahead;

	if (!begin(input))
		return EOF;
	for (ahead = 0; ahead < CHUNK; ahead++)
	{
		if (input->start + ahead == input->end && !fill(input))
			return EOF;
		if (strchr(" \t\r\n", input->data[input->start + ahead]) == NULL)
			return (unsigned char) input->data[input->start + ahead];
	}
	return EOF;
}

/* ---- Lines ---- */

/* Leaves out the rest of a line that is too long. */
static void
skip_line(GtcInput *input, GtcRecord *record)
{
	const char *feed;

	do
	{
		feed = memchr(input->data + input->start, '\n', input->end - input->start);
		input->start = feed == NULL ? input->end : (size_t) (feed - input->data) + 1;
	} while (feed == NULL && fill(input));
	record->text.len = 0;
	record->problem = "longer than 64 MB";
}

static void
number_record(GtcInput *input, GtcRecord *record)
{
	memset(record, 0, sizeof(*record));
	record->line = input->line + 1;
	record->number = ++input->number;
}

bool
gtc_next_line(GtcInput *input, GtcRecord *record)
{
	size_t		searched = 0;
	const char *feed;

	if (!begin(input))
		return false;
	for (;;)
	{
		feed = memchr(input->data + input->start + searched, '\n', input->end - input->start - searched);
		if (feed != NULL)
			break;
		searched = input->end - input->start;
		if (searched > GTC_LONGEST_RECORD || !fill(input))
			break;
	}
	if (input->error[0] != '\0' || (feed == NULL && searched == 0))
		return false;
	number_record(input, record);
	input->line++;
	if (feed == NULL && searched > GTC_LONGEST_RECORD)
	{
		skip_line(input, record);
		return true;
	}
	record->text.data = input->data + input->start;
	record->text.len = feed == NULL ? searched : (size_t) (feed - record->text.data);
	input->start += record->text.len + (feed != NULL);
	if (record->text.len > 0 && record->text.data[record->text.len - 1] == '\r')
		record->text.len--;
	return true;
}

/* ---- Elements of an array ---- */

/* Takes this many bytes, counting lines. */
static void
take(GtcInput *input, size_t count)
{
	const char *at = input->data + input->start;
	const char *end = at + count;

	while ((at = memchr(at, '\n', end - at)) != NULL)
	{
		input->line++;
		at++;
	}
	input->start += count;
}

/* The next character that is no blank, in front; EOF without one */
static int
next_character(GtcInput *input)
{
	for (;;)
	{
		if (input->start == input->end && !fill(input))
			return EOF;
		if (input->data[input->start] == '\0' || strchr(" \t\r\n", input->data[input->start]) == NULL)
			return (unsigned char) input->data[input->start];
		take(input, 1);
	}
}

typedef struct Nesting
{
	int			depth;
	bool		in_string;
	bool		escaped;
} Nesting;

/* Does the element end before (-1) or with (1) this character? */
static int
element_ends(Nesting *nesting, char c)
{
	if (nesting->in_string)
	{
		if (nesting->escaped)
			nesting->escaped = false;
		else if (c == '\\')
			nesting->escaped = true;
		else if (c == '"')
			nesting->in_string = false;
		return 0;
	}
	if (c == '"')
		nesting->in_string = true;
	else if (c == '{' || c == '[')
		nesting->depth++;
	else if (c == '}' || c == ']')
		return nesting->depth == 0 ? -1 : --nesting->depth == 0 ? 1 : 0;
	else if (c == ',' && nesting->depth == 0)
		return -1;
	return 0;
}

static bool
element_length(GtcInput *input, size_t *length)
{
	Nesting		nesting = {0};
	size_t		i;
	int			end;

	for (i = 0;; i++)
	{
		if (i > GTC_LONGEST_RECORD)
			return fail(input, "an element of the array is longer than 64 MB");
		if (input->start + i == input->end && !fill(input))
			return fail(input, "the array ends within this element");
		end = element_ends(&nesting, input->data[input->start + i]);
		if (end != 0)
			break;
	}
	*length = end > 0 ? i + 1 : i;
	return true;
}

/* To the next element; false at the end of the array */
static bool
find_element(GtcInput *input)
{
	int			c = next_character(input);

	if (input->place == BEFORE_ARRAY)
	{
		if (c != '[')
			return fail(input, "not JSON: no array begins here");
		take(input, 1);
		input->place = FIRST_ELEMENT;
		c = next_character(input);
	}
	if (c == ']' && input->place != AFTER_ARRAY)
	{
		take(input, 1);
		input->place = AFTER_ARRAY;
		c = next_character(input);
	}
	if (input->place == AFTER_ARRAY)
		return c != EOF && fail(input, "not JSON: something follows the array");
	if (input->place == NEXT_ELEMENT)
	{
		if (c != ',')
			return fail(input,
						c == EOF ? "the array does not end" : "not JSON: a comma or a bracket is missing");
		take(input, 1);
		c = next_character(input);
	}
	return c != EOF || fail(input, "the array does not end");
}

bool
gtc_next_element(GtcInput *input, GtcRecord *record)
{
	size_t		length;

	if (!begin(input) || !find_element(input) || !element_length(input, &length))
		return false;
	number_record(input, record);
	record->text.data = input->data + input->start;
	record->text.len = length;
	take(input, length);
	input->place = NEXT_ELEMENT;
	return true;
}

/* ---- Rows of CSV (RFC 4180; a quote within a field that does not begin with one is a character) ---- */

typedef enum CsvState
{
	FIELD_BEGINS,
	PLAIN,
	QUOTED,
	QUOTE_SEEN
} CsvState;

static CsvState
csv_next(CsvState state, char c, char delimiter)
{
	if (state == QUOTED)
		return c == '"' ? QUOTE_SEEN : QUOTED;
	if (c == delimiter)
		return FIELD_BEGINS;
	if (c == '"')
		return state == PLAIN ? PLAIN : QUOTED;
	return PLAIN;
}

/* Up to the line feed, which is not counted */
static bool
row_length(GtcInput *input, char delimiter, size_t *length, bool *fed)
{
	CsvState	state = FIELD_BEGINS;
	size_t		i;

	for (i = 0;; i++)
	{
		if (i > GTC_LONGEST_RECORD)
			return fail(input,
						state == QUOTED ? "a quote is opened, and not closed within 64 MB"
										: "longer than 64 MB");
		if (input->start + i == input->end && !fill(input))
			break;
		if (input->data[input->start + i] == '\n' && state != QUOTED)
			break;
		state = csv_next(state, input->data[input->start + i], delimiter);
	}
	*length = i;
	*fed = input->start + i < input->end;
	return *fed || state != QUOTED || fail(input, "a quote is opened and never closed");
}

/* Takes the doubled quotes out of a field between quotes, in place; returns what comes after it. */
static char *
unquote(char *at, char *end, GtcValue *field)
{
	char	   *to = ++at;

	field->kind = GTC_JSON_STRING;
	field->text.data = at;
	while (at < end)
	{
		if (*at == '"' && (++at == end || *at != '"'))
			break;
		*to++ = *at++;
	}
	field->text.len = to - field->text.data;
	return at;
}

static char *
read_field(char *at, char *end, char delimiter, GtcValue *field, const char **problem)
{
	char	   *stop;

	memset(field, 0, sizeof(*field));
	field->text.data = at;
	if (at < end && *at == '"')
	{
		at = unquote(at, end, field);
		if (at < end && *at != delimiter)
			*problem = "characters follow a closing quote";
	}
	for (stop = at; stop < end && *stop != delimiter; stop++)
		;
	if (field->kind != GTC_JSON_STRING && stop > at)
	{
		field->kind = GTC_JSON_STRING;
		field->text.len = stop - at;
	}
	return stop;
}

const char *
gtc_split_row(char *data, size_t length, char delimiter, GtcMembers *fields)
{
	char	   *at = data;
	char	   *end = data + length;
	const char *problem = NULL;

	fields->count = 0;
	for (;;)
	{
		if (fields->count == fields->room)
		{
			fields->room = fields->room == 0 ? 16 : fields->room * 2;
			fields->list = gtc_realloc(fields->list, fields->room * sizeof(GtcMember));
		}
		memset(&fields->list[fields->count], 0, sizeof(GtcMember));
		at = read_field(at, end, delimiter, &fields->list[fields->count++].value, &problem);
		if (at == end)
			return problem;
		at++;
	}
}

bool
gtc_next_row(GtcInput *input, char delimiter, GtcRecord *record)
{
	size_t		length;
	bool		fed;

	if (!begin(input) || !row_length(input, delimiter, &length, &fed) || input->error[0] != '\0' ||
		(length == 0 && !fed))
		return false;
	number_record(input, record);
	record->text.data = input->data + input->start;
	record->text.len = length;
	take(input, length + fed);
	record->number = record->line;
	if (record->text.len > 0 && record->text.data[record->text.len - 1] == '\r')
		record->text.len--;
	return true;
}
