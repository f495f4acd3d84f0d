"""Who heeds that the user asked to stop, and how often."""

from __future__ import annotations

import threading

import pytest

from outrig.errors import Interrupted
from outrig.session.cancel import Cancel


def test_the_first_wish_is_awaited_and_the_second_only_if_somebody_says_so() -> None:
    cancel = Cancel()
    assert cancel.set()
    with pytest.raises(Interrupted):
        cancel.check()
    assert not cancel.set()


def test_a_second_wish_is_waited_for() -> None:
    cancel = Cancel()
    cancel.set()
    cancel.expect_again()
    assert not cancel.asked_again(0)
    assert cancel.set()
    assert cancel.asked_again(0)


def test_one_thread_passes_a_wish_over_and_the_others_heed_it() -> None:
    cancel = Cancel()
    cancel.set()
    seen = []
    with cancel.passed_over():
        cancel.check()
        other = threading.Thread(target=lambda: seen.append(cancel.asked))
        other.start()
        other.join()
        assert cancel.set()
        with pytest.raises(Interrupted):
            cancel.check()
    assert seen == [True]
    assert cancel.asked


def test_who_works_for_a_thread_passes_over_what_it_passes_over() -> None:
    cancel = Cancel()
    assert cancel.here() is cancel
    cancel.set()
    with cancel.passed_over():
        here = cancel.here()
    assert not here.asked
    cancel.set()
    assert here.asked
