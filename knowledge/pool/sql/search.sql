-- The search of PostgreSQL. Lexemes come from the analyser (knowledge/search), never from here: stems as they are, words as they stand
-- with `_`, their first two and three letters with `^`, how a name sounds with `=`. title_words: A title, B search words, function, number,
-- C heads of compounds, D other parts and lent words; body_words: A words, D parts of compounds.

-- Words by which the same service is known elsewhere, in live municipalities, and which the entry does not have. That a group is not empty is
-- said of the column wherever entries are looked up by it: else the partial index is not used, and all entries are read.
CREATE OR REPLACE FUNCTION public.lent_words(of_kind varchar, of_group varchar, whose bigint, own tsvector) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT w ORDER BY w), '{}') FROM public.pool_searchentry e
    JOIN public.tenants_municipality m ON m.id = e.municipality_id AND m.status IN ('live', 'leaving')
    CROSS JOIN unnest(tsvector_to_array(ts_filter(e.title_words, '{a,b}'))) w
    WHERE e."group" <> '' AND e."group" = of_group AND e.kind = of_kind AND e.municipality_id <> whose
        AND left(w, 1) <> ALL ('{_,^,=}') AND w <> ALL (tsvector_to_array(own)) $$;
CREATE OR REPLACE FUNCTION public.weak(lexemes text[]) RETURNS tsvector
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(string_agg('''' || replace(replace(w, '\', '\\'), '''', '''''') || ''':1', ' '), '')::tsvector FROM unnest(lexemes) w $$;

-- Others of the group borrow anew, soon: not in the transaction that publishes, which would lock rows of other municipalities.
CREATE OR REPLACE FUNCTION public.note_lending() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'tenants_municipality' THEN
        INSERT INTO public.pool_lending (kind, "group") SELECT DISTINCT kind, "group" FROM public.pool_searchentry
            WHERE municipality_id = NEW.id AND "group" <> '';
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO public.pool_lending (kind, "group") SELECT DISTINCT kind, "group" FROM old_rows WHERE "group" <> '';
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO public.pool_lending (kind, "group") SELECT DISTINCT kind, "group" FROM new_rows WHERE "group" <> '';
    ELSE
        INSERT INTO public.pool_lending (kind, "group")
            SELECT DISTINCT r.kind, r."group" FROM old_rows o JOIN new_rows n USING (id)
            CROSS JOIN LATERAL (VALUES (o.kind, o."group"), (n.kind, n."group")) r(kind, "group")
            WHERE r."group" <> '' AND (o."group" <> n."group" OR ts_filter(o.title_words, '{a,b}') <> ts_filter(n.title_words, '{a,b}'));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION public.lend_words(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE g record; waiting bigint; done integer := 0;
BEGIN
    FOR g IN WITH taken AS (DELETE FROM public.pool_lending WHERE id IN (
                 SELECT id FROM public.pool_lending ORDER BY id LIMIT at_most FOR UPDATE SKIP LOCKED) RETURNING kind, "group")
             SELECT DISTINCT kind, "group" FROM taken ORDER BY kind, "group" LOOP
        WITH free AS (SELECT id FROM public.pool_searchentry WHERE kind = g.kind AND "group" = g."group" AND "group" <> '' ORDER BY id FOR UPDATE SKIP LOCKED),
        own AS (SELECT e.id, e.municipality_id, e.lent, ts_delete(e.title_words, e.lent) AS words FROM public.pool_searchentry e JOIN free USING (id)),
        fresh AS (SELECT own.*, public.lent_words(g.kind, g."group", own.municipality_id, own.words) AS now FROM own),
        changed AS (UPDATE public.pool_searchentry e SET lent = fresh.now, title_words = fresh.words || public.weak(fresh.now), loans = e.loans + 1
            FROM fresh WHERE e.id = fresh.id AND fresh.now IS DISTINCT FROM e.lent RETURNING e.municipality_id, e.kind, e.key)
        INSERT INTO public.pool_indexwork (municipality_id, kind, key)
            SELECT c.municipality_id, c.kind, c.key FROM changed c WHERE EXISTS (SELECT FROM public.pool_indexbuild);
        SELECT count(*) INTO waiting FROM (SELECT id FROM public.pool_searchentry WHERE kind = g.kind AND "group" = g."group" AND "group" <> ''
            EXCEPT SELECT id FROM (SELECT id FROM public.pool_searchentry WHERE kind = g.kind AND "group" = g."group" AND "group" <> '' FOR UPDATE SKIP LOCKED) f) w;
        IF waiting > 0 THEN INSERT INTO public.pool_lending (kind, "group") VALUES (g.kind, g."group"); END IF;  -- somebody is publishing them
        done := done + 1;
    END LOOP;
    RETURN done;
END $$;

-- The vocabulary of a centre: how many entries have a lexeme. Changes are added as rows, so that nobody who publishes waits for another,
-- and put together now and then; whoever reads adds up both. The lexeme `#` counts entries (titles) and words of titles (bodies).
CREATE OR REPLACE FUNCTION public.count_terms() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO public.pool_termchange (centre_id, lexeme, titles, bodies)
            SELECT m.centre_id, t.lexeme, sum(t.titles), sum(t.bodies) FROM new_rows n
            JOIN public.tenants_municipality m ON m.id = n.municipality_id
            CROSS JOIN LATERAL public.term_changes('', n.title_words, '', n.body_words, 1, n.title_length) t GROUP BY 1, 2;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO public.pool_termchange (centre_id, lexeme, titles, bodies)
            SELECT m.centre_id, t.lexeme, sum(t.titles), sum(t.bodies) FROM old_rows o
            JOIN public.tenants_municipality m ON m.id = o.municipality_id
            CROSS JOIN LATERAL public.term_changes(o.title_words, '', o.body_words, '', -1, -o.title_length) t GROUP BY 1, 2;
    ELSE
        INSERT INTO public.pool_termchange (centre_id, lexeme, titles, bodies)
            SELECT m.centre_id, t.lexeme, sum(t.titles), sum(t.bodies) FROM old_rows o JOIN new_rows n USING (id)
            JOIN public.tenants_municipality m ON m.id = n.municipality_id
            CROSS JOIN LATERAL public.term_changes(o.title_words, n.title_words, o.body_words, n.body_words, 0, n.title_length - o.title_length) t
            GROUP BY 1, 2 HAVING sum(t.titles) <> 0 OR sum(t.bodies) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION public.term_changes(old_titles tsvector, new_titles tsvector, old_bodies tsvector, new_bodies tsvector, entries integer, length integer)
RETURNS TABLE (lexeme text, titles integer, bodies integer)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH t AS (SELECT o, n FROM unnest(tsvector_to_array(old_titles)) o FULL JOIN unnest(tsvector_to_array(new_titles)) n ON o = n
               WHERE old_titles <> new_titles),
    b AS (SELECT o, n FROM unnest(tsvector_to_array(old_bodies)) o FULL JOIN unnest(tsvector_to_array(new_bodies)) n ON o = n
          WHERE old_bodies <> new_bodies)
    SELECT coalesce(n, o), CASE WHEN o IS NULL THEN 1 ELSE -1 END, 0 FROM t WHERE o IS NULL OR n IS NULL
    UNION ALL SELECT coalesce(n, o), 0, CASE WHEN o IS NULL THEN 1 ELSE -1 END FROM b WHERE o IS NULL OR n IS NULL
    UNION ALL SELECT '#', entries, length WHERE entries <> 0 OR length <> 0 $$;
CREATE OR REPLACE FUNCTION public.merge_terms() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE merged bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('pool_term')) THEN RETURN 0; END IF;  -- another one is at it
    WITH taken AS (DELETE FROM public.pool_termchange RETURNING centre_id, lexeme, titles, bodies),
    summed AS (SELECT centre_id, lexeme, sum(titles) AS titles, sum(bodies) AS bodies FROM taken GROUP BY 1, 2
               HAVING sum(titles) <> 0 OR sum(bodies) <> 0)
    INSERT INTO public.pool_term AS t (centre_id, lexeme, titles, bodies) SELECT * FROM summed ORDER BY 1, 2
        ON CONFLICT (centre_id, lexeme) DO UPDATE SET titles = t.titles + excluded.titles, bodies = t.bodies + excluded.bodies;
    GET DIAGNOSTICS merged = ROW_COUNT;
    DELETE FROM public.pool_term WHERE titles <= 0 AND bodies <= 0;
    RETURN merged;
END $$;
CREATE OR REPLACE FUNCTION public.recount_terms() RETURNS void  -- from the entries; nobody publishes meanwhile
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    LOCK TABLE public.pool_searchentry IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM public.pool_termchange;
    DELETE FROM public.pool_term;
    INSERT INTO public.pool_term (centre_id, lexeme, titles, bodies)
        SELECT m.centre_id, t.lexeme, sum(t.titles), sum(t.bodies) FROM (
            SELECT municipality_id, w AS lexeme, 1 AS titles, 0 AS bodies FROM public.pool_searchentry, unnest(tsvector_to_array(title_words)) w
            UNION ALL SELECT municipality_id, w, 0, 1 FROM public.pool_searchentry, unnest(tsvector_to_array(body_words)) w
            UNION ALL SELECT municipality_id, '#', 1, title_length FROM public.pool_searchentry) t
        JOIN public.tenants_municipality m ON m.id = t.municipality_id GROUP BY 1, 2;
END $$;

CREATE OR REPLACE TRIGGER count_new AFTER INSERT ON public.pool_searchentry REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION public.count_terms();
CREATE OR REPLACE TRIGGER count_changed AFTER UPDATE ON public.pool_searchentry REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION public.count_terms();
CREATE OR REPLACE TRIGGER count_gone AFTER DELETE ON public.pool_searchentry REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION public.count_terms();
CREATE OR REPLACE TRIGGER lend_new AFTER INSERT ON public.pool_searchentry REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION public.note_lending();
CREATE OR REPLACE TRIGGER lend_changed AFTER UPDATE ON public.pool_searchentry REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION public.note_lending();
CREATE OR REPLACE TRIGGER lend_gone AFTER DELETE ON public.pool_searchentry REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION public.note_lending();
CREATE OR REPLACE TRIGGER lend_live AFTER UPDATE OF status ON public.tenants_municipality
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION public.note_lending();

-- A text condition is not leakproof, so behind row-level security it would read every row: the functions below go round it (as owner)
-- and filter by themselves. Whose entries may be found depends on the login that asks, on nothing that it says.
DO $$ BEGIN  -- it gave rows once
    IF (SELECT proretset FROM pg_proc WHERE oid = to_regprocedure('public.searchable()')) THEN DROP FUNCTION public.searchable(); END IF;
END $$;
CREATE OR REPLACE FUNCTION public.searchable() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$  -- plpgsql: its plans are kept
DECLARE who text := coalesce(nullif(current_setting('role', true), 'none'), session_user::text);  -- as public.caller()
BEGIN
    IF who = 'desk_web' THEN RETURN ARRAY(SELECT m::bigint FROM public.desk_municipalities() m); END IF;
    IF who = 'worker' THEN RETURN ARRAY(SELECT id FROM public.tenants_municipality WHERE status IN ('live', 'leaving')); END IF;
    RETURN ARRAY(SELECT id FROM public.tenants_municipality WHERE schema_name = who);
END $$;

-- kind `m`: municipalities; `n`: entries and words of titles; `l`: a lexeme; `b`: words that begin so; `a`: (word, one that is alike), unless
-- somebody wrote the word as it stands, or its stem (in `unless`), or one that begins so, if it is among the beginnings.
DROP FUNCTION IF EXISTS public.pool_vocabulary(text[], text[], text[]);
CREATE OR REPLACE FUNCTION public.pool_vocabulary(lexemes text[], beginnings text[], alike text[], unless text[])
RETURNS TABLE (kind text, word text, other text, titles bigint, bodies bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    visible bigint[] := public.searchable();
    centres bigint[] := ARRAY(SELECT DISTINCT m.centre_id FROM public.tenants_municipality m WHERE m.id = ANY (visible));
BEGIN
    RETURN QUERY SELECT 'm', '', '', cardinality(visible)::bigint, 0::bigint;
    RETURN QUERY SELECT CASE t.lexeme WHEN '#' THEN 'n' ELSE 'l' END, t.lexeme::text, '', sum(t.titles)::bigint, sum(t.bodies)::bigint FROM (
        SELECT lexeme, titles, bodies FROM public.pool_term WHERE centre_id = ANY (centres) AND lexeme = ANY (lexemes || '#'::text)
        UNION ALL SELECT lexeme, titles, bodies FROM public.pool_termchange WHERE centre_id = ANY (centres) AND lexeme = ANY (lexemes || '#'::text)
    ) t GROUP BY t.lexeme;
    IF cardinality(beginnings) > 0 THEN RETURN QUERY SELECT 'b', b, '', (SELECT coalesce(sum(t.titles), 0)::bigint FROM (
            (SELECT titles FROM public.pool_term WHERE centre_id = ANY (centres) AND lexeme >= '_' || b AND lexeme < '_' || b || chr(1114111) LIMIT 500)
            UNION ALL (SELECT titles FROM public.pool_termchange WHERE centre_id = ANY (centres)
                AND lexeme >= '_' || b AND lexeme < '_' || b || chr(1114111) LIMIT 500)) t), 0::bigint
        FROM unnest(beginnings) b; END IF;
    IF cardinality(alike) > 0 THEN RETURN QUERY SELECT 'a', a, v.word::text, v.titles, 0::bigint FROM unnest(alike, unless) AS w(a, stem) CROSS JOIN LATERAL (
        SELECT t.word, sum(t.titles)::bigint AS titles FROM public.pool_term t
        WHERE t.word OPERATOR(public.%) a AND t.centre_id + 0 = ANY (centres) AND t.titles > 0  -- + 0: by the index of trigrams
        GROUP BY 1 ORDER BY max(public.similarity(t.word, a)) DESC, 1 LIMIT 40) v
        WHERE stem = '' OR NOT (
            EXISTS (SELECT FROM public.pool_term t WHERE t.centre_id = ANY (centres) AND t.lexeme = ANY (ARRAY['_' || a, stem]) AND t.titles > 0)
            OR a = ANY (beginnings) AND EXISTS (SELECT FROM public.pool_term t
                WHERE t.centre_id = ANY (centres) AND t.lexeme >= '_' || a AND t.lexeme < '_' || a || chr(1114111) AND t.titles > 0));
    END IF;
END $$;

-- A plan (knowledge/search/plan.py: `as_json`). Lists of several slots are laid out one after the other, each slot with as many places as
-- `shape` says (how many slots; places of each for titles, wholes and bodies), NULL where it has fewer.
DROP FUNCTION IF EXISTS public.search_statement(jsonb, real, boolean, text, integer), public.pool_told(bigint[], float8[], jsonb, bigint, integer, date),
    public.pool_search(jsonb, real, bigint, boolean, integer, date);
DROP TYPE IF EXISTS public.search_plan CASCADE;  -- and with it the functions that take one: they are made anew below
CREATE TYPE public.search_plan AS (slots integer, shape integer[], rarity float8[], title tsquery[], title_weight float8[], title_scale float8[],
    whole tsquery[], whole_weight float8[], body tsquery[], body_weight float8[], body_scale float8[], "all" tsquery, written tsquery,
    scoped_all text, "some" text, bodies text, anywhere tsquery[], anywhere_body tsquery[], many boolean);

-- The SELECT that scores the entries of `source` by a plan of this shape: the best `most` by title, of these the best by all; with whether all words
-- stand in the title and the like (`covers`), or somewhere (`wholes`). Its parameters:
-- $1 municipalities that come first, $2 the called one, $3 Kreise, $4 visible ones, $5 today, $6 entries that have been read, $7 whether the
-- query names $2, $8 the mean length of titles, $9 the plan, whose parts are read once (`p`, `q`), not for each entry.
CREATE OR REPLACE FUNCTION public.search_statement(shape integer[], source text, most integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    at integer; names text[]; bodies text[];
    p text := ''; q text := ''; parts text := ''; title text := ''; body text := ''; matched text := '';
BEGIN
    FOR i IN 1 .. shape[1] LOOP
        names := '{}'; bodies := '{}';
        p := p || format(', ($9).rarity[%s] AS r%1$s', i); parts := parts || format(', r%s', i);
        q := q || format(', ($9).rarity[%s] AS r%1$s, ($9).anywhere[%1$s] AS m%1$s, ($9).anywhere_body[%1$s] AS n%1$s', i);
        matched := matched || format('+CASE WHEN title_words @@ m%s OR body_words @@ n%1$s THEN 1 ELSE 0 END', i);
        FOR j IN 1 .. shape[2] LOOP
            at := (i - 1)*shape[2] + j; names := names || format('s%s', at);
            p := p || format(', ($9).title[%s] AS t%1$s, ($9).title_weight[%1$s] AS tw%1$s, ($9).title_scale[%1$s] AS ts%1$s', at);
            parts := parts || format(', tw%s*least(ts_rank(''{0.45,0.7,0.85,1.0}'', e.title_words, t%1$s)*ts%1$s, 2.5) AS s%1$s', at);
        END LOOP;
        FOR j IN 1 .. shape[3] LOOP
            at := (i - 1)*shape[3] + j; names := names || format('w%s', at);
            p := p || format(', ($9).whole[%s] AS a%1$s, ($9).whole_weight[%1$s] AS aw%1$s', at);
            q := q || format(', ($9).whole[%s] AS a%1$s, ($9).whole_weight[%1$s] AS aw%1$s', at);
            parts := parts || format(', CASE WHEN e.title_words @@ a%s THEN aw%1$s END AS w%1$s', at);
            bodies := bodies || format('CASE WHEN body_words @@ a%s THEN aw%1$s END', at);
        END LOOP;
        FOR j IN 1 .. shape[4] LOOP
            at := (i - 1)*shape[4] + j;
            q := q || format(', ($9).body[%s] AS b%1$s, ($9).body_weight[%1$s] AS bw%1$s, ($9).body_scale[%1$s] AS bs%1$s', at);
            bodies := bodies || format('bw%s*least(ts_rank(''{0.4,0.5,0.7,1.0}'', body_words, b%1$s)*bs%1$s, 1.3)', at);
        END LOOP;
        title := title || format('+coalesce(r%s*(0.7::float8*greatest(%s)+0.3::float8*(%s)), 0)', i,
            array_to_string(names, ','), (SELECT string_agg(format('coalesce(%s, 0)', n), '+') FROM unnest(names) n));
        body := body || format('+coalesce(r%s*greatest(%s), 0)', i, array_to_string(bodies, ','));
    END LOOP;
    RETURN format($q$SELECT array_agg(id), array_agg(total), array_agg(covered), array_agg(whole) FROM (
        SELECT id, covered, (0%2$s) = words AS whole,
            (score + 0.15::float8*(0%1$s)*place)*CASE WHEN (0%2$s) = words THEN 1.5::float8 ELSE 1 END AS total FROM (
            SELECT id, covered, score, place, title_words, packed || '' AS body_words FROM (  -- || '': read from disk once
                SELECT *, (0%3$s)/(0.85::float8 + 0.15::float8*title_length/$8)*CASE WHEN covered THEN 2 ELSE 1 END*place
                    *CASE kind WHEN 'department' THEN 1.05::float8 WHEN 'person' THEN 0.95 ELSE 1 END AS score
                FROM (
                    SELECT e.id, e.kind, e.title_length, e.title_words, e.body_words AS packed, e.title_words @@ every AS covered%4$s,
                        CASE WHEN $7 THEN CASE WHEN e.municipality_id = $2 THEN 5.0::float8 ELSE 1 END WHEN e.municipality_id = $2 THEN 1.5
                            WHEN e.municipality_id = ANY ($3) THEN 1.4 ELSE 1 END AS place
                    FROM (SELECT ($9)."all" AS every%5$s OFFSET 0) p CROSS JOIN LATERAL (%6$s OFFSET 0) e OFFSET 0) z
                ORDER BY score DESC, id LIMIT %7$s) scored OFFSET 0) best
        CROSS JOIN (SELECT cardinality(($9).anywhere) AS words%8$s OFFSET 0) q ORDER BY total DESC, id LIMIT 60) x$q$,
        body, matched, title, parts, p, source, most, q);
END $$;

-- Where the entries of a stage come from, and how many of them are scored by all. `some` and `bodies` have an @ before each lexeme.
CREATE OR REPLACE FUNCTION public.search_source(stage text, OUT source text, OUT most integer)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    read text := 'SELECT e.id, e.municipality_id, e.kind, e.title_length, e.title_words, e.body_words FROM public.pool_searchentry e WHERE '
        '(e.valid_from IS NULL OR e.valid_from <= $5) AND (e.valid_to IS NULL OR e.valid_to >= $5) AND ';
    here text := read || 'e.municipality_id + 0 = home_id AND public.scoped(e.municipality_id, e.%s_words) @@ replace(($9).%I, ''@'', home_id || ''@'')::tsquery';
    titles text := format(here, 'title', 'some');
BEGIN
    most := CASE stage WHEN 'everybody' THEN 60 WHEN 'bodies' THEN 50 WHEN 'wide_bodies' THEN 50 ELSE 40 END;
    source := CASE stage
        WHEN 'one' THEN titles || ' LIMIT 250'  -- one word: if there are more than can be scored, some of them
        WHEN 'many' THEN format('(%s LIMIT 300) UNION ALL (%s AND NOT e.title_words @@ every LIMIT 200)', format(here, 'title', 'scoped_all'), titles)
        WHEN 'usual' THEN titles || ' LIMIT 600'
        WHEN 'bodies' THEN format(here, 'body', 'bodies') || ' AND e.id <> ALL ($6) LIMIT 50'
        -- nobody was called, so no municipality comes first
        WHEN 'wide' THEN read || 'e.title_words @@ replace(($9)."some", ''@'', '''')::tsquery AND e.municipality_id + 0 = ANY ($1) LIMIT 1000'
        WHEN 'wide_bodies' THEN read || 'e.body_words @@ replace(($9).bodies, ''@'', '''')::tsquery AND e.municipality_id + 0 = ANY ($1) '
            'AND e.id <> ALL ($6) LIMIT 500'
        WHEN 'everybody' THEN format('(%1$s@@ every AND %2$s LIMIT 300) UNION ALL '
            '(%1$s@@ replace(($9)."some", ''@'', '''')::tsquery AND NOT e.title_words @@ every AND %2$s LIMIT 300)',
            read || 'e.title_words ', 'e.municipality_id + 0 = ANY ($4) AND e.id <> ALL ($6)') END;
    IF stage IN ('one', 'many', 'usual', 'bodies') THEN
        source := format('SELECT e.* FROM unnest($1) AS home_id CROSS JOIN LATERAL (%s) e', source);
    END IF;
END $$;

-- One function for each stage and each usual shape (plan.py: USUAL): PostgreSQL keeps its plan, where a statement that is written for one query
-- costs more to parse and to plan than to run. pool_search alone calls them.
DO $do$
DECLARE stage text; usual text; arguments text := 'bigint[], bigint, bigint[], bigint[], date, bigint[], boolean, float8, public.search_plan';
BEGIN
    FOREACH stage IN ARRAY '{one,many,usual,wide,bodies,wide_bodies,everybody}'::text[] LOOP
        FOREACH usual IN ARRAY '{1_4_1_2,2_4_1_2,4_4_1_2,2_5_3_3,4_5_3_3,8_5_3_3}'::text[] LOOP
            EXECUTE format('CREATE FUNCTION public.search_%1$s_%2$s(%3$s) RETURNS TABLE (ids bigint[], totals float8[], covers boolean[], wholes boolean[]) '
                'LANGUAGE plpgsql STABLE AS %4$L; REVOKE ALL ON FUNCTION public.search_%1$s_%2$s(%3$s) FROM PUBLIC', stage, usual, arguments,
                (SELECT '#variable_conflict use_column' || E'\n' || format('BEGIN RETURN QUERY %s; END',
                    public.search_statement(string_to_array(usual, '_')::integer[], s.source, s.most)) FROM public.search_source(stage) s));
        END LOOP;
    END LOOP;
END $do$;
CREATE OR REPLACE FUNCTION public.search_call(stage text, shape integer[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN array_to_string(shape, '_') = ANY ('{1_4_1_2,2_4_1_2,4_4_1_2,2_5_3_3,4_5_3_3,8_5_3_3}')
        THEN format('SELECT * FROM public.search_%s_%s($1, $2, $3, $4, $5, $6, $7, $8, $9)', stage, array_to_string(shape, '_'))
        ELSE (SELECT public.search_statement(shape, s.source, s.most) FROM public.search_source(stage) s) END $$;  -- a long query

-- The search itself. `called`: municipality or NULL; `named`: whether the query itself names it; `today`: German date. Returns the best
-- `at_most` articles and the best `at_most` contacts. The first stage reads the called municipality and the Kreis by title, search words and the
-- like; the second their bodies, when the best hit lacks a word; the third everybody's, when there are fewer
-- than three hits, or a Kreis was called and none of its own has all words: then a town does it. Of others, those that have them. Each is bounded.
CREATE OR REPLACE FUNCTION public.pool_search(plan jsonb, mean real, called bigint, named boolean, at_most integer, today date)
RETURNS TABLE (municipality_id bigint, kind varchar, key varchar, title varchar, subtitle varchar, ext varchar, score real,
    matched integer[], others jsonb, body text, synonyms jsonb, hours text, phone text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    p public.search_plan := jsonb_populate_record(NULL::public.search_plan, plan);
    visible bigint[] := public.searchable();
    kreis bigint[] := ARRAY(SELECT id FROM public.tenants_municipality WHERE id = ANY (visible) AND kind = 'kreis');
    home bigint[]; length float8 := greatest(mean, 1);
    ids bigint[] := '{}'; totals float8[] := '{}'; covers boolean[]; wholes boolean[];
    more_ids bigint[]; more_totals float8[]; more_covers boolean[]; more_wholes boolean[];
BEGIN
    IF p.shape[1]*(p.shape[2] + p.shape[3] + p.shape[4]) > 1000 THEN RAISE EXCEPTION 'a plan of ours is smaller'; END IF;
    IF called <> ALL (visible) THEN called := NULL; END IF;
    named := coalesce(named AND called IS NOT NULL, false);
    home := CASE WHEN called IS NULL THEN visible ELSE called || array_remove(kreis, called) END;
    EXECUTE public.search_call(CASE WHEN cardinality(home) > 8 THEN 'wide' WHEN p.slots = 1 THEN 'one' WHEN p.many THEN 'many' ELSE 'usual' END, p.shape)
        INTO ids, totals, covers, wholes USING home, called, kreis, visible, today, ids, named, length, p;
    ids := coalesce(ids, '{}'); totals := coalesce(totals, '{}');
    IF p.bodies <> '' AND (cardinality(ids) < 3 OR NOT (covers[1] OR EXISTS (SELECT FROM public.pool_searchentry e
            WHERE e.id = ids[1] AND e.title_words @@ p.written))) THEN
        EXECUTE public.search_call(CASE WHEN cardinality(home) > 8 THEN 'wide_bodies' ELSE 'bodies' END, p.shape)
            INTO more_ids, more_totals, more_covers, more_wholes USING home, called, kreis, visible, today, ids, named, length, p;
        ids := ids || coalesce(more_ids, '{}'); totals := totals || coalesce(more_totals, '{}'); wholes := wholes || more_wholes;
    END IF;
    IF (cardinality(ids) < 3 OR called = ANY (kreis) AND (true = ANY (wholes)) IS NOT TRUE) AND NOT home @> visible THEN
        EXECUTE public.search_call('everybody', p.shape)
            INTO more_ids, more_totals, more_covers, more_wholes USING home, called, kreis, visible, today, ids, named, length, p;
        ids := ids || ARRAY(SELECT id FROM unnest(more_ids, more_wholes) AS m(id, whole) WHERE whole);
        totals := totals || ARRAY(SELECT total FROM unnest(more_totals, more_wholes) AS m(total, whole) WHERE whole);
    END IF;
    RETURN QUERY SELECT * FROM public.pool_told(visible, ids, totals, p, called, at_most, today);
END $$;

-- Scored entries as they are shown: those of `visible` municipalities, the called municipality's copy instead of others', one for a service.
CREATE OR REPLACE FUNCTION public.pool_told(visible bigint[], ids bigint[], totals float8[], p public.search_plan, called bigint, at_most integer,
    today date)
RETURNS TABLE (municipality_id bigint, kind varchar, key varchar, title varchar, subtitle varchar, ext varchar, score real,
    matched integer[], others jsonb, body text, synonyms jsonb, hours text, phone text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    words tsquery[] := p.anywhere; bodies tsquery[] := p.anywhere_body;
BEGIN
    IF called <> ALL (visible) THEN called := NULL; END IF;
    RETURN QUERY
    WITH own AS (  -- who called Soest is shown Soest's copy of a service, whoever's words were the ones that matched
        SELECT coalesce(o.id, e.id) AS id, e.kind, CASE e."group" WHEN '' THEN e.id::text ELSE '=' || e."group" END AS service, max(t.total) AS total
        FROM unnest(ids, totals) AS t(id, total) JOIN public.pool_searchentry e USING (id) LEFT JOIN LATERAL (
            SELECT o.id FROM public.pool_searchentry o WHERE o."group" = e."group" AND o."group" <> '' AND o.kind = e.kind
                AND o.municipality_id = called AND e.municipality_id <> called
                AND coalesce(o.valid_from <= today, true) AND coalesce(o.valid_to >= today, true) ORDER BY o.key LIMIT 1) o ON true
        WHERE t.total > 0 AND e.municipality_id = ANY (visible)
            AND coalesce(e.valid_from <= today, true) AND coalesce(e.valid_to >= today, true) GROUP BY 1, 2, 3
    ), once AS (  -- the same service of several municipalities
        SELECT DISTINCT ON (kind, service) id, kind <> 'article' AS is_contact, total FROM own ORDER BY kind, service, total DESC, id
    ), best AS (
        SELECT once.*, row_number() OVER (PARTITION BY is_contact ORDER BY total DESC, id) AS place FROM once
    )
    SELECT e.municipality_id, e.kind, e.key, e.title, e.subtitle, e.ext, b.total::real,
        ARRAY(SELECT w.at::integer FROM unnest(words, bodies) WITH ORDINALITY AS w(words, bodies, at)
            WHERE e.title_words @@ w.words OR e.body_words @@ w.bodies ORDER BY 1),
        coalesce((
            SELECT jsonb_agg(jsonb_build_array(o.municipality_id, o.key) ORDER BY o.municipality_id, o.key) FROM (
                SELECT o.municipality_id, o.key FROM public.pool_searchentry o
                WHERE o."group" = e."group" AND o."group" <> '' AND o.kind = e.kind AND o.municipality_id = ANY (visible)
                    AND o.municipality_id <> e.municipality_id AND coalesce(o.valid_from <= today, true) AND coalesce(o.valid_to >= today, true)
                ORDER BY o.municipality_id, o.key LIMIT 24) o), '[]'),
        left(e.body, 3000), e.synonyms, e.payload->>'hours', e.payload->>'phone'  -- 3000: LONGEST_TEXT in knowledge/search/marking.py
    FROM best b JOIN public.pool_searchentry e USING (id) WHERE b.place <= at_most ORDER BY b.total DESC, b.id;
END $$;

REVOKE ALL ON FUNCTION public.scoped(bigint, tsvector), public.lent_words(varchar, varchar, bigint, tsvector), public.weak(text[]), public.note_lending(),
    public.lend_words(integer), public.count_terms(), public.term_changes(tsvector, tsvector, tsvector, tsvector, integer, integer),
    public.merge_terms(), public.recount_terms(), public.searchable(), public.pool_vocabulary(text[], text[], text[], text[]),
    public.search_statement(integer[], text, integer), public.search_source(text), public.search_call(text, integer[]),
    public.pool_search(jsonb, real, bigint, boolean, integer, date),
    public.pool_told(bigint[], bigint[], float8[], public.search_plan, bigint, integer, date) FROM PUBLIC;
REVOKE ALL ON TYPE public.search_plan FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.pool_vocabulary(text[], text[], text[], text[]), public.pool_search(jsonb, real, bigint, boolean, integer, date)
    TO tenant, desk_web, worker;
GRANT EXECUTE ON FUNCTION public.lend_words(integer), public.merge_terms() TO worker;
SELECT public.protect('pool_term'), public.protect('pool_termchange'), public.protect('pool_lending');
