-- Calls are shared work: the exchange's door writes them, agents of the centre take and close them, a municipality reads its own.
GRANT SELECT, INSERT, UPDATE ON telephony_bridge_call, telephony_bridge_ctievent, telephony_bridge_source, telephony_bridge_presence TO telephony;
GRANT DELETE ON telephony_bridge_ctievent TO telephony;  -- after 30 days (actions/retention.py)
-- Columns, not tables: UPDATE on a whole table would allow LOCK TABLE (tenants/sql/rights.sql).
GRANT SELECT, UPDATE (municipality_id, state, chosen_by_agent, agent_id, agent_name, answered_at, ended_at, wrap_up_at, wrap_up_until, end_reason,
    concern, concern_kind, concern_key, outcome, transferred_to, note) ON telephony_bridge_call TO desk_web;
GRANT SELECT, INSERT, UPDATE (person_name, state, after_call, since, seen_at, telephone, reason) ON telephony_bridge_presence TO desk_web;
GRANT SELECT ON telephony_bridge_telephone TO desk_web, telephony;
GRANT SELECT, INSERT, UPDATE ON telephony_bridge_telephone TO operator_web;
GRANT SELECT, INSERT (centre_id, call_id, person_id, verb, number, label, created_at, result) ON telephony_bridge_exchangecommand TO desk_web;
GRANT SELECT, UPDATE (done_at, result), DELETE ON telephony_bridge_exchangecommand TO telephony;
GRANT SELECT, INSERT, UPDATE ON telephony_bridge_spoolposition TO telephony;
GRANT SELECT, UPDATE ON telephony_bridge_call TO worker;
GRANT SELECT, INSERT, UPDATE ON telephony_bridge_presence TO worker;
GRANT SELECT ON telephony_bridge_call TO tenant;
GRANT SELECT, INSERT, UPDATE ON telephony_bridge_source TO operator_web;
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
SELECT public.protect('telephony_bridge_ctievent');
CREATE POLICY platform ON telephony_bridge_ctievent TO telephony USING (true);
SELECT public.protect('telephony_bridge_source');
CREATE POLICY platform ON telephony_bridge_source TO telephony, operator_web USING (true);
SELECT public.protect('telephony_bridge_presence');
CREATE POLICY desk ON telephony_bridge_presence FOR SELECT TO desk_web USING (centre_id IN (SELECT public.desk_centres()));
CREATE POLICY desk_adds ON telephony_bridge_presence FOR INSERT TO desk_web
    WITH CHECK (person_id = public.desk_person() AND centre_id IN (SELECT public.desk_centres()));
CREATE POLICY desk_own ON telephony_bridge_presence FOR UPDATE TO desk_web
    USING (person_id = public.desk_person() AND centre_id IN (SELECT public.desk_centres()));  -- nobody signs a colleague out
CREATE POLICY platform ON telephony_bridge_presence TO telephony, worker USING (true);
SELECT public.protect('telephony_bridge_telephone');
CREATE POLICY desk ON telephony_bridge_telephone FOR SELECT TO desk_web USING (centre_id IN (SELECT public.desk_centres()));
CREATE POLICY platform ON telephony_bridge_telephone TO telephony, operator_web USING (true);
SELECT public.protect('telephony_bridge_exchangecommand');
CREATE POLICY desk ON telephony_bridge_exchangecommand FOR SELECT TO desk_web
    USING (person_id = public.desk_person() AND centre_id IN (SELECT public.desk_centres()));
-- For a call that one sees: the call's own policy is asked, too, and a call of another centre cannot be named under one's own centre.
CREATE POLICY desk_adds ON telephony_bridge_exchangecommand FOR INSERT TO desk_web
    WITH CHECK (person_id = public.desk_person() AND centre_id IN (SELECT public.desk_centres())
        AND EXISTS (SELECT FROM public.telephony_bridge_call c WHERE c.id = call_id AND c.centre_id = telephony_bridge_exchangecommand.centre_id));
CREATE POLICY platform ON telephony_bridge_exchangecommand TO telephony USING (true);
SELECT public.protect('telephony_bridge_spoolposition');
CREATE POLICY platform ON telephony_bridge_spoolposition TO telephony USING (true);
