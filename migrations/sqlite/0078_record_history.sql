-- Contacts can be archived like customers and locations.
ALTER TABLE contact ADD COLUMN archived_at TEXT;

-- Who changed a record last: the label of the actor, set by every statement that changes one.
ALTER TABLE customer ADD COLUMN updated_by TEXT;
ALTER TABLE location ADD COLUMN updated_by TEXT;
ALTER TABLE contact ADD COLUMN updated_by TEXT;

-- The history of each field of customers, locations and contacts. Triggers write it (decision 0036), so that no way of changing a
-- record is left out.
CREATE TABLE record_change (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('customer', 'location', 'contact')),
    record_id BLOB NOT NULL,
    field TEXT NOT NULL,
    old_value TEXT,
    new_value TEXT,
    at TEXT NOT NULL,
    changed_by TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX record_change_of_customer ON record_change (tenant_id, customer_id, at);
CREATE INDEX record_change_of_record ON record_change (tenant_id, record_id, at);

-- Similar customers are found by the phone numbers of their contacts and the addresses of their locations.
CREATE INDEX contact_by_phone ON contact (tenant_id, phone);
CREATE INDEX location_by_postal_code ON location (tenant_id, postal_code);

CREATE TRIGGER customer_change AFTER UPDATE ON customer BEGIN
    INSERT INTO record_change (tenant_id, id, customer_id, kind, record_id, field, old_value, new_value, at, changed_by)
    SELECT
        NEW.tenant_id, randomblob(16), NEW.id, 'customer', NEW.id, change.field, change.old_value, change.new_value,
        NEW.updated_at, NEW.updated_by
    FROM (
        SELECT 'name' AS field, OLD.name AS old_value, NEW.name AS new_value
        UNION ALL SELECT 'customer_number', OLD.customer_number, NEW.customer_number
        UNION ALL SELECT 'archived', CASE WHEN OLD.archived_at IS NOT NULL THEN 'yes' END,
            CASE WHEN NEW.archived_at IS NOT NULL THEN 'yes' END
    ) AS change
    WHERE change.old_value IS NOT change.new_value;
END;
CREATE TRIGGER location_change AFTER UPDATE ON location BEGIN
    INSERT INTO record_change (tenant_id, id, customer_id, kind, record_id, field, old_value, new_value, at, changed_by)
    SELECT
        NEW.tenant_id, randomblob(16), NEW.customer_id, 'location', NEW.id, change.field, change.old_value,
        change.new_value, NEW.updated_at, NEW.updated_by
    FROM (
        SELECT 'name' AS field, OLD.name AS old_value, NEW.name AS new_value
        UNION ALL SELECT 'street', OLD.street, NEW.street
        UNION ALL SELECT 'postal_code', OLD.postal_code, NEW.postal_code
        UNION ALL SELECT 'city', OLD.city, NEW.city
        UNION ALL SELECT 'country', OLD.country, NEW.country
        UNION ALL SELECT 'coordinates', OLD.latitude || ', ' || OLD.longitude, NEW.latitude || ', ' || NEW.longitude
        UNION ALL SELECT 'zone', OLD.zone, NEW.zone
        UNION ALL SELECT 'access_notes', OLD.access_notes, NEW.access_notes
        UNION ALL SELECT 'archived', CASE WHEN OLD.archived_at IS NOT NULL THEN 'yes' END,
            CASE WHEN NEW.archived_at IS NOT NULL THEN 'yes' END
    ) AS change
    WHERE change.old_value IS NOT change.new_value;
END;
CREATE TRIGGER contact_change AFTER UPDATE ON contact BEGIN
    INSERT INTO record_change (tenant_id, id, customer_id, kind, record_id, field, old_value, new_value, at, changed_by)
    SELECT
        NEW.tenant_id, randomblob(16), NEW.customer_id, 'contact', NEW.id, change.field, change.old_value,
        change.new_value, NEW.updated_at, NEW.updated_by
    FROM (
        SELECT 'name' AS field, OLD.display_name AS old_value, NEW.display_name AS new_value
        UNION ALL SELECT 'email', OLD.email, NEW.email
        UNION ALL SELECT 'phone', OLD.phone, NEW.phone
        UNION ALL SELECT 'location',
            (SELECT location.name FROM location
                WHERE location.tenant_id = OLD.tenant_id AND location.id = OLD.location_id),
            (SELECT location.name FROM location
                WHERE location.tenant_id = NEW.tenant_id AND location.id = NEW.location_id)
        UNION ALL SELECT 'archived', CASE WHEN OLD.archived_at IS NOT NULL THEN 'yes' END,
            CASE WHEN NEW.archived_at IS NOT NULL THEN 'yes' END
    ) AS change
    WHERE change.old_value IS NOT change.new_value;
END;
