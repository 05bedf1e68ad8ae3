-- What a photo of a visit report shows, chosen by the technician; most photos have none.
ALTER TABLE attachment ADD COLUMN mark TEXT CHECK (mark IN ('before', 'after', 'type_plate'));
ALTER TABLE day_photo ADD COLUMN mark TEXT CHECK (mark IN ('before', 'after', 'type_plate'));
