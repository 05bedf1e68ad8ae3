CREATE TABLE customer (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    customer_number TEXT,
    number_key TEXT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    archived_at TEXT,
    merged_into BLOB,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, merged_into) REFERENCES customer (tenant_id, id)
) STRICT;
-- Not unique: two customers with the same number are a data error that mapping reports instead of hiding.
CREATE INDEX customer_by_number ON customer (tenant_id, number_key);
CREATE INDEX customer_by_name ON customer (tenant_id, name_key, id);

CREATE TABLE location (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    name TEXT NOT NULL,
    street TEXT,
    postal_code TEXT,
    city TEXT,
    country TEXT,
    latitude REAL CHECK (latitude BETWEEN -90 AND 90),
    longitude REAL CHECK (longitude BETWEEN -180 AND 180),
    zone TEXT NOT NULL,
    access_notes TEXT,
    archived_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, customer_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)
) STRICT;
CREATE INDEX location_by_customer ON location (tenant_id, customer_id, name, id);

CREATE TABLE contact (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    location_id BLOB,
    display_name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    locale TEXT CHECK (locale IN ('en', 'de', 'ar')),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id, location_id) REFERENCES location (tenant_id, customer_id, id)
) STRICT;
CREATE INDEX contact_by_customer ON contact (tenant_id, customer_id, display_name, id);
-- Finds contacts with the sender's email as a hint when a customer is assigned to a request.
CREATE INDEX contact_by_email ON contact (tenant_id, lower(email));
