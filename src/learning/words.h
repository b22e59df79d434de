/*
 * words.h
 *		Settings whose values are words: lists of words that end with NULL, in the order of
 *		the enumeration whose values they name.
 */
#ifndef GTL_WORDS_H
#define GTL_WORDS_H

/* The value that the word names; -1: no such word. */
extern int	gtl_word_number(const char *const *words, const char *word);

extern const char *const gtl_guarantee_words[]; /* GtlGuarantee */
extern const char *const gtl_scope_words[];	/* GtlScope */
extern const char *const gtl_schedule_words[];	/* GtlScheduleKind */
extern const char *const gtl_algorithm_words[]; /* GtlEngineAlgorithm */
extern const char *const gtl_query_words[]; /* GtlQueryStrategy */
extern const char *const gtl_placement_words[]; /* GtlPlacement */

#endif							/* GTL_WORDS_H */
