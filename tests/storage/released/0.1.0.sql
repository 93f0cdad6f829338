BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('first_release');
CREATE TABLE drafts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	user_id INTEGER NOT NULL, 
	created DATETIME NOT NULL, 
	request VARCHAR NOT NULL
);
INSERT INTO "drafts" VALUES(1,11,'2026-11-01 12:00:00.000000','{"plans": []}');
CREATE TABLE favourites (
	user_id INTEGER NOT NULL, 
	generation_id INTEGER NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_favourites PRIMARY KEY (user_id, generation_id), 
	CONSTRAINT fk_favourites_generation_id FOREIGN KEY(generation_id) REFERENCES generations (id)
);
INSERT INTO "favourites" VALUES(12,1,'2026-11-29 06:28:20.999309');
CREATE TABLE figures (
	generation_id INTEGER NOT NULL, 
	"index" INTEGER NOT NULL, 
	file VARCHAR NOT NULL, 
	CONSTRAINT pk_figures PRIMARY KEY (generation_id, "index"), 
	CONSTRAINT fk_figures_generation_id FOREIGN KEY(generation_id) REFERENCES generations (id)
);
INSERT INTO "figures" VALUES(1,0,'001/1-figure-0-cc.webp');
CREATE TABLE forgotten_charges (
	id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	guild_id INTEGER, 
	created DATETIME NOT NULL, 
	charged INTEGER NOT NULL, 
	CONSTRAINT pk_forgotten_charges PRIMARY KEY (id)
);
INSERT INTO "forgotten_charges" VALUES(1,13,2,'2026-11-01 12:00:00.000000',9);
CREATE TABLE generations (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"key" VARCHAR NOT NULL, 
	user_id INTEGER NOT NULL, 
	guild_id INTEGER, 
	channel_id INTEGER NOT NULL, 
	message_id INTEGER NOT NULL, 
	private BOOLEAN NOT NULL, 
	token VARCHAR, 
	token_expires DATETIME, 
	spoiler BOOLEAN NOT NULL, 
	locale VARCHAR NOT NULL, 
	guard VARCHAR NOT NULL, 
	file_limit INTEGER, 
	token_only BOOLEAN NOT NULL, 
	action VARCHAR NOT NULL, 
	parent_id INTEGER, 
	parent_picture INTEGER, 
	state VARCHAR NOT NULL, 
	failure VARCHAR, 
	delivered BOOLEAN NOT NULL, 
	created DATETIME NOT NULL, 
	seconds DOUBLE, 
	circumstances VARCHAR, 
	prompt VARCHAR NOT NULL, 
	negative_prompt VARCHAR NOT NULL, 
	seed INTEGER NOT NULL, 
	model VARCHAR NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	steps INTEGER NOT NULL, 
	guidance_scale DOUBLE NOT NULL, 
	sampler VARCHAR NOT NULL, 
	clip_skip INTEGER NOT NULL, 
	count INTEGER NOT NULL, 
	variation_seed INTEGER NOT NULL, 
	variation_strength DOUBLE NOT NULL, 
	seed_width INTEGER NOT NULL, 
	seed_height INTEGER NOT NULL, 
	schedule VARCHAR NOT NULL, 
	guidance_rescale DOUBLE NOT NULL, 
	guidance_start DOUBLE NOT NULL, 
	guidance_end DOUBLE NOT NULL, 
	denoising_strength DOUBLE NOT NULL, 
	hires_factor DOUBLE NOT NULL, 
	hires_strength DOUBLE NOT NULL, 
	control_scale DOUBLE NOT NULL, 
	image_prompt_scale DOUBLE NOT NULL, 
	image_file VARCHAR, 
	mask_file VARCHAR, 
	control_file VARCHAR, 
	image_prompt_file VARCHAR, 
	second_file VARCHAR, 
	third_file VARCHAR, 
	fourth_file VARCHAR, 
	factor INTEGER NOT NULL, 
	upscaler VARCHAR, 
	cells VARCHAR, 
	axes VARCHAR, 
	charged INTEGER NOT NULL, 
	hint_setting VARCHAR, 
	hint_usual VARCHAR, 
	CONSTRAINT uq_generations_key UNIQUE ("key"), 
	CONSTRAINT fk_generations_parent_id FOREIGN KEY(parent_id) REFERENCES generations (id)
);
INSERT INTO "generations" VALUES(1,'i:1',11,2,3,101,0,NULL,'2026-11-01 12:00:00.000000',0,'es-ES','off',NULL,0,'imagine',NULL,NULL,'completed',NULL,1,'2026-11-01 12:00:00.000000',2.5,'cpu','a red apple 🍎','leaf',7,'pocket',128,128,25,7.0,'DPM++ 2M Karras',1,2,0,0.0,0,0,'Automatic',0.0,0.0,1.0,0.75,1.0,0.5,1.0,0.6,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,40,NULL,NULL);
INSERT INTO "generations" VALUES(2,'i:2',11,2,3,102,0,'token','2026-11-01 12:00:00.000000',0,'es-ES','off',NULL,0,'upscale',1,0,'drawing',NULL,0,'2026-11-01 12:00:00.000000',NULL,NULL,'a red apple 🍎','leaf',7,'pocket',128,128,25,7.0,'DPM++ 2M Karras',1,1,0,0.0,0,0,'Automatic',0.0,0.0,1.0,0.75,1.0,0.5,1.0,0.6,'inputs/11/dd.png',NULL,NULL,NULL,NULL,NULL,NULL,2,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "generations" VALUES(3,'i:3',12,2,3,103,0,'token','2026-11-01 12:00:00.000000',0,'es-ES','off',NULL,0,'imagine',NULL,NULL,'queued',NULL,0,'2026-11-01 12:00:00.000000',NULL,NULL,'a red apple 🍎','leaf',7,'pocket',128,128,25,7.0,'DPM++ 2M Karras',1,1,0,0.0,0,0,'Automatic',0.0,0.0,1.0,0.75,1.0,0.5,1.0,0.6,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,'[{"steps": 4, "sampler": "DDIM"}, {"steps": 8, "sampler": "DDIM"}]','[["steps", ["4", "8"]]]',0,NULL,NULL);
INSERT INTO "generations" VALUES(4,'i:4',12,2,3,104,0,'token','2026-11-01 12:00:00.000000',0,'es-ES','off',NULL,0,'imagine',NULL,NULL,'failed','Not enough graphics memory. Try a smaller size or fewer pictures.',0,'2026-11-01 12:00:00.000000',NULL,NULL,'a red apple 🍎','leaf',7,'pocket',128,128,25,7.0,'DPM++ 2M Karras',1,2,0,0.0,0,0,'Automatic',0.0,0.0,1.0,0.75,1.0,0.5,1.0,0.6,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,0,NULL,NULL);
CREATE TABLE paces (
	model VARCHAR NOT NULL, 
	pixels INTEGER NOT NULL, 
	seconds DOUBLE NOT NULL, 
	CONSTRAINT pk_paces PRIMARY KEY (model, pixels)
);
INSERT INTO "paces" VALUES('pocket',16384,0.25);
CREATE TABLE personal_settings (
	user_id INTEGER NOT NULL, 
	suffix VARCHAR NOT NULL, 
	tell_when_done BOOLEAN NOT NULL, 
	reply_when_done BOOLEAN NOT NULL, 
	hints BOOLEAN NOT NULL, 
	model VARCHAR NOT NULL, 
	last_hint DATETIME, 
	CONSTRAINT pk_personal_settings PRIMARY KEY (user_id)
);
INSERT INTO "personal_settings" VALUES(11,'soft light',0,0,1,'',NULL);
CREATE TABLE pictures (
	generation_id INTEGER NOT NULL, 
	"index" INTEGER NOT NULL, 
	seed INTEGER NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	file VARCHAR, 
	flagged BOOLEAN NOT NULL, 
	CONSTRAINT pk_pictures PRIMARY KEY (generation_id, "index"), 
	CONSTRAINT fk_pictures_generation_id FOREIGN KEY(generation_id) REFERENCES generations (id)
);
INSERT INTO "pictures" VALUES(1,0,7,128,128,'001/1-0-aa.png',0);
INSERT INTO "pictures" VALUES(1,1,8,128,128,'001/1-1-bb.png',0);
CREATE TABLE removals (
	id INTEGER NOT NULL, 
	file VARCHAR, 
	channel_id INTEGER, 
	message_id INTEGER, 
	CONSTRAINT pk_removals PRIMARY KEY (id)
);
INSERT INTO "removals" VALUES(1,NULL,3,105);
CREATE TABLE server_allowed (
	guild_id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	CONSTRAINT pk_server_allowed PRIMARY KEY (guild_id, kind, name)
);
INSERT INTO "server_allowed" VALUES(2,'role','55');
CREATE TABLE server_rules (
	guild_id INTEGER NOT NULL, 
	scope_id INTEGER NOT NULL, 
	model VARCHAR NOT NULL, 
	setting VARCHAR NOT NULL, 
	"default" VARCHAR, 
	minimum DOUBLE, 
	maximum DOUBLE, 
	locked BOOLEAN, 
	CONSTRAINT pk_server_rules PRIMARY KEY (guild_id, scope_id, model, setting)
);
INSERT INTO "server_rules" VALUES(2,2,'','steps','10',1.0,30.0,1);
CREATE TABLE servers (
	guild_id INTEGER NOT NULL, 
	paused BOOLEAN NOT NULL, 
	nsfw VARCHAR NOT NULL, 
	blocked_words VARCHAR NOT NULL, 
	log_channel_id INTEGER, 
	hints BOOLEAN NOT NULL, 
	CONSTRAINT pk_servers PRIMARY KEY (guild_id)
);
INSERT INTO "servers" VALUES(2,0,'off','',77,1);
CREATE TABLE styles (
	user_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	CONSTRAINT pk_styles PRIMARY KEY (user_id, name)
);
INSERT INTO "styles" VALUES(11,'neon','glowing --steps 8');
CREATE TABLE user_defaults (
	user_id INTEGER NOT NULL, 
	model VARCHAR NOT NULL, 
	width INTEGER, 
	height INTEGER, 
	negative_prompt VARCHAR, 
	steps INTEGER, 
	guidance_scale DOUBLE, 
	sampler VARCHAR, 
	clip_skip INTEGER, 
	count INTEGER, 
	CONSTRAINT pk_user_defaults PRIMARY KEY (user_id, model)
);
INSERT INTO "user_defaults" VALUES(11,'',NULL,NULL,NULL,12,NULL,NULL,NULL,NULL);
CREATE INDEX ix_drafts_user_id ON drafts (user_id);
CREATE INDEX ix_forgotten_charges_user_id ON forgotten_charges (user_id);
CREATE INDEX ix_generations_message_id ON generations (message_id);
CREATE INDEX ix_generations_unfinished ON generations (delivered, state);
CREATE INDEX ix_generations_user_id ON generations (user_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('generations',5);
INSERT INTO "sqlite_sequence" VALUES('drafts',1);
COMMIT;
