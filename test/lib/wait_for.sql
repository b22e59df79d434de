-- Polls, at most a minute.
CREATE PROCEDURE wait_for(condition text) LANGUAGE plpgsql AS $$
DECLARE
    holds boolean;
BEGIN
    FOR turn IN 1 .. 6000 LOOP
        PERFORM pg_stat_clear_snapshot();
        EXECUTE 'SELECT ' || condition INTO holds;
        EXIT WHEN holds;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
    IF holds IS NOT TRUE THEN RAISE EXCEPTION 'it does not come true: %', condition; END IF;
END $$;
