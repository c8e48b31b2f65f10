-- The tables of a CloudStack that matter here, with the columns that are read; the rest is left out.
CREATE DATABASE cloud;
CREATE DATABASE cloud_usage;
CREATE USER 'cloud'@'localhost' IDENTIFIED BY 'cloudsecret';
CREATE USER 'cloud'@'%' IDENTIFIED BY 'cloudsecret' WITH MAX_USER_CONNECTIONS 0;
GRANT ALL ON cloud.* TO 'cloud'@'localhost', 'cloud'@'%';
GRANT ALL ON cloud_usage.* TO 'cloud'@'localhost', 'cloud'@'%';
GRANT PROCESS ON *.* TO 'cloud'@'localhost', 'cloud'@'%';
USE cloud;
CREATE TABLE mshost (id BIGINT PRIMARY KEY, msid BIGINT UNIQUE, name VARCHAR(255), state VARCHAR(10), last_update DATETIME,
	removed DATETIME, alert_count INT NOT NULL DEFAULT 0);
INSERT INTO mshost (id, msid, name, state) VALUES (1, 345049296663, 'mgmt', 'Down');
CREATE TABLE host (id BIGINT PRIMARY KEY, name VARCHAR(255), guid VARCHAR(255) UNIQUE, status VARCHAR(32), type VARCHAR(32),
	private_ip_address VARCHAR(40), mgmt_server_id BIGINT, last_ping INT, removed DATETIME);
INSERT INTO host (id, name, guid, status, type, private_ip_address) VALUES
	(1, 'cs1', '0b8e5b0c-7f0a-4f5e-9d57-1d6d3b5a7c31', 'Disconnected', 'Routing', '10.77.0.31'),
	(2, 's-1-VM', '5d2f0a54-1111-4b2c-8f3e-aaaaaaaaaaaa', 'Disconnected', 'SecondaryStorageVM', '10.77.0.200');
UPDATE host SET removed = NOW() WHERE id = 2;
CREATE TABLE configuration (name VARCHAR(255) PRIMARY KEY, value VARCHAR(4095));
-- the real defaults are 60 and 2.5
INSERT INTO configuration VALUES ('ping.interval', '2'), ('ping.timeout', '2.5'), ('integration.api.port', '0');
USE cloud_usage;
CREATE TABLE usage_job (id BIGINT PRIMARY KEY, host VARCHAR(255), pid INT, heartbeat DATETIME);
INSERT INTO usage_job (id, host) VALUES (1, 'mgmt');
