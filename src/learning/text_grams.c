/*
 * text_grams.c
 *		The n-grams of a text, as numbers.
 *
 *	n-gram										hashed from			over
 *	unit of a word								START_WORD			its characters, digits read as 0
 *	unit of a symbol							START_WORD			the symbol
 *	unit of an unspaced character				START_RUN			the character
 *	block 0: a unit, or two neighbours			START_WORD			the hashes of the units
 *	block 0: a word with digits, as written		START_NUMBER		its characters
 *	block 1: 3 or 4 characters of [word]		START_CHARACTERS	them; [ and ] are 2 and 3
 *	block 1: 3 unspaced characters				START_RUN			them
 *
 * Numbers are stored in featurizers: any change here makes GTL_TEXT_FOLD_VERSION another one.
 */
#include "learning/text_grams.h"

#include <string.h>

#define MULTIPLIER UINT64_C(0x9E3779B97F4A7C15)
#define MAX_WORD 63				/* characters of a word that count, or of a run */
#define WORD_BEGIN 2
#define WORD_END 3

enum
{
	START_WORD = 1, START_CHARACTERS = 2, START_RUN = 3, START_NUMBER = 4
};

typedef struct Lexer
{
	GtlGramCallback take;
	void	   *context;
	uint64_t	previous;		/* unit */
	bool		has_previous;
	uint32_t	word[MAX_WORD + 2]; /* the word or run that goes on */
	int			length;
	bool		has_digit;
	bool		is_run;			/* of unspaced characters */
} Lexer;

static inline uint64_t
step(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * MULTIPLIER;
	return hash ^ (hash >> 32);
}

static inline uint32_t
finish(uint64_t hash)
{
	hash ^= hash >> 33;
	hash *= UINT64_C(0xff51afd7ed558ccd);
	hash ^= hash >> 33;
	return (uint32_t) hash;
}

static inline void
emit(const Lexer *lexer, uint64_t hash, uint32_t block)
{
	lexer->take(lexer->context, (finish(hash) & ~UINT32_C(1)) | block);
}

static uint64_t
step_all(uint64_t hash, const uint32_t *characters, int n)
{
	for (int i = 0; i < n; i++)
		hash = step(hash, characters[i]);
	return hash;
}

static void
put_unit(Lexer *lexer, uint64_t unit)
{
	emit(lexer, step(START_WORD, unit), 0);
	if (lexer->has_previous)
		emit(lexer, step(step(START_WORD, lexer->previous), unit), 0);
	lexer->previous = unit;
	lexer->has_previous = true;
}

static void
put_run(Lexer *lexer)
{
	for (int i = 0; i < lexer->length; i++)
		put_unit(lexer, step(START_RUN, lexer->word[i]));
	for (int i = 0; i + 3 <= lexer->length; i++)
		emit(lexer, step_all(START_RUN, lexer->word + i, 3), 1);
}

static void
put_characters(const Lexer *lexer)
{
	uint32_t	marked[MAX_WORD + 2];
	int			n = lexer->length + 2;

	marked[0] = WORD_BEGIN;
	memcpy(marked + 1, lexer->word, (size_t) lexer->length * sizeof *marked);
	marked[n - 1] = WORD_END;
	for (int i = 0; i + 3 <= n; i++)
	{
		uint64_t	hash = step_all(START_CHARACTERS, marked + i, 3);

		emit(lexer, hash, 1);
		if (i + 4 <= n)
			emit(lexer, step(hash, marked[i + 3]), 1);
	}
}

static void
put_word(Lexer *lexer)
{
	if (lexer->has_digit)
	{
		emit(lexer, step_all(START_NUMBER, lexer->word, lexer->length), 0);
		for (int i = 0; i < lexer->length; i++)
			if (lexer->word[i] >= '0' && lexer->word[i] <= '9')
				lexer->word[i] = '0';
	}
	put_unit(lexer, step_all(START_WORD, lexer->word, lexer->length));
	put_characters(lexer);
}

static void
end_word(Lexer *lexer)
{
	if (lexer->length > 0)
	{
		if (lexer->is_run)
			put_run(lexer);
		else
			put_word(lexer);
	}
	lexer->length = 0;
	lexer->has_digit = false;
	lexer->is_run = false;
}

static void
take_word_character(Lexer *lexer, uint32_t code, bool digit)
{
	if (lexer->is_run)
		end_word(lexer);
	if (lexer->length < MAX_WORD)
		lexer->word[lexer->length++] = code;
	lexer->has_digit = lexer->has_digit || digit;
}

static void
take_run_character(Lexer *lexer, uint32_t code)
{
	if ((lexer->length > 0 && !lexer->is_run) || lexer->length == MAX_WORD)
		end_word(lexer);
	lexer->is_run = true;
	lexer->word[lexer->length++] = code;
}

static bool
word_goes_on(const unsigned char *p, const unsigned char *end)
{
	uint32_t	code;
	GtlTextClass class;

	if (p == end)
		return false;
	code = gtl_text_next(&p, end);
	class = gtl_text_fold(&code);
	return class == GTL_TEXT_WORD || class == GTL_TEXT_DIGIT;
}

