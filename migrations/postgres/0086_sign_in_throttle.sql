-- Counters are updated in place: free space on each page keeps the index small.
ALTER TABLE sign_in_throttle SET (fillfactor = 80);
