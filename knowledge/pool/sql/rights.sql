-- The publishing trigger: a municipality's row in knowledge_publication becomes the pool's row, in the same transaction or not at all.
-- The label is the schema of the table that was written: no argument, no setting, nothing that a request could choose.
CREATE OR REPLACE FUNCTION public.publish_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    whose integer;
    nr bigint;
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
    nr := public.append_to_stream('m:' || whose, NEW.kind, NEW.key, 'put');
    INSERT INTO public.pool_searchentry AS e (municipality_id, kind, key, number, version, title, subtitle, body, synonyms, "group",
        ext, payload, valid_from, valid_to, published_at, first_published_at, words)
    VALUES (whose, NEW.kind, NEW.key, nr, NEW.version, NEW.title, NEW.subtitle, NEW.body, NEW.synonyms, NEW."group",
        NEW.ext, NEW.payload, NEW.valid_from, NEW.valid_to, NEW.published_at, NEW.published_at,
        public.entry_words(NEW.title, NEW.synonyms, NEW.subtitle, NEW.ext, NEW.body))
    ON CONFLICT (municipality_id, kind, key) DO UPDATE SET number = nr, version = excluded.version, title = excluded.title,
        subtitle = excluded.subtitle, body = excluded.body, synonyms = excluded.synonyms, "group" = excluded."group",
        ext = excluded.ext, payload = excluded.payload, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
        published_at = excluded.published_at, words = excluded.words;
    RETURN NULL;
END $$;

-- The searched words of an entry: A title, B search words, function and extension, C body.
CREATE OR REPLACE FUNCTION public.entry_words(title text, synonyms jsonb, subtitle text, ext text, body text) RETURNS tsvector
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT setweight(to_tsvector('pg_catalog.german', title), 'A')
        || setweight(to_tsvector('pg_catalog.german', concat_ws(' ', (SELECT string_agg(s, ' . ') FROM jsonb_array_elements_text(synonyms) s),
                                                                subtitle, ext)), 'B')
        || setweight(to_tsvector('pg_catalog.german', body), 'C') $$;
REVOKE ALL ON FUNCTION public.publish_entry() FROM PUBLIC;  -- else anyone could hang it on a table of theirs

-- Published entries: a municipality sees its own, the desk those of the live municipalities of its centres. Nobody writes.
GRANT SELECT ON pool_searchentry TO tenant, desk_web, operator_web, worker;
SELECT public.protect_by_municipality('pool_searchentry');

-- Gaps: the desk reports, the municipality answers.
GRANT SELECT, UPDATE (state, answer_kind, answer_key, answer_note, answered_by_name, answered_at, seen_at) ON pool_gap TO tenant;
GRANT SELECT, INSERT, UPDATE (seen_at) ON pool_gap TO desk_web;
GRANT USAGE ON SEQUENCE pool_gap_id_seq TO desk_web;
SELECT public.protect_by_municipality('pool_gap');
