-- Run by the postgres image with its first start: the role and the database of Headway. The role is no superuser.
\getenv password DATABASE_PASSWORD
create role headway login password :'password';
create database headway owner headway;
