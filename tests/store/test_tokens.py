"""Tokens in the database: created once, found by prefix, proven by hash, revoked."""

import time
from collections.abc import Iterator

import pytest

from quantumtask.shared.principal import ALL_PROJECTS, Principal, Role
from quantumtask.shared.settings import Settings
from quantumtask.shared.tokens import AccessToken, matches, new_secret, prefix_of
from tests.support import databases
from tests.support.stores import FullStore

ADA = Principal("ada", "physics", Role.USER)


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    store = FullStore(configured)
    yield store
    store.close()


def test_a_token_has_256_random_bits_and_a_mark() -> None:
    texts = {new_secret() for _ in range(100)}
    assert len(texts) == len({prefix_of(text) for text in texts}) == 100
    assert {len(text) for text in texts} == {len("qt_") + 43}  # 43 * 6 bits
    assert all(text.startswith("qt_") for text in texts)


@pytest.mark.parametrize("text", ["", "qt_", "qt_" + "a" * 42, "qt_" + "a" * 44, "xy_" + "a" * 43])
def test_a_text_of_another_form_has_no_prefix(text: str) -> None:
    assert prefix_of(text) is None


def test_a_stored_token_is_found_by_its_prefix_and_proven_by_its_hash(store: FullStore) -> None:
    text, token = store.create_token(ADA)
    other, _ = store.create_token(ADA)
    assert token in store.tokens()
    assert token.prefix == prefix_of(text)
    assert token.principal == ADA
    assert matches(text, token.hash)
    assert not matches(other, token.hash)
    assert not matches(text[:-1] + ("A" if text[-1] != "A" else "B"), token.hash)


def test_the_database_holds_no_token(configured: Settings, store: FullStore) -> None:
    text, token = store.create_token(ADA)
    stored = repr(databases.ask(configured, "SELECT * FROM tokens"))
    assert token.prefix in stored
    assert text[len(token.prefix) :] not in stored


def test_a_token_expires(store: FullStore) -> None:
    _, token = store.create_token(ADA, lifetime_s=60)
    _, unlimited = store.create_token(ADA)
    now = time.time()
    assert token.expires_at == pytest.approx(now + 60, abs=5)
    assert token.is_valid(now)
    assert not token.is_valid(now + 66)
    assert unlimited.is_valid(now + 1e9)


def test_a_token_is_revoked_by_prefix_or_with_all_tokens_of_its_name(store: FullStore) -> None:
    def valid() -> list[AccessToken]:
        return [each for each in store.tokens() if each.is_valid(time.time())]

    first, second, third = (store.create_token(ADA)[1] for _ in range(3))
    other = store.create_token(Principal("ada", "chemistry", Role.READ))[1]
    assert [each.prefix for each in store.revoke_tokens(second.prefix, ALL_PROJECTS)] == [
        second.prefix
    ]
    assert set(valid()) == {first, third, other}  # those of one millisecond are in any order
    assert len(store.revoke_tokens("ada", "physics")) == 2
    assert store.revoke_tokens("ada", "physics") == []
    assert valid() == [other]
    assert len(store.tokens()) == 4, "revoked tokens stay on record"


@pytest.mark.parametrize(
    ("principal", "message"),
    [
        (Principal(" ", "physics", Role.USER), "name: must be 1 to 50 printable characters"),
        (Principal("a" * 51, "physics", Role.USER), "name: must be 1 to 50"),
        (Principal("a\nb", "physics", Role.USER), "name: must be 1 to 50"),
        (Principal("ada", ALL_PROJECTS, Role.USER), "project: must be 1 to 50 letters"),
        (Principal("ada", "a b", Role.USER), "project: must be 1 to 50 letters"),
        (Principal("ada", "", Role.USER), "project: must be 1 to 50 letters"),
    ],
)
def test_a_token_needs_a_name_and_a_project(
    store: FullStore, principal: Principal, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        store.create_token(principal)
    assert store.tokens() == []
