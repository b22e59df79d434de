/*
 * compat.h
 *		The only file that knows server versions apart.
 *
 * What the server has renamed is used by its new name, what has got other
 * parameters through a wrapper GTL_COMPAT_..., whose parameters are those that
 * gtlabel needs.
 */
#ifndef GTL_COMPAT_H
#define GTL_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "gtlabel needs PostgreSQL 15 or later"
#endif

#ifdef WORDS_BIGENDIAN
#error "gtlabel stores features and models in little-endian order and needs a little-endian machine"
#endif

/* ---- Headers that used to come with others, or have moved ---------------------- */

#include "commands/dbcommands.h"	/* get_database_name, up to 18 */
#include "postmaster/postmaster.h"	/* MAX_BACKENDS, up to 17 */
#include "utils/lsyscache.h"	/* get_database_name, since 19 */
#include "utils/tuplestore.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM >= 180000
#include "storage/procnumber.h" /* MAX_BACKENDS */
#endif

/* ---- 16 ------------------------------------------------------------------------- */

/* One function checks the privileges on objects of all kinds. */
#if PG_VERSION_NUM >= 160000
#include "catalog/pg_database.h"
#include "catalog/pg_proc.h"
#define GTL_COMPAT_DATABASE_ACLCHECK(database, role, mode) object_aclcheck(DatabaseRelationId, database, role, mode)
#define GTL_COMPAT_OWNS_RELATION(relation, role) object_ownercheck(RelationRelationId, relation, role)
#define GTL_COMPAT_FUNCTION_ACLCHECK(function, role, mode) object_aclcheck(ProcedureRelationId, function, role, mode)
#else
#define GTL_COMPAT_DATABASE_ACLCHECK(database, role, mode) pg_database_aclcheck(database, role, mode)
#define GTL_COMPAT_OWNS_RELATION(relation, role) pg_class_ownercheck(relation, role)
#define GTL_COMPAT_FUNCTION_ACLCHECK(function, role, mode) pg_proc_aclcheck(function, role, mode)
#endif

/* A membership may come without the right to act as the role, or to give it objects. */
#if PG_VERSION_NUM < 160000
#define check_can_set_role(member, role) check_is_member_of_role(member, role)
#endif

/* The setting that makes plans parallel for tests has another name. */
#if PG_VERSION_NUM >= 160000
#define GTL_COMPAT_FORCE_PARALLEL (debug_parallel_query != 0)
#else
#define GTL_COMPAT_FORCE_PARALLEL (force_parallel_mode != 0)
#endif

/* The walker of a plan had no prototype, which C23 takes for one without arguments. */
#if PG_VERSION_NUM >= 160000
#define GTL_COMPAT_WALK_PLAN(state, walker, context) planstate_tree_walker(state, walker, context)
#else
#define GTL_COMPAT_WALK_PLAN(state, walker, context) planstate_tree_walker(state, (void *) (walker), context)
#endif

/* ---- 16 and 19 ------------------------------------------------------------------ */

#if PG_VERSION_NUM >= 190000
#define GTL_COMPAT_INSERT_INDEX_TUPLES(target, slot, estate) \
	ExecInsertIndexTuples(target, estate, 0, slot, NIL, NULL)
#elif PG_VERSION_NUM >= 160000
#define GTL_COMPAT_INSERT_INDEX_TUPLES(target, slot, estate) \
	ExecInsertIndexTuples(target, slot, estate, false, false, NULL, NIL, false)
#else
#define GTL_COMPAT_INSERT_INDEX_TUPLES(target, slot, estate) \
	ExecInsertIndexTuples(target, slot, estate, false, false, NULL, NIL)
#endif

/* ---- 17 ------------------------------------------------------------------------- */

/* The search path of maintenance operations. */
#define GTL_SAFE_SEARCH_PATH "pg_catalog, pg_temp"

/* Do we hold the lock in just this mode? */
#if PG_VERSION_NUM >= 170000
#define GTL_COMPAT_LOCK_HELD_BY_ME(tag, mode) LockHeldByMe(tag, mode, false)
#else
#define GTL_COMPAT_LOCK_HELD_BY_ME(tag, mode) LockHeldByMe(tag, mode)
#endif

/* Settings of the server that would end a step before its time: names and values. */
#if PG_VERSION_NUM >= 170000
#define GTL_COMPAT_TIMEOUTS {"lock_timeout", "0"}, {"transaction_timeout", "0"}
#else
#define GTL_COMPAT_TIMEOUTS {"lock_timeout", "0"}
#endif

/* ---- 18 ------------------------------------------------------------------------- */

