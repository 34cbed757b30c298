import GRDB

/// The tables, and how older ones become them. A version that went out is never changed: a later one follows it.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(sql: first)
    }
    migrator.registerMigration("2") { database in
      try database.execute(sql: people)
    }
    migrator.registerMigration("3") { database in
      try database.execute(sql: bounds)
    }
    migrator.registerMigration("4") { database in
      try database.execute(sql: approvals)
    }
    migrator.registerMigration("5") { database in
      try database.execute(sql: ephemeral)
    }
    migrator.registerMigration("6") { database in
      try database.execute(sql: questions)
    }
    migrator.registerMigration("7") { database in
      try database.execute(sql: starts)
    }
    return migrator
  }

  /// Secrets stand as their SHA-256 only. A row of `batches` is a run of envelopes as they came off the wire; that a number
  /// stands in one row at most is held by `sessions.cursor`, which moves in the same transaction.
  private static let first = """
    CREATE TABLE devices (
      clientId TEXT PRIMARY KEY, label TEXT NOT NULL, platform TEXT NOT NULL, fingerprint TEXT NOT NULL,
      address TEXT, version TEXT, pairedAt INTEGER NOT NULL, lastSeenAt INTEGER NOT NULL, revokedAt INTEGER
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE codes (
      hash BLOB PRIMARY KEY, expiresAt INTEGER NOT NULL, fingerprint TEXT,
      clientId TEXT REFERENCES devices(clientId) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX codesByExpiry ON codes(expiresAt);

    CREATE TABLE tokens (
      hash BLOB PRIMARY KEY, kind TEXT NOT NULL, clientId TEXT NOT NULL REFERENCES devices(clientId) ON DELETE CASCADE,
      expiresAt INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tokensByExpiry ON tokens(expiresAt);
    CREATE INDEX tokensByDevice ON tokens(clientId);

    CREATE TABLE sessions (
      row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, clientId TEXT NOT NULL REFERENCES devices(clientId),
      sessionId TEXT NOT NULL, opened INTEGER NOT NULL, writer TEXT NOT NULL, takenOver INTEGER NOT NULL DEFAULT 0,
      control INTEGER NOT NULL, title TEXT, agent TEXT, host TEXT, cwd TEXT, labels TEXT NOT NULL,
      cursor INTEGER NOT NULL DEFAULT 0, controlCursor INTEGER NOT NULL DEFAULT 0,
      lastControl INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, lines INTEGER NOT NULL DEFAULT 0,
      firstSeenAt INTEGER NOT NULL, lastSeenAt INTEGER NOT NULL, connected INTEGER NOT NULL DEFAULT 1,
      disconnectedAt INTEGER, ended INTEGER NOT NULL DEFAULT 0, exitCode INTEGER, exitSignal TEXT, exitOutcome TEXT,
      UNIQUE (clientId, sessionId)
    ) STRICT;
    CREATE UNIQUE INDEX sessionsByOpening ON sessions(opened);
    CREATE INDEX sessionsByName ON sessions(sessionId);

    CREATE TABLE fencedWriters (
      session INTEGER NOT NULL REFERENCES sessions(row) ON DELETE CASCADE, writer TEXT NOT NULL,
      PRIMARY KEY (session, writer)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE batches (
      session INTEGER NOT NULL REFERENCES sessions(row) ON DELETE CASCADE, lastSeq INTEGER NOT NULL,
      firstSeq INTEGER NOT NULL, bytes BLOB NOT NULL,
      CHECK (firstSeq <= lastSeq), UNIQUE (session, lastSeq)
    ) STRICT;

    CREATE TABLE controls (
      session INTEGER NOT NULL REFERENCES sessions(row) ON DELETE CASCADE, seq INTEGER NOT NULL, payload BLOB NOT NULL,
      sentBy TEXT NOT NULL, acceptedAt INTEGER NOT NULL, expiresAt INTEGER NOT NULL, result TEXT NOT NULL, reason TEXT,
      PRIMARY KEY (session, seq)
    ) STRICT;
    CREATE INDEX controlsPending ON controls(expiresAt) WHERE result IN ('queued', 'sent');
    """

  /// What people watch with: their tokens, and what a list of sessions says of each.
  private static let people = """
    CREATE TABLE personTokens (
      id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, name TEXT NOT NULL,
      createdAt INTEGER NOT NULL, expiresAt INTEGER, lastUsedAt INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX personTokensByExpiry ON personTokens(expiresAt);

    ALTER TABLE sessions ADD COLUMN turn TEXT;
    ALTER TABLE sessions ADD COLUMN lastLine TEXT;
    """

  /// What a session's quota counts, whether it was reached, and what is written to see whether there is room.
  private static let bounds = """
    ALTER TABLE sessions ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE sessions ADD COLUMN isFull INTEGER NOT NULL DEFAULT 0;
    UPDATE sessions SET stored = (SELECT coalesce(sum(length(bytes)), 0) FROM batches WHERE session = sessions.row);

    CREATE TABLE trials (bytes BLOB NOT NULL) STRICT;
    """

  /// Devices that ask to be paired. `hash` is that of the code they ask with, and the one in `codes` where that stands there
  /// too; `userCode` is no secret: it opens nothing without the key.
  private static let approvals = """
    CREATE TABLE approvals (
      hash BLOB PRIMARY KEY, userCode TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, label TEXT NOT NULL,
      platform TEXT NOT NULL, fingerprint TEXT NOT NULL, address TEXT, createdAt INTEGER NOT NULL,
      expiresAt INTEGER NOT NULL, decision TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX approvalsByExpiry ON approvals(expiresAt);
    """

  /// Devices that end by themselves: what their codes say of them, when and why they ended, and which of their sessions'
  /// ends they know to be stored. And what a list of devices counts.
  private static let ephemeral = """
    ALTER TABLE codes ADD COLUMN label TEXT;
    ALTER TABLE codes ADD COLUMN life INTEGER;
    ALTER TABLE codes ADD COLUMN sessionLimit INTEGER;

    ALTER TABLE devices ADD COLUMN expiresAt INTEGER;
    ALTER TABLE devices ADD COLUMN sessionLimit INTEGER;
    ALTER TABLE devices ADD COLUMN finishedAt INTEGER;
    ALTER TABLE devices ADD COLUMN endedBy TEXT;
    CREATE INDEX devicesByExpiry ON devices(expiresAt) WHERE expiresAt IS NOT NULL AND revokedAt IS NULL;

    ALTER TABLE sessions ADD COLUMN isDelivered INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX sessionsConnected ON sessions(clientId) WHERE connected = 1;

    UPDATE devices SET lastSeenAt = max(
      lastSeenAt, coalesce((SELECT max(lastSeenAt) FROM sessions WHERE sessions.clientId = devices.clientId), 0));
    """

  /// What agents ask and nobody has decided: `seq` is the envelope's.
  private static let questions = """
    CREATE TABLE questions (
      session INTEGER NOT NULL REFERENCES sessions(row) ON DELETE CASCADE, seq INTEGER NOT NULL,
      requestId TEXT NOT NULL, tool TEXT NOT NULL, PRIMARY KEY (session, seq), UNIQUE (session, requestId)
    ) STRICT, WITHOUT ROWID;
    """

  /// Controls for devices, which start agents there, and the session that each start made; one that no hello has come of has
  /// no writer. A device has them if it ever had a channel.
  private static let starts = """
    ALTER TABLE devices ADD COLUMN channelAt INTEGER;
    ALTER TABLE devices ADD COLUMN controlCursor INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE devices ADD COLUMN lastControl INTEGER NOT NULL DEFAULT 0;

    CREATE TABLE deviceControls (
      clientId TEXT NOT NULL REFERENCES devices(clientId) ON DELETE CASCADE, seq INTEGER NOT NULL,
      session INTEGER UNIQUE REFERENCES sessions(row) ON DELETE CASCADE, payload BLOB NOT NULL, sentBy TEXT NOT NULL,
      acceptedAt INTEGER NOT NULL, expiresAt INTEGER NOT NULL, result TEXT NOT NULL, reason TEXT, takenAt INTEGER,
      isOpen INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (clientId, seq)
    ) STRICT;
    CREATE INDEX deviceControlsOpen ON deviceControls(clientId) WHERE isOpen = 1;
    CREATE INDEX deviceControlsWaiting ON deviceControls(clientId, seq) WHERE result IN ('queued', 'sent');
    """
}
