"""The hub's database, read beside the hub: it is the hub's disk that counts, not what the hub says of it."""
import contextlib
import pathlib
import shutil
import sqlite3
import tempfile

from units import Envelope

PARTS = ("hub.db", "hub.db-wal", "hub.db-shm")


class Ledger:
    """One session of the hub in this folder, by the device's name for it; reading changes nothing, also where no hub runs."""

    def __init__(self, folder, session):
        self.folder, self.session = pathlib.Path(folder), session

    @contextlib.contextmanager
    def database(self, is_alive=True):
        """Where a hub died its log is not yet part of the database, and who reads it would make it so: a copy is read then."""
        with contextlib.ExitStack() as ending:
            folder, mode = self.folder, "?mode=ro"
            if not is_alive:
                folder, mode = pathlib.Path(ending.enter_context(tempfile.TemporaryDirectory())), ""
                for part in PARTS[:2]:
                    if (self.folder / part).exists():
                        shutil.copy(self.folder / part, folder / part)
            database = sqlite3.connect(f"file:{folder / PARTS[0]}{mode}", uri=True, timeout=10)
            ending.callback(database.close)
            database.row_factory = sqlite3.Row
            yield database

    def row(self, is_alive=True):
        """The session's row; None if there is none."""
        with self.database(is_alive) as database:
            return self.row_in(database)

    def row_in(self, database):
        return database.execute("SELECT * FROM sessions WHERE sessionId = ?", (self.session,)).fetchone()

    def cursor(self, is_alive=True):
        row = self.row(is_alive)
        return row["cursor"] if row else 0

    def all(self):
        """The session's row, its batches in order and its controls."""
        with self.database() as database:
            row = self.row_in(database)
            assert row, f"the hub has no session {self.session}"
            batches = database.execute("SELECT * FROM batches WHERE session = ? ORDER BY rowid", (row["row"],)).fetchall()
            controls = database.execute("SELECT * FROM controls WHERE session = ? ORDER BY seq", (row["row"],)).fetchall()
            return row, batches, controls


def envelopes_of(batches):
    """All envelopes of some batches; that each row is what it says and follows the one before is seen to here."""
    envelopes, last = [], 0
    for batch in sorted(batches, key=lambda batch: batch["firstSeq"]):
        first, through = batch["firstSeq"], batch["lastSeq"]
        assert first == last + 1, f"the row of {first} to {through} follows one that ends with {last}"
        for raw in batch["bytes"].rstrip(b"\n").split(b"\n"):
            envelope = Envelope.read(raw)
            gap = envelope.status("gap")
            begins = gap["from"] if gap else envelope.seq
            assert begins == last + 1, f"number {begins} stands where {last + 1} should: {raw[:120]!r}"
            assert not gap or gap["to"] == envelope.seq, f"a gap of another number: {raw!r}"
            last = envelope.seq
            envelopes.append(envelope)
        assert last == through, f"the row of {first} to {through} ends with {last}"
    return envelopes
