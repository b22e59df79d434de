/*
 * team.c
 *		Work done by several processes: a leader, and members that it starts.
 *
 * The segment holds a state for each item.  The process that changes it from POSTED to its own
 * number does the item; nothing else is agreed on.  Invariants
 *	* Only the leader posts items and takes results.
 *	* A member that ends, for whatever reason, gives back the item it was doing, and the
 *	  leader does it in the end.  So members may be missing, late or killed.
 *	* The segment is pinned: it goes when the leader calls end or its env's context goes,
 *	  whichever comes first, and with it a flag tells the members to stop, which they look
 *	  at as often as the leader at its interrupts.
 */
#include "base/team.h"

#include <sched.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/row_store.h"
#include "base/settings.h"
#include "learning/work.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "port/atomics.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

/* Starting a member takes some milliseconds.  (The server's setting that forces parallel plans lifts this, for tests.) */
#define LEAST_SECONDS 0.05

/* A block beyond this is not shared: /dev/shm of a container may have as little as 64 MB. */
#define MOST_BYTES ((Size) 16 * 1024 * 1024)

/* Members of a team when the setting says nothing. */
#define MOST_AUTOMATIC 2

/* Looks at the states, if nobody sets the latch. */
#define WAIT_MILLISECONDS 100

/* States of an item; FIRST_PROCESS and larger numbers: the process that does it. */
#define IDLE 0
#define POSTED 1
#define DONE 2
#define FIRST_PROCESS 3
#define LEADER FIRST_PROCESS

typedef struct TeamSegment
{
	GtlWorkKindNo kind;
	int			nitems;
	int			nmembers;
	Size		block;			/* offset */

	/* the rows, if the work has some */
	bool		has_rows;
	int64		rows;
	int			dimension;
	char		path[MAXPGPATH];

	PGPROC	   *leader;
	pg_atomic_uint32 stop;
	pg_atomic_uint64 member[GTL_MAX_PARALLEL_WORKERS];	/* PGPROC *, 0: not here */
	pg_atomic_uint32 item[FLEXIBLE_ARRAY_MEMBER];
} TeamSegment;

/* ---- A process's side, leader and members ------------------------------------ */

typedef struct Process
{
	TeamSegment *segment;
	uint32		number;			/* in the state of its item */
	GtlEnv	   *env;
	GtlLabeledSet rows;
	void	   *state;			/* NULL: not opened yet */
} Process;

static void *
block_of(TeamSegment *segment)
{
	return (char *) segment + segment->block;
}

/* Takes a posted item for this process; -1: none. */
static int
claim(Process *process)
{
	TeamSegment *segment = process->segment;

	for (int i = 0; i < segment->nitems; i++)
	{
		uint32		expected = POSTED;

		if (pg_atomic_read_u32(&segment->item[i]) == POSTED &&
			pg_atomic_compare_exchange_u32(&segment->item[i], &expected, process->number))
			return i;
	}
	return -1;
}

/* False: stopped. */
static bool
do_item(Process *process, int item)
{
	const GtlWorkKind *kind = gtl_work_kind(process->segment->kind);

	if (process->state == NULL)
		process->state = kind->open(block_of(process->segment), &process->rows, process->env);
	return kind->run(process->state, item);
}

/* ---- Leader ------------------------------------------------------------------ */

typedef struct TeamWork
{
	GtlWork		base;
	const GtlEnv *env;
	GtlEnv		own_env;		/* of the leader's share: no team within a team */
	dsm_segment *handle;		/* NULL: gone */
	Process		process;
	int			nworkers;
	BackgroundWorkerHandle *worker[GTL_MAX_PARALLEL_WORKERS];
} TeamWork;

static void
wake_members(TeamSegment *segment)
{
	for (int i = 0; i < segment->nmembers; i++)
	{
		PGPROC	   *member = (PGPROC *) (uintptr_t) pg_atomic_read_u64(&segment->member[i]);

		if (member != NULL)
			SetLatch(&member->procLatch);
	}
}

/* Whatever makes the leader let go of the segment. */
static void
leader_detaches(dsm_segment *handle, Datum argument)
{
	TeamWork   *work = (TeamWork *) DatumGetPointer(argument);

	pg_atomic_write_u32(&work->process.segment->stop, 1);
	wake_members(work->process.segment);
	work->handle = NULL;
}

static void
context_ends(void *argument)
{
	TeamWork   *work = argument;

	if (work->handle != NULL)
		dsm_detach(work->handle);
}

static void
start_member(TeamWork *work, int number)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_CLASS_PARALLEL;
	worker.bgw_start_time = BgWorkerStart_ConsistentState;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_notify_pid = MyProcPid;
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(work->handle));
	memcpy(worker.bgw_extra, &number, sizeof(number));
	strlcpy(worker.bgw_library_name, "gtlabel", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "gtl_team_worker_main", sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "gtlabel parallel worker for PID %d", MyProcPid);
	strlcpy(worker.bgw_type, "gtlabel parallel worker", sizeof(worker.bgw_type));
	if (RegisterDynamicBackgroundWorker(&worker, &work->worker[work->nworkers]))
		work->nworkers++;
}

