"""Which steps are pictured, and how a sheet of samples is laid out."""

from dcgan.training.snapshots import full_rows, is_sample_step


def test_the_first_steps_are_sampled_at_powers_of_two():
    steps = [step for step in range(1, 301) if is_sample_step(step, 100)]
    assert steps == [8, 16, 32, 64, 100, 200, 300]
    assert [step for step in range(1, 10) if is_sample_step(step, 3)] == [3, 6, 9]


def test_sample_grids_have_full_rows_where_they_can():
    assert [full_rows(n) for n in (1, 4, 25, 32, 36, 64, 30)] == [1, 2, 5, 8, 6, 8, 6]
    assert full_rows(23) is None and full_rows(26) is None
