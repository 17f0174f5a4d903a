-- The publishing trigger: a municipality's row in knowledge_publication becomes the pool's row, in the same transaction or not at all.
-- The label is the schema of the table that was written: no argument, no setting, nothing that a request could choose.
CREATE OR REPLACE FUNCTION public.publish_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    whose integer;
    nr bigint;
    lent text[];
BEGIN
    SELECT id INTO STRICT whose FROM public.tenants_municipality WHERE schema_name = TG_TABLE_SCHEMA;
    IF TG_OP = 'DELETE' THEN
        nr := public.append_to_stream('m:' || whose, OLD.kind, OLD.key, 'drop');
        DELETE FROM public.pool_searchentry WHERE municipality_id = whose AND kind = OLD.kind AND key = OLD.key;
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.kind, OLD.key) IS DISTINCT FROM (NEW.kind, NEW.key) THEN
        RAISE EXCEPTION 'a publication keeps its kind and key' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- What the desk could not show would take the whole list of hits along, everybody's.
    IF NEW.kind NOT IN ('article', 'person', 'department') OR NEW.key !~ '^[^/[:cntrl:]]+$' OR jsonb_typeof(NEW.payload) <> 'object'
        OR jsonb_typeof(NEW.synonyms) <> 'array' OR jsonb_path_exists(NEW.synonyms, 'strict $[*] ? (@.type() <> "string")')
        OR NOT (coalesce(NEW.valid_from, 'epoch') BETWEEN '0001-01-01' AND '9999-12-31')
        OR NOT (coalesce(NEW.valid_to, 'epoch') BETWEEN '0001-01-01' AND '9999-12-31')
        OR NOT (NEW.published_at BETWEEN '0001-01-02' AND '9999-12-30') THEN  -- Python knows no other days
        RAISE EXCEPTION 'not a publication that can be shown' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    nr := public.append_to_stream('m:' || whose, NEW.kind, NEW.key, 'put');
    lent := public.lent_words(NEW.kind, NEW."group", whose, NEW.title_words);
    INSERT INTO public.pool_searchentry AS e (municipality_id, kind, key, number, version, title, subtitle, body, synonyms, "group",
        ext, payload, valid_from, valid_to, published_at, first_published_at, title_words, body_words, title_length, lent, analysis)
    VALUES (whose, NEW.kind, NEW.key, nr, NEW.version, NEW.title, NEW.subtitle, NEW.body, NEW.synonyms, NEW."group",
        NEW.ext, NEW.payload, NEW.valid_from, NEW.valid_to, NEW.published_at, NEW.published_at,
        NEW.title_words || public.weak(lent), NEW.body_words, NEW.title_length, lent, NEW.analysis)
    ON CONFLICT (municipality_id, kind, key) DO UPDATE SET number = nr, version = excluded.version, title = excluded.title,
        subtitle = excluded.subtitle, body = excluded.body, synonyms = excluded.synonyms, "group" = excluded."group",
        ext = excluded.ext, payload = excluded.payload, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
        published_at = excluded.published_at, title_words = excluded.title_words, body_words = excluded.body_words,
        title_length = excluded.title_length, lent = excluded.lent, analysis = excluded.analysis;
    RETURN NULL;
END $$;
-- Else anyone could hang the trigger on a table of theirs.
REVOKE ALL ON FUNCTION public.publish_entry() FROM PUBLIC;

-- Published entries: a municipality sees its own, the desk those of the live municipalities of its centres. Nobody writes.
GRANT SELECT ON pool_searchentry TO tenant, desk_web, operator_web, worker;
SELECT public.protect_by_municipality('pool_searchentry');

-- Gaps: the desk reports, the municipality answers.
GRANT SELECT, UPDATE (state, answer_kind, answer_key, answer_note, answered_by_name, answered_at, seen_at) ON pool_gap TO tenant;
GRANT SELECT, INSERT, UPDATE (seen_at) ON pool_gap TO desk_web;
GRANT USAGE ON SEQUENCE pool_gap_id_seq TO desk_web;
SELECT public.protect('pool_gap');
CREATE POLICY times ON pool_gap AS RESTRICTIVE FOR INSERT TO tenant, desk_web WITH CHECK (public.can_be_read(answered_at, reported_at, seen_at));
CREATE POLICY later_times ON pool_gap AS RESTRICTIVE FOR UPDATE TO tenant, desk_web USING (true) WITH CHECK (public.can_be_read(answered_at, reported_at, seen_at));
CREATE POLICY own ON pool_gap TO tenant USING (municipality_id = (SELECT public.own_municipality()));
CREATE POLICY desk ON pool_gap TO desk_web USING (municipality_id IN (SELECT public.desk_municipalities()))  -- reads all, writes as oneself
    WITH CHECK (municipality_id IN (SELECT public.desk_municipalities()) AND centre_id IN (SELECT public.desk_centres())
        AND reported_by = public.desk_person());
CREATE POLICY platform ON pool_gap TO front, operator_web, telephony, worker USING (true);
