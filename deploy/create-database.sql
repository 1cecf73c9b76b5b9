-- Run by the postgres image with its first start: the role and the database of Headway. The role is no superuser. Headway
-- makes the schema `headway` in it and puts everything there; where the role may not make schemas, make it beforehand:
-- create schema headway authorization headway;
\getenv password DATABASE_PASSWORD
create role headway login password :'password';
create database headway owner headway;
