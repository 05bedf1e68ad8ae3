-- Contacts can be archived like customers and locations.
ALTER TABLE contact ADD COLUMN archived_at TIMESTAMPTZ;

-- Who changed a record last: the label of the actor, set by every statement that changes one.
ALTER TABLE customer ADD COLUMN updated_by TEXT;
ALTER TABLE location ADD COLUMN updated_by TEXT;
ALTER TABLE contact ADD COLUMN updated_by TEXT;

-- The history of each field of customers, locations and contacts. Triggers write it (decision 0036), so that no way of changing a
-- record is left out.
CREATE TABLE record_change (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('customer', 'location', 'contact')),
    record_id UUID NOT NULL,
    field TEXT NOT NULL,
    old_value TEXT,
    new_value TEXT,
    at TIMESTAMPTZ NOT NULL,
    changed_by TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX record_change_of_customer ON record_change (tenant_id, customer_id, at);
CREATE INDEX record_change_of_record ON record_change (tenant_id, record_id, at);

-- Similar customers are found by the phone numbers of their contacts and the addresses of their locations.
CREATE INDEX contact_by_phone ON contact (tenant_id, phone);
CREATE INDEX location_by_postal_code ON location (tenant_id, postal_code);
SELECT protect_tenant_rows('record_change');

CREATE FUNCTION customer_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO record_change (tenant_id, id, customer_id, kind, record_id, field, old_value, new_value, at, changed_by)
    SELECT
        NEW.tenant_id, gen_random_uuid(), NEW.id, 'customer', NEW.id, change.field, change.old_value, change.new_value,
        NEW.updated_at, NEW.updated_by
    FROM (
        VALUES
            ('name', OLD.name, NEW.name),
            ('customer_number', OLD.customer_number, NEW.customer_number),
            ('archived', CASE WHEN OLD.archived_at IS NOT NULL THEN 'yes' END,
                CASE WHEN NEW.archived_at IS NOT NULL THEN 'yes' END)
    ) AS change (field, old_value, new_value)
    WHERE change.old_value IS DISTINCT FROM change.new_value;
    RETURN NULL;
END
$$;
CREATE TRIGGER customer_change AFTER UPDATE ON customer
    FOR EACH ROW EXECUTE FUNCTION customer_change();

CREATE FUNCTION location_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO record_change (tenant_id, id, customer_id, kind, record_id, field, old_value, new_value, at, changed_by)
    SELECT
        NEW.tenant_id, gen_random_uuid(), NEW.customer_id, 'location', NEW.id, change.field, change.old_value,
        change.new_value, NEW.updated_at, NEW.updated_by
    FROM (
        VALUES
            ('name', OLD.name, NEW.name),
            ('street', OLD.street, NEW.street),
            ('postal_code', OLD.postal_code, NEW.postal_code),
            ('city', OLD.city, NEW.city),
            ('country', OLD.country, NEW.country),
            ('coordinates', OLD.latitude || ', ' || OLD.longitude, NEW.latitude || ', ' || NEW.longitude),
            ('zone', OLD.zone, NEW.zone),
            ('access_notes', OLD.access_notes, NEW.access_notes),
            ('archived', CASE WHEN OLD.archived_at IS NOT NULL THEN 'yes' END,
                CASE WHEN NEW.archived_at IS NOT NULL THEN 'yes' END)
    ) AS change (field, old_value, new_value)
    WHERE change.old_value IS DISTINCT FROM change.new_value;
    RETURN NULL;
END
$$;
CREATE TRIGGER location_change AFTER UPDATE ON location
    FOR EACH ROW EXECUTE FUNCTION location_change();

CREATE FUNCTION contact_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO record_change (tenant_id, id, customer_id, kind, record_id, field, old_value, new_value, at, changed_by)
    SELECT
        NEW.tenant_id, gen_random_uuid(), NEW.customer_id, 'contact', NEW.id, change.field, change.old_value,
        change.new_value, NEW.updated_at, NEW.updated_by
    FROM (
        VALUES
            ('name', OLD.display_name, NEW.display_name),
            ('email', OLD.email, NEW.email),
            ('phone', OLD.phone, NEW.phone),
            ('location',
                (SELECT location.name FROM location
                    WHERE location.tenant_id = OLD.tenant_id AND location.id = OLD.location_id),
                (SELECT location.name FROM location
                    WHERE location.tenant_id = NEW.tenant_id AND location.id = NEW.location_id)),
            ('archived', CASE WHEN OLD.archived_at IS NOT NULL THEN 'yes' END,
                CASE WHEN NEW.archived_at IS NOT NULL THEN 'yes' END)
    ) AS change (field, old_value, new_value)
    WHERE change.old_value IS DISTINCT FROM change.new_value;
    RETURN NULL;
END
$$;
CREATE TRIGGER contact_change AFTER UPDATE ON contact
    FOR EACH ROW EXECUTE FUNCTION contact_change();
