-- What each login may do with the tables of `tenants`, and the functions that carry the design. Applied by `rufverbund migrate`
-- in one transaction after every right on shared tables was taken away, so this file (and its sisters in the other apps) is complete.

-- Who asks: the login, or the role that a test has taken (`single` tenancy). A login of ours cannot take another role.
CREATE OR REPLACE FUNCTION public.caller() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(nullif(current_setting('role', true), 'none'), session_user::text) $$;

CREATE OR REPLACE FUNCTION public.own_municipality() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT id::integer FROM public.tenants_municipality WHERE schema_name = public.caller() $$;

CREATE OR REPLACE FUNCTION public.own_centre() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT centre_id::integer FROM public.tenants_municipality WHERE schema_name = public.caller() $$;

-- Times that every program of ours can read: one of infinity, in a table that several read, would stop them all.
CREATE OR REPLACE FUNCTION public.can_be_read(VARIADIC times timestamptz[]) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(bool_and(t BETWEEN '2000-01-01' AND '2200-01-01'), true) FROM unnest(times) t WHERE t IS NOT NULL $$;
REVOKE ALL ON FUNCTION public.can_be_read(timestamptz[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.can_be_read(timestamptz[]) TO tenant, desk_web;

-- The person for whom the desk's transaction was begun; nobody: no rows.
CREATE OR REPLACE FUNCTION public.desk_person() RETURNS bigint LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT nullif(current_setting('rufverbund.person', true), '')::bigint $$;

-- The next number of a stream. The counter's row stays locked until commit: no gaps, and numbers appear in order.
CREATE OR REPLACE FUNCTION public.next_number(of_stream text) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.tenants_streamcounter AS c (stream, last) VALUES (of_stream, 1)
    ON CONFLICT (stream) DO UPDATE SET last = c.last + 1 RETURNING last $$;

-- One line of news; the bell carries the stream's name only, the table says what.
CREATE OR REPLACE FUNCTION public.append_to_stream(to_stream text, of_kind text, of_object text, what text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE nr bigint := public.next_number(to_stream);
BEGIN
    INSERT INTO public.tenants_outboxentry (stream, number, kind, object_id, op) VALUES (to_stream, nr, of_kind, of_object, what);
    PERFORM pg_notify('rufverbund', to_stream);
    RETURN nr;
END $$;

-- News of a centre (calls, presence). An agent may tell the centres of their memberships. A municipality may not: whoever holds the
-- counter's row holds up the whole centre, so it has a function, and a counter, of its own.
CREATE OR REPLACE FUNCTION public.tell_centre(of_centre integer, of_kind text, of_object text, what text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE who text := public.caller();
BEGIN
    IF (who IN ('telephony', 'operator_web', 'worker', 'migrator', 'owner')
        OR (who = 'desk_web' AND of_centre IN (SELECT public.desk_centres()))) IS NOT TRUE THEN  -- NULL, too, is a no
        RAISE EXCEPTION 'not a centre of %', who USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN public.append_to_stream('c:' || of_centre, of_kind, of_object, what);
END $$;

-- News of the calling municipality (an answered gap), on its own stream.
CREATE OR REPLACE FUNCTION public.tell_own(of_kind text, of_object text, what text) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT public.append_to_stream('m:' || public.own_municipality(), of_kind, of_object, what) WHERE public.own_municipality() IS NOT NULL $$;

-- Deleting rows of shared tables. DELETE or UPDATE on a whole table would also allow LOCK TABLE, with which one municipality could stop
-- all others; so municipalities and the desk get columns to update, and this function to delete rows of their own.
CREATE OR REPLACE FUNCTION public.delete_own(of_table text, row_id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE gone integer;
BEGIN
    IF of_table NOT IN ('tenants_specialday', 'tenants_numberprefix', 'accounts_membership', 'accounts_invitation',
        'telephony_bridge_announcement') THEN
        RAISE EXCEPTION 'rows of % are not deleted here', of_table USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('DELETE FROM public.%I WHERE id = $1 AND municipality_id = public.own_municipality()', of_table) USING row_id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone > 0;
END $$;

REVOKE ALL ON FUNCTION public.next_number(text), public.append_to_stream(text, text, text, text), public.tell_own(text, text, text),
    public.tell_centre(integer, text, text, text), public.delete_own(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.tell_centre(integer, text, text, text) TO desk_web, operator_web, telephony, worker;
GRANT EXECUTE ON FUNCTION public.tell_own(text, text, text), public.delete_own(text, bigint) TO tenant;

-- Municipalities and centres. A municipality sees and changes itself, in the columns that are its own to change.
GRANT SELECT ON tenants_municipality, tenants_servicecentre, tenants_host, tenants_numberprefix, tenants_specialday
    TO tenant, front, desk_web, operator_web, telephony, worker;
GRANT UPDATE (initials, colour, pattern, greeting, emergency, situation, situation_since, closed_text, hours, state, inhabitants, area_codes)
    ON tenants_municipality TO tenant;
GRANT INSERT, UPDATE (day, label, intervals) ON tenants_specialday TO tenant;
GRANT INSERT, UPDATE ON tenants_municipality, tenants_servicecentre, tenants_host TO operator_web;
GRANT INSERT (municipality_id, prefix, max_length, is_did, created_at) ON tenants_numberprefix TO tenant;  -- confirmed by the operator
GRANT INSERT, UPDATE, DELETE ON tenants_numberprefix TO operator_web;
GRANT USAGE ON SEQUENCE tenants_specialday_id_seq, tenants_numberprefix_id_seq TO tenant, operator_web;
GRANT USAGE ON SEQUENCE tenants_municipality_id_seq, tenants_servicecentre_id_seq, tenants_host_id_seq TO operator_web;
GRANT USAGE ON SEQUENCE tenants_auditentry_id_seq TO tenant, front, desk_web, operator_web, telephony, worker;
GRANT UPDATE (situation, situation_since) ON tenants_municipality TO desk_web;

SELECT public.protect('tenants_municipality');
CREATE POLICY own ON tenants_municipality TO tenant USING (schema_name = current_user);
CREATE POLICY times ON tenants_municipality AS RESTRICTIVE FOR UPDATE TO tenant, desk_web USING (true) WITH CHECK (public.can_be_read(situation_since));
CREATE POLICY desk ON tenants_municipality TO desk_web USING (centre_id IN (SELECT public.desk_centres()));
CREATE POLICY platform ON tenants_municipality TO front, operator_web, telephony, worker USING (true);
SELECT public.protect('tenants_servicecentre');
CREATE POLICY own ON tenants_servicecentre FOR SELECT TO tenant USING (id = (SELECT public.own_centre()));
CREATE POLICY desk ON tenants_servicecentre FOR SELECT TO desk_web USING (id IN (SELECT public.desk_centres()));
CREATE POLICY platform ON tenants_servicecentre TO front, operator_web, telephony, worker USING (true);
SELECT public.protect_by_municipality('tenants_host', 'tenant_id');
SELECT public.protect_by_municipality('tenants_numberprefix');
SELECT public.protect_by_municipality('tenants_specialday');
CREATE POLICY times ON tenants_specialday AS RESTRICTIVE FOR INSERT TO tenant WITH CHECK (public.can_be_read(day));
CREATE POLICY later_times ON tenants_specialday AS RESTRICTIVE FOR UPDATE TO tenant USING (true) WITH CHECK (public.can_be_read(day));
CREATE POLICY times ON tenants_numberprefix AS RESTRICTIVE FOR INSERT TO tenant WITH CHECK (public.can_be_read(created_at));

-- The log: everybody adds, nobody changes. A municipality reads its own rows, the operator those without a municipality's content.
GRANT INSERT ON tenants_auditentry TO tenant, front, desk_web, operator_web, telephony, worker;
GRANT SELECT ON tenants_auditentry TO tenant, operator_web;
SELECT public.protect('tenants_auditentry');
CREATE POLICY own_read ON tenants_auditentry FOR SELECT TO tenant USING (municipality_id = (SELECT public.own_municipality()));
CREATE POLICY own_write ON tenants_auditentry FOR INSERT TO tenant WITH CHECK (municipality_id = (SELECT public.own_municipality()));
CREATE POLICY desk_write ON tenants_auditentry FOR INSERT TO desk_web
    WITH CHECK (person_id = public.desk_person() AND (centre_id IS NULL OR centre_id IN (SELECT public.desk_centres())));
CREATE POLICY times ON tenants_auditentry AS RESTRICTIVE FOR INSERT TO tenant, desk_web WITH CHECK (public.can_be_read(at));
CREATE POLICY platform_write ON tenants_auditentry FOR INSERT TO front, operator_web, telephony, worker WITH CHECK (true);
CREATE POLICY platform_read ON tenants_auditentry FOR SELECT TO operator_web
    USING (object_kind IN ('municipality', 'servicecentre', 'numberprefix', 'membership', 'invitation', 'source'));

-- The outbox: ids only; read by the listener, by a municipality for itself, and by the worker that feeds the search index and forgets what
-- is old (knowledge/pool/pruning.py), whatever it is told never the last day.
GRANT SELECT ON tenants_outboxentry TO tenant, listener, worker, desk_web;
GRANT DELETE ON tenants_outboxentry TO worker;
SELECT public.protect('tenants_outboxentry');
CREATE POLICY own ON tenants_outboxentry FOR SELECT TO tenant USING (stream = 'm:' || (SELECT public.own_municipality()));
CREATE POLICY desk ON tenants_outboxentry FOR SELECT TO desk_web USING (stream IN (SELECT 'c:' || c FROM public.desk_centres() c
    UNION ALL SELECT 'm:' || m FROM public.desk_municipalities() m));
CREATE POLICY everything ON tenants_outboxentry FOR SELECT TO listener, worker USING (true);
CREATE POLICY old ON tenants_outboxentry FOR DELETE TO worker USING (at < statement_timestamp() - interval '1 day');
SELECT public.protect('tenants_streamcounter');
SELECT public.protect('tenants_installation');
GRANT SELECT ON tenants_installation TO front, worker;
CREATE POLICY platform ON tenants_installation FOR SELECT TO front, worker USING (true);
