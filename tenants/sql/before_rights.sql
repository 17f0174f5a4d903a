-- Runs first: every right and policy on shared tables is taken away, and the helpers that the rights.sql files use are made.
DO $$
DECLARE t regclass; p record;
BEGIN
    FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S', 'v')
             AND relowner = 'owner'::regrole LOOP
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, tenant, front, desk_web, operator_web, telephony, worker, listener', t);
    END LOOP;
    FOR p IN SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public' LOOP
        EXECUTE format('DROP POLICY %I ON public.%I', p.policyname, p.tablename);
    END LOOP;
END $$;

-- Row-level security on, and nothing allowed until a policy says so.
CREATE OR REPLACE FUNCTION public.protect(of_table text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', of_table);
END $$;

-- The usual three policies of a table with a column municipality_id: a municipality its own rows, the desk those of its centres,
-- the platform's logins all (their grants say what they may do).
CREATE OR REPLACE FUNCTION public.protect_by_municipality(of_table text, of_column text DEFAULT 'municipality_id') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.protect(of_table);
    EXECUTE format('CREATE POLICY own ON public.%I TO tenant USING (%I = (SELECT public.own_municipality()))', of_table, of_column);
    EXECUTE format('CREATE POLICY desk ON public.%I TO desk_web USING (%I IN (SELECT public.desk_municipalities()))', of_table, of_column);
    EXECUTE format('CREATE POLICY platform ON public.%I TO front, operator_web, telephony, worker USING (true)', of_table);
END $$;
REVOKE ALL ON FUNCTION public.protect(text), public.protect_by_municipality(text, text) FROM PUBLIC;

-- Which centres and live municipalities the desk's person works for. Filled in by accounts (which knows memberships).
CREATE OR REPLACE FUNCTION public.desk_centres() RETURNS SETOF integer LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS 'SELECT NULL::integer WHERE false';
CREATE OR REPLACE FUNCTION public.desk_municipalities() RETURNS SETOF integer LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS 'SELECT NULL::integer WHERE false';