/* Processors that this process may run on. */
static int
count_processors(void)
{
#ifdef CPU_COUNT
	cpu_set_t	set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return CPU_COUNT(&set);
#endif
	return (int) sysconf(_SC_NPROCESSORS_ONLN);
}

/*
 * How many members the settings allow.  By default a session, whose user waits, may keep all
 * processors busy; a background worker leaves one to the people who answer meanwhile.
 */
static int
allowed_members(void)
{
	int			busy = count_processors() - (MyBackendType == B_BG_WORKER ? 1 : 0);

	if (gtl_setting_max_parallel_workers >= 0)
		return gtl_setting_max_parallel_workers;
	return Max(0, Min(MOST_AUTOMATIC, busy - 1));
}

/* Where the rows of the work are; NULL: it has none, or they cannot be shared. */
static GtlRowStore *
store_of(const GtlWorkRequest *request)
{
	if (request->rows == NULL || request->rows->reader == NULL)
		return NULL;
	return gtl_row_store_of(request->rows->reader);
}

/* How many members the settings, the work and the budget allow. */
static int
count_members(const GtlWorkRequest *request)
{
	Size		budget = gtl_memory_budget();
	GtlRowStore *store = store_of(request);
	Size		rows = store == NULL ? 0 : gtl_row_store_memory(store);
	Size		left = budget - Min(budget, rows + request->block_size + request->process_bytes);
	int			count = Min(allowed_members(), request->nitems - 1);

	if ((request->seconds < LEAST_SECONDS && !GTL_COMPAT_FORCE_PARALLEL) ||
		request->block_size > MOST_BYTES || !IsUnderPostmaster)
		return 0;
	return (int) Min((Size) Max(count, 0), left / Max(request->process_bytes, 1));
}

static void
fill_segment(TeamSegment *segment, const GtlWorkRequest *request, int nmembers, Size block)
{
	memset(segment, 0, block + request->block_size);
	segment->kind = request->kind;
	segment->nitems = request->nitems;
	segment->nmembers = nmembers;
	segment->block = block;
	segment->leader = MyProc;
	pg_atomic_init_u32(&segment->stop, 0);
	for (int i = 0; i < GTL_MAX_PARALLEL_WORKERS; i++)
		pg_atomic_init_u64(&segment->member[i], 0);
	for (int i = 0; i < request->nitems; i++)
		pg_atomic_init_u32(&segment->item[i], IDLE);
}

static const GtlTeam team_methods;

/*
 * NULL: there is no slot for it, or no room: then nobody helps, and the training goes on.  (/dev/shm of a container may
 * hold 64 MB in all.)
 */
static dsm_segment *
create_segment(Size size)
{
	MemoryContext caller = CurrentMemoryContext;
	dsm_segment *volatile segment = NULL;

	PG_TRY();
	{
		segment = dsm_create(size, DSM_CREATE_NULL_IF_MAXSEGMENTS);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			PG_RE_THROW();
		FlushErrorState();
		ereport(DEBUG1,
				(errmsg_internal("no shared memory for the helpers of a training: %s", error->message)));
		FreeErrorData(error);
	}
	PG_END_TRY();
	return segment;
}

static GtlWork *
team_begin(const GtlWorkRequest *request, const GtlEnv *env)
{
	MemoryContext context = (MemoryContext) env->context;
	int			nmembers = count_members(request);
	GtlRowStore *store = store_of(request);
	const char *path = nmembers > 0 && store != NULL ? gtl_row_store_share(store) : NULL;
	Size		block = TYPEALIGN(PG_CACHE_LINE_SIZE, offsetof(TeamSegment, item) + sizeof(pg_atomic_uint32) * request->nitems);
	MemoryContextCallback *callback;
	dsm_segment *handle;
	TeamWork   *work;

	if (nmembers == 0 || (request->rows != NULL && (path == NULL || strlen(path) >= MAXPGPATH)))
		return NULL;
	work = MemoryContextAllocZero(context, sizeof(TeamWork));
	callback = MemoryContextAlloc(context, sizeof(MemoryContextCallback));
	handle = create_segment(block + request->block_size);
	if (handle == NULL)
		return NULL;
	dsm_pin_mapping(handle);
	work->process.segment = dsm_segment_address(handle);
	fill_segment(work->process.segment, request, nmembers, block);
	if (request->rows != NULL)
	{
		work->process.segment->has_rows = true;
		work->process.segment->rows = gtl_row_store_count(store);
		work->process.segment->dimension = request->rows->dimension;
		strcpy(work->process.segment->path, path);
		work->process.rows = *request->rows;
	}
	work->handle = handle;
	on_dsm_detach(handle, leader_detaches, PointerGetDatum(work));
	callback->func = context_ends;
	callback->arg = work;
	MemoryContextRegisterResetCallback(context, callback);

	work->base.team = &team_methods;
	work->base.block = block_of(work->process.segment);
	work->env = env;
	work->own_env = *env;
	work->own_env.team = NULL;
	work->process.number = LEADER;
	work->process.env = &work->own_env;
	for (int i = 0; i < nmembers; i++)
		start_member(work, i);
	return &work->base;
}

