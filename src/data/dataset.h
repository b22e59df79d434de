/*
 * dataset.h
 *		Reading a user's table, view or foreign table: keys, features and labels,
 *		checked as they are read.
 *
 * Read as the current user, in one pass, in key order where there is a key.  A dataset with a
 * text column is read twice: as it is, to learn from it (text_features.h), then with its texts
 * turned into features.
 */
#ifndef GTL_DATASET_H
#define GTL_DATASET_H

#include "base/compat.h"
#include "base/string_set.h"
#include "learning/featurizer.h"
#include "tables/job.h"

#define GTL_MAX_DIMENSION 16000

struct GtlDatasetRow;

/* How to read a dataset; made from its catalog entry before anything is read. */
typedef struct GtlDataset
{
	char	   *name;			/* schema-qualified and quoted, for messages and SQL */
	char	   *key_column;		/* NULL: none, rows come in any order */
	int			label_at;		/* where the label's expression stands in select */
	int			label_length;
	char	   *select;			/* SELECT key, features, label FROM ... */
	char	   *known;			/* WHERE ..., which leaves out what a job knows (unknown_rows.h); NULL: all rows are read */
	char	   *sample;			/* WHERE ..., which leaves out what a job in place does not work on (in_place.h); NULL: nothing */
	char	   *order;			/* ORDER BY key; NULL: any */
	bool		joining;		/* set by unknown_rows.h: rows of the present, for a job that is there */
	char	   *part;			/* AND ..., beside `known`: some of the rows; NULL: all */
	bool		few;			/* they are few, and an index finds them */
	void		(*check) (void *context, const struct GtlDatasetRow *row);	/* NULL, or: a row that fails this, or is
																		 * malformed, is passed over */
	int64		refused;		/* rows that were */
	int			refused_code;	/* why the first of them was, as SQLSTATE */
	int			inputs;			/* length of the column of features; 0: that of the first row */
	bool		has_features;
	bool		double_features;	/* float8[], to be narrowed */
	char	   *text_column;	/* NULL: none */
	bool		labeled_only;	/* nobody asks for the features of rows without a label */

	/* set by gtl_dataset_take_proposals */
	int			sources;		/* of proposals; 0: none */
	char	  **source;			/* their columns */
	int			classes;		/* of the guesses */
	int			proposal_inputs;	/* that they become, behind the features of a row */
	char	  **former;			/* names that categories had before, each followed by the present one; set by who knows them */
	int			nformer;
	GtlStringSet *guessable;	/* the categories */
	int64	   *strange;		/* [sources] guesses that were no category */

	/* set by text_features.h */
	GtlFeatureMaker *maker;		/* NULL: rows come as they are */
	int			made_dimension;
	int			made_inputs;	/* features that it takes beside the text */
	bool		read_before;	/* ... and had these contents */
	int64		rows;
	uint64		digest;
} GtlDataset;

typedef enum GtlKeyRule
{
	GTL_KEY_REQUIRED,			/* error if none is named and there is no primary key */
	GTL_KEY_OPTIONAL			/* the primary key if there is one */
} GtlKeyRule;

/*
 * Checks the relation and its columns.  key_column NULL: the primary key;
 * features_column, text_column, label_column, gold_column NULL: none.  The text of every error names the relation.
 */
extern void gtl_dataset_describe(Oid relation, const char *key_column, GtlKeyRule rule,
								 const char *features_column, const char *text_column,
								 const char *label_column, const char *gold_column, GtlDataset *dataset);

/*
 * Has the reading append the inputs of proposals (learning/proposals.h) to the features of each row: guesses in these
 * columns, and how sure in NAME_confidence where there is such a column.
 */
extern void gtl_dataset_take_proposals(GtlDataset *dataset, Oid relation, char *const *columns, int ncolumns,
									   char *const *categories, int ncategories);

/* After reading: a notice of guesses that were no category, and abstained. */
extern void gtl_dataset_note_strange(const GtlDataset *dataset);

/*
 * Its qualified name, if it is something to read rows from.  Locked, so that nobody drops or changes it
 * until it is read.
 */
extern char *gtl_dataset_name(Oid relation);

/* " ORDER BY ..." of the rows d of the relation: the order of the objects, by this column. */
extern char *gtl_dataset_order(Oid relation, const char *column);

/*
 * Rows without a label have that of the first of these lists that knows their key: queries with the columns key and
 * label.
 */
extern void gtl_dataset_add_labels(GtlDataset *dataset, char *const *lists, int count);

/* schema.name of a type, without a modifier: "character" would be a character(1). */
extern char *gtl_dataset_type_name(Oid type);

/* Are values of the type that are equal to it also the same text? */
extern bool gtl_dataset_equal_is_identical(Oid type, Oid collation);

/* The column's type; an error, with a hint, if the relation has none of that name. */
extern Oid	gtl_dataset_column_type(Oid relation, const char *column, const char *hint, const char *relation_name);

/*
 * SELECT of some columns as text, ordered by all of them; *name is the relation's
 * name for messages.  settings[i] is what the user calls column i.
 */
extern char *gtl_dataset_select_texts(Oid relation, char *const *columns, const char *const *settings, int count,
									  char **name);

/* One row; everything lives until the callback returns. */
typedef struct GtlDatasetRow
{
	int64		number;			/* from 0 */
	const char *key;			/* NULL without a key column */
	const char *name;			/* for messages: by its key, or where it came in the order read */
	const char *label;			/* NULL: none */
	const char *gold;			/* NULL: none */
	const float *features;		/* [dimension]; NULL without features */
	int			dimension;		/* the same for all rows; 0 without features */
	const char *text;			/* UTF-8, as far as it counts; NULL: none */
	size_t		text_bytes;
	uint64		digest;			/* of the texts until this one, and their places */
} GtlDatasetRow;

typedef void (*GtlDatasetCallback) (void *context, const GtlDatasetRow *row);

/*
 * Calls back for every row.  Errors, naming the row: NULL or duplicate keys, NULL,
 * empty, ragged or non-finite features, too many dimensions; with a maker a text that is NULL,
 * and texts that are not those that it learned from.  Returns the number of rows, with those that were passed over.
 */
extern int64 gtl_dataset_read(GtlDataset *dataset, GtlDatasetCallback callback, void *context);

#endif							/* GTL_DATASET_H */
