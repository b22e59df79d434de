/*
 * model_package.c
 *		A model as bytes for gt_score; learning/model_package.c has the format.
 */
#include "data/model_package.h"

#include "base/memory.h"
#include "base/query.h"
#include "learning/model_package.h"
#include "mb/pg_wchar.h"
#include "tables/featurizer.h"
#include "tables/neighbour_map.h"
#include "utils/memutils.h"

static char *
to_utf8(char *name)
{
	return GetDatabaseEncoding() == PG_SQL_ASCII ? name : pg_server_to_any(name, (int) strlen(name), PG_UTF8);
}

bytea *
gtl_model_package(const GtlModel *model)
{
	GtlModelPackage package = {
		.classifier = model->classifier,.calibration = model->calibration,.proposal_inputs = model->proposal_inputs
	};
	GtlEnv		env;
	uint8_t    *bytes;
	size_t		size;

	gtl_env_init(&env, CurrentMemoryContext);
	package.names = palloc(sizeof(char *) * model->ncategories);
	for (int c = 0; c < model->ncategories; c++)
		package.names[c] = to_utf8(model->categories[c]);
	if (model->featurizer_id != 0)
		package.featurizer = gtl_featurizer_get(model->featurizer_id, &env);
	if (model->classifier.candidate.neighbours)
		package.map = gtl_neighbour_map_get(model->neighbours_id, &env);
	bytes = gtl_package_serialize(&package, &env, &size);
	if (size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("model \"%s\" is too large for a value of type bytea", model->name)));
	return DatumGetByteaP(gtl_bytea(bytes, size));
}
