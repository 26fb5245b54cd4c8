"""What is derived from the installation's secret."""

from backend.people.tokens import Keys, new_request_id, new_seed, read_refresh


def test_one_generation_always_gives_the_same_tokens() -> None:
    session_id, seed = new_request_id(), new_seed()
    assert Keys("a" * 32).pair(session_id, seed, 3) == Keys("a" * 32).pair(session_id, seed, 3)


def test_tokens_differ_by_secret_session_seed_and_generation() -> None:
    session_id, seed = new_request_id(), new_seed()
    pairs = [
        Keys("a" * 32).pair(session_id, seed, 3),
        Keys("b" * 32).pair(session_id, seed, 3),
        Keys("a" * 32).pair(new_request_id(), seed, 3),
        Keys("a" * 32).pair(session_id, new_seed(), 3),
        Keys("a" * 32).pair(session_id, seed, 4),
    ]
    assert len({pair.access for pair in pairs}) == 5
    assert len({pair.refresh.rpartition(".")[2] for pair in pairs}) == 5


def test_a_refresh_token_proves_itself_only_for_its_own_family() -> None:
    keys, session_id, seed = Keys("a" * 32), new_request_id(), new_seed()
    claim = read_refresh(keys.pair(session_id, seed, 3).refresh)
    assert claim is not None
    assert (claim.session_id, claim.generation) == (session_id, 3)
    assert keys.proves(claim, seed)
    assert not keys.proves(claim, new_seed())
    assert not Keys("b" * 32).proves(claim, seed)


def test_a_code_is_bound_to_its_request() -> None:
    keys, request_id = Keys("a" * 32), new_request_id()
    assert keys.code_digest(request_id, "314159") == keys.code_digest(request_id, "314159")
    assert keys.code_digest(request_id, "314159") != keys.code_digest(new_request_id(), "314159")