static void
team_post(GtlWork *base, int item)
{
	TeamWork   *work = (TeamWork *) base;

	pg_write_barrier();
	pg_atomic_write_u32(&work->process.segment->item[item], POSTED);
	wake_members(work->process.segment);
}

/* An item that somebody has done, which is idle again; -1: none. */
static int
take_done(TeamSegment *segment)
{
	for (int i = 0; i < segment->nitems; i++)
		if (pg_atomic_read_u32(&segment->item[i]) == DONE)
		{
			pg_read_barrier();
			pg_atomic_write_u32(&segment->item[i], IDLE);
			return i;
		}
	return -1;
}

static int
team_next(GtlWork *base)
{
	TeamWork   *work = (TeamWork *) base;
	TeamSegment *segment = work->process.segment;

	for (;;)
	{
		int			item = take_done(segment);

		if (item >= 0)
			return item;
		if (gtl_env_interrupted(work->env))
			return -1;
		item = claim(&work->process);
		if (item >= 0)
		{
			if (!do_item(&work->process, item))
				return -1;
			pg_atomic_write_u32(&segment->item[item], IDLE);
			return item;
		}
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, WAIT_MILLISECONDS,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

static void
team_end(GtlWork *base)
{
	TeamWork   *work = (TeamWork *) base;

	if (work->process.state != NULL)
		gtl_work_kind(work->process.segment->kind)->close(work->process.state);
	dsm_detach(work->handle);

	/* they stop within 50 ms; the next work finds their slots free */
	for (int i = 0; i < work->nworkers; i++)
		(void) WaitForBackgroundWorkerShutdown(work->worker[i]);
}

static const GtlTeam team_methods = {team_begin, team_post, team_next, team_end};

void
gtl_team_enable(GtlEnv *env)
{
	env->team = allowed_members() > 0 ? &team_methods : NULL;
}

/* ---- Members ----------------------------------------------------------------- */

static TeamSegment *joined = NULL;

static bool
member_interrupted(void *context)
{
	return gtl_interrupt_requested() || pg_atomic_read_u32(&joined->stop) != 0;
}

static void
member_leaves(dsm_segment *handle, Datum argument)
{
	TeamSegment *segment = dsm_segment_address(handle);
	int			number = DatumGetInt32(argument);

	pg_atomic_write_u64(&segment->member[number], 0);
	for (int i = 0; i < segment->nitems; i++)
	{
		uint32		mine = LEADER + 1 + number;

		(void) pg_atomic_compare_exchange_u32(&segment->item[i], &mine, POSTED);
	}
	SetLatch(&segment->leader->procLatch);
}

/* Until the leader says stop, or this process is told to end. */
static void
do_items(Process *process)
{
	TeamSegment *segment = process->segment;

	while (!member_interrupted(NULL))
	{
		int			item = claim(process);

		if (item < 0)
		{
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, WAIT_MILLISECONDS,
							 PG_WAIT_EXTENSION);
			ResetLatch(MyLatch);
			continue;
		}
		pg_read_barrier();
		if (!do_item(process, item))
			return;
		pg_write_barrier();
		pg_atomic_write_u32(&segment->item[item], DONE);
		SetLatch(&segment->leader->procLatch);
	}
}

void
gtl_team_worker_main(Datum main_arg)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "gtlabel parallel worker", ALLOCSET_DEFAULT_SIZES);
	dsm_segment *handle;
	Process		process;
	GtlEnv		env;
	int			number;

	pqsignal(SIGTERM, die);		/* sets a flag that is looked at */
	BackgroundWorkerUnblockSignals();
	MemoryContextSwitchTo(context);
	memcpy(&number, MyBgworkerEntry->bgw_extra, sizeof(number));
	handle = dsm_attach(DatumGetUInt32(main_arg));
	if (handle == NULL)
		proc_exit(0);			/* done without it */
	joined = dsm_segment_address(handle);
	on_dsm_detach(handle, member_leaves, Int32GetDatum(number));
	pg_atomic_write_u64(&joined->member[number], (uint64) (uintptr_t) MyProc);

	memset(&process, 0, sizeof(process));
	process.segment = joined;
	process.number = LEADER + 1 + number;
	gtl_env_init(&env, context);
	env.interrupted = member_interrupted;
	env.progress = NULL;
	process.env = &env;
	if (joined->has_rows)
		process.rows.reader = gtl_row_store_open(joined->path, joined->dimension, joined->rows);
	do_items(&process);
	dsm_detach(handle);
	proc_exit(0);
}
