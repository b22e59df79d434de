/*
 * layout.c
 *		Columns of gtlabel's own tables, found by name.
 */
#include "base/layout.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

static GtlLayout *layouts = NULL;

/* Whichever table has changed: that is rare, and finding the columns again is cheap. */
static void
forget_places(Datum arg, Oid relation)
{
	for (GtlLayout *layout = layouts; layout != NULL; layout = layout->next)
		layout->resolved = false;
}

static void
register_layout(GtlLayout *layout)
{
	static bool registered = false;

	for (GtlLayout *known = layouts; known != NULL; known = known->next)
		if (known == layout)
			return;
	if (!registered)
		CacheRegisterRelcacheCallback(forget_places, (Datum) 0);
	registered = true;
	layout->next = layouts;
	layouts = layout;
}

/* The table is open: its columns do not change meanwhile. */
static void
resolve_places(GtlLayout *layout, Relation table)
{
	Assert(layout->count <= GTL_LAYOUT_MAX_COLUMNS && RelationGetNumberOfAttributes(table) <= GTL_LAYOUT_MAX_COLUMNS);
	register_layout(layout);
	for (int i = 0; i < layout->count; i++)
	{
		layout->place[i] = get_attnum(RelationGetRelid(table), layout->columns[i]);
		if (layout->place[i] == InvalidAttrNumber)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of table gtlabel.%s does not exist", layout->columns[i], layout->table),
					 errhint("The library is not of the same version as the extension in this database.")));
	}
	layout->relation = RelationGetRelid(table);
	memset(layout->index, 0, sizeof(layout->index));
	layout->resolved = true;
}

Relation
gtl_layout_open(GtlLayout *layout, LOCKMODE lockmode)
{
	Oid			relation = layout->resolved ? layout->relation :
		get_relname_relid(layout->table, get_namespace_oid("gtlabel", false));
	Relation	table = table_open(relation, lockmode);

	if (!layout->resolved)
		resolve_places(layout, table);
	return table;
}

Oid
gtl_layout_index(GtlLayout *layout, const char *name)
{
	int			place = 0;

	while (place < GTL_LAYOUT_INDEXES - 1 && layout->index_name[place] != NULL && layout->index_name[place] != name)
		place++;
	if (layout->index_name[place] != name || !OidIsValid(layout->index[place]))
	{
		layout->index[place] = get_relname_relid(name, get_namespace_oid("gtlabel", false));
		layout->index_name[place] = name;
	}
	return layout->index[place];
}

void
gtl_layout_fill(const GtlLayout *layout, const Datum *values, const bool *nulls, Datum *row_values, bool *row_nulls)
{
	memset(row_nulls, true, sizeof(bool) * GTL_LAYOUT_MAX_COLUMNS);
	for (int i = 0; i < layout->count; i++)
	{
		row_values[layout->place[i] - 1] = values[i];
		row_nulls[layout->place[i] - 1] = nulls != NULL && nulls[i];
	}
}
