-- What has other names in other versions of the server, as psql variables.

-- plans and teams that are parallel though it is not worth it: SET :force_parallel = on
SELECT name AS force_parallel FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode') \gset
