-- The search index (decision 0037). `search_text` has the folded text of each entry, by groups of three characters; `search_entry`
-- says which record it belongs to. `search_stale` names the records that changed since they were indexed.
CREATE TABLE search_entry (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('customer', 'location', 'contact', 'job', 'request', 'report')),
    record_id BLOB NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (tenant_id, kind, record_id)
) STRICT;
CREATE VIRTUAL TABLE search_text USING fts5 (folded, tokenize = 'trigram case_sensitive 0');
CREATE TRIGGER search_entry_deleted AFTER DELETE ON search_entry BEGIN
    DELETE FROM search_text WHERE rowid = OLD.id;
END;

CREATE TABLE search_stale (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL DEFAULT (randomblob(16)),
    -- `customer_name` and `location_name` are records whose name is a part of the text of other records.
    kind TEXT NOT NULL CHECK (
        kind IN ('customer', 'location', 'contact', 'job', 'request', 'report', 'customer_name', 'location_name')
    ),
    record_id BLOB NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE TRIGGER search_customer_inserted AFTER INSERT ON customer BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'customer', NEW.id);
END;
CREATE TRIGGER search_customer_updated AFTER UPDATE OF name, customer_number ON customer BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'customer', NEW.id);
END;
CREATE TRIGGER search_customer_renamed AFTER UPDATE OF name ON customer WHEN NEW.name <> OLD.name BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'customer_name', NEW.id);
END;
CREATE TRIGGER search_location_inserted AFTER INSERT ON location BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'location', NEW.id);
END;
CREATE TRIGGER search_location_updated AFTER UPDATE OF name, street, postal_code, city ON location BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'location', NEW.id);
END;
CREATE TRIGGER search_location_renamed AFTER UPDATE OF name, street, postal_code, city ON location
WHEN NEW.name <> OLD.name OR NEW.street IS NOT OLD.street OR NEW.postal_code IS NOT OLD.postal_code OR NEW.city IS NOT OLD.city
BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'location_name', NEW.id);
END;
CREATE TRIGGER search_contact_inserted AFTER INSERT ON contact BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'contact', NEW.id);
END;
CREATE TRIGGER search_contact_updated AFTER UPDATE OF display_name, email, phone ON contact BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'contact', NEW.id);
END;
CREATE TRIGGER search_reference_inserted AFTER INSERT ON external_reference BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, NEW.entity_type, NEW.entity_id);
END;
CREATE TRIGGER search_reference_updated AFTER UPDATE OF external_id, entity_id ON external_reference BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (OLD.tenant_id, OLD.entity_type, OLD.entity_id);
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, NEW.entity_type, NEW.entity_id);
END;
CREATE TRIGGER search_reference_deleted AFTER DELETE ON external_reference BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (OLD.tenant_id, OLD.entity_type, OLD.entity_id);
END;
CREATE TRIGGER search_job_inserted AFTER INSERT ON target BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'job', NEW.id);
END;
CREATE TRIGGER search_job_updated
AFTER UPDATE OF external_id, customer_id, location_id, notes, place ON target
WHEN NEW.external_id IS NOT OLD.external_id OR NEW.customer_id IS NOT OLD.customer_id OR NEW.location_id IS NOT OLD.location_id OR NEW.notes IS NOT OLD.notes OR NEW.place IS NOT OLD.place
BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'job', NEW.id);
END;
CREATE TRIGGER search_request_inserted AFTER INSERT ON request BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'request', NEW.id);
END;
CREATE TRIGGER search_request_updated
AFTER UPDATE OF external_id, customer_id, location_id, description, requester, place ON request
WHEN NEW.external_id IS NOT OLD.external_id OR NEW.customer_id IS NOT OLD.customer_id OR NEW.location_id IS NOT OLD.location_id OR NEW.description <> OLD.description OR NEW.requester IS NOT OLD.requester
    OR NEW.place IS NOT OLD.place
BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'request', NEW.id);
END;
CREATE TRIGGER search_report_inserted AFTER INSERT ON visit_report BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'report', NEW.id);
END;
CREATE TRIGGER search_report_updated AFTER UPDATE OF summary ON visit_report WHEN NEW.summary <> OLD.summary BEGIN
    INSERT INTO search_stale (tenant_id, kind, record_id) VALUES (NEW.tenant_id, 'report', NEW.id);
END;

-- Existing records of all tenants.
INSERT INTO search_stale (tenant_id, kind, record_id) SELECT tenant_id, 'customer', id FROM customer;
INSERT INTO search_stale (tenant_id, kind, record_id) SELECT tenant_id, 'location', id FROM location;
INSERT INTO search_stale (tenant_id, kind, record_id) SELECT tenant_id, 'contact', id FROM contact;
INSERT INTO search_stale (tenant_id, kind, record_id) SELECT tenant_id, 'request', id FROM request;
INSERT INTO search_stale (tenant_id, kind, record_id) SELECT tenant_id, 'job', id FROM target;
INSERT INTO search_stale (tenant_id, kind, record_id) SELECT tenant_id, 'report', id FROM visit_report;

