-- Notes for dispatch that came with a request: what was typed beside the customer's words in a call, and what a partner's system
-- sent for the team. No customer ever reads them; `description` is what the customer reads again.
ALTER TABLE request ADD COLUMN internal_notes TEXT;