/* It stands before the declaration, as C11's _Noreturn has to. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

#if PG_VERSION_NUM >= 180000
#define GTL_COMPAT_PRIMARY_KEY(relation) RelationGetPrimaryKeyIndex(relation, false)
#else
#define GTL_COMPAT_PRIMARY_KEY(relation) RelationGetPrimaryKeyIndex(relation)
#endif

/* ---- 18 and 19 ------------------------------------------------------------------ */

#if PG_VERSION_NUM >= 190000
#define GTL_COMPAT_INDEX_BEGINSCAN(relation, index, snapshot, nkeys) \
	index_beginscan(relation, index, snapshot, NULL, nkeys, 0, 0)
#elif PG_VERSION_NUM >= 180000
#define GTL_COMPAT_INDEX_BEGINSCAN(relation, index, snapshot, nkeys) \
	index_beginscan(relation, index, snapshot, NULL, nkeys, 0)
#else
#define GTL_COMPAT_INDEX_BEGINSCAN(relation, index, snapshot, nkeys) \
	index_beginscan(relation, index, snapshot, nkeys, 0)
#endif

/* ---- 19 ------------------------------------------------------------------------- */

/* Comments no longer tell the compiler that a case goes on in the next one. */
#if PG_VERSION_NUM < 190000
#define pg_fallthrough __attribute__((fallthrough))
#endif

/* Lets us correct what the planner knows of a relation; 19 asks for those that are no tables too. */
#if PG_VERSION_NUM >= 190000
#include "optimizer/pathnode.h"
#define GTL_COMPAT_REL_HOOK build_simple_rel_hook
#define GTL_COMPAT_REL_HOOK_TYPE build_simple_rel_hook_type
#define GTL_COMPAT_REL_HOOK_PARAMETERS PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte
#define GTL_COMPAT_REL_HOOK_ARGUMENTS root, rel, rte
#define GTL_COMPAT_REL_HOOK_RELATION (rte->rtekind == RTE_RELATION ? rte->relid : InvalidOid)
#else
#include "optimizer/plancat.h"
#define GTL_COMPAT_REL_HOOK get_relation_info_hook
#define GTL_COMPAT_REL_HOOK_TYPE get_relation_info_hook_type
#define GTL_COMPAT_REL_HOOK_PARAMETERS PlannerInfo *root, Oid table, bool inhparent, RelOptInfo *rel
#define GTL_COMPAT_REL_HOOK_ARGUMENTS root, table, inhparent, rel
#define GTL_COMPAT_REL_HOOK_RELATION table
#endif

/* To be called after the last TupleDescInitEntry; who forgets it crashes, and no compiler says so. */
#if PG_VERSION_NUM < 190000
#define TupleDescFinalize(desc) ((void) 0)
#endif

/* PostgreSQL 16 added the last parameter. */
#if PG_VERSION_NUM >= 160000
#define GTL_COMPAT_STRING_TO_NAMES(text) stringToQualifiedNameList(text, NULL)
#else
#define GTL_COMPAT_STRING_TO_NAMES(text) stringToQualifiedNameList(text)
#endif

/* The name of a lock is told when its tranche is made, and known to all processes. */
#if PG_VERSION_NUM >= 190000
#define GTL_COMPAT_NEW_TRANCHE(name) LWLockNewTrancheId(name)
#define GTL_COMPAT_REGISTER_TRANCHE(id, name) ((void) 0)
#else
#define GTL_COMPAT_NEW_TRANCHE(name) LWLockNewTrancheId()
#define GTL_COMPAT_REGISTER_TRANCHE(id, name) LWLockRegisterTranche(id, name)
#endif

/* PostgreSQL 16 added the last parameter. */
#if PG_VERSION_NUM >= 160000
#define GTL_COMPAT_EVAL_PLAN_QUAL_INIT(epq, estate) EvalPlanQualInit(epq, estate, NULL, NIL, -1, NIL)
#else
#define GTL_COMPAT_EVAL_PLAN_QUAL_INIT(epq, estate) EvalPlanQualInit(epq, estate, NULL, NIL, -1)
#endif

/*
 * Names that no other file may use, because some server does not have them or
 * gives them other parameters (make check-arrows looks for them):
 *
 * names: PG_VERSION_NUM, check_is_member_of_role, debug_parallel_query,
 * names: build_simple_rel_hook, ExecInsertIndexTuples, force_parallel_mode,
 * names: get_relation_info_hook, index_beginscan,
 * names: LockHeldByMe, LWLockNewTrancheId, LWLockRegisterTranche,
 * names: object_aclcheck, pg_attribute_noreturn,
 * names: pg_database_aclcheck, pg_namespace_aclcheck, pg_proc_aclcheck,
 * names: pg_type_aclcheck, RelationGetPrimaryKeyIndex,
 * names: stringToQualifiedNameList, EvalPlanQualInit
 */

#endif							/* GTL_COMPAT_H */
