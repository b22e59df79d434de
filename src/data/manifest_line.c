/*
 * manifest_line.c
 *		A line of a manifest, taken apart.
 */
#include "data/manifest_line.h"

#include <math.h>

#include "utils/memutils.h"

#define METADATA "-metadata"
#define NOT_STORABLE "a text with \\u0000 or half a surrogate pair"

/* The members of a line, or of metadata, that are asked for. */
typedef struct Wanted
{
	const char *name;
	GtlJsonSpan value;
	int			times;
} Wanted;

enum
{
	SOURCE, SOURCE_REF, LABEL, LABEL_METADATA, LINE_MEMBERS
};

enum
{
	CLASS_NAME, CONFIDENCE, HUMAN, FAILURE, METADATA_MEMBERS
};

typedef struct Search
{
	Wanted	   *wanted;
	int			count;
} Search;

static void
find_wanted(void *context, GtlJsonSpan name, GtlJsonSpan value)
{
	Search	   *search = context;

	for (int i = 0; i < search->count; i++)
	{
		Wanted	   *wanted = &search->wanted[i];

		if (wanted->name == NULL || !gtl_json_name_is(name, wanted->name))
			continue;
		wanted->times++;
		wanted->value = value;
	}
}

/* ---- The label attribute ---------------------------------------------------------------- */

void
gtl_manifest_attribute_set(GtlManifestAttribute *attribute, const char *name)
{
	attribute->fixed = name != NULL;
	attribute->name = name == NULL ? NULL : MemoryContextStrdup(attribute->context, name);
	attribute->metadata = NULL;
	if (name != NULL)
	{
		attribute->metadata = MemoryContextAlloc(attribute->context, strlen(name) + sizeof(METADATA));
		sprintf(attribute->metadata, "%s%s", name, METADATA);
	}
}

/* A member X-metadata is the sign of a label attribute X.  True: it is the first one. */
static bool
see_attribute(GtlManifestAttribute *attribute, GtlJsonSpan name, GtlJsonSpan value)
{
	static const char tail[] = METADATA "\"";
	size_t		length = strlen(tail);
	char	   *found;

	if (*value.start != '{' || (size_t) (name.end - name.start) <= length + 1 || memcmp(name.end - length, tail, length) != 0)
		return false;
	if (attribute->name != NULL && gtl_json_name_is(name, attribute->metadata))
		return false;
	found = gtl_json_string(name);
	if (found == NULL)
		return false;
	found[strlen(found) - strlen(METADATA)] = '\0';
	if (attribute->name == NULL)
	{
		gtl_manifest_attribute_set(attribute, found);
		attribute->fixed = false;
		return true;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the manifest has label attributes \"%s\" and \"%s\"", attribute->name, found),
			 errhint("Say which is meant with label_attribute_name.")));
}

typedef struct LineSearch
{
	Search		search;
	GtlManifestAttribute *attribute;
	bool		new_attribute;
} LineSearch;

static void
take_member(void *context, GtlJsonSpan name, GtlJsonSpan value)
{
	LineSearch *line = context;

	if (!line->attribute->fixed && see_attribute(line->attribute, name, value))
		line->new_attribute = true;
	find_wanted(&line->search, name, value);
}

/* ---- The label ------------------------------------------------------------------------------ */

/* Lists and boxes are no label, numbers need a name. */
static const char *
read_label(const Wanted *value, const Wanted *class_name, GtlManifestLine *line)
{
	char		first = value->times == 0 ? 'n' : *value->value.start;

	if (class_name->times > 0 && *class_name->value.start == '"')
		line->label = gtl_json_string(class_name->value);
	else if (strchr("n[{", first) != NULL)
		return NULL;
	else if (first != '"')
		return "no class-name";
	else
		line->label = gtl_json_string(value->value);
	if (line->label == NULL)
		return NOT_STORABLE;
	if (class_name->times == 0 && line->label[strspn(line->label, "0123456789")] == '\0')
		return "no class-name";
	return NULL;
}

