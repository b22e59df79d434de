/*
 * scoring_model.c
 *		Models that come as bytes, kept in memory of the process.
 *
 * A model is passed as a value with every row, so each call must find the one that it means in a few
 * nanoseconds, and must never take another for it: a process can serve functions of several owners.  A
 * call site whose argument has not moved and ends in the same checksum has the same model; what is new to a
 * call site is compared with the models at hand byte by byte.
 */
#include "api/scoring_model.h"

#include "base/memory.h"
#include "learning/bytes.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* So many models, and bytes of them, are kept; one of any size always is. */
#define MODELS 8
#define MODELS_BYTES (64 * 1024 * 1024)

static GtlScoringModel *models[MODELS];
static uint64 serials = 0;
static uint64 uses = 0;

int
gtl_scoring_model_inputs(const GtlScoringModel *model)
{
	const GtlFeaturizer *featurizer = model->package.featurizer;

	return featurizer != NULL ? featurizer->inputs : gtl_package_dimension(&model->package);
}

static void
drop(int place)
{
	GtlScoringModel *model = models[place];

	models[place] = NULL;
	MemoryContextDelete(model->context);
}

/* The place that has waited longest, or a free one. */
static int
oldest_place(void)
{
	int			oldest = 0;

	for (int i = 0; i < MODELS; i++)
	{
		if (models[i] == NULL)
			return i;
		if (models[i]->used < models[oldest]->used)
			oldest = i;
	}
	return oldest;
}

/* Makes room for a model of so many bytes; returns its place. */
static int
make_room(Size size)
{
	for (;;)
	{
		Size		total = size;
		int			place = oldest_place();
		int			oldest = -1;

		for (int i = 0; i < MODELS; i++)
			if (models[i] != NULL)
			{
				total += MemoryContextMemAllocated(models[i]->context, true);
				if (oldest < 0 || models[i]->used < models[oldest]->used)
					oldest = i;
			}
		if (oldest < 0 || (total <= MODELS_BYTES && models[place] == NULL))
			return place;
		drop(oldest);
	}
}

/* In the context that the model will live in. */
static GtlScoringModel *
read_model(const char *bytes, Size size, MemoryContext context)
{
	GtlScoringModel *model = palloc0(sizeof(GtlScoringModel));
	GtlModelPackage *package = &model->package;
	GtlEnv		env;
	const char *reason;

	gtl_env_init(&env, context);
	model->context = context;
	model->bytes = MemoryContextAllocHuge(context, Max(size, 1));
	memcpy(model->bytes, bytes, size);
	model->size = size;
	if (!gtl_package_deserialize((const uint8_t *) bytes, size, &env, package, &reason))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot score by these bytes: %s", reason),
				 errhint("gt_model_bytes gives the bytes of a model.")));
	model->names = palloc_extended(sizeof(Datum) * package->classifier.classes, MCXT_ALLOC_HUGE);
	for (int c = 0; c < package->classifier.classes; c++)
		model->names[c] = CStringGetTextDatum(pg_any_to_server(package->names[c], (int) strlen(package->names[c]), PG_UTF8));
	model->scorer = gtl_row_scorer_create(&package->classifier, gtl_package_dimension(package), package->map, &env);
	if (package->featurizer != NULL)
		model->maker = gtl_feature_maker_create(package->featurizer, &env);
	model->made = gtl_memory_list(sizeof(float), package->classifier.dimension);
	model->narrow = gtl_memory_list(sizeof(float), gtl_scoring_model_inputs(model));
	initStringInfo(&model->input);
	return model;
}

/* The place of the model of these bytes, made if it is not there. */
static int
find_or_make(const char *bytes, Size size)
{
	MemoryContext context;
	MemoryContext caller;
	GtlScoringModel *model;
	int			place;

	for (place = 0; place < MODELS; place++)
		if (models[place] != NULL && models[place]->size == size && memcmp(models[place]->bytes, bytes, size) == 0)
			return place;
	context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel scoring model", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	model = read_model(bytes, size, context);
	MemoryContextSwitchTo(caller);
	place = make_room(MemoryContextMemAllocated(context, true));
	MemoryContextSetParent(context, CacheMemoryContext);
	model->serial = ++serials;
	models[place] = model;
	return place;
}

/* Is it what the site has seen last?  Only who rewrites a value in place under an equal checksum is deceived: himself. */
static bool
is_same(const GtlScoringSite *site, const struct varlena *argument)
{
	if (site->serial == 0 || models[site->place] == NULL || models[site->place]->serial != site->serial ||
		site->image_size != VARSIZE_ANY(argument))
		return false;
	if (site->image != NULL)
		return memcmp(site->image, argument, site->image_size) == 0;
	return site->argument == argument && site->image_size > GTL_CHECKSUM_SIZE &&
		memcmp((const char *) argument + site->image_size - GTL_CHECKSUM_SIZE,
			   models[site->place]->bytes + models[site->place]->size - GTL_CHECKSUM_SIZE, GTL_CHECKSUM_SIZE) == 0;
}

static void
remember(GtlScoringSite *site, struct varlena *argument, MemoryContext context)
{
	if (site->image != NULL)
		pfree(site->image);
	site->image = NULL;
	site->argument = argument;
	site->image_size = VARSIZE_ANY(argument);
	site->serial = models[site->place]->serial;
	if (VARATT_IS_EXTERNAL(argument) || VARATT_IS_COMPRESSED(argument))
	{
		site->image = MemoryContextAlloc(context, site->image_size);
		memcpy(site->image, argument, site->image_size);
	}
}

GtlScoringModel *
gtl_scoring_model_get(GtlScoringSite *site, Datum argument, MemoryContext context)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(argument);
	GtlScoringModel *model;

	if (!is_same(site, value))
	{
		struct varlena *plain = PG_DETOAST_DATUM_PACKED(argument);

		site->serial = 0;
		site->place = find_or_make(VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain));
		remember(site, value, context);
		if (plain != value)
			pfree(plain);
	}
	model = models[site->place];
	model->used = ++uses;
	return model;
}
