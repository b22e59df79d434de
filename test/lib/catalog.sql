-- One line for everything that the extension has put into the catalogs of this database: compare two
-- databases by them.  Not by numbers (oids), but by names and definitions; the columns of a table with their
-- order, since C reads rows by it.
\pset format unaligned
\pset tuples_only on
WITH member AS (
    SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS name
      FROM pg_depend d
     WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
       AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'gtlabel')
), relation AS (
    SELECT m.name, c.* FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
), line (text) AS (
    SELECT name FROM member
    UNION ALL
    SELECT name || ' comment ' || obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid)) FROM member
    UNION ALL
    SELECT m.name || ' is ' || CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid)
             ELSE concat_ws(' ', p.prorettype::regtype, p.provolatile, p.proparallel, a.aggtransfn, a.aggtranstype::regtype, a.aggfinalfn, a.aggcombinefn,
                            a.aggserialfn, a.aggdeserialfn, a.aggkind, a.agginitval) END || ' for ' || COALESCE(p.proacl::text, 'default')
      FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
    UNION ALL
    SELECT m.name || ' is ' || format_type(t.typbasetype, t.typtypmod) || ' ' || pg_get_constraintdef(k.oid)
      FROM member m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND m.objid = t.oid JOIN pg_constraint k ON k.contypid = t.oid
    UNION ALL
    SELECT m.name || ' for ' || n.nspacl::text FROM member m JOIN pg_namespace n ON m.classid = 'pg_namespace'::regclass AND m.objid = n.oid
    UNION ALL
    SELECT r.name || ' is ' || concat_ws(' ', r.relkind, r.relpersistence, r.reloptions::text, r.relrowsecurity, r.relforcerowsecurity, r.relacl::text)
      FROM relation r
    UNION ALL
    SELECT r.name || ' is ' || pg_get_viewdef(r.oid) FROM relation r WHERE r.relkind = 'v'
    UNION ALL
    SELECT r.name || ' column ' || concat_ws(' ', a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage,
                                             a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid), a.attacl::text, col_description(r.oid, a.attnum))
      FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
      LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
    UNION ALL
    SELECT r.name || ' constraint ' || k.conname || ' ' || pg_get_constraintdef(k.oid) FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid
    UNION ALL
    SELECT r.name || ' index ' || pg_get_indexdef(i.indexrelid) FROM relation r JOIN pg_index i ON i.indrelid = r.oid
    UNION ALL
    SELECT r.name || ' trigger ' || pg_get_triggerdef(g.oid) FROM relation r JOIN pg_trigger g ON g.tgrelid = r.oid
    UNION ALL
    SELECT r.name || ' policy ' || concat_ws(' ', p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[]::text,
                                             pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
      FROM relation r JOIN pg_policy p ON p.polrelid = r.oid
    UNION ALL
    SELECT r.name || ' is ' || concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
      FROM relation r JOIN pg_sequence s ON s.seqrelid = r.oid
    UNION ALL
    SELECT 'dumped ' || t.id::regclass || ' ' || t.condition
      FROM pg_extension e, unnest(e.extconfig, e.extcondition) t (id, condition) WHERE e.extname = 'gtlabel'
    UNION ALL
    SELECT m.name || ' initially for ' || i.initprivs::text FROM member m JOIN pg_init_privs i ON i.classoid = m.classid AND i.objoid = m.objid
)
SELECT text FROM line WHERE text IS NOT NULL ORDER BY text COLLATE "C";