static double
read_confidence(const Wanted *confidence)
{
	char		text[64];
	GtlJsonSpan span = confidence->value;
	char	   *end;
	double		value;

	if (confidence->times > 0 && *span.start == '"')
		span = (GtlJsonSpan) {span.start + 1, span.end - 1};
	if (confidence->times == 0 || span.end == span.start || (size_t) (span.end - span.start) >= sizeof(text))
		return NAN;
	memcpy(text, span.start, span.end - span.start);
	text[span.end - span.start] = '\0';
	value = strtod(text, &end);
	return *end == '\0' && value >= 0 && value <= 1 ? value : NAN;
}

/* "yes" and "no", or what a boolean is. */
static int
read_human(const Wanted *human)
{
	size_t		length = human->times == 0 ? 0 : human->value.end - human->value.start;

	if ((length == 5 && memcmp(human->value.start, "\"yes\"", 5) == 0) || (length == 4 && memcmp(human->value.start, "true", 4) == 0))
		return 1;
	if ((length == 4 && memcmp(human->value.start, "\"no\"", 4) == 0) || (length == 5 && memcmp(human->value.start, "false", 5) == 0))
		return 0;
	return -1;
}

static const char *
read_metadata(const Wanted *label, const Wanted *metadata, GtlManifestLine *line)
{
	Wanted		members[METADATA_MEMBERS] = {
		[CLASS_NAME] = {"class-name"}, [CONFIDENCE] = {"confidence"}, [HUMAN] = {"human-annotated"}, [FAILURE] = {"failure-reason"}
	};
	Search		search = {members, METADATA_MEMBERS};

	if (metadata->times > 0)
		(void) gtl_json_members(metadata->value, find_wanted, &search);
	line->confidence = read_confidence(&members[CONFIDENCE]);
	line->human = read_human(&members[HUMAN]);
	if (members[FAILURE].times > 0 && *members[FAILURE].value.start == '"')
	{
		line->failure_reason = gtl_json_string(members[FAILURE].value);
		if (line->failure_reason == NULL)
			return NOT_STORABLE;
	}
	return read_label(label, &members[CLASS_NAME], line);
}

/* ---- The line --------------------------------------------------------------------------------- */

static const char *
problem_words(GtlJsonProblem problem)
{
	switch (problem)
	{
		case GTL_JSON_FINE:
			return NULL;
		case GTL_JSON_BROKEN:
			return "not JSON";
		case GTL_JSON_NO_OBJECT:
			return "not an object";
		case GTL_JSON_TOO_DEEP:
			return "nested too deep";
	}
	pg_unreachable();
}

/* What stands there if it is a string. */
static const char *
read_source(const Wanted *wanted, char **source)
{
	if (wanted->times == 0 || *wanted->value.start != '"')
		return NULL;
	*source = gtl_json_string(wanted->value);
	return *source == NULL ? NOT_STORABLE : NULL;
}

const char *
gtl_manifest_line_read(GtlJsonSpan text, GtlManifestAttribute *attribute, GtlManifestLine *line)
{
	Wanted		members[LINE_MEMBERS] = {[SOURCE] = {"source"}, [SOURCE_REF] = {"source-ref"}};
	LineSearch	search = {{members, LINE_MEMBERS}, attribute};
	const char *problem;

	memset(line, 0, sizeof(*line));
	line->line = gtl_json_trim(text);
	line->confidence = NAN;
	line->human = -1;
	members[LABEL].name = attribute->name;
	members[LABEL_METADATA].name = attribute->metadata;
	problem = problem_words(gtl_json_members(line->line, take_member, &search));
	if (problem != NULL && search.new_attribute)
		gtl_manifest_attribute_set(attribute, NULL);	/* a broken line names none */
	if (problem != NULL)
		return problem;
	if (search.new_attribute)	/* its members may have passed by before its name was known */
		return gtl_manifest_line_read(text, attribute, line);
	for (int i = 0; i < LINE_MEMBERS; i++)
		if (members[i].times > 1)
			return psprintf("two keys \"%s\"", members[i].name);
	if (members[SOURCE].times + members[SOURCE_REF].times == 0)
		return "neither source nor source-ref";
	problem = read_source(&members[SOURCE], &line->source);
	if (problem == NULL)
		problem = read_source(&members[SOURCE_REF], &line->source_ref);
	if (problem == NULL && attribute->name != NULL)
		problem = read_metadata(&members[LABEL], &members[LABEL_METADATA], line);
	return problem;
}
