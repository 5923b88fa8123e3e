"""Which check judges what."""

from flatline.judging import judge, reads_experiment, reads_log
from flatline.records.record import RunRecord
from flatline.registry import find


def test_a_check_of_an_experiment_judges_neither_a_set_up_nor_a_run():
    assert reads_experiment(find("FL004")) and not reads_log(find("FL004"))
    assert not reads_experiment(find("FL301")) and not reads_experiment(find("FL501"))
    assert "FL004" not in {outcome.code for outcome in judge(RunRecord()).outcomes}
