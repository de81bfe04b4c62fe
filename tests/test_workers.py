"""Processing in several processes."""

from cyclesr.workers import in_processes


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(in_processes(abs, [-3, 2, -1], workers=2)) == [3, 2, 1]


def test_one_worker_is_the_current_process() -> None:
    seen: list[int] = []
    assert list(in_processes(seen.append, [1, 2])) == [None, None]  # another process would append to a copy
    assert seen == [1, 2]
