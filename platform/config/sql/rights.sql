-- Background jobs (procrastinate): the worker runs them; the operator's pages and the front put them into the queue.
DO $$
DECLARE t regclass;
BEGIN
    FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname ~ '^procrastinate_' AND relkind IN ('r', 'S') LOOP
        EXECUTE format('GRANT ALL ON %s TO worker', t);
        EXECUTE format(CASE WHEN t::text ~ '_seq$' THEN 'GRANT USAGE ON %s TO operator_web, front'
                            ELSE 'GRANT SELECT, INSERT ON %s TO operator_web, front' END, t);
    END LOOP;
END $$;
