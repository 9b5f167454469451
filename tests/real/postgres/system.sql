-- A stand-in for the schema "system" of CockroachDB on PostgreSQL: what the statements on web sessions need.
CREATE SCHEMA system;
CREATE SEQUENCE system.ids START 784428093743988737 INCREMENT 32768;
CREATE TABLE system.users (
  username text PRIMARY KEY,
  "hashedPassword" bytea,
  "isRole" boolean NOT NULL DEFAULT false,
  user_id oid NOT NULL UNIQUE
);
CREATE TABLE system.web_sessions (
  id bigint PRIMARY KEY DEFAULT nextval('system.ids'),
  "hashedSecret" bytea NOT NULL,
  username text NOT NULL,
  "createdAt" timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  "expiresAt" timestamp NOT NULL,
  "revokedAt" timestamp,
  "lastUsedAt" timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  "auditInfo" text,
  user_id oid NOT NULL
);
INSERT INTO system.users (username, "isRole", user_id) VALUES
  ('root', false, 1), ('admin', true, 2), ('ada', false, 100), ('web_user', false, 101), ('opsadmin', false, 102);
GRANT USAGE ON SCHEMA system TO operators;
GRANT USAGE ON SEQUENCE system.ids TO operators;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA system TO operators;
