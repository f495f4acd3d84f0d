"""What sessions may be called."""

from __future__ import annotations

import pytest

from outrig.errors import UsageError
from outrig.session.name import MAX_BYTES, check_name, name_for

ODD = ("", " ", ".", "..", ".x", "-x", "a/b", "a b", "*", "a?", "[x]", "a\nb", "a\n", "a\x1b[31m")
WORSE = ("~", "a'b", "$HOME", "a\\b", "a:b", "😀", "\udcff", "\0")


@pytest.mark.parametrize(
    "name", ["train", "a-b_c.d+e=f@g", "été", "学習", "1", "_", "x" * MAX_BYTES]
)
def test_names_of_letters_digits_and_a_few_marks(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ODD + WORSE,
)
def test_other_names_are_refused_with_one_that_would_do(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_name(name)
    assert caught.value.hint is not None
    check_name(caught.value.hint.rpartition(" ")[2])


def test_a_name_that_no_directory_could_have() -> None:
    with pytest.raises(UsageError, match="over 200 bytes"):
        check_name("é" * 150)


@pytest.mark.parametrize(
    ("project", "session"),
    [
        ("hello", "hello"),
        ("my project", "my-project"),
        ("../x", "x"),
        ("🚀", "session"),
        ("a/b: c", "a-b-c"),
        ("x" * 300, "x" * 60),
    ],
)
def test_any_project_name_gives_a_session_name(project: str, session: str) -> None:
    assert check_name(name_for(project)) == session
