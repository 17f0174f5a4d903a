-- The publishing trigger: a municipality's row in knowledge_publication becomes the pool's row, in the same transaction or not at all.
-- The label is the schema of the table that was written: no argument, no setting, nothing that a request could choose.
CREATE OR REPLACE FUNCTION public.publish_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    whose integer;
    nr bigint;
    was record;
BEGIN
    SELECT id INTO STRICT whose FROM public.tenants_municipality WHERE schema_name = TG_TABLE_SCHEMA;
    SELECT title, synonyms, subtitle INTO was FROM public.pool_searchentry e
        WHERE e.municipality_id = whose AND e.kind = coalesce(NEW.kind, OLD.kind) AND e.key = coalesce(NEW.key, OLD.key);
    IF TG_OP = 'DELETE' THEN
        nr := public.append_to_stream('m:' || whose, OLD.kind, OLD.key, 'drop');
        PERFORM public.count_words(whose, public.vocabulary(was.title, was.synonyms, was.subtitle), '{}');
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
        public.entry_words(NEW.title, NEW.synonyms, NEW.subtitle, concat_ws(' ', NEW.ext, NEW.payload->>'phone'), NEW.body))
    ON CONFLICT (municipality_id, kind, key) DO UPDATE SET number = nr, version = excluded.version, title = excluded.title,
        subtitle = excluded.subtitle, body = excluded.body, synonyms = excluded.synonyms, "group" = excluded."group",
        ext = excluded.ext, payload = excluded.payload, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
        published_at = excluded.published_at, words = excluded.words;
    PERFORM public.count_words(whose, public.vocabulary(was.title, was.synonyms, was.subtitle),
        public.vocabulary(NEW.title, NEW.synonyms, NEW.subtitle));
    RETURN NULL;
END $$;

