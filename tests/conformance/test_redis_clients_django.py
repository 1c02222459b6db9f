"""A web framework's cache, and its sessions, kept in a database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.resp.served import Served, served

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def door() -> Iterator[Served]:
    from django.conf import settings  # type: ignore[import-untyped]

    with served() as found:
        cache = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://{found.id}:{found.token}@127.0.0.1:{found.port}/0",
        }
        settings.configure(
            CACHES={"default": cache},
            SECRET_KEY="only for tests",
            SESSION_ENGINE="django.contrib.sessions.backends.cache",
            USE_TZ=True,
        )
        yield found
        from django.core.cache import caches  # type: ignore[import-untyped]

        caches.close_all()


def test_django_keeps_its_cache_in_a_database(door: Served) -> None:
    from django.core.cache import cache

    cache.set("page", {"title": "Hello"}, timeout=100)
    assert cache.get("page") == {"title": "Hello"}
    assert cache.add("page", "other") is False
    cache.set_many({"one": 1, "two": 2})
    assert cache.get_many(["one", "two", "three"]) == {"one": 1, "two": 2}
    assert cache.incr("one", 5) == 6
    cache.delete("page")
    assert cache.get("page") is None


def test_django_keeps_its_sessions_in_a_database(door: Served) -> None:
    from django.contrib.sessions.backends.cache import SessionStore  # type: ignore[import-untyped]

    session = SessionStore()
    session["user"] = "ada"
    session.save()
    assert SessionStore(session.session_key)["user"] == "ada"
    session.flush()
    assert "user" not in SessionStore(session.session_key)
