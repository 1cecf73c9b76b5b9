-- breaking: no
-- A key for a browser ends with the key that made it.
alter table headway.api_key add column made_by uuid references headway.api_key;
