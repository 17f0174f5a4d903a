-- The search index of OpenSearch: who keeps it, and who reads what it found.
GRANT SELECT, INSERT, UPDATE, DELETE ON pool_indexposition, pool_indexbuild, pool_indexwork TO worker;
GRANT USAGE ON SEQUENCE pool_indexposition_id_seq, pool_indexbuild_id_seq, pool_indexwork_id_seq TO worker;
SELECT public.protect('pool_indexposition'), public.protect('pool_indexbuild'), public.protect('pool_indexwork');
CREATE POLICY platform ON pool_indexposition TO worker USING (true);
CREATE POLICY platform ON pool_indexbuild TO worker USING (true);
CREATE POLICY platform ON pool_indexwork TO worker USING (true);

-- Whether an index does not know for five seconds already what one of these municipalities has published (of those that the login that asks
-- may see), or will never know, because its next line was forgotten; an index that is not ours, too.
CREATE OR REPLACE FUNCTION public.index_is_behind(of_index text, homes bigint[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM public.pool_indexbuild WHERE index = of_index AND filled_at IS NOT NULL) OR EXISTS (
        SELECT FROM unnest(homes) h LEFT JOIN public.pool_indexposition p ON p.index = of_index AND p.municipality_id = h
        CROSS JOIN LATERAL (SELECT number, at FROM public.tenants_outboxentry
            WHERE stream = 'm:' || h AND number > coalesce(p.number, 0) ORDER BY number LIMIT 1) o
        WHERE h = ANY ((SELECT public.searchable())::bigint[])
            AND (o.at < statement_timestamp() - interval '5 seconds' OR o.number > coalesce(p.number, 0) + 1)) $$;

-- What an index found, as PostgreSQL has it now, and only what the login that asks may see: places, kinds, keys and scores of the hits, best
-- first. `known` says how many of them there are, of what it may not see nothing.
DROP FUNCTION IF EXISTS public.pool_reread(bigint[], text[], text[], float8[], jsonb, bigint, integer, date);
CREATE FUNCTION public.pool_reread(places bigint[], kinds text[], keys text[], totals float8[], plan jsonb, called bigint,
    at_most integer, today date)
RETURNS TABLE (municipality_id bigint, kind varchar, key varchar, title varchar, subtitle varchar, ext varchar, score real,
    matched integer[], others jsonb, body text, synonyms jsonb, hours text, phone text, known bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
    WITH may AS MATERIALIZED (SELECT public.searchable() AS visible), found AS (
        SELECT array_agg(e.id ORDER BY h.total DESC, e.id) AS ids, array_agg(h.total ORDER BY h.total DESC, e.id) AS totals
        FROM unnest(places, kinds, keys, totals) AS h(place, kind, key, total)
        JOIN public.pool_searchentry e ON e.municipality_id = h.place AND e.kind = h.kind AND e.key = h.key
        WHERE h.place = ANY ((SELECT visible FROM may)::bigint[]))  -- asked once, not for each
    SELECT t.*, cardinality(f.ids)::bigint FROM found f CROSS JOIN may CROSS JOIN LATERAL public.pool_told(may.visible, f.ids, f.totals,
        jsonb_populate_record(NULL::public.search_plan, plan), called, at_most, today) t $$;

REVOKE ALL ON FUNCTION public.index_is_behind(text, bigint[]),
    public.pool_reread(bigint[], text[], text[], float8[], jsonb, bigint, integer, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.index_is_behind(text, bigint[]),
    public.pool_reread(bigint[], text[], text[], float8[], jsonb, bigint, integer, date) TO tenant, desk_web, worker;