static void
take_symbol(Lexer *lexer, uint32_t code, const unsigned char *p, const unsigned char *end)
{
	bool		inside_word = code == '\'' && lexer->length > 0 && !lexer->is_run && word_goes_on(p, end);

	end_word(lexer);
	if (!inside_word)
		put_unit(lexer, step(START_WORD, code));
}

static void
take_character(Lexer *lexer, uint32_t code, const unsigned char *p, const unsigned char *end)
{
	switch (gtl_text_fold(&code))
	{
		case GTL_TEXT_WORD:
			take_word_character(lexer, code, false);
			break;
		case GTL_TEXT_DIGIT:
			take_word_character(lexer, code, code < 0x80);	/* other scripts' digits are letters */
			break;
		case GTL_TEXT_CHARACTER:
			take_run_character(lexer, code);
			break;
		case GTL_TEXT_SYMBOL:
			take_symbol(lexer, code, p, end);
			break;
		case GTL_TEXT_SEPARATOR:
			end_word(lexer);
			break;
		case GTL_TEXT_IGNORED:
			break;
	}
}

/* Length of what counts, cut between characters. */
static size_t
cut(const char *text, size_t bytes)
{
	if (bytes <= GTL_TEXT_BYTES)
		return bytes;
	bytes = GTL_TEXT_BYTES;
	for (int back = 0; back < 3 && ((unsigned char) text[bytes] & 0xc0) == 0x80; back++)
		bytes--;
	return bytes;
}

void
gtl_text_grams(const char *text, size_t bytes, GtlGramCallback take, void *context)
{
	const unsigned char *p = (const unsigned char *) text;
	const unsigned char *end = p + cut(text, bytes);
	Lexer		lexer;

	memset(&lexer, 0, sizeof lexer);
	lexer.take = take;
	lexer.context = context;
	while (p < end)
	{
		uint32_t	code = gtl_text_next(&p, end);

		take_character(&lexer, code, p, end);
	}
	end_word(&lexer);
}

/* ---- Tokens of a word-vector table ------------------------------------------- */

typedef struct TokenGrams
{
	int			count;			/* of block 0 */
	uint32_t	first;
	uint32_t	last;
} TokenGrams;

static void
take_token_gram(void *context, uint32_t gram)
{
	TokenGrams *grams = context;

	if ((gram & 1) != 0)
		return;
	if (grams->count++ == 0)
		grams->first = gram;
	grams->last = gram;
}

static bool
is_folded(const char *token, size_t bytes)
{
	const unsigned char *p = (const unsigned char *) token;
	const unsigned char *end = p + bytes;

	while (p < end)
	{
		uint32_t	code = gtl_text_next(&p, end);
		uint32_t	folded = code;
		GtlTextClass class = gtl_text_fold(&folded);

		if (folded != code || class == GTL_TEXT_SEPARATOR || class == GTL_TEXT_IGNORED)
			return false;
	}
	return true;
}

/*
 * A unit without digits is 1 n-gram of block 0; one with digits 2, of which the first is
 * the word as written; two units without digits are 3, of which the last is the pair.
 */
bool
gtl_text_token(const char *token, size_t bytes, uint32_t *gram, bool *exact)
{
	TokenGrams	grams = {0, 0, 0};

	if (bytes > GTL_TEXT_BYTES)
		return false;
	gtl_text_grams(token, bytes, take_token_gram, &grams);
	*gram = grams.count == 3 ? grams.last : grams.first;
	*exact = is_folded(token, bytes);
	return grams.count >= 1 && grams.count <= 3;
}

/* ---- Order -------------------------------------------------------------------- */

#define SHORT_LIST 48

static void
sort_short(uint32_t *numbers, size_t n)
{
	for (size_t i = 1; i < n; i++)
	{
		uint32_t	number = numbers[i];
		size_t		j = i;

		for (; j > 0 && numbers[j - 1] > number; j--)
			numbers[j] = numbers[j - 1];
		numbers[j] = number;
	}
}

/* Stable, by one byte. */
static void
sort_by_byte(const uint32_t *from, uint32_t *to, size_t n, int shift)
{
	size_t		place[256] = {0};
	size_t		before = 0;

	for (size_t i = 0; i < n; i++)
		place[from[i] >> shift & 0xff]++;
	for (int b = 0; b < 256; b++)
	{
		size_t		count = place[b];

		place[b] = before;
		before += count;
	}
	for (size_t i = 0; i < n; i++)
		to[place[from[i] >> shift & 0xff]++] = from[i];
}

void
gtl_text_sort(uint32_t *numbers, uint32_t *room, size_t n)
{
	if (n <= SHORT_LIST)
	{
		sort_short(numbers, n);
		return;
	}
	for (int shift = 0; shift < 32; shift += 16)
	{
		sort_by_byte(numbers, room, n, shift);
		sort_by_byte(room, numbers, n, shift + 8);
	}
}