-- One spelling for index and query (knowledge.search.folded says the same in Python): small letters, ä = ae, ß = ss, no accents, nothing
-- but letters and digits. `folded(…, 'base')` writes a, o, u for the umlauts, as somebody does who has no such keys.
CREATE OR REPLACE FUNCTION public.folded(t text, umlauts text DEFAULT 'e') RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT trim(regexp_replace(translate(regexp_replace(normalize(
        CASE umlauts WHEN 'e' THEN replace(replace(replace(s, 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue') ELSE s END,
        NFD), '[\u0300-\u036f]', '', 'g'), 'øłđı', 'oldi'), '[^[:alnum:]]+', ' ', 'g'))
    FROM (SELECT replace(lower(normalize(t, NFKC) COLLATE pg_c_utf8), 'ß', 'ss')) AS x(s) $$;

-- A text as stems and as it stands, the umlauts in both spellings.
CREATE OR REPLACE FUNCTION public.stems_and_forms(t text) RETURNS tsvector
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT to_tsvector('german', public.folded(t)) || to_tsvector('simple', public.folded(t))
        || CASE WHEN public.folded(t) = public.folded(t, 'base') THEN ''::tsvector ELSE to_tsvector('simple', public.folded(t, 'base')) END $$;
-- The searched words of an entry, as stems and as they stand: A title, B search words, function, extension and number, C body.
CREATE OR REPLACE FUNCTION public.entry_words(title text, synonyms jsonb, subtitle text, numbers text, body text) RETURNS tsvector
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT setweight(public.stems_and_forms(title), 'A')
        || setweight(public.stems_and_forms(concat_ws(' . ', (SELECT string_agg(s, ' . ') FROM jsonb_array_elements_text(synonyms) s), subtitle)), 'B')
        || setweight(to_tsvector('simple', concat_ws(' ', public.folded(numbers), regexp_replace(numbers, '[^0-9]+', '', 'g'))), 'B')
        || setweight(to_tsvector('german', left(public.folded(body), 60000)), 'C') $$;

-- The distinct words that make the vocabulary, and how its counters move when an entry changes.
CREATE OR REPLACE FUNCTION public.vocabulary(title text, synonyms jsonb, subtitle text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT w), '{}') FROM unnest(string_to_array(public.folded(concat_ws(' ', title,
        (SELECT string_agg(s, ' ') FROM jsonb_array_elements_text(synonyms) s), subtitle)), ' ')) w WHERE length(w) BETWEEN 3 AND 40 $$;
CREATE OR REPLACE FUNCTION public.count_words(whose integer, old text[], new text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.pool_word SET entries = entries - 1 WHERE municipality_id = whose AND word = ANY (old) AND word <> ALL (new);
    DELETE FROM public.pool_word WHERE municipality_id = whose AND word = ANY (old) AND entries <= 0;
    INSERT INTO public.pool_word AS v (municipality_id, word, entries) SELECT whose, w, 1 FROM unnest(new) w WHERE w <> ALL (old)
        ON CONFLICT (word, municipality_id) DO UPDATE SET entries = v.entries + 1 $$;
-- Else anyone could hang the trigger on a table of theirs, or write into the vocabulary.
REVOKE ALL ON FUNCTION public.publish_entry(), public.count_words(integer, text[], text[]) FROM PUBLIC;

-- Published entries: a municipality sees its own, the desk those of the live municipalities of its centres. Nobody writes.
GRANT SELECT ON pool_searchentry TO tenant, desk_web, operator_web, worker;
SELECT public.protect_by_municipality('pool_searchentry');
SELECT public.protect('pool_word');  -- read by the search alone

-- Search. A text condition is not leakproof, so behind row-level security it would read every row: the functions below go round it
-- (as owner) and filter by themselves. Whose entries may be found depends on the login that asks, on nothing that it says.
CREATE OR REPLACE FUNCTION public.searchable() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m::bigint FROM public.desk_municipalities() m WHERE public.caller() = 'desk_web'
    UNION ALL SELECT id FROM public.tenants_municipality WHERE public.caller() = 'worker' AND status IN ('live', 'leaving')
    UNION ALL SELECT m::bigint FROM public.own_municipality() m WHERE m IS NOT NULL $$;

-- What a word of a query may stand for, with weights: itself (1), a beginning (.9), a synonym (as given), a part of a compound (.75),
-- a compound's part (.55), and, when nobody ever wrote it, what it was meant to be (up to .85).
CREATE OR REPLACE FUNCTION public.meanings(w text, synonyms jsonb, visible bigint[]) RETURNS TABLE (weight real, query tsquery)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    stem text := coalesce((ts_lexize('pg_catalog.german_stem', w))[1], w);
    is_number boolean := w ~ '^[0-9]+$';
BEGIN
    RETURN QUERY SELECT 1.0::real, plainto_tsquery('german', w);
    RETURN QUERY SELECT .9::real, to_tsquery('simple', w || CASE WHEN length(w) > 1 THEN ':*' ELSE '' END);
    RETURN QUERY SELECT (s->>1)::real, plainto_tsquery('german', s->>0) FROM jsonb_array_elements(synonyms) s;
    IF is_number THEN  -- the extension at the end of a whole number
        RETURN QUERY SELECT (.5 + .1 * n)::real, to_tsquery('simple', right(w, n)) FROM generate_series(3, 4) n WHERE length(w) > n + 1;
        RETURN;
    END IF;
    IF length(w) < 4 THEN RETURN; END IF;
    stem := CASE WHEN length(stem) >= 4 AND starts_with(w, stem) THEN stem ELSE w END;
    RETURN QUERY SELECT .75::real, to_tsquery('simple', v.word) FROM (
        SELECT p.word FROM public.pool_word p WHERE p.municipality_id = ANY (visible) AND p.word LIKE '%' || stem || '%'
            AND p.word NOT LIKE w || '%' GROUP BY p.word ORDER BY sum(p.entries) DESC, p.word LIMIT 5) v;
    RETURN QUERY SELECT .55::real, to_tsquery('simple', v.word) FROM (
        SELECT DISTINCT p.word, length(p.word) FROM public.pool_word p WHERE p.municipality_id = ANY (visible) AND p.word = ANY (ARRAY(
            SELECT left(w, n) FROM generate_series(4, length(w) - 3) n UNION ALL SELECT right(w, n) FROM generate_series(4, length(w) - 3) n))
        ORDER BY 2 DESC, 1 LIMIT 3) v;
    IF EXISTS (SELECT FROM public.pool_word p WHERE p.municipality_id = ANY (visible) AND p.word LIKE stem || '%') THEN RETURN; END IF;
    RETURN QUERY SELECT (.85 * v.likeness)::real, to_tsquery('simple', v.word) FROM (
        SELECT p.word, max((public.similarity(w, p.word) + public.word_similarity(w, p.word)) / 2) AS likeness FROM public.pool_word p
        WHERE p.municipality_id = ANY (visible) AND (p.word OPERATOR(public.%) w OR w OPERATOR(public.<%) p.word)
        GROUP BY p.word ORDER BY 2 DESC, 1 LIMIT 4) v;
END $$;

-- The entries that may answer, at most 600 and in stages, so that no query reads more: the called municipality and the Kreis first
-- (all words, then any), then everybody. The GIN index answers `words @@`; `+ 0` keeps the planner from reading the index of all entries
-- of a municipality beside it.
CREATE OR REPLACE FUNCTION public.candidates(all_words tsquery, any_word tsquery, home bigint[], visible bigint[], today date) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE found bigint[]; wider bigint[];
BEGIN
    found := ARRAY(SELECT e.id FROM public.pool_searchentry e WHERE e.words @@ all_words AND e.municipality_id + 0 = ANY (home)
        AND coalesce(e.valid_from <= today, true) AND coalesce(e.valid_to >= today, true) LIMIT 200);
    IF cardinality(found) < 50 AND any_word IS DISTINCT FROM all_words THEN
        found := found || ARRAY(SELECT e.id FROM public.pool_searchentry e WHERE e.words @@ any_word AND e.municipality_id + 0 = ANY (home)
            AND coalesce(e.valid_from <= today, true) AND coalesce(e.valid_to >= today, true) LIMIT 200);
    END IF;
    IF home @> visible THEN RETURN found; END IF;
    wider := ARRAY(SELECT e.id FROM public.pool_searchentry e WHERE e.words @@ all_words AND e.municipality_id + 0 = ANY (visible)
        AND coalesce(e.valid_from <= today, true) AND coalesce(e.valid_to >= today, true) LIMIT 200);
    IF cardinality(found || wider) < 10 AND any_word IS DISTINCT FROM all_words THEN
        wider := ARRAY(SELECT e.id FROM public.pool_searchentry e WHERE e.words @@ any_word AND e.municipality_id + 0 = ANY (visible)
            AND coalesce(e.valid_from <= today, true) AND coalesce(e.valid_to >= today, true) LIMIT 200);
    END IF;
    RETURN found || wider;
END $$;

-- The search itself. `plan`: [{"word": folded word, "synonyms": [[text, weight], …]}, …]; `called`: municipality or NULL; `today`: German
-- date. Returns the best `at_most` articles and the best `at_most` contacts. An entry's worth is the sum over the words of the query:
-- rarity among the candidates times (.7 best + .3 all) of what was found, by field; more when all words were found, by municipality
-- (called 1.5, Kreis 1.4), less for long titles. The same service of several municipalities is one hit with `others`.
CREATE OR REPLACE FUNCTION public.desk_search(plan jsonb, called bigint, at_most integer, today date)
RETURNS TABLE (municipality_id bigint, kind varchar, key varchar, title varchar, subtitle varchar, ext varchar, score real,
    matched integer[], others jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
    visible bigint[] := ARRAY(SELECT public.searchable());
    home bigint[] := ARRAY(SELECT id FROM public.tenants_municipality WHERE id = ANY (visible) AND (id = called OR kind = 'kreis'));
    slots integer[] := '{}'; weights real[] := '{}'; queries tsquery[] := '{}';
    all_words tsquery; any_word tsquery; of_word tsquery; word jsonb; slot integer := 0; used integer := 0; found bigint[]; m record;
BEGIN
    IF called IS NULL OR called <> ALL (visible) THEN called := NULL; home := visible; END IF;
    FOR word IN SELECT jsonb_array_elements(plan) LIMIT 8 LOOP
        slot := slot + 1; of_word := NULL;
        FOR m IN SELECT weight, query FROM public.meanings(word->>'word', word->'synonyms', visible) WHERE numnode(query) > 0 LOOP
            slots := slots || slot; weights := weights || m.weight; queries := queries || m.query;
            of_word := coalesce(of_word || m.query, m.query);
        END LOOP;
        CONTINUE WHEN of_word IS NULL;
        used := used + 1;
        all_words := coalesce(all_words && of_word, of_word);
        any_word := coalesce(any_word || of_word, of_word);
    END LOOP;
    IF used = 0 THEN RETURN; END IF;
    found := public.candidates(all_words, any_word, home, visible, today);
    RETURN QUERY
    WITH c AS MATERIALIZED (  -- ts_filter: the words once, unpacked
        SELECT e.id, ts_filter(e.words, '{a,b,c}') AS words FROM public.pool_searchentry e WHERE e.id = ANY (found)
    ), h AS (
        SELECT c.id, a.slot, .7 * max(r.v) + .3 * sum(r.v) AS worth FROM c CROSS JOIN unnest(slots, weights, queries) AS a(slot, weight, query)
        CROSS JOIN LATERAL (SELECT a.weight * ts_rank('{.05,.1,.65,1}', c.words, a.query) AS v) r WHERE c.words @@ a.query GROUP BY 1, 2
    ), rarity AS (
        SELECT h.slot, ln(1 + (SELECT count(*) FROM c)::float8 / count(*)) AS idf FROM h GROUP BY 1
    ), s AS (
        SELECT h.id, sum(h.worth * rarity.idf) * power(count(*)::float8 / used, 1.5) AS worth, array_agg(h.slot ORDER BY h.slot) AS matched
        FROM h JOIN rarity USING (slot) GROUP BY 1
    ), own AS (  -- who called Soest is shown Soest's copy of a service, whoever's words were the ones that matched
        SELECT DISTINCT ON (coalesce(o.id, s.id)) coalesce(o.id, s.id) AS id, s.worth, s.matched FROM s
        JOIN public.pool_searchentry e ON e.id = s.id LEFT JOIN LATERAL (
            SELECT o.id FROM public.pool_searchentry o WHERE o."group" = e."group" AND o."group" <> '' AND o.kind = e.kind
                AND o.municipality_id = called AND e.municipality_id <> called
                AND coalesce(o.valid_from <= today, true) AND coalesce(o.valid_to >= today, true) ORDER BY o.key LIMIT 1) o ON true
        ORDER BY coalesce(o.id, s.id), s.worth DESC, s.id
    ), e AS (
        SELECT e.id, e.municipality_id, e.kind, e.key, e.title, e.subtitle, e.ext, e."group", s.matched, e.kind <> 'article' AS is_contact,
            CASE e."group" WHEN '' THEN e.id::text ELSE '=' || e."group" END AS service,
            s.worth * CASE WHEN e.municipality_id = called THEN 1.5 WHEN called IS NOT NULL AND e.municipality_id = ANY (home) THEN 1.4 ELSE 1 END
            / (1 + .04 * cardinality(string_to_array(e.title, ' '))) AS total
        FROM own s JOIN public.pool_searchentry e ON e.id = s.id
    ), folded AS (
        SELECT e.*, first_value(e.municipality_id) OVER (PARTITION BY e.kind, e.service ORDER BY e.total DESC, e.id) AS shown_by FROM e
    ), best AS (
        SELECT f.*, row_number() OVER (PARTITION BY f.is_contact ORDER BY f.total DESC, f.id) AS place FROM folded f
        WHERE f.municipality_id = f.shown_by
    )
    SELECT b.municipality_id, b.kind, b.key, b.title, b.subtitle, b.ext, b.total::real, b.matched, coalesce((
        SELECT jsonb_agg(jsonb_build_array(o.municipality_id, o.key) ORDER BY o.municipality_id, o.key) FROM public.pool_searchentry o
        WHERE o."group" = b."group" AND o."group" <> '' AND o.kind = b.kind AND o.municipality_id = ANY (visible)
            AND o.municipality_id <> b.municipality_id AND coalesce(o.valid_from <= today, true) AND coalesce(o.valid_to >= today, true)), '[]')
    FROM best b WHERE b.place <= at_most ORDER BY b.total DESC, b.id;
END $$;
REVOKE ALL ON FUNCTION public.searchable(), public.meanings(text, jsonb, bigint[]),
    public.candidates(tsquery, tsquery, bigint[], bigint[], date), public.desk_search(jsonb, bigint, integer, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.desk_search(jsonb, bigint, integer, date) TO tenant, desk_web, worker;

-- Gaps: the desk reports, the municipality answers.
GRANT SELECT, UPDATE (state, answer_kind, answer_key, answer_note, answered_by_name, answered_at, seen_at) ON pool_gap TO tenant;
GRANT SELECT, INSERT, UPDATE (seen_at) ON pool_gap TO desk_web;
GRANT USAGE ON SEQUENCE pool_gap_id_seq TO desk_web;
SELECT public.protect('pool_gap');
CREATE POLICY own ON pool_gap TO tenant USING (municipality_id = (SELECT public.own_municipality()));
CREATE POLICY desk ON pool_gap TO desk_web USING (municipality_id IN (SELECT public.desk_municipalities()))  -- reads all, writes as oneself
    WITH CHECK (municipality_id IN (SELECT public.desk_municipalities()) AND centre_id IN (SELECT public.desk_centres())
        AND reported_by = public.desk_person());
CREATE POLICY platform ON pool_gap TO front, operator_web, telephony, worker USING (true);
