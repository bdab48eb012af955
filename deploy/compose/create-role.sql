-- PostgreSQL's image runs this when it makes the database. The services get a user without rights over the server, and the
-- administrator gets no password: it logs in inside the container alone (psql -U postgres).
\getenv password POSTGRES_PASSWORD
CREATE ROLE quantumtask LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE quantumtask OWNER quantumtask;
ALTER ROLE postgres PASSWORD NULL;
