"""The audit log in the database: written with the action, never changed, kept for its time."""

import time
from collections.abc import Iterator
from dataclasses import replace

import apsw
import psycopg
import pytest

from quantumtask.shared.audit import LOCAL_SENDER, Sender
from quantumtask.shared.limits import EACH_USER
from quantumtask.shared.principal import ALL_PROJECTS, Principal, Role
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Submission, TaskSpec
from tests.support import databases
from tests.support.stores import FullStore

ROOT = Sender("root", "default", "192.0.2.1")
ADA = Principal("ada", "physics", Role.USER)
HOUR_S = 3600.0


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    opened = FullStore(configured)
    yield opened
    opened.close()


def changes(store: FullStore, project: str = ALL_PROJECTS) -> list[tuple[str, ...]]:
    records = store.audit_records(HOUR_S, project)
    return [(r.principal, r.action, r.object_kind, r.object_id, r.outcome) for r in records]


def submit(store: FullStore, *ids: str) -> None:
    store.submit([Submission(i, TaskSpec("x", project="physics"), 1.0) for i in ids])


def test_each_action_is_recorded_with_its_sender_and_its_object(store: FullStore) -> None:
    submit(store, "task")
    _, token = store.create_token(ADA, sender=ROOT)
    store.revoke_tokens("ada", "physics", ROOT)
    store.set_limit("physics", EACH_USER, "max_running", 4, ROOT)
    store.set_limit("physics", "ada", "max_running", None, ROOT)
    store.cancel(ALL_PROJECTS, "task", ROOT)
    store.delete(ALL_PROJECTS, "task", ROOT)
    assert changes(store) == [
        ("root", "delete", "task", "task", "cancelled"),
        ("root", "cancel", "task", "task", "cancelled"),
        ("root", "set", "project", "physics", "max_running of user ada: default"),
        ("root", "set", "project", "physics", "max_running of user *: 4"),
        ("root", "revoke", "token", token.prefix, "user ada"),
        ("root", "create", "token", token.prefix, "user ada"),
    ]
    first = store.audit_records(HOUR_S)[-1]
    assert (first.principal_project, first.address) == ("default", "192.0.2.1")
    assert first.project == "physics", "the project of the object, not of the administrator"
    assert first.at == pytest.approx(time.time(), abs=60)


def test_what_changes_nothing_has_no_record(store: FullStore) -> None:
    submit(store, "task")
    assert store.cancel("chemistry", "task") is None
    assert store.cancel(ALL_PROJECTS, "unknown") is None
    assert store.revoke_tokens("nobody", ALL_PROJECTS) == []
    assert store.cancel_batch(ALL_PROJECTS, "unknown") == 0
    assert store.delete("physics", "task")[0] is not None, "it has not ended"
    assert store.delete("chemistry", "task") == store.delete(ALL_PROJECTS, "unknown") == (None, [])
    assert store.delete_batch(ALL_PROJECTS, "unknown") == (None, [])
    assert store.audit_records(HOUR_S) == []
    for _ in range(2):
        store.cancel("physics", "task")
    assert changes(store) == [(LOCAL_SENDER.name, "cancel", "task", "task", "cancelled")]


def test_an_action_that_is_rolled_back_has_no_record(store: FullStore) -> None:
    submit(store, "task")
    with pytest.raises(InterruptedError), store.transaction():
        store.cancel("physics", "task")
        raise InterruptedError
    assert store.audit_records(HOUR_S) == []
    assert store.read("physics", ["task"])["task"].state == "submitted"


def test_records_are_chosen_by_time_project_principal_and_action(store: FullStore) -> None:
    store.create_token(ADA, sender=ROOT)
    store.create_token(replace(ADA, project="chemistry"), sender=LOCAL_SENDER)
    store.revoke_tokens("ada", "chemistry", LOCAL_SENDER)
    assert len(changes(store, "chemistry")) == 2
    assert len(store.audit_records(HOUR_S, principal="root")) == 1
    assert len(store.audit_records(HOUR_S, action="create")) == 2
    assert len(store.audit_records(HOUR_S, "chemistry", "local", "revoke")) == 1
    assert [r.action for r in store.audit_records(HOUR_S, limit=1)] == ["revoke"]
    assert store.audit_records(-HOUR_S) == []


CHANGES = [
    "UPDATE audit SET principal = 'eve'",
    "UPDATE audit SET expires_at = 0",
    "DELETE FROM audit",
]
CHANGES_OF = {
    "sqlite": ["REPLACE INTO audit SELECT * FROM audit"],
    "postgresql": ["TRUNCATE audit", "TRUNCATE audit CASCADE"],
}


def test_the_database_itself_refuses_to_change_or_remove_a_record(
    configured: Settings, store: FullStore
) -> None:
    store.create_token(ADA)
    kind = "postgresql" if configured.database else "sqlite"
    before = store.audit_records(HOUR_S)
    for statement in (*CHANGES, *CHANGES_OF[kind]):
        with pytest.raises((apsw.ConstraintError, psycopg.errors.CheckViolation)) as refused:
            databases.execute(configured, statement)
        assert "the audit log is append-only" in str(refused.value), statement
        assert store.audit_records(HOUR_S) == before, statement


def test_a_record_is_removed_after_the_time_for_which_it_was_written(configured: Settings) -> None:
    short_lived = FullStore(replace(configured, audit_days=1e-9))
    for_ever = FullStore(replace(configured, audit_days=0))
    usual = FullStore(configured)
    for name, store in (("short", short_lived), ("ever", for_ever), ("usual", usual)):
        store.create_token(ADA, sender=ROOT._replace(name=name))
    assert short_lived.remove_audit_records() == 1
    assert short_lived.remove_audit_records() == 0, "the setting of today does not shorten others"
    assert [record.principal for record in usual.audit_records(HOUR_S)] == ["usual", "ever"]
    for store in (short_lived, for_ever, usual):
        store.close()
