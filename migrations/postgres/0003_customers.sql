CREATE TABLE customer (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    customer_number TEXT,
    number_key TEXT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    archived_at TIMESTAMPTZ,
    merged_into UUID,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, merged_into) REFERENCES customer (tenant_id, id)
);
-- Not unique: two customers with the same number are a data error that mapping reports instead of hiding.
CREATE INDEX customer_by_number ON customer (tenant_id, number_key);
CREATE INDEX customer_by_name ON customer (tenant_id, name_key, id);

CREATE TABLE location (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    name TEXT NOT NULL,
    street TEXT,
    postal_code TEXT,
    city TEXT,
    country TEXT,
    latitude DOUBLE PRECISION CHECK (latitude BETWEEN -90 AND 90),
    longitude DOUBLE PRECISION CHECK (longitude BETWEEN -180 AND 180),
    zone TEXT NOT NULL,
    access_notes TEXT,
    archived_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, customer_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)
);
CREATE INDEX location_by_customer ON location (tenant_id, customer_id, name, id);

CREATE TABLE contact (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    location_id UUID,
    display_name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    locale TEXT CHECK (locale IN ('en', 'de', 'ar')),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id, location_id) REFERENCES location (tenant_id, customer_id, id)
);
CREATE INDEX contact_by_customer ON contact (tenant_id, customer_id, display_name, id);
-- Finds contacts with the sender's email as a hint when a customer is assigned to a request.
CREATE INDEX contact_by_email ON contact (tenant_id, lower(email));

SELECT protect_tenant_rows('customer');
SELECT protect_tenant_rows('location');
SELECT protect_tenant_rows('contact');
