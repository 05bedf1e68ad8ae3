-- What people have typed into the forms of the apps and not sent. `page` is the path of the page, `form` the name of the
-- form on it; `fields` are the typed values by field.
CREATE TABLE draft (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    realm TEXT NOT NULL CHECK (realm IN ('staff', 'portal', 'partner')),
    person_id UUID NOT NULL,
    page TEXT COLLATE "C" NOT NULL CHECK (length(page) <= 300),
    form TEXT NOT NULL CHECK (length(form) <= 60),
    fields JSONB NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, realm, person_id, page, form)
);
CREATE INDEX draft_by_age ON draft (updated_at);

SELECT protect_tenant_rows('draft');
