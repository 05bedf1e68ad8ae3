-- The search index (decision 0037). `search_text` has the folded text of each entry, by groups of three characters; `search_entry`
-- says which record it belongs to. `search_stale` names the records that changed since they were indexed.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE search_entry (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('customer', 'location', 'contact', 'job', 'request', 'report')),
    record_id UUID NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (tenant_id, kind, record_id)
);
SELECT protect_tenant_rows('search_entry');
-- Has no column with the tenant: LIKE is not leakproof, so a policy would keep PostgreSQL from using the index. It is only read
-- together with `search_entry`, which has one.
CREATE TABLE search_text (
    rowid BIGINT PRIMARY KEY REFERENCES search_entry (id) ON DELETE CASCADE,
    folded TEXT NOT NULL
);
CREATE INDEX search_text_by_word ON search_text USING gin (folded gin_trgm_ops);

CREATE TABLE search_stale (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    -- `customer_name` and `location_name` are records whose name is a part of the text of other records.
    kind TEXT NOT NULL CHECK (
        kind IN ('customer', 'location', 'contact', 'job', 'request', 'report', 'customer_name', 'location_name')
    ),
    record_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT protect_tenant_rows('search_stale');

-- Its argument is the kind of the record.
CREATE FUNCTION search_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, TG_ARGV[0], NEW.id);
    RETURN NULL;
END
$$;
CREATE FUNCTION search_reference_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (OLD.tenant_id, OLD.entity_type, OLD.entity_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, NEW.entity_type, NEW.entity_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER search_customer_inserted AFTER INSERT ON customer
    FOR EACH ROW
    EXECUTE FUNCTION search_changed('customer');
CREATE TRIGGER search_customer_updated AFTER UPDATE OF name, customer_number ON customer
    FOR EACH ROW
    EXECUTE FUNCTION search_changed('customer');
CREATE TRIGGER search_customer_renamed AFTER UPDATE OF name ON customer
    FOR EACH ROW
    WHEN (NEW.name <> OLD.name)
    EXECUTE FUNCTION search_changed('customer_name');
CREATE TRIGGER search_location_inserted AFTER INSERT ON location
    FOR EACH ROW
    EXECUTE FUNCTION search_changed('location');
CREATE TRIGGER search_location_updated AFTER UPDATE OF name, street, postal_code, city ON location
    FOR EACH ROW
    EXECUTE FUNCTION search_changed('location');
CREATE TRIGGER search_location_renamed AFTER UPDATE OF name, street, postal_code, city ON location
    FOR EACH ROW
    WHEN (NEW.name <> OLD.name OR NEW.street IS DISTINCT FROM OLD.street OR NEW.postal_code IS DISTINCT FROM OLD.postal_code OR NEW.city IS DISTINCT FROM OLD.city)
    EXECUTE FUNCTION search_changed('location_name');
CREATE TRIGGER search_contact_inserted AFTER INSERT ON contact
    FOR EACH ROW
    EXECUTE FUNCTION search_changed('contact');
CREATE TRIGGER search_contact_updated AFTER UPDATE OF display_name, email, phone ON contact
    FOR EACH ROW
    EXECUTE FUNCTION search_changed('contact');
CREATE TRIGGER search_job_inserted AFTER INSERT ON target
    FOR EACH ROW
    EXECUTE FUNCTION search_changed('job');
CREATE TRIGGER search_job_updated AFTER UPDATE OF external_id, customer_id, location_id, notes, place ON target
    FOR EACH ROW
    WHEN (NEW.external_id IS DISTINCT FROM OLD.external_id OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.location_id IS DISTINCT FROM OLD.location_id OR NEW.notes IS DISTINCT FROM OLD.notes OR NEW.place IS DISTINCT FROM OLD.place)
    EXECUTE FUNCTION search_changed('job');
CREATE TRIGGER search_request_inserted AFTER INSERT ON request
    FOR EACH ROW
    EXECUTE FUNCTION search_changed('request');
CREATE TRIGGER search_request_updated AFTER UPDATE OF external_id, customer_id, location_id, description, requester, place ON request
    FOR EACH ROW
    WHEN (NEW.external_id IS DISTINCT FROM OLD.external_id OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.location_id IS DISTINCT FROM OLD.location_id OR NEW.description <> OLD.description OR NEW.requester IS DISTINCT FROM OLD.requester OR NEW.place IS DISTINCT FROM OLD.place)
    EXECUTE FUNCTION search_changed('request');
CREATE TRIGGER search_report_inserted AFTER INSERT ON visit_report
    FOR EACH ROW
    EXECUTE FUNCTION search_changed('report');
CREATE TRIGGER search_report_updated AFTER UPDATE OF summary ON visit_report
    FOR EACH ROW
    WHEN (NEW.summary <> OLD.summary)
    EXECUTE FUNCTION search_changed('report');
CREATE TRIGGER search_reference_changed AFTER INSERT OR DELETE OR UPDATE OF external_id, entity_id ON external_reference
    FOR EACH ROW EXECUTE FUNCTION search_reference_changed();

-- Existing records of all tenants.
SELECT set_config('ordinavo.tenant', '*', true);
INSERT INTO search_stale (tenant_id, kind, record_id) SELECT tenant_id, 'customer', id FROM customer;
INSERT INTO search_stale (tenant_id, kind, record_id) SELECT tenant_id, 'location', id FROM location;
INSERT INTO search_stale (tenant_id, kind, record_id) SELECT tenant_id, 'contact', id FROM contact;
INSERT INTO search_stale (tenant_id, kind, record_id) SELECT tenant_id, 'request', id FROM request;
INSERT INTO search_stale (tenant_id, kind, record_id) SELECT tenant_id, 'job', id FROM target;
INSERT INTO search_stale (tenant_id, kind, record_id) SELECT tenant_id, 'report', id FROM visit_report;

