-- Memberships decide which centres and municipalities the desk's person works for. A municipality that is only joining is not answered for.
CREATE OR REPLACE FUNCTION public.desk_centres() RETURNS SETOF integer LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.centre_id::integer FROM public.accounts_membership m JOIN public.accounts_person p ON p.id = m.person_id
    WHERE m.person_id = public.desk_person() AND m.role IN ('agent', 'supervisor') AND p.is_active $$;
-- Centres whose team the desk's person leads.
CREATE OR REPLACE FUNCTION public.desk_supervised() RETURNS SETOF integer LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.centre_id::integer FROM public.accounts_membership m JOIN public.accounts_person p ON p.id = m.person_id
    WHERE m.person_id = public.desk_person() AND m.role = 'supervisor' AND p.is_active $$;
CREATE OR REPLACE FUNCTION public.desk_municipalities() RETURNS SETOF integer LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT id::integer FROM public.tenants_municipality
    WHERE status IN ('live', 'leaving') AND centre_id IN (SELECT public.desk_centres()) $$;

-- The front signs people in and keeps everything that belongs to an account.
GRANT SELECT, INSERT, UPDATE, DELETE ON accounts_person, accounts_membership, accounts_invitation, account_emailaddress,
    account_emailconfirmation, mfa_authenticator, usersessions_usersession, django_session, cache TO front;
GRANT SELECT ON django_content_type, auth_permission, auth_group TO front;
GRANT USAGE ON SEQUENCE accounts_person_id_seq, accounts_membership_id_seq, accounts_invitation_id_seq, account_emailaddress_id_seq,
    account_emailconfirmation_id_seq, mfa_authenticator_id_seq, usersessions_usersession_id_seq TO front;
SELECT public.protect('accounts_person');
CREATE POLICY platform ON accounts_person TO front USING (true);

-- Members and invitations: a municipality manages its own; it never sees a person who is not its member. The operator does the same for
-- the centres, and invites a municipality's first admin; it changes nobody's role in a municipality, which would show it drafts.
-- (A municipality deletes its rows by public.delete_own, see tenants/sql/rights.sql.)
GRANT SELECT ON accounts_membership TO tenant;  -- a membership begins when an invitation is accepted, in the front's scope
GRANT SELECT, INSERT ON accounts_invitation TO tenant;
GRANT UPDATE (role) ON accounts_membership TO tenant;
GRANT UPDATE (token_hash, expires_at) ON accounts_invitation TO tenant;
GRANT SELECT, UPDATE (role), DELETE ON accounts_membership TO operator_web;
GRANT SELECT, INSERT, UPDATE (token_hash, expires_at), DELETE ON accounts_invitation TO operator_web;
GRANT USAGE ON SEQUENCE accounts_invitation_id_seq TO tenant, operator_web;
GRANT SELECT ON accounts_membership TO desk_web, telephony, worker, listener;
GRANT SELECT (id, name, email, is_active, phone_user) ON accounts_person TO telephony, worker;
GRANT SELECT (id, is_active) ON accounts_person TO listener;
GRANT SELECT ON usersessions_usersession, django_session TO listener;
SELECT public.protect('accounts_membership');
CREATE POLICY own ON accounts_membership TO tenant USING (municipality_id = (SELECT public.own_municipality()));
CREATE POLICY desk ON accounts_membership FOR SELECT TO desk_web USING (centre_id IN (SELECT public.desk_centres()));
CREATE POLICY centres ON accounts_membership TO operator_web USING (centre_id IS NOT NULL);
CREATE POLICY lookup ON accounts_membership FOR SELECT TO operator_web USING (true);
CREATE POLICY platform ON accounts_membership TO front, telephony, worker, listener USING (true);
SELECT public.protect('accounts_invitation');
CREATE POLICY times ON accounts_invitation AS RESTRICTIVE FOR INSERT TO tenant WITH CHECK (public.can_be_read(created_at, expires_at, accepted_at));
CREATE POLICY later_times ON accounts_invitation AS RESTRICTIVE FOR UPDATE TO tenant USING (true) WITH CHECK (public.can_be_read(created_at, expires_at, accepted_at));
CREATE POLICY own ON accounts_invitation TO tenant USING (municipality_id = (SELECT public.own_municipality()));
CREATE POLICY centres ON accounts_invitation TO operator_web USING (centre_id IS NOT NULL);
CREATE POLICY lookup ON accounts_invitation FOR SELECT TO operator_web USING (true);
CREATE POLICY invites ON accounts_invitation FOR INSERT TO operator_web WITH CHECK (true);
CREATE POLICY platform ON accounts_invitation TO front USING (true);
CREATE POLICY lookup ON accounts_person FOR SELECT TO telephony, worker, listener USING (true);
