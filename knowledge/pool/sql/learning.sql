-- What is learnt from searches: synonyms, how searches ended, and words that are held back (docs/adr/0100).

-- Synonyms: a municipality writes its own, a supervisor those of the centre; each reads those that its searches use.
GRANT SELECT, INSERT, UPDATE (words, meaning, both_ways, changed_at, changed_by_name) ON pool_synonym TO tenant, desk_web;
GRANT SELECT ON pool_synonym TO worker;
GRANT USAGE ON SEQUENCE pool_synonym_id_seq TO tenant, desk_web;
SELECT public.protect('pool_synonym');
CREATE POLICY times ON pool_synonym AS RESTRICTIVE FOR INSERT TO tenant, desk_web WITH CHECK (public.can_be_read(changed_at));
CREATE POLICY later_times ON pool_synonym AS RESTRICTIVE FOR UPDATE TO tenant, desk_web USING (true) WITH CHECK (public.can_be_read(changed_at));
CREATE POLICY own_read ON pool_synonym FOR SELECT TO tenant USING (municipality_id = (SELECT public.own_municipality())
    OR municipality_id IS NULL AND centre_id = (SELECT public.own_centre()));
CREATE POLICY own_add ON pool_synonym FOR INSERT TO tenant
    WITH CHECK (municipality_id = (SELECT public.own_municipality()) AND centre_id = (SELECT public.own_centre()));
CREATE POLICY own_change ON pool_synonym FOR UPDATE TO tenant USING (municipality_id = (SELECT public.own_municipality()));
CREATE POLICY desk_read ON pool_synonym FOR SELECT TO desk_web USING (municipality_id IN (SELECT public.desk_municipalities())
    OR municipality_id IS NULL AND centre_id IN (SELECT public.desk_centres()));
CREATE POLICY desk_add ON pool_synonym FOR INSERT TO desk_web
    WITH CHECK (municipality_id IS NULL AND centre_id IN (SELECT public.desk_supervised()));
CREATE POLICY desk_change ON pool_synonym FOR UPDATE TO desk_web
    USING (municipality_id IS NULL AND centre_id IN (SELECT public.desk_supervised()));
CREATE POLICY platform ON pool_synonym FOR SELECT TO worker USING (true);

-- DELETE on the table would also allow LOCK TABLE.
CREATE OR REPLACE FUNCTION public.drop_synonym(row_id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE gone integer;
BEGIN
    DELETE FROM public.pool_synonym WHERE id = row_id AND (municipality_id = public.own_municipality()
        OR (municipality_id IS NULL AND public.caller() = 'desk_web' AND centre_id IN (SELECT public.desk_supervised())));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone > 0;
END $$;

-- How searches ended: the desk adds and never reads, a municipality reads its own and notes what it made of them, the worker forgets.
GRANT INSERT ON pool_loggedsearch TO desk_web;
GRANT USAGE ON SEQUENCE pool_loggedsearch_id_seq TO desk_web;
GRANT SELECT, UPDATE (settled, settled_at) ON pool_loggedsearch TO tenant;
GRANT SELECT, DELETE ON pool_loggedsearch TO worker;
SELECT public.protect('pool_loggedsearch');
CREATE POLICY times ON pool_loggedsearch AS RESTRICTIVE FOR INSERT TO tenant, desk_web WITH CHECK (public.can_be_read(hour, settled_at));
CREATE POLICY later_times ON pool_loggedsearch AS RESTRICTIVE FOR UPDATE TO tenant, desk_web USING (true) WITH CHECK (public.can_be_read(hour, settled_at));
CREATE POLICY own ON pool_loggedsearch TO tenant USING (municipality_id = (SELECT public.own_municipality()));
CREATE POLICY desk ON pool_loggedsearch FOR INSERT TO desk_web WITH CHECK (municipality_id IN (SELECT public.desk_municipalities()));
CREATE POLICY platform ON pool_loggedsearch TO worker USING (true);

-- Numbers alone, for who leads the team: how searches ended, by municipality and week (Europe/Berlin). No words.
CREATE OR REPLACE FUNCTION public.desk_search_weeks(most integer)
RETURNS TABLE (municipality_id bigint, begins date, total bigint, good bigint, late bigint, abandoned bigint, nothing bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.municipality_id, date_trunc('week', s.hour AT TIME ZONE 'Europe/Berlin')::date, count(*),
        count(*) FILTER (WHERE s.outcome = 'chosen' AND s.place <= 3), count(*) FILTER (WHERE s.outcome = 'chosen' AND s.place > 3),
        count(*) FILTER (WHERE s.outcome = 'abandoned'), count(*) FILTER (WHERE s.outcome = 'nothing')
    FROM public.pool_loggedsearch s JOIN public.tenants_municipality m ON m.id = s.municipality_id
    WHERE public.caller() = 'desk_web' AND m.centre_id IN (SELECT public.desk_supervised()) AND m.status IN ('live', 'leaving')
        AND s.hour >= date_trunc('week', now()) - most * interval '1 week'
    GROUP BY 1, 2 ORDER BY 2 DESC, 1 $$;

-- In how many hours a word that nobody knows was searched for, this one included.
CREATE OR REPLACE FUNCTION public.hold_word(whose bigint, of_word text, at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (public.caller() = 'desk_web' AND whose IN (SELECT public.desk_municipalities())) IS NOT TRUE THEN
        RAISE EXCEPTION 'not a municipality of the desk' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.pool_heldword (municipality_id, digest, hour) VALUES (whose, of_word, date_trunc('hour', at)) ON CONFLICT DO NOTHING;
    RETURN (SELECT count(*) FROM public.pool_heldword WHERE municipality_id = whose AND digest = of_word);
END $$;
GRANT SELECT, DELETE ON pool_heldword TO worker;
SELECT public.protect('pool_heldword');
CREATE POLICY platform ON pool_heldword TO worker USING (true);

REVOKE ALL ON FUNCTION public.desk_supervised(), public.drop_synonym(bigint), public.hold_word(bigint, text, timestamptz),
    public.desk_search_weeks(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.drop_synonym(bigint) TO tenant, desk_web;
GRANT EXECUTE ON FUNCTION public.desk_supervised(), public.desk_search_weeks(integer) TO desk_web;
GRANT EXECUTE ON FUNCTION public.hold_word(bigint, text, timestamptz) TO desk_web;
