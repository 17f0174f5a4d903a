-- Calls are shared work: the exchange's door writes them, agents of the centre take and close them, a municipality reads its own.
GRANT SELECT, INSERT, UPDATE ON telephony_bridge_call, telephony_bridge_ctievent, telephony_bridge_source, telephony_bridge_presence TO telephony;
GRANT DELETE ON telephony_bridge_ctievent TO telephony;  -- after 30 days (actions/retention.py)
-- Columns, not tables: UPDATE on a whole table would allow LOCK TABLE (tenants/sql/rights.sql).
GRANT SELECT, UPDATE (municipality_id, state, chosen_by_agent, agent_id, agent_name, answered_at, ended_at, wrap_up_at, wrap_up_until, end_reason,
    concern, concern_kind, concern_key, outcome, transferred_to, note, callback_done_at, callback_by_id) ON telephony_bridge_call TO desk_web;
GRANT SELECT, INSERT, UPDATE (person_name, state, after_call, since, seen_at, telephone, reason) ON telephony_bridge_presence TO desk_web;
-- The bell of the bridges, beside that of the pages; it says nothing but whose it is.
CREATE OR REPLACE FUNCTION public.ring_bridges(of_centre integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT pg_notify('exchange', of_centre::text)
    WHERE public.caller() <> 'desk_web' OR of_centre IN (SELECT public.desk_centres()) $$;  -- nobody keeps another centre's bridge from its work
REVOKE ALL ON FUNCTION public.ring_bridges(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.ring_bridges(integer) TO desk_web, telephony, worker;
GRANT SELECT ON telephony_bridge_telephone TO desk_web, telephony;
-- Of two who sit down at a telephone at once, one waits for the other (seats.py): its row is locked, which who may only read it cannot do.
CREATE OR REPLACE FUNCTION public.lock_telephone(of_centre integer, of_user text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (public.caller() IN ('telephony', 'worker')
        OR (public.caller() = 'desk_web' AND of_centre IN (SELECT public.desk_centres()))) IS NOT TRUE THEN
        RETURN false;
    END IF;
    PERFORM FROM public.telephony_bridge_telephone WHERE centre_id = of_centre AND "user" = of_user FOR NO KEY UPDATE;
    RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION public.lock_telephone(integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.lock_telephone(integer, text) TO desk_web, telephony, worker;
GRANT SELECT, INSERT, UPDATE ON telephony_bridge_telephone TO operator_web;
-- Remove one, unless somebody sits there: then nothing happens, and it says who. The operator need not see who is there otherwise. NULL: there is none.
CREATE OR REPLACE FUNCTION public.remove_telephone(of_id bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE gone public.telephony_bridge_telephone; who text;
BEGIN
    -- Whoever sits down locks their presence and then the telephone: in another order each would wait for the other.
    PERFORM FROM public.telephony_bridge_presence p JOIN public.telephony_bridge_telephone t
            ON t.centre_id = p.centre_id AND lower(t."user") = lower(p.telephone)
        WHERE t.id = of_id AND public.caller() = 'operator_web' ORDER BY p.id FOR UPDATE OF p;
    SELECT * INTO gone FROM public.telephony_bridge_telephone WHERE id = of_id AND public.caller() = 'operator_web' FOR UPDATE;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT p.person_name INTO who FROM public.telephony_bridge_presence p LEFT JOIN public.accounts_person o ON o.id = p.person_id
        WHERE p.centre_id = gone.centre_id AND p.state <> 'away'
            AND lower(coalesce(nullif(p.telephone, ''), o.phone_user)) = lower(gone."user") ORDER BY 1 LIMIT 1;
    IF FOUND THEN RETURN who; END IF;
    UPDATE public.telephony_bridge_presence SET telephone = '' WHERE centre_id = gone.centre_id AND lower(telephone) = lower(gone."user");
    DELETE FROM public.telephony_bridge_telephone WHERE id = of_id;
    RETURN '';
END $$;
REVOKE ALL ON FUNCTION public.remove_telephone(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.remove_telephone(bigint) TO operator_web;
GRANT SELECT, INSERT (centre_id, call_id, person_id, verb, number, label, created_at, done_at, result) ON telephony_bridge_exchangecommand TO desk_web;
GRANT SELECT, UPDATE (done_at, result), DELETE ON telephony_bridge_exchangecommand TO telephony;
GRANT SELECT, INSERT, UPDATE ON telephony_bridge_spoolposition TO telephony;
GRANT SELECT, UPDATE ON telephony_bridge_call TO worker;
GRANT SELECT, INSERT, UPDATE ON telephony_bridge_presence TO worker;
GRANT SELECT ON telephony_bridge_call TO tenant;
GRANT SELECT, INSERT, UPDATE ON telephony_bridge_source TO operator_web;
GRANT SELECT (id, centre_id, alive_at) ON telephony_bridge_source TO desk_web;  -- whether anybody does what is pressed
-- Who connects an exchange sees what was made of its reports; never who called, nor what an agent wrote.
GRANT SELECT (id, source_id, call_id, external_id, event, received_at, took_ms, result) ON telephony_bridge_ctievent TO operator_web;
GRANT SELECT (id, municipality_id, to_number, to_raw, evidence) ON telephony_bridge_call TO operator_web;
GRANT USAGE ON SEQUENCE telephony_bridge_call_id_seq, telephony_bridge_ctievent_id_seq, telephony_bridge_source_id_seq,
    telephony_bridge_presence_id_seq, telephony_bridge_spoolposition_id_seq TO telephony;
GRANT USAGE ON SEQUENCE telephony_bridge_exchangecommand_id_seq TO desk_web;
GRANT USAGE ON SEQUENCE telephony_bridge_telephone_id_seq TO operator_web;
GRANT USAGE ON SEQUENCE telephony_bridge_presence_id_seq TO desk_web, worker;
GRANT USAGE ON SEQUENCE telephony_bridge_source_id_seq TO operator_web;

SELECT public.protect('telephony_bridge_call');
CREATE POLICY own ON telephony_bridge_call FOR SELECT TO tenant USING (municipality_id = (SELECT public.own_municipality()));
CREATE POLICY desk ON telephony_bridge_call TO desk_web USING (centre_id IN (SELECT public.desk_centres()));
CREATE POLICY platform ON telephony_bridge_call TO telephony, worker USING (true);
CREATE POLICY connects ON telephony_bridge_call FOR SELECT TO operator_web USING (true);
-- An agent takes calls that nobody has, and writes in those that they have. Of all others they say for whom those that nobody has are, and that
-- somebody was called back; the exchange's times are set by who leads the team (actions/records.py), its place by public.put_first.
CREATE OR REPLACE FUNCTION public.guard_call() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me bigint := public.desk_person();
    is_own boolean := coalesce(OLD.agent_id, NEW.agent_id) = me AND coalesce(NEW.agent_id, me) = me
        AND (OLD.agent_id = me OR OLD.state <> 'ended');  -- who has given up is taken by nobody afterwards
    theirs text[] := ARRAY['callback_done_at', 'callback_by_id'];
    times text[] := ARRAY['ringing_at', 'answered_at', 'hung_up_at'];
    leads boolean := OLD.centre_id IN (SELECT public.desk_supervised());
BEGIN
    IF NOT public.can_be_read(NEW.ringing_at, NEW.answered_at, NEW.hung_up_at, NEW.ended_at, NEW.wrap_up_at, NEW.wrap_up_until, NEW.callback_done_at) THEN
        RAISE EXCEPTION 'times of a call' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF is_own THEN
        IF NOT leads AND (NEW.ringing_at, NEW.hung_up_at) IS DISTINCT FROM (OLD.ringing_at, OLD.hung_up_at) THEN
            RAISE EXCEPTION 'times of a call' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.agent_id IS NULL THEN theirs := theirs || ARRAY['municipality_id', 'chosen_by_agent']; END IF;
    IF leads THEN theirs := theirs || times; END IF;
    IF to_jsonb(NEW) - theirs <> to_jsonb(OLD) - theirs THEN
        RAISE EXCEPTION 'call of somebody else' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE ON telephony_bridge_call
    FOR EACH ROW WHEN (CURRENT_USER = 'desk_web') EXECUTE FUNCTION public.guard_call();
SELECT public.protect('telephony_bridge_ctievent');
CREATE POLICY connects ON telephony_bridge_ctievent FOR SELECT TO operator_web USING (true);
CREATE POLICY platform ON telephony_bridge_ctievent TO telephony USING (true);
SELECT public.protect('telephony_bridge_source');
CREATE POLICY platform ON telephony_bridge_source TO telephony, operator_web USING (true);
CREATE POLICY desk ON telephony_bridge_source FOR SELECT TO desk_web USING (centre_id IN (SELECT public.desk_centres()));
SELECT public.protect('telephony_bridge_presence');
CREATE POLICY desk ON telephony_bridge_presence FOR SELECT TO desk_web USING (centre_id IN (SELECT public.desk_centres()));
CREATE POLICY desk_adds ON telephony_bridge_presence FOR INSERT TO desk_web
    WITH CHECK (person_id = public.desk_person() AND centre_id IN (SELECT public.desk_centres()) AND public.can_be_read(since, seen_at)
        AND telephone = '');
CREATE POLICY desk_own ON telephony_bridge_presence FOR UPDATE TO desk_web
    USING (person_id = public.desk_person() AND centre_id IN (SELECT public.desk_centres()));  -- nobody signs a colleague out
-- but whoever leads the team; that somebody takes calls only they themselves can say.
CREATE POLICY desk_leads ON telephony_bridge_presence FOR UPDATE TO desk_web USING (centre_id IN (SELECT public.desk_supervised()))
    WITH CHECK (centre_id IN (SELECT public.desk_supervised()) AND state <> 'ready' AND after_call IN ('break', 'away'));
CREATE POLICY platform ON telephony_bridge_presence TO telephony, worker USING (true);
-- Which columns is a question of before and after, so a trigger asks it. Of a colleague, whoever leads the team sets the presence, and nothing else:
-- neither a name nor a sign of life, nor a telephone at which they would sit.
CREATE OR REPLACE FUNCTION public.guard_presence() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT public.can_be_read(NEW.since, NEW.seen_at) OR OLD.person_id IS DISTINCT FROM public.desk_person() AND ((NEW.person_name, NEW.seen_at) IS DISTINCT FROM (OLD.person_name, OLD.seen_at)
        OR NEW.telephone NOT IN (OLD.telephone, '')) THEN
        RAISE EXCEPTION 'presence of somebody else' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- A telephone has one person who is there (seats.py): nobody is given a colleague's calls by sitting down beside them.
    IF NEW.telephone <> '' AND NEW.state <> 'away' AND (NEW.telephone <> OLD.telephone OR OLD.state = 'away') THEN
        PERFORM public.lock_telephone(NEW.centre_id::integer, NEW.telephone);
        IF EXISTS (SELECT FROM public.telephony_bridge_presence o WHERE o.centre_id = NEW.centre_id AND o.telephone = NEW.telephone
            AND o.state <> 'away' AND o.person_id <> NEW.person_id) THEN
            RAISE EXCEPTION 'telephone of somebody else' USING ERRCODE = 'insufficient_privilege';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE ON telephony_bridge_presence
    FOR EACH ROW WHEN (CURRENT_USER = 'desk_web') EXECUTE FUNCTION public.guard_presence();
SELECT public.protect('telephony_bridge_telephone');
CREATE POLICY desk ON telephony_bridge_telephone FOR SELECT TO desk_web USING (centre_id IN (SELECT public.desk_centres()));
CREATE POLICY platform ON telephony_bridge_telephone TO telephony, operator_web USING (true);
SELECT public.protect('telephony_bridge_exchangecommand');
CREATE POLICY desk ON telephony_bridge_exchangecommand FOR SELECT TO desk_web
    USING (person_id = public.desk_person() AND centre_id IN (SELECT public.desk_centres()));
-- For a call that one sees: the call's own policy is asked, too, and a call of another centre cannot be named under one's own centre.
CREATE POLICY desk_adds ON telephony_bridge_exchangecommand FOR INSERT TO desk_web
    WITH CHECK (person_id = public.desk_person() AND centre_id IN (SELECT public.desk_centres()) AND done_at IS NULL AND public.can_be_read(created_at)
        AND EXISTS (SELECT FROM public.telephony_bridge_call c WHERE c.id = call_id AND c.centre_id = telephony_bridge_exchangecommand.centre_id
            AND CASE WHEN verb IN ('first', 'pull', 'take_over') THEN c.centre_id IN (SELECT public.desk_supervised())  -- and of a colleague's call nobody else
                WHEN verb IN ('accept', 'decline') THEN c.offered_to_id = person_id
                ELSE c.agent_id = person_id AND verb IN ('hold', 'resume', 'transfer', 'consult', 'swap', 'complete', 'cancel', 'hang_up') END));
CREATE POLICY platform ON telephony_bridge_exchangecommand TO telephony USING (true);
SELECT public.protect('telephony_bridge_spoolposition');
CREATE POLICY platform ON telephony_bridge_spoolposition TO telephony USING (true);

-- The record of calls (record_models.py): the log's reader writes it; supervisors settle differences; a municipality sees that of its own calls.
GRANT SELECT, INSERT, UPDATE ON telephony_bridge_recordposition, telephony_bridge_celevent, telephony_bridge_callrecord TO telephony;
GRANT SELECT, INSERT ON telephony_bridge_callinterval TO telephony;
GRANT DELETE ON telephony_bridge_celevent, telephony_bridge_callinterval TO telephony;  -- forgotten, and written anew
GRANT SELECT ON telephony_bridge_callrecord, telephony_bridge_callinterval TO desk_web, tenant;
GRANT UPDATE (settled_at, settled_by_name) ON telephony_bridge_callrecord TO desk_web;
GRANT UPDATE (ringing_at, hung_up_at) ON telephony_bridge_call TO desk_web;  -- as the record has them (actions/records.py)
GRANT USAGE ON SEQUENCE telephony_bridge_recordposition_id_seq, telephony_bridge_celevent_id_seq, telephony_bridge_callrecord_id_seq,
    telephony_bridge_callinterval_id_seq TO telephony;
SELECT public.protect('telephony_bridge_recordposition');
CREATE POLICY platform ON telephony_bridge_recordposition TO telephony USING (true);
SELECT public.protect('telephony_bridge_celevent');
CREATE POLICY platform ON telephony_bridge_celevent TO telephony USING (true);
SELECT public.protect('telephony_bridge_callrecord');
CREATE POLICY later_times ON telephony_bridge_callrecord AS RESTRICTIVE FOR UPDATE TO desk_web USING (true) WITH CHECK (public.can_be_read(settled_at));
-- Whose call it is can be said later, so the call's own policy is asked.
CREATE POLICY own ON telephony_bridge_callrecord FOR SELECT TO tenant
    USING (EXISTS (SELECT FROM public.telephony_bridge_call c WHERE c.id = call_id));
CREATE POLICY desk ON telephony_bridge_callrecord FOR SELECT TO desk_web USING (centre_id IN (SELECT public.desk_centres()));
CREATE POLICY desk_settles ON telephony_bridge_callrecord FOR UPDATE TO desk_web USING (centre_id IN (SELECT public.desk_supervised()));
CREATE POLICY platform ON telephony_bridge_callrecord TO telephony USING (true);
SELECT public.protect('telephony_bridge_callinterval');
CREATE POLICY own ON telephony_bridge_callinterval FOR SELECT TO tenant, desk_web
    USING (EXISTS (SELECT FROM public.telephony_bridge_callrecord r WHERE r.id = record_id));
CREATE POLICY platform ON telephony_bridge_callinterval TO telephony USING (true);

-- What a supervisor says to all desks of a centre, or that it is closed (notice_models.py). Nothing is deleted: the history stays.
GRANT SELECT, INSERT, UPDATE (ended_at, ended_by_name) ON telephony_bridge_centrenotice TO desk_web;
GRANT SELECT, UPDATE (ended_at, ended_by_name) ON telephony_bridge_centrenotice TO telephony, worker;  -- its time is over (actions/leading.py)
-- A column could be written by every agent of the centre: where somebody waits is said by who leads the team.
CREATE OR REPLACE FUNCTION public.put_first(of_call bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.telephony_bridge_call SET first_at = clock_timestamp()
    WHERE id = of_call AND public.caller() = 'desk_web' AND centre_id IN (SELECT public.desk_supervised());
    RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION public.put_first(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.put_first(bigint) TO desk_web;
GRANT USAGE ON SEQUENCE telephony_bridge_centrenotice_id_seq TO desk_web;
SELECT public.protect('telephony_bridge_centrenotice');
CREATE POLICY times ON telephony_bridge_centrenotice AS RESTRICTIVE FOR INSERT TO desk_web WITH CHECK (public.can_be_read(set_at, until, ended_at));
CREATE POLICY later_times ON telephony_bridge_centrenotice AS RESTRICTIVE FOR UPDATE TO desk_web USING (true) WITH CHECK (public.can_be_read(set_at, until, ended_at));
CREATE POLICY desk ON telephony_bridge_centrenotice FOR SELECT TO desk_web USING (centre_id IN (SELECT public.desk_centres()));
CREATE POLICY desk_adds ON telephony_bridge_centrenotice FOR INSERT TO desk_web
    WITH CHECK (set_by_id = public.desk_person() AND centre_id IN (SELECT public.desk_supervised()));
CREATE POLICY desk_ends ON telephony_bridge_centrenotice FOR UPDATE TO desk_web USING (centre_id IN (SELECT public.desk_supervised()));
CREATE POLICY platform ON telephony_bridge_centrenotice TO telephony, worker USING (true);

-- What agents can do (skill_models.py): who leads the team says it, of who works there; the bridge distributes by it. No municipality sees it.
GRANT SELECT, INSERT, UPDATE (municipalities, languages, line) ON telephony_bridge_agentskills TO desk_web;
GRANT SELECT ON telephony_bridge_agentskills TO telephony;
GRANT USAGE ON SEQUENCE telephony_bridge_agentskills_id_seq TO desk_web;
SELECT public.protect('telephony_bridge_agentskills');
CREATE POLICY desk ON telephony_bridge_agentskills FOR SELECT TO desk_web USING (centre_id IN (SELECT public.desk_centres()));
CREATE POLICY desk_adds ON telephony_bridge_agentskills FOR INSERT TO desk_web WITH CHECK (centre_id IN (SELECT public.desk_supervised())
    AND EXISTS (SELECT FROM public.accounts_membership m WHERE m.person_id = telephony_bridge_agentskills.person_id
        AND m.centre_id = telephony_bridge_agentskills.centre_id));
CREATE POLICY desk_leads ON telephony_bridge_agentskills FOR UPDATE TO desk_web USING (centre_id IN (SELECT public.desk_supervised()));
CREATE POLICY platform ON telephony_bridge_agentskills FOR SELECT TO telephony USING (true);
GRANT SELECT, INSERT, UPDATE (language) ON telephony_bridge_numberlanguage TO desk_web;
GRANT SELECT ON telephony_bridge_numberlanguage TO telephony;
GRANT USAGE ON SEQUENCE telephony_bridge_numberlanguage_id_seq TO desk_web;
SELECT public.protect('telephony_bridge_numberlanguage');
CREATE POLICY desk ON telephony_bridge_numberlanguage FOR SELECT TO desk_web USING (centre_id IN (SELECT public.desk_centres()));
CREATE POLICY desk_adds ON telephony_bridge_numberlanguage FOR INSERT TO desk_web WITH CHECK (centre_id IN (SELECT public.desk_supervised()));
CREATE POLICY desk_leads ON telephony_bridge_numberlanguage FOR UPDATE TO desk_web USING (centre_id IN (SELECT public.desk_supervised()));
CREATE POLICY platform ON telephony_bridge_numberlanguage FOR SELECT TO telephony USING (true);

-- What municipalities have recorded for their callers (announcement_models.py): each writes its own, the bridge plays it, nobody else hears it.
-- They are deleted by public.delete_own (tenants/sql/rights.sql).
GRANT SELECT, INSERT (municipality_id, kind, name, audio, sha256, seconds, uploaded_at, uploaded_by_id, uploaded_by_name),
    UPDATE (name, audio, sha256, seconds, uploaded_at, uploaded_by_id, uploaded_by_name) ON telephony_bridge_announcement TO tenant;
GRANT SELECT ON telephony_bridge_announcement TO telephony;
GRANT USAGE ON SEQUENCE telephony_bridge_announcement_id_seq TO tenant;
SELECT public.protect('telephony_bridge_announcement');
CREATE POLICY own ON telephony_bridge_announcement TO tenant USING (municipality_id = (SELECT public.own_municipality()));
CREATE POLICY platform ON telephony_bridge_announcement FOR SELECT TO telephony USING (true);

-- Cards of transferred callers (handover_models.py). An agent makes them of their own calls; the exchange's doings move them on; in the town hall
-- one sees what is coming or has come, and ticks it off.
-- Whose account a contact's address is: the desk and the database itself ask, of municipalities that the desk's person answers for.
CREATE OR REPLACE FUNCTION public.person_of_contact(of_municipality bigint, address text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.id FROM public.accounts_person p WHERE p.email = lower(address) AND p.is_active
        AND of_municipality IN (SELECT public.desk_municipalities())
        AND EXISTS (SELECT FROM public.accounts_membership m WHERE m.person_id = p.id AND m.municipality_id = of_municipality) $$;
REVOKE ALL ON FUNCTION public.person_of_contact(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.person_of_contact(bigint, text) TO desk_web;
-- The address that a contact has published. The desk writes a card's address, and whoever breaks into it shall not write to all the world.
CREATE OR REPLACE FUNCTION public.address_of_contact(of_municipality bigint, contact text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.payload->>'email' FROM public.pool_searchentry e WHERE e.municipality_id = of_municipality
        AND e.kind = split_part(contact, ':', 1) AND e.key = substr(contact, strpos(contact, ':') + 1) $$;
REVOKE ALL ON FUNCTION public.address_of_contact(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.address_of_contact(bigint, text) TO worker;
GRANT SELECT, INSERT, UPDATE (state, state_at) ON telephony_bridge_handover TO desk_web;
GRANT SELECT, UPDATE (state, state_at), DELETE ON telephony_bridge_handover TO telephony;
GRANT SELECT, UPDATE (mailed_at, mail_tries) ON telephony_bridge_handover TO worker;
GRANT SELECT, UPDATE (done_at) ON telephony_bridge_handover TO tenant;
GRANT USAGE ON SEQUENCE telephony_bridge_handover_id_seq TO desk_web;
SELECT public.protect('telephony_bridge_handover');
CREATE POLICY own ON telephony_bridge_handover TO tenant
    USING (municipality_id = (SELECT public.own_municipality()) AND state IN ('ringing', 'transferred', 'ended'));
CREATE POLICY own_times ON telephony_bridge_handover AS RESTRICTIVE FOR UPDATE TO tenant USING (true) WITH CHECK (public.can_be_read(done_at));
CREATE POLICY desk ON telephony_bridge_handover FOR SELECT TO desk_web
    USING (agent_id = public.desk_person() AND centre_id IN (SELECT public.desk_centres()));
CREATE POLICY desk_adds ON telephony_bridge_handover FOR INSERT TO desk_web
    WITH CHECK (agent_id = public.desk_person() AND centre_id IN (SELECT public.desk_centres())
        AND municipality_id IN (SELECT public.desk_municipalities())
        AND person_id IS NOT DISTINCT FROM public.person_of_contact(municipality_id, email)
        AND public.can_be_read(at, state_at, done_at) AND mailed_at IS NULL
        AND EXISTS (SELECT FROM public.telephony_bridge_call c WHERE c.id = call_id AND c.agent_id = telephony_bridge_handover.agent_id
            AND c.centre_id = telephony_bridge_handover.centre_id));
CREATE POLICY desk_takes_back ON telephony_bridge_handover FOR UPDATE TO desk_web
    USING (agent_id = public.desk_person() AND centre_id IN (SELECT public.desk_centres())) WITH CHECK (state = 'returned' AND public.can_be_read(state_at));
CREATE POLICY platform ON telephony_bridge_handover TO telephony, worker USING (true);
